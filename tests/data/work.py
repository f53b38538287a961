"""Counts of work, where a test would otherwise have to look at the clock."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any


@dataclass
class Count:
    """Counter of something that is done."""

    count: int = 0


@contextmanager
def lines_run(module: ModuleType) -> Iterator[Count]:
    """Count the lines of a module that this thread runs meanwhile, each as often as it is run."""
    lines = Count()

    def of_module(frame: FrameType, event: str, _: Any) -> Any:
        return of_line if frame.f_code.co_filename == module.__file__ else None

    def of_line(frame: FrameType, event: str, _: Any) -> Any:
        lines.count += event == "line"
        return of_line

    before = sys.gettrace()
    sys.settrace(of_module)
    try:
        yield lines
    finally:
        sys.settrace(before)
