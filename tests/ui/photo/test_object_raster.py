"""The bytes of objects, against the ids of the map itself."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch
from ui.photo.widgets.object_raster import ObjectRaster


def test_bytes_follow_every_version_of_the_map_and_repeat_after_254_objects() -> None:
    rng = np.random.default_rng(0)
    raster, objects = ObjectRaster(), ObjectMap.empty((150, 300))
    raster.show(objects)
    for number in range(256):
        objects = objects.with_object(Patch.of(rng.random((2, 2)) < 0.8, number // 2, number), "a")
    # The tile of 128 × 128 below is uniform afterwards.
    objects = objects.with_object(Patch.of(np.ones((150, 128), dtype=bool), 0, 128), "b")
    assert raster.show(objects)
    assert not raster.show(objects)
    ids = objects.ids.read().astype(int)
    assert ids.max() > 254
    drawn = raster.at(np.arange(150), np.arange(300))
    assert np.array_equal(drawn, np.where(ids > 0, (ids - 1) % 254 + 1, 0))
    entry = objects.objects[-1]
    assert raster.colours(objects, 1.0)[(entry.id - 1) % 254 + 1].tolist() == [*entry.colour, 255]
    assert np.flatnonzero(raster.are_among((entry.id,))).tolist() == [(entry.id - 1) % 254 + 1]
    assert not raster.are_among(()).any()


LEVELS = (1, 3, 12)


@pytest.mark.parametrize(
    ("steps", "stride", "step"),
    [
        *((LEVELS, *seen) for seen in ((0.3, 1), (1.0, 1), (3.9, 3), (11.0, 3), (12.0, 12), (40.0, 12))),
        # Of an image in memory there are levels twice as coarse until one part holds all.
        *(((1,), *seen) for seen in ((0.3, 1), (1.9, 1), (2.1, 2), (3.9, 2), (4.0, 4), (40.0, 4))),
    ],
)
def test_what_is_seen_is_sampled_from_the_level_of_the_zoom_also_after_changes(
    steps: tuple[int, ...], stride: float, step: int
) -> None:
    rng = np.random.default_rng(0)
    raster, objects = ObjectRaster(), ObjectMap.empty((601, 533))
    rows, columns = (np.floor(np.arange(-9, end, stride)).astype(np.intp) for end in (620, 550))
    for number in range(6):
        patch = Patch.of(rng.random((90, 70)) < 0.5, 100 * number, 80 * number)
        objects = objects.with_object(patch, "a")
        raster.show(objects, steps)
        ids = objects.ids.read()
        blocks = [np.clip(along // step * step + step // 2, 0, None) for along in (rows, columns)]
        y, x = (np.minimum(at, side - 1) for at, side in zip(blocks, ids.shape, strict=True))
        expected = ids[y[:, None], x]
        expected[(rows < 0) | (rows >= 601)] = 0
        expected[:, (columns < 0) | (columns >= 533)] = 0
        found = raster.at(rows, columns)
        # A block at the edge may reach beyond the map.
        inside = np.ix_(rows < 601, columns < 533)
        assert np.array_equal(found[inside], expected[inside])
