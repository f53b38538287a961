"""Images that a command reads and files that it writes for each of them, checked before the work."""

from __future__ import annotations

import argparse
import glob
import os
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from gmmseg.batch.makers import ExportTask
from gmmseg.batch.sheet import SUFFIXES as SHEET_SUFFIXES
from gmmseg.commands.console import Console
from gmmseg.display import display_of
from gmmseg.errors import ReadError, WriteError
from gmmseg.io.atomic import check_writable, refusals, shown
from gmmseg.io.export_items import (
    SUFFIXES,
    ZERO_BASED_KINDS,
    ExportItem,
    ExportKind,
    check_items,
    with_legends,
)
from gmmseg.io.files import shown_name
from gmmseg.io.images import list_images
from gmmseg.io.outputs import check_inputs_stay, check_suffix, distinct_stems

_FURTHER: tuple[ExportKind, ...] = ("probabilities", "overlay", "model", "table", "parts", "report")


def plan(options: argparse.Namespace, console: Console) -> tuple[list[ExportTask], int]:
    """Return what to do for each image, and how many are left out; folders that are missing have been made.

    Images are left out, and named, where ``--no-clobber`` asks for it and a file is there already.

    Raises
    ------
    ReadError
        A folder cannot be listed or holds no image, or a pattern matches no file.
    WriteError
        An output cannot be written, has the wrong extension, or would replace an image that is read.
    """
    images, has_folder = images_of(options.images)
    wanted = _wanted(options)
    are_many = has_folder or len(images) > 1
    hints = getattr(options, "hints", None)
    if hints is not None and are_many:
        raise ReadError(
            f"{shown(hints)} belongs to one image.",
            "Teach by that one with --model, and “gmmseg apply” it to the others.",
        )
    are_folders = [are_many or _is_folder(options, kind, path) for kind, path in wanted]
    if not are_folders[0]:
        check_suffix(wanted[0][1], wanted[0][0], SUFFIXES[wanted[0][0]])
    places = [
        [(kind, path / f"{stem}{SUFFIXES[kind][0]}" if is_folder else path)
         for (kind, path), is_folder in zip(wanted, are_folders, strict=True)]
        for stem in distinct_stems(images)
    ]  # fmt: skip
    tasks = [
        ExportTask(image, tuple(with_legends(_item(kind, path, options) for kind, path in own)))
        for image, own in zip(images, places, strict=True)
    ]
    given = getattr(options, "given", None)
    inputs = [*images, *(path for path in (given, hints) if path is not None)]
    # What can be refused without folders is refused first: a refused line should leave none behind.
    check_inputs_stay((item.path for task in tasks for item in task.items), inputs)
    _make_folders([place for place, is_folder in zip(wanted, are_folders, strict=True) if is_folder])
    left = [task for task in tasks if not (options.no_clobber and _is_left_out(task, console))]
    check_items(item for task in left for item in task.items)
    check_summaries(options)
    return left, len(tasks) - len(left)


def check_summaries(options: argparse.Namespace) -> None:
    """Raise `WriteError` where what sums up all images cannot be written."""
    given = (("areas", options.areas, (".csv",)), ("contact sheet", options.contact_sheet, SHEET_SUFFIXES))
    for kind, path, suffixes in given:
        if path is not None:
            check_suffix(path, kind, suffixes)
            check_writable(path)


def _is_left_out(task: ExportTask, console: Console) -> bool:
    there = first_there(task.items)
    if there is not None:
        console.say(f"{shown_name(task.image)}: left out, {shown(there)} is there already")
    return there is not None


def first_there(items: Iterable[ExportItem]) -> Path | None:
    """Return the first of the files to write that is there already."""
    return next((item.path for item in items if os.path.lexists(item.path)), None)


def images_of(given: list[Path]) -> tuple[list[Path], bool]:
    """Return the image files among files and folders, and whether there was a folder."""
    images: list[Path] = []
    for path in given:
        if os.path.isdir(path):
            found = list_images(path)
            if not found:
                raise ReadError(f"The folder {shown(path)} holds no image.", "Choose another folder.")
            images += found
        else:
            images += _matching(path)
    return images, len(images) > len(given) or any(os.path.isdir(path) for path in given)


def _matching(path: Path) -> list[Path]:
    """Return the file of that name or, where there is none, the files that the name is a pattern of."""
    if os.path.lexists(path) or not any(sign in str(path) for sign in "*?["):
        return [path]
    found = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if os.path.isfile(name))
    if not found:
        raise ReadError(f"No file matches {shown(path)}.", "Check the folder and the pattern.")
    return found


def _wanted(options: argparse.Namespace) -> list[tuple[ExportKind, Path]]:
    first = cast(ExportKind, options.format or "mask")
    given = [*((kind, getattr(options, kind, None)) for kind in _FURTHER), *options.also]
    further = [(kind, path) for kind, path in given if path is not None]
    return further if options.output is None else [(first, options.output.path), *further]


def items_of(options: argparse.Namespace) -> list[ExportItem]:
    """Return the files to write where all of them are files, with legends."""
    return with_legends(_item(kind, path, options) for kind, path in _wanted(options))


def _item(kind: ExportKind, path: Path, options: argparse.Namespace) -> ExportItem:
    opacity = 0.5 if options.opacity is None else options.opacity
    zero_based = options.zero_based and kind in ZERO_BASED_KINDS
    side, shown = options.pixel_size, options.display
    return ExportItem(
        path,
        kind,
        zero_based,
        options.palette or "class",
        opacity,
        options.min_part or 1,
        None if side is None else (side, side),
        None if shown is None else display_of(shown),
    )


def _is_folder(options: argparse.Namespace, kind: ExportKind, path: Path) -> bool:
    """Return whether an output of a single image is the folder to write into."""
    # An image in Zarr is a folder itself.
    if kind == "ome-zarr" and _is_file_name(kind, path):
        return False
    out = options.output
    if out is None:
        return os.path.isdir(path)
    if path == out.path:
        return bool(out.is_folder) or os.path.isdir(path)
    # Beside a folder of masks a further output may well be a file, such as report.json.
    return os.path.isdir(path) or (
        (out.is_folder or os.path.isdir(out.path)) and not _is_file_name(kind, path)
    )


def _is_file_name(kind: ExportKind, path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES[kind])


def _make_folders(places: list[tuple[ExportKind, Path]]) -> None:
    for kind, folder in places:
        if _is_file_name(kind, folder) and not os.path.isdir(folder):
            raise WriteError(
                f"{shown(folder)} is the name of a file; several images, and names that end in a slash, need "
                "a folder.",
                "Leave out the extension.",
            )
    for _, folder in places:
        if os.path.lexists(folder) and not os.path.isdir(folder):
            raise WriteError(
                f"{shown(folder)} is a file; several images, and names that end in a slash, need a folder.",
                "Choose another name.",
            )
        with refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
