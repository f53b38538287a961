"""Copied commands and scripts: run, they write the bytes that the export wrote."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import gmmseg
from gmmseg.batch.again import Again, AgainFromProject, Repeatable, again
from gmmseg.batch.documents import Subject, document_source_events
from gmmseg.batch.methods import FittedMixture, GrownRegions
from gmmseg.batch.texts import command_text, python_text
from gmmseg.commands.cli import run
from gmmseg.control import result_of
from gmmseg.display import ChannelDisplay, Display
from gmmseg.errors import EditError
from gmmseg.features.spec import FeatureSpec
from gmmseg.io.export import export_events
from gmmseg.io.export_items import (
    OBJECT_KINDS,
    SUFFIXES,
    ZERO_BASED_KINDS,
    ExportItem,
    ExportKind,
    with_legends,
)
from gmmseg.io.images import read_image
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.document import Document
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.project import PhotoProject
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.settings import RegionSettings
from tests.core.commands.test_cli import photo

FAST = FitSettings(n_components=3, n_init=1, tol=1e-3)
UNUSUAL = SegmentSettings(
    FeatureSpec("lab", has_position=True, position_weight=0.1 + 0.2, is_standardised=True),
    FitSettings(
        n_components=4, covariance="diag", n_init=2, seed=7, tol=1.5e-4, reg_covar=0.25, accelerate=True
    ),
    smooth=1 / 3,
)
MANY: tuple[ExportKind, ...] = (
    "mask", "legend", "probabilities", "overlay", "model", "report", "table", "parts", "coco", "geojson",
    "labelme", "roi", "svg", "ome-tiff", "ome-zarr",
)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a photo of an awkward name, which is the current one."""
    place = tmp_path / "it's a $HOME 'é'"
    place.mkdir()
    monkeypatch.chdir(place)
    Pillow.fromarray(photo()).save("-photo 1.png")
    os.mkdir("out")
    return place


def fitted(settings: SegmentSettings, name: str = "-photo 1.png", frame: int = 0) -> Document:
    """Return a document as the window has it after a fit."""
    image = read_image(Path(name).absolute(), frame=frame)
    project = PhotoProject.of_image(image)
    fit = result_of(segment_events(SegmentRequest(image, settings))).fit
    maps = MapSettings()
    return replace(project.document, settings=settings, fit=fit, classes=fit.model.classes, map_settings=maps)


def items(
    kinds: Sequence[ExportKind], suffix: dict[str, str] | None = None, **options: Any
) -> list[ExportItem]:
    def item(kind: ExportKind) -> ExportItem:
        ending = (suffix or {}).get(kind, SUFFIXES[kind][0])
        own = {
            name: value for name, value in options.items() if name != "zero_based" or kind in ZERO_BASED_KINDS
        }
        return ExportItem(Path(f"out/{kind}{ending}").absolute(), kind, **own)

    return with_legends(map(item, kinds))


