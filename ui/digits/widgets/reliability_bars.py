"""A small diagram: for groups of confidence, the share that is right beside the confidence that was said."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gmmseg.digits.reliability import Reliability, ReliabilityGroup
from ui.theme import SPACING, colours, theme

_ROW = 18
_NAMES = 86
_COUNTS = 64


class ReliabilityBars(QWidget):
    """Draws a `Reliability`: a bar as long as the share that is right, a mark where it should end."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("reliability-bars")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._found: Reliability | None = None
        theme().changed.connect(self.update)

    def show_reliability(self, found: Reliability | None) -> None:
        """Show other figures; without any there is nothing to see."""
        self._found = found
        self.setVisible(found is not None)
        self.setAccessibleName(self.tr("Confidence and truth"))
        if found is not None:
            self.setAccessibleDescription(" ".join(self._words(group) for group in found.groups))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        n_rows = 0 if self._found is None else len(self._found.groups)
        return QSize(_NAMES + _COUNTS + 12 * SPACING, n_rows * _ROW)

    def minimumSizeHint(self) -> QSize:
        return QSize(_NAMES + _COUNTS + 4 * SPACING, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._found is None:
            return
        painter, shades = QPainter(self), colours()
        middle = Qt.AlignmentFlag.AlignVCenter
        room = self.width() - _NAMES - _COUNTS
        for row, group in enumerate(self._found.groups):
            top = row * _ROW
            painter.setPen(shades.text)
            name = QRectF(0, top, _NAMES - SPACING, _ROW)
            painter.drawText(name, middle | Qt.AlignmentFlag.AlignRight, self._name(group))
            painter.fillRect(QRectF(_NAMES, top + 4, room * group.right, _ROW - 8), shades.accent)
            painter.setPen(QPen(shades.text, 2))
            said = _NAMES + room * group.said
            painter.drawLine(round(said), top + 2, round(said), top + _ROW - 2)
            painter.setPen(shades.muted)
            count = QRectF(_NAMES + room, top, _COUNTS, _ROW)
            painter.drawText(count, middle | Qt.AlignmentFlag.AlignRight, f"{group.n_images:,}")

    def _name(self, group: ReliabilityGroup) -> str:
        return f"{100 * group.low:.0f}–{100 * group.high:.0f} %"

    def _words(self, group: ReliabilityGroup) -> str:
        return self.tr("Of {0} digits said to be sure by {1}, {2} % on average, {3} % are right.").format(
            f"{group.n_images:,}", self._name(group), f"{100 * group.said:.1f}", f"{100 * group.right:.1f}"
        )

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._found is not None:
            row = event.pos().y() // _ROW
            if 0 <= row < len(self._found.groups):
                QToolTip.showText(event.globalPos(), self._words(self._found.groups[row]), self)
            return True
        return super().event(event)
