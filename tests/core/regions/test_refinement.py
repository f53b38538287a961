"""Borders brought from a reduced size to the image's own, on pictures whose borders are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from gmmseg.control import StopRequest, result_of
from gmmseg.errors import Cancelled
from gmmseg.image import RGB, Image, ImageSource
from gmmseg.regions import refinement
from gmmseg.regions.refinement import enlarged, near_border, refined, refinement_events

Leaves = NDArray[np.int32]


def disc(size: int, radius: float, noise: float = 6.0) -> tuple[Image, Leaves]:
    """Return a picture of a disc and which pixels belong to it."""
    y, x = np.mgrid[:size, :size] + 0.5 - size / 2
    inside = (np.hypot(y, x) < radius).astype(np.int32)
    pixels = np.where(inside[:, :, None], [180, 90, 60], [70, 110, 160])
    pixels = pixels + np.random.default_rng(0).normal(0, noise, pixels.shape)
    return Image(np.clip(pixels, 0, 255).astype(np.uint8), RGB, ImageSource("disc")), inside


def reduced(labels: Leaves, step: int) -> Leaves:
    return labels[step // 2 :: step, step // 2 :: step].copy()


@pytest.mark.parametrize("step", [3, 4, 8])
def test_refined_borders_follow_the_edge_that_coarse_ones_cut(step: int) -> None:
    image, truth = disc(264, 90)
    coarse = reduced(truth, step)
    before = (enlarged(coarse, truth.shape) != truth).sum()
    found = result_of(refinement_events(coarse, image))
    assert found.dtype == np.int32
    assert (found != truth).sum() < 0.25 * before
    # A circle of that length, off by a third of a pixel.
    assert (found != truth).sum() < 2 * np.pi * 90 / 3


def test_strips_give_what_the_whole_picture_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    image, truth = disc(200, 70)
    coarse = enlarged(reduced(truth, 2), truth.shape)
    whole = refined(coarse, image.pixels)
    monkeypatch.setattr(refinement, "_STRIP_PIXELS", 200 * 20)
    np.testing.assert_array_equal(refined(coarse, image.pixels), whole)


def test_leaves_keep_something_however_thin_they_are() -> None:
    image, _ = disc(40, 10)
    coarse = np.arange(100, dtype=np.int32).reshape(10, 10)
    found = result_of(refinement_events(coarse, image))
    assert len(np.unique(found)) == 100


def test_free_pixels_touch_one_that_touches_another_leaf() -> None:
    leaves = np.zeros((7, 9), dtype=np.int32)
    leaves[:, 4:] = 1
    leaves[:, 8] = -1
    assert near_border(leaves)[3].tolist() == [0, 0, 1, 1, 1, 1, 0, 0, 0]


def test_pixels_without_data_stay_so() -> None:
    image, truth = disc(96, 30)
    mask = np.ones((96, 96), dtype=np.bool_)
    mask[20:50, 40:] = False
    masked = Image(image.pixels, RGB, image.source, mask)
    coarse = reduced(np.where(mask, truth, -1).astype(np.int32), 4)
    found = result_of(refinement_events(coarse, masked))
    assert (found[~mask] == -1).all()


def asked(n: int, answer: StopRequest) -> Callable[[], StopRequest]:
    """Return what answers NONE a number of times, then something else."""
    times = iter(range(10**6))
    return lambda: StopRequest.NONE if next(times) < n else answer


@pytest.mark.parametrize("n_before", [0, 3])
def test_stop_keeps_the_borders_as_coarse_as_they_are(n_before: int) -> None:
    image, truth = disc(264, 90)
    coarse = reduced(truth, 8)
    found = result_of(refinement_events(coarse, image, asked(n_before, StopRequest.STOP)))
    assert found.shape == truth.shape
    if n_before == 0:
        np.testing.assert_array_equal(found, enlarged(coarse, truth.shape))
    assert (found != truth).mean() < 0.02


def test_cancel_keeps_nothing() -> None:
    image, truth = disc(100, 30)
    with pytest.raises(Cancelled):
        result_of(refinement_events(reduced(truth, 4), image, asked(2, StopRequest.CANCEL)))


@pytest.mark.parametrize(("small", "large"), [((2, 3), (4, 9)), ((3, 5), (7, 11)), ((1, 1), (1, 4))])
def test_enlarged_leaves_are_those_below_each_pixels_centre(
    small: tuple[int, int], large: tuple[int, int]
) -> None:
    leaves = np.arange(small[0] * small[1], dtype=np.int32).reshape(small)
    found = enlarged(leaves, large)
    for y, x in np.ndindex(*large):
        below = (int((y + 0.5) * small[0] / large[0]), int((x + 0.5) * small[1] / large[1]))
        assert found[y, x] == leaves[below]
