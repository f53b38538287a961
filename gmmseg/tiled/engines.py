"""Engines: where the tasks of a pass over the tiles run; the order of their results is that of the tiles."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from gmmseg.control import ShouldStop, Stopped, raise_if_asked
from gmmseg.errors import ClusterError
from gmmseg.mixture.compiled import kernel_name, rounding_name
from gmmseg.mixture.threads import one_blas_thread
from gmmseg.processes import Failed, Finished, work_events
from gmmseg.tiled.tiles import Tile

_R = TypeVar("_R")

_QUEUED = 2
"""Tasks in hand for each worker of a cluster: one runs, one waits, so that none waits for the coordinator."""
_POLL = 0.1
"""Seconds between two questions whether to stop."""
_CONNECT_SECONDS = 10
_MAX_LOSSES = 5
"""Losses of its worker that a tile may have: after that it is the task that kills them."""


Task = Callable[[Tile], _R]
"""A job for one tile: without state, small when pickled, and the same however often it is run."""


class Engine(ABC):
    """Runs tasks over tiles; a context manager, which ends its workers."""

    @abstractmethod
    def results(
        self, task: Task[_R], tiles: Sequence[Tile], should_stop: ShouldStop
    ) -> Iterator[tuple[Tile, _R]]:
        """Yield each tile with its result, in the order given.

        Raises
        ------
        GmmsegError
            A task's own, or one that says that workers or their scheduler are lost for good.
        Stopped, Cancelled
            When asked to, soon.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:  # noqa: B027 - most engines have something to end, this process has not
        """End the workers."""


class Local(Engine):
    """Processes of this machine.

    Parameters
    ----------
    n_jobs : int
        With 1 all tiles are worked on in this process, one after another.
    """

    def __init__(self, n_jobs: int = 1) -> None:
        self._n_jobs = n_jobs

    def results(
        self, task: Task[_R], tiles: Sequence[Tile], should_stop: ShouldStop
    ) -> Iterator[tuple[Tile, _R]]:
        work = _TileWork(_Alike(task, rounding_name()))
        # Those that are ready before their turn.
        ready: dict[int, _R] = {}
        n_yielded = 0
        for event in work_events(work, tiles, self._n_jobs, should_stop, _MAX_LOSSES):
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Finished):
                ready[event.at] = event.result
            while n_yielded in ready:
                yield tiles[n_yielded], ready.pop(n_yielded)
                n_yielded += 1
        if n_yielded < len(tiles):
            raise Stopped


class DaskCluster(Engine):
    """Workers of a Dask scheduler that runs elsewhere.

    Parameters
    ----------
    address : str or distributed.Client
        As ``tcp://host:8786``; a client that is connected is not closed at the end.
    """

    def __init__(self, address: Any) -> None:
        try:
            import distributed
        except ImportError as error:
            raise ClusterError(
                "A scheduler needs the Python package distributed.",
                "Install gmmseg with its extra: pip install 'gmmseg[cluster]'.",
            ) from error
        self._is_own = not isinstance(address, distributed.Client)
        if not self._is_own:
            self._client = address
            return
        client: Any = distributed.Client
        try:
            self._client = client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ClusterError(
                f"No Dask scheduler answers at {address}.", "Start it with “dask scheduler”."
            ) from error

    def results(
        self, task: Task[_R], tiles: Sequence[Tile], should_stop: ShouldStop
    ) -> Iterator[tuple[Tile, _R]]:
        run = _Alike(task, rounding_name())
        left = deque(tiles)
        pending: deque[tuple[Tile, Any]] = deque()
        try:
            while left or pending:
                raise_if_asked(should_stop)
                if self._client.status not in ("running", "connecting"):
                    raise _scheduler_lost()
                while left and len(pending) < self._n_in_hand():
                    tile = left.popleft()
                    # Not pure: a task whose worker was lost is run anew, not remembered.
                    pending.append((tile, self._client.submit(run, tile, pure=False, retries=_MAX_LOSSES)))
                tile, future = pending[0]
                result = self._result_within(future, _POLL)
                if result is not None:
                    pending.popleft()
                    yield tile, result[0]
        finally:
            for _, future in pending:
                with contextlib.suppress(Exception):  # of a scheduler that is gone
                    future.cancel()

    def _n_in_hand(self) -> int:
        return _QUEUED * max(1, len(self._client.scheduler_info(n_workers=-1).get("workers", ())))

    def _result_within(self, future: Any, seconds: float) -> tuple[Any] | None:
        """Return a task's result or raise its own error; None where it takes longer."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        try:
            error = future.exception(timeout=seconds)
            if error is None:
                # It is there, and takes as long as it takes to come here.
                return (future.result(),)
        except (FutureCancelledError, OSError) as lost:
            if isinstance(lost, TimeoutError) and self._client.status == "running":
                return None
            raise _scheduler_lost() from lost
        if isinstance(error, KilledWorker):
            raise ClusterError(
                "Several workers of the Dask cluster ended unexpectedly on the same tile.",
                "Give them more memory each, and repeat the command with --resume.",
            ) from error
        raise error

    def close(self) -> None:
        if not self._is_own:
            return
        with contextlib.suppress(OSError, RuntimeError):
            self._client.close(timeout=1)


def _scheduler_lost() -> ClusterError:
    return ClusterError(
        "The Dask scheduler does not answer any more.",
        "Start it again and repeat the command with --resume.",
    )


@dataclass(frozen=True, slots=True)
class _Alike(Generic[_R]):
    """A task that refuses to run where its sums would have other last bits."""

    task: Task[_R]
    kernel: str

    def __call__(self, tile: Tile) -> _R:
        if rounding_name() != self.kernel:
            raise ClusterError(
                f"A worker's E-step is {kernel_name()}, the coordinator's is {self.kernel}.",
                "Install the same build of gmmseg on all machines.",
            )
        with one_blas_thread():
            return self.task(tile)


@dataclass(frozen=True, slots=True)
class _TileWork(Generic[_R]):
    """A task as work on an item: it is done before it could be asked whether to stop."""

    task: Task[_R]

    def __call__(self, tile: Tile, should_stop: ShouldStop) -> Generator[Any, None, _R]:
        return self.task(tile)
        yield
