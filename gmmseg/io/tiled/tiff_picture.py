"""TIFF files of any size, of which only the strips and tiles that are wanted are read and decoded."""

from __future__ import annotations

import atexit
import mmap
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.errors import BudgetError, GmmsegError
from gmmseg.image import Image, ImageSource, PixelSize
from gmmseg.io.decoded_image import channel_names, check_frame, frame_notes, plain_values
from gmmseg.io.decoder_errors import decoding
from gmmseg.io.files import shown_name
from gmmseg.io.pixel_sizes import pixel_size_of
from gmmseg.io.tiff_reading import as_colours, check_directories, layout_of, orientation_of
from gmmseg.io.tiled.whole_picture import FilePicture, file_fingerprint, with_finite
from gmmseg.limits import MAX_FRAMES, memory_budget, size_text
from gmmseg.tiled.tiles import Tile


@dataclass(frozen=True, slots=True)
class TiffPicture(FilePicture):
    """A frame of a TIFF file; see `TiledPicture`.

    Parameters
    ----------
    pages : tuple of int
        The frame's: one, or a page for each channel.
    skips_damaged : bool
        Whether strips and tiles that cannot be decoded are pixels without data.
    copy : int, optional
        Which of the smaller copies that its page carries, in place of the page itself.
    pixel_size : (float, float), optional
        Width and height of a pixel of the frame itself in micrometres, where the file tells.
    """

    pages: tuple[int, ...]
    piece: tuple[int, int]
    skips_damaged: bool = False
    copy: int | None = None
    pixel_size: PixelSize | None = None

    def read(self, top: int, left: int, height: int, width: int) -> Image:
        """Return a rectangle of the frame.

        Raises
        ------
        ReadError
            A strip or tile cannot be decoded, or the file is another one than it was.
        """
        self.check_unchanged()
        window = Tile(0, top, left, height, width)
        parts = [self._samples(index, window) for index in self.pages]
        samples = np.concatenate([part for part, _ in parts], axis=2)
        is_sound = np.logical_and.reduce([sound for _, sound in parts])
        with _last_file.lock:
            tags = self._page(self.pages[0]).keyframe
        pixels, mask = _as_pixels(samples, tags, len(self.pages) == 1, self.source.name)
        if not is_sound.all():
            mask = is_sound if mask is None else np.logical_and(mask, is_sound)
        return Image(pixels, self.channels, self.source, mask)

    def _samples(self, index: int, window: Tile) -> tuple[AnyArray, BoolArray]:
        """Return a page's samples (H, W, S) within a window, and where they could be decoded, (H, W)."""
        with _last_file.lock:
            page = self._page(index)
        tags = page.keyframe
        out = np.zeros((window.height, window.width, tags.samplesperpixel), dtype=tags.dtype)
        is_sound = np.ones((window.height, window.width), dtype=np.bool_)
        for segment in _segments(tags, window):
            try:
                with decoding(self.source.name, "TIFF"):
                    data, (plane, _, y, x, _), shape = self._decoded(page, segment)
            except GmmsegError as error:
                where = _place_of(tags, segment)
                if not self.skips_damaged:
                    raise self.damaged_in(where) from error
                _inside(is_sound, where, window)[...] = False
                continue
            if data is None:
                continue
            place = Tile(0, y, x, shape[1], shape[2])
            channels = slice(plane, plane + data.shape[-1])
            target = _inside(out[:, :, channels], place, window)
            target[...] = _inside(data[0], window, place)
        return out, is_sound

    def _page(self, index: int) -> Any:
        page: Any = _last_file.opened(self.path, self.fingerprint).pages[index]
        return page if self.copy is None else page.pages[self.copy]

    def _decoded(self, page: Any, segment: int) -> tuple[AnyArray | None, tuple[int, ...], tuple[int, ...]]:
        """Return a strip or tile (1, H, W, S) with its place among planes, slices, rows and columns."""
        offset, n_bytes = page.dataoffsets[segment], page.databytecounts[segment]
        data: bytes | None = None
        if n_bytes:
            with _last_file.lock:
                file = _last_file.opened(self.path, self.fingerprint).filehandle
                file.seek(offset)
                data = file.read(n_bytes)
            if len(data) != n_bytes:
                raise EOFError("truncated")
        decoded, index, shape = page.keyframe.decode(data, segment, jpegtables=page.jpegtables)
        # A tile at the edge is decoded beyond it.
        return (None if decoded is None else decoded[:, : shape[1], : shape[2]]), index, shape


