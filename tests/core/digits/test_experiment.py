from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gmmseg.control import Progress, StopRequest, result_of
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.events import Iterated
from gmmseg.digits.experiment import (
    ExperimentEvent,
    ExperimentOutcome,
    ExperimentRequest,
    StageDone,
    experiment_events,
)
from gmmseg.digits.recipes import RECIPES, SECOND_PASS, StageName, settings_for
from gmmseg.digits.settings import RECIPE_NAMES, DigitSettings, PcaSettings, RecipeName, SearchSettings
from gmmseg.digits.stages import STAGES, StageCache, settings_shown, stages_of
from gmmseg.errors import BudgetError, Cancelled, FitError, GmmsegError, SettingsError
from gmmseg.limits import budget_of
from gmmseg.mixture.settings import CovarianceKind
from gmmseg.setting import check_settings

SMALL = replace(DigitSettings(), pca=PcaSettings(40), search=SearchSettings(0))
"""Small enough for tests: with 700 images Gaussians in 200 dimensions say little."""


def run(
    digits: DigitSet, settings: DigitSettings = SMALL, cache: StageCache | None = None
) -> ExperimentOutcome:
    return result_of(experiment_events(ExperimentRequest(digits, settings), cache))


def events_of(
    digits: DigitSet, settings: DigitSettings = SMALL, cache: StageCache | None = None
) -> list[ExperimentEvent]:
    return list(experiment_events(ExperimentRequest(digits, settings), cache))


@pytest.fixture(scope="module")
def outcome(small_digits: DigitSet) -> ExperimentOutcome:
    return run(small_digits)


def test_scanned_digits_are_told_apart(outcome: ExperimentOutcome) -> None:
    assert outcome.scores_fit is not None
    assert outcome.scores_test is not None
    assert outcome.scores_fit.acc > 0.9
    assert outcome.scores_test.acc > 0.88
    assert outcome.scores_fit.n_images == 700
    assert outcome.scores_test.n_images == 200


def test_the_outcome_is_whole(outcome: ExperimentOutcome) -> None:
    assert outcome.clusters.shape == outcome.confidence.shape == (900,)
    assert outcome.clusters.dtype == np.int32
    assert set(outcome.clusters) == set(range(10))
    assert outcome.features is not None
    assert outcome.features.shape == (900, 40)
    assert outcome.params.means.shape == (10, 40)
    assert outcome.embedding.shape == (900, 10)
    assert outcome.embedding_names[0] == "Spectral 1"
    assert outcome.eigenvalues is not None
    assert (np.diff(outcome.eigenvalues) <= 0).all()
    assert outcome.fitted.sum() == 700
    assert outcome.fitted[:700].all()
    assert (outcome.confidence >= 0.1).all()
    assert (outcome.confidence <= 1 + 1e-6).all()
    for array in (outcome.clusters, outcome.confidence, outcome.features, outcome.embedding):
        assert not array.flags.writeable


def test_clusters_are_ordered_by_size_and_the_gaussians_with_them(outcome: ExperimentOutcome) -> None:
    assert outcome.features is not None
    sizes = np.bincount(outcome.clusters[:700])
    assert (np.diff(sizes) <= 0).all()
    for k in range(10):
        mean = outcome.features[:700][outcome.clusters[:700] == k].mean(axis=0)
        assert np.argmin(((outcome.params.means - mean) ** 2).sum(axis=1)) == k


def test_labels_have_no_influence_on_clusters(small_digits: DigitSet, outcome: ExperimentOutcome) -> None:
    assert small_digits.labels is not None
    shuffled = np.random.default_rng(0).permutation(small_digits.labels)
    for labels in (None, shuffled):
        other = run(replace(small_digits, labels=labels, identity=""))
        assert np.array_equal(other.clusters, outcome.clusters)
        assert (other.scores_fit is None) == (labels is None)


def test_the_test_part_has_no_influence_on_the_fit(
    small_digits: DigitSet, outcome: ExperimentOutcome
) -> None:
    images = small_digits.images.copy()
    images[700:] = np.random.default_rng(0).integers(0, 256, images[700:].shape)
    other = run(replace(small_digits, images=images, identity=""))
    assert np.array_equal(other.clusters[:700], outcome.clusters[:700])
    assert np.array_equal(other.params.means, outcome.params.means)


