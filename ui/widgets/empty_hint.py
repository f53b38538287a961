"""Placeholder of a panel without content: one sentence."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from ui.theme import SPACING


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
        if not button:
            self.button.hide()
        self.button.clicked.connect(self.requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, SPACING)
        layout.setSpacing(SPACING)
        layout.addStretch()
        layout.addWidget(self.label)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)


def hint_or_content(
    panel: QWidget, hint: EmptyHint, content: QWidget, margin: int = SPACING // 2
) -> QStackedWidget:
    """Fill a panel with two pages, the hint and the content, and return them; the hint is seen first."""
    pages = QStackedWidget()
    pages.addWidget(hint)
    pages.addWidget(content)
    outer = QVBoxLayout(panel)
    outer.setContentsMargins(margin, margin, margin, margin)
    outer.addWidget(pages)
    return pages
