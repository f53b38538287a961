"""TileMaker: makes the tiles that the panes look at in the background, those wanted now before all others."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.arrays import ByteArray
from gmmseg.control import ShouldStop
from gmmseg.errors import GmmsegError
from ui.desk.job_runner import JobRunner

if TYPE_CHECKING:
    from gmmseg.tiled.viewing import TileDrawer
    from ui.photo.panels.pane_tiles import TileRequest

Made = tuple["TileRequest", ByteArray | None, GmmsegError | None]
"""A request with its tile, or why there is none."""


class TileMaker(QObject):
    """Answers requests in their order until others take their place.

    Parameters
    ----------
    runner : JobRunner
        For this object alone; it delivers every event at once.
    """

    made = Signal(object, object)
    """(TileRequest, pixels); None where the tile cannot be read."""
    failed = Signal(object)
    """GmmsegError, the first of a picture."""

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runner = runner
        self._wanted: deque[TileRequest] = deque()
        self._drawer: TileDrawer | None = None
        self._complained_of: object | None = None
        runner.events.connect(self._on_events)
        runner.finished.connect(self._go_on)
        runner.failed.connect(self._on_failed)

    @Slot(object)
    def want(self, requests: Sequence[TileRequest]) -> None:
        """Make these tiles in place of those that were wanted before."""
        self._wanted = deque(requests)
        if not requests:
            self._drawer = None
        self._go_on()

    @Slot()
    def _go_on(self) -> None:
        if self._wanted and not self.runner.is_running:
            self.runner.start(self._making)

    def _making(self, should_stop: ShouldStop) -> Generator[Made, None, None]:
        from gmmseg.tiled.viewing import TileDrawer

        while True:
            try:
                # Looked up anew each time: another queue may have taken its place.
                request = self._wanted.popleft()
            except IndexError:
                return
            drawer = self._drawer
            if drawer is None or drawer.pyramid is not request.pyramid:
                drawer = self._drawer = TileDrawer(request.pyramid)
            try:
                yield request, drawer.draw(request.view, should_stop), None
            except GmmsegError as error:
                yield request, None, error

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Made, ...]) -> None:
        for request, pixels, error in events:
            self.made.emit(request, pixels)
            if error is not None and self._complained_of is not request.pyramid:
                self._complained_of = request.pyramid
                self.failed.emit(error)

    @Slot(object, object)
    def _on_failed(self, run: int, error: Exception) -> None:
        self._wanted.clear()
        self.failed.emit(error)