def test_the_same_settings_give_the_same_bytes(small_digits: DigitSet, outcome: ExperimentOutcome) -> None:
    again = run(small_digits)
    for name in ("clusters", "confidence", "features", "embedding", "eigenvalues"):
        assert getattr(again, name).tobytes() == getattr(outcome, name).tobytes()
    assert again.params.matrices().tobytes() == outcome.params.matrices().tobytes()


def test_all_images_can_be_fitted(small_digits: DigitSet) -> None:
    outcome = run(small_digits, replace(SMALL, fit_on="all"))
    assert outcome.fitted.all()
    assert outcome.scores_test is None
    assert outcome.scores_all is not None
    assert outcome.scores_all.acc > 0.8


@pytest.mark.parametrize("covariance", ["tied", "diag", "spherical"])
def test_every_covariance_family_works(small_digits: DigitSet, covariance: CovarianceKind) -> None:
    outcome = run(small_digits, replace(SMALL, covariance=covariance))
    assert outcome.params.covariance.kind == covariance
    assert outcome.scores_fit is not None
    assert outcome.scores_fit.acc > 0.85


def test_the_number_of_clusters_can_come_from_the_gap(small_digits: DigitSet) -> None:
    outcome = run(small_digits, replace(SMALL, n_clusters=None))
    assert outcome.n_clusters == outcome.gap_k
    assert 8 <= outcome.n_clusters <= 13


@pytest.fixture(scope="module")
def few(small_digits: DigitSet) -> DigitSet:
    return small_digits.subset(120)


@pytest.fixture(scope="module")
def made(few: DigitSet) -> StageCache:
    """Result of all stages on a few digits."""
    cache = StageCache()
    run(few, SMALL, cache)
    return cache


@pytest.fixture
def cache(made: StageCache) -> StageCache:
    """The same in a cache of the test's own."""
    return deepcopy(made)


def kept(events: list[ExperimentEvent]) -> list[str]:
    return [event.name for event in events if isinstance(event, StageDone) and event.was_kept]


@pytest.mark.parametrize(
    ("change", "first_again"),
    [
        ({}, None),
        ({"seed": 3}, "spectral"),
        ({"covariance": "tied"}, "search"),
        ({"fit_on": "all"}, "framing"),
        ({"pca": PcaSettings(30)}, "pca"),
        ({"graph": replace(SMALL.graph, whitening=0.3)}, "whitening"),
        ({"graph": replace(SMALL.graph, n_neighbours=8)}, "neighbours"),
        ({"orientation": replace(SMALL.orientation, n_bins=8)}, "orientation"),
        ({"scattering": replace(SMALL.scattering, n_angles=4)}, None),
    ],
)
def test_a_change_runs_only_the_stages_that_follow(
    few: DigitSet, cache: StageCache, change: dict[str, Any], first_again: StageName | None
) -> None:
    changed = replace(SMALL, **change)
    names = [stage.name for stage in stages_of(changed)]
    expected = names if first_again is None else names[: names.index(first_again)]
    assert kept(events_of(few, changed, cache)) == expected
    fresh, cached = run(few, changed), run(few, changed, cache)
    assert np.array_equal(fresh.clusters, cached.clusters)
    assert np.array_equal(fresh.fitted, cached.fitted)
    assert fresh.history == cached.history


def test_other_images_run_everything(small_digits: DigitSet, cache: StageCache) -> None:
    assert kept(events_of(small_digits.subset(120, seed=1), SMALL, cache)) == []


def test_another_recipe_uses_what_it_has_in_common_and_forgets_the_rest(
    few: DigitSet, cache: StageCache
) -> None:
    one_pass = replace(SMALL, graph=replace(SMALL.graph, n_passes=1))
    names = [stage.name for stage in stages_of(one_pass)]
    assert not set(SECOND_PASS) & set(names)
    assert kept(events_of(few, one_pass, cache)) == names[: names.index("assignment")]
    assert "graph_2" not in kept(events_of(few, SMALL, cache))


