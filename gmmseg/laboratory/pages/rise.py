"""The page Why it rises: Jensen's inequality, and the bound that touches L and lies below it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.laboratory.bound import Belief, Problem, figures, maximised, problem
from gmmseg.laboratory.charts import with_mean
from gmmseg.laboratory.data import Data
from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Bar, Chart, Handle, Line, Note, Scene, Table, upright
from gmmseg.laboratory.starts import start
from gmmseg.laboratory.words import fixed, short
from gmmseg.mixture.moments import expected_log_likelihood
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings
from gmmseg.setting import number

CURVE_POINTS = 121
MOST_ROWS = 1000
"""L is drawn over a mean by an E-step for each point of the curve."""
JENSEN_FROM, JENSEN_TO = 0.05, 6.0


@dataclass(frozen=True, slots=True)
class RiseSettings:
    """Of which component the mean is looked at."""

    n_components: int = number(2, (2, 5), "Components", "K, the number of Gaussians.", slider=(2, 5, 1))
    component: int = number(
        1, (1, 5), "Component", "The one whose mean runs along the axis; all else stays.", slider=(1, 5, 1)
    )
    seed: int = number(0, (0, 999_999), "Seed", "Of the parameters to begin with.", is_seed=True)


@dataclass(frozen=True, slots=True)
class Jensen:
    """Two points on the logarithm, and the share of the first."""

    first: float = 0.6
    second: float = 4.5
    share: float = 0.5

    @property
    def middle(self) -> float:
        """E[x]."""
        return self.share * self.first + (1 - self.share) * self.second

    @property
    def chord(self) -> float:
        """E[log x], the chord's height there; never above log E[x] (S2 eq. 25)."""
        return float(self.share * np.log(self.first) + (1 - self.share) * np.log(self.second))

    @property
    def gap(self) -> float:
        """log E[x] - E[log x], at least 0."""
        return float(np.log(self.middle)) - self.chord


