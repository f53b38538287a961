"""``segment --method regions``: masks, tables and reports of regions, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from gmmseg.commands.cli import run
from gmmseg.control import result_of
from gmmseg.errors import SettingsError, WriteError
from gmmseg.image import Image
from gmmseg.io.export import export_events
from gmmseg.io.export_items import ExportItem, ExportKind
from gmmseg.io.export_sources import MixtureSource, RegionSource
from gmmseg.io.images import read_image
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import Document, change_setting, open_image
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.settings import SegmentSettings
from gmmseg.photo.workspace import Workspace
from gmmseg.regions.outcome import RegionOutcome, region_events
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import with_setting

REGIONS = ["segment", "photo.png", "--method", "regions"]


def blocks(seed: int = 0) -> np.ndarray:
    """Four noisy blocks of clearly different colours, 60 × 80."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((60, 80, 3))
    pixels[:30, :40], pixels[:30, 40:] = (200, 40, 40), (40, 200, 40)
    pixels[30:, :40], pixels[30:, 40:] = (40, 40, 200), (220, 220, 80)
    return np.clip(pixels + rng.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Pillow.fromarray(blocks()).save("photo.png")
    return tmp_path


def opened(name: str) -> np.ndarray:
    with Pillow.open(name) as picture:
        return np.asarray(picture)


def outcome_of(image: Image, **settings: object) -> RegionOutcome:
    return result_of(region_events(image, RegionSettings(**settings)))  # type: ignore[arg-type]


def test_four_blocks_become_four_regions(place: Path) -> None:
    assert run([*REGIONS, "--regions", "4", "-o", "mask.png"]) == 0
    mask = opened("mask.png")
    assert set(np.unique(mask)) == {1, 2, 3, 4}
    # Numbered in reading order; away from the borders there is no doubt.
    for number, block in ((1, mask[5:25, 5:35]), (2, mask[5:25, 45:75])):
        assert (block == number).all()
    for number, block in ((3, mask[35:55, 5:35]), (4, mask[35:55, 45:75])):
        assert (block == number).all()


def test_detail_runs_from_one_region_to_many(place: Path) -> None:
    counts = []
    for detail in ("0", "0.5", "1"):
        assert run([*REGIONS, "--detail", detail, "-o", "mask.tif", "--report", "r.json"]) == 0
        report = json.loads(Path("r.json").read_text())
        counts.append(report["n_regions"])
        assert report["n_pixels"] == 60 * 80
        assert report["settings"] == {"detail": float(detail), "n_regions": None, "seed": 0}
    assert counts[0] == 1
    assert counts == sorted(counts)
    assert counts[2] == report["n_leaves"] > 4


def test_the_window_and_the_command_line_write_the_same_bytes(place: Path) -> None:
    assert run([*REGIONS, "--seed", "3", "-o", "mask.png", "--overlay", "over.png"]) == 0
    outcome = outcome_of(read_image("photo.png"), seed=3)
    subject = RegionSource(outcome, default_classes(outcome.regions.n_regions, "Region"), "window", {})
    items = [
        ExportItem(Path("w.png"), "mask"), ExportItem(Path("wo.png"), "overlay"),
        ExportItem(Path("t.csv"), "table"), ExportItem(Path("g.geojson"), "geojson"),
        ExportItem(Path("o.ome.tif"), "ome-tiff"),
    ]  # fmt: skip
    result_of(export_events(subject, items))
    assert Path("w.png").read_bytes() == Path("mask.png").read_bytes()
    assert Path("wo.png").read_bytes() == Path("over.png").read_bytes()
    with Path("t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    mask = opened("mask.png")
    assert {int(row["region"]): int(row["area"]) for row in rows} == {
        int(value): int((mask == value).sum()) for value in np.unique(mask)
    }


@pytest.mark.parametrize("kind", ["model", "probabilities"])
def test_regions_have_neither_model_nor_probabilities(place: Path, kind: ExportKind) -> None:
    outcome = outcome_of(read_image("photo.png"))
    subject = RegionSource(outcome, default_classes(outcome.regions.n_regions, "Region"), "window", {})
    mask = ExportItem(Path("mask.png"), "mask")
    name = {"model": "m.json", "probabilities": "p.tif"}[kind]
    with pytest.raises(WriteError, match="Regions"):
        result_of(export_events(subject, [mask, ExportItem(Path(name), kind)]))
    assert not Path("mask.png").exists()


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        (["--method", "regions", "-k", "5"], "--components"),
        (["--method", "regions", "--smooth", "1"], "--smooth"),
        (["--method", "regions", "--model", "m.json"], "--model"),
        (["--detail", "0.5"], "--detail"),
        (["--regions", "3"], "--regions"),
        (["--method", "regions", "--detail", "0.5", "--regions", "3"], "--detail"),
    ],
)
def test_options_of_the_other_method_are_wrong_usage(
    place: Path, capsys: pytest.CaptureFixture[str], extra: list[str], named: str
) -> None:
    assert run(["segment", "photo.png", *extra, "-o", "mask.png"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "usage: gmmseg segment IMAGE... [options] -o OUT"
    assert named in lines[1]
    assert len(lines) == 2
    assert not Path("mask.png").exists()


def test_the_table_is_the_one_that_the_window_exports(place: Path) -> None:
    options = ["--regions", "4", "-k", "3", "--seed", "2", "-o", "mask.png", "--table", "regions.csv"]
    assert run([*REGIONS, *options]) == 0
    image = read_image("photo.png")
    settings = SegmentSettings()
    for path, value in (("mixture.n_components", 3), ("mixture.seed", 2)):
        settings = with_setting(settings, path, value)
    fit = result_of(segment_events(SegmentRequest(image, settings, wants_preview=True)))
    mixture = MixtureSource(
        fit.fit, fit.table, fit.segmentation, default_classes(3), "window", dict(fit.fit.seconds)
    )
    outcome = outcome_of(image, seed=2, n_regions=4)
    subject = RegionSource(outcome, default_classes(4, "Region"), "window", {}, mixture)
    result_of(export_events(subject, [ExportItem(Path("w.csv"), "table")]))
    assert Path("regions.csv").read_bytes() == Path("w.csv").read_bytes()
    with Path("regions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    assert {name for name in rows[0] if name.startswith("posterior ")} == {
        f"posterior Class {number}" for number in (1, 2, 3)
    }


def test_of_a_folder_the_tables_fill_a_folder(place: Path) -> None:
    Path("in").mkdir()
    Pillow.fromarray(blocks(1)).save("in/a.png")
    assert run(["segment", "in", "--method", "regions", "-k", "2", "-o", "out", "--table", "tables"]) == 0
    assert Path("tables/a.csv").read_text().startswith("region,area,")


@pytest.mark.parametrize("extra", [["--detail", "1.5"], ["--detail", "nan"], ["--regions", "0"]])
def test_values_out_of_bounds_are_refused(place: Path, extra: list[str]) -> None:
    assert run([*REGIONS, *extra, "-o", "mask.png"]) == 2
    assert not Path("mask.png").exists()


def test_the_tree_stays_with_the_document_and_undo_brings_it_back(place: Path) -> None:
    workspace = Workspace()
    first = read_image("photo.png")
    workspace.apply(open_image(first))
    assert workspace.hierarchy() is None
    outcome = outcome_of(first)
    assert workspace.accept_regions(outcome)
    assert workspace.shown.regions is outcome
    workspace.apply(change_setting("detail", 0.2, "Detail"))
    assert workspace.shown.regions is outcome
    assert workspace.hierarchy() is outcome.hierarchy
    Pillow.fromarray(blocks(1)).save("other.png")
    workspace.apply(open_image(read_image("other.png")))
    assert workspace.shown.regions is None
    assert not workspace.accept_regions(outcome)
    workspace.undo()
    assert workspace.shown.regions is outcome
    workspace.apply(change_setting("seed", 1, "Seed"))
    assert workspace.hierarchy() is None


def test_a_setting_of_the_regions_is_checked_and_leaves_the_fit_alone() -> None:
    document = Document()
    assert change_setting("detail", 0.25, "Detail").apply(document).region_settings.detail == 0.25
    assert change_setting("n_regions", 7, "N").apply(document).settings is document.settings
    with pytest.raises(SettingsError):
        change_setting("detail", 2.0, "Detail").apply(document)


def test_a_given_tree_is_only_cut(place: Path) -> None:
    first = outcome_of(read_image("photo.png"))
    again = result_of(region_events(first.image, RegionSettings(n_regions=2), first.hierarchy))
    assert again.hierarchy is first.hierarchy
    assert again.regions.n_regions == 2
    assert set(again.seconds) == {"cut"}


def test_of_a_folder_every_image_gets_the_mask_it_gets_alone(place: Path) -> None:
    Path("in").mkdir()
    for seed, name in enumerate(("a.png", "b.png")):
        Pillow.fromarray(blocks(seed)).save(f"in/{name}")
    options = ["--method", "regions", "--regions", "3"]
    assert run(["segment", "in", *options, "-o", "out", "--report", "reports"]) == 0
    for name in ("a", "b"):
        assert run(["segment", f"in/{name}.png", *options, "-o", "alone.png"]) == 0
        assert Path(f"out/{name}.png").read_bytes() == Path("alone.png").read_bytes()
        report = json.loads(Path(f"reports/{name}.json").read_text())
        assert report["n_regions"] == 3
        assert report["settings"]["n_regions"] == 3
        assert report["seconds"]["hierarchy"] > 0


def test_transparent_pixels_belong_to_no_region(place: Path) -> None:
    alpha = np.full((60, 80, 1), 255, dtype=np.uint8)
    alpha[10:20, 10:30] = 0
    Pillow.fromarray(np.concatenate([blocks(), alpha], axis=2)).save("photo.png")
    assert run([*REGIONS, "-o", "mask.png", "--report", "r.json"]) == 0
    np.testing.assert_array_equal(opened("mask.png") > 0, alpha[..., 0] > 0)
    assert json.loads(Path("r.json").read_text())["n_pixels"] == 60 * 80 - 200


@pytest.mark.parametrize("pixels", [blocks()[..., 0], blocks()[:1, :1], blocks()[:1], blocks()[:, :1]])
def test_grey_images_and_single_pixels_have_regions_too(place: Path, pixels: np.ndarray) -> None:
    Pillow.fromarray(pixels).save("photo.png")
    assert run([*REGIONS, "-o", "mask.png"]) == 0
    mask = opened("mask.png")
    assert mask.shape == pixels.shape[:2]
    assert set(np.unique(mask)) == set(range(1, int(mask.max()) + 1))


def test_zero_based_masks_count_regions_from_zero(place: Path) -> None:
    assert run([*REGIONS, "--regions", "4", "-o", "ids.png"]) == 0
    assert run([*REGIONS, "--regions", "4", "--zero-based", "-o", "indices.png"]) == 0
    np.testing.assert_array_equal(opened("indices.png"), opened("ids.png") - 1)


@pytest.mark.parametrize("wanted", [["--probabilities", "p.tif"], ["--model", "m.json"]])
def test_what_regions_do_not_have_is_refused_before_anything_is_read(
    place: Path, capsys: pytest.CaptureFixture[str], wanted: list[str]
) -> None:
    assert run(["segment", "missing.png", "--method", "regions", *wanted, "-o", "mask.png"]) == 2
    assert wanted[0] in capsys.readouterr().err.splitlines()[-1]


def test_a_region_knows_its_area(place: Path) -> None:
    outcome = outcome_of(read_image("photo.png"), n_regions=5)
    for region in range(1, 6):
        assert outcome.area_of(region) == int((outcome.regions.labels == region).sum())


def test_a_region_mask_says_that_its_values_are_regions(place: Path) -> None:
    assert run([*REGIONS, "--regions", "3", "-o", "mask.png"]) == 0
    with Pillow.open("mask.png") as picture:
        legend = json.loads(picture.info["gmmseg"])
    assert legend["values"] == "regions from 1 in reading order"
    assert [set(entry) for entry in legend["classes"]] == [{"id", "name", "colour"}] * 3
    assert legend["image"]["name"] == "photo.png"
