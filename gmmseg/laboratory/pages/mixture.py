"""The page Mixture: densities that add up, and the die that is thrown before each Gaussian."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.colours import class_colour
from gmmseg.control import ShouldStop, result_of
from gmmseg.digits.scores import adjusted_rand
from gmmseg.laboratory.charts import dragged, mixture_chart, truth_tints
from gmmseg.laboratory.data import TWO_ON_LINE, Data, gaussians
from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Bar, Chart, Line, Note, Scene, Table, Tint
from gmmseg.laboratory.words import fixed, numbers, short
from gmmseg.mixture.density import most_probable, sample
from gmmseg.mixture.fit import fit, fit_events
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings
from gmmseg.setting import number

MANY = 100
LEAST_ROWS = 20
"""Fewer draws are not fitted."""


@dataclass(frozen=True, slots=True)
class MixtureSettings:
    """Settings of the mixture and of its throws."""

    n_components: int = number(2, (1, 6), "Components", "Faces of the die, K.", slider=(1, 6, 1))
    seed: int = number(0, (0, 999_999), "Seed", "The same seed throws the same numbers.", is_seed=True)


@dataclass(frozen=True, slots=True, eq=False)
class Recovered:
    """A mixture fitted to the draws with z hidden, and how its components agree with the hidden z."""

    params: MixtureParams
    ari: float


@dataclass(frozen=True, eq=False)
class MixturePage(Page):
    """A mixture on a line and what was drawn from it.

    Parameters
    ----------
    line : Data
        One feature of the data.
    params : MixtureParams
    draws : Data, optional
        The rows drawn so far, with z.
    face : int, optional
        The component that the die shows, before its row is drawn.
    recovered : Recovered, optional
    """

    settings: MixtureSettings
    line: Data
    params: MixtureParams
    draws: Data | None = None
    face: int | None = None
    recovered: Recovered | None = None

    name: ClassVar[str] = "mixture"
    title: ClassVar[str] = "Mixture"
    question: ClassVar[str] = (
        "What is a mixture: a weighted sum of curves, or a die and a Gaussian for each face?"
    )
    theory: ClassVar[str] = "mixture"
    example_name: ClassVar[str] = "two-line"
    fields: ClassVar[tuple[str, ...]] = ("n_components", "seed")

    @classmethod
    def opened(cls, data: Data) -> Self:
        line = data.on_line()
        if line.params is not None:
            n_components = line.params.n_components
            return cls(data, MixtureSettings(n_components=n_components), line, line.params)
        settings = MixtureSettings()
        wanted = FitSettings(n_components=settings.n_components)
        return cls(data, settings, line, fit(line.values, settings=wanted).params)

    def rebuilt(self, settings: MixtureSettings, path: str) -> Self:
        if path == "seed":
            return replace(self, settings=settings, draws=None, face=None, recovered=None)
        return type(self)(self.data, settings, self.line, _spread_out(settings.n_components))

    def moved(self, handle: str, x: float, y: float) -> Self:
        params = dragged(self.ground, self.params, handle, x, y)
        return replace(self, params=params, draws=None, face=None, recovered=None)

    @property
    def ground(self) -> Data:
        """The rows that are drawn in the chart: the draws, else those of the data."""
        return self.line if self.draws is None else self.draws

    def check(self) -> None:
        super().check()
        if self.line.n_features != 1 or self.ground.n_features != 1:
            raise ValueError("rows that are on no line")
        if self.draws is not None and (self.draws.truth is None or self.draws.truth.max() >= self._n_faces):
            raise ValueError("draws of other components")
        if self.face is not None and not 0 <= self.face < self._n_faces:
            raise ValueError(f"a die without the face {self.face}")
        if self.recovered is not None and self.recovered.params.n_features != 1:
            raise ValueError("a mixture that is on no line")

    @property
    def _n_faces(self) -> int:
        return self.params.n_components

    # Actions

    @property
    def n_draws(self) -> int:
        """Rows drawn so far."""
        return 0 if self.draws is None else self.draws.n_rows

    def roll(self) -> Self:
        """Throw the die: a component by its weight."""
        _, faces = self._drawn(1)
        return replace(self, face=int(faces[0]))

    def draw(self) -> Self:
        """Draw a row from the component that the die shows."""
        return self._with_draws(*self._drawn(1))

    def draw_many(self) -> Self:
        """Throw and draw a hundred times."""
        return self._with_draws(*self._drawn(MANY))

    def _drawn(self, n: int) -> tuple[FloatArray, IntArray]:
        generator = np.random.default_rng([self.settings.seed, self.n_draws])
        return sample(self.params, n, generator)

    def _with_draws(self, values: FloatArray, faces: IntArray) -> Self:
        if self.draws is not None and self.draws.truth is not None:
            values = np.concatenate([self.draws.values, values])
            faces = np.concatenate([self.draws.truth, faces])
        draws = Data("Draws", values, ("x",), faces, self.params)
        return replace(self, draws=draws, face=None, recovered=None)

    def recover(self, should_stop: ShouldStop) -> Generator[Page, None, Page]:
        """Hide z, fit a mixture to the draws, and compare its components with z."""
        yield self
        draws = self.draws
        if draws is None or draws.truth is None:
            return self
        wanted = FitSettings(n_components=self.params.n_components, seed=self.settings.seed)
        found = result_of(fit_events(draws.values, None, wanted, should_stop)).params
        ari = adjusted_rand(most_probable(found, draws.values), draws.truth)
        return replace(self, recovered=Recovered(found, ari))

    def clear(self) -> Self:
        """Forget the draws."""
        return replace(self, draws=None, face=None, recovered=None)

    actions: ClassVar[tuple[Action, ...]] = (
        Action(
            "roll",
            "&Throw the die",
            roll,
            tip="A component by its weight: z ~ p(z)",
            icon="dice",
            is_possible=lambda page: page.face is None,
        ),
        Action(
            "draw",
            "&Draw x",
            draw,
            tip="A row from the Gaussian that the die shows: x ~ N(μ_z, σ_z²)",
            icon="add",
            is_possible=lambda page: page.face is not None,
        ),
        Action("many", "&100 times", draw_many, tip="Throw and draw a hundred times"),
        Action(
            "recover",
            "&Hide z and fit",
            work=recover,
            icon="eye-off",
            tip="Fit a mixture to the draws without their z, and compare",
            is_possible=lambda page: page.n_draws >= LEAST_ROWS,
        ),
        Action("clear", "&Clear", clear, icon="remove", is_possible=lambda page: page.n_draws > 0),
    )

    # What is shown

    def counts(self) -> IntArray:
        """Return how often each component was drawn, (K,)."""
        truth = None if self.draws is None else self.draws.truth
        none = np.zeros(self.params.n_components, dtype=np.int64)
        return none if truth is None else np.bincount(truth, minlength=len(none)).astype(np.int64)

    def chi_squared(self) -> tuple[float, float]:
        """Return Pearson's χ² of the counts against N π and the chance of a larger one (K - 1 degrees)."""
        counts, expected = self.counts(), self.n_draws * self.params.weights
        if not self.n_draws or self.params.n_components < 2:
            return float("nan"), float("nan")
        from scipy.special import gammaincc  # half a second of imports, only once something was drawn

        statistic = float(((counts - expected) ** 2 / expected).sum())
        return statistic, float(gammaincc((len(counts) - 1) / 2, statistic / 2))

    def scene(self) -> Scene:
        pictures = (self._chart(), graphical_model())
        statistic, chance = self.chi_squared()
        return Scene(
            pictures,
            self._sentence(statistic, chance),
            r"p(x) = \sum_{k=1}^{K} \pi_k N(x | \mu_k, \sigma_k^2), \quad \sum_{k=1}^{K} \pi_k = 1",
            tuple(
                Bar(f"π{k + 1}", float(weight), class_colour(k), "Weight: the chance of this face (S2 eq. 8)")
                for k, weight in enumerate(self.params.weights)
            ),
            (self._table(statistic, chance),),
        )

    def _chart(self) -> Chart:
        ground = self.ground
        chart = mixture_chart(ground, self.params, truth_tints(ground))
        if self.face is not None:
            shape = chart.shapes[self.face]
            return replace(
                chart,
                lines=(*chart.lines, Line(shape.x, shape.y, shape.colour, f"z = {self.face + 1}", width=5)),
            )
        return chart

    def _sentence(self, statistic: float, chance: float) -> str:
        if self.recovered is not None:
            return (
                f"z was hidden, and a mixture fitted to the {self.n_draws} values of x alone. Its components "
                f"agree with the hidden z to ARI = {fixed(self.recovered.ari)}: 1 is perfect, 0 is chance."
            )
        if self.face is not None:
            return f"The die shows {self.face + 1}: the next x comes from that Gaussian."
        if not self.n_draws:
            return (
                "The red curve is the sum of the coloured ones, each as high as its weight allows. "
                "Drag a top sideways for μ, up and down for π, the small dot for σ. Or throw the die."
            )
        return (
            f"{self.n_draws} rows drawn. The counts of the faces differ from Nπ by χ² = "
            f"{fixed(statistic, 2)}; by chance alone it is larger in {fixed(100 * chance, 0)} % of all cases."
        )

    def _table(self, statistic: float, chance: float) -> Table:
        counts, params = self.counts(), self.params
        weights, sigmas = params.weights, np.sqrt(params.matrices()[:, 0, 0])
        found = [("", "")] * len(counts) if self.recovered is None else self._found(self.recovered.params)
        expected = [fixed(self.n_draws * weight, 1) for weight in weights]
        chi = "N π; in the last row χ² of the counts and the chance of a larger one"
        return Table.of(
            "Components",
            ("z", "Face of the die", [*numbers(len(counts)), "Σ"]),
            ("π", "Its chance; together 1 (S2 eq. 8, S0 L21–31)", map(fixed, [*weights, weights.sum()])),
            ("μ", "Mean", [*map(fixed, params.means[:, 0]), ""]),
            ("σ", "Standard deviation", [*map(fixed, sigmas), ""]),
            ("drawn", "How often it was drawn", map(str, [*counts, counts.sum()])),
            ("expected", chi, [*expected, f"χ² {short(statistic)}, p {short(chance)}"]),
            ("fitted π", "Weight found with z hidden", [*(weight for weight, _ in found), ""]),
            ("fitted μ", "Mean found with z hidden", [*(mean for _, mean in found), ""]),
            marked=self.face,
        )

    def _found(self, found: MixtureParams) -> list[tuple[str, str]]:
        """Return weight and mean of what was found for each component, as texts."""
        # Components of a fit come by weight; the nearest mean is the one meant here.
        partners = np.abs(found.means.T - self.params.means).argmin(axis=1)
        return [(fixed(found.weights[at]), fixed(found.means[at, 0])) for at in partners]


