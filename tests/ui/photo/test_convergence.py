from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QLocale, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from gmmseg.arrays import FloatArray
from gmmseg.drawing.convergence import curves
from gmmseg.mixture.fit import fit
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams, StopReason
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.settings import SegmentSettings
from gmmseg.photo.view_state import ViewState
from tests.data.states import fitted_shown, make_runs, make_shown
from tests.ui.driving import redraw
from ui.photo.panels.convergence import ConvergencePanel
from ui.photo.widgets import step_words as words
from ui.photo.widgets.step_words import stop_sentence
from ui.theme import apply_theme, colours

EMPTY = ViewState()


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> Iterator[ConvergencePanel]:
    made = ConvergencePanel()
    qtbot.addWidget(made)
    made.resize(420, 300)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    apply_theme(qapp, "light")


def show(panel: ConvergencePanel, old: ViewState, new: ViewState) -> ViewState:
    panel.show_state(old, new)
    redraw(panel)
    return new


def running(shown: ViewState, steps: tuple[FitStep, ...]) -> ViewState:
    return replace(shown, document=replace(shown.document, fit=None), steps=steps)


def result_of(shown: ViewState) -> FitResult:
    assert shown.document.fit is not None
    return shown.document.fit.result


def with_steps(shown: ViewState, steps: tuple[FitStep, ...]) -> ViewState:
    fit = shown.document.fit
    assert fit is not None
    changed = replace(fit, result=replace(fit.result, history=steps))
    return replace(shown, document=replace(shown.document, fit=changed), steps=steps)


def click_step(panel: ConvergencePanel, index: int) -> None:
    """Click with the mouse on the drawn point of a step."""
    curve = panel.plot.bound_curve
    x, y = curve.getData()
    at = panel.plot.getPlotItem().vb.mapViewToScene(QPointF(x[index], y[index]))
    QTest.mouseClick(
        panel.plot.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        panel.plot.mapFromScene(at),
    )


def test_without_steps_one_sentence_takes_the_place_of_the_plot(panel: ConvergencePanel) -> None:
    assert panel.hint.label.isVisible()
    assert not panel.plot.isVisible()
    show(panel, EMPTY, make_shown())
    assert panel.plot.isVisible()
    show(panel, EMPTY, EMPTY)
    assert panel.hint.label.isVisible()


def test_the_curve_is_the_log_likelihood_per_pixel_by_iteration(panel: ConvergencePanel) -> None:
    shown = show(panel, EMPTY, make_shown())
    x, y = panel.plot.bound_curve.getData()
    np.testing.assert_array_equal(y, [step.log_likelihood / 2400 for step in shown.steps])
    np.testing.assert_array_equal(x, range(12))
    panel.nll_box.setChecked(True)
    np.testing.assert_array_equal(panel.plot.bound_curve.getData()[1], -y)


