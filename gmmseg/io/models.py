"""Model files: JSON that holds every float exactly and is checked field by field when read."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np

from gmmseg.colours import hex_colour, to_hex
from gmmseg.errors import ModelError, ReadError
from gmmseg.features.spec import COLOUR_SPACES, ColourSpace, FeatureSpec
from gmmseg.io.atomic import shown
from gmmseg.io.strict_json import Field, parse
from gmmseg.limits import MAX_FEATURES, MAX_MODEL_BYTES
from gmmseg.mixture.covariance import FAMILIES, Covariance, CovarianceKind
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.classes import IGNORE_ID, ClassInfo, ClassTable
from gmmseg.photo.model import Model
from gmmseg.photo.settings import BY_PATH, MAX_COMPONENTS
from gmmseg.setting import settings_to_dict
from gmmseg.version import VERSION

FORMAT = "gmmseg-model"
FORMAT_VERSION = 2
_HUGE = 1e150
"""Larger numbers overflow when they are squared."""
_LARGEST_SCALE = 1e70
"""A covariance times two scales must stay finite."""
_MAX_ID = 65534

_FIELDS = (
    "format", "version", "generator", "channels", "features", "names", "centre", "scale", "weights", "means",
    "covariance", "is_hard", "classes", "smooth", "seed", "white",
)  # fmt: skip


def dump_model(model: Model) -> bytes:
    """Return a model as JSON; `load_model` gives back the same bits."""
    params = model.params
    content = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "generator": f"gmmseg {VERSION}",
        "channels": list(model.channels),
        "features": settings_to_dict(model.features),
        "names": list(model.names),
        "centre": model.centre.tolist(),
        "scale": model.scale.tolist(),
        "weights": params.weights.tolist(),
        "means": params.means.tolist(),
        "covariance": {"kind": params.covariance.kind, "values": params.covariance.values.tolist()},
        "is_hard": params.is_hard,
        "classes": [_class_to_dict(entry) for entry in model.classes],
        "smooth": model.smooth,
        "seed": model.seed,
        "white": model.white,
    }
    return b"".join(json_lines(content))


def json_lines(content: dict[str, Any]) -> Iterator[bytes]:
    """Yield the object with each field on a line of its own: readable, and small in a diff."""
    yield b"{\n"
    for at, (name, value) in enumerate(content.items()):
        ending = ",\n" if at + 1 < len(content) else "\n"
        yield f" {json.dumps(name)}: {json.dumps(value, allow_nan=False)}{ending}".encode("ascii")
    yield b"}\n"


def _class_to_dict(entry: ClassInfo) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "colour": to_hex(entry.colour),
        "components": list(entry.components),
        "is_visible": entry.is_visible,
        "is_locked": entry.is_locked,
    }


def read_model(path: str | os.PathLike[str]) -> Model:
    """Read a model file.

    Raises
    ------
    ReadError
        There is no such file, or the system does not let us read it.
    ModelError
        It is not a model; the sentence names the field.
    """
    return load_model(read_model_bytes(path))


def read_model_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a model file, at most one byte more than is allowed; raises `ReadError`."""
    path = Path(path)
    try:
        # Asked before opening: a FIFO would block for ever.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ReadError(f"{shown(path)} is not a file.", "Choose a model file.")
        with path.open("rb") as file:
            data = file.read(MAX_MODEL_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ReadError(f"{shown(path)} cannot be read.", "Check that it exists and may be read.") from error
    return data


def load_model(data: bytes) -> Model:
    """Return the model in the bytes of a model file; raises `ModelError` naming the field."""
    if len(data) > MAX_MODEL_BYTES:
        raise ModelError(
            f"The model file is larger than {MAX_MODEL_BYTES >> 20} MiB.", "Choose another file."
        )
    root = parse(data)
    _check_version(root)
    if root.value["version"] == 1:
        _update_to_2(root)
    (_, _, generator, channels, features, names, centre, scale, weights, means, covariance, is_hard, classes,
     smooth, seed, white) = root.members(*_FIELDS)  # fmt: skip
    generator.text()
    n_components = len(weights.items(MAX_COMPONENTS))
    feature_names = tuple(item.text() for item in names.items(MAX_FEATURES))
    n_features = len(feature_names)
    if not n_components or not n_features:
        (names if n_components else weights).refuse("is empty")
    shares = weights.array((n_components,), 0.0, 1.0)
    if abs(float(shares.sum()) - 1) > 1e-6:
        weights.refuse(f"sums to {float(shares.sum()):.6g}, not to 1")
    params = MixtureParams(
        shares,
        means.array((n_components, n_features), -_HUGE, _HUGE),
        covariance_of(covariance, n_components, n_features),
        is_hard.boolean(),
    )
    return Model(
        params,
        _features(features),
        feature_names,
        centre.array((n_features,), -_HUGE, _HUGE),
        scale.array((n_features,), 1 / _LARGEST_SCALE, _LARGEST_SCALE),
        tuple(item.text() for item in channels.items(MAX_FEATURES)),
        _classes(classes, n_components),
        smooth.number(0.0, 1e6),
        seed.integer(0, 2**63 - 1),
        None if white.value is None else white.number(1.0, _HUGE),
    )


def _check_version(root: Field) -> None:
    if root.member("format").value != FORMAT:
        root.member("format").refuse(f"must be “{FORMAT}”; this is another kind of file")
    if root.member("version").integer(1, 10**9) > FORMAT_VERSION:
        raise ModelError(
            f"The model was made by a newer gmmseg (its field “version” is {root.value['version']}, "
            f"this program reads {FORMAT_VERSION}).",
            "Update gmmseg.",
        )


def _update_to_2(root: Field) -> None:
    """Add what version 1 took for granted: the scales of texture."""
    features = root.member("features").value
    if isinstance(features, dict):
        root.value["features"] = {"texture_scale": 1.0, "texture_octaves": 3, **features}


def _features(field: Field) -> FeatureSpec:
    space, has_position, has_texture, weight, is_standardised, texture_scale, texture_octaves = field.members(
        "space", "has_position", "has_texture", "position_weight", "is_standardised", "texture_scale",
        "texture_octaves",
    )  # fmt: skip
    scales, octaves = BY_PATH["features.texture_scale"], BY_PATH["features.texture_octaves"]
    return FeatureSpec(
        cast(ColourSpace, space.choice(COLOUR_SPACES)),
        has_position.boolean(),
        has_texture.boolean(),
        weight.number(0.0, _HUGE),
        is_standardised.boolean(),
        texture_scale.number(scales.low, scales.high),
        texture_octaves.integer(int(octaves.low), int(octaves.high)),
    )


def covariance_of(field: Field, n_components: int, n_features: int) -> Covariance:
    """Return the covariance in a field with ``kind`` and ``values``; raises `ModelError` naming the field."""
    kind, values = field.members("kind", "values")
    family = FAMILIES[cast(CovarianceKind, kind.choice(tuple(FAMILIES)))]
    shape = family.shape(n_components, n_features)
    if family.is_diagonal:
        return family(values.array(shape, 1 / _HUGE, _HUGE))
    array = values.array(shape, -_HUGE, _HUGE)
    transposed = np.swapaxes(array, -1, -2)
    largest = np.abs(array).max(axis=(-1, -2), keepdims=True)
    if (np.abs(array - transposed) > 1e-9 * largest).any():
        values.refuse("is not symmetric")
    with np.errstate(all="ignore"):
        try:
            covariance = family(array)
        except np.linalg.LinAlgError:
            values.refuse("is not positive definite")
        if not np.isfinite(covariance.precisions(n_components, n_features)).all():
            values.refuse("is too close to singular")
    return covariance


def _classes(field: Field, n_components: int) -> ClassTable:
    entries = [_class(item, n_components) for item in field.items(n_components)]
    ids = [entry.id for entry in entries]
    if len(set(ids)) < len(ids):
        field.refuse("has the same id twice")
    if sorted(k for entry in entries for k in entry.components) != list(range(n_components)):
        field.refuse(f"must hold each of the {n_components} components once")
    return ClassTable(tuple(entries))


def _class(field: Field, n_components: int) -> ClassInfo:
    number, name, colour, components, is_visible, is_locked = field.members(
        "id", "name", "colour", "components", "is_visible", "is_locked"
    )
    if number.integer(1, _MAX_ID) == IGNORE_ID:
        number.refuse(f"must not be {IGNORE_ID}, which means ignore")
    try:
        rgb = hex_colour(colour.text())
    except ValueError:
        colour.refuse("must be a colour such as #E69F00")
    indices = tuple(item.integer(0, n_components - 1) for item in components.items(n_components))
    if not indices or list(indices) != sorted(set(indices)):
        components.refuse("must list components in increasing order")
    return ClassInfo(number.value, name.text(), rgb, indices, is_visible.boolean(), is_locked.boolean())
