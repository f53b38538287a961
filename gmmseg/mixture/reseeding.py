"""New starts of empty components: at the row that the mixture explains worst."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.params import MixtureParams


def empty_components(params: MixtureParams, counts: FloatArray, row_weight: float) -> BoolArray:
    """Return which components hold too few rows to have a shape of their own, (K,).

    Under D + 1 rows for a full covariance, 2 for a variance, 1 where the shape is shared. None where there
    are not enough rows for all components.

    Parameters
    ----------
    params : MixtureParams
    counts : (K,)
        N_k, in units of the rows' weights.
    row_weight : float
        Mean weight of a row; where it is below 1 a row counts as less.
    """
    needed = {"full": params.n_features + 1, "tied": 1, "diag": 2, "spherical": 2}[params.covariance.kind]
    few = (1 if params.is_hard else needed) * min(1.0, row_weight) * (1 - 1e-9)
    if counts.sum() < few * params.n_components:
        return np.zeros(params.n_components, dtype=np.bool_)
    is_few: BoolArray = counts < few
    return is_few


def with_empty_moved(
    columns: FloatArray, weights: FloatArray, params: MixtureParams, counts: FloatArray
) -> MixtureParams | None:
    """Return the mixture with its empty components at the rows of lowest density, one after another.

    Each gets the weight 1 / K and the average covariance of the others; None where none is empty.

    Parameters
    ----------
    columns : (D, N)
        The rows.
    weights : (N,)
        Of the rows.
    params : MixtureParams
    counts : (K,)
        N_k.
    """
    empty = empty_components(params, counts, float(weights.mean()))
    if not empty.any() or empty.all():
        return None
    covariance = params.covariance
    if covariance.kind != "tied":
        held = np.where(empty, 0.0, params.weights)
        average = np.tensordot(held / held.sum(), covariance.values, axes=1)
        same = FAMILIES[covariance.kind](np.repeat(average[None], len(held), axis=0))
        covariance = covariance.replaced(same, empty)
    # Densities with the old shapes: what an almost empty component does explain is not explained worst.
    present = params
    for k in np.flatnonzero(empty):
        means, shares = present.means.copy(), present.weights * (1 - 1 / len(empty))
        means[k] = columns[:, score_rows(present, columns.T).argmin()]
        shares[k] = 1 / len(empty)
        shapes = present.covariance.replaced(covariance, np.arange(len(empty)) == k)
        present = MixtureParams(shares / shares.sum(), means, shapes, params.is_hard)
    return present
