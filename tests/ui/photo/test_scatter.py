from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QMainWindow
from pytestqt.qtbot import QtBot
from scipy.stats import multivariate_normal

from gmmseg.arrays import BoolArray
from gmmseg.features.spec import FeatureSpec
from gmmseg.photo.view_state import ViewState
from tests.data.states import fitted_shown, make_runs, make_shown
from tests.ui.driving import redraw
from ui.photo.panels.scatter import ScatterPanel
from ui.photo.panels.scatter_rows import WinnersRequest, mixture_of, winners_of
from ui.theme import apply_theme
from ui.widgets.throttle import SOON_MS

EMPTY = ViewState()


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> Iterator[ScatterPanel]:
    made = ScatterPanel()
    made.winners_requested.connect(lambda request: made.show_winners(request, winners_of(request)))
    qtbot.addWidget(made)
    made.resize(500, 400)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    apply_theme(qapp, "light")


def show(panel: ScatterPanel, new: ViewState) -> ViewState:
    panel.show_state(EMPTY, new)
    redraw(panel)
    return new


def on_screen(panel: ScatterPanel, x: float, y: float) -> QPoint:
    at: QPoint = panel.plot.mapFromScene(panel.plot.view.mapViewToScene(QPointF(x, y)))
    return at


def drag(panel: ScatterPanel, corners: list[tuple[float, float]], with_shift: bool = False) -> None:
    """Drag with the left button through view coordinates."""
    modifier = Qt.KeyboardModifier.ShiftModifier if with_shift else Qt.KeyboardModifier.NoModifier
    points = [on_screen(panel, *corner) for corner in corners]
    port, left = panel.plot.viewport(), Qt.MouseButton.LeftButton
    QTest.mousePress(port, left, modifier, points[0])
    for before, after in pairwise(points):
        for step in range(1, 9):
            # pyqtgraph drops moves that follow another within 10 ms.
            QTest.qWait(15)
            at = before + (after - before) * (step / 8)
            QTest.mouseMove(port, at)
    QTest.mouseRelease(port, left, modifier, points[-1])


def visible_numbers(panel: ScatterPanel) -> list[str]:
    return [number.toPlainText() for number in panel.plot._numbers if number.isVisible()]


def test_without_rows_one_sentence_takes_the_place_of_the_plot(panel: ScatterPanel) -> None:
    assert panel.hint.label.isVisible()
    show(panel, make_shown())
    assert panel.plot.isVisible()
    show(panel, make_shown(has_fit=False))
    assert panel.hint.label.isVisible()


def test_points_lie_where_their_pixels_are_in_the_colour_of_their_class(panel: ScatterPanel) -> None:
    shown = show(panel, make_shown())
    picture = panel.plot.picture.image
    (x_from, x_to), (y_from, y_to) = panel.plot.view.viewRange()
    height, width = picture.shape[:2]
    assert shown.segmentation is not None
    for info in shown.classes:
        x, y = shown.segmentation.params.means[info.components[0], :2]
        row = int((y - y_from) / (y_to - y_from) * height)
        column = int((x - x_from) / (x_to - x_from) * width)
        around = picture[row - 3 : row + 4, column - 3 : column + 4].reshape(-1, 4)
        found = around[around[:, 3] > 0]
        assert len(found) > 5
        assert (found[:, :3] == info.colour).all()


def test_each_visible_component_has_its_2_sigma_ellipse_and_number(panel: ScatterPanel) -> None:
    shown = show(panel, make_shown())
    assert shown.segmentation is not None
    params = shown.segmentation.params
    assert visible_numbers(panel) == ["1", "2", "3"]
    for k, drawn in enumerate(panel.plot.components):
        deviation = np.column_stack([drawn.x, drawn.y]) - params.means[k, :2]
        precision = np.linalg.inv(params.matrices()[k, :2, :2])
        distance = np.sqrt(np.einsum("pi,ij,pj->p", deviation, precision, deviation))
        np.testing.assert_allclose(distance, 2)
        assert drawn.colour == shown.classes.of_component(k).colour
    show(panel, replace(shown, classes=shown.classes.changed(2, is_visible=False)))
    assert visible_numbers(panel) == ["1", "3"]
    panel.ellipses.trigger()
    redraw(panel)
    assert visible_numbers(panel) == []


def test_merged_components_bear_the_number_of_their_class(panel: ScatterPanel) -> None:
    shown = make_shown()
    show(panel, replace(shown, classes=shown.classes.merged([2, 3])))
    assert visible_numbers(panel) == ["1", "2", "2"]


def test_axes_are_in_feature_units_also_where_the_rows_are_standardised(panel: ScatterPanel) -> None:
    show(panel, make_shown(spec=FeatureSpec(is_standardised=True)))
    scaled = [drawn.mean for drawn in panel.plot.components]
    show(panel, make_shown())
    np.testing.assert_allclose(scaled, [drawn.mean for drawn in panel.plot.components], rtol=1e-3)


