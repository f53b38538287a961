"""Destruction of circles of Python objects with Qt objects in them: its time and thread."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from ui.garbage import GarbageCollector


@pytest.fixture
def collector() -> Iterator[GarbageCollector]:
    gc.enable()
    made = GarbageCollector()
    made.start()
    yield made
    made.close()
    assert gc.isenabled()
    gc.disable()


class Circle:
    def __init__(self, threads: list[int]) -> None:
        self.itself, self.held, self.threads = self, QObject(), threads

    def __del__(self) -> None:
        self.threads.append(threading.get_ident())


def litter() -> None:
    """Make more than enough objects for a collection of every generation."""
    for _ in range(200):
        [[] for _ in range(1000)]


def test_circles_are_destroyed_by_the_event_loop_whoever_makes_objects(
    qtbot: QtBot, collector: GarbageCollector
) -> None:
    destroyed_in: list[int] = []
    Circle(destroyed_in)
    litter()
    worker = threading.Thread(target=litter)
    worker.start()
    worker.join()
    assert destroyed_in == []
    kept = [[] for _ in range(1000)]  # type: ignore[var-annotated]
    qtbot.waitUntil(lambda: bool(destroyed_in))
    assert destroyed_in == [threading.get_ident()]
    assert len(kept) == 1000
