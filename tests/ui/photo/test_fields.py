"""Clicks on a picture beyond memory: objects at full size, in the window."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

import gmmseg
from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.errors import ReadError
from gmmseg.io.export_items import ExportItem
from gmmseg.io.projects.archive import Archive, Member, pack
from gmmseg.io.projects.kinds.kind import Numbered
from gmmseg.io.projects.kinds.object_map import encode_objects
from gmmseg.io.projects.kinds.photo import _object_changes
from gmmseg.io.projects.kinds.registry import kind_named
from gmmseg.io.projects.plain import encoded
from gmmseg.io.projects.states import changed_history, history_changes
from gmmseg.io.tiled.object_source import TILED_OBJECT_KINDS
from gmmseg.limits import budget_of
from gmmseg.photo import field as fields
from gmmseg.photo.document import Document, PendingSelection
from gmmseg.photo.field import Field
from gmmseg.photo.objects.edits import add_object
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.objects.sources import objects_of_ids
from gmmseg.photo.pending import SelectionAnswer
from gmmseg.tiled import pyramid as pyramids
from tests.data.projects.build import assert_same
from tests.ui.driving import drop, mime_of, wait_for_fit, write_png
from ui.app import App
from ui.photo import large
from ui.photo.export_dialog import ExportDialog

PHOTO = kind_named("photo")
SHAPE = (701, 622)
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
NUCLEI = ((100, 90), (150, 220), (420, 500), (640, 60))
"""Rows and columns of their middles."""
BAR = slice(300, 320), slice(200, 420)


@pytest.fixture(autouse=True)
def small_budget(app: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let a small picture be beyond memory, with three levels, small fields and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(pyramids, "OVERVIEW_PIXELS", SHAPE[0] * SHAPE[1] // 15)
    monkeypatch.setattr(pyramids, "_VIEW_SIDE", 128)
    monkeypatch.setattr(large, "_MOST_PROCESSES", 1)
    monkeypatch.setattr(fields, "SIDE", 128)
    monkeypatch.setattr(fields, "STRIDE", 64)
    with budget_of(3_000_000):
        yield


def disc(row: int, column: int) -> BoolArray:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    inside: BoolArray = (y - row) ** 2 + (x - column) ** 2 <= 12**2
    return inside


def bar() -> BoolArray:
    mask = np.zeros(SHAPE, np.bool_)
    mask[BAR] = True
    return mask


def tissue() -> AnyArray:
    """Dark nuclei, and a red bar longer than two fields, on pink."""
    pixels = np.full((*SHAPE, 3), (235, 180, 210))
    for row, column in NUCLEI:
        pixels[disc(row, column)] = (90, 50, 140)
    pixels[BAR] = (200, 30, 40)
    noise = np.random.default_rng(0).integers(-6, 7, pixels.shape)
    return (pixels + noise).clip(0, 255).astype(np.uint8)


def overlap(one: BoolArray, other: BoolArray) -> float:
    return float((one & other).sum() / (one | other).sum())


class Looker:
    """Looks closely at a picture and clicks, in its own pixels."""

    def __init__(self, app: App, qtbot: QtBot) -> None:
        self.app, self.qtbot = app, qtbot
        self.panes, self.work = app.photo.panels.panes, app.photo.work
        self.canvas = self.panes.panes[0].canvas
        self.panes.set_layout(1)

    @property
    def document(self) -> Document:
        return self.work.workspace.document

    @property
    def ids(self) -> AnyArray:
        return self.document.object_map.ids.read()

    def go(self, row: float, column: float, zoom: float = 1.0) -> None:
        """Look at a place, `zoom` pixels of the screen for each of the picture."""
        step = self.panes.camera.step
        self.panes.camera.is_fitted = False
        self.panes.camera._set(QPointF(column / step, row / step), zoom * step)

    def at(self, row: float, column: float) -> QPoint:
        step = self.panes.camera.step
        return self.canvas.position_of((row + 0.5) / step, (column + 0.5) / step).toPoint()

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=30_000)

    def click(self, row: float, column: float, keys: Qt.KeyboardModifier = NONE) -> SelectionAnswer:
        before = self.document
        QTest.mouseClick(self.canvas.viewport(), LEFT, keys, self.at(row, column))
        self.wait(lambda: self.document is not before)
        return self.answer()

    def answer(self) -> SelectionAnswer:
        def found() -> SelectionAnswer | None:
            return self.work.workspace.shown.current_selection

        self.wait(lambda: (answer := found()) is not None and not answer.is_coarse)
        answer = found()
        assert answer is not None
        return answer

    def drag(self, *points: tuple[float, float]) -> None:
        view = self.canvas.viewport()
        QTest.mousePress(view, LEFT, NONE, self.at(*points[0]))
        for point in points[1:]:
            where = QPointF(self.at(*point))
            button = Qt.MouseButton.NoButton
            move = QMouseEvent(
                QEvent.Type.MouseMove, where, QPointF(view.mapToGlobal(where)), button, LEFT, NONE
            )
            QApplication.sendEvent(view, move)
        QTest.mouseRelease(view, LEFT, NONE, self.at(*points[-1]))

    def hover(self, row: float, column: float) -> None:
        view, where = self.canvas.viewport(), QPointF(self.at(row, column))
        button = Qt.MouseButton.NoButton
        move = QMouseEvent(
            QEvent.Type.MouseMove, where, QPointF(view.mapToGlobal(where)), button, button, NONE
        )
        QApplication.sendEvent(view, move)

    def press(self, key: Qt.Key) -> None:
        before = self.document.objects
        self.canvas.setFocus()
        QTest.keyClick(self.canvas, key)
        self.wait(lambda: self.document.objects is not before)


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    path = tmp_path / "slide.tif"
    tifffile.imwrite(path, tissue(), tile=(64, 64), photometric="rgb")
    return path


@pytest.fixture
def looker(app: App, qtbot: QtBot, slide: Path) -> Looker:
    app.window.resize(900, 700)
    drop(app.window, mime_of(slide))
    wait_for_fit(app, qtbot)
    return Looker(app, qtbot)


def mask_of(answer: SelectionAnswer) -> BoolArray:
    return answer.patch.pixels_in((slice(0, SHAPE[0]), slice(0, SHAPE[1])))


def test_a_nucleus_is_sharp_at_full_size_and_everything_goes_back(looker: Looker) -> None:
    row, column = NUCLEI[0]
    looker.go(row + 20, column + 30)
    answer = looker.click(row, column)
    assert answer.pending.field == Field(64, 0, 128, 128, 1)
    assert overlap(mask_of(answer), disc(row, column)) > 0.95
    looker.press(Qt.Key.Key_Return)
    assert looker.document.object_map.shape == SHAPE
    assert np.array_equal(looker.ids == 1, mask_of(answer))
    (row_of_table,) = [entry.id for entry in looker.document.object_map]
    assert looker.document.object_map.areas() == {row_of_table: answer.patch.area}
    actions = looker.app.photo.actions
    actions["undo"].trigger()
    assert looker.document.objects is None
    assert looker.document.pending is not None
    actions["redo"].trigger()
    assert np.array_equal(looker.ids == 1, mask_of(answer))


def test_the_same_click_gives_the_same_bytes_wherever_one_looks_from(looker: Looker) -> None:
    row, column = NUCLEI[1]
    masks = []
    for away in (-40, 0, 37):
        looker.go(row + away, column - away)
        masks.append(mask_of(looker.click(row, column)))
    assert np.array_equal(masks[0], masks[1])
    assert np.array_equal(masks[0], masks[2])


@pytest.mark.slow
def test_from_further_away_a_click_selects_in_the_level_that_is_seen(looker: Looker) -> None:
    row, column = NUCLEI[2]
    looker.go(row, column, 0.5)
    answer = looker.click(row, column)
    assert answer.patch.step == 2
    assert overlap(mask_of(answer), disc(row, column)) > 0.8
    looker.go(row, column, 0.25)
    assert looker.click(row, column).patch.step == 4


@pytest.mark.slow
def test_an_object_longer_than_a_field_is_selected_by_one_click_after_another(looker: Looker) -> None:
    looker.go(310, 300)
    first = mask_of(looker.click(310, 220))
    assert overlap(first, bar()) < 0.6
    for column in (300, 390):
        looker.click(310, column, SHIFT)
    assert len(looker.document.object_map) == 1
    looker.press(Qt.Key.Key_Return)
    assert len(looker.document.object_map) == 1
    assert overlap(looker.ids == 1, bar()) > 0.95
    # It is taken up again as far as a field goes, and corrected there alone.
    before = looker.ids
    looker.click(310, 300)
    looker.click(310, 310, ALT)
    looker.press(Qt.Key.Key_Return)
    after = looker.ids
    assert after[310, 310] == 0
    field = looker.work.workspace.history.past[-1].state.pending.field  # type: ignore[union-attr]
    is_changed = np.any(before != after, axis=0)
    assert field is not None
    assert is_changed[field.left : field.left + field.width].any()
    assert not is_changed[: field.left].any()
    assert not is_changed[field.left + field.width :].any()


def test_hovering_outlines_what_a_click_would_take_in_a_field_that_is_known(looker: Looker) -> None:
    looker.go(*NUCLEI[0])
    looker.click(*NUCLEI[0])
    looker.app.photo.toolbox.drop()
    looker.hover(NUCLEI[0][0] + 3, NUCLEI[0][1])
    looker.wait(lambda: not looker.canvas.hover_outline.is_empty)
    rect = looker.canvas.hover_outline.mapRectToParent(looker.canvas.hover_outline._path.boundingRect())
    step = looker.panes.camera.step
    assert rect.center().x() * step == pytest.approx(NUCLEI[0][1] + 0.5, abs=3)
    assert rect.center().y() * step == pytest.approx(NUCLEI[0][0] + 0.5, abs=3)


def test_brush_lasso_and_fill_work_on_pixels_of_the_picture(looker: Looker) -> None:
    toolbox = looker.app.photo.toolbox
    looker.go(420, 500)
    toolbox.take_tool("brush")
    toolbox.set_radius(5)
    looker.drag((400, 480), (400, 520))
    looker.wait(lambda: bool(looker.document.objects))
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    along = np.clip(x, 480.5, 520.5)
    expected = (x - along) ** 2 + (y - 400.5) ** 2 <= 25
    assert overlap(looker.ids == 1, expected) > 0.9
    toolbox.take_tool("eraser")
    before = looker.document.objects
    looker.drag((400, 500), (400, 501))
    looker.wait(lambda: looker.document.objects is not before)
    assert looker.ids[400, 500] == 0
    toolbox.choose(())
    toolbox.take_tool("lasso")
    looker.drag((430, 440), (430, 470), (460, 470), (460, 440))
    looker.wait(lambda: len(looker.document.object_map) == 2)
    assert (looker.ids == 2)[432:458, 442:468].all()
    assert not (looker.ids == 2)[:428].any()


@pytest.mark.slow
def test_objects_are_kept_in_projects_and_journals(looker: Looker, tmp_path: Path) -> None:
    path = tmp_path / "work.gmmseg"
    looker.go(*NUCLEI[0])
    looker.click(*NUCLEI[0])
    looker.press(Qt.Key.Key_Return)
    looker.go(*NUCLEI[3])
    looker.click(*NUCLEI[3])
    ids, pending, history = looker.ids, looker.document.pending, looker.work.workspace.history
    assert pending is not None
    with looker.qtbot.waitSignal(looker.work.keeper.saved, timeout=20000):
        looker.work.keeper.save(path)
    project = gmmseg.open_project(path)
    assert np.array_equal(project.document.object_map.ids.read(), ids)
    assert project.document.pending is not None
    assert project.document.pending.field == pending.field
    assert project.objects.shape == (project.image.height, project.image.width)
    # A journal holds the same changes.
    content = json.loads(encoded(history_changes(PHOTO, None, history)))
    again = changed_history(PHOTO, None, content, looker.document.image, "journal")
    assert_same(again.present.state.objects, looker.document.objects)
    assert_same(again.present.state.pending, pending)
    content["entries"][-2]["changes"]["objects"]["shape"] = [300, 300]
    with pytest.raises(ReadError, match="must be that of the picture"):
        changed_history(PHOTO, None, content, looker.document.image, "journal")


def test_objects_of_an_overview_from_before_are_those_of_the_picture(looker: Looker) -> None:
    """Up to version 3 maps had the size of the overview."""
    image = looker.document.image
    assert image is not None
    shape = image.height, image.width
    ids = np.zeros(shape, np.uint8)
    ids[20:60, 30:50] = 1
    ids[100:, 100:] = 2
    one = objects_of_ids(ids * (ids < 2))
    other = objects_of_ids(ids)
    documents = [replace(Document(image), objects=objects) for objects in (one, other)]
    changes = [
        json.loads(encoded(_object_changes(before, after)))
        for before, after in ((ObjectMap.empty(shape), one), (one, other))
    ]
    found = Document(image)
    for document, change in zip(documents, changes, strict=True):
        del change["shape"]
        objects = PHOTO.value("objects", change, found, Numbered(()), "x")
        found = replace(found, objects=objects)
        assert document.objects is not None
        assert objects.objects == document.objects.objects
    expected = np.kron(ids, np.ones((4, 4), np.uint8))[: SHAPE[0], : SHAPE[1]]
    assert np.array_equal(found.object_map.ids.read(), expected)
    # Those of the present were a PNG, and what was pending said nothing of a step.
    held = {"objects.json": encoded({"objects": other.objects}), "objects.png": encode_objects(other, 1)[0]}
    packed = pack(Member(name, data) for name, data in held.items())
    present = PHOTO.with_members(Document(image), Archive(io.BytesIO(packed), "old.gmmseg"))
    assert np.array_equal(present.object_map.ids.read(), expected)
    base = json.loads(encoded(PendingSelection(base=Patch.of(ids == 1))))
    del base["base"]["step"], base["field"], base["adds"]
    pending = PHOTO.value("pending", base, found, Numbered(()), "x")
    assert np.array_equal(pending.base.pixels_in((slice(0, SHAPE[0]), slice(0, SHAPE[1]))), expected == 1)


@pytest.mark.slow
def test_objects_of_a_missing_picture_stay_in_place(looker: Looker, slide: Path, tmp_path: Path) -> None:
    path = tmp_path / "work.gmmseg"
    looker.go(*NUCLEI[0])
    looker.click(*NUCLEI[0])
    looker.press(Qt.Key.Key_Return)
    ids, work, app = looker.ids, looker.work, looker.app
    with looker.qtbot.waitSignal(work.keeper.saved, timeout=20000):
        work.keeper.save(path)
    drop(app.window, mime_of(write_png(tmp_path / "small.png")))
    looker.wait(lambda: not looker.document.is_beyond_memory)
    away = tmp_path.parent / f"{tmp_path.name}.tif"
    slide.rename(away)
    with looker.qtbot.waitSignal(work.opener.kept_read, timeout=20000):
        drop(app.window, mime_of(path))
    image = looker.document.image
    assert image is not None
    assert image.source.is_missing
    labels = looker.canvas.objects._labels
    assert labels is not None
    assert labels.at(np.array([NUCLEI[0][0]]), np.array([NUCLEI[0][1]])).tolist() == [[1]]
    assert looker.canvas.objects.boundingRect().width() == pytest.approx(SHAPE[1] / labels.step)
    with looker.qtbot.waitSignal(work.keeper.saved, timeout=20000):
        work.keeper.save(path)
    away.rename(slide)
    assert np.array_equal(gmmseg.open_project(path).document.object_map.ids.read(), ids)


@pytest.mark.slow
def test_objects_are_exported_at_full_size(looker: Looker, tmp_path: Path) -> None:
    for place in NUCLEI[:2]:
        looker.go(*place)
        looker.click(*place)
        looker.press(Qt.Key.Key_Return)
    mask, cut, shapes = tmp_path / "mask.tif", tmp_path / "cut.png", tmp_path / "objects.geojson"
    exporter = looker.work.exporter
    items = [ExportItem(mask, "mask"), ExportItem(cut, "cutout"), ExportItem(shapes, "geojson")]
    with looker.qtbot.waitSignal(exporter.finished, timeout=30000):
        exporter.write(looker.work.workspace.shown, items, "objects")
    assert np.array_equal(tifffile.imread(mask), looker.ids)
    ys, xs = np.nonzero(looker.ids)
    box = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
    alone = np.asarray(PillowImage.open(cut))
    assert np.array_equal(alone[:, :, 3] > 0, looker.ids[box] > 0)
    assert np.array_equal(alone[:, :, :3][looker.ids[box] > 0], tissue()[box][looker.ids[box] > 0])
    first = json.loads(shapes.read_text("ascii"))["features"][0]["geometry"]["coordinates"][0]
    ys, xs = np.nonzero(looker.ids == 1)
    assert np.min(first, axis=0).tolist() == [xs.min(), ys.min()]
    # Without the window it is the same.
    looker.work.keeper.save(tmp_path / "work.gmmseg")
    looker.wait((tmp_path / "work.gmmseg").exists)
    looker.wait(lambda: not looker.work.is_busy)
    again = tmp_path / "again.tif"
    gmmseg.export(gmmseg.open_project(tmp_path / "work.gmmseg"), {"mask": again}, subject="objects")
    assert again.read_bytes() == mask.read_bytes()


def test_the_export_dialog_offers_what_is_made_of_objects_in_tiles(looker: Looker) -> None:
    looker.go(*NUCLEI[0])
    looker.click(*NUCLEI[0])
    looker.press(Qt.Key.Key_Return)
    looker.app.photo.actions["export"].trigger()
    dialog = looker.app.window.findChild(ExportDialog)
    assert dialog is not None
    assert dialog.subject == "objects"
    offered = {row.kind: row.box.isEnabled() for row in dialog._rows}
    assert {kind for kind, is_offered in offered.items() if is_offered} == set(TILED_OBJECT_KINDS) - {
        "legend"
    }
    assert "overview" not in dialog._subject.currentText()
    formats = dialog.findChild(QComboBox, "export.mask.format")
    assert formats is not None
    assert [formats.itemText(at) for at in range(formats.count())] == [".tif"]
    dialog.close()


@pytest.mark.slow
def test_a_box_larger_than_a_field_is_answered_in_a_level_whose_field_holds_it(looker: Looker) -> None:
    looker.app.photo.toolbox.take_tool("box")
    row, column = NUCLEI[1]
    looker.go(row, column)
    looker.drag((row - 20, column - 20), (row + 20, column + 20))
    small = looker.answer()
    assert small.patch.step == 1
    assert overlap(mask_of(small), disc(row, column)) > 0.9
    looker.go(310, 310, 0.9)
    looker.drag((290, 190), (330, 430))
    looker.wait(lambda: looker.document.pending is not small.pending)
    assert overlap(mask_of(looker.answer()), bar()) > 0.8
    assert looker.answer().patch.step > 1


def test_outlines_of_other_programs_are_read_in_pixels_of_the_picture(looker: Looker, tmp_path: Path) -> None:
    path = tmp_path / "annotations.geojson"
    ring = [[101, 203], [161, 203], [161, 233], [101, 233], [101, 203]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "geometry": geometry, "properties": {"name": "vessel"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    looker.work.mask_opener.open_path(path)
    looker.wait(lambda: bool(looker.document.objects))
    expected = np.zeros(SHAPE, np.bool_)
    expected[203:233, 101:161] = True
    assert np.array_equal(looker.ids > 0, expected)
    assert [entry.name for entry in looker.document.object_map] == ["vessel"]


@pytest.mark.slow
def test_going_on_with_alt_takes_away_and_undo_gives_the_selection_before(looker: Looker) -> None:
    looker.go(310, 300)
    first = looker.click(310, 220)
    second = looker.click(310, 300, SHIFT)
    assert second.pending.object_id is not None
    assert second.pending.field != first.pending.field
    whole = mask_of(first) | mask_of(second)
    third = looker.click(310, 230, ALT)
    assert third.pending.field not in (first.pending.field, second.pending.field)
    looker.press(Qt.Key.Key_Return)
    assert looker.ids[310, 230] == 0
    assert (looker.ids > 0)[whole & (np.arange(SHAPE[1]) >= 320)].all()
    for _ in range(2):
        looker.app.photo.actions["undo"].trigger()
    assert np.array_equal(mask_of(looker.answer()), mask_of(second))
    looker.app.photo.actions["undo"].trigger()
    assert np.array_equal(mask_of(looker.answer()), mask_of(first))
    assert looker.document.objects is None


def test_a_stroke_kept_to_edges_stays_in_the_leaves_of_its_field(looker: Looker) -> None:
    row, column = NUCLEI[2]
    toolbox = looker.app.photo.toolbox
    looker.go(row, column)
    toolbox.take_tool("brush")
    toolbox.set_radius(30)
    toolbox.set_keeps_to_edges(True)
    looker.drag((row, column - 9), (row, column + 9))
    looker.wait(lambda: bool(looker.document.objects))
    field = looker.work.selecting.field_at((column, row))
    leaves = looker.work.selecting.leaves(field)
    assert leaves is not None
    top, left = row - field.top, column - field.left
    crossed = np.unique(leaves[top, left - 9 : left + 10])
    expected = np.zeros(SHAPE, np.bool_)
    expected[field.box] = np.isin(leaves, crossed)
    assert np.array_equal(looker.ids > 0, expected)
    assert (expected & ~disc(row, column)).sum() < 0.2 * expected.sum()


def test_fill_and_cut_apart_work_in_pixels_of_the_picture(looker: Looker) -> None:
    toolbox = looker.app.photo.toolbox
    looker.work.apply(add_object(Patch.of(bar()), "bar"))
    looker.go(310, 300)
    toolbox.choose(())
    toolbox.take_tool("fill")
    QTest.mouseClick(looker.canvas.viewport(), LEFT, NONE, looker.at(270, 300))
    looker.wait(lambda: len(looker.document.object_map) == 2)
    field = looker.work.selecting.field_at((300, 270))
    inside = np.zeros(SHAPE, np.bool_)
    inside[field.box] = True
    # Below the bar is not connected with it, within the field.
    above = inside & ~bar() & (np.arange(SHAPE[0]) < BAR[0].start)[:, None]
    assert np.array_equal(looker.ids == 2, above)
    toolbox.choose(())
    toolbox.take_tool("cut")
    looker.drag((290, 310), (330, 310))
    looker.wait(lambda: len(looker.document.object_map) == 3)
    areas = looker.document.object_map.areas()
    # A pixel of the screen is one of the picture.
    assert areas[1] + areas[3] == bar().sum()
    assert areas[1] == pytest.approx(areas[3], abs=4 * 20)


def test_a_mask_of_the_overview_is_read_as_blocks_of_the_picture(looker: Looker, tmp_path: Path) -> None:
    image = looker.document.image
    assert image is not None
    mask = np.zeros((image.height, image.width), np.uint8)
    mask[20:30, 40:70] = 1
    PillowImage.fromarray(mask).save(tmp_path / "mask.png")
    looker.work.mask_opener.open_path(tmp_path / "mask.png")
    looker.wait(lambda: bool(looker.document.objects))
    assert np.array_equal(looker.ids, np.kron(mask, np.ones((4, 4), np.uint8))[: SHAPE[0], : SHAPE[1]])


@pytest.mark.slow
def test_where_somebody_selects_the_field_under_the_pointer_is_made_ready(looker: Looker) -> None:
    selecting = looker.work.selecting
    looker.go(*NUCLEI[1])
    looker.hover(*NUCLEI[1])
    QTest.qWait(500)
    assert not selecting.runner.is_running
    looker.click(*NUCLEI[1])
    looker.app.photo.toolbox.drop()
    looker.go(*NUCLEI[3])
    looker.hover(*NUCLEI[3])
    field = selecting.field_at(NUCLEI[3][::-1])
    looker.wait(lambda: selecting.leaves(field) is not None)
    looker.hover(NUCLEI[3][0] + 1, NUCLEI[3][1])
    looker.wait(lambda: not looker.canvas.hover_outline.is_empty)
    # After Stop nothing begins by itself.
    selecting.stop()
    looker.go(*NUCLEI[0])
    looker.hover(*NUCLEI[0])
    QTest.qWait(500)
    assert not selecting.runner.is_running
