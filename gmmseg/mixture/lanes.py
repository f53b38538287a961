"""One extra thread that takes half of an array's work: numpy lets both run at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar

_R = TypeVar("_R")


def in_two_lanes(first: Callable[[], _R], second: Callable[[], _R]) -> tuple[_R, _R]:
    """Return both results; `first` runs in the caller's thread and `second` beside it.

    An error of either is raised when both have ended, so that nobody writes to the caller's arrays any more.
    """
    beside = _second_lane().submit(second)
    try:
        result = first()
    finally:
        wait((beside,))
    return result, beside.result()


@cache
def _second_lane() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="gmmseg-lane")


if hasattr(os, "register_at_fork"):
    # A forked process gets the executor without its thread, and would wait for it for ever.
    os.register_at_fork(after_in_child=_second_lane.cache_clear)
