"""Appearance of nodes, against their pixels."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.selection.closeness import CLOSENESS, closeness
from gmmseg.selection.nodes import NODE_FEATURES
from tests.core.selection.scenes import SHAPE, disc_site


def feature(name: str) -> np.ndarray:
    return disc_site().scene.nodes.features[:, NODE_FEATURES.index(name)]


def outline_of(mask: np.ndarray) -> tuple[int, int]:
    """Return sides of pixels towards pixels outside, and towards no pixel."""
    padded = np.pad(mask, 1)
    within = np.pad(np.ones_like(mask), 1)
    border = rim = 0
    for axis in (0, 1):
        for step in (-1, 1):
            beyond, exists = np.roll(padded, step, axis), np.roll(within, step, axis)
            border += int((padded & ~beyond & exists).sum())
            rim += int((padded & ~exists).sum())
    return border, rim


@pytest.mark.parametrize("which", [0, 3, 10, -20, -5, -2])
def test_outline_area_and_fill_are_those_of_the_pixels(which: int) -> None:
    ground = disc_site().scene.ground
    node = which % ground.tree.n_nodes
    start, stop = ground.tree.intervals[:, node]
    mask = (ground.labels >= start) & (ground.labels < stop)
    border, rim = outline_of(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    assert feature("log share")[node] == pytest.approx(np.log(mask.mean()))
    assert feature("rim")[node] == pytest.approx(rim / (border + rim))
    assert feature("compactness")[node] == pytest.approx(4 * np.pi * mask.sum() / (border + rim) ** 2)
    assert feature("fill")[node] == pytest.approx(mask.sum() / box)
    at_side = (rows[0] == 0, columns[0] == 0, rows[-1] == SHAPE[0] - 1, columns[-1] == SHAPE[1] - 1)
    assert feature("sides touched")[node] == sum(map(int, at_side))


def test_a_prompt_is_closest_to_its_own_leaf() -> None:
    scene = disc_site().scene
    ground = scene.ground
    leaf = int(ground.labels[20, 24])
    found = closeness(ground, scene.nodes, scene.ways, np.array([leaf]), np.array([20.0, 24.0]))
    for name in ("height", "share", "path by strength", "path by height"):
        column = found[:, CLOSENESS.index(name)]
        assert column[leaf] == column.min()
    apart = np.hypot(*(ground.centres - [20, 24]).T) / np.sqrt(SHAPE[0] * SHAPE[1])
    np.testing.assert_allclose(found[:, CLOSENESS.index("distance")], np.log(apart + 0.005))


def test_several_leaves_are_as_close_as_the_nearest() -> None:
    scene = disc_site().scene
    point = np.array([5.0, 5.0])
    one, other, both = (
        closeness(scene.ground, scene.nodes, scene.ways, np.array(leaves), point)
        for leaves in ([0], [scene.ground.n_leaves - 1], [0, scene.ground.n_leaves - 1])
    )
    np.testing.assert_allclose(both, np.minimum(one, other))
