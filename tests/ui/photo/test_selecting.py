"""Objects by clicks, wheel, keys and strokes in the whole window, as a person makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QLineEdit, QMenu
from pytestqt.qtbot import QtBot
from scipy.ndimage import label

from gmmseg.arrays import AnyArray
from gmmseg.io.export_items import SUFFIXES, ExportItem, ExportKind
from gmmseg.io.images import image_from_array
from gmmseg.photo.document import Document, change_setting
from gmmseg.photo.field import whole_field
from gmmseg.photo.objects.edits import lock_objects
from gmmseg.photo.objects.patch import brushed
from tests.core.photo.test_pending import SHAPE, picture
from tests.ui.driving import arrange
from ui.app import App
from ui.photo.export_dialog import ExportDialog
from ui.photo.widgets.canvas import Canvas
from ui.settings_store import SettingsStore

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


class Person:
    """Uses the photo desk with mouse and keys."""

    def __init__(self, qtbot: QtBot, pixels: np.ndarray | None = None) -> None:
        self.qtbot = qtbot
        self.app = App(SettingsStore())
        self.desk = self.app.photo
        qtbot.addWidget(self.app.window)
        with qtbot.waitExposed(self.app.window):
            self.app.window.show()
        self.desk.work.opener.opened.emit(
            image_from_array(picture() if pixels is None else pixels, "shapes"), ""
        )
        self.wait(lambda: self.desk.work.workspace.shown.segmentation is not None)

    @property
    def leaves(self) -> AnyArray | None:
        """Of the image's pixels, once it is ready for clicks."""
        image = self.desk.work.workspace.document.image
        return None if image is None else self.desk.work.selecting.leaves(whole_field(image))

    @property
    def canvas(self) -> Canvas:
        return self.desk.panels.panes.panes[0].canvas

    @property
    def document(self) -> Document:
        return self.desk.work.workspace.document

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=30_000)

    def at(self, x: float, y: float) -> QPoint:
        return self.canvas.position_of(y + 0.5, x + 0.5).toPoint()

    def click(self, x: float, y: float, keys: Qt.KeyboardModifier = NONE) -> np.ndarray:
        """Click a pixel, wait for the answer and return it."""
        QTest.mouseClick(self.canvas.viewport(), LEFT, keys, self.at(x, y))
        return self.answer()

    def double_click(self, x: float, y: float) -> None:
        """Click a pixel twice: to Qt the second press is that of a double click."""
        view, place = self.canvas.viewport(), self.at(x, y)
        QTest.mouseClick(view, LEFT, NONE, place)
        QTest.mouseDClick(view, LEFT, NONE, place)

    def answer(self) -> np.ndarray:
        def is_answered() -> bool:
            found = self.desk.work.workspace.shown.current_selection
            return found is not None and not found.is_coarse

        self.wait(is_answered)
        found = self.desk.work.workspace.shown.current_selection
        assert found is not None
        return found.patch.full(SHAPE)

    def drag(self, *points: tuple[float, float], keys: Qt.KeyboardModifier = NONE) -> None:
        view = self.canvas.viewport()
        QTest.mousePress(view, LEFT, keys, self.at(*points[0]))
        for point in points[1:]:
            where = QPointF(self.at(*point))
            event = QMouseEvent(
                QEvent.Type.MouseMove,
                where,
                QPointF(view.mapToGlobal(where)),
                Qt.MouseButton.NoButton,
                LEFT,
                keys,
            )
            QApplication.sendEvent(view, event)
        QTest.mouseRelease(view, LEFT, keys, self.at(*points[-1]))

    def wait_for_final_map(self) -> None:
        """Wait for the map of single pixels of the finished fit: by region it would change once more."""
        self.desk.work.apply(change_setting("by", "pixel", ""))

        def is_final() -> bool:
            shown = self.desk.work.workspace.shown
            is_of_fit = shown.document.fit is not None and not shown.is_preview and not self.desk.work.is_busy
            return is_of_fit and shown.segmentation is not None and shown.segmentation.origin is None

        self.wait(is_final)

    def hover(self, x: float, y: float) -> None:
        view, where = self.canvas.viewport(), QPointF(self.at(x, y))
        button = Qt.MouseButton.NoButton
        event = QMouseEvent(
            QEvent.Type.MouseMove, where, QPointF(view.mapToGlobal(where)), button, button, NONE
        )
        QApplication.sendEvent(view, event)

    def wheel(self, steps: int) -> None:
        view, where = self.canvas.viewport(), QPointF(self.at(30, 30))
        QApplication.sendEvent(
            view,
            QWheelEvent(
                where, QPointF(view.mapToGlobal(where)), QPoint(), QPoint(0, 120 * steps),
                Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
            ),
        )  # fmt: skip

    def press(self, key: Qt.Key, keys: Qt.KeyboardModifier = NONE) -> None:
        self.canvas.setFocus()
        QTest.keyClick(self.canvas, key, keys)

    def area_of(self, wanted: int) -> np.ndarray:
        return self.document.object_map.patch_of(wanted).full(SHAPE)


