"""Regions in the panels: in panes and their captions, in the table, in the setup and under the cursor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QSlider
from pytestqt.qtbot import QtBot

from gmmseg.drawing.draw import draw
from gmmseg.drawing.layers import Layer
from gmmseg.editing.editor import Edit
from gmmseg.photo.document import Document, change_setting
from gmmseg.photo.segmentation import class_planes
from gmmseg.photo.view_state import ViewState
from gmmseg.regions.outcome import RegionOutcome
from gmmseg.regions.settings import RegionSettings
from gmmseg.regions.table import RegionTable, region_table
from tests.data.regions import quartered
from tests.data.states import make_image, make_shown
from ui.photo.panels.panes import PanesPanel
from ui.photo.panels.picture_requests import CHEAP_PIXELS, PictureRequest
from ui.photo.panels.readout import ReadoutBar
from ui.photo.panels.regions import RegionsPanel, RegionTableRequest
from ui.photo.panels.setup import SetupPanel
from ui.widgets.number_box import NumberBox

REGIONS = Layer("regions")
MEANS = Layer("regions", uses_mean_colours=True)


def with_regions(shown: ViewState, **settings: Any) -> ViewState:
    """Return the state with its image's quarters, cut by these settings."""
    assert shown.document.image is not None
    outcome = quartered(shown.document.image, **settings)
    document = replace(shown.document, region_settings=outcome.settings)
    return replace(shown, document=document, regions=outcome)


@pytest.fixture(scope="module")
def fitted() -> ViewState:
    return make_shown(3)


@pytest.fixture(scope="module")
def three(fitted: ViewState) -> ViewState:
    """Three regions: the upper half and the lower quarters."""
    return with_regions(fitted)


@pytest.fixture(scope="module")
def four(three: ViewState) -> ViewState:
    """The same tree cut into four."""
    assert three.regions is not None
    outcome = with_regions(three, n_regions=4).regions
    assert outcome is not None
    outcome = replace(outcome, hierarchy=three.regions.hierarchy)
    document = replace(three.document, region_settings=outcome.settings)
    return replace(three, document=document, regions=outcome)


# Panes


@pytest.fixture
def panes(qtbot: QtBot) -> PanesPanel:
    panel = PanesPanel()
    qtbot.addWidget(panel)
    panel.resize(800, 400)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.set_layout(2)
    return panel


def answer_at_once(panel: PanesPanel) -> None:
    panel.picture_requested.connect(
        lambda request: panel.pictures.take(request, draw(request.layer, request.scene))
    )


def caption(panel: PanesPanel, number: int) -> str:
    label = panel.panes[number].findChild(QLabel, "caption")
    assert label is not None
    return label.text() if label.isVisible() else ""


def pixels(panel: PanesPanel, number: int) -> np.ndarray:
    picture = panel.panes[number].picture
    assert picture is not None
    return picture.pixels


def marked(panel: PanesPanel, number: int) -> np.ndarray | None:
    """Return what is marked in a pane, by its private item: marks have no other trace but the screen."""
    levels = panel.panes[number].canvas._marks._levels
    return np.minimum(levels[0], 1) if levels else None


def test_lines_and_mean_colours_are_shown_and_follow_the_cut(
    panes: PanesPanel, three: ViewState, four: ViewState
) -> None:
    answer_at_once(panes)
    panes.choose_layer(0, MEANS)
    panes.choose_layer(1, REGIONS)
    panes.show_state(ViewState(), three)
    assert len(np.unique(pixels(panes, 0).reshape(-1, 3), axis=0)) == 3
    assert not pixels(panes, 1)[:19, 25:35].any()
    assert caption(panes, 1) == "3 regions · detail 0.5"
    panes.show_state(three, four)
    assert len(np.unique(pixels(panes, 0).reshape(-1, 3), axis=0)) == 4
    assert pixels(panes, 1)[:19, 29:31].all()
    assert caption(panes, 1) == "4 regions"


def test_regions_are_wanted_while_a_pane_that_follows_shows_them(panes: PanesPanel, three: ViewState) -> None:
    said: list[bool] = []
    panes.regions_wanted.connect(said.append)
    panes.show_state(ViewState(), three)
    panes.choose_layer(0, REGIONS)
    assert said[-1:] == [True]
    panes.pin(0, True)
    assert said[-1:] == [False]
    panes.pin(0, False)
    panes.set_layout(1)
    assert said[-2:] == [True, False]


