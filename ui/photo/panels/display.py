"""The Display panel: the histogram of each channel, what of it is shown, and how large a pixel is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
)

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.display import ChannelDisplay, Display, Histogram, automatic_display, full_display
from gmmseg.drawing.scatter import density_curves, feature_axes, projected
from gmmseg.photo.document import change_display, set_pixel_size
from ui.photo.panels.scatter_rows import mixture_of
from ui.plots.plot import ThemedPlot, faded
from ui.plots.plot_panel import PlotPanel
from ui.theme import SPACING, colours
from ui.widgets.building import in_row, label_of, named
from ui.widgets.empty_hint import EmptyHint

if TYPE_CHECKING:
    from gmmseg.image import Image
    from gmmseg.photo.view_state import ViewState

_RGB_FEATURES = {"red": "R", "green": "G", "blue": "B"}
_LEAST_REACH = 1e-6
"""Of the range shown, as a share of all values: handles must not meet."""


class DisplayPanel(PlotPanel):
    """Handles at the values that are black and white; no fit depends on them."""

    edit_requested = Signal(object)
    settled = Signal()
    """A drag or a choice is over: the next change is an undo step of its own."""
    histograms_requested = Signal(object)
    """An `Image`; the answer goes to `show_histograms`."""

    def __init__(self) -> None:
        super().__init__("display-panel", 30, is_prompt=False)
        self._shown: ViewState | None = None
        self._found: tuple[Image, list[Histogram]] | None = None
        self._asked: Image | None = None
        self._is_in_front = False
        self._curves: list[pg.PlotDataItem] = []
        self._build()

    # Building

    def _build(self) -> None:
        self.plot = ThemedPlot("display-plot", self.tr("Histogram of the values of a channel"))
        self.plot.setToolTip(
            self.tr(
                "How often each value occurs, on a logarithmic scale, in up to half a million pixels. Drag "
                "an edge of the range to what is to be shown as black or white, or its middle to move both."
            )
        )
        item = self.plot.getPlotItem()
        item.setMouseEnabled(x=False, y=False)
        item.setLabel("bottom", self.tr("stored value"))
        item.setLabel("left", self.tr("log₁₀ (1 + pixels)"))
        self.bars = pg.PlotDataItem(stepMode="center", fillLevel=0)
        self.plot.addItem(self.bars)
        self.handles = pg.LinearRegionItem(swapMode="block")
        self.handles.setZValue(20)
        self.handles.sigRegionChanged.connect(self._drag)
        self.handles.sigRegionChangeFinished.connect(self.settled)
        self.plot.addItem(self.handles)
        self.plot.restyled.connect(self._recolour)
        self._recolour()
        hint = EmptyHint(self.tr("Open an image to see how its values are shown."))
        self.lay_out(hint, self._top_row(), self.plot, self._bottom_row(), stretched=self.plot)

    def _top_row(self) -> QHBoxLayout:
        self.channel = named(QComboBox(), "display-channel", spoken=self.tr("Channel"))
        self.channel.currentIndexChanged.connect(self._throttle.ask)
        self.automatic = named(
            QPushButton(self.tr("Auto")),
            "display-auto",
            self.tr("Show the middle 99.8 % of the data: percentiles 0.1 to 99.9; 8 bits as they are"),
        )
        self.automatic.clicked.connect(lambda: self._ask(None, self.tr("Automatic range")))
        self.full = named(
            QPushButton(self.tr("Full")),
            "display-full",
            self.tr("Show from the smallest to the largest value"),
        )
        self.full.clicked.connect(self._ask_full)
        self.mixture = named(
            QCheckBox(self.tr("Mixture")),
            "display-mixture",
            self.tr(
                "Draw the components of the fitted mixture over the histogram, where it is of such values"
            ),
        )
        self.mixture.toggled.connect(self._throttle.ask)
        return in_row(self.channel, self.automatic, self.full, self.mixture, None)

    def _bottom_row(self) -> QHBoxLayout:
        self.gamma = named(
            QDoubleSpinBox(),
            "display-gamma",
            self.tr("Power of the shown share of brightness: below 1 brightens what is dark"),
        )
        self.gamma.setRange(0.1, 10)
        self.gamma.setSingleStep(0.1)
        self.gamma.setKeyboardTracking(False)
        self.gamma.valueChanged.connect(self._choose_gamma)
        self.pixel = named(
            QLineEdit(),
            "display-pixel-size",
            self.tr("Side of a pixel in micrometres, for scale bar and areas; empty for what the file says"),
        )
        self.pixel.setMaximumWidth(12 * SPACING)
        self.pixel.editingFinished.connect(self._choose_pixel_size)
        fields = ((self.tr("&Gamma"), self.gamma), (self.tr("Pi&xel, µm"), self.pixel))
        return in_row(*(part for title, field in fields for part in (label_of(field, title), field)), None)

    # Showing

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Draw what differs."""
        before, self._shown = self._shown, new
        document = new.document
        if before is None or document.image is not before.document.image:
            self._show_channels(document.image)
        if (
            before is None
            or document.pixel_size != before.document.pixel_size
            or (document.image is not before.document.image)
        ):
            self._show_pixel_size()
        self._request()
        self._throttle.ask()

    @Slot(bool)
    def set_in_front(self, is_in_front: bool) -> None:
        """Take note whether somebody can see the panel: only then values are counted."""
        self._is_in_front = is_in_front
        self._request()

    @Slot(object, object)
    def show_histograms(self, image: Image, found: list[Histogram]) -> None:
        """Take histograms that were asked for, unless another image is shown meanwhile."""
        if image is self._image:
            self._found = image, found
            self._throttle.ask()

    @property
    def _image(self) -> Image | None:
        return None if self._shown is None else self._shown.document.image

    def _request(self) -> None:
        image = self._image
        if image is not None and self._is_in_front and image is not self._asked:
            self._asked = image
            self.histograms_requested.emit(image)

    def _show_channels(self, image: Image | None) -> None:
        with QSignalBlocker(self.channel):
            self.channel.clear()
            if image is None:
                return
            if image.n_channels > 1:
                self.channel.addItem(self.tr("All channels"), -1)
            for at, name in enumerate(image.channels):
                self.channel.addItem(name.capitalize(), at)

    def _show_pixel_size(self) -> None:
        shown = self._shown
        typed = None if shown is None else shown.document.typed_pixel_size
        image = self._image
        told = None if image is None else image.pixel_size
        self.pixel.setText("" if typed is None else f"{typed:g}")
        self.pixel.setPlaceholderText(
            self.tr("unknown") if told is None else self.tr("{0} (file)").format(f"{told[0]:.4g}")
        )

    @property
    def _display(self) -> Display | None:
        if self._shown is None or self._image is None:
            return None
        return self._shown.document.display or automatic_display(self._image)

    @property
    def _channels(self) -> list[int]:
        """The channels that are looked at: one, or all."""
        at = self.channel.currentData()
        return list(range(self.channel.count() - 1)) if at == -1 else [0 if at is None else at]

    @Slot()
    def _draw(self) -> None:
        display, found = self._display, self._found
        is_counted = found is not None and found[0] is self._image
        self.show_content(display is not None and is_counted)
        if display is None or found is None or not is_counted:
            return
        edges, counts = self._counted(found[1])
        heights = np.log10(1 + counts)
        self.bars.setData(edges, heights)
        top = max(1.0, float(heights.max(initial=0)))
        channel = display.channels[self._channels[0]]
        low, high = min(float(edges[0]), channel.low), max(float(edges[-1]), channel.high)
        self.plot.setRange(xRange=(low, high), yRange=(0, 1.05 * top), padding=0.03)
        with QSignalBlocker(self.handles), QSignalBlocker(self.gamma):
            self.handles.setRegion((channel.low, channel.high))
            self.gamma.setValue(channel.gamma)
        self._draw_mixture(edges, counts)

    def _counted(self, found: list[Histogram]) -> Histogram:
        """Return the histogram of the channels looked at, which is counted anew over common edges for all."""
        chosen = [found[at] for at in self._channels]
        if len(chosen) == 1:
            return chosen[0]
        low, high = min(edges[0] for edges, _ in chosen), max(edges[-1] for edges, _ in chosen)
        edges = np.linspace(low, high, max(len(counts) for _, counts in chosen) + 1)
        total = np.zeros(len(edges) - 1, dtype=np.int64)
        for own, counts in chosen:
            total += np.histogram((own[:-1] + own[1:]) / 2, edges, weights=counts)[0].astype(np.int64)
        return edges, total

    def _draw_mixture(self, edges: FloatArray, counts: IntArray) -> None:
        """Draw each component's share of the counts, where the mixture has the channel as a feature."""
        for curve in self._curves:
            self.plot.removeItem(curve)
        self._curves = []
        shown, image = self._shown, self._image
        if shown is None or image is None or shown.table is None:
            return
        mixture = mixture_of(shown)
        name = "" if len(self._channels) > 1 else image.channels[self._channels[0]]
        axes = [axis for axis in feature_axes(shown.table) if axis.name == _RGB_FEATURES.get(name, name)]
        is_there = mixture is not None and bool(axes)
        self.mixture.setEnabled(is_there)
        if not is_there or mixture is None or not self.mixture.isChecked():
            return
        params, classes = mixture
        middles = (edges[:-1] + edges[1:]) / 2
        expected = density_curves(projected(params, axes), middles) * counts.sum() * np.diff(edges)
        for k, heights in enumerate(expected):
            red, green, blue = classes.of_component(k).colour
            curve = pg.PlotDataItem(middles, np.log10(1 + heights), pen=pg.mkPen(red, green, blue, width=2))
            curve.setZValue(10)
            self._curves.append(curve)
            self.plot.addItem(curve)

    @Slot()
    def _recolour(self) -> None:
        tint = colours()
        self.bars.setPen(None)
        self.bars.setBrush(faded(tint.muted, 0.6))
        self.handles.setBrush(faded(tint.accent, 0.12))
        self.handles.setHoverBrush(faded(tint.accent, 0.2))
        for line in self.handles.lines:
            line.setPen(pg.mkPen(QColor(tint.accent), width=2))
            line.setCursor(Qt.CursorShape.SizeHorCursor)

    # Asking

    @Slot()
    def _drag(self) -> None:
        low, high = self.handles.getRegion()
        span = self.bars.xData
        reach = _LEAST_REACH * float(span[-1] - span[0]) if span is not None and len(span) else _LEAST_REACH
        self._change(low=float(low), high=max(float(high), float(low) + reach))

    @Slot(float)
    def _choose_gamma(self, gamma: float) -> None:
        self._change(gamma=gamma)
        self.settled.emit()

    def _change(self, **values: float) -> None:
        """Ask for other values of the channels looked at."""
        display = self._display
        if display is None:
            return
        channels: list[ChannelDisplay] = list(display.channels)
        for at in self._channels:
            channels[at] = replace(channels[at], **values)
        self._ask(Display(tuple(channels)), self.tr("Display"), is_settled=False)

    def _ask(self, display: Display | None, title: str, *, is_settled: bool = True) -> None:
        self.edit_requested.emit(change_display(display, title))
        if is_settled:
            self.settled.emit()

    @Slot()
    def _ask_full(self) -> None:
        if self._image is not None:
            self._ask(full_display(self._image), self.tr("Full range"))

    @Slot()
    def _choose_pixel_size(self) -> None:
        text = self.pixel.text().strip().replace(",", ".")
        typed = None if self._shown is None else self._shown.document.typed_pixel_size
        try:
            size = float(text) if text else None
        except ValueError:
            size = typed
        if size is not None and not 0 < size < 1e9:
            size = typed
        if size != typed:
            self.edit_requested.emit(set_pixel_size(size))
            self.settled.emit()
        self._show_pixel_size()
