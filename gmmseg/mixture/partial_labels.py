"""PartialLabels: which components each row may come from, where the hidden z is known in part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray, IntArray
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.params import MixtureParams

UNKNOWN = -1
"""The group of rows of which nothing is known."""


@dataclass(frozen=True, slots=True, eq=False)
class PartialLabels:
    """The components that rows may come from: the z of the complete data, partly given (S2 §1.4).

    The likelihood is then that of what was observed: log sum_k pi_k N(x | k) over the allowed components of
    each row. Its EM has the posteriors of the others at 0 and is otherwise the same.

    Parameters
    ----------
    groups : (N,) int array
        The group of each row, `UNKNOWN` where every component is allowed.
    allowed : (G, K) bool array
        Which components the rows of each group may come from; at least one.
    """

    groups: IntArray
    allowed: BoolArray

    def __post_init__(self) -> None:
        if not self.allowed.any(axis=1).all():
            raise ValueError("a group of rows may come from no component")
        if self.groups.size and not UNKNOWN <= self.groups.min() <= self.groups.max() < len(self.allowed):
            raise ValueError("a row is of a group that is not there")

    def restrictions(self) -> tuple[IntArray, tuple[Restriction, ...]]:
        """Return an order of the rows in which each group is contiguous, those unknown first, and the rest.

        Returns
        -------
        order : (N,)
        restrictions : tuple of Restriction
            Of the rows in that order.
        """
        order = np.argsort(self.groups, kind="stable")
        starts = np.searchsorted(self.groups[order], np.arange(len(self.allowed) + 1))
        parts = zip(starts[:-1].tolist(), starts[1:].tolist(), self.allowed, strict=True)
        return order, tuple(Restriction(slice(low, high), own) for low, high, own in parts if low < high)


@dataclass(frozen=True, slots=True, eq=False)
class Restriction:
    """Consecutive rows that come from some components only.

    Parameters
    ----------
    rows : slice
    allowed : (K,) bool array
    """

    rows: slice
    allowed: BoolArray


def joined(parts: list[MixtureParams], shares: FloatArray) -> tuple[MixtureParams, BoolArray]:
    """Return the mixture of some mixtures, and which of its components are of which.

    Parameters
    ----------
    parts : list of MixtureParams
        Of one covariance family.
    shares : (C,)
        Weight of each part, summing to 1.

    Returns
    -------
    params : MixtureParams
        Components in the order of the parts. A tied covariance is the mean of theirs by share: that within
        all components.
    members : (C, K) bool array
    """
    kind = parts[0].covariance.kind
    values = [part.covariance.values for part in parts]
    together = np.tensordot(shares, values, axes=1) if kind == "tied" else np.concatenate(values)
    params = MixtureParams(
        np.concatenate([share * part.weights for share, part in zip(shares, parts, strict=True)]),
        np.concatenate([part.means for part in parts]),
        FAMILIES[kind](together),
    )
    part_of = np.repeat(np.arange(len(parts)), [part.n_components for part in parts])
    return params, part_of == np.arange(len(parts))[:, None]
