"""The page ε → 0: one variance for all that shrinks, beside k-means from the same start."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import ClassVar, Self

import numpy as np

from gmmseg.arrays import ByteArray, FloatArray, IntArray
from gmmseg.control import ShouldStop, StopRequest, never_stop
from gmmseg.laboratory.bound import mixed_tints, shares_on
from gmmseg.laboratory.charts import mean_handles, mixture_chart, told
from gmmseg.laboratory.data import Data
from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Bar, Chart, Scene, Table
from gmmseg.laboratory.starts import start
from gmmseg.laboratory.words import fixed, numbers, short, vector
from gmmseg.mixture.covariance import Spherical
from gmmseg.mixture.density import posteriors
from gmmseg.mixture.initialise import lloyd, nearest_mean
from gmmseg.mixture.moments import maximise
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.preparation import prepare
from gmmseg.mixture.settings import FitSettings
from gmmseg.setting import number

SMALLEST_LOG = -300.0
MOST_STEPS = 300


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """The shared variance and the start."""

    log_epsilon: float = number(
        0.0,
        (SMALLEST_LOG, 2.0),
        "log₁₀ ε",
        "Logarithm of the shared variance ε, over the variance of the data.",
        slider=(-6.0, 1.0, 0.05),
        step=0.1,
    )
    n_components: int = number(3, (2, 8), "Components", "K, also the number of means.", slider=(2, 8, 1))
    seed: int = number(0, (0, 999_999), "Seed", "Of the rows to begin at.", is_seed=True)


@dataclass(frozen=True, eq=False)
class LimitPage(Page):
    """Soft means under one variance ε, and hard ones.

    Parameters
    ----------
    weights : (K,)
    means : (K, D)
        Of the mixture with covariances ε I.
    hard : (K, D)
        Of k-means.
    first : (K, D)
        Where both began.
    """

    settings: LimitSettings
    weights: FloatArray
    means: FloatArray
    hard: FloatArray
    first: FloatArray

    name: ClassVar[str] = "limit"
    title: ClassVar[str] = "ε → 0"
    question: ClassVar[str] = "How does a mixture become k-means?"
    theory: ClassVar[str] = "kmeans"
    example_name: ClassVar[str] = "three-plane"
    fields: ClassVar[tuple[str, ...]] = ("log_epsilon", "n_components", "seed")

    @classmethod
    def opened(cls, data: Data) -> Self:
        return cls._begun(data, LimitSettings())

    @classmethod
    def _begun(cls, data: Data, settings: LimitSettings) -> Self:
        wanted = FitSettings(n_components=settings.n_components, init="random", seed=settings.seed)
        return cls._at(data, settings, start(data, wanted).means)

    @classmethod
    def _at(cls, data: Data, settings: LimitSettings, means: FloatArray) -> Self:
        """Return the page with both at the same means, and equal weights."""
        return cls(data, settings, np.full(len(means), 1 / len(means)), means, means, means)

    def rebuilt(self, settings: LimitSettings, path: str) -> Self:
        return replace(self, settings=settings) if path == "log_epsilon" else self._begun(self.data, settings)

    def moved(self, handle: str, x: float, y: float) -> Self:
        which, k = handle.split(":")
        means = (self.means if which == "soft" else self.hard).copy()
        means[int(k), list(self.data.axes)] = (x, y)[: len(self.data.axes)]
        return self._at(self.data, self.settings, means)

    def check(self) -> None:
        super().check()
        shape = (len(self.weights), self.data.n_features)
        parts = (self.means, self.hard, self.first)
        if any(part.shape != shape or not np.isfinite(part).all() for part in parts) or shape[0] < 2:
            raise ValueError(f"means that are not {shape}")
        if self.weights.ndim != 1 or not (self.weights >= 0).all() or not np.isclose(self.weights.sum(), 1):
            raise ValueError("weights that are no shares")

    # Figures

    @property
    def epsilon(self) -> float:
        """ε, squared feature units; not smaller than what numbers can hold."""
        return float(
            max(_variance(self.data) * 10.0**self.settings.log_epsilon, np.finfo(np.float64).tiny * 1e3)
        )

    @cached_property
    def mixture(self) -> MixtureParams:
        """The mixture with covariances ε I."""
        return MixtureParams(self.weights, self.means, Spherical(np.full(len(self.means), self.epsilon)))

    def shares(self) -> FloatArray:
        """Return the posteriors, (K, N) (S3 L121)."""
        return shares_on(self.data, self.mixture)

    def labels(self) -> IntArray:
        """Return the nearest of k-means' means to each row, (N,)."""
        return nearest_mean(self.data.values, self.hard)

    def tie(self) -> tuple[FloatArray, FloatArray]:
        """Return a row halfway between the first two means, and its posteriors of these two: by π."""
        middle = (self.means[0] + self.means[1]) / 2
        chosen = [0, 1]
        two = MixtureParams(
            self.weights[chosen] / self.weights[chosen].sum(),
            self.means[chosen],
            Spherical(np.full(2, self.epsilon)),
        )
        return middle, posteriors(two, middle[None], np.float64)[:, 0]

    # Actions

    def step(self) -> Self:
        """One EM iteration under ε, and one of k-means."""
        rows = prepare(self.data.values, None, FitSettings(n_components=1, covariance="spherical")).exact
        moments = rows.expectation(self.mixture, False, never_stop).moments
        # ε stays what it is: of the M-step only weights and means are taken.
        soft = maximise(moments, self.mixture, "spherical", 0.0)
        hard, _ = lloyd(self.data.values, np.ones(self.data.n_rows), self.hard, 1, lambda: None)
        return replace(self, weights=soft.weights, means=soft.means, hard=hard)

    def settle(self, should_stop: ShouldStop) -> Generator[Page, None, Page]:
        """Iterate both to their ends."""
        page = self
        for _ in range(MOST_STEPS):
            before, page = page, page.step()
            yield page
            is_still = np.allclose(before.means, page.means, atol=1e-9) and np.array_equal(
                before.hard, page.hard
            )
            if is_still or should_stop() is not StopRequest.NONE:
                break
        return page

    def begin(self) -> Self:
        """Begin both at the start."""
        return self._at(self.data, self.settings, self.first)

    def throw(self) -> Self:
        """Begin at other rows."""
        return self.rebuilt(replace(self.settings, seed=self.settings.seed + 1), "seed")

    actions: ClassVar[tuple[Action, ...]] = (
        Action("step", "&Step both", step, tip="An EM iteration under ε, and one of Lloyd's", icon="step"),
        Action("settle", "To the &end", work=settle, tip="Iterate both until nothing moves", icon="run"),
        Action("begin", "Be&gin anew", begin, icon="reset"),
        Action("throw", "&Other start", throw, icon="dice"),
    )

    def scene(self) -> Scene:
        shares, labels = self.shares(), self.labels()
        agreement = float((shares.argmax(axis=0) == labels).mean())
        logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
        entropy = float(-(shares * logs).sum() / self.data.n_rows)
        decided = float((shares.max(axis=0) > 0.999).mean())
        hard_tints = mixed_tints(np.eye(len(self.hard))[labels].T)
        return Scene(
            (
                self._chart("soft", self.means, mixed_tints(shares)),
                self._chart("hard", self.hard, hard_tints),
            ),
            f"At ε = {short(self.epsilon)} the rows have {fixed(entropy, 4)} nats of doubt each, and "
            f"{fixed(100 * agreement, 1)} % of them would go where k-means puts them.",
            r"r_{ik} = \frac{\pi_k \exp(-\|x_i - \mu_k\|^2 / 2\epsilon)}{\sum_j \pi_j \exp(-\|x_i - "
            r"\mu_j\|^2 / 2\epsilon)}",
            (
                Bar("doubt", entropy, "warning", "Entropy of a row's posteriors, nats", "Per row"),
                Bar("decided", decided, "accent", "Share of rows with a posterior above .999", "Shares"),
                Bar(
                    "as k-means",
                    agreement,
                    "ok",
                    "Share of rows whose largest posterior is k-means' choice",
                    "Shares",
                ),
            ),
            (self._table(labels),),
        )

    def _chart(self, which: str, means: FloatArray, tints: ByteArray) -> Chart:
        chart = mixture_chart(self.data, self.mixture if which == "soft" else None, tints, has_handles=False)
        handles = mean_handles(self.data, means, which, "Drag: both begin here")
        title = "Mixture with covariances ε I" if which == "soft" else "k-means"
        return replace(chart, handles=handles, title=title)

    def _table(self, labels: IntArray) -> Table:
        counts = np.bincount(labels, minlength=len(self.hard))
        apart = np.linalg.norm(self.means - self.hard, axis=1)
        middle, tied = self.tie()
        share = self.weights[0] / self.weights[:2].sum()
        soft, hard = ([vector(told(self.data, mean)) for mean in means] for means in (self.means, self.hard))
        tip = "Component; the last line is a row halfway between the first two, where a tie splits by π (E43)"
        return Table.of(
            "Means",
            ("k", tip, [*numbers(len(self.means)), "1 | 2"]),
            ("π", "Weight", [*map(fixed, self.weights), f"π₁/(π₁+π₂) = {fixed(share)}"]),
            ("soft μ", "Mean under ε", [*soft, vector(told(self.data, middle))]),
            ("k-means μ", "Mean of k-means", [*hard, ""]),
            ("rows", "Rows of k-means", [*map(str, counts), f"γ₁ = {fixed(tied[0])}"]),
            ("distance", "Between both means", [*(fixed(each, 4) for each in apart), ""]),
        )


@lru_cache(maxsize=4)
def _variance(data: Data) -> float:
    """Return the mean variance of the features; 1 where all rows are equal."""
    return float(data.values.var(axis=0).mean()) or 1.0
