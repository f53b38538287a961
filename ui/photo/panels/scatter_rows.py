"""The rows that the scatter plot draws: under which mixture, and in which colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gmmseg.arrays import ByteArray, FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop
from gmmseg.features.table import FeatureTable
from gmmseg.mixture.density import responsibilities
from gmmseg.mixture.matching import match_components
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.classes import ClassTable, inherited_classes

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState

Mixture = tuple[MixtureParams, ClassTable]

HIDDEN = (128, 128, 128, 60)
"""Points of hidden classes, sRGB and opacity."""


@dataclass(frozen=True, slots=True, eq=False)
class WinnersRequest:
    """The question which component each row of some of `table`, (M, D), belongs to, for `winners_of`."""

    mixture: Mixture
    table: FeatureTable
    values: FloatArray


def winners_of(request: WinnersRequest, should_stop: ShouldStop = never_stop) -> IntArray:
    """Return the component with the largest posterior of each row, (M,)."""
    winners: IntArray = np.empty(len(request.values), dtype=np.int64)
    for rows, posterior in responsibilities(request.mixture[0], request.values, should_stop):
        winners[rows] = posterior.argmax(axis=0)
    return winners


def tints_of(winners: IntArray, mixture: Mixture) -> ByteArray:
    """Return the class colours, (M, 4), of rows that belong to these components."""
    params, classes = mixture
    palette = np.full((params.n_components, 4), HIDDEN, dtype=np.uint8)
    for k in range(params.n_components):
        info = classes.of_component(k)
        if info.is_visible:
            palette[k] = (*info.colour, 255)
    return palette[winners]


def mixture_of(shown: ViewState) -> Mixture | None:
    """Return the mixture to draw over the shown rows: a running fit's newest step, else the maps' own.

    None where there is neither, or where they live in other features than the rows.
    """
    table, held, document = shown.table, shown.segmentation, shown.document
    if table is None:
        return None
    is_running = bool(shown.steps) and (
        document.fit is None or shown.steps is not document.fit.result.history
    )
    if is_running and table.spec == document.settings.features:
        newest = shown.steps[-1].params
        if newest.n_features == table.n_features:
            partner = match_components(held.params, newest) if held else [None] * newest.n_components
            return newest, inherited_classes(shown.classes if held else ClassTable(), partner)
    if held is None or held.params.n_features != table.n_features:
        return None
    return held.params, shown.classes
