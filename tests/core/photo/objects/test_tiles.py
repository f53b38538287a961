"""Packed maps against plain arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gmmseg.photo.objects import tiles
from gmmseg.photo.objects.tiles import SIDE, TileMap

SHAPES = [(1, 1), (SIDE, SIDE), (SIDE + 1, 2 * SIDE - 1), (300, 200)]


def random_ids(shape: tuple[int, int], top: int = 5, seed: int = 0) -> np.ndarray:
    """Blocks of ids with single pixels of others among them."""
    rng = np.random.default_rng(seed)
    ids = np.kron(rng.integers(0, top, (9, 9)), np.ones((40, 40), dtype=int))[: shape[0], : shape[1]]
    ids[rng.random(shape) < 0.01] = top
    return ids.astype(np.uint16)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("top", [3, 40_000])
def test_an_array_comes_back_as_it_was(shape: tuple[int, int], top: int) -> None:
    ids = random_ids(shape, top)
    packed = TileMap.of(ids)
    assert np.array_equal(packed.read(), ids)
    assert np.array_equal(packed.counts(top + 1), np.bincount(ids.reshape(-1), minlength=top + 1))


@settings(max_examples=60)
@given(st.data())
def test_writing_a_box_is_assignment_and_shares_the_other_tiles(data: st.DataObject) -> None:
    ids = random_ids((300, 200))
    before = TileMap.of(ids)
    top, left = data.draw(st.integers(0, 299)), data.draw(st.integers(0, 199))
    box = slice(top, data.draw(st.integers(top, 300))), slice(left, data.draw(st.integers(left, 200)))
    block = np.random.default_rng(top).integers(0, 3, ids[box].shape).astype(np.uint16)
    after = before.written(box, block)
    expected = ids.copy()
    expected[box] = block
    assert np.array_equal(after.read(), expected)
    assert np.array_equal(after.read(box), block)
    assert np.array_equal(before.read(), ids)
    touched = {
        index
        for index in range(len(before.tiles))
        if not np.array_equal(ids[before.box(index)], expected[before.box(index)])
    }
    assert set(after.changed_from(before)) == touched
    for index in set(range(len(before.tiles))) - touched:
        assert after.tiles[index] is before.tiles[index]


def test_mapping_replaces_every_id() -> None:
    ids = random_ids((300, 200))
    table = np.array([0, 9, 2, 9, 300, 1], dtype=np.uint16)
    assert np.array_equal(TileMap.of(ids).mapped(table).read(), table[ids])


@pytest.mark.parametrize("wanted", [0, 1, 5, 77])
def test_bounds_hold_exactly_the_pixels_of_an_id(wanted: int) -> None:
    ids = random_ids((300, 200))
    ids[200:, 150:] = 0
    ids[10, 10] = 77
    box = TileMap.of(ids).bounds_of(wanted)
    ys, xs = np.nonzero(ids == wanted)
    assert box == (slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1))


def test_an_id_that_is_nowhere_has_no_bounds() -> None:
    assert TileMap.empty((5, 5)).bounds_of(3) is None


def test_two_hundred_strokes_over_twelve_megapixels_take_little_memory() -> None:
    """Packed: 200 undo steps, each with a stroke of 30 by 1,500 pixels, in under 64 MiB."""
    ids = TileMap.empty((3000, 4000))
    rng = np.random.default_rng(1)
    kept: dict[int, int] = {}
    for step in range(200):
        top, left = int(rng.integers(0, 2900)), int(rng.integers(0, 2500))
        box = slice(top, top + 30), slice(left, left + 1500)
        ids = ids.written(box, np.full((30, 1500), 1 + step % 9, dtype=np.uint16))
        kept |= {id(tile): len(tile) for tile in ids.tiles if isinstance(tile, bytes)}
    pointers = 200 * 8 * len(ids.tiles)
    assert sum(kept.values()) + pointers < 64 << 20


@pytest.fixture(params=[1 << 15, 3])
def most_tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Of a map: with so few its tiles are larger."""
    monkeypatch.setattr(tiles, "_MOST_TILES", request.param)
    return int(request.param)


def test_tiles_grow_with_the_map(most_tiles: int) -> None:
    ids = random_ids((300, 200))
    packed = TileMap.of(ids)
    assert len(packed.tiles) <= most_tiles
    assert packed.side == (SIDE if most_tiles > 3 else 2 * SIDE)
    assert np.array_equal(packed.read(), ids)
    written = packed.written((slice(100, 270), slice(5, 150)), np.full((170, 145), 7))
    ids[100:270, 5:150] = 7
    assert np.array_equal(written.read(), ids)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_samples_are_the_ids_in_the_middle_of_each_step(most_tiles: int, data: st.DataObject) -> None:
    ids = random_ids((300, 200))
    step = data.draw(st.integers(1, 70))
    height, width = -(-300 // step), -(-200 // step)
    top, left = data.draw(st.integers(0, height)), data.draw(st.integers(0, width))
    bottom, right = data.draw(st.integers(top, height)), data.draw(st.integers(left, width))
    box = slice(top, bottom), slice(left, right)
    expected = [
        [ids[min(y * step + step // 2, 299), min(x * step + step // 2, 199)] for x in range(left, right)]
        for y in range(top, bottom)
    ]
    found = TileMap.of(ids).sampled(step, box)
    assert np.array_equal(found, np.array(expected).reshape(bottom - top, right - left))


@pytest.mark.parametrize("step", [1, 3, 16, 150])
def test_ids_of_a_smaller_copy_are_those_of_blocks_of_pixels(step: int) -> None:
    blocks = random_ids((-(-300 // step), -(-200 // step)))
    packed = TileMap.of(blocks, (300, 200), step)
    assert np.array_equal(packed.read(), np.kron(blocks, np.ones((step, step), int))[:300, :200])
    assert np.array_equal(packed.sampled(step), blocks)


def test_a_map_of_a_hundred_gigapixels_is_small_and_quick_to_change() -> None:
    ids = TileMap.empty((300_000, 350_000))
    box = slice(200_000, 200_300), slice(123_456, 123_556)
    after = ids.written(box, np.full((300, 100), 9))
    assert len(ids.tiles) <= 1 << 15
    assert after.bounds_of(9) == box
    assert after.counts(10)[9] == 30_000
    assert 8 * len(ids.tiles) < after.n_bytes_beside(ids) < 1 << 18


def test_areas_painted_one_after_the_other_are_those_of_an_array(
    most_tiles: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "_BYTES_OPEN", 0)
    rng = np.random.default_rng(0)
    painter, ids = tiles.TilePainter((700, 900)), np.zeros((700, 900), np.uint16)
    for wanted in range(1, 40):
        top, left = int(rng.integers(0, 650)), int(rng.integers(0, 850))
        box = slice(top, min(top + int(rng.integers(1, 300)), 700)), slice(left, left + 50)
        mask = rng.random((box[0].stop - top, 50)) < 0.7
        painter.paint(box, mask, wanted)
        assert len(painter._open) <= 4
        ids[box][mask] = wanted
    assert np.array_equal(painter.map().read(), ids)


def test_boxes_of_all_ids_are_found_at_once(most_tiles: int) -> None:
    ids = random_ids((300, 200), 300)
    ids[:256, :140][ids[:256, :140] == 7] = 8
    ids[120:, 100:] = 7
    packed = TileMap.of(ids)
    expected = {}
    for each in set(np.unique(ids).tolist()) - {0}:
        ys, xs = np.nonzero(ids == each)
        expected[each] = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
    assert packed.boxes(301) == expected
