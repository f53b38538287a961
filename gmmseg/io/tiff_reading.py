"""TIFF at full depth through tifffile: pages and channels of stacks, palettes, inverted white, alpha."""

from __future__ import annotations

import logging
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import tifffile

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.errors import ReadError
from gmmseg.io.decoded_image import (
    Decoded,
    channel_names,
    check_frame,
    frame_notes,
    is_frame_note,
    plain_values,
)
from gmmseg.io.decoder_errors import DAMAGE_NOTE, damaged
from gmmseg.io.files import Stored, asking_file
from gmmseg.io.native_messages import native_messages
from gmmseg.io.pixel_sizes import pixel_size_of
from gmmseg.limits import MAX_FRAMES, check_pixels

# A damaged file makes tifffile log; without a handler Python would print that to the user's terminal.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_ORIENTATION_TAG = 274
_ASSOCIATED_ALPHA, _SEPARATE_ALPHA = 1, 2
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _SEPARATED, _YCBCR = 0, 1, 2, 3, 5, 6
_JPEG_COMPRESSIONS = (6, 7)
_UNPACKERS: dict[int, tuple[Callable[[], Any], int]] = {
    8: (zlib.decompressobj, 1032),
    32946: (zlib.decompressobj, 1032),
    34925: (lzma.LZMADecompressor, 1 << 14),
}
"""By the number of the compression: unpackers, and how many bytes these can make of one."""
_HARMLESS = 1 << 28
_PIECE = 1 << 20
_MOST_DIRECTORIES = 100_000
_MOST_ENTRIES = 4_096
_MOST_COLUMNS_OF_A_ROW_PAGE = 16


@dataclass(frozen=True, slots=True)
class Layout:
    """Grouping of pages into frames: each group's pages are the channels of one picture.

    With ``pages_are_rows`` each page of the only group is one row of the picture, its columns the channels.
    """

    groups: tuple[tuple[int, ...], ...]
    n_found: int
    pages_are_rows: bool = False


def tiff_frames(data: Stored, name: str, frame: int | None, should_stop: ShouldStop) -> Iterator[Decoded]:
    """Yield one page of a TIFF, or all where `frame` is None; the caller turns decoder failures into errors.

    Raises
    ------
    ReadError
        There is no such page, or its compression or colours are not read.
    BudgetError
        By its header it needs too much memory; nothing was allocated.
    """
    check_directories(data, name)
    with tifffile.TiffFile(asking_file(data, should_stop)) as tif:
        layout = layout_of(tif)
        n_frames = min(len(layout.groups), MAX_FRAMES)
        for at in range(n_frames) if frame is None else (frame,):
            check_frame(at, n_frames, name, "page")
            decoded = _frame(tif, layout, at, data, name, should_stop)
            pixels, depth_notes = plain_values(decoded.pixels, name)
            notes = (*frame_notes(at, layout.n_found, "page"), *decoded.notes, *depth_notes)
            size = pixel_size_of(tif, tif.pages[layout.groups[at][0]].keyframe)
            yield replace(decoded, pixels=pixels, n_frames=n_frames, notes=notes, pixel_size=size)


def _frame(
    tif: tifffile.TiffFile, layout: Layout, at: int, data: Stored, name: str, should_stop: ShouldStop
) -> Decoded:
    pages: list[Any] = [tif.pages[index] for index in layout.groups[at]]
    # Pages of a series may share the tags of one of them, its keyframe; for a page alone it is itself.
    tags = pages[0].keyframe
    for page in pages:
        _check_size(page.keyframe, len(pages), layout.pages_are_rows, name)
        _check_unpacked(page, data, name, should_stop)
    try:
        samples = [_samples(page, should_stop) for page in pages]
    except (ValueError, ImportError) as error:
        if not (isinstance(error, ImportError) or "imagecodecs" in str(error)):
            raise
        if len(pages) > 1 or not _suits_pillow(tags):
            raise _unread_compression(tags, name) from error
        return _through_pillow(data, name, layout.groups[at][0], should_stop)
    return _joined(samples, tags, layout.pages_are_rows, name)