def written() -> dict[str, bytes]:
    """Return the files in the folder and empty it; of reports what a run decides."""
    found = {}
    for path in sorted(Path("out").rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        content = path.read_bytes()
        if "report" in path.name:
            report = json.loads(content)
            for name in ("command", "seconds", "peak_rss_bytes"):
                del report[name]
            content = json.dumps(report).encode()
        found[path.relative_to("out").as_posix()] = content
    shutil.rmtree("out")
    os.mkdir("out")
    return found


def check(
    document: Document, subject: Subject, wanted: list[ExportItem], project: Path | None = None
) -> Repeatable:
    """Export a document, do it again by both texts, and compare the bytes."""
    needs = any(item.kind == "table" for item in wanted)
    source = result_of(document_source_events(document, subject, "window", needs_mixture=needs))
    result_of(export_events(source, wanted))
    expected = written()
    assert len(expected) >= len(wanted)
    found = again(document, subject, wanted, project)
    words = shlex.split(command_text(found))
    assert words[0] == "gmmseg"
    assert run(words[1:]) == 0
    assert written() == expected
    exec(python_text(found), {})
    assert written() == expected
    return found


@pytest.mark.parametrize("settings", [SegmentSettings(mixture=FAST), UNUSUAL], ids=["usual", "unusual"])
def test_every_kind_of_file_of_a_fit(place: Path, settings: SegmentSettings) -> None:
    found = check(fitted(settings), "classes", items(MANY))
    assert isinstance(found, Again)


@pytest.mark.parametrize(
    ("kinds", "options"),
    [
        (("overlay",), {"overlay_opacity": 0.35}),
        (("mask", "overlay"), {"zero_based": True, "palette": "voc"}),
        (("ome-tiff", "coco"), {"zero_based": True}),
        (("mask",), {"palette": "grey"}),
        (("report", "table"), {}),
        (("mask", "table", "parts"), {"least_part": 9, "pixel_size": (0.3, 0.3)}),
        (("probabilities", "ome-tiff"), {"pixel_size": (0.3, 0.3)}),
        (("overlay",), {"display": Display((ChannelDisplay(-20.25, 120.1, 0.7),))}),
        (("overlay",), {"display": Display(tuple(ChannelDisplay(at, 99, 1.3) for at in (1, 1 / 3, 7)))}),
    ],
)
def test_what_is_chosen_in_the_dialog(place: Path, kinds: tuple[ExportKind, ...], options: Any) -> None:
    check(fitted(SegmentSettings(mixture=FAST)), "classes", items(kinds, **options))


@pytest.mark.parametrize("suffix", [".tif", ".npy", ".npz"])
def test_masks_by_their_extension(place: Path, suffix: str) -> None:
    check(fitted(SegmentSettings(mixture=FAST)), "classes", items(["mask"], {"mask": suffix}))


def test_classes_that_were_merged_renamed_recoloured_hidden_and_moved(place: Path) -> None:
    document = fitted(SegmentSettings(mixture=replace(FAST, n_components=4)))
    classes = document.classes.merged([3, 1]).changed(2, name="Sky: “blue” & 'grey'", colour=(1, 200, 255))
    classes = classes.changed(4, is_visible=False).changed(3, is_locked=True).moved(2, 0)
    check(replace(document, classes=classes), "classes", items(MANY))


def test_k_that_was_chosen_and_a_page_of_a_file(place: Path) -> None:
    pages = [Pillow.fromarray(photo(seed=at)) for at in range(3)]
    pages[0].save("pages.tif", save_all=True, append_images=pages[1:])
    settings = SegmentSettings(mixture=replace(FAST, n_init=1), auto="icl")
    check(fitted(settings, "pages.tif", frame=2), "classes", items(["mask", "model"]))


@pytest.mark.slow
@pytest.mark.parametrize(("detail", "n_regions"), [(0.5, None), (0.9, None), (0.3, 3)])
def test_regions(place: Path, detail: float, n_regions: int | None) -> None:
    document = fitted(SegmentSettings(mixture=FAST))
    classes = document.classes.changed(1, name="Red")
    document = replace(document, region_settings=RegionSettings(detail, n_regions), classes=classes)
    check(document, "regions", items(["mask", "overlay", "geojson"]))
    check(document, "regions", items(["mask", "table"]))
    if n_regions is None:
        check(document, "regions", items(["mask", "report"]))
    else:
        with pytest.raises(EditError, match="makes void"):
            again(document, "regions", items(["mask", "report"]), None)


def test_objects_come_from_the_project(place: Path) -> None:
    mask = np.zeros((30, 40), bool)
    mask[5:20, 8:30] = True
    project = gmmseg.new_project(Path("-photo 1.png").absolute()).with_object(mask, "horse")
    wanted = items(["mask", *OBJECT_KINDS, "coco", "table", "report"])
    with pytest.raises(EditError, match=r"made by hand\. Save the project"):
        again(project.document, "objects", wanted, None)
    gmmseg.save_project(project, "work.gmmseg")
    line = ["export", "work.gmmseg", "--format", "cutout", "-o", "out/cutout.png"]
    assert run(line) == 0
    cutout = Path("out/cutout.png").read_bytes()
    assert run([*line, "--display", "0:100:0.5"]) == 0
    darker = Path("out/cutout.png").read_bytes()
    # The project's own display is what is exported where the command says none.
    display = Display((ChannelDisplay(0, 100, 0.5),) * 3)
    entry = replace(project.history.present, state=replace(project.document, display=display))
    shown = replace(project, history=replace(project.history, present=entry))
    gmmseg.save_project(shown, "work.gmmseg")
    assert run(line) == 0
    assert Path("out/cutout.png").read_bytes() == darker != cutout
    gmmseg.export(shown, {"cutout": "out/cutout.png"}, subject="objects")
    assert Path("out/cutout.png").read_bytes() == darker
    gmmseg.save_project(project, "work.gmmseg")
    Path("out/cutout.png").write_bytes(b"somebody else's")
    assert run([*line, "--no-clobber"]) == 0
    assert written() == {"cutout.png": b"somebody else's"}
    assert cutout.startswith(b"\x89PNG")
    found = check(project.document, "objects", wanted, Path("work.gmmseg"))
    assert isinstance(found, AgainFromProject)


def test_what_settings_do_not_give_again_comes_from_the_project(place: Path) -> None:
    document = fitted(SegmentSettings(mixture=FAST))
    fit = document.fit
    assert fit is not None
    stopped = replace(document, fit=replace(fit, result=replace(fit.result, stop_reason="stopped")))
    with pytest.raises(EditError, match="stopped before its end"):
        again(stopped, "classes", items(["mask"]), None)
    with pytest.raises(EditError, match="united by hand"):
        again(replace(document, fit=replace(fit, is_merged=True)), "classes", items(["mask"]), None)
    image = fit.image
    nameless = replace(document, image=replace(image, source=replace(image.source, path=None)))
    with pytest.raises(EditError, match="in no file"):
        again(nameless, "classes", items(["mask"]), None)
    project = PhotoProject.of_image(image)
    entry = replace(project.history.present, state=stopped)
    gmmseg.save_project(replace(project, history=replace(project.history, present=entry)), "work.gmmseg")
    check(stopped, "classes", items(["mask", "overlay", "table", "report"]), Path("work.gmmseg"))


def test_a_batch(place: Path) -> None:
    for at in range(2):
        Path(f"{at}").mkdir()
        Pillow.fromarray(photo(seed=at)).save(f"{at}/same.png")
    pictures = tuple(Path(f"{at}/same.png").absolute() for at in range(2))
    folders = [
        ExportItem(Path("out/masks").absolute(), "mask", palette="grey"),
        ExportItem(Path("out/overlays").absolute(), "overlay", overlay_opacity=0.75),
    ]
    for method in (
        FittedMixture(SegmentSettings(mixture=FAST, smooth=0.5)), GrownRegions(RegionSettings(n_regions=4))
    ):  # fmt: skip
        wanted = Again(pictures, method, tuple(folders))
        assert run(shlex.split(command_text(wanted))[1:]) == 0
        expected = written()
        stems = ("same", "same_2")
        assert set(expected) == {f"{kind}/{stem}.png" for kind in ("masks", "overlays") for stem in stems}
        exec(python_text(wanted), {})
        assert written() == expected


@pytest.mark.parametrize("subject", ["classes", "regions"])
@pytest.mark.slow
def test_classes_by_region(place: Path, subject: Subject) -> None:
    document = fitted(SegmentSettings(mixture=FAST))
    maps = MapSettings(by="region", balance=0.25, min_island=5)
    document = replace(document, map_settings=maps, region_settings=RegionSettings(0.8))
    check(document, subject, items(["mask", "overlay", "table", "report"]))
    pixelwise = replace(document, map_settings=replace(maps, by="pixel"))
    check(pixelwise, subject, items(["mask", "overlay"]))


def test_a_project_without_a_fit_says_which_subjects_it_has(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = np.ones((30, 40), bool)
    project = gmmseg.new_project(Path("-photo 1.png").absolute()).with_object(mask, "horse")
    gmmseg.save_project(project, "work.gmmseg")
    assert run(["export", "work.gmmseg", "-o", "mask.png"]) == 1
    assert "--subject objects" in capsys.readouterr().err
    assert run(["export", "work.gmmseg", "--subject", "objects", "-o", "mask.png"]) == 0
    assert Path("mask.png").is_file()
