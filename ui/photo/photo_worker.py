"""PhotoWorker: the base of what works on a photo in the background, beside all the others that do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from gmmseg.photo.workspace import Workspace
from ui.desk.job_runner import JobRunner
from ui.desk.workers import DeskWorkers, Worker


class PhotoWorkers(DeskWorkers):
    """The workers of the photo desk, by which each of them knows what all work on.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(workspace, parent)
        self.workspace = workspace


class PhotoWorker(Worker):
    """Works with a runner of its own, of whose runs the newest counts.

    Parameters
    ----------
    work : PhotoWorkers
    is_urgent : callable
        As of `JobRunner`.
    """

    def __init__(self, work: PhotoWorkers, is_urgent: Callable[[Any], bool] = lambda event: False) -> None:
        super().__init__(JobRunner("newest", work, is_urgent), work)
        self._work = work
        self._workspace = work.workspace
