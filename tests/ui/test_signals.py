"""Signals of the system reach the event loop, where Python alone would not get a turn."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from ui.last_resort import SignalWatch

NUMBERS = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)]


@pytest.fixture
def handlers() -> Iterator[None]:
    """Let a test change what signals do, whatever this process inherited, and put it back."""
    old = {number: signal.getsignal(number) for number in NUMBERS}
    for number in NUMBERS:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in old.items():
        signal.signal(number, handler)


@pytest.fixture
def heard(handlers: None, qapp: object) -> Iterator[list[str]]:
    heard: list[str] = []
    watch = SignalWatch(lambda: heard.append("signal"))
    yield heard
    watch.close()
    watch.deleteLater()


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_a_signal_is_heard_within_an_idle_event_loop(
    heard: list[str], qtbot: QtBot, number: signal.Signals
) -> None:
    os.kill(os.getpid(), number)
    qtbot.waitUntil(lambda: heard == ["signal"], timeout=1000)


def test_many_signals_at_once_are_harmless(heard: list[str], qtbot: QtBot) -> None:
    for _ in range(200):
        os.kill(os.getpid(), signal.SIGTERM)
    qtbot.waitUntil(lambda: bool(heard), timeout=1000)


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_a_signal_that_was_ignored_stays_ignored(
    handlers: None, qapp: object, number: signal.Signals
) -> None:
    """As nohup leaves SIGHUP, and a shell SIGINT to what runs in the background."""
    signal.signal(number, signal.SIG_IGN)
    watch = SignalWatch(lambda: None)
    try:
        assert signal.getsignal(number) is signal.SIG_IGN
        assert all(
            signal.getsignal(other) not in (signal.SIG_IGN, signal.SIG_DFL)
            for other in NUMBERS
            if other != number
        )
    finally:
        watch.close()
        watch.deleteLater()
