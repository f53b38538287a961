"""Sums in a fixed order: the same bits however many processes the terms come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class TreeSum(Generic[_T]):
    """The sum of terms that come in tile order, added as the leaves of one binary tree.

    Which terms are added to which depends on their number alone. Of n terms at most log2 n partial sums are
    held, and rounding grows as log n.

    Parameters
    ----------
    add : callable
        Returns the sum of two terms.
    """

    def __init__(self, add: Callable[[_T, _T], _T]) -> None:
        self._add = add
        self._partial: list[tuple[int, _T]] = []
        """Height and value of the complete subtrees, as the binary digits of the number of terms."""

    def push(self, term: _T) -> None:
        """Add the next term."""
        height = 0
        while self._partial and self._partial[-1][0] == height:
            term = self._add(self._partial.pop()[1], term)
            height += 1
        self._partial.append((height, term))

    def total(self) -> _T:
        """Return the sum of all terms; ValueError where there is none."""
        if not self._partial:
            raise ValueError("a sum of no terms")
        _, total = self._partial[-1]
        for _, partial in self._partial[-2::-1]:
            total = self._add(partial, total)
        return total
