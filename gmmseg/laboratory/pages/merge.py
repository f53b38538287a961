"""The page Merge: how much components overlap, the tree of merges, and two ways to merge them."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np

from gmmseg.arrays import FloatArray, frozen
from gmmseg.colours import class_colour
from gmmseg.control import ShouldStop, result_of
from gmmseg.laboratory.bound import level_on, mixed_tints, shares_on
from gmmseg.laboratory.charts import mixture_chart, told
from gmmseg.laboratory.data import Data
from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Bar, Chart, Matrix, Scene, Table, Tree
from gmmseg.laboratory.starts import quick_fit
from gmmseg.laboratory.words import fixed, numbers, vector
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.dendrogram import Measure, dendrogram, overlap_matrix
from gmmseg.mixture.fit import fit_events
from gmmseg.mixture.merging import merged_component
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings
from gmmseg.mixture.tree import Dendrogram
from gmmseg.setting import choice, group, number

_MEASURES: dict[str, str] = {
    "ridge": "Ridge (overlap rate)",
    "bhattacharyya": "Bhattacharyya",
    "misclassification": "Misclassification",
    "entropy": "Entropy",
}


@dataclass(frozen=True, slots=True)
class MergeSettings:
    """The mixture, the measure and the threshold."""

    measure: Measure = choice("ridge", "Overlap by", "What decides which two are merged next.", _MEASURES)
    threshold: float = number(
        0.3,
        (0.0, 1.0),
        "Merge below",
        "Height up to which unions are made; the line in the tree.",
        slider=(0.0, 1.0, 0.01),
        step=0.05,
    )
    fit: FitSettings = group(lambda: FitSettings(n_components=6), "Mixture")


@dataclass(frozen=True, eq=False)
class MergePage(Page):
    """A mixture whose components are merged.

    Parameters
    ----------
    params : MixtureParams
    before : MixtureParams, optional
        What it was before components were merged into one Gaussian each.
    """

    settings: MergeSettings
    params: MixtureParams
    before: MixtureParams | None = field(default=None)

    name: ClassVar[str] = "merge"
    title: ClassVar[str] = "Merge"
    question: ClassVar[str] = "Which components belong together?"
    theory: ClassVar[str] = "merging"
    example_name: ClassVar[str] = "three-plane"
    fields: ClassVar[tuple[str, ...]] = (
        "measure",
        "threshold",
        "fit.n_components",
        "fit.covariance",
        "fit.seed",
    )

    @classmethod
    def opened(cls, data: Data) -> Self:
        settings = MergeSettings()
        return cls(data, settings, quick_fit(data, settings.fit))

    def rebuilt(self, settings: MergeSettings, path: str) -> Self:
        if not path.startswith("fit"):
            return replace(self, settings=settings)
        return replace(self, settings=settings, params=quick_fit(self.data, settings.fit), before=None)

    def moved(self, handle: str, x: float, y: float) -> Self:
        return replace(self, settings=replace(self.settings, threshold=float(np.clip(y, 0.0, 1.0))))

    # Figures

    @property
    def tree(self) -> Dendrogram:
        """The tree of merges by the chosen measure."""
        return _tree(self.params, self.data, self.settings.measure)

    @property
    def overlaps(self) -> FloatArray:
        """The measure of every pair, (K, K), 0..1; for the entropy the share of it that would go."""
        return _overlaps(self.params, self.data, self.settings.measure)

    @property
    def groups(self) -> list[tuple[int, ...]]:
        """The components of each class below the line."""
        return self.tree.groups_below(self.settings.threshold)

    @property
    def is_grouped(self) -> bool:
        """Whether the line is above some union."""
        return len(self.groups) < self.params.n_components

    # Actions

    def merge(self) -> Self:
        """Put one Gaussian with the same moments in the place of each class (S2 §2.1)."""
        parts = [merged_component(self.params, list(group_)) for group_ in self.groups]
        merged = MixtureParams(
            np.array([weight for weight, _, _ in parts]),
            np.array([mean for _, mean, _ in parts]),
            Full(np.array([matrix for _, _, matrix in parts])),
        )
        return replace(self, params=merged, before=self.before or self.params)

    def refit(self, should_stop: ShouldStop) -> Generator[Page, None, Page]:
        """Run EM from the present Gaussians."""
        yield self
        wanted = replace(self.settings.fit, n_components=self.params.n_components, covariance="full")
        found = result_of(fit_events(self.data.values, None, wanted, should_stop, self.params))
        return replace(self, params=found.params, before=self.before or self.params)

    def unmerge(self) -> Self:
        """Go back to the components before any merge."""
        return self if self.before is None else replace(self, params=self.before, before=None)

    actions: ClassVar[tuple[Action, ...]] = (
        Action(
            "merge",
            "&Merge components",
            merge,
            icon="merge",
            is_possible=lambda page: page.is_grouped,
            tip="One Gaussian with the same moments for each class below the line: L falls (S2 §2.1)",
        ),
        Action("refit", "&Refit", work=refit, icon="fit", tip="Run EM from these Gaussians"),
        Action(
            "unmerge",
            "&Split again",
            unmerge,
            icon="split",
            is_possible=lambda page: page.before is not None,
            tip="Back to the components before the merge",
        ),
    )

    def scene(self) -> Scene:
        groups = self.groups
        level = level_on(self.data, self.params)
        bars = [Bar("L now", level, "accent", "Merging labels leaves it as it is", "L per row")]
        if self.before is not None:
            bars.append(
                Bar(
                    "L before",
                    level_on(self.data, self.before),
                    "muted",
                    "",
                    "L per row",
                )
            )
        colours = self._colours(groups)
        values = self.overlaps
        names = tuple(str(k + 1) for k in range(len(values)))
        matrix = Chart(
            "",
            "",
            (0, 0, len(values), len(values)),
            _MEASURES[self.settings.measure],
            matrix=Matrix(values, names, names),
        )
        return Scene(
            (
                self._chart(groups, colours),
                Tree(self.tree, self._height_title(), self.settings.threshold, colours),
                matrix,
            ),
            f"Below {fixed(self.settings.threshold, 2)} the {self.params.n_components} components make "
            f"{len(groups)} classes. Merged labels keep every density; merged components are one Gaussian "
            "each, and L pays for it.",
            r"\mu = \frac{\pi_1 \mu_1 + \pi_2 \mu_2}{\pi_1 + \pi_2}, \quad \Sigma = \sum_j \frac{\pi_j}{\pi} "
            r"(\Sigma_j + (\mu_j - \mu)(\mu_j - \mu)^T)",
            tuple(bars),
            (self._table(groups), self._unions()),
        )

    def _height_title(self) -> str:
        return "share of entropy gone" if self.settings.measure == "entropy" else "1 − overlap"

    def _colours(self, groups: list[tuple[int, ...]]) -> tuple[tuple[int, int, int], ...]:
        of = {k: at for at, members in enumerate(groups) for k in members}
        return tuple(class_colour(of[k]) for k in range(self.params.n_components))

    def _chart(self, groups: list[tuple[int, ...]], colours: tuple[tuple[int, int, int], ...]) -> Chart:
        """Return the rows in the colours of classes, whose posteriors are the sums of their components'."""
        sums = np.array([shares_on(self.data, self.params)[list(members)].sum(axis=0) for members in groups])
        tints = mixed_tints(sums)
        chart = mixture_chart(self.data, self.params, tints, has_handles=False)
        shapes = tuple(replace(shape, colour=colours[at]) for at, shape in enumerate(chart.shapes))
        return replace(chart, shapes=shapes)

    def _table(self, groups: list[tuple[int, ...]]) -> Table:
        weights, means, matrices = zip(
            *(merged_component(self.params, list(members)) for members in groups), strict=True
        )
        sigmas = [np.sqrt(np.diagonal(matrix)) for matrix in matrices]
        return Table.of(
            "Classes",
            ("class", "Below the line", numbers(len(groups))),
            ("components", "Its components", map(_listed, groups)),
            ("π", "Their weights together", map(fixed, weights)),
            ("μ", "Mean of all together", [vector(told(self.data, mean)) for mean in means]),
            (
                "σ",
                "Standard deviations of all together",
                [vector(told(self.data, sigma)) for sigma in sigmas],
            ),
        )

    def _unions(self) -> Table:
        tree = self.tree
        one, other = ([_listed(tree.members(int(node))) for node in nodes] for nodes in tree.pairs.T)
        done = ["✓" if height <= self.settings.threshold else "" for height in tree.heights]
        return Table.of(
            "Unions",
            ("step", "In the order in which they are made", numbers(len(tree.pairs))),
            ("one", "Components", one),
            ("other", "Components", other),
            ("measure", "By the chosen measure; entropy in nats", map(fixed, tree.values)),
            ("height", "Where the union stands in the tree", map(fixed, tree.heights)),
            ("made", "Whether it is below the line", done),
        )


def _listed(components: Iterable[int]) -> str:
    return ", ".join(str(k + 1) for k in components)


# What a drag of the line leaves as it is.
@lru_cache(maxsize=4)
def _tree(params: MixtureParams, data: Data, measure: Measure) -> Dendrogram:
    return dendrogram(params, data.values, None, measure)


@lru_cache(maxsize=4)
def _overlaps(params: MixtureParams, data: Data, measure: Measure) -> FloatArray:
    return frozen(overlap_matrix(params, data.values, measure))
