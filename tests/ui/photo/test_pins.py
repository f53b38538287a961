"""Pinned panes keep a result and say how it was made, while the others follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from gmmseg.drawing.draw import draw
from gmmseg.drawing.layers import Layer
from gmmseg.photo.document import change_setting
from gmmseg.photo.view_state import ViewState
from tests.data.regions import quartered
from tests.data.states import make_image, make_shown
from ui.photo.panels.panes import PanesPanel
from ui.photo.panels.picture_requests import PictureRequest
from ui.photo.widgets.captions import making_of
from ui.photo.widgets.swipe_handle import SwipeHandle


@pytest.fixture(scope="module")
def three() -> ViewState:
    return make_shown(3)


@pytest.fixture(scope="module")
def two(three: ViewState) -> ViewState:
    """Another fit of the same image."""
    other = make_shown(2)
    image, fit = three.document.image, other.document.fit
    assert image is not None
    assert fit is not None
    document = replace(other.document, image=image, fit=replace(fit, image=image))
    return replace(other, document=document)


@pytest.fixture
def panel(qtbot: QtBot, three: ViewState) -> PanesPanel:
    panel = PanesPanel()

    def paint(request: PictureRequest) -> None:
        panel.pictures.take(request, draw(request.layer, request.scene))

    panel.picture_requested.connect(paint)
    qtbot.addWidget(panel)
    panel.resize(800, 400)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.set_layout(2)
    for number in range(2):
        panel.choose_layer(number, Layer("segments"))
    panel.show_state(ViewState(), three)
    return panel


def click_pin(panel: PanesPanel, number: int) -> None:
    button = panel.panes[number].findChild(QToolButton, "pin")
    assert button is not None
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def pixels(panel: PanesPanel, number: int) -> np.ndarray:
    picture = panel.panes[number].picture
    assert picture is not None
    return picture.pixels


def caption(panel: PanesPanel, number: int) -> str:
    label = panel.panes[number].findChild(QLabel, "caption")
    assert label is not None
    return label.text() if label.isVisible() else ""


def test_a_pinned_pane_keeps_the_old_result_with_its_caption_while_the_other_follows(
    panel: PanesPanel, three: ViewState, two: ViewState
) -> None:
    click_pin(panel, 0)
    assert caption(panel, 0) == "K 3 · RGB · full"
    assert caption(panel, 1) == ""
    panel.show_state(three, two)
    assert set(np.unique(pixels(panel, 0))) == {1, 2, 3}
    assert set(np.unique(pixels(panel, 1))) == {1, 2}
    assert caption(panel, 0) == "K 3 · RGB · full"


@pytest.mark.parametrize("kind", ["overlay", "outlines", "heatmap", "heatmaps", "uncertainty", "density"])
def test_every_layer_is_drawn_from_what_was_pinned(
    panel: PanesPanel, three: ViewState, two: ViewState, kind: str
) -> None:
    click_pin(panel, 0)
    panel.show_state(three, two)
    layer = Layer(kind)  # type: ignore[arg-type]
    panel.choose_layer(0, layer)
    panel.choose_layer(1, layer)
    from_scene = PictureRequest(0, layer, three, 0).scene
    expected = draw(layer, from_scene)
    np.testing.assert_array_equal(pixels(panel, 0), expected.pixels)
    counts = [len(panel.panes[number].picture.tiles) for number in range(2)]  # type: ignore[union-attr]
    assert counts == ([3, 2] if kind == "heatmaps" else [0, 0])
    layers = panel.panes[0].findChild(QComboBox, "layer")
    assert layers is not None
    assert sum("Heatmap of" in layers.itemText(at) for at in range(layers.count())) == 3


def test_unpinning_shows_what_the_others_show(panel: PanesPanel, three: ViewState, two: ViewState) -> None:
    click_pin(panel, 0)
    panel.show_state(three, two)
    click_pin(panel, 0)
    assert set(np.unique(pixels(panel, 0))) == {1, 2}
    assert caption(panel, 0) == ""


def test_the_command_pins_the_pane_used_last(panel: PanesPanel) -> None:
    panel.choose_layer(1, Layer("segments"))
    panel.toggle_pin()
    assert (caption(panel, 0), caption(panel, 1)) == ("", "K 3 · RGB · full")
    panel.toggle_pin()
    assert caption(panel, 1) == ""


def hidden_pins(panel: PanesPanel) -> QToolButton | None:
    """Return the button that tells of pins out of sight, of which there is one at most."""
    found = [pane.findChild(QToolButton, "hidden_pins") for pane in panel.panes]
    seen = [button for button in found if button is not None and button.isVisible()]
    assert len(seen) <= 1
    return seen[0] if seen else None


def test_a_pin_keeps_its_layer_in_two_panes_and_in_four(
    panel: PanesPanel, three: ViewState, two: ViewState
) -> None:
    panel.choose_layer(1, Layer("overlay"))
    click_pin(panel, 1)
    panel.set_layout(4)
    panel.show_state(three, two)
    assert caption(panel, 1) == "K 3 · RGB · full"
    assert panel.panes[1].layer == Layer("overlay")
    assert panel.panes[1].findChild(QComboBox, "layer").currentText() == "Overlay"  # type: ignore[union-attr]
    assert set(np.unique(pixels(panel, 1))) == {1, 2, 3}
    assert hidden_pins(panel) is None
    panel.choose_layer(1, Layer("segments"))
    panel.set_layout(2)
    assert panel.panes[1].layer == Layer("segments")
    assert set(np.unique(pixels(panel, 1))) == {1, 2, 3}
    click_pin(panel, 1)
    assert panel.panes[1].layer == Layer("segments")
    assert set(np.unique(pixels(panel, 1))) == {1, 2}


@pytest.mark.parametrize(("n_panes", "number", "elsewhere"), [(2, 0, 1), (2, 1, 1), (4, 3, 2), (4, 1, 1)])
def test_pins_out_of_sight_are_counted_and_a_click_leads_back(
    panel: PanesPanel, three: ViewState, two: ViewState, n_panes: int, number: int, elsewhere: int
) -> None:
    panel.set_layout(n_panes)
    panel.choose_layer(number, Layer("segments"))
    assert hidden_pins(panel) is None
    click_pin(panel, number)
    panel.set_layout(elsewhere)
    panel.show_state(three, two)
    # What is seen follows.
    for seen in range(elsewhere):
        assert caption(panel, seen) == ""
    button = hidden_pins(panel)
    assert button is not None
    assert button.text() == "+1"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.n_panes > number
    assert caption(panel, number) == "K 3 · RGB · full"
    # Not what the pane with this number has shown meanwhile.
    assert set(np.unique(pixels(panel, number))) == {1, 2, 3}
    assert hidden_pins(panel) is None


def test_a_pane_pinned_alone_is_the_first_of_two(panel: PanesPanel, three: ViewState, two: ViewState) -> None:
    panel.set_layout(1)
    click_pin(panel, 0)
    panel.set_layout(2)
    panel.show_state(three, two)
    assert [caption(panel, number) for number in range(2)] == ["K 3 · RGB · full", ""]
    panel.set_layout(1)
    assert caption(panel, 0) == ""
    # Another result beside the one in the first of two panes.
    click_pin(panel, 0)
    assert caption(panel, 0) == "K 2 · RGB · full"
    panel.set_layout(2)
    assert caption(panel, 0) == "K 3 · RGB · full"
    button = hidden_pins(panel)
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.n_panes == 1
    assert caption(panel, 0) == "K 2 · RGB · full"


def test_another_image_drops_the_pins(panel: PanesPanel, three: ViewState) -> None:
    click_pin(panel, 0)
    other = make_shown(2)
    panel.show_state(three, other)
    assert caption(panel, 0) == ""
    assert set(np.unique(pixels(panel, 0))) == {1, 2}
    button = panel.panes[0].findChild(QToolButton, "pin")
    assert button is not None
    assert not button.isChecked()


def test_there_is_nothing_to_pin_before_the_first_fit(
    qtbot: QtBot, panel: PanesPanel, three: ViewState
) -> None:
    unfitted = ViewState(document=replace(three.document, image=make_image(2), fit=None))
    panel.show_state(three, unfitted)
    button = panel.panes[0].findChild(QToolButton, "pin")
    assert button is not None
    assert not button.isEnabled()
    panel.toggle_pin()
    assert not button.isChecked()


def test_dimming_the_other_classes_leaves_a_pinned_pane_alone(panel: PanesPanel) -> None:
    plain = panel.panes[0].canvas.view_image()
    panel.pictures.highlight(2)
    click_pin(panel, 0)
    before = [panel.panes[n].canvas.view_image() for n in range(2)]
    panel.pictures.highlight(1)
    after = [panel.panes[n].canvas.view_image() for n in range(2)]
    assert after[1] != before[1]
    assert after[0] == before[0]
    panel.panes[0].findChild(QLabel, "caption").hide()  # type: ignore[union-attr]
    # Nor does it keep what was dimmed when it was pinned.
    assert panel.panes[0].canvas.view_image() == plain


@pytest.mark.parametrize("is_brushed", [True, False])
def test_what_is_chosen_in_a_table_or_a_plot_is_marked_in_the_panes_that_follow(
    panel: PanesPanel, three: ViewState, is_brushed: bool, qtbot: QtBot
) -> None:
    assert three.document.image is not None
    shown = replace(three, regions=quartered(three.document.image))
    panel.show_state(three, shown)
    for number in range(2):
        panel.choose_layer(number, Layer("regions"))
    click_pin(panel, 0)
    before = [panel.panes[n].canvas.view_image() for n in range(2)]
    if is_brushed:
        assert shown.table is not None
        panel.marks.brush(np.arange(shown.table.n_rows) < 9)
    else:
        panel.marks.choose_regions((1,))
    qtbot.waitUntil(lambda: panel.panes[1].canvas.view_image() != before[1])
    assert panel.panes[0].canvas.view_image() == before[0]
    click_pin(panel, 0)
    panel.panes[0].findChild(QLabel, "caption").hide()  # type: ignore[union-attr]
    panel.panes[1].findChild(QLabel, "caption").hide()  # type: ignore[union-attr]
    assert panel.panes[0].canvas.view_image() == panel.panes[1].canvas.view_image()


def test_the_divider_begins_in_the_middle_when_it_is_asked_for(panel: PanesPanel) -> None:
    pane = panel.panes[0]
    swipe, handle = pane.findChild(QToolButton, "swipe"), pane.findChild(SwipeHandle)
    assert swipe is not None
    assert handle is not None
    assert not swipe.isVisible()
    panel.choose_layer(0, Layer("overlay"))
    assert swipe.isVisible()
    assert not handle.isVisible()
    QTest.mouseClick(swipe, Qt.MouseButton.LeftButton)
    assert handle.isVisible()
    assert abs(handle.geometry().center().x() - pane.canvas.width() / 2) <= 1
    QTest.keyClick(handle, Qt.Key.Key_Left)
    QTest.mouseClick(swipe, Qt.MouseButton.LeftButton)
    assert not handle.isVisible()
    QTest.mouseClick(swipe, Qt.MouseButton.LeftButton)
    assert handle.fraction == 0.5


def test_a_caption_names_what_differs_from_the_defaults(three: ViewState) -> None:
    document = three.document
    for path, value in (
        ("features.space", "lab"),
        ("features.has_position", True),
        ("mixture.covariance", "diag"),
        ("smooth", 2.0),
    ):
        document = change_setting(path, value, "").apply(document)
    assert three.segmentation is not None
    stale = replace(three, document=document)
    assert making_of(stale) == "K 3 · RGB · full"
    preview = replace(
        stale,
        document=replace(document, fit=None),
        is_preview=True,
        caption="iteration 4",
    )
    assert making_of(preview) == "K 3 · CIELAB · diag · position 0.3 · smooth 2 · iteration 4"


def test_another_image_unpins_all_and_every_arrangement_remembers_what_is_seen(
    panel: PanesPanel, three: ViewState
) -> None:
    panel.set_layout(1)
    panel.choose_layer(0, Layer("uncertainty"))
    click_pin(panel, 0)
    panel.set_layout(2)
    assert panel.panes[0].layer.kind == "uncertainty"
    another = replace(make_shown(3), document=replace(make_shown(3).document, image=make_image()))
    panel.show_state(three, another)
    seen = [pane.layer.kind for pane in panel.visible_panes]
    assert [entry[0] for entry in panel.state()["layers"]["2"]] == seen
    panel.set_layout(4)
    panel.set_layout(2)
    assert [pane.layer.kind for pane in panel.visible_panes] == seen
