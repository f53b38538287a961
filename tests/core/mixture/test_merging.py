"""Merged Gaussians and the trees of merges."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.arrays import FloatArray
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.density import responsibilities, sample
from gmmseg.mixture.merging import merge_by_entropy, merged_component, with_merged
from gmmseg.mixture.misclassification import merge_by_misclassification, misclassification
from gmmseg.mixture.params import MixtureParams
from tests.core.mixture.cases import blobs, random_params


def _overall(params: MixtureParams) -> tuple[FloatArray, FloatArray]:
    mean = params.weights @ params.means
    deviations = params.means - mean
    return mean, np.einsum("k,kde->de", params.weights, params.matrices()) + np.einsum(
        "k,kd,ke->de", params.weights, deviations, deviations
    )


@pytest.mark.parametrize("seed", range(5))
def test_merging_two_components_keeps_the_overall_mean_and_covariance(seed: int) -> None:
    params = random_params(np.random.default_rng(seed), 4, 3)
    merged = with_merged(params, 1, 3)
    assert merged.n_components == 3
    for before, after in zip(_overall(params), _overall(merged), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-12, atol=1e-12)
    weight, mean, covariance = merged_component(params, [1, 3])
    assert weight == pytest.approx(params.weights[[1, 3]].sum())
    np.testing.assert_array_equal(merged.means[1], mean)
    np.testing.assert_array_equal(merged.matrices()[1], covariance)


def _entropy(groups: list[list[int]], posterior: FloatArray) -> float:
    merged = np.array([posterior[group].sum(axis=0) for group in groups])
    return -float((merged * np.log(np.maximum(merged, 1e-300))).sum())


@pytest.mark.parametrize("seed", range(3))
def test_each_merge_lowers_the_entropy_most(seed: int) -> None:
    rng = np.random.default_rng(seed)
    params = random_params(rng, 4, 2, spread=1.5)
    values = rng.normal(size=(100, 2)) * 2
    posterior = np.concatenate([block for _, block in responsibilities(params, values)], axis=1)
    tree, entropies = merge_by_entropy(params, values)
    groups = [[k] for k in range(4)]
    for step in range(3):
        assert entropies[step] == pytest.approx(_entropy(groups, posterior), abs=1e-9)
        options = []
        for i in range(len(groups)):
            for j in range(i + 1, len(groups)):
                rest = [group for at, group in enumerate(groups) if at not in (i, j)]
                options.append(sorted([*rest, sorted(groups[i] + groups[j])]))
        groups = min(options, key=lambda option: _entropy(option, posterior))
        assert [list(group) for group in tree.groups(step + 1)] == sorted(groups)
    assert entropies[-1] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(tree.values, -np.diff(entropies), atol=1e-9)


def test_weights_are_repeated_rows_in_the_tree() -> None:
    rng = np.random.default_rng(0)
    params, values = random_params(rng, 3, 2, spread=1.0), rng.normal(size=(50, 2))
    counts = rng.integers(1, 4, size=50)
    one = merge_by_entropy(params, values, counts.astype(float))
    two = merge_by_entropy(params, np.repeat(values, counts, axis=0))
    np.testing.assert_allclose(one[1], two[1], rtol=1e-9, atol=1e-9)


def test_overlapping_components_merge_before_separated_ones() -> None:
    values, _ = blobs(np.random.default_rng(0), 600, 2, 2, apart=30.0)
    means = np.array([[0.0, 0.3], [30.0, 0.0], [0.0, -0.3]])
    params = MixtureParams(np.array([0.25, 0.5, 0.25]), means, Full(np.stack([np.eye(2)] * 3)))
    assert merge_by_entropy(params, values)[0].groups(1) == [(0, 2), (1,)]


def _confused_most(united: FloatArray, weights: FloatArray) -> tuple[tuple[int, int], float]:
    """Return the pair of rows of `united` with the largest chance of misclassification, and that chance."""
    assigned = united.argmax(axis=0)
    best, pair = -1.0, (0, 0)
    for i in range(len(united)):
        for j in range(i + 1, len(united)):
            for a, b in ((i, j), (j, i)):
                chance = (united[b] * weights)[assigned == a].sum() / (united[b] * weights).sum()
                if chance > best + 1e-12:
                    best, pair = chance, (i, j)
    return pair, best


@pytest.mark.parametrize("seed", range(4))
def test_each_merge_unites_the_pair_that_is_confused_most(seed: int) -> None:
    rng = np.random.default_rng(seed)
    posteriors = rng.dirichlet(rng.uniform(0.05, 0.6, size=8), size=300).T
    weights = rng.integers(1, 4, size=300).astype(float)
    tree = merge_by_misclassification(posteriors, weights)
    groups = [[k] for k in range(8)]
    for step in range(7):
        assert [list(group) for group in tree.groups(step)] == groups
        (i, j), chance = _confused_most(np.stack([posteriors[g].sum(axis=0) for g in groups]), weights)
        assert tree.values[step] == pytest.approx(chance, rel=1e-9)
        groups[i] = sorted(groups[i] + groups.pop(j))
    repeated = np.repeat(posteriors, weights.astype(int), axis=1)
    np.testing.assert_array_equal(merge_by_misclassification(repeated).pairs, tree.pairs)


def test_a_tree_ended_early_is_the_beginning_of_the_whole_one() -> None:
    posteriors = np.random.default_rng(0).dirichlet(np.full(9, 0.2), size=400).T.astype(np.float32)
    whole, part = merge_by_misclassification(posteriors), merge_by_misclassification(posteriors, None, 4)
    np.testing.assert_array_equal(part.pairs, whole.pairs[:5])
    assert part.groups(5) == whole.groups(5)
    assert (part.n_leaves, part.n_roots, whole.n_roots) == (9, 4, 1)
    assert whole.groups(8) == [tuple(range(9))]


def test_the_chances_of_misclassification_are_those_of_drawn_rows() -> None:
    rng = np.random.default_rng(5)
    params = random_params(rng, 3, 2, spread=1.5)
    values, components = sample(params, 60_000, rng)
    posteriors = np.concatenate([block.copy() for _, block in responsibilities(params, values)], axis=1)
    assigned = posteriors.argmax(axis=0)
    estimated = misclassification(posteriors)
    for i in range(3):
        for j in range(3):
            drawn = np.mean(assigned[components == j] == i)
            assert estimated[i, j] == pytest.approx(drawn, abs=0.015)
    np.testing.assert_allclose(estimated.sum(axis=0), 1, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_halves_of_one_gaussian_are_confused_and_groups_far_apart_never(seed: int) -> None:
    rng = np.random.default_rng(seed)
    means = np.array([[0.0, 0.3], [10.0, 0.0], [0.0, -0.3]])
    params = MixtureParams(np.array([0.25, 0.5, 0.25]), means, Full(np.stack([np.eye(2)] * 3)))
    values, _ = sample(params, 2000, rng)
    posteriors = np.concatenate([block.copy() for _, block in responsibilities(params, values)], axis=1)
    tree = merge_by_misclassification(posteriors)
    assert tree.groups(1) == [(0, 2), (1,)]
    assert tree.values[0] > 0.2
    assert tree.values[1] < 1e-3