def test_q_and_h_are_drawn_on_demand_and_named_as_the_pair_they_are(panel: ConvergencePanel) -> None:
    shown = show(panel, EMPTY, make_shown())
    assert not panel.plot.q_curve.isVisible()
    assert not panel.plot.h_curve.isVisible()
    QTest.mouseClick(panel.q_box, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.q_box.height() // 2))
    panel.h_box.setChecked(True)
    q, h = panel.plot.q_curve.getData()[1], panel.plot.h_curve.getData()[1]
    np.testing.assert_allclose(q - h, [step.lower_bound for step in shown.steps])
    assert panel.plot.legend.names == ["L = Q − H", "Q(θg, θg)", "H(θg, θg), right"]


@pytest.mark.parametrize("width", [300, 377, 700])
def test_the_names_of_the_curves_stand_whole_beside_the_plot(panel: ConvergencePanel, width: int) -> None:
    panel.resize(width, 300)
    show(panel, EMPTY, make_shown())
    legend = panel.plot.legend
    assert not legend.isVisible()
    for box in (panel.q_box, panel.h_box):
        QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    QApplication.processEvents()
    assert legend.isVisible()
    over = QRect(legend.mapTo(panel, QPoint(0, 0)), legend.size())
    assert not over.intersects(QRect(panel.plot.mapTo(panel, QPoint(0, 0)), panel.plot.size()))
    assert legend.height() >= legend.heightForWidth(legend.width())
    # Every curve's colour is to be seen in it, and nothing is cut off at its edges.
    picture = legend.grab().toImage()
    seen = {picture.pixelColor(x, y).name() for x in range(legend.width()) for y in range(legend.height())}
    for curve in (panel.plot.bound_curve, panel.plot.q_curve, panel.plot.h_curve):
        assert curve.opts["pen"].color().name() in seen
    corner = picture.pixelColor(legend.width() - 1, 0)
    assert all(picture.pixelColor(legend.width() - 1, y) == corner for y in range(legend.height()))


def test_the_line_between_the_stages_stands_where_the_exact_one_begins(panel: ConvergencePanel) -> None:
    shown = show(panel, EMPTY, make_shown())
    assert panel.plot.stage_line.isVisible()
    assert panel.plot.stage_line.value() == 5
    show(panel, shown, with_steps(shown, shown.steps[:4]))
    assert not panel.plot.stage_line.isVisible()


@pytest.mark.parametrize("index", [0, 3, 7])
def test_a_click_on_a_point_selects_that_iteration(panel: ConvergencePanel, qtbot: QtBot, index: int) -> None:
    shown = show(panel, EMPTY, make_shown())
    with qtbot.waitSignal(panel.step_selected) as heard:
        click_step(panel, index)
    assert heard.args is not None
    assert heard.args[0] is shown.steps[index]
    assert panel.plot.mark_dot.isVisible()
    assert panel.plot.mark_dot.getData()[1][0] == shown.steps[index].lower_bound
    assert f"Iteration {index} " in panel.reason.text()


def test_keys_walk_through_the_iterations_and_escape_returns(panel: ConvergencePanel) -> None:
    shown = show(panel, EMPTY, make_shown())
    heard: list[FitStep | None] = []
    panel.step_selected.connect(heard.append)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_Period):
        QTest.keyClick(panel.plot, key)
    steps = shown.steps
    walked = (steps[-2], steps[-3], steps[-2], steps[0], steps[1])
    assert all(one is other for one, other in zip(heard, walked, strict=True))
    assert panel.latest_button.isVisible()
    QTest.keyClick(panel.plot, Qt.Key.Key_Escape)
    assert heard[-1] is None
    assert len(heard) == 6
    assert not panel.latest_button.isVisible()
    assert not panel.plot.mark_dot.isVisible()


def test_the_latest_button_returns_to_the_newest(panel: ConvergencePanel, qtbot: QtBot) -> None:
    show(panel, EMPTY, make_shown())
    QTest.keyClick(panel.plot, Qt.Key.Key_Left)
    with qtbot.waitSignal(panel.step_selected) as heard:
        QTest.mouseClick(panel.latest_button, Qt.MouseButton.LeftButton)
    assert heard.args == [None]


def test_a_monotone_run_has_a_green_badge(panel: ConvergencePanel) -> None:
    show(panel, EMPTY, make_shown())
    assert "monotone ✓" in panel.badge.text()
    assert colours().ok.name() in panel.badge.text()
    assert colours().error.name() not in panel.badge.text()


def test_a_fall_makes_the_badge_red_and_names_the_iteration(panel: ConvergencePanel) -> None:
    shown = make_shown()
    low = replace(shown.steps[7], lower_bound=shown.steps[6].lower_bound - 1e-6, h_gain=0.5)
    show(panel, shown, with_steps(shown, (*shown.steps[:7], low, *shown.steps[8:])))
    assert "falls at 7 ✗" in panel.badge.text()
    assert "ΔH &gt; 0 with θg fixed at 7 ✗" in panel.badge.text()
    assert "ΔQ ≥ 0 ✓" in panel.badge.text()
    assert colours().error.name() in panel.badge.text()


