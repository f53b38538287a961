"""The four covariance families against numpy's linear algebra."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind
from tests.core.mixture.cases import KINDS, random_params

K, D = 3, 4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_every_view_of_the_covariances_agrees_with_the_matrices(kind: CovarianceKind, seed: int) -> None:
    rng = np.random.default_rng(seed)
    covariance = random_params(rng, K, D, kind).covariance
    matrices = covariance.matrices(K, D)
    assert matrices.shape == (K, D, D)
    np.testing.assert_allclose(covariance.log_determinants(K, D), np.linalg.slogdet(matrices)[1], rtol=1e-12)
    inverses = np.linalg.inv(matrices)
    expected = np.diagonal(inverses, axis1=1, axis2=2) if covariance.is_diagonal else inverses
    np.testing.assert_allclose(covariance.precisions(K, D), expected, rtol=1e-10, atol=1e-12)
    eigenvalues = np.linalg.eigvalsh(matrices)
    np.testing.assert_allclose(covariance.eigenvalue_range(), (eigenvalues.min(), eigenvalues.max()))
    deviations = rng.normal(size=(D, 20))
    for k in range(K):
        white = covariance.whiten(k, deviations)
        distances = np.einsum("dn,de,en->n", deviations, inverses[k], deviations)
        np.testing.assert_allclose((white**2).sum(axis=0), distances, rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_reordering_moves_whole_components(kind: CovarianceKind) -> None:
    covariance = random_params(np.random.default_rng(0), K, D, kind).covariance
    order = np.array([2, 0, 1])
    np.testing.assert_array_equal(
        covariance.reordered(order).matrices(K, D), covariance.matrices(K, D)[order]
    )


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
def test_replacing_takes_only_the_marked_components(kind: CovarianceKind) -> None:
    new, old = (random_params(np.random.default_rng(seed), K, D, kind).covariance for seed in (0, 1))
    mixed = new.replaced(old, np.array([False, True, False])).matrices(K, D)
    np.testing.assert_array_equal(mixed[[0, 2]], new.matrices(K, D)[[0, 2]])
    np.testing.assert_array_equal(mixed[1], old.matrices(K, D)[1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("floor", [0.0, 0.5, 100.0])
def test_the_m_step_raises_eigenvalues_to_the_floor_and_leaves_the_others(
    kind: CovarianceKind, floor: float
) -> None:
    rng = np.random.default_rng(1)
    factors = rng.normal(size=(K, D, 2))  # rank 2: two eigenvalues are 0
    counts = np.array([3.0, 10.0, 0.5])
    scatter = factors @ np.swapaxes(factors, 1, 2)
    family = FAMILIES[kind]
    if not family.is_diagonal:
        floor = max(floor, 1e-3)
        scaled = (
            scatter.sum(axis=0)[None] / counts.sum() if kind == "tied" else scatter / counts[:, None, None]
        )
        values, axes = np.linalg.eigh(scaled)
        expected = (axes * np.maximum(values, floor)[:, None, :]) @ np.swapaxes(axes, 1, 2)
        found = family.from_moments(counts, scatter, floor)
        np.testing.assert_allclose(found.matrices(K, D), np.broadcast_to(expected, (K, D, D)), atol=1e-10)
    else:
        squares = np.diagonal(scatter, axis1=1, axis2=2) / counts[:, None]
        variances = squares if kind == "diag" else np.repeat(squares.mean(axis=1)[:, None], D, axis=1)
        found = family.from_moments(counts, np.diagonal(scatter, axis1=1, axis2=2), floor)
        np.testing.assert_allclose(found.matrices(K, D), np.maximum(variances, floor)[:, :, None] * np.eye(D))


@pytest.mark.parametrize("kind", ["full", "tied", "diag"])
def test_arrays_that_do_not_fit_each_other_are_refused(kind: CovarianceKind) -> None:
    params = random_params(np.random.default_rng(0), K, D, kind)
    with pytest.raises(ValueError, match="do not fit means"):
        MixtureParams(np.full(2, 0.5), params.means, params.covariance)
    with pytest.raises(ValueError, match="do not fit means"):
        MixtureParams(params.weights, params.means[:, :2], params.covariance)


def test_parameters_cannot_be_written_to() -> None:
    params = random_params(np.random.default_rng(0), K, D)
    for array in (params.weights, params.means, params.covariance.values):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