@pytest.fixture
def person(qtbot: QtBot) -> Iterator[Person]:
    person = Person(qtbot)
    yield person
    person.app.end()
    person.app.shutdown()
    person.app.deleteLater()


def square() -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[20:60, 70:110] = True
    return mask


def overlap(one: np.ndarray, two: np.ndarray) -> float:
    return float((one & two).sum() / (one | two).sum())


def test_a_click_and_enter_make_an_object_and_undo_goes_back_step_by_step(person: Person) -> None:
    selected = person.click(90, 40)
    assert overlap(selected, square()) > 0.9
    assert not person.canvas.selection_outline.is_empty
    assert person.desk.actions["accept_selection"].isEnabled()
    person.press(Qt.Key.Key_Return)
    assert not person.desk.actions["accept_selection"].isEnabled()
    assert np.array_equal(person.area_of(1), selected)
    assert person.document.pending is None
    assert person.canvas.selection_outline.is_empty
    person.desk.actions["undo"].trigger()
    assert len(person.document.object_map) == 0
    assert np.array_equal(person.answer(), selected)
    person.desk.actions["undo"].trigger()
    assert person.document.pending is None
    person.desk.actions["redo"].trigger()
    assert np.array_equal(person.answer(), selected)


def test_shift_adds_alt_takes_away_and_the_wheel_goes_through_sizes(person: Person) -> None:
    one = person.click(90, 40)
    both = person.click(30, 30, SHIFT)
    assert both[40, 90]
    assert both[30, 30]
    less = person.click(90, 40, ALT)
    assert not less[40, 90]
    assert less[30, 30]
    person.press(Qt.Key.Key_Escape)
    assert person.document.pending is None
    before = person.canvas._camera.zoom
    assert np.array_equal(person.click(90, 40), one)
    said = person.app.window.findChild(QLabel, "toolOptions.next")
    assert said is not None
    found = person.desk.work.workspace.shown.current_selection
    assert found is not None
    place, count = found.place
    assert said.text().startswith(f"Wheel: larger or smaller ({place} of {count})")
    person.wheel(1)
    larger = person.answer()
    assert larger.sum() >= one.sum()
    found = person.desk.work.workspace.shown.current_selection
    assert found is not None
    assert found.place == (min(place + 1, count), count)
    assert f"({found.place[0]} of {count})" in said.text()
    assert "Shift adds, Alt takes away" in said.text()
    assert person.canvas._camera.zoom == before
    person.desk.actions["undo"].trigger()
    assert np.array_equal(person.answer(), one)
    person.press(Qt.Key.Key_Escape)
    assert said.text().startswith("Click an object")
    person.wheel(1)
    assert person.canvas._camera.zoom > before


