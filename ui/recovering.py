"""Recovery: looks for what a window that ended had not saved, and offers it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

from gmmseg.control import ShouldStop
from ui.desk.job_runner import JobRunner
from ui.desk.requests import LatestRequests
from ui.notices import Notices
from ui.settings_store import Purpose, SettingsStore

if TYPE_CHECKING:
    from gmmseg.io.projects.journal.leftovers import Leftover
    from gmmseg.io.projects.journal.reading import Recovered

_LOOK_AFTER_MS = 1000
"""After the start: the first image comes first."""
_PURPOSES: tuple[Purpose, ...] = ("open", "digits", "tables")
"""Under which projects that were opened are remembered."""


@dataclass(frozen=True, slots=True)
class _Question:
    """Search for journals: its folders, and whether the user asked for it."""

    projects: tuple[Path, ...]
    closed: tuple[Path, ...]
    is_asked: bool


def _look(question: _Question, should_stop: ShouldStop) -> list[Leftover]:
    from gmmseg.io.projects.journal.leftovers import leftovers
    from gmmseg.io.projects.journal.places import journal_folder, kept_folder

    left = leftovers([journal_folder()], question.projects, question.closed)
    kept = leftovers([kept_folder()])
    return [*left, *kept] if question.is_asked else left


def _look_into(journal: Path, should_stop: ShouldStop) -> Recovered:
    from gmmseg.io.projects.journal.reading import look_into

    return look_into(journal)


class Recovery(QObject):
    """Offers journals in which something would be lost.

    Parameters
    ----------
    left_journals : callable
        Returns the journals of what was left in this window.
    recover : callable
        Goes on with the journal at a path.
    store : SettingsStore
        Knows the projects opened last.
    notices : Notices
    window : QWidget
        Over which the list is shown.
    """

    def __init__(
        self,
        left_journals: Callable[[], Sequence[Path]],
        recover: Callable[[Path], None],
        store: SettingsStore,
        notices: Notices,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._left_journals = left_journals
        self._recover = recover
        self._store = store
        self._notices = notices
        self._window = window
        self._runners = (JobRunner("queue", self), JobRunner("queue", self))
        self._looks = LatestRequests(self._runners[0], _look, lambda question: "leftovers", self)
        self._looks.answered.connect(self._on_found)
        self._glances = LatestRequests(self._runners[1], _look_into, lambda journal: journal, self)
        self._glances.answered.connect(self._on_looked)
        for requests in (self._looks, self._glances):
            requests.failed.connect(notices.show_error)
        self._timer = QTimer(self, singleShot=True, interval=_LOOK_AFTER_MS)
        self._timer.timeout.connect(self._look_at_start)

    def begin(self) -> None:
        """Look soon, without being in the way of what is opened first."""
        self._timer.start()

    def shutdown(self) -> bool:
        """End all work. Returns whether all threads have ended."""
        self._timer.stop()
        ended = [runner.shutdown() for runner in self._runners]
        return all(ended)

    @Slot()
    def _look_at_start(self) -> None:
        self._ask(is_asked=False)

    @Slot()
    def show_all(self) -> None:
        """Show all that can be recovered, what was not wanted before included."""
        self._ask(is_asked=True)

    @Slot(object)
    def offer(self, journal: Path) -> None:
        """Offer a journal that was beside a project that has been opened."""
        self._glances.ask(journal)

    def _ask(self, *, is_asked: bool) -> None:
        closed = tuple(self._left_journals()) if is_asked else ()
        recent = [path for purpose in _PURPOSES for path in self._store.recent_files(purpose)]
        self._looks.ask(_Question(tuple(dict.fromkeys(recent)), closed, is_asked))

    @Slot(object, object)
    def _on_found(self, question: _Question, found: list[Leftover]) -> None:
        from ui.dialogs.recover import RecoverDialog, RecoverEntry

        if not found:
            if question.is_asked:
                self._notices.say(self.tr("There is nothing to recover."))
            return
        entries = [
            RecoverEntry(
                each.recovered.journal,
                each.recovered.name,
                each.recovered.n_steps,
                each.recovered.project.summary,
                each.recovered.time,
                each.picture,
            )
            for each in found
        ]
        dialog = RecoverDialog(entries, self._window)
        dialog.recover_requested.connect(self._recover)
        if not question.is_asked:
            dialog.declined.connect(lambda: _put_aside(found))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(object, object)
    def _on_looked(self, journal: Path, recovered: Recovered) -> None:
        if recovered.has_something:
            text = self.tr("“{0}” has changes that a window that ended had not saved.")
            self._notices.say(
                text.format(recovered.name),
                "note",
                self.tr("Recover them"),
                lambda: self._recover(journal),
            )


def _put_aside(declined: Sequence[Leftover]) -> None:
    from gmmseg.io.projects.journal.places import set_aside

    for each in declined:
        set_aside(each.recovered.journal, each.recovered.path)
