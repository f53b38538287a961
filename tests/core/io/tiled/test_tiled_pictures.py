"""Rectangles of files are those of the whole file, as its own library reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from gmmseg.errors import BudgetError, ReadError
from gmmseg.image import RGB
from gmmseg.io.images import read_image
from gmmseg.io.tiled.opening import open_picture
from gmmseg.io.tiled.tiff_picture import TiffPicture
from gmmseg.limits import budget_of
from tests.core.tiled.pictures import coloured

SHAPE = (150, 210)
_TILED: dict[str, Any] = {"tile": (32, 48)}
_PLANES = np.moveaxis(coloured(SHAPE), 2, 0)
_IN_PLANES = {"photometric": "rgb", "planarconfig": "separate"}
_GREY = coloured(SHAPE)[:, :, 0]
_OPACITY = np.broadcast_to(np.where(np.arange(210) < 20, 0, 255).astype(np.uint8), SHAPE)
_GAPS = np.where(np.arange(210) < 30, np.float32(np.nan), coloured(SHAPE, np.float32)[:, :, 0])
_COLOURMAP = np.arange(768, dtype=np.uint16).reshape(3, 256) * 256
LAYOUTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rgb": (coloured(SHAPE), {**_TILED, "photometric": "rgb"}),
    "deflated": (coloured(SHAPE), {**_TILED, "photometric": "rgb", "compression": "zlib"}),
    "16 bits": (coloured(SHAPE, np.uint16), {**_TILED, "photometric": "rgb", "compression": "zlib"}),
    "strips": (coloured(SHAPE), {"photometric": "rgb", "rowsperstrip": 7}),
    "one strip": (coloured(SHAPE, np.uint16)[:, :, 0], {"photometric": "minisblack"}),
    "planes": (_PLANES, {**_TILED, **_IN_PLANES}),
    "planes in strips": (_PLANES, {**_IN_PLANES, "rowsperstrip": 9}),
    "alpha": (
        np.dstack([coloured(SHAPE), _OPACITY]),
        {**_TILED, "photometric": "rgb", "extrasamples": ["unassalpha"]},
    ),
    "white is zero": (_GREY, {**_TILED, "photometric": "miniswhite"}),
    "floats with gaps": (_GAPS, _TILED),
    "five channels": (
        coloured(SHAPE, n_channels=5),
        {**_TILED, "photometric": "minisblack", "planarconfig": "contig"},
    ),
    "palette": (_GREY, {**_TILED, "photometric": "palette", "colormap": _COLOURMAP}),
    "channels as pages": (
        np.moveaxis(coloured(SHAPE, np.uint16), 2, 0),
        {"imagej": True, "metadata": {"axes": "CYX"}},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_rectangle_of_a_tiff_is_that_of_the_whole(layout: str, tmp_path: Path) -> None:
    array, options = LAYOUTS[layout]
    path = tmp_path / "picture.tif"
    tifffile.imwrite(path, array, **options)
    whole = read_image(path)
    picture = open_picture(path)
    assert isinstance(picture, TiffPicture)
    assert (picture.shape, picture.channels, picture.dtype) == (SHAPE, whole.channels, whole.pixels.dtype)
    held = np.ones(SHAPE, dtype=bool) if whole.mask is None else whole.mask
    for top, left, height, width in ((0, 0, *SHAPE), (31, 47, 2, 2), (33, 0, 64, 210), (149, 100, 1, 110)):
        part = picture.read(top, left, height, width)
        place = slice(top, top + height), slice(left, left + width)
        found = np.ones((height, width), dtype=bool) if part.mask is None else part.mask
        assert np.array_equal(found, held[place])
        assert np.array_equal(part.pixels[found], whole.pixels[place][found])


def test_jpeg_and_lzw_in_tiles_are_read_through_the_extra(tmp_path: Path) -> None:
    pytest.importorskip("imagecodecs")
    path = tmp_path / "slide.tif"
    pixels = coloured(SHAPE)
    tifffile.imwrite(path, pixels, tile=(32, 48), photometric="rgb", compression="lzw")
    assert np.array_equal(open_picture(path).read(20, 30, 90, 80).pixels, pixels[20:110, 30:110])
    tifffile.imwrite(path, pixels, tile=(32, 48), photometric="ycbcr", compression="jpeg")
    picture = open_picture(path)
    assert picture.channels == RGB
    assert np.array_equal(picture.read(20, 30, 90, 80).pixels, tifffile.imread(path)[20:110, 30:110])


def test_turned_files_and_other_formats_are_read_as_a_whole(tmp_path: Path) -> None:
    from PIL import Image as Pillow

    pixels = coloured(SHAPE)
    turned = tmp_path / "turned.tif"
    tifffile.imwrite(turned, pixels, photometric="rgb", extratags=[(274, "H", 1, 6, True)])
    Pillow.fromarray(pixels).save(tmp_path / "plain.png")
    for path, expected in ((turned, np.rot90(pixels, -1)), (tmp_path / "plain.png", pixels)):
        picture = open_picture(path)
        assert picture.shape == expected.shape[:2]
        assert np.array_equal(picture.read(5, 7, 20, 30).pixels, expected[5:25, 7:37])


def test_a_damaged_tile_is_named_or_left_out(tmp_path: Path) -> None:
    path = tmp_path / "damaged.tif"
    tifffile.imwrite(path, coloured(SHAPE), tile=(32, 48), photometric="rgb", compression="zlib")
    with tifffile.TiffFile(path) as tiff:
        offset, length = (values[7] for values in (tiff.pages[0].dataoffsets, tiff.pages[0].databytecounts))
    data = bytearray(path.read_bytes())
    data[offset : offset + length] = b"\xff" * length
    path.write_bytes(data)
    picture = open_picture(path)
    assert picture.read(0, 0, 32, 210).mask is None
    with pytest.raises(ReadError, match="rows 32 to 63, columns 96 to 143"):
        picture.read(0, 0, *SHAPE)
    mask = open_picture(path, skips_damaged=True).read(0, 0, *SHAPE).mask
    assert mask is not None
    assert not mask[32:64, 96:144].any()
    assert np.count_nonzero(~mask) == 32 * 48


def test_a_file_that_changes_meanwhile_is_said(tmp_path: Path) -> None:
    path = tmp_path / "changing.tif"
    tifffile.imwrite(path, coloured(SHAPE), tile=(32, 48), photometric="rgb")
    picture = open_picture(path)
    tifffile.imwrite(path, coloured((10, 10)), photometric="rgb")
    with pytest.raises(ReadError, match="changed while it was being read"):
        picture.read(0, 0, 10, 10)


def test_pieces_larger_than_memory_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "one-strip.tif"
    tifffile.imwrite(path, coloured(SHAPE), photometric="rgb", rowsperstrip=SHAPE[0])
    with budget_of(4 * 150 * 210 * 3 - 1), pytest.raises(BudgetError, match="Save it in tiles"):
        open_picture(path)


@pytest.mark.parametrize("version", [2, 3])
def test_ome_zarr_of_both_versions_is_read(version: int, tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    pixels = coloured(SHAPE)
    root = zarr.open_group(tmp_path / "slide.zarr", mode="w", zarr_format=version)
    stored = np.moveaxis(pixels, 2, 0)[None, :, None]
    array = root.create_array("0", shape=(2, *stored.shape[1:]), chunks=(1, 1, 1, 40, 50), dtype=stored.dtype)
    array[1] = stored[0]
    scales = {
        "axes": [{"name": name} for name in "tczyx"],
        "datasets": [{"path": "0"}],
    }
    ome = {"multiscales": [scales]}
    root.attrs.update(ome if version == 2 else {"ome": {"version": "0.5", **ome}})
    picture = open_picture(tmp_path / "slide.zarr", frame=1)
    assert (picture.shape, picture.channels, picture.piece) == (SHAPE, RGB, (40, 50))
    assert np.array_equal(picture.read(30, 20, 100, 90).pixels, pixels[30:130, 20:110])
    with pytest.raises(ReadError, match="frame 3 does not exist"):
        open_picture(tmp_path / "slide.zarr", frame=2)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("8,", f"{2**40},", "impossible size"),
        ("8,", "0,", "impossible size"),
        ('"x"', '"y"', "has the axes yy"),
    ],
)
def test_a_zarr_of_no_possible_size_is_refused(before: str, after: str, words: str, tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    scales = [{"axes": [{"name": "y"}, {"name": "x"}], "datasets": [{"path": "0"}]}]
    root = zarr.open_group(tmp_path / "slide.zarr", mode="w", zarr_format=3)
    root.attrs["ome"] = {"version": "0.5", "multiscales": scales}
    root.create_array("0", shape=(8, 8), chunks=(4, 4), dtype="u1")
    for file in (tmp_path / "slide.zarr" / "zarr.json", tmp_path / "slide.zarr" / "0" / "zarr.json"):
        file.write_text(file.read_text().replace(before, after))
    with pytest.raises(ReadError, match=words):
        open_picture(tmp_path / "slide.zarr")
