"""The page Likelihood: which of three Gaussians explains points on a line best, and why by logarithms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.colours import class_colour
from gmmseg.laboratory.charts import dragged, mixture_chart, plain_tints, with_covariance, with_mean
from gmmseg.laboratory.data import LINE, Data, gaussians, made_data
from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Bar, Chart, Line, Scene, Table, upright
from gmmseg.laboratory.words import fixed, numbers, short
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.fit import fit
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings
from gmmseg.setting import number

N_CANDIDATES = 3
CURVE_POINTS = 160


@dataclass(frozen=True, slots=True)
class LikelihoodSettings:
    """Number of the points that are looked at."""

    n_points: int = number(
        40,
        (2, 2000),
        "Points",
        "How many points are looked at: with more of them the product of the densities underflows.",
        slider=(2, 1000, 1),
    )


@dataclass(frozen=True, eq=False)
class LikelihoodPage(Page):
    """Points on a line and three Gaussians, each for itself.

    Parameters
    ----------
    line : Data
        One feature of the data.
    candidates : MixtureParams
        Three Gaussians; their weights mean nothing.
    """

    settings: LikelihoodSettings
    line: Data
    candidates: MixtureParams

    name: ClassVar[str] = "likelihood"
    title: ClassVar[str] = "Likelihood"
    question: ClassVar[str] = "Three Gaussians, one set of points: which explains them best?"
    theory: ClassVar[str] = "likelihood"
    fields: ClassVar[tuple[str, ...]] = ("n_points",)

    @classmethod
    def example(cls) -> Data:
        return _EXAMPLE

    @classmethod
    def opened(cls, data: Data) -> Self:
        line = data.on_line()
        middle, spread = float(line.values.mean()), float(line.values.std()) or 1.0
        candidates = gaussians(
            np.full(N_CANDIDATES, 1 / N_CANDIDATES).tolist(),
            [[middle - 2 * spread], [middle + 0.2 * spread], [middle + 2 * spread]],
            [spread**2, (1.2 * spread) ** 2, (0.6 * spread) ** 2],
        )
        return cls(data, LikelihoodSettings(), line, candidates).rebuilt(LikelihoodSettings(), "n_points")

    def rebuilt(self, settings: LikelihoodSettings, path: str) -> Self:
        whole = self.data.on_line()
        line = Data(whole.name, whole.values[: settings.n_points].copy(), whole.columns)
        return replace(self, settings=settings, line=line)

    def moved(self, handle: str, x: float, y: float) -> Self:
        # The height of a candidate is not a weight: only its place and width can be dragged.
        k = int(handle.split(":")[1])
        if handle.startswith("mean"):
            return replace(self, candidates=with_mean(self.candidates, k, np.array([x])))
        return replace(self, candidates=dragged(self.line, self.candidates, handle, x, y))

    @property
    def ground(self) -> Data:
        return self.line

    def check(self) -> None:
        super().check()
        if self.line.n_features != 1 or self.candidates.n_components != N_CANDIDATES:
            raise ValueError(f"not {N_CANDIDATES} candidates on a line")

    def fit(self) -> Self:
        """Give the best candidate the mean and variance of the points, by the engine (S2 eq. 7)."""
        found = fit(self.line.values, settings=FitSettings(n_components=1)).params
        k = self.best
        moved = with_mean(self.candidates, k, found.means[0])
        return replace(self, candidates=with_covariance(moved, k, found.matrices()[0]))

    actions: ClassVar[tuple[Action, ...]] = (
        Action(
            "fit",
            "&Fit",
            fit,
            tip="Give the best one the mean and the variance (1/n) of the points",
            icon="fit",
        ),
    )

    # Figures

    @cached_property
    def log_densities(self) -> FloatArray:
        """log N(x_i | k) of each candidate, (3, n)."""
        return np.array(
            [score_rows(single(self.candidates, k), self.line.values) for k in range(N_CANDIDATES)]
        )

    @property
    def likelihoods(self) -> FloatArray:
        """L of each candidate, nats, (3,) (S2 eq. 3)."""
        sums: FloatArray = self.log_densities.sum(axis=1)
        return sums

    @property
    def best(self) -> int:
        """The candidate with the largest likelihood."""
        return int(self.likelihoods.argmax())

    def terms(self) -> FloatArray:
        """Return the three sums of S2 eq. 6 for each candidate, (3, 3): they add up to L."""
        x, n = self.line.values[:, 0], self.line.n_rows
        means, variances = self.candidates.means, self.candidates.matrices()[:, 0, 0]
        squares = ((x - means) ** 2).sum(axis=1)
        constant = np.full(N_CANDIDATES, -n * np.log(2 * np.pi) / 2)
        return np.column_stack([constant, -n * np.log(variances) / 2, -squares / (2 * variances)])

    def scene(self) -> Scene:
        logs, best = self.log_densities, self.best
        levels, products = logs.sum(axis=1), np.exp(logs).prod(axis=1)
        n = self.line.n_rows
        bars = tuple(
            Bar(
                f"L of {k + 1}",
                levels[k] / n,
                class_colour(k),
                "Mean log-density of the points, nats (S2 eq. 3)",
            )
            for k in range(N_CANDIDATES)
        )
        underflow = (
            " The product of the densities is below the smallest number there is and has become 0; their "
            "logarithms still add up."
            if products[best] == 0
            else ""
        )
        return Scene(
            (self._points(best), self._curve(best)),
            f"Number {best + 1} explains the {n} points best: its L is {fixed(levels[best], 2)} nats."
            + underflow,
            r"L(\theta) = \log \prod_{i=1}^{n} p(x_i | \theta) = \sum_{i=1}^{n} \log p(x_i | \theta)",
            bars,
            (self._table(levels, products, best),),
        )

    def unanswered(self) -> Scene:
        # Both charts mark the best candidate, and the second is about that one alone.
        scene = super().unanswered()
        return replace(scene, pictures=(replace(self._points(self.best), lines=()),))

    def _points(self, best: int) -> Chart:
        chart = mixture_chart(self.line, self.candidates, plain_tints(self.line.n_rows), is_weighted=False)
        x_from, y_from, x_to, y_to = chart.bounds
        top = max(y_to, 1.0 / np.sqrt(2 * np.pi * float(self.line.values.var() or 1.0)) * 1.6)
        strong = chart.shapes[best]
        return replace(
            chart,
            bounds=(x_from, y_from, x_to, top),
            lines=(Line(strong.x, strong.y, strong.colour, f"best: {best + 1}", width=4.5),),
        )

    def _curve(self, best: int) -> Chart:
        """Return L and the likelihood itself over the mean, at the best one's variance: one maximum."""
        x = self.line.values[:, 0]
        spread = float(np.sqrt(self.candidates.matrices()[best, 0, 0]))
        low, high = float(x.min()) - 1.0, float(x.max()) + 1.0
        grid = np.linspace(low, high, CURVE_POINTS)
        # Squares about m are those about the mean and n (m - mean)²: no loop over the points.
        squares = ((x - x.mean()) ** 2).sum() + len(x) * (grid - x.mean()) ** 2
        level = -squares / (2 * spread**2) / len(x) - np.log(2 * np.pi * spread**2) / 2
        relative = np.exp(len(x) * (level - level.max()))
        floor, top = float(level.min()), float(level.max())
        scaled = floor + relative * (top - floor)
        means = self.candidates.means[:, 0]
        own = np.interp(means, grid, level)
        return Chart(
            "μ",
            "nats per point",
            (low, floor, high, top + 0.06 * (top - floor)),
            title=f"L over μ, at σ = {fixed(spread, 2)}",
            lines=(
                Line(grid, level, "accent", "log-likelihood / n"),
                Line(grid, scaled, "warning", "likelihood, its own scale", "dash"),
                *(
                    upright(mean, floor, value, class_colour(k))
                    for k, (mean, value) in enumerate(zip(means, own, strict=True))
                ),
            ),
        )

    def _table(self, levels: FloatArray, products: FloatArray, best: int) -> Table:
        first, second, third = ([fixed(term, 2) for term in column] for column in self.terms().T)
        product = "Product of the densities (S2 eq. 1), multiplied as it stands: 0 once it underflows"
        return Table.of(
            "Candidates",
            ("", "Candidate", numbers(N_CANDIDATES)),
            ("μ", "Mean", map(fixed, self.candidates.means[:, 0])),
            ("σ", "Standard deviation", map(fixed, np.sqrt(self.candidates.matrices()[:, 0, 0]))),
            ("−n log √2π", "First term of S2 eq. 6", first),
            ("−n log σ", "Second term", second),
            ("−Σ(x−μ)²/2σ²", "Third term", third),
            ("L", "Their sum, the log-likelihood (S2 eq. 3)", [fixed(level, 2) for level in levels]),
            ("−L", "Negative log-likelihood, which is minimised (S3)", [fixed(-each, 2) for each in levels]),
            ("∏ p", product, map(short, products)),
            marked=best,
        )


def single(params: MixtureParams, k: int) -> MixtureParams:
    """Return one component of a mixture as a mixture of its own."""
    return gaussians([1.0], params.means[[k]].tolist(), params.matrices()[[k]])


_EXAMPLE = made_data("Points on a line (S2 fig. 1)", LINE, 1000, seed=7)