def test_a_caption_says_why_there_are_no_regions(panes: PanesPanel, fitted: ViewState) -> None:
    panes.choose_layer(1, REGIONS)
    panes.show_state(ViewState(), fitted)
    assert caption(panes, 1) == "finding regions …"
    panes.show_regions_given_up(True)
    assert caption(panes, 1) == "no regions: stopped"
    panes.show_regions_given_up(False)
    assert caption(panes, 1) == "finding regions …"
    panes.pin(1, True)
    assert caption(panes, 1) == "pinned before there were regions"


def test_two_cuts_are_compared_by_a_pin(panes: PanesPanel, three: ViewState, four: ViewState) -> None:
    for number in range(2):
        panes.choose_layer(number, REGIONS)
    panes.show_state(ViewState(), three)
    panes.pin(0, True)
    panes.show_state(three, four)
    assert (caption(panes, 0), caption(panes, 1)) == ("3 regions · detail 0.5", "4 regions")
    assert not pixels(panes, 0)[:19, 25:35].any()
    assert pixels(panes, 1)[:19, 29:31].all()


def test_regions_can_be_pinned_before_the_first_fit(panes: PanesPanel) -> None:
    image = make_image()
    shown = ViewState(Document(image), regions=quartered(image))
    panes.choose_layer(0, REGIONS)
    panes.show_state(ViewState(), shown)
    panes.toggle_pin()
    again = replace(shown, regions=quartered(image, n_regions=1))
    panes.show_state(shown, again)
    assert caption(panes, 0) == "3 regions · detail 0.5"


@pytest.mark.parametrize(
    ("layers", "active", "pinned", "expected"),
    [
        ((Layer("image"), Layer("segments")), 0, [], ("image", "regions")),
        ((Layer("image"), Layer("segments")), 1, [], ("image", "regions")),
        ((Layer("overlay"), Layer("segments")), 0, [], ("regions", "segments")),
        ((REGIONS, Layer("segments")), 1, [], ("regions", "segments")),
        ((REGIONS, Layer("segments")), 0, [0], ("regions", "segments")),
        ((Layer("image"), REGIONS), 0, [1], ("image", "regions")),
        ((Layer("image"), Layer("segments")), 1, [1], ("regions", "segments")),
        ((Layer("image"), Layer("segments")), 1, [0, 1], ("image", "segments")),
    ],
)
def test_changing_regions_brings_them_into_a_pane_that_follows(
    panes: PanesPanel,
    three: ViewState,
    layers: tuple[Layer, Layer],
    active: int,
    pinned: list[int],
    expected: tuple[str, str],
) -> None:
    panes.show_state(ViewState(), three)
    for number in pinned:
        panes.pin(number, True)
    for number in (1 - active, active):
        panes.choose_layer(number, layers[number])
    panes.ensure_regions()
    assert tuple(pane.layer.kind for pane in panes.visible_panes) == expected


def test_a_region_is_marked_until_there_are_others(
    panes: PanesPanel, three: ViewState, four: ViewState
) -> None:
    panes.show_state(ViewState(), three)
    panes.marks.choose_regions((2,))
    found = marked(panes, 0)
    assert found is not None
    np.testing.assert_array_equal(np.argwhere(found)[[0, -1]], [[20, 0], [39, 29]])
    assert found.sum() == 600
    panes.show_state(three, four)
    assert marked(panes, 0) is None


def test_all_regions_chosen_are_marked(panes: PanesPanel, three: ViewState) -> None:
    panes.show_state(ViewState(), three)
    assert three.regions is not None
    labels = three.regions.regions.labels
    panes.marks.choose_regions((1, 3))
    np.testing.assert_array_equal(marked(panes, 0), (labels == 1) | (labels == 3))
    panes.marks.choose_regions(())
    assert marked(panes, 0) is None


def test_brushed_rows_come_back_when_no_region_is_chosen(
    panes: PanesPanel, three: ViewState, four: ViewState, qtbot: QtBot
) -> None:
    panes.show_state(ViewState(), three)
    assert three.table is not None
    rows = np.zeros(three.table.n_rows, dtype=bool)
    rows[0] = True
    brushed = three.table.pixels.spread(rows.astype(np.uint8))
    panes.marks.brush(rows)
    qtbot.waitUntil(lambda: marked(panes, 0) is not None)
    panes.marks.choose_regions((1,))
    assert int(marked(panes, 0).sum()) == 1200  # type: ignore[union-attr]
    panes.marks.choose_regions(())
    np.testing.assert_array_equal(marked(panes, 0), brushed)
    # Another cut has nothing to do with the rows.
    panes.show_state(three, four)
    np.testing.assert_array_equal(marked(panes, 0), brushed)
    panes.marks.brush(None)
    assert marked(panes, 0) is None


