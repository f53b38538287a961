"""The functions of ``import gmmseg``: the same bytes as the command line, in a script of one's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import gmmseg
from gmmseg.commands.cli import run
from gmmseg.errors import ModelError, ReadError, SettingsError, WriteError
from gmmseg.io.images import image_from_array
from gmmseg.photo.model import Model
from tests.core.commands.test_cli import child, photo
from tests.data.digits import labels, pictures

ROOT = Path(__file__).parents[3]
FAST = {"n_components": 3, "n_init": 1, "tol": 1e-3}
FAST_OPTIONS = ["-k", "3", "--n-init", "1", "--tol", "1e-3"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``photo.png`` in it, which is the current one."""
    monkeypatch.chdir(tmp_path)
    Pillow.fromarray(photo()).save("photo.png")
    return tmp_path


SCRIPT = """
import numpy  # BLAS has its own number of threads in a script
import gmmseg
result = gmmseg.segment("photo.png", features="lab+position", n_components=4, n_init=2, smooth=1.0, seed=3)
gmmseg.export(result, {"mask": "a/m.png", "probabilities": "a/p.npz", "overlay": "a/o.png",
                       "model": "a/m.json", "table": "a/t.csv"})
parts = gmmseg.regions("photo.png", detail=0.7, seed=2)
gmmseg.save_mask(parts, "a/r.tif", zero_based=True)
gmmseg.save_mask(gmmseg.apply("a/m.json", "photo.png"), "a/applied.npz")
gmmseg.save_mask(gmmseg.ObjectSelector("photo.png").select([(5, 5, True)]), "a/object.png")
numpy.save("a/drawn.npy", gmmseg.sample("a/m.json", 5, seed=9))
"""


