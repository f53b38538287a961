"""Timeline: EM by half steps, forward and back: each moment's parameters and the posteriors held then."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from gmmseg.control import ShouldStop, StopRequest
from gmmseg.drawing.convergence import Curves
from gmmseg.laboratory.bound import Belief, Figures, Problem, figures, maximised
from gmmseg.mixture.expectation import Expectation
from gmmseg.mixture.moments import expected_log_likelihood
from gmmseg.mixture.params import MixtureParams

Half = Literal["start", "E", "M", "moved"]
Moment = tuple[Half, MixtureParams | None]
MOST_STEPS = 500
"""Iterations of a run at most."""


# Without slots: it caches its figures, which are shown for every frame of a timeline.
@dataclass(frozen=True, eq=False)
class Frame:
    """One moment: how it came about, the parameters θ, and the posteriors held, which are those of θg.

    Parameters
    ----------
    half : {"start", "E", "M", "moved"}
        The half step that led here; ``moved`` where the parameters were changed by hand.
    here : Belief
        θ with its own posteriors.
    belief : Belief, optional
        θg; None before the first E-step.
    """

    half: Half
    here: Belief
    belief: Belief | None = None

    @property
    def params(self) -> MixtureParams:
        """θ."""
        return self.here.params

    @property
    def found(self) -> Expectation:
        """The E-step under θ."""
        return self.here.found

    @cached_property
    def figures(self) -> Figures:
        """L, Q, H, bound and divergence; before the first E-step those of the own posteriors."""
        level = self.found.log_likelihood
        if self.belief is not None:
            return figures(self.params, level, self.belief)
        q = expected_log_likelihood(self.params, self.found.moments)
        return Figures(level, q, q - level, level, 0.0)

    @property
    def gains(self) -> tuple[float, float]:
        """ΔQ and ΔH since the E-step, nats over all rows, both under the posteriors held.

        Q(θ, θg) - Q(θg, θg), and the same of H (S2 eq. 21 and 22); 0 before the first E-step.
        """
        if self.belief is None:
            return 0.0, 0.0
        now, held = self.figures, self.belief
        return now.q - held.found.log_likelihood - held.h, now.h - held.h


# Without slots: it caches its curves.
@dataclass(frozen=True, eq=False)
class Timeline:
    """Moments in order, and the one shown; what is done next follows that one."""

    task: Problem
    frames: tuple[Frame, ...]
    at: int = 0

    @property
    def now(self) -> Frame:
        """The moment shown."""
        return self.frames[self.at]

    @property
    def iteration(self) -> int:
        """M-steps up to the moment shown."""
        return sum(frame.half == "M" for frame in self.frames[: self.at + 1])

    def scrubbed(self, at: int) -> Timeline:
        """Return the timeline at another moment."""
        return replace(self, at=min(max(at, 0), len(self.frames) - 1))

    def e_step(self) -> Timeline:
        """Return the timeline after the posteriors of the present parameters were taken."""
        here = self.now.here
        return self._after(Frame("E", here, here))

    def m_step(self) -> Timeline:
        """Return the timeline after Q was maximised; raises ValueError where no posteriors are held."""
        belief = self.now.belief
        if belief is None:
            raise ValueError("an M-step needs posteriors")
        return self._after(Frame("M", Belief(self.task, maximised(belief)), belief))

    def step(self) -> Timeline:
        """Return the timeline after what is left of an iteration: E and M, or M alone after E."""
        return (self if self.now.half == "E" else self.e_step()).m_step()

    def with_params(self, params: MixtureParams) -> Timeline:
        """Return the timeline after the parameters were changed by hand; the posteriors held stay."""
        frame = Frame("moved", Belief(self.task, params), self.now.belief)
        if self.now.half == "moved":
            return replace(self, frames=(*self.frames[: self.at], frame))
        return self._after(frame)

    def moments(self) -> tuple[Moment, ...]:
        """Return what `restored` makes it of again: an E-step leaves the parameters as they are."""
        return tuple((frame.half, None if frame.half == "E" else frame.params) for frame in self.frames)

    def _after(self, frame: Frame) -> Timeline:
        return replace(self, frames=(*self.frames[: self.at + 1], frame), at=self.at + 1)

    @cached_property
    def changes(self) -> tuple[int, ...]:
        """The moments at which the parameters are new."""
        return tuple(at for at, frame in enumerate(self.frames) if frame.half != "E")

    @cached_property
    def curves(self) -> Curves:
        """L, Q(θ, θ) and H(θ, θ) per row of the parameters at `changes`."""
        n_rows = self.task.rows.total
        frames = [self.frames[at] for at in self.changes]
        bound = np.array([frame.found.log_likelihood for frame in frames]) / n_rows
        q = (
            np.array([expected_log_likelihood(frame.params, frame.found.moments) for frame in frames])
            / n_rows
        )
        return Curves(np.arange(len(frames), dtype=np.int64), bound, q, q - bound, 0)


def begun(task: Problem, params: MixtureParams) -> Timeline:
    """Return the timeline that begins with some parameters."""
    return Timeline(task, (Frame("start", Belief(task, params)),))


def restored(task: Problem, moments: Sequence[Moment], at: int) -> Timeline:
    """Return a timeline of moments; raises ValueError where one cannot follow the one before it."""
    frames: list[Frame] = []
    for half, params in moments:
        before = frames[-1] if frames else None
        if (half == "start") != (before is None) or (half == "E") != (params is None):
            raise ValueError(f"a moment “{half}” in this place")
        if before is not None and params is None:
            frames.append(Frame("E", before.here, before.here))
            continue
        belief = None if before is None else before.belief
        if params is None or (half == "M" and belief is None):
            raise ValueError("a maximum without posteriors")
        if params.means.shape != (frames[0].params if frames else params).means.shape:
            raise ValueError("mixtures of several sizes")
        frames.append(Frame(half, Belief(task, params), belief))
    if not 0 <= at < len(frames):
        raise ValueError(f"the moment {at} of {len(frames)}")
    return Timeline(task, tuple(frames), at)


def run(timeline: Timeline, tol: float, should_stop: ShouldStop) -> Generator[Timeline, None, Timeline]:
    """Iterate until L rises by less than `tol` nats per row in a step, or somebody asks to stop.

    Yields
    ------
    Timeline
        After each iteration.
    """
    for _ in range(MOST_STEPS):
        before = timeline.now.found.log_likelihood
        timeline = timeline.step()
        # Ahead of showing it: computed here rather than by who shows it.
        rise = timeline.now.found.log_likelihood - before
        yield timeline
        if should_stop() is not StopRequest.NONE or rise < tol * timeline.task.rows.total:
            break
    return timeline
