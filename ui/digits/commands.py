"""DigitCommands: what the actions of the digits desk do, one method each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from gmmseg.digits.document import reset_settings
from gmmseg.io.projects.archive import SUFFIX
from ui.digits.wiring import DigitPanels
from ui.digits.work import DigitWork
from ui.settings_store import SettingsStore
from ui.widgets.dialog_parts import ask_file


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
        self._ask(self.tr("Open a folder of digits"), (), QFileDialog.FileMode.Directory)

    def open_file(self) -> None:
        filters = (
            self.tr("Digits (*ubyte *ubyte.gz *.idx *.idx.gz *.idx3 *.idx3.gz *.npz)"),
            self.tr("Projects (*{0})").format(SUFFIX),
            self.tr("All files (*)"),
        )
        self._ask(self.tr("Open a file of digits"), filters, QFileDialog.FileMode.ExistingFile)

    def _ask(self, title: str, filters: Sequence[str], mode: QFileDialog.FileMode) -> None:
        folder, chosen = self._store.folder("digits"), self._work.opener.open_path
        ask_file(self._window, "openDigits", title, folder, chosen, filters, mode)

    def export(self) -> None:
        self._work.exporter.ask(self._window)

    def reset_recipe(self) -> None:
        self._work.apply(reset_settings(self.tr("Reset the recipe")))

    def enlarge(self, steps: int) -> None:
        self.enlarged.emit(steps)
