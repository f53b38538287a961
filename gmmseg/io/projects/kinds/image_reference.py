"""The image of a project: said where it lies and what it was, found again, or carried along."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, cast
from weakref import WeakKeyDictionary

import numpy as np
from msgspec import Meta

from gmmseg.control import Progress, ShouldStop
from gmmseg.errors import BudgetError, GmmsegError, ReadError
from gmmseg.image import Image, ImageSource, PixelGrid
from gmmseg.io.files import read_file_bytes, shown_name
from gmmseg.io.images import READABLE_SUFFIXES, read_image_bytes
from gmmseg.io.npy import encode_npy
from gmmseg.io.projects.archive import Archive, Member
from gmmseg.io.projects.places import path_of_form, places_of, relative_text
from gmmseg.io.projects.plain import misfit, path_text
from gmmseg.io.samples import is_sample
from gmmseg.io.strict_json import Form, Text
from gmmseg.limits import MAX_FEATURES, MAX_FRAMES, MAX_SIDE, check_pixels

_MOST_LISTED = 20_000
"""Files that are looked at in search of an image."""
_PACKED_SAMPLE = 1 << 20
ValueType = Literal["|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8"]
Length = Annotated[float, Meta(gt=0, le=1e12)]
Side = Annotated[int, Meta(ge=1, le=MAX_SIDE)]
PictureSide = Annotated[int, Meta(ge=1, le=1 << 31)]
Offset = Annotated[int, Meta(ge=0, le=1 << 40)]
_hashes: WeakKeyDictionary[Image, str] = WeakKeyDictionary()
"""Of pixels: hashing those of a large image takes as long as writing the rest of a project."""


class ImageForm(Form, frozen=True):
    """Record of a project's image."""

    name: Text
    path: Text | None
    """Absolute, percent-encoded; None for one that came from no file."""
    relative: Text | None
    """From the project's folder."""
    n_bytes: Annotated[int, Meta(ge=0)]
    sha256: Text
    """Of the file."""
    format: Text
    frame: Annotated[int, Meta(ge=0, le=MAX_FRAMES)]
    n_frames: Annotated[int, Meta(ge=1)]
    notes: Annotated[tuple[Text, ...], Meta(max_length=100)]
    width: Side
    height: Side
    channels: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=MAX_FEATURES)]
    dtype: ValueType
    has_mask: bool
    enclosed: Text | None
    """The archive's member that holds a copy: the file, or for pixels from elsewhere arrays of NumPy."""
    pixel_size: tuple[Length, Length] | None = None
    """Micrometres."""
    pixels_sha256: Text = Text("")
    """See `pixel_hash`; version 1 did not tell it."""
    part: tuple[Offset, Offset, Side] | None = None
    """Left, top and step of the `PixelGrid` of a part of a picture beyond memory."""
    levels: tuple[PictureSide, PictureSide, Side] | None = None
    """(H, W) of the picture beyond memory that it is the overview of, and the step of that; version 3 did not
    tell."""

    @property
    def is_overview(self) -> bool:
        """Whether it is that of a picture beyond memory: of no other the hash of the file is unknown."""
        return self.path is not None and not self.sha256


