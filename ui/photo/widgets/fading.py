"""Fading: what a view showed before goes softly, where its content is the same in another form."""

from __future__ import annotations

from PySide6.QtCore import QPropertyAnimation, Qt, Slot
from PySide6.QtWidgets import QGraphicsOpacityEffect, QLabel, QStyle, QWidget

_DURATION_MS = 300


class Fading(QLabel):
    """A picture of a view over that view, which becomes transparent; none where the style has no animations.

    Parameters
    ----------
    view : QWidget
    """

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self.setObjectName("fading")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        effect = QGraphicsOpacityEffect(self)
        self.setGraphicsEffect(effect)
        self._animation = QPropertyAnimation(effect, b"opacity", self)
        self._animation.setDuration(_DURATION_MS)
        self._animation.setStartValue(1.0)
        self._animation.setEndValue(0.0)
        self._animation.finished.connect(self.end)
        self._view = view
        self.hide()

    def begin(self) -> None:
        """Keep what the view shows now, and let it go."""
        has_motion = self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, self) > 0
        if not has_motion or not self._view.isVisible():
            return
        self.end()
        self.setPixmap(self._view.grab())
        self.resize(self._view.size())
        self.show()
        self.raise_()
        self._animation.start()

    @Slot()
    def end(self) -> None:
        """Show the view alone: at the end, or because it moves."""
        self._animation.stop()
        self.hide()
        self.clear()
