"""Teaching: a mixture of which each class is known at some pixels, those that objects mark."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray, IntArray
from gmmseg.control import Progress, ShouldStop, never_stop, result_of
from gmmseg.errors import FitError
from gmmseg.features.table import FeatureTable
from gmmseg.mixture.fit import fit_events
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams
from gmmseg.mixture.partial_labels import UNKNOWN, PartialLabels, joined
from gmmseg.mixture.selection import best_fit_events
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.classes import ClassInfo, ClassTable, class_id
from gmmseg.photo.objects.hints import Category, Hints
from gmmseg.photo.settings import LearnsFrom

MAX_OF_CLASS = 5
"""Gaussians of one class."""
_FLOOR_SHARE = 0.03
"""Of eight photos of BSDS500, one and three strokes a class, in RGB, CIELAB and CIELAB with position: from
0.003 to 0.03 the agreement with people grows, and from there on it falls where the strokes are few."""
_START_TOL = 1e-3
_STARTS = 2
_MOST_ROWS = 1 << 16
"""The mixture of a class is a start only, of some of its rows; the fit that follows brings it to its end."""


def taught_floor(table: FeatureTable) -> float:
    """Return the variance floor where none was chosen: 3 % of the picture's mean variance.

    A few strokes do not show how far a class spreads. With the floor of the features alone its components fit
    the strokes and nothing else, and the class of the widest component takes the rest of the picture.
    """
    mean = table.weights @ table.values / table.n_pixels
    variance = float((table.weights @ (table.values - mean) ** 2).mean()) / table.n_pixels
    return max(table.floor, _FLOOR_SHARE * variance)


@dataclass(frozen=True, slots=True, eq=False)
class HintedRows:
    """The rows of a table, split by what is known of their pixels.

    Parameters
    ----------
    values : (M, D)
    weights : (M,)
        Pixels that share the row and what is known of it.
    groups : (M,) int array
        The category of these pixels, or `UNKNOWN`.
    categories : tuple of Category
        Those that have pixels.
    """

    values: FloatArray
    weights: FloatArray
    groups: IntArray
    categories: tuple[Category, ...]

    def of(self, category: int) -> tuple[FloatArray, FloatArray]:
        """Return values and weights of the rows of one category."""
        is_own = self.groups == category
        return self.values[is_own], self.weights[is_own]


def check_size(hints: Hints, shape: tuple[int, int]) -> None:
    """Raise `FitError` where hints are not of an image of this shape (H, W)."""
    if hints.ids.shape != shape:
        (height, width), (rows, columns) = hints.ids.shape, shape
        raise FitError(
            f"The marked pixels are of an image of {width} × {height}; this one has {columns} × {rows}.",
            "Mark objects in this image, or choose another mask.",
        )


def hinted_rows(table: FeatureTable, hints: Hints, learns_from: LearnsFrom) -> HintedRows:
    """Return the rows of a table with what hints say of them; without the unmarked pixels unless from all.

    The likelihood of these rows is exactly that of the pixels, however many share a row.

    Raises
    ------
    FitError
        The hints are of another size, or fewer than two categories are marked.
    """
    check_size(hints, table.pixels.shape)
    found: list[tuple[Category, IntArray, FloatArray]] = []
    for category, mask in zip(hints.categories, hints.masks(), strict=True):
        held, counts = np.unique(table.pixels.rows_in(mask), return_counts=True)
        if held.size:
            found.append((category, held, counts.astype(np.float64)))
    if len(found) < 2:
        raise FitError(
            "Teaching needs objects of two names at least.",
            "Mark something of the background too, and give it a name of its own.",
        )
    marked = HintedRows(
        np.concatenate([table.values[held] for _, held, _ in found]),
        np.concatenate([counts for _, _, counts in found]),
        np.repeat(np.arange(len(found)), [len(held) for _, held, _ in found]),
        tuple(category for category, _, _ in found),
    )
    return _with_others(marked, table, found) if learns_from == "all" else marked


def _with_others(
    marked: HintedRows, table: FeatureTable, found: Sequence[tuple[Category, IntArray, FloatArray]]
) -> HintedRows:
    """Return the rows with those of the pixels that are not marked before them."""
    free = table.weights.copy()
    for _, held, counts in found:
        free[held] -= counts
    others = np.flatnonzero(free > 0)
    return HintedRows(
        np.concatenate([table.values[others], marked.values]),
        np.concatenate([free[others], marked.weights]),
        np.concatenate([np.full(len(others), UNKNOWN), marked.groups]),
        marked.categories,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Began:
    """Start of a taught fit: each class as it is fitted to its own pixels alone."""

    params: MixtureParams
    classes: ClassTable


def taught_events(
    table: FeatureTable,
    hints: Hints,
    settings: FitSettings,
    learns_from: LearnsFrom,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress | Began | FitStep, None, tuple[FitResult, ClassTable]]:
    """Fit a mixture whose classes are known at some pixels (S2 §1.4, z given in part).

    Each class gets the mixture that BIC prefers for its own pixels. From these together EM goes on over the
    marked pixels, or over all; it maximises the likelihood of what was observed, colours everywhere and the
    class where it is marked. With one Gaussian to a class and all pixels marked its first step gives shares,
    means and covariances of the classes.

    Parameters
    ----------
    table : FeatureTable
    hints : Hints
    settings : FitSettings
        Its K is not used.
    learns_from : {"regions", "marked", "all"}
        Hints that learn from regions are spread over these before, by `spread_over_regions`.
    should_stop : callable

    Returns
    -------
    result : FitResult
        Components in the order of the classes.
    classes : ClassTable
        One for each category that has pixels, in display order.

    Raises
    ------
    FitError
        The hints do not suit the image or name fewer than two classes, or the settings are those of hard
        assignment.
    """
    if settings.is_hard:
        raise FitError(
            "Taught classes are told apart by their probabilities, which hard assignment has none of.",
            "Switch hard assignment off.",
        )
    rows = hinted_rows(table, hints, "marked")
    quick = replace(settings, n_init=min(settings.n_init, _STARTS), tol=max(settings.tol, _START_TOL))
    parts: list[MixtureParams] = []
    for position, category in enumerate(rows.categories):
        yield Progress(f"Learning “{category.name}”", position / len(rows.categories))
        own = thinned_rows(*rows.of(position))
        found = best_fit_events(*own, quick, "bic", should_stop, range(1, MAX_OF_CLASS + 1))
        parts.append(result_of(found).params)
    marked = np.array([rows.of(position)[1].sum() for position in range(len(parts))])
    start, members = joined(parts, marked / marked.sum())
    classes = _classes_of(rows.categories, members)
    yield Began(start, classes)
    if learns_from == "all":
        rows = hinted_rows(table, hints, learns_from)
    known = PartialLabels(rows.groups, members)
    result = yield from fit_events(rows.values, rows.weights, settings, should_stop, start, known)
    return result, classes


def thinned_rows(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return some of many rows, evenly spread, with weights that sum to what those of all do."""
    step = -(-len(values) // _MOST_ROWS)
    few = weights[::step]
    return (values, weights) if step <= 1 else (values[::step], few * (weights.sum() / few.sum()))


def _classes_of(categories: tuple[Category, ...], members: BoolArray) -> ClassTable:
    return ClassTable(
        tuple(
            ClassInfo(class_id(at), category.name, category.colour, tuple(np.flatnonzero(own).tolist()))
            for at, (category, own) in enumerate(zip(categories, members, strict=True))
        )
    )
