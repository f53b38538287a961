"""The K curve panel: what the criteria say about each number of components that was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QPushButton,
)

from gmmseg.arrays import FloatArray
from gmmseg.editing.editor import Edit
from gmmseg.mixture.selection import DEFAULT_RANGE, Candidate
from gmmseg.mixture.settings import MAX_COMPONENTS
from gmmseg.photo.document import Document, change_setting
from ui.plots.plot import ThemedPlot, faded
from ui.plots.plot_panel import PlotPanel
from ui.theme import SPACING, colours
from ui.widgets.building import in_row, named, remark
from ui.widgets.empty_hint import EmptyHint

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState

CURVES = (
    (
        "bic", "&BIC",
        "How well K components explain the pixels, with a price for each parameter: lower is better.\n"
        "−2 L + p ln n, with n pixels and p free parameters",
    ),
    (
        "icl", "&ICL",
        "As BIC, and components shall be well apart: lower is better.\nBIC + 2 Ent",
    ),
    (
        "aic", "&AIC",
        "As BIC at a smaller price, so that it allows the most components: lower is better.\n−2 L + 2 p",
    ),
    (
        "held_out", "&Held out",
        "How well K components explain pixels that they were not fitted to: lower is better. Each K "
        "is fitted five times more, to four fifths of the pixels.\n−2 L of the pixels held out",
    ),
    (
        "entropy", "E&ntropy",
        "How unsure it is which component a pixel is of, on the right axis: look for the elbow.\n"
        "Ent = −Σ γ ln γ, the entropy of the posteriors",
    ),
)  # fmt: skip


def ask_for_components(n_components: int) -> Edit[Document]:
    """Return the edit that sets K by hand: the automatic choice is switched off with it."""
    by_hand = change_setting("auto", None, "")
    wanted = change_setting("mixture.n_components", n_components, "")

    def apply(document: Document) -> Document:
        return wanted.apply(by_hand.apply(document))

    return Edit(f"{n_components} components", apply)


class KCurvePanel(PlotPanel):
    """Draws the criteria over K; a click on a point asks for that K."""

    edit_requested = Signal(object)
    compare_requested = Signal(int, bool)
    """All K up to this one are to be tried; whether also on pixels held out."""

    def __init__(self) -> None:
        super().__init__("k-curve-panel", theory="how-many")
        self._shown: ViewState | None = None
        self._candidates: tuple[Candidate, ...] = ()
        self._chosen = 0
        self._build()
        self.plot.restyled.connect(self._recolour)
        self._recolour()

    def _build(self) -> None:
        self.plot = ThemedPlot("k-curve-plot", self.tr("Selection criteria by number of components"))
        self.plot.setToolTip(
            self.tr(
                "Each K was fitted; lower is better. The ring is a curve's lowest point, the dashed line "
                "the K in use. Click a point, or use Left and Right, to take that K."
            )
        )
        self.plot.clicked.connect(self._click)
        item = self.plot.getPlotItem()
        item.setLabel("bottom", "K")
        item.setLabel("left", self.tr("criterion per pixel"))
        self.entropy_view = pg.ViewBox(enableMenu=False, enableMouse=False)
        item.scene().addItem(self.entropy_view)
        item.getAxis("right").linkToView(self.entropy_view)
        self.entropy_view.setXLink(item.vb)
        item.vb.sigResized.connect(self._place_entropy_view)
        self.chosen_line = pg.InfiniteLine(angle=90)
        item.addItem(self.chosen_line, ignoreBounds=True)
        self.best_marks = pg.ScatterPlotItem(size=13)
        item.addItem(self.best_marks, ignoreBounds=True)
        self.curves: dict[str, pg.PlotDataItem] = {}
        self.boxes: dict[str, QCheckBox] = {}
        for name, title, tip in CURVES:
            self.curves[name] = pg.PlotDataItem(symbol="o", symbolSize=6)
            (self.entropy_view if name == "entropy" else item).addItem(self.curves[name])
            # Criteria that nearly agree: the first of them lies on top.
            self.curves[name].setZValue(len(CURVES) - len(self.curves))
            self.boxes[name] = named(QCheckBox(title), f"k-curve-{name}", self.tr(tip))
            self.boxes[name].setChecked(name not in ("held_out", "entropy"))
            self.boxes[name].toggled.connect(self._draw)
        self.boxes["held_out"].toggled.connect(self._hold_out)
        self.warning = remark("k-curve-warning")
        self.hint = EmptyHint(
            self.tr("How many components? Try several and compare their criteria here."),
            self.tr("&Compare K = 1…10"),
        )
        self.hint.requested.connect(lambda: self._compare(DEFAULT_RANGE[-1]))
        tip = self.tr("Try more components; the segmentation stays as it is")
        self.more_button = named(QPushButton(), "k-curve-more", tip)
        self.more_button.clicked.connect(lambda: self._compare(self._next_most()))
        bottom = in_row(self.warning, self.more_button, stretched=self.warning, spacing=SPACING)
        bottom.setAlignment(self.more_button, Qt.AlignmentFlag.AlignBottom)
        self.lay_out(self.hint, in_row(*self.boxes.values(), None), self.plot, bottom, stretched=self.plot)

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Draw what differs."""
        before, self._shown = self._shown, new
        self.hint.button.setEnabled(new.document.image is not None)
        if before is None or before.candidates is not new.candidates or before.document is not new.document:
            self._throttle.ask()

    @Slot()
    def _draw(self) -> None:
        candidates = self._shown.candidates if self._shown is not None else ()
        self.show_content(bool(candidates))
        self._candidates = tuple(sorted(candidates, key=lambda candidate: candidate.n_components))
        if self._shown is None or not candidates:
            return
        document = self._shown.document
        is_auto = document.settings.auto is not None and document.fit is not None
        self._chosen = document.settings.mixture.n_components
        if is_auto and document.fit is not None:
            self._chosen = document.fit.result.params.n_components
        self.chosen_line.setValue(self._chosen)
        counts = [candidate.n_components for candidate in self._candidates]
        values_of = {name: self._per_pixel(name, document) for name in self.curves}
        shown, best = [], []
        for name, curve in self.curves.items():
            is_on = self.boxes[name].isChecked()
            curve.setVisible(is_on)
            values = values_of[name]
            curve.setData(counts, values)
            if is_on and name != "entropy" and np.isfinite(values).any():
                shown.append(values)
                at = int(np.nanargmin(values))
                best.append({"pos": (counts[at], values[at])})
        self.best_marks.setData(best)
        self._draw_ranges(counts, shown)
        self._say_edges(counts, values_of)

    def _per_pixel(self, name: str, document: Document) -> FloatArray:
        """Return a criterion of each K, nats a pixel; NaN where it is not known."""
        if name == "held_out":
            return np.array(
                [-2 * (np.nan if one.held_out is None else one.held_out) for one in self._candidates]
            )
        total = self._n_pixels(document)
        return np.array([getattr(candidate, name) for candidate in self._candidates]) / total

    def _compare(self, most: int) -> None:
        self.compare_requested.emit(most, self.boxes["held_out"].isChecked())

    @Slot(bool)
    def _hold_out(self, is_wanted: bool) -> None:
        """Request the held-out likelihood of every K that was tried, once that curve is switched on."""
        if is_wanted and any(candidate.held_out is None for candidate in self._candidates):
            self._compare(max(candidate.n_components for candidate in self._candidates))

    def _next_most(self) -> int:
        """Return up to which K to try next: all that are usual, then as many again."""
        tried = max((candidate.n_components for candidate in self._candidates), default=0)
        usual = DEFAULT_RANGE[-1]
        return usual if tried < usual else min(2 * tried, MAX_COMPONENTS)

    def _say_edges(self, counts: list[int], values_of: dict[str, FloatArray]) -> None:
        """Say which criteria are lowest at the largest K: their minimum may lie beyond."""
        at_edge = [
            title.replace("&", "")
            for name, title, _ in CURVES
            if name != "entropy"
            and self.boxes[name].isChecked()
            and len(counts) > 1
            and np.isfinite(values_of[name][-1])
            and values_of[name][-1] <= np.nanmin(values_of[name])
        ]
        words = [self.tr("Neighbouring pixels are not independent, so BIC favours large K; ICL is stricter.")]
        if at_edge:
            words.insert(
                0,
                self.tr("Lowest at K = {0}, the largest tried: {1}. More may be better still.").format(
                    counts[-1], ", ".join(at_edge)
                ),
            )
        self.warning.setText(" ".join(words))
        most = self._next_most()
        self.more_button.setText(self.tr("&Compare up to {0}").format(most))
        self.more_button.setVisible(most > counts[-1])

    def _n_pixels(self, document: Document) -> float:
        """Return what sums are divided by, so that the figures compare with the convergence plot's."""
        if document.image is None:
            return 1.0
        mask = document.image.mask
        held = document.image.height * document.image.width if mask is None else int(mask.sum())
        return float(max(held, 1))

    def _draw_ranges(self, counts: list[int], shown: list[FloatArray]) -> None:
        item = self.plot.getPlotItem()
        ticks = [(count, str(count)) for count in counts if len(counts) <= 12 or count % 5 == 0]
        item.getAxis("bottom").setTicks([ticks])
        view = item.vb
        view.setXRange(min(*counts, self._chosen), max(*counts, self._chosen, counts[0] + 1), padding=0.05)
        if shown:
            low, high = min(map(np.nanmin, shown)), max(map(np.nanmax, shown))
            view.setYRange(low, max(high, low + 1e-9 * max(1.0, abs(low))), padding=0.08)
        has_entropy = self.boxes["entropy"].isChecked()
        item.showAxis("right", has_entropy)
        if has_entropy:
            item.setLabel("right", self.tr("Ent per pixel"))
            top = float(self.curves["entropy"].getData()[1].max())
            self.entropy_view.setYRange(0, max(top, 1e-9), padding=0.08)

    @Slot()
    def _place_entropy_view(self) -> None:
        self.entropy_view.setGeometry(self.plot.getPlotItem().vb.sceneBoundingRect())

    @Slot(float, float)
    def _click(self, x: float, _y: float) -> None:
        counts = [candidate.n_components for candidate in self._candidates]
        if counts:
            self._ask(min(counts, key=lambda count: abs(count - x)))

    def _ask(self, n_components: int) -> None:
        if n_components != self._chosen:
            self.edit_requested.emit(ask_for_components(n_components))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        counts = [candidate.n_components for candidate in self._candidates]
        after = [count for count in counts if count > self._chosen]
        before = [count for count in counts if count < self._chosen]
        if event.key() == Qt.Key.Key_Right and after:
            self._ask(after[0])
        elif event.key() == Qt.Key.Key_Left and before:
            self._ask(before[-1])
        else:
            super().keyPressEvent(event)

    @Slot()
    def _recolour(self) -> None:
        tint = colours()
        shades = {
            "bic": tint.accent, "icl": tint.warning, "aic": tint.ok, "held_out": tint.error,
            "entropy": tint.muted,
        }  # fmt: skip
        styles = {"bic": Qt.PenStyle.SolidLine, "icl": Qt.PenStyle.DashLine, "aic": Qt.PenStyle.DashDotLine}
        for name, curve in self.curves.items():
            style = styles.get(name, Qt.PenStyle.DotLine)
            curve.setPen(pg.mkPen(shades[name], width=2, style=style))
            curve.setSymbolBrush(shades[name])
            curve.setSymbolPen(None)
            palette = self.boxes[name].palette()
            palette.setColor(palette.ColorRole.WindowText, shades[name])
            self.boxes[name].setPalette(palette)
        self.chosen_line.setPen(pg.mkPen(faded(tint.text, 0.7), width=1, style=Qt.PenStyle.DashLine))
        self.best_marks.setPen(pg.mkPen(tint.text, width=2))
        self.best_marks.setBrush(None)
