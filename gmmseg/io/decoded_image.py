"""The result of every decoder, and the turning of pixels the way a viewer shows them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.errors import ReadError
from gmmseg.image import GREY, RGB, PixelSize
from gmmseg.limits import MAX_FRAMES


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Pixels as they come out of a decoder, not yet turned or checked for finite values.

    Parameters
    ----------
    pixels : array, (H, W, C)
    channels : tuple of str
        C names.
    is_opaque : bool array, (H, W), optional
        False where alpha is zero; None when it is zero nowhere.
    n_frames : int
        Pages or frames that can be asked for.
    orientation : int
        As in EXIF: 1 is upright, 1 to 8 are known, all else means 1.
    notes : tuple of str
        Sentences for the user.
    pixel_size : (float, float), optional
        Width and height of a pixel as stored, micrometres.
    """

    pixels: AnyArray
    channels: tuple[str, ...]
    is_opaque: BoolArray | None = None
    n_frames: int = 1
    orientation: int = 1
    notes: tuple[str, ...] = field(default=())
    pixel_size: PixelSize | None = None

    @property
    def upright_pixel_size(self) -> PixelSize | None:
        """Width and height of a pixel once the image is turned by its orientation."""
        swaps = _TURNS.get(self.orientation, (False, False, False))[0]
        return self.pixel_size[::-1] if swaps and self.pixel_size is not None else self.pixel_size


def channel_names(n_channels: int, is_rgb: bool = False) -> tuple[str, ...]:
    """Return the names of C channels: grey, red/green/blue, or ``channel 1``, ``channel 2``, …"""
    if n_channels == 1:
        return GREY
    if is_rgb and n_channels == 3:
        return RGB
    first = RGB if is_rgb and n_channels > 3 else ()
    return first + tuple(f"channel {i + 1}" for i in range(len(first), n_channels))


def check_frame(frame: int, n_frames: int, name: str, word: str) -> None:
    """Raise `ReadError` when there is no such frame; `word` is ``page`` or ``frame``."""
    if not 0 <= frame < n_frames:
        many = f"{n_frames} {word}s" if n_frames != 1 else f"one {word}"
        raise ReadError(f"“{name}” has {many}; {word} {frame + 1} does not exist.", f"Choose another {word}.")


def frame_notes(frame: int, n_found: int, word: str) -> list[str]:
    """Return the notes of a file with several frames: which one this is, and whether some are not listed."""
    notes = [f"{word.capitalize()} {frame + 1} of {n_found:,}."] if n_found > 1 else []
    if n_found > MAX_FRAMES:
        notes.append(f"Only the first {MAX_FRAMES:,} {word}s are listed.")
    return notes


def is_frame_note(note: str) -> bool:
    """Return whether a note is one of `frame_notes`."""
    return note.startswith(("Page ", "Frame ", "Only the first "))


_TURNS = {
    # Orientation: (rows and columns swapped, then rows reversed, then columns reversed).
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


def upright(array: AnyArray, orientation: int) -> AnyArray:
    """Return a view of an (H, W) or (H, W, C) array turned by EXIF's orientation; as is where unknown."""
    swap, flip_rows, flip_columns = _TURNS.get(orientation, (False, False, False))
    turned = array.swapaxes(0, 1) if swap else array
    return turned[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]


_PLAIN_DTYPES = frozenset(np.dtype(code) for code in ("u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8"))


def plain_values(pixels: AnyArray, name: str) -> tuple[AnyArray, tuple[str, ...]]:
    """Return the same values in a dtype `Image` allows, this machine's byte order, and a note where rounded.

    Raises
    ------
    ReadError
        They are complex or of another kind that is no brightness.
    """
    if pixels.dtype in _PLAIN_DTYPES and pixels.dtype.isnative:
        return pixels, ()
    kind, size = pixels.dtype.kind, pixels.dtype.itemsize
    if kind == "b":
        return pixels.astype(np.uint8) * np.uint8(255), ()
    if kind == "f" and size == 2:
        return pixels.astype(np.float32), ()
    if kind in "ui" and size == 8:
        note = "64-bit integers are held as floating-point numbers, exact up to 2^53."
        return pixels.astype(np.float64), (note,)
    if kind in "uif" and size <= 8:
        return pixels.astype(pixels.dtype.newbyteorder("=")), ()
    raise ReadError(
        f"“{name}” holds values of type {pixels.dtype.name}, which are not read.",
        "Save it as integers or real numbers.",
    )
