"""The figure of an experiment: confusion matrix and a row of digits for each cluster, as plain shapes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from gmmseg.arrays import AnyArray, ByteArray
from gmmseg.colours import Colour, colormap_table, readable_on
from gmmseg.control import ShouldStop, never_stop
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.digits.gallery import cluster_rows
from gmmseg.digits.generative import digit_model
from gmmseg.digits.recipes import RECIPES
from gmmseg.digits.scores import Scores

N_MEMBERS = 10
N_DRAWN = 5
INK: Colour = (20, 20, 20)
QUIET: Colour = (90, 90, 90)
_CELL = (52, 26)
_MARGIN = 24
_DIGIT = 42
_NAMES = 120.0
_WIDTH = 1080
_LINE_CHARACTERS = 150


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; (x, y) is on its middle line, at the side that `anchor` says."""

    x: float
    y: float
    text: str
    size: int = 13
    anchor: Literal["start", "middle", "end"] = "start"
    colour: Colour = INK


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: Colour


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Grey levels (h, w) drawn as a rectangle of some size, without smoothing."""

    x: float
    y: float
    width: float
    height: float
    pixels: ByteArray


Shape = Text | Box | Raster


@dataclass(slots=True)
class Figure:
    """Shapes on white, sizes in pixels, y downwards; later ones cover earlier ones."""

    width: int
    height: int
    shapes: list[Shape] = field(default_factory=list)


def experiment_figure(outcome: ExperimentOutcome, should_stop: ShouldStop = never_stop) -> Figure:
    """Return the figure of an experiment.

    Raises
    ------
    Cancelled
    """
    shapes: list[Shape] = []
    y: float = _MARGIN
    shapes.append(Text(_MARGIN, y + 8, _title(outcome), 20))
    y += 36
    for line in _facts(outcome):
        shapes.append(Text(_MARGIN, y + 6, line, 13, colour=QUIET))
        y += 20
    y += 16
    scores = outcome.scores_test or outcome.scores_fit
    if scores is not None:
        part = "the images that were not fitted" if outcome.scores_test is not None else "the fitted images"
        y = (
            _matrix(
                shapes, scores, y, f"Clusters (rows) and labels (columns) of {part}; colour: share of the row"
            )
            + 28
        )
    y = _gallery(shapes, outcome, y, should_stop)
    return Figure(_WIDTH, int(y + _MARGIN), shapes)


def score_text(scores: Scores) -> str:
    """Return the figures of merit in words: ``1,000 images: ACC .9123, NMI .8765, ARI .8512``."""
    shown = ", ".join(
        f"{name} {_decimals(value)}"
        for name, value in (("ACC", scores.acc), ("NMI", scores.nmi), ("ARI", scores.ari))
    )
    return f"{scores.n_images:,} images: {shown}, purity {_decimals(scores.purity)}"


def _decimals(value: float) -> str:
    return f"{value:.4f}".removeprefix("0") if 0 <= value < 1 else f"{value:.4f}"


def _title(outcome: ExperimentOutcome) -> str:
    recipe = RECIPES[outcome.settings.recipe]
    return f"{recipe.title} on {outcome.digits.name}, K = {outcome.n_clusters}"


def _facts(outcome: ExperimentOutcome) -> list[str]:
    lines = [line for note in outcome.digits.notes for line in _wrapped(note)]
    if outcome.scores_fit is not None:
        lines.append(f"Fitted, {score_text(outcome.scores_fit)}.")
    if outcome.scores_test is not None:
        lines.append(f"Not fitted, {score_text(outcome.scores_test)}.")
    lines.append("Labels score the clusters; no fit sees them.")
    chosen = RECIPES[outcome.settings.recipe].chosen_with_scores
    return [*lines, *_wrapped(chosen)]


def _wrapped(text: str) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > _LINE_CHARACTERS:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return [*lines, line] if line else lines


def _matrix(shapes: list[Shape], scores: Scores, top: float, heading: str) -> float:
    """Add the confusion matrix and return where it ends."""
    shapes.append(Text(_MARGIN, top + 8, heading, 15))
    left, top = _MARGIN + _NAMES, top + 48.0
    n_clusters, n_labels = scores.confusion.shape
    width = min(_CELL[0], (_WIDTH - left - _MARGIN) / n_labels)
    table = colormap_table("viridis")
    for column, value in enumerate(scores.label_values):
        shapes.append(Text(left + (column + 0.5) * width, top - 12, str(value), anchor="middle"))
    for row in range(n_clusters):
        y = top + row * _CELL[1]
        shapes.append(Text(left - 8, y + _CELL[1] / 2, _cluster_name(row, scores), anchor="end"))
        total = max(int(scores.confusion[row].sum()), 1)
        for column in range(n_labels):
            count = int(scores.confusion[row, column])
            red, green, blue = (int(level) for level in table[round(255 * count / total)])
            colour = (red, green, blue)
            x = left + column * width
            shapes.append(Box(x, y, width - 1, _CELL[1] - 1, colour))
            if count:
                middle = (x + width / 2, y + _CELL[1] / 2)
                shapes.append(Text(*middle, f"{count}", 12, "middle", readable_on(colour)))
    return float(top + n_clusters * _CELL[1])


def _cluster_name(cluster: int, scores: Scores | None) -> str:
    label = None if scores is None else scores.label_of(cluster)
    name = f"cluster {cluster + 1}"
    return name if label is None else f"{name} (label {label})"


def _gallery(shapes: list[Shape], outcome: ExperimentOutcome, top: float, should_stop: ShouldStop) -> float:
    """Add a row of digits for each cluster and return where they end."""
    digits = outcome.digits
    model = digit_model(digits.images, outcome.clusters, outcome.n_clusters, digits.name, should_stop)
    rows = cluster_rows(digits.images, outcome.clusters, outcome.confidence, outcome.n_clusters, N_MEMBERS)
    scores = outcome.scores_fit or outcome.scores_test
    left = _MARGIN + _NAMES
    height, width = digits.image_shape
    high, wide = _DIGIT, _DIGIT * width / height
    shapes.append(
        Text(
            _MARGIN,
            top + 8,
            "Mean, spread, members at random, and digits drawn from a Gaussian over the cluster's pixels",
            15,
        )
    )
    y = top + 36.0
    for cluster, row in enumerate(rows):
        shapes.append(Text(left - 8, y + high / 2, _cluster_name(cluster, scores), anchor="end"))
        drawn = model.draw_of(
            cluster, N_DRAWN, np.random.default_rng([outcome.settings.seed, cluster]), should_stop
        )
        is_empty = not (outcome.clusters == cluster).any()
        for at, pixels in enumerate(row if is_empty else _placed(row, drawn)):
            gap = 10 * ((at >= 2) + (at >= 2 + N_MEMBERS))
            if pixels is not None:
                shapes.append(Raster(left + at * (wide + 3) + gap, y, wide, high, pixels))
        y += high + 4
    return y


def _placed(row: ByteArray, drawn: ByteArray) -> list[AnyArray | None]:
    """Return mean, spread and members, None where there are too few, and the drawn digits."""
    lacking: list[AnyArray | None] = [None] * (2 + N_MEMBERS - len(row))
    return [*row, *lacking, *drawn]
