"""Tiles of a picture beyond memory drawn together: each place once, from the sharpest level that is there."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from gmmseg.arrays import AnyArray, ByteArray
from gmmseg.tiled import pyramid as pyramids
from gmmseg.tiled.pass_store import PassStore
from gmmseg.tiled.pyramid import Place, Pyramid
from tests.core.tiled.pictures import ArrayPicture, image_of
from ui.photo.widgets.finer_tiles import FinerTiles
from ui.photo.widgets.pixel_item import as_qimage

SHAPE = (96, 128)
_RAMP = np.arange(256)
LUT: ByteArray = np.stack([_RAMP, _RAMP, _RAMP, np.full(256, 128)], 1).astype(np.uint8)


@pytest.fixture
def pyramid(monkeypatch: pytest.MonkeyPatch) -> Pyramid:
    """Return three levels of tiles of 16 × 16."""
    monkeypatch.setattr(pyramids, "_VIEW_SIDE", 16)
    levels = [np.zeros((SHAPE[0] // step, SHAPE[1] // step, 3), np.uint8) for step in (1, 2, 4)]
    pictures = tuple(ArrayPicture(image_of(level)) for level in levels)
    return Pyramid(pictures, (1, 2, 4), pictures[0], PassStore(None))


def _painted(tiles: FinerTiles, own: ByteArray, part: QRectF, lut: ByteArray | None) -> AnyArray:
    """Return what is painted at the size of the finest level, over black; the overview is `own`."""
    screen = QImage(SHAPE[1], SHAPE[0], QImage.Format.Format_RGB32)
    screen.fill(0)
    painter = QPainter(screen)
    painter.scale(4, 4)

    def paint_own(part: QRectF) -> None:
        painter.drawImage(part, as_qimage(own, lut), part)

    painter.setClipRect(part)
    tiles.paint(painter, part, 4.0, paint_own)
    painter.end()
    return np.array(np.frombuffer(screen.constBits(), np.uint8).reshape(*SHAPE, 4)[:, :, :3][:, :, ::-1])


def _values(rng: np.random.Generator, shape: tuple[int, ...]) -> ByteArray:
    return rng.integers(1, 255, shape, dtype=np.uint8)


@pytest.mark.parametrize("lut", [None, LUT])
def test_every_place_shows_the_sharpest_tile_once(
    qtbot: QtBot, pyramid: Pyramid, lut: ByteArray | None
) -> None:
    rng = np.random.default_rng(0)
    depth = (3,) if lut is None else ()
    own = _values(rng, (24, 32, *depth))
    expected = own.repeat(4, 0).repeat(4, 1)
    tiles = FinerTiles(pyramid)
    tiles.set_lut(lut)
    whole = QRectF(0, 0, 32, 24)
    _painted(tiles, own, whole, lut)
    for level in (1, 0):
        step = pyramid.steps[level]
        places = pyramid.tiles_in(level, (0.0, 0.0, 32.0, 24.0))
        for at in rng.permutation(len(places))[: len(places) // 2]:
            place: Place = places[at]
            tile = pyramid.tile(place)
            values = _values(rng, (tile.height, tile.width, *depth))
            tiles.put(place, values)
            rows = slice(tile.top * step, (tile.top + tile.height) * step)
            columns = slice(tile.left * step, (tile.left + tile.width) * step)
            expected[rows, columns] = values.repeat(step, 0).repeat(step, 1)
            # Painted while some are lacking, and with the next ones put into what was painted.
            _painted(tiles, own, whole, lut)
    found = _painted(tiles, own, whole, lut)
    if lut is not None:
        # Of what is half transparent, a place that is painted twice is brighter.
        expected = np.repeat(expected[:, :, None], 3, 2) // 2
    assert np.abs(found.astype(int) - expected).max() <= (0 if lut is None else 1)
    part = QRectF(3, 5, 11, 9)
    inside = np.s_[20:56, 12:56]
    assert np.array_equal(_painted(tiles, own, part, lut)[inside], found[inside])


def test_a_full_screen_of_tiles_is_drawn_by_one_call(
    qtbot: QtBot, pyramid: Pyramid, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles = FinerTiles(pyramid)
    for place in pyramid.tiles_in(0, (0.0, 0.0, 32.0, 24.0)):
        tiles.put(place, np.full((16, 16, 3), 9, np.uint8))
    calls: list[object] = []
    monkeypatch.setattr(tiles, "_draw", lambda *arguments: calls.append(arguments))
    screen = QImage(8, 8, QImage.Format.Format_RGB32)
    painter = QPainter(screen)
    tiles.paint(painter, QRectF(0, 0, 32, 24), 4.0, lambda part: calls.append(part))
    painter.end()
    assert len(calls) == 1
