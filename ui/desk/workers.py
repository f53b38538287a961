"""Background workers of a desk, each with a runner, and all of them together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtCore import QMimeData, QObject, Signal, Slot

from gmmseg.control import Progress, ShouldStop
from gmmseg.editing.editor import Edit, Editor
from gmmseg.errors import GmmsegError, ReadError
from ui.desk.desk import KeptWork
from ui.desk.job_runner import JobRunner
from ui.desk.requests import LatestRequests, Work
from ui.desk.workspace_bridge import WorkspaceBridge
from ui.settings_store import SettingsStore

_LAST_EXPORTS = 60.0
"""Seconds that exports have to end before the program does."""


class Worker(QObject):
    """Does one kind of work with a runner of its own, and passes on how far it is and what failed.

    Parameters
    ----------
    runner : JobRunner
        For this object alone.
    """

    failed = Signal(object)
    """Exception: everything is as it was."""
    progressed = Signal(object)
    """Progress"""

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runner = runner
        runner.events.connect(self._on_events)
        runner.finished.connect(self._on_finished)
        runner.failed.connect(self._on_failed)
        runner.cancelled.connect(self._on_cancelled)

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Any, ...]) -> None:
        if isinstance(events[-1], Progress):
            self.progressed.emit(events[-1])

    @Slot(object, object)
    def _on_finished(self, run: int, result: Any) -> None:
        """Take the result, where a run has one."""

    @Slot(object, object)
    def _on_failed(self, run: int, error: Exception) -> None:
        self._end()
        self.failed.emit(error)

    @Slot(object)
    def _on_cancelled(self, run: int) -> None:
        self._end()

    def _end(self) -> None:
        """Note that a run ended without a result."""


def reading_project(path: Path, should_stop: ShouldStop) -> Generator[Progress, None, KeptWork]:
    """Read a project."""
    # Imported with the first project: the window is there sooner without it.
    from gmmseg.io.projects.file.reading import open_events

    return KeptWork((yield from open_events(path, should_stop=should_stop)), False)


def reading_journal(journal: Path, should_stop: ShouldStop) -> Generator[Progress, None, KeptWork]:
    """Read what a journal holds."""
    from gmmseg.io.projects.journal.reading import recover_events

    yield Progress("Reading what was not saved")
    return KeptWork((yield from recover_events(journal, should_stop)), True)


@dataclass(frozen=True, slots=True, eq=False)
class FoundSubject:
    """The subject that was missing, the one found in its place, and a note about that."""

    missing: object
    subject: object
    note: str


def _finding(
    kind_name: str, missing: object, project: Path, chosen: Path, should_stop: ShouldStop
) -> Generator[Progress, None, FoundSubject]:
    """Read the subject of a project where the user says that it is; raises `ReadError` for another one."""
    from gmmseg.io.projects.kinds.registry import kind_named

    yield Progress(f"Reading {chosen.name}")
    kind = kind_named(kind_name)
    form = kind.form_of(missing, project, None, is_quick=True)
    found = yield from kind.find_events(form, None, project, chosen, should_stop)
    return FoundSubject(missing, found.subject, found.note)


class FileOpener(Worker):
    """Reads in the background what files hold, projects and journals of any desk among them."""

    file_opened = Signal(object)
    """The Path of a file, or folder, that was opened by its name."""
    kept_read = Signal(object)
    """KeptWork: a project, or what a journal holds, of whatever desk."""
    subject_found = Signal(object)
    """FoundSubject"""
    drop_hint: ClassVar[str] = ""
    """What to drop in place of something that is no file."""

    def open_path(self, path: Path) -> None:
        """Read a file or a folder."""
        raise NotImplementedError

    def find(self, kind_name: str, missing: object, project: Path, chosen: Path) -> None:
        """Read the subject of a project of some kind where the user says that it is."""
        self.runner.start(lambda should_stop: _finding(kind_name, missing, project, chosen, should_stop))

    def recover(self, journal: Path) -> None:
        """Read what a journal holds."""
        self.runner.start(lambda should_stop: reading_journal(journal, should_stop))

    @Slot(object, object)
    def _on_finished(self, run: int, result: Any) -> None:
        if isinstance(result, KeptWork):
            self.kept_read.emit(result)
        elif isinstance(result, FoundSubject):
            self.subject_found.emit(result)
        else:
            self._on_read(result)

    def _on_read(self, result: Any) -> None:
        """Pass on what else was read."""
        raise NotImplementedError

    def open_mime(self, data: QMimeData) -> None:
        """Read the file or folder that was dropped."""
        local = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if local:
            self.open_path(local[0])
        else:
            self.failed.emit(ReadError("What was dropped is no file on this computer.", self.drop_hint))


class FileExporter(Worker):
    """Writes files in the background.

    Parameters
    ----------
    workspace : Editor
        Of what is written.
    runner : JobRunner
        For this object alone, with the policy ``queue``.
    store : SettingsStore
        Remembers the folder.
    """

    finished = Signal(object, bool)
    """(list of Path, whether what was written was made with older settings than there were at that time)"""

    def __init__(
        self,
        workspace: Editor[Any, Any],
        runner: JobRunner,
        store: SettingsStore,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(runner, parent)
        self._workspace = workspace
        self._store = store


class DeskWorkers(QObject):
    """The workspace of a desk and its workers: one runner for each kind of work, so that none waits.

    Those derived from it make their workers in the constructor, ending with `_follow`.

    Parameters
    ----------
    workspace : Editor
    """

    failed = Signal(object)
    """Exception; those of a run go by the ``failed`` of its worker."""
    progressed = Signal(object)
    """Progress"""
    running_changed = Signal()

    opener: FileOpener
    exporter: FileExporter

    def __init__(self, workspace: Editor[Any, Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.editor = workspace
        self.reads, self.exports = JobRunner("newest", self), JobRunner("queue", self)
        self.saves = JobRunner("queue", self)
        self.bridge = WorkspaceBridge(workspace, self)
        self._workers: tuple[Worker, ...] = ()
        self._quiet: list[JobRunner] = []

    def make_requests(self, work: Work, key_of: Callable[[Any], Hashable]) -> LatestRequests:
        """Return requests with a runner of their own; their failures are reported, their end is seen to."""
        runner = JobRunner("queue", self)
        requests = LatestRequests(runner, work, key_of, self)
        requests.failed.connect(self.failed)
        self._quiet.append(runner)
        return requests

    def _follow(self, main: Worker, *others: Worker) -> None:
        """Pass on what the workers report; `opener` and `exporter` are among the others.

        The failures of `main`, which does what the desk is there for, are left to who knows what led to them.
        """
        others = (self.opener, self.exporter, *others)
        self._workers = (main, *others)
        for worker in self._workers:
            worker.progressed.connect(self._pass_on)
            worker.runner.running_changed.connect(self._on_running_changed)
        for worker in others:
            worker.failed.connect(self.failed)

    @property
    def parts(self) -> tuple[object, ...]:
        """Those on which a desk's actions call methods: this, the workspace and the workers."""
        return (self, self.editor, *self._workers)

    @property
    def main(self) -> Worker:
        """The one that does what the desk is there for."""
        return self._workers[0]

    @property
    def is_running(self) -> bool:
        """Whether a run or a reading is under way: what Stop ends."""
        return self.main.runner.is_running or self.reads.is_running

    @property
    def is_busy(self) -> bool:
        """Whether anything runs whose progress is shown."""
        return any(worker.runner.is_running for worker in self._workers)

    @Slot(object)
    def apply(self, edit: Edit[Any]) -> None:
        """Apply what somebody asked for; what cannot be done is refused."""
        try:
            self.editor.apply(edit)
        except GmmsegError as error:
            self.failed.emit(error)

    @Slot()
    def settle(self) -> None:
        """Let the next edit be an undo step of its own."""
        self.editor.settle()

    @property
    def can_stop(self) -> bool:
        """Whether something runs that Stop ends and that has not been asked to end yet."""
        return any(runner.is_running and not runner.is_ending for runner, _ in self._ends)

    @property
    def _ends(self) -> Sequence[tuple[JobRunner, Callable[[], object]]]:
        """Work that Stop ends, in order, and how."""
        raise NotImplementedError

    @Slot()
    def stop(self) -> None:
        """End the first work that runs and has not been asked to end, and say that it was asked."""
        for runner, end in self._ends:
            if runner.is_running and not runner.is_ending:
                end()
                self.progressed.emit(Progress(self.tr("Stopping …")))
                self.running_changed.emit()
                return

    @Slot(object)
    def _pass_on(self, progress: Progress) -> None:
        """Pass progress on, but not while something is about to end, which is what is said then."""
        if not any(runner.is_ending for runner, _ in self._ends):
            self.progressed.emit(progress)

    def shutdown(self) -> bool:
        """End all work; what is being written is finished first. Returns whether all threads have ended."""
        writing = (self.exports, self.saves)
        runners = [worker.runner for worker in self._workers if worker.runner not in writing]
        ended = [runner.shutdown() for runner in (*runners, *self._quiet)]
        ended += [runner.shutdown(finish=True, seconds=_LAST_EXPORTS) for runner in writing]
        return all(ended)

    @Slot()
    def _on_running_changed(self) -> None:
        self.running_changed.emit()
