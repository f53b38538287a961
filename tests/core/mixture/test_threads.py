"""Two threads that share an array's work."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from gmmseg.mixture.threads import in_two_threads

np.dot(np.ones((2, 2)), np.ones((2, 2)))
BLAS = ThreadpoolController().select(user_api="blas")


def blas_threads() -> list[int]:
    return [library["num_threads"] for library in BLAS.info()]


@pytest.fixture
def two_blas_threads() -> Iterator[None]:
    with BLAS.limit(limits=2):
        if blas_threads() != [2] * len(blas_threads()):
            pytest.skip("this BLAS cannot be given two threads")
        yield


def test_both_results_come_back_in_order_from_two_threads() -> None:
    first, second = in_two_threads(threading.get_ident, threading.get_ident)
    assert first == threading.get_ident() != second


def test_an_error_is_raised_when_both_lanes_have_ended() -> None:
    ended = threading.Event()

    def slow() -> None:
        ended.wait(0.2)
        ended.set()

    def wrong() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        in_two_threads(wrong, slow)
    assert ended.is_set()
    with pytest.raises(ValueError, match="wrong"):
        in_two_threads(lambda: None, wrong)


def test_blas_has_one_thread_inside_and_what_it_had_afterwards(two_blas_threads: None) -> None:
    inside = in_two_threads(blas_threads, blas_threads)
    assert inside == ([1] * len(blas_threads()),) * 2
    assert set(blas_threads()) == {2}


def test_an_error_gives_the_threads_back_too(two_blas_threads: None) -> None:
    with pytest.raises(ZeroDivisionError):
        in_two_threads(lambda: 1 / 0, lambda: None)
    assert set(blas_threads()) == {2}


def test_a_second_thread_that_works_for_another_caller_is_not_waited_for() -> None:
    """As regions found beside a long fit: this caller does both halves itself."""
    has_begun, is_over = threading.Event(), threading.Event()

    def hold() -> bool:
        has_begun.set()
        return is_over.wait(20)

    long = threading.Thread(target=in_two_threads, args=(lambda: True, hold))
    long.start()
    try:
        assert has_begun.wait(20)
        here = threading.get_ident()
        assert in_two_threads(threading.get_ident, threading.get_ident) == (here, here)
        assert long.is_alive()
    finally:
        is_over.set()
        long.join()
    first, second = in_two_threads(threading.get_ident, threading.get_ident)
    assert first != second
