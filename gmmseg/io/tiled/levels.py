"""A picture beyond memory to its levels: those of its file, and from the cache those that this lacks."""

from __future__ import annotations

import math
import os
from collections.abc import Generator

from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.io.tiled.level_cache import LevelCache
from gmmseg.io.tiled.opening import open_picture
from gmmseg.io.tiled.tiff_picture import TiffPicture, smaller_copies
from gmmseg.io.tiled.zarr_picture import ZarrPicture, smaller_levels
from gmmseg.tiled import pyramid
from gmmseg.tiled.engines import Engine, Local
from gmmseg.tiled.pyramid import Pyramid, missing_steps, nested
from gmmseg.tiled.tiles import CHUNK, TiledPicture, own_pixel_size


def open_levels_events(
    path: str | os.PathLike[str],
    *,
    frame: int = 0,
    engine: Engine | None = None,
    cache: LevelCache | None = None,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress, None, Pyramid]:
    """Open a picture of any size to be looked at.

    Parameters
    ----------
    path : path
        Of a file, or of the folder of an OME-Zarr image.
    frame : int
        Which page or frame, from 0.
    engine : Engine, optional
        Makes levels; without it this process does.
    cache : LevelCache, optional
        Where they are kept; the user's by default.
    should_stop : callable
        STOP and CANCEL raise `Cancelled`.

    Raises
    ------
    ReadError, BudgetError, WriteError, Cancelled
    """
    cache = cache or LevelCache()
    picture = open_picture(path, frame=frame, should_stop=should_stop)
    levels, steps = _own_levels(picture)
    lacking = missing_steps(levels[-1].shape)
    if _is_in_strips(picture):
        # No part of it can be had without decoding whole rows.
        levels, steps, lacking = [], [], [1, *missing_steps(picture.shape)]
    if lacking:
        source, first = (levels[-1], steps[-1]) if levels else (picture, 1)
        made = yield from cache.levels_events(source, lacking, engine or Local(), should_stop)
        levels += [level for level, _ in made]
        steps += [first * step for _, step in made]
    return Pyramid(tuple(levels), tuple(steps), picture, cache.store_of(picture), own_pixel_size(picture))


def _own_levels(picture: TiledPicture) -> tuple[list[TiledPicture], list[int]]:
    """Return the levels that a file has up to the first that may be the overview, and their steps."""
    copies: list[TiledPicture] = []
    if isinstance(picture, TiffPicture):
        copies = [*smaller_copies(picture)]
    elif isinstance(picture, ZarrPicture):
        copies = [*smaller_levels(picture)]
    levels: list[TiledPicture] = [picture]
    steps = [1]
    for copy, step in zip(copies, nested([picture.shape, *(copy.shape for copy in copies)])[1:], strict=True):
        if step and math.prod(levels[-1].shape) > pyramid.OVERVIEW_PIXELS:
            levels.append(copy)
            steps.append(step)
    return levels, steps


def _is_in_strips(picture: TiledPicture) -> bool:
    height, width = picture.piece
    return width >= picture.shape[1] > CHUNK and height * width > 1
