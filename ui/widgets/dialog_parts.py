"""Parts of dialogs: the row of buttons at the foot, and the questions for a colour, a number and a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QColorDialog, QDialogButtonBox, QFileDialog, QInputDialog, QWidget

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


def ask_file(
    parent: QWidget,
    name: str,
    title: str,
    folder: Path,
    chosen: Callable[[Path], object] | None,
    filters: Sequence[str] = (),
    mode: QFileDialog.FileMode = QFileDialog.FileMode.ExistingFile,
    offered: str = "",
    suffix: str = "",
) -> QFileDialog:
    """Open a dialog, of that object name, which asks for a file or a folder and then is gone; return it.

    With an `offered` name it asks for one to write, whose suffix is that of the filter; at first `suffix`, by
    default that of the name.
    """
    dialog = QFileDialog(parent, title, str(folder))
    dialog.setObjectName(name)
    dialog.setFileMode(mode)
    dialog.setNameFilters(filters)
    if offered:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setDefaultSuffix((suffix or Path(offered).suffix).lstrip("."))
        dialog.filterSelected.connect(lambda kind: _follow(dialog, kind))
        dialog.selectFile(offered)
    if chosen is not None:
        dialog.fileSelected.connect(lambda picked: chosen(Path(picked)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def _follow(dialog: QFileDialog, kind: str) -> None:
    """Add the suffix of a kind of files to a name without one; of all files that of the kind before."""
    suffix = kind.rpartition("*.")[2]
    if suffix != kind:
        dialog.setDefaultSuffix(suffix.rstrip(")"))


def file_filter(title: str, suffixes: Iterable[str]) -> str:
    """Return a filter of such a dialog: ``Images (*.png *.jpg)``."""
    return f"{title} ({' '.join(f'*{suffix}' for suffix in suffixes)})"