def open_tiff(path: str, frame: int, skips_damaged: bool = False) -> TiffPicture | None:
    """Return a frame of a TIFF file, or None where it can only be read as a whole.

    Raises
    ------
    ReadError
        It is damaged, has no such page, or its colours or compression are not read.
    BudgetError
        Its strips or tiles are larger than memory.
    """
    name = shown_name(path)
    fingerprint = file_fingerprint(path)
    with decoding(name, "TIFF"):
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            check_directories(data, name)
        with _last_file.lock:
            tiff = _last_file.opened(path, fingerprint)
            layout = layout_of(tiff)
            check_frame(frame, min(len(layout.groups), MAX_FRAMES), name, "page")
            pages = layout.groups[frame]
            tags: Any = tiff.pages[pages[0]].keyframe
            size = pixel_size_of(tiff, tags)
        is_readable = tags.imagedepth == 1 and tags.dtype is not None and orientation_of(tags) == 1
        if layout.pages_are_rows or not is_readable:
            return None
        shape = int(tags.imagelength), int(tags.imagewidth)
        piece = _piece(tags)
        n_bytes = piece[0] * piece[1] * tags.samplesperpixel * np.dtype(tags.dtype).itemsize
        if 4 * n_bytes > memory_budget():
            raise BudgetError(
                f"“{name}” is stored in pieces of {size_text(n_bytes)}, each of which is decoded as a whole.",
                "Save it in tiles, or raise the memory budget.",
            )
        probe = np.zeros((1, 1, tags.samplesperpixel * len(pages)), dtype=tags.dtype)
        pixels, _ = _as_pixels(probe, tags, len(pages) == 1, name)
        is_rgb = len(pages) == 1 and pixels.shape[2] == 3 and int(tags.photometric) != 1
        notes = tuple(frame_notes(frame, layout.n_found, "page"))
        source = ImageSource(name, Path(path), "", "TIFF", frame, min(len(layout.groups), MAX_FRAMES), notes)
    channels = channel_names(pixels.shape[2], is_rgb=is_rgb)
    return TiffPicture(
        path, shape, channels, pixels.dtype, source, fingerprint, pages, piece, skips_damaged, pixel_size=size
    )


def smaller_copies(picture: TiffPicture) -> list[TiffPicture]:
    """Return what may be smaller copies of a frame: those that its page carries, or tiled pages after it.

    They have its values and channels; of which size they are is left to the caller.
    """
    if len(picture.pages) != 1:
        return []
    index = picture.pages[0]
    with decoding(picture.source.name, "TIFF"), _last_file.lock:
        tiff = _last_file.opened(picture.path, picture.fingerprint)
        page: Any = tiff.pages[index]
        carried = list(page.pages)[:_MOST_COPIES] if page.subifds else []
        found = [(replace(picture, copy=at), copy.keyframe) for at, copy in enumerate(carried)]
        if not found and index == 0 and page.is_tiled:
            after = range(1, min(len(tiff.pages), _MOST_COPIES))
            pages: list[tuple[int, Any]] = [(at, tiff.pages[at].keyframe) for at in after]
            found = [(replace(picture, pages=(at,)), tags) for at, tags in pages if tags.is_tiled]
        return [
            replace(copy, shape=(int(tags.imagelength), int(tags.imagewidth)), piece=_piece(tags))
            for copy, tags in found
            if _is_alike(tags, page.keyframe)
        ]


def _is_alike(tags: Any, others: Any) -> bool:
    """Whether two pages have the same kind of values."""
    return all(
        getattr(tags, name) == getattr(others, name) for name in ("dtype", "samplesperpixel", "imagedepth")
    ) and (int(tags.photometric) == 1) == (int(others.photometric) == 1)


_MOST_COPIES = 32
"""Pages that are looked at in search of smaller copies."""


class _LastFile:
    """The file that this process read last, left open for the next tile; used by who holds the lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._key = "", ""
        self._file: tifffile.TiffFile | None = None

    def opened(self, path: str, fingerprint: str) -> tifffile.TiffFile:
        if self._file is None or self._key != (path, fingerprint):
            self.close()
            self._key, self._file = (path, fingerprint), tifffile.TiffFile(path)
        return self._file

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None


_last_file = _LastFile()
atexit.register(_last_file.close)


def _piece(tags: Any) -> tuple[int, int]:
    """Return height and width of what is decoded as a whole."""
    if tags.is_tiled:
        return int(tags.tilelength), int(tags.tilewidth)
    return min(int(tags.rowsperstrip), int(tags.imagelength)), int(tags.imagewidth)


def _segments(tags: Any, window: Tile) -> list[int]:
    """Return the numbers of the strips or tiles that a window touches, in all planes."""
    height, width = _piece(tags)
    n_down, n_across = -(-tags.imagelength // height), -(-tags.imagewidth // width)
    n_planes = tags.samplesperpixel if int(tags.planarconfig) == 2 and tags.samplesperpixel > 1 else 1
    rows = range(window.top // height, -(-(window.top + window.height) // height))
    columns = range(window.left // width, -(-(window.left + window.width) // width))
    return [
        (plane * n_down + row) * n_across + column
        for plane in range(n_planes)
        for row in rows
        for column in columns
    ]


def _place_of(tags: Any, segment: int) -> Tile:
    height, width = _piece(tags)
    n_down, n_across = -(-tags.imagelength // height), -(-tags.imagewidth // width)
    row, column = divmod(segment % (n_down * n_across), n_across)
    top, left = row * height, column * width
    return Tile(segment, top, left, min(height, tags.imagelength - top), min(width, tags.imagewidth - left))


def _inside(array: AnyArray, wanted: Tile, held: Tile) -> AnyArray:
    """Return the part of an array that covers `held` which lies in `wanted`; both in pixels of the page."""
    top, left = max(wanted.top, held.top), max(wanted.left, held.left)
    bottom = min(wanted.top + wanted.height, held.top + held.height)
    right = min(wanted.left + wanted.width, held.left + held.width)
    return array[top - held.top : bottom - held.top, left - held.left : right - held.left]


def _as_pixels(
    samples: AnyArray, tags: Any, is_one_page: bool, name: str
) -> tuple[AnyArray, BoolArray | None]:
    """Return pixels and mask of samples as `read_image` would, except that no pixel may hold data."""
    mask: BoolArray | None = None
    if is_one_page:
        decoded = as_colours(samples, tags, name)
        samples, mask = decoded.pixels, decoded.is_opaque
    pixels, _ = plain_values(samples, name)
    return np.ascontiguousarray(pixels), with_finite(pixels, mask)
