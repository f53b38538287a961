"""The convergence panel: how the log-likelihood rose, whether it ever fell, and why the fit stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QWidget,
)

from gmmseg.drawing.convergence import Curves, Run, bounds_by_iteration, curves, is_same_step, runs_by_restart
from gmmseg.mixture.params import FitResult
from ui.photo.widgets import step_words as words
from ui.photo.widgets.walk_bar import WalkBar
from ui.plots.monotone_badge import MonotoneBadge
from ui.plots.plot_panel import PlotPanel
from ui.plots.step_plot import Span, StepPlot
from ui.theme import SPACING
from ui.widgets.building import in_column, in_row, named, remark
from ui.widgets.controls import ElidingCombo
from ui.widgets.empty_hint import EmptyHint
from ui.widgets.text_table import TextTable
from ui.widgets.throttle import SOON_MS, Throttle

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState


class ConvergencePanel(PlotPanel):
    """Shows the steps of the run in progress, else of the document's fit; asks for no edits."""

    edit_requested = Signal(object)
    step_selected = Signal(object)
    """The `FitStep` whose maps are wanted, or None for the final ones."""

    def __init__(self) -> None:
        super().__init__("convergence-panel", SOON_MS, is_prompt=False, theory="rise")
        self._shown: ViewState | None = None
        self._run: Run = ()
        self._figures: Curves | None = None
        self._selected: int | None = None
        # Not in the same turn of the event loop as the plot.
        self._paced_words = Throttle(self, 60, is_prompt=False)
        self._paced_words.due.connect(self._draw_words)
        self._build()
        self._draw()

    def _build(self) -> None:
        self.plot = StepPlot()
        self.plot.setToolTip(
            self.tr(
                "How well the mixture explains the pixels, iteration by iteration: higher is better. The "
                "kept run is accented, other restarts are faint.\n"
                "Log-likelihood per pixel in nats; it may be positive: densities may exceed 1.\n"
                "Click a point, or use Left and Right or the full stop, to see that iteration's "
                "segmentation; Esc returns to the newest. Double click shows the whole climb."
            )
        )
        self.plot.clicked.connect(self._click)
        self.plot.double_clicked.connect(self._show_all)
        self.steps_table = TextTable("convergence-table", words.STEP_HEADINGS, words.STEP_TIPS)
        self.steps_table.setAccessibleName(self.tr("Iterations as a table"))
        self.steps_table.row_chosen.connect(self.select)
        self.restarts_table = TextTable("restarts-table", words.RESTART_HEADINGS, words.RESTART_TIPS)
        self.restarts_table.setAccessibleName(self.tr("Restarts"))
        self.views = QStackedWidget()
        for page in (self._plot_page(), self.steps_table, self.restarts_table):
            self.views.addWidget(page)
        self.hint = EmptyHint(self.tr("Run a fit to watch its log-likelihood climb, iteration by iteration."))
        self.walk = WalkBar()
        self.lay_out(
            self.hint, self._top_row(), self.views, self.walk, self._bottom_row(), stretched=self.views
        )

    def _plot_page(self) -> QWidget:
        page = QWidget()
        in_column(self.plot.legend, self.plot, of=page, stretched=self.plot, spacing=SPACING // 4)
        return page

    def _top_row(self) -> QHBoxLayout:
        self.view_box = named(
            ElidingCombo(),
            "convergence-view",
            self.tr("The curves, all iterations as a table, or the restarts"),
            self.tr("View"),
        )
        self.view_box.addItems([self.tr("Plot"), self.tr("Table"), self.tr("Restarts")])
        self.view_box.currentIndexChanged.connect(self._show_view)
        self.q_box = named(
            QCheckBox("&Q"),
            "convergence-q",
            self.tr(
                "What each step of EM raises for the posteriors of the moment. The curve need not rise.\n"
                "Q(θg, θg) per pixel; L = Q − H"
            ),
        )
        self.h_box = named(
            QCheckBox("&H"),
            "convergence-h",
            self.tr(
                "How sure it is which component a pixel is of, on the right axis.\n"
                "H(θg, θg) per pixel: minus the mean entropy of the posteriors. H falls only within one "
                "step, with θg fixed; from iteration to iteration it may rise."
            ),
        )
        self.nll_box = named(
            QCheckBox("N&LL"),
            "convergence-nll",
            self.tr("Draw the curve upside down: the negative log-likelihood, −L, falls"),
        )
        self.span_box = named(
            ElidingCombo(), "convergence-span", self.tr("How much of the climb is in view"), self.tr("Range")
        )
        for span, title in (("all", "All"), ("10", "Last 10 %"), ("1", "Last 1 %")):
            self.span_box.addItem(self.tr(title), span)
        self.span_box.currentIndexChanged.connect(self._change_options)
        for box in (self.q_box, self.h_box, self.nll_box):
            box.toggled.connect(self._change_options)
        for combo in (self.view_box, self.span_box):
            combo.setMinimumContentsLength(4)
            combo.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._plot_options = [self.span_box, self.q_box, self.h_box, self.nll_box]
        return in_row(self.view_box, *self._plot_options, None)

    def _bottom_row(self) -> QHBoxLayout:
        self.badge = MonotoneBadge()
        self.reason = remark("stop-reason")
        # Room for two lines: the plot above would be resized, and drawn anew, whenever the text wraps.
        self.reason.setMinimumHeight(2 * self.reason.fontMetrics().lineSpacing())
        self.reason.setAlignment(Qt.AlignmentFlag.AlignTop)
        tip = self.tr("Return to the newest parameters (Esc)")
        self.latest_button = named(QPushButton(self.tr("La&test")), "latest-step", tip)
        self.latest_button.clicked.connect(self.select_latest)
        text = in_column(self.badge, self.reason, spacing=2)
        bottom = in_row(text, self.latest_button, stretched=text, spacing=SPACING)
        bottom.setAlignment(self.latest_button, Qt.AlignmentFlag.AlignBottom)
        return bottom

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Draw what differs; while a run reports faster than the eye sees, its newest state now and then."""
        before, self._shown = self._shown, new
        if before is None or new.steps is not before.steps or new.document.fit is not before.document.fit:
            self._throttle.ask()
        if before is None or new.walk is not before.walk:
            self.walk.show_walk(new.walk)
            self._paced_words.ask()

    @Slot()
    def _draw(self) -> None:
        steps = self._shown.steps if self._shown is not None else ()
        self.show_content(bool(steps))
        if self._shown is None or not steps:
            self._run, self._figures = (), None
            return
        result = self._result()
        newest = runs_by_restart(steps)
        kept = steps[-1].restart if result is None else result.best_restart
        run = newest[kept]
        is_continued = bool(self._run) and len(run) >= len(self._run) and is_same_step(run[0], self._run[0])
        if not is_continued:
            self._selected = None
        self._run, self._figures = run, curves(run)
        if result is None:
            others = [bounds_by_iteration(other) for restart, other in newest.items() if restart != kept]
        else:
            # Projects of before have no bounds.
            ended = [each for each in result.restarts if each.index != kept and each.bounds]
            others = [np.array(each.bounds) for each in ended]
        self.plot.set_runs(self._figures, others, is_growing=result is None)
        self.plot.mark(self._selected)
        self._draw_tables(result)
        if result is None:
            self._paced_words.ask()
        else:
            self._draw_words()

    def _result(self) -> FitResult | None:
        """Return the finished fit that the shown steps belong to; None while a run is in progress."""
        if self._shown is None or self._shown.document.fit is None:
            return None
        result = self._shown.document.fit.result
        return result if result.history is self._shown.steps else None

    def _draw_tables(self, result: FitResult | None) -> None:
        if self._figures is not None and self.views.currentWidget() is self.steps_table:
            self.steps_table.texts.set_rows(words.step_rows(self._run, self._figures))
            self.steps_table.go_to(self._selected)
        if self.views.currentWidget() is self.restarts_table:
            if result is not None:
                self.restarts_table.texts.set_rows(words.restart_rows(result), _best_row(result))
            else:
                self.restarts_table.texts.set_rows([])

    @Slot()
    def _draw_words(self) -> None:
        result = self._result()
        self.badge.show_run(self._run, self._figures)
        self.latest_button.setVisible(self._selected is not None)
        if self._shown is None or self._figures is None:
            return
        document = self._shown.document
        self.reason.setToolTip(words.stop_rules(document.settings.mixture))
        walk = self._shown.walk
        if self._selected is None and walk is not None:
            text = words.walk_sentence(walk)
        elif self._selected is not None:
            at, bound = self._selected, self._figures.bound
            rise = float(bound[at] - bound[at - 1]) if at else float("nan")
            text = words.step_sentence(self._run[at], int(self._figures.iteration[at]), rise)
        elif result is not None and document.fit is not None:
            settings = document.fit.settings.mixture
            self.reason.setToolTip("\n".join([words.stop_rules(settings), *result.warnings]))
            # A fit that did not converge says so again in its warnings.
            facts = result.warnings if result.converged else ()
            text = " ".join(
                filter(None, [words.stop_sentence(result, settings), words.spread_sentence(result), *facts])
            )
        else:
            newest = self._run[-1]
            text = self.tr("Fitting: restart {}, iteration {}, L {} nats per pixel").format(
                newest.restart + 1, self._figures.iteration[-1], words.number(newest.lower_bound, 4)
            )
        self.reason.setText(text)

    @Slot(int)
    def _show_view(self, index: int) -> None:
        self.views.setCurrentIndex(index)
        for widget in self._plot_options:
            widget.setVisible(index == 0)
        self._draw_tables(self._result())

    @Slot()
    def _change_options(self) -> None:
        self.plot.set_options(
            replace(
                self.plot.options,
                has_q=self.q_box.isChecked(),
                has_h=self.h_box.isChecked(),
                is_negative=self.nll_box.isChecked(),
                span=cast(Span, self.span_box.currentData()),
            )
        )

    @Slot(float, float)
    def _show_all(self, _x: float, _y: float) -> None:
        with QSignalBlocker(self.span_box):
            self.span_box.setCurrentIndex(0)
        self._change_options()

    @Slot(float, float)
    def _click(self, x: float, y: float) -> None:
        self.select(self.plot.nearest(x, y))

    @Slot(int)
    def select(self, index: int | None) -> None:
        """Select a step of the kept run, as a click on it does; None for the newest parameters."""
        self._throttle.catch_up()
        if index == self._selected or not self._run:
            return
        self._selected = index
        self.plot.mark(index)
        self.steps_table.go_to(index)
        self._draw_words()
        self.step_selected.emit(None if index is None else self._run[index])

    def select_by(self, offset: int) -> None:
        """Select the step `offset` after the selected one, counting from the end where none is."""
        self._throttle.catch_up()
        if self._run:
            start = len(self._run) - 1 if self._selected is None else self._selected
            self.select(min(max(start + offset, 0), len(self._run) - 1))

    @Slot()
    def select_latest(self) -> None:
        """Return to the newest parameters."""
        self.select(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        offsets = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Period: 1}
        key = Qt.Key(event.key())
        if key in offsets:
            self.select_by(offsets[key])
        elif key == Qt.Key.Key_Home:
            self.select(0)
        elif key == Qt.Key.Key_Escape and self._selected is not None:
            self.select_latest()
        else:
            super().keyPressEvent(event)


def _best_row(result: FitResult) -> int | None:
    indices = [run.index for run in result.restarts]
    return indices.index(result.best_restart) if result.best_restart in indices else None
