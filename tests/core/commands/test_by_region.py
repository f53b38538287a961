"""``segment --by region``: the classes of a mixture by region, in every file, as from Python."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import gmmseg
from gmmseg.commands.cli import run
from gmmseg.control import result_of
from gmmseg.io.images import read_image
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.class_map import ClassMapper
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.outcome import region_events
from gmmseg.regions.settings import RegionSettings
from tests.core.commands.test_region_command import blocks

BY_REGION = ["segment", "photo.png", "-k", "3", "--by", "region"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Pillow.fromarray(blocks()).save("photo.png")
    return tmp_path


def opened(name: str) -> np.ndarray:
    with Pillow.open(name) as picture:
        return np.asarray(picture)


def test_each_region_holds_the_class_with_the_largest_sum_of_posteriors(place: Path) -> None:
    cut = ["--regions", "7"]
    assert run(["segment", "photo.png", "-k", "3", "-o", "pixels.png", "--probabilities", "p.npz"]) == 0
    assert run(["segment", "photo.png", "--method", "regions", *cut, "-o", "regions.png"]) == 0
    assert run([*BY_REGION, *cut, "-o", "classes.png", "--probabilities", "means.npz"]) == 0
    posteriors, means = (np.load(name)["probabilities"] for name in ("p.npz", "means.npz"))
    regions, classes = opened("regions.png"), opened("classes.png")
    for region in np.unique(regions):
        inside = regions == region
        sums = [sum(plane[inside].tolist()) for plane in posteriors]
        assert (classes[inside] == 1 + int(np.argmax(sums))).all()
        np.testing.assert_allclose(means[:, inside].T - np.array(sums) / inside.sum(), 0, atol=1e-5)


@pytest.mark.slow
def test_python_gives_the_same_bytes(place: Path) -> None:
    assert run([*BY_REGION, "--detail", "0.7", "--min-island", "40", "-o", "classes.npy"]) == 0
    image = read_image(Path("photo.png"))
    regions = result_of(region_events(image, RegionSettings(detail=0.7)))
    mapper = ClassMapper(MapSettings(by="region", min_island=40), regions)
    request = SegmentRequest(image, SegmentSettings(mixture=FitSettings(n_components=3)))
    outcome = result_of(segment_events(request, map_classes=mapper))
    np.testing.assert_array_equal(np.load("classes.npy"), outcome.segmentation.labels)
    again = gmmseg.segment("photo.png", n_components=3, by="region", detail=0.7, min_island=40)
    gmmseg.export(again, {"mask": "again.npy"})
    assert Path("again.npy").read_bytes() == Path("classes.npy").read_bytes()
    applied = gmmseg.apply(again.model, "photo.png", by="region", detail=0.7, min_island=40)
    np.testing.assert_array_equal(applied.labels, again.labels)


def test_a_seed_is_that_of_the_mixture_alone(place: Path) -> None:
    for seed in ("0", "5"):
        assert run([*BY_REGION, "--seed", seed, "-o", "c.png", "--report", f"{seed}.json"]) == 0
    first, other = (json.loads(Path(f"{seed}.json").read_text()) for seed in ("0", "5"))
    assert first["settings"]["map"] == other["settings"]["map"]
    assert first["settings"]["map"]["by"] == "region"
    assert first["settings"]["map"]["regions"]["found"] == 4
    assert other["seed"] == 5
    spent = other["seconds"]
    assert spent["hierarchy"] > 0
    assert spent["total"] >= sum(value for name, value in spent.items() if name != "total") * 0.999


def test_a_model_is_applied_by_region(place: Path) -> None:
    assert run([*BY_REGION, "-o", "classes.png", "--model", "m.json", "--table", "t.csv"]) == 0
    assert run(["apply", "m.json", "photo.png", "--by", "region", "-o", "again.png"]) == 0
    assert Path("again.png").read_bytes() == Path("classes.png").read_bytes()
    counts = [int(line["pixels"]) for line in csv.DictReader(Path("t.csv").read_text().splitlines())]
    assert counts == np.bincount(opened("classes.png").ravel(), minlength=4)[1:].tolist()


def test_islands_are_removed_from_the_map_of_pixels_too(place: Path) -> None:
    noisy = blocks()
    noisy[10, 10] = (40, 200, 40)
    Pillow.fromarray(noisy).save("photo.png")
    assert run(["segment", "photo.png", "-k", "4", "-o", "m.png"]) == 0
    assert run(["segment", "photo.png", "-k", "4", "--min-island", "2", "-o", "n.png"]) == 0
    before, after = opened("m.png"), opened("n.png")
    assert before[10, 10] != before[10, 11]
    assert after[10, 10] == after[10, 11]
    after = after.copy()
    after[10, 10] = before[10, 10]
    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["segment", "photo.png", "--detail", "0.4", "-o", "m.png"], "--by region"),
        (["segment", "photo.png", "--balance", "1", "-o", "m.png"], "add --by region"),
        (["segment", "photo.png", "--method", "regions", "--by", "region", "-o", "m.png"], "leave out"),
        (["segment", "photo.png", "--by", "regions", "-o", "m.png"], "invalid choice"),
        (["segment", "photo.png", "--min-island", "-1", "-o", "m.png"], "0 to"),
        (["apply", "m.json", "photo.png", "--detail", "0.4", "-o", "m.png"], "add --by region"),
    ],
)
def test_what_makes_no_sense_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert run(words) == 2
    assert said in capsys.readouterr().err
