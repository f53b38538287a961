"""A mixture of a table: the engine's figures in the table's units, one account for files and Python."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import gmmseg
from gmmseg.arrays import FloatArray
from gmmseg.commands.cli import run
from gmmseg.errors import ModelError, ReadError, SettingsError
from gmmseg.io.models import dump_table_model, load_table_model
from gmmseg.mixture.settings import CovarianceKind
from gmmseg.tables.fitting import TableModel

DOCUMENT = Path(__file__).parents[3] / "docs" / "tables.md"


def three_groups(n_rows: int = 150, seed: int = 0) -> FloatArray:
    """Return rows of three Gaussians, far apart, whose columns have very different units."""
    random = np.random.default_rng(seed)
    centres = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])
    group = np.arange(n_rows) % 3
    rows: FloatArray = (centres[group] + random.normal(size=(n_rows, 2))) * [100.0, 0.1] + [5e3, 3.0]
    return rows


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lines = [f"{a!r},{b!r},note" for a, b in three_groups().tolist()]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,text", *lines]) + "\n")
    np.save(tmp_path / "t.npy", three_groups())
    return tmp_path


def mixture_logpdf(model: Any, rows: FloatArray) -> FloatArray:
    """Return log p by scipy, in the table's units."""
    total: FloatArray = np.log(
        sum(
            w * multivariate_normal(m, c).pdf(rows)
            for w, m, c in zip(model.params.weights, model.means, model.matrices, strict=True)
        )
    )
    return total


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("is_standardised", [False, True])
def test_densities_are_those_of_scipy_in_the_table_s_units(
    kind: CovarianceKind, is_standardised: bool
) -> None:
    rows = three_groups()
    fit = gmmseg.fit_table(rows, n_components=3, covariance=kind, is_standardised=is_standardised, n_init=2)
    expected = mixture_logpdf(fit.model, rows)
    np.testing.assert_allclose(fit.model.log_density(rows), expected, rtol=1e-9)
    posteriors = fit.posteriors()
    np.testing.assert_allclose(posteriors.sum(axis=1), 1)
    np.testing.assert_array_equal(posteriors.argmax(axis=1), fit.component)


def test_standardising_lets_balls_find_groups_in_columns_of_different_units() -> None:
    rows, truth = three_groups(), np.arange(150) % 3
    groups = gmmseg.fit_table(rows, n_components=3, covariance="spherical", is_standardised=True).component
    assert len(set(zip(truth.tolist(), groups.tolist(), strict=True))) == 3
    unscaled = gmmseg.fit_table(rows, n_components=3, covariance="spherical").component
    assert len(set(zip(truth.tolist(), unscaled.tolist(), strict=True))) > 3


def test_full_covariances_do_not_depend_on_the_units() -> None:
    rows = three_groups()
    plain = gmmseg.fit_table(rows, n_components=3, tol=1e-12)
    scaled = gmmseg.fit_table(rows, n_components=3, tol=1e-12, is_standardised=True)
    order = np.argsort(plain.model.means[:, 0] + 1e3 * plain.model.means[:, 1])
    other = np.argsort(scaled.model.means[:, 0] + 1e3 * scaled.model.means[:, 1])
    np.testing.assert_allclose(plain.model.means[order], scaled.model.means[other], rtol=1e-6)
    np.testing.assert_allclose(plain.model.matrices[order], scaled.model.matrices[other], rtol=1e-4)


def test_the_floor_keeps_a_constant_column_from_a_singular_covariance() -> None:
    rows = np.column_stack([three_groups()[:, 0], np.full(150, 7.0)])
    fit = gmmseg.fit_table(rows, n_components=3)
    assert np.isfinite(fit.result.log_likelihood)
    assert np.linalg.eigvalsh(fit.model.matrices).min() > 0
    np.testing.assert_allclose(fit.model.means[:, 1], 7)


def test_csv_holds_the_rows_and_their_components_from_1(place: Path) -> None:
    assert run(["fit", "t.csv", "--columns", "b,a", "-k", "3", "-o", "out.csv"]) == 0
    header, *lines = Path("out.csv").read_bytes().decode().splitlines()
    assert header == "a,b,text,component"
    held = np.array([[*line.split(",")[:2], line.rpartition(",")[2]] for line in lines], float)
    np.testing.assert_array_equal(held[:, :2], three_groups())
    fit = gmmseg.fit_table(gmmseg.read_table("t.csv", ["b", "a"]), n_components=3)
    np.testing.assert_array_equal(held[:, 2], fit.component + 1)
    assert set(held[:, 2]) == {1, 2, 3}