def test_a_slider_faster_than_the_drawing_shows_what_was_drawn_meanwhile(
    panes: PanesPanel, three: ViewState, four: ViewState
) -> None:
    requests: list[PictureRequest] = []
    panes.picture_requested.connect(requests.append)
    panes.choose_layer(1, MEANS)
    panes.show_state(ViewState(), three)
    panes.show_state(three, four)
    first, second = (request for request in requests if request.layer == MEANS)
    panes.pictures.take(first, draw(MEANS, first.scene))
    assert len(np.unique(pixels(panes, 1).reshape(-1, 3), axis=0)) == 3
    panes.pictures.take(second, draw(MEANS, second.scene))
    assert len(np.unique(pixels(panes, 1).reshape(-1, 3), axis=0)) == 4
    panes.pictures.take(first, draw(MEANS, first.scene))
    assert len(np.unique(pixels(panes, 1).reshape(-1, 3), axis=0)) == 4


def test_what_was_drawn_for_another_image_or_layer_is_not_shown(panes: PanesPanel, three: ViewState) -> None:
    requests: list[PictureRequest] = []
    panes.picture_requested.connect(requests.append)
    panes.choose_layer(1, MEANS)
    panes.show_state(ViewState(), three)
    other = with_regions(make_shown(2))
    panes.show_state(three, other)
    panes.pictures.take(requests[0], draw(MEANS, requests[0].scene))
    assert panes.panes[1].picture is None


