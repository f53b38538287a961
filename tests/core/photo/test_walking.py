"""EM by hand on an image: each half step is the textbook's, forward, back and on to the end."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.control import StopRequest, result_of
from gmmseg.errors import Cancelled
from gmmseg.image import Image
from gmmseg.io.images import image_from_array
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from gmmseg.photo.settings import SegmentSettings
from gmmseg.photo.walking import Move, Walk, begin_events, move_events
from tests.core.mixture.cases import plain_e_step, plain_m_step


def picture() -> Image:
    random = np.random.default_rng(0)
    centres = np.array([[60, 60, 90], [160, 120, 60], [90, 190, 140]])
    pixels = centres[random.integers(3, size=(9, 11))] + random.normal(0, 25, (9, 11, 3))
    return image_from_array(np.clip(pixels, 0, 255).astype(np.uint8), "spots")


def begun(**mixture: object) -> Walk:
    settings = SegmentSettings(mixture=FitSettings(n_components=3, **mixture))  # type: ignore[arg-type]
    return result_of(begin_events(picture(), settings))


def moved(walk: Walk, *moves: Move) -> Walk:
    for move in moves:
        assert walk.can(move)
        walk = result_of(move_events(walk, move))
    return walk


def pixels() -> np.ndarray:
    return picture().pixels.reshape(-1, 3).astype(float)


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_each_half_step_is_the_textbook_s(kind: CovarianceKind) -> None:
    walk = begun(covariance=kind)
    for at in range(4):
        before = walk.now.params
        expected = plain_e_step(pixels(), before)
        assert walk.now.log_likelihood == pytest.approx(expected.log_likelihood)
        walk = moved(walk, "E")
        assert walk.now.params is before, "an E-step changes no parameter"
        assert walk.segmentation is not None
        np.testing.assert_array_equal(walk.segmentation.labels.ravel(), expected.gamma.argmax(axis=1) + 1)
        held = walk.segmentation
        walk = moved(walk, "M")
        assert walk.segmentation is held, "an M-step changes no posterior"
        wanted = plain_m_step(pixels(), expected.gamma, kind)
        np.testing.assert_allclose(walk.now.params.means, wanted.means, rtol=1e-9)
        np.testing.assert_allclose(walk.now.params.covariance.values, wanted.covariance.values, rtol=1e-6)
        assert walk.now.iteration == at + 1 == walk.at


def test_e_and_m_take_turns() -> None:
    walk = begun()
    assert [walk.can(move) for move in ("E", "M", "back", "run")] == [True, False, False, True]
    assert result_of(move_events(walk, "M")) is walk
    walk = moved(walk, "E")
    assert [walk.can(move) for move in ("E", "M", "back", "run")] == [False, True, True, True]


def test_back_undoes_half_a_step_and_forward_finds_it_again() -> None:
    there = moved(begun(), "E", "M", "E", "M", "E")
    steps = there.steps
    walk = moved(there, "back")
    assert (walk.at, walk.has_posteriors) == (2, False)
    assert walk.segmentation is not None
    gamma = plain_e_step(pixels(), steps[1].params).gamma
    np.testing.assert_array_equal(walk.segmentation.labels.ravel(), gamma.argmax(axis=1) + 1)
    walk = moved(walk, "back")
    assert (walk.at, walk.has_posteriors) == (1, True)
    walk = moved(walk, "back", "back", "back")
    assert (walk.at, walk.has_posteriors, walk.segmentation) == (0, False, None)
    again = moved(walk, "E", "M", "E", "M", "E")
    assert again.steps == steps
    assert again.now is there.now


def test_running_on_ends_by_the_settings_rule_where_plain_em_does() -> None:
    walk = moved(begun(tol=1e-7), "run")
    assert walk.ended == "bound"
    assert not walk.can("run")
    assert walk.has_posteriors
    bounds = [step.lower_bound for step in walk.steps]
    assert (np.diff(bounds) >= -1e-12).all()
    assert bounds[-1] - bounds[-2] < 1e-7 <= bounds[-2] - bounds[-3]
    assert [step.iteration for step in walk.steps] == list(range(len(walk.steps)))
    params = walk.steps[0].params
    for _ in walk.steps[1:]:
        params = plain_m_step(pixels(), plain_e_step(pixels(), params).gamma, "full")
    np.testing.assert_allclose(walk.now.params.means, params.means, rtol=1e-6)


def test_a_run_that_is_stopped_stays_where_it_is() -> None:
    asked = iter([StopRequest.NONE] * 12)
    job = move_events(begun(tol=0.0), "run", should_stop=lambda: next(asked, StopRequest.STOP))
    walk = result_of(job)
    assert walk.ended is None
    assert 0 < walk.at < 12
    assert walk.segmentation is not None
    assert moved(walk, "M").at == walk.at + 1
    with pytest.raises(Cancelled):
        result_of(move_events(begun(), "run", should_stop=lambda: StopRequest.CANCEL))
