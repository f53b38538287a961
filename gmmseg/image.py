"""Image: pixels at the depth they were stored, which of them hold data, and where they came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike

from gmmseg.arrays import AnyArray, BoolArray, frozen

PixelSize = tuple[float, float]
"""Width and height of a pixel, micrometres."""
RGB = ("red", "green", "blue")
GREY = ("grey",)


@dataclass(frozen=True, slots=True)
class StackPlace:
    """The place of an image in a stack: the stack, and which of its frames."""

    stack: Path
    """A file of several frames, or the folder whose images are the frames."""
    frame: int
    """From 0."""
    n_frames: int


@dataclass(frozen=True, slots=True)
class PixelGrid:
    """The grid of an image's pixels in the picture that it is a part or a smaller copy of.

    Parameters
    ----------
    left, top : int
        Of the first one, pixels of the picture.
    step : int
        Pixels of the picture along one of the image.
    """

    left: int = 0
    top: int = 0
    step: int = 1

    def to_picture(self, points: AnyArray) -> AnyArray:
        """Return points (M, 2), x and y in pixels of the image, in those of the picture."""
        return points * self.step + (self.left, self.top)

    def from_picture(self, points: AnyArray) -> AnyArray:
        """Return points (M, 2), x and y in pixels of the picture, in those of the image."""
        return (points - (self.left, self.top)) / self.step


OWN_GRID = PixelGrid()
"""Of an image that is the picture itself."""


@dataclass(frozen=True, slots=True)
class ImageSource:
    """Origin of an image, as shown in the title, the report and the model."""

    name: str
    """Name for people: of a file, ``clipboard``, or a sample's title."""
    path: Path | None = None
    sha256: str = ""
    """Of the file's bytes, hexadecimal; empty where there was no file."""
    format: str = ""
    """``PNG``, ``JPEG``, … as recognised by content."""
    frame: int = 0
    n_frames: int = 1
    notes: tuple[str, ...] = ()
    """Soft facts to tell the user: conversions done, profile ignored, page 1 of 3."""
    n_bytes: int = 0
    """Of the file."""
    is_missing: bool = False
    """The file is gone: the image stands in for it, with its size and kind and without data."""
    missing_pixels: str = ""
    """SHA-256 of the pixels that are missing, hexadecimal, where that is known."""
    in_folder: StackPlace | None = None
    """Its place among the images of its folder, where these were opened as the frames of a stack."""
    missing_levels: tuple[int, int, int] | None = None
    """(H, W) of the picture beyond memory that is missing, and the step of its overview."""
    part: PixelGrid | None = None
    """Its place in a picture beyond memory, where it was taken from one as a part."""

    @property
    def place(self) -> StackPlace | None:
        """Its place in the stack it is a frame of: a folder or a file; None for an image alone."""
        if self.in_folder is not None or self.path is None or self.n_frames < 2:
            return self.in_folder
        return StackPlace(self.path, self.frame, self.n_frames)

    @property
    def stack_id(self) -> tuple[Path | None, str]:
        """Identity of its stack: the folder, or the file and its hash."""
        return (self.path, self.sha256) if self.in_folder is None else (self.in_folder.stack, "")


