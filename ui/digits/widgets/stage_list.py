"""The stages of a run as a list: what is done, kept, under way and to come, with the time each took."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gmmseg.digits.progress import RunLog, StageState
from ui.plots.plot import faded
from ui.theme import SPACING, colours, theme

_SIGN = 16
_WRAPPED = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


class StageList(QWidget):
    """Draws a `RunLog`, a line for each stage."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("stage-list")
        self.setAccessibleName(self.tr("Stages of the recipe"))
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._log = RunLog()
        theme().changed.connect(self.update)

    @property
    def log(self) -> RunLog:
        """The log on display."""
        return self._log

    def show_log(self, log: RunLog) -> None:
        """Show another state."""
        before = self.heightForWidth(self.width())
        self._log = log
        if self.heightForWidth(self.width()) != before:
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
        return QSize(20 * SPACING, self.heightForWidth(20 * SPACING))

    def minimumSizeHint(self) -> QSize:
        return QSize(12 * SPACING, self._line())

    def heightForWidth(self, width: int) -> int:
        return sum(place.height() for place in self._places(width))

    def _line(self) -> int:
        return QFontMetrics(self.font()).height() + 3

    def _places(self, width: int) -> list[QRect]:
        """Return where each stage is drawn in a list so wide: as high as its title needs."""
        places, top = [], 0
        for stage in self._log.stages:
            height = max(self._title_rect(stage, width).height() + 3, self._line())
            places.append(QRect(0, top, width, height))
            top += height
        return places

    def _title_rect(self, stage: StageState, width: int) -> QRect:
        """Return the box of a title, wrapped where it is long, from (0, 0)."""
        metrics = QFontMetrics(self.font())
        space = width - _SIGN - metrics.horizontalAdvance(self._time(stage)) - SPACING
        return metrics.boundingRect(QRect(0, 0, max(space, 1), 9999), _WRAPPED, stage.title)

    def _time(self, stage: StageState) -> str:
        """Return what stands at the right of a stage."""
        if stage.status not in ("done", "kept"):
            return ""
        seconds = f"{stage.seconds:.1f} s"
        return self.tr("kept, {0}").format(seconds) if stage.status == "kept" else seconds

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for stage, place in zip(self._log.stages, self._places(self.width()), strict=True):
            self._paint_stage(painter, stage, place)

    def _paint_stage(self, painter: QPainter, stage: StageState, place: QRect) -> None:
        shades = colours()
        sign = QRectF(1, place.top() + (self._line() - 11) / 2, 11, 11)
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
        painter.setPen(shades.muted)
        first = QRect(place.left(), place.top(), place.width(), self._line())
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(first, right, self._time(stage))
        painter.setPen(shades.text if stage.status != "waiting" else shades.muted)
        title = self._title_rect(stage, place.width())
        painter.drawText(title.translated(place.left() + _SIGN, place.top() + 1), _WRAPPED, stage.title)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = event.pos()
            under = zip(self._log.stages, self._places(self.width()), strict=True)
            title = next((stage.title for stage, place in under if place.contains(at)), "")
            signs = self.tr("✓ done, ● kept from before and used again, ▸ under way, ○ to come")
            QToolTip.showText(event.globalPos(), f"{title}\n{signs}".lstrip(), self)
            return True
        return super().event(event)
