"""Posteriors of a hidden Markov random field by mean field, over any neighbourhood: pixels or a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.mixture.kernels import TWO_THREADS
from gmmseg.mixture.threads import in_two_threads


class Neighbourhood(Protocol):
    """Neighbours of each site, with weights.

    Sites are the pixels of a grid, the nodes of a graph, …; arrays over them have the shape ``(K, *sites)``,
    components first, and a slice of sites is one of the first axis of ``sites``.
    """

    def blocks(self) -> Sequence[slice]:
        """Return consecutive slices that cover the sites.

        A sweep goes through them one by one and asks between them whether to stop. Their
        arrays should fit the cache; they depend on nothing but the neighbourhood's own shape.
        """
        ...

    def mean(self, posteriors: AnyArray, sites: slice, out: AnyArray) -> None:
        """Set `out` to the weighted mean of the posteriors of the neighbours of some sites.

        Parameters
        ----------
        posteriors : (K, *all sites)
            Of any real dtype; only read, perhaps by two threads at once.
        sites : slice
            One of `blocks`.
        out : (K, *sites) float array
            Sites without neighbours get 0.
        """
        ...


def mean_field(
    evidence: AnyArray,
    neighbourhood: Neighbourhood,
    strength: float,
    n_sweeps: int,
    start: AnyArray | None = None,
    held: BoolArray | None = None,
    should_stop: ShouldStop = never_stop,
    *,
    step: float = 1.0,
    dtype: type[np.generic] | None = None,
) -> AnyArray:
    """Return the posteriors after some sweeps of ``q_k ∝ exp(evidence_k + strength * m_k)``.

    m_k is the weighted mean of q_k over the neighbours, so `strength` is the log-odds that unanimous
    neighbours lend a component. Every sweep looks at the sweep before only: the order of the sites has no
    influence, nor has the number of threads.

    Parameters
    ----------
    evidence : (K, *sites)
        Logarithms up to a constant for each site, nats; -inf excludes a component, but not all of a site's.
        Its dtype, float32 or float64, is the precision of the work; whole numbers mean float32.
    neighbourhood : Neighbourhood
    strength : float
        0 or more.
    n_sweeps : int
        0 returns the start.
    start : (K, *sites), optional
        The posteriors that the first sweep looks at, in units of `dtype`; not changed. Without it they are
        those of the evidence alone.
    held : bool array, *sites, optional
        Which sites hold data; the posteriors of the others are 0.
    should_stop : callable
        Asked before each block, perhaps by two threads at once; CANCEL raises `Cancelled`.
    step : float
        Nats of one unit of `evidence`, which whole numbers may so hold.
    dtype : type, optional
        Of the posteriors, kept twice. An unsigned integer type holds them in units of 1/255 or 1/65535: a
        fraction of the memory, at the price of their rounding. Without it the precision of the work.

    Raises
    ------
    Cancelled
    """
    working: np.dtype[Any] = evidence.dtype if evidence.dtype.kind == "f" else np.dtype(np.float32)
    stored: np.dtype[Any] = working if dtype is None else np.dtype(dtype)
    unit = float(np.iinfo(stored).max) if stored.kind == "u" else 1.0
    sweeps = _Sweeps(evidence, neighbourhood, held, working.type(step), strength, unit, should_stop)
    now = np.empty(evidence.shape, dtype=stored)
    if start is None:
        sweeps.run(None, now)
    else:
        now[...] = start
    spare = np.empty_like(now) if n_sweeps else now
    for _ in range(n_sweeps):
        sweeps.run(now, spare)
        now, spare = spare, now
    return now


def softmax(logits: AnyArray, unit: float = 1.0) -> None:
    """Turn logarithms (K, ...) into shares that sum to `unit` over the first axis, in place."""
    # Plane by plane: numpy's own reduction over the first axis takes several times as long.
    peak = logits[0].copy()
    for plane in logits[1:]:
        np.maximum(peak, plane, out=peak)
    logits -= peak
    np.exp(logits, out=logits)
    total = logits[0].copy()
    for plane in logits[1:]:
        total += plane
    logits *= np.divide(unit, total, out=total)


@dataclass(frozen=True, slots=True, eq=False)
class _Sweeps:
    """The arguments of `mean_field` that every sweep needs, and the sweep."""

    evidence: AnyArray
    neighbourhood: Neighbourhood
    held: BoolArray | None
    step: np.floating[Any]
    strength: float
    unit: float
    should_stop: ShouldStop

    def run(self, before: AnyArray | None, after: AnyArray) -> None:
        """Set `after` to the posteriors given the neighbours in `before`; without one, of the evidence."""
        blocks = self.neighbourhood.blocks()
        if self.evidence[0].size < TWO_THREADS:
            self._sweep_blocks(blocks, before, after)
            return
        middle = len(blocks) // 2
        in_two_threads(
            lambda: self._sweep_blocks(blocks[:middle], before, after),
            lambda: self._sweep_blocks(blocks[middle:], before, after),
        )

    def _sweep_blocks(self, blocks: Sequence[slice], before: AnyArray | None, after: AnyArray) -> None:
        for sites in blocks:
            raise_if_cancelled(self.should_stop)
            logits = self.evidence[:, sites] * self.step
            if before is not None and self.strength > 0:
                lent = np.empty_like(logits)
                self.neighbourhood.mean(before, sites, lent)
                lent *= self.strength / self.unit
                logits += lent
            softmax(logits, self.unit)
            if self.held is not None:
                logits *= self.held[sites]
            if self.unit != 1:
                # Casting cuts off what follows the point.
                logits += 0.5
            after[:, sites] = logits
