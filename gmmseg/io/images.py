"""Reading images: a path, bytes or an array to an `Image`, or a refusal the user understands."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_cancelled
from gmmseg.errors import ReadError
from gmmseg.image import Image, ImageSource, StackPlace
from gmmseg.io.decoded_image import Decoded, channel_names, plain_values, upright
from gmmseg.io.decoder_errors import decoding
from gmmseg.io.files import FileBytes, Stored, file_digest, open_file, read_file_bytes, shown_name
from gmmseg.io.formats import SIGNATURE_BYTES, SUFFIXES, may_be_stack, recognise
from gmmseg.limits import check_pixels

READABLE_SUFFIXES: tuple[str, ...] = tuple(suffix for group in SUFFIXES.values() for suffix in group)
"""Lower case, with the dot."""
FILE_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Images", READABLE_SUFFIXES),
    *((name, suffixes) for name, suffixes in SUFFIXES.items()),
)
"""Title and suffixes of each group a file dialog offers, all formats first."""


Picture = Image | ArrayLike | os.PathLike[str]
"""Input of functions for scripts: an image, an array (H, W) or (H, W, C), or the path of a file."""


def as_image(picture: Picture, *, frame: int = 0, should_stop: ShouldStop = never_stop) -> Image:
    """Return an image as it is, an array as an image, or the image in a file; `frame` is of files alone.

    Raises
    ------
    ReadError
        It is none.
    BudgetError
    """
    if isinstance(picture, Image):
        return picture
    if isinstance(picture, str | os.PathLike):
        return read_image(picture, frame=frame, should_stop=should_stop)
    return image_from_array(np.asarray(picture))


def read_image(
    path: str | os.PathLike[str],
    *,
    frame: int = 0,
    should_stop: ShouldStop = never_stop,
    use_alpha_mask: bool = True,
) -> Image:
    """Return the image in a file, recognised by its content.

    Parameters
    ----------
    path : str or path-like
    frame : int
        Which page or frame, from 0.
    should_stop : ShouldStop
        Asked between reading, decoding and converting.
    use_alpha_mask : bool
        Whether fully transparent pixels count as pixels without data.

    Raises
    ------
    ReadError
        It is not a file, not an image that is read, cut off or damaged.
    BudgetError
        It would need more memory than is allowed.
    Cancelled
        `should_stop` said so.
    """
    with closing(_images_in(path, frame, should_stop, use_alpha_mask)) as images:
        return next(images)


def read_events(
    path: Path, *, frame: int = 0, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, Image]:
    """Read an image file; raises `ReadError`, `BudgetError` or `Cancelled`."""
    yield Progress(f"Reading {path.name}")
    return read_image(path, frame=frame, should_stop=should_stop)


def read_image_bytes(
    data: bytes,
    name: str,
    path: Path | None = None,
    *,
    frame: int = 0,
    should_stop: ShouldStop = never_stop,
    use_alpha_mask: bool = True,
) -> Image:
    """Return the image in the bytes of a file; `name` and `path` only describe it. Raises as `read_image`."""
    digest = hashlib.sha256(data).hexdigest()
    with closing(_images(data, digest, name, path, frame, should_stop, use_alpha_mask)) as images:
        return next(images)


def read_frames(path: str | os.PathLike[str], *, should_stop: ShouldStop = never_stop) -> Iterator[Image]:
    """Yield all pages or frames of a file, one after another, or the images of a folder, by name.

    The file is opened once, and no frame is held longer than its taker holds it; nor are the file's bytes, of
    a TIFF or GIF, which may be larger than the memory.

    Parameters
    ----------
    path : str or path-like
    should_stop : ShouldStop
        Asked between reading, decoding and converting.

    Raises
    ------
    ReadError, BudgetError, Cancelled
        As `read_image`.
    """
    if os.path.isdir(path):
        files = list_images(path)
        if not files:
            raise ReadError(f"There are no images in the folder “{shown_name(path)}”.", "Choose another one.")
        for at, file in enumerate(files):
            image = read_image(file, should_stop=should_stop)
            yield in_folder(image, StackPlace(Path(path), at, len(files)))
        return
    yield from _images_in(path, None, should_stop)


def in_folder(image: Image, place: StackPlace) -> Image:
    """Return an image as a frame of the stack that its folder is."""
    return replace(image, source=replace(image.source, in_folder=place))


def _images_in(
    path: str | os.PathLike[str], frame: int | None, should_stop: ShouldStop, use_alpha_mask: bool = True
) -> Generator[Image, None, None]:
    """Yield one frame of a file, or all; of a stack only what they need is read."""
    name, place = shown_name(path), Path(path)
    raise_if_cancelled(should_stop)
    with open_file(path) as (file, n_bytes):
        stored = FileBytes(file, n_bytes)
        has_frames = may_be_stack(stored[:SIGNATURE_BYTES])
        if has_frames:
            digest = file_digest(file, path, should_stop)
            yield from _images(stored, digest, name, place, frame, should_stop, use_alpha_mask)
    if not has_frames:
        data = read_file_bytes(path, should_stop)
        digest = hashlib.sha256(data).hexdigest()
        yield from _images(data, digest, name, place, frame, should_stop, use_alpha_mask)


def _images(
    data: Stored,
    digest: str,
    name: str,
    path: Path | None,
    frame: int | None,
    should_stop: ShouldStop,
    use_alpha_mask: bool = True,
) -> Generator[Image, None, None]:
    """Yield one frame in the bytes of a file, or all."""
    format_name = recognise(data, name)
    raise_if_cancelled(should_stop)
    with decoding(name, format_name):
        frames = _decode(data, name, format_name, frame, should_stop)
    for at in count(frame or 0):
        # Entered for each frame: between two of them the taker's own errors pass.
        with decoding(name, format_name):
            decoded = next(frames, None)
            if decoded is None:
                return
            raise_if_cancelled(should_stop)
            pixels = np.ascontiguousarray(upright(decoded.pixels, decoded.orientation))
            is_opaque = decoded.is_opaque if use_alpha_mask else None
            if is_opaque is not None:
                is_opaque = np.ascontiguousarray(upright(is_opaque, decoded.orientation))
            mask, mask_notes = _mask_of(pixels, is_opaque, name)
            notes = (*_suffix_notes(name, format_name), *decoded.notes, *mask_notes)
            source = ImageSource(name, path, digest, format_name, at, decoded.n_frames, notes, len(data))
            image = Image(pixels, decoded.channels, source, mask, decoded.upright_pixel_size)
        yield image


def image_from_array(
    pixels: AnyArray, name: str = "array", mask: BoolArray | None = None, *, has_alpha: bool | None = None
) -> Image:
    """Return an image of a copy of an array.

    Parameters
    ----------
    pixels : array, (H, W) or (H, W, C)
        Integers, booleans or floats; three channels are red, green and blue.
    name : str
        What people call it, such as ``clipboard``.
    mask : bool array, (H, W), optional
        True where a pixel holds data.
    has_alpha : bool, optional
        Whether the last channel is opacity, which becomes part of the mask: pixels where it is zero hold no
        data, as in files. None takes four channels as red, green, blue and alpha.

    Raises
    ------
    ReadError
        The array has no pixels, no finite value, another shape or another kind of values.
    BudgetError
        It would need more memory than is allowed.
    """
    if pixels.ndim not in (2, 3):
        raise ReadError(f"An array with {pixels.ndim} axes is not a picture.", "Give (H, W) or (H, W, C).")
    volume = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if mask is not None and mask.shape != volume.shape[:2]:
        raise ReadError(f"A mask of {mask.shape} does not fit a picture of {volume.shape[:2]}.")
    if has_alpha or (has_alpha is None and volume.shape[2] == 4):
        is_opaque: BoolArray = volume[:, :, -1] > 0
        volume, mask = volume[:, :, :-1], is_opaque if mask is None else is_opaque & mask
    height, width, n_channels = volume.shape
    if n_channels == 0:
        raise ReadError("The array has no channels.", "Give (H, W) or (H, W, C) with C at least 1.")
    check_pixels(width, height, n_channels, volume.dtype.itemsize)
    own, notes = plain_values(np.array(volume, order="C"), name)
    held, mask_notes = _mask_of(own, None if mask is None else np.array(mask, dtype=np.bool_), name)
    source = ImageSource(name, notes=(*notes, *mask_notes))
    return Image(own, channel_names(n_channels, is_rgb=n_channels == 3), source, held)


def list_files(paths: Iterable[Path]) -> list[Path]:
    """Return files, and in place of each folder the images in it; raises as `list_images`."""
    listed: list[Path] = []
    for path in paths:
        listed += list_images(path) if os.path.isdir(path) else [path]
    return listed


def list_images(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the files of a folder with a readable suffix, by name, without hidden ones and subfolders.

    Raises
    ------
    ReadError
        It is not a folder or may not be listed.
    """
    name = shown_name(folder)
    try:
        found = [
            entry
            for entry in Path(folder).iterdir()
            if entry.suffix.lower() in READABLE_SUFFIXES
            and not entry.name.startswith(".")
            and entry.is_file()
        ]
    except (OSError, ValueError) as error:
        raise ReadError(
            f"The folder “{name}” cannot be listed.", "Check that it exists and is yours to read."
        ) from error
    return sorted(found, key=lambda entry: (entry.name.casefold(), entry.name))


