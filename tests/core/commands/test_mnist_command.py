"""``gmmseg mnist``: what it prints and writes, what it refuses, and digits drawn from its model."""

from __future__ import annotations

import csv
import io
import json
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from gmmseg.commands.cli import run
from gmmseg.commands.mnist_options import digit_settings
from gmmseg.commands.mnist_table import METHODS, Method, table_events
from gmmseg.commands.parser import parse
from gmmseg.control import never_stop, result_of
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.experiment import ExperimentOutcome, ExperimentRequest, experiment_events
from gmmseg.digits.figure import Text, experiment_figure
from gmmseg.digits.gallery import sheet
from gmmseg.digits.generative import digit_model
from gmmseg.digits.recipes import RECIPES, settings_for
from gmmseg.digits.settings import RECIPE_NAMES, DigitSettings
from gmmseg.digits.stages import settings_shown
from gmmseg.errors import ModelError, ReadError
from gmmseg.io.digits.assignments import assignments_csv, encode_assignments_npz
from gmmseg.io.digits.drawing import encode_figure
from gmmseg.io.digits.models import FORMAT as DIGIT_FORMAT
from gmmseg.io.digits.models import dump_digit_model, load_digit_model
from gmmseg.io.digits.reports import digit_report
from gmmseg.io.models import load_model, model_format
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.setting import value_at, with_value
from tests.core.commands.interrupting import interrupted

ROOT = Path(__file__).parents[3]
N_TRAIN, N_TEST = 260, 60
QUICK = ["--recipe", "orientation", "--set", "pca.n_components=8", "--set", "mixture.n_init=1",
         "--set", "mixture.reg_covar=0.001"]  # fmt: skip


@pytest.fixture(scope="module")
def digits() -> DigitSet:
    return drawn_digits(N_TRAIN, N_TEST)


@pytest.fixture(scope="module")
def outcome(digits: DigitSet) -> ExperimentOutcome:
    settings = settings_for("orientation")
    for path, value in (
        ("pca.n_components", 8), ("mixture.n_init", 1), ("mixture.reg_covar", 1e-3), ("fit_on", "train"),
    ):  # fmt: skip
        settings = with_value(settings, path, value)
    return result_of(experiment_events(ExperimentRequest(digits, settings)))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: DigitSet) -> Path:
    """A folder with the digits as an NPZ archive, which is the current one; the user's cache is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert digits.labels is not None
    np.savez(
        "digits.npz",
        x_train=digits.images[digits.train], y_train=digits.labels[digits.train],
        x_test=digits.images[digits.test], y_test=digits.labels[digits.test],
    )  # fmt: skip
    return tmp_path


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line on standard error."""
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert len(lines) == 1, shown.err
    assert lines[0].startswith("gmmseg: ")
    return lines[0]


@pytest.mark.slow
def test_the_command_writes_what_the_windows_functions_give(
    place: Path, capsys: Any, outcome: ExperimentOutcome
) -> None:
    arguments = ["mnist", "--data", "digits.npz", *QUICK, "-o", "c.npz", "--report", "r.json",
                 "--figure", "f.svg", "--model", "m.json"]  # fmt: skip
    assert run(arguments) == 0
    shown = capsys.readouterr()
    with np.load("c.npz", allow_pickle=False) as held:
        train, test = held["train"], held["test"]
        metadata = json.loads(str(held["metadata"]))
    np.testing.assert_array_equal(train, outcome.clusters[:N_TRAIN] + 1)
    np.testing.assert_array_equal(test, outcome.clusters[N_TRAIN:] + 1)
    assert metadata["n_clusters"] == 10
    assert "from 1" in metadata["values"]
    report = json.loads(Path("r.json").read_text())
    assert report["acc"] == outcome.scores_fit.acc  # type: ignore[union-attr]
    assert f"ACC {report['acc']:.4f}".replace("0.", ".", 1) in shown.out
    assert f"ACC {report['test_acc']:.4f}".replace("0.", ".", 1) in shown.out
    assert "no fit sees them" in shown.out
    assert RECIPES["orientation"].chosen_with_scores in shown.out
    assert shown.err == ""
    first = {name: Path(name).read_bytes() for name in ("c.npz", "f.svg", "m.json")}
    assert run(arguments) == 0
    assert {name: Path(name).read_bytes() for name in first} == first


