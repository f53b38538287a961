"""PNG and JPEG files of any size, of which only whole rows can be decoded."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gmmseg.errors import BudgetError, GmmsegError
from gmmseg.image import Image, ImageSource
from gmmseg.io.decoded_image import Decoded, check_frame
from gmmseg.io.decoder_errors import decoding
from gmmseg.io.files import shown_name
from gmmseg.io.tiled.jpeg_rows import JpegRows
from gmmseg.io.tiled.png_rows import PngRows
from gmmseg.io.tiled.whole_picture import FilePicture, file_fingerprint, with_finite
from gmmseg.limits import memory_budget, size_text

_STRIP_PIXELS = 1 << 22
"""Of rows that are decoded in one call, about."""
_BYTES_PER_PIXEL = 32
"""While they are decoded, at most: rows with and without filters, as a file, and as pixels."""


RowReader = PngRows | JpegRows
_READERS: dict[str, type[RowReader]] = {"PNG": PngRows, "JPEG": JpegRows}


@dataclass(frozen=True, slots=True)
class StripPicture(FilePicture):
    """A PNG or JPEG; see `TiledPicture`.

    Parameters
    ----------
    strip_height : int
        Rows of the strips that are decoded in one call.
    skips_damaged : bool
        Whether strips that cannot be decoded are pixels without data.
    """

    strip_height: int
    skips_damaged: bool = False

    @property
    def piece(self) -> tuple[int, int]:
        """Height and width of a strip."""
        return self.strip_height, self.shape[1]

    def read(self, top: int, left: int, height: int, width: int) -> Image:
        """Return a rectangle.

        Raises
        ------
        ReadError
            A strip cannot be decoded, or the file is another one than it was.
        """
        self.check_unchanged()
        pixels = np.zeros((height, width, len(self.channels)), self.dtype)
        mask = np.ones((height, width), np.bool_)
        for at, strip in _held_strips.touching(self, top, top + height):
            first, last = max(at, top), min(at + self.strip_height, top + height)
            place, own = slice(first - top, last - top), slice(first - at, last - at)
            if strip is None:
                mask[place] = False
                continue
            pixels[place] = strip.pixels[own, left : left + width]
            if strip.is_opaque is not None:
                mask[place] = strip.is_opaque[own, left : left + width]
        return Image(pixels, self.channels, self.source, with_finite(pixels, mask))


def open_strips(path: str, format_name: str, frame: int, skips_damaged: bool = False) -> StripPicture:
    """Return the picture of a PNG or JPEG, of which few rows are held at a time.

    Raises
    ------
    ReadError
        It is damaged, or has no such frame.
    BudgetError
        It can only be decoded as a whole.
    """
    name, fingerprint = shown_name(path), file_fingerprint(path)
    check_frame(frame, 1, name, "frame")
    with decoding(name, format_name), closing(_opened(path, format_name)) as reader:
        height, width = reader.shape
        wanted = min(_STRIP_PIXELS, memory_budget() // (4 * _BYTES_PER_PIXEL))
        pieces = max(1, wanted // (width * reader.piece_height))
        strip_height = min(pieces * reader.piece_height, height)
        n_bytes = strip_height * width * _BYTES_PER_PIXEL
        if 4 * n_bytes > memory_budget():
            raise BudgetError(
                f"“{name}” is stored in strips that take {size_text(n_bytes)} to decode.",
                "Save it as a tiled TIFF, or raise the memory budget.",
            )
        probe = reader.rows(0, min(reader.piece_height, height))
        if probe.orientation not in (1, 0):
            raise BudgetError(
                f"“{name}” is stored turned, so that it can only be decoded as a whole, for which the memory "
                "budget is too small.",
                "Turn it and save it as a tiled TIFF, or raise the memory budget.",
            )
    source = ImageSource(name, Path(path), "", format_name, notes=probe.notes)
    pixels = probe.pixels
    return StripPicture(
        path, (height, width), probe.channels, pixels.dtype, source, fingerprint, strip_height, skips_damaged
    )


def _opened(path: str, format_name: str) -> RowReader:
    file = open(path, "rb")  # noqa: SIM115 - the reader closes it
    try:
        return _READERS[format_name](file, shown_name(path))
    except BaseException:
        file.close()
        raise


class _HeldStrips:
    """The strips that this process decoded last: tiles beside each other and their margins share them."""

    def __init__(self) -> None:
        self._picture: StripPicture | None = None
        self._reader: RowReader | None = None
        self._strips: dict[int, Decoded | None] = {}

    def touching(self, picture: StripPicture, top: int, bottom: int) -> Iterator[tuple[int, Decoded | None]]:
        """Yield the strips of some rows, each with its first row, None where it is damaged and skipped."""
        if self._picture != picture:
            self.close()
            self._picture = picture
        step = picture.strip_height
        first = top // step * step
        # What is asked for next begins no higher, unless it is another pass.
        self._strips = {at: strip for at, strip in self._strips.items() if at >= first}
        for at in range(first, bottom, step):
            if at not in self._strips:
                self._strips[at] = self._decoded(picture, at)
            yield at, self._strips[at]

    def _decoded(self, picture: StripPicture, top: int) -> Decoded | None:
        height = min(picture.strip_height, picture.shape[0] - top)
        try:
            with decoding(picture.source.name, picture.source.format):
                if self._reader is None or self._reader.earliest > top:
                    self._let_go()
                    self._reader = _opened(picture.path, picture.source.format)
                return self._reader.rows(top, height)
        except GmmsegError as error:
            if picture.skips_damaged:
                return None
            raise picture.damaged_in(f"rows {top:,} to {top + height - 1:,}") from error

    def _let_go(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    def close(self) -> None:
        """Close the file and let go of all strips."""
        self._let_go()
        self._strips = {}


_held_strips = _HeldStrips()
atexit.register(_held_strips.close)