def test_a_click_on_an_object_takes_it_up_again_and_enter_gives_it_back(person: Person) -> None:
    person.click(90, 40)
    person.press(Qt.Key.Key_Return)
    before = person.area_of(1)
    assert np.array_equal(person.click(95, 45), before)
    person.click(30, 30, SHIFT)
    person.press(Qt.Key.Key_Return)
    assert len(person.document.object_map) == 1
    assert person.area_of(1)[30, 30]
    assert np.array_equal(person.area_of(1) & square(), before & square())


def test_hovering_outlines_what_a_click_would_take(person: Person) -> None:
    person.click(90, 40)
    person.press(Qt.Key.Key_Escape)
    person.hover(90, 41)
    person.wait(lambda: not person.canvas.hover_outline.is_empty)
    bounds = person.canvas.hover_outline.boundingRect()
    assert bounds.contains(QPointF(90, 40))
    QApplication.sendEvent(person.canvas, QEvent(QEvent.Type.Leave))
    person.wait(lambda: person.canvas.hover_outline.is_empty)


def test_a_double_click_in_a_corrected_selection_makes_that_the_object(person: Person) -> None:
    first = person.click(90, 40)
    corrected = person.click(20, 10, SHIFT)
    assert not np.array_equal(first, corrected)
    person.double_click(90, 40)
    person.wait(lambda: len(person.document.object_map) == 1)
    assert np.array_equal(person.area_of(1), corrected)
    person.desk.actions["undo"].trigger()
    assert np.array_equal(person.answer(), corrected)
    # Beside the selection it makes an object of what it clicks.
    y, x = np.argwhere(~corrected)[0]
    other = person.click(int(x), int(y))
    person.click(90, 40)
    person.double_click(int(x), int(y))
    person.wait(lambda: len(person.document.object_map) == 1)
    assert np.array_equal(person.area_of(1), other)


def test_nothing_goes_into_a_locked_object_and_the_selection_for_it_is_kept(person: Person) -> None:
    person.click(90, 40)
    person.press(Qt.Key.Key_Return)
    person.desk.work.apply(lock_objects([1], True))
    refused: list[str] = []
    person.desk.work.failed.connect(lambda error: refused.append(str(error)))
    area, n_steps = person.area_of(1), len(person.desk.work.workspace.history.past)
    person.desk.actions["tool_brush"].trigger()
    person.drag((20, 10), (30, 10))
    assert len(refused) == 1
    assert "is locked" in refused[0]
    assert len(person.desk.work.workspace.history.past) == n_steps
    person.desk.actions["tool_select"].trigger()
    selected = person.click(20, 10)
    person.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert len(refused) == 2
    assert np.array_equal(person.answer(), selected)
    assert np.array_equal(person.area_of(1), area)


def test_a_box_drawn_with_its_tool_selects_inside(person: Person) -> None:
    person.desk.actions["tool_box"].trigger()
    person.drag((65, 15), (90, 40), (114, 64))
    assert overlap(person.answer(), square()) > 0.9


def test_brush_eraser_lasso_and_fill_work_on_the_chosen_object(person: Person) -> None:
    actions = person.desk.actions
    actions["tool_brush"].trigger()
    person.desk.toolbox.set_radius(3)
    person.drag((10, 10), (30, 10), (30, 30))
    assert len(person.document.object_map) == 1
    assert person.desk.toolbox.chosen == (1,)
    person.drag((30, 30), (10, 30), (10, 10))
    assert len(person.document.object_map) == 1
    ring = person.area_of(1)
    assert not ring[20, 20]
    actions["tool_fill"].trigger()
    QTest.mouseClick(person.canvas.viewport(), LEFT, NONE, person.at(20, 20))
    assert person.area_of(1)[20, 20]
    assert not person.area_of(1)[60, 60]
    actions["tool_eraser"].trigger()
    person.drag((20, 20), (21, 20))
    assert not person.area_of(1)[20, 20]
    actions["tool_lasso"].trigger()
    person.drag((50, 50), (70, 50), (70, 70), (50, 70))
    assert person.area_of(1)[60, 60]
    actions["tool_pick"].trigger()
    QTest.mouseClick(person.canvas.viewport(), LEFT, NONE, person.at(100, 10))
    assert not person.desk.toolbox.chosen


