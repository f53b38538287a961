"""The sheet of keyboard shortcuts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from ui.theme import SPACING
from ui.widgets.building import in_column, make_bold, named
from ui.widgets.dialog_parts import dialog_buttons

Shortcut = tuple[str, str, "QKeySequence | str"]
"""Group, what it does, keys; keys as text where they are no sequence, such as “Alt+click”."""


class ShortcutsDialog(QDialog):
    """Lists what the keys do, group by group, with a search.

    Parameters
    ----------
    shortcuts : sequence of (group, text, keys)
        Those of one group next to each other; without keys they are left out.
    """

    def __init__(self, shortcuts: Sequence[Shortcut], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts")
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self._rows: list[tuple[str, QLabel, QLabel]] = []
        self._groups: list[tuple[QLabel, list[int]]] = []
        self.search = named(QLineEdit(self), "shortcuts.search", spoken=self.tr("Search"))
        self.search.setPlaceholderText(self.tr("Search by name or key"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        sheet = self._make_sheet(shortcuts)
        in_column(self.search, sheet, buttons, of=self, stretched=sheet, spacing=SPACING, margins=None)
        self.resize(480, 560)

    @property
    def visible_texts(self) -> list[str]:
        """Texts of the rows that match the search."""
        return [text.text() for _, text, _ in self._rows if not text.isHidden()]

    def _make_sheet(self, shortcuts: Sequence[Shortcut]) -> QScrollArea:
        sheet = QWidget(self)
        grid = QGridLayout(sheet)
        grid.setHorizontalSpacing(3 * SPACING)
        grid.setVerticalSpacing(SPACING)
        grid.setColumnStretch(0, 1)
        keyed = [(group, text, keys_text(keys)) for group, text, keys in shortcuts]
        for group, rows in groupby([row for row in keyed if row[2]], key=itemgetter(0)):
            heading = QLabel(group, sheet)
            make_bold(heading)
            grid.addWidget(heading, grid.rowCount(), 0, 1, 2)
            members: list[int] = []
            for _, text, keys in rows:
                members.append(len(self._rows))
                self._add_row(grid, sheet, text, keys)
            self._groups.append((heading, members))
        grid.setRowStretch(grid.rowCount(), 1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(sheet)
        return scroll

    def _add_row(self, grid: QGridLayout, sheet: QWidget, text: str, keys: str) -> None:
        name = QLabel(text.replace("&&", "\0").replace("&", "").replace("\0", "&"), sheet)
        name.setWordWrap(True)
        name.setTextFormat(Qt.TextFormat.PlainText)
        cap = QLabel(keys, sheet)
        cap.setTextFormat(Qt.TextFormat.PlainText)
        cap.setFrameShape(QFrame.Shape.StyledPanel)
        cap.setAutoFillBackground(True)
        cap.setBackgroundRole(QPalette.ColorRole.Base)
        cap.setMargin(SPACING // 4)
        cap.setAlignment(Qt.AlignmentFlag.AlignCenter)
        at = grid.rowCount()
        grid.addWidget(name, at, 0)
        grid.addWidget(cap, at, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._rows.append((f"{name.text()} {keys}".casefold(), name, cap))

    @Slot(str)
    def _filter(self, wanted: str) -> None:
        words = wanted.casefold().split()
        for searched, name, cap in self._rows:
            is_found = all(word in searched for word in words)
            name.setVisible(is_found)
            cap.setVisible(is_found)
        for heading, members in self._groups:
            heading.setVisible(any(not self._rows[at][1].isHidden() for at in members))


def keys_text(keys: QKeySequence | str) -> str:
    """Return keys as the platform writes them."""
    if isinstance(keys, QKeySequence):
        return keys.toString(QKeySequence.SequenceFormat.NativeText)
    return keys
