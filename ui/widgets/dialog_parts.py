"""Parts of dialogs: the row of buttons at the foot, and the questions for a colour and a number."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QColorDialog, QDialogButtonBox, QInputDialog, QWidget

from gmmseg.colours import BASE_COLOURS, Colour

AskColour = Callable[[QWidget, Colour], Colour | None]
AskNumber = Callable[[QWidget, str, str, int], int | None]
"""Asks over a widget, with a title and a question, for a number from 1 on; the last is offered first."""
_LARGEST_NUMBER = 1_000_000


def ask_colour(parent: QWidget, now: Colour) -> Colour | None:
    """Return the colour that the user picks, or None."""
    for at, colour in enumerate(BASE_COLOURS[: QColorDialog.customCount()]):
        QColorDialog.setCustomColor(at, QColor(*colour))
    picked = QColorDialog.getColor(QColor(*now), parent)
    return (picked.red(), picked.green(), picked.blue()) if picked.isValid() else None


def ask_number(parent: QWidget, title: str, question: str, now: int) -> int | None:
    """Return the number that the user types, or None."""
    number, is_given = QInputDialog.getInt(parent, title, question, now, 1, _LARGEST_NUMBER)
    return number if is_given else None


def dialog_buttons(
    standard: QDialogButtonBox.StandardButton, parent: QWidget | None = None
) -> QDialogButtonBox:
    """Return standard buttons without Fusion's coloured icons, which no other button of the program has."""
    box = QDialogButtonBox(standard, parent)
    for button in box.buttons():
        button.setIcon(QIcon())
    return box
