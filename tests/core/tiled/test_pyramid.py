"""Levels of a picture and their tiles: together they are the whole, and what is drawn of them too."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmmseg.arrays import AnyArray
from gmmseg.batch.documents import as_in_document
from gmmseg.control import result_of
from gmmseg.drawing.draw import Scene, draw
from gmmseg.drawing.layers import Layer, LayerKind
from gmmseg.errors import SettingsError
from gmmseg.features.build import feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import Image
from gmmseg.io.export_items import ExportItem
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import Document
from gmmseg.photo.jobs import SegmentOutcome, SegmentRequest
from gmmseg.photo.labelling import Previewed
from gmmseg.photo.segmentation import segment
from gmmseg.photo.settings import SegmentSettings
from gmmseg.tiled import pyramid as pyramids
from gmmseg.tiled.engines import Local
from gmmseg.tiled.fitting import fit_tiled_events
from gmmseg.tiled.halving import halved
from gmmseg.tiled.labelling import ColourLabels
from gmmseg.tiled.overview import overview_table, segment_overview_events
from gmmseg.tiled.pass_store import PassStore
from gmmseg.tiled.passes import Passes
from gmmseg.tiled.pyramid import Pyramid, missing_steps, nested, pyramid_of
from gmmseg.tiled.tile_rows import Light, TileRows
from gmmseg.tiled.viewing import TILED_KINDS, TileDrawer, TileView
from tests.core.tiled.pictures import ArrayPicture, coloured, image_of

SHAPE = (301, 230)


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a small picture have several tiles."""
    monkeypatch.setattr(pyramids, "_VIEW_SIDE", 64)


def _of(image: Image, n_levels: int = 3) -> Pyramid:
    images = [image]
    while len(images) < n_levels:
        images.append(halved(images[-1]))
    levels = tuple(map(ArrayPicture, images))
    return Pyramid(levels, tuple(2**at for at in range(n_levels)), levels[0], PassStore(None))


