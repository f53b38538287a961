"""Overlap measures, merged Gaussians and the tree of merges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from gmmseg.mixture.covariance import Full
from gmmseg.mixture.density import responsibilities, score_rows
from gmmseg.mixture.fit import fit
from gmmseg.mixture.merging import (
    bhattacharyya,
    merge_by_entropy,
    merged_component,
    ridge_overlap,
    with_merged,
)
from gmmseg.mixture.params import FitSettings, MixtureParams
from tests.core.mixture.cases import blobs, random_params


def _overall(params):
    mean = params.weights @ params.means
    deviations = params.means - mean
    return mean, np.einsum("k,kde->de", params.weights, params.matrices()) + np.einsum(
        "k,kd,ke->de", params.weights, deviations, deviations
    )


def _pair(distance, weights=(0.5, 0.5)):
    means = np.array([[0.0, 0.0], [distance, 0.0]])
    return MixtureParams(np.array(weights), means, Full(np.stack([np.eye(2)] * 2)))


@pytest.mark.parametrize("seed", range(5))
def test_merging_two_components_keeps_the_overall_mean_and_covariance(seed):
    params = random_params(np.random.default_rng(seed), 4, 3)
    merged = with_merged(params, 1, 3)
    assert merged.n_components == 3
    for before, after in zip(_overall(params), _overall(merged), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-12, atol=1e-12)
    weight, mean, covariance = merged_component(params, [1, 3])
    assert weight == pytest.approx(params.weights[[1, 3]].sum())
    np.testing.assert_array_equal(merged.means[1], mean)
    np.testing.assert_array_equal(merged.matrices()[1], covariance)


@pytest.mark.parametrize("seed", range(5))
def test_overlaps_are_symmetric_and_in_range_and_do_not_depend_on_units(seed):
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
        assert ((overlap > 0) & (overlap <= 1 + 1e-12)).all()
        np.testing.assert_allclose(measure(mapped), overlap, rtol=1e-8)


@pytest.mark.parametrize("distance", [3.0, 4.0, 6.0])
@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.3, 0.7)])
def test_the_overlap_ratio_is_the_saddle_over_the_lower_peak(distance, weights):
    params = _pair(distance, weights)

    def density(x):
        return float(np.exp(score_rows(params, np.array([[x, 0.0]])))[0])

    peaks = [
        density(optimize.minimize_scalar(lambda x: -density(x), bounds=bounds, method="bounded").x)
        for bounds in ((-1.0, 1.0), (distance - 1, distance + 1))
    ]
    saddle = optimize.minimize_scalar(density, bounds=(0.5, distance - 0.5), method="bounded").x
    assert ridge_overlap(params)[0, 1] == pytest.approx(density(saddle) / min(peaks), rel=2e-3)


def test_two_equal_gaussians_overlap_by_their_distance():
    assert bhattacharyya(_pair(2.0))[0, 1] == pytest.approx(np.exp(-0.5), rel=1e-12)
    assert ridge_overlap(_pair(1.9))[0, 1] == 1  # one peak up to two standard deviations
    assert ridge_overlap(_pair(2.6))[0, 1] < 1
    assert ridge_overlap(_pair(10.0))[0, 1] < 1e-4
    assert bhattacharyya(_pair(10.0))[0, 1] < 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_one_gaussian_fitted_with_two_components_merges_by_every_rule(seed):
    values = np.random.default_rng(seed).normal(size=(2000, 2))
    params = fit(values, None, FitSettings(2, seed=seed)).params
    assert ridge_overlap(params)[0, 1] > 0.2
    assert bhattacharyya(params)[0, 1] > 0.1


def _entropy(groups, posterior):
    merged = np.array([posterior[group].sum(axis=0) for group in groups])
    return -float((merged * np.log(np.maximum(merged, 1e-300))).sum())


@pytest.mark.parametrize("seed", range(3))
def test_each_merge_lowers_the_entropy_most(seed):
    rng = np.random.default_rng(seed)
    params = random_params(rng, 4, 2, spread=1.5)
    values = rng.normal(size=(100, 2)) * 2
    posterior = np.concatenate([block for _, block in responsibilities(params, values)], axis=1)
    tree = merge_by_entropy(params, values)
    groups = [[k] for k in range(4)]
    for step in range(3):
        assert tree.entropies[step] == pytest.approx(_entropy(groups, posterior), abs=1e-9)
        options = []
        for i in range(len(groups)):
            for j in range(i + 1, len(groups)):
                rest = [group for at, group in enumerate(groups) if at not in (i, j)]
                options.append(sorted([*rest, sorted(groups[i] + groups[j])]))
        groups = min(options, key=lambda option: _entropy(option, posterior))
        assert sorted(tree.groups(3 - step)) == sorted(groups)
    assert tree.entropies[-1] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(tree.gains, -np.diff(tree.entropies), atol=1e-9)


def test_weights_are_repeated_rows_in_the_tree():
    rng = np.random.default_rng(0)
    params, values = random_params(rng, 3, 2, spread=1.0), rng.normal(size=(50, 2))
    counts = rng.integers(1, 4, size=50)
    one = merge_by_entropy(params, values, counts.astype(float))
    two = merge_by_entropy(params, np.repeat(values, counts, axis=0))
    np.testing.assert_allclose(one.entropies, two.entropies, rtol=1e-9, atol=1e-9)


def test_overlapping_components_merge_before_separated_ones():
    values, _ = blobs(np.random.default_rng(0), 600, 2, 2, apart=30.0)
    means = np.array([[0.0, 0.3], [30.0, 0.0], [0.0, -0.3]])
    params = MixtureParams(np.array([0.25, 0.5, 0.25]), means, Full(np.stack([np.eye(2)] * 3)))
    assert sorted(merge_by_entropy(params, values).groups(2)) == [[0, 2], [1]]
