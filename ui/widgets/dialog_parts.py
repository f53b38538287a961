"""Parts of dialogs: the row of buttons at the foot, and the question for a colour."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QColorDialog, QDialogButtonBox, QWidget

from gmmseg.colours import BASE_COLOURS, Colour

AskColour = Callable[[QWidget, Colour], Colour | None]


def ask_colour(parent: QWidget, now: Colour) -> Colour | None:
    """Return the colour that the user picks, or None."""
    for at, colour in enumerate(BASE_COLOURS[: QColorDialog.customCount()]):
        QColorDialog.setCustomColor(at, QColor(*colour))
    picked = QColorDialog.getColor(QColor(*now), parent)
    return (picked.red(), picked.green(), picked.blue()) if picked.isValid() else None


def dialog_buttons(
    standard: QDialogButtonBox.StandardButton, parent: QWidget | None = None
) -> QDialogButtonBox:
    """Return standard buttons without Fusion's coloured icons, which no other button of the program has."""
    box = QDialogButtonBox(standard, parent)
    for button in box.buttons():
        button.setIcon(QIcon())
    return box
