"""``gmmseg sample``: draw feature vectors, or digits, from a saved mixture."""

from __future__ import annotations

import argparse

from gmmseg.api.files import load_model
from gmmseg.api.sampling import sample
from gmmseg.commands.console import Console
from gmmseg.digits.gallery import sheet
from gmmseg.digits.generative import DigitModel
from gmmseg.errors import WriteError
from gmmseg.io.atomic import check_writable, write_atomically
from gmmseg.io.csv_lines import csv_pieces
from gmmseg.io.npy import encode_npy
from gmmseg.io.picture_writing import encode_picture

_SUFFIXES = (".npy", ".csv")
_DIGIT_SUFFIXES = (".png", ".npy")
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
        write_atomically(options.output, encode_npy(vectors))
    else:
        rows = (vector.tolist() for vector in vectors)
        write_atomically(options.output, csv_pieces(model.names, rows, console.should_stop))
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
        write_atomically(options.output, encode_npy(images))
    else:
        height, width = model.image_shape
        n_columns = max(round((_SHEET_SHAPE * number * height / width) ** 0.5), 1)
        write_atomically(options.output, encode_picture(sheet(images, n_columns)))
    return True
