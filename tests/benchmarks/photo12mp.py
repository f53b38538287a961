"""Builds the 12.3-megapixel picture that speed is measured on: 80 photos of BSDS500, tiled.

``python -m tests.benchmarks.photo12mp FOLDER`` writes ``photo12mp.png`` there and prints its path.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from tests.data.shared import BSDS500

PHOTOS = BSDS500 / "images"
ROWS, COLUMNS = 10, 8
TILE = (320, 480)
"""Height and width taken of each photo of 321 × 481 pixels."""
NAME = "photo12mp.png"


def tiled(paths: list[Path]) -> NDArray[Any]:
    """Return the first 80 photos as one picture, uint8 (3200, 3840, 3), upright ones laid down."""
    height, width = TILE
    picture = np.empty((ROWS * height, COLUMNS * width, 3), dtype=np.uint8)
    for at, path in enumerate(paths[: ROWS * COLUMNS]):
        photo = np.asarray(Pillow.open(path).convert("RGB"))
        if photo.shape[0] > photo.shape[1]:
            photo = np.rot90(photo)
        top, left = at // COLUMNS * height, at % COLUMNS * width
        picture[top : top + height, left : left + width] = photo[:height, :width]
    return picture


def build(folder: Path, photos: Path = PHOTOS) -> Path:
    """Write the picture into a folder, unless it is there, and return its path."""
    target = folder / NAME
    if target.exists():
        return target
    paths = sorted(photos.rglob("*.jpg"))
    if len(paths) < ROWS * COLUMNS:
        raise SystemExit(f"{photos} holds {len(paths)} photos; {ROWS * COLUMNS} are needed")
    folder.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(tiled(paths)).save(target, compress_level=4)
    return target


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    print(build(parser.parse_args().folder))
