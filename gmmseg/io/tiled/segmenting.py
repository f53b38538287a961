"""A picture of any size to its maps: a mixture, classes, pyramids, and the files in their place."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gmmseg.arrays import IntArray
from gmmseg.control import Progress, ShouldStop, StopRequest, all_or_nothing, never_stop, only_cancelled
from gmmseg.image import PixelSize
from gmmseg.io.atomic import refusals
from gmmseg.io.masks import legend
from gmmseg.io.models import dump_model
from gmmseg.io.reports import build_report
from gmmseg.io.tiled.chunk_pyramid import ChunkPyramid, Reduce, n_direct_levels
from gmmseg.io.tiled.map_files import MapFile, check_output, label_file, probability_file
from gmmseg.io.tiled.work_folder import WorkFolder
from gmmseg.mixture.compiled import rounding_name
from gmmseg.photo.classes import ClassTable, check_suits_components
from gmmseg.photo.document import Fit
from gmmseg.photo.given import GivenModel
from gmmseg.photo.jobs import JobEvent
from gmmseg.photo.model import Model
from gmmseg.photo.settings import SegmentSettings
from gmmseg.setting import settings_to_dict
from gmmseg.tiled.engines import Engine
from gmmseg.tiled.fitting import TiledFit, apply_tiled_events, fit_tiled_events, known_tiled_fit
from gmmseg.tiled.labelling import FieldMaps, LabelTile
from gmmseg.tiled.passes import Passes, Report, no_report
from gmmseg.tiled.smoothing import prior_of
from gmmseg.tiled.tile_rows import TileRows
from gmmseg.tiled.tiles import CHUNK, Tile, TiledPicture, grid_of, own_pixel_size, tile_grid
from gmmseg.version import VERSION

ROW_TILE_PIXELS = 1 << 22
"""Pixels of a tile that is labelled by rows of its own."""
_FIELD_SIDE = 2 * CHUNK
"""Side of a tile whose classes depend on neighbourhoods: its field is worked on as a picture by itself."""
_FEW_COMPONENTS = 8
"""Of which the posteriors of all pixels of a field take 200 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class TiledRequest:
    """A request to segment a picture beyond memory.

    Parameters
    ----------
    picture : TiledPicture
    method : SegmentSettings or GivenModel or Fit
        What is fitted, or the mixture that is known.
    output : Path
        Of the classes: ``.zarr`` an OME-Zarr folder, ``.tif`` a tiled BigTIFF, both with a pyramid.
    resumes : bool
        Whether to go on where an earlier run ended.
    classes : ClassTable, optional
        Names, colours and merges of the components; else those of the model.
    maps : FieldMaps, optional
        How classes are made that depend on neighbourhoods.
    probabilities : Path, optional
        For the probability of each class in 255ths; as `output`.
    keeps_unfinished : bool
        Whether what was done before an error or an interruption stays beside the outputs.
    pixel_size : (float, float), optional
        Width and height of a pixel in micrometres; what the picture's file tells where None.
    """

    picture: TiledPicture
    method: SegmentSettings | GivenModel | Fit
    output: Path
    resumes: bool = False
    classes: ClassTable | None = None
    maps: FieldMaps | None = None
    probabilities: Path | None = None
    keeps_unfinished: bool = True
    pixel_size: PixelSize | None = None

    @property
    def outputs(self) -> tuple[Path, ...]:
        """All files, or folders, to write."""
        return (self.output,) if self.probabilities is None else (self.output, self.probabilities)


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
    request: TiledRequest
    seconds: dict[str, float]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings: of the fit, and of pixels that have no label."""
        height, width = self.request.picture.shape
        n_left = height * width - int(self.counts.sum())
        left_out = (f"{n_left:,} pixels without data are left out.",) if n_left else ()
        return (*self.found.fit.result.warnings, *left_out)

    def report(self, command: str) -> dict[str, Any]:
        """Return the report of the run, as of any segmentation."""
        found, picture = self.found, self.request.picture
        report = report_of_tiles(found.fit, found.n_pixels, picture, command, self.seconds)
        maps = self.request.maps
        if maps is not None:
            cut = settings_to_dict(maps.regions) if maps.settings.by == "region" else None
            report["settings"]["map"] = {**settings_to_dict(maps.settings), "regions": cut}
        return report


def report_of_tiles(
    fit: Fit, n_pixels: int, picture: TiledPicture, command: str, seconds: Mapping[str, float]
) -> dict[str, Any]:
    """Return the report of a fit to a picture beyond memory, whose own image only stands for it."""
    report = build_report(fit, n_pixels, command, seconds)
    height, width = picture.shape
    report["image"] = {**report["image"], "height": height, "width": width}
    return report


def segment_tiled_events(
    request: TiledRequest, engine: Engine, should_stop: ShouldStop = never_stop, report: Report = no_report
) -> Generator[JobEvent, None, TiledOutcome]:
    """Fit a mixture to all pixels of a picture, or take a known one, and write its maps, in bounded memory.

    The bytes do not depend on the engine. After an error or an interruption the outputs are as they were, and
    what was done is kept beside them in ``NAME.part`` where that is wanted.

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
    for output in request.outputs:
        check_output(output)
    key = _key(request)
    with ExitStack() as stack:
        folders = [stack.enter_context(WorkFolder(each, key, request.resumes)) for each in request.outputs]
        try:
            # What passes have found is kept by who knows of no files.
            with refusals(folders[0].path):
                outcome = yield from _segment(request, engine, folders, should_stop, report)
        except BaseException:
            if not request.keeps_unfinished or folders[0].is_empty():
                for folder in folders:
                    folder.remove()
            raise
        for folder in folders:
            folder.remove()
    return outcome