def test_the_report_holds_what_the_contract_says(outcome: ExperimentOutcome, digits: DigitSet) -> None:
    report = json.loads(json.dumps(digit_report(outcome, "gmmseg mnist")))
    assert {
        "n_fit", "n_test", "acc", "nmi", "ari", "test_acc", "test_nmi", "test_ari", "confusion",
        "eigenvalues", "seconds", "peak_rss_bytes", "settings", "seed", "version", "kernel", "command",
        "chosen_with_scores",
    } <= set(report)  # fmt: skip
    assert (report["n_fit"], report["n_test"]) == (N_TRAIN, N_TEST)
    labels = digits.labels
    assert labels is not None
    fit, test = slice(0, N_TRAIN), slice(N_TRAIN, None)
    for prefix, part in (("", fit), ("test_", test)):
        truth, found = labels[part], outcome.clusters[part]
        assert report[f"{prefix}nmi"] == pytest.approx(normalized_mutual_info_score(truth, found), abs=1e-12)
        assert report[f"{prefix}ari"] == pytest.approx(adjusted_rand_score(truth, found), abs=1e-12)
    assert np.sum(report["confusion"]) == N_TRAIN
    assert report["sizes"] == np.bincount(outcome.clusters[fit], minlength=10).tolist()
    assert report["eigenvalues"] is None
    assert report["settings"]["pca"]["n_components"] == 8
    assert report["seconds"]["total"] == pytest.approx(sum(outcome.seconds.values()))
    assert report["history"][-1]["log_likelihood"] is not None


def test_without_labels_there_are_clusters_and_no_scores(place: Path, capsys: Any) -> None:
    with np.load("digits.npz") as held:
        np.savez("bare.npz", images=held["x_train"])
    assert (
        run(["mnist", "--data", "bare.npz", *QUICK, "-o", "c.csv", "--report", "r.json", "--figure", "f.png"])
        == 0
    )
    shown = capsys.readouterr()
    assert "no labels" in shown.out
    assert "ACC" not in shown.out
    report = json.loads(Path("r.json").read_text())
    assert report["acc"] is report["test_acc"] is report["confusion"] is None
    lines = list(csv.reader(io.StringIO(Path("c.csv").read_text())))
    assert len(lines) == 1 + N_TRAIN
    assert {line[5] for line in lines[1:]} == {""}
    assert Pillow.open(io.BytesIO(Path("f.png").read_bytes())).size[0] > 1000


def test_the_csv_and_the_npz_hold_the_same(outcome: ExperimentOutcome, digits: DigitSet) -> None:
    lines = list(csv.DictReader(io.StringIO(b"".join(assignments_csv(outcome)).decode())))
    with np.load(io.BytesIO(encode_assignments_npz(outcome))) as held:
        for part in ("train", "test"):
            own = [line for line in lines if line["part"] == part]
            assert [int(line["index"]) for line in own] == list(range(len(own)))
            assert [int(line["cluster"]) for line in own] == held[part].tolist()
            np.testing.assert_allclose(
                [float(line["confidence"]) for line in own], held[f"{part}_confidence"], rtol=1e-5
            )
    assert digits.labels is not None
    assert [int(line["label"]) for line in lines] == digits.labels.tolist()
    assert [line["fitted"] for line in lines] == ["1"] * N_TRAIN + ["0"] * N_TEST


def test_every_option_reaches_its_setting() -> None:
    text = (
        "mnist --recipe pixels -k 7 --fit-on all --covariance tied --seed 5 --images 500 "
        "--set pca.n_components=17 --set mixture.is_hard=true --set mixture.tol=1e-3"
    )
    settings = digit_settings(parse(text.split()))
    expected = {
        "recipe": "pixels", "n_clusters": 7, "fit_on": "all", "covariance": "tied", "seed": 5,
        "n_images": 500, "pca.n_components": 17, "mixture.is_hard": True, "mixture.tol": 1e-3,
    }  # fmt: skip
    for path, value in expected.items():
        assert value_at(settings, path) == value, path
    assert digit_settings(parse(["mnist"])) == settings_for("manifold") == DigitSettings()
    assert digit_settings(parse(["mnist", "-k", "auto"])).n_clusters is None
    for recipe in RECIPE_NAMES:
        assert digit_settings(parse(["mnist", "--recipe", recipe])) == settings_for(recipe)


