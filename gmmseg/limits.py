"""Every limit on what is read or computed, in one place, and the refusals that state the sum."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gmmseg.errors import BudgetError, ReadError

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1 << 20
GIB = 1 << 30

MAX_SIDE = 65_535
"""Pixels along one side of an image."""
MAX_FILE_BYTES = 4 * GIB
MAX_FRAMES = 1_000
"""Pages or frames that are listed; later ones are not offered."""
MAX_IDX_BYTES = 2 * GIB
"""Of a digit file after gunzip, counted while reading: gzip expands up to about 1028 times."""
MAX_MODEL_BYTES = 64 * MIB
MAX_FEATURES = 1_024
MAX_BACKUPS = 3
"""Earlier versions of a project that are kept beside it, at most and by default."""

WORKING_BYTES_PER_PIXEL = 4 + 1 + 1
"""Bytes a pixel that an open image needs besides its pixels: colour codes, labels, one heatmap on screen."""
FALLBACK_MEMORY = 4 * GIB
"""Taken for the machine's memory where the system does not tell."""

_chosen_budget: int | None = None


def physical_memory() -> int:
    """Return the machine's memory in bytes, or `FALLBACK_MEMORY` where the system does not tell."""
    if sys.platform == "win32":
        return _windows_memory() or FALLBACK_MEMORY
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return FALLBACK_MEMORY
    return total if total > 0 else FALLBACK_MEMORY


def memory_budget() -> int:
    """Return how many bytes one image may need: the chosen budget, else half of the physical memory."""
    return _chosen_budget if _chosen_budget is not None else physical_memory() // 2


def set_memory_budget(n_bytes: int | None) -> None:
    """Choose the budget for the whole program, in bytes; None returns to half of the physical memory."""
    global _chosen_budget
    if n_bytes is not None and n_bytes <= 0:
        raise ValueError(f"a memory budget of {n_bytes} bytes")
    _chosen_budget = n_bytes


@contextmanager
def budget_of(n_bytes: int | None) -> Iterator[None]:
    """Use another budget inside a ``with`` block, the same one where None."""
    before = _chosen_budget
    set_memory_budget(before if n_bytes is None else n_bytes)
    try:
        yield
    finally:
        set_memory_budget(before)


def size_text(n_bytes: int) -> str:
    """Return a size for people, in decimal units: ``507 MB``, ``1.5 GB``."""
    if n_bytes < 1_000:
        return f"{n_bytes} bytes"
    for unit, scale in (("kB", 10**3), ("MB", 10**6), ("GB", 10**9), ("TB", 10**12)):
        # 999.5 is where rounding would already show 1000.
        if n_bytes < 999.5 * scale:
            return f"{n_bytes / scale:.{0 if n_bytes >= 9.95 * scale or unit == 'kB' else 1}f} {unit}"
    return f"{n_bytes / 10**12:,.0f} TB"


def image_bytes(
    width: int, height: int, channels: int, bytes_per_sample: int, decoding_bytes: int = 0
) -> int:
    """Return the most memory an image needs while it is read and shown, in bytes.

    The pixels as read, plus the larger of the decoder's own copy and `WORKING_BYTES_PER_PIXEL`; at least
    the `decoding_bytes` a pixel that its decoder is known to need in all.
    """
    as_read = channels * bytes_per_sample
    return width * height * max(as_read + max(as_read, WORKING_BYTES_PER_PIXEL), decoding_bytes)


def check_pixels(
    width: int, height: int, channels: int, bytes_per_sample: int, decoding_bytes: int = 0
) -> None:
    """Refuse an image by its header, before anything is allocated; the parameters are those of `image_bytes`.

    Raises
    ------
    ReadError
        A side is not positive.
    BudgetError
        A side is longer than `MAX_SIDE`, or the sum is above `memory_budget`.
    """
    if width <= 0 or height <= 0:
        raise ReadError(f"The image is {width:,} × {height:,} pixels, so there is nothing in it.")
    if max(width, height) > MAX_SIDE:
        raise BudgetError(
            f"The image is {width:,} × {height:,} pixels; a side may have at most {MAX_SIDE:,}.",
            "Cut it into parts or scale it down.",
        )
    budget = memory_budget()
    need = image_bytes(width, height, channels, bytes_per_sample, decoding_bytes)
    if need > budget:
        as_read = width * height * channels * bytes_per_sample
        factor = (budget / need) ** 0.5
        raise BudgetError(
            f"The image of {width:,} × {height:,} pixels needs {size_text(need)} of memory "
            f"({size_text(as_read)} as read, {size_text(need - as_read)} to work with it); "
            f"{size_text(budget)} are allowed.",
            f"Scale it down to {max(int(width * factor), 1):,} × {max(int(height * factor), 1):,} pixels "
            "or less, or raise the memory budget.",
        )


def check_memory(n_bytes: int, subject: str, remedy: str, detail: str = "", limit: int | None = None) -> None:
    """Raise `BudgetError` where something needs more memory than is allowed.

    Parameters
    ----------
    n_bytes : int
    subject : str
        The beginning of the sentence, its verb included, as in ``10 digits need``.
    remedy : str
    detail : str
        How the sum is made up, or nothing.
    limit : int, optional
        Allowed at most, whatever the budget.
    """
    allowed = memory_budget() if limit is None else min(limit, memory_budget())
    if n_bytes > allowed:
        raise BudgetError(
            f"{subject} {size_text(n_bytes)}{detail}; {size_text(allowed)} are allowed.", remedy
        )


def check_file_size(n_bytes: int, limit: int = MAX_FILE_BYTES) -> None:
    """Raise `BudgetError` when a file is larger than `limit` or than the memory budget."""
    allowed = min(limit, memory_budget())
    if n_bytes > allowed:
        raise BudgetError(
            f"The file has {size_text(n_bytes)}; at most {size_text(allowed)} are read.",
            "Use a smaller file.",
        )


def check_features(n_features: int) -> None:
    """Raise `BudgetError` when a row would have more than `MAX_FEATURES` values."""
    if n_features > MAX_FEATURES:
        raise BudgetError(
            f"{n_features:,} features are too many; at most {MAX_FEATURES:,} are fitted.",
            "Choose fewer features.",
        )


def _windows_memory() -> int:
    """Return the physical memory in bytes, 0 where Windows does not tell."""
    import ctypes

    class MemoryStatus(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("others", ctypes.c_ulonglong * 6),
        )

    status = MemoryStatus()
    status.length = ctypes.sizeof(status)
    # Looked up by name: mypy on other systems knows no windll.
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009
    return int(status.total) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else 0