def test_csv_keeps_the_columns_that_were_not_fitted_as_they_stand_in_the_file(place: Path) -> None:
    rows = [f'{at:03d};{a};"said; =SUM(A1)";{b};-1.50;=1+1' for at, (a, b) in enumerate(three_groups())]
    Path("mixed.csv").write_text("\n".join(["id;a;note;b;charge;trap", *rows]))
    assert run(["fit", "mixed.csv", "--columns", "b,a", "-k", "3", "-o", "out.csv"]) == 0
    header, *held = csv.reader(Path("out.csv").read_text().splitlines())
    assert header == ["id", "a", "note", "b", "charge", "trap", "component"]
    fit = gmmseg.fit_table(gmmseg.read_table("mixed.csv", ["b", "a"]), n_components=3)
    for at, (line, (a, b), component) in enumerate(zip(held, three_groups(), fit.component, strict=True)):
        # A number keeps its zeros and its sign; what a spreadsheet would run is text.
        assert line == [f"{at:03d}", f"{a}", "said; =SUM(A1)", f"{b}", "-1.50", "'=1+1", f"{component + 1}"]
    gmmseg.export(fit, {"rows": "python.csv"})
    assert Path("python.csv").read_bytes() == Path("out.csv").read_bytes()


def test_csv_keeps_the_other_columns_of_an_array(place: Path) -> None:
    assert run(["fit", "t.npy", "--columns", "x2", "-k", "2", "-o", "out.csv"]) == 0
    held = np.loadtxt("out.csv", delimiter=",", skiprows=1)
    np.testing.assert_array_equal(held[:, :2], three_groups())
    fit = gmmseg.fit_table(three_groups()[:, 1:], n_components=2)
    np.testing.assert_array_equal(held[:, 2], fit.component + 1)


def test_every_output_agrees_with_python(place: Path) -> None:
    line = "fit t.npy -k 2 --covariance diag --seed 3 -o o.npz --model m.json --report r.json"
    assert run([*line.split(), "--probabilities", "p.csv"]) == 0
    fit = gmmseg.fit_table("t.npy", n_components=2, covariance="diag", seed=3)
    with np.load("o.npz") as held:
        np.testing.assert_array_equal(held["values"], three_groups())
        np.testing.assert_array_equal(held["component"], fit.component + 1)
        np.testing.assert_array_equal(held["probabilities"], fit.posteriors())
        assert json.loads(str(held["metadata"]))["columns"] == ["x1", "x2"]
    np.testing.assert_array_equal(np.loadtxt("p.csv", delimiter=",", skiprows=1), fit.posteriors())
    gmmseg.export(fit, {"rows": "p.npz", "model": "p.json"})
    for command, python in (("o.npz", "p.npz"), ("m.json", "p.json")):
        assert Path(command).read_bytes() == Path(python).read_bytes()
    report = json.loads(Path("r.json").read_text())
    total = mixture_logpdf(fit.model, three_groups()).sum()
    assert report["log_likelihood"] == pytest.approx(total)
    assert report["bic"] == pytest.approx(-2 * total + (1 + 4 + 4) * np.log(150))
    assert report["table"] | {"sha256": ""} == {"path": "t.npy", "columns": ["x1", "x2"], "sha256": ""}
    assert report["seconds"]["read"] is not None
    assert run(["fit", "t.npy", "-k", "2", "--seed", "3", "--probabilities", "p.npy", "-o", "again.csv"]) == 0
    np.testing.assert_allclose(np.load("p.npy").sum(axis=1), 1)


def test_the_same_run_gives_the_same_bytes(place: Path) -> None:
    for name in ("one.csv", "two.csv"):
        assert run(["fit", "t.npy", "-k", "auto", "--n-init", "1", "--tol", "1e-2", "-o", name]) == 0
    assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()
    assert len(set(Path("one.csv").read_text().split())) > 3


def test_restarts_are_kept_in_the_report_with_their_spread(place: Path) -> None:
    assert run(["fit", "t.npy", "-k", "5", "--n-init", "4", "-o", "o.csv", "--report", "r.json"]) == 0
    report = json.loads(Path("r.json").read_text())
    bounds = [one["compared_bound"] for one in report["restarts"]]
    assert len(bounds) == 4
    assert len(set(bounds)) > 1
    assert report["restart_spread"] == pytest.approx(max(bounds) - min(bounds))
    assert bounds[report["best_restart"]] == max(bounds)
    assert report["lower_bound"] == report["restarts"][report["best_restart"]]["lower_bound"]


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_models_come_back_bit_for_bit(kind: CovarianceKind, tmp_path: Path) -> None:
    model = gmmseg.fit_table(three_groups(), n_components=3, covariance=kind, is_standardised=True).model
    (tmp_path / "m.json").write_bytes(dump_table_model(model))
    again = gmmseg.load_model(tmp_path / "m.json")
    assert isinstance(again, TableModel)
    assert dump_table_model(again) == dump_table_model(model)
    np.testing.assert_array_equal(again.log_density(three_groups()), model.log_density(three_groups()))