def test_image_colours_are_those_of_the_image(panel: ScatterPanel) -> None:
    shown = show(panel, make_shown())
    panel.image_colours.trigger()
    redraw(panel)
    assert panel.plot._points is not None
    assert shown.table is not None
    np.testing.assert_array_equal(panel.plot._points[2][:, :3], shown.table.values[panel._rows])


def test_swap_exchanges_the_axes(panel: ScatterPanel) -> None:
    show(panel, make_shown())
    before = panel.plot.components[0].mean
    QTest.mouseClick(panel.choosers.swap_button, Qt.MouseButton.LeftButton)
    redraw(panel)
    assert panel.plot.components[0].mean == before[::-1]
    assert panel.plot.getPlotItem().getAxis("bottom").labelText == "green"
    assert panel.plot.getPlotItem().getAxis("left").labelText == "red"


def test_the_keyboard_chooses_principal_components(panel: ScatterPanel) -> None:
    show(panel, make_shown())
    panel.choosers.x_box.setFocus()
    QTest.keyClicks(panel.choosers.x_box, "PC 1")
    redraw(panel)
    assert panel.plot.getPlotItem().getAxis("bottom").labelText == "PC 1"
    assert panel.plot._points is not None
    assert abs(panel.plot._points[0].mean()) < 1


def test_one_feature_is_a_histogram_with_the_components_and_their_sum(panel: ScatterPanel) -> None:
    show(panel, make_shown(n_channels=1))
    assert panel.plot.bars.isVisible()
    assert not panel.plot.picture.isVisible()
    edges, density = panel.plot.bars.getData()
    assert (density * np.diff(edges)).sum() == pytest.approx(1)
    grid, total = panel.plot.total_curve.getData()
    assert ((total[1:] + total[:-1]) / 2 * np.diff(grid)).sum() == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(sum(drawn.y for drawn in panel.plot.components), total)
    assert not panel.choosers.swap_button.isEnabled()


def test_a_rectangle_marks_the_rows_inside_and_a_click_unmarks(panel: ScatterPanel, qtbot: QtBot) -> None:
    shown = show(panel, make_shown())
    heard: list[BoolArray | None] = []
    panel.rows_brushed.connect(heard.append)
    drag(panel, [(120, 60), (240, 150)])
    assert shown.table is not None
    x, y = shown.table.values[:, 0], shown.table.values[:, 1]
    expected = (x > 121) & (x < 239) & (y > 61) & (y < 149)
    assert heard[-1] is not None
    assert (heard[-1] & expected).sum() == expected.sum() > 100
    assert not heard[-1][(x < 118) | (x > 242) | (y < 58) | (y > 152)].any()
    assert panel.plot.view.has_mark
    QTest.qWait(QApplication.doubleClickInterval() + 50)
    QTest.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=on_screen(panel, 60, 200))
    assert heard[-1] is None
    assert not panel.plot.view.has_mark


def test_a_lasso_with_shift_marks_what_it_surrounds(panel: ScatterPanel) -> None:
    shown = show(panel, make_shown())
    heard: list[BoolArray | None] = []
    panel.rows_brushed.connect(heard.append)
    drag(panel, [(120, 60), (240, 60), (120, 170)], with_shift=True)
    assert shown.table is not None
    assert heard[-1] is not None
    x, y = shown.table.values[:, 0], shown.table.values[:, 1]
    assert heard[-1].any()
    below = (y - 60) / 110 + (x - 120) / 120
    assert heard[-1][(below < 0.95) & (x > 124) & (y > 64)].all()
    assert not heard[-1][below > 1.05].any()


def test_in_a_histogram_a_mark_is_a_range_of_values(panel: ScatterPanel) -> None:
    shown = show(panel, make_shown(n_channels=1))
    heard: list[BoolArray | None] = []
    panel.rows_brushed.connect(heard.append)
    top = panel.plot.view.viewRange()[1][1]
    drag(panel, [(150, top * 0.5), (230, top * 0.6)])
    assert heard[-1] is not None
    assert shown.table is not None
    corners = panel.plot.view.outline.getData()[1]
    assert (corners.min(), corners.max()) == tuple(panel.plot.view.viewRange()[1])
    marked = shown.table.values[heard[-1], 0]
    assert 148 <= marked.min() <= 152
    assert 228 <= marked.max() <= 232
    QTest.keyClick(panel.plot, Qt.Key.Key_Escape)
    assert heard[-1] is None


def test_the_pixel_under_the_pointer_is_marked(panel: ScatterPanel) -> None:
    shown = show(panel, make_shown(has_hole=True))
    assert shown.document.image is not None
    panel.mark_pixel((20, 50))
    x, y = panel.plot.mark_dot.getData()
    assert (x[0], y[0]) == tuple(shown.document.image.pixels[20, 50, :2])
    assert panel.plot.mark_dot.isVisible()
    for nowhere in ((0, 0), (400, 2), None):
        panel.mark_pixel(nowhere)
        assert not panel.plot.mark_dot.isVisible()


