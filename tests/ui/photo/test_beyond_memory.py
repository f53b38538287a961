"""A picture beyond memory in the window: looked at in levels of tiles, fitted to all of its pixels."""

from __future__ import annotations

import json
import math
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget
from pytestqt.qtbot import QtBot

import gmmseg
from gmmseg.arrays import AnyArray
from gmmseg.commands.cli import run
from gmmseg.control import Progress, StopRequest, never_stop, result_of
from gmmseg.drawing.layers import Layer, LayerKind
from gmmseg.errors import Cancelled, EditError, ReadError, WriteError
from gmmseg.image import RGB, Image, ImageSource, PixelGrid
from gmmseg.io.export_items import ExportItem
from gmmseg.io.models import dump_model
from gmmseg.io.object_reading import as_objects
from gmmseg.io.projects.file.reading import open_events
from gmmseg.io.projects.kinds.image_reference import find_image_events, image_form, pixel_hash
from gmmseg.io.tiled.chunk_pyramid import ChunkPyramid
from gmmseg.io.tiled.opening import open_picture
from gmmseg.io.tiled.segmenting import TiledRequest, segment_tiled_events
from gmmseg.limits import GIB, budget_of, set_memory_budget
from gmmseg.mixture.settings import Adaptation
from gmmseg.photo.document import Document, adapt_model, change_setting, merge_classes, set_pixel_size
from gmmseg.photo.jobs import SegmentOutcome, SegmentRequest, segment_events
from gmmseg.photo.objects.edits import add_object
from gmmseg.photo.objects.patch import Patch, brushed
from gmmseg.tiled import pyramid as pyramids
from gmmseg.tiled.engines import Local
from gmmseg.tiled.pyramid import Box, pyramid_of
from gmmseg.tiled.tiles import own_pixel_size
from tests.core.tiled.pictures import coloured
from tests.data.projects.build import assert_same
from tests.ui.driving import drop, is_settled, mime_of, wait_for_fit, wait_for_map, write_png
from ui.app import App
from ui.photo import large
from ui.photo.export_dialog import ExportDialog
from ui.photo.panels.pane_tiles import TileRequest

SHAPE = (700, 620)


