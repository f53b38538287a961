"""The limits and the sums they state."""

from __future__ import annotations

import os
import sys

import pytest

from gmmseg import limits
from gmmseg.errors import BudgetError, ReadError
from gmmseg.limits import GIB


def test_the_budget_is_half_of_the_memory_unless_chosen() -> None:
    assert limits.memory_budget() == limits.physical_memory() // 2
    with limits.budget_of(123):
        assert limits.memory_budget() == 123
        with limits.budget_of(7):
            assert limits.memory_budget() == 7
        assert limits.memory_budget() == 123
    assert limits.memory_budget() == limits.physical_memory() // 2
    with pytest.raises(ValueError, match="budget"):
        limits.set_memory_budget(0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="compares with /proc/meminfo")
def test_physical_memory_is_what_the_kernel_tells() -> None:
    with open("/proc/meminfo") as file:
        kilobytes = int(next(line for line in file if line.startswith("MemTotal")).split()[1])
    assert limits.physical_memory() == pytest.approx(kilobytes * 1024, rel=0.05)


def test_a_system_that_does_not_tell_its_memory_gets_the_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> int:
        raise ValueError

    monkeypatch.setattr(os, "sysconf", fail)
    assert limits.physical_memory() == limits.FALLBACK_MEMORY


def test_a_hundred_megapixels_open_on_a_machine_of_8_gib() -> None:
    with limits.budget_of(4 * GIB):
        limits.check_pixels(10_000, 10_000, 3, 1)
    assert limits.image_bytes(10_000, 10_000, 3, 1) == 10**8 * (3 + 4 + 1 + 1)


def test_the_refusal_states_the_sum_and_a_size_that_fits() -> None:
    with limits.budget_of(GIB):
        with pytest.raises(BudgetError) as caught:
            limits.check_pixels(40_000, 20_000, 3, 1)
        assert "7.2 GB" in caught.value.cause
        assert "2.4 GB as read, 4.8 GB to work with" in caught.value.cause
        assert "1.1 GB are allowed" in caught.value.cause
        assert "15,446 × 7,723" in caught.value.remedy
        limits.check_pixels(15_446, 7_723, 3, 1)


@pytest.mark.parametrize(
    ("width", "height", "kind"), [(0, 5, ReadError), (5, -1, ReadError), (65_536, 1, BudgetError)]
)
def test_impossible_sides_are_refused(width: int, height: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        limits.check_pixels(width, height, 1, 1)
    limits.check_pixels(65_535, 1, 1, 1)


def test_files_and_features_have_limits() -> None:
    with limits.budget_of(64 * GIB):
        limits.check_file_size(4 * GIB)
        with pytest.raises(BudgetError):
            limits.check_file_size(4 * GIB + 1)
        with pytest.raises(BudgetError):
            limits.check_file_size(11, limit=10)
    with limits.budget_of(100), pytest.raises(BudgetError):
        limits.check_file_size(101)
    limits.check_features(1024)
    with pytest.raises(BudgetError):
        limits.check_features(1025)


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (999_499, "999 kB"),
        (999_600, "1.0 MB"),
        (1_521_000_000, "1.5 GB"),
        (507_000_000, "507 MB"),
        (99_960_000, "100 MB"),
        (9_960_000, "10 MB"),
        (2_500_000_000_000, "2.5 TB"),
        (10**18, "1,000,000 TB"),
    ],
)
def test_sizes_are_written_for_people(n_bytes: int, text: str) -> None:
    assert limits.size_text(n_bytes) == text
