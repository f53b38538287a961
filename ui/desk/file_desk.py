"""FileDesk: what the desks have in common that open files, run something on them and export the results."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from gmmseg.errors import EditError, GmmsegError
from gmmseg.io.files import shown_name
from ui.desk.actions import Actions, DeskState
from ui.desk.desk import Desk, DeskLayout, Heading, KeptWork
from ui.desk.keeping import held_by
from ui.desk.saving import FIND, SaveCommands
from ui.desk.workers import DeskWorkers, FoundSubject
from ui.notices import Notices
from ui.settings_store import Purpose, SettingsStore
from ui.widgets.dialog_parts import ask_file
from ui.widgets.recent_menu import RecentMenu

if TYPE_CHECKING:
    from gmmseg.io.projects.file.reading import OpenedProject
    from gmmseg.io.projects.journal.reading import Recovered
_MOST_NAMED = 12
"""Exported files that a message names."""


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
    saving : SaveCommands
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
        saving: SaveCommands,
        recent: RecentMenu,
        store: SettingsStore,
        notices: Notices,
        window: QWidget,
    ) -> None:
        super().__init__(name, actions, layout, window)
        self._purpose = purpose
        self._work = work
        self._saving = saving
        self._keeper = saving.keeper
        self._keeper.keeping.view = self._view
        self._recent = recent
        self._store = store
        self._notices = notices
        self._window = window
        self._note = ""
        """Note that is shown until the project is saved."""
        work.setParent(self)
        actions.setParent(self)
        saving.setParent(self)
        self._passing = ""
        """A message that holds until the next edit: a refusal, or the names of files that were exported."""
        self._passing_since = self._standing()
        work.failed.connect(self._show_error)
        work.bridge.changed.connect(self._on_shown)
        self.rearranged.connect(self._withdraw_passing)
        work.progressed.connect(self.progressed)
        work.running_changed.connect(self.refresh)
        work.main.failed.connect(self._show_failure)
        work.opener.file_opened.connect(self._remember_file)
        work.opener.kept_read.connect(self._take_or_hand_over)
        work.opener.subject_found.connect(self._take_found)
        work.exporter.finished.connect(self._show_exported)
        self._keeper.changed.connect(self.refresh)
        self._keeper.left_over.connect(self.left_over)
        self._keeper.saved.connect(self._remember_file)
        self._keeper.saved.connect(self._withdraw_note)
        self._keeper.saved.connect(self._note_saved)
        self._keeper.failed.connect(self._note_failure)
        saving.find_asked.connect(self._find_subject)
        saving.recover_asked.connect(self.recover_asked)
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
        for name in ("save", "save_as"):
            self.actions[name].setEnabled(self._keeper.has_subject)
        self.layout.toolbar.show_running(is_running)
        self.changed.emit()

    def stop(self) -> None:
        self._work.stop()

    def take(self, data: QMimeData) -> None:
        self._work.opener.open_mime(data)

    def shutdown(self) -> bool:
        # A save that runs is completed first: until then nobody else may have the project.
        has_ended = self._work.shutdown()
        self._keeper.end()
        return has_ended

    # Projects

    @property
    def heading(self) -> Heading:
        name, path = self._name_of(self._work.editor.document), self._keeper.path
        if path is not None:
            name = shown_name(path)
            if self._keeper.holder is not None:
                name = self.tr("{0} (read-only)").format(name)
        return Heading(f"{name} {self._place}".rstrip(), self.has_unsaved)

    def _name_of(self, document: Any) -> str:
        """Return the name of what a document is about, for people; empty for nothing."""
        raise NotImplementedError

    @property
    def _place(self) -> str:
        """Number of the file among several, in words."""
        return ""

    @property
    def _source(self) -> Path | None:
        """The user's file, or folder, that is open, where it is one."""
        return None

    @property
    def has_unsaved(self) -> bool:
        return self._keeper.is_modified

    def save_then(self, on_saved: Callable[[], None]) -> None:
        self._saving.save_then(on_saved)

    def discard(self) -> None:
        self._keeper.discard()

    @property
    def left_journals(self) -> tuple[Path, ...]:
        return tuple(self._keeper.left)

    def remember(self) -> None:
        self._store.set_session(self.name, self._keeper.path or self._source)

    def recover(self, journal: Path) -> None:
        self._work.opener.recover(journal)

    def take_kept(self, kept: KeptWork) -> None:
        # What the desk was about to open at its beginning is not wanted any more.
        self._work.reads.cancel()
        (self._show_recovered if kept.is_recovered else self._show_project)(kept.read)

    @Slot(object)
    def _take_or_hand_over(self, kept: KeptWork) -> None:
        if kept.read.project.kind == self.name:
            self.take_kept(kept)
        else:
            self.handed_over.emit(kept)

    def _show_project(self, opened: OpenedProject) -> None:
        """Go on with a project as it was left."""
        self._keeper.open(opened.project.history, opened.path)
        self._remember_file(opened.path)
        self._show_view(opened.project.view)
        holder, note = self._keeper.holder, opened.note
        if holder is not None:
            read_only = self.tr("It can only be read here; to keep changes save it under another name.")
            note = self._note = f"{held_by(opened.path, holder)} {read_only} {note}".rstrip()
        self._say_of_subject(note)

    def _show_recovered(self, recovered: Recovered) -> None:
        """Go on with what a journal held."""
        self._keeper.open(recovered.project.history, recovered.path, recovered.saved, recovered.journal)
        if recovered.path is not None:
            self._remember_file(recovered.path)
        self._show_view(recovered.project.view)
        text = self.tr("Recovered “{0}”; it is not saved yet.").format(recovered.name)
        self._note = f"{text} {recovered.note}".rstrip()
        self._say_of_subject(self._note)

    def _view(self) -> dict[str, Any]:
        """Return how the project is looked at, as plain values."""
        return {}

    def _show_view(self, view: dict[str, Any]) -> None:
        """Look at the project as it was looked at."""

    # A subject that is missing

    def _say_of_subject(self, note: str) -> None:
        """Say what there is to say of a project, with the way to a subject that is missing."""
        if self._keeper.missing is not None:
            self._notices.say(note, "error", self._find_text, self._find_subject)
        elif note:
            self._notices.say(note)

    @property
    def _find_text(self) -> str:
        return self.actions[FIND].text().replace("&", "")

    @property
    def _is_in_folder(self) -> bool:
        """Whether the subject is a folder of files."""
        return False

    @Slot()
    def _find_subject(self) -> None:
        """Ask where the missing subject of the project is, and go on with it."""
        place = self._keeper.path or self._source
        folder = self._store.folder(self._purpose) if place is None else place.parent
        modes = QFileDialog.FileMode
        mode = modes.Directory if self._is_in_folder else modes.ExistingFile
        ask_file(self._window, "findDialog", self._find_text.rstrip("…"), folder, self._read_found, mode=mode)

    def _read_found(self, chosen: Path) -> None:
        missing = self._keeper.missing
        if missing is not None:
            self._work.opener.find(self.name, missing, self._keeper.path or chosen, chosen)

    @Slot(object)
    def _take_found(self, found: FoundSubject) -> None:
        """Go on about a subject that has been found, unless something else has been opened meanwhile."""
        if found.missing is not self._keeper.missing:
            return
        try:
            self._keeper.take_found(found.subject)
        except GmmsegError as error:
            self._notices.show_error(error)
        else:
            self._say_of_subject(found.note)

    @Slot(object)
    def _note_failure(self, error: Exception) -> None:
        self._note = str(error)

    @Slot(object)
    def _note_saved(self, path: Path) -> None:
        self.noted.emit(self.tr("Saved “{0}”.").format(shown_name(path)))

    @Slot()
    def _withdraw_note(self) -> None:
        """Say no more that the project is not saved, or could not be."""
        self._notices.withdraw(self._note)

    def _leave(self, document: Any) -> None:
        """Say where the work on a subject is that another one has taken the place of, if it was not saved."""
        subject = self._keeper.keeping.project.subject_of(document)
        if subject is not None and subject in self._keeper.left.values():
            left = self.tr("The work on “{0}” is not saved; File ▸ Recover brings it back.")
            self._notices.say(left.format(self._name_of(document)))

    # What comes of the work

    @property
    def stale_note(self) -> str:
        """Note where the exported result is older than the settings."""
        return ""

    @Slot(object)
    def _show_error(self, error: Exception) -> None:
        self._passing = str(error) if isinstance(error, EditError) else ""
        self._passing_since = self._standing()
        self._notices.show_error(error)

    @Slot(object, object)
    def _on_shown(self, old: Any, new: Any) -> None:
        if new.document is old.document:
            return
        if self._standing() != self._passing_since:
            self._withdraw_passing()
        self.refresh()
        subject_of = self._keeper.keeping.project.subject_of
        if subject_of(new.document) is not subject_of(old.document):
            # What the bar says is about the subject before, also where undo has brought back another one.
            self._notices.clear()
            self._leave(old.document)

    def _standing(self) -> tuple[int, float]:
        """Return what differs after every edit, but not where a fit completes the document."""
        history = self._work.editor.history
        return len(history.past), history.present.time

    @Slot()
    def _withdraw_passing(self) -> None:
        """Say no more what was about the last thing done: something else is done now."""
        if self._passing:
            self._notices.withdraw(self._passing)
            self._passing = ""

    @Slot(object)
    def _show_failure(self, error: Exception) -> None:
        """Show why a run failed, with the way back to before the change that led to it."""
        self._passing = ""
        if isinstance(error, GmmsegError) and self._work.editor.shown.undo_title is not None:
            self._notices.say(str(error), "error", self.tr("Undo the change"), self._work.editor.undo)
        else:
            self._notices.show_error(error)

    def _show_warnings(self, warnings: Sequence[str]) -> None:
        """Show what a finished run has to say; an error of the one before is over."""
        if warnings:
            self._notices.say(" ".join(warnings))
        elif self._notices.has_error and not self._passing:
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
        self._passing, self._passing_since = text, self._standing()
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
