"""Files that are decoded as a whole, shared out in tiles all the same; and what all kinds of files share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.control import ShouldStop
from gmmseg.errors import ReadError
from gmmseg.image import Image, ImageSource, PixelSize
from gmmseg.io.files import changed_while_read, shown_name
from gmmseg.io.images import read_image


@dataclass(frozen=True, slots=True)
class FilePicture:
    """Base of the pictures of which a file holds the pixels; see `TiledPicture`."""

    path: str
    shape: tuple[int, int]
    channels: tuple[str, ...]
    dtype: np.dtype[Any]
    source: ImageSource
    fingerprint: str

    def check_unchanged(self) -> None:
        """Raise `ReadError` where the file is another one than it was."""
        if file_fingerprint(self.path) != self.fingerprint:
            raise changed_while_read(self.path)

    def damaged_in(self, where: object) -> ReadError:
        """Return the error for a part that cannot be decoded."""
        return ReadError(
            f"“{self.source.name}” cannot be decoded in {where}.",
            "Copy it again, or leave such parts out with --skip-damaged.",
        )


@dataclass(frozen=True, slots=True)
class WholePicture(FilePicture):
    """An image file that fits in memory; each process decodes a copy of its own. See `TiledPicture`.

    Parameters
    ----------
    pixel_size : (float, float), optional
        Width and height of a pixel in micrometres, where the file tells.
    """

    frame: int
    pixel_size: PixelSize | None = None

    @property
    def piece(self) -> tuple[int, int]:
        """Height and width of what is decoded as a whole: tiles cost nothing more."""
        return 1, 1

    def read(self, top: int, left: int, height: int, width: int) -> Image:
        """Return a rectangle; raises `ReadError` where the file is another one than it was."""
        self.check_unchanged()
        image = _read(self.path, self.frame, self.fingerprint)
        place = slice(top, top + height), slice(left, left + width)
        mask = None if image.mask is None else np.ascontiguousarray(image.mask[place])
        return Image(np.ascontiguousarray(image.pixels[place]), self.channels, self.source, mask)


def open_whole(path: str, frame: int, should_stop: ShouldStop) -> WholePicture:
    """Return a picture of a file that is read as by `read_image`; raises as that does."""
    fingerprint = file_fingerprint(path)
    image = read_image(path, frame=frame, should_stop=should_stop)
    return WholePicture(
        path,
        (image.height, image.width),
        image.channels,
        image.pixels.dtype,
        image.source,
        fingerprint,
        frame,
        image.pixel_size,
    )


@lru_cache(maxsize=1)
def _read(path: str, frame: int, fingerprint: str) -> Image:
    return read_image(Path(path), frame=frame)


def file_fingerprint(path: str) -> str:
    """Return a text that changes when a file does; raises `ReadError`."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise ReadError(f"“{shown_name(path)}” cannot be read.", "Check that it exists.") from error
    return f"{status.st_size}-{status.st_mtime_ns}"


def with_finite(pixels: AnyArray, mask: BoolArray | None) -> BoolArray | None:
    """Return where pixels (H, W, C) hold data: `mask`, and finite values; None where all do."""
    if pixels.dtype.kind == "f":
        finite = np.isfinite(pixels)
        mask = np.logical_and.reduce(finite if mask is None else finite & mask[:, :, None], axis=2)
    return None if mask is None or mask.all() else np.ascontiguousarray(mask)
