"""Mixtures, tables and slow but obvious references for the tests of a photo's maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from gmmseg.features.build import feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.features.table import FeatureTable
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind
from tests.data.states import image_of

Weights = dict[tuple[int, int, int, int], float]


def averages_by_loops(values: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[Any]:
    """Return means over the pixels with data of twice the sum over 3 × 3 pixels within the image."""
    with_share = np.dstack([values, np.ones(mask.shape)])
    with_share[~mask] = 0
    for _ in range(2):
        before, with_share = with_share, np.zeros_like(with_share)
        for y, x in np.ndindex(mask.shape):
            with_share[y, x] = before[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].sum(axis=(0, 1))
    means: NDArray[Any] = with_share[..., :-1] / np.maximum(with_share[..., -1:], 1)
    return means


def weights_by_loops(pixels: NDArray[Any], mask: NDArray[np.bool_]) -> Weights:
    """Return ``exp(-|c_i - c_j|² / (2 beta))`` of averaged colours, of ordered pairs (y, x, v, u)."""
    height, width = pixels.shape[:2]
    values = averages_by_loops(pixels.reshape(height, width, -1).astype(np.float64), mask)
    contrasts: Weights = {}
    for y, x in np.ndindex(height, width):
        for v in range(max(y - 1, 0), min(y + 2, height)):
            for u in range(max(x - 1, 0), min(x + 2, width)):
                if (v, u) != (y, x) and mask[y, x] and mask[v, u]:
                    contrasts[y, x, v, u] = float(((values[y, x] - values[v, u]) ** 2).sum())
    beta = np.mean(list(contrasts.values())) if contrasts else 0
    return {pair: float(np.exp(-one / (2 * beta))) if beta else 1.0 for pair, one in contrasts.items()}


def stored_weight(weight: float) -> int:
    """Return a weight as it is kept: 1..255, the least for the highest contrast."""
    return 1 + round(weight * 254)


def means_by_loops(posteriors: NDArray[Any], weights: Weights) -> NDArray[Any]:
    total = np.zeros(posteriors.shape[1:])
    means = np.zeros(posteriors.shape)
    for (y, x, v, u), weight in weights.items():
        influence = stored_weight(weight) / np.hypot(v - y, u - x)
        means[:, y, x] += influence * posteriors[:, v, u]
        total[y, x] += influence
    return np.divide(means, total, out=np.zeros_like(means), where=total > 0)


def a_mixture(kind: CovarianceKind = "full", n_components: int = 4, seed: int = 0) -> MixtureParams:
    random = np.random.default_rng(seed)
    root = random.normal(size=(n_components, 3, 3)) * 20
    full = root @ np.swapaxes(root, 1, 2) + 100 * np.eye(3)
    diagonal = random.uniform(50, 900, (n_components, 3))
    values = {"full": full, "tied": full[0], "diag": diagonal, "spherical": diagonal[:, 0]}[kind]
    weights = random.dirichlet(np.full(n_components, 5.0))
    return MixtureParams(weights, random.uniform(0, 255, (n_components, 3)), FAMILIES[kind](values))


def a_table(is_masked: bool = True, seed: int = 0) -> tuple[FeatureTable, NDArray[Any], NDArray[np.bool_]]:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (23, 31, 3), dtype=np.uint8)
    mask = random.random((23, 31)) < (0.8 if is_masked else 2)
    return feature_table(image_of(pixels, mask), FeatureSpec()), pixels.astype(np.float64), mask


def joint_of(params: MixtureParams, pixels: NDArray[Any]) -> NDArray[Any]:
    """Return pi_k N(x | k) at each pixel, (K, H, W), by scipy."""
    return np.stack(
        [
            weight * multivariate_normal(mean, matrix).pdf(pixels)
            for weight, mean, matrix in zip(params.weights, params.means, params.matrices(), strict=True)
        ]
    )
