"""Overlap measures against closed forms, minimisation and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from gmmseg.mixture.covariance import Full
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.fit import fit
from gmmseg.mixture.overlaps import bhattacharyya, ridge_overlap
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings
from tests.core.mixture.cases import random_params


def _pair(distance: float, weights: tuple[float, float] = (0.5, 0.5)) -> MixtureParams:
    means = np.array([[0.0, 0.0], [distance, 0.0]])
    return MixtureParams(np.array(weights), means, Full(np.stack([np.eye(2)] * 2)))


@pytest.mark.parametrize("seed", range(5))
def test_overlaps_are_symmetric_and_in_range_and_do_not_depend_on_units(seed: int) -> None:
    rng = np.random.default_rng(seed)
    params = random_params(rng, 4, 2)
    matrix, offset = rng.normal(size=(2, 2)) + 2 * np.eye(2), rng.normal(size=2) * 50
    moved = matrix @ params.matrices() @ matrix.T
    mapped = MixtureParams(
        params.weights, params.means @ matrix.T + offset, Full((moved + np.swapaxes(moved, 1, 2)) / 2)
    )
    for measure in (ridge_overlap, bhattacharyya):
        overlap = measure(params)
        np.testing.assert_array_equal(overlap, overlap.T)
        np.testing.assert_array_equal(np.diag(overlap), 1)
        assert ((overlap >= 0) & (overlap <= 1 + 1e-12)).all()
        np.testing.assert_allclose(measure(mapped), overlap, rtol=1e-8)


@pytest.mark.parametrize("distance", [3.0, 4.0, 6.0])
@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.3, 0.7)])
def test_the_overlap_ratio_is_the_saddle_over_the_lower_peak(
    distance: float, weights: tuple[float, float]
) -> None:
    params = _pair(distance, weights)

    def density(x: float) -> float:
        return float(np.exp(score_rows(params, np.array([[x, 0.0]])))[0])

    peaks = [
        density(optimize.minimize_scalar(lambda x: -density(x), bounds=bounds, method="bounded").x)
        for bounds in ((-1.0, 1.0), (distance - 1, distance + 1))
    ]
    saddle = optimize.minimize_scalar(density, bounds=(0.5, distance - 0.5), method="bounded").x
    assert ridge_overlap(params)[0, 1] == pytest.approx(density(saddle) / min(peaks), rel=2e-3)


def test_two_equal_gaussians_overlap_by_their_distance() -> None:
    assert bhattacharyya(_pair(2.0))[0, 1] == pytest.approx(np.exp(-0.5), rel=1e-12)
    assert ridge_overlap(_pair(1.9))[0, 1] == 1  # one peak up to two standard deviations
    assert ridge_overlap(_pair(2.6))[0, 1] < 1
    assert ridge_overlap(_pair(10.0))[0, 1] < 1e-4
    assert bhattacharyya(_pair(10.0))[0, 1] < 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_one_gaussian_fitted_with_two_components_merges_by_every_rule(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(2000, 2))
    params = fit(values, None, FitSettings(2, seed=seed)).params
    assert ridge_overlap(params)[0, 1] > 0.2
    assert bhattacharyya(params)[0, 1] > 0.1


UNLIKE = MixtureParams(np.array([0.6, 0.4]), np.array([[0.0], [4.0]]), Full(np.array([[[1.0]], [[0.3]]])))
"""Two Gaussians on a line, of which one is narrower: determinants count."""


def test_the_bhattacharyya_coefficient_is_the_integral_of_the_root_of_the_product() -> None:
    def root(x: float) -> float:
        densities = stats.norm.pdf(x, UNLIKE.means[:, 0], np.sqrt(UNLIKE.matrices()[:, 0, 0]))
        return float(np.sqrt(densities.prod()))

    area, _ = integrate.quad(root, -20, 20, points=[0.0, 4.0], epsabs=1e-13)
    assert bhattacharyya(UNLIKE)[0, 1] == pytest.approx(area, rel=1e-8)


def test_the_overlap_ratio_of_unlike_components_is_that_of_their_density_on_the_line() -> None:
    grid = np.linspace(-1, 5, 200_001)
    density = np.exp(score_rows(UNLIKE, grid[:, None]))
    inner = density[1:-1]
    peaks = inner[(inner > density[:-2]) & (inner > density[2:])]
    saddle = inner[(inner < density[:-2]) & (inner < density[2:])]
    assert (len(peaks), len(saddle)) == (2, 1)
    assert ridge_overlap(UNLIKE)[0, 1] == pytest.approx(saddle[0] / peaks.min(), rel=2e-3)