def test_progress_rises_to_the_end_and_every_stage_is_told(few: DigitSet) -> None:
    events = events_of(few)
    fractions: list[float] = []
    for event in events:
        if isinstance(event, Progress):
            assert event.fraction is not None
            fractions.append(event.fraction)
    assert all(-1e-9 <= f <= 1 + 1e-9 for f in fractions)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    # Too few images for halves to say anything.
    assert not any("half" in event.text for event in events if isinstance(event, Progress))
    done = [event.name for event in events if isinstance(event, StageDone)]
    assert done == list(RECIPES["manifold"].stages)
    assert {event.stage for event in events if isinstance(event, Iterated)} == {
        "graph_mixture",
        "graph_mixture_2",
    }


def test_every_stage_ends_when_asked_and_the_finished_ones_are_kept(small_digits: DigitSet) -> None:
    few = small_digits.subset(80)
    stages = [stage.name for stage in stages_of(SMALL)]
    # Each run goes one stage further than the one before, from what that has left.
    cache = StageCache()
    for position in range(len(stages)):
        done, asked = 0, StopRequest.NONE
        job = experiment_events(ExperimentRequest(few, SMALL), cache, lambda: asked)  # noqa: B023
        with pytest.raises(Cancelled):  # noqa: PT012 - what the job is told depends on what it tells
            for event in job:
                done += isinstance(event, StageDone)
                # Inside the stage: its own first report is out, its end is not.
                if done == position and isinstance(event, Progress):
                    asked = (StopRequest.STOP, StopRequest.CANCEL)[position % 2]
        assert first_kept(few, cache) == stages[:position]


def first_kept(digits: DigitSet, cache: StageCache) -> list[str]:
    """Return the stages that another run takes from the cache before it has to make one."""
    names: list[str] = []
    for event in experiment_events(ExperimentRequest(digits, SMALL), cache):
        if isinstance(event, Progress):
            break
        if isinstance(event, StageDone):
            names.append(event.name)
    return names


def test_a_quick_look_takes_the_same_images_whatever_the_seed(small_digits: DigitSet) -> None:
    first, second = (run(small_digits, replace(SMALL, n_images=90, seed=seed)) for seed in (0, 1))
    assert first.digits.n_images == 90
    assert np.array_equal(first.digits.images, second.digits.images)


@pytest.mark.parametrize(
    ("n", "shape"),
    [(50, (28, 28)), (30, (8, 8)), (40, (64, 64)), (25, (12, 20)), (11, (3, 3)), (10, (28, 28))],
)
def test_few_images_of_any_size_have_clusters(n: int, shape: tuple[int, int]) -> None:
    images = np.random.default_rng(n).integers(0, 256, (n, *shape), dtype=np.uint8)
    outcome = run(DigitSet(images, None, n - n // 5, "noise"), replace(DigitSettings(), n_clusters=4))
    assert outcome.clusters.shape == (n,)
    assert outcome.clusters.max() < 4
    assert np.isfinite(outcome.confidence).all()


@pytest.mark.parametrize("n_different", [10, 40])
def test_many_equal_images_share_their_clusters(small_digits: DigitSet, n_different: int) -> None:
    images = small_digits.images[np.arange(240) % n_different]
    outcome = run(DigitSet(images, None, 240, "copies"), SMALL)
    assert np.isfinite(outcome.confidence).all()
    assert outcome.n_clusters <= 10
    # Where each has more equals than neighbours, nothing is left to tell the groups by.
    if n_different == 40:
        assert all(len(set(outcome.clusters[i::n_different])) == 1 for i in range(n_different))


@pytest.mark.parametrize("n_different", [2, 9])
def test_more_clusters_than_different_images_are_refused(small_digits: DigitSet, n_different: int) -> None:
    images = small_digits.images[np.arange(240) % n_different]
    with pytest.raises(SettingsError, match=f"{n_different} different images cannot form 10 clusters"):
        run(DigitSet(images, None, 240, "copies"), SMALL)


def test_equal_images_among_others_do_not_become_clusters(
    small_digits: DigitSet,
) -> None:
    images = np.concatenate([small_digits.images[:700], np.repeat(small_digits.images[5:6], 14, axis=0)])
    found = run(DigitSet(images, None, 714, "with copies"))
    assert len(set(found.clusters[700:])) == 1
    assert np.bincount(found.clusters).min() > 15


@pytest.mark.parametrize("value", [0, 200])
def test_constant_images_are_refused(value: int) -> None:
    with pytest.raises(SettingsError, match="1 different image cannot form 10 clusters"):
        run(DigitSet(np.full((60, 28, 28), value, np.uint8), None, 60, "constant"))


def test_images_whose_difference_the_features_do_not_see_are_refused() -> None:
    # The same bar at ten places: after centring, the same image.
    images = np.zeros((60, 28, 28), np.uint8)
    for i in range(60):
        images[i, 5:20, 6 + i % 10] = 255
    with pytest.raises(FitError, match="same features"):
        run(DigitSet(images, None, 60, "bars"))


def test_more_clusters_than_images_are_refused(small_digits: DigitSet) -> None:
    with pytest.raises(SettingsError, match="cannot form 10 clusters") as refusal:
        run(small_digits.subset(8))
    assert refusal.value.field == "n_clusters"
    assert refusal.value.remedy


def test_few_images_too_large_for_their_covariances_are_refused() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 90, 100), dtype=np.uint8)
    # 9,000 by 9,000 covariances of 8 bytes are 648 MB.
    with budget_of(10**9), pytest.raises(BudgetError, match="3 images") as refusal:
        run(DigitSet(images, None, 3, "pages"), replace(settings_for("pixels"), n_clusters=2))
    assert "smaller" in refusal.value.remedy


