"""Files to try the command line on: made of the sample pictures."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np

from gmmseg.arrays import AnyArray, ByteArray
from gmmseg.digits.drawn import drawn_digits
from gmmseg.io.csv_lines import csv_lines
from gmmseg.io.npy import encode_arrays
from gmmseg.io.picture_writing import encode_picture, encode_tiff
from gmmseg.io.samples import read_sample

_SMALL_STEP = 2
"""Small pictures have every second pixel of a sample along each axis."""
_EXPOSURES = {"1": 0.85, "2": 1.0, "3": 1.15}
_COIN_PIXEL = 500.0
"""Micrometres: coins some 45 pixels wide are some 22 mm wide then."""
_N_FRAMES = 30
_N_DIGITS = 400, 100
"""Digits to fit, and held out."""


def example_files() -> Iterator[tuple[str, bytes]]:
    """Yield the path within the folder of the examples, and the content, of one file after the other.

    The lines of README's command line read these, or what the lines before them have written.
    """
    photo = read_sample("coffee").pixels
    small = photo[::_SMALL_STEP, ::_SMALL_STEP]
    yield "photo.jpg", _jpeg(photo)
    yield "strokes.png", _strokes(photo.shape[0], photo.shape[1])
    yield "other.jpg", _jpeg(_exposed(small[:, ::-1], 0.9))
    yield "dusk.jpg", _jpeg(_exposed(small, 0.5))
    for name, factor in _EXPOSURES.items():
        yield f"series/{name}.jpg", _jpeg(_exposed(small, factor))
    for name in ("astronaut", "cat", "rocket"):
        yield f"folder/{name}.jpg", _jpeg(read_sample(name).pixels[::_SMALL_STEP, ::_SMALL_STEP])
    yield (
        "boxes.csv",
        b"file,x0,y0,x1,y1,name\nphoto.jpg,170,10,420,310,cup\nphoto.jpg,320,220,410,325,spoon\n",
    )
    yield "table.csv", csv_lines([("width", "height"), *_table()])
    yield "street.tif", encode_tiff(_street(), photometric="minisblack")
    yield "slide.tif", encode_tiff(read_sample("tissue").pixels, photometric="rgb", tile=(128, 128))
    about: dict[str, object] = {"axes": "YX", "PhysicalSizeX": _COIN_PIXEL, "PhysicalSizeXUnit": "µm"}
    about |= {"PhysicalSizeY": _COIN_PIXEL, "PhysicalSizeYUnit": "µm"}
    # Without one each run would draw another.
    about["UUID"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'coins.ome.tif')}"
    coins = read_sample("coins").pixels[..., 0].astype(np.uint16) * 16 + 500
    yield (
        "coins.ome.tif",
        encode_tiff(coins, photometric="minisblack", ome=True, metadata=about),
    )
    yield "digits.npz", _digits()


def _exposed(pixels: AnyArray, factor: float) -> ByteArray:
    """Return a picture (H, W, 3) of 8 bits as under another exposure."""
    return np.clip(np.rint(pixels * factor), 0, 255).astype(np.uint8)


def _jpeg(pixels: AnyArray) -> bytes:
    return encode_picture(np.ascontiguousarray(pixels), "JPEG", quality=92)


def _strokes(height: int, width: int) -> bytes:
    """Return a grey PNG with a stroke for each of three classes: the cup, its saucer, the table."""
    strokes = np.zeros((height, width), dtype=np.uint8)
    strokes[60:68, 230:350] = 1
    strokes[300:308, 90:180] = 2
    strokes[30:150, 530:538] = 3
    return encode_picture(strokes)


def _table() -> list[tuple[float, float]]:
    """Return rows of two columns, in three groups."""
    rng = np.random.default_rng(0)
    centres = np.repeat([[20.0, 35.0], [45.0, 30.0], [40.0, 60.0]], 100, axis=0)
    rows = np.round(centres + rng.normal(0, 3, centres.shape), 2)
    return [(float(width), float(height)) for width, height in rows]


def _street() -> ByteArray:
    """Return frames (F, 64, 96) of a noisy road along which something bright moves."""
    rng = np.random.default_rng(0)
    frames = rng.normal(90, 4, (_N_FRAMES, 64, 96))
    for at, frame in enumerate(frames):
        frame[24:40, 3 * at : 3 * at + 12] += 80
    return np.clip(np.rint(frames), 0, 255).astype(np.uint8)


def _digits() -> bytes:
    drawn = drawn_digits(*_N_DIGITS)
    train, test, labels = drawn.train, drawn.test, np.asarray(drawn.labels)
    return encode_arrays(
        x_train=drawn.images[train],
        y_train=labels[train],
        x_test=drawn.images[test],
        y_test=labels[test],
    )
