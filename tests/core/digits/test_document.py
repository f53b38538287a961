"""The digits desk's document: its edits, its history, and how a run shows."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import pytest

from gmmseg.control import Progress, result_of
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.document import (
    Document,
    change_setting,
    open_digits,
    rename_cluster,
    reset_settings,
    with_outcome,
)
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.experiment import (
    ExperimentOutcome,
    ExperimentRequest,
    StageDone,
    experiment_events,
)
from gmmseg.digits.progress import with_time_left
from gmmseg.digits.recipes import settings_for
from gmmseg.digits.stages import StageCache
from gmmseg.digits.view_state import ViewState
from gmmseg.digits.workspace import Workspace
from gmmseg.editing.editor import MAX_LARGE_IN_HISTORY
from gmmseg.errors import SettingsError


@pytest.fixture(scope="module")
def drawn() -> DigitSet:
    return drawn_digits(240, 60)


@pytest.fixture(scope="module")
def outcome(drawn: DigitSet) -> ExperimentOutcome:
    return result_of(experiment_events(ExperimentRequest(drawn, settings_for("orientation"))))


def opened(digits: DigitSet) -> Workspace:
    workspace = Workspace()
    workspace.apply(open_digits(digits))
    return workspace


def run(workspace: Workspace, cache: StageCache | None = None) -> list[ViewState]:
    """Run the document as the window does, and return what was shown on the way."""
    seen: list[ViewState] = []
    workspace.subscribe(lambda old, new: seen.append(new))
    request = workspace.begin_run()
    assert request is not None
    outcome = result_of(_told(workspace, request, cache or StageCache()))
    assert workspace.accept_fit(request, outcome)
    return seen


def _told(
    workspace: Workspace, request: ExperimentRequest, cache: StageCache
) -> Generator[None, None, ExperimentOutcome]:
    job = experiment_events(request, cache)
    while True:
        try:
            workspace.show_events(request, [next(job)])
        except StopIteration as end:
            outcome: ExperimentOutcome = end.value
            return outcome
        yield


def statuses(shown: ViewState) -> list[str]:
    return [stage.status for stage in shown.log.stages]


def test_drawn_digits_begin_with_a_quick_recipe_and_others_with_the_manifold(
    drawn: DigitSet, small_digits: DigitSet
) -> None:
    document = open_digits(drawn).apply(Document())
    assert document.settings.recipe == "orientation"
    document = open_digits(small_digits).apply(document)
    assert document.settings.recipe == "manifold"
    assert open_digits(drawn).apply(document).settings.recipe == "orientation"


def test_a_recipe_that_was_chosen_by_hand_stays_when_other_digits_are_opened(
    drawn: DigitSet, small_digits: DigitSet
) -> None:
    document = open_digits(drawn).apply(Document())
    document = change_setting("recipe", "pixels", "").apply(document)
    assert open_digits(small_digits).apply(document).settings.recipe == "pixels"


def test_another_recipe_brings_its_own_defaults_and_keeps_the_rest(drawn: DigitSet) -> None:
    document = change_setting("seed", 7, "").apply(open_digits(drawn).apply(Document()))
    changed = change_setting("recipe", "scattering", "").apply(document)
    assert changed.settings == replace(settings_for("scattering"), seed=7)


def test_the_automatic_number_of_clusters_does_not_follow_to_a_recipe_without_a_graph() -> None:
    document = change_setting("n_clusters", None, "").apply(Document())
    assert document.settings.n_clusters is None
    assert change_setting("recipe", "pixels", "").apply(document).settings.n_clusters == 10
    with pytest.raises(SettingsError):
        change_setting("n_clusters", None, "").apply(change_setting("recipe", "pixels", "").apply(document))


@pytest.mark.parametrize(("path", "value"), [("n_clusters", 0), ("pca.n_components", 0), ("recipe", "magic")])
def test_a_setting_out_of_bounds_leaves_the_document(drawn: DigitSet, path: str, value: object) -> None:
    workspace = opened(drawn)
    before = workspace.document
    with pytest.raises((SettingsError, KeyError)):
        workspace.apply(change_setting(path, value, ""))
    assert workspace.document is before


def test_reset_gives_the_recipe_its_defaults() -> None:
    document = change_setting("recipe", "pixels", "").apply(Document())
    document = change_setting("pca.n_components", 12, "").apply(document)
    assert reset_settings("").apply(document).settings == settings_for("pixels")


def test_names_are_cleaned_undone_and_given_back_as_numbers(
    drawn: DigitSet, outcome: ExperimentOutcome
) -> None:
    document = with_outcome(open_digits(drawn).apply(Document()), outcome)
    assert document.name_of(3) == "Cluster 4"
    document = rename_cluster(3, "  the\tsevens \n").apply(document)
    assert document.name_of(3) == "the sevens"
    assert document.name_of(2) == "Cluster 3"
    assert rename_cluster(3, "").apply(document).name_of(3) == "Cluster 4"
    assert rename_cluster(3, "Cluster 4").apply(document).names[3] == ""
    assert rename_cluster(99, "x").apply(document) is document


def test_a_name_goes_on_with_its_images_when_clusters_change_their_order(
    drawn: DigitSet, outcome: ExperimentOutcome
) -> None:
    document = rename_cluster(2, "two").apply(with_outcome(open_digits(drawn).apply(Document()), outcome))
    turned = replace(outcome, clusters=((outcome.clusters + 1) % outcome.n_clusters).astype(np.int32))
    names = with_outcome(document, turned).names
    assert [name for name in names if name] == ["two"]
    assert names[3] == "two"


def test_names_do_not_go_over_to_other_digits(outcome: ExperimentOutcome, drawn: DigitSet) -> None:
    document = rename_cluster(2, "two").apply(with_outcome(open_digits(drawn).apply(Document()), outcome))
    assert open_digits(drawn_digits(240, 60, seed=1)).apply(document).names == ()


def test_a_run_is_shown_stage_by_stage_and_taken_into_the_document(drawn: DigitSet) -> None:
    workspace = opened(drawn)
    assert set(statuses(workspace.shown)) == {"waiting"}
    assert workspace.document.is_stale
    seen = run(workspace)
    assert statuses(seen[0])[0] == "running"
    assert any(statuses(shown) == ["done", "done", "done", "running", "waiting"] for shown in seen)
    fractions = [shown.log.fraction for shown in seen]
    assert min(np.diff(fractions)) >= -1e-12
    assert not workspace.shown.log.is_running
    assert set(statuses(workspace.shown)) == {"done"}
    assert not workspace.document.is_stale
    assert workspace.shown.iterations is workspace.document.outcome.history
    assert all(stage.seconds > 0 for stage in workspace.shown.log.stages)


def test_a_late_setting_keeps_the_stages_before_it_as_the_run_itself_does(drawn: DigitSet) -> None:
    workspace, cache = opened(drawn), StageCache()
    run(workspace, cache)
    workspace.apply(change_setting("mixture.n_init", 2, ""))
    assert statuses(workspace.shown) == ["kept", "kept", "kept", "kept", "waiting"]
    request = workspace.begin_run()
    assert request is not None
    told = [event for event in experiment_events(request, cache) if isinstance(event, StageDone)]
    assert [event.was_kept for event in told] == [True, True, True, True, False]


def test_other_images_keep_no_stage(drawn: DigitSet) -> None:
    workspace = opened(drawn)
    run(workspace)
    workspace.apply(change_setting("n_images", 200, ""))
    assert set(statuses(workspace.shown)) == {"waiting"}


def test_a_run_that_ends_without_an_outcome_leaves_the_one_before(
    drawn: DigitSet, outcome: ExperimentOutcome
) -> None:
    workspace = opened(drawn)
    run(workspace)
    before = workspace.document
    request = workspace.begin_run()
    assert request is not None
    workspace.show_events(request, [Progress("Scattering", 0.5)])
    assert workspace.shown.log.is_running
    workspace.end_run(request)
    assert workspace.document is before
    assert not workspace.shown.log.is_running


def test_settings_changed_during_a_run_leave_its_outcome_stale(
    drawn: DigitSet, outcome: ExperimentOutcome
) -> None:
    workspace = opened(drawn)
    request = workspace.begin_run()
    assert request is not None
    workspace.apply(change_setting("seed", 5, ""))
    assert workspace.shown.log.is_running
    assert workspace.accept_fit(request, outcome)
    assert workspace.document.outcome is outcome
    assert workspace.document.is_stale


def test_the_outcome_of_digits_that_are_gone_is_not_taken(
    drawn: DigitSet, outcome: ExperimentOutcome, small_digits: DigitSet
) -> None:
    workspace = opened(drawn)
    request = workspace.begin_run()
    assert request is not None
    workspace.apply(open_digits(small_digits))
    assert not workspace.shown.log.is_running
    assert not workspace.accept_fit(request, outcome)
    assert workspace.document.outcome is None


def test_undo_brings_back_settings_names_and_digits(drawn: DigitSet, small_digits: DigitSet) -> None:
    workspace = opened(drawn)
    run(workspace)
    workspace.apply(rename_cluster(0, "zeros"))
    workspace.apply(change_setting("seed", 5, "Seed"))
    workspace.apply(open_digits(small_digits))
    assert workspace.shown.undo_title == "Open Scanned digits"
    workspace.undo()
    assert workspace.document.digits is drawn
    assert workspace.document.name_of(0) == "zeros"
    workspace.undo()
    assert not workspace.document.is_stale
    workspace.undo()
    assert workspace.document.name_of(0) == "Cluster 1"
    assert workspace.shown.undo_title is None
    workspace.redo()
    assert workspace.document.name_of(0) == "zeros"


def test_history_keeps_few_sets_of_digits() -> None:
    workspace = opened(drawn_digits(20, 0, seed=99))
    for seed in range(8):
        workspace.apply(open_digits(drawn_digits(20, 0, seed=seed)))
    n_steps = 0
    while workspace.shown.undo_title is not None:
        workspace.undo()
        n_steps += 1
    assert n_steps == MAX_LARGE_IN_HISTORY - 1


def test_without_digits_there_is_nothing_to_run() -> None:
    assert Workspace().begin_run() is None


@pytest.mark.parametrize(
    ("fraction", "seconds", "text"),
    [
        (None, 10.0, "Scattering"),
        (0.25, 1.0, "Scattering, 25 %"),
        (0.25, 10.0, "Scattering, 25 %, 30 s left"),
        (0.1, 60.0, "Scattering, 10 %, 9 min left"),
        (0.0, 60.0, "Scattering, 0 %"),
    ],
)
def test_the_time_left_is_told_once_it_can_be_foreseen(
    fraction: float | None, seconds: float, text: str
) -> None:
    assert with_time_left(Progress("Scattering", fraction), seconds).text == text
