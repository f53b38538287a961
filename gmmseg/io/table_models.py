"""Model files of tables: JSON that holds every float exactly and is checked field by field when read."""

from __future__ import annotations

from gmmseg.io.models import head_content, json_lines, mixture_content
from gmmseg.tables.fitting import TableModel

FORMAT = "gmmseg-table"
FORMAT_VERSION = 1


def dump_table_model(model: TableModel) -> bytes:
    """Return a model of a table as JSON; `load_table_model` gives back the same bits."""
    return json_lines(
        {
            **head_content(FORMAT, FORMAT_VERSION),
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

    form = converted(forms.checked_content(parse(data), FORMAT, FORMAT_VERSION), forms.TableModelForm)
    return TableModel(*form.scaled(), form.seed)