class Levels(Protocol):
    """A picture beyond memory with smaller and smaller copies of it, of which parts are read."""

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the picture."""

    @property
    def steps(self) -> tuple[int, ...]:
        """Pixels of the picture along one of each level, finest first: 1, then multiples of one another."""

    def read(self, top: int, left: int, height: int, width: int) -> Image:
        """Return a rectangle of the picture; raises `ReadError` or `BudgetError`."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Image:
    """An image, read-only.

    Parameters
    ----------
    pixels : array, (H, W, C)
        C-contiguous, in the file's own depth: uint8, uint16, uint32, signed integers, float32 or float64.
        Never alpha, never palette indices. Non-finite values only where `mask` is false.
    channels : tuple of str
        The C channel names; exactly `RGB` for colour, `GREY` for one channel.
    source : ImageSource
    mask : bool array, (H, W), optional
        True where the pixel holds data; None when all do.
    pixel_size : (float, float), optional
        Width and height of a pixel in micrometres, where the file tells.
    levels : Levels, optional
        The picture beyond memory of which this is an overview, the coarsest level.
    """

    pixels: AnyArray
    channels: tuple[str, ...]
    source: ImageSource
    mask: BoolArray | None = None
    pixel_size: PixelSize | None = None
    levels: Levels | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != len(self.channels):
            raise ValueError(f"pixels {self.pixels.shape} do not fit channels {self.channels}")
        if self.mask is not None and self.mask.shape != self.pixels.shape[:2]:
            raise ValueError(f"mask {self.mask.shape} does not fit pixels {self.pixels.shape}")
        frozen(self.pixels)
        if self.mask is not None:
            frozen(self.mask)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> AnyArray:
        """Return the pixels, (H, W, C), of one channel (H, W)."""
        pixels = self.pixels[:, :, 0] if self.n_channels == 1 else self.pixels
        return np.array(pixels, dtype=dtype, copy=copy)

    @property
    def height(self) -> int:
        """Rows of pixels, H."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns of pixels, W."""
        return int(self.pixels.shape[1])

    @property
    def n_channels(self) -> int:
        """Channels, C."""
        return len(self.channels)

    @property
    def is_rgb(self) -> bool:
        """Whether the channels are red, green and blue."""
        return self.channels == RGB

    @property
    def depth_text(self) -> str:
        """The depth of the stored values in words: ``8 bit``, ``32 bit float``."""
        bits = f"{8 * self.pixels.dtype.itemsize} bit"
        return f"{bits} float" if self.pixels.dtype.kind == "f" else bits

    @property
    def has_fixed_white(self) -> bool:
        """Whether the depth says what full brightness is, not the brightest pixel."""
        return self.pixels.dtype.kind == "u" and self.pixels.dtype.itemsize <= 2

    @property
    def white(self) -> float:
        """Return the value shown as full brightness: the integer depth's maximum; 1 for floats in 0..1."""
        if self.has_fixed_white:
            return float(np.iinfo(self.pixels.dtype).max)
        held = self.pixels if self.mask is None else self.pixels[self.mask]
        top = float(held.max()) if held.size else 1.0
        return max(top, 1.0)

    @property
    def step_of_levels(self) -> int:
        """Pixels of the picture along one of this image where it is an overview; else 1."""
        if self.source.missing_levels is not None:
            return self.source.missing_levels[2]
        return 1 if self.levels is None else self.levels.steps[-1]

    @property
    def picture_shape(self) -> tuple[int, int]:
        """(H, W) of the picture that it is the overview of, or is itself."""
        if self.source.missing_levels is not None:
            return self.source.missing_levels[:2]
        return (self.height, self.width) if self.levels is None else self.levels.shape

    def part_of_picture(self, box: tuple[slice, slice]) -> Image:
        """Return some rows and columns of the picture as an image; raises `ReadError` or `BudgetError`."""
        rows, columns = box
        if self.levels is not None:
            top, left = rows.start, columns.start
            return self.levels.read(top, left, rows.stop - top, columns.stop - left)
        mask = None if self.mask is None else np.ascontiguousarray(self.mask[box])
        return replace(self, pixels=np.ascontiguousarray(self.pixels[box]), mask=mask)

    @property
    def grid(self) -> PixelGrid:
        """Grid of its pixels in the picture that it is a part or the overview of, or is itself."""
        return self.source.part or PixelGrid(step=self.step_of_levels)

    @property
    def step(self) -> float:
        """Return the quantisation step of the stored values: 1 for integers, 0 for floats."""
        return 1.0 if self.pixels.dtype.kind in "ui" else 0.0


def thinned(image: Image, step: int) -> Image:
    """Return every step-th pixel in both directions."""
    mask = None if image.mask is None else np.ascontiguousarray(image.mask[::step, ::step])
    return replace(image, pixels=np.ascontiguousarray(image.pixels[::step, ::step]), mask=mask)
