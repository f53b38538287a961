"""Events of long work on digits: its progress, and each iteration of what converges."""

from __future__ import annotations

from dataclasses import dataclass

from gmmseg.control import Progress


@dataclass(frozen=True, slots=True)
class Iterated:
    """One iteration of a stage that converges."""

    stage: str
    iteration: int
    """From 1."""
    log_likelihood: float | None
    """Mean per fitted image, nats; None where the stage maximises something else."""
    changed: float
    """Share of the fitted images whose cluster changed in this iteration, 0..1."""


StageEvent = Progress | Iterated
"""`Progress.fraction` is the share of the stage that is done, 0..1."""