def test_the_badge_follows_the_theme(panel: ConvergencePanel, qapp: QApplication) -> None:
    show(panel, EMPTY, make_shown())
    light = colours().ok.name()
    apply_theme(qapp, "dark")
    assert colours().ok.name() != light
    assert colours().ok.name() in panel.badge.text()


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("closed form", "closed form"),
        ("bound", "Stopped after 11 iterations: L rose by less than 1e-6 nats per pixel."),
        ("parameters", "the parameters changed by ‖Δθ‖ ≤ 0.01 σ."),
        ("expected likelihood", "Q rose by |ΔQ| ≤ 0.002 nats."),
        ("iteration limit", "limit of 77 iterations"),
        ("stopped", "Stopped by you after 11 iterations"),
        ("assignments", "no pixel changed its component"),
        ("rounding", "rounding would have lowered the likelihood"),
    ],
)
def test_the_reason_for_stopping_is_said_in_words(reason: StopReason, words: str) -> None:
    result = result_of(make_shown(stop_reason=reason))
    settings = FitSettings(parameter_tol=0.01, q_tol=0.002, max_iter=77)
    assert words in stop_sentence(result, settings)


def test_the_engine_s_own_reason_is_shown_with_its_warnings(panel: ConvergencePanel) -> None:
    mixture = FitSettings(n_components=6, n_init=1, max_iter=1, tol=0.0, init="random")
    shown = show(panel, EMPTY, fitted_shown(3, settings=SegmentSettings(mixture=mixture)))
    assert panel.reason.text() == "Not converged: the limit of 1 iteration was reached."
    assert result_of(shown).warnings[0] in panel.reason.toolTip()
    mixture = replace(mixture, n_components=5, tol=1e-3, max_iter=50)
    few = replace(shown, document=replace(shown.document, fit=None))
    fit = fitted_shown(1, 1, 3, settings=SegmentSettings(mixture=mixture))
    show(panel, few, fit)
    assert "K was reduced from 5" in panel.reason.text()


def test_a_growing_run_redraws_the_same_items(panel: ConvergencePanel) -> None:
    shown = make_shown()
    steps = sum(make_runs(shown.table, n_restarts=3), ())  # type: ignore[arg-type]
    old, before = EMPTY, None
    for n in (1, 2, 14, 30, 36):
        old = show(panel, old, running(shown, steps[:n]))
        if n == 30:
            before = list(panel.plot.getPlotItem().items)
    assert panel.plot.getPlotItem().items == before
    assert "restart 3, iteration 11" in panel.reason.text()
    faint = [curve.getData()[1] for curve in panel.plot._faint]
    np.testing.assert_array_equal(faint, [[s.lower_bound for s in steps if s.restart == r] for r in (0, 1)])


def test_the_other_restarts_of_a_fit_are_drawn_though_nobody_watched_it(panel: ConvergencePanel) -> None:
    shown = show(panel, EMPTY, make_shown())
    result = result_of(shown)
    faint = [curve.getData() for curve in panel.plot._faint if curve.isVisible()]
    runs = make_runs(shown.table, n_restarts=3)  # type: ignore[arg-type]
    others = [run for run in runs if run[0].restart != result.best_restart]
    assert len(faint) == len(others) == 2
    for (iterations, bounds), run in zip(faint, others, strict=True):
        np.testing.assert_array_equal(iterations, [step.iteration for step in run])
        np.testing.assert_array_equal(bounds, [step.lower_bound for step in run])
    np.testing.assert_array_equal(panel.plot.bound_curve.getData()[1], [s.lower_bound for s in shown.steps])
    alone = replace(result, restarts=(result.restarts[result.best_restart],), history=tuple(shown.steps[:-1]))
    fit_alone = replace(shown.document.fit, result=alone)  # type: ignore[type-var]
    show(panel, shown, replace(shown, document=replace(shown.document, fit=fit_alone), steps=alone.history))
    assert not any(curve.isVisible() for curve in panel.plot._faint)


