"""Annihilation: the number that made the rows is found, by the formulas of Figueiredo and Jain."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from gmmseg.arrays import FloatArray
from gmmseg.control import StopRequest, result_of
from gmmseg.errors import Cancelled, SettingsError
from gmmseg.mixture.annihilation import AnnihilationStep, annihilation_events
from gmmseg.mixture.fit import fit
from gmmseg.mixture.params import FitResult
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from tests.core.mixture.cases import blobs


def steps_of(values: FloatArray, settings: FitSettings) -> list[AnnihilationStep]:
    return list(annihilation_events(values, None, settings))


def refitted(values: FloatArray, settings: FitSettings) -> FitResult:
    """Return the fit by maximum likelihood that starts at what is left."""
    found = result_of(annihilation_events(values, None, settings))
    return fit(values, None, replace(settings, n_components=found.n_components), found)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
@pytest.mark.parametrize("n_components", [1, 3])
def test_as_many_stay_as_made_the_rows(kind: CovarianceKind, n_components: int) -> None:
    values, _ = blobs(np.random.default_rng(1), 600, n_components, 2)
    settings = FitSettings(n_components=6, covariance=kind, seed=2, reg_covar=0.05)
    result = refitted(values, settings)
    assert result.params.n_components == n_components
    assert result.converged


def test_overlapping_components_are_not_lost() -> None:
    # Figueiredo and Jain's first example: three elongated Gaussians at a distance of 2 along the short axis.
    random = np.random.default_rng(0)
    values = np.vstack([
        random.multivariate_normal([0.0, y], np.diag([2, 0.2]), 300) for y in (-2.0, 0.0, 2.0)
    ])  # fmt: skip
    settings = FitSettings(n_components=10, reg_covar=0.01)
    result = refitted(values, settings)
    assert result.params.n_components == 3
    np.testing.assert_allclose(sorted(result.params.means[:, 1]), [-2, 0, 2], atol=0.25)


def test_figures_are_those_of_the_formula() -> None:
    values, _ = blobs(np.random.default_rng(3), 90, 2, 2)
    for step in steps_of(values, FitSettings(n_components=5)):
        params = step.params
        density = sum(
            w * multivariate_normal(m, c).pdf(values)
            for w, m, c in zip(params.weights, params.means, params.matrices(), strict=True)
        )
        likelihood = np.log(density).sum()
        assert step.log_likelihood == pytest.approx(likelihood)
        assert params.weights.sum() == pytest.approx(1)
        n_alive, cost = len(step.alive), 2 + 3
        length = (
            cost / 2 * sum(np.log(90 * w) for w in params.weights) + n_alive / 2 * np.log(90) - likelihood
        )
        assert step.message_length == pytest.approx(length)


def test_a_sweep_is_component_wise_em_in_plain_loops() -> None:
    values, _ = blobs(np.random.default_rng(4), 60, 2, 2, apart=3.0)
    first, second = steps_of(values, FitSettings(n_components=2))[:2]
    weights, means = first.params.weights.copy(), first.params.means.copy()
    matrices = first.params.matrices().copy()
    for k in range(2):
        joint = np.array([w * multivariate_normal(m, c).pdf(values)
                          for w, m, c in zip(weights, means, matrices, strict=True)])  # fmt: skip
        gamma = joint / joint.sum(axis=0)
        support = [max(0.0, gamma[j].sum() - 5 / 2) for j in range(2)]
        weights[k] = support[k] / sum(support)
        weights /= weights.sum()
        means[k] = gamma[k] @ values / gamma[k].sum()
        deviations = values - means[k]
        matrices[k] = (gamma[k] * deviations.T) @ deviations / gamma[k].sum()
    np.testing.assert_allclose(second.params.weights, weights)
    np.testing.assert_allclose(second.params.means, means)
    np.testing.assert_allclose(second.params.matrices(), matrices)


def test_those_that_die_stay_dead_and_the_best_is_marked() -> None:
    values, _ = blobs(np.random.default_rng(5), 120, 2, 2)
    steps = steps_of(values, FitSettings(n_components=6))
    for before, after in pairwise(steps):
        assert set(after.alive) <= set(before.alive)
    assert steps[0].alive.tolist() == list(range(6))
    assert len(steps[-1].alive) == 1
    best = [step for step in steps if step.is_best]
    assert best[-1].message_length == min(step.message_length for step in best)
    assert len(best[-1].alive) == 2


def test_weights_count_as_equal_rows() -> None:
    values, _ = blobs(np.random.default_rng(6), 40, 2, 2)
    doubled = steps_of(np.repeat(values, 3, axis=0), FitSettings(n_components=1))[-1]
    weighted = list(annihilation_events(values, np.full(40, 3.0), FitSettings(n_components=1)))[-1]
    np.testing.assert_allclose(weighted.params.means, doubled.params.means)
    assert weighted.message_length == pytest.approx(doubled.message_length)


def test_what_is_left_is_refitted_to_a_maximum_of_the_likelihood() -> None:
    values, _ = blobs(np.random.default_rng(7), 200, 2, 2, apart=3.0)
    settings = FitSettings(n_components=6, tol=1e-10)
    found = result_of(annihilation_events(values, None, settings))
    result = refitted(values, settings)
    assert result.params.n_components == found.n_components
    gains = [step.q_gain for step in result.history[1:]]
    assert result.history[0].log_likelihood < result.log_likelihood
    assert abs(gains[-1]) < 1e-4


def test_shared_shapes_are_refused_and_a_stop_keeps_nothing() -> None:
    values, _ = blobs(np.random.default_rng(8), 40, 2, 2)
    for settings in (FitSettings(covariance="tied"), FitSettings(is_hard=True)):
        with pytest.raises(SettingsError, match="share a covariance"):
            steps_of(values, settings)
    with pytest.raises(Cancelled):
        result_of(annihilation_events(values, None, FitSettings(), lambda: StopRequest.STOP))


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
def test_it_begins_with_a_tenth_of_the_mean_variance_in_every_direction(kind: CovarianceKind) -> None:
    values = np.random.default_rng(3).normal(size=(80, 3)) * [1.0, 2.0, 5.0]
    first = next(annihilation_events(values, None, FitSettings(n_components=4, covariance=kind)))
    expected = values.var(axis=0).mean() / 10 * np.eye(3)
    np.testing.assert_allclose(first.params.matrices(), np.stack([expected] * 4), rtol=1e-9)
    np.testing.assert_allclose(first.params.weights, 0.25)
