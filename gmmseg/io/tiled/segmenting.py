"""A picture of any size to its label image: fit, labels, pyramid, and the file in its place."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gmmseg.arrays import IntArray, label_dtype
from gmmseg.control import Progress, ShouldStop, StopRequest, all_or_nothing, never_stop, only_cancelled
from gmmseg.errors import WriteError
from gmmseg.io.atomic import (
    check_folder_writable,
    check_writable,
    publish_file,
    publish_folder,
    refusals,
    shown,
)
from gmmseg.io.interchange.ome_zarr import is_ome_zarr
from gmmseg.io.masks import legend
from gmmseg.io.models import dump_model
from gmmseg.io.plain_text import with_plain_names
from gmmseg.io.reports import build_report
from gmmseg.io.temporaries import sweep
from gmmseg.io.tiled.label_pyramid import LabelPyramid, Reduce, n_direct_levels
from gmmseg.io.tiled.work_folder import WorkFolder
from gmmseg.mixture.compiled import rounding_name
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.jobs import JobEvent
from gmmseg.photo.model import Model
from gmmseg.photo.settings import SegmentSettings
from gmmseg.setting import settings_to_dict
from gmmseg.tiled.engines import Engine
from gmmseg.tiled.fitting import TiledFit, fit_tiled_events
from gmmseg.tiled.labelling import LabelTile
from gmmseg.tiled.passes import Passes, Report, no_report
from gmmseg.tiled.tile_rows import TileRows
from gmmseg.tiled.tiles import TiledPicture, tile_grid
from gmmseg.version import VERSION

ZARR, TIFFS = ".zarr", (".tif", ".tiff")
ROW_TILE_PIXELS = 1 << 22
"""Pixels of a tile that is labelled by rows of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class TiledRequest:
    """What to do with a picture.

    Parameters
    ----------
    picture : TiledPicture
    settings : SegmentSettings
    output : Path
        ``.zarr`` an OME-Zarr folder, ``.tif`` a tiled BigTIFF, both with a pyramid.
    resumes : bool
        Whether to go on where an earlier run ended.
    """

    picture: TiledPicture
    settings: SegmentSettings
    output: Path
    resumes: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TiledOutcome:
    """A label image that is written, and what it was made by.

    Parameters
    ----------
    found : TiledFit
    counts : (K,)
        Pixels of each component.
    seconds : dict
        Duration of each stage.
    """

    found: TiledFit
    counts: IntArray
    picture: TiledPicture
    seconds: dict[str, float]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be told: of the fit, and of pixels that have no label."""
        height, width = self.picture.shape
        n_left = height * width - int(self.counts.sum())
        left_out = (f"{n_left:,} pixels without data are left out.",) if n_left else ()
        return (*self.found.fit.result.warnings, *left_out)

    def report(self, command: str) -> dict[str, Any]:
        """Return the report of the run, as of any segmentation."""
        report = build_report(self.found.fit, self.found.n_pixels, command, self.seconds)
        height, width = self.picture.shape
        report["image"] = {**report["image"], "height": height, "width": width}
        return report


def segment_tiled_events(
    request: TiledRequest, engine: Engine, should_stop: ShouldStop = never_stop, report: Report = no_report
) -> Generator[JobEvent, None, TiledOutcome]:
    """Fit a mixture to all pixels of a picture and write its label image, in bounded memory.

    The bytes do not depend on the engine. After an error or an interruption the output is as it was, and what
    was done is kept beside it in ``NAME.part``.

    Parameters
    ----------
    request : TiledRequest
    engine : Engine
    should_stop : callable
        STOP ends the fit with its last iteration, which is then labelled.
    report : callable
        Called with the progress of each pass over the tiles.

    Raises
    ------
    GmmsegError
    Cancelled
    """
    check_output(request.output)
    folder = WorkFolder(request.output, _key(request), request.resumes)
    try:
        # What passes have found is kept by who knows of no files.
        with refusals(folder.path):
            outcome = yield from _segment(request, engine, folder, should_stop, report)
    except BaseException:
        folder.remove_if_empty()
        raise
    folder.remove()
    return outcome


def check_output(output: Path) -> None:
    """Raise `WriteError` where a label image cannot be written there."""
    suffix = output.suffix.lower()
    if suffix == ZARR:
        check_folder_writable(output, is_ome_zarr)
    elif suffix in TIFFS:
        check_writable(output)
    else:
        raise WriteError(
            f"{shown(output)} is no name for a label image that is written in tiles.",
            "Choose one that ends in .zarr or .tif.",
        )


def _segment(
    request: TiledRequest, engine: Engine, folder: WorkFolder, should_stop: ShouldStop, report: Report
) -> Generator[JobEvent, None, TiledOutcome]:
    picture, passes = request.picture, Passes(engine, folder.store, report)
    found = yield from fit_tiled_events(picture, request.settings, passes, should_stop)
    # A STOP that ended the fit is done with.
    is_ended = should_stop() is StopRequest.STOP
    whole = only_cancelled(should_stop) if is_ended else all_or_nothing(should_stop)
    began = time.perf_counter()
    pyramid, counts = _label(found.rows, found.fit.model, folder, passes, whole)
    labelled = time.perf_counter()
    yield Progress("Writing")
    _publish(pyramid, found.fit.model.classes, request, folder, whole)
    seconds = {
        **found.fit.seconds,
        "label": labelled - began,
        "write": time.perf_counter() - labelled,
    }
    return TiledOutcome(found, counts, picture, seconds)


def _label(
    rows: TileRows, model: Model, folder: WorkFolder, passes: Passes, should_stop: ShouldStop
) -> tuple[LabelPyramid, IntArray]:
    """Write all levels of the label image and return it with the pixels of each component."""
    picture, n_components = rows.picture, model.params.n_components
    tiles = tile_grid(picture) if rows.has_codes else tile_grid(picture, ROW_TILE_PIXELS)
    dtype = np.dtype(label_dtype(n_components)).name
    pyramid = LabelPyramid(str(folder.labels), picture.shape, dtype, n_direct_levels(tiles))
    pyramid.write_metadata(model.classes, picture.source.name)
    # A fit that was stopped in an earlier run is another one than that which this run went on to.
    kept = f"labels-{hashlib.sha256(dump_model(model)).hexdigest()[:16]}"
    counts = np.zeros(n_components, dtype=np.int64)
    left = []
    for tile in tiles:
        stored = folder.store.get(f"{kept}-{tile.index:06d}")
        if stored is None:
            left.append(tile)
        else:
            counts += stored["counts"]
    task = LabelTile(rows, model.params, pyramid)
    if left:
        for tile, found in passes.each("Labelling", task, left, should_stop):
            counts += found
            folder.store.put(f"{kept}-{tile.index:06d}", {"counts": found})
    for level in range(pyramid.n_direct, pyramid.n_levels):
        parts = pyramid.reductions(level)
        for _ in passes.each("Making smaller copies", Reduce(pyramid, level), parts, should_stop):
            pass
    return pyramid, counts


def _publish(
    pyramid: LabelPyramid,
    classes: ClassTable,
    request: TiledRequest,
    folder: WorkFolder,
    should_stop: ShouldStop,
) -> None:
    if request.output.suffix.lower() == ZARR:
        # A process that was killed may have left the beginning of a chunk.
        for place, _, _ in os.walk(folder.labels):
            sweep(place)
        publish_folder(folder.path, request.output)
        return
    # Here, so that a command line without tiles does not wait for tifffile.
    from gmmseg.io.tiled.label_tiff import write_label_tiff

    made = folder.path / "labels.tif"
    write_label_tiff(pyramid, made, json.dumps(legend(with_plain_names(classes))), should_stop)
    publish_file(made, request.output)


def _key(request: TiledRequest) -> str:
    """Return a text that is the same for runs that end with the same bytes."""
    picture = request.picture
    parts = (
        VERSION,
        rounding_name(),
        picture.source.name,
        picture.source.frame,
        picture.fingerprint,
        picture.shape,
        picture.channels,
        str(picture.dtype),
        settings_to_dict(request.settings),
    )
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