def test_the_parsers_choices_are_those_of_the_settings(capsys: Any) -> None:
    assert set(RECIPES) == set(RECIPE_NAMES)
    run(["mnist", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "{" + ",".join(FAMILIES) + "}" in text
    assert "{" + ",".join(RECIPE_NAMES) + "}" in text
    assert all(f"{name} " in text for name in RECIPE_NAMES)


@pytest.mark.parametrize("recipe", RECIPE_NAMES)
def test_the_list_of_settings_names_each_that_can_be_set(capsys: Any, recipe: str) -> None:
    assert run(["mnist", "--recipe", recipe, "--settings"]) == 0
    named = [line.split()[0] for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert named == [setting.path for setting in settings_shown(recipe)]  # type: ignore[arg-type]
    assert all(path in named for path in ("seed", "covariance", "pca.n_components"))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--data", "nowhere"], "nowhere"),
        ([], "--download"),
        (["--data", "digits.npz", "-o", "c.png"], ".npz or .csv"),
        (["--data", "digits.npz", "--figure", "f.jpg"], ".png or .svg"),
        (["--data", "digits.npz", "-o", "c.npz", "--report", "missing/r.json"], "r.json"),
        (["--data", "digits.npz", "--report", "r.json", "--model", "r.json"], "Two exports"),
        (["--data", "digits.npz", "-o", "digits.npz"], "is read"),
        (["--data", "digits.npz", "--table", "-o", "t.json"], ".csv or .md"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_refused_in_one_line(
    place: Path, capsys: Any, arguments: list[str], word: str
) -> None:
    before = sorted(path.name for path in place.iterdir())
    assert run(["mnist", *arguments]) == 1
    assert word in refusal(capsys)
    assert sorted(path.name for path in place.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--data", "digits.npz", "-k", "0"], "Clusters"),
        (["--data", "digits.npz", "-k", "257"], "Clusters"),
        (["--data", "digits.npz", "-k", "auto", "--recipe", "pixels"], "manifold"),
        (["--data", "digits.npz", "--images", "1"], "Images"),
        (["--data", "digits.npz", "--seed", "-1"], "Seed"),
        (["--data", "digits.npz", "--set", "pca.n_components=many"], "many"),
        (["--data", "digits.npz", "--set", "pca.n_components"], "NAME=VALUE"),
        (["--data", "digits.npz", "--set", "field.strength=nan"], "nan"),
        (["--data", "digits.npz", "--set", "no.such=1"], "no.such"),
        (["--data", "digits.npz", "--set", "recipe=pixels"], "--recipe"),
        (["--data", "digits.npz", "--recipe", "pixels", "--set", "field.strength=3"], "makes no use"),
        (["--data", "digits.npz", "--table", "--seeds", "0"], "0 seeds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_settings_that_cannot_be_are_wrong_usage(
    place: Path, capsys: Any, arguments: list[str], word: str
) -> None:
    assert run(["mnist", *arguments]) == 2
    *usage, sentence = capsys.readouterr().err.splitlines()
    assert len(usage) <= 1
    assert word in sentence


@pytest.mark.parametrize(
    "arguments",
    [
        ["--drawn", "--data", "x"], ["--drawn", "--download"], ["--seeds", "2"], ["--recipe", "umap"],
        ["-k", "3.5"], ["--table", "--recipe", "pixels"], ["--table", "-k", "auto"],
        ["--table", "--set", "seed=1"], ["--images", "many"], ["more"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_ends_with_code_2(capsys: Any, arguments: list[str]) -> None:
    assert run(["mnist", *arguments]) == 2
    assert "usage: gmmseg" in capsys.readouterr().err


def test_a_selection_is_told_of(place: Path, capsys: Any) -> None:
    assert run(["mnist", "--data", "digits.npz", *QUICK, "--images", "120", "-o", "c.npz"]) == 0
    shown = capsys.readouterr()
    assert "120 of 320" in shown.err
    with np.load("c.npz") as held:
        assert len(held["train"]) + len(held["test"]) == 120


TABLE_METHODS = (
    Method("pixels", "k-means", (("pca.n_components", 8), ("mixture.is_hard", True))),
    Method("orientation", "full", (("pca.n_components", 8), ("mixture.reg_covar", 1e-3))),
    Method("orientation", "training", (("pca.n_components", 8), ("mixture.reg_covar", 1e-3)), fit_on="train"),
)


def test_the_table_holds_the_scores_of_each_run_and_says_what_was_chosen(digits: DigitSet) -> None:
    table = result_of(table_events(digits, 10, None, (3, 4), never_stop, TABLE_METHODS))
    assert [row.note for row in table.rows] == ["k-means", "full", "training", "the same, images not fitted"]
    assert [row.n_images for row in table.rows] == [320, 320, N_TRAIN, N_TEST]
    settings = settings_for("orientation", DigitSettings(seed=4, fit_on="all"))
    for path, value in TABLE_METHODS[1].changes:
        settings = with_value(settings, path, value)
    alone = result_of(experiment_events(ExperimentRequest(digits, settings)))
    assert alone.scores_fit is not None
    assert table.rows[1].runs[1].scores.acc == alone.scores_fit.acc
    assert table.rows[1].runs[1].scores.nmi == alone.scores_fit.nmi
    assert all(run.cpu_seconds > 0 for row in table.rows for run in row.runs)
    text = table.text()
    assert "no fit sees them" in text
    assert RECIPES["orientation"].chosen_with_scores in text
    marked = [line for line in text.splitlines() if line.startswith("Orientation maps") and "* " in line]
    assert len(marked) == 3
    lines = list(csv.DictReader(io.StringIO(table.csv().decode())))
    assert len(lines) == 8
    assert {line["seed"] for line in lines} == {"3", "4"}
    assert float(lines[3]["acc"]) == table.rows[1].runs[1].scores.acc
    assert table.markdown().count("\n|") == 2 + 4


def test_the_tables_methods_have_settings_that_exist() -> None:
    for method in METHODS:
        shown = {setting.path for setting in settings_shown(method.recipe)}
        assert {path for path, _ in method.changes} <= shown
    assert {method.recipe for method in METHODS} == set(RECIPE_NAMES)


def test_a_table_without_labels_is_refused(digits: DigitSet) -> None:
    bare = DigitSet(digits.images, None, digits.n_images, "bare")
    with pytest.raises(ReadError, match="labels"):
        result_of(table_events(bare, 10, None, (0,), never_stop))


def test_the_figure_shows_every_count_and_every_cluster(outcome: ExperimentOutcome) -> None:
    figure = experiment_figure(outcome)
    root = ElementTree.fromstring(encode_figure(figure, ".svg"))
    space = "{http://www.w3.org/2000/svg}"
    texts = [element.text or "" for element in root.iter(f"{space}text")]
    assert outcome.scores_test is not None
    counts = outcome.scores_test.confusion
    shown = [int(text) for text in texts if text.isdigit()]
    assert sum(shown) == counts.sum() + sum(outcome.scores_test.label_values)
    assert sum(text.startswith("cluster") for text in texts) == 20
    assert len(list(root.iter(f"{space}image"))) >= 10 * (2 + 5)
    picture = Pillow.open(io.BytesIO(encode_figure(figure, ".png")))
    assert picture.size == (2 * figure.width, 2 * figure.height)
    assert len(np.unique(np.asarray(picture.convert("L")))) > 100
    assert any("no fit sees them" in text for text in texts)


def test_a_figure_of_any_name_is_still_xml(digits: DigitSet, outcome: ExperimentOutcome) -> None:
    from dataclasses import replace

    odd = replace(outcome, digits=replace(digits, name="<a> & \x00\n“b”"))
    ElementTree.fromstring(encode_figure(experiment_figure(odd), ".svg"))


def test_a_digit_model_survives_its_file_bit_by_bit(outcome: ExperimentOutcome) -> None:
    model = digit_model(outcome.digits.images, outcome.clusters, 10, "drawn")
    again = load_digit_model(dump_digit_model(model))
    assert (again.name, again.image_shape) == (model.name, model.image_shape)
    for one, other in (
        (again.mean, model.mean), (again.axes, model.axes), (again.params.weights, model.params.weights),
        (again.params.means, model.params.means), (again.params.matrices(), model.params.matrices()),
    ):  # fmt: skip
        np.testing.assert_array_equal(one, other)
    drawn = [held.draw(5, np.random.default_rng(0))[0] for held in (again, model)]
    np.testing.assert_array_equal(drawn[0], drawn[1])


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("format", "gmmseg-model", "another kind"), ("version", 99, "newer"),
        ("shape", [4], "1 items where 2"),
        ("shape", [0, 3], "at least 1"), ("weights", [], "is empty"), ("axes", [], "is empty"),
        ("weights", [0.5, 0.1], "sums to"), ("mean", [0.0], "1 items"), ("means", [[1e9]], "at most 1e"),
        ("name", 3, "must be text"), ("extra", 1, "is not known"),
    ],
)  # fmt: skip
def test_a_wrong_digit_model_is_refused_by_field(field: str, value: Any, word: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 3, 2), dtype=np.uint8)
    content = json.loads(dump_digit_model(digit_model(images, np.arange(40) % 2, 2, "x")))
    content[field] = value
    with pytest.raises(ModelError, match=word):
        load_digit_model(json.dumps(content).encode())


def test_digits_are_drawn_from_a_saved_model(place: Path, capsys: Any, outcome: ExperimentOutcome) -> None:
    model = digit_model(outcome.digits.images, outcome.clusters, 10, "drawn")
    data = dump_digit_model(model)
    assert model_format(data) == DIGIT_FORMAT
    Path("m.json").write_bytes(data)
    assert run(["sample", "m.json", "-n", "12", "-o", "s.png", "--seed", "3"]) == 0
    assert run(["sample", "m.json", "-n", "12", "-o", "s.npy", "--seed", "3"]) == 0
    images = np.load("s.npy")
    assert images.shape == (12, 28, 28)
    np.testing.assert_array_equal(images, model.draw(12, np.random.default_rng(3))[0])
    np.testing.assert_array_equal(
        np.asarray(Pillow.open(io.BytesIO(Path("s.png").read_bytes()))), sheet(images, 4)
    )
    for arguments, word in ((["-o", "s.csv"], "picture"), (["-o", "s.gif"], ".png")):
        capsys.readouterr()
        assert run(["sample", "m.json", "-n", "12", *arguments]) == 1
        assert word in refusal(capsys)
    assert run(["apply", "m.json", "photo.png", "-o", "x.png"]) == 1
    with pytest.raises(ModelError, match="another kind"):
        load_model(data)


def test_the_figure_of_drawn_digits_says_that_they_are_no_mnist(
    outcome: ExperimentOutcome, digits: DigitSet
) -> None:
    def lines(shown: ExperimentOutcome) -> list[str]:
        return [shape.text for shape in experiment_figure(shown).shapes if isinstance(shape, Text)]

    assert any("say nothing about MNIST" in line for line in lines(outcome))
    assert any("colour: share of the row" in line for line in lines(outcome))
    written = replace(outcome, digits=replace(digits, is_drawn=False, notes=()))
    assert not any("say nothing about MNIST" in line for line in lines(written))


def test_a_table_of_drawn_digits_says_so_too(digits: DigitSet) -> None:
    methods = (Method("pixels", "", (("pca.n_components", 4), ("mixture.n_init", 1))),)
    table = result_of(table_events(digits, 4, 120, range(1), never_stop, methods))
    for text in (table.text(), table.markdown()):
        assert "say nothing about MNIST" in text


def test_a_setting_without_a_value_and_a_wrong_one_name_their_option(place: Path, capsys: Any) -> None:
    for given, word in (
        ("pca.n_components", "NAME=VALUE"),
        ("pca.n_components=x", "--set pca.n_components:"),
    ):
        assert run(["mnist", "--drawn", "--recipe", "pixels", "--set", given]) == 2
        assert word in refusal(capsys)
    assert run(["mnist", "--drawn", "-k", "0"]) == 2
    assert "--components:" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_ends_the_experiment_with_nothing_half_written(place: Path) -> None:
    Path("c.npz").write_bytes(b"an older file")
    before = sorted(path.name for path in place.iterdir())
    code, out, error = interrupted(["mnist", "--drawn", "--recipe", "scattering", "-o", "c.npz"], place)
    assert code == 130
    assert "Traceback" not in error
    assert out == ""
    assert Path("c.npz").read_bytes() == b"an older file"
    assert sorted(path.name for path in place.iterdir()) == before
