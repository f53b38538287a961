"""Building of panels and dialogs: rows, columns, labels, and the names and tips of what stands in them."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gmmseg.setting import Setting
from ui.theme import SPACING

Part = QWidget | QLayout | None
"""Of a row or a column; None is room that stretches."""
Margins = tuple[int, int, int, int]
_NO_MARGINS: Margins = (0, 0, 0, 0)
_W = TypeVar("_W", bound=QWidget)
_L = TypeVar("_L", bound=QBoxLayout)


def named(widget: _W, name: str, tip: str = "", spoken: str = "") -> _W:
    """Return a widget with its object name and, where given, its tool tip and name for screen readers."""
    widget.setObjectName(name)
    if tip:
        widget.setToolTip(tip)
    if spoken:
        widget.setAccessibleName(spoken)
    return widget


def label_of(field: QWidget, title: str) -> QLabel:
    """Return the label before a field, whose mnemonic leads to that."""
    label = QLabel(title)
    label.setBuddy(field)
    return label


def text_label(name: str, text: str = "", *, is_muted: bool = False) -> QLabel:
    """Return a plain text that goes over several lines."""
    label = named(QLabel(text), name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if is_muted:
        label.setForegroundRole(label.palette().ColorRole.PlaceholderText)
    return label


def remark(name: str) -> QLabel:
    """Return a muted text that takes the width that it is given, and does not ask for more."""
    label = text_label(name, is_muted=True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def make_bold(widget: QWidget) -> None:
    """Write a widget's text in bold."""
    font = widget.font()
    font.setBold(True)
    widget.setFont(font)


def write_in(colour: QColor, widget: QWidget) -> None:
    """Write a widget's text in a colour."""
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.WindowText, colour)
    widget.setPalette(palette)


def in_scroll(content: QWidget, name: str) -> QScrollArea:
    """Return an area without a frame in which a widget as wide as it scrolls up and down."""
    scroll = named(QScrollArea(), name)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    # Tab goes to what it holds.
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidgetResizable(True)
    scroll.setWidget(content)
    return scroll


def worded(button: QToolButton) -> QToolButton:
    """Return a tool button with its text beside its icon."""
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button


def explanation(setting: Setting) -> str:
    """Return the tooltip of a setting: what it does and what it may be."""
    if setting.kind in ("int", "float"):
        unit = f", in {setting.unit}" if setting.unit else ""
        return f"<p>{setting.explanation}</p><p>{setting.bounds.capitalize()}{unit}.</p>"
    return f"<p>{setting.explanation}</p>"


def in_row(
    *parts: Part,
    of: QWidget | None = None,
    stretched: Part = None,
    spacing: int = SPACING // 2,
    margins: Margins | None = _NO_MARGINS,
) -> QHBoxLayout:
    """Return parts from left to right.

    Parameters
    ----------
    *parts : QWidget, QLayout or None
    of : QWidget, optional
        The widget that is filled.
    stretched : QWidget or QLayout, optional
        The part that takes the room that is left.
    spacing : int
    margins : tuple of int, optional
        Left, top, right, bottom; None leaves those of the style.
    """
    return _filled(QHBoxLayout() if of is None else QHBoxLayout(of), parts, stretched, spacing, margins)


def in_column(
    *parts: Part,
    of: QWidget | None = None,
    stretched: Part = None,
    spacing: int = SPACING // 2,
    margins: Margins | None = _NO_MARGINS,
) -> QVBoxLayout:
    """Return parts from top to bottom; parameters as of `in_row`."""
    return _filled(QVBoxLayout() if of is None else QVBoxLayout(of), parts, stretched, spacing, margins)


def _filled(
    layout: _L, parts: tuple[Part, ...], stretched: Part, spacing: int, margins: Margins | None
) -> _L:
    layout.setSpacing(spacing)
    if margins is not None:
        layout.setContentsMargins(*margins)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, QLayout):
            layout.addLayout(part, int(part is stretched))
        else:
            layout.addWidget(part, int(part is stretched))
    return layout
