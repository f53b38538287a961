"""DigitCommands: what the actions of the digits desk do, one method each."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from gmmseg.digits.document import reset_settings
from gmmseg.io.projects.archive import SUFFIX
from ui.digits.wiring import DigitPanels
from ui.digits.work import DigitWork
from ui.settings_store import SettingsStore


class DigitCommands(QObject):
    """The commands of `ui.digits.actions`, each a line or two on the parts of the desk.

    Parameters
    ----------
    work : DigitWork
    panels : DigitPanels
    store : SettingsStore
    window : QWidget
        Over which dialogs open.
    """

    enlarged = Signal(int)
    """Digits are wanted larger by so many steps."""

    def __init__(
        self,
        work: DigitWork,
        panels: DigitPanels,
        store: SettingsStore,
        window: QWidget,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._work = work
        self._panels = panels
        self._store = store
        self._window = window

    def open_folder(self) -> None:
        dialog = self._dialog(self.tr("Open a folder of digits"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.open()

    def open_file(self) -> None:
        dialog = self._dialog(self.tr("Open a file of digits"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [
                self.tr("Digits (*ubyte *ubyte.gz *.idx *.idx.gz *.idx3 *.idx3.gz *.npz)"),
                self.tr("Projects (*{0})").format(SUFFIX),
                self.tr("All files (*)"),
            ]
        )
        dialog.open()

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title, str(self._store.folder("digits")))
        dialog.setObjectName("openDigits")
        dialog.fileSelected.connect(self._open_chosen)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    @Slot(str)
    def _open_chosen(self, name: str) -> None:
        self._work.opener.open_path(Path(name))

    def export(self) -> None:
        self._work.exporter.ask(self._window)

    def reset_recipe(self) -> None:
        self._work.apply(reset_settings(self.tr("Reset the recipe")))

    def enlarge(self, steps: int) -> None:
        self.enlarged.emit(steps)