def check_directories(data: Stored, name: str) -> None:
    """Raise `ReadError` where the chain of pages is damaged: tifffile would follow a broken one for minutes.

    A directory is a count, that many entries, and the offset of the next (TIFF 6.0, section 2).
    """
    order = "<" if data[:2] == b"II" else ">"
    is_big = data[2:4] in (b"+\x00", b"\x00+")
    count_code, offset_code, entry = ("Q", "Q", 20) if is_big else ("H", "I", 12)
    at = _number(data, order + offset_code, 8 if is_big else 4)
    seen: set[int] = set()
    while at:
        if at in seen or at + 2 > len(data) or len(seen) >= _MOST_DIRECTORIES:
            raise damaged(name, "TIFF")
        seen.add(at)
        n_entries = _number(data, order + count_code, at)
        at += struct.calcsize("<" + count_code) + n_entries * entry
        if not 0 < n_entries <= _MOST_ENTRIES or at + struct.calcsize("<" + offset_code) > len(data):
            raise damaged(name, "TIFF")
        at = _number(data, order + offset_code, at)


def _number(data: Stored, code: str, at: int) -> int:
    (number,) = struct.unpack(code, data[at : at + struct.calcsize(code)])
    return int(number)


def _check_size(tags: Any, n_pages: int, pages_are_rows: bool, name: str) -> None:
    if tags.imagedepth != 1:
        raise ReadError(f"“{name}” holds a volume, not a picture.", "Save its slices as pages.")
    item = 8 if tags.dtype is None else np.dtype(tags.dtype).itemsize
    if pages_are_rows:
        check_pixels(tags.imagelength, n_pages, tags.imagewidth, item)
    else:
        check_pixels(tags.imagewidth, tags.imagelength, n_pages * tags.samplesperpixel, item)
    if tags.is_tiled:
        # A tile is unpacked as a whole, however little of it lies in the picture.
        check_pixels(tags.tilewidth, tags.tilelength, tags.samplesperpixel, item)


def _check_unpacked(page: Any, data: Stored, name: str, should_stop: ShouldStop) -> None:
    """Raise `ReadError` where a strip or tile, which is unpacked as a whole, is far more than the page."""
    unpacker, expansion = _UNPACKERS.get(int(page.keyframe.compression), (None, 0))
    tags = page.keyframe
    most = 2 * prod(tags.shaped) * (8 if tags.dtype is None else np.dtype(tags.dtype).itemsize) + _HARMLESS
    for start, n_bytes in zip(page.dataoffsets, page.databytecounts, strict=False):
        if unpacker is None or n_bytes * expansion <= most:
            continue
        unpacking, n_unpacked, packed = unpacker(), 0, data[start : start + n_bytes]
        while not unpacking.eof and (packed or not getattr(unpacking, "needs_input", True)):
            raise_if_cancelled(should_stop)
            n_unpacked += len(unpacking.decompress(packed, _PIECE))
            packed = getattr(unpacking, "unconsumed_tail", b"")
            if n_unpacked > most:
                raise damaged(name, "TIFF")


def _joined(samples: list[AnyArray], first: Any, pages_are_rows: bool, name: str) -> Decoded:
    """Return the samples of one frame's pages as one picture."""
    if pages_are_rows:
        rows = np.stack([page[:, :, 0] for page in samples])
        return Decoded(rows, channel_names(rows.shape[2]))
    orientation = orientation_of(first)
    if len(samples) > 1:
        stacked = np.concatenate(samples, axis=2)
        return Decoded(stacked, channel_names(stacked.shape[2]), orientation=orientation)
    return replace(as_colours(samples[0], first, name), orientation=orientation)


