"""``gmmseg sample``: draw feature vectors, or digits, from a saved mixture."""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator

import numpy as np

from gmmseg.api.files import load_model
from gmmseg.api.sampling import sample
from gmmseg.arrays import AnyArray, FloatArray
from gmmseg.commands.console import Console
from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.digits.gallery import sheet
from gmmseg.digits.generative import DigitModel
from gmmseg.errors import WriteError
from gmmseg.io.atomic import check_writable, write_atomically
from gmmseg.io.csv_lines import csv_lines
from gmmseg.io.digits.drawing import encode_grey_png

_SUFFIXES = (".npy", ".csv")
_DIGIT_SUFFIXES = (".png", ".npy")
_LINES_AT_ONCE = 4096
_SHEET_SHAPE = 1.6
"""Width over height of a sheet of digits."""


def run(options: argparse.Namespace, console: Console) -> bool:
    """Write what is drawn and return True; raises `GmmsegError` where that is not possible."""
    suffix = options.output.suffix.lower()
    if suffix not in (*_SUFFIXES, *_DIGIT_SUFFIXES):
        raise WriteError(
            "Vectors are written as .npy or .csv, digits as .png or .npy.",
            f"Let the name end in {', '.join(_SUFFIXES)} or .png.",
        )
    model = load_model(options.model)
    if isinstance(model, DigitModel):
        return _write_digits(options, model, console)
    if suffix == ".png":
        raise WriteError(
            "Only digits can be drawn as a picture, and this model is not of digits.", "Choose .npy or .csv."
        )
    check_writable(options.output)
    vectors = sample(model, options.number, options.seed, should_stop=console.should_stop)
    if suffix == ".npy":
        write_atomically(options.output, _npy(vectors))
    else:
        write_atomically(options.output, _csv(model.names, vectors, console.should_stop))
    return True


def _write_digits(options: argparse.Namespace, model: DigitModel, console: Console) -> bool:
    suffix, number = options.output.suffix.lower(), options.number
    if suffix not in _DIGIT_SUFFIXES:
        raise WriteError(
            "Digits are written as a picture or as an array.",
            f"Let the name end in {' or '.join(_DIGIT_SUFFIXES)}.",
        )
    check_writable(options.output)
    images = sample(model, number, options.seed, should_stop=console.should_stop)
    if suffix == ".npy":
        write_atomically(options.output, _npy(images))
    else:
        height, width = model.image_shape
        n_columns = max(round((_SHEET_SHAPE * number * height / width) ** 0.5), 1)
        write_atomically(options.output, encode_grey_png(sheet(images, n_columns)))
    return True


def _npy(array: AnyArray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _csv(names: tuple[str, ...], vectors: FloatArray, should_stop: ShouldStop) -> Iterator[bytes]:
    """Yield RFC 4180 lines in pieces; every number reads back as the same float64."""
    for start in range(-1, len(vectors), _LINES_AT_ONCE):
        raise_if_cancelled(should_stop)
        if start < 0:
            yield csv_lines([names])
        yield csv_lines(vectors[max(start, 0) : start + _LINES_AT_ONCE].tolist())