def test_a_refit_and_other_settings_leave_objects_alone(person: Person) -> None:
    from gmmseg.photo.document import change_setting

    person.click(90, 40)
    person.press(Qt.Key.Key_Return)
    before = person.document.objects
    person.desk.work.apply(change_setting("mixture.n_components", 3, "K"))
    person.wait(lambda: not person.document.is_stale)
    assert person.document.objects is before


def test_a_cut_out_is_on_disk_after_a_click_and_three_keys(person: Person, tmp_path: Path) -> None:
    selected = person.click(90, 40)
    person.press(Qt.Key.Key_Return)
    person.desk.actions["export"].trigger()
    dialog = person.app.window.findChild(ExportDialog)
    assert isinstance(dialog, ExportDialog)
    assert dialog.subject == "objects"
    assert dialog.kinds == ("cutout",)
    folder = dialog.findChild(QLineEdit, "export.folder")
    assert isinstance(folder, QLineEdit)
    folder.setText(str(tmp_path))
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    person.wait(lambda: (tmp_path / "shapes_cutout.png").is_file())
    alpha = np.asarray(PillowImage.open(tmp_path / "shapes_cutout.png"))[:, :, 3]
    rows, columns = np.flatnonzero(selected.any(axis=1)), np.flatnonzero(selected.any(axis=0))
    cropped = selected[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert np.array_equal(alpha > 0, cropped)
    # It is said until something else is done.
    message = person.app.window.errors
    person.wait(lambda: message.text == "Exported shapes_cutout.png.")
    person.click(30, 30)
    person.press(Qt.Key.Key_Return)
    assert message.text == ""


def copied(person: Person, kind: str) -> QMimeData:
    """Copy objects and return what is on the clipboard then."""
    clipboard = QApplication.clipboard()
    clipboard.setText("before")
    person.desk.actions[f"copy_object_{kind}"].trigger()
    person.wait(lambda: clipboard.text() != "before")
    return clipboard.mimeData()


def test_what_is_copied_meanwhile_stays_on_the_clipboard(person: Person) -> None:
    person.click(90, 40)
    person.press(Qt.Key.Key_Return)
    answers: list[object] = []
    person.desk.work.copier.answered.connect(lambda *answer: answers.append(answer))
    person.desk.actions["copy_object_svg"].trigger()
    QApplication.clipboard().setText("newer")
    person.wait(lambda: len(answers) == 1)
    assert QApplication.clipboard().text() == "newer"


def test_a_pending_selection_is_what_is_copied_as_a_cut_out(person: Person) -> None:
    selected = person.click(90, 40)
    assert copied(person, "cutout").hasImage()
    image = QApplication.clipboard().image()
    assert image.hasAlphaChannel()
    assert (image.height(), image.width()) == (
        int(selected.any(axis=1).sum()),
        int(selected.any(axis=0).sum()),
    )


def test_the_copied_mask_has_the_number_of_each_pixels_class(person: Person) -> None:
    person.wait_for_final_map()
    clipboard = QApplication.clipboard()
    clipboard.setText("before")
    person.desk.actions["copy_mask"].trigger()
    person.wait(lambda: clipboard.text() != "before")
    image, shown = clipboard.image(), person.desk.work.workspace.shown
    assert "mask of the classes" in person.app.window.errors.text
    assert shown.segmentation is not None
    values = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(SHAPE[0], -1)[:, : SHAPE[1]]
    assert np.array_equal(values, shown.classes.ids_by_label()[shown.segmentation.labels])


def test_what_is_copied_of_the_chosen_objects_is_what_an_export_of_them_writes(
    person: Person, tmp_path: Path
) -> None:
    for x, y in ((90, 40), (20, 10)):
        person.click(x, y)
        person.press(Qt.Key.Key_Return)
    person.desk.toolbox.choose((2,))
    own = person.area_of(2)
    for name, value in (("binary", 255), ("mask", 2), ("semantic", 1)):
        copied(person, name)
        image = QApplication.clipboard().image()
        assert (image.width(), image.height()) == SHAPE[::-1]
        values = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(SHAPE[0], -1)[:, : SHAPE[1]]
        assert image.depth() == 8
        assert np.array_equal(values, value * own)
    texts: tuple[ExportKind, ...] = ("svg", "geojson", "coco", "labelme")
    for kind in texts:
        item = ExportItem(tmp_path / f"{kind}{SUFFIXES[kind][0]}", kind)
        person.desk.work.exporter.write(person.desk.work.workspace.shown, [item], "objects", [2])
        person.wait(item.path.is_file)
        assert copied(person, kind).text() == item.path.read_text()
    heading, row = (line.split("\t") for line in copied(person, "table").text().splitlines())
    told = dict(zip(heading, row, strict=True))
    assert int(told["area"]) == own.sum()


def test_the_tool_in_hand_is_the_one_that_is_checked(person: Person) -> None:
    actions = person.desk.actions
    assert actions["tool_select"].isChecked()
    actions["tool_brush"].trigger()
    assert actions["tool_brush"].isChecked()
    assert not actions["tool_select"].isChecked()
    person.desk.toolbox.take_tool("look")
    assert actions["tool_look"].isChecked()


def test_what_is_of_one_class_is_selected_beside_or_away_from_what_is(person: Person) -> None:
    person.wait_for_final_map()
    person.desk.actions["tool_colour"].trigger()
    shown = person.desk.work.workspace.shown
    assert shown.segmentation is not None
    ids = shown.classes.ids_by_label()[shown.segmentation.labels]

    def connected(x: int, y: int) -> np.ndarray:
        parts, _ = label(ids == ids[y, x])
        return np.asarray(parts == parts[y, x])

    first, second = connected(90, 40), connected(30, 30)
    assert np.array_equal(person.click(90, 40), first)
    assert np.array_equal(person.click(30, 30, SHIFT), first | second)
    assert np.array_equal(person.click(90, 40, ALT), second & ~first)
    person.desk.panels.objects.options.takes_connected.click()
    # Elsewhere: two quick clicks at one place are a double click, which accepts.
    assert np.array_equal(person.click(100, 25), ids == ids[25, 100])
    person.press(Qt.Key.Key_Return)
    assert np.array_equal(person.area_of(1), ids == ids[25, 100])


def test_a_line_across_an_object_makes_it_two_and_across_none_is_refused(person: Person) -> None:
    person.click(90, 40)
    person.press(Qt.Key.Key_Return)
    whole = person.area_of(1)
    person.desk.actions["tool_cut"].trigger()
    person.drag((90, 5), (90, 75))
    person.wait(lambda: len(person.document.object_map) == 2)
    parts = [person.area_of(entry.id) for entry in person.document.object_map]
    assert np.array_equal(parts[0] | parts[1], whole)
    assert not (parts[0] & parts[1]).any()
    assert {bool(part[:, :90].any()) for part in parts} == {True, False}
    person.drag((3, 3), (30, 3))
    assert "crosses no unlocked object" in person.app.window.errors.text
    assert len(person.document.object_map) == 2
    person.drag((30, 5), (90, 40))
    person.wait(lambda: len(person.document.object_map) == 3)
    assert person.app.window.errors.text == ""


@pytest.mark.parametrize("action", ["tool_polygon", "arrangement_explore", "undo"])
@pytest.mark.slow
def test_a_refused_edit_is_no_subject_any_more_once_something_else_is_done(
    person: Person, action: str
) -> None:
    person.click(90, 40)
    person.press(Qt.Key.Key_Return)
    person.desk.actions["tool_cut"].trigger()
    person.drag((3, 3), (30, 3))
    person.desk.work.fitter.run()
    with person.qtbot.waitSignal(person.desk.work.fitter.fitted, timeout=30_000):
        pass
    assert "crosses no unlocked object" in person.app.window.errors.text
    person.desk.actions[action].trigger()
    assert person.app.window.errors.text == ""


def test_a_stroke_kept_to_edges_stays_in_the_leaves_that_it_crosses(person: Person) -> None:
    person.wait(lambda: person.leaves is not None)
    person.wait(lambda: not person.desk.work.is_busy)
    toolbox = person.desk.toolbox
    person.desk.actions["tool_brush"].trigger()
    toolbox.set_radius(10)
    person.desk.panels.objects.options.keeps_to_edges.click()
    person.drag((90, 50), (90, 55))
    leaves = person.leaves
    assert leaves is not None
    made = person.area_of(1)
    covered = brushed([(90.5, 50.5), (90.5, 55.5)], 10, SHAPE).full(SHAPE)
    assert made.any()
    assert not (made & ~square()).any()
    assert (covered & ~square()).any()
    assert set(np.unique(leaves[made])) <= set(np.unique(leaves[49:58, 90:92]))


def menu_at(person: Person, x: float, y: float) -> QMenu:
    menu = person.desk.layout.central.findChild(QMenu, "pictureMenu")
    assert menu is not None
    QTest.mouseClick(person.canvas.viewport(), Qt.MouseButton.RightButton, NONE, person.at(x, y))
    assert menu.isVisible()
    menu.hide()
    return menu


def entry_of(menu: QMenu, part: str, text: str) -> QAction:
    found = menu.findChild(QMenu, part)
    assert found is not None
    return next(action for action in found.actions() if text in action.text().replace("&", ""))


def test_a_right_click_offers_the_class_there_to_be_selected_made_an_object_or_hidden(person: Person) -> None:
    person.wait_for_final_map()
    shown = person.desk.work.workspace.shown
    assert shown.segmentation is not None
    of_class = shown.segmentation.labels == shown.segmentation.labels[40, 90]
    entry_of(menu_at(person, 90, 40), "classPart", "Select it").trigger()
    assert np.array_equal(person.answer(), of_class)
    person.press(Qt.Key.Key_Escape)
    entry_of(menu_at(person, 90, 40), "classPart", "object").trigger()
    assert np.array_equal(person.area_of(1), of_class)
    menu = menu_at(person, 90, 40)
    part = menu.findChild(QMenu, "classPart")
    assert part is not None
    part.aboutToShow.emit()
    entry_of(menu, "classPart", "Hide").trigger()
    hidden = [entry for entry in person.document.classes if not entry.is_visible]
    assert [entry.components[0] + 1 for entry in hidden] == [shown.segmentation.labels[40, 90]]


def test_regions_are_offered_in_the_picture_and_their_rows_follow_clicks(person: Person) -> None:
    arrange(person.app, "segment")
    panel, table = person.desk.panels.regions, person.desk.panels.regions.table
    person.wait(lambda: table.model().rowCount() > 0)
    outcome = person.desk.work.workspace.shown.regions
    assert outcome is not None
    labels = outcome.regions.labels
    person.click(90, 40)
    [row] = table.selected_rows
    assert int(table.model().index(row, 0).data()) == labels[40, 90]
    assert person.desk.panels.panes.marks.marked is None
    person.press(Qt.Key.Key_Escape)
    entry_of(menu_at(person, 30, 30), "regionPart", "table").trigger()
    [row] = table.selected_rows
    assert int(table.model().index(row, 0).data()) == labels[30, 30]
    marked = person.desk.panels.panes.marks.marked
    assert marked is not None
    assert np.array_equal(marked > 0, labels == labels[30, 30])
    table.customContextMenuRequested.emit(QPoint(4, 4))
    menu = person.desk.layout.central.findChild(QMenu, "regionMenu")
    assert menu is not None
    assert menu.isVisible()
    menu.hide()
    next(action for action in menu.actions() if action.objectName() == "object_of_marked").trigger()
    assert np.array_equal(person.area_of(1), labels == labels[30, 30])
    assert panel.isVisible()


def test_the_chosen_objects_alone_can_be_exported(person: Person, tmp_path: Path) -> None:
    for x, y in ((90, 40), (30, 30)):
        person.click(x, y)
        person.press(Qt.Key.Key_Return)
    person.desk.toolbox.choose((1,))
    person.desk.work.exporter._store.set_folder("export", tmp_path)
    person.desk.actions["export"].trigger()
    dialog = person.app.window.findChild(ExportDialog)
    assert dialog is not None
    only = dialog.findChild(QCheckBox, "export.chosen")
    assert only is not None
    assert only.isVisible()
    only.click()
    for kind in ("cutout", "binary"):
        box = dialog.findChild(QCheckBox, f"export.{kind}")
        assert box is not None
        box.setChecked(kind == "binary")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    written = tmp_path / "shapes_object.png"
    person.wait(written.exists)
    person.wait(lambda: not person.desk.work.exports.is_running)
    assert np.array_equal(np.asarray(PillowImage.open(written)) > 0, person.area_of(1))


def test_the_menu_key_opens_the_menu_of_the_picture(person: Person) -> None:
    menu = person.desk.layout.central.findChild(QMenu, "pictureMenu")
    assert menu is not None
    person.hover(90, 40)
    for reason, is_opened in (
        (QContextMenuEvent.Reason.Keyboard, True),
        (QContextMenuEvent.Reason.Mouse, False),
    ):
        QApplication.sendEvent(person.canvas, QContextMenuEvent(reason, QPoint(5, 5), QPoint(5, 5)))
        assert menu.isVisible() == is_opened
        menu.hide()


def test_what_is_marked_in_the_scatter_is_selected(person: Person) -> None:
    arrange(person.app, "explore")
    person.wait_for_final_map()
    table = person.desk.work.workspace.shown.table
    assert table is not None
    rows = np.zeros(table.n_rows, dtype=bool)
    rows[::3] = True
    person.desk.panels.scatter.rows_brushed.emit(rows)
    person.desk.panels.scatter.menu_requested.emit(QPoint(3, 3))
    menu = person.desk.layout.central.findChild(QMenu, "markedMenu")
    assert menu is not None
    assert menu.isVisible()
    menu.hide()
    menu.actions()[0].trigger()
    assert np.array_equal(person.answer(), table.pixels.spread(rows.astype(np.uint8)) > 0)
    person.desk.panels.scatter.rows_brushed.emit(None)
    menu.actions()[0].trigger()
    assert "Nothing is marked" in person.app.window.errors.text


def test_enter_before_the_answer_makes_the_object_as_soon_as_it_is_there(person: Person) -> None:
    person.click(90, 40)
    person.press(Qt.Key.Key_Escape)
    QTest.mouseClick(person.canvas.viewport(), LEFT, NONE, person.at(30, 30))
    assert person.desk.work.workspace.shown.current_selection is None
    person.press(Qt.Key.Key_Return)
    assert not person.document.objects
    person.wait(lambda: bool(person.document.objects))
    assert person.area_of(1)[30, 30]
    assert person.document.pending is None


def test_export_right_after_a_click_is_about_the_object_clicked(person: Person) -> None:
    person.wait(person.desk.actions["export"].isEnabled)
    QTest.mouseClick(person.canvas.viewport(), LEFT, NONE, person.at(90, 40))
    person.desk.actions["export"].trigger()
    person.wait(lambda: person.app.window.findChild(ExportDialog) is not None)
    dialog = person.app.window.findChild(ExportDialog)
    assert isinstance(dialog, ExportDialog)
    assert dialog.subject == "objects"
    assert person.area_of(1)[40, 90]
    dialog.reject()
