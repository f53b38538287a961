"""What forms of settings have in common: titles with a letter to reach them by, and a scroll area."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget


def with_mnemonic(title: str, letter: str) -> str:
    """Return a title with ``&`` before the first such letter; unchanged where there is none."""
    at = title.find(letter) if letter else -1
    return title if at < 0 else f"{title[:at]}&{title[at:]}"


def scroll_in(panel: QWidget, contents: QWidget, name: str) -> None:
    """Fill a panel with contents that scroll up and down and are never cut at the sides."""
    scroll = QScrollArea(panel)
    scroll.setObjectName(name)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidgetResizable(True)
    scroll.setWidget(contents)
    scroll.setMinimumWidth(contents.minimumSizeHint().width() + scroll.verticalScrollBar().sizeHint().width())
    outer = QVBoxLayout(panel)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(scroll)
