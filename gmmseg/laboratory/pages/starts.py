"""The page Starts: EM from several starts, side by side, and where each of them ends."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.colours import class_colour
from gmmseg.control import ShouldStop, StopRequest, only_cancelled, result_of
from gmmseg.drawing.convergence import Curves, curves
from gmmseg.errors import FitError
from gmmseg.laboratory.charts import mean_handles, mixture_chart, truth_tints
from gmmseg.laboratory.data import Data
from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Bar, Chart, Convergence, Scene, Table, Transport
from gmmseg.laboratory.starts import check_features, start
from gmmseg.laboratory.words import fixed, short
from gmmseg.mixture.fit import PartialStart, fit_events
from gmmseg.mixture.params import FitResult, MixtureParams
from gmmseg.mixture.settings import FitSettings
from gmmseg.setting import choice, group, number

_WAYS = {"drawn": "Drawn", "own": "Own means"}
SAME = 1e-4
"""Optima whose L per row differ by less are counted as one, nats."""


@dataclass(frozen=True, slots=True)
class StartsSettings:
    """Number and kind of EM's starts."""

    way: str = choice("drawn", "Starts", "Drawn by the seed, or at the means that you drag.", _WAYS)
    n_starts: int = number(6, (1, 30), "Number", "How many starts are tried.", slider=(1, 20, 1))
    fit: FitSettings = group(lambda: FitSettings(n_components=3, init="random", n_init=1), "Mixture")


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """One start with where it ended."""

    first: MixtureParams
    result: FitResult

    @property
    def curves(self) -> Curves:
        """L, Q and H by iteration."""
        return curves(self.result.history)


