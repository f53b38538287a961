"""The page Data: rows made from a mixture that can be dragged, or drawn with the mouse, for all pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from gmmseg.laboratory.charts import dragged, mixture_chart, steady, truth_tints
from gmmseg.laboratory.data import EXAMPLES, Data, gaussians, made_data, with_rows
from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Scene, Table
from gmmseg.laboratory.starts import quick_fit
from gmmseg.laboratory.words import fixed, numbers, vector
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings
from gmmseg.setting import choice, number, switch

SPRAY = 5
"""Rows of a press of the mouse."""
SPRAY_WIDTH = 0.025
"""Of the extent of the axes, their standard deviation about the pointer."""
_FEATURES = {"1": "One", "2": "Two"}


OWN = "own"
_MIXTURES = {**{name: title for name, (title, _, _) in EXAMPLES.items()}, OWN: "Own"}


@dataclass(frozen=True, slots=True)
class MakeSettings:
    """Number of rows, and the Gaussians that they are drawn from."""

    mixture: str = choice(
        "three-plane",
        "Mixture",
        "One of the examples, of which some are the documents', or your own.",
        _MIXTURES,
    )
    n_components: int = number(
        3, (1, 8), "Components", "K, the Gaussians that rows are drawn from.", slider=(1, 8, 1)
    )
    features: str = choice("2", "Features", "Rows on a line or in a plane.", _FEATURES)
    n_rows: int = number(600, (2, 20_000), "Rows", "N, how many are drawn.", slider=(10, 5000, 10))
    seed: int = number(7, (0, 999_999), "Seed", "The same seed draws the same rows.", is_seed=True)
    by_hand: bool = switch("Draw with the mouse", "A press adds a few rows of the component chosen below.")
    component: int = number(
        1, (1, 8), "Component", "Whose rows are drawn with the mouse.", slider=(1, 8, 1), needs="by_hand"
    )


@dataclass(frozen=True, eq=False)
class MakePage(Page):
    """Rows in the making; `data` are those made so far.

    Parameters
    ----------
    params : MixtureParams
        That rows are drawn from.
    """

    settings: MakeSettings
    params: MixtureParams

    name: ClassVar[str] = "data"
    title: ClassVar[str] = "Data"
    question: ClassVar[str] = "Make the rows that every page looks at."
    theory: ClassVar[str] = "mixture"
    example_name: ClassVar[str] = "three-plane"
    fields: ClassVar[tuple[str, ...]] = (
        "mixture",
        "n_components",
        "features",
        "n_rows",
        "seed",
        "by_hand",
        "component",
    )
    makes_data: ClassVar[bool] = True

    @classmethod
    def opened(cls, data: Data) -> Self:
        plane = data.in_plane()
        params = plane.params
        if params is None:
            params = quick_fit(plane, FitSettings(n_components=3))
        names = [name for name, (_, known, _) in EXAMPLES.items() if known is params]
        settings = MakeSettings(
            mixture=names[0] if names else OWN,
            n_components=params.n_components,
            features=str(plane.n_features),
            n_rows=plane.n_rows,
        )
        return cls(data, settings, params)

    def rebuilt(self, settings: MakeSettings, path: str) -> Self:
        if path in ("by_hand", "component"):
            return replace(self, settings=settings)
        params = self.params
        if path in ("n_components", "features"):
            params = _in_a_circle(settings.n_components, int(settings.features))
            settings = replace(settings, mixture=OWN)
        elif path == "mixture" and settings.mixture != OWN:
            params = EXAMPLES[settings.mixture][1]
            settings = replace(settings, n_components=params.n_components, features=str(params.n_features))
        return self._drawn(settings, params)

    def _drawn(self, settings: MakeSettings, params: MixtureParams) -> Self:
        data = made_data("Made here", params, settings.n_rows, settings.seed)
        return replace(self, data=data, settings=settings, params=params)

    def moved(self, handle: str, x: float, y: float) -> Self:
        params = dragged(self.params_data, self.params, handle, x, y)
        return self._drawn(replace(self.settings, mixture=OWN), params)

    @property
    def ground(self) -> Data:
        return self.params_data

    @property
    def params_data(self) -> Data:
        """Data with as many features as the parameters."""
        return self.data.in_plane() if self.data.n_features > 2 else self.data

    def pressed(self, x: float, y: float) -> Self:
        chart = mixture_chart(self.params_data, None, truth_tints(self.params_data))
        x_from, y_from, x_to, y_to = chart.bounds
        width = SPRAY_WIDTH * np.array([x_to - x_from, y_to - y_from])
        generator = np.random.default_rng([self.settings.seed, self.data.n_rows])
        rows = np.array([x, y]) + generator.standard_normal((SPRAY, 2)) * width
        data = with_rows(
            self.params_data, rows[:, : self.params_data.n_features], self.settings.component - 1
        )
        return replace(self, data=replace(data, name="Drawn by hand"))

    def clear(self) -> Self:
        """Leave but a few rows, to draw others."""
        few = self.params_data
        truth = None if few.truth is None else few.truth[:2]
        data = Data("Drawn by hand", few.values[:2].copy(), few.columns, truth)
        return replace(self, data=data, settings=replace(self.settings, by_hand=True))

    def throw(self) -> Self:
        """Draw other rows."""
        return self._drawn(replace(self.settings, seed=self.settings.seed + 1), self.params)

    def draw(self) -> Self:
        """Draw rows from the mixture again."""
        return self._drawn(replace(self.settings, by_hand=False), self.params)

    actions: ClassVar[tuple[Action, ...]] = (
        Action("draw", "&Draw rows", draw, icon="run", tip="N rows from this mixture"),
        Action("throw", "&Other rows", throw, icon="dice", tip="The next seed"),
        Action("clear", "&Clear", clear, icon="remove", tip="Two rows are left; draw others with the mouse"),
    )

    def scene(self) -> Scene:
        data = self.params_data
        is_by_hand = self.settings.by_hand
        chart = mixture_chart(data, None if is_by_hand else self.params, truth_tints(data))
        (x_from, x_to), (y_from, y_to) = (steady(*chart.bounds[at::2]) for at in (0, 1))
        words = (
            "Press or drag in the chart: each press adds a few rows. What is drawn is what every page "
            "looks at."
            if is_by_hand
            else "Drag means and ellipses: rows are drawn anew from this mixture, for every page."
        )
        return Scene(
            (replace(chart, bounds=(x_from, y_from, x_to, y_to), takes_points=is_by_hand),),
            words,
            r"z_n \sim \pi, \quad x_n \sim N(\mu_{z_n}, \Sigma_{z_n})",
            (),
            (self._table(data),),
        )

    def _table(self, data: Data) -> Table:
        truth = np.zeros(data.n_rows, dtype=np.int64) if data.truth is None else data.truth
        n_rows = max(self.params.n_components, int(truth.max(initial=0)) + 1)
        parts = [data.values[truth == k] for k in range(n_rows)]
        # Rows drawn by hand may be of more components than the mixture has.
        lacking = ["–"] * (n_rows - self.params.n_components)
        sigmas = [np.sqrt(np.diagonal(matrix)) for matrix in self.params.matrices()]
        return Table.of(
            "Rows",
            ("k", "Component", numbers(n_rows)),
            ("π", "Weight", [*map(fixed, self.params.weights), *lacking]),
            ("share", "Share of the rows", [fixed(len(part) / data.n_rows) for part in parts]),
            ("μ", "Mean", [*map(vector, self.params.means), *lacking]),
            ("mean", "Mean of its rows", [vector(part.mean(axis=0)) if len(part) else "–" for part in parts]),
            ("σ", "Standard deviations", [*map(vector, sigmas), *lacking]),
            (
                "std",
                "Standard deviations of its rows",
                [vector(part.std(axis=0)) if len(part) else "–" for part in parts],
            ),
        )


def _in_a_circle(n_components: int, n_features: int) -> MixtureParams:
    """Return Gaussians of unit variance side by side: on a line, or in a circle."""
    if n_features == 1:
        means = 4.0 * (np.arange(n_components) - (n_components - 1) / 2)[:, None]
        return gaussians(
            np.full(n_components, 1 / n_components).tolist(), means.tolist(), np.ones(n_components)
        )
    angle = 2 * np.pi * np.arange(n_components) / n_components
    radius = 0.0 if n_components == 1 else 2.0 / np.sin(np.pi / max(n_components, 2))
    means = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    matrices = np.broadcast_to(np.eye(2), (n_components, 2, 2))
    return gaussians(np.full(n_components, 1 / n_components).tolist(), means.tolist(), matrices)
