"""Animations hold a frame for each step, each exactly what that step is, and stop without a file."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageSequence

from gmmseg.control import StopRequest, result_of
from gmmseg.errors import Cancelled, WriteError
from gmmseg.features.build import feature_table
from gmmseg.io.animation import within
from gmmseg.io.fit_animation import fit_animation_events
from gmmseg.io.images import image_from_array
from gmmseg.io.page_animation import page_animation_events
from gmmseg.laboratory.pages.em import EmPage
from gmmseg.laboratory.pages.likelihood import LikelihoodPage
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.document import Fit
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.segmentation import segment
from gmmseg.photo.settings import SegmentSettings

MARGIN = 16
WHITE = (255, 255, 255)


def frames_of(path: Path) -> list[np.ndarray]:
    with Pillow.open(path) as picture:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]


@pytest.fixture(scope="module")
def fit() -> Fit:
    rng = np.random.default_rng(1)
    bands = np.array([[220, 60, 40], [90, 150, 90], [60, 90, 200]])[np.arange(48) // 16]
    pixels = np.clip(bands[None] + rng.normal(0, 40, (36, 48, 3)), 0, 255).astype(np.uint8)
    settings = SegmentSettings(mixture=FitSettings(n_components=3, n_init=1, max_iter=12, tol=1e-9))
    return result_of(segment_events(SegmentRequest(image_from_array(pixels, "bands"), settings))).fit


@pytest.mark.parametrize("suffix", [".apng", ".gif"])
def test_each_frame_is_the_map_of_its_step(fit: Fit, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"em{suffix}"
    classes = fit.model.classes
    assert result_of(fit_animation_events(fit, classes, path)) == [path]
    found = frames_of(path)
    table = feature_table(fit.image, fit.settings.features)
    colours = np.array([WHITE, *classes.colours_by_component()], np.uint8)
    assert len(found) == len(fit.result.history)
    for step, frame in zip(fit.result.history, found, strict=True):
        expected = colours[segment(step.params, table).labels]
        shown = frame[MARGIN : MARGIN + 36, MARGIN : MARGIN + 48]
        if suffix == ".apng":
            np.testing.assert_array_equal(shown, expected)
        else:
            # 256 colours, most of which the smooth lines of the curve take.
            assert np.abs(shown.astype(int) - expected).max() <= 12


def test_each_moment_of_a_page_is_a_frame(tmp_path: Path) -> None:
    page = EmPage.opened(EmPage.example())
    for _ in range(3):
        page = page.step()
    transport = page.scene().transport
    assert transport is not None
    path = tmp_path / "page.apng"
    result_of(page_animation_events(page, path))
    found = frames_of(path)
    assert len(found) == transport.length == 7
    assert all((one != other).any() for one, other in itertools.pairwise(found))


def test_an_ellipse_lies_where_its_parameters_say(tmp_path: Path) -> None:
    page = EmPage.opened(EmPage.example())
    page = page.step()
    path = tmp_path / "page.apng"
    result_of(page_animation_events(page, path))
    last = frames_of(path)[-1]
    chart = page.scene().pictures[0]
    shape = chart.shapes[0]  # type: ignore[union-attr]
    box = (MARGIN, MARGIN, MARGIN + 439, MARGIN + 439)
    for x, y in within(box, chart.bounds, shape.x, shape.y)[::8]:  # type: ignore[union-attr]
        if MARGIN + 3 < x < MARGIN + 436 and MARGIN + 3 < y < MARGIN + 436:
            near = last[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2].reshape(-1, 3).astype(int)
            assert np.abs(near - shape.colour).sum(axis=1).min() < 120


def test_a_page_without_steps_and_another_suffix_are_refused(fit: Fit, tmp_path: Path) -> None:
    page = LikelihoodPage.opened(LikelihoodPage.example())
    with pytest.raises(WriteError, match="no steps"):
        result_of(page_animation_events(page, tmp_path / "page.gif"))
    with pytest.raises(WriteError):
        result_of(fit_animation_events(fit, fit.model.classes, tmp_path / "em.mp4"))


def test_stopping_writes_nothing(fit: Fit, tmp_path: Path) -> None:
    n_asked = 0

    def should_stop() -> StopRequest:
        nonlocal n_asked
        n_asked += 1
        return StopRequest.STOP if n_asked > 40 else StopRequest.NONE

    events = fit_animation_events(fit, fit.model.classes, tmp_path / "em.gif", should_stop)
    with pytest.raises(Cancelled):
        result_of(events)
    assert list(tmp_path.iterdir()) == []
