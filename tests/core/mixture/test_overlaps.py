"""Overlap measures against closed forms, minimisation and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from gmmseg.arrays import FloatArray
from gmmseg.mixture.covariance import Full, Spherical
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.fit import fit
from gmmseg.mixture.overlaps import bhattacharyya, pairwise_overlap, ridge_overlap
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from tests.core.mixture.cases import KINDS, random_params


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
    for measure in (ridge_overlap, bhattacharyya, pairwise_overlap):
        overlap = measure(params)
        np.testing.assert_array_equal(overlap, overlap.T)
        np.testing.assert_array_equal(np.diag(overlap), 1)
        assert ((overlap >= 0) & (overlap <= 1 + 1e-12)).all()
        # Draws are moved by Cholesky factors, which do not turn with the axes: other draws of the same rows.
        drawn = 0.02 if measure is pairwise_overlap else 0.0
        np.testing.assert_allclose(measure(mapped), overlap, rtol=1e-8, atol=drawn)


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


def _simulated(params: MixtureParams, n_draws: int, seed: int) -> FloatArray:
    """Return omega_ij of all pairs from rows drawn of each component, with scipy's densities."""
    n, matrices, rng = params.n_components, params.matrices(), np.random.default_rng(seed)
    normals = [stats.multivariate_normal(params.means[k], matrices[k]) for k in range(n)]
    missed = np.zeros((n, n))
    for i in range(n):
        rows = normals[i].rvs(n_draws, random_state=rng).reshape(n_draws, -1)
        logs = [np.log(params.weights[j]) + normals[j].logpdf(rows) for j in range(n)]
        missed[i] = [np.mean(logs[j] > logs[i]) for j in range(n)]
    return missed + missed.T + np.eye(n)


@pytest.mark.parametrize("n_features", [1, 2, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_the_pairwise_overlap_is_what_drawn_rows_show(kind: CovarianceKind, n_features: int) -> None:
    params = random_params(np.random.default_rng(n_features), 4, n_features, kind, spread=1.5)
    # Two probabilities with standard errors of at most .5 / sqrt(n) each, from 40,000 and from 16,384 draws.
    np.testing.assert_allclose(pairwise_overlap(params), _simulated(params, 40_000, 1), atol=0.025)


@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.2, 0.8)])
@pytest.mark.parametrize("n_features", [1, 3])
def test_two_equal_shapes_overlap_by_the_normal_tails_beyond_the_plane_between_them(
    weights: tuple[float, float], n_features: int
) -> None:
    distance = 1.7
    means = np.zeros((2, n_features))
    means[1, 0] = distance
    params = MixtureParams(np.array(weights), means, Spherical(np.ones(2)))
    shift = np.log(weights[1] / weights[0]) / distance
    expected = stats.norm.cdf(-distance / 2 + shift) + stats.norm.cdf(-distance / 2 - shift)
    tolerance = 1e-12 if n_features == 1 else 0.015
    assert pairwise_overlap(params)[0, 1] == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("seed", range(8))
def test_on_a_line_the_overlap_is_the_integral_of_the_smaller_densities(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet([2.0, 2.0])
    means, deviations = rng.normal(size=2) * 2, rng.uniform(0.3, 3.0, size=2)
    params = MixtureParams(weights, means[:, None], Spherical(deviations**2))
    x = np.linspace(-40, 40, 400_001)
    densities = [stats.norm.pdf(x, means[k], deviations[k]) for k in range(2)]
    second_wins = weights[1] * densities[1] > weights[0] * densities[0]
    step = x[1] - x[0]
    expected = (densities[0][second_wins].sum() + densities[1][~second_wins].sum()) * step
    assert pairwise_overlap(params)[0, 1] == pytest.approx(expected, abs=2e-4)


def test_equal_components_tie_and_a_component_without_weight_never_wins() -> None:
    for n_features in (1, 2):
        means = np.zeros((3, n_features))
        params = MixtureParams(np.array([0.5, 0.5, 0.0]), means, Spherical(np.ones(3)))
        overlap = pairwise_overlap(params)
        assert overlap[0, 1] == pytest.approx(1.0)
        assert overlap[0, 2] == pytest.approx(1.0)  # all rows of the third are taken for the first's


def test_the_same_seed_gives_the_same_overlap() -> None:
    params = random_params(np.random.default_rng(0), 3, 3, spread=1.0)
    np.testing.assert_array_equal(pairwise_overlap(params), pairwise_overlap(params))
    assert (pairwise_overlap(params, seed=1) != pairwise_overlap(params)).any()