@pytest.fixture(autouse=True)
def small_budget(app: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let a small picture be beyond memory, with three levels and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(pyramids, "OVERVIEW_PIXELS", SHAPE[0] * SHAPE[1] // 15)
    monkeypatch.setattr(pyramids, "_VIEW_SIDE", 128)
    monkeypatch.setattr(large, "_MOST_PROCESSES", 1)
    # After the program, which takes the user's.
    with budget_of(3_000_000):
        yield


@pytest.fixture
def picture() -> AnyArray:
    # Of few colours, so that fits are quick.
    return coloured(SHAPE) // 16 * np.uint8(16)


@pytest.fixture
def whole(picture: AnyArray) -> SegmentOutcome:
    """Map of the picture in memory, with the settings of the window at first."""
    image = Image(picture, RGB, ImageSource("whole"))
    return result_of(segment_events(SegmentRequest(image, Document().settings)))


@pytest.fixture
def slide(tmp_path: Path, picture: AnyArray) -> Path:
    path = tmp_path / "slide.tif"
    tifffile.imwrite(path, picture, tile=(64, 64), photometric="rgb")
    return path


@pytest.fixture
def opened(app: App, qtbot: QtBot, slide: Path) -> App:
    app.window.resize(1000, 700)
    drop(app.window, mime_of(slide))
    wait_for_fit(app, qtbot)
    return app


def _go(app: App, qtbot: QtBot, layer: Layer) -> Box:
    """Look at the middle of the picture in its own pixels; return what is seen, in pixels of the overview."""
    panes = app.photo.panels.panes
    panes.set_layout(1)
    panes.choose_layer(0, layer)
    image = app.photo.work.workspace.document.image
    assert image is not None
    panes.camera.is_fitted = False
    panes.camera._set(QPointF(image.width / 2, image.height / 2), float(panes.camera.step))
    canvas = panes.panes[0].canvas
    middle, half = panes.camera.centre, canvas.view_size() / (2 * panes.camera.zoom)
    box = (middle.x() - half.width(), middle.y() - half.height(),
           middle.x() + half.width(), middle.y() + half.height())  # fmt: skip
    pyramid = pyramid_of(image)
    items = [canvas.photo, canvas.layer]

    def is_sharp() -> bool:
        finer = [item._finer for item in items if item._finer is not None]
        lacking = [tiles.lacks(place) for tiles in finer for place in pyramid.tiles_in(0, box)]  # type: ignore[attr-defined]
        return bool(finer) and not any(lacking)

    qtbot.waitUntil(is_sharp, timeout=20000)
    return box


def _screen(app: App) -> AnyArray:
    """Return the pixels of the first pane's canvas, (H, W, 3), without what lies over the picture."""
    canvas = app.photo.panels.panes.panes[0].canvas
    canvas.caption.say("")
    image = canvas.view_image().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)


def test_it_is_opened_with_its_size_and_fitted_to_all_pixels(opened: App, whole: SegmentOutcome) -> None:
    shown = opened.photo.work.workspace.shown
    document = shown.document
    image, fit = document.image, document.fit
    assert image is not None
    assert fit is not None
    assert document.is_beyond_memory
    assert (image.height, image.width) == (175, 155)
    assert fit.result.log_likelihood == whole.fit.result.log_likelihood
    assert fit.result.params.means.tobytes() == whole.fit.result.params.means.tobytes()
    assert "620 × 700" in opened.photo.panels.readout.facts.text()
    assert shown.table is not None
    assert shown.table.weights.sum() == 620 * 700


def test_what_is_seen_close_are_the_pixels_of_the_file(opened: App, qtbot: QtBot, picture: AnyArray) -> None:
    _go(opened, qtbot, Layer("image"))
    screen = _screen(opened)
    y, x = SHAPE[0] // 2, SHAPE[1] // 2
    expected = picture[y - 100 : y + 100, x - 100 : x + 100]
    matches = [
        np.array_equal(screen[top : top + 200, left : left + 200], expected)
        for top in range(screen.shape[0] // 2 - 103, screen.shape[0] // 2 - 96)
        for left in range(screen.shape[1] // 2 - 103, screen.shape[1] // 2 - 96)
    ]
    assert any(matches)


def test_labels_that_are_seen_are_those_of_the_whole_picture(
    opened: App, qtbot: QtBot, whole: SegmentOutcome
) -> None:
    _go(opened, qtbot, Layer("segments"))
    workspace = opened.photo.work.workspace
    labels = whole.segmentation.labels
    image, item = workspace.document.image, opened.photo.panels.panes.panes[0].canvas.layer
    assert image is not None
    pyramid, finer = pyramid_of(image), item._finer
    assert finer is not None
    n_seen = 0
    for place, pixels in finer._tiles.items():  # type: ignore[attr-defined]
        if place[0] == 0:
            tile = pyramid.tile(place)
            part = labels[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
            assert np.array_equal(pixels, part)
            n_seen += 1
    assert n_seen > 3
    # Colours are those of the classes.
    colours = {tuple(map(int, entry.colour)) for entry in workspace.document.classes}
    middle = _screen(opened)[200:300, 200:300].reshape(-1, 3)
    assert {tuple(map(int, one)) for one in middle} <= colours


def test_any_map_is_made_of_what_is_seen(opened: App, qtbot: QtBot) -> None:
    kinds: tuple[LayerKind, ...] = ("heatmap", "uncertainty", "overlay", "density")
    for kind in kinds:
        _go(opened, qtbot, Layer(kind))
        middle = _screen(opened)[200:300, 200:300].reshape(-1, 3)
        assert len(np.unique(middle, axis=0)) > 3


def test_tiles_of_half_the_sharpness_come_first_and_only_where_sharp_ones_are_lacking(
    opened: App, qtbot: QtBot
) -> None:
    panes, image = opened.photo.panels.panes, opened.photo.work.workspace.document.image
    assert image is not None
    pyramid, camera = pyramid_of(image), panes.camera
    asked: list[list[TileRequest]] = []
    panes.set_layout(1)
    panes.choose_layer(0, Layer("overlay"))
    panes.tiles_requested.connect(asked.append)
    camera.is_fitted = False
    canvas = panes.panes[0].canvas
    qtbot.waitUntil(lambda: canvas.layer._finer is not None and is_settled(opened), timeout=20000)
    qtbot.wait(1)

    def look_at(x: float) -> list[TileRequest]:
        """Return what is asked for before the event loop goes on."""
        asked.clear()
        camera._set(QPointF(x, image.height / 2), float(camera.step))
        (requests,) = asked
        return requests

    for item in (canvas.photo, canvas.layer):
        item._finer._tiles.clear()  # type: ignore[union-attr]
    requests = look_at(0.0)
    box = camera.box(canvas.view_size())
    seen: Box = box.left(), box.top(), box.right(), box.bottom()
    places = [request.view.place for request in requests]
    assert places == sorted(places, key=lambda place: -place[0])
    for level in (0, 1):
        assert set(pyramid.tiles_in(level, seen)) <= set(places)
    # Photo and layer of a place, which is read once.
    assert [one.view.layer.kind for one in requests] == ["image", "overlay"] * (len(requests) // 2)
    assert places[::2] == places[1::2]
    qtbot.waitUntil(lambda: not any(one.into.lacks(one.view.place) for one in requests), timeout=20000)
    # A tile further is there already, as one around the view.
    assert not [request for request in look_at(2.0) if request.view.place[0] == 1]


def test_another_k_is_fitted_without_reading_the_picture_again(
    opened: App, qtbot: QtBot, slide: Path
) -> None:
    work = opened.photo.work
    progress: list[str] = []
    work.fitter.progressed.connect(lambda one: progress.append(one.text))
    work.apply(change_setting("mixture.n_components", 3, "K"))
    qtbot.waitUntil(lambda: is_settled(opened), timeout=20000)
    fit = work.workspace.document.fit
    assert fit is not None
    assert fit.result.params.n_components == 3
    assert not any("Counting" in text for text in progress)


def test_it_opens_at_once_the_second_time(opened: App, qtbot: QtBot, slide: Path, tmp_path: Path) -> None:
    work = opened.photo.work
    progress: list[str] = []
    work.opener.progressed.connect(lambda one: progress.append(one.text))
    drop(opened.window, mime_of(write_png(tmp_path / "small.png")))
    qtbot.waitUntil(lambda: not work.workspace.document.is_beyond_memory, timeout=20000)
    wait_for_fit(opened, qtbot)
    assert opened.photo.panels.panes.panes[0].canvas.photo._finer is None
    drop(opened.window, mime_of(slide))
    qtbot.waitUntil(lambda: work.workspace.document.is_beyond_memory, timeout=20000)
    wait_for_fit(opened, qtbot)
    assert not any("smaller copies" in text for text in progress)


def test_what_it_cannot_have_is_said_where_one_looks_for_it(opened: App) -> None:
    panels = opened.photo.panels
    panels.panes.choose_layer(0, Layer("segments"))
    unit = panels.panes.panes[0].findChild(QComboBox, "map_unit")
    assert unit is not None
    assert unit.currentData() == "pixel"
    assert not unit.isEnabled()
    assert "in memory" in unit.toolTip()
    for path in ("smooth", "by", "min_island", "learns_from"):
        field: QWidget = panels.setup.field(path)
        assert not field.isEnabled()
        assert "in memory" in field.toolTip()
    assert "in memory" in panels.parts.hint.label.text()


@pytest.mark.slow
def test_its_project_holds_fit_classes_and_objects_and_refers_to_the_picture(
    opened: App, qtbot: QtBot, slide: Path, tmp_path: Path
) -> None:
    work, path = opened.photo.work, tmp_path / "work.gmmseg"
    first, second, *_ = [entry.id for entry in work.workspace.document.classes]
    work.apply(merge_classes([first, second]))
    work.apply(add_object(brushed([(60.0, 60.0)], 8.0, (175, 155)), "cat"))
    assert opened.window.isWindowModified()
    with qtbot.waitSignal(work.keeper.saved, timeout=20000):
        work.keeper.save(path)
    assert not opened.window.isWindowModified()
    assert path.stat().st_size < 200_000
    before = work.workspace.document
    assert before.fit is not None
    drop(opened.window, mime_of(write_png(tmp_path / "small.png")))
    qtbot.waitUntil(lambda: not work.workspace.document.is_beyond_memory, timeout=20000)
    drop(opened.window, mime_of(path))
    qtbot.waitUntil(lambda: work.workspace.document.is_beyond_memory, timeout=20000)
    wait_for_fit(opened, qtbot)
    after = work.workspace.document
    assert not opened.window.isWindowModified()
    assert after.fit is not None
    assert dump_model(after.fit.model) == dump_model(before.fit.model)
    assert after.classes == before.classes
    assert_same(after.objects, before.objects)
    assert len(work.workspace.history.past) == 2
    # The picture is missed, and found again by what it shows.
    drop(opened.window, mime_of(tmp_path / "small.png"))
    qtbot.waitUntil(lambda: not work.workspace.document.is_beyond_memory, timeout=20000)
    moved = tmp_path.parent / f"{tmp_path.name}.tif"
    slide.rename(moved)
    with qtbot.waitSignal(work.opener.kept_read, timeout=20000):
        drop(opened.window, mime_of(path))
    assert opened.photo.actions["find_subject"].isEnabled()
    with qtbot.waitSignal(work.keeper.saved, timeout=20000):
        work.keeper.save(path)
    other = tmp_path / "other.tif"
    tifffile.imwrite(other, 255 - tifffile.imread(moved), tile=(64, 64), photometric="rgb")
    opened.photo._read_found(moved)
    qtbot.waitUntil(lambda: work.workspace.document.is_beyond_memory, timeout=20000)
    assert_same(work.workspace.document.objects, before.objects)
    wait_for_fit(opened, qtbot)
    assert before.image is not None
    form = image_form(before.image, path, None, pixel_hash(before.image))
    found, note = result_of(find_image_events(form, None, path, other, never_stop))
    assert found.levels is not None
    assert "has changed since the project was saved" in note


def test_levels_that_are_made_again_for_a_project_are_told_of_and_stopped(
    opened: App, qtbot: QtBot, tmp_path: Path
) -> None:
    work, path, cache = opened.photo.work, tmp_path / "work.gmmseg", tmp_path / "cache"
    with qtbot.waitSignal(work.keeper.saved, timeout=20000):
        work.keeper.save(path)
    drop(opened.window, mime_of(write_png(tmp_path / "small.png")))
    qtbot.waitUntil(lambda: not work.workspace.document.is_beyond_memory, timeout=20000)
    shutil.rmtree(cache)
    # Stopped as soon as that is told.
    told: list[str] = []
    job = open_events(
        path,
        should_stop=lambda: (
            StopRequest.STOP if any("smaller copies" in text for text in told) else StopRequest.NONE
        ),
    )
    with pytest.raises(Cancelled):
        told.extend(event.text for event in job)
    assert not [one for one in cache.rglob("*") if one.is_file()]
    progress: list[Progress] = []
    work.opener.progressed.connect(progress.append)
    drop(opened.window, mime_of(path))
    qtbot.waitUntil(lambda: work.workspace.document.is_beyond_memory, timeout=20000)
    made = [one.fraction for one in progress if one.text == "Making smaller copies of slide.tif, once"]
    assert made[-1] == 1.0


def test_classes_of_its_overview_are_not_taken_for_those_of_the_picture(
    opened: App, qtbot: QtBot, tmp_path: Path
) -> None:
    work, path = opened.photo.work, tmp_path / "work.gmmseg"
    with qtbot.waitSignal(work.keeper.saved, timeout=20000):
        work.keeper.save(path)
    with pytest.raises(WriteError, match="beyond memory"):
        gmmseg.export(gmmseg.open_project(path), {"mask": tmp_path / "mask.png"})
    with pytest.raises(ReadError, match="beyond memory"):
        gmmseg.save_project(gmmseg.open_project(path), path, encloses_image=True)


def _exported(app: App, qtbot: QtBot, items: list[ExportItem]) -> None:
    exporter = app.photo.work.exporter
    with qtbot.waitSignal(exporter.finished, timeout=30000):
        exporter.write(app.photo.work.workspace.shown, items)


@pytest.mark.slow
def test_masks_are_those_of_the_command_line(opened: App, qtbot: QtBot, slide: Path, tmp_path: Path) -> None:
    mask, chances = tmp_path / "mask.tif", tmp_path / "chances.tif"
    model, report = tmp_path / "model.json", tmp_path / "report.json"
    items = [
        ExportItem(mask, "mask"),
        ExportItem(chances, "probabilities"),
        ExportItem(model, "model"),
        ExportItem(report, "report"),
    ]
    _exported(opened, qtbot, items)
    ours = [tmp_path / "ours.tif", tmp_path / "chances_ours.tif"]
    settings = opened.photo.work.workspace.document.settings
    request = TiledRequest(open_picture(slide), settings, ours[0], probabilities=ours[1])
    outcome = result_of(segment_tiled_events(request, Local()))
    assert mask.read_bytes() == ours[0].read_bytes()
    assert chances.read_bytes() == ours[1].read_bytes()
    assert model.read_bytes() == dump_model(outcome.found.fit.model)
    told = json.loads(report.read_text("utf-8"))
    assert (told["image"]["height"], told["image"]["width"], told["n_pixels"]) == (*SHAPE, 700 * 620)
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []


def test_classes_are_written_as_they_are_in_the_window(opened: App, qtbot: QtBot, tmp_path: Path) -> None:
    work = opened.photo.work
    first, second, *_ = [entry.id for entry in work.workspace.document.classes]
    work.apply(merge_classes([first, second]))
    path = tmp_path / "slide.ome.zarr"
    _exported(opened, qtbot, [ExportItem(path, "ome-zarr")])
    image = work.workspace.document.image
    assert image is not None
    chunk = ChunkPyramid(str(path), SHAPE, "uint8", 1).chunk(0, 0, 0)
    assert set(np.unique(chunk[:700, :620])) == {entry.id for entry in work.workspace.document.classes}


def test_an_export_is_stopped_and_leaves_nothing(opened: App, qtbot: QtBot, tmp_path: Path) -> None:
    work = opened.photo.work
    item = ExportItem(tmp_path / "mask.tif", "mask")
    work.exporter.runner.events.connect(lambda *_: work.stop())
    with qtbot.waitSignal(work.exporter.runner.cancelled, timeout=30000):
        work.exporter.write(work.workspace.shown, [item])
    assert list(tmp_path.glob("mask*")) == []


def test_the_export_dialog_offers_what_is_made_in_tiles(opened: App, qtbot: QtBot) -> None:
    opened.photo.actions["export"].trigger()
    dialog = opened.window.findChild(ExportDialog)
    assert dialog is not None
    mask = dialog.findChild(QComboBox, "export.mask.format")
    overlay = dialog.findChild(QCheckBox, "export.overlay")
    assert mask is not None
    assert overlay is not None
    assert [mask.itemText(at) for at in range(mask.count())] == [".tif"]
    # The one format is a word, not a choice.
    assert mask.isHidden()
    assert not overlay.isEnabled()
    assert "beyond" in overlay.toolTip()
    for row in dialog._rows:
        row.box.setChecked(row.kind == "probabilities")
    dialog._try()
    assert "Mask" in dialog.message
    dialog.close()


@pytest.mark.slow
def test_what_is_in_view_is_worked_on_as_a_photo_by_itself(
    opened: App, qtbot: QtBot, picture: AnyArray, whole: SegmentOutcome
) -> None:
    work = opened.photo.work
    overview, classes = work.workspace.document.image, work.workspace.document.classes
    box = _go(opened, qtbot, Layer("segments"))
    set_memory_budget(GIB)
    opened.photo.actions["open_part"].trigger()
    qtbot.waitUntil(lambda: not work.workspace.document.is_beyond_memory, timeout=20000)
    wait_for_map(opened, qtbot)
    shown = work.workspace.shown
    image, maps = shown.document.image, shown.segmentation
    assert image is not None
    assert maps is not None
    left, top = max(0, math.floor(4 * box[0])), max(0, math.floor(4 * box[1]))
    place = np.s_[top : top + image.height, left : left + image.width]
    assert np.array_equal(image.pixels, picture[place])
    assert np.array_equal(maps.pixelwise.labels, whole.segmentation.labels[place])
    assert [entry.colour for entry in shown.classes] == [entry.colour for entry in classes]
    # Regions are found there, and a click selects.
    assert shown.regions is not None
    assert shown.regions.image is image
    work.selecting.prompt([(60.0, 60.0)], True, False)
    qtbot.waitUntil(lambda: work.workspace.shown.current_selection is not None, timeout=30000)
    while work.workspace.document.image is image:
        work.workspace.undo()
    assert work.workspace.document.image is overview
    wait_for_fit(opened, qtbot)
    assert opened.photo.panels.panes.panes[0].canvas.photo._finer is not None


@pytest.mark.slow
def test_copied_texts_write_the_same_maps(opened: App, qtbot: QtBot, tmp_path: Path) -> None:
    work = opened.photo.work
    work.apply(merge_classes([entry.id for entry in work.workspace.document.classes][:2]))
    work.apply(set_pixel_size(2.0))
    mask, chances, model = tmp_path / "mask.tif", tmp_path / "chances.tif", tmp_path / "model.json"
    items = [ExportItem(mask, "mask"), ExportItem(chances, "probabilities")]
    told = [*items, ExportItem(model, "model")]
    _exported(opened, qtbot, told)
    ours = {path: path.read_bytes() for path in (mask, chances, model)}
    for path in ours:
        path.unlink()
    words = shlex.split(work.exporter.text("command", told, "classes"))
    assert words[:2] == ["gmmseg", "segment"]
    assert run(words[1:]) == 0
    # A pixel of the overview is four of the picture.
    with budget_of(GIB):
        for path in (mask, chances):
            assert own_pixel_size(open_picture(path)) == pytest.approx((0.5, 0.5))
    assert {path: path.read_bytes() for path in ours} == ours
    for path in ours:
        path.unlink()
    exec(work.exporter.text("python", items, "classes"), {})
    assert {path: path.read_bytes() for path in (mask, chances)} == {
        path: ours[path] for path in (mask, chances)
    }


@pytest.mark.parametrize("adaptation", [None, Adaptation(), Adaptation(200.0, moves_covariances=True)])
@pytest.mark.slow
def test_copied_texts_apply_a_model_as_the_window_does(
    opened: App, qtbot: QtBot, picture: AnyArray, tmp_path: Path, adaptation: Adaptation | None
) -> None:
    work = opened.photo.work
    other = gmmseg.segment(picture[:200, :200] // 2, n_components=3)
    merged = replace(other.model, classes=other.model.classes.merged([1, 3]))
    path = tmp_path / "another.json"
    path.write_bytes(dump_model(merged))
    drop(opened.window, mime_of(path))
    qtbot.waitUntil(lambda: work.workspace.document.given is not None, timeout=20000)
    wait_for_fit(opened, qtbot)
    work.apply(adapt_model(adaptation, "Adapt"))
    wait_for_fit(opened, qtbot)
    mask, chances, model = tmp_path / "mask.tif", tmp_path / "chances.tif", tmp_path / "model.json"
    items = [ExportItem(mask, "mask"), ExportItem(chances, "probabilities")]
    # A model that is not adapted is written by no command: it is there.
    told = items if adaptation is None else [*items, ExportItem(model, "model")]
    _exported(opened, qtbot, told)
    ours = [item.path.read_bytes() for item in told]
    for item in told:
        item.path.unlink()
    words = shlex.split(work.exporter.text("command", told, "classes"))
    assert words[:2] == ["gmmseg", "apply"]
    assert run(words[1:]) == 0
    assert [item.path.read_bytes() for item in told] == ours
    for item in items:
        item.path.unlink()
    exec(work.exporter.text("python", items, "classes"), {})
    assert [item.path.read_bytes() for item in items] == ours[: len(items)]
    with budget_of(GIB):
        in_memory = gmmseg.apply(path, picture, adapt=adaptation)
    assert np.array_equal(tifffile.imread(mask, key=0), in_memory.labels)


def test_what_a_text_cannot_write_in_tiles_is_said(opened: App, tmp_path: Path) -> None:
    text = opened.photo.work.exporter.text
    mask, zarr = ExportItem(tmp_path / "a.tif", "mask"), ExportItem(tmp_path / "a.ome.zarr", "ome-zarr")
    assert text("command", [zarr], "classes").split()[-2:] == ["-o", str(zarr.path)]
    with pytest.raises(EditError, match="one label image"):
        text("command", [mask, zarr], "classes")
    with pytest.raises(EditError, match=r"overview.*Save the project"):
        text("command", [mask], "regions")
    with pytest.raises(EditError, match="no model"):
        text("python", [mask, ExportItem(tmp_path / "m.json", "model")], "classes")


def test_the_scale_bar_knows_the_pixels_of_the_file(
    app: App, qtbot: QtBot, picture: AnyArray, tmp_path: Path
) -> None:
    path = tmp_path / "scaled.tif"
    scaled: dict[str, Any] = {"resolution": (40_000, 40_000), "resolutionunit": "CENTIMETER"}
    tifffile.imwrite(path, picture, tile=(64, 64), photometric="rgb", **scaled)
    app.window.resize(1000, 700)
    drop(app.window, mime_of(path))
    wait_for_fit(app, qtbot)
    # A pixel of the overview is four of the file's, of 0.25 µm.
    assert app.photo.work.workspace.document.pixel_size == pytest.approx((1.0, 1.0))
    assert app.photo.panels.panes.panes[0].canvas.scale_bar.isVisible()


@pytest.mark.slow
def test_geojson_of_a_part_and_of_the_overview_is_in_pixels_of_the_picture(
    opened: App, qtbot: QtBot, tmp_path: Path
) -> None:
    work = opened.photo.work
    overview = work.workspace.document.image
    assert overview is not None

    def ring_of(path: Path, patch: Patch) -> list[list[int]]:
        work.apply(add_object(patch, "nucleus"))
        with qtbot.waitSignal(work.exporter.finished, timeout=30000):
            work.exporter.write(work.workspace.shown, [ExportItem(path, "geojson")], "objects")
        (feature,) = json.loads(path.read_text("utf-8"))["features"]
        (ring,) = feature["geometry"]["coordinates"]
        return sorted(ring[:-1])

    # A pixel of the overview is four by four of the picture.
    found = ring_of(tmp_path / "overview.geojson", Patch(10, 20, np.ones((2, 3), np.bool_), 4))
    assert found == [[80, 40], [80, 48], [92, 40], [92, 48]]
    set_memory_budget(GIB)
    work.opener.open_part(overview, (30.0, 20.0, 90.0, 70.0), 4.0)
    qtbot.waitUntil(lambda: not work.workspace.document.is_beyond_memory, timeout=20000)
    wait_for_map(opened, qtbot)
    path = tmp_path / "part.geojson"
    found = ring_of(path, Patch(7, 5, np.ones((2, 3), np.bool_)))
    assert found == [[125, 87], [125, 89], [128, 87], [128, 89]]
    # Read again it is where it was; so are annotations of the whole picture made by other programs.
    image = work.workspace.document.image
    assert image is not None
    ids = as_objects(path, image).ids.read()
    assert np.array_equal(np.argwhere(ids)[[0, -1]], [[7, 5], [8, 7]])
    assert np.count_nonzero(ids) == 6
    # A project keeps where the part lies.
    with qtbot.waitSignal(work.keeper.saved, timeout=20000):
        work.keeper.save(tmp_path / "part.gmmseg")
    kept = gmmseg.open_project(tmp_path / "part.gmmseg").document.image
    assert kept is not None
    assert kept.grid == image.grid == PixelGrid(120, 80, 1)
