"""Jobs run one at a time off the GUI thread, and what is heard of them is heard in it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject, Slot
from pytestqt.qtbot import QtBot

from gmmseg.control import ShouldStop, StopRequest, raise_if_cancelled
from gmmseg.errors import BudgetError, FitError
from ui.desk import job_runner
from ui.desk.job_runner import Job, JobRunner, running_threads


class Ear(QObject):
    """Hears everything of a runner, and in which thread."""

    def __init__(self, runner: JobRunner) -> None:
        super().__init__()
        self.heard: list[tuple[Any, ...]] = []
        self.threads: set[int] = set()
        runner.events.connect(self.on_events)
        runner.finished.connect(self.on_finished)
        runner.failed.connect(self.on_failed)
        runner.cancelled.connect(self.on_cancelled)

    def of_kind(self, kind: str) -> list[tuple[Any, ...]]:
        return [entry[1:] for entry in self.heard if entry[0] == kind]

    def _note(self, *entry: Any) -> None:
        self.threads.add(threading.get_ident())
        self.heard.append(entry)

    @Slot(object, object)
    def on_events(self, run: int, events: tuple[Any, ...]) -> None:
        self._note("events", run, events)

    @Slot(object, object)
    def on_finished(self, run: int, result: Any) -> None:
        self._note("finished", run, result)

    @Slot(object, object)
    def on_failed(self, run: int, error: Exception) -> None:
        self._note("failed", run, error)

    @Slot(object)
    def on_cancelled(self, run: int) -> None:
        self._note("cancelled", run)


@pytest.fixture(params=["newest", "queue"])
def runner(request: pytest.FixtureRequest, qapp: object) -> Iterator[JobRunner]:
    runner = JobRunner(request.param)
    yield runner
    assert runner.shutdown()


@pytest.fixture
def newest(qapp: object) -> Iterator[JobRunner]:
    runner = JobRunner("newest")
    yield runner
    assert runner.shutdown()


def counting(n: int, result: Any = "done", between: Callable[[], object] = lambda: None) -> Job:
    def job(should_stop: ShouldStop) -> Generator[int, None, Any]:
        for i in range(n):
            raise_if_cancelled(should_stop)
            between()
            yield i
            if should_stop() is StopRequest.STOP:
                return "stopped"
        return result

    return job


def endless(should_stop: ShouldStop) -> Generator[int, None, str]:
    i = 0
    while True:
        raise_if_cancelled(should_stop)
        if should_stop() is StopRequest.STOP:
            return f"stopped after {i}"
        time.sleep(0.002)
        i += 1
        yield i


def test_a_job_reports_its_events_in_order_and_then_its_result(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)
    with qtbot.waitSignal(runner.finished, timeout=5000):
        number = runner.start(counting(100))
    events = [event for _, batch in ear.of_kind("events") for event in batch]
    assert events == list(range(100))
    assert ear.heard[-1] == ("finished", number, "done")
    assert not runner.is_running


def test_everything_is_heard_in_the_gui_thread_and_the_job_runs_in_another(
    qtbot: QtBot, runner: JobRunner
) -> None:
    ear = Ear(runner)
    of_job: set[int] = set()

    def failing(should_stop: ShouldStop) -> Generator[int, None, None]:
        of_job.add(threading.get_ident())
        yield 1
        raise FitError("No rows.")

    with qtbot.waitSignal(runner.failed, timeout=5000):
        runner.start(failing)
    with qtbot.waitSignal(runner.finished, timeout=5000):
        runner.start(counting(3))
    with qtbot.waitSignal(runner.cancelled, timeout=5000):
        runner.start(endless)
        qtbot.waitUntil(lambda: len(ear.of_kind("events")) > 2)
        runner.cancel()
    assert ear.threads == {threading.get_ident()}
    assert of_job
    assert threading.get_ident() not in of_job


def test_twenty_fast_starts_run_one_at_a_time_and_only_the_last_is_heard(
    qtbot: QtBot, newest: JobRunner
) -> None:
    ear = Ear(newest)
    at_once: list[int] = []
    active = 0

    def job_of(name: int) -> Job:
        def job(should_stop: ShouldStop) -> Generator[int, None, int]:
            nonlocal active
            active += 1
            at_once.append(active)
            try:
                for _ in range(20):
                    raise_if_cancelled(should_stop)
                    time.sleep(0.002)
                    yield name
                return name
            finally:
                active -= 1

        return job

    with qtbot.waitSignal(newest.finished, timeout=5000):
        for name in range(20):
            number = newest.start(job_of(name))
            qtbot.wait(1)
    qtbot.wait(100)
    assert max(at_once) == 1
    assert ear.of_kind("finished") == [(number, 19)]
    assert not ear.of_kind("failed")
    assert not ear.of_kind("cancelled")


def test_a_superseded_runs_late_reports_are_dropped(qtbot: QtBot, newest: JobRunner) -> None:
    ear = Ear(newest)
    is_out = threading.Event()

    def stubborn(should_stop: ShouldStop) -> Generator[str, None, str]:
        """Finishes without asking, as a call into a library does."""
        yield "old"
        is_out.wait(5)
        return "old result"

    newest.start(stubborn)
    qtbot.waitUntil(lambda: bool(ear.of_kind("events")))
    with qtbot.waitSignal(newest.finished, timeout=5000):
        number = newest.start(counting(2, "new result"))
        is_out.set()
    assert ear.of_kind("finished") == [(number, "new result")]


def test_queued_jobs_all_finish_in_order(qtbot: QtBot) -> None:
    runner = JobRunner("queue")
    ear = Ear(runner)
    for name in range(5):
        runner.start(counting(3, name))
    qtbot.waitUntil(lambda: len(ear.of_kind("finished")) == 5)
    assert [result for _, result in ear.of_kind("finished")] == list(range(5))
    assert runner.shutdown()


def test_the_first_question_after_stop_is_answered_with_it(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)
    is_stopped = threading.Event()

    def job(should_stop: ShouldStop) -> Generator[int, None, int]:
        n_late = 0
        while True:
            n_late += is_stopped.is_set()
            if should_stop() is StopRequest.STOP:
                return n_late
            time.sleep(0.002)
            yield n_late

    runner.start(job)
    qtbot.waitUntil(lambda: bool(ear.of_kind("events")))
    with qtbot.waitSignal(runner.finished, timeout=20000):
        runner.stop()
        is_stopped.set()
    assert ear.of_kind("finished")[0][1] <= 1


def test_after_cancel_only_cancelled_is_heard(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)
    number = runner.start(endless)
    qtbot.waitUntil(lambda: bool(ear.of_kind("events")))
    with qtbot.waitSignal(runner.cancelled, timeout=2000):
        runner.cancel()
        before = len(ear.heard)
    qtbot.wait(100)
    assert ear.heard[before:] == [("cancelled", number)]


def test_cancel_wins_over_a_result_that_is_on_its_way(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)
    number = runner.start(counting(1))
    time.sleep(0.1)
    runner.cancel()
    qtbot.wait(100)
    assert ear.heard == [("cancelled", number)]


def test_a_bug_in_a_job_is_reported_with_its_exception_and_the_runner_goes_on(
    qtbot: QtBot, runner: JobRunner, caplog: pytest.LogCaptureFixture
) -> None:
    ear = Ear(runner)

    def buggy(should_stop: ShouldStop) -> Generator[int, None, None]:
        yield 1
        raise ZeroDivisionError("oops")

    with qtbot.waitSignal(runner.failed, timeout=5000):
        runner.start(buggy)
    assert isinstance(ear.of_kind("failed")[0][1], ZeroDivisionError)
    assert "oops" in caplog.text
    with qtbot.waitSignal(runner.finished, timeout=5000):
        runner.start(counting(1))


def test_running_out_of_memory_is_a_refusal_the_user_can_act_on(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)

    def greedy(should_stop: ShouldStop) -> Generator[int, None, None]:
        yield 1
        raise MemoryError

    with qtbot.waitSignal(runner.failed, timeout=5000):
        runner.start(greedy)
    error = ear.of_kind("failed")[0][1]
    assert isinstance(error, BudgetError)
    assert error.remedy


def test_fifty_thousand_events_reach_the_gui_in_few_batches(
    qtbot: QtBot, runner: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.desk.job_runner.REPORT_SECONDS", 3600.0)
    ear = Ear(runner)
    with qtbot.waitSignal(runner.finished, timeout=20000):
        runner.start(counting(50_000))
    batches = ear.of_kind("events")
    assert sum(len(batch) for _, batch in batches) == 50_000
    # What the first wake-up finds, and the rest with the result.
    assert len(batches) <= 2


def test_an_urgent_event_is_delivered_at_once_with_those_before_it(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.desk.job_runner.REPORT_SECONDS", 3600.0)
    first_heard, never_stop = threading.Event(), threading.Event()

    def job(should_stop: ShouldStop) -> Generator[Any, None, None]:
        yield "first"
        assert first_heard.wait(10)
        yield from ("calm", "urgent")
        assert never_stop.wait(10)

    runner = JobRunner("newest", is_urgent=lambda event: event == "urgent")
    ear = Ear(runner)
    runner.start(job)
    qtbot.waitUntil(lambda: bool(ear.of_kind("events")), timeout=5000)
    first_heard.set()
    qtbot.waitUntil(lambda: any("urgent" in batch for _, batch in ear.of_kind("events")), timeout=5000)
    never_stop.set()
    assert [event for _, batch in ear.of_kind("events") for event in batch] == ["first", "calm", "urgent"]
    qtbot.waitUntil(lambda: not runner.is_running, timeout=5000)
    runner.shutdown()


@pytest.mark.slow
def test_five_thousand_runs_do_not_wear_anything_out(qtbot: QtBot, newest: JobRunner) -> None:
    """Each run wakes the GUI at least once: emits from a thread killed one version of PySide6 after 500."""
    ear = Ear(newest)
    woken = 0

    def emit_often(should_stop: ShouldStop) -> Generator[int, None, str]:
        for _ in range(5000):
            newest._woken.emit()
        return "still here"
        yield

    with qtbot.waitSignal(newest.finished, timeout=20000):
        newest.start(emit_often)
    assert ear.of_kind("finished")[0][1] == "still here"
    for _ in range(300):
        newest.start(counting(1))
        qtbot.waitUntil(lambda: not newest.is_running)
        woken += 1
    assert len(ear.of_kind("finished")) == woken + 1


def test_running_changed_tells_of_the_start_and_the_end_only(qtbot: QtBot, newest: JobRunner) -> None:
    told: list[bool] = []
    newest.running_changed.connect(told.append)
    newest.start(endless)
    newest.start(endless)
    with qtbot.waitSignal(newest.finished, timeout=5000):
        newest.start(counting(1))
    assert told == [True, False]


def test_shutdown_ends_an_endless_job_silently_and_starts_nothing_more(
    qtbot: QtBot, runner: JobRunner
) -> None:
    ear = Ear(runner)
    runner.start(endless)
    qtbot.waitUntil(lambda: bool(ear.of_kind("events")))
    before = len(ear.heard)
    assert runner.shutdown()
    assert running_threads() == 0
    assert runner.start(counting(1)) == 0
    qtbot.wait(50)
    assert len(ear.heard) == before


def test_shutdown_can_let_queued_jobs_finish(qtbot: QtBot) -> None:
    runner = JobRunner("queue")
    done: list[int] = []

    def slow(name: int) -> Job:
        def job(should_stop: ShouldStop) -> Generator[None, None, None]:
            yield
            time.sleep(0.05)
            raise_if_cancelled(should_stop)
            done.append(name)

        return job

    for name in range(3):
        runner.start(slow(name))
    assert runner.shutdown(finish=True)
    assert done == [0, 1, 2]


def test_a_thread_that_announces_its_end_before_it_is_over_is_waited_for(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Qt does so; started meanwhile, a thread would not start again and the next job never run."""
    original = job_runner._Worker.run

    def announce_early(self: job_runner._Worker) -> None:
        original(self)
        self.finished.emit()
        time.sleep(0.1)

    monkeypatch.setattr(job_runner._Worker, "run", announce_early)
    runner = JobRunner("queue")
    ear = Ear(runner)
    for name in range(3):
        runner.start(counting(1, name))
    qtbot.waitUntil(lambda: len(ear.of_kind("finished")) == 3, timeout=5000)
    assert runner.shutdown()


