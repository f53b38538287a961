"""One picture tile by tile, segmented or labelled by a model: when that is done, and how it is said."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from gmmseg.commands.batch import command_text
from gmmseg.commands.console import Console
from gmmseg.commands.options import map_settings, region_settings
from gmmseg.errors import SettingsError
from gmmseg.io.atomic import check_writable, shown, write_atomically
from gmmseg.io.models import dump_model
from gmmseg.io.reports import encode_report
from gmmseg.io.tiled.map_files import ZARR, check_output
from gmmseg.io.tiled.opening import is_beyond_memory, open_picture
from gmmseg.io.tiled.segmenting import TiledRequest, segment_tiled_events
from gmmseg.io.tiled.zarr_picture import is_zarr
from gmmseg.limits import budget_of
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.given import GivenModel
from gmmseg.photo.settings import SegmentSettings
from gmmseg.tiled.engines import DaskCluster, Engine, Local
from gmmseg.tiled.labelling import field_maps

_UNSUITED = (
    "format", "overlay", "table", "parts", "zero_based", "palette", "also", "hints", "areas", "contact_sheet",
)  # fmt: skip
"""Options that are for whole pictures only."""


def is_tiled(options: argparse.Namespace) -> bool:
    """Whether the one image of a command line is worked on in tiles.

    So it is where the output is an OME-Zarr of labels, where the image is an OME-Zarr, and where it is too
    large for memory; whether processes share the work makes no difference.
    """
    is_mixture = getattr(options, "method", "mixture") == "mixture"
    if len(options.images) != 1 or not is_mixture or options.output is None:
        return False
    path: Path = options.images[0]
    if options.output.path.suffix.lower() == ZARR and options.format is None:
        return os.path.isfile(path) or is_zarr(str(path))
    if os.path.isdir(path):
        return is_zarr(str(path))
    if not os.path.isfile(path):
        return False
    with budget_of(options.memory_budget):
        return is_beyond_memory(path, options.frame - 1)


def refuse_scheduler(options: argparse.Namespace) -> None:
    """Raise `SettingsError` where a scheduler is given and nothing is worked on in tiles."""
    if options.scheduler is not None:
        raise SettingsError(
            "scheduler",
            "A scheduler shares out the tiles of one picture that is worked on in tiles.",
            "Leave out --scheduler, or let OUT end in .zarr.",
        )


def run_tiled(
    options: argparse.Namespace,
    console: Console,
    method: SegmentSettings | GivenModel,
    classes: ClassTable | None = None,
) -> bool:
    """Write the maps of a picture and return True; raises `GmmsegError` where that is not possible."""
    given = [f"--{name.replace('_', '-')}" for name in _UNSUITED if getattr(options, name, None)]
    if given:
        raise SettingsError(
            given[0],
            f"{given[0]} is not made of a picture that is worked on in tiles.",
            f"Leave it out, or scale {shown(options.images[0])} down.",
        )
    maps = field_maps(map_settings(options), region_settings(options))
    output: Path = options.output.path
    model: Path | None = options.model
    with budget_of(options.memory_budget):
        for place in (output, options.probabilities):
            if place is not None:
                check_output(place)
    for further in (model, options.report):
        if further is not None:
            check_writable(further)
    began = time.perf_counter()
    with budget_of(options.memory_budget), _engine(options) as engine:
        picture = open_picture(
            options.images[0],
            frame=options.frame - 1,
            skips_damaged=options.skip_damaged,
            should_stop=console.should_stop,
        )
        name = picture.source.name
        side = options.pixel_size
        request = TiledRequest(
            picture,
            method,
            output,
            options.resume,
            classes,
            maps,
            options.probabilities,
            pixel_size=None if side is None else (side, side),
        )
        job = segment_tiled_events(
            request, engine, console.should_stop, lambda progress: console.show_progress(progress, name)
        )
        n_init = method.mixture.n_init if isinstance(method, SegmentSettings) else 1
        outcome = console.drain(job, name, n_init)
    for choice in outcome.found.fit.choices:
        console.note(f"{name}: {choice}")
    for warning in outcome.warnings:
        console.say(f"{name}: {warning}")
    if model is not None:
        write_atomically(model, dump_model(outcome.found.fit.model))
    if options.report is not None:
        write_atomically(options.report, encode_report(outcome.report(command_text(options))))
    written = ", ".join(shown(place) for place in request.outputs)
    console.tell(f"{name}: wrote {written} in {time.perf_counter() - began:.1f} s")
    return True


def _engine(options: argparse.Namespace) -> Engine:
    if options.scheduler is not None:
        return DaskCluster(options.scheduler)
    return Local(options.jobs)
