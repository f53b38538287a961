"""A spatial prior: neighbouring pixels prefer the same component (a hidden Markov random field)."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import Float32Array
from gmmseg.control import Check, go_on, raise_if_cancelled
from gmmseg.errors import BudgetError
from gmmseg.features.table import FeatureTable
from gmmseg.limits import memory_budget, size_text
from gmmseg.mixture.density import log_joint
from gmmseg.segmentation import Segmentation, label_dtype

SWEEPS = 10
DIAGONAL = np.float32(1 / np.sqrt(2))
"""Influence of a diagonal neighbour, by its distance, where a direct one has 1."""
_CAP = np.float32(30.0)
"""Log-odds beyond this are certain in single precision."""


def smoothed(
    segmentation: Segmentation, table: FeatureTable, strength: float, check: Check = go_on
) -> Segmentation:
    """Return the segmentation under a Potts prior over the pixel grid, by mean field.

    Each sweep sets every pixel's posterior to
    ``q_k ∝ pi_k N(x | k) exp(strength * sum_n w_n q_nk / sum_n w_n)`` over its eight neighbours n, of which
    only those that hold data count. `strength` is thus the log-odds that unanimous neighbours lend a
    component.

    Parameters
    ----------
    segmentation : Segmentation
        Of the mixture alone.
    table : FeatureTable
    strength : float
        Above 0.

    Raises
    ------
    BudgetError
        Where K posteriors of each pixel, twice, would not fit the memory budget.
    """
    n_components = segmentation.n_components
    height, width = table.pixels.shape
    needed = 4 * n_components * height * width * 3
    if needed > memory_budget():
        raise BudgetError(
            f"Smoothing {height * width:,} pixels with {n_components} components needs {size_text(needed)}.",
            "Switch smoothing off, use fewer components, or raise the memory budget.",
        )
    evidence = _evidence(segmentation, table, check)
    held = np.ascontiguousarray(segmentation.labels > 0)
    posterior = np.empty_like(evidence)
    _softmax(evidence, posterior, held)
    influence = np.maximum(_neighbour_sum(held.astype(np.float32)), np.float32(1e-6))
    field: Float32Array = np.empty_like(evidence)
    for _ in range(SWEEPS):
        for k in range(n_components):
            raise_if_cancelled(check)
            field[k] = _neighbour_sum(posterior[k])
            field[k] *= np.float32(strength)
            field[k] /= influence
            field[k] += evidence[k]
        _softmax(field, posterior, held)
    labels = posterior.argmax(axis=0).astype(label_dtype(n_components))
    labels += 1
    labels[~held] = 0
    posterior *= np.float32(255)
    np.rint(posterior, out=posterior)
    return Segmentation(labels, segmentation.params, posterior.astype(np.uint8))


def _evidence(segmentation: Segmentation, table: FeatureTable, check: Check) -> Float32Array:
    """Return log(pi_k N(x | k)) less its largest term at each pixel, capped, (K, H, W)."""
    rows_evidence = np.empty((segmentation.n_components, table.n_rows), dtype=np.float32)
    for rows, joint in log_joint(segmentation.params, table.values, check):
        joint -= joint.max(axis=0)
        rows_evidence[:, rows] = np.maximum(joint, -_CAP)
    return np.stack([table.pixels.spread(one) for one in rows_evidence])


def _softmax(
    logits: Float32Array, out: Float32Array, held: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> None:
    np.subtract(logits, logits.max(axis=0), out=out)
    np.exp(out, out=out)
    out /= out.sum(axis=0)
    out *= held


def _neighbour_sum(plane: Float32Array) -> Float32Array:
    """Return the weighted sum over the eight neighbours of each pixel, (H, W); beyond the border is 0."""
    padded: Float32Array = np.pad(plane, 1)
    rows: Float32Array = padded[:, :-2] + padded[:, 2:]
    # The two diagonal neighbours above and below share one sum of their row.
    total: Float32Array = rows[1:-1].copy()
    total += DIAGONAL * (rows[:-2] + rows[2:])
    total += padded[:-2, 1:-1]
    total += padded[2:, 1:-1]
    return total
