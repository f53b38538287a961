"""A line edit that appears over a name: Enter or leaving it takes the text, Escape gives up."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

MAX_LENGTH = 100


class NameEditor(QLineEdit):
    """Emits one of `taken` and `given_up` and is of no use afterwards."""

    taken = Signal(str)
    given_up = Signal()

    def __init__(self, name: str, place: QRect, parent: QWidget) -> None:
        super().__init__(name, parent)
        self.setObjectName("sectionName")
        self.setAccessibleName(self.tr("Name"))
        self.setMaxLength(MAX_LENGTH)
        self.setGeometry(place)
        self.selectAll()
        self._is_over = False
        self.editingFinished.connect(self._take)
        self.show()
        self.setFocus()

    def give_up(self) -> None:
        """End without a name."""
        if not self._is_over:
            self._is_over = True
            self.given_up.emit()

    @Slot()
    def _take(self) -> None:
        if not self._is_over:
            self._is_over = True
            self.taken.emit(self.text())

    def event(self, event: QEvent) -> bool:
        # Escape is the editor's, whatever action of the window has it as its key.
        is_override = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if is_override and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.give_up()
        else:
            super().keyPressEvent(event)
