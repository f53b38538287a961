"""Levels of pictures whose files have too few, made once and kept in a folder of the user's cache."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from gmmseg.arrays import AnyArray
from gmmseg.control import Progress, ShouldStop, all_or_nothing
from gmmseg.errors import ReadError
from gmmseg.image import Image
from gmmseg.io.atomic import publish_folder, refusals
from gmmseg.io.temporaries import NEW, sweep, temporary_name
from gmmseg.io.tiled.whole_picture import FilePicture
from gmmseg.limits import GIB
from gmmseg.tiled.colour_counts import ColourCounts, ColourTotals, CountColours
from gmmseg.tiled.engines import Engine
from gmmseg.tiled.halving import halved
from gmmseg.tiled.pass_store import PassStore
from gmmseg.tiled.tiles import Tile, TiledPicture, tile_grid

_FORMAT = "1"
_MOST_BYTES = 16 * GIB
_SHARE_OF_FREE = 0.5
"""The cache takes no more than so much of the disk that is free, itself counted as free."""
_COMPLETE = "complete"
"""A file that lists the steps of the levels in a folder."""
_NAME = re.compile("[0-9a-f]{24}", re.ASCII)


def cache_folder() -> Path:
    """Return where levels are kept for this user; the folder need not exist yet."""
    return platformdirs.user_cache_path("gmmseg", appauthor=False) / "levels"


@dataclass(frozen=True, slots=True)
class StoredLevel(FilePicture):
    """A level in a file of plain numbers; see `TiledPicture`.

    Parameters
    ----------
    path : str
        Without its ending: ``.raw`` holds the pixels, ``.gaps`` is 1 where there is no data.
    """

    @property
    def piece(self) -> tuple[int, int]:
        """Height and width of what is decoded as a whole: nothing is."""
        return 1, 1

    def read(self, top: int, left: int, height: int, width: int) -> Image:
        """Return a rectangle; raises `ReadError` where the cache has been emptied meanwhile."""
        place = slice(top, top + height), slice(left, left + width)
        try:
            pixels = np.array(
                _mapped(f"{self.path}.raw", self.dtype, (*self.shape, len(self.channels)))[place]
            )
            gaps = np.array(_mapped(f"{self.path}.gaps", np.dtype(np.bool_), self.shape)[place])
        except (OSError, ValueError) as error:
            raise ReadError(
                f"The smaller copies of “{self.source.name}” are gone from the cache.", "Open it again."
            ) from error
        return Image(pixels, self.channels, self.source, ~gaps if gaps.any() else None)

    def create(self) -> None:
        """Make files of the final size, of zeros; raises OSError."""
        n_pixels = self.shape[0] * self.shape[1]
        for name, n_bytes in ((".raw", len(self.channels) * self.dtype.itemsize), (".gaps", 1)):
            with open(self.path + name, "wb") as file:
                file.truncate(n_pixels * n_bytes)

    def write(self, top: int, left: int, image: Image) -> None:
        """Write a rectangle; raises OSError, where writing to mapped memory would end the process."""
        self._write_rows(".raw", top, left, image.pixels)
        if image.mask is not None:
            self._write_rows(".gaps", top, left, ~image.mask)

    def _write_rows(self, ending: str, top: int, left: int, values: AnyArray) -> None:
        n_bytes = values[0, :1].nbytes
        with open(self.path + ending, "r+b", buffering=0) as file:
            for at, row in enumerate(values):
                file.seek(((top + at) * self.shape[1] + left) * n_bytes)
                file.write(np.ascontiguousarray(row).data)


def _mapped(path: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> AnyArray:
    return np.memmap(path, dtype, "r", shape=shape)


@dataclass(frozen=True, slots=True)
class MakeLevels:
    """Makes a tile's part of every level, and counts its colours where they have codes."""

    picture: TiledPicture
    levels: tuple[StoredLevel, ...]
    steps: tuple[int, ...]
    """Pixels of the picture along one of each level."""
    counts: CountColours | None

    def __call__(self, tile: Tile) -> ColourCounts | None:
        """Write the parts; return the colours."""
        image, step = self.picture.read(tile.top, tile.left, tile.height, tile.width), 1
        counted = None if self.counts is None else self.counts.of(image)
        with refusals(self.levels[0].path):
            for level, wanted in zip(self.levels, self.steps, strict=True):
                while step < wanted:
                    image, step = halved(image), 2 * step
                # Corners of tiles are multiples of 1024, and no picture is halved more often than that.
                level.write(tile.top // step, tile.left // step, image)
        return counted


class LevelCache:
    """Levels of pictures, each in a folder named after file and frame; those used longest ago go first.

    Parameters
    ----------
    folder : Path
    most_bytes : int
        Of all together. Levels that would not fit alone are left out, the finest first.
    """

    def __init__(self, folder: Path | None = None, most_bytes: int = _MOST_BYTES) -> None:
        self._folder = cache_folder() if folder is None else folder
        self._most_bytes = most_bytes

    def levels_events(
        self, picture: TiledPicture, steps: list[int], engine: Engine, should_stop: ShouldStop
    ) -> Generator[Progress, None, list[tuple[StoredLevel, int]]]:
        """Return levels of a picture with their steps, made where they are not there yet.

        Parameters
        ----------
        picture : TiledPicture
            The coarsest level that the file has.
        steps : list of int
            Pixels of that along one of each level that is wanted, powers of two, increasing.
        engine : Engine
        should_stop : callable
            STOP and CANCEL raise `Cancelled`: half of the levels are of no use.

        Raises
        ------
        ReadError, WriteError, Cancelled
        """
        place = self._place(picture)
        made = _steps_in(place)
        if made is None or made[-1] != steps[-1]:
            made = self._affordable(picture, steps)
            yield from self._make(place, picture, made, engine, all_or_nothing(should_stop))
        with contextlib.suppress(OSError):
            os.utime(place)
        return [(_level_at(place, picture, step), step) for step in made]

    def store_of(self, picture: TiledPicture) -> PassStore:
        """Return where results of passes over a picture are kept beside its levels."""
        try:
            return PassStore(self._place(picture), picture.fingerprint)
        except OSError:
            return PassStore(None)

    def _make(
        self, place: Path, picture: TiledPicture, steps: list[int], engine: Engine, should_stop: ShouldStop
    ) -> Generator[Progress, None, None]:
        title = f"Making smaller copies of {picture.source.name}, once"
        yield Progress(title, 0.0)
        temporary = self._folder / temporary_name()
        new = temporary / NEW
        levels = tuple(_level_at(new, picture, step) for step in steps)
        with refusals(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            sweep(os.fspath(self._folder))
            self._shrink(self._budget() - sum(map(_size_of_level, levels)), place)
            new.mkdir(parents=True)
        try:
            with refusals(self._folder):
                for level in levels:
                    level.create()
            counts = CountColours(picture)
            totals = ColourTotals(counts.n_codes) if counts.n_codes is not None else None
            task = MakeLevels(picture, levels, tuple(steps), None if totals is None else counts)
            tiles = tile_grid(picture)
            n_pixels, n_done = sum(tile.n_pixels for tile in tiles), 0
            for tile, counted in engine.results(task, tiles, should_stop):
                if totals is not None and counted is not None:
                    totals.add(counted)
                n_done += tile.n_pixels
                yield Progress(title, n_done / n_pixels)
            with refusals(self._folder):
                if totals is not None:
                    total = totals.total()
                    store = PassStore(new, picture.fingerprint)
                    store.put("colours", {"codes": total.codes, "counts": total.counts})
                (new / _COMPLETE).write_text(json.dumps(steps), "ascii")
                if place.exists():
                    shutil.rmtree(place)
            publish_folder(temporary, place)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _place(self, picture: TiledPicture) -> Path:
        source = picture.source
        parts = (
            _FORMAT,
            str(None if source.path is None else source.path.absolute()),
            source.frame,
            picture.fingerprint,
            picture.shape,
            picture.channels,
            str(picture.dtype),
        )
        return self._folder / hashlib.sha256(json.dumps(parts).encode("utf-8", "replace")).hexdigest()[:24]

    def _affordable(self, picture: TiledPicture, steps: list[int]) -> list[int]:
        """Return the steps without the first ones, as many as the cache has no room for."""
        budget = self._budget()
        while (
            len(steps) > 1
            and sum(_size_of_level(_level_at(Path(), picture, step)) for step in steps) > budget
        ):
            steps = steps[1:]
        return steps

    def _budget(self) -> int:
        held = sum(n_bytes for _, n_bytes, _ in self._entries())
        existing = next((one for one in (self._folder, *self._folder.parents) if one.exists()), Path())
        free = shutil.disk_usage(existing).free
        return min(self._most_bytes, int(_SHARE_OF_FREE * (free + held)))

    def _entries(self) -> list[tuple[Path, int, float]]:
        """Return the folders in the cache, with their bytes and when they were used last."""
        found = []
        with contextlib.suppress(OSError):
            for place in self._folder.iterdir():
                with contextlib.suppress(OSError):
                    n_bytes = sum(file.stat().st_size for file in place.iterdir())
                    found.append((place, n_bytes, place.stat().st_mtime))
        return found

    def _shrink(self, n_bytes: int, keep: Path) -> None:
        """Remove what was used longest ago until the rest takes no more than so many bytes."""
        entries = sorted(self._entries(), key=lambda entry: entry[2])
        total = sum(size for _, size, _ in entries)
        for place, size, _ in entries:
            if total <= n_bytes:
                return
            if place != keep and _NAME.fullmatch(place.name):
                shutil.rmtree(place, ignore_errors=True)
                total -= size


def _level_at(folder: Path, picture: TiledPicture, step: int) -> StoredLevel:
    height, width = (-(-side // step) for side in picture.shape)
    return StoredLevel(
        os.fspath(folder / str(step)),
        (height, width),
        picture.channels,
        picture.dtype,
        picture.source,
        picture.fingerprint,
    )


def _size_of_level(level: StoredLevel) -> int:
    return level.shape[0] * level.shape[1] * (len(level.channels) * level.dtype.itemsize + 1)


def _steps_in(place: Path) -> list[int] | None:
    """Return the steps of the levels in a folder, None where it is not complete."""
    try:
        found = json.loads((place / _COMPLETE).read_text("ascii"))
    except (OSError, ValueError):
        return None
    is_list = isinstance(found, list) and found and all(isinstance(step, int) for step in found)
    return found if is_list else None
