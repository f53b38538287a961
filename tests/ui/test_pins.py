"""Pinned panes keep a result and say how it was made, while the others follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from gmmseg.document import change_setting
from gmmseg.layers import Layer, draw
from gmmseg.workspace import Shown
from tests.data.states import make_image, make_shown
from ui.panels.panes import PanesPanel
from ui.panels.picture_requests import PictureRequest
from ui.widgets.captions import making_of


@pytest.fixture(scope="module")
def three() -> Shown:
    return make_shown(3)


@pytest.fixture(scope="module")
def two(three: Shown) -> Shown:
    """Another fit of the same image."""
    other = make_shown(2)
    document = replace(other.document, image=three.document.image)
    return replace(other, document=document)


@pytest.fixture
def panel(qtbot: QtBot, three: Shown) -> PanesPanel:
    panel = PanesPanel()

    def paint(request: PictureRequest) -> None:
        panel.show_picture(request, draw(request.layer, request.scene))

    panel.picture_requested.connect(paint)
    qtbot.addWidget(panel)
    panel.resize(800, 400)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.set_layout(2)
    for number in range(2):
        panel.choose_layer(number, Layer("segments"))
    panel.show_state(Shown(), three)
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
    panel: PanesPanel, three: Shown, two: Shown
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
    panel: PanesPanel, three: Shown, two: Shown, kind: str
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


def test_unpinning_shows_what_the_others_show(panel: PanesPanel, three: Shown, two: Shown) -> None:
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


def test_a_pin_belongs_to_the_pane_of_its_layout(panel: PanesPanel) -> None:
    click_pin(panel, 1)
    panel.set_layout(4)
    panel.choose_layer(1, Layer("segments"))
    assert caption(panel, 1) == ""
    panel.set_layout(2)
    assert caption(panel, 1) == "K 3 · RGB · full"


def test_another_image_drops_the_pins(panel: PanesPanel, three: Shown) -> None:
    click_pin(panel, 0)
    other = make_shown(2)
    panel.show_state(three, other)
    assert caption(panel, 0) == ""
    assert set(np.unique(pixels(panel, 0))) == {1, 2}
    button = panel.panes[0].findChild(QToolButton, "pin")
    assert button is not None
    assert not button.isChecked()


def test_there_is_nothing_to_pin_before_the_first_fit(qtbot: QtBot, panel: PanesPanel, three: Shown) -> None:
    unfitted = Shown(document=replace(three.document, image=make_image(2), fit=None))
    panel.show_state(three, unfitted)
    button = panel.panes[0].findChild(QToolButton, "pin")
    assert button is not None
    assert not button.isEnabled()
    panel.toggle_pin()
    assert not button.isChecked()


def test_dimming_the_other_classes_leaves_a_pinned_pane_alone(panel: PanesPanel) -> None:
    click_pin(panel, 0)
    before = [panel.panes[n].canvas.view_image() for n in range(2)]
    panel.highlight_class(1)
    after = [panel.panes[n].canvas.view_image() for n in range(2)]
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_a_caption_names_what_differs_from_the_defaults(three: Shown) -> None:
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
