"""Cost of pictures beyond memory: ``python -m tests.benchmarks.large_pictures 100 --jobs 2``.

Pictures are made as they are read, smooth colours with noise, so that nothing has to be stored. Beside each
run stands what the same tiles take to be read and written with a threshold in place of a mixture.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import resource
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.control import never_stop, result_of
from gmmseg.image import RGB, Image, ImageSource
from gmmseg.io.reports import peak_rss_bytes
from gmmseg.io.tiled.chunk_pyramid import ChunkPyramid, n_direct_levels
from gmmseg.io.tiled.segmenting import TiledRequest, segment_tiled_events
from gmmseg.photo.settings import SegmentSettings
from gmmseg.tiled.engines import Local
from gmmseg.tiled.tiles import Tile, tile_grid

_PERIOD = 512
"""Side of the noise that is repeated; colours change over the whole picture."""


@dataclass(frozen=True, slots=True)
class MadePicture:
    """A picture that is made where it is read: nothing but its size is kept."""

    shape: tuple[int, int]
    channels: tuple[str, ...] = RGB
    piece: tuple[int, int] = (_PERIOD, _PERIOD)
    fingerprint: str = "made"

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint8)

    @property
    def source(self) -> ImageSource:
        return ImageSource(f"made-{self.shape[0]}x{self.shape[1]}")

    def read(self, top: int, left: int, height: int, width: int) -> Image:
        y, x = np.arange(top, top + height), np.arange(left, left + width)
        columns = np.cos(x[:, None] * 7 / self.shape[1]) * (40, 70, -50) + 115
        rows = (np.sin(y * 9 / self.shape[0]) * 40).astype(np.int8).view(np.uint8)
        noisy = (_noise()[:, x % _PERIOD] + columns.astype(np.uint8)).reshape(_PERIOD, -1)
        pixels = np.take(noisy, y % _PERIOD, axis=0)
        pixels += rows[:, None]
        return Image(pixels.reshape(height, width, 3), self.channels, self.source)


@lru_cache(maxsize=1)
def _noise() -> AnyArray:
    return np.random.default_rng(0).integers(0, 24, (_PERIOD, _PERIOD, 3), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class ReadAndWrite:
    """Reads a tile and writes labels by a threshold: what no exact method can do without."""

    picture: MadePicture
    pyramid: ChunkPyramid

    def __call__(self, tile: Tile) -> None:
        image = self.picture.read(tile.top, tile.left, tile.height, tile.width)
        labels: AnyArray = (image.pixels[:, :, 0] >> 6) + np.uint8(1)
        self.pyramid.write(tile, labels)


class Timed:
    """Measures the seconds of a ``with`` block: by the clock, and of CPU here and in processes that ended."""

    seconds = cpu = 0.0

    def __enter__(self) -> Self:
        self._began = time.perf_counter(), _cpu_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._began[0]
        self.cpu = _cpu_seconds() - self._began[1]


def _cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def made_picture(megapixels: float) -> MadePicture:
    """Return a square picture of so many pixels, about."""
    side = math.isqrt(round(megapixels * 1e6))
    return MadePicture((side, side))


def measure(megapixels: float, n_jobs: int, folder: Path) -> dict[str, Any]:
    """Segment one picture, print a line of the table and return its figures."""
    picture = made_picture(megapixels)
    tiles = tile_grid(picture)
    pyramid = ChunkPyramid(str(folder / "reference"), picture.shape, "uint8", n_direct_levels(tiles))
    with Timed() as reference:
        for _ in Local(n_jobs).results(ReadAndWrite(picture, pyramid), tiles, never_stop):
            pass
    output = folder / f"labels-{n_jobs}.zarr"
    request = TiledRequest(picture, SegmentSettings(), output)
    with Timed() as own:
        outcome = result_of(segment_tiled_events(request, Local(n_jobs)))
    here = (peak_rss_bytes() or 0) / 2**20
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    stages = ", ".join(f"{name} {value:.1f}" for name, value in outcome.seconds.items())
    print(
        f"{megapixels:>9,.0f} MP, {n_jobs} jobs: {own.seconds:7.1f} s, CPU {own.cpu:.1f} s ({stages}); "
        f"reading and writing {reference.seconds:6.1f} s, CPU {reference.cpu:.1f} s; "
        f"ratio {own.seconds / reference.seconds:.2f}, of CPU {own.cpu / reference.cpu:.2f}; "
        f"peak {here:,.0f} MiB here, {worker:,.0f} MiB in a worker; {digest(output)}",
        flush=True,
    )
    return {
        "megapixels": megapixels,
        "jobs": n_jobs,
        "seconds": own.seconds,
        "cpu": own.cpu,
        "reference_seconds": reference.seconds,
        "reference_cpu": reference.cpu,
        "mib": max(here, worker),
        "log_likelihood": outcome.report("")["log_likelihood"] / math.prod(picture.shape),
    }


def digest(folder: Path) -> str:
    """Return what all files of a folder hash to, shortened."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            whole.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return whole.hexdigest()[:12]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("megapixels", nargs="*", type=float, default=[10, 100, 1000])
    parser.add_argument("--jobs", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--figures", type=Path, help="add a line of JSON for each picture to this file")
    options = parser.parse_args()
    for megapixels in options.megapixels:
        for n_jobs in options.jobs:
            with tempfile.TemporaryDirectory() as folder:
                figures = measure(megapixels, n_jobs, Path(folder))
            if options.figures is not None:
                with options.figures.open("a") as file:
                    file.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
