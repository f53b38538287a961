"""Densities, posteriors and samples against scipy, mpmath and sums over all assignments."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from gmmseg.arrays import FloatArray
from gmmseg.control import StopRequest
from gmmseg.errors import Cancelled
from gmmseg.mixture.covariance import Diagonal, Full, Spherical, Tied
from gmmseg.mixture.density import (
    log_density,
    log_joint,
    responsibilities,
    sample,
    score_rows,
)
from gmmseg.mixture.kernels import sum_of_logs
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind
from tests.core.mixture.cases import KINDS, random_params


def _joint(params: MixtureParams, values: FloatArray) -> FloatArray:
    out = np.empty((params.n_components, len(values)))
    for rows, block in log_joint(params, values):
        out[:, rows] = block
    return out


def _posterior(params: MixtureParams, values: FloatArray) -> FloatArray:
    out = np.empty((params.n_components, len(values)))
    for rows, block in responsibilities(params, values):
        out[:, rows] = block
    return out


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_features", [1, 2, 5, 30])
def test_component_densities_are_scipys(kind: CovarianceKind, n_features: int) -> None:
    rng = np.random.default_rng(n_features)
    params = random_params(rng, 3, n_features, kind)
    values = rng.normal(size=(50, n_features)) * 4
    expected = [
        np.log(w) + stats.multivariate_normal(m, c).logpdf(values)
        for w, m, c in zip(params.weights, params.means, params.matrices(), strict=True)
    ]
    np.testing.assert_allclose(_joint(params, values), expected, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(score_rows(params, values), logsumexp(expected, axis=0), rtol=1e-10)
    np.testing.assert_allclose(_posterior(params, values), np.exp(expected - logsumexp(expected, axis=0)))


def test_one_feature_density_is_scipys_norm() -> None:
    params = MixtureParams(
        np.array([0.25, 0.75]), np.array([[1.0], [-2.0]]), Spherical(np.array([4.0, 0.25]))
    )
    x = np.linspace(-8, 8, 101)
    expected = 0.25 * stats.norm(1, 2).pdf(x) + 0.75 * stats.norm(-2, 0.5).pdf(x)
    np.testing.assert_allclose(np.exp(score_rows(params, x[:, None])), expected, rtol=1e-12)


def test_density_integrates_to_one_on_a_grid() -> None:
    params = random_params(np.random.default_rng(0), 3, 2)
    axis = np.linspace(-30, 30, 601)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    assert np.exp(score_rows(params, grid)).sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_rows", [1, 2, 3, 4])
def test_likelihood_and_posteriors_are_sums_over_all_assignments(kind: CovarianceKind, n_rows: int) -> None:
    rng = np.random.default_rng(n_rows)
    params = random_params(rng, 3, 2, kind, spread=1.0)
    values = rng.normal(size=(n_rows, 2))
    total, marginal = 0.0, np.zeros((3, n_rows))
    for z in itertools.product(range(3), repeat=n_rows):
        probability = np.prod(
            [
                params.weights[k] * stats.multivariate_normal(params.means[k], params.matrices()[k]).pdf(x)
                for k, x in zip(z, values, strict=True)
            ]
        )
        total += probability
        marginal[z, range(n_rows)] += probability
    assert score_rows(params, values).sum() == pytest.approx(np.log(total), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(_posterior(params, values), marginal / total, rtol=1e-11)


def _mpmath_log_density(params: MixtureParams, x: FloatArray) -> float:
    with mpmath.workdps(60):
        total = mpmath.mpf(0)
        for weight, mean, matrix in zip(params.weights, params.means, params.matrices(), strict=True):
            sigma = mpmath.matrix(matrix.tolist())
            offset = mpmath.matrix([mpmath.mpf(a) - mpmath.mpf(b) for a, b in zip(x, mean, strict=True)])
            distance = (offset.T * mpmath.lu_solve(sigma, offset))[0]
            scale = mpmath.sqrt(mpmath.det(2 * mpmath.pi * sigma))
            total += mpmath.mpf(weight) * mpmath.exp(-distance / 2) / scale
        return float(mpmath.log(total))


def _graded(condition: float, angle: float) -> tuple[FloatArray, FloatArray]:
    axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = (axes * [condition, 1.0]) @ axes.T
    return (matrix + matrix.T) / 2, axes


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("condition", "rel"), [(1e3, 1e-12), (1e6, 1e-9), (1e9, 1e-7)])
def test_ill_conditioned_log_densities_agree_with_sixty_digits(
    condition: float, rel: float, seed: int
) -> None:
    # Rounding the entries of a rotated covariance moves its small eigenvalue by condition x 1e-16: no
    # float64 method that starts from the matrix does better than that.
    rng = np.random.default_rng(seed)
    matrix, axes = _graded(condition, rng.uniform(0, np.pi))
    params = MixtureParams(np.ones(1), rng.normal(size=(1, 2)), Full(matrix[None]))
    values = params.means[0] + (rng.normal(size=(20, 2)) * np.sqrt([condition, 1.0])) @ axes.T
    expected = [_mpmath_log_density(params, x) for x in values]
    np.testing.assert_allclose(score_rows(params, values), expected, rtol=rel)


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_ill_conditioned_axis_parallel_log_densities_keep_nine_digits(kind: CovarianceKind) -> None:
    rng = np.random.default_rng(0)
    variances = np.array([[1e9, 1.0], [1.0, 1e-9]])
    covariance = Diagonal(variances) if kind == "diag" else Full(variances[:, :, None] * np.eye(2))
    params = MixtureParams(np.array([0.3, 0.7]), rng.normal(size=(2, 2)) * 100, covariance)
    values = params.means[1] + rng.normal(size=(20, 2)) * np.sqrt(variances[1])
    expected = [_mpmath_log_density(params, x) for x in values]
    np.testing.assert_allclose(score_rows(params, values), expected, rtol=1e-9)


@pytest.mark.parametrize("offset", [1e4, 1e6, 1e8])
def test_densities_far_from_the_origin_agree_with_sixty_digits(offset: float) -> None:
    rng = np.random.default_rng(1)
    params = random_params(rng, 2, 3).shifted(np.full(3, offset))
    values = params.means[0] + rng.normal(size=(10, 3))
    np.testing.assert_allclose(
        score_rows(params, values), [_mpmath_log_density(params, x) for x in values], rtol=1e-10
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("distance", [1e4, 1e8, 1e15])
def test_a_row_however_far_away_has_posteriors(kind: CovarianceKind, distance: float) -> None:
    params = random_params(np.random.default_rng(2), 4, 3, kind)
    values = np.vstack([np.full((1, 3), distance), np.full((1, 3), -distance), np.zeros((1, 3))])
    with np.errstate(all="raise", under="ignore"):
        posterior = _posterior(params, values)
        density = score_rows(params, values)
    assert np.isfinite(density).all()
    np.testing.assert_allclose(posterior.sum(axis=0), 1, atol=1e-9)
    nearest = [
        np.argmin(
            [
                (x - m) @ np.linalg.solve(c, x - m)
                for m, c in zip(params.means, params.matrices(), strict=True)
            ]
        )
        for x in values[:2]
    ]
    if kind != "tied":  # a shared covariance leaves ties to the last digits
        np.testing.assert_array_equal(posterior.argmax(axis=0)[:2], nearest)


def test_tiny_variances_do_not_underflow() -> None:
    params = MixtureParams(
        np.array([0.5, 0.5]), np.array([[0.0], [1.0]]), Spherical(np.array([1e-300, 1e-300]))
    )
    posterior = _posterior(params, np.array([[0.0], [1.0], [1e-140]]))
    np.testing.assert_allclose(posterior, [[1, 0, 1], [0, 1, 0]], atol=1e-300)


def test_a_component_of_weight_zero_has_posterior_zero() -> None:
    params = MixtureParams(np.array([1.0, 0.0]), np.zeros((2, 2)), Tied(np.eye(2)))
    values = np.random.default_rng(0).normal(size=(10, 2))
    np.testing.assert_allclose(_posterior(params, values), [[1] * 10, [0] * 10], atol=1e-300)
    np.testing.assert_allclose(score_rows(params, values), stats.multivariate_normal([0, 0]).logpdf(values))


@pytest.mark.parametrize("n_rows", [1, 7, 8191, 8192, 8193, 16385])
def test_block_boundaries_do_not_show(n_rows: int) -> None:
    rng = np.random.default_rng(3)
    params = random_params(rng, 3, 2)
    values = rng.normal(size=(n_rows, 2)) * 3
    expected = logsumexp(
        [
            np.log(w) + stats.multivariate_normal(m, c).logpdf(values).reshape(n_rows)
            for w, m, c in zip(params.weights, params.means, params.matrices(), strict=True)
        ],
        axis=0,
    )
    np.testing.assert_allclose(score_rows(params, values), expected, rtol=1e-10)
    density = np.concatenate([block.copy() for _, block in log_density(params, values)])
    np.testing.assert_allclose(density, expected, rtol=1e-10)


def test_evaluation_is_cancelled_before_the_next_block() -> None:
    params = random_params(np.random.default_rng(0), 2, 2)
    asked = []

    def should_stop() -> StopRequest:
        asked.append(1)
        return StopRequest.CANCEL if len(asked) == 3 else StopRequest.NONE

    with pytest.raises(Cancelled):
        score_rows(params, np.zeros((100_000, 2)), should_stop)
    assert len(asked) == 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_samples_have_the_frequencies_and_moments_of_the_mixture(kind: CovarianceKind, seed: int) -> None:
    params = random_params(np.random.default_rng(seed), 3, 2, kind)
    values, components = sample(params, 30_000, np.random.default_rng(seed))
    observed = np.bincount(components, minlength=3)
    assert stats.chisquare(observed, params.weights * 30_000).pvalue > 1e-4
    for k, matrix in enumerate(params.matrices()):
        own = values[components == k]
        error = np.linalg.solve(np.linalg.cholesky(matrix), own.mean(axis=0) - params.means[k])
        assert np.abs(error).max() < 5 / np.sqrt(len(own))
        np.testing.assert_allclose(np.cov(own.T, ddof=0), matrix, atol=0.06 * np.abs(matrix).max())


def test_the_same_seed_draws_the_same_sample() -> None:
    params = random_params(np.random.default_rng(0), 3, 2)
    first = sample(params, 100, np.random.default_rng(5))
    again = sample(params, 100, np.random.default_rng(5))
    assert first[0].tobytes() == again[0].tobytes()
    assert first[1].tobytes() == again[1].tobytes()


@pytest.mark.parametrize("n_rows", [0, 1, 63, 64, 65, 5000])
@pytest.mark.parametrize("largest", [1.0, 5.0, 256.0, 2.0**15])
def test_one_logarithm_of_a_product_is_the_sum_of_all(n_rows: int, largest: float) -> None:
    totals = np.random.default_rng(n_rows).uniform(1.0, largest, size=n_rows)
    totals[: n_rows // 2] = largest
    assert sum_of_logs(totals) == pytest.approx(float(np.log(totals).sum()), rel=1e-14, abs=1e-13)
