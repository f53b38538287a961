"""Segmenting one picture tile by tile: when that is done, and how it is said."""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from dataclasses import fields
from pathlib import Path

from gmmseg.commands.batch import command_text
from gmmseg.commands.console import Console
from gmmseg.commands.options import map_settings, segment_settings
from gmmseg.errors import BudgetError, SettingsError
from gmmseg.io.atomic import check_writable, shown, write_atomically
from gmmseg.io.files import open_file, shown_name
from gmmseg.io.formats import recognise
from gmmseg.io.models import dump_model
from gmmseg.io.reports import encode_report
from gmmseg.io.tiled.opening import open_picture
from gmmseg.io.tiled.segmenting import ZARR, TiledRequest, check_output, segment_tiled_events
from gmmseg.io.tiled.zarr_picture import is_zarr
from gmmseg.limits import MAX_FILE_BYTES, budget_of, check_pixels
from gmmseg.photo.settings import MapSettings
from gmmseg.tiled.engines import DaskCluster, Engine, Local

_HEAD_BYTES = 1024
_UNSUITED = {
    "format": "--format",
    "probabilities": "--probabilities",
    "overlay": "--overlay",
    "table": "--table",
    "zero_based": "--zero-based",
    "palette": "--palette",
    "also": "--also",
    "classes": "--class",
    "hints": "--hints",
    "areas": "--areas",
    "contact_sheet": "--contact-sheet",
}
"""What is made of whole pictures only."""


def is_tiled(options: argparse.Namespace) -> bool:
    """Whether the one image of a command line is worked on in tiles.

    So it is where the output is an OME-Zarr of labels, where the image is an OME-Zarr, and where it is too
    large for memory; whether processes share the work makes no difference.
    """
    if len(options.images) != 1 or options.method != "mixture" or options.output is None:
        return False
    path: Path = options.images[0]
    if options.output.path.suffix.lower() == ZARR and options.format is None:
        return os.path.isfile(path) or is_zarr(str(path))
    if os.path.isdir(path):
        return is_zarr(str(path))
    return os.path.isfile(path) and _is_beyond_memory(path, options)


def run_tiled(options: argparse.Namespace, console: Console) -> bool:
    """Write the label image and return True; raises `GmmsegError` where that is not possible."""
    given = [name for field, name in _UNSUITED.items() if getattr(options, field)]
    given += [f"--{name.replace('_', '-')}" for name in _of_whole_pictures(options)]
    if given:
        raise SettingsError(
            given[0],
            f"{given[0]} is not made of a picture that is worked on in tiles.",
            f"Leave it out, or scale {shown(options.images[0])} down.",
        )
    output: Path = options.output.path
    check_output(output)
    for further in (options.model, options.report):
        if further is not None:
            check_writable(further)
    began = time.perf_counter()
    with _budget(options), _engine(options) as engine:
        picture = open_picture(
            options.images[0],
            frame=options.frame - 1,
            skips_damaged=options.skip_damaged,
            should_stop=console.should_stop,
        )
        name = picture.source.name
        request = TiledRequest(picture, segment_settings(options), output, options.resume)
        job = segment_tiled_events(
            request, engine, console.should_stop, lambda progress: console.show_progress(progress, name)
        )
        outcome = console.drain(job, name, request.settings.mixture.n_init)
    for warning in outcome.warnings:
        console.say(f"{name}: {warning}")
    if options.model is not None:
        write_atomically(options.model, dump_model(outcome.found.fit.model))
    if options.report is not None:
        write_atomically(options.report, encode_report(outcome.report(command_text(options))))
    console.tell(f"{name}: wrote {shown(output)} in {time.perf_counter() - began:.1f} s")
    return True


def _of_whole_pictures(options: argparse.Namespace) -> list[str]:
    """Return the settings of the map that are given: they look at a pixel's neighbours."""
    chosen, default = map_settings(options), MapSettings()
    return [
        one.name for one in fields(MapSettings) if getattr(chosen, one.name) != getattr(default, one.name)
    ]


def _budget(options: argparse.Namespace) -> contextlib.AbstractContextManager[None]:
    budget = options.memory_budget
    return contextlib.nullcontext() if budget is None else budget_of(budget)


def _engine(options: argparse.Namespace) -> Engine:
    if options.scheduler is not None:
        return DaskCluster(options.scheduler)
    return Local(options.jobs)


def _is_beyond_memory(path: Path, options: argparse.Namespace) -> bool:
    """Whether a file that can be read in parts is refused as a whole."""
    with open_file(path) as (file, n_bytes):
        head = file.read(_HEAD_BYTES)
    if recognise(head, shown_name(path)) != "TIFF":
        return False
    with _budget(options):
        if n_bytes > MAX_FILE_BYTES:
            return True
        picture = open_picture(path, frame=options.frame - 1)
        height, width = picture.shape
        try:
            check_pixels(width, height, len(picture.channels), picture.dtype.itemsize)
        except BudgetError:
            return True
    return False