def test_too_much_memory_is_refused_before_anything_is_made(small_digits: DigitSet) -> None:
    with budget_of(10**6), pytest.raises(BudgetError, match=r"900 images"):
        run(small_digits)


def test_settings_are_checked(small_digits: DigitSet) -> None:
    with pytest.raises(GmmsegError, match="shear"):
        run(small_digits, replace(SMALL, deskew=replace(SMALL.deskew, max_shear=-1.0)))
    with pytest.raises(SettingsError, match="manifold"):
        run(small_digits, settings_for("orientation", replace(SMALL, n_clusters=None)))


def test_every_setting_is_declared_with_a_valid_default() -> None:
    check_settings(DigitSettings())


@pytest.mark.parametrize("name", RECIPE_NAMES)
def test_recipes_are_made_of_known_stages_and_explain_themselves(name: RecipeName) -> None:
    recipe = RECIPES[name]
    assert all(stage in STAGES for stage in recipe.stages)
    assert recipe.title
    assert recipe.explanation.endswith(".")
    settings = settings_for(name)
    assert settings.recipe == name
    assert settings_for("manifold", settings) == DigitSettings()
    shown = {setting.path for setting in settings_shown(name)}
    assert ("graph.n_neighbours" in shown) == (name == "manifold")
    assert "seed" in shown


def test_what_a_stage_reads_exists() -> None:
    for stage in STAGES.values():
        stage.key(DigitSettings())


def test_foreseen_times_follow_starts_clusters_and_the_size_of_images() -> None:
    settings = settings_for("manifold")
    half = replace(settings, search=replace(settings.search, n_starts=settings.search.n_starts // 2))
    many = replace(settings, n_clusters=3 * (settings.n_clusters or 10))
    search, deskew, pca = STAGES["search"], STAGES["deskew"], STAGES["pca"]
    usual = search.seconds(settings, 5000, (28, 28))
    assert search.seconds(half, 5000, (28, 28)) == pytest.approx(usual / 2)
    assert search.seconds(many, 5000, (28, 28)) == pytest.approx(3 * usual)
    assert search.seconds(settings, 70_000, (56, 56)) == usual
    assert deskew.seconds(settings, 5000, (56, 56)) == pytest.approx(
        2 * deskew.seconds(settings, 5000, (28, 28))
    )
    small, large = (pca.seconds(settings, n, (28, 28)) for n in (1, 70_001))
    assert 0.1 < small < large
