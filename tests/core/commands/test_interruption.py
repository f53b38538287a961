"""Signals that ask a command to end: at its next question, with nothing half written."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from gmmseg.commands.cli import run
from gmmseg.commands.console import Console
from gmmseg.control import StopRequest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signals")
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
OLD = b"an older file"


@pytest.fixture(params=NAMES)
def number(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    """A signal whose handling is put back afterwards."""
    number = signal.Signals[request.param]
    before = signal.signal(number, signal.default_int_handler)
    yield number
    signal.signal(number, before)


def test_a_signal_is_answered_at_the_next_question(number: signal.Signals) -> None:
    console = Console(io.StringIO())
    reached = []

    def work() -> None:
        with console.interruptible():
            reached.append(console.should_stop())
            os.kill(os.getpid(), number)
            reached.append(console.should_stop())

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == [StopRequest.NONE, StopRequest.CANCEL]
    assert console.interrupted_code == CODES[number.name]
    assert signal.getsignal(number) is signal.default_int_handler


def test_a_second_signal_ends_the_work_at_once(number: signal.Signals) -> None:
    console = Console(io.StringIO())
    reached = []

    def work() -> None:
        with console.interruptible():
            os.kill(os.getpid(), number)
            reached.append("after the first")
            os.kill(os.getpid(), signal.SIGINT)
            reached.append("after the second")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["after the first"]


def test_a_signal_that_was_ignored_stays_ignored(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    console = Console(io.StringIO())
    with console.interruptible():
        os.kill(os.getpid(), number)
        assert console.should_stop() is StopRequest.NONE
    assert signal.getsignal(number) is signal.SIG_IGN


def during(call: str, act: Callable[[], None], patch: pytest.MonkeyPatch) -> None:
    """Let the first call of a function of the system be followed by something else."""
    real, calls = getattr(os, call), []

    def acting(*arguments: Any, **named: Any) -> Any:
        result = real(*arguments, **named)
        calls.append(call)
        if len(calls) == 1:
            act()
        return result

    patch.setattr(os, call, acting)


@pytest.mark.parametrize("n_signals", [1, 2])
def test_while_a_file_is_written_it_is_completed_or_stays_as_it_was(
    number: signal.Signals,
    n_signals: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    photo, mask = tmp_path / "photo.png", tmp_path / "mask.png"
    pixels = np.random.default_rng(0).integers(0, 256, (8, 9, 3)).astype(np.uint8)
    PillowImage.fromarray(pixels).save(photo)
    mask.write_bytes(OLD)

    def act() -> None:
        for _ in range(n_signals):
            os.kill(os.getpid(), number)

    # The data is in the temporary file, the name is still the old one's.
    during("fsync", act, monkeypatch)
    code = run(["segment", str(photo), "-k", "2", "--n-init", "1", "-o", str(mask)])
    assert code == CODES[number.name]
    assert capsys.readouterr().err == "gmmseg: Interrupted; nothing is half written.\n"
    assert (mask.read_bytes() == OLD) == (n_signals == 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mask.png", "photo.png"]