def test_ellipses_follow_the_newest_step_of_a_run(panel: ScatterPanel) -> None:
    shown = show(panel, make_shown())
    steps = make_runs(shown.table, n_restarts=1)[0]  # type: ignore[arg-type]
    for n in (1, 4, 9):
        live = replace(shown, document=replace(shown.document, fit=None), steps=steps[:n])
        show(panel, live)
        drawn = sorted(one.mean for one in panel.plot.components)
        np.testing.assert_allclose(drawn, sorted(map(tuple, steps[n - 1].params.means[:, :2])))


def test_components_of_a_run_keep_the_colours_of_those_they_continue() -> None:
    shown = make_shown()
    assert shown.segmentation is not None
    order = np.array([2, 0, 1])
    step = replace(shown.steps[-1], params=shown.segmentation.params.reordered(order))
    found = mixture_of(replace(shown, steps=(step,)))
    assert found is not None
    assert found[1].colours_by_component() == [shown.classes.of_component(k).colour for k in order]


def test_a_run_in_other_features_than_the_rows_draws_the_old_mixture() -> None:
    shown = make_shown()
    settings = replace(shown.document.settings, features=FeatureSpec(space="lab"))
    document = replace(shown.document, settings=settings)
    live = replace(shown, document=document, steps=shown.steps[:1])
    found = mixture_of(live)
    assert found is not None
    assert shown.segmentation is not None
    assert found[0] is shown.segmentation.params


def test_steps_of_a_run_wait_until_it_is_time_to_draw_again(panel: ScatterPanel) -> None:
    timer = panel._throttle._timer
    assert timer.interval() == SOON_MS
    shown = show(panel, make_shown())
    count = 0

    def note() -> None:
        nonlocal count
        count += 1

    show(panel, replace(shown, steps=shown.steps[:4]))
    panel._throttle.due.connect(note)
    timer.start(3_600_000)
    for _ in range(50):
        panel.show_state(shown, replace(shown, steps=shown.steps[:5]))
        QApplication.processEvents()
    assert count == 0
    timer.timeout.emit()
    assert count == 1


def test_showing_states_emits_nothing(panel: ScatterPanel) -> None:
    heard: list[object] = []
    panel.rows_brushed.connect(heard.append)
    panel.edit_requested.connect(heard.append)
    show(panel, make_shown())
    show(panel, make_shown(spec=FeatureSpec(has_position=True)))
    show(panel, make_shown(n_channels=1))
    assert heard == []


def test_a_segmented_image_of_the_engine_is_drawn(panel: ScatterPanel) -> None:
    shown = show(panel, fitted_shown(4))
    assert len(panel.plot.components) == 4
    assert shown.table is not None
    assert panel.plot._points is not None
    assert len(panel.plot._points[0]) == shown.table.n_pixels


def tints(panel: ScatterPanel) -> np.ndarray:
    assert panel.plot._points is not None
    return panel.plot._points[2]


def test_points_keep_their_colours_until_those_of_the_new_mixture_have_been_computed(qtbot: QtBot) -> None:
    panel = ScatterPanel()
    asked: list[WinnersRequest] = []
    panel.winners_requested.connect(asked.append)
    qtbot.addWidget(panel)
    panel.resize(500, 400)
    with qtbot.waitExposed(panel):
        panel.show()
    shown = show(panel, make_shown())
    assert len(np.unique(tints(panel), axis=0)) == 1
    panel.show_winners(asked[0], winners_of(asked[0]))
    redraw(panel)
    before = tints(panel)
    assert {tuple(row[:3]) for row in before} == {info.colour for info in shown.classes}
    show(panel, replace(shown, steps=shown.steps[:4]))
    assert len(asked) == 2
    np.testing.assert_array_equal(tints(panel), before)
    # Winners that came late, of rows that are no longer shown, change nothing.
    show(panel, make_shown(2))
    panel.show_winners(asked[1], np.zeros(len(before), dtype=np.int64))
    redraw(panel)
    assert len(np.unique(tints(panel), axis=0)) == 1


def test_the_winner_of_a_row_has_its_largest_posterior() -> None:
    shown = make_shown(4)
    assert shown.segmentation is not None
    assert shown.table is not None
    request = WinnersRequest((shown.segmentation.params, shown.classes), shown.table, shown.table.values)
    params = shown.segmentation.params
    densities = [
        weight * multivariate_normal(mean, matrix).pdf(shown.table.values)
        for weight, mean, matrix in zip(params.weights, params.means, params.matrices(), strict=True)
    ]
    np.testing.assert_array_equal(winners_of(request), np.argmax(densities, axis=0))


def test_behind_another_tab_nothing_is_drawn_until_it_comes_to_the_front(qtbot: QtBot) -> None:
    window, panel = QMainWindow(), ScatterPanel()
    docks = [QDockWidget("front"), QDockWidget("scatter")]
    docks[0].setWidget(QLabel("front"))
    docks[1].setWidget(panel)
    for dock in docks:
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.tabifyDockWidget(*docks)
    docks[0].raise_()
    window.resize(700, 500)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    redraw(panel)
    drawn: list[bool] = []
    panel._throttle.due.connect(lambda: drawn.append(True))
    show(panel, make_shown())
    assert drawn == []
    docks[1].raise_()
    qtbot.waitUntil(lambda: drawn != [], timeout=2000)
