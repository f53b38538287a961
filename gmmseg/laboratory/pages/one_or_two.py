"""The page One or two: the same rows under one Gaussian and under two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.laboratory.bound import level_on, shares_on
from gmmseg.laboratory.charts import SIGMAS, dragged, mixture_chart, plain_tints
from gmmseg.laboratory.data import TWO_IN_PLANE, TWO_ON_LINE, Data, made_data
from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Bar, Scene, Table
from gmmseg.laboratory.words import fixed, vector
from gmmseg.mixture.fit import fit
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings
from gmmseg.setting import choice, number

_AXES = {"plane": "Plane (S2 fig. 5, 6)", "line": "Line (S2 fig. 2, 3)"}


@dataclass(frozen=True, slots=True)
class TwoSettings:
    """Settings of the rows of the example."""

    axes: str = choice("plane", "Rows in a", "Two features, or one.", _AXES)
    n_rows: int = number(400, (20, 5000), "Rows", "N, drawn from two Gaussians.", slider=(20, 2000, 10))
    apart: float = number(
        1.0,
        (0.0, 3.0),
        "Apart",
        "How far the two are from each other; 1 is as in the documents.",
        slider=(0.0, 2.0, 0.05),
        step=0.1,
    )
    seed: int = number(7, (0, 999_999), "Seed", "The same seed makes the same rows.", is_seed=True)


@dataclass(frozen=True, eq=False)
class TwoPage(Page):
    """Rows under one Gaussian and under two.

    Parameters
    ----------
    rows : Data
        The two features drawn, or one.
    one, two : MixtureParams
    """

    settings: TwoSettings
    rows: Data
    one: MixtureParams
    two: MixtureParams

    name: ClassVar[str] = "one-or-two"
    title: ClassVar[str] = "One or two"
    question: ClassVar[str] = "Two groups: what does one Gaussian make of them, and what do two?"
    theory: ClassVar[str] = "mixture"
    example_name: ClassVar[str] = "two-plane"
    fields: ClassVar[tuple[str, ...]] = ("axes", "n_rows", "apart", "seed")

    @classmethod
    def opened(cls, data: Data) -> Self:
        axes = "line" if data.n_features == 1 else "plane"
        return cls._fitted(data, TwoSettings(axes=axes), data.in_plane())

    @classmethod
    def _fitted(cls, data: Data, settings: TwoSettings, rows: Data) -> Self:
        one, two = (fit(rows.values, settings=FitSettings(n_components=k)).params for k in (1, 2))
        return cls(data, settings, rows, one, two)

    def rebuilt(self, settings: TwoSettings, path: str) -> Self:
        known = TWO_IN_PLANE if settings.axes == "plane" else TWO_ON_LINE
        middle = known.weights @ known.means
        params = replace(known, means=middle + settings.apart * (known.means - middle))
        name = EXAMPLE_NAME if settings.apart == 1 else "Two groups"
        return self._fitted(self.data, settings, made_data(name, params, settings.n_rows, settings.seed))

    def moved(self, handle: str, x: float, y: float) -> Self:
        which, own = handle.split("/")
        if which == "one":
            return replace(self, one=dragged(self.rows, self.one, own, x, y))
        return replace(self, two=dragged(self.rows, self.two, own, x, y))

    @property
    def ground(self) -> Data:
        return self.rows

    def check(self) -> None:
        super().check()
        if (self.one.n_components, self.two.n_components) != (1, 2) or self.rows.n_features > 2:
            raise ValueError("not one component and two in a plane")

    def fit(self) -> Self:
        """Fit both anew."""
        return self._fitted(self.data, self.settings, self.rows)

    actions: ClassVar[tuple[Action, ...]] = (
        Action("fit", "&Fit both", fit, tip="One by its closed form (S2 eq. 7), two by EM", icon="fit"),
    )

    def inside(self, params: MixtureParams, k: int) -> float:
        """Return the share of a component's rows, by posterior, within its ellipse of two sigma."""
        shares = shares_on(self.rows, params)[k]
        white = params.covariance.whiten(k, (self.rows.values - params.means[k]).T)
        is_inside = (white**2).sum(axis=0) <= SIGMAS**2
        return float(shares[is_inside].sum() / max(float(shares.sum()), 1e-300))

    def levels(self) -> tuple[float, float]:
        """Return L per row under one Gaussian and under two."""
        return level_on(self.rows, self.one), level_on(self.rows, self.two)

    def scene(self) -> Scene:
        first, second = self.levels()
        charts = [
            mixture_chart(self.rows, self.one, plain_tints(self.rows.n_rows), title="One Gaussian"),
            mixture_chart(self.rows, self.two, title="Two Gaussians"),
        ]
        pictures = tuple(
            replace(chart, handles=tuple(replace(one, id=f"{which}/{one.id}") for one in chart.handles))
            for which, chart in zip(("one", "two"), charts, strict=True)
        )
        known = "86.5 %" if self.rows.n_features == 2 else "95.4 %"
        within = [self.inside(self.two, k) for k in range(2)]
        return Scene(
            pictures,
            f"Two Gaussians explain a row better by {fixed(second - first)} nats: factor "
            f"{fixed(np.exp(second - first), 2)}. "
            f"Within 2σ a Gaussian has {known}; here {fixed(100 * within[0], 1)} % and "
            f"{fixed(100 * within[1], 1)} %.",
            r"p(x) = \pi_1 N(x | \mu_1, \Sigma_1) + \pi_2 N(x | \mu_2, \Sigma_2)",
            (
                Bar("L, one", first, "muted", "Nats per row", "Log-likelihood per row"),
                Bar("L, two", second, "accent", "Nats per row", "Log-likelihood per row"),
            ),
            (self._table(),),
        )

    def _table(self) -> Table:
        every = [
            (name, params, k)
            for name, params in (("one", self.one), ("two", self.two))
            for k in range(params.n_components)
        ]
        spectra = [np.linalg.eigh(params.matrices()[k]) for _, params, k in every]
        share = "Share of its rows within the ellipse: 1 − e⁻² = 86.5 % of a Gaussian in a plane, not 95 %"
        axes = [vector(SIGMAS * np.sqrt(values[::-1])) for values, _ in spectra]
        return Table.of(
            "Gaussians",
            ("", "Of which mixture", [f"{name}, {k + 1}" for name, _, k in every]),
            ("π", "Weight", [fixed(params.weights[k]) for _, params, k in every]),
            ("μ", "Mean", [vector(params.means[k]) for _, params, k in every]),
            ("half axes", "2√λ of the eigenvalues λ of Σ (S2 fig. 5)", axes),
            ("angle°", "Of the long axis, degrees", [fixed(_angle(vectors), 1) for _, vectors in spectra]),
            ("within 2σ", share, [f"{fixed(100 * self.inside(params, k), 1)} %" for _, params, k in every]),
        )


def _angle(vectors: FloatArray) -> float:
    """Return the direction of the last of some eigenvectors, degrees; nan on a line."""
    if len(vectors) == 1:
        return float("nan")
    return float(np.degrees(np.arctan2(vectors[1, -1], vectors[0, -1])) % 180)


EXAMPLE_NAME = "Two groups in a plane (S2 fig. 5)"