@dataclass(frozen=True, eq=False)
class RisePage(Page):
    """L over the mean of one component with the bound of one belief.

    Parameters
    ----------
    task : Problem
        Rows of one feature.
    belief : Belief
        Of θg, at which the bound touches.
    grid, level : (G,)
        Means and L per row there.
    """

    settings: RiseSettings
    task: Problem
    belief: Belief
    grid: FloatArray
    level: FloatArray
    jensen: Jensen = Jensen()

    name: ClassVar[str] = "rise"
    title: ClassVar[str] = "Why it rises"
    question: ClassVar[str] = "Why can no step of EM go down?"
    theory: ClassVar[str] = "bound"
    example_name: ClassVar[str] = "two-line"
    fields: ClassVar[tuple[str, ...]] = ("n_components", "component", "seed")

    @classmethod
    def opened(cls, data: Data) -> Self:
        return cls._made(data, RiseSettings())

    @classmethod
    def _made(cls, data: Data, settings: RiseSettings) -> Self:
        settings = replace(settings, component=min(settings.component, settings.n_components))
        return cls._at_params(data, settings, None, Jensen())

    @classmethod
    def _at_params(
        cls, data: Data, settings: RiseSettings, params: MixtureParams | None, jensen: Jensen
    ) -> Self:
        """Return the page with θg, or with None at a start of the settings."""
        line = data.on_line()
        line = Data(line.name, line.values[:MOST_ROWS].copy(), line.columns)
        wanted = FitSettings(n_components=settings.n_components, init="random", seed=settings.seed)
        task = problem(line, wanted)
        params = start(line, wanted) if params is None else params
        low, high = float(line.values.min()), float(line.values.max())
        room = 0.25 * (high - low)
        grid = np.linspace(low - room, high + room, CURVE_POINTS)
        return cls(
            data,
            settings,
            task,
            Belief(task, params),
            grid,
            _level(task, params, settings.component - 1, grid),
            jensen,
        )

    def kept(self) -> dict[str, Any]:
        return {"params": self.belief.params, "jensen": self.jensen}

    @classmethod
    def kept_types(cls) -> dict[str, Any]:
        return {"params": MixtureParams, "jensen": Jensen}

    @classmethod
    def restored(cls, data: Data, settings: RiseSettings, kept: Mapping[str, Any]) -> Self:
        params, jensen = kept["params"], kept["jensen"]
        if params.n_features != 1 or settings.component > params.n_components:
            raise ValueError(f"no component {settings.component} on a line")
        if not all(JENSEN_FROM <= x <= JENSEN_TO for x in (jensen.first, jensen.second)):
            raise ValueError("points that are not on the axis")
        return cls._at_params(data, settings, params, jensen)

    def rebuilt(self, settings: RiseSettings, path: str) -> Self:
        if path == "component" and settings.component <= settings.n_components:
            level = _level(self.task, self.belief.params, settings.component - 1, self.grid)
            return replace(self, settings=settings, level=level)
        return replace(self._made(self.data, settings), jensen=self.jensen)

    @property
    def k(self) -> int:
        """The component looked at, from 0."""
        return self.settings.component - 1

    def moved(self, handle: str, x: float, y: float) -> Self:
        if handle == "theta":
            return self._at(x)
        x = float(np.clip(x, JENSEN_FROM, JENSEN_TO))
        if handle in ("first", "second"):
            return replace(self, jensen=replace(self.jensen, **{handle: x}))
        jensen = self.jensen
        span = jensen.second - jensen.first
        share = 0.5 if span == 0 else float(np.clip((jensen.second - x) / span, 0.0, 1.0))
        return replace(self, jensen=replace(jensen, share=share))

    def _at(self, mean: float) -> Self:
        """Return the page with θg at another mean: an E-step there."""
        mean = float(np.clip(mean, self.grid[0], self.grid[-1]))
        return replace(
            self, belief=Belief(self.task, with_mean(self.belief.params, self.k, np.array([mean])))
        )

    # Actions

    def climb(self) -> Self:
        """Move the mean to the top of the bound and touch L there: an iteration for it alone."""
        return self._at(float(maximised(self.belief).means[self.k, 0]))

    def step(self) -> Self:
        """Take a whole iteration: all parameters move, and with them both curves."""
        params = maximised(self.belief)
        return replace(
            self, belief=Belief(self.task, params), level=_level(self.task, params, self.k, self.grid)
        )

    actions: ClassVar[tuple[Action, ...]] = (
        Action(
            "climb",
            "&Climb",
            climb,
            tip="Move this mean to the top of the bound, then touch again",
            icon="up",
        ),
        Action("step", "&Step", step, tip="One iteration of all parameters", icon="step"),
    )

    # What is shown

    def bound(self) -> FloatArray:
        """Return the bound per row at the means of the grid, (G,): Q(θ, θg) - H(θg, θg)."""
        moments, h = self.belief.found.moments, self.belief.h
        found = [expected_log_likelihood(params, moments) for params in self._along()]
        return (np.array(found) - h) / self.task.rows.total

    def _along(self) -> list[MixtureParams]:
        return [with_mean(self.belief.params, self.k, np.array([mean])) for mean in self.grid]

    def scene(self) -> Scene:
        jensen = self.jensen
        top = maximised(self.belief).means[self.k, 0]
        raised = with_mean(self.belief.params, self.k, np.array([top]))
        there = figures(raised, self.task.evaluate(raised).log_likelihood, self.belief)
        here = self.belief.found.log_likelihood
        n_rows = self.task.rows.total
        gain, gap = (there.bound - here) / n_rows, there.divergence / n_rows
        bars = (
            Bar(
                "bound gains",
                gain,
                "warning",
                "From θg to the top of the bound",
                "L gains both, nats per row",
            ),
            Bar("KL there", gap, "error", "L lies above the bound by this", "L gains both, nats per row"),
            Bar("L gains", gain + gap, "accent", "", "L gains both, nats per row"),
            Bar("log E[x]", float(np.log(jensen.middle)), "accent", "Function of the mean", "Jensen"),
            Bar("E[log x]", jensen.chord, "warning", "Mean of the function: never larger", "Jensen"),
        )
        return Scene(
            (self._bound_chart(float(top)), self._jensen_chart()),
            f"The bound touches L at θg and is below it everywhere else. At its top it is {short(gain)} nats "
            f"per row higher, and L there is higher still, by KL = {short(gap)}: so L cannot fall.",
            r"L(\theta) - [Q(\theta, \theta_g) - H(\theta_g, \theta_g)] = KL(p_{\theta_g}\|p_\theta) \geq 0",
            bars,
            (self._table(),),
        )

    def _bound_chart(self, top: float) -> Chart:
        bound, mean = self.bound(), float(self.belief.params.means[self.k, 0])
        low, high = float(self.level.min()), float(self.level.max())
        room = 0.12 * (high - low)
        level = self.belief.found.log_likelihood / self.task.rows.total
        peak = float(np.interp(top, self.grid, bound))
        return Chart(
            f"μ{self.settings.component}",
            "nats per row",
            (float(self.grid[0]), low - room, float(self.grid[-1]), high + room),
            title="L and its bound",
            lines=(
                Line(self.grid, self.level, "accent", "L(θ)"),
                Line(self.grid, bound, "warning", "bound: Q(θ, θg) − H(θg, θg)", "dash"),
                upright(top, low, peak, "muted"),
            ),
            handles=(Handle("theta", mean, level, "error", "θg: drag along L"),),
            notes=(Note(top, low - 0.5 * room, "top of the bound", "muted"),),
        )

    def _jensen_chart(self) -> Chart:
        jensen = self.jensen
        x = np.linspace(JENSEN_FROM, JENSEN_TO, CURVE_POINTS)
        ends = np.array([jensen.first, jensen.second])
        middle, chord = jensen.middle, jensen.chord
        return Chart(
            "x",
            "log x",
            (0.0, -3.2, JENSEN_TO + 0.3, 2.3),
            title="Jensen (S2 fig. 4)",
            lines=(
                Line(x, np.log(x), "accent", "log x"),
                Line(ends, np.log(ends), "warning", "chord"),
                upright(middle, chord, np.log(middle), "error", "gap", "solid", 3),
            ),
            handles=(
                Handle("first", jensen.first, float(np.log(jensen.first)), "accent", "x₁: drag it"),
                Handle("second", jensen.second, float(np.log(jensen.second)), "accent", "x₂: drag it"),
                Handle("share", middle, chord, "warning", "p₁: drag along the chord", is_main=False),
            ),
        )

    def _table(self) -> Table:
        jensen = self.jensen
        figures = (
            ("x₁", "First point", jensen.first),
            ("x₂", "Second point", jensen.second),
            ("p₁", "Share of the first", jensen.share),
            ("E[x]", "p₁ x₁ + p₂ x₂", jensen.middle),
            ("log E[x]", "Never less than E[log x]", float(np.log(jensen.middle))),
            ("E[log x]", "p₁ log x₁ + p₂ log x₂", jensen.chord),
            ("gap", "log E[x] − E[log x], at least 0 (S2 eq. 25)", jensen.gap),
        )
        return Table.of("Jensen", *((heading, tip, [fixed(value)]) for heading, tip, value in figures))


def _level(task: Problem, params: MixtureParams, k: int, grid: FloatArray) -> FloatArray:
    """Return L per row with the mean of one component at each value of the grid, (G,)."""
    levels = [task.evaluate(with_mean(params, k, np.array([mean]))).log_likelihood for mean in grid]
    return np.array(levels) / task.rows.total