def test_showing_states_emits_nothing_and_a_new_fit_forgets_the_selection(panel: ConvergencePanel) -> None:
    shown = show(panel, EMPTY, make_shown())
    panel.select(4)
    heard: list[object] = []
    panel.step_selected.connect(heard.append)
    panel.edit_requested.connect(heard.append)
    show(panel, shown, replace(shown, caption="iteration 4"))
    assert panel.plot.mark_dot.isVisible()
    show(panel, shown, make_shown(4))
    assert heard == []
    assert not panel.plot.mark_dot.isVisible()


def test_the_table_holds_every_iteration_and_can_be_copied(panel: ConvergencePanel, qtbot: QtBot) -> None:
    shown = show(panel, EMPTY, make_shown())
    panel.view_box.setCurrentIndex(1)
    table = panel.steps_table
    assert table.texts.rowCount() == len(shown.steps)
    assert table.texts.rows[3][0:2] == ("3", "coarse")
    assert float(table.texts.rows[3][2]) == pytest.approx(shown.steps[3].lower_bound, abs=1e-6)
    assert table.texts.rows[0][3] == "–"
    table.setFocus()
    QTest.keySequence(table, "Ctrl+C")
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 13
    assert lines[0].split("\t")[:3] == ["Iteration", "Stage", "L / pixel"]
    assert float(lines[12].split("\t")[2]) == pytest.approx(shown.steps[11].lower_bound, abs=1e-6)


@pytest.mark.parametrize("y", [-1e3, 0.0, 1e3])
def test_a_click_beside_the_curve_goes_by_the_iteration_alone(panel: ConvergencePanel, y: float) -> None:
    show(panel, EMPTY, make_shown())
    plot = panel.plot
    assert plot._kept is not None
    for x in (0.4, 1.6, float(plot._kept.iteration[-1]) + 5):
        found = plot.nearest(x, y)
        assert found is not None
        assert abs(plot._kept.iteration[found] - x) == np.abs(plot._kept.iteration - x).min()


def test_a_click_in_the_table_selects_that_iteration(panel: ConvergencePanel, qtbot: QtBot) -> None:
    shown = show(panel, EMPTY, make_shown())
    panel.view_box.setCurrentIndex(1)
    table = panel.steps_table
    centre = table.visualRect(table.texts.index(2, 0)).center()
    with qtbot.waitSignal(panel.step_selected) as heard:
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    assert heard.args is not None
    assert heard.args[0] is shown.steps[2]


def test_moving_the_table_s_row_by_program_is_not_reported(panel: ConvergencePanel) -> None:
    show(panel, EMPTY, make_shown())
    panel.view_box.setCurrentIndex(1)
    table = panel.steps_table
    table.setFocus()
    heard: list[int] = []
    table.row_chosen.connect(heard.append)
    table.go_to(3)
    assert heard == []
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert heard == [4]


def test_the_restarts_are_listed_with_the_best_one_marked(panel: ConvergencePanel) -> None:
    shown = show(panel, EMPTY, make_shown())
    panel.view_box.setCurrentIndex(2)
    rows = panel.restarts_table.texts.rows
    result = result_of(shown)
    assert [row[0] for row in rows] == ["1 ✓", "2", "3"]
    compared = [replace(run, compared_bound=run.lower_bound - 0.5) for run in result.restarts]
    assert [float(row[1]) for row in rows] == pytest.approx([run.compared_bound for run in result.restarts])
    assert [float(row[2]) for row in rows] == pytest.approx([run.lower_bound for run in result.restarts])
    told = words.restart_rows(replace(result, restarts=tuple(compared)))
    assert [float(row[2]) - float(row[1]) for row in told] == pytest.approx([0.5] * 3, abs=2e-6)
    bounds = [run.compared_bound for run in result.restarts]
    assert f"3 restarts, {max(bounds) - min(bounds):.3g} nats apart" in panel.reason.text()
    font = panel.restarts_table.texts.data(panel.restarts_table.texts.index(0, 0), Qt.ItemDataRole.FontRole)
    assert font.bold()


