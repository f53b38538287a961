"""LaboratoryCommands: what the actions of the laboratory do, one method each."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QWidget

from gmmseg.editing.history import Entry, History
from gmmseg.io.projects.archive import SUFFIX
from gmmseg.io.table_reading import SUFFIXES
from gmmseg.laboratory.document import Document, begin_lesson, take_data
from ui.laboratory.opening import MODEL_SUFFIX
from ui.laboratory.work import LaboratoryWork
from ui.settings_store import SettingsStore
from ui.widgets.dialog_parts import ask_file, file_filter


class LaboratoryCommands(QObject):
    """The commands of `ui.laboratory.actions`.

    Parameters
    ----------
    work : LaboratoryWork
    store : SettingsStore
    window : QWidget
        Over which dialogs open.
    """

    def __init__(
        self, work: LaboratoryWork, store: SettingsStore, window: QWidget, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._work = work
        self._store = store
        self._window = window

    def begin_anew(self) -> None:
        """Leave what there is for a notebook in which nothing has been done."""
        document = Document().opened(Document().name)
        self._work.keeper.open(History(Entry(document, "", time=time.time())), None)

    def open_table(self) -> None:
        filters = [
            file_filter(self.tr("Tables"), SUFFIXES),
            self.tr("Projects (*{0})").format(SUFFIX),
            self.tr("Saved mixtures to begin at (*{})").format(MODEL_SUFFIX),
            self.tr("All files (*)"),
        ]
        folder, title = self._store.folder("tables"), self.tr("Open a table")
        ask_file(self._window, "openTable", title, folder, self._work.opener.open_path, filters)

    def use_examples(self) -> None:
        self._work.apply(take_data(None))
        self._work.settle()

    @Slot(str)
    def show_theory(self, name: str) -> None:
        """Show a page of the theory."""
        from ui.dialogs.theory import TheoryDialog

        dialog = TheoryDialog(name, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def begin_lesson(self, name: str) -> None:
        self._work.apply(begin_lesson(name))
        self._work.settle()

    def export(self) -> None:
        self._work.exporter.ask(self._window)
