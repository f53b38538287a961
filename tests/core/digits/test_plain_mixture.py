"""Mixture stages without a graph, and uniting by misclassification against its definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from gmmseg.control import StopRequest, never_stop, result_of
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.events import Iterated, StageEvent
from gmmseg.digits.experiment import ExperimentOutcome, ExperimentRequest, experiment_events
from gmmseg.digits.recipes import settings_for
from gmmseg.digits.settings import (
    ComponentsSettings,
    DigitSettings,
    MixtureSettings,
    MixtureStart,
    RecipeName,
)
from gmmseg.digits.stage_runs import components_stage, mixture_stage
from gmmseg.digits.workpiece import Workpiece
from gmmseg.errors import Cancelled
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.misclassification import groups_by_misclassification
from gmmseg.mixture.settings import CovarianceKind
from gmmseg.setting import with_value

Array = NDArray[Any]
BLOBS = np.array([[0.0, 0, 0], [9, 0, 0], [0, 9, 0], [9, 9, 3]])


def blobs(n: int, seed: int = 0) -> tuple[Array, Array]:
    """Return rows of four round groups of different sizes, float32, and which group each is of."""
    random = np.random.default_rng(seed)
    truth = random.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    return (BLOBS[truth] + random.standard_normal((n, 3))).astype(np.float32), truth


def workpiece(features: Array, n_fit: int) -> Workpiece:
    return Workpiece(np.zeros((len(features), 2, 2), np.uint8), n_fit, features)


def events_of(job: Any) -> tuple[list[StageEvent], Workpiece]:
    events = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            return events, stop.value


def slow_groups(posteriors: Array, n_clusters: int) -> list[list[int]]:
    """Return the groups by doing each step from the start."""
    groups = [[k] for k in range(len(posteriors))]
    while len(groups) > n_clusters:
        united = np.stack([posteriors[group].sum(axis=0) for group in groups])
        assigned = united.argmax(axis=0)
        best, pair = -1.0, (0, 0)
        for i in range(len(groups)):
            for j in range(i + 1, len(groups)):
                chances = [
                    united[b][assigned == a].sum() / max(united[b].sum(), 1e-300) for a, b in ((i, j), (j, i))
                ]
                if max(chances) > best + 1e-12:
                    best, pair = max(chances), (i, j)
        groups[pair[0]] = sorted(groups[pair[0]] + groups.pop(pair[1]))
    return groups


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n_clusters", [1, 3, 7])
def test_uniting_by_misclassification_follows_its_definition(seed: int, n_clusters: int) -> None:
    random = np.random.default_rng(seed)
    posteriors = random.dirichlet(random.uniform(0.02, 0.6, 12), 500).T.astype(np.float32)
    before = posteriors.copy()
    assert groups_by_misclassification(posteriors, n_clusters) == slow_groups(
        posteriors.astype(np.float64), n_clusters
    )
    np.testing.assert_array_equal(posteriors, before)


def test_uniting_ends_when_asked_and_keeps_all_when_there_is_nothing_to_unite() -> None:
    posteriors = np.eye(3, dtype=np.float32)
    assert groups_by_misclassification(posteriors, 3) == [[0], [1], [2]]
    with pytest.raises(Cancelled):
        groups_by_misclassification(posteriors, 2, lambda: StopRequest.CANCEL)


@pytest.mark.parametrize("covariance", list(FAMILIES))
@pytest.mark.parametrize(("is_hard", "start"), [(False, "restarts"), (False, "k-means"), (True, "restarts")])
def test_a_mixture_finds_the_groups_and_assigns_images_it_was_not_fitted_on(
    covariance: CovarianceKind, is_hard: bool, start: MixtureStart
) -> None:
    features, truth = blobs(900)
    mixture = MixtureSettings(is_hard=is_hard, start=start)
    settings = DigitSettings(n_clusters=4, covariance=covariance, mixture=mixture)
    events, work = events_of(mixture_stage(workpiece(features, 600), settings, never_stop))
    assert work.posteriors is not None
    assert work.params is not None
    found = work.posteriors.argmax(axis=0)
    assert work.posteriors.shape == (4, 900)
    np.testing.assert_allclose(work.posteriors.sum(axis=0), 1, atol=1e-5)
    for group in range(4):
        assert len(set(found[truth == group].tolist())) == 1
    steps = [event for event in events if isinstance(event, Iterated)]
    assert [step.iteration for step in steps] == list(range(1, len(steps) + 1))
    assert {step.stage for step in steps} == {"mixture"}
    bounds = [step.log_likelihood or 0.0 for step in steps]
    assert (np.diff(bounds) > -1e-9).all()
    if not is_hard:
        joint = [
            np.log(weight) + multivariate_normal(mean, matrix).logpdf(features[:600])
            for weight, mean, matrix in zip(
                work.params.weights, work.params.means, work.params.matrices(), strict=True
            )
        ]
        assert bounds[-1] == pytest.approx(np.logaddexp.reduce(joint, axis=0).mean(), rel=1e-9)


def test_of_many_images_the_iterations_are_told_while_they_run() -> None:
    features, _ = blobs(40_000)
    settings = DigitSettings(n_clusters=4, mixture=MixtureSettings(n_init=2))
    events, work = events_of(
        mixture_stage(workpiece(np.tile(features, (1, 3)), 40_000), settings, never_stop)
    )
    first = next(at for at, event in enumerate(events) if isinstance(event, Iterated))
    assert not isinstance(events[first - 1], Iterated)
    assert not isinstance(events[first + 1], Iterated)
    assert work.params is not None


def test_many_components_are_united_to_the_groups_even_where_these_are_not_round() -> None:
    random = np.random.default_rng(1)
    angle = random.uniform(0, 2 * np.pi, 3000)
    truth = np.arange(3000) % 2
    radius = np.where(truth == 0, 1.0, 5.0) + random.normal(0, 0.25, 3000)
    rings = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]).astype(np.float32)
    settings = DigitSettings(n_clusters=2, components=ComponentsSettings(16))
    _, work = events_of(components_stage(workpiece(rings, 2500), settings, never_stop))
    assert work.posteriors is not None
    assert work.params is not None
    found = work.posteriors.argmax(axis=0)
    agreement = (found == truth).mean()
    assert max(agreement, 1 - agreement) > 0.98
    assert work.warnings == ()
    np.testing.assert_allclose(work.posteriors.sum(axis=0), 1, atol=1e-5)
    # The Gaussians in place of the groups keep the mean and covariance of the whole.
    mean = work.params.weights @ work.params.means
    np.testing.assert_allclose(mean, rings[:2500].mean(axis=0), atol=1e-3)
    second = np.einsum("k,kde->de", work.params.weights, work.params.matrices()) + np.einsum(
        "k,kd,ke->de", work.params.weights, work.params.means, work.params.means
    )
    np.testing.assert_allclose(second, rings[:2500].T @ rings[:2500] / 2500, atol=2e-3)


def test_of_few_images_fewer_components_are_fitted_and_it_is_said() -> None:
    features, truth = blobs(120)
    settings = DigitSettings(n_clusters=4)
    _, work = events_of(components_stage(workpiece(features, 120), settings, never_stop))
    assert work.posteriors is not None
    assert work.warnings == ("20 components were fitted instead of 100: the images are too few.",)
    found = work.posteriors.argmax(axis=0)
    assert all(len(set(truth[found == cluster].tolist())) == 1 for cluster in range(4))


def test_fewer_different_images_than_clusters_give_a_warning_and_no_failure() -> None:
    features = np.repeat(np.eye(3, dtype=np.float32), 20, axis=0)
    for stage in (mixture_stage, components_stage):
        _, work = events_of(stage(workpiece(features, 60), DigitSettings(n_clusters=5), never_stop))
        assert work.posteriors is not None
        assert len(work.posteriors) == 3
        assert "reduced" in work.warnings[0]


@pytest.mark.parametrize("stage", [mixture_stage, components_stage])
def test_a_stage_ends_when_asked(stage: Any) -> None:
    features, _ = blobs(2000)
    for n_asked in (0, 5, 40):
        asked = iter([StopRequest.NONE] * n_asked)
        with pytest.raises(Cancelled):
            result_of(
                stage(workpiece(features, 2000), DigitSettings(), lambda a=asked: next(a, StopRequest.CANCEL))
            )


RECIPES: tuple[RecipeName, ...] = ("pixels", "deskewed", "orientation", "scattering", "components")


def outcome_of(recipe: RecipeName, fit_on: str = "train", seed: int = 0) -> ExperimentOutcome:
    settings = settings_for(recipe, DigitSettings(seed=seed))
    for path, value in (
        ("fit_on", fit_on),
        ("pca.n_components", 12),
        ("scattering.n_angles", 4),
        ("components.n_components", 25),
        ("mixture.n_init", 2),
        ("mixture.reg_covar", 1e-3),
    ):
        settings = with_value(settings, path, value)
    return result_of(experiment_events(ExperimentRequest(drawn_digits(360, 90), settings)))


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_without_a_graph_runs_from_images_to_scores(recipe: RecipeName) -> None:
    outcome = outcome_of(recipe)
    assert outcome.scores_fit is not None
    assert outcome.scores_test is not None
    assert outcome.scores_fit.n_images == 360
    assert outcome.scores_test.n_images == 90
    assert outcome.scores_fit.acc > 0.25
    assert set(outcome.clusters.tolist()) <= set(range(10))
    assert outcome.features is not None
    assert outcome.params.n_features == outcome.features.shape[1] == 12
    again = outcome_of(recipe)
    np.testing.assert_array_equal(outcome.clusters, again.clusters)
    np.testing.assert_array_equal(outcome.confidence, again.confidence)
