"""The classes panel, by real clicks and keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gmmseg.colours import Colour
from gmmseg.editing.editor import Edit
from gmmseg.features.spec import FeatureSpec
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Document
from tests.data.states import make_shown
from ui.photo.panels.classes import ClassesPanel
from ui.photo.widgets import entries_panel
from ui.photo.widgets.class_rows import class_kind, make_rows
from ui.photo.widgets.entry_model import ROW_ROLE, Column, format_share

NEW_COLOUR: Colour = (1, 2, 3)

CLASS_WEIGHT, CLASS_MEAN = len(Column), len(Column) + 1


class Harness:
    """A panel, what it asked for, and what that makes of the document."""

    def __init__(self, qtbot: QtBot, state: Any) -> None:
        self.asked_colours: list[Colour] = []
        self.panel = ClassesPanel(self.choose_colour)
        qtbot.addWidget(self.panel)
        self.panel.resize(340, 400)
        self.panel.show()
        self.edits: list[Edit[Document]] = []
        self.selections: list[int | None] = []
        self.n_settled = 0
        self.panel.edit_requested.connect(self.edits.append)
        self.panel.class_selected.connect(self.selections.append)
        self.panel.settled.connect(self.settle)
        self.state = replace(state, segmentation=None, table=None, classes=ClassTable(), document=Document())
        self.show(state)

    def settle(self) -> None:
        self.n_settled += 1

    def choose_colour(self, parent: QWidget, now: Colour) -> Colour | None:
        self.asked_colours.append(now)
        return NEW_COLOUR

    def show(self, state: Any) -> None:
        self.panel.show_state(self.state, state)
        self.state = state

    def show_classes(self, classes: ClassTable) -> None:
        self.show(
            replace(self.state, classes=classes, document=replace(self.state.document, classes=classes))
        )

    def apply_last(self) -> ClassTable:
        document = self.edits[-1].apply(self.state.document)
        assert document.fit is self.state.document.fit
        self.show_classes(document.classes)
        return document.classes

    def index(self, row: int, column: int) -> QModelIndex:
        return self.panel.view.model().index(row, column)

    def rect(self, row: int, column: int) -> QRect:
        return self.panel.view.visualRect(self.index(row, column))

    def click(
        self, row: int, column: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        view = self.panel.view.viewport()
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, modifiers, self.rect(row, column).center())

    def double_click(self, row: int, column: int) -> None:
        view = self.panel.view.viewport()
        place = self.rect(row, column).center()
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=place)
        QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=place)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.panel.view, key, modifiers)

    def text(self, row: int, column: int) -> str:
        return str(self.index(row, column).data())

    def action(self, name: str) -> Any:
        return next(a for a in self.panel.entry_actions if a.objectName() == f"class.{name}")


@pytest.fixture
def four(qtbot: QtBot) -> Harness:
    made = Harness(qtbot, make_shown(4))
    made.panel.activateWindow()
    made.panel.view.setFocus()
    qtbot.waitUntil(made.panel.view.hasFocus)
    return made


def test_rows_say_what_the_fit_and_the_label_map_say(four: Harness) -> None:
    labels, params = four.state.segmentation.labels, four.state.segmentation.params
    for row in range(4):
        entry = four.state.classes.classes[row]
        assert four.text(row, Column.NAME) == entry.name
        held = four.index(row, Column.SHARE).data(ROW_ROLE)
        assert held.share == pytest.approx(np.mean(labels == row + 1))
        assert four.text(row, CLASS_WEIGHT) == f"{params.weights[row]:.3f}"
        np.testing.assert_allclose(held.mean, params.means[row])
        assert held.mean_colour == tuple(np.rint(params.means[row]))


def test_the_mean_of_merged_classes_counts_components_by_their_weights(four: Harness) -> None:
    shown = four.state
    params = shown.segmentation.params
    weights = np.array([0.7, 0.1, 0.15, 0.05])
    uneven = MixtureParams(weights, params.means, params.covariance)
    segmentation = replace(shown.segmentation, params=uneven)
    rows = make_rows(replace(shown, segmentation=segmentation, classes=shown.classes.merged([1, 2])), None)
    expected = (0.7 * params.means[0] + 0.1 * params.means[1]) / 0.8
    np.testing.assert_allclose(rows[0].mean, expected * shown.table.scale + shown.table.centre)
    assert rows[0].weight == pytest.approx(0.8)
    assert not np.allclose(params.means[0], params.means[1])


@pytest.mark.parametrize(
    ("by", "kept", "note", "tip"),
    [
        ("region", 3, "1 class has no region at this detail.", "In each region"),
        ("region", 2, "2 classes have no region at this detail.", "In each region"),
        ("pixel", 3, "1 class has no pixels.", "At each pixel"),
        ("pixel", 4, "", "2"),
    ],
)
def test_classes_of_which_the_map_has_nothing_are_told_of(
    four: Harness, by: Literal["pixel", "region"], kept: int, note: str, tip: str
) -> None:
    document = replace(four.state.document, map_settings=replace(four.state.document.map_settings, by=by))
    labels = np.minimum(four.state.segmentation.labels, kept).astype(np.uint8)
    four.show(
        replace(four.state, document=document, segmentation=replace(four.state.segmentation, labels=labels))
    )
    assert four.panel.note.text() == note
    assert four.panel.note.isVisible() == bool(note)
    assert four.index(3, Column.SHARE).data(Qt.ItemDataRole.ToolTipRole).startswith(tip)


def test_the_last_row_holds_the_sums(four: Harness) -> None:
    assert four.panel.view.model().rowCount() == 5
    assert four.text(4, CLASS_WEIGHT) == "1.000"
    assert four.text(4, Column.SHARE) == "100 %"
    four.click(4, Column.NAME)
    four.click(4, Column.EYE)
    assert four.edits == []
    assert four.panel.view.selected_ids == []


def test_means_are_in_feature_units_when_features_are_standardised(qtbot: QtBot) -> None:
    plain = Harness(qtbot, make_shown(3)).index(0, CLASS_MEAN).data(ROW_ROLE)
    state = make_shown(3, spec=FeatureSpec(is_standardised=True))
    row = Harness(qtbot, state).index(0, CLASS_MEAN).data(ROW_ROLE)
    assert min(row.mean) > 20
    assert len(row.mean) == len(plain.mean) == 3
    assert state.document.image is not None
    assert state.segmentation is not None
    image = state.document.image.pixels.reshape(-1, 3)
    own = image[state.segmentation.labels.reshape(-1) == 1].mean(axis=0)
    np.testing.assert_allclose(row.mean, own, atol=8)


def test_a_click_on_the_eye_hides_and_shows(four: Harness) -> None:
    four.click(1, Column.EYE)
    assert not four.apply_last().by_id(2).is_visible
    assert four.panel.view.selected_ids == []
    four.click(1, Column.EYE)
    assert four.apply_last().by_id(2).is_visible
    assert four.n_settled == 2


def test_alt_click_on_the_eye_shows_one_alone_and_all_again(four: Harness) -> None:
    four.click(2, Column.EYE, Qt.KeyboardModifier.AltModifier)
    assert [entry.id for entry in four.apply_last() if entry.is_visible] == [3]
    four.click(2, Column.EYE, Qt.KeyboardModifier.AltModifier)
    assert all(entry.is_visible for entry in four.apply_last())


def test_a_double_click_on_the_swatch_recolours(four: Harness) -> None:
    before = four.state.classes.by_id(2).colour
    four.double_click(1, Column.SWATCH)
    assert four.asked_colours == [before]
    assert four.apply_last().by_id(2).colour == NEW_COLOUR


def test_recolouring_can_be_given_up(four: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(four.panel, "_choose_colour", lambda parent, now: None)
    four.double_click(1, Column.SWATCH)
    assert four.edits == []


@pytest.mark.parametrize("way", ["F2", "double click", "action"])
def test_a_name_is_edited_in_place(four: Harness, qtbot: QtBot, way: str) -> None:
    four.click(0, Column.NAME)
    if way == "F2":
        four.key(Qt.Key.Key_F2)
    elif way == "double click":
        four.double_click(0, Column.NAME)
    else:
        four.action("rename").trigger()
    editor = four.panel.view.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "  sky  at dawn ")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    # Qt's delegate commits from the event queue.
    qtbot.waitUntil(lambda: bool(four.edits))
    assert four.apply_last().by_id(1).name == "sky at dawn"
    assert four.text(0, Column.NAME) == "sky at dawn"


@pytest.mark.parametrize("text", ["", "   ", "Class 1"])
def test_an_empty_or_unchanged_name_is_not_asked_for(four: Harness, text: str) -> None:
    model = four.panel.view.model()
    model.setData(four.index(0, Column.NAME), text)
    assert four.edits == []


def test_m_merges_the_selected_and_split_takes_them_apart(four: Harness) -> None:
    four.click(0, Column.NAME)
    assert not four.action("merge").isEnabled()
    four.click(2, Column.NAME, Qt.KeyboardModifier.ControlModifier)
    assert four.action("merge").isEnabled()
    four.key(Qt.Key.Key_M)
    table = four.apply_last()
    assert table.by_id(1).components == (0, 2)
    assert four.panel.view.selected_ids == [1]
    row = four.index(0, Column.SHARE).data(ROW_ROLE)
    weights, labels = four.state.segmentation.params.weights, four.state.segmentation.labels
    assert row.weight == pytest.approx(weights[[0, 2]].sum())
    assert row.share == pytest.approx(np.mean(np.isin(labels, (1, 3))))
    means = four.state.segmentation.params.means
    np.testing.assert_allclose(row.mean, np.average(means[[0, 2]], axis=0, weights=weights[[0, 2]]))
    assert four.action("split").isEnabled()
    four.action("split").trigger()
    assert sorted(entry.components for entry in four.apply_last()) == [(0,), (1,), (2,), (3,)]


def test_a_locked_class_is_neither_merged_nor_split(four: Harness) -> None:
    four.click(0, Column.NAME)
    four.action("lock").trigger()
    assert four.apply_last().by_id(1).is_locked
    four.click(1, Column.NAME, Qt.KeyboardModifier.ControlModifier)
    assert not four.action("merge").isEnabled()
    n_edits = len(four.edits)
    four.key(Qt.Key.Key_M)
    assert len(four.edits) == n_edits
    four.click(0, Column.NAME)
    four.action("lock").trigger()
    assert not four.apply_last().by_id(1).is_locked


@pytest.mark.parametrize("key", [Qt.Key.Key_H, Qt.Key.Key_Delete])
def test_h_and_delete_hide_all_selected_in_one_step(four: Harness, key: Qt.Key) -> None:
    four.click(1, Column.NAME)
    four.click(3, Column.NAME, Qt.KeyboardModifier.ControlModifier)
    four.key(key)
    assert len(four.edits) == 1
    assert [entry.id for entry in four.apply_last() if not entry.is_visible] == [2, 4]
    four.key(key)
    assert all(entry.is_visible for entry in four.apply_last())


def test_alt_and_arrows_reorder_and_stop_at_the_ends(four: Harness) -> None:
    four.click(1, Column.NAME)
    four.key(Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [entry.id for entry in four.apply_last()] == [2, 1, 3, 4]
    assert four.panel.view.selected_ids == [2]
    assert not four.action("up").isEnabled()
    four.key(Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    four.apply_last()
    four.key(Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert [entry.id for entry in four.apply_last()] == [1, 3, 2, 4]


@pytest.mark.parametrize(
    ("dragged", "gap", "order"),
    [
        (0, 4, [2, 3, 4, 1]),
        (0, 2, [2, 1, 3, 4]),
        (3, 0, [4, 1, 2, 3]),
        (2, 5, [1, 2, 4, 3]),
        (3, 1, [1, 4, 2, 3]),
    ],
)
def test_dropping_a_row_between_others_moves_it(
    four: Harness, dragged: int, gap: int, order: list[int]
) -> None:
    model = four.panel.view.model()
    data = model.mimeData([four.index(dragged, column) for column in Column])
    model.dropMimeData(data, Qt.DropAction.MoveAction, gap, 0, QModelIndex())
    assert [entry.id for entry in four.apply_last()] == order


def test_dropping_something_else_or_in_place_asks_for_nothing(four: Harness) -> None:
    model = four.panel.view.model()
    data = model.mimeData([four.index(1, Column.NAME)])
    for gap in (1, 2):
        model.dropMimeData(data, Qt.DropAction.MoveAction, gap, 0, QModelIndex())
    model.dropMimeData(QMimeData(), Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    gone = QMimeData()
    gone.setData(class_kind().mime_type, b"77")
    model.dropMimeData(gone, Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    assert four.edits == []


def test_number_keys_select_a_class_by_its_number(four: Harness) -> None:
    four.key(Qt.Key.Key_3)
    assert four.panel.view.selected_ids == [3]
    four.key(Qt.Key.Key_9)
    assert four.panel.view.selected_ids == [3]
    assert four.selections == [3]
    four.panel.view.select_only(1)
    assert four.selections == [3, 1]


def test_a_selection_of_several_is_no_class(four: Harness) -> None:
    four.click(0, Column.NAME)
    four.click(1, Column.NAME, Qt.KeyboardModifier.ControlModifier)
    assert four.selections == [1, None]


def test_the_selection_stays_with_the_class_over_refits(four: Harness) -> None:
    four.click(1, Column.NAME)
    four.show(make_shown(5))
    assert four.panel.view.selected_ids == [2]
    assert four.selections == [2]
    four.show(make_shown(1))
    assert four.panel.view.selected_ids == []
    assert four.selections == [2, None]


def test_showing_a_state_asks_for_nothing(four: Harness) -> None:
    four.click(1, Column.NAME)
    four.show(make_shown(3))
    four.show_classes(four.state.classes.merged([1, 2]))
    assert four.edits == []


def test_the_classes_of_a_preview_cannot_be_edited(four: Harness) -> None:
    preview = make_shown(4)
    four.show(replace(preview, document=four.state.document, is_preview=True, caption="preview"))
    four.click(0, Column.NAME)
    four.click(0, Column.EYE)
    four.double_click(1, Column.SWATCH)
    four.key(Qt.Key.Key_H)
    four.double_click(2, Column.NAME)
    assert four.panel.view.findChild(QLineEdit) is None
    assert four.edits == []
    assert four.asked_colours == []
    assert not any(action.isEnabled() for action in four.panel.entry_actions)


def test_a_large_map_is_counted_elsewhere(
    four: Harness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries_panel, "MAX_PIXELS_AT_ONCE", 100)
    state, other = make_shown(3), make_shown(3)
    assert state.segmentation is not None
    assert other.segmentation is not None
    with qtbot.waitSignal(four.panel.areas_requested) as asked:
        four.show(state)
    assert asked.args == [state.segmentation]
    assert four.text(0, Column.SHARE) == "…"
    assert four.text(3, Column.SHARE) == "…"
    four.panel.show_areas(other.segmentation, np.array([1.0, 0.0, 0.0]))
    assert four.text(0, Column.SHARE) == "…"
    four.panel.show_areas(state.segmentation, np.array([0.5, 0.46, 0.04]))
    assert [four.text(row, Column.SHARE) for row in range(4)] == ["50 %", "46 %", "4.0 %", "100 %"]


def test_without_a_segmentation_there_is_a_hint_instead_of_an_empty_table(qtbot: QtBot) -> None:
    harness = Harness(qtbot, make_shown(3, has_fit=False))
    assert not harness.panel.view.isVisible()
    harness.show(make_shown(3))
    assert harness.panel.view.isVisible()


def test_the_bar_can_be_reached_by_name_and_by_tab(four: Harness) -> None:
    buttons = four.panel.findChildren(QToolButton)
    assert len(buttons) == 8
    for button in buttons:
        assert button.accessibleName()
        assert button.toolTip()
        assert button.focusPolicy() == Qt.FocusPolicy.StrongFocus


def test_a_button_of_the_bar_does_what_it_says(four: Harness) -> None:
    four.click(2, Column.NAME)
    hide = next(b for b in four.panel.findChildren(QToolButton) if b.defaultAction() is four.action("hide"))
    QTest.mouseClick(hide, Qt.MouseButton.LeftButton)
    assert [entry.id for entry in four.apply_last() if not entry.is_visible] == [3]


@pytest.mark.parametrize("width", [260, 340, 440])
def test_numbers_are_never_cut(four: Harness, width: int) -> None:
    four.panel.resize(width, 300)
    view = four.panel.view
    metrics = view.fontMetrics()
    assert four.rect(0, CLASS_WEIGHT).width() >= metrics.horizontalAdvance("0.000") + 6
    assert four.rect(0, Column.SHARE).width() >= metrics.horizontalAdvance("9.9 %") + 12
    assert four.rect(0, Column.NAME).width() >= 50
    assert four.rect(0, CLASS_MEAN).right() <= view.viewport().width()
    assert four.rect(0, Column.NAME).height() == 28


def rgb(colour: QColor) -> Colour:
    return colour.red(), colour.green(), colour.blue()


def test_colours_are_drawn(four: Harness) -> None:
    image = four.panel.view.viewport().grab().toImage()
    for row in range(4):
        entry = four.state.classes.classes[row]
        swatch = four.rect(row, Column.SWATCH)
        place = QPoint(swatch.center().x() - 7, swatch.center().y())
        assert rgb(image.pixelColor(place)) == entry.colour
        mean = four.rect(row, CLASS_MEAN)
        chip = rgb(image.pixelColor(QPoint(mean.left() + 14, mean.center().y())))
        assert chip == four.index(row, CLASS_MEAN).data(ROW_ROLE).mean_colour


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "…"), (0.0, "0.0 %"), (1.0, "100 %"), (0.0985, "9.8 %"), (0.1, "10 %"), (0.0005, "0.1 %"),
        (0.00036, "0.04 %"), (0.00004, "0.004 %"), (1e-12, "0.000000 %"),
    ],
)  # fmt: skip
def test_a_small_share_shows_its_first_digit(share: float | None, text: str) -> None:
    assert format_share(share) == text
