"""``gmmseg sample``: draw feature vectors from a saved mixture."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterator

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.commands.console import Console
from gmmseg.control import Check, raise_if_cancelled
from gmmseg.errors import BudgetError, SettingsError, WriteError
from gmmseg.io.atomic import check_writable, write_atomically
from gmmseg.io.models import read_model
from gmmseg.limits import memory_budget, size_text
from gmmseg.mixture.density import sample
from gmmseg.model import Model
from gmmseg.settings import BY_PATH

_SUFFIXES = (".npy", ".csv")
_LINES_AT_ONCE = 4096


def run(options: argparse.Namespace, console: Console) -> bool:
    """Write the vectors and return True; raises `GmmsegError` where that is not possible."""
    suffix = options.output.suffix.lower()
    if suffix == ".png":
        raise WriteError(
            "Only digits can be drawn as a picture, and this version fits none.", "Choose .npy or .csv."
        )
    if suffix not in _SUFFIXES:
        raise WriteError(
            "Vectors are written as .npy or .csv.", f"Let the name end in {' or '.join(_SUFFIXES)}."
        )
    if options.number < 1:
        raise SettingsError("number", f"{options.number} vectors cannot be drawn.", "Choose 1 or more.")
    BY_PATH["mixture.seed"].check(options.seed)
    model = read_model(options.model)
    check_writable(options.output)
    vectors = draw(model, options.number, options.seed)
    if suffix == ".npy":
        buffer = io.BytesIO()
        np.save(buffer, vectors, allow_pickle=False)
        write_atomically(options.output, buffer.getvalue())
    else:
        write_atomically(options.output, _csv(model.names, vectors, console.check))
    return True


def draw(model: Model, n_samples: int, seed: int) -> FloatArray:
    """Return vectors in feature units, (n_samples, D); raises `BudgetError` for more than fit in memory."""
    # The vectors, a scaled copy, the file's bytes, and which component each came from.
    needed = 8 * n_samples * (3 * model.params.n_features + 1)
    if needed > memory_budget():
        raise BudgetError(
            f"{n_samples:,} vectors need {size_text(needed)}; {size_text(memory_budget())} are allowed.",
            "Draw fewer.",
        )
    values, _ = sample(model.params, n_samples, np.random.default_rng(seed))
    vectors: FloatArray = values * model.scale + model.centre
    return vectors


def _csv(names: tuple[str, ...], vectors: FloatArray, check: Check) -> Iterator[bytes]:
    """Yield RFC 4180 lines in pieces; every number reads back as the same float64."""
    for start in range(-1, len(vectors), _LINES_AT_ONCE):
        raise_if_cancelled(check)
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator="\r\n")
        if start < 0:
            writer.writerow(names)
        writer.writerows(vectors[max(start, 0) : start + _LINES_AT_ONCE].tolist())
        yield buffer.getvalue().encode("utf-8", "backslashreplace")
