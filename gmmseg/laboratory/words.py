"""Numbers as texts in sentences and tables of the laboratory."""

from __future__ import annotations

import math
from collections.abc import Iterable


def fixed(value: float, digits: int = 3) -> str:
    """Return a number with a fixed number of decimals; a dash for none."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−")


def short(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, of any size; a dash for none."""
    if math.isnan(value) or math.isinf(value):
        return fixed(value)
    return f"{value + 0.0:.{digits}g}".replace("e-0", "e-").replace("e+0", "e+").replace("-", "−")


def vector(values: Iterable[float], digits: int = 2) -> str:
    """Return numbers in brackets; one alone stands without."""
    texts = [fixed(value, digits) for value in values]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def numbers(n: int) -> list[str]:
    """Return the numbers of n things, as people count them."""
    return [str(k + 1) for k in range(n)]


def count(n: int, noun: str) -> str:
    """Return a number of things with their noun, whose plural ends in s."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
