"""Files of digit models: JSON that holds every float exactly and is checked field by field when read."""

from __future__ import annotations

import os

import numpy as np

from gmmseg.digits.generative import DigitModel
from gmmseg.errors import ModelError
from gmmseg.io.models import covariance_of, json_lines, read_model_bytes
from gmmseg.io.strict_json import Field, parse
from gmmseg.limits import MAX_FEATURES, MAX_MODEL_BYTES
from gmmseg.mixture.params import MixtureParams
from gmmseg.version import VERSION

FORMAT = "gmmseg-digits"
FORMAT_VERSION = 1
_FIELDS = (
    "format",
    "version",
    "generator",
    "name",
    "shape",
    "mean",
    "axes",
    "weights",
    "means",
    "covariance",
)
_LARGEST_SIDE = 4096
_MOST_CLUSTERS = 256
_HUGE = 1e6
"""Bound of coordinates, whose pixels are in 0..1."""


def dump_digit_model(model: DigitModel) -> bytes:
    """Return a digit model as JSON; `load_digit_model` gives back the same bits."""
    params = model.params
    return b"".join(
        json_lines(
            {
                "format": FORMAT,
                "version": FORMAT_VERSION,
                "generator": f"gmmseg {VERSION}",
                "name": model.name,
                "shape": list(model.image_shape),
                "mean": model.mean.tolist(),
                "axes": model.axes.T.tolist(),
                "weights": params.weights.tolist(),
                "means": params.means.tolist(),
                "covariance": {"kind": params.covariance.kind, "values": params.covariance.values.tolist()},
            }
        )
    )


def is_digit_model(data: bytes) -> bool:
    """Return whether bytes are a model file that says it holds digits; raises `ModelError` for no model."""
    return len(data) <= MAX_MODEL_BYTES and _format_of(parse(data)) == FORMAT


def read_digit_model(path: str | os.PathLike[str]) -> DigitModel:
    """Read a digit model; raises `ReadError` or `ModelError` as for other models."""
    return load_digit_model(read_model_bytes(path))


def load_digit_model(data: bytes) -> DigitModel:
    """Return the digit model in the bytes of a file; raises `ModelError` naming the field."""
    if len(data) > MAX_MODEL_BYTES:
        raise ModelError(
            f"The model file is larger than {MAX_MODEL_BYTES >> 20} MiB.", "Choose another file."
        )
    root = parse(data)
    if _format_of(root) != FORMAT:
        root.member("format").refuse(f"must be “{FORMAT}”; this is another kind of file")
    if root.member("version").integer(1, 10**9) > FORMAT_VERSION:
        raise ModelError(
            f"The digit model was made by a newer gmmseg (its version is {root.value['version']}, this "
            f"program reads {FORMAT_VERSION}).",
            "Update gmmseg.",
        )
    _, _, generator, name, shape, mean, axes, weights, means, covariance = root.members(*_FIELDS)
    generator.text()
    sides = [item.integer(1, _LARGEST_SIDE) for item in shape.items(2)]
    if len(sides) != 2:
        shape.refuse("must hold height and width")
    n_clusters, n_axes = len(weights.items(_MOST_CLUSTERS)), len(axes.items(MAX_FEATURES))
    if not n_clusters or not n_axes:
        (axes if n_clusters else weights).refuse("is empty")
    shares = weights.array((n_clusters,), 0.0, 1.0)
    if abs(float(shares.sum()) - 1) > 1e-6:
        weights.refuse(f"sums to {float(shares.sum()):.6g}, not to 1")
    n_pixels = sides[0] * sides[1]
    vectors = axes.array((n_axes, n_pixels), -1.0 - 1e-9, 1.0 + 1e-9)
    return DigitModel(
        name.text(),
        (sides[0], sides[1]),
        mean.array((n_pixels,), -_HUGE, _HUGE),
        np.ascontiguousarray(vectors.T),
        MixtureParams(
            shares,
            means.array((n_clusters, n_axes), -_HUGE, _HUGE),
            covariance_of(covariance, n_clusters, n_axes),
        ),
    )


def _format_of(root: Field) -> object:
    return root.member("format").value