@pytest.mark.slow
def test_a_script_writes_the_bytes_of_the_command_line(place: Path) -> None:
    picture = np.repeat(np.repeat(photo(200, 260), 2, axis=0), 2, axis=1)
    noise = np.random.default_rng(1).integers(0, 9, picture.shape)
    Pillow.fromarray((picture // 2 + noise).astype(np.uint8)).save("photo.png")
    for folder in ("a", "b"):
        os.mkdir(folder)
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**free, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for line in (
        "segment photo.png --features lab+position -k 4 --n-init 2 --smooth 1 --seed 3 -o b/m.png "
        "--probabilities b/p.npz --overlay b/o.png --model b/m.json --table b/t.csv",
        "segment photo.png --method regions --detail 0.7 --seed 2 --zero-based -o b/r.tif",
        "apply b/m.json photo.png -o b/applied.npz",
        "select photo.png --click 5,5 -o b/object.png",
        "sample b/m.json -n 5 --seed 9 -o b/drawn.npy",
    ):
        command = [sys.executable, str(ROOT / "main.py"), *line.split()]
        subprocess.run(command, env=free, check=True, timeout=100, capture_output=True)
    names = sorted(os.listdir("a"))
    assert len(names) == 9
    assert names == sorted(os.listdir("b"))
    for name in names:
        assert Path("a", name).read_bytes() == Path("b", name).read_bytes(), name


def test_results_are_those_of_the_files(place: Path) -> None:
    assert run(["segment", "photo.png", *FAST_OPTIONS, "-o", "m.npz", "--report", "r.json"]) == 0
    result = gmmseg.segment(photo(), **FAST)  # type: ignore[arg-type]
    with np.load("m.npz") as held:
        assert np.array_equal(result.labels, held["labels"])
        assert np.array_equal(result.probabilities, held["probabilities"])
    report = json.loads(Path("r.json").read_text())
    assert result.history == report["history"]
    assert (result.log_likelihood, result.bic) == (report["log_likelihood"], report["bic"])
    assert np.array_equal(result.weights, report["weights"])
    assert np.array_equal(result.means, report["means"])
    assert np.array_equal(result.covariances, report["covariances"])
    assert result.n_components == 3
    assert not result.labels.flags.writeable
    p = np.clip(result.probabilities.astype(float), 1e-300, 1)
    entropy = -(p * np.log(p)).sum(axis=0) / np.log(3)
    assert np.abs(result.uncertainty / 255 - entropy).max() < 0.01


def test_a_model_labels_other_pictures_and_survives_its_file(place: Path) -> None:
    fitted = gmmseg.segment(photo(), **FAST)  # type: ignore[arg-type]
    gmmseg.export(fitted, {"model": "model.json"})
    model = gmmseg.load_model("model.json")
    assert isinstance(model, Model)
    for known in (model, "model.json", Path("model.json"), fitted.model):
        assert np.array_equal(gmmseg.apply(known, "photo.png").labels, fitted.labels)
    assert len(gmmseg.apply(model, photo(seed=1)).history) == 1
    with pytest.raises(ModelError, match="3 channels"):
        gmmseg.apply(model, np.zeros((5, 5), np.uint8))


def test_one_model_is_fitted_to_many_pictures(place: Path) -> None:
    whole = photo()
    model = gmmseg.fit_joint([whole[:10], image_from_array(whole[10:], "rest")], **FAST)  # type: ignore[arg-type]
    alone = gmmseg.segment(whole, **FAST)  # type: ignore[arg-type]
    assert np.array_equal(model.means, alone.means)
    assert np.array_equal(gmmseg.apply(model, whole[:10]).labels, alone.labels[:10])
    with pytest.raises(ReadError, match="does not exist"):
        gmmseg.fit_joint(["photo.png", "missing.png"])


def test_regions_are_called_by_the_name_of_their_package() -> None:
    parts = gmmseg.regions(photo(), n_regions=3)
    assert parts.n_regions == 3 == parts.labels.max()
    assert parts.table.areas.tolist() == [(parts.labels == value).sum() for value in (1, 2, 3)]
    finer = parts.cut(detail=1)
    assert finer.n_regions > 3
    whole = gmmseg.regions(photo(), detail=1)
    assert np.array_equal(finer.labels, whole.labels)
    from gmmseg.regions.settings import RegionSettings

    assert RegionSettings().detail == 0.5
    with pytest.raises(SettingsError):
        parts.cut(n_regions=0)


def test_masks_of_arrays(place: Path) -> None:
    labels = np.arange(12).reshape(3, 4)
    assert gmmseg.save_mask(labels, "labels.png") == Path("labels.png")
    with Pillow.open("labels.png") as shown:
        assert shown.mode == "P"
        assert np.array_equal(np.asarray(shown), labels)
    gmmseg.save_mask(labels * 100, "wide.tif")
    with Pillow.open("wide.tif") as shown:
        assert np.array_equal(np.asarray(shown), labels * 100)
    gmmseg.save_mask(labels > 5, "object.png")
    with Pillow.open("object.png") as shown:
        assert np.array_equal(np.asarray(shown), (labels > 5) * 255)
    for wrong in (labels - 1, labels * 1e5, np.zeros(3, int), np.full((2, 2), 65535)):
        with pytest.raises(WriteError):
            gmmseg.save_mask(wrong, "wrong.png")
    with pytest.raises(WriteError, match="changes pixel values"):
        gmmseg.save_mask(labels, "wrong.jpg")
    assert not list(place.glob("wrong*"))


def test_what_a_result_does_not_have_is_refused_before_anything_is_written(place: Path) -> None:
    parts = gmmseg.regions("photo.png", n_regions=2)
    with pytest.raises(WriteError, match="no model"):
        gmmseg.export(parts, {"mask": "m.png", "model": "m.json"})
    with pytest.raises(WriteError, match="no file of kind “figure”"):
        gmmseg.export(parts, {"mask": "m.png", "figure": "f.png"})
    assert os.listdir() == ["photo.png"]


@pytest.mark.slow
def test_digits_are_clustered_and_exported_as_by_the_command(place: Path) -> None:
    np.savez("digits.npz", images=pictures(300))
    line = "mnist --data digits.npz --recipe pixels -k 4 --images 200 --seed 2 --set pca.n_components=9"
    # In a process of its own, where BLAS has the threads that it has there.
    done = child(*line.split(), "-o", "b.npz", "--model", "b.json", cwd=place)
    assert done.returncode == 0, done.stderr
    more = {"pca.n_components": 9}
    outcome = gmmseg.cluster_digits(
        "digits.npz", recipe="pixels", n_clusters=4, n_images=200, seed=2, more=more
    )
    gmmseg.export(outcome, {"assignments": "a.npz", "model": "a.json"})
    for name in ("npz", "json"):
        assert Path(f"a.{name}").read_bytes() == Path(f"b.{name}").read_bytes()
    assert gmmseg.sample("a.json", 4).shape == (4, *outcome.digits.image_shape)


def test_digits_in_arrays_are_checked() -> None:
    images, marks = pictures(40), labels(40)
    outcome = gmmseg.cluster_digits(
        images, marks, recipe="pixels", n_clusters=2, more={"pca.n_components": 3}
    )
    assert outcome.scores_all is not None
    assert outcome.clusters.shape == (40,)
    for bad in (images.reshape(40, -1), images[:0], images.astype(str), images.astype(complex)):
        with pytest.raises(ReadError, match="no images of digits"):
            gmmseg.cluster_digits(bad)
    for value in (-1.0, np.nan, np.inf):
        wrong = images.astype(float)
        wrong[3, 2, 1] = value
        with pytest.raises(ReadError, match="hold values from"):
            gmmseg.cluster_digits(wrong)
    with pytest.raises(ReadError, match="do not fit"):
        gmmseg.cluster_digits(images, marks[1:])
    with pytest.raises(TypeError, match=r"no setting 'pca\.n'"):
        gmmseg.cluster_digits(images, more={"pca.n": 3})
    with pytest.raises(SettingsError):
        gmmseg.cluster_digits(images, n_clusters=0)


@pytest.mark.parametrize("kind", ["float64", "float32", "int64", "uint16", "bool"])
def test_digits_of_other_numbers_than_bytes_are_scaled_by_the_largest(kind: str) -> None:
    levels = np.random.default_rng(0).integers(0, 17, (40, 8, 8)).astype(kind)
    outcome = gmmseg.cluster_digits(levels, recipe="pixels", n_clusters=2, more={"pca.n_components": 3})
    expected = levels / levels.max() * 255 if kind != "bool" else levels * 255
    assert np.abs(outcome.digits.images - expected).max() <= 0.5


def test_digits_of_bytes_stay_as_they_are() -> None:
    levels = np.random.default_rng(0).integers(0, 17, (40, 8, 8)).astype(np.uint8)
    outcome = gmmseg.cluster_digits(levels, recipe="pixels", n_clusters=2, more={"pca.n_components": 3})
    assert (outcome.digits.images == levels).all()


def test_results_are_shown_in_a_line(place: Path) -> None:
    result = gmmseg.segment("photo.png", n_components=3)
    height, width = result.labels.shape
    size = f"“photo.png” of {width} × {height} pixels"
    assert repr(result) == f"Segmented({size}, 3 classes)"
    parts = gmmseg.regions("photo.png")
    assert repr(parts) == f"Partition({size}, {parts.labels.max()} regions)"
    project = gmmseg.new_project("photo.png").with_object(result.labels == 1, "sky")
    assert repr(project) == f"PhotoProject({size}, 1 object)"


@pytest.mark.slow
def test_what_cannot_be_drawn_clicked_or_clustered_is_said(place: Path) -> None:
    model = gmmseg.segment("photo.png", n_components=3).model
    for number in (0, -1):
        with pytest.raises(SettingsError, match=f"{number} samples"):
            gmmseg.sample(model, number)
    with pytest.raises(gmmseg.GmmsegError, match="three values"):
        gmmseg.ObjectSelector("photo.png").select([(3, 4)])  # type: ignore[list-item]
    with pytest.raises(SettingsError, match="pixels, deskewed"):
        gmmseg.cluster_digits(recipe="pixel")  # type: ignore[arg-type]


def test_readmes_tour_runs(place: Path, capsys: Any) -> None:
    for name in ("photo.jpg", "other.jpg"):
        Pillow.fromarray(photo(60, 80)).save(name, quality=95)
    np.savez("digits.npz", images=pictures(60, 28, 28), labels=labels(60))
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text[text.index("## Python\n") : text.index("## Objects by clicks")]
    blocks = [part.partition("```")[0] for part in section.split("```python\n")[1:]]
    assert len(blocks) == 3
    names: dict[str, Any] = {}
    exec("".join(blocks), names)
    assert names["mask"][10, 20]
    assert not names["mask"][30, 50]
    assert {"mask.png", "overlay.png", "model.json", "photo.coco.json", "object.png"} <= set(os.listdir())