def _spread_out(n_components: int) -> MixtureParams:
    """Return the mixture of the example, or as many Gaussians side by side."""
    if n_components == TWO_ON_LINE.n_components:
        return TWO_ON_LINE
    shares = np.full(n_components, 1 / n_components)
    means = 4.0 * (np.arange(n_components) - (n_components - 1) / 2)
    return gaussians(shares.tolist(), means[:, None].tolist(), np.full(n_components, 1.0))


def graphical_model() -> Chart:
    """Return the graphical model (S0 L44): z decides which Gaussian x comes from, N times over."""
    angle = np.linspace(0, 2 * np.pi, 60)
    lines, notes = [], []
    nodes: tuple[tuple[float, str, Tint, float], ...] = ((0.0, "zₙ", "text", 1.5), (3.0, "xₙ", "accent", 3.0))
    for x, text, tint, width in nodes:
        lines.append(Line(x + 0.7 * np.cos(angle), 0.7 * np.sin(angle), "text", width=width))
        notes.append(Note(x, 0.0, text, tint))
    for x, text in ((0.0, "π"), (3.0, "μ, Σ")):
        notes.append(Note(x, 3.1, text))
        lines.append(_arrow(x, 2.7, x, 0.75))
    lines.append(_arrow(0.75, 0.0, 2.25, 0.0))
    plate_x, plate_y = np.array([-1.2, 4.3, 4.3, -1.2, -1.2]), np.array([-1.3, -1.3, 1.4, 1.4, -1.3])
    lines.append(Line(plate_x, plate_y, "muted", width=1.5))
    notes += [
        Note(3.95, -1.0, "N", "muted"),
        Note(0.0, -1.75, "hidden", "muted"),
        Note(3.0, -1.75, "seen", "muted"),
    ]
    return Chart(
        "",
        "",
        (-1.8, -2.2, 4.9, 3.6),
        "Graphical model",
        lines=tuple(lines),
        notes=tuple(notes),
        is_equal=True,
    )


def _arrow(x: float, y: float, to_x: float, to_y: float) -> Line:
    tip, back = np.array([to_x, to_y]), np.array([to_x - x, to_y - y])
    back = back / np.linalg.norm(back) * 0.25
    across = np.array([-back[1], back[0]]) * 0.6
    corners = np.array([[x, y], tip, tip - back + across, tip, tip - back - across])
    return Line(corners[:, 0], corners[:, 1], "text", width=1.5)
