"""Cost of pictures beyond memory: ``python -m tests.benchmarks.large_pictures 100 --jobs 2``.

Pictures are made as they are read, smooth colours with noise, so that nothing has to be stored. Beside each
run stands what the same tiles take to be read and written with a threshold in place of a mixture.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.control import never_stop, result_of
from gmmseg.image import RGB, Image, ImageSource
from gmmseg.io.reports import peak_rss_bytes
from gmmseg.io.tiled.label_pyramid import LabelPyramid, n_direct_levels
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
        noise = np.random.default_rng(0).integers(0, 24, (_PERIOD, _PERIOD, 3), dtype=np.uint8)
        y = np.arange(top, top + height)
        x = np.arange(left, left + width)
        noisy = noise[y % _PERIOD][:, x % _PERIOD]
        rows, columns = np.sin(y * 9 / self.shape[0]), np.cos(x * 7 / self.shape[1])
        for channel, (one, other) in enumerate(((60, 40), (-30, 70), (50, -50))):
            smooth = 115 + one * rows[:, None] + other * columns
            noisy[:, :, channel] += smooth.astype(np.uint8)
        return Image(noisy, self.channels, self.source)


@dataclass(frozen=True, slots=True)
class ReadAndWrite:
    """Reads a tile and writes labels by a threshold: what no exact method can do without."""

    picture: MadePicture
    pyramid: LabelPyramid

    def __call__(self, tile: Tile) -> None:
        image = self.picture.read(tile.top, tile.left, tile.height, tile.width)
        labels: AnyArray = (image.pixels[:, :, 0] >> 6) + np.uint8(1)
        self.pyramid.write(tile, labels)


def measure(megapixels: float, n_jobs: int, folder: Path) -> None:
    """Segment one picture and print a line of the table."""
    side = math.isqrt(round(megapixels * 1e6))
    picture = MadePicture((side, side))
    tiles = tile_grid(picture)
    pyramid = LabelPyramid(str(folder / "reference"), picture.shape, "uint8", n_direct_levels(tiles))
    began = time.perf_counter()
    for _ in Local(n_jobs).results(ReadAndWrite(picture, pyramid), tiles, never_stop):
        pass
    reference = time.perf_counter() - began
    output = folder / f"labels-{n_jobs}.zarr"
    began = time.perf_counter()
    outcome = result_of(segment_tiled_events(TiledRequest(picture, SegmentSettings(), output), Local(n_jobs)))
    seconds = time.perf_counter() - began
    here = (peak_rss_bytes() or 0) / 2**20
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    stages = ", ".join(f"{name} {value:.1f}" for name, value in outcome.seconds.items())
    print(
        f"{megapixels:>9,.0f} MP, {n_jobs} jobs: {seconds:7.1f} s ({stages}); reading and writing "
        f"{reference:6.1f} s, ratio {seconds / reference:.2f}; peak {here:,.0f} MiB here, {worker:,.0f} MiB "
        f"in a worker; {digest(output)}",
        flush=True,
    )


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
    options = parser.parse_args()
    for megapixels in options.megapixels:
        for n_jobs in options.jobs:
            with tempfile.TemporaryDirectory() as folder:
                measure(megapixels, n_jobs, Path(folder))


if __name__ == "__main__":
    main()