def _segment(
    request: TiledRequest,
    engine: Engine,
    folders: Sequence[WorkFolder],
    should_stop: ShouldStop,
    report: Report,
) -> Generator[JobEvent, None, TiledOutcome]:
    picture, passes = request.picture, Passes(engine, folders[0].store, report)
    if isinstance(request.method, Fit):
        found = known_tiled_fit(picture, request.method, passes, should_stop)
    elif isinstance(request.method, GivenModel):
        found = yield from apply_tiled_events(picture, request.method, passes, should_stop)
    else:
        found = yield from fit_tiled_events(picture, request.method, passes, should_stop)
    found = _with_classes(found, request.classes)
    # A STOP that ended the fit is done with.
    is_ended = should_stop() is StopRequest.STOP
    whole = only_cancelled(should_stop) if is_ended else all_or_nothing(should_stop)
    began = time.perf_counter()
    files, counts = _label(request, found, folders, passes, whole)
    labelled = time.perf_counter()
    yield Progress("Writing")
    for file in files:
        file.publish(whole)
    seconds = {
        **found.fit.seconds,
        "label": labelled - began,
        "write": time.perf_counter() - labelled,
    }
    return TiledOutcome(found, counts, request, seconds)


def _with_classes(found: TiledFit, classes: ClassTable | None) -> TiledFit:
    model = found.fit.model
    if classes is None:
        return found
    check_suits_components(classes, model.params.n_components)
    return replace(found, fit=replace(found.fit, model=replace(model, classes=classes)))


def _label(
    request: TiledRequest,
    found: TiledFit,
    folders: Sequence[WorkFolder],
    passes: Passes,
    should_stop: ShouldStop,
) -> tuple[list[MapFile], IntArray]:
    """Write all levels of all maps and return them with the pixels of each component."""
    rows, model, picture = found.rows, found.fit.model, request.picture
    tiles, store = _tiles(request, rows, model), folders[0].store
    kinds = (label_file, probability_file)
    size = request.pixel_size or own_pixel_size(picture)
    like = ChunkPyramid("", picture.shape, "uint8", n_direct_levels(tiles), pixel_size=size)
    files = [
        begin(output, folder, model.classes, picture.source.name, like)
        for begin, output, folder in zip(kinds, request.outputs, folders, strict=False)
    ]
    pyramids = [file.pyramid for file in files]
    # A fit that was stopped in an earlier run is another one than that which this run went on to.
    kept = f"labels-{_hash(model)[:16]}"
    counts = np.zeros(model.params.n_components, dtype=np.int64)
    left = []
    for tile in tiles:
        stored = store.get(f"{kept}-{tile.index:06d}")
        if stored is None:
            left.append(tile)
        else:
            counts += stored["counts"]
    planes = pyramids[1].planes if request.probabilities is not None else ()
    prior = prior_of(picture, model.smooth, passes, should_stop) if _is_smoothed(model) else None
    task = LabelTile(rows, model.params, model.classes, pyramids[0], planes, request.maps, prior)
    if left:
        for tile, pixels in passes.each("Labelling", task, left, should_stop):
            counts += pixels
            store.put(f"{kept}-{tile.index:06d}", {"counts": pixels})
    for pyramid in pyramids:
        for level in range(pyramid.n_direct, pyramid.n_levels):
            parts = pyramid.reductions(level)
            for _ in passes.each("Making smaller copies", Reduce(pyramid, level), parts, should_stop):
                pass
    return files, counts


def _is_smoothed(model: Model) -> bool:
    return model.smooth > 0 and model.params.n_components > 1


def _tiles(request: TiledRequest, rows: TileRows, model: Model) -> list[Tile]:
    """Return the tiles of the pass that labels; their sides are multiples of `CHUNK`."""
    if request.maps is not None or _is_smoothed(model):
        # A smoothed map is the same whatever the tiles; all posteriors of a tile are in memory.
        is_heavy = request.maps is None and model.params.n_components > _FEW_COMPONENTS
        side = CHUNK if is_heavy else _FIELD_SIDE
        return grid_of(request.picture.shape, (side, side))
    has_rows = request.probabilities is not None or not rows.has_codes
    return tile_grid(request.picture, ROW_TILE_PIXELS if has_rows else None)


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
        _method(request.method),
        None if request.classes is None else legend(request.classes),
        None if request.maps is None else settings_to_dict(request.maps),
        request.probabilities is not None,
        request.pixel_size,
    )
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _method(method: SegmentSettings | GivenModel | Fit) -> Any:
    """Return plain values that differ where two methods do."""
    if isinstance(method, Fit):
        return _hash(method.model)
    if isinstance(method, SegmentSettings):
        return settings_to_dict(method)
    adaptation = None if method.adaptation is None else settings_to_dict(method.adaptation)
    return _hash(method.model), adaptation


def _hash(model: Model) -> str:
    return hashlib.sha256(dump_model(model)).hexdigest()
