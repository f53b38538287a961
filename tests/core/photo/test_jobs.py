"""Whole pipelines: what they yield, hard inputs end to end, stopping, and applying a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gmmseg.control import Progress, StopRequest, result_of
from gmmseg.errors import Cancelled, FeatureError, ModelError, SettingsError
from gmmseg.features.build import feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.io.models import dump_model, load_model
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.params import FitStep
from gmmseg.mixture.selection import Candidate
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from gmmseg.photo.grid import pixel_grid
from gmmseg.photo.jobs import SegmentOutcome, SegmentRequest, apply_events, relabel_events, segment_events
from gmmseg.photo.labelling import Previewed
from gmmseg.photo.settings import SegmentSettings
from gmmseg.photo.smoothing import smooth
from tests.data.states import image_of

KINDS: tuple[CovarianceKind, ...] = tuple(FAMILIES)


def quick(n_components: int = 3, **fields: Any) -> SegmentSettings:
    mixture = FitSettings(n_components=n_components, n_init=1, tol=1e-4)
    return SegmentSettings(mixture=replace(mixture, **fields))


def outcome_of(pixels: NDArray[Any], settings: SegmentSettings, **options: Any) -> SegmentOutcome:
    return result_of(segment_events(SegmentRequest(image_of(pixels), settings), **options))


def three_stripes(seed: int = 0, size: int = 60) -> NDArray[np.uint8]:
    random = np.random.default_rng(seed)
    colours = np.repeat(np.array([[200, 40, 40], [40, 180, 60], [50, 60, 190]]), size // 3, axis=0)
    picture = colours[:, None, :] + random.normal(0, 9, (size, size, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


def assert_sound(outcome: SegmentOutcome) -> None:
    """Assert what every accepted input must give: finite parameters, a floor that holds, labels in range."""
    params = outcome.fit.result.params
    assert params.weights.sum() == pytest.approx(1, abs=1e-12)
    assert np.isfinite(params.means).all()
    matrices = params.matrices()
    assert np.isfinite(matrices).all()
    assert np.linalg.eigvalsh(matrices).min() >= outcome.fit.result.floor * (1 - 1e-9)
    assert np.isfinite(outcome.fit.result.log_likelihood)
    labels = outcome.segmentation.labels
    assert labels.min() >= 1
    assert labels.max() <= params.n_components


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_image_gets_one_component_and_a_message(kind: CovarianceKind) -> None:
    outcome = outcome_of(np.full((12, 10, 3), 77, np.uint8), quick(5, covariance=kind))
    assert_sound(outcome)
    assert outcome.fit.result.params.n_components == 1
    assert (outcome.segmentation.labels == 1).all()
    assert outcome.fit.result.warnings[0] == "K was reduced from 5 to 1: there is only 1 distinct value."


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_colours_get_two_components_and_a_message(kind: CovarianceKind, seed: int) -> None:
    pixels = np.full((12, 10, 3), 20, np.uint8)
    pixels[3:6, 2:9] = (200, 100, 50)
    outcome = outcome_of(pixels, quick(5, covariance=kind, seed=seed))
    assert_sound(outcome)
    assert "from 5 to 2" in outcome.fit.result.warnings[0]
    labels = outcome.segmentation.labels
    np.testing.assert_array_equal(labels, np.where(pixels[:, :, 0] == 200, 2, 1))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("space", ["rgb", "lab", "hsv", "rgb+position", "lab+texture"])
def test_grey_saved_as_colour_is_segmented_by_its_greys(kind: CovarianceKind, space: str) -> None:
    random = np.random.default_rng(1)
    grey = np.clip(np.repeat([60, 190], 15)[:, None] + random.normal(0, 5, (30, 30)), 0, 255).astype(np.uint8)
    settings = replace(quick(2, covariance=kind), features=FeatureSpec.parse(space))
    outcome = outcome_of(np.repeat(grey[:, :, None], 3, axis=2), settings)
    assert_sound(outcome)
    if "+" not in space:
        dark = outcome.segmentation.labels[grey < 120]
        assert len(np.unique(dark)) == 1
        assert dark[0] not in outcome.segmentation.labels[grey > 120]


def checkerboard() -> NDArray[np.uint8]:
    return np.repeat((np.indices((32, 32)).sum(axis=0) % 2 * 255).astype(np.uint8)[:, :, None], 3, axis=2)


def noise() -> NDArray[np.uint8]:
    return np.random.default_rng(2).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def one_white_pixel() -> NDArray[np.uint8]:
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[9, 9] = 255
    return pixels


def single_channel_ramp() -> NDArray[np.uint16]:
    return (np.arange(64 * 64).reshape(64, 64) * 16).astype(np.uint16)


def large_offset() -> NDArray[np.float64]:
    return 1e6 + np.random.default_rng(3).normal(0, 1e-3, (20, 20, 2))


@pytest.mark.parametrize("make", [checkerboard, noise, one_white_pixel, single_channel_ramp, large_offset])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("smooth", [0.0, 2.0])
def test_odd_pictures_give_finite_results(
    make: Callable[[], Any], kind: CovarianceKind, smooth: float
) -> None:
    outcome = outcome_of(make(), replace(quick(5, covariance=kind), smooth=smooth))
    assert_sound(outcome)
    if make is one_white_pixel and smooth == 0:
        assert outcome.segmentation.labels[9, 9] == 2
        assert (outcome.segmentation.labels == 1).sum() == 1023


def test_one_pixel_is_one_component() -> None:
    outcome = outcome_of(np.array([[[1, 2, 3]]], np.uint8), quick(4))
    assert_sound(outcome)
    np.testing.assert_allclose(outcome.fit.result.params.means, [[1, 2, 3]])


def test_the_job_tells_what_it_does_in_order() -> None:
    request = SegmentRequest(image_of(noise()), quick())
    events = list(segment_events(request))
    texts = [event.text for event in events if isinstance(event, Progress)]
    assert texts == ["Reading the colours", "Labelling"]
    steps = [event for event in events if isinstance(event, FitStep)]
    assert [step.iteration for step in steps] == list(range(len(steps)))
    bounds = np.array([step.lower_bound for step in steps])
    assert (np.diff(bounds) >= -1e-12 * np.abs(bounds[1:])).all()


def test_a_preview_comes_only_when_wanted_and_before_the_exact_steps() -> None:
    random = np.random.default_rng(4)
    image = image_of(np.clip(random.normal(128, 40, (200, 200, 3)), 0, 255).astype(np.uint8))
    settings = quick(3, tol=1e-2)
    seen = list(segment_events(SegmentRequest(image, settings, wants_preview=True)))
    previews = [at for at, event in enumerate(seen) if isinstance(event, Previewed)]
    exact = [at for at, event in enumerate(seen) if isinstance(event, FitStep) and event.stage == "exact"]
    assert len(previews) == 1
    assert previews[0] < min(exact)
    assert not any(isinstance(e, Previewed) for e in segment_events(SegmentRequest(image, settings)))


def test_with_restarts_a_first_preview_shows_the_first_one_and_the_second_the_best() -> None:
    random = np.random.default_rng(4)
    image = image_of(np.clip(random.normal(128, 40, (200, 200, 3)), 0, 255).astype(np.uint8))
    settings = quick(3, tol=1e-2, n_init=4)
    seen = list(segment_events(SegmentRequest(image, settings, wants_preview=True)))
    previews = [at for at, event in enumerate(seen) if isinstance(event, Previewed)]
    assert len(previews) == 2
    for at in previews:
        before = next(event for event in reversed(seen[:at]) if isinstance(event, FitStep))
        preview = seen[at]
        assert isinstance(preview, Previewed)
        order = np.argsort(-before.params.weights)
        np.testing.assert_array_equal(preview.segmentation.params.means, before.params.means[order])
    after = next(event for event in seen[previews[0] :] if isinstance(event, FitStep))
    assert after.restart == 1


def test_a_change_of_smoothing_alone_takes_the_mixture_that_is_known() -> None:
    image = image_of(three_stripes())
    first = result_of(segment_events(SegmentRequest(image, quick()))).fit
    smoother = replace(quick(), smooth=3.0)
    events = list(segment_events(SegmentRequest(image, smoother, known=first)))
    assert not any(isinstance(event, FitStep) for event in events)
    quickly = result_of(segment_events(SegmentRequest(image, smoother, known=first)))
    afresh = result_of(segment_events(SegmentRequest(image, smoother)))
    assert quickly.fit.result is first.result
    assert quickly.fit.settings == smoother
    assert dump_model(quickly.fit.model) == dump_model(afresh.fit.model)
    np.testing.assert_array_equal(quickly.segmentation.posteriors, afresh.segmentation.posteriors)


def test_any_other_change_is_fitted_afresh() -> None:
    image = image_of(three_stripes())
    known = result_of(segment_events(SegmentRequest(image, quick()))).fit
    stopped = replace(known, result=replace(known.result, stop_reason="stopped"))
    others = [
        SegmentRequest(image, quick(4), known=known),
        SegmentRequest(image, replace(quick(), features=FeatureSpec("lab")), known=known),
        SegmentRequest(image_of(three_stripes()), quick(), known=known),
        SegmentRequest(image, quick(), known=stopped),
        SegmentRequest(image, quick(), known=replace(known, is_merged=True)),
    ]
    for request in others:
        assert any(isinstance(event, FitStep) for event in segment_events(request))


def test_a_preview_of_a_smoothed_fit_is_smoothed_too_where_that_is_quick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(4)
    image = image_of(np.clip(random.normal(128, 40, (200, 200, 3)), 0, 255).astype(np.uint8))
    request = SegmentRequest(image, replace(quick(3, tol=1e-2), smooth=2.0), wants_preview=True)

    def is_smoothed() -> bool:
        previews = [event for event in segment_events(request) if isinstance(event, Previewed)]
        return [preview.segmentation.posteriors is not None for preview in previews] == [True]

    assert is_smoothed()
    monkeypatch.setattr("gmmseg.photo.labelling.MAX_PREVIEWED", 3 * 200 * 200 - 1)
    assert not is_smoothed()


def test_a_model_smooths_another_image_by_that_image_s_own_edges() -> None:
    pixels = noise()
    model = outcome_of(pixels, replace(quick(3), smooth=4.0)).fit.model
    other = np.ascontiguousarray(pixels[::-1])
    applied = result_of(apply_events(model, image_of(other)))
    alone = result_of(apply_events(replace(model, smooth=0.0), image_of(other)))
    expected = smooth(alone.segmentation, alone.table, pixel_grid(image_of(other)), 4.0)
    np.testing.assert_array_equal(applied.segmentation.posteriors, expected.posteriors)
    foreign = smooth(alone.segmentation, alone.table, pixel_grid(image_of(pixels)), 4.0)
    assert foreign.posteriors is not None
    assert (foreign.posteriors != applied.segmentation.posteriors).any()


def test_choosing_k_shows_each_candidate() -> None:
    request = SegmentRequest(image_of(three_stripes()), replace(quick(), auto="icl"))
    events = list(segment_events(request))
    tried = [event.n_components for event in events if isinstance(event, Candidate)]
    assert tried == list(range(1, 11))


def test_a_settings_error_comes_before_any_work() -> None:
    def no_table(*_: Any, **__: Any) -> Any:
        raise AssertionError("work began")

    job = segment_events(SegmentRequest(image_of(noise()), quick(0)), make_table=no_table)
    with pytest.raises(SettingsError, match="Components"):
        next(job)


def test_stopping_keeps_the_last_complete_step() -> None:
    verdict = StopRequest.NONE
    job = segment_events(SegmentRequest(image_of(noise()), quick(5, tol=0.0)), should_stop=lambda: verdict)
    seen: list[FitStep] = []
    while True:
        try:
            event = next(job)
        except StopIteration as stop:
            outcome: SegmentOutcome = stop.value
            break
        if isinstance(event, FitStep):
            seen.append(event)
            if event.iteration == 4:
                verdict = StopRequest.STOP
    assert outcome.fit.result.stop_reason == "stopped"
    assert not outcome.fit.result.converged
    assert outcome.fit.result.lower_bound == seen[-1].lower_bound
    assert_sound(outcome)


@pytest.mark.slow
@pytest.mark.parametrize("features", ["rgb", "rgb+position+texture"])
def test_stopping_before_there_is_a_step_ends_at_the_next_question(features: str) -> None:
    settings = replace(quick(), features=FeatureSpec.parse(features))
    n_asked = 0

    def counting() -> StopRequest:
        nonlocal n_asked
        n_asked += 1
        return StopRequest.NONE

    events = segment_events(SegmentRequest(image_of(noise()), settings), should_stop=counting)
    while not isinstance(next(events), FitStep):
        pass
    for n_before in range(n_asked - 1):
        left = iter([StopRequest.NONE] * n_before)
        answers: list[StopRequest] = []

        def stopping(left: Any = left, answers: list[StopRequest] = answers) -> StopRequest:
            answers.append(next(left, StopRequest.STOP))
            return answers[-1]

        with pytest.raises(Cancelled):
            result_of(segment_events(SegmentRequest(image_of(noise()), settings), should_stop=stopping))
        assert answers.count(StopRequest.STOP) <= 2


def test_once_stopped_no_preview_is_made() -> None:
    request = StopRequest.NONE
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    wanted = SegmentRequest(image_of(pixels), quick(4, n_init=2), wants_preview=True)
    kinds = [type(event) for event in segment_events(wanted)]
    assert Previewed in kinds
    events = segment_events(wanted, should_stop=lambda: request)
    later = []
    for event in events:
        later += [event] if request is StopRequest.STOP else []
        if isinstance(event, FitStep):
            request = StopRequest.STOP
    assert not any(isinstance(event, Previewed) for event in later)


def test_a_preview_has_its_components_in_canonical_order_and_their_mean_colours() -> None:
    image = image_of(np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8))
    wanted = SegmentRequest(image, quick(4, n_init=2), wants_preview=True)
    previews = [event for event in segment_events(wanted) if isinstance(event, Previewed)]
    assert previews
    for preview in previews:
        weights = preview.segmentation.params.weights
        assert (np.diff(weights) <= 0).all()
        for k, mean in enumerate(preview.means):
            inside = image.pixels[preview.segmentation.labels == k + 1].astype(float)
            np.testing.assert_allclose(mean, inside.mean(axis=0), atol=1)


def test_cancelling_ends_the_job() -> None:
    verdict = StopRequest.NONE
    job = segment_events(SegmentRequest(image_of(noise()), quick(5, tol=0.0)), should_stop=lambda: verdict)
    while not isinstance(next(job), FitStep):
        pass
    verdict = StopRequest.CANCEL
    with pytest.raises(Cancelled):
        result_of(job)


def test_relabelling_gives_the_fits_own_maps_again() -> None:
    outcome = outcome_of(three_stripes(), replace(quick(), smooth=1.0))
    again = result_of(relabel_events(outcome.fit, outcome.fit.result.params))
    assert again.fit is outcome.fit
    np.testing.assert_array_equal(again.segmentation.labels, outcome.segmentation.labels)
    np.testing.assert_array_equal(again.segmentation.posteriors, outcome.segmentation.posteriors)
    first = result_of(relabel_events(outcome.fit, outcome.fit.result.history[0].params))
    assert first.segmentation.params is outcome.fit.result.history[0].params


def test_the_floor_is_the_features_own_unless_given() -> None:
    pixels = three_stripes()
    assert outcome_of(pixels, quick()).fit.result.floor == pytest.approx(1 / 12)
    assert outcome_of(pixels, quick(reg_covar=40.0)).fit.result.floor == 40.0


@pytest.mark.parametrize("is_standardised", [False, True])
@pytest.mark.parametrize("smooth", [0.0, 2.0])
def test_a_model_from_its_file_gives_the_fitted_image_the_same_maps(
    is_standardised: bool, smooth: float
) -> None:
    spec = FeatureSpec("lab", has_position=True, is_standardised=is_standardised)
    outcome = outcome_of(three_stripes(), replace(quick(), features=spec, smooth=smooth))
    model = load_model(dump_model(outcome.fit.model))
    applied = result_of(apply_events(model, outcome.fit.image))
    np.testing.assert_array_equal(applied.segmentation.labels, outcome.segmentation.labels)
    assert applied.table.values.tobytes() == outcome.table.values.tobytes()
    assert applied.fit.result.log_likelihood == pytest.approx(outcome.fit.result.log_likelihood, rel=1e-12)
    assert applied.fit.settings.smooth == smooth


def test_applying_a_model_standardises_by_the_fitted_image_not_the_new_one() -> None:
    spec = FeatureSpec(is_standardised=True)
    model = outcome_of(three_stripes(), replace(quick(), features=spec)).fit.model
    darker = image_of(three_stripes(1)[:40] // 2)
    applied = result_of(apply_events(model, darker))
    plain = feature_table(darker, FeatureSpec())
    np.testing.assert_allclose(applied.table.values, (plain.values - model.centre) / model.scale, atol=1e-12)
    expected = plain.weights @ score_rows(model.params, applied.table.values)
    assert applied.fit.result.log_likelihood == pytest.approx(expected, rel=1e-12)
    assert applied.fit.result.params is model.params


def test_applying_works_where_the_new_image_has_fewer_colours_than_components() -> None:
    model = outcome_of(three_stripes(), quick()).fit.model
    applied = result_of(apply_events(model, image_of(np.full((4, 4, 3), 45, np.uint8))))
    assert applied.fit.result.params.n_components == 3
    assert len(np.unique(applied.segmentation.labels)) == 1


def test_applying_refuses_other_channels_and_other_features() -> None:
    model = outcome_of(three_stripes(), quick()).fit.model
    with pytest.raises(ModelError, match=r"3 channels.*1 channel"):
        result_of(apply_events(model, image_of(three_stripes()[:, :, 0])))
    with pytest.raises(ModelError, match="R, G, blue"):
        result_of(apply_events(replace(model, names=("R", "G", "blue")), image_of(three_stripes())))
    with pytest.raises(FeatureError, match="5 features where 3"):
        result_of(
            apply_events(replace(model, features=FeatureSpec(has_position=True)), image_of(three_stripes()))
        )


def test_applying_can_be_cancelled_but_not_stopped_half_way() -> None:
    model = outcome_of(three_stripes(), quick()).fit.model
    image = image_of(three_stripes())
    with pytest.raises(Cancelled):
        result_of(apply_events(model, image, should_stop=lambda: StopRequest.CANCEL))
    stopped = result_of(apply_events(model, image, should_stop=lambda: StopRequest.STOP))
    assert stopped.segmentation.labels.all()


@pytest.mark.parametrize("features", ["lab", "hsv", "rgb+position", "gray+texture"])
def test_a_float_image_is_measured_by_the_white_of_the_fitted_one(features: str) -> None:
    fitted = np.random.default_rng(0).random((40, 50, 3)) * 3
    part = np.minimum(fitted[:, :, :], 1.5)
    spec = FeatureSpec.parse(features)
    outcome = outcome_of(fitted, replace(quick(), features=spec))
    model = load_model(dump_model(outcome.fit.model))
    assert model.white == fitted.max()
    whole, applied = (result_of(apply_events(model, image_of(pixels))).table for pixels in (fitted, part))
    is_same = (part == fitted).all(axis=2)
    n_compared = applied.n_features if not spec.has_texture else 1
    for one, other in zip(whole.values.T[:n_compared], applied.values.T[:n_compared], strict=True):
        expected, found = whole.pixels.spread(one), applied.pixels.spread(other)
        np.testing.assert_allclose(found[is_same], expected[is_same], rtol=1e-12)
    if spec.has_texture:
        dim = result_of(apply_events(model, image_of(fitted / 2))).table
        np.testing.assert_allclose(dim.values[:, 1:], whole.values[:, 1:] / 2, atol=1e-9)


def test_an_image_whose_depth_says_its_white_keeps_it_under_a_model() -> None:
    spec = FeatureSpec("lab")
    model = outcome_of(three_stripes() / 128.0, replace(quick(), features=spec)).fit.model
    assert model.white is not None
    applied = result_of(apply_events(model, image_of(three_stripes())))
    np.testing.assert_array_equal(applied.table.values, feature_table(image_of(three_stripes()), spec).values)
    assert outcome_of(three_stripes(), quick()).fit.model.white is None
