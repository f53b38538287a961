"""The numbers behind the convergence plot: runs by restart, figures per pixel, and whether the bound fell."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.mixture.params import FitStep

TOLERANCE = 1e-12
"""Relative rounding that a step may fall by, times max(1, |value|)."""

Run = tuple[FitStep, ...]


def runs_by_restart(steps: Sequence[FitStep]) -> dict[int, Run]:
    """Return the steps of each restart, in the order in which they came."""
    runs: dict[int, list[FitStep]] = {}
    for step in steps:
        runs.setdefault(step.restart, []).append(step)
    return {restart: tuple(run) for restart, run in runs.items()}


def is_same_step(one: FitStep, other: FitStep) -> bool:
    """Return whether two steps are one evaluation; a result holds copies with reordered components."""
    return (one.restart, one.stage, one.iteration, one.log_likelihood) == (
        other.restart, other.stage, other.iteration, other.log_likelihood,
    )  # fmt: skip


def iteration_of(step: FitStep, steps: Sequence[FitStep]) -> int:
    """Return the number of M-steps of a step's restart up to it, through both stages.

    ``step.iteration`` begins anew with every stage and whenever a restart is taken up again; the axis of
    the plot counts on.

    Raises
    ------
    ValueError
        The step is not one of `steps`.
    """
    count = 0
    for each in steps:
        count += each.restart == step.restart and each.iteration > 0
        if is_same_step(each, step):
            return count
    raise ValueError("The step is not one of the run.")


def bounds_by_iteration(run: Run) -> FloatArray:
    """Return the bound after 0, 1, … M-steps, (T,); where a run is taken up again, the newer one."""
    counts = itertools.accumulate(step.iteration > 0 for step in run)
    return np.array(list({count: step.lower_bound for count, step in zip(counts, run, strict=True)}.values()))


def per_pixel(step: FitStep, total: float) -> float:
    """Return a sum over samples, such as ``step.q``, divided by their number, nats."""
    if step.log_likelihood == 0:
        return total
    return total * step.lower_bound / step.log_likelihood


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Figures of one run per pixel in nats, each (T,), and the number of coarse steps at its start.

    ``iteration`` counts M-steps through both stages: the exact stage starts from the last coarse parameters,
    so that the two have the same number and the same parameters, but not the same figures.
    """

    iteration: IntArray
    bound: FloatArray
    q: FloatArray
    h: FloatArray
    n_coarse: int

    def climb_from(self, share: float) -> int:
        """Return the first step from which at most `share` of the whole rise of the bound is left."""
        rise = self.bound[-1] - self.bound[0]
        left = np.flatnonzero(self.bound[-1] - self.bound <= share * rise)
        return min(int(left[0]), max(len(self.bound) - 2, 0)) if len(left) else 0


def curves(run: Run) -> Curves:
    """Return the log-likelihood, Q(theta_g, theta_g) and H(theta_g, theta_g) of a run (S2 eq. 26)."""
    return Curves(
        iteration=np.cumsum([step.iteration > 0 for step in run], dtype=np.int64),
        bound=np.array([step.lower_bound for step in run]),
        q=np.array([per_pixel(step, step.q) for step in run]),
        h=np.array([per_pixel(step, step.h) for step in run]),
        n_coarse=sum(step.stage == "coarse" for step in run),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Monotony:
    """The first step that breaks each promise of EM, or None.

    Parameters
    ----------
    bound : FitStep, optional
        The log-likelihood fell (S2 eq. 13-14).
    q : FitStep, optional
        The M-step lowered Q (S2 eq. 20-21).
    h : FitStep, optional
        H rose within the step (S2 eq. 22-23).
    """

    bound: FitStep | None = None
    q: FitStep | None = None
    h: FitStep | None = None


def monotony(run: Run) -> Monotony:
    """Return where a run breaks the promises of EM beyond rounding.

    The first exact step is held against the last coarse one, whose figure is a lower bound of it. Where empty
    components were put elsewhere the likelihood may fall: that is another start.
    """
    bound = q = h = None
    for before, step in itertools.pairwise(run):
        if step.is_reseeded:
            continue
        value = step.lower_bound
        if bound is None and value < before.lower_bound - TOLERANCE * max(1.0, abs(before.lower_bound)):
            bound = step
        if q is None and per_pixel(step, step.q_gain) < -TOLERANCE * max(1.0, abs(per_pixel(step, step.q))):
            q = step
        if h is None and per_pixel(step, step.h_gain) > TOLERANCE * max(1.0, abs(per_pixel(step, step.h))):
            h = step
    return Monotony(bound, q, h)
