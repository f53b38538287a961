"""Depths in sets of leaves, against the distance to every pixel outside."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from gmmseg.selection.depth import depth_at
from tests.core.selection.scenes import DISC, disc_site


def test_depth_is_the_distance_to_the_nearest_pixel_outside() -> None:
    ground = disc_site().scene.ground
    rng = np.random.default_rng(0)
    members = rng.random(ground.n_leaves) < 0.5
    inside = members[ground.labels]
    padded = np.pad(inside, 1)
    outside = np.argwhere(~padded) - 1
    brute = np.array(cKDTree(outside).query(np.argwhere(inside))[0])
    for at, expected in list(zip(np.argwhere(inside).tolist(), brute, strict=True))[::97]:
        depth, greatest = depth_at(ground, members, (at[0], at[1]))
        assert depth == pytest.approx(expected)
        assert greatest == pytest.approx(brute.max())


def test_nothing_has_no_depth() -> None:
    ground = disc_site().scene.ground
    assert depth_at(ground, np.zeros(ground.n_leaves, dtype=np.bool_), DISC[:2]) == (0, 0)
