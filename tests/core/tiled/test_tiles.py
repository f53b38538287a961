"""Tiles cover a picture once, and sums over them do not depend on who makes them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmmseg.image import Image, ImageSource
from gmmseg.tiled import tiles
from gmmseg.tiled.passes import TreeSum
from gmmseg.tiled.tiles import CHUNK, grid_of, tile_grid
from tests.core.tiled.pictures import ArrayPicture


@given(st.tuples(st.integers(1, 300), st.integers(1, 300)), st.tuples(st.integers(1, 90), st.integers(1, 90)))
def test_each_pixel_lies_in_one_tile(shape: tuple[int, int], side: tuple[int, int]) -> None:
    seen = np.zeros(shape, dtype=int)
    for index, tile in enumerate(grid_of(shape, side)):
        assert tile.index == index
        seen[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] += 1
    assert (seen == 1).all()


@pytest.mark.parametrize(
    ("shape", "piece", "expected"),
    [
        ((9000, 7000), (256, 256), (4096, 4096)),
        ((9000, 7000), (16, 7000), (3072, 7168)),
        ((300, 200), (256, 256), (1024, 1024)),
        ((200_000, 3_000_000), (1, 3_000_000), (1024, 65_536)),
    ],
)
def test_tiles_suit_how_a_picture_is_stored(
    shape: tuple[int, int], piece: tuple[int, int], expected: tuple[int, int]
) -> None:
    wide = np.broadcast_to(np.zeros(1, dtype=np.uint8), (*shape, 1))
    picture = ArrayPicture(Image(wide, ("grey",), ImageSource("wide")), piece)
    found = tile_grid(picture)
    assert (found[0].height, found[0].width) == (min(expected[0], shape[0]), min(expected[1], shape[1]))
    assert all(tile.top % CHUNK == 0 and tile.left % CHUNK == 0 for tile in found)
    last = found[-1]
    assert (last.top + last.height, last.left + last.width) == shape
    assert tiles.TILE_PIXELS == 4096**2


def test_a_tree_adds_neighbours_first() -> None:
    def text(n_terms: int) -> str:
        terms = TreeSum[str](lambda one, other: f"({one}{other})")
        for term in "abcdefgh"[:n_terms]:
            terms.push(term)
        return terms.total()

    # By hand: complete subtrees from the left, joined from the right.
    assert [text(n) for n in (1, 2, 3, 4, 7)] == ["a", "(ab)", "((ab)c)", "((ab)(cd))", "(((ab)(cd))((ef)g))"]
    with pytest.raises(ValueError, match="no terms"):
        TreeSum[int](int.__add__).total()
