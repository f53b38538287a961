"""From an image to its hierarchy: pictures with known regions, odd images, determinism, stopping."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import label
from skimage.color import rgb2lab

from gmmseg.control import Progress, StopRequest, result_of
from gmmseg.errors import Cancelled
from gmmseg.image import GREY, RGB, Image, ImageSource
from gmmseg.regions.cutting import cut, leaf_labels_of
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.pipeline import hierarchy_events
from gmmseg.regions.settings import RegionSettings


def image_of(pixels: NDArray[Any], mask: NDArray[np.bool_] | None = None) -> Image:
    return Image(pixels, GREY if pixels.shape[2] == 1 else RGB, ImageSource("test"), mask)


def landscape(height: int = 90, width: int = 135, seed: int = 0) -> tuple[Image, NDArray[np.int64]]:
    """Return a noisy picture of sky, meadow and a round tree, and which is which."""
    y, x = np.mgrid[:height, :width]
    parts = (y > 0.6 * height).astype(np.int64)
    parts[np.hypot(y - 0.45 * height, x - 0.3 * width) < 0.2 * height] = 2
    colours = np.array([[150, 190, 230], [110, 150, 70], [30, 70, 40]])
    pixels = colours[parts] + np.random.default_rng(seed).normal(0, 8, (height, width, 3))
    return image_of(np.clip(pixels, 0, 255).astype(np.uint8)), parts


def agreement(labels: NDArray[Any], parts: NDArray[np.int64]) -> float:
    """Return the share of pixels in the region that covers most of their part."""
    return float(
        sum(np.bincount(labels[parts == part].reshape(-1)).max() for part in np.unique(parts)) / parts.size
    )


def check_whole(hierarchy: Hierarchy, image: Image) -> None:
    """Assert what is true of every hierarchy."""
    n_leaves = hierarchy.n_leaves
    held = np.ones(hierarchy.shape, dtype=np.bool_) if image.mask is None else image.mask
    assert hierarchy.shape == (image.height, image.width)
    np.testing.assert_array_equal(hierarchy.leaves >= 0, held)
    np.testing.assert_array_equal(np.bincount(hierarchy.leaves[held], minlength=n_leaves), hierarchy.areas)
    assert (hierarchy.areas > 0).all()
    _, first = np.unique(hierarchy.leaves[held], return_index=True)
    assert (np.diff(first) > 0).all()
    assert sorted(hierarchy.tree.pairs.reshape(-1).tolist()) == list(range(2 * n_leaves - 2))
    assert (hierarchy.tree.pairs.max(axis=1, initial=-1) < n_leaves + np.arange(n_leaves - 1)).all()
    assert (np.diff(hierarchy.tree.heights) >= 0).all()
    assert np.isfinite(hierarchy.tree.heights).all()
    assert hierarchy.means.shape == (n_leaves, 3)
    np.testing.assert_allclose(hierarchy.posteriors.sum(axis=1), 1, atol=1e-4)


def test_three_things_are_three_regions_by_default() -> None:
    image, parts = landscape()
    hierarchy = result_of(hierarchy_events(image))
    check_whole(hierarchy, image)
    found = cut(hierarchy, RegionSettings())
    assert 3 <= found.n_regions <= 5
    assert agreement(found.labels, parts) > 0.97
    three = cut(hierarchy, RegionSettings(n_regions=3))
    assert three.n_regions == 3
    assert agreement(three.labels, parts) > 0.97


def test_a_large_image_is_reduced_and_its_borders_are_as_sharp() -> None:
    image, parts = landscape(240, 360)
    hierarchy = result_of(hierarchy_events(image, working_side=120))
    check_whole(hierarchy, image)
    three = cut(hierarchy, RegionSettings(n_regions=3))
    assert agreement(three.labels, parts) > 0.99
    light = rgb2lab(image.pixels)[:, :, 0].reshape(-1)
    own = np.bincount(hierarchy.leaves.reshape(-1), light) / hierarchy.areas
    large = hierarchy.areas > 100
    assert np.corrcoef(own[large], hierarchy.means[large, 0])[0, 1] > 0.98


def test_regions_are_in_one_piece() -> None:
    image, _ = landscape()
    hierarchy = result_of(hierarchy_events(image))
    for n_regions in (2, 10, 60):
        labels = leaf_labels_of(hierarchy, n_regions)[hierarchy.leaves]
        assert all(label(labels == region)[1] == 1 for region in range(n_regions))


@pytest.mark.parametrize("working_side", [640, 60])
def test_the_same_seed_gives_the_same_tree_and_another_seed_nearly_so(working_side: int) -> None:
    image, parts = landscape()
    one, two, other = (
        result_of(hierarchy_events(image, seed, working_side=working_side)) for seed in (7, 7, 8)
    )
    for name in ("leaves", "tree.pairs", "tree.heights", "areas", "means", "posteriors"):
        np.testing.assert_array_equal(attrgetter(name)(one), attrgetter(name)(two))
    assert not np.array_equal(one.tree.heights, other.tree.heights)
    assert agreement(cut(other, RegionSettings(n_regions=3)).labels, parts) > 0.97


def noise(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)


def holes(kind: str) -> NDArray[np.bool_]:
    """Return where there is data: two islands, scattered pixels, or a single one."""
    mask = np.zeros((40, 60), dtype=np.bool_)
    if kind == "islands":
        mask[:15, :20] = mask[25:, 30:] = True
    elif kind == "scattered":
        mask = np.random.default_rng(0).random((40, 60)) < 0.2
    else:
        mask[17, 33] = True
    return mask


ODD_IMAGES = {
    "1 x 1": image_of(noise((1, 1, 3))),
    "1 x 9": image_of(noise((1, 9, 3))),
    "9 x 1 grey": image_of(noise((9, 1, 1))),
    "2 x 2": image_of(noise((2, 2, 3))),
    "level": image_of(np.full((40, 60, 3), 77, dtype=np.uint8)),
    "grey noise": image_of(noise((40, 60, 1))),
    "float": image_of(noise((40, 60, 3)).astype(np.float32) / 255),
    "16 bit": image_of(noise((40, 60, 3)).astype(np.uint16) * 257),
    "islands": image_of(noise((40, 60, 3)), holes("islands")),
    "level islands": image_of(np.full((40, 60, 3), 9, dtype=np.uint8), holes("islands")),
    "scattered": image_of(noise((40, 60, 3)), holes("scattered")),
    "one pixel": image_of(noise((40, 60, 3)), holes("one")),
    "five channels": Image(noise((40, 60, 5)), tuple("abcde"), ImageSource("test")),
}


@pytest.mark.slow
@pytest.mark.parametrize("working_side", [640, 24])
@pytest.mark.parametrize("name", ODD_IMAGES)
def test_odd_images_have_a_whole_tree(name: str, working_side: int) -> None:
    image = ODD_IMAGES[name]
    hierarchy = result_of(hierarchy_events(image, working_side=working_side))
    check_whole(hierarchy, image)
    for detail, n_regions in ((0.0, 1), (1.0, hierarchy.n_leaves)):
        found = cut(hierarchy, RegionSettings(detail=detail))
        assert found.n_regions == n_regions
        np.testing.assert_array_equal(found.labels > 0, hierarchy.leaves >= 0)


def test_a_level_picture_is_one_leaf_and_islands_are_regions_of_their_own() -> None:
    assert result_of(hierarchy_events(ODD_IMAGES["level"])).n_leaves == 1
    islands = result_of(hierarchy_events(ODD_IMAGES["level islands"]))
    assert cut(islands, RegionSettings()).n_regions == 2


@pytest.mark.parametrize("working_side", [640, 60])
def test_progress_rises_to_less_than_one(working_side: int) -> None:
    events = list(hierarchy_events(landscape()[0], working_side=working_side))
    assert all(isinstance(event, Progress) for event in events)
    fractions = [event.fraction for event in events if event.fraction is not None]
    assert len(fractions) == len(events) > 5
    assert fractions == sorted(fractions)
    assert fractions[0] >= 0
    assert fractions[-1] < 1


def test_between_any_two_reports_it_is_asked_whether_to_stop() -> None:
    image, _ = landscape(321, 481)
    n_asked = 0

    def should_stop() -> StopRequest:
        nonlocal n_asked
        n_asked += 1
        return StopRequest.NONE

    by_report = [n_asked for _ in hierarchy_events(image, should_stop=should_stop)]
    assert n_asked > 300
    assert (np.diff([*by_report, n_asked]) > 0).all()


@pytest.mark.parametrize("n_before", [0, 5, 100])
def test_cancel_keeps_nothing(n_before: int) -> None:
    times = iter(range(10**6))
    with pytest.raises(Cancelled):
        result_of(
            hierarchy_events(
                landscape()[0],
                should_stop=lambda: StopRequest.NONE if next(times) < n_before else StopRequest.CANCEL,
            )
        )


def test_stop_leaves_the_borders_of_a_large_image_coarse() -> None:
    image, _ = landscape()
    stopped = result_of(hierarchy_events(image, should_stop=lambda: StopRequest.STOP, working_side=45))
    check_whole(stopped, image)
    blocks = stopped.leaves.reshape(30, 3, 45, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()
