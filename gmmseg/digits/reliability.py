"""Reliability of clusters that are said to be sure: confidence beside the share that it foretells."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray

EDGES = (0.0, 0.5, 0.7, 0.85, 0.95, 0.99, 1.0)
"""Bounds of the groups of confidence; the upper ones belong to the group above but for the last."""


@dataclass(frozen=True, slots=True)
class ReliabilityGroup:
    """Images of about the same confidence.

    Parameters
    ----------
    low, high : float
        Bounds of their confidence.
    n_images : int
    said : float
        Their mean confidence.
    right : float
        Share of them in the cluster that is matched with their label.
    """

    low: float
    high: float
    n_images: int
    said: float
    right: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """Confidence and truth by groups, those without images left out (Guo et al. 2017)."""

    groups: tuple[ReliabilityGroup, ...]

    @property
    def error(self) -> float:
        """Mean distance of said and right over the images: the expected calibration error."""
        total = sum(group.n_images for group in self.groups)
        return sum(group.n_images * abs(group.said - group.right) for group in self.groups) / total

    def around(self, confidence: float) -> ReliabilityGroup | None:
        """Return the group that a confidence falls in, or None without images there."""
        return next((group for group in self.groups if group.low <= confidence < group.high), None)


def reliability(confidence: AnyArray, is_right: BoolArray) -> Reliability:
    """Return how confidence (N,) and truth (N,) go together, N at least 1."""
    at = np.minimum(np.searchsorted(EDGES, confidence, side="right") - 1, len(EDGES) - 2)
    groups = []
    for number, (low, high) in enumerate(pairwise(EDGES)):
        own = at == number
        if own.any():
            said, right = float(confidence[own].mean(dtype=np.float64)), float(is_right[own].mean())
            groups.append(ReliabilityGroup(low, high, int(own.sum()), said, right))
    return Reliability(tuple(groups))


def reliability_text(found: Reliability) -> str:
    """Return it in words: ``confidence is off by 0.0040 on average; of the 123 images …``."""
    text = f"confidence is off by {found.error:.4f} on average"
    group = found.around(0.9)
    if group is None:
        return f"{text}."
    return (
        f"{text}; of the {group.n_images:,} images said to be sure by {100 * group.low:.0f} to "
        f"{100 * group.high:.0f} %, {100 * group.right:.0f} % are right."
    )
