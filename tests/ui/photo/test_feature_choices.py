"""A pane's list offers the features that were fitted."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from gmmseg.drawing.draw import draw
from gmmseg.drawing.layers import Layer
from gmmseg.features.spec import FeatureSpec
from gmmseg.photo.view_state import ViewState
from tests.data.states import make_shown
from ui.photo.panels.panes import PanesPanel
from ui.photo.panels.picture_requests import PictureRequest


@pytest.fixture
def panel(qtbot: QtBot) -> PanesPanel:
    made = PanesPanel()
    qtbot.addWidget(made)
    return made


def combo_of(panel: PanesPanel) -> QComboBox:
    combo = panel.panes[0].findChild(QComboBox, "layer")
    assert combo is not None
    return combo


def offered(panel: PanesPanel) -> list[str]:
    combo = combo_of(panel)
    titles = [combo.itemText(at) for at in range(combo.count())]
    return [title for title in titles if title.startswith("Feature")]


def test_the_list_offers_the_features_of_the_table_and_follows_it(panel: PanesPanel) -> None:
    assert offered(panel) == []
    first = make_shown(3)
    panel.show_state(ViewState(), first)
    assert offered(panel) == ["Feature: red", "Feature: green", "Feature: blue"]
    second = make_shown(3, spec=FeatureSpec(has_position=True), classes=first.classes)
    panel.show_state(first, second)
    assert offered(panel)[3:] == ["Feature: x", "Feature: y"]


def test_a_chosen_feature_is_asked_for_and_shown_with_its_scale(panel: PanesPanel) -> None:
    asked: list[PictureRequest] = []
    panel.picture_requested.connect(asked.append)
    shown = make_shown(3)
    panel.show_state(ViewState(), shown)
    combo = combo_of(panel)
    combo.setCurrentIndex(combo.findText("Feature: green"))
    combo.activated.emit(combo.currentIndex())
    assert asked[-1].layer == Layer("feature", feature="green")
    panel.pictures.take(asked[-1], draw(asked[-1].layer, asked[-1].scene))
    picture = panel.panes[0].picture
    assert picture is not None
    assert picture.scale is not None
    assert picture.scale.title == "green (1–99 %)"


def test_the_list_names_the_feature_that_stands_in_for_one_no_longer_fitted(panel: PanesPanel) -> None:
    first = make_shown(3)
    panel.show_state(ViewState(), first)
    panel.choose_layer(0, Layer("feature", feature="green"))
    second = make_shown(1, n_channels=1)
    panel.show_state(first, second)
    assert combo_of(panel).currentText() == "Feature: grey"