def test_regions_of_a_large_image_are_drawn_in_the_background(panes: PanesPanel) -> None:
    requests: list[PictureRequest] = []
    panes.picture_requested.connect(requests.append)
    image = make_image(height=1000, width=CHEAP_PIXELS // 1000 + 1)
    panes.choose_layer(1, REGIONS)
    panes.show_state(ViewState(), ViewState(Document(image), regions=quartered(image)))
    assert REGIONS in [request.layer for request in requests]


def test_a_fit_does_not_draw_the_regions_again(panes: PanesPanel, three: ViewState) -> None:
    panes.choose_layer(1, REGIONS)
    panes.show_state(ViewState(), three)
    before = panes.panes[1].picture
    assert three.segmentation is not None
    refitted = replace(three, segmentation=replace(three.segmentation))
    panes.show_state(three, refitted)
    assert panes.panes[1].picture is before


# The table


class Listed:
    """The panel on screen, and what it asks for; requests are answered by `answer`."""

    def __init__(self, qtbot: QtBot) -> None:
        self.panel = RegionsPanel()
        self.qtbot = qtbot
        self.requests: list[RegionTableRequest] = []
        self.chosen: list[Any] = []
        self.wanted: list[bool] = []
        self.panel.table_requested.connect(self.requests.append)
        self.panel.regions_selected.connect(self.chosen.append)
        self.panel.wanted_changed.connect(self.wanted.append)
        qtbot.addWidget(self.panel)
        self.panel.resize(330, 400)
        with qtbot.waitExposed(self.panel):
            self.panel.show()
        self.panel.set_in_front(True)

    def show(self, old: ViewState, new: ViewState) -> None:
        """Show a state and answer what it is asked."""
        n_before = len(self.requests)
        self.panel.show_state(old, new)
        self.qtbot.waitUntil(lambda: len(self.requests) > n_before)
        self.answer(self.requests[-1])

    def answer(self, request: RegionTableRequest) -> None:
        self.panel.show_table(request, measured(request.shown, request.outcome))

    def click(self, row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        table = self.panel.table
        at = table.visualRect(table.model().index(row, 1)).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, keys, at)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        return self.panel.table.texts.rows


def measured(shown: ViewState, outcome: RegionOutcome) -> RegionTable:
    assert shown.segmentation is not None
    assert shown.table is not None
    planes = class_planes(shown.segmentation, shown.table, shown.classes)
    names = tuple(entry.name for entry in shown.classes)
    return region_table(outcome.image, outcome.regions.labels, planes, names)


@pytest.fixture
def listed(qtbot: QtBot) -> Listed:
    return Listed(qtbot)


def test_regions_are_listed_with_the_largest_first(listed: Listed, three: ViewState) -> None:
    listed.show(ViewState(), three)
    assert [(row[0], row[1], row[2]) for row in listed.rows] == [
        ("1", "1200", "50.0"), ("2", "600", "25.0"), ("3", "600", "25.0"),
    ]  # fmt: skip
    # The upper half holds as much of each of the three bands; the lower left quarter mostly the first.
    assert listed.rows[1][5].endswith("Class 1")
    assert float(listed.rows[1][5].split()[0]) == pytest.approx(2 / 3, abs=0.05)
    summary = listed.panel.findChild(QLabel, "regions-summary")
    assert summary is not None
    assert summary.text() == "3 regions · cut at height 1.50"


def test_the_mean_colour_is_a_swatch_with_its_text_for_copies(listed: Listed, three: ViewState) -> None:
    listed.show(ViewState(), three)
    model, image = listed.panel.table.model(), three.document.image
    assert image is not None
    mean = np.rint(image.pixels[:20].reshape(-1, 3).mean(axis=0)).astype(int)
    cell = model.index(0, 4)
    table = listed.panel.table
    spot = table.visualRect(cell)
    for _ in range(2):
        screen = table.viewport().grab().toImage()
        middle = [screen.pixelColor(x, spot.center().y()) for x in range(spot.left(), spot.right())]
        assert middle.count(QColor(*mean.tolist())) > 8
        # Chosen, the row is highlighted and the colour still the same.
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot.center())
        assert table.selectionModel().isRowSelected(0)
    assert cell.data() is None
    listed.panel.table.setFocus()
    QTest.keyClick(listed.panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QColor(*mean.tolist()).name().upper() in QGuiApplication.clipboard().text()


def test_a_row_is_chosen_by_click_and_by_key(listed: Listed, three: ViewState) -> None:
    listed.show(ViewState(), three)
    listed.click(1)
    QTest.keyClick(listed.panel.table, Qt.Key.Key_Down)
    QTest.keyClick(listed.panel.table, Qt.Key.Key_Up)
    assert listed.chosen == [(2,), (3,), (2,)]


def test_several_rows_are_chosen_together(listed: Listed, three: ViewState) -> None:
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    listed.show(ViewState(), three)
    listed.click(0)
    listed.click(2, control)
    assert listed.chosen[-1] == (1, 3)
    listed.click(0)
    listed.click(2, shift)
    assert listed.chosen[-1] == (1, 2, 3)
    listed.click(1, control)
    assert listed.chosen[-1] == (1, 3)
    n_told = len(listed.chosen)
    assert three.segmentation is not None
    # The table comes anew, and with it the selection.
    listed.show(three, replace(three, segmentation=replace(three.segmentation)))
    assert listed.panel.table.selected_rows == (0, 2)
    assert len(listed.chosen) == n_told
    listed.click(0)
    listed.click(0, control)
    assert listed.chosen[-1] == ()


def test_the_region_chosen_stays_so_when_only_the_posteriors_change(listed: Listed, three: ViewState) -> None:
    listed.show(ViewState(), three)
    listed.click(2)
    assert listed.chosen == [(3,)]
    assert three.segmentation is not None
    refitted = replace(three, segmentation=replace(three.segmentation))
    listed.show(three, refitted)
    assert listed.panel.table.currentIndex().row() == 2
    assert listed.chosen == [(3,)]


def test_another_cut_chooses_none_and_what_is_still_listed_chooses_nothing(
    listed: Listed, three: ViewState, four: ViewState
) -> None:
    listed.show(ViewState(), three)
    listed.click(2)
    listed.panel.show_state(three, four)
    listed.click(0)
    assert listed.chosen == [(3,)]
    listed.qtbot.waitUntil(lambda: len(listed.requests) == 2)
    listed.answer(listed.requests[-1])
    assert len(listed.rows) == 4
    assert not listed.panel.table.currentIndex().isValid()


def test_an_outdated_table_is_not_shown(listed: Listed, three: ViewState, four: ViewState) -> None:
    listed.show(ViewState(), three)
    listed.panel.show_state(three, four)
    listed.qtbot.waitUntil(lambda: len(listed.requests) == 2)
    listed.answer(listed.requests[0])
    listed.answer(listed.requests[1])
    listed.answer(listed.requests[0])
    assert len(listed.rows) == 4


def test_nothing_is_measured_while_nobody_looks(listed: Listed, three: ViewState, qtbot: QtBot) -> None:
    listed.panel.set_in_front(False)
    listed.panel.show_state(ViewState(), three)
    qtbot.wait(300)
    assert listed.requests == []
    listed.panel.set_in_front(True)
    assert [request.outcome for request in listed.requests] == [three.regions]
    assert listed.wanted == [True, False, True]


def test_leaving_the_tab_takes_the_mark_away(listed: Listed, three: ViewState) -> None:
    listed.show(ViewState(), three)
    listed.click(0)
    listed.panel.set_in_front(False)
    assert listed.chosen == [(1,), ()]


def test_measuring_waits_until_a_slider_rests(
    listed: Listed, three: ViewState, four: ViewState, qtbot: QtBot
) -> None:
    listed.panel.show_state(ViewState(), three)
    for _ in range(5):
        listed.panel.show_state(three, four)
        listed.panel.show_state(four, three)
        qtbot.wait(20)
    qtbot.waitUntil(lambda: bool(listed.requests))
    qtbot.wait(300)
    assert len(listed.requests) == 1


def test_a_hint_says_why_nothing_is_listed(listed: Listed, fitted: ViewState, three: ViewState) -> None:
    hint = listed.panel.hint
    assert hint.isVisible()
    assert hint.label.text().startswith("Open an image")
    listed.panel.show_state(ViewState(), fitted)
    assert hint.label.text() == "Finding the regions …"
    listed.panel.show_regions_given_up(True)
    assert "stopped" in hint.label.text()
    listed.panel.show_regions_given_up(False)
    listed.panel.show_state(fitted, three)
    assert hint.label.text() == "Measuring the regions …"
    listed.qtbot.waitUntil(lambda: bool(listed.requests))
    listed.answer(listed.requests[0])
    assert not hint.isVisible()
    listed.panel.show_state(three, fitted)
    assert hint.isVisible()


def test_the_number_listed_is_the_value_in_the_mask(listed: Listed, fitted: ViewState) -> None:
    image = fitted.document.image
    assert image is not None
    outcome = quartered(image, n_regions=1)
    labels = np.full((40, 60), 255, dtype=np.uint16)
    numbered = replace(outcome, regions=replace(outcome.regions, labels=labels))
    listed.show(ViewState(), replace(fitted, regions=numbered))
    # 255 stands for “ignore” in masks.
    assert listed.rows[0][0] == "256"
    listed.click(0)
    assert listed.chosen == [(255,)]


# Setup


class Asked:
    """The setup panel and what its edits make of a document."""

    def __init__(self, qtbot: QtBot) -> None:
        self.panel = SetupPanel()
        self.document = Document()
        self.edits: list[Edit[Document]] = []
        self.n_settled = self.n_touched = 0
        self.panel.edit_requested.connect(self.take)
        self.panel.settled.connect(self.settle)
        self.panel.regions_touched.connect(self.touch)
        qtbot.addWidget(self.panel)
        self.panel.resize(280, 900)
        self.panel.advanced.set_open(True)
        self.panel.show()

    def take(self, edit: Edit[Document]) -> None:
        self.edits.append(edit)
        old, self.document = self.document, edit.apply(self.document)
        self.panel.show_state(ViewState(old), ViewState(self.document))

    def settle(self) -> None:
        self.n_settled += 1

    def touch(self) -> None:
        self.n_touched += 1

    def type(self, path: str, text: str) -> None:
        box = self.panel.findChild(NumberBox, path)
        assert box is not None
        box.lineEdit().selectAll()
        QTest.keyClicks(box.lineEdit(), text)

    def show_found(self, shown: ViewState) -> None:
        self.panel.show_state(ViewState(self.document), shown)

    @property
    def automatic(self) -> QCheckBox:
        found = self.panel.findChild(QCheckBox, "n_regions.automatic")
        assert found is not None
        return found


@pytest.fixture
def asked(qtbot: QtBot) -> Asked:
    return Asked(qtbot)


def test_dragging_the_detail_asks_at_each_move_and_is_one_step(asked: Asked) -> None:
    slider = asked.panel.findChild(QSlider, "detail.slider")
    assert slider is not None
    for position in (60, 70, 80):
        slider.setValue(position)
    assert asked.document.region_settings.detail == 0.8
    assert len({edit.merge_key for edit in asked.edits}) == 1
    assert asked.edits[0].merge_key is not None
    assert len(asked.edits) == asked.n_touched == 3
    slider.sliderReleased.emit()
    assert asked.n_settled == 1


def test_keys_move_the_detail(asked: Asked) -> None:
    slider = asked.panel.findChild(QSlider, "detail.slider")
    assert slider is not None
    QTest.keyClick(slider, Qt.Key.Key_Right)
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert [edit.apply(Document()).region_settings.detail for edit in asked.edits] == [0.55, 1.0]


def test_a_number_of_regions_starts_from_what_was_found_and_rules_the_detail_out(
    asked: Asked, three: ViewState
) -> None:
    asked.show_found(three)
    box = asked.panel.findChild(NumberBox, "n_regions")
    assert box is not None
    assert box.value == 3
    QTest.mouseClick(asked.automatic, Qt.MouseButton.LeftButton)
    assert asked.document.region_settings.n_regions == 3
    asked.type("n_regions", "12")
    assert asked.document.region_settings.n_regions == 12
    detail = asked.panel.field("detail")
    assert not detail.isEnabled()
    assert detail.toolTip() == "The number of regions is given."
    QTest.mouseClick(asked.automatic, Qt.MouseButton.LeftButton)
    assert asked.document.region_settings.n_regions is None
    assert detail.isEnabled()


@pytest.mark.parametrize(("path", "text"), [("detail", "1.5"), ("detail", "x"), ("n_regions", "0")])
def test_a_value_out_of_bounds_is_refused_under_its_field_and_the_fit_may_still_run(
    asked: Asked, path: str, text: str
) -> None:
    if path == "n_regions":
        QTest.mouseClick(asked.automatic, Qt.MouseButton.LeftButton)
    asked.type(path, text)
    assert not asked.panel.field(path).is_valid
    assert asked.panel.field(path).problem
    assert asked.panel.is_valid


def test_reset_brings_the_regions_back_too_in_one_step(asked: Asked) -> None:
    asked.type("detail", "0.9")
    asked.type("mixture.n_components", "7")
    n_before = len(asked.edits)
    reset = asked.panel.findChild(QPushButton, "reset")
    assert reset is not None
    reset.click()
    assert len(asked.edits) == n_before + 1
    assert asked.document.region_settings == RegionSettings()
    assert asked.document.settings == Document().settings
    detail = asked.panel.findChild(NumberBox, "detail")
    assert detail is not None
    assert detail.value == 0.5


def test_undo_shows_the_values_before(asked: Asked, three: ViewState) -> None:
    changed = change_setting("detail", 0.25, "Detail").apply(Document())
    asked.panel.show_state(ViewState(), ViewState(changed))
    detail = asked.panel.findChild(NumberBox, "detail")
    slider = asked.panel.findChild(QSlider, "detail.slider")
    assert detail is not None
    assert slider is not None
    assert (detail.value, slider.value()) == (0.25, 25)
    assert asked.edits == []


# Under the cursor


def test_the_region_under_the_cursor_is_named_with_its_area(
    qtbot: QtBot, fitted: ViewState, three: ViewState, four: ViewState
) -> None:
    bar = ReadoutBar()
    qtbot.addWidget(bar)
    bar.show_state(ViewState(), fitted)
    bar.show_pixel((30, 10))
    qtbot.waitUntil(lambda: "x 10  y 30" in bar.values.text())
    assert "region" not in bar.values.text()
    bar.show_state(fitted, three)
    qtbot.waitUntil(lambda: bar.values.text().endswith("region 2: 600 px"))
    bar.show_state(three, four)
    qtbot.waitUntil(lambda: bar.values.text().endswith("region 3: 600 px"))


def test_where_there_is_no_data_there_is_no_region(qtbot: QtBot) -> None:
    image = make_image(has_hole=True)
    bar = ReadoutBar()
    qtbot.addWidget(bar)
    bar.show_state(ViewState(), ViewState(Document(image), regions=quartered(image)))
    bar.show_pixel((2, 2))
    qtbot.waitUntil(lambda: bool(bar.values.text()))
    assert bar.values.text().endswith("no data")
    bar.show_pixel((2, 20))
    qtbot.waitUntil(lambda: "region 1: 1175 px" in bar.values.text())
