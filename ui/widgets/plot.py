"""A plot in the program's colours that reports clicks and leaves keys to the panel around it."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QFont, QKeyEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ui.theme import SPACING, style_plot, theme


class ThemedPlot(pg.PlotWidget):  # type: ignore[misc]
    """A PlotWidget that follows the theme.

    ``restyled`` fires after the axes have got new colours, for the owner to recolour its curves. ``clicked``
    carries the view coordinates of a left click, ``double_clicked`` those of the second one.
    """

    restyled = Signal()
    clicked = Signal(float, float)
    double_clicked = Signal(float, float)

    def __init__(self, object_name: str, accessible_name: str, view_box: pg.ViewBox | None = None) -> None:
        super().__init__(viewBox=view_box, enableMenu=False)
        self.setObjectName(object_name)
        self.setAccessibleName(accessible_name)
        self.setMinimumSize(120, 80)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        item = self.getPlotItem()
        item.hideButtons()
        item.showGrid(x=True, y=True, alpha=0.16)
        font = QFont(self.font())
        font.setPointSizeF(max(self.font().pointSizeF() * 0.85, 7.0))
        for side in ("left", "bottom", "right"):
            axis = item.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickFont=font, tickLength=-4, maxTickLevel=1)
        self.scene().sigMouseClicked.connect(self._click)
        theme().changed.connect(self._restyle)
        style_plot(self)

    @Slot()
    def _restyle(self) -> None:
        style_plot(self)
        self.restyled.emit()

    @Slot(object)
    def _click(self, event: object) -> None:
        if event.button() != Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            return
        at = self.getPlotItem().vb.mapSceneToView(event.scenePos())  # type: ignore[attr-defined]
        signal = self.double_clicked if event.double() else self.clicked  # type: ignore[attr-defined]
        signal.emit(at.x(), at.y())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()


def faded(colour: QColor, opacity: float) -> QColor:
    """Return a copy of `colour` with an opacity of 0..1."""
    copy = QColor(colour)
    copy.setAlphaF(opacity)
    return copy


class EmptyHint(QWidget):
    """One muted sentence in place of an empty plot, with an optional button below."""

    requested = Signal()

    def __init__(self, text: str, button: str = "") -> None:
        super().__init__()
        self.label = QLabel(text)
        self.label.setObjectName("empty-hint")
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.label.setForegroundRole(self.label.palette().ColorRole.PlaceholderText)
        self.button = QPushButton(button)
        self.button.setObjectName("empty-hint-button")
        self.button.setVisible(bool(button))
        self.button.clicked.connect(self.requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, SPACING)
        layout.setSpacing(SPACING)
        layout.addStretch()
        layout.addWidget(self.label)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)


SOON_MS = 70
"""Plots that follow a run are drawn this long after it reports: the map on screen comes first."""


class Paced(QObject):
    """Lets a widget redraw at most every `interval` ms, and only while it can be seen.

    `ask` as often as you like; `due` fires at once when the last time is long ago, else once it is.

    Parameters
    ----------
    widget : QWidget
    interval : int
    is_prompt : bool
        False leaves also the first one to a later turn of the event loop.
    """

    due = Signal()

    def __init__(self, widget: QWidget, interval: int = 50, is_prompt: bool = True) -> None:
        super().__init__(widget)
        self._widget = widget
        self._is_wanted = False
        self._is_prompt = is_prompt
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(interval)
        self._timer.timeout.connect(self._go)
        widget.installEventFilter(self)

    def ask(self) -> None:
        """Have `due` fire soon."""
        self._is_wanted = True
        if self._timer.isActive():
            return
        if self._is_prompt:
            self._go()
        else:
            self._timer.start()

    @Slot()
    def _go(self) -> None:
        # A panel behind another tab is visible to Qt: it lies outside its parent.
        if self._is_wanted and not self._widget.visibleRegion().isEmpty():
            self._is_wanted = False
            self._timer.start()
            self.due.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Asked for again by a timer, because the widget is not yet visible while its show event is filtered.
        came_to_front = event.type() in (QEvent.Type.Show, QEvent.Type.Paint)
        if came_to_front and self._is_wanted and not self._timer.isActive():
            self._timer.start()
        return False
