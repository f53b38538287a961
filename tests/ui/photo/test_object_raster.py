"""The bytes of objects, against the ids of the map itself."""

from __future__ import annotations

import numpy as np

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
    assert np.array_equal(raster.pixels, np.where(ids > 0, (ids - 1) % 254 + 1, 0))
    entry = objects.objects[-1]
    assert raster.colours(objects, 1.0)[(entry.id - 1) % 254 + 1].tolist() == [*entry.colour, 255]
    assert np.flatnonzero(raster.are_among((entry.id,))).tolist() == [(entry.id - 1) % 254 + 1]
    assert not raster.are_among(()).any()
