"""Model files of tables: JSON that holds every float exactly and is checked field by field when read."""

from __future__ import annotations

from gmmseg.io.models import json_lines
from gmmseg.mixture.params import MixtureParams
from gmmseg.tables.fitting import TableModel
from gmmseg.version import VERSION

FORMAT = "gmmseg-table"
FORMAT_VERSION = 1


def dump_table_model(model: TableModel) -> bytes:
    """Return a model of a table as JSON; `load_table_model` gives back the same bits."""
    params = model.params
    return b"".join(
        json_lines(
            {
                "format": FORMAT,
                "version": FORMAT_VERSION,
                "generator": f"gmmseg {VERSION}",
                "names": list(model.names),
                "centre": model.centre.tolist(),
                "scale": model.scale.tolist(),
                "weights": params.weights.tolist(),
                "means": params.means.tolist(),
                "covariance": {"kind": params.covariance.kind, "values": params.covariance.values.tolist()},
                "is_hard": params.is_hard,
                "seed": model.seed,
            }
        )
    )


def load_table_model(data: bytes) -> TableModel:
    """Return the model in the bytes of a file; raises `ModelError` naming the field."""
    # Imported here, like msgspec below it, only when a model is read.
    from gmmseg.io import model_forms as forms
    from gmmseg.io.strict_json import array, converted, parse

    form = converted(forms.checked_content(parse(data), FORMAT, FORMAT_VERSION), forms.TableModelForm)
    n_components, n_features = len(form.weights), len(form.names)
    return TableModel(
        MixtureParams(
            forms.weights_of(form.weights),
            array("means", form.means, (n_components, n_features)),
            forms.covariance_of(form.covariance, n_components, n_features),
            form.is_hard,
        ),
        tuple(map(str, form.names)),
        array("centre", form.centre, (n_features,)),
        array("scale", form.scale, (n_features,)),
        form.seed,
    )
