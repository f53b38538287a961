"""FileDesk: what the desks have in common that open files, run something on them and export the results."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from gmmseg.errors import GmmsegError
from gmmseg.io.files import shown_name
from ui.desk.actions import Actions, DeskState
from ui.desk.desk import Desk, DeskLayout
from ui.desk.workers import DeskWorkers
from ui.notices import Notices
from ui.settings_store import Purpose, SettingsStore
from ui.widgets.recent_menu import RecentMenu

_MOST_NAMED = 12
"""Files that were written of which the names are told."""


class FileDesk(Desk):
    """A desk that shows how its work goes, says what came of it, and remembers the files opened.

    Parameters
    ----------
    name : str
        By which its layout is remembered.
    purpose : str
        Under which the store remembers the files opened.
    actions : Actions
        With ``run``, ``stop``, ``undo`` and ``redo``.
    layout : DeskLayout
    work : DeskWorkers
    recent : RecentMenu
    store : SettingsStore
    notices : Notices
    window : QWidget
    """

    def __init__(
        self,
        name: str,
        purpose: Purpose,
        actions: Actions[Any],
        layout: DeskLayout,
        work: DeskWorkers,
        recent: RecentMenu,
        store: SettingsStore,
        notices: Notices,
        window: QWidget,
    ) -> None:
        super().__init__(name, actions, layout, window)
        self._purpose = purpose
        self._work = work
        self._recent = recent
        self._store = store
        self._notices = notices
        work.setParent(self)
        actions.setParent(self)
        work.failed.connect(notices.show_error)
        work.progressed.connect(self.progressed)
        work.running_changed.connect(self.refresh)
        work.main.failed.connect(self._show_failure)
        work.opener.file_opened.connect(self._remember_file)
        work.exporter.finished.connect(self._show_exported)
        recent.chosen.connect(work.opener.open_path)
        recent.cleared.connect(self._clear_recent)
        self._show_recent()

    # What the window asks

    @property
    def is_busy(self) -> bool:
        return self._work.is_busy

    @property
    def can_stop(self) -> bool:
        return self._work.can_stop

    @property
    def is_ready(self) -> bool:
        """Whether what stands in the fields can be run."""
        return True

    @Slot()
    def refresh(self) -> None:
        shown, is_running = self._work.editor.shown, self._work.is_running
        self.actions.show_state(DeskState(shown, is_running))
        self.actions.show_history(shown.undo_title, shown.redo_title)
        if not self.is_ready:
            self.actions["run"].setEnabled(False)
        self.actions["stop"].setEnabled(self.can_stop)
        self.layout.toolbar.show_running(is_running)
        self.changed.emit()

    def stop(self) -> None:
        self._work.stop()

    def take(self, data: QMimeData) -> None:
        self._work.opener.open_mime(data)

    def shutdown(self) -> bool:
        return self._work.shutdown()

    # What comes of the work

    @property
    def stale_note(self) -> str:
        """What is said where the result exported is older than the settings."""
        return ""

    @Slot(object)
    def _show_failure(self, error: Exception) -> None:
        """Show why a run failed, with the way back to before the change that led to it."""
        if isinstance(error, GmmsegError) and self._work.editor.shown.undo_title is not None:
            self._notices.say(str(error), "error", self.tr("Undo the change"), self._work.editor.undo)
        else:
            self._notices.show_error(error)

    def _show_warnings(self, warnings: Sequence[str]) -> None:
        """Show what a finished run has to say; an error of the one before is over."""
        if warnings:
            self._notices.say(" ".join(warnings))
        elif self._notices.has_error:
            self._notices.clear()

    @Slot(object, bool)
    def _show_exported(self, paths: list[Path], was_stale: bool) -> None:
        names = ", ".join(shown_name(path) for path in paths[:_MOST_NAMED])
        text = self.tr("Exported {0}.").format(names)
        if len(paths) > _MOST_NAMED:
            text = self.tr("Exported {0} and {1} more.").format(names, len(paths) - _MOST_NAMED)
        if was_stale:
            text += " " + self.stale_note
        folder = QUrl.fromLocalFile(str(paths[0].parent))
        self._notices.say(text, "note", self.tr("Open the folder"), partial(_open_outside, folder))

    # Files opened before

    @Slot(object)
    def _remember_file(self, path: Path) -> None:
        self._store.add_recent(path, self._purpose)
        self._store.set_folder(self._purpose, path.absolute().parent)
        self._show_recent()

    @Slot()
    def _clear_recent(self) -> None:
        self._store.clear_recent(self._purpose)
        self._show_recent()

    def _show_recent(self) -> None:
        files = self._store.recent_files(self._purpose)
        self._recent.show_files([(path, shown_name(path), os.path.exists(path)) for path in files])


def _open_outside(url: QUrl) -> None:
    QDesktopServices.openUrl(url)
