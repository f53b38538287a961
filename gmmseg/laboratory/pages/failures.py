"""The page Break it: what goes wrong without care: unbounded likelihood, names, underflow, cancellation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import never_stop, result_of
from gmmseg.laboratory.bound import level_on, problem
from gmmseg.laboratory.charts import dragged, mixture_chart
from gmmseg.laboratory.data import Data, gaussians
from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Bar, Chart, Line, Scene, Table, Tint, upright
from gmmseg.laboratory.words import fixed, numbers, short
from gmmseg.mixture.density import posteriors, score_rows
from gmmseg.mixture.fit import fit, fit_events
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings
from gmmseg.setting import choice, number

CASES = {
    "singular": "One point, one Gaussian",
    "names": "Components change names",
    "underflow": "Products instead of sums",
    "cancellation": "E[x²] − E[x]²",
}
OFFSETS = 10.0 ** np.arange(0, 11)
"""Added to the rows where digits cancel."""
CURVE_POINTS = 121
SMALLEST_ERROR = 1e-17
SMALLEST_VARIANCE = 1e-290
"""Smallest variance whose inverse is still a number."""


@dataclass(frozen=True, slots=True)
class BreakSettings:
    """Kind of a failure, and its degree."""

    case: str = choice("singular", "Break", "What is to go wrong.", CASES)
    log_sigma: float = number(
        -1.0,
        (-140.0, 1.0),
        "log₁₀ σ₂",
        "Width of the component that sits on one point.",
        slider=(-12.0, 1.0, 0.1),
        step=0.5,
    )
    n_points: int = number(100, (1, 20_000), "Points", "Whose densities are multiplied.", slider=(1, 2000, 1))
    log_offset: float = number(
        6.0, (0.0, 10.0), "log₁₀ offset", "Added to every row.", slider=(0.0, 10.0, 0.5), step=0.5
    )


@dataclass(frozen=True, eq=False)
class BreakPage(Page):
    """Rows on a line and a mixture of two on them.

    Parameters
    ----------
    line : Data
        One feature of the data.
    params : MixtureParams
        Two components.
    refit : MixtureParams, optional
        What the engine makes of a component on one point.
    """

    settings: BreakSettings
    line: Data
    params: MixtureParams
    refit: MixtureParams | None = None

    name: ClassVar[str] = "break"
    title: ClassVar[str] = "Break it"
    question: ClassVar[str] = "What breaks a mixture, and what keeps this one whole?"
    theory: ClassVar[str] = "failures"
    example_name: ClassVar[str] = "two-line"
    fields: ClassVar[tuple[str, ...]] = ("case", "log_sigma", "n_points", "log_offset")

    @classmethod
    def opened(cls, data: Data) -> Self:
        line = data.on_line()
        return cls(data, BreakSettings(), line, fit(line.values, settings=FitSettings(n_components=2)).params)

    def rebuilt(self, settings: BreakSettings, path: str) -> Self:
        return replace(self, settings=settings, refit=None)

    def moved(self, handle: str, x: float, y: float) -> Self:
        return replace(self, params=dragged(self.line, self.params, handle, x, y), refit=None)

    @property
    def ground(self) -> Data:
        return self.line

    def check(self) -> None:
        super().check()
        if self.line.n_features != 1 or self.params.n_components != 2:
            raise ValueError("not two components on a line")

    @property
    def fields_in_use(self) -> tuple[str, ...]:
        own = {"singular": "log_sigma", "underflow": "n_points", "cancellation": "log_offset"}
        return ("case", own.get(self.settings.case, ""))

    # Figures

    def on_point(self, sigma: float) -> MixtureParams:
        """Return the mixture with its second component on one row, so wide."""
        return _on_point(self.line, sigma)

    def heights(self) -> tuple[FloatArray, FloatArray]:
        """Return widths of the sharp component and L per row there: without end as the width goes to 0."""
        return _heights(self.line)

    @property
    def floor(self) -> float:
        """The smallest variance that the engine allows on these rows."""
        return problem(self.line, FitSettings(n_components=2)).floor

    def swapped(self) -> tuple[FloatArray, FloatArray]:
        """Return places on the way from (μ₁, μ₂) to (μ₂, μ₁), 0..1, and L per row there."""
        along = np.linspace(0.0, 1.0, CURVE_POINTS)
        means, variances = self.params.means[:, 0], self.params.matrices()[:, 0, 0]
        weights = self.params.weights
        levels = []
        for share in along:
            mixed = [(1 - share) * one + share * one[::-1] for one in (weights, means, variances)]
            trial = gaussians(mixed[0].tolist(), mixed[1][:, None].tolist(), mixed[2])
            levels.append(float(score_rows(trial, self.line.values).mean()))
        return along, np.array(levels)

    def products(self) -> tuple[float, float, FloatArray, FloatArray]:
        """Return product and sum of logs of the first rows' densities, and both over the number of rows."""
        repeats = -(-self.settings.n_points // self.line.n_rows)
        logs = np.tile(score_rows(self.params, self.line.values), repeats)[: self.settings.n_points]
        with np.errstate(under="ignore"):
            product: FloatArray = np.multiply.accumulate(np.exp(logs))
        sums = np.cumsum(logs)
        return float(product[-1]), float(sums[-1]), product, sums

    def variances(self, offset: float) -> dict[str, float]:
        """Return the variance of the rows moved by an offset, computed in four ways."""
        x = self.line.values[:, 0] + offset
        single = x.astype(np.float32)
        squares, means = float((x**2).mean()), float(x.mean())
        rows = fit((x)[:, None], settings=FitSettings(n_components=1)).params
        return {
            "E[x²] − E[x]², double": squares - means**2,
            "E[x²] − E[x]², single": float((single**2).mean() - single.mean() ** 2),
            "centred first": float(((x - x.mean()) ** 2).mean()),
            "engine": float(rows.matrices()[0, 0, 0]),
        }

    # Actions

    def rescue(self) -> Self:
        """Let the engine go on from the component on one point: its floor holds."""
        start = self.on_point(10.0**self.settings.log_sigma)
        floored = replace(
            start, covariance=type(start.covariance).floored(start.covariance.values, self.floor)
        )
        found = result_of(
            fit_events(self.line.values, None, FitSettings(n_components=2), never_stop, floored)
        )
        return replace(self, refit=found.params)

    def swap(self) -> Self:
        """Let the components change names."""
        return replace(self, params=self.params.reordered(np.array([1, 0])))

    actions: ClassVar[tuple[Action, ...]] = (
        Action(
            "rescue",
            "&Let EM go on",
            rescue,
            icon="run",
            is_possible=lambda page: page.settings.case == "singular",
            tip="From here, with the floor on variances in force",
        ),
        Action(
            "swap",
            "&Swap names",
            swap,
            icon="swap",
            is_possible=lambda page: page.settings.case == "names",
            tip="The first component becomes the second",
        ),
    )

    def scene(self) -> Scene:
        return {
            "singular": self._singular,
            "names": self._names,
            "underflow": self._underflow,
            "cancellation": self._cancelled,
        }[self.settings.case]()

    def unanswered(self) -> Scene:
        # The second chart is what goes wrong, under its name.
        scene = super().unanswered()
        return replace(scene, pictures=scene.pictures[:1])

    def _singular(self) -> Scene:
        sigma = 10.0**self.settings.log_sigma
        present = self.on_point(sigma)
        shown = present if self.refit is None else self.refit
        widths, levels = self.heights()
        level = level_on(self.line, present)
        floor = float(np.sqrt(self.floor))
        room = 0.1 * float(np.ptp(levels))
        low, high = float(levels.min()) - room, float(levels.max()) + room
        logs = np.log10(widths)
        curve = Chart(
            "log₁₀ σ₂",
            "L, nats per row",
            (float(logs[0]), low, float(logs[-1]), high),
            "L has no top",
            lines=(
                Line(logs, levels, "accent", "L"),
                upright(np.log10(floor), low, high, "error", "floor on σ", "dash"),
                Line(
                    np.array([self.settings.log_sigma]),
                    np.array([level]),
                    "text",
                    "now",
                    width=0,
                    has_dots=True,
                ),
            ),
        )
        words = (
            f"One row under a component of width {short(sigma)}: L is {fixed(level, 3)} nats per row, "
            "and grows without "
            f"end as the width goes to 0. The engine allows no σ below {short(floor)}."
        )
        if self.refit is not None:
            words = (
                "EM went on from there with its floor and ended at σ = "
                f"{', '.join(short(float(np.sqrt(v))) for v in self.refit.matrices()[:, 0, 0])}: all "
                "numbers stay finite."
            )
        table = Table.of(
            "Components",
            ("k", "Component", numbers(2)),
            ("π", "Weight", map(fixed, shown.weights)),
            ("μ", "Mean", map(fixed, shown.means[:, 0])),
            ("σ", "Standard deviation", map(short, np.sqrt(shown.matrices()[:, 0, 0]))),
        )
        return Scene(
            (mixture_chart(self.line, shown, has_handles=False), curve),
            words,
            r"\log N(x_n | x_n, \sigma^2) = -\log \sigma - \frac{1}{2}\log 2\pi \to \infty",
            (Bar("L", level, "accent", "Nats per row"),),
            (table,),
        )

    def _names(self) -> Scene:
        along, levels = self.swapped()
        room = 0.1 * float(np.ptp(levels)) or 0.1
        curve = Chart(
            "way from one naming to the other",
            "L, nats per row",
            (0.0, float(levels.min()) - room, 1.0, float(levels.max()) + room),
            "Two tops of one height",
            lines=(Line(along, levels, "accent", "L"),),
        )
        return Scene(
            (mixture_chart(self.line, self.params), curve),
            f"Both namings have L = {fixed(float(levels[0]), 6)} and {fixed(float(levels[-1]), 6)}: K "
            "components have K! equal "
            "optima. Halfway between two of them lies nothing good: never average parameters of "
            "different fits.",
            r"L(\theta_{1}, \theta_{2}) = L(\theta_{2}, \theta_{1})",
            (
                Bar("L, as it is", float(levels[0]), "accent", "Nats per row"),
                Bar("L, swapped", float(levels[-1]), "ok", "Nats per row"),
                Bar("L, halfway", float(levels[len(levels) // 2]), "error", "Nats per row"),
            ),
        )

    def _underflow(self) -> Scene:
        product, total, products, sums = self.products()
        x = np.arange(1.0, len(sums) + 1)
        with np.errstate(divide="ignore"):
            logs = np.log10(products)
        finite = np.isfinite(logs)
        first = int(np.argmin(finite)) + 1 if not finite.all() else 0
        shown = np.where(finite, logs, np.nan)
        curve = Chart(
            "rows",
            "log₁₀",
            (0.0, float(sums.min() / np.log(10)) * 1.05 - 1, float(len(x)) + 1, 10.0),
            "Product of densities",
            lines=(
                Line(x, sums / np.log(10), "accent", "Σ log p"),
                Line(x, shown, "error", "log of the product", "dash", 4.0),
            ),
        )
        far = np.array([[float(self.line.values.max()) + 60 * float(self.line.values.std())]])
        with np.errstate(all="ignore"):
            densities = np.exp(
                np.array(
                    [
                        score_rows(gaussians([1.0], [mean.tolist()], [matrix]), far)[0]
                        for mean, matrix in zip(self.params.means, self.params.matrices(), strict=True)
                    ]
                )
            )
            naive = self.params.weights * densities / (self.params.weights * densities).sum()
        sound = posteriors(self.params, far, np.float64)[:, 0]
        return Scene(
            (mixture_chart(self.line, self.params), curve),
            f"The product of {self.settings.n_points} densities is {short(product)}; the sum of their "
            f"logarithms {fixed(total, 2)}. "
            + (
                f"From row {first} on the product is 0 and says nothing any more."
                if first
                else "It still fits into a number."
            ),
            r"\log \sum_k e^{a_k} = m + \log \sum_k e^{a_k - m}, \quad m = \max_k a_k",
            (Bar("Σ log p", total, "accent", "Nats"),),
            (
                Table.of(
                    "A row far away",
                    ("k", "Component", numbers(2)),
                    ("p, linear", "Density as it stands", map(short, densities)),
                    ("γ, linear", "π p / Σ π p: 0 / 0", map(short, naive)),
                    ("γ, by logarithms", "The largest logarithm subtracted first", map(fixed, sound)),
                ),
            ),
        )

    def _cancelled(self) -> Scene:
        truth = float(self.line.values.var())
        here = self.variances(10.0**self.settings.log_offset)
        every = [self.variances(offset) for offset in OFFSETS]
        tints: tuple[Tint, ...] = ("warning", "error", "ok", "accent")
        lines = []
        for name, tint in zip(here, tints, strict=True):
            wrong = np.array([abs(found[name] - truth) / truth for found in every])
            logs = np.log10(np.maximum(wrong, SMALLEST_ERROR))
            lines.append(Line(np.log10(OFFSETS), logs, tint, name, has_dots=True))
        lines.append(upright(self.settings.log_offset, -17.0, 12.0, "muted"))
        curve = Chart(
            "log₁₀ offset",
            "log₁₀ relative error",
            (-0.3, -17.5, 10.3, 12.5),
            "Error of the variance",
            lines=tuple(lines),
        )
        errors = [short(abs(value - truth) / truth) for value in here.values()]
        return Scene(
            (mixture_chart(self.line, self.params, has_handles=False), curve),
            f"The rows moved by 10^{self.settings.log_offset:g} vary as before, by "
            f"{fixed(truth, 4)}. "
            f"E[x²] − E[x]² says {short(here['E[x²] − E[x]², double'], 5)}, in single precision "
            f"{short(here['E[x²] − E[x]², single'], 5)}; "
            f"the engine, which subtracts the mean first, {short(here['engine'], 5)}.",
            r"\sigma^2 = E[x^2] - E[x]^2 = E[(x - E[x])^2]",
            (),
            (
                Table.of(
                    "Variance",
                    ("way", "How it is computed", here),
                    ("variance", "Of the moved rows", [short(value, 6) for value in here.values()]),
                    ("relative error", "Against the rows as they are", errors),
                ),
            ),
        )


def _on_point(line: Data, sigma: float) -> MixtureParams:
    """Return a broad Gaussian of all rows, and one so wide on the row nearest to the median."""
    nearest = float(line.values[np.abs(line.values - np.median(line.values)).argmin(), 0])
    means = [[float(line.values.mean())], [nearest]]
    return gaussians([0.95, 0.05], means, [float(line.values.var()), max(sigma**2, SMALLEST_VARIANCE)])


# The same for every position of the slider.
@lru_cache(maxsize=4)
def _heights(line: Data) -> tuple[FloatArray, FloatArray]:
    widths = np.logspace(-12, 1, CURVE_POINTS)
    levels = [float(score_rows(_on_point(line, width), line.values).mean()) for width in widths]
    return widths, np.array(levels)
