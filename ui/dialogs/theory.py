"""The theory in Help: pages of text with typeset formulas."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QListWidget, QListWidgetItem, QTextBrowser, QWidget

from gmmseg.laboratory.theory_pages import NAMES, TheoryPage, theory_page
from ui.theme import SPACING, theme
from ui.widgets.building import in_column, in_row, named
from ui.widgets.dialog_parts import dialog_buttons
from ui.widgets.formula import OBJECT, FormulaObject, formula_format, register_formulas

_MARKED = re.compile(r"⟦(\d+)⟧")


class TheoryDialog(QDialog):
    """A list of pages, and the one chosen."""

    def __init__(self, name: str = NAMES[0], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("theory")
        self.setWindowTitle(self.tr("Theory"))
        self._drawer = FormulaObject(self)
        self.pages = named(QListWidget(), "theory.pages", spoken=self.tr("Pages of the theory"))
        for known in NAMES:
            item = QListWidgetItem(self.tr(theory_page(known).title))
            item.setData(Qt.ItemDataRole.UserRole, known)
            self.pages.addItem(item)
        self.pages.setFixedWidth(self.pages.sizeHintForColumn(0) + 3 * SPACING)
        self.text = named(QTextBrowser(), "theory.text")
        self.text.document().setDocumentMargin(2 * SPACING)
        register_formulas(self.text.document(), self._drawer)
        beside = in_row(self.pages, self.text, stretched=self.text, spacing=SPACING)
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        in_column(beside, buttons, of=self, stretched=beside, spacing=SPACING, margins=None)
        self.resize(980, 640)
        self.pages.currentRowChanged.connect(self._show)
        theme().changed.connect(self._repaint)
        self.pages.setCurrentRow(NAMES.index(name))

    @property
    def name(self) -> str:
        """The page shown."""
        return NAMES[self.pages.currentRow()]

    @Slot(int)
    def _show(self, row: int) -> None:
        write_page(self.text.document(), theory_page(NAMES[row]))
        self.text.moveCursor(QTextCursor.MoveOperation.Start)

    @Slot()
    def _repaint(self) -> None:
        self._show(self.pages.currentRow())


def write_page(document: QTextDocument, page: TheoryPage) -> None:
    """Write a page into a document that draws formulas; those alone in their paragraph are set in."""
    document.setMarkdown(page.text)
    cursor = QTextCursor(document)
    while True:
        found = document.find("⟦", cursor)
        if found.isNull():
            return
        block = found.block()
        start = found.selectionStart() - block.position()
        mark = _MARKED.match(block.text(), start)
        cursor = QTextCursor(document)
        cursor.setPosition(found.selectionStart())
        if mark is None:
            cursor.movePosition(QTextCursor.MoveOperation.NextCharacter)
            continue
        is_alone = mark[0] == block.text().strip()
        cursor.setPosition(found.selectionStart() + len(mark[0]), QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(OBJECT, formula_format(page.formulas[int(mark[1])]))
        if is_alone:
            display = QTextBlockFormat(cursor.blockFormat())
            display.setIndent(1)
            display.setTopMargin(SPACING)
            display.setBottomMargin(SPACING)
            cursor.setBlockFormat(display)
