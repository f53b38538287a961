"""Tables of blocks: each pixel has the row of the pixel in the middle of its block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gmmseg.features import blocks
from gmmseg.features.build import feature_table
from gmmseg.features.spec import FeatureSpec
from tests.data.states import make_image


@pytest.mark.parametrize("features", ["rgb", "lab+position"])
def test_pixels_of_a_block_have_the_row_of_its_middle(features: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image = make_image(3, 41, 62, has_hole=True)
    table = feature_table(image, FeatureSpec.parse(features))
    assert blocks.block_table(table) is table
    monkeypatch.setattr(blocks, "MANY_ROWS", 10)
    monkeypatch.setattr(blocks, "N_BLOCKS", 150)
    # Blocks of 5 by 5: 2542 pixels are 16.9 times 150.
    made = blocks.block_table(table)
    assert blocks.block_table(table) is made
    assert made.n_rows <= 9 * 13
    has_data = table.pixels.spread(np.ones(table.n_rows), empty=0) > 0
    for at in range(table.n_features):
        exact = table.pixels.spread(table.values[:, at], empty=np.nan)
        coarse = made.pixels.spread(made.values[:, at], empty=np.nan)
        for y, x in np.ndindex(41, 62):
            middle = min(y // 5 * 5 + 2, 40), min(x // 5 * 5 + 2, 61)
            expected = exact[middle] if has_data[y, x] else np.nan
            np.testing.assert_equal(coarse[y, x], expected)
    has_row = made.pixels.spread(np.ones(made.n_rows), empty=0) > 0
    assert made.weights.sum() == has_row.sum()
    assert (made.names, made.floor) == (table.names, table.floor)


def test_another_table_has_other_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MANY_ROWS", 10)
    monkeypatch.setattr(blocks, "N_BLOCKS", 50)
    table = feature_table(make_image(3, 20, 30), FeatureSpec())
    other = replace(table, values=table.values + 1)
    shift = blocks.block_table(other).values - blocks.block_table(table).values
    np.testing.assert_allclose(shift, 1)
