"""Evidence of a box, against the pixels in it."""

from __future__ import annotations

import numpy as np

from gmmseg.selection.boxing import (
    BOX_LEAF_FEATURES,
    BOX_MASK_FEATURES,
    box_leaf_features,
    box_mask_features,
    box_proposals,
    boxed_area,
    boxed_labelling,
)
from tests.core.selection.scenes import DISC, SHAPE, disc_site

ROW, COLUMN, RADIUS = DISC
BOX = (ROW - RADIUS - 2.0, COLUMN - RADIUS - 2.0, ROW + RADIUS + 3.0, COLUMN + RADIUS + 3.0)


def test_leaves_in_a_box_have_most_of_their_pixels_there() -> None:
    scene = disc_site().scene
    area = boxed_area(scene, BOX)
    within = np.zeros(SHAPE, dtype=np.bool_)
    within[int(BOX[0]) : int(BOX[2]), int(BOX[1]) : int(BOX[3])] = True
    for leaf in range(scene.ground.n_leaves):
        assert area.inside[leaf] == (within[scene.ground.labels == leaf].mean() > 0.5)


def test_a_box_smaller_than_every_leaf_still_holds_one() -> None:
    assert boxed_area(disc_site().scene, (3.0, 3.0, 4.0, 4.0)).inside.sum() == 1


def test_colours_alone_tell_the_disc_from_what_surrounds_it() -> None:
    scene = disc_site().scene
    area = boxed_area(scene, BOX)
    _, mask = boxed_labelling(scene, area)
    rows, columns = np.indices(SHAPE)
    disc = (rows - ROW) ** 2 + (columns - COLUMN) ** 2 <= RADIUS**2
    found = mask[scene.ground.labels]
    assert (found & disc).sum() / (found | disc).sum() > 0.85
    assert not (mask & ~area.inside).any()


def test_proposals_are_distinct_inside_the_box_and_described_row_by_row() -> None:
    scene = disc_site().scene
    area = boxed_area(scene, BOX)
    odds, _ = boxed_labelling(scene, area)
    masks = box_proposals(scene, area, odds)
    assert len(np.unique(masks, axis=0)) == len(masks)
    assert masks.any(axis=1).all()
    assert not (masks & ~area.inside).any()
    features = box_mask_features(scene, area, odds, masks)
    assert features.shape == (len(masks), len(BOX_MASK_FEATURES))
    assert box_leaf_features(scene, area).shape == (scene.ground.n_leaves, len(BOX_LEAF_FEATURES))
    widest = features[:, BOX_MASK_FEATURES.index("widest gap")]
    whole = np.flatnonzero((masks == area.inside).all(axis=1))[0]
    for mask, gap in zip(masks, widest, strict=True):
        at = np.argwhere(mask[scene.ground.labels])
        gaps = [
            (at[:, 0].min() - BOX[0]) / (BOX[2] - BOX[0]),
            (at[:, 1].min() - BOX[1]) / (BOX[3] - BOX[1]),
            (BOX[2] - 1 - at[:, 0].max()) / (BOX[2] - BOX[0]),
            (BOX[3] - 1 - at[:, 1].max()) / (BOX[3] - BOX[1]),
        ]
        assert np.isclose(gap, np.clip(gaps, -0.1, 1).max())
    assert widest[whole] == widest.min()
