"""Files of digit models: JSON that holds every float exactly and is checked field by field when read."""

from __future__ import annotations

import numpy as np

from gmmseg.digits.generative import DigitModel
from gmmseg.io.models import head_content, json_lines, mixture_content

FORMAT = "gmmseg-digits"
FORMAT_VERSION = 1


def dump_digit_model(model: DigitModel) -> bytes:
    """Return a digit model as JSON; `load_digit_model` gives back the same bits."""
    return json_lines(
        {
            **head_content(FORMAT, FORMAT_VERSION),
            "name": model.name,
            "shape": list(model.image_shape),
            "mean": model.mean.tolist(),
            "axes": model.axes.T.tolist(),
            **mixture_content(model.params),
        }
    )


def load_digit_model(data: bytes) -> DigitModel:
    """Return the digit model in the bytes of a file; raises `ModelError` naming the field."""
    # Imported here, like msgspec below it, only when a model is read.
    from gmmseg.io import model_forms as forms
    from gmmseg.io.strict_json import array, converted, parse

    form = converted(forms.checked_content(parse(data), FORMAT, FORMAT_VERSION), forms.DigitModelForm)
    n_axes, n_pixels = len(form.axes), form.shape[0] * form.shape[1]
    return DigitModel(
        str(form.name),
        form.shape,
        array("mean", form.mean, (n_pixels,)),
        np.ascontiguousarray(array("axes", form.axes, (n_axes, n_pixels)).T),
        form.params(n_axes),
    )
