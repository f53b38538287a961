"""The page Margins: what a mixture says of one feature alone, and of one where another is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from gmmseg.colours import class_colour
from gmmseg.drawing.scatter import Marginal, density_curves
from gmmseg.errors import FeatureError
from gmmseg.laboratory.charts import dragged, mixture_chart, steady
from gmmseg.laboratory.data import Data
from gmmseg.laboratory.page import Page
from gmmseg.laboratory.scene import Bar, Chart, Handle, Line, Matrix, Scene, Table, upright
from gmmseg.laboratory.starts import quick_fit
from gmmseg.laboratory.words import fixed, numbers
from gmmseg.mixture.conditioning import conditional, correlations, marginal, overall_covariance
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings
from gmmseg.setting import group, number

CURVE_POINTS = 121


@dataclass(frozen=True, slots=True)
class MarginSettings:
    """The mixture, and whose correlations are shown."""

    component: int = number(
        0,
        (0, 8),
        "Matrix of",
        "The component whose correlations are shown; 0 for the whole mixture.",
        slider=(0, 8, 1),
    )
    fit: FitSettings = group(lambda: FitSettings(n_components=3), "Mixture")


@dataclass(frozen=True, eq=False)
class MarginsPage(Page):
    """A mixture of several features cut along one.

    Parameters
    ----------
    params : MixtureParams
        Over all features.
    at : float
        The value of the feature along x that is known.
    """

    settings: MarginSettings
    params: MixtureParams
    at: float

    name: ClassVar[str] = "margins"
    title: ClassVar[str] = "Margins"
    question: ClassVar[str] = (
        "What is left of a mixture when only some features are looked at, or one is known?"
    )
    theory: ClassVar[str] = "margins"
    example_name: ClassVar[str] = "two-plane"
    fields: ClassVar[tuple[str, ...]] = ("component", "fit.n_components", "fit.seed")

    @classmethod
    def opened(cls, data: Data) -> Self:
        if data.n_features < 2:
            raise FeatureError("Margins need at least two features.", "Choose other data, or the examples.")
        k = 2 if data.truth is None else int(data.truth.max()) + 1
        settings = MarginSettings(fit=FitSettings(n_components=k))
        params = quick_fit(data, settings.fit)
        return cls(data, settings, params, float(data.values[:, data.axes[0]].mean()))

    def rebuilt(self, settings: MarginSettings, path: str) -> Self:
        if path == "component":
            return replace(self, settings=settings)
        return replace(self, settings=settings, params=quick_fit(self.data, settings.fit))

    def moved(self, handle: str, x: float, y: float) -> Self:
        if handle == "cut":
            return replace(self, at=x)
        return replace(self, params=dragged(self.data, self.params, handle, x, y))

    def check(self) -> None:
        super().check()
        if self.data.n_features < 2:
            raise ValueError("margins of one feature")

    @property
    def names(self) -> tuple[str, str]:
        """The features along x and y."""
        first, second = self.data.axes
        return self.data.columns[first], self.data.columns[second]

    @cached_property
    def in_plane(self) -> MixtureParams:
        """The mixture of the two features drawn."""
        return marginal(self.params, self.data.axes)

    def given(self) -> MixtureParams:
        """Return the mixture of y where x is known."""
        return conditional(self.in_plane, [0], np.array([self.at]))

    def scene(self) -> Scene:
        x_name, y_name = self.names
        given = self.given()
        mean = float(given.weights @ given.means[:, 0])
        spread = float(np.sqrt(overall_covariance(given)[0, 0]))
        whole = overall_covariance(self.in_plane)
        return Scene(
            (self._joint(), self._curves(given), self._matrix()),
            f"Where {x_name} is {fixed(self.at, 2)}, {y_name} is {fixed(mean, 2)} ± {fixed(spread, 2)}; "
            f"without knowing {x_name} it varies by {fixed(float(np.sqrt(whole[1, 1])), 2)}.",
            r"p(x) = \int p(x, y)\,dy, \quad p(y | x) = \frac{p(x, y)}{p(x)}",
            tuple(
                Bar(f"p(z={k + 1} | x)", float(weight), class_colour(k), "Posterior given x alone", "Given x")
                for k, weight in enumerate(given.weights)
            ),
            (self._table(given),),
        )

    def _joint(self) -> Chart:
        chart = mixture_chart(self.data, self.params)
        _, y_from, _, y_to = chart.bounds
        cut = upright(self.at, y_from, y_to, "error", f"{self.names[0]} known", "dash")
        handle = Handle(
            "cut", self.at, y_from + 0.06 * (y_to - y_from), "error", "Drag: the value that is known"
        )
        return replace(chart, lines=(cut,), handles=(*chart.handles, handle))

    def _curves(self, given: MixtureParams) -> Chart:
        """Return the densities of y: alone, and where x is known, with their components."""
        values = self.data.values[:, self.data.axes[1]]
        low, high = float(values.min()), float(values.max())
        room = 0.15 * (high - low)
        grid = np.linspace(low - room, high + room, CURVE_POINTS)
        alone = _density(marginal(self.in_plane, [1]), grid).sum(axis=0)
        parts = _density(given, grid)
        y_name, top = self.names[1], float(max(alone.max(), parts.sum(axis=0).max()))
        return Chart(
            y_name,
            "density",
            (low - room, 0.0, high + room, steady(0.0, 1.1 * top)[1]),
            f"{y_name}, alone and given {self.names[0]}",
            lines=(
                Line(grid, alone, "muted", f"p({y_name})", "dash"),
                Line(grid, parts.sum(axis=0), "error", f"p({y_name} | {self.names[0]})", width=2.5),
                *(Line(grid, part, class_colour(k), "", width=1.5) for k, part in enumerate(parts)),
            ),
        )

    def _matrix(self) -> Chart:
        k = self.settings.component
        is_whole = k == 0 or k > self.params.n_components
        matrix = overall_covariance(self.params) if is_whole else self.params.matrices()[k - 1]
        found = correlations(matrix)
        title = "Correlations, whole mixture" if is_whole else f"Correlations, component {k}"
        return Chart(
            "",
            "",
            (0, 0, len(found), len(found)),
            title,
            matrix=Matrix(found, self.data.columns, self.data.columns),
        )

    def _table(self, given: MixtureParams) -> Table:
        plane, matrices = self.in_plane, self.in_plane.matrices()
        alone, left = np.sqrt(matrices[:, 1, 1]), np.sqrt(given.matrices()[:, 0, 0])
        return Table.of(
            "Margins",
            ("k", "Component", numbers(plane.n_components)),
            ("π", "Weight", map(fixed, plane.weights)),
            ("μ_y", "Mean of y alone: a part of the mean", map(fixed, plane.means[:, 1])),
            ("σ_y", "Standard deviation of y alone: a block of the covariance", map(fixed, alone)),
            ("corr", "cov / (σ σ)", [fixed(float(correlations(matrix)[0, 1])) for matrix in matrices]),
            ("π | x", "Weight where x is known: its posterior", map(fixed, given.weights)),
            ("μ | x", "Mean of y where x is known: the regression on x", map(fixed, given.means[:, 0])),
            ("σ | x", "Standard deviation that is left; it does not depend on the value", map(fixed, left)),
        )


def _density(params: MixtureParams, grid: np.ndarray) -> np.ndarray:
    """Return the weighted densities of components of one feature, (K, G)."""
    return density_curves(Marginal(params.weights, params.means, params.matrices()), grid)
