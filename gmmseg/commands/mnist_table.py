"""The table of recipes: methods by their scores and time, over several seeds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gmmseg.control import Progress, ShouldStop, relayed
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.experiment import (
    ExperimentEvent,
    ExperimentOutcome,
    ExperimentRequest,
    StageDone,
    experiment_events,
)
from gmmseg.digits.recipes import RECIPES, settings_for
from gmmseg.digits.scores import Scores
from gmmseg.digits.settings import DigitSettings, FitOn, RecipeName
from gmmseg.digits.stages import StageCache
from gmmseg.errors import ReadError
from gmmseg.io.csv_lines import Cell, csv_lines
from gmmseg.setting import with_value

Changes = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Method:
    """A recipe with some of its settings changed; `note` says what the recipe's title does not.

    ``{n_features}`` in it stands for the number of features that were really fitted.
    """

    recipe: RecipeName
    note: str
    changes: Changes = ()
    fit_on: FitOn = "all"


def _mixtures(recipe: RecipeName, sizes: Sequence[int], family: str) -> tuple[Method, ...]:
    return tuple(
        Method(recipe, "mixture, PCA {n_features}", (("pca.n_components", size), ("covariance", family)))
        for size in sizes
    )


METHODS: tuple[Method, ...] = (
    Method("pixels", "k-means, PCA {n_features}", (("pca.n_components", 100), ("mixture.is_hard", True))),
    *_mixtures("pixels", (10, 20, 30, 50, 100), "full"),
    *_mixtures("pixels", (10, 20, 30, 50, 100), "diag"),
    *_mixtures("pixels", (10, 20, 30, 100), "tied"),
    *_mixtures("pixels", (30,), "spherical"),
    *_mixtures("deskewed", (30,), "full"),
    *_mixtures("orientation", (30,), "full"),
    *_mixtures("scattering", (30, 60, 120), "full"),
    Method("components", "PCA {n_features}"),
    Method("manifold", "one pass", (("graph.n_passes", 1),)),
    Method("manifold", "two passes"),
    Method("manifold", "two passes, fitted on the training images", fit_on="train"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """Figures of a run with one seed."""

    scores: Scores
    n_clusters: int
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Row:
    """The runs of one method, one for each seed."""

    method: Method
    note: str
    family: str
    runs: tuple[Run, ...]

    @property
    def n_images(self) -> int:
        """Images that are scored."""
        return self.runs[0].scores.n_images

    @property
    def cells(self) -> list[str]:
        """The row as text."""
        recipe = RECIPES[self.method.recipe]
        scores = [(run.scores.acc, run.scores.nmi, run.scores.ari) for run in self.runs]
        return [
            f"{recipe.title}: {self.note}{'*' if recipe.chosen_with_scores else ''}", f"{self.n_images:,}",
            _counts([run.n_clusters for run in self.runs]), self.family,
            *map(_range, zip(*scores, strict=True)),
            f"{statistics.median(run.cpu_seconds for run in self.runs):.0f}",
        ]  # fmt: skip


_HEADER = ["method", "images", "K", "family", "ACC", "NMI", "ARI", "CPU s"]


def _counts(values: Sequence[int]) -> str:
    """Return a number, or the smallest and the largest where they differ."""
    return f"{min(values)}-{max(values)}" if len(set(values)) > 1 else str(values[0])


def _range(values: tuple[float, ...]) -> str:
    """Return the median, and the smallest and largest where they differ, in four decimals."""
    shown = (statistics.median(values), min(values), max(values))
    # Adding 0 turns what is rounded to -0 into 0.
    middle, low, high = (f"{round(value, 4) + 0.0:.4f}" for value in shown)
    text = middle if low == high else f"{middle} ({low}-{high})"
    return text.replace("0.", ".")


@dataclass(frozen=True, slots=True)
class Table:
    """The table of all methods on one set of digits."""

    name: str
    seeds: tuple[int, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    """Remarks on the digits."""

    def text(self) -> str:
        """Return the table in columns for a terminal."""
        cells = [_HEADER, *(row.cells for row in self.rows)]
        widths = [max(len(line[at]) for line in cells) for at in range(len(_HEADER))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
                 for line in cells]  # fmt: skip
        return "\n".join([self._heading(), "", lines[0], "-" * max(map(len, lines)), *lines[1:], "",
                          *self._footnotes()])  # fmt: skip

    def markdown(self) -> str:
        """Return the table as Markdown."""
        lines = [_HEADER, ["---"] * len(_HEADER), *(row.cells for row in self.rows)]
        shown = [" | ".join(line).join(("| ", " |")) for line in lines]
        text = "\n".join([self._heading(), "", *shown, "", *(f"{line}  " for line in self._footnotes())])
        return text.replace("*", r"\*") + "\n"

    def csv(self) -> bytes:
        """Return every run as a line of RFC 4180, to be computed with."""
        lines: list[list[Cell]] = [
            ["recipe", "note", "images", "n_clusters", "family", "seed", "acc", "nmi", "ari", "cpu_seconds",
             "chosen_with_scores"]
        ]  # fmt: skip
        for row in self.rows:
            chosen = RECIPES[row.method.recipe].chosen_with_scores
            for seed, run in zip(self.seeds, row.runs, strict=True):
                lines.append([row.method.recipe, row.note, row.n_images, run.n_clusters, row.family, seed,
                              run.scores.acc, run.scores.nmi, run.scores.ari, f"{run.cpu_seconds:.2f}",
                              chosen])  # fmt: skip
        return csv_lines(lines)

    def _heading(self) -> str:
        listed = ", ".join(str(seed) for seed in self.seeds)
        return (
            f"{self.name}; median (smallest-largest) of seeds {listed}; CPU seconds from pixels to clusters."
        )

    def _footnotes(self) -> list[str]:
        shown = dict.fromkeys(row.method.recipe for row in self.rows)
        chosen = [
            f"{RECIPES[name].title}: {RECIPES[name].chosen_with_scores}"
            for name in shown
            if RECIPES[name].chosen_with_scores
        ]
        return [
            *self.notes,
            "Labels score the clusters; no fit sees them.",
            *(f"* {line}" for line in chosen),
        ]


def table_events(
    digits: DigitSet,
    n_clusters: int,
    n_images: int | None,
    seeds: Sequence[int],
    should_stop: ShouldStop,
    methods: tuple[Method, ...] = METHODS,
) -> Generator[Progress, None, Table]:
    """Run every method with every seed, yielding how far it is.

    Parameters
    ----------
    digits : DigitSet
    n_clusters : int
    n_images : int, optional
        Of a random selection; None takes all.
    seeds : sequence of int
    should_stop : callable
    methods : tuple of Method
        Those that are fitted on the training images are left out where there are no others.

    Raises
    ------
    ReadError
        There are no labels to score by.
    GmmsegError
    Cancelled
    """
    if digits.labels is None:
        raise ReadError(
            "The table needs labels to score by, and these digits have none.", "Take other digits."
        )
    wanted = [method for method in methods if method.fit_on == "all" or digits.n_test]
    cache, spent = StageCache(), _Spent()
    rows: list[Row] = []
    for at, method in enumerate(wanted):
        fitted: list[Run] = []
        tested: list[Run] = []
        n_features: list[int] = []
        for number, seed in enumerate(seeds):
            settings = _settings(method, n_clusters, n_images, seed)
            done = (at + number / len(seeds)) / len(wanted)
            outcome = yield from spent.run(ExperimentRequest(digits, settings), cache, should_stop, done)
            # Not the outcome itself: its features would pile up.
            n_features.append(outcome.params.n_features)
            for runs, scores in ((fitted, outcome.scores_fit), (tested, outcome.scores_test)):
                if scores is not None:
                    runs.append(Run(scores, outcome.n_clusters, spent.total))
        is_hard = settings.mixture.is_hard and RECIPES[method.recipe].has_plain_mixture
        family = "k-means" if is_hard else settings.covariance
        rows.append(Row(method, method.note.format(n_features=n_features[0]), family, tuple(fitted)))
        if tested:
            rows.append(Row(method, "the same, images not fitted", family, tuple(tested)))
    return Table(digits.name, tuple(seeds), tuple(rows), digits.notes)


def _settings(method: Method, n_clusters: int, n_images: int | None, seed: int) -> DigitSettings:
    settings = settings_for(method.recipe)
    for path, value in method.changes:
        settings = with_value(settings, path, value)
    return replace(settings, n_clusters=n_clusters, n_images=n_images, seed=seed, fit_on=method.fit_on)


class _Spent:
    """CPU seconds of the stages; those that are kept count by what they took when they were made."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}
        self.total = 0.0

    def run(
        self, request: ExperimentRequest, cache: StageCache, should_stop: ShouldStop, done: float
    ) -> Generator[Progress, None, ExperimentOutcome]:
        title = RECIPES[request.settings.recipe].title
        job = experiment_events(request, cache, should_stop)
        self.total, since = 0.0, time.process_time()

        def counted(event: ExperimentEvent) -> Iterator[Progress]:
            nonlocal since
            if isinstance(event, Progress):
                yield Progress(f"{100 * done:.0f} % of the table; {title}: {event.text}", done)
            elif isinstance(event, StageDone):
                now = time.process_time()
                if not event.was_kept:
                    self._known[event.name] = now - since
                self.total += self._known[event.name]
                since = now

        return (yield from relayed(job, counted))
