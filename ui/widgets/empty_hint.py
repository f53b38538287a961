"""Placeholder of a panel without content: one sentence."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStackedWidget, QWidget

from ui.theme import SPACING
from ui.widgets.building import in_column, named, text_label


class EmptyHint(QWidget):
    """One muted sentence in place of an empty plot, with an optional button below."""

    requested = Signal()

    def __init__(self, text: str, button: str = "") -> None:
        super().__init__()
        self.label = text_label("empty-hint", text, is_muted=True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = named(QPushButton(button), "empty-hint-button")
        if not button:
            self.button.hide()
        self.button.clicked.connect(self.requested)
        margins = (2 * SPACING, SPACING, 2 * SPACING, SPACING)
        layout = in_column(None, self.label, self.button, None, of=self, spacing=SPACING, margins=margins)
        layout.setAlignment(self.button, Qt.AlignmentFlag.AlignHCenter)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)


def hint_or_content(
    panel: QWidget, hint: EmptyHint, content: QWidget, margin: int = SPACING // 2
) -> QStackedWidget:
    """Fill a panel with two pages, the hint and the content, and return them; the hint is seen first."""
    pages = QStackedWidget()
    pages.addWidget(hint)
    pages.addWidget(content)
    in_column(pages, of=panel, margins=(margin,) * 4)
    return pages
