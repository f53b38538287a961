"""The stages of a run as a list: what is done, kept, under way and to come, with the time each took."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gmmseg.digits.progress import RunLog, StageState
from ui.theme import SPACING, colours, theme
from ui.widgets.plot import faded

_SIGN = 16


class StageList(QWidget):
    """Draws a `RunLog`, a line for each stage."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("stage-list")
        self.setAccessibleName(self.tr("Stages of the recipe"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._log = RunLog()
        theme().changed.connect(self._repaint)

    @property
    def log(self) -> RunLog:
        """What is shown."""
        return self._log

    def show_log(self, log: RunLog) -> None:
        """Show another state."""
        is_same_size = len(log.stages) == len(self._log.stages)
        self._log = log
        if not is_same_size:
            self.updateGeometry()
        words = {
            "waiting": self.tr("to come"),
            "running": self.tr("under way"),
            "done": self.tr("done"),
            "kept": self.tr("kept"),
        }
        self.setAccessibleDescription(
            "; ".join(f"{stage.title}: {words[stage.status]}" for stage in log.stages)
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(20 * SPACING, len(self._log.stages) * self._line())

    def minimumSizeHint(self) -> QSize:
        return QSize(12 * SPACING, len(self._log.stages) * self._line())

    def _line(self) -> int:
        return QFontMetrics(self.font()).height() + 3

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at, stage in enumerate(self._log.stages):
            self._paint_stage(painter, stage, QRect(0, at * self._line(), self.width(), self._line()))

    def _paint_stage(self, painter: QPainter, stage: StageState, place: QRect) -> None:
        shades = colours()
        sign = QRectF(1, place.top() + (place.height() - 11) / 2, 11, 11)
        painter.setPen(QPen(shades.muted, 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if stage.status == "done":
            painter.setPen(QPen(shades.ok, 2))
            painter.drawPolyline(
                [sign.topLeft() + p for p in (QPointF(1, 6), QPointF(4.5, 9.5), QPointF(10, 2))]
            )
        elif stage.status == "kept":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(faded(shades.ok, 0.75))
            painter.drawEllipse(sign.adjusted(2, 2, -2, -2))
        elif stage.status == "running":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(shades.accent)
            painter.drawPolygon(
                [sign.topLeft() + p for p in (QPointF(2, 1), QPointF(10, 5.5), QPointF(2, 10))]
            )
        else:
            painter.drawEllipse(sign.adjusted(2, 2, -2, -2))
        right = ""
        if stage.status in ("done", "kept"):
            right = f"{stage.seconds:.1f} s"
            if stage.status == "kept":
                right = self.tr("kept, {0}").format(right)
        flags = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(shades.muted)
        painter.drawText(place, flags | Qt.AlignmentFlag.AlignRight, right)
        painter.setPen(shades.text if stage.status != "waiting" else shades.muted)
        metrics = QFontMetrics(self.font())
        space = place.width() - _SIGN - metrics.horizontalAdvance(right) - SPACING
        title = metrics.elidedText(stage.title, Qt.TextElideMode.ElideRight, space)
        painter.drawText(place.adjusted(_SIGN, 0, 0, 0), flags | Qt.AlignmentFlag.AlignLeft, title)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = event.pos().y() // self._line()
            title = self._log.stages[at].title if 0 <= at < len(self._log.stages) else ""
            signs = self.tr("✓ done, ● kept from before and used again, ▸ under way, ○ to come")
            QToolTip.showText(event.globalPos(), f"{title}\n{signs}".lstrip(), self)
            return True
        return super().event(event)

    @Slot()
    def _repaint(self) -> None:
        self.update()
