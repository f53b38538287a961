"""ForegroundMaker: follows the background through a stack while somebody looks at what is in front of it."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Slot

from gmmseg.arrays import BoolArray
from gmmseg.control import Progress, ShouldStop
from gmmseg.frames.background import foreground
from gmmseg.frames.settings import BackgroundSettings
from gmmseg.io.files import changed_while_read
from gmmseg.io.images import read_frames
from gmmseg.photo.foreground import Foreground
from gmmseg.photo.view_state import ViewState
from gmmseg.photo.workspace import Workspace
from ui.desk.job_runner import JobRunner
from ui.desk.workers import Worker
from ui.desk.workspace_bridge import WorkspaceBridge


class ForegroundMaker(Worker):
    """Makes the masks of all frames of a file, once, from the first one on.

    Parameters
    ----------
    workspace : Workspace
    bridge : WorkspaceBridge
    runner : JobRunner
        For this object alone, with the policy ``newest``.
    """

    def __init__(
        self, workspace: Workspace, bridge: WorkspaceBridge, runner: JobRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(runner, parent)
        self._workspace = workspace
        self._is_wanted = False
        self._made = ""
        """Hash of the file whose masks are made, being made, or were given up."""
        bridge.changed.connect(self._on_changed)

    @Slot(bool)
    def want(self, is_wanted: bool) -> None:
        """Note whether somebody shows the foreground; the first who does has it made."""
        if is_wanted and not self._is_wanted and not self.runner.is_running:
            known = self._workspace.shown.foreground
            self._made = "" if known is None else known.sha256
        self._is_wanted = is_wanted
        self._follow()

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        if new.document.image is not old.document.image:
            self._follow()

    def _follow(self) -> None:
        image = self._workspace.document.image
        if not self._is_wanted or image is None or image.source.n_frames < 2 or image.source.path is None:
            return
        path, sha256 = image.source.path, image.source.sha256
        if self._made != sha256:
            self._made = sha256
            self._workspace.show_foreground(Foreground(sha256))
            self.runner.start(lambda should_stop: _masks(path, sha256, should_stop))

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Any, ...]) -> None:
        found = self._workspace.shown.foreground
        masks = [event for event in events if not isinstance(event, Progress)]
        if found is not None and masks and found.sha256 == self._made:
            self._workspace.show_foreground(found.grown(masks))
        super()._on_events(run, events)

    @Slot(object, object)
    def _on_finished(self, run: int, result: None) -> None:
        pass


def _masks(path: Path, sha256: str, should_stop: ShouldStop) -> Generator[BoolArray | Progress, None, None]:
    """Yield the mask of each frame, and how far this is."""
    for image, mask in foreground(
        read_frames(path, should_stop=should_stop), BackgroundSettings(), should_stop
    ):
        source = image.source
        if source.sha256 != sha256:
            raise changed_while_read(path)
        yield mask
        yield Progress(
            f"Following the background: frame {source.frame + 1}", (source.frame + 1) / source.n_frames
        )
