"""A spatial prior: neighbouring pixels prefer the same component (a hidden Markov random field)."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import AnyArray, ByteArray, label_dtype, row_blocks
from gmmseg.control import ShouldStop, never_stop
from gmmseg.errors import BudgetError
from gmmseg.features.table import FeatureTable
from gmmseg.limits import memory_budget, size_text
from gmmseg.mixture.density import log_joint
from gmmseg.mixture.mean_field import mean_field
from gmmseg.photo.grid import REACH, PixelGrid
from gmmseg.photo.segmentation import Segmentation

SWEEPS = 10
SMOOTH_REACH = SWEEPS + REACH
"""Pixels in each direction that a smoothed pixel depends on: one a sweep, and what tells an edge."""
_CAP = 30.0
"""Log-odds beyond this are taken for certain."""
_STEP = -_CAP / 65535
"""Nats of one unit of the evidence, which is kept in 16 bits."""
_BYTES_PER_POSTERIOR = 6
"""Evidence, and the posteriors of two sweeps, 16 bits each."""


def smooth(
    segmentation: Segmentation,
    table: FeatureTable,
    grid: PixelGrid,
    strength: float,
    should_stop: ShouldStop = never_stop,
    n_sweeps: int = SWEEPS,
) -> Segmentation:
    """Return the segmentation under a Potts prior over the pixel grid, by mean field.

    Each sweep sets every pixel's posterior to
    ``q_k ∝ pi_k N(x | k) exp(strength * sum_n w_n q_nk / sum_n w_n)`` over its eight neighbours n, of which
    only those that hold data count, and those across a visible edge little. `strength` is thus the log-odds
    that unanimous neighbours lend a component.

    Parameters
    ----------
    segmentation : Segmentation
        Of the mixture alone.
    table : FeatureTable
    grid : PixelGrid
        Of the image.
    strength : float
        Above 0.
    should_stop : callable
    n_sweeps : int

    Raises
    ------
    BudgetError
        Where the posteriors of each pixel, twice, would not fit the memory budget.
    Cancelled
    """
    n_components = segmentation.n_components
    _check_budget(n_components, table.pixels.shape)
    held = segmentation.labels > 0
    fixed_point = mean_field(
        _evidence(segmentation, table, should_stop), grid, strength, n_sweeps,
        held=None if held.all() else held, should_stop=should_stop, step=_STEP, dtype=np.uint16,
    )  # fmt: skip
    labels: AnyArray = np.empty(table.pixels.shape, dtype=label_dtype(n_components))
    posteriors: ByteArray = np.empty(fixed_point.shape, dtype=np.uint8)
    for rows in row_blocks(labels.shape):
        block = fixed_point[:, rows]
        labels[rows] = block.argmax(axis=0)
        # From 65535ths to 255ths, rounded.
        posteriors[:, rows] = (block.astype(np.uint32) + 128) // 257
    labels += 1
    labels *= held
    return Segmentation(labels, segmentation.params, posteriors)


def _evidence(segmentation: Segmentation, table: FeatureTable, should_stop: ShouldStop) -> AnyArray:
    """Return how far log(pi_k N(x | k)) lies below its largest at each pixel, in units of `_STEP`."""
    row_evidence = np.empty((segmentation.n_components, table.n_rows), dtype=np.uint16)
    for rows, joint in log_joint(segmentation.params, table.values, should_stop):
        joint -= joint.max(axis=0)
        row_evidence[:, rows] = np.rint(np.maximum(joint, -_CAP) / _STEP)
    evidence = np.empty((segmentation.n_components, *table.pixels.shape), dtype=np.uint16)
    # Looked up once: rows lie closer together in memory than the codes of their colours.
    row_of = table.pixels.spread(np.arange(table.n_rows, dtype=np.int32))
    for block in row_blocks(row_of.shape):
        at = row_of[block].astype(np.intp)
        for plane, values in zip(evidence, row_evidence, strict=True):
            np.take(values, at, out=plane[block], mode="clip")
    return evidence


def _check_budget(n_components: int, shape: tuple[int, int]) -> None:
    n_pixels = shape[0] * shape[1]
    # Beside the posteriors, four weights of each pixel's neighbours.
    needed = (_BYTES_PER_POSTERIOR * n_components + 4) * n_pixels
    if needed > memory_budget():
        raise BudgetError(
            f"Smoothing {n_pixels:,} pixels with {n_components} components needs {size_text(needed)}.",
            "Switch smoothing off, use fewer components, or raise the memory budget.",
        )
