"""Asking the user for a colour."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QWidget

from gmmseg.colours import BASE_COLOURS, Colour

AskColour = Callable[[QWidget, Colour], Colour | None]


def ask_colour(parent: QWidget, now: Colour) -> Colour | None:
    """Return the colour that the user picks, or None."""
    for at, colour in enumerate(BASE_COLOURS[: QColorDialog.customCount()]):
        QColorDialog.setCustomColor(at, QColor(*colour))
    picked = QColorDialog.getColor(QColor(*now), parent)
    return (picked.red(), picked.green(), picked.blue()) if picked.isValid() else None
