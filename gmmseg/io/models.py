"""Model files: JSON that holds every float exactly and is checked field by field when read."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from gmmseg.colours import to_hex
from gmmseg.features.spec import FeatureSpec
from gmmseg.io.files import open_file
from gmmseg.limits import MAX_MODEL_BYTES
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.classes import ClassInfo
from gmmseg.photo.given import GivenModel
from gmmseg.photo.model import Model
from gmmseg.setting import settings_to_dict
from gmmseg.tables.fitting import TableModel
from gmmseg.version import VERSION

FORMAT = "gmmseg-model"
FORMAT_VERSION = 2
TABLE_FORMAT = "gmmseg-table"
TABLE_VERSION = 1
_HEAD_BYTES = 200


def dump_model(model: Model) -> bytes:
    """Return a model as JSON; `load_model` gives back the same bits."""
    return json_lines(model_content(model))


def given_model(model: Model) -> GivenModel:
    """Return a model as one that is given, as if it had been read from the file that it would make."""
    return GivenModel(model, hashlib.sha256(dump_model(model)).hexdigest())


def model_content(model: Model) -> dict[str, Any]:
    """Return what stands in a model file, as plain values."""
    return {
        **head_content(FORMAT, FORMAT_VERSION),
        "channels": list(model.channels),
        "features": settings_to_dict(model.features),
        "names": list(model.names),
        "centre": model.centre.tolist(),
        "scale": model.scale.tolist(),
        **mixture_content(model.params),
        "is_hard": model.params.is_hard,
        "classes": [_class_to_dict(entry) for entry in model.classes],
        "smooth": model.smooth,
        "seed": model.seed,
        "white": model.white,
    }


def head_content(format_name: str, version: int) -> dict[str, Any]:
    """Return what every model file begins with."""
    return {"format": format_name, "version": version, "generator": f"gmmseg {VERSION}"}


def mixture_content(params: MixtureParams) -> dict[str, Any]:
    """Return weights, means and covariances as plain values."""
    covariance = params.covariance
    return {
        "weights": params.weights.tolist(),
        "means": params.means.tolist(),
        "covariance": {"kind": covariance.kind, "values": covariance.values.tolist()},
    }


def json_lines(content: dict[str, Any]) -> bytes:
    """Return the object with each field on a line of its own: readable, and small in a diff."""
    lines = (f" {json.dumps(name)}: {json.dumps(value, allow_nan=False)}" for name, value in content.items())
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("ascii")


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
    with open_file(path, "a model") as (file, _):
        return file.read(MAX_MODEL_BYTES + 1)


def looks_like_model(path: Path) -> bool:
    """Whether a file's first bytes are those of a model of pictures as it is written here."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return False
    return head.lstrip().startswith(b"{") and f'"format": "{FORMAT}"'.encode() in head


def model_format(data: bytes) -> str:
    """Return what a model file says it is of; raises `ModelError` for what is no model at all."""
    from gmmseg.io.model_forms import Head
    from gmmseg.io.strict_json import converted, parse

    return converted(parse(data), Head).format


def load_model(data: bytes) -> Model:
    """Return the model in the bytes of a model file; raises `ModelError` naming the field."""
    # Imported here: msgspec takes 20 ms, which neither --help nor the first window needs.
    from gmmseg.io.strict_json import parse

    return model_of(parse(data))


def model_of(content: Any) -> Model:
    """Return the model that `model_content` gave, read strictly; raises `ModelError` naming the field."""
    from msgspec import structs

    from gmmseg.io import model_forms as forms
    from gmmseg.io.strict_json import converted

    content = forms.checked_content(content, FORMAT, FORMAT_VERSION)
    if content["version"] == 1 and isinstance(features := content.get("features"), dict):
        # What version 1 took for granted: the scales of texture.
        content["features"] = {"texture_scale": 1.0, "texture_octaves": 3, **features}
    form = converted(content, forms.ModelForm)
    params, names, centre, scale = form.scaled()
    return Model(
        params,
        FeatureSpec(**structs.asdict(form.features)),
        names,
        centre,
        scale,
        tuple(map(str, form.channels)),
        forms.class_table(form.classes, len(form.weights)),
        form.smooth,
        form.seed,
        form.white,
    )


def dump_table_model(model: TableModel) -> bytes:
    """Return a model of a table as JSON; `load_table_model` gives back the same bits."""
    return json_lines(
        {
            **head_content(TABLE_FORMAT, TABLE_VERSION),
            "names": list(model.names),
            "centre": model.centre.tolist(),
            "scale": model.scale.tolist(),
            **mixture_content(model.params),
            "is_hard": model.params.is_hard,
            "seed": model.seed,
        }
    )


def load_table_model(data: bytes) -> TableModel:
    """Return the model in the bytes of a file; raises `ModelError` naming the field."""
    # Imported here, like msgspec below it, only when a model is read.
    from gmmseg.io import model_forms as forms
    from gmmseg.io.strict_json import converted, parse

    form = converted(forms.checked_content(parse(data), TABLE_FORMAT, TABLE_VERSION), forms.TableModelForm)
    return TableModel(*form.scaled(), form.seed)
