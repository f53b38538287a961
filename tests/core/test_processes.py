"""Work in processes: results, failures, lost processes and ends, the same as in this process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from gmmseg import processes
from gmmseg.control import Progress, ShouldStop, StopRequest, never_stop, raise_if_cancelled
from gmmseg.errors import Cancelled, SettingsError
from gmmseg.io.temporaries import is_running
from gmmseg.processes import Begun, Failed, Finished, ItemEvent, LostProcessError, Reported, work_events


def squared(item: int, should_stop: ShouldStop) -> Generator[Progress, None, int]:
    yield Progress(f"squaring {item}")
    match item:
        case 3:
            raise SettingsError("a.b", "Three is none.", "Take four.")
        case 4:
            raise UnportableError(None, None)
        case 5:
            os.kill(os.getpid(), signal.SIGKILL)
        case 6:
            raise OSError(5, "of the work, not of the pipe")
    return item * item


class UnportableError(Exception):
    def __init__(self, first: object, second: object) -> None:
        super().__init__("cannot be made again of its text")


class Asked:
    """A request that can be changed from outside of the work."""

    request = StopRequest.NONE

    def __call__(self) -> StopRequest:
        return self.request


def endless(item: Path, should_stop: ShouldStop) -> Generator[Progress, None, None]:
    """Work until it is cancelled, and leave a file as proof that it ended in order."""
    yield Progress("at work")
    try:
        while True:
            raise_if_cancelled(should_stop)
            time.sleep(0.01)
    finally:
        item.write_text("ended")


def ends(events: list[ItemEvent[int]]) -> dict[int, int | Exception]:
    return {
        event.at: event.result if isinstance(event, Finished) else event.error
        for event in events
        if isinstance(event, Finished | Failed)
    }


@pytest.fixture(params=["copies", "new"])
def kind_of_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Processes that are copies of this one, and such that are begun anew."""
    kind: str = request.param
    if kind == "copies" and sys.platform != "linux":
        pytest.skip("copies are made on Linux alone")
    monkeypatch.setattr(processes, "_has_one_thread", lambda: kind == "copies")
    return kind


@pytest.mark.usefixtures("kind_of_process")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_every_item_comes_to_one_end_whichever_process_it_runs_in(n_jobs: int) -> None:
    items = [1, 2, 3, 4, 6, 7] if n_jobs == 1 else [1, 2, 3, 4, 5, 6, 7]
    events = list(work_events(squared, items, n_jobs, never_stop))
    assert sorted(event.at for event in events if isinstance(event, Begun)) == list(range(len(items)))
    first = next(event for event in events if isinstance(event, Reported) and event.at == 0)
    assert first.event == Progress("squaring 1")
    found = {items[at]: end for at, end in ends(events).items()}
    assert {item: end for item, end in found.items() if isinstance(end, int)} == {1: 1, 2: 4, 7: 49}
    refusal = found[3]
    assert isinstance(refusal, SettingsError)
    assert (refusal.field, str(refusal)) == ("a.b", "Three is none. Take four.")
    assert "cannot be made again" in str(found[4])
    assert "of the work" in str(found[6])
    if n_jobs > 1:
        assert isinstance(found[5], LostProcessError)
        assert "killed by signal 9" in str(found[5])


@pytest.mark.usefixtures("kind_of_process")
def test_items_run_beside_each_other(tmp_path: Path) -> None:
    asked = Asked()
    job = work_events(endless, [tmp_path / "a", tmp_path / "b"], 2, asked)
    reporting: set[int] = set()
    while reporting != {0, 1}:
        event = next(job)
        reporting |= {event.at} if isinstance(event, Reported) else set()
    asked.request = StopRequest.CANCEL
    with pytest.raises(Cancelled):
        list(job)
    # In order: what they had to leave behind is there.
    assert {path.read_text() for path in tmp_path.iterdir()} == {"ended"}
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_stop_completes_what_is_in_hand_and_begins_nothing_else(n_jobs: int) -> None:
    asked = Asked()
    events: list[ItemEvent[int]] = []
    for event in work_events(squared, list(range(10, 90)), n_jobs, asked):
        events.append(event)
        asked.request = StopRequest.STOP
    begun = {event.at for event in events if isinstance(event, Begun)}
    assert begun == set(ends(events))
    assert 1 <= len(begun) <= n_jobs


def test_a_closed_generator_leaves_no_process(tmp_path: Path) -> None:
    job = work_events(endless, [tmp_path / "a", tmp_path / "b"], 2, never_stop)
    while not isinstance(next(job), Reported):
        pass
    job.close()
    assert [path.read_text() for path in tmp_path.iterdir()].count("ended") >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted on Linux alone")
def test_a_process_of_several_threads_is_not_copied() -> None:
    is_over = threading.Event()
    thread = threading.Thread(target=is_over.wait)
    thread.start()
    try:
        assert not processes._has_one_thread()
    finally:
        is_over.set()
        thread.join()


def idle_or_endless(item: Path, should_stop: ShouldStop) -> Generator[Progress, None, int]:
    if item.name != "idle":
        yield from endless(item, should_stop)
    return os.getpid()


_ORPHANED = """
import os, sys
from pathlib import Path
from gmmseg import processes
from gmmseg.control import never_stop
from tests.core.test_processes import idle_or_endless
assert processes._has_one_thread()
folder = Path(sys.argv[1])
is_busy, idle = False, 0
for event in processes.work_events(idle_or_endless, [folder / "busy", folder / "idle"], 2, never_stop):
    is_busy |= isinstance(event, processes.Reported)
    idle = event.result if isinstance(event, processes.Finished) else idle
    if is_busy and idle:
        print(idle, flush=True)
        os.kill(os.getpid(), 9)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux alone")
def test_copies_end_with_the_process_that_began_them(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ORPHANED, tmp_path], stdout=subprocess.PIPE, timeout=50, check=False
    )
    assert done.returncode == -signal.SIGKILL
    idle = int(done.stdout)
    until = time.monotonic() + 20
    while time.monotonic() < until and (is_running(idle, 0) or not list(tmp_path.iterdir())):
        time.sleep(0.02)
    assert not is_running(idle, 0)
    assert (tmp_path / "busy").read_text() == "ended"
