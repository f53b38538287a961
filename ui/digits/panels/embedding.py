"""The scatter of the digits desk: images in two coordinates, and the digit under the pointer."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QLocale, QObject, QPointF, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget
from skimage.measure import points_in_poly

from gmmseg.arrays import ByteArray, FloatArray, IntArray
from gmmseg.colours import class_colour
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.digits.view_state import ViewState
from gmmseg.drawing.scatter import ComponentCurve, ellipse, usual_bounds
from ui.digits.panels.requests import MomentsRequest
from ui.digits.panels.words import facts
from ui.digits.widgets.card import Card
from ui.plots.plot_panel import PlotPanel
from ui.plots.scatter_plot import ScatterPlot, shown_bounds
from ui.widgets.building import in_row, label_of, named
from ui.widgets.empty_hint import EmptyHint

MOST_DRAWN = 30_000
"""Points that are drawn, a random part of more; all of them are marked by a drag."""
_REACH = 12
"""Largest distance of the pointer from a digit that it is at, device-independent pixels."""


class EmbeddingPanel(PlotPanel):
    """Shows the outcome's embedding in cluster colours; asks for the moments its ellipses are drawn from."""

    moments_requested = Signal(object)
    """A `MomentsRequest`; the answer goes to `show_moments`."""
    digit_hovered = Signal(object)
    """Index of the digit under the pointer, or None."""
    rows_chosen = Signal(object, object)
    """(what they are, their indices): digits in a marked area."""

    def __init__(self) -> None:
        super().__init__("digit-embedding")
        self._shown = ViewState()
        self._outcome: ExperimentOutcome | None = None
        self._full = 255
        """The level that is shown as full ink."""
        self._rows: IntArray = np.empty(0, dtype=np.int64)
        self._points: tuple[FloatArray, FloatArray] = (np.empty(0), np.empty(0))
        self._moments: tuple[FloatArray, FloatArray] | None = None
        self._asked: MomentsRequest | None = None
        self._hovered: int | None = None
        self._build()

    def _build(self) -> None:
        self.plot = ScatterPlot()
        self.plot.setObjectName("digit-scatter")
        self.plot.setAccessibleName(self.tr("Digits in two coordinates with the ellipses of the clusters"))
        self.plot.setToolTip(
            self.tr(
                "Each point is a digit, in the colour of its cluster. A 2σ ellipse follows the mean and "
                "covariance of the cluster's fitted digits in these two coordinates.\n"
                "Point at a digit to see it; drag to look at all digits in an area, with Shift a lasso. The "
                "wheel zooms, the middle button pans; a double click shows all, also what lies far out."
            )
        )
        self.plot.double_clicked.connect(self._show_all)
        self.plot.clicked.connect(self._unmark)
        self.plot.view.brushed.connect(self._brush)
        self.plot.viewport().installEventFilter(self)
        self.plot.viewport().setMouseTracking(True)
        self.card = Card(self.plot)
        self.plot.restyled.connect(self._hide_card)
        self.hint = EmptyHint(self.tr("Digits appear here as points once they have been clustered."))
        self.note = named(QLabel(), "scatter-note")
        self.note.setForegroundRole(self.note.palette().ColorRole.PlaceholderText)
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.lay_out(self.hint, self._axis_row(), self.plot, stretched=self.plot)

    def _axis_row(self) -> QHBoxLayout:
        parts: list[QWidget] = []
        self.axis_boxes: dict[str, QComboBox] = {}
        for name in ("x", "y"):
            tip = self.tr("What runs along {}").format(name)
            spoken = self.tr("Coordinate along {}").format(name)
            box = named(QComboBox(), f"digit-scatter-{name}", tip, spoken)
            box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            box.setMaximumWidth(150)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.currentIndexChanged.connect(self._change_axes)
            label = label_of(box, f"&{name}")
            label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
            parts += [label, box]
            self.axis_boxes[name] = box
        return in_row(*parts, self.note, stretched=self.note)

    # Showing

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Draw what differs, as soon as somebody looks."""
        before, self._shown = self._shown, new
        if new.document.outcome is not before.document.outcome:
            self._throttle.ask()

    @Slot(object, object)
    def show_moments(self, request: MomentsRequest, answer: tuple[FloatArray, FloatArray]) -> None:
        """Draw the ellipses, unless another outcome is shown meanwhile."""
        if request is self._asked:
            self._moments = answer
            self._draw_ellipses()

    @Slot(object)
    def mark_digit(self, index: int | None) -> None:
        """Mark a digit pointed at elsewhere, or none."""
        outcome = self._outcome
        if outcome is None or index is None or index >= len(outcome.embedding):
            self.plot.mark(None, None)
            return
        x, y = self._axes()
        self.plot.mark(float(outcome.embedding[index, x]), float(outcome.embedding[index, y]))

    def _axes(self) -> tuple[int, int]:
        return max(self.axis_boxes["x"].currentIndex(), 0), max(self.axis_boxes["y"].currentIndex(), 0)

    @Slot()
    def _draw(self) -> None:
        outcome = self._shown.document.outcome
        self.show_content(outcome is not None)
        if outcome is self._outcome:
            return
        self._outcome, self._moments = outcome, None
        self._full = 255 if outcome is None else outcome.digits.brightest
        self._show_card(None)
        if outcome is None:
            return
        self._offer_axes(outcome)
        n_images = len(outcome.embedding)
        self._rows = np.random.default_rng(0).permutation(n_images)[:MOST_DRAWN]
        is_part = n_images > MOST_DRAWN
        self.note.setText(self.tr("random part") if is_part else "")
        drawn = self.tr("A random {0} of the {1} digits are drawn; a drag marks all of them.")
        locale = QLocale()
        counts = [locale.toString(count) for count in (MOST_DRAWN, n_images)]
        self.note.setToolTip(drawn.format(*counts) if is_part else "")
        self._draw_points(rescale=True)
        self._asked = MomentsRequest(outcome)
        self.moments_requested.emit(self._asked)

    def _offer_axes(self, outcome: ExperimentOutcome) -> None:
        names = list(outcome.embedding_names)
        boxes = self.axis_boxes
        if [boxes["x"].itemText(at) for at in range(boxes["x"].count())] == names:
            return
        # The first spectral coordinate tells nearly the same of every image.
        first = 1 if outcome.eigenvalues is not None and len(names) > 2 else 0
        for at, box in enumerate(boxes.values(), start=first):
            with QSignalBlocker(box):
                box.clear()
                box.addItems(names)
                box.setCurrentIndex(min(at, len(names) - 1))

    def _draw_points(self, *, rescale: bool, wants_all: bool = False) -> None:
        outcome = self._outcome
        if outcome is None:
            return
        x_axis, y_axis = self._axes()
        x = outcome.embedding[self._rows, x_axis].astype(np.float64)
        y = outcome.embedding[self._rows, y_axis].astype(np.float64)
        self._points = (x, y)
        if rescale:
            names = outcome.embedding_names
            clusters = outcome.clusters[self._rows].astype(np.int64)
            bounds = shown_bounds(x, y) if wants_all else usual_bounds(x, y, clusters)
            self.plot.set_axes(names[x_axis], names[y_axis], bounds)
        tints: ByteArray = np.array(
            [(*class_colour(cluster), 255) for cluster in range(outcome.n_clusters)], dtype=np.uint8
        )
        self.plot.show_points(x, y, tints[outcome.clusters[self._rows]])
        self._draw_ellipses()

    def _draw_ellipses(self) -> None:
        drawn = []
        if self._moments is not None:
            means, covariances = self._moments
            axes = list(self._axes())
            for cluster in range(len(means)):
                mean = means[cluster][axes]
                if not np.isfinite(mean).all():
                    continue
                curve = ellipse(mean, covariances[cluster][np.ix_(axes, axes)])
                where = (float(mean[0]), float(mean[1]))
                drawn.append(
                    ComponentCurve(cluster + 1, class_colour(cluster), curve[:, 0], curve[:, 1], where)
                )
        self.plot.show_components(drawn)

    @Slot()
    def _change_axes(self) -> None:
        self._unmark()
        self._show_card(None)
        self._draw_points(rescale=True)

    @Slot()
    def _show_all(self) -> None:
        self._draw_points(rescale=True, wants_all=True)

    # The pointer

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.plot.viewport():
            if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
                self._point_at(event.position(), is_pressed=bool(event.buttons()))
            elif event.type() == QEvent.Type.Leave:
                self._show_card(None)
        return False

    def _point_at(self, at: QPointF, *, is_pressed: bool) -> None:
        x, y = self._points
        if is_pressed or not len(x):
            self._show_card(None)
            return
        scene = self.plot.mapToScene(at.toPoint())
        place = self.plot.view.mapSceneToView(scene)
        width, height = self.plot.view.viewPixelSize()
        distance = ((x - place.x()) / width) ** 2 + ((y - place.y()) / height) ** 2
        nearest = int(distance.argmin())
        self._show_card(int(self._rows[nearest]) if distance[nearest] <= _REACH**2 else None)
        self.card.place_away_from(round(at.x()), round(at.y()))

    @Slot()
    def _hide_card(self) -> None:
        self._show_card(None)

    def _show_card(self, index: int | None) -> None:
        outcome = self._outcome
        if index is None or outcome is None:
            self.card.hide()
            self.plot.mark(None, None)
        elif index != self._hovered or self.card.isHidden():
            name = self._shown.document.name_of(int(outcome.clusters[index]))
            pixels = outcome.digits.images[index]
            self.card.show_digit(pixels, facts(outcome, index, name), self._full)
            self.mark_digit(index)
        if index != self._hovered:
            self._hovered = index
            self.digit_hovered.emit(index)

    @Slot(object)
    def _brush(self, corners: FloatArray) -> None:
        outcome = self._outcome
        if outcome is None:
            return
        x_axis, y_axis = self._axes()
        x, y = (outcome.embedding[:, axis].astype(np.float64) for axis in (x_axis, y_axis))
        rows = np.flatnonzero(points_in_poly(np.column_stack([x, y]), corners))
        rows = rows[np.argsort(outcome.clusters[rows], kind="stable")]
        self.rows_chosen.emit(self.tr("Marked in the scatter"), rows)

    @Slot()
    def _unmark(self) -> None:
        self.plot.view.clear_mark()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.plot.view.has_mark:
            self._unmark()
        else:
            super().keyPressEvent(event)
