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
    """Makes the masks of all frames of a stack, once, from the first one on.

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
        self._made: tuple[Path | None, str] | None = None
        """The stack whose masks are made, being made, or were given up."""
        bridge.changed.connect(self._on_changed)

    @Slot(bool)
    def want(self, is_wanted: bool) -> None:
        """Note whether somebody shows the foreground; the first who does has it made."""
        if is_wanted and not self._is_wanted and not self.runner.is_running:
            known = self._workspace.shown.foreground
            self._made = None if known is None else known.stack_id
        self._is_wanted = is_wanted
        self._follow()

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        if new.document.image is not old.document.image:
            self._follow()

    def _follow(self) -> None:
        image = self._workspace.document.image
        place = None if image is None else image.source.place
        if not self._is_wanted or image is None or place is None:
            return
        stack_id = image.source.stack_id
        if self._made != stack_id:
            self._made = stack_id
            self._workspace.show_foreground(Foreground(stack_id))
            self.runner.start(lambda should_stop: _masks(place.stack, stack_id, should_stop))

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Any, ...]) -> None:
        found = self._workspace.shown.foreground
        masks = [event for event in events if not isinstance(event, Progress)]
        if found is not None and masks and found.stack_id == self._made:
            self._workspace.show_foreground(found.grown(masks))
        super()._on_events(run, events)

    @Slot(object, object)
    def _on_finished(self, run: int, result: None) -> None:
        pass


def _masks(
    stack: Path, stack_id: tuple[Path | None, str], should_stop: ShouldStop
) -> Generator[BoolArray | Progress, None, None]:
    """Yield the mask of each frame, and how far this is."""
    for image, mask in foreground(
        read_frames(stack, should_stop=should_stop), BackgroundSettings(), should_stop
    ):
        place = image.source.place
        if image.source.stack_id != stack_id or place is None:
            raise changed_while_read(stack)
        yield mask
        n_done = place.frame + 1
        yield Progress(f"Following the background: frame {n_done}", n_done / place.n_frames)
