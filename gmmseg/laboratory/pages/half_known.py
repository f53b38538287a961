"""The page Half-known: EM where some rows say which component they come from."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import ClassVar, Self

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray, frozen
from gmmseg.control import ShouldStop, StopRequest, never_stop
from gmmseg.digits.scores import adjusted_rand
from gmmseg.errors import FeatureError
from gmmseg.laboratory.bound import mixed_tints
from gmmseg.laboratory.charts import dragged, mixture_chart, steady
from gmmseg.laboratory.data import Data
from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Bar, Chart, Line, Scene, Table
from gmmseg.laboratory.starts import start
from gmmseg.laboratory.words import fixed, numbers, vector
from gmmseg.mixture.density import log_joint
from gmmseg.mixture.expectation import Expectation, Rows
from gmmseg.mixture.kernels import normalise
from gmmseg.mixture.moments import maximise
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.partial_labels import UNKNOWN, PartialLabels
from gmmseg.mixture.preparation import Prepared, prepare
from gmmseg.mixture.settings import FitSettings
from gmmseg.setting import group, number

MOST_STEPS = 300


@dataclass(frozen=True, slots=True)
class KnownSettings:
    """Share of rows whose component is known."""

    share: float = number(
        0.1,
        (0.0, 1.0),
        "Known",
        "Share of the rows whose component is known.",
        slider=(0.0, 1.0, 0.01),
        step=0.05,
    )
    fit: FitSettings = group(lambda: FitSettings(n_components=3, init="random"), "Mixture")


@dataclass(frozen=True, eq=False)
class KnownPage(Page):
    """A mixture fitted to rows of which some have labels.

    Parameters
    ----------
    params : MixtureParams
    levels : tuple of float
        What was maximised, per row, after each iteration.
    """

    settings: KnownSettings
    params: MixtureParams
    levels: tuple[float, ...] = ()

    name: ClassVar[str] = "half-known"
    title: ClassVar[str] = "Half-known"
    question: ClassVar[str] = "What if some rows say which Gaussian they come from?"
    theory: ClassVar[str] = "latent"
    example_name: ClassVar[str] = "three-plane"
    fields: ClassVar[tuple[str, ...]] = ("share", "fit.covariance", "fit.seed")

    @classmethod
    def opened(cls, data: Data) -> Self:
        if data.truth is None:
            raise FeatureError(
                "These data do not say which component each row comes from.",
                "Choose the examples, or data made here.",
            )
        k = int(data.truth.max()) + 1
        settings = KnownSettings(fit=FitSettings(n_components=k, init="random"))
        return cls(data, settings, start(data, settings.fit))

    def rebuilt(self, settings: KnownSettings, path: str) -> Self:
        if path == "share":
            return replace(self, settings=settings, levels=())
        return type(self)(self.data, settings, start(self.data, settings.fit))

    def moved(self, handle: str, x: float, y: float) -> Self:
        return replace(self, params=dragged(self.data, self.params, handle, x, y), levels=())

    def check(self) -> None:
        super().check()
        if self.data.truth is None or int(self.data.truth.max()) >= self.params.n_components:
            raise ValueError("rows that do not say which component they come from")

    # Figures

    @property
    def known(self) -> BoolArray:
        """Rows whose component is known, (N,)."""
        return _known(self.data, self.settings)

    @property
    def labels(self) -> np.ndarray:
        """The component of every row; asked for the known ones alone, and for scores."""
        assert self.data.truth is not None  # noqa: S101 - `opened` refuses other data
        return self.data.truth

    @property
    def prepared(self) -> Prepared[Rows]:
        """The rows for the engine, those known restricted to their component."""
        return _prepared(self.data, self.settings)

    @cached_property
    def found(self) -> Expectation:
        """The E-step of the engine: what is maximised, and the moments under the posteriors."""
        return self.prepared.exact.expectation(self.params, False, never_stop)

    @cached_property
    def joint(self) -> FloatArray:
        """log(π_k N(x_n | k)), (K, N)."""
        joint = np.empty((self.params.n_components, self.data.n_rows))
        for rows, block in log_joint(self.params, self.data.values):
            joint[:, rows] = block
        return frozen(joint)

    @cached_property
    def _normalised(self) -> tuple[FloatArray, FloatArray]:
        """Posteriors without regard to what is known, (K, N), and log p(x), (N,)."""
        shares = self.joint.copy()
        log_densities = normalise(shares, is_hard=False)
        return shares, log_densities

    @cached_property
    def shares(self) -> FloatArray:
        """Posteriors, (K, N): one-hot where the component is known."""
        shares = self._normalised[0].copy()
        shares[:, self.known] = 0.0
        shares[self.labels[self.known], self.known] = 1.0
        return frozen(shares)

    @cached_property
    def _own(self) -> FloatArray:
        """log(π_k N(x_n | k)) at the component that truly made each row, (N,)."""
        own: FloatArray = self.joint[self.labels, np.arange(self.data.n_rows)]
        return own

    @property
    def complete(self) -> float:
        """ln p(X, Z) with every z as it truly is, nats (S2 eq. 34)."""
        return float(self._own.sum())

    @property
    def level(self) -> float:
        """The objective, nats: ln p(x, z) of known rows and ln p(x) of the others."""
        return float(np.where(self.known, self._own, self._normalised[1]).sum())

    @property
    def score(self) -> float:
        """Agreement of the unknown rows with their true components: ARI; nan where none is unknown."""
        hidden = ~self.known
        if not hidden.any():
            return float("nan")
        return adjusted_rand(self.shares[:, hidden].argmax(axis=0), self.labels[hidden])

    # Actions

    def step(self) -> Self:
        """One iteration: posteriors of the unknown rows, then the M-step over all."""
        kind, floor = self.settings.fit.covariance, self.prepared.floor
        found = replace(self, params=maximise(self.found.moments, self.params, kind, floor))
        n = self.data.n_rows
        return replace(found, levels=(*(self.levels or (self.level / n,)), found.level / n))

    def run(self, should_stop: ShouldStop) -> Generator[Page, None, Page]:
        """Iterate until nothing is gained."""
        page = self
        for _ in range(MOST_STEPS):
            page = page.step()
            yield page
            is_settled = len(page.levels) > 1 and page.levels[-1] - page.levels[-2] < self.settings.fit.tol
            if is_settled or should_stop() is not StopRequest.NONE:
                break
        return page

    def begin(self) -> Self:
        """Begin anew."""
        return type(self)(self.data, self.settings, start(self.data, self.settings.fit))

    actions: ClassVar[tuple[Action, ...]] = (
        Action("step", "&Step", step, tip="E-step of the unknown rows, M-step of all", icon="step"),
        Action("run", "&Run", work=run, tip="Iterate until nothing is gained", icon="run"),
        Action("begin", "Be&gin anew", begin, icon="reset"),
    )

    def scene(self) -> Scene:
        n_known = int(self.known.sum())
        n = self.data.n_rows
        if n_known == n:
            words = (
                "Every z is known: one M-step gives the shares, means and covariances of the labels, "
                "and that is all."
            )
        else:
            words = (
                f"{n_known} of {n} rows say where they come from. The others agree with the truth to ARI = "
                f"{fixed(self.score)}; the complete log-likelihood is {fixed(self.complete / n, 4)} nats "
                "per row."
            )
        return Scene(
            (self._chart(), self._curve()),
            words,
            r"\ln p(X, Z) = \sum_n \sum_k z_{nk} [\ln \pi_k + \ln N(x_n | \mu_k, \Sigma_k)]",
            (
                Bar("ln p(X, Z)", self.complete / n, "ok", "All z as they are (S2 eq. 34)", "Nats per row"),
                Bar(
                    "maximised",
                    self.level / n,
                    "accent",
                    "Known rows with their z, the others without",
                    "Nats per row",
                ),
            ),
            (self._table(),),
        )

    def _chart(self) -> Chart:
        tints = mixed_tints(self.shares)
        chart = mixture_chart(self.data, self.params, tints)
        x, y = _places_of_known(self.data, self.settings)
        return replace(chart, lines=(*chart.lines, Line(x, y, "text", "z known", width=0, has_dots=True)))

    def _curve(self) -> Chart:
        levels = np.array(self.levels or (self.level / self.data.n_rows,))
        x = np.arange(float(len(levels)))
        room = 0.1 * (float(np.ptp(levels)) or 1.0)
        low, high = steady(float(levels.min()) - room, float(levels.max()) + room)
        return Chart(
            "iteration",
            "nats per row",
            (-0.3, low, max(float(len(levels)), 2.0), high),
            "What is maximised",
            lines=(Line(x, levels, "accent", "", has_dots=True),),
        )

    def _table(self) -> Table:
        counts, params = self.shares.sum(axis=1), self.params
        own = np.bincount(self.labels, minlength=len(counts))
        means = [self.data.values[self.labels == k].mean(axis=0) for k in range(params.n_components)]
        return Table.of(
            "Components",
            ("k", "Component", numbers(params.n_components)),
            ("N_k", "Known rows and posteriors of the others", [fixed(each, 2) for each in counts]),
            ("true N_k", "Rows that it truly made", map(str, own)),
            ("π", "Weight", map(fixed, params.weights)),
            ("μ", "Mean", map(vector, params.means)),
            ("mean of the labels", "Mean of the rows that it truly made", map(vector, means)),
        )


# Neither depends on the parameters: they are the same in all frames of a drag.
@lru_cache(maxsize=4)
def _known(data: Data, settings: KnownSettings) -> BoolArray:
    """Return which rows are known, (N,): the first of a fixed order, so that a larger share only adds."""
    order = np.random.default_rng(settings.fit.seed).permutation(data.n_rows)
    known = np.zeros(data.n_rows, dtype=np.bool_)
    known[order[: round(settings.share * data.n_rows)]] = True
    return frozen(known)


@lru_cache(maxsize=4)
def _places_of_known(data: Data, settings: KnownSettings) -> tuple[FloatArray, FloatArray]:
    """Return where the known rows are drawn, x and y."""
    values = data.values[_known(data, settings)]
    if data.n_features == 1:
        return values[:, 0], np.zeros(len(values))
    first, second = data.axes
    return values[:, first], values[:, second]


@lru_cache(maxsize=4)
def _prepared(data: Data, settings: KnownSettings) -> Prepared[Rows]:
    """Return the rows with what is known of them."""
    labels = np.zeros(data.n_rows, dtype=np.int64) if data.truth is None else data.truth
    groups = np.where(_known(data, settings), labels, UNKNOWN)
    told = PartialLabels(groups, np.eye(settings.fit.n_components, dtype=np.bool_))
    return prepare(data.values, None, settings.fit, never_stop, told)