def _decode(
    data: Stored, name: str, format_name: str, frame: int | None, should_stop: ShouldStop
) -> Iterator[Decoded]:
    # Imported here: the decoders cost tens of milliseconds, which --help and the first window must not pay.
    if format_name == "TIFF":
        from gmmseg.io.tiff_reading import tiff_frames

        return tiff_frames(data, name, frame, should_stop)
    from gmmseg.io.pillow_reading import pillow_frames

    return pillow_frames(data, name, format_name, frame, should_stop)


def _suffix_notes(name: str, format_name: str) -> tuple[str, ...]:
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in READABLE_SUFFIXES or suffix in SUFFIXES[format_name]:
        return ()
    return (f"The file is named {suffix} but holds {format_name}; it was read as {format_name}.",)


def _mask_of(
    pixels: AnyArray, is_opaque: BoolArray | None, name: str
) -> tuple[BoolArray | None, tuple[str, ...]]:
    """Return which pixels hold data, None when all do, and what to say about the others.

    Raises
    ------
    ReadError
        No pixel holds a finite value.
    """
    notes: tuple[str, ...] = ()
    if is_opaque is not None and not is_opaque.any():
        notes = ("Every pixel is fully transparent; transparency was ignored.",)
        is_opaque = None
    elif is_opaque is not None and not is_opaque.all():
        n_clear = is_opaque.size - int(np.count_nonzero(is_opaque))
        notes = (f"{n_clear:,} transparent pixels are left out.",)
    else:
        is_opaque = None
    if pixels.dtype.kind != "f":
        return is_opaque, notes
    is_finite: BoolArray = np.logical_and.reduce(np.isfinite(pixels), axis=2)
    n_lost = is_finite.size - int(np.count_nonzero(is_finite))
    if n_lost == 0:
        return is_opaque, notes
    mask = is_finite if is_opaque is None else np.logical_and(is_finite, is_opaque)
    if not mask.any():
        raise ReadError(f"“{name}” holds no finite value.", "Check how it was written.")
    return mask, (*notes, f"{n_lost:,} pixels without a finite value are left out.")
