"""Levels of files, and those that are made once and kept in the cache."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from gmmseg.arrays import AnyArray
from gmmseg.control import Progress, StopRequest, never_stop, result_of
from gmmseg.errors import Cancelled, ReadError, WriteError
from gmmseg.io.tiled import level_cache
from gmmseg.io.tiled.level_cache import LevelCache
from gmmseg.io.tiled.levels import open_levels_events
from gmmseg.io.tiled.opening import is_beyond_memory, open_picture
from gmmseg.limits import budget_of
from gmmseg.tiled import pyramid as pyramids
from gmmseg.tiled.engines import Local
from gmmseg.tiled.halving import halved
from gmmseg.tiled.pyramid import Pyramid
from gmmseg.tiled.tiles import grid_of
from tests.core.tiled.pictures import coloured, image_of

SHAPE = (300, 210)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a small picture have three levels and several tiles, whose corners are halved twice."""
    monkeypatch.setattr(pyramids, "OVERVIEW_PIXELS", SHAPE[0] * SHAPE[1] // 15)
    monkeypatch.setattr(level_cache, "tile_grid", lambda picture: grid_of(picture.shape, (128, 64)))


@pytest.fixture
def cache(tmp_path: Path) -> LevelCache:
    return LevelCache(tmp_path / "cache")


def _written(path: Path, pixels: AnyArray, **options: Any) -> Path:
    tifffile.imwrite(path, pixels, photometric="rgb", **{"tile": (32, 32), **options})
    return path


def _opened(path: Path, cache: LevelCache) -> tuple[Pyramid, list[Progress]]:
    job = open_levels_events(path, cache=cache)
    progress: list[Progress] = []
    while True:
        try:
            progress.append(next(job))
        except StopIteration as end:
            return end.value, progress


def _whole(pyramid: Pyramid, level: int) -> AnyArray:
    return pyramid.levels[level].read(0, 0, *pyramid.levels[level].shape).pixels


def test_levels_that_a_file_lacks_are_halves_made_once(tmp_path: Path, cache: LevelCache) -> None:
    pixels = coloured(SHAPE)
    path = _written(tmp_path / "slide.tif", pixels)
    pyramid, progress = _opened(path, cache)
    assert pyramid.steps == (1, 2, 4)
    fractions = [one.fraction for one in progress if one.fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    half = halved(image_of(pixels))
    assert np.array_equal(_whole(pyramid, 0), pixels)
    assert np.array_equal(_whole(pyramid, 1), half.pixels)
    assert np.array_equal(_whole(pyramid, 2), halved(half).pixels)
    stored = pyramid.store.get("colours")
    assert stored is not None
    assert stored["counts"].sum() == SHAPE[0] * SHAPE[1]
    assert len(stored["codes"]) == len(np.unique(pixels.reshape(-1, 3), axis=0))
    again, progress = _opened(path, cache)
    assert progress == []
    assert np.array_equal(_whole(again, 2), halved(half).pixels)


def test_pixels_without_data_are_kept(tmp_path: Path, cache: LevelCache) -> None:
    opacity = np.broadcast_to(np.where(np.arange(210) < 101, 0, 255).astype(np.uint8), SHAPE)
    path = _written(tmp_path / "a.tif", np.dstack([coloured(SHAPE), opacity]), extrasamples=["unassalpha"])
    pyramid, _ = _opened(path, cache)
    mask = pyramid.levels[1].read(0, 0, 150, 105).mask
    assert mask is not None
    assert np.array_equal(mask[0], np.arange(105) >= 50)


def test_levels_of_the_file_are_taken(tmp_path: Path, cache: LevelCache) -> None:
    pixels = coloured((600, 420))
    marked = [pixels, pixels[::2, ::2] | 1, pixels[::4, ::4] | 3, pixels[::8, ::8] | 7]
    carried, after = tmp_path / "carried.tif", tmp_path / "after.tif"
    options: dict[str, Any] = {"tile": (32, 32), "photometric": "rgb", "metadata": None}
    with tifffile.TiffWriter(carried) as tiff:
        tiff.write(marked[0], subifds=3, **options)
        for level in marked[1:]:
            tiff.write(level, subfiletype=1, **options)
    with tifffile.TiffWriter(after) as tiff:
        tiff.write(marked[0], **options)
        # As slides have it: a thumbnail of another size that is stored in strips.
        tiff.write(pixels[::7, ::7], photometric="rgb", metadata=None)
        tiff.write(marked[2], **options)
        tiff.write(marked[3], **options)
    pyramid, progress = _opened(carried, cache)
    assert (pyramid.steps, progress) == ((1, 2, 4, 8), [])
    assert all(np.array_equal(_whole(pyramid, at), marked[at]) for at in range(4))
    pyramid, progress = _opened(after, cache)
    assert (pyramid.steps, progress) == ((1, 4, 8), [])
    assert np.array_equal(_whole(pyramid, 1), marked[2])


@pytest.mark.slow
def test_what_lies_in_strips_is_copied_in_full(tmp_path: Path, cache: LevelCache) -> None:
    pixels = coloured((64, 1500))
    path = tmp_path / "strips.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", rowsperstrip=4)
    pyramid, _ = _opened(path, cache)
    assert pyramid.steps[0] == 1
    assert pyramid.levels[0] is not pyramid.picture
    assert np.array_equal(_whole(pyramid, 0), pixels)


def test_levels_of_an_ome_zarr_are_taken(tmp_path: Path, cache: LevelCache) -> None:
    zarr = pytest.importorskip("zarr")
    pixels = np.moveaxis(coloured(SHAPE), 2, 0)
    group = zarr.open_group(tmp_path / "slide.zarr", mode="w", zarr_format=3)
    for at in range(3):
        array = group.create_array(
            str(at), shape=pixels[:, :: 2**at, :: 2**at].shape, chunks=(3, 32, 32), dtype="u1"
        )
        array[:] = pixels[:, :: 2**at, :: 2**at]
    axes = [{"name": "c", "type": "channel"}, {"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    datasets = [{"path": str(at)} for at in range(3)]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    pyramid, progress = _opened(tmp_path / "slide.zarr", cache)
    assert (pyramid.steps, progress) == ((1, 2, 4), [])
    assert np.array_equal(_whole(pyramid, 2), coloured(SHAPE)[::4, ::4])


@pytest.mark.parametrize("request_", [StopRequest.STOP, StopRequest.CANCEL])
def test_making_levels_is_stopped_and_leaves_nothing(
    request_: StopRequest, tmp_path: Path, cache: LevelCache
) -> None:
    path = _written(tmp_path / "slide.tif", coloured(SHAPE))
    asked = iter([StopRequest.NONE] * 6)
    job = open_levels_events(path, cache=cache, should_stop=lambda: next(asked, request_))
    with pytest.raises(Cancelled):
        result_of(job)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_file_that_was_changed_has_other_levels(tmp_path: Path, cache: LevelCache) -> None:
    path = _written(tmp_path / "slide.tif", coloured(SHAPE))
    _opened(path, cache)
    _written(path, coloured(SHAPE, seed=1))
    pyramid, progress = _opened(path, cache)
    assert progress
    assert np.array_equal(_whole(pyramid, 1), halved(image_of(coloured(SHAPE, seed=1))).pixels)


@pytest.mark.slow
def test_the_cache_is_bounded_and_what_was_used_longest_ago_goes(tmp_path: Path) -> None:
    cache = LevelCache(tmp_path / "cache", most_bytes=200_000)
    paths = [_written(tmp_path / f"{at}.tif", coloured(SHAPE, seed=at) // 32) for at in range(3)]
    for at, path in enumerate(paths):
        pyramid, _ = _opened(path, cache)
        place = Path(pyramid.levels[1].path).parent  # type: ignore[attr-defined]
        os.utime(place, (at, at))
    held = [sum(file.stat().st_size for file in place.iterdir()) for place in (tmp_path / "cache").iterdir()]
    assert sum(held) <= 200_000
    assert len(held) == 2
    assert _opened(paths[2], cache)[1] == []
    assert _opened(paths[0], cache)[1] != []


def test_levels_that_the_cache_has_no_room_for_are_left_out(tmp_path: Path) -> None:
    cache = LevelCache(tmp_path / "cache", most_bytes=20_000)
    pyramid, _ = _opened(_written(tmp_path / "slide.tif", coloured(SHAPE)), cache)
    assert pyramid.steps == (1, 4)


def test_what_cannot_be_written_or_is_gone_is_said(tmp_path: Path, cache: LevelCache) -> None:
    path = _written(tmp_path / "slide.tif", coloured(SHAPE))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError):
        _opened(path, LevelCache(tmp_path / "file" / "cache"))
    pyramid, _ = _opened(path, cache)
    os.unlink(f"{pyramid.levels[1].path}.raw")  # type: ignore[attr-defined]
    with pytest.raises(ReadError, match="Open it again"):
        pyramid.levels[1].read(0, 0, 10, 10)


def test_a_disk_that_is_full_leaves_nothing(
    tmp_path: Path, cache: LevelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _written(tmp_path / "slide.tif", coloured(SHAPE))

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(level_cache.StoredLevel, "_write_rows", refuse)
    with pytest.raises(WriteError, match="full"):
        _opened(path, cache)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.slow
def test_processes_make_the_same_levels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _written(tmp_path / "slide.tif", coloured(SHAPE))
    one, two = LevelCache(tmp_path / "one"), LevelCache(tmp_path / "two")
    first = result_of(open_levels_events(path, cache=one))
    second = result_of(open_levels_events(path, cache=two, engine=Local(2)))
    assert np.array_equal(_whole(first, 1), _whole(second, 1))
    assert np.array_equal(first.store.get("colours")["counts"], second.store.get("colours")["counts"])  # type: ignore[index]


def test_only_what_memory_does_not_hold_is_beyond_it(tmp_path: Path) -> None:
    path = _written(tmp_path / "slide.tif", coloured(SHAPE))
    assert not is_beyond_memory(path)
    with budget_of(300_000):
        assert is_beyond_memory(path)
    assert open_picture(path, should_stop=never_stop).shape == SHAPE


@pytest.mark.slow
def test_pixels_of_levels_are_larger_than_those_of_the_file(tmp_path: Path, cache: LevelCache) -> None:
    resolution = {"resolution": (40_000, 20_000), "resolutionunit": "CENTIMETER"}
    path = _written(tmp_path / "slide.tif", coloured(SHAPE), **resolution)
    pyramid, _ = _opened(path, cache)
    # 1 cm = 10,000 µm; the overview has every fourth pixel, the level between them every second.
    assert pyramid.pixel_size == pytest.approx((0.25, 0.5))
    assert pyramid.overview().pixel_size == pytest.approx((1.0, 2.0))
    assert pyramid.part((0.0, 0.0, 20.0, 20.0), zoom=2.0).pixel_size == pytest.approx((0.5, 1.0))
    plain, _ = _opened(_written(tmp_path / "plain.tif", coloured(SHAPE)), cache)
    assert plain.overview().pixel_size is None


@pytest.mark.parametrize("version", [2, 3])
def test_scales_of_ome_zarr_are_pixel_sizes(version: int, tmp_path: Path, cache: LevelCache) -> None:
    zarr = pytest.importorskip("zarr")
    root = zarr.open_group(tmp_path / "plate.zarr", mode="w", zarr_format=version)
    root.create_array("0", shape=SHAPE, chunks=(64, 64), dtype="u1")[...] = coloured(SHAPE)[:, :, 0]
    units = ({"unit": "nanometer"}, {"unit": "micrometer"})
    axes = [{"name": name, "type": "space", **unit} for name, unit in zip("yx", units, strict=True)]
    scaled = [{"type": "scale", "scale": [100.0, 0.25]}, {"type": "translation", "translation": [3.0, 3.0]}]
    scales = {
        "axes": axes,
        "datasets": [{"path": "0", "coordinateTransformations": scaled}],
        "coordinateTransformations": [{"type": "scale", "scale": [2.0, 2.0]}],
    }
    held = {"multiscales": [scales]}
    root.attrs.update({"ome": {"version": "0.5", **held}} if version == 3 else held)
    pyramid, _ = _opened(tmp_path / "plate.zarr", cache)
    assert pyramid.pixel_size == pytest.approx((0.5, 0.2))
    step = pyramid.steps[-1]
    assert pyramid.overview().pixel_size == pytest.approx((0.5 * step, 0.2 * step))
