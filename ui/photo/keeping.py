"""How the photo desk's work is kept: as projects of one image each."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from gmmseg.control import Progress, ShouldStop
from gmmseg.history import History
from gmmseg.image import Image
from gmmseg.photo.document import Document
from gmmseg.photo.project import Project, differs, has_work
from gmmseg.photo.workspace import Workspace
from ui.settings_store import SettingsStore


class PhotoKeeping:
    """Makes projects of the workspace's history and of how it is looked at.

    Parameters
    ----------
    workspace : Workspace
    store : SettingsStore
        Says how many backups are wanted.
    """

    def __init__(self, workspace: Workspace, store: SettingsStore) -> None:
        self._workspace = workspace
        self._store = store
        self.view: Callable[[], dict[str, Any]] = dict
        """Returns how the project is looked at."""

    def subject_of(self, document: Document) -> Image | None:
        # A project holds one image as it is in memory.
        image = document.image
        return None if image is None or image.levels is not None else image

    def history_now(self) -> History[Document]:
        from gmmseg.io.projects.states import of_present_image

        return of_present_image(self._workspace.history)

    def first_records(
        self, history: History[Document], path: Path, project: Path | None, saved: Document | None
    ) -> Iterator[bytes]:
        from gmmseg.io.projects.journals import first_records

        return first_records(history, self.view(), path, project, saved)

    def change_record(self, before: History[Document], after: History[Document]) -> bytes:
        from gmmseg.io.projects.journals import change_record

        return change_record(before, after)

    def companions(self, subject: Image, path: Path, should_stop: ShouldStop) -> dict[Path, bytes]:
        from gmmseg.io.projects.journals import companions

        return companions(subject, path, should_stop)

    def project_now(self) -> Project:
        return Project(self._workspace.history, self.view())

    def save_events(
        self, project: Project, path: Path, should_stop: ShouldStop
    ) -> Generator[Progress, None, None]:
        # Imported with the first save: the window is there sooner without it.
        from gmmseg.io.projects.writing import save_events

        yield from save_events(project, path, n_backups=self._store.n_backups, should_stop=should_stop)

    def has_work(self, document: Document) -> bool:
        return has_work(document)

    def differs(self, document: Document, saved: Document) -> bool:
        return differs(document, saved)