def _brute_half(values: AnyArray, held: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Return the means over blocks of two by two, block by block, and where one holds data."""
    height, width = (-(-side // 2) for side in held.shape)
    means = np.zeros((height, width, values.shape[2]))
    has_data = np.zeros((height, width), dtype=bool)
    for y in range(height):
        for x in range(width):
            block = np.s_[2 * y : 2 * y + 2, 2 * x : 2 * x + 2]
            kept = values[block][held[block]].astype(float)
            has_data[y, x] = len(kept) > 0
            if len(kept):
                means[y, x] = kept.mean(axis=0)
    return means, has_data


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
@pytest.mark.parametrize("has_holes", [False, True])
@pytest.mark.parametrize("shape", [(8, 6), (9, 7), (1, 5)])
def test_a_half_is_the_mean_of_four(dtype: type[np.generic], has_holes: bool, shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(3)
    values = generator.integers(0, 200, (*shape, 3)).astype(dtype)
    if np.dtype(dtype).kind == "i":
        values -= 100
    held = generator.random(shape) > 0.5 if has_holes else np.ones(shape, dtype=bool)
    half = halved(image_of(values, held if has_holes else None))
    means, has_data = _brute_half(values, held)
    expected = means if np.dtype(dtype).kind == "f" else np.floor(means + 0.5)
    np.testing.assert_allclose(half.pixels[has_data], expected[has_data], rtol=1e-6)
    assert np.array_equal(np.ones_like(has_data) if half.mask is None else half.mask, has_data)


@given(st.floats(0.01, 100))
def test_the_level_that_is_looked_at_has_the_pixels_of_the_screen(zoom: float) -> None:
    pyramid = _of(image_of(np.zeros((16, 16, 1), np.uint8)))
    off = [abs(math.log2(pyramid.scale(level) * zoom)) for level in range(3)]
    assert off[pyramid.level_for(zoom)] == min(off)


def test_tiles_of_a_box_cover_it_and_those_in_its_middle_come_first() -> None:
    pyramid = _of(image_of(coloured(SHAPE)))
    places = pyramid.tiles_in(1, (10, 20, 40, 50))
    covered = np.zeros(pyramid.levels[1].shape, dtype=bool)
    for place in places:
        tile = pyramid.tile(place)
        covered[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = True
    assert covered[40:100, 20:80].all(), "a pixel of the overview is two of that level"
    assert places[0] == (1, 1, 0)
    assert pyramid.tiles_in(0, (-50, -50, 0, 0)) == []
    assert len(pyramid.tiles_in(2, (-100, -100, 900, 900))) == 2


def test_sizes_are_levels_where_each_is_a_whole_part_of_the_one_before() -> None:
    assert nested([(1000, 801), (500, 401), (250, 201), (100, 100), (63, 51)]) == [1, 2, 4, 0, 16]
    assert nested([(1000, 801), (1000, 801), (250, 200)]) == [1, 0, 4]
    assert missing_steps((4096, 4096)) == [2]
    assert missing_steps((2048, 2048)) == []


def _fitted(pyramid: Pyramid, features: str) -> tuple[SegmentOutcome, SegmentSettings, list[object]]:
    settings = SegmentSettings(FeatureSpec.parse(features), FitSettings(3, n_init=1))
    request = SegmentRequest(pyramid.overview(), settings, wants_preview=True)
    events: list[object] = []
    job = segment_overview_events(request, Local())
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return end.value, settings, events


@pytest.mark.slow
@pytest.mark.parametrize("features", ["rgb", "lab", "rgb+position"])
def test_a_fit_of_the_overview_is_that_of_all_pixels(features: str) -> None:
    image = image_of(coloured(SHAPE))
    pyramid = _of(image)
    outcome, settings, events = _fitted(pyramid, features)
    passes = Passes(Local(), PassStore(None))
    tiled = result_of(fit_tiled_events(ArrayPicture(image), settings, passes)).fit.result
    assert outcome.fit.result.log_likelihood == tiled.log_likelihood
    assert outcome.fit.result.params.means.tobytes() == tiled.params.means.tobytes()
    assert outcome.segmentation.labels.shape == pyramid.levels[-1].shape
    previews = [event for event in events if isinstance(event, Previewed)]
    assert previews
    assert previews[0].segmentation.labels.shape == pyramid.levels[-1].shape
    # Another mixture of the same colours is fitted without reading the picture again.
    if features == "rgb":
        table = overview_table(pyramid.overview(), settings.features)
        assert table.weights.sum() == SHAPE[0] * SHAPE[1]


def test_pixels_of_the_overview_go_by_the_nearest_colour_of_the_picture() -> None:
    pyramid = _of(image_of(coloured((64, 80))))
    overview = pyramid.overview()
    table = overview_table(overview, FeatureSpec())
    shown = np.stack([table.pixels.spread(column) for column in table.values.T], axis=2)
    own = np.rint(shown * 255) if table.values.max() <= 1 else shown
    picture = coloured((64, 80)).reshape(-1, 3).astype(float)
    wanted = overview.pixels.reshape(-1, 3).astype(float)
    nearest = np.sqrt(((wanted[:, None] - picture[None]) ** 2).sum(axis=2)).min(axis=1)
    found = np.sqrt(((own.reshape(-1, 3) - wanted) ** 2).sum(axis=1))
    np.testing.assert_allclose(found, nearest, atol=1e-6)


def test_what_needs_the_whole_picture_in_memory_is_refused() -> None:
    pyramid = _of(image_of(coloured((40, 40))))
    for settings in (SegmentSettings(smooth=1.0), SegmentSettings(learns_from="all")):
        with pytest.raises(SettingsError, match="in memory"):
            result_of(segment_overview_events(SegmentRequest(pyramid.overview(), settings), Local()))


def _mosaic(drawer: TileDrawer, pyramid: Pyramid, level: int, layer: Layer, scene: Scene) -> AnyArray:
    height, width = pyramid.levels[level].shape
    out: AnyArray | None = None
    for place in pyramid.tiles_in(level, (0, 0, 1e6, 1e6)):
        tile = pyramid.tile(place)
        pixels = drawer.draw(TileView(layer, scene, 255.0, place))
        assert pixels.shape[:2] == (tile.height, tile.width)
        if out is None:
            out = np.full((height, width, *pixels.shape[2:]), 77, dtype=np.uint8)
        out[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = pixels
    assert out is not None
    return out


@pytest.mark.slow
@pytest.mark.parametrize("has_holes", [False, True])
@pytest.mark.parametrize("kind", TILED_KINDS)
def test_tiles_are_those_of_the_whole_level(kind: LayerKind, has_holes: bool) -> None:
    mask = np.random.default_rng(1).random(SHAPE) > 0.1 if has_holes else None
    if mask is not None:
        mask[:70, :70] = False
    pyramid = _of(image_of(coloured(SHAPE), mask))
    outcome, settings, _ = _fitted(pyramid, "rgb")
    layer = Layer(kind, feature="green")
    scene = Scene(pyramid.overview(), outcome.segmentation, outcome.table, default_classes(3))
    scene = replace(scene, scale=draw(layer, scene).scale)
    drawer = TileDrawer(pyramid)
    for level in (0, 1):
        image = pyramid.levels[level].read(0, 0, *pyramid.levels[level].shape)
        table = feature_table(image, settings.features)
        maps = segment(outcome.fit.result.params, table)
        whole = Scene(image, maps, table, default_classes(3), scale=scene.scale)
        found = _mosaic(drawer, pyramid, level, layer, scene)
        assert np.array_equal(found, draw(layer, whole).pixels)


def test_threads_share_the_labels_of_colours() -> None:
    image = image_of(coloured((600, 400), seed=4), np.random.default_rng(2).random((600, 400)) > 0.1)
    outcome, settings, _ = _fitted(_of(image), "rgb")
    params, table = outcome.fit.result.params, feature_table(image, settings.features)
    expected = segment(params, table).labels
    rows = TileRows(ArrayPicture(image), settings.features, Light(255.0, 0.0))
    together = Barrier(4)

    def labelled(labels: ColourLabels) -> AnyArray:
        together.wait(10)
        return labels.of(image)

    with ThreadPoolExecutor(4) as threads:
        for _ in range(10):
            shared = ColourLabels(rows, params, in_blocks=False)
            assert all(np.array_equal(found, expected) for found in threads.map(labelled, [shared] * 4))


def test_a_typed_size_of_a_pixel_is_that_of_the_overview() -> None:
    document = replace(Document(), image=_of(image_of(coloured(SHAPE))).overview(), typed_pixel_size=2.0)
    items = [ExportItem(Path("a.csv"), "table")]
    assert as_in_document(items, document, "regions")[0].pixel_size == (2.0, 2.0)
    assert as_in_document(items, document, "classes")[0].pixel_size == (0.5, 0.5)
    assert as_in_document(items, document, "objects")[0].pixel_size == (0.5, 0.5)


def test_an_overview_knows_its_picture() -> None:
    pyramid = _of(image_of(coloured(SHAPE)))
    overview = pyramid.overview()
    assert pyramid_of(overview) is pyramid
    assert overview.step_of_levels == 4
    with pytest.raises(ValueError, match="no overview"):
        pyramid_of(image_of(coloured((4, 4))))