def layout_of(tif: Any) -> Layout:
    """Return how the pages of an open `tifffile.TiffFile` make frames: by a stack's axes, else one by one."""
    series = tif.series[0] if tif.is_imagej or tif.is_ome or tif.is_shaped else None
    if series is not None and len(series.pages) > 1:
        lead = tuple(int(n) for n in series.shape[: -3 if series.axes.endswith("S") else -2])
        indices = [page.index for page in series.pages if page is not None]
        is_whole = prod(lead) == len(series.pages) == len(indices)
        if is_whole and series.kind == "shaped" and _is_cut_into_rows(series):
            return Layout((tuple(indices),), 1, pages_are_rows=True)
        if is_whole and "C" in series.axes[: len(lead)] and series.axes.endswith("YX"):
            grid = np.moveaxis(np.array(indices).reshape(lead), series.axes.index("C"), -1)
            groups = tuple(tuple(int(i) for i in group) for group in grid.reshape(-1, grid.shape[-1]))
            return Layout(groups, len(groups))
    n_pages = len(tif.pages)
    listed = range(min(n_pages, MAX_FRAMES))
    # Smaller copies for zooming and masks are no pages of their own.
    kinds: list[Any] = [tif.pages[i].keyframe for i in listed]
    full = [i for i, tags in enumerate(kinds) if not (tags.is_reduced or tags.is_mask)] or list(listed)
    hidden = len(listed) - len(full)
    return Layout(tuple((i,) for i in full), n_pages - hidden)


def _is_cut_into_rows(series: Any) -> bool:
    """Return whether an (H, W, C) array was written with tifffile's defaults, which make each row a page."""
    if len(series.shape) != 3 or series.axes != "QYX":
        return False
    n_rows, n_columns, n_channels = series.shape
    return bool(n_channels <= _MOST_COLUMNS_OF_A_ROW_PAGE and n_channels < min(n_rows, n_columns))


def _samples(page: Any, should_stop: ShouldStop) -> AnyArray:
    """Return one page's samples (H, W, S), planar or interleaved in the file."""
    raise_if_cancelled(should_stop)
    samples = page.asarray(squeeze=False)
    planes = samples.shape[0]
    return np.moveaxis(samples[:, 0, :, :, 0], 0, -1) if planes > 1 else samples[0, 0]


def as_colours(samples: AnyArray, page: Any, name: str) -> Decoded:
    """Return one page's samples (H, W, S) as grey, RGB or named channels, by its photometric tag.

    Raises
    ------
    ReadError
        They are Lab, YCbCr or another kind that must not be taken for RGB.
    """
    kind = int(page.photometric)
    if kind == _YCBCR and int(page.compression) in _JPEG_COMPRESSIONS:
        # What decoders of JPEG return is RGB already.
        kind = _RGB
    if kind == _PALETTE:
        return Decoded(apply_palette(samples[:, :, 0], page.colormap), channel_names(3, is_rgb=True))
    if kind not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _SEPARATED):
        raise ReadError(
            f"The TIFF file “{name}” stores its colours as {page.photometric.name}, which is not read.",
            "Convert it to RGB.",
        )
    n_colours = {_RGB: 3, _SEPARATED: 4}.get(kind, 1)
    if samples.shape[2] < n_colours:
        raise damaged(name, "TIFF")
    colours, is_opaque, notes = _without_alpha(
        samples, [int(extra) for extra in page.extrasamples], n_colours
    )
    if kind == _SEPARATED:
        rgb = cmyk_to_rgb(colours[:, :, :4], name)
        return Decoded(rgb, channel_names(3, is_rgb=True), is_opaque, notes=("Converted from CMYK to RGB.",))
    if kind == _WHITE_IS_ZERO:
        colours, inverted = _inverted(colours, int(page.bitspersample))
        notes += () if inverted else ("White is the smallest value in this file; values are kept as stored.",)
    return Decoded(colours, channel_names(colours.shape[2], is_rgb=kind == _RGB), is_opaque, notes=notes)


