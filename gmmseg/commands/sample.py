"""``gmmseg sample``: draw feature vectors, or digits, from a saved mixture."""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gmmseg.arrays import AnyArray, FloatArray
from gmmseg.commands.console import Console
from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.digits.gallery import sheet
from gmmseg.digits.generative import DigitModel
from gmmseg.errors import BudgetError, WriteError
from gmmseg.io.atomic import check_writable, write_atomically
from gmmseg.io.csv_lines import csv_lines
from gmmseg.io.digits.drawing import encode_grey_png
from gmmseg.io.digits.models import FORMAT as DIGIT_FORMAT
from gmmseg.io.digits.models import is_digit_model, load_digit_model
from gmmseg.io.file_kinds import telling_what_it_is
from gmmseg.io.models import FORMAT, load_model, read_model_bytes
from gmmseg.limits import memory_budget, size_text
from gmmseg.mixture.density import sample
from gmmseg.photo.model import Model

_SUFFIXES = (".npy", ".csv")
_DIGIT_SUFFIXES = (".png", ".npy")
_LINES_AT_ONCE = 4096
_SHEET_SHAPE = 1.6
"""Width over height of a sheet of digits."""
_NEEDED = (
    "Give a model: “segment --model FILE.json”, “mnist --model FILE.json” or the window's export makes one."
)


def run(options: argparse.Namespace, console: Console) -> bool:
    """Write what is drawn and return True; raises `GmmsegError` where that is not possible."""
    suffix = options.output.suffix.lower()
    if suffix not in (*_SUFFIXES, *_DIGIT_SUFFIXES):
        raise WriteError(
            "Vectors are written as .npy or .csv, digits as .png or .npy.",
            f"Let the name end in {', '.join(_SUFFIXES)} or .png.",
        )
    model = _read(options.model)
    if isinstance(model, DigitModel):
        return _write_digits(options, model, console)
    if suffix == ".png":
        raise WriteError(
            "Only digits can be drawn as a picture, and this model is not of digits.", "Choose .npy or .csv."
        )
    check_writable(options.output)
    vectors = draw(model, options.number, options.seed)
    if suffix == ".npy":
        write_atomically(options.output, _npy(vectors))
    else:
        write_atomically(options.output, _csv(model.names, vectors, console.should_stop))
    return True


def _read(path: Path) -> Model | DigitModel:
    data = read_model_bytes(path)
    with telling_what_it_is(path, data, (FORMAT, DIGIT_FORMAT), _NEEDED):
        return load_digit_model(data) if is_digit_model(data) else load_model(data)


def _write_digits(options: argparse.Namespace, model: DigitModel, console: Console) -> bool:
    suffix, number = options.output.suffix.lower(), options.number
    if suffix not in _DIGIT_SUFFIXES:
        raise WriteError(
            "Digits are written as a picture or as an array.",
            f"Let the name end in {' or '.join(_DIGIT_SUFFIXES)}.",
        )
    height, width = model.image_shape
    # The coordinates, the images, and their file.
    _check_memory(number, 16 * model.params.n_features + 3 * height * width, "digits")
    check_writable(options.output)
    images, _ = model.draw(number, np.random.default_rng(options.seed), console.should_stop)
    if suffix == ".npy":
        write_atomically(options.output, _npy(images))
    else:
        n_columns = max(round((_SHEET_SHAPE * number * height / width) ** 0.5), 1)
        write_atomically(options.output, encode_grey_png(sheet(images, n_columns)))
    return True


def _npy(array: AnyArray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _check_memory(number: int, each: int, what: str) -> None:
    if number * each > memory_budget():
        raise BudgetError(
            f"{number:,} {what} need {size_text(number * each)}; {size_text(memory_budget())} are allowed.",
            "Draw fewer.",
        )


def draw(model: Model, n_samples: int, seed: int) -> FloatArray:
    """Return vectors in feature units, (n_samples, D); raises `BudgetError` for more than fit in memory."""
    # The vectors, a scaled copy, the file's bytes, and which component each came from.
    _check_memory(n_samples, 8 * (3 * model.params.n_features + 1), "vectors")
    values, _ = sample(model.params, n_samples, np.random.default_rng(seed))
    vectors: FloatArray = values * model.scale + model.centre
    return vectors


def _csv(names: tuple[str, ...], vectors: FloatArray, should_stop: ShouldStop) -> Iterator[bytes]:
    """Yield RFC 4180 lines in pieces; every number reads back as the same float64."""
    for start in range(-1, len(vectors), _LINES_AT_ONCE):
        raise_if_cancelled(should_stop)
        if start < 0:
            yield csv_lines([names])
        yield csv_lines(vectors[max(start, 0) : start + _LINES_AT_ONCE].tolist())