def test_the_range_can_be_the_end_of_the_climb(panel: ConvergencePanel) -> None:
    shown = show(panel, EMPTY, make_shown())
    panel.span_box.setCurrentIndex(1)
    (x_from, _), (y_from, _) = panel.plot.getPlotItem().vb.viewRange()
    bound = [step.lower_bound for step in shown.steps]
    assert y_from > bound[-1] - 0.2 * (bound[-1] - bound[0])
    assert x_from > 4


def test_a_hidden_panel_catches_up_when_it_is_shown(panel: ConvergencePanel) -> None:
    panel.hide()
    show(panel, EMPTY, make_shown())
    assert panel.plot.bound_curve.getData()[1] is None
    panel.show()
    redraw(panel)
    assert len(panel.plot.bound_curve.getData()[1]) == 12


def cells(rows: list[tuple[str, ...]], heading: str) -> list[float]:
    at = words.STEP_HEADINGS.index(heading)
    return [float("nan") if one[at] == "–" else QLocale().toDouble(one[at])[0] for one in rows]


def test_q_and_h_in_the_table_and_the_sentence_are_those_of_the_formulas() -> None:
    """S2 eq. 18, 26 and 27 by scipy: each under its own heading, and each gain with θg fixed."""
    random = np.random.default_rng(5)
    values = np.concatenate([random.normal(0, 1, (60, 2)), random.normal(1.5, 0.7, (40, 2))])
    fitted = fit(values, None, FitSettings(2, n_init=1, tol=1e-9, max_iter=12, accelerate=False))
    run = fitted.history
    figures = curves(run)
    rows = words.step_rows(run, figures)

    def log_joint(params: MixtureParams) -> FloatArray:
        parts = [
            np.log(params.weights[k]) + multivariate_normal(params.means[k], matrix).logpdf(values)
            for k, matrix in enumerate(params.matrices())
        ]
        return np.array(parts)

    def log_posterior(params: MixtureParams) -> FloatArray:
        joint = log_joint(params)
        shares: FloatArray = joint - logsumexp(joint, axis=0)
        return shares

    def q_of(params: MixtureParams, fixed: MixtureParams) -> float:
        return float((np.exp(log_posterior(fixed)) * log_joint(params)).sum() / len(values))

    def h_of(params: MixtureParams, fixed: MixtureParams) -> float:
        return float((np.exp(log_posterior(fixed)) * log_posterior(params)).sum() / len(values))

    thetas = [step.params for step in run]
    np.testing.assert_allclose(cells(rows, "Q / pixel"), [q_of(t, t) for t in thetas], atol=2e-6)
    np.testing.assert_allclose(cells(rows, "H / pixel"), [h_of(t, t) for t in thetas], atol=2e-6)
    pairs = list(itertools.pairwise(thetas))
    gains = [q_of(after, before) - q_of(before, before) for before, after in pairs]
    falls = [h_of(after, before) - h_of(before, before) for before, after in pairs]
    np.testing.assert_allclose(cells(rows, "ΔQ")[1:], gains, rtol=6e-3, atol=1e-9)
    np.testing.assert_allclose(cells(rows, "ΔH")[1:], falls, rtol=6e-3, atol=1e-9)
    sentence = words.step_sentence(run[2], 2, float("nan"))
    assert f"ΔQ\u00a0{words.small(gains[1])}" in sentence
    assert f"ΔH\u00a0{words.small(falls[1])}" in sentence
