"""Signals of the system reach the event loop, where Python alone would not get a turn."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from ui.last_resort import SignalWatch


@pytest.fixture
def heard(qapp: object) -> Iterator[list[str]]:
    old = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    heard: list[str] = []
    watch = SignalWatch(lambda: heard.append("signal"))
    yield heard
    watch.close()
    for number, handler in old.items():
        signal.signal(number, handler)
    watch.deleteLater()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_is_heard_within_an_idle_event_loop(
    heard: list[str], qtbot: QtBot, number: signal.Signals
) -> None:
    os.kill(os.getpid(), number)
    qtbot.waitUntil(lambda: heard == ["signal"], timeout=1000)


def test_many_signals_at_once_are_harmless(heard: list[str], qtbot: QtBot) -> None:
    for _ in range(200):
        os.kill(os.getpid(), signal.SIGTERM)
    qtbot.waitUntil(lambda: bool(heard), timeout=1000)
