"""Simulated clicks on objects whose masks are known, by the usual protocol of interactive segmentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import BoolArray, FloatArray

MOST_CLICKS = 20
Click = tuple[int, int, bool]
"""x, y, and whether it is on the object."""
Select = Callable[[Sequence[Click]], BoolArray]


def overlap(mask: BoolArray, truth: BoolArray, ignored: BoolArray | None = None) -> float:
    """Return intersection over union, pixels to ignore left out; 1 where both are empty."""
    counted = True if ignored is None else ~ignored
    union = int(((mask | truth) & counted).sum())
    return int((mask & truth & counted).sum()) / union if union else 1.0


def depths(region: BoolArray) -> FloatArray:
    """Return the distance of each pixel of a region to the nearest outside; beyond the image is outside."""
    from scipy.ndimage import distance_transform_edt

    found = np.zeros(region.shape)
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    if len(rows) == 0:
        return found
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    found[window] = distance_transform_edt(np.pad(region[window], 1))[1:-1, 1:-1]
    return found


@dataclass
class Clicker:
    """The next click of a person who knows the object.

    At the deepest point of what is missing or of what is too much, whichever is deeper; of equals what is too
    much, and the first point in reading order. No point is clicked twice.

    Parameters
    ----------
    truth : bool array, (H, W)
    ignored : bool array, (H, W), optional
        Pixels that are neither.
    jitter : numpy Generator, optional
        Draws a point of at least `least` of the greatest depth instead of the deepest one.
    least : float
    """

    truth: BoolArray
    ignored: BoolArray | None = None
    jitter: np.random.Generator | None = None
    least: float = 0.6
    _clicked: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        self._clicked = np.zeros(self.truth.shape, dtype=np.bool_)

    def next(self, mask: BoolArray) -> Click | None:
        """Return the next click on a mask, or None where nothing is wrong that was not clicked."""
        counted = ~self._clicked if self.ignored is None else ~self._clicked & ~self.ignored
        known: BoolArray | bool = True if self.ignored is None else ~self.ignored
        missing, extra = depths(self.truth & ~mask & known), depths(~self.truth & mask & known)
        missing *= counted
        extra *= counted
        is_positive = bool(missing.max() > extra.max())
        depth = missing if is_positive else extra
        if depth.max() <= 0:
            return None
        if self.jitter is None:
            at = int(depth.argmax())
        else:
            places = np.flatnonzero(depth >= self.least * depth.max())
            at = int(places[self.jitter.integers(len(places))])
        row, column = divmod(at, self.truth.shape[1])
        self._clicked[row, column] = True
        return column, row, is_positive


@dataclass(frozen=True)
class Played:
    """Result of a method on one object.

    Parameters
    ----------
    overlaps : tuple of float
        After each click, 20 of them; after the last one needed they stay.
    n_clicks : int
        Clicks made.
    is_respected : bool
        Whether every clicked pixel always had the label asked for.
    """

    overlaps: tuple[float, ...]
    n_clicks: int
    is_respected: bool

    def clicks_to(self, goal: float) -> int:
        """Return clicks until the overlap is reached, 20 if never."""
        return next((at + 1 for at, value in enumerate(self.overlaps) if value >= goal), MOST_CLICKS)

    def reaches(self, goal: float) -> bool:
        """Return whether the overlap is reached within 20 clicks."""
        return max(self.overlaps) >= goal

    @property
    def falls(self) -> tuple[int, int]:
        """Corrections that cost more than .02 of overlap, and corrections made."""
        made = self.overlaps[: self.n_clicks]
        return sum(b < a - 0.02 for a, b in pairwise(made)), max(len(made) - 1, 0)


def play(select: Select, clicker: Clicker, n_clicks: int = MOST_CLICKS, enough: float = 1.0) -> Played:
    """Return what a method reaches by up to `n_clicks`, ending where the overlap is `enough`."""
    clicks: list[Click] = []
    found: list[float] = []
    mask: BoolArray = np.zeros(clicker.truth.shape, dtype=np.bool_)
    is_respected = True
    while len(clicks) < n_clicks:
        click = clicker.next(mask)
        if click is None:
            break
        clicks.append(click)
        mask = select(clicks)
        is_respected &= all(mask[y, x] == is_positive for x, y, is_positive in clicks)
        found.append(overlap(mask, clicker.truth, clicker.ignored))
        if found[-1] >= enough:
            break
    rest = [found[-1] if found else 1.0] * (MOST_CLICKS - len(found))
    return Played((*found, *rest), len(clicks), is_respected)


def scores(played: Sequence[Played]) -> dict[str, float]:
    """Return the usual figures of several objects."""
    falls: NDArray[np.int64] = np.array([one.falls for one in played])
    found = {
        f"NoC@{goal}": float(np.mean([one.clicks_to(goal / 100) for one in played])) for goal in (85, 90)
    }
    found |= {f"never {goal}": float(sum(not one.reaches(goal / 100) for one in played)) for goal in (85, 90)}
    found |= {
        f"overlap {n}": float(np.mean([one.overlaps[n - 1] for one in played])) for n in (1, 2, 3, 5, 10)
    }
    found["falls"] = float(falls[:, 0].sum() / max(falls[:, 1].sum(), 1))
    found["respected"] = float(np.mean([one.is_respected for one in played]))
    return found
