"""The spatial prior in tiles of any size is that of the picture in memory, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from gmmseg.arrays import AnyArray
from gmmseg.control import never_stop, result_of
from gmmseg.features.build import Standard
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import Image
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo import grid
from gmmseg.photo.classes import default_classes
from gmmseg.photo.jobs import SegmentOutcome, SegmentRequest, segment_events
from gmmseg.photo.segmentation import class_planes
from gmmseg.photo.settings import SegmentSettings
from gmmseg.photo.smoothing import SMOOTH_REACH
from gmmseg.tiled import labelling
from gmmseg.tiled.engines import Local
from gmmseg.tiled.labelling import LabelTile
from gmmseg.tiled.pass_store import PassStore
from gmmseg.tiled.passes import Passes
from gmmseg.tiled.smoothing import prior_of
from gmmseg.tiled.tile_rows import Light, TileRows
from gmmseg.tiled.tiles import Tile, grid_of
from tests.core.tiled.pictures import ArrayPicture, coloured, image_of

SHAPE = (151, 203)
N_COMPONENTS = 3


@pytest.fixture(autouse=True)
def many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the contrast of a small picture be that of some of its rows."""
    monkeypatch.setattr(grid, "_CONTRAST_PIXELS", 2 * SHAPE[1])
    monkeypatch.setattr(grid, "_SAMPLED_BLOCKS", 5)


def _noisy(dtype: type[np.generic]) -> AnyArray:
    """Return patches that their noise hides, so that every neighbour counts."""
    noise = np.random.default_rng(5).normal(0, 0.15, (*SHAPE, 3))
    values: AnyArray = np.clip(0.5 + (coloured(SHAPE, np.float64) - 0.5) / 4 + noise, 0, 1)
    kind = np.dtype(dtype)
    return values.astype(kind) if kind.kind == "f" else np.rint(values * np.iinfo(kind).max).astype(kind)


@dataclass
class Kept:
    """Keeps what is stored of tiles."""

    values: AnyArray = field(default_factory=lambda: np.full(SHAPE, 99, np.uint8))

    def write(self, tile: Tile, values: AnyArray) -> None:
        self.values[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = values


def _in_memory(image: Image, features: str, smooth: float) -> SegmentOutcome:
    spec = FeatureSpec.parse(features)
    settings = SegmentSettings(spec, FitSettings(N_COMPONENTS, n_init=1, max_iter=15), smooth=smooth)
    return result_of(segment_events(SegmentRequest(image, settings)))


def _in_tiles(image: Image, outcome: SegmentOutcome, tile_shape: tuple[int, int]) -> list[AnyArray]:
    """Return classes and probabilities of a picture, put together of tiles."""
    picture, fit, table = ArrayPicture(image), outcome.fit, outcome.table
    white = image.white if fit.model.white is None else fit.model.white
    rows = TileRows(picture, table.spec, Light(white, 0.0), Standard(table.centre, table.scale, white))
    prior = prior_of(picture, fit.model.smooth, Passes(Local(), PassStore(None)), never_stop)
    sinks = [Kept() for _ in range(1 + N_COMPONENTS)]
    classes = default_classes(N_COMPONENTS)
    task = LabelTile(rows, fit.result.params, classes, sinks[0], tuple(sinks[1:]), prior=prior)
    for tile in grid_of(SHAPE, tile_shape):
        task(tile)
    return [sink.values for sink in sinks]


def _maps(outcome: SegmentOutcome) -> Iterator[AnyArray]:
    yield outcome.segmentation.labels
    for plane in class_planes(outcome.segmentation, outcome.table, default_classes(N_COMPONENTS)):
        yield np.rint(plane * 255).astype(np.uint8)


@pytest.mark.parametrize("has_holes", [False, True])
@pytest.mark.parametrize(
    ("features", "dtype", "smooth"),
    [
        ("rgb", np.uint8, 1.0),
        ("lab", np.uint8, 10.0),
        ("rgb", np.float32, 4.0),
        ("gray+position", np.uint16, 2.0),
    ],
)
@pytest.mark.slow
def test_maps_of_tiles_are_those_in_memory(features: str, dtype: Any, smooth: float, has_holes: bool) -> None:
    mask = np.random.default_rng(3).random(SHAPE) > 0.2 if has_holes else None
    if mask is not None:
        mask[:60, 100:170] = False
    image = image_of(_noisy(dtype), mask)
    outcome = _in_memory(image, features, smooth)
    expected = list(_maps(outcome))
    alone = _in_memory(image, features, 0.0)
    assert (expected[0] != alone.segmentation.labels).mean() > 0.05
    for tile_shape in (SHAPE, (64, 64), (31, 203), (151, 7), (40, 53)):
        for found, wanted in zip(_in_tiles(image, outcome, tile_shape), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)


def test_less_around_a_tile_would_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    image = image_of(_noisy(np.uint8))
    outcome = _in_memory(image, "rgb", 10.0)
    monkeypatch.setattr(labelling, "SMOOTH_REACH", SMOOTH_REACH - 2)
    found = _in_tiles(image, outcome, (40, 53))
    assert any((one != wanted).any() for one, wanted in zip(found, _maps(outcome), strict=True))