def image_form(image: Image, project: Path, enclosed: str | None, pixels_sha256: str) -> ImageForm:
    """Return what a project, or a journal, at a path says of its image.

    Parameters
    ----------
    image : Image
    project : Path
    enclosed : str, optional
        Name of the member that holds a copy.
    pixels_sha256 : str
        Of `pixel_hash`, or of `known_pixel_hash` where there is no time for it.
    """
    source = image.source
    # A sample lies where the program is installed, which is somewhere else on every machine.
    is_unplaced = source.path is None or (enclosed is not None and is_sample(source.path))
    path = None if source.path is None or is_unplaced else source.path.absolute()
    return ImageForm(
        name=Text(source.name),
        path=None if path is None else Text(path_text(path)),
        relative=None if path is None else relative_text(path, project.absolute().parent),
        n_bytes=source.n_bytes,
        sha256=Text(source.sha256),
        pixels_sha256=Text(pixels_sha256),
        format=Text(source.format),
        frame=source.frame,
        n_frames=source.n_frames,
        notes=tuple(map(Text, source.notes)),
        width=image.width,
        height=image.height,
        channels=tuple(map(Text, image.channels)),
        dtype=_value_type(image),
        has_mask=image.mask is not None,
        pixel_size=image.pixel_size,
        enclosed=None if enclosed is None else Text(enclosed),
        part=None if source.part is None else (source.part.left, source.part.top, source.part.step),
        levels=(*image.picture_shape, image.step_of_levels) if image.step_of_levels > 1 else None,
    )


def pixel_hash(image: Image) -> str:
    """Return the SHA-256 of an image's values, row after row, little-endian, and of the bits of its mask.

    It is the same for every file that holds these pixels without loss. Empty for an image that is missing
    and of which it was not known.
    """
    if not image.source.is_missing and image not in _hashes:
        digest = hashlib.sha256(image.pixels.astype(_value_type(image), copy=False).data)
        if image.mask is not None:
            digest.update(np.packbits(image.mask).data)
        _hashes[image] = digest.hexdigest()
    return known_pixel_hash(image)


def known_pixel_hash(image: Image) -> str:
    """Return the hash of an image's pixels where that has been asked for before, else nothing."""
    return _hashes.get(image, image.source.missing_pixels)


def is_in_no_file(image: Image) -> bool:
    """Whether the pixels of an image are in memory alone: they came from no file, or that is gone.

    So it is with the copy that a project from another machine carries along.
    """
    source = image.source
    if source.is_missing or image.levels is not None:
        return False
    return source.path is None or _size_of(source.path) != source.n_bytes


def copies_of(image: Image, is_wanted: bool, should_stop: ShouldStop) -> list[Member]:
    """Return the members that hold a copy of an image, where that is wanted or the user has no file of it.

    Raises
    ------
    ReadError
        The image's file is no longer there as it was read.
    """
    path, name = image.source.path, image.source.name
    if is_wanted and image.source.is_missing:
        raise ReadError(
            f"The image “{name}” is missing, so no copy of it can be kept.",
            "Find the image first, or save the project without a copy.",
        )
    if is_wanted and image.levels is not None:
        raise ReadError(
            f"The picture “{name}” is beyond memory, so no copy of it can be kept.",
            "Save the project without a copy.",
        )
    if image.source.is_missing or image.levels is not None:
        return []
    if path is not None and (is_wanted or is_sample(path)) and _size_of(path) is not None:
        return [_copy_of_file(image, path, should_stop)]
    return _copy_of_pixels(image) if is_in_no_file(image) else []


def _value_type(image: Image) -> ValueType:
    return cast(ValueType, image.pixels.dtype.newbyteorder("<").str)


def _size_of(path: Path) -> int | None:
    with suppress(OSError):
        return path.stat().st_size
    return None


def _copy_of_file(image: Image, path: Path, should_stop: ShouldStop) -> Member:
    data = read_file_bytes(path, should_stop)
    if hashlib.sha256(data).hexdigest() != image.source.sha256:
        raise ReadError(
            f"“{shown_name(path)}” has changed since it was opened, so no copy of it can be kept.",
            "Save the project without a copy of the image, or open the image again.",
        )
    return Member(f"image{path.suffix.lower()}", data, is_packed=True)


def _copy_of_pixels(image: Image) -> list[Member]:
    arrays = {"image.npy": image.pixels} | ({} if image.mask is None else {"mask.npy": image.mask})
    members = []
    for name, array in arrays.items():
        data = encode_npy(array)
        members.append(Member(name, data, is_packed=not _packs_well(data)))
    return members


