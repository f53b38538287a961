"""Engines: results in tile order, workers that are lost replaced, errors and signals passed on."""

from __future__ import annotations

import errno
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from gmmseg.control import StopRequest, never_stop
from gmmseg.errors import Cancelled, ClusterError, ReadError
from gmmseg.processes import LostProcessError
from gmmseg.tiled.engines import DaskCluster, Local
from gmmseg.tiled.tiles import Tile, grid_of

TILES = grid_of((10, 70), (10, 10))


@dataclass(frozen=True)
class Square:
    """Squares a tile's number; kills its process at tile 3 while a file is there, or at every tile."""

    fatal: Path | None = None
    always: bool = False

    def __call__(self, tile: Tile) -> int:
        if self.always:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fatal is not None and tile.index == 3 and self.fatal.exists():
            self.fatal.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return tile.index**2


@dataclass(frozen=True)
class Fail:
    """Fails at every tile."""

    error: Exception

    def __call__(self, tile: Tile) -> int:
        raise self.error


@dataclass(frozen=True)
class Refuse:
    """Fails at the second tile."""

    def __call__(self, tile: Tile) -> int:
        if tile.index == 1:
            raise ReadError("Not to be read.", "Copy it again.")
        return 0


@pytest.mark.slow
def test_processes_yield_in_tile_order_and_survive_one_that_is_killed(tmp_path: Path) -> None:
    fatal = tmp_path / "fatal"
    fatal.touch()
    with Local(2) as engine:
        found = list(engine.results(Square(fatal), TILES, never_stop))
        assert found == [(tile, tile.index**2) for tile in TILES]
        assert not fatal.exists()
        with pytest.raises(ReadError, match="Not to be read") as refused:
            list(engine.results(Refuse(), TILES, never_stop))
        assert refused.value.remedy == "Copy it again."
        with pytest.raises(Cancelled):
            list(engine.results(Square(), TILES, lambda: StopRequest.CANCEL))


@pytest.mark.slow
def test_a_task_that_kills_every_process_ends_with_a_sentence() -> None:
    with Local(2) as engine, pytest.raises(LostProcessError, match="ended unexpectedly"):
        list(engine.results(Square(always=True), TILES[:2], never_stop))


def test_one_process_does_the_same() -> None:
    with Local() as engine:
        assert [result for _, result in engine.results(Square(), TILES, never_stop)] == [
            tile.index**2 for tile in TILES
        ]
        with pytest.raises(Cancelled):
            list(engine.results(Square(), TILES, lambda: StopRequest.CANCEL))


def test_a_task_of_a_cluster_keeps_its_own_error() -> None:
    distributed = pytest.importorskip("distributed")
    options = {"processes": False, "n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.Client(**options, set_as_default=False) as client, DaskCluster(client) as engine:
        found = list(engine.results(Square(), TILES, never_stop))
        assert found == [(tile, tile.index**2) for tile in TILES]
        with pytest.raises(OSError, match="Not even a disk") as failed:
            list(engine.results(Fail(OSError(errno.EIO, "Not even a disk")), TILES, never_stop))
        assert failed.value.errno == errno.EIO
        # Which is what a wait that was too short is called too.
        with pytest.raises(TimeoutError, match="of the task"):
            list(engine.results(Fail(TimeoutError("of the task")), TILES, never_stop))
        killed = distributed.KilledWorker("task", SimpleNamespace(address="there"), 3)
        with pytest.raises(ClusterError, match="on the same tile"):
            list(engine.results(Fail(killed), TILES, never_stop))


def test_a_scheduler_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("gmmseg.tiled.engines._CONNECT_SECONDS", 0.5)
    with pytest.raises(ClusterError, match="No Dask scheduler answers"):
        DaskCluster("tcp://127.0.0.1:9")
