"""The objects panel in the whole window, by real clicks and keys."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QMenu
from pytestqt.qtbot import QtBot
from scipy.ndimage import binary_dilation, binary_erosion, binary_fill_holes, generate_binary_structure

from gmmseg.editing.editor import Edit
from gmmseg.photo.document import Document
from gmmseg.photo.objects import edits
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch
from tests.core.photo.test_pending import SHAPE
from tests.ui.photo.test_selecting import ALT, LEFT, NONE, Person
from ui.photo.panels.objects import ObjectsPanel
from ui.photo.widgets import entries_panel
from ui.photo.widgets.entry_model import Column

CTRL = Qt.KeyboardModifier.ControlModifier

OBJECT_AREA = len(Column)


class Marker(Person):
    """Has marked three objects and works on them in their table."""

    def __init__(self, qtbot: QtBot) -> None:
        super().__init__(qtbot)
        self.panel.activateWindow()
        self.masks = [np.zeros(SHAPE, dtype=bool) for _ in range(3)]
        self.masks[0][5:25, 5:25] = True
        self.masks[0][10:15, 10:15] = False
        self.masks[0][40, 40] = True
        self.masks[1][30:50, 80:110] = True
        self.masks[2][60:64, 20:40] = True
        for mask, name in zip(self.masks, ("leaf", "stone", "stem"), strict=True):
            self.do(edits.add_object(Patch.of(mask), name))

    @property
    def panel(self) -> ObjectsPanel:
        return self.desk.panels.objects

    @property
    def objects(self) -> ObjectMap:
        return self.document.object_map

    def do(self, edit: Edit[Document]) -> None:
        work = self.desk.work
        work.settle()
        work.apply(edit)
        work.settle()

    def rect(self, row: int, column: int) -> QRect:
        view = self.panel.view
        return view.visualRect(view.model().index(row, column))

    def click_row(self, row: int, column: int = Column.NAME, keys: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseClick(self.panel.view.viewport(), LEFT, keys, self.rect(row, column).center())

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = NONE) -> None:
        self.panel.view.setFocus()
        QTest.keyClick(self.panel.view, key, keys)

    def text(self, row: int, column: int) -> str:
        return str(self.panel.view.model().index(row, column).data())

    def trigger(self, name: str) -> None:
        """Do what an action says and wait until it is done."""
        action = self.action(name)
        assert action.isEnabled(), name
        before = self.document.objects
        action.trigger()
        self.wait(lambda: self.document.objects is not before)

    def action(self, name: str) -> QAction:
        everything: list[QAction] = [*self.panel.entry_actions, *self.desk.actions]
        return next(each for each in everything if each.objectName() in (f"object.{name}", name))

    def mask(self, wanted: int) -> np.ndarray:
        return self.objects.patch_of(wanted).full(SHAPE)


@pytest.fixture
def marker(qtbot: QtBot) -> Iterator[Marker]:
    marker = Marker(qtbot)
    yield marker
    marker.app.end()
    marker.app.shutdown()
    marker.app.deleteLater()


def test_rows_say_name_pixels_and_share_and_the_last_one_the_sum(marker: Marker) -> None:
    assert [marker.text(row, Column.NAME) for row in range(4)] == ["leaf", "stone", "stem", "Sum"]
    areas = [int(mask.sum()) for mask in marker.masks]
    assert [int(marker.text(row, OBJECT_AREA)) for row in range(4)] == [*areas, sum(areas)]
    share = 100 * areas[1] / (SHAPE[0] * SHAPE[1])
    assert marker.text(1, Column.SHARE) == f"{share:.1f} %"


def test_the_swatch_of_a_chosen_object_stands_out_in_the_colour_of_the_row(marker: Marker) -> None:
    marker.click_row(1)
    palette = marker.panel.view.palette()
    ground = palette.color(palette.ColorRole.Highlight)
    marker.do(edits.recolour_objects([2], (ground.red(), ground.green(), ground.blue())))
    spot = marker.rect(1, Column.SWATCH)
    row = marker.panel.view.viewport().grab(spot).toImage()
    y = row.height() // 4
    drawn = [row.pixelColor(x, y) for x in range(row.width())]
    edge = palette.color(palette.ColorRole.HighlightedText)
    # The line is smoothed over two pixels.
    towards_text = [each.lightness() - ground.lightness() for each in drawn]
    assert sum(3 * each > edge.lightness() - ground.lightness() for each in towards_text) == 4
    assert drawn[1] == ground


def test_rows_and_what_tools_have_chosen_are_the_same(marker: Marker) -> None:
    toolbox, view = marker.desk.toolbox, marker.panel.view
    marker.click_row(2)
    assert list(toolbox.chosen) == [3]
    marker.click_row(0, keys=CTRL)
    assert list(toolbox.chosen) == [1, 3]
    marker.desk.actions["tool_pick"].trigger()
    QTest.mouseClick(marker.canvas.viewport(), LEFT, NONE, marker.at(90, 40))
    assert view.selected_ids == [2]
    marker.desk.actions["undo"].trigger()
    assert view.selected_ids == [2]
    marker.desk.actions["redo"].trigger()
    QTest.mouseClick(marker.canvas.viewport(), LEFT, NONE, marker.at(70, 70))
    assert view.selected_ids == []
    marker.desk.actions["tool_brush"].trigger()
    marker.drag((60, 10), (66, 10))
    assert view.selected_ids == [4]


def test_eye_alone_lock_and_order(marker: Marker) -> None:
    marker.click_row(1, Column.EYE)
    assert [each.is_visible for each in marker.objects] == [True, False, True]
    marker.click_row(1, Column.EYE, ALT)
    assert [each.is_visible for each in marker.objects] == [False, True, False]
    marker.click_row(1, Column.EYE, ALT)
    assert all(each.is_visible for each in marker.objects)
    marker.click_row(1)
    marker.trigger("lock")
    assert marker.objects.by_id(2).is_locked
    assert not marker.action("remove").isEnabled()
    marker.key(Qt.Key.Key_Up, ALT)
    assert [each.name for each in marker.objects] == ["stone", "leaf", "stem"]
    assert marker.panel.view.selected_ids == [2]
    assert not marker.action("up").isEnabled()


def test_f2_renames_and_several_get_one_name(marker: Marker) -> None:
    marker.click_row(0)
    marker.key(Qt.Key.Key_F2)
    editor = marker.panel.view.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "tree")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    marker.wait(lambda: marker.objects.by_id(1).name == "tree")
    marker.click_row(2, keys=CTRL)
    marker.trigger("same_name")
    assert [each.name for each in marker.objects] == ["tree", "stone", "tree"]
    assert len(marker.objects.categories()) == 2


def test_what_is_named_over_the_picture_names_the_next_one_too(marker: Marker) -> None:
    marker.desk.actions["tool_brush"].trigger()
    marker.desk.toolbox.set_radius(2)
    marker.drag((60, 10), (66, 10))
    assert marker.objects.by_id(4).name == "Object"
    marker.press(Qt.Key.Key_F2)
    editor = marker.panel.view.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    QTest.keyClicks(editor, "cat")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    marker.wait(lambda: marker.objects.by_id(4).name == "cat")
    marker.desk.toolbox.choose(())
    marker.drag((60, 70), (66, 70))
    assert marker.objects.by_id(5).name == "cat"


def test_several_are_recoloured_in_one_step(marker: Marker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marker.panel, "_choose_colour", lambda parent, now: (9, 8, 7))
    marker.click_row(0)
    marker.click_row(1, keys=CTRL)
    marker.trigger("recolour")
    assert [each.colour == (9, 8, 7) for each in marker.objects] == [True, True, False]
    marker.desk.actions["undo"].trigger()
    assert not any(each.colour == (9, 8, 7) for each in marker.objects)


def test_m_merges_and_delete_removes(marker: Marker) -> None:
    marker.click_row(0)
    marker.click_row(2, keys=CTRL)
    marker.key(Qt.Key.Key_M)
    marker.wait(lambda: len(marker.objects) == 2)
    assert np.array_equal(marker.mask(1), marker.masks[0] | marker.masks[2])
    assert marker.panel.view.selected_ids == [1]
    marker.key(Qt.Key.Key_Delete)
    marker.wait(lambda: len(marker.objects) == 1)
    assert marker.panel.view.selected_ids == []
    assert not marker.objects.ids.read()[10, 5]
    marker.desk.actions["undo"].trigger()
    marker.desk.actions["undo"].trigger()
    assert np.array_equal(marker.mask(3), marker.masks[2])


def test_shapes_are_those_of_binary_morphology(marker: Marker, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def choose(parent: object, title: str, question: str, now: int) -> int:
        asked.append(now)
        return 1 if title != "Remove specks" else 5

    monkeypatch.setattr(marker.panel, "_choose_number", choose)
    marker.click_row(0)
    marker.trigger("fill_holes")
    filled = binary_fill_holes(marker.masks[0])
    assert np.array_equal(marker.mask(1), filled)
    marker.trigger("specks")
    filled[40, 40] = False
    assert np.array_equal(marker.mask(1), filled)
    cross = generate_binary_structure(2, 1)
    marker.trigger("grow")
    assert np.array_equal(marker.mask(1), binary_dilation(filled, cross))
    marker.trigger("shrink")
    assert np.array_equal(marker.mask(1), binary_erosion(binary_dilation(filled, cross), cross))
    marker.trigger("smooth")
    assert marker.mask(1)[5:25, 5:25].mean() > 0.95
    assert asked == [20, 1, 1, 2]
    marker.click_row(1)
    marker.trigger("grow")
    assert asked[-1] == 1


def test_nothing_is_asked_for_where_no_number_is_given(
    marker: Marker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marker.panel, "_choose_number", lambda *_: None)
    before = marker.document.objects
    marker.click_row(0)
    marker.action("grow").trigger()
    assert not marker.desk.work.object_editor.is_busy
    assert marker.document.objects is before


def test_an_object_is_taken_apart_and_one_part_alone_is_refused(marker: Marker, qtbot: QtBot) -> None:
    marker.click_row(0)
    marker.trigger("split_parts")
    assert [each.name for each in marker.objects] == ["leaf", "leaf", "stone", "stem"]
    assert marker.mask(4).sum() == 1
    marker.click_row(2)
    with qtbot.waitSignal(marker.desk.work.failed, timeout=10_000) as refused:
        marker.action("split_parts").trigger()
    assert "one part" in str(refused.args[0])
    # What was refused does not hold up what comes next.
    marker.trigger("remove")
    assert len(marker.objects) == 3


def test_an_object_of_two_colours_is_taken_apart_by_them(marker: Marker) -> None:
    both = np.zeros(SHAPE, dtype=bool)
    both[20:60, 60:110] = True
    marker.do(edits.remove_objects([1, 2, 3]))
    marker.do(edits.add_object(Patch.of(both), "both"))
    marker.click_row(0)
    marker.trigger("split_colour")
    square = np.zeros(SHAPE, dtype=bool)
    square[20:60, 70:110] = True
    one, two = (marker.mask(each.id) for each in marker.objects)
    assert (one & square).sum() > 0.97 * one.sum()
    assert (two & ~square).sum() > 0.97 * two.sum()


def test_classes_and_regions_become_objects_where_nothing_is_marked(marker: Marker) -> None:
    assert not marker.action("objects_of_chosen_regions").isEnabled()
    segmentation = marker.desk.work.workspace.shown.segmentation
    assert segmentation is not None
    before = marker.objects.ids.read()
    marker.trigger("objects_of_classes")
    after = marker.objects.ids.read()
    assert np.array_equal(after[before > 0], before[before > 0])
    assert after.all()
    for number in np.unique(segmentation.labels):
        assert len(np.unique(after[(segmentation.labels == number) & (before == 0)])) == 1
    marker.desk.actions["undo"].trigger()
    assert marker.desk.work.workspace.shown.regions is None
    said: list[str] = []
    marker.desk.work.postponed.waiting.connect(said.append)
    marker.trigger("objects_of_regions")
    assert "regions" in said[0]
    assert said[1:] == [""]
    regions = marker.desk.work.workspace.shown.regions
    assert regions is not None
    after = marker.objects.ids.read()
    assert np.array_equal(after[before > 0], before[before > 0])
    for number in range(1, regions.regions.n_regions + 1):
        assert len(np.unique(after[(regions.regions.labels == number) & (before == 0)])) == 1
    assert len(np.unique(after)) == 3 + regions.regions.n_regions
    marker.desk.actions["undo"].trigger()
    marker.desk.panels.regions.regions_selected.emit((1,))
    marker.trigger("objects_of_chosen_regions")
    assert len(marker.objects) == 4
    assert np.array_equal(marker.mask(4), (regions.regions.labels == 1) & (before == 0))


def test_a_right_click_that_the_tool_leaves_offers_what_can_be_done(marker: Marker) -> None:
    menu = marker.desk.layout.central.findChild(QMenu, "pictureMenu")
    assert menu is not None
    for tool, is_offered in (("tool_look", True), ("tool_select", True), ("tool_brush", False)):
        marker.desk.actions[tool].trigger()
        QTest.mouseClick(marker.canvas.viewport(), Qt.MouseButton.RightButton, NONE, marker.at(90, 40))
        assert menu.isVisible() == is_offered
        menu.hide()
        if is_offered:
            assert marker.desk.toolbox.chosen == (2,)
            part = menu.findChild(QMenu, "objectPart")
            assert part is not None
            assert set(part.actions()) == set(marker.panel.menu.actions())
        marker.desk.toolbox.choose(())
    marker.click_row(0)
    place = marker.rect(0, Column.NAME).center()
    marker.panel.view.customContextMenuRequested.emit(QPoint(place))
    assert marker.panel.menu.isVisible()
    marker.panel.menu.hide()


def test_options_belong_to_the_tool_in_hand(marker: Marker) -> None:
    options, toolbox = marker.panel.options, marker.desk.toolbox
    assert not options.size_box.isVisible()
    marker.desk.actions["tool_brush"].trigger()
    assert options.size_box.isVisible()
    options.size_box.setValue(6)
    assert toolbox.radius == 3
    marker.press(Qt.Key.Key_BracketRight)
    assert options.size_box.value() == 8
    assert toolbox.radius == 3.75
    options.slider.setValue(options.slider.maximum())
    assert toolbox.radius == 500
    options.slider.setValue(options.slider.minimum())
    assert options.size_box.value() == 1
    options.size_box.setValue(8)
    QTest.mouseClick(options.only_unlabelled, LEFT, NONE, QPoint(10, options.only_unlabelled.height() // 2))
    marker.click_row(2)
    marker.drag((85, 40), (120, 40))
    assert np.array_equal(marker.mask(2), marker.masks[1])
    assert marker.mask(3)[40, 115]
    marker.desk.actions["tool_eraser"].trigger()
    assert options.size_box.isVisible()
    assert not options.only_unlabelled.isVisible()
    marker.desk.actions["tool_look"].trigger()
    assert not options.isVisible()


def test_an_edit_is_made_of_the_objects_there_are_when_it_is_applied(marker: Marker) -> None:
    marker.click_row(0)
    marker.action("fill_holes").trigger()
    marker.do(edits.rename_objects([2], "pebble"))
    marker.wait(lambda: not marker.desk.work.object_editor.is_busy)
    assert marker.objects.by_id(2).name == "pebble"
    assert np.array_equal(marker.mask(1), binary_fill_holes(marker.masks[0]))
    marker.action("fill_holes").trigger()
    marker.do(edits.remove_objects([1]))
    marker.wait(lambda: not marker.desk.work.object_editor.is_busy)
    assert [each.id for each in marker.objects] == [2, 3]


def test_large_maps_are_counted_in_the_background(marker: Marker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries_panel, "MAX_PIXELS_AT_ONCE", 100)
    before = marker.text(0, OBJECT_AREA)
    marker.do(edits.erase(Patch.of(marker.masks[0][:12]), [1]))
    assert marker.text(0, OBJECT_AREA) == before
    wanted = str(int(marker.masks[0][12:].sum()))
    marker.wait(lambda: marker.text(0, OBJECT_AREA) == wanted)


def test_objects_that_redo_brings_back_are_drawn_again(marker: Marker) -> None:
    def drawn() -> int:
        labels = marker.canvas.objects._labels
        rows, columns = (np.arange(side) for side in marker.masks[0].shape)
        return 0 if labels is None else int(np.count_nonzero(labels.at(rows, columns)))

    assert drawn() > 0
    while marker.document.objects is not None:
        marker.desk.actions["undo"].trigger()
    assert drawn() == 0
    marker.desk.actions["redo"].trigger()
    assert drawn() == marker.masks[0].sum()


def test_what_a_stroke_goes_into_is_said_and_a_button_makes_it_a_new_object(marker: Marker) -> None:
    options = marker.panel.options
    target = options.findChild(QLabel, "toolOptions.target")
    assert target is not None
    marker.desk.actions["tool_brush"].trigger()
    marker.click_row(1)
    assert target.text() == "Adds to 2 “stone”"
    marker.desk.actions["tool_eraser"].trigger()
    assert target.text() == "Takes from 2 “stone”"
    assert not options.new_object.isVisible()
    marker.click_row(0, keys=CTRL)
    assert target.text() == "Takes from those chosen"
    marker.desk.actions["tool_brush"].trigger()
    assert target.text() == "Makes a new object"
    marker.click_row(1)
    options.new_object.click()
    assert target.text() == "Makes a new object"
    assert not options.new_object.isVisible()
    marker.drag((60, 10), (66, 10))
    assert len(marker.objects) == 4
    assert target.text() == "Adds to 4 “Object”"
