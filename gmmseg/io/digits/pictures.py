"""Folders of pictures of digits: one picture a digit, sub-folders named by label, or none."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gmmseg.arrays import ByteArray, IntArray
from gmmseg.control import Progress, ShouldStop, raise_if_ended
from gmmseg.errors import ReadError
from gmmseg.image import Image
from gmmseg.io.digits.folders import Listing, list_folder
from gmmseg.io.digits.parts import Part
from gmmseg.io.files import shown_name
from gmmseg.io.images import READABLE_SUFFIXES, read_image
from gmmseg.limits import check_memory

_PART_FOLDERS = (("train", "training"), ("test", "testing", "t10k"))
_WHOLE = re.compile(r"[+-]?\d{1,18}")
_PER_REPORT = 100
_LISTED_LABELS = 30
_GREY_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
"""Of red, green and blue: Rec. 709."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of one part: their files, and the folder each lies in where that is its label."""

    files: tuple[Path, ...]
    labels: tuple[str, ...] | None


def find_pictures(listing: Listing, should_stop: ShouldStop) -> list[Pictures]:
    """Return the pictures in a folder: of one part, or of the sub-folders ``train`` and ``test``.

    Sub-folders with pictures come before pictures that lie beside them; an empty list where there are none.

    Raises
    ------
    ReadError
        A sub-folder may not be listed.
    Cancelled
        `should_stop` returned anything but NONE.
    """
    by_name = {folder.name.casefold(): folder for folder in listing.folders}
    part_folders = [by_name[word] for words in _PART_FOLDERS for word in words if word in by_name]
    if part_folders:
        parts = [_one_part(list_folder(folder, should_stop), should_stop) for folder in part_folders]
        return [part for part in parts if part.files]
    part = _one_part(listing, should_stop)
    return [part] if part.files else []


def pictures_events(
    parts: Sequence[Pictures], should_stop: ShouldStop
) -> Generator[Progress, None, tuple[list[Part], list[str]]]:
    """Read the pictures and return the parts with notes, yielding how far it is.

    Colours become grey (Rec. 709), 16-bit values 8-bit ones, transparent pixels 0. Where the border of the
    pictures is mostly bright, as with ink on paper, all are inverted.

    Raises
    ------
    ReadError
        A picture cannot be read or has another size than the first.
    BudgetError
        Together they would need more memory than is allowed.
    Cancelled
        `should_stop` returned anything but NONE.
    """
    n_files = sum(len(part.files) for part in parts)
    images: ByteArray | None = None
    files = [file for part in parts for file in part.files]
    for i, file in enumerate(files):
        raise_if_ended(should_stop)
        if i % _PER_REPORT == 0:
            yield Progress(f"Reading picture {i + 1:,} of {n_files:,}", i / n_files)
        grey = _grey_of(read_image(file, should_stop=should_stop), shown_name(file))
        if images is None:
            subject = f"{n_files:,} pictures of {_size_text(grey)} pixels need"
            check_memory(n_files * grey.size, subject, "Use fewer or smaller pictures.")
            images = np.empty((n_files, *grey.shape), np.uint8)
        if grey.shape != images.shape[1:]:
            raise ReadError(
                f"“{shown_name(files[0])}” has {_size_text(images[0])} pixels, “{shown_name(file)}” "
                f"{_size_text(grey)}.",
                "Scale all pictures to the same size.",
            )
        images[i] = grey
    if images is None:
        raise ValueError("no pictures to read")
    notes = _invert_if_bright(images)
    ids, label_notes = _label_ids(parts)
    starts = np.cumsum([0, *(len(part.files) for part in parts)])
    read = [
        Part(images[start:stop], shown_name(part.files[0].parent), labels, "its sub-folders")
        for part, labels, start, stop in zip(parts, ids, starts, starts[1:], strict=False)
    ]
    return read, notes + label_notes


def _one_part(listing: Listing, should_stop: ShouldStop) -> Pictures:
    labelled = [
        (file, folder.name)
        for folder in listing.folders
        for file in _readable(list_folder(folder, should_stop))
    ]
    if labelled:
        return Pictures(tuple(file for file, _ in labelled), tuple(label for _, label in labelled))
    return Pictures(tuple(_readable(listing)), None)


def _readable(listing: Listing) -> Iterator[Path]:
    return (file for file in listing.files if file.suffix.lower() in READABLE_SUFFIXES)


def _grey_of(image: Image, name: str) -> ByteArray:
    """Return a picture as grey bytes, (h, w)."""
    if not image.has_fixed_white or not (image.is_rgb or image.n_channels == 1):
        raise ReadError(
            f"“{name}” is no grey or colour picture of 8 or 16 bits ({image.depth_text}).", "Save it as PNG."
        )
    pixels = image.pixels
    grey = pixels[:, :, 0]
    if image.is_rgb and not (np.array_equal(grey, pixels[:, :, 1]) and np.array_equal(grey, pixels[:, :, 2])):
        grey = np.rint(pixels @ _GREY_WEIGHTS)
    as_bytes = grey.astype(np.uint8) if image.white == 255 else np.rint(grey / 257.0).astype(np.uint8)
    return as_bytes if image.mask is None else np.where(image.mask, as_bytes, np.uint8(0))


def _size_text(picture: ByteArray) -> str:
    return f"{picture.shape[0]:,} × {picture.shape[1]:,}"


def _invert_if_bright(images: ByteArray) -> list[str]:
    """Turn dark ink on bright paper round, in place: everything after expects paper to be 0."""
    border = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    if np.mean([float(side.mean()) for side in border]) <= 127.5:
        return []
    np.subtract(255, images, out=images)
    return ["The paper is brighter than the ink, so the pictures were inverted."]


def _label_ids(parts: Sequence[Pictures]) -> tuple[list[IntArray | None], list[str]]:
    """Return each part's labels as numbers, and which number stands for which name."""
    names = sorted({label for part in parts if part.labels for label in part.labels})
    if all(_WHOLE.fullmatch(name) for name in names):
        ids, notes = {name: int(name) for name in names}, []
    else:
        ids = {name: i for i, name in enumerate(names)}
        shown = ", ".join(f"{i} {shown_name(name)}" for name, i in list(ids.items())[:_LISTED_LABELS])
        notes = [f"Labels: {shown}{' …' if len(names) > _LISTED_LABELS else ''}."]
    return [
        None if part.labels is None else np.array([ids[label] for label in part.labels], np.int64)
        for part in parts
    ], notes
