from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gmmseg.editing.editor import Edit
from gmmseg.photo.view_state import ViewState
from tests.data.states import make_candidates, make_shown
from tests.ui.driving import redraw
from ui.photo.panels.k_curve import KCurvePanel
from ui.theme import apply_theme

EMPTY = ViewState()


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> Iterator[KCurvePanel]:
    made = KCurvePanel()
    qtbot.addWidget(made)
    made.resize(420, 320)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    apply_theme(qapp, "light")


def show(panel: KCurvePanel, new: ViewState) -> ViewState:
    panel.show_state(EMPTY, new)
    redraw(panel)
    return new


def tried(auto: bool = False) -> ViewState:
    shown = make_shown(candidates=make_candidates(8, best=5))
    settings = replace(shown.document.settings, auto="bic" if auto else None)
    return replace(shown, document=replace(shown.document, settings=settings))


def click_k(panel: KCurvePanel, n_components: int) -> None:
    view = panel.plot.getPlotItem().vb
    low, high = view.viewRange()[1]
    at = panel.plot.mapFromScene(view.mapViewToScene(QPointF(n_components + 0.2, (low + high) / 2)))
    QTest.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_without_candidates_a_button_offers_to_compare(panel: KCurvePanel, qtbot: QtBot) -> None:
    show(panel, make_shown())
    assert panel.hint.label.isVisible()
    assert not panel.plot.isVisible()
    with qtbot.waitSignal(panel.compare_requested) as asked:
        QTest.mouseClick(panel.hint.button, Qt.MouseButton.LeftButton)
    assert asked.args == [10, False]


def test_without_an_image_there_is_nothing_to_compare(panel: KCurvePanel) -> None:
    show(panel, EMPTY)
    assert not panel.hint.button.isEnabled()


def test_each_criterion_is_a_curve_over_k_per_pixel(panel: KCurvePanel) -> None:
    shown = show(panel, tried())
    for name in ("bic", "icl", "aic", "entropy"):
        x, y = panel.curves[name].getData()
        assert list(x) == list(range(1, 9))
        np.testing.assert_allclose(y, [getattr(one, name) / 2400 for one in shown.candidates])
    assert panel.curves["bic"].isVisible()
    assert not panel.curves["entropy"].isVisible()
    QTest.keyClick(panel.boxes["bic"], Qt.Key.Key_Space)
    QTest.keyClick(panel.boxes["entropy"], Qt.Key.Key_Space)
    assert not panel.curves["bic"].isVisible()
    assert panel.curves["entropy"].isVisible()


def test_candidates_are_sorted_by_k_as_they_come(panel: KCurvePanel) -> None:
    shown = tried()
    show(panel, replace(shown, candidates=(shown.candidates[4], shown.candidates[1])))
    assert list(panel.curves["bic"].getData()[0]) == [2, 5]


def test_the_lowest_point_of_a_curve_has_a_ring(panel: KCurvePanel) -> None:
    show(panel, tried())
    panel.boxes["icl"].setChecked(False)
    panel.boxes["aic"].setChecked(False)
    x, _ = panel.best_marks.getData()
    assert list(x) == [5]


@pytest.mark.parametrize("auto", [False, True])
def test_the_k_in_use_is_marked(panel: KCurvePanel, auto: bool) -> None:
    shown = tried(auto)
    document = shown.document
    mixture = replace(document.settings.mixture, n_components=7)
    document = replace(document, settings=replace(document.settings, mixture=mixture))
    show(panel, replace(shown, document=document))
    assert panel.chosen_line.value() == (3 if auto else 7)


def test_a_click_asks_for_that_k_and_ends_the_automatic_choice(panel: KCurvePanel, qtbot: QtBot) -> None:
    shown = show(panel, tried(auto=True))
    with qtbot.waitSignal(panel.edit_requested) as heard:
        click_k(panel, 6)
    assert heard.args is not None
    edit = heard.args[0]
    assert isinstance(edit, Edit)
    settings = edit.apply(shown.document).settings
    assert settings.mixture.n_components == 6
    assert settings.auto is None
    assert replace(settings.mixture, n_components=3) == shown.document.settings.mixture


def test_arrow_keys_ask_for_the_neighbouring_k(panel: KCurvePanel) -> None:
    shown = show(panel, tried())
    wanted: list[int] = []
    panel.edit_requested.connect(
        lambda edit: wanted.append(edit.apply(shown.document).settings.mixture.n_components)
    )
    QTest.keyClick(panel.plot, Qt.Key.Key_Right)
    QTest.keyClick(panel.plot, Qt.Key.Key_Left)
    assert wanted == [4, 2]


def test_choosing_the_k_in_use_or_showing_states_asks_for_nothing(panel: KCurvePanel) -> None:
    heard: list[object] = []
    panel.edit_requested.connect(heard.append)
    panel.compare_requested.connect(lambda *asked: heard.append(asked))
    show(panel, tried())
    click_k(panel, 3)
    show(panel, make_shown())
    assert heard == []


@pytest.mark.parametrize(("best", "n_max", "edge"), [(5, 8, ""), (8, 8, "BIC"), (1, 1, ""), (20, 20, "BIC")])
def test_a_minimum_at_the_edge_is_said_and_more_can_be_tried(
    panel: KCurvePanel, qtbot: QtBot, best: int, n_max: int, edge: str
) -> None:
    show(panel, make_shown(candidates=make_candidates(n_max, best=best)))
    for name in ("icl", "aic"):
        panel.boxes[name].setChecked(False)
    assert (f"Lowest at K = {n_max}, the largest tried: {edge}." in panel.warning.text()) == bool(edge)
    with qtbot.waitSignal(panel.compare_requested) as asked:
        QTest.mouseClick(panel.more_button, Qt.MouseButton.LeftButton)
    assert asked.args == [10 if n_max < 10 else 40, False]
    assert str(asked.args[0]) in panel.more_button.text()


def test_the_warning_about_neighbouring_pixels_is_in_sight(panel: KCurvePanel) -> None:
    show(panel, tried())
    assert panel.warning.isVisible()
    assert "not independent" in panel.warning.text()


def test_held_out_likelihood_is_asked_for_when_it_is_wanted_and_drawn_where_it_is_known(
    panel: KCurvePanel, qtbot: QtBot
) -> None:
    shown = show(panel, tried())
    assert not panel.curves["held_out"].isVisible()
    with qtbot.waitSignal(panel.compare_requested) as asked:
        panel.boxes["held_out"].click()
    assert asked.args == [8, True]
    scores = [-12.0, -11.0, -10.5, -10.6]
    told = [replace(one, held_out=score) for one, score in zip(shown.candidates, scores, strict=False)]
    show(panel, replace(shown, candidates=(*told, *shown.candidates[4:])))
    _x, y = panel.curves["held_out"].getData()
    np.testing.assert_allclose(y[:4], -2 * np.array(scores))
    assert np.isnan(y[4:]).all()
    assert 3 in panel.best_marks.getData()[0]
    heard: list[tuple[object, ...]] = []
    panel.compare_requested.connect(lambda *again: heard.append(again))
    panel.boxes["held_out"].click()
    complete = [replace(one, held_out=-10.0) for one in shown.candidates]
    show(panel, replace(shown, candidates=tuple(complete)))
    panel.boxes["held_out"].click()
    assert heard == [], "all is known"
