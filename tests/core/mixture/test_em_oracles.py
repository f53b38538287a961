"""EM against algorithm 1 in plain loops, scikit-learn, numerical optimisation and known mixtures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg, optimize

from gmmseg.arrays import FloatArray
from gmmseg.mixture.covariance import Diagonal, Full, Spherical
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.fit import fit
from gmmseg.mixture.moments import parameter_change
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from tests.core.mixture.cases import (
    KINDS,
    blobs,
    covariance_of,
    plain_e_step,
    plain_m_step,
    random_params,
    run_em,
)

pytestmark = pytest.mark.usefixtures("both_e_steps")


def _overlapping(seed: int, n_rows: int = 60, n_features: int = 2) -> tuple[np.random.Generator, FloatArray]:
    rng = np.random.default_rng(seed)
    values = blobs(rng, n_rows, 3, n_features, apart=2.5)[0] @ (np.eye(n_features) + 0.3)
    return rng, values + 5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_features", [1, 2, 3])
def test_em_is_algorithm_1_in_plain_loops(kind: CovarianceKind, n_features: int) -> None:
    rng, values = _overlapping(n_features, 40, n_features)
    params = random_params(rng, 3, n_features, kind, spread=2.0).shifted(values.mean(axis=0))
    for step in run_em(values, params, 6):
        plain = plain_e_step(values, params)
        assert step.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-10)
        assert step.q == pytest.approx(plain.q, rel=1e-10)
        assert step.h == pytest.approx(plain.h, rel=1e-8, abs=1e-9)
        np.testing.assert_allclose(step.params.weights, params.weights, rtol=1e-10)
        np.testing.assert_allclose(step.params.means, params.means, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(step.params.matrices(), params.matrices(), rtol=1e-9, atol=1e-10)
        params = plain_m_step(values, plain.gamma, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_rows", [1, 7, 8191, 8192, 8193])
def test_an_iteration_over_any_number_of_blocks_is_the_two_pass_one(
    kind: CovarianceKind, n_rows: int
) -> None:
    rng = np.random.default_rng(n_rows)
    values = rng.normal(size=(n_rows, 2)) * 2
    start = random_params(rng, 3, 2, kind, spread=0.5)
    first, second = run_em(values, start, 1, floor=1e-3)
    joint = np.array(
        [
            np.log(w) + score_rows(MixtureParams(np.ones(1), m[None], Full(c[None])), values)
            for w, m, c in zip(start.weights, start.means, start.matrices(), strict=True)
        ]
    )
    density = np.logaddexp.reduce(joint, axis=0)
    gamma = np.exp(joint - density)
    counts = gamma.sum(axis=1)
    means = gamma @ values / counts[:, None]
    assert first.log_likelihood == pytest.approx(density.sum(), rel=1e-11)
    np.testing.assert_allclose(second.params.weights, counts / n_rows, rtol=1e-10)
    np.testing.assert_allclose(second.params.means, means, rtol=1e-9, atol=1e-12)
    if n_rows > 1:
        deviations = values[None] - means[:, None]
        scatter = np.einsum("kn,knd,kne->kde", gamma, deviations, deviations)
        if kind == "tied":
            expected = np.broadcast_to(scatter.sum(axis=0) / n_rows, (3, 2, 2))
        else:
            covariance = covariance_of(kind, scatter / counts[:, None, None])
            expected = covariance.matrices(3, 2)
        # The floor of 1e-3 is out of reach here except for the smallest samples.
        if np.linalg.eigvalsh(expected).min() > 1e-3:
            np.testing.assert_allclose(second.params.matrices(), expected, rtol=1e-8, atol=1e-10)


def _q(theta: FloatArray, values: FloatArray, gamma: FloatArray) -> float:
    """Q of a 2-component mixture with diagonal covariances, unconstrained parameters, brute force."""
    logits, means, log_variances = (
        np.array([theta[0], 0.0]),
        theta[1:5].reshape(2, 2),
        theta[5:9].reshape(2, 2),
    )
    log_weights = logits - np.logaddexp.reduce(logits)
    total = 0.0
    for n, x in enumerate(values):
        for k in range(2):
            log_normal = -0.5 * np.sum(
                np.log(2 * np.pi) + log_variances[k] + (x - means[k]) ** 2 / np.exp(log_variances[k])
            )
            total += gamma[n, k] * (log_weights[k] + log_normal)
    return total


def test_the_m_step_is_the_numerical_maximum_of_q() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(8, 2)) * [1.0, 3.0] + np.repeat([[0.0, 0.0], [3.0, 1.0]], 4, axis=0)
    start = MixtureParams(
        np.array([0.4, 0.6]), np.array([[0.0, 0.0], [2.0, 2.0]]), Diagonal(np.ones((2, 2)) * 2)
    )
    gamma = plain_e_step(values, start).gamma

    def minus_q(theta: FloatArray) -> float:
        return -_q(theta, values, gamma)

    found = optimize.minimize(minus_q, np.zeros(9), method="BFGS", tol=1e-10)
    new = run_em(values, start, 1)[1].params
    shares = np.exp([found.x[0], 0.0])
    np.testing.assert_allclose(new.weights, shares / shares.sum(), rtol=1e-5)
    np.testing.assert_allclose(new.means, found.x[1:5].reshape(2, 2), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(new.covariance.values, np.exp(found.x[5:9].reshape(2, 2)), rtol=1e-4)


def _perturbed(
    params: MixtureParams, kind: CovarianceKind, which: str, index: tuple[int, ...], by: float
) -> MixtureParams:
    weights, means, values = params.weights.copy(), params.means.copy(), params.covariance.values.copy()
    if which == "weights":
        logits = np.log(weights)
        logits[index] += by
        weights = np.exp(logits - np.logaddexp.reduce(logits))
    elif which == "means":
        means[index] += by
    else:
        values[index] += by
        if kind in ("full", "tied") and index[-1] != index[-2]:
            values[(*index[:-2], index[-1], index[-2])] += by
    return MixtureParams(weights, means, type(params.covariance)(values))


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_zero_at_convergence(kind: CovarianceKind) -> None:
    _, values = _overlapping(1, 120)
    settings = FitSettings(2, kind, seed=1, tol=1e-14, max_iter=5000)
    result = fit(values, None, settings)
    assert result.converged
    params, step = result.params, 1e-5
    places = [("weights", (0,))]
    places += [("means", index) for index in np.ndindex(params.means.shape)]
    places += [("covariances", index) for index in np.ndindex(params.covariance.values.shape)]
    for which, index in places:
        up, down = (
            score_rows(_perturbed(params, kind, which, index, by), values).mean() for by in (step, -step)
        )
        assert abs(up - down) / (2 * step) < 2e-5, (which, index)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_separated_mixtures_are_recovered(kind: CovarianceKind, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, labels = blobs(rng, 3000, 3, 2, apart=12.0)
    params = fit(values, None, FitSettings(3, kind, seed=seed)).params
    order = np.argsort(params.means[:, 0])
    truth = np.array([values[labels == k].mean(axis=0) for k in range(3)])
    np.testing.assert_allclose(params.means[order], truth, atol=1e-6)
    np.testing.assert_allclose(params.weights, 1 / 3, atol=1e-6)
    for k in range(3):
        expected = np.cov(values[labels == k].T, ddof=0)
        np.testing.assert_allclose(params.matrices()[order[k]], expected, atol=0.12)


@pytest.mark.parametrize("kind", KINDS)
def test_sixteen_bit_rows_far_from_zero_keep_their_variance(kind: CovarianceKind) -> None:
    # A standard deviation of exactly 2 at 60,000: E[x²] - E[x]² in float32 gives 245,504.
    values = np.column_stack([np.tile([59998.0, 60002.0], 500), np.repeat([59998.0, 60002.0], 500)])
    result = fit(values, None, FitSettings(1, kind))
    np.testing.assert_allclose(result.params.matrices()[0], np.diag([4.0, 4.0]), atol=4e-9)
    np.testing.assert_allclose(result.params.means[0], 60000.0, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_two_sixteen_bit_groups_keep_their_variances(kind: CovarianceKind) -> None:
    near = np.column_stack([np.tile([59998.0, 60002.0], 500), np.repeat([59998.0, 60002.0], 500)])
    values = np.vstack([near, near - 30000])
    result = fit(values, None, FitSettings(2, kind, seed=3))
    np.testing.assert_allclose(result.params.matrices(), np.tile(np.diag([4.0, 4.0]), (2, 1, 1)), atol=4e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_one_component_is_the_sample_mean_and_covariance(kind: CovarianceKind) -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 3)) + 50
    result = fit(values, None, FitSettings(1, kind))
    expected = np.cov(values.T, ddof=0)
    if kind in ("diag", "spherical"):
        variances = np.diag(expected)
        expected = np.diag(variances if kind == "diag" else np.full(3, variances.mean()))
    np.testing.assert_allclose(result.params.means[0], values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(result.params.matrices()[0], expected, rtol=1e-10, atol=1e-10)
    assert result.stop_reason == "closed form"
    assert result.converged


def test_one_feature_variance_is_numpys_without_correction() -> None:
    values = np.random.default_rng(0).normal(3, 2, size=(50, 1))
    result = fit(values, None, FitSettings(1, "spherical"))
    assert result.params.covariance.values[0] == pytest.approx(np.var(values, ddof=0), rel=1e-12)


def test_given_assignments_make_one_m_step_the_class_means_and_covariances() -> None:
    rng = np.random.default_rng(2)
    values, labels = blobs(rng, 90, 3, 2, apart=50.0)
    truth = np.array([values[labels == k].mean(axis=0) for k in range(3)])
    start = MixtureParams(np.full(3, 1 / 3), truth, Spherical(np.ones(3)))
    full = MixtureParams(start.weights, truth, Full(start.matrices().copy()))
    new = run_em(values, full, 1)[1].params
    for k in range(3):
        np.testing.assert_allclose(new.means[k], truth[k], rtol=1e-10)
        np.testing.assert_allclose(new.matrices()[k], np.cov(values[labels == k].T, ddof=0), rtol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("moved", ["weights", "means", "covariances", "all"])
def test_the_parameter_change_is_the_stated_norm(kind: CovarianceKind, moved: str) -> None:
    rng = np.random.default_rng(4)
    old, other = random_params(rng, 3, 2, kind), random_params(rng, 3, 2, kind)
    new = MixtureParams(
        other.weights if moved in ("weights", "all") else old.weights,
        other.means if moved in ("means", "all") else old.means,
        other.covariance if moved in ("covariances", "all") else old.covariance,
    )
    square = float(((new.weights - old.weights) ** 2).sum())
    for k in range(3):
        # By symmetric roots, not by Cholesky factors: norms do not depend on the root.
        root = np.linalg.inv(linalg.sqrtm(old.matrices()[k]))
        square += float(((root @ (new.means[k] - old.means[k])) ** 2).sum())
        square += float(((root @ new.matrices()[k] @ root - np.eye(2)) ** 2).sum()) / 2
    assert parameter_change(old, new) == pytest.approx(np.sqrt(square), rel=1e-9)
    assert square > 0.01
