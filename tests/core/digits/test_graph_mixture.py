from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import multivariate_normal
from sklearn.metrics import adjusted_rand_score

from gmmseg.control import ShouldStop, StopRequest, never_stop, result_of
from gmmseg.digits.events import Iterated, StageEvent
from gmmseg.digits.graph import Graph, edge_weights, joined
from gmmseg.digits.graph_mixture import (
    GaussianEvidence,
    GraphMixtureResult,
    MixtureOnGraph,
    gaussians_of,
    graph_mixture_events,
)
from gmmseg.digits.neighbours import nearest_events
from gmmseg.digits.settings import FieldSettings
from gmmseg.errors import Cancelled
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind

KINDS: tuple[CovarianceKind, ...] = ("full", "tied", "diag", "spherical")


def graph_of(values: np.ndarray) -> Graph:
    neighbours = result_of(nearest_events(values, values, 6, is_self=True))
    return joined(neighbours, edge_weights(neighbours.distances))


def fit_events(
    rows: np.ndarray,
    graph: Graph,
    start: np.ndarray,
    kind: CovarianceKind,
    settings: FieldSettings,
    should_stop: ShouldStop = never_stop,
) -> Generator[StageEvent, None, GraphMixtureResult]:
    own = asdict(settings)
    limits = {name: own.pop(name) for name in ("max_iter", "min_changed")}
    return graph_mixture_events(
        rows, graph, start, MixtureOnGraph(kind, **own), **limits, should_stop=should_stop
    )


def noisy_start(groups: np.ndarray, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    wrong = np.where(rng.random(len(groups)) < 0.3, rng.integers(0, 3, len(groups)), groups)
    return np.eye(3, dtype=np.float32)[wrong].T.copy()


def brute_force(
    values: np.ndarray, weights: np.ndarray, start: np.ndarray, settings: FieldSettings
) -> np.ndarray:
    """The mixture with full covariances by its definition, in double precision, one row at a time."""
    posteriors = start.astype(np.float64)
    labels = posteriors.argmax(axis=0)
    shares = weights / weights.sum(axis=1, keepdims=True)
    for _ in range(settings.max_iter):
        evidence = np.empty_like(posteriors)
        for k, own in enumerate(posteriors):
            mean = np.average(values, axis=0, weights=own)
            covariance = np.cov(values.T, aweights=own, bias=True) + settings.added_variance * np.eye(5)
            density = multivariate_normal(mean, covariance).logpdf(values)
            evidence[k] = np.log(own.mean()) + settings.temperature * density
        for _ in range(settings.n_sweeps):
            posteriors = softmax(evidence + settings.strength * posteriors @ shares.T, axis=0)
        previous, labels = labels, posteriors.argmax(axis=0)
        if (labels != previous).mean() < settings.min_changed:
            break
    return posteriors


@pytest.mark.parametrize("strength", [0.0, 1.5, 10.0])
def test_posteriors_are_those_of_the_definition(
    blobs: tuple[np.ndarray, np.ndarray], strength: float
) -> None:
    rows, groups = blobs
    graph, start = graph_of(rows), noisy_start(groups)
    settings = FieldSettings(strength=strength, max_iter=4, temperature=0.3)
    found = result_of(fit_events(rows, graph, start, "full", settings))
    expected = brute_force(rows.astype(np.float64), graph.weights.toarray(), start, settings)
    np.testing.assert_allclose(found.posteriors, expected, atol=2e-4)
    if strength:
        assert adjusted_rand_score(found.posteriors.argmax(axis=0), groups) > 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_gaussians_are_the_weighted_moments_with_added_variance(
    blobs: tuple[np.ndarray, np.ndarray], kind: CovarianceKind
) -> None:
    rows, _ = blobs
    posteriors = np.random.default_rng(1).dirichlet([0.3] * 3, len(rows)).T.astype(np.float32)
    found = gaussians_of(rows, posteriors, kind, 0.25)
    values = rows.astype(np.float64)
    scatters = np.array([np.cov(values.T, aweights=own, bias=True) for own in posteriors])
    weights = posteriors.mean(axis=1)
    if kind == "tied":
        scatters[:] = np.einsum("k,kde->de", weights, scatters)
    elif kind == "diag":
        scatters *= np.eye(5)
    elif kind == "spherical":
        scatters = np.einsum("kdd->k", scatters)[:, None, None] / 5 * np.eye(5)
    np.testing.assert_allclose(found.matrices(), scatters + 0.25 * np.eye(5), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found.weights, weights, rtol=1e-4)
    means = [np.average(values, axis=0, weights=own) for own in posteriors]
    np.testing.assert_allclose(found.means, means, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_component_stays_finite_and_empty(
    blobs: tuple[np.ndarray, np.ndarray], kind: CovarianceKind
) -> None:
    rows, groups = blobs
    start = np.zeros((4, len(rows)), dtype=np.float32)
    start[[0, 1, 3]] = noisy_start(groups)
    found = result_of(fit_events(rows, graph_of(rows), start, kind, FieldSettings(max_iter=3)))
    assert np.isfinite(found.posteriors).all()
    assert not found.posteriors[2].any()
    assert found.params.weights[2] == 0
    np.testing.assert_allclose(found.posteriors.sum(axis=0), 1, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_evidence_is_the_tempered_log_density(
    blobs: tuple[np.ndarray, np.ndarray], kind: CovarianceKind
) -> None:
    rows, groups = blobs
    params = gaussians_of(rows, noisy_start(groups), kind, 0.01)
    evidence = GaussianEvidence(params, 0.1)
    expected = [
        np.log(w) + 0.1 * multivariate_normal(m, c).logpdf(rows.astype(np.float64))
        for w, m, c in zip(params.weights, params.means, params.matrices(), strict=True)
    ]
    np.testing.assert_allclose(evidence.tempered(evidence.joint(rows)), expected, rtol=1e-4, atol=1e-4)


def test_every_iteration_is_told_with_the_likelihood_of_its_gaussians(
    blobs: tuple[np.ndarray, np.ndarray],
) -> None:
    rows, groups = blobs
    start = noisy_start(groups)
    events = fit_events(rows, graph_of(rows), start, "full", FieldSettings())
    told: list[Iterated] = []
    while True:
        try:
            event = next(events)
        except StopIteration as stop:
            result: GraphMixtureResult = stop.value
            break
        told += [event] if isinstance(event, Iterated) else []
    assert [step.iteration for step in told] == list(range(1, len(told) + 1))
    assert result.converged
    assert told[-1].changed < FieldSettings().min_changed
    first: MixtureParams = gaussians_of(rows, start, "full", FieldSettings().added_variance)
    density = sum(
        w * multivariate_normal(m, c).pdf(rows.astype(np.float64))
        for w, m, c in zip(first.weights, first.means, first.matrices(), strict=True)
    )
    assert told[0].log_likelihood == pytest.approx(np.log(density).mean(), rel=1e-4)


def test_the_fit_ends_when_asked_wherever_it_is(blobs: tuple[np.ndarray, np.ndarray]) -> None:
    rows, groups = blobs
    graph, start = graph_of(rows), noisy_start(groups)
    asked = 0

    def count() -> StopRequest:
        nonlocal asked
        asked += 1
        return StopRequest.NONE

    settings = replace(FieldSettings(), max_iter=2, min_changed=0.0)
    result_of(fit_events(rows, graph, start, "full", settings, count))
    for limit in range(asked):
        answers = iter([StopRequest.NONE] * limit)
        with pytest.raises(Cancelled):
            result_of(
                fit_events(rows, graph, start, "full", settings, partial(next, answers, StopRequest.CANCEL))
            )
