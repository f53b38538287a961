"""Boundary strength against the Fisher information of distributions whose derivatives are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gmmseg.arrays import Float32Array, FloatArray
from gmmseg.regions.fisher import block_means, fisher_map, interpolated


def log_linear_posteriors(slopes: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Return p_k ∝ exp(a_k x + b_k y) at each pixel, (K, h, w)."""
    y, x = np.mgrid[: shape[0], : shape[1]] - np.array(shape)[:, None, None] / 2
    logits = slopes[:, 0, None, None] * x + slopes[:, 1, None, None] * y
    p = np.exp(logits - logits.max(axis=0))
    return np.asarray(p / p.sum(axis=0))


def exact_strength(p: FloatArray, slopes: FloatArray, scale: float) -> FloatArray:
    """Return scale / 2 times the root of the larger eigenvalue of the Fisher information of (x, y), (h, w).

    With log p_k = s_k · (x, y) - log Z the information is the covariance of the slopes under p.
    """
    out = np.empty(p.shape[1:])
    for y, x in np.ndindex(*out.shape):
        shares = p[:, y, x]
        deviations = slopes - shares @ slopes
        information = sum(q * np.outer(d, d) for q, d in zip(shares, deviations, strict=True))
        out[y, x] = scale / 2 * np.sqrt(np.linalg.eigvalsh(information)[-1])
    return out


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("reduction", [1, 2])
def test_the_map_is_the_larger_eigenvalue_of_the_fisher_information(seed: int, reduction: int) -> None:
    slopes = np.random.default_rng(seed).normal(0, 0.02, (4, 2))
    p = log_linear_posteriors(slopes, (24, 30))
    found = fisher_map(p.astype(np.float32), 2.0, reduction)
    inside = (slice(8, -8), slice(8, -8))
    np.testing.assert_allclose(found[inside], exact_strength(p, slopes, 2.0)[inside], rtol=0.01)


def test_a_step_between_two_components_is_worth_the_same_at_every_scale() -> None:
    # Smoothed at s, p = Φ(x / s): the strength on the step is s * sqrt(p'^2 / (4 p q)) = 1 / sqrt(2 π).
    p = np.zeros((2, 40, 80), dtype=np.float32)
    p[0, :, :40], p[1, :, 40:] = 1, 1
    for scale in (3.0, 6.0):
        assert fisher_map(p, scale)[20, 39:41].max() == pytest.approx(1 / np.sqrt(2 * np.pi), rel=0.02)


def test_level_posteriors_have_no_boundaries() -> None:
    p = np.full((3, 9, 11), 1 / 3, dtype=np.float32)
    assert fisher_map(p, 1.5).max() < 1e-6


def test_a_turned_picture_has_the_turned_map() -> None:
    p = log_linear_posteriors(np.random.default_rng(5).normal(0, 0.4, (3, 2)), (17, 12)).astype(np.float32)
    turned = np.ascontiguousarray(np.rot90(p, axes=(1, 2)))
    np.testing.assert_allclose(fisher_map(turned, 1.5), np.rot90(fisher_map(p, 1.5)), atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 2), (5, 3)])
@pytest.mark.parametrize("reduction", [1, 2, 4])
def test_tiny_pictures_have_finite_maps(shape: tuple[int, int], reduction: int) -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), shape).transpose(2, 0, 1).astype(np.float32)
    found = fisher_map(p, 6.0, reduction)
    assert found.shape == shape
    assert np.isfinite(found).all()


@given(
    arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(0, 1, width=32)),
    st.integers(2, 4),
)
def test_block_means_are_means_over_blocks_that_repeat_the_border(plane: Float32Array, side: int) -> None:
    found = block_means(plane, side)
    height, width = plane.shape
    for y, x in np.ndindex(*found.shape):
        block = [
            plane[min(side * y + dy, height - 1), min(side * x + dx, width - 1)]
            for dy in range(side)
            for dx in range(side)
        ]
        assert found[y, x] == pytest.approx(np.mean(block), abs=1e-5)


@pytest.mark.parametrize("side", [2, 4])
def test_block_means_of_a_slope_interpolate_back_to_the_slope(side: int) -> None:
    y, x = np.mgrid[:16, :24].astype(np.float32)
    slope = 2 * x - 3 * y
    back = interpolated(block_means(slope, side), side, (16, 24))
    np.testing.assert_allclose(back[side:-side, side:-side], slope[side:-side, side:-side], atol=1e-4)
