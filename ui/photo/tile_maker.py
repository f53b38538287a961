"""TileMaker: makes the tiles that the panes look at in the background, those wanted now before all others."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from itertools import groupby
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
    runners : sequence of JobRunner
        For this object alone; they deliver every event at once. Each makes all layers of a place, which are
        read once.
    """

    made = Signal(object, object)
    """(TileRequest, pixels); None where the tile cannot be read."""
    failed = Signal(object)
    """GmmsegError, the first of a picture."""

    def __init__(self, runners: Sequence[JobRunner], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runners = tuple(runners)
        self._wanted: deque[list[TileRequest]] = deque()
        self._drawer: TileDrawer | None = None
        self._complained_of: object | None = None
        for runner in self.runners:
            runner.events.connect(self._on_events)
            runner.finished.connect(self._go_on)
            runner.failed.connect(self._on_failed)

    @Slot(object)
    def want(self, requests: Sequence[TileRequest]) -> None:
        """Make these tiles in place of those that were wanted before."""
        # First, so that none of the new requests meets the drawer of another picture.
        if not requests:
            self._drawer = None
        elif self._drawer is None or self._drawer.pyramid is not requests[0].pyramid:
            # Imported with the first picture beyond memory.
            from gmmseg.tiled.viewing import TileDrawer

            self._drawer = TileDrawer(requests[0].pyramid)
        self._wanted = deque(list(of_place) for _, of_place in groupby(requests, lambda one: one.view.place))
        self._go_on()

    @Slot()
    def _go_on(self) -> None:
        for runner in self.runners:
            if self._wanted and not runner.is_running:
                runner.start(self._making)

    def _making(self, should_stop: ShouldStop) -> Generator[Made, None, None]:
        while True:
            try:
                # Looked up anew each time: another queue may have taken its place.
                of_place = self._wanted.popleft()
            except IndexError:
                return
            drawer = self._drawer
            for request in of_place:
                if drawer is None or drawer.pyramid is not request.pyramid:
                    break
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