def _without_alpha(
    samples: AnyArray, extras: list[int], n_colours: int
) -> tuple[AnyArray, BoolArray | None, tuple[str, ...]]:
    """Return the samples without alpha, where alpha is not zero, and a note on premultiplied colours."""
    alpha = next(
        (n_colours + i for i, kind in enumerate(extras) if kind in (_ASSOCIATED_ALPHA, _SEPARATE_ALPHA)), None
    )
    if alpha is None or alpha >= samples.shape[2]:
        return samples, None, ()
    opacity = samples[:, :, alpha]
    colours = np.delete(samples, alpha, axis=2)
    if extras[alpha - n_colours] != _ASSOCIATED_ALPHA or samples.dtype.kind not in "uf":
        return colours, opacity != 0, ()
    full = np.iinfo(samples.dtype).max if samples.dtype.kind == "u" else 1.0
    gain = np.divide(full, opacity, out=np.ones(opacity.shape), where=opacity != 0)
    restored = np.minimum(colours * gain[:, :, None], full)
    if samples.dtype.kind == "u":
        restored = np.rint(restored)
    return restored.astype(samples.dtype), opacity != 0, ("Colours were divided by their opacity.",)


def _inverted(samples: AnyArray, bits: int) -> tuple[AnyArray, bool]:
    """Return samples with white as the largest value, and whether they were turned over."""
    if samples.dtype.kind == "b":
        return ~samples, True
    if samples.dtype.kind == "u":
        return samples.dtype.type(2**bits - 1) - samples, True
    return samples, False


def apply_palette(indices: AnyArray, palette: AnyArray) -> AnyArray:
    """Return the colours (H, W, 3) of indices (H, W); uint8 where the palette (3, 2^bits) holds no more."""
    table = np.asarray(palette).T
    if (table % 257 == 0).all() or (table % 256 == 0).all():
        table = (table >> 8).astype(np.uint8)
    return np.ascontiguousarray(table[np.minimum(indices, len(table) - 1)])


def cmyk_to_rgb(cmyk: AnyArray, name: str) -> AnyArray:
    """Return (H, W, 3) of unsigned CMYK samples (H, W, 4) by (1 - c)(1 - k), as without a profile."""
    if cmyk.dtype not in (np.uint8, np.uint16):
        raise ReadError(f"The TIFF file “{name}” stores CMYK in an unusual depth.", "Convert it to RGB.")
    top = np.iinfo(cmyk.dtype).max
    light = top - cmyk
    rgb = light[:, :, :3].astype(np.uint32) * light[:, :, 3:]
    rgb += top // 2
    rgb //= top
    converted: AnyArray = rgb.astype(cmyk.dtype)
    return converted


def orientation_of(page: Any) -> int:
    """Return how a page lies, as in EXIF; 1 where it does not say."""
    tag = page.tags.get(_ORIENTATION_TAG)
    return int(tag.value) if tag is not None and isinstance(tag.value, int) else 1


def _suits_pillow(page: Any) -> bool:
    """Return whether Pillow reads such a page at full depth: 1 or 8 bits, 16-bit grey, float32 grey."""
    bits, kind = int(page.bitspersample), int(page.sampleformat)
    if kind == 1:
        return bits in (1, 2, 4, 8) or (bits == 16 and page.samplesperpixel == 1)
    return kind == 3 and bits == 32 and page.samplesperpixel == 1


def _through_pillow(data: Stored, name: str, page_index: int, should_stop: ShouldStop) -> Decoded:
    """Return a page whose compression tifffile leaves to imagecodecs and Pillow knows: LZW, JPEG, fax."""
    from gmmseg.io.pillow_reading import pillow_frames

    with native_messages() as messages:
        decoded = next(pillow_frames(data, name, "TIFF", page_index, should_stop))
    # Pillow counts every directory of the file as a page; which are pages is decided here.
    notes = tuple(note for note in decoded.notes if not is_frame_note(note))
    return replace(decoded, notes=(*notes, DAMAGE_NOTE) if messages else notes)


def _unread_compression(page: Any, name: str) -> ReadError:
    compression = getattr(page.compression, "name", str(page.compression))
    return ReadError(
        f"The TIFF file “{name}” is compressed with {compression} in a depth that is not read.",
        "Save it uncompressed or with Deflate (ZIP), or install the Python package imagecodecs.",
    )
