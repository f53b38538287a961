"""Frames of a stack are read one by one: its other bytes are not held, and it is known by its content."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from gmmseg.io.images import read_frames, read_image

N, SIDE = 24, 400


@pytest.fixture(scope="module", params=["tif", "gif"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of noise that does not pack."""
    path = tmp_path_factory.mktemp("stacks") / f"noise.{request.param}"
    frames = np.random.default_rng(0).integers(0, 256, (N, SIDE, SIDE), dtype=np.uint8)
    if request.param == "tif":
        tifffile.imwrite(path, frames, photometric="minisblack")
    else:
        pictures = [Pillow.fromarray(frame) for frame in frames]
        pictures[0].save(path, save_all=True, append_images=pictures[1:])
    return path


def peak_of_reading(path: Path) -> int:
    tracemalloc.start()
    read_image(path, frame=N - 1)
    n_read = sum(1 for _ in read_frames(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_read == N
    return peak


@pytest.mark.slow
def test_the_bytes_of_other_frames_are_not_held(stack: Path) -> None:
    peak_of_reading(stack)
    # A frame as it is decoded and as it is held, and a block of what is hashed.
    assert peak_of_reading(stack) < stack.stat().st_size / 2


def test_a_stack_is_known_by_its_bytes_also_once_they_have_changed(tmp_path: Path) -> None:
    path = tmp_path / "two.tif"
    for at, level in enumerate((10, 200)):
        tifffile.imwrite(path, np.full((2, 8, 8), level, np.uint8), photometric="minisblack")
        os.utime(path, (1000 + at, 1000 + at))
        for frame in (0, 1):
            image = read_image(path, frame=frame)
            assert image.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
            assert (image.pixels == level).all()
