"""A plot in the program's colours that reports clicks and leaves keys to the panel around it."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QKeyEvent

from ui.theme import colours, style_plot, theme


class ThemedPlot(pg.PlotWidget):  # type: ignore[misc]
    """A PlotWidget that follows the theme.

    ``restyled`` fires after the axes have got new colours, for the owner to recolour its curves. ``clicked``
    carries the view coordinates of a left click, ``double_clicked`` those of the second one.
    """

    restyled = Signal()
    clicked = Signal(float, float)
    double_clicked = Signal(float, float)

    def __init__(self, object_name: str, accessible_name: str, view_box: pg.ViewBox | None = None) -> None:
        tint = colours()
        pg.setConfigOptions(background=tint.base, foreground=tint.text)
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
