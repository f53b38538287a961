"""``gmmseg select``: cut out objects by clicks and boxes."""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path
from typing import Literal

from gmmseg.batch.makers import BoxedObject, BoxesMaker, BoxesTask
from gmmseg.commands.batch import run_tasks
from gmmseg.commands.console import Console
from gmmseg.commands.outputs import check_summaries, images_of
from gmmseg.display import Display, display_of
from gmmseg.errors import ReadError
from gmmseg.io.atomic import refusals
from gmmseg.io.files import read_file_bytes, safe_name, shown_name
from gmmseg.io.images import read_events
from gmmseg.io.object_masks import MASK_SUFFIXES, encode_cutout, encode_object_mask
from gmmseg.io.outputs import Output, check_outputs, distinct_stems, written_events
from gmmseg.object_selector import ObjectSelector
from gmmseg.selection.prompts import Box
from gmmseg.selection.site import site_events

_Kind = Literal["mask", "cutout"]
_SUFFIXES: dict[_Kind, tuple[str, ...]] = {"mask": MASK_SUFFIXES, "cutout": (".png",)}
_COLUMNS = ("file", "x0", "y0", "x1", "y1")
_LONGEST_TABLE = 64 << 20


def run(options: argparse.Namespace, console: Console) -> bool:
    """Write the masks that were asked for; return whether all could be made.

    Raises
    ------
    GmmsegError
        Nothing could be done.
    Cancelled
    """
    if options.boxes is not None:
        return _many(options, console)
    outputs: list[Output[_Kind]] = [Output(options.output.path, "mask")]
    if options.cutout is not None:
        outputs.append(Output(options.cutout, "cutout"))
    check_outputs(outputs, _SUFFIXES, inputs=[options.image])
    image = console.drain(
        read_events(options.image, frame=options.frame - 1, should_stop=console.should_stop)
    )
    for note in image.source.notes:
        console.say(f"{image.source.name}: {note}")
    site = console.drain(site_events(image, options.seed, console.should_stop), image.source.name)
    mask = ObjectSelector.on(site).select(options.click, options.box)

    def encode(output: Output[_Kind]) -> bytes:
        if output.kind == "cutout":
            return encode_cutout(image, mask, _display(options))
        return encode_object_mask(output.path.suffix, mask)

    console.drain(written_events(outputs, encode, console.should_stop))
    return True


def _many(options: argparse.Namespace, console: Console) -> bool:
    """Write a mask for each line of a table of boxes; those that fail are reported and left out."""
    boxed = read_boxes(options.boxes, console)
    folder: Path = options.output.path
    cutouts: Path | None = options.cutout
    for place in filter(None, (folder, cutouts)):
        with refusals(place):
            place.mkdir(parents=True, exist_ok=True)
    check_summaries(options)
    named = [f"{path.stem}_{name}" if name else path.stem for path, _, name in boxed]
    stems = distinct_stems([Path(f"{safe_name(each, 'mask')}.png") for each in named])
    objects: dict[Path, list[BoxedObject]] = {}
    for (path, box, name), stem in zip(boxed, stems, strict=True):
        cutout = None if cutouts is None else cutouts / f"{stem}.png"
        objects.setdefault(path, []).append(BoxedObject(box, name, folder / f"{stem}.png", cutout))
    tasks = [BoxesTask(path, tuple(found)) for path, found in objects.items()]
    return run_tasks(options, console, BoxesMaker(options.seed, _display(options)), tasks)


def _display(options: argparse.Namespace) -> Display | None:
    return None if options.display is None else display_of(options.display)


def read_boxes(path: Path, console: Console) -> list[tuple[Path, Box, str]]:
    """Return image, box and name by each line of a table with the columns file, x0, y0, x1, y1, perhaps name.

    Files are looked for from the table's folder; a folder or a pattern stands for all of its images.

    Raises
    ------
    ReadError
        The table cannot be read, lacks a column, is empty, or a number is none.
    """
    data = read_file_bytes(path, console.should_stop)
    if len(data) > _LONGEST_TABLE:
        raise ReadError(f"{shown_name(path)} is too long for a table of boxes.", "Split it.")
    lines = csv.DictReader(io.StringIO(data.decode("utf-8-sig", "replace"), newline=""))
    missing = [name for name in _COLUMNS if name not in (lines.fieldnames or ())]
    if missing:
        raise ReadError(
            f"{shown_name(path)} has no column “{missing[0]}”.",
            "Let its first line be file,x0,y0,x1,y1,name.",
        )
    found: list[tuple[Path, Box, str]] = []
    for line in lines:
        try:
            x0, y0, x1, y1 = (int(line[name]) for name in _COLUMNS[1:])
        except (TypeError, ValueError) as error:
            raise ReadError(
                f"Line {lines.line_num} of {shown_name(path)} has no box of four whole numbers.",
                "Write pixels: x0,y0,x1,y1 with x1 and y1 beyond the last ones.",
            ) from error
        if not line["file"]:
            raise ReadError(
                f"Line {lines.line_num} of {shown_name(path)} names no file.", "Name one in each."
            )
        images, _ = images_of([path.parent / line["file"]])
        found += [(image, (x0, y0, x1, y1), line.get("name") or "") for image in images]
    if not found:
        raise ReadError(f"{shown_name(path)} holds no boxes.", "Add a line for each object.")
    return found