def test_models_that_are_no_mixture_are_refused_by_field() -> None:
    content = json.loads(dump_table_model(gmmseg.fit_table(three_groups(), n_components=2).model))
    for field, value, words in (
        ("weights", [0.5, 0.6], "weights"),
        ("scale", [1.0], "scale"),
        ("scale", [1.0, 0.0], "scale"),
        ("version", 9, "newer"),
        ("format", "gmmseg-model", "format"),
    ):
        with pytest.raises(ModelError, match=words):
            load_table_model(json.dumps({**content, field: value}).encode())


def test_a_model_of_a_table_is_sampled_but_labels_no_pictures(place: Path, capsys: Any) -> None:
    assert run(["fit", "t.npy", "-k", "3", "-o", "o.csv", "--model", "m.json", "--standardise"]) == 0
    assert run(["sample", "m.json", "-n", "4000", "-o", "s.csv"]) == 0
    assert Path("s.csv").read_text().startswith("x1,x2")
    drawn = np.loadtxt("s.csv", delimiter=",", skiprows=1)
    spread = three_groups().std(axis=0)
    np.testing.assert_allclose(drawn.mean(axis=0) / spread, three_groups().mean(axis=0) / spread, atol=0.1)
    np.testing.assert_allclose(drawn.std(axis=0) / spread, 1, atol=0.05)
    assert run(["apply", "m.json", "photo.png", "-o", "mask.png"]) == 1
    assert "is a model of the rows of a table" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["t.csv", "-o", "o.csv"], 1, "“note” in the column “text”, which is no number"),
        (["t.csv", "-o", "o.csv"], 1, "choose columns with --columns, such as “--columns a"),
        (["t.csv", "--columns", "a,c", "-o", "o.csv"], 1, "no column “c”"),
        (["t.npy", "-o", "o.txt"], 1, ".csv or .npz"),
        (["t.npy", "-o", "o.csv", "--model", "o.csv"], 1, ".json"),
        (["t.npy", "-o", "t.npy"], 1, "is a file that is read"),
        (["t.npy", "-o", "missing/o.csv"], 1, "its folder “missing” does not exist"),
        (["t.npy", "-k", "0", "-o", "o.csv"], 2, "Components"),
        (["t.npy", "--criterion", "bic", "-o", "o.csv"], 2, "add -k auto"),
        (["t.npy"], 2, "-o"),
        (["none.csv", "-o", "o.csv"], 1, "does not exist"),
        (["t.npy", "--features", "rgb", "-o", "o.csv"], 2, "no option --features"),
    ],
)
def test_refusals_are_one_line(place: Path, capsys: Any, arguments: list[str], code: int, words: str) -> None:
    assert run(["fit", *arguments]) == code
    said = capsys.readouterr().err
    assert words in said
    assert code == 2 or said.count("\n") == 1
    assert not Path("o.csv").exists()


def test_a_column_called_component_is_not_written_over(place: Path, capsys: Any) -> None:
    Path("c.csv").write_text("component,a\n1,2\n3,4\n5,7\n")
    assert run(["fit", "c.csv", "-k", "1", "-o", "o.csv"]) == 1
    assert "has a column “component” already" in capsys.readouterr().err
    assert run(["fit", "c.csv", "-k", "1", "-o", "o.npz"]) == 0


def test_python_names_settings_that_do_not_exist() -> None:
    with pytest.raises(TypeError, match="no setting 'k'"):
        gmmseg.fit_table(three_groups(), k=3)  # type: ignore[call-arg]
    with pytest.raises(SettingsError, match="Components"):
        gmmseg.fit_table(three_groups(), n_components=0)
    with pytest.raises(ReadError, match="one row"):
        gmmseg.fit_table(np.zeros((1, 2)))


def test_the_documents_speakers_are_told_apart_by_39_features() -> None:
    code = re.search(
        r"<!-- example -->\n```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL
    )
    assert code is not None
    said = io.StringIO()
    space: dict[str, Any] = {}
    with contextlib.redirect_stdout(said):
        exec(code[1], space)
    assert re.findall(r"^(\w+) speaks.*that of (\w+)$", said.getvalue(), re.MULTILINE) == [
        (name, name) for name in ("Ada", "Bo", "Cy")
    ]
    assert all(len(model.names) == 39 for model in space["models"].values())
