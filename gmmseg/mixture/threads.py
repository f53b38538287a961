"""One extra thread that takes half of an array's work, each with BLAS on one thread of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any, TypeVar

_R = TypeVar("_R")


def in_two_threads(first: Callable[[], _R], second: Callable[[], _R]) -> tuple[_R, _R]:
    """Return both results; `first` runs in the caller's thread and `second` beside it.

    Where the second thread is at work for another caller, this one does both halves itself: regions do not
    wait for the blocks of a long fit.

    An error of either is raised when both have ended, so that nobody writes to the caller's arrays any more.
    BLAS has one thread meanwhile: two threads with two of BLAS each take thrice the time. The program itself
    is started that way; a script gets back what it had, unless several of its threads fit at once.
    """
    with one_blas_thread():
        if not _is_taken.acquire(blocking=False):
            return first(), second()
        try:
            beside = _second_thread().submit(second)
            try:
                result = first()
            finally:
                wait((beside,))
        finally:
            _is_taken.release()
    return result, beside.result()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Give BLAS one thread inside a ``with`` block, so that its sums do not depend on the cores."""
    with _blas("scipy.linalg" in sys.modules).limit(limits=1):
        yield


def give_up_second_thread() -> None:
    """Do both halves in the caller's thread from now on: for a process among others that have a core each."""
    _is_taken.acquire(blocking=False)


_is_taken = Lock()
"""Held by the caller for whom the second thread works."""


@cache
def _blas(has_scipys: bool) -> Any:
    """Return what sets the threads of the BLAS libraries that are loaded: scipy brings one of its own."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@cache
def _second_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="gmmseg-thread")


def _forget_thread() -> None:
    global _is_taken
    _second_thread.cache_clear()
    _is_taken = Lock()


if hasattr(os, "register_at_fork"):
    # A forked process gets the executor without its thread, and would wait for it for ever.
    os.register_at_fork(after_in_child=_forget_thread)