def mailbox_of(wake: Callable[[], None]) -> job_runner._Mailbox:
    return job_runner._Mailbox(wake, is_urgent=lambda report: report == "urgent")


RUN = job_runner._Run(1, counting(1))


@pytest.mark.parametrize("report", ["calm", "urgent"])
def test_what_is_taken_as_soon_as_it_wakes_does_not_silence_the_next(report: str) -> None:
    """The GUI thread may take at any moment, also before the worker comes back from waking it."""
    taken: list[Any] = []
    seen: list[bool] = []

    def take_at_once() -> None:
        seen.append(mailbox.has_urgent)
        taken.extend(report for _, report in mailbox.take())

    mailbox = mailbox_of(take_at_once)
    mailbox.put(RUN, report)
    mailbox.put(RUN, "next")
    assert taken == [report, "next"]
    assert seen[0] == (report == "urgent")
    assert not mailbox.has_urgent


@pytest.mark.parametrize("late", ["calm", "urgent"])
def test_a_report_that_comes_while_the_mailbox_is_emptied_is_not_lost(late: str) -> None:
    woken: list[None] = []
    mailbox = mailbox_of(lambda: woken.append(None))

    class Emptied(deque[Any]):
        """Gets one more report right after it has been seen to be empty."""

        def __bool__(self) -> bool:
            if len(self):
                return True
            if not has_come:
                has_come.append(True)
                mailbox.put(RUN, late)
            return False

    has_come: list[bool] = []
    mailbox.reports = Emptied()
    mailbox.put(RUN, "first")
    woken.clear()
    assert [report for _, report in mailbox.take()] == ["first"]
    assert len(woken) == 1
    assert mailbox.has_urgent == (late == "urgent")
    assert [report for _, report in mailbox.take()] == [late]