def _packs_well(data: bytes) -> bool:
    """Whether packing is worth its time: photos hardly shrink, screenshots and drawings do."""
    import zlib

    middle = max(0, (len(data) - _PACKED_SAMPLE) // 2)
    sample = data[middle : middle + _PACKED_SAMPLE]
    return len(zlib.compress(sample, 1)) < len(sample) // 2


# Reading


def find_image_events(
    form: ImageForm, archive: Archive | None, project: Path, chosen: Path | None, should_stop: ShouldStop
) -> Generator[Progress, None, tuple[Image, str]]:
    """Return the image of a project, and what is to be said about where it was found.

    It is looked for in the archive, where the user says, beside the project, where it was, and by its
    content in the project's folder and those below. Where it is nowhere an empty one takes its place.

    Parameters
    ----------
    form : ImageForm
    archive : Archive, optional
        That may hold a copy.
    project : Path
        Of the project's file.
    chosen : Path, optional
        Where the user says that the image is.
    should_stop : ShouldStop

    Raises
    ------
    ReadError
        The copy in the archive is damaged, or the file that was chosen is another image.
    Cancelled
    """
    _check_size(form)
    if form.enclosed is not None and archive is not None and chosen is None:
        return _enclosed_image(form, archive, should_stop), ""
    folder = project.absolute().parent
    places = places_of(_path(form), form.relative, project) if chosen is None else [chosen]
    changed: Image | None = None
    read = _read_overview if form.is_overview else _read
    for path in places:
        image = yield from read(path, form, should_stop)
        if image is not None and _is_same(image, form):
            return image, ""
        if image is not None and _shows_the_same(image, form):
            return image, (
                f"“{shown_name(path)}” is another file than when the project was saved, with the same pixels."
            )
        changed = changed or image
    for path in () if chosen else _likely_files(form, folder):
        image = yield from read(path, form, should_stop, is_exact=path.name != form.name)
        if image is not None and (_is_same(image, form) or _shows_the_same(image, form)):
            return image, f"The image was found at “{path.relative_to(folder)}”."
    if changed is None and chosen is not None:
        raise ReadError(
            f"“{shown_name(chosen)}” is another image than the project's, which has "
            f"{form.width:,} × {form.height:,} pixels.",
            f"Choose “{form.name}”.",
        )
    if changed is not None:
        return changed, (
            f"“{shown_name(changed.source.path or form.name)}” has changed since the project was saved: "
            "fit and objects were made on the image as it was then."
        )
    return stand_in(form), _missing_text(form, places)


def _missing_text(form: ImageForm, places: Iterable[Path]) -> str:
    if form.path is None:
        return f"The image “{form.name}” came from no file, and no copy of it is left."
    if any(path.is_file() for path in places):
        return (
            f"“{form.name}” is not the project's image any more, which has {form.width:,} × {form.height:,} "
            "pixels, and that is not beside the project."
        )
    return f"The image “{form.name}” is not where it was, nor beside the project."


def _is_same(image: Image, form: ImageForm) -> bool:
    """Whether an image is what it was: the same file, or the same overview of a picture beyond memory."""
    if form.is_overview:
        return _shows_the_same(image, form)
    return image.source.sha256 == form.sha256


def _shows_the_same(image: Image, form: ImageForm) -> bool:
    return pixel_hash(image) == form.pixels_sha256


def _enclosed_image(form: ImageForm, archive: Archive, should_stop: ShouldStop) -> Image:
    name = str(form.enclosed)
    if not name.endswith(".npy"):
        image = _decoded(archive.read(name), str(form.name), _path(form), form, should_stop)
        if not _has_form(image, form):
            misfit("image", "is not the copy in the project")
        return image
    pixels = archive.array(name, should_stop)
    mask = archive.array("mask.npy", should_stop) if form.has_mask else None
    shape = (form.height, form.width)
    if (
        pixels.shape != (*shape, len(form.channels))
        or pixels.dtype != np.dtype(form.dtype)
        or (mask is not None and (mask.shape != shape or mask.dtype != np.bool_))
    ):
        misfit("image", "is not the copy in the project")
    held_values = pixels if mask is None else pixels[mask]
    if not held_values.size or not np.isfinite(held_values).all():
        misfit("image", "holds no finite values")
    return Image(
        np.ascontiguousarray(pixels), tuple(map(str, form.channels)), _source(form), mask, form.pixel_size
    )


def _path(form: ImageForm) -> Path | None:
    return path_of_form(form.path, "image.path")


def _source(form: ImageForm) -> ImageSource:
    return ImageSource(
        str(form.name), _path(form), str(form.sha256), str(form.format), form.frame, form.n_frames,
        tuple(map(str, form.notes)), form.n_bytes, part=None if form.part is None else PixelGrid(*form.part),
    )  # fmt: skip


def _check_size(form: ImageForm) -> None:
    check_pixels(form.width, form.height, len(form.channels), np.dtype(form.dtype).itemsize)


def stand_in(form: ImageForm) -> Image:
    """Return an image of the size and kind of the one described, without any data."""
    _check_size(form)
    shape = (form.height, form.width)
    return Image(
        np.zeros((*shape, len(form.channels)), np.dtype(form.dtype)),
        tuple(map(str, form.channels)),
        replace(
            _source(form), is_missing=True, missing_pixels=str(form.pixels_sha256), missing_levels=form.levels
        ),
        np.zeros(shape, np.bool_),
        form.pixel_size,
    )


def _likely_files(form: ImageForm, folder: Path) -> Iterator[Path]:
    """Yield the images in a folder and those below with as many bytes or the same name, the nearest first."""
    n_listed = 0
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            n_listed += 1
            if n_listed > _MOST_LISTED:
                return
            path = Path(parent, name)
            is_likely = name == form.name or _size_of(path) == form.n_bytes
            if path.suffix.lower() in READABLE_SUFFIXES and is_likely:
                yield path


def _read(
    path: Path, form: ImageForm, should_stop: ShouldStop, *, is_exact: bool = False
) -> Generator[Progress, None, Image | None]:
    """Return the image at a path where it has the size and kind of the project's, else None.

    With `is_exact` it must be the same file, byte for byte. That one keeps its name: a page or a sample may
    be called otherwise than its file.
    """
    yield Progress(f"Reading {path.name}")
    try:
        data = read_file_bytes(path, should_stop)
        is_same = hashlib.sha256(data).hexdigest() == form.sha256
        if is_exact and not is_same:
            return None
        name = str(form.name) if is_same else shown_name(path)
        image = _decoded(data, name, path, form, should_stop)
    except GmmsegError:
        return None
    return image if _has_form(image, form) else None


def _read_overview(
    path: Path, form: ImageForm, should_stop: ShouldStop, *, is_exact: bool = False
) -> Generator[Progress, None, Image | None]:
    """Return the overview of the picture beyond memory at a path, as `_read` does of other images."""
    # Imported with the first of them, with the formats that are read in tiles.
    from gmmseg.io.tiled.levels import open_levels_events

    with suppress(ReadError, BudgetError):
        pyramid = yield from open_levels_events(path, frame=form.frame, should_stop=should_stop)
        image = pyramid.overview()
        return image if _has_form(image, form) else None
    return None


def _decoded(data: bytes, name: str, path: Path | None, form: ImageForm, should_stop: ShouldStop) -> Image:
    return read_image_bytes(
        data, name, path, frame=form.frame, should_stop=should_stop, use_alpha_mask=form.has_mask
    )


def _has_form(image: Image, form: ImageForm) -> bool:
    return (
        (image.width, image.height) == (form.width, form.height)
        and image.channels == tuple(map(str, form.channels))
        and _value_type(image) == form.dtype
        and form.levels in (None, (*image.picture_shape, image.step_of_levels))
    )