@dataclass(frozen=True, eq=False)
class StartsPage(Page):
    """Several starts and their ends.

    Parameters
    ----------
    own : (K, D)
        Means to begin at, where they are the user's.
    attempts : tuple of Attempt
    at : int
        The attempt shown.
    """

    settings: StartsSettings
    own: FloatArray
    attempts: tuple[Attempt, ...] = field(default=())
    at: int = 0

    name: ClassVar[str] = "starts"
    title: ClassVar[str] = "Starts"
    question: ClassVar[str] = "Does it matter where EM begins?"
    theory: ClassVar[str] = "em"
    example_name: ClassVar[str] = "four-plane"
    fields: ClassVar[tuple[str, ...]] = (
        "way",
        "n_starts",
        "fit.n_components",
        "fit.init",
        "fit.covariance",
        "fit.seed",
    )

    @classmethod
    def opened(cls, data: Data) -> Self:
        settings = StartsSettings()
        return cls(data, settings, start(data, settings.fit).means.copy())

    def rebuilt(self, settings: StartsSettings, path: str) -> Self:
        own = self.own
        if len(own) != settings.fit.n_components:
            own = start(self.data, settings.fit).means.copy()
        return replace(self, settings=settings, own=own, attempts=(), at=0)

    def begun_at(self, params: MixtureParams) -> Self:
        check_features(self.data, params)
        fit = replace(self.settings.fit, n_components=params.n_components)
        settings = replace(self.settings, way="own", fit=fit)
        return replace(self, settings=settings, own=params.means, attempts=(), at=0)

    def moved(self, handle: str, x: float, y: float) -> Self:
        own = self.own.copy()
        own[int(handle.split(":")[1]), list(self.data.axes)] = (x, y)[: len(self.data.axes)]
        settings = replace(self.settings, way="own")
        return replace(self, settings=settings, own=own, attempts=(), at=0)

    def check(self) -> None:
        super().check()
        if self.own.ndim != 2 or self.own.shape[1] != self.data.n_features or not np.isfinite(self.own).all():
            raise ValueError(f"means {self.own.shape} of other features")
        mixtures = [params for each in self.attempts for params in (each.first, each.result.params)]
        if any(params.n_features != self.data.n_features for params in mixtures):
            raise ValueError("mixtures of other features")
        if any(not each.result.history for each in self.attempts):
            raise ValueError("a fit without steps")
        if not 0 <= self.at < max(len(self.attempts), 1):
            raise ValueError(f"{self.at} is none of the attempts")

    def scrubbed(self, at: int) -> Self:
        return replace(self, at=min(max(at, 0), max(len(self.attempts) - 1, 0)))

    def first_of(self, attempt: int) -> MixtureParams:
        """Return the parameters at which an attempt begins."""
        if self.settings.way == "own":
            found = PartialStart(means=self.own).completed(self.data.values, None, self.settings.fit)
            if not found:
                raise FitError("There are fewer different rows than components.", "Choose fewer components.")
            return found[0]
        return start(self.data, self.settings.fit, attempt)

    def run(self, should_stop: ShouldStop) -> Generator[Page, None, Page]:
        """Run EM from each start to its end."""
        page = replace(self, attempts=(), at=0)
        n_starts = 1 if self.settings.way == "own" else self.settings.n_starts
        ask = only_cancelled(should_stop)  # Stop ends after the start under way
        for attempt in range(n_starts):
            first = self.first_of(attempt)
            result = result_of(fit_events(self.data.values, None, self.settings.fit, ask, first))
            attempts = (*page.attempts, Attempt(first, result))
            page = replace(page, attempts=attempts, at=_best(attempts))
            yield page
            if should_stop() is not StopRequest.NONE:
                break
        return page

    def show_best(self) -> Self:
        """Show the attempt with the largest likelihood."""
        return replace(self, at=self.best)

    @property
    def best(self) -> int:
        """The attempt with the largest likelihood, the first among equals."""
        return _best(self.attempts)

    @property
    def optima(self) -> tuple[float, ...]:
        """The different ends by their L per row, the best first."""
        found: list[float] = []
        for bound in sorted((one.result.lower_bound for one in self.attempts), reverse=True):
            if not found or found[-1] - bound > SAME:
                found.append(bound)
        return tuple(found)

    actions: ClassVar[tuple[Action, ...]] = (
        Action(
            "run",
            "&Run all",
            work=run,
            tip="Run EM from every start to its end (S2 §1.4, step 4)",
            icon="run",
        ),
        Action(
            "best", "Show the &best", show_best, is_possible=lambda page: bool(page.attempts), icon="accept"
        ),
    )

    def scene(self) -> Scene:
        if not self.attempts:
            return Scene(
                (self._begin_chart(),),
                "EM climbs to the nearest top. Run all starts, or drag the means to begin somewhere of "
                "your own.",
                r"\theta^{(g+1)} = f(\theta^{(g)})",
            )
        shown = self.attempts[self.at]
        others = tuple(one.curves for one in self.attempts if one is not shown)
        tints = truth_tints(self.data)
        chart = mixture_chart(
            self.data, shown.result.params, tints, has_handles=False, title=f"End of start {self.at + 1}"
        )
        optima = self.optima
        worst = min(one.result.lower_bound for one in self.attempts)
        words = "one end" if len(optima) == 1 else f"{len(optima)} different ends"
        return Scene(
            (self._begin_chart(), chart, Convergence(shown.curves, others)),
            f"{len(self.attempts)} starts led to {words}: L from {fixed(optima[-1], 4)} to "
            f"{fixed(optima[0], 4)} nats "
            f"per row. The best is start {self.best + 1}; a top is only the best nearby.",
            r"\hat{\theta} = \argmax_{starts} L(\theta)",
            tuple(
                Bar(
                    f"start {at + 1}",
                    one.result.lower_bound - worst,
                    class_colour(at),
                    "Above the worst",
                    "L per row above the worst",
                )
                for at, one in enumerate(self.attempts)
            ),
            (self._table(),),
            Transport(len(self.attempts), self.at, f"start {self.at + 1} of {len(self.attempts)}"),
        )

    def _begin_chart(self) -> Chart:
        first = self.attempts[self.at].first if self.attempts else self.first_of(0)
        chart = mixture_chart(self.data, first, truth_tints(self.data), has_handles=False, title="Beginning")
        own = self.own if self.settings.way == "own" or not self.attempts else first.means
        handles = mean_handles(self.data, own, "mean", "Drag: a mean to begin at")
        return replace(chart, handles=handles)

    def _table(self) -> Table:
        best, results = self.best, [one.result for one in self.attempts]
        rule = "The rule that ended it (S2 eq. 29); bound: L rose by less than the tolerance"
        marks = [" ✓" if at == best else "" for at in range(len(results))]
        return Table.of(
            "Starts",
            ("Start", "The best is kept (S2 eq. 10)", [f"{at + 1}{mark}" for at, mark in enumerate(marks)]),
            ("L at first", "Nats per row", [fixed(one.history[0].lower_bound, 4) for one in results]),
            ("L at the end", "Nats per row", [fixed(one.lower_bound, 5) for one in results]),
            ("below the best", "Nats per row", [short(self.optima[0] - one.lower_bound) for one in results]),
            ("iterations", "EM iterations", [str(one.n_iter) for one in results]),
            ("ended by", rule, [one.stop_reason for one in results]),
            marked=self.at,
        )


def _best(attempts: tuple[Attempt, ...]) -> int:
    return max(range(len(attempts)), key=lambda at: (attempts[at].result.lower_bound, -at), default=0)
