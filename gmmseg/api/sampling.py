"""Drawing from fitted mixtures: vectors of features, or digits."""

from __future__ import annotations

from os import PathLike
from typing import overload

import numpy as np

from gmmseg.api.files import load_model
from gmmseg.arrays import ByteArray, FloatArray
from gmmseg.control import ShouldStop, never_stop
from gmmseg.digits.generative import DigitModel
from gmmseg.errors import SettingsError
from gmmseg.limits import check_memory
from gmmseg.mixture.density import sample as sample_params
from gmmseg.mixture.scaled import ScaledMixture


@overload
def sample(
    model: ScaledMixture, n_samples: int, seed: int = ..., *, should_stop: ShouldStop = ...
) -> FloatArray: ...
@overload
def sample(
    model: DigitModel, n_samples: int, seed: int = ..., *, should_stop: ShouldStop = ...
) -> ByteArray: ...
@overload
def sample(
    model: str | PathLike[str], n_samples: int, seed: int = ..., *, should_stop: ShouldStop = ...
) -> FloatArray | ByteArray: ...
def sample(
    model: ScaledMixture | DigitModel | str | PathLike[str],
    n_samples: int,
    seed: int = 0,
    *,
    should_stop: ShouldStop = never_stop,
) -> FloatArray | ByteArray:
    """Draw from a fitted mixture: first a component by its weight, then from its Gaussian.

    Parameters
    ----------
    model : Model, TableModel, DigitModel, or path of a model file
    n_samples : int
        How many, at least 1.
    seed : int
        The same seed draws the same, as ``gmmseg sample`` does.
    should_stop : callable, optional
        Asked between blocks of digits.

    Returns
    -------
    float64 (n_samples, D) or uint8 (n_samples, h, w)
        Vectors in the units of the features; or pictures of digits, 0 paper and 255 ink.

    Raises
    ------
    SettingsError
        `n_samples` is less than 1.
    BudgetError
        They would need more memory than is allowed.
    ReadError, ModelError
        The file holds no model.
    Cancelled
        `should_stop` said so.
    """
    if n_samples < 1:
        raise SettingsError("n_samples", f"{n_samples} samples cannot be drawn.", "Choose 1 or more.")
    known = model if isinstance(model, ScaledMixture | DigitModel) else load_model(model)
    generator = np.random.default_rng(seed)
    if isinstance(known, DigitModel):
        height, width = known.image_shape
        # The coordinates, the images, and their file.
        n_bytes = n_samples * (16 * known.params.n_features + 3 * height * width)
        check_memory(n_bytes, f"{n_samples:,} digits need", "Draw fewer.")
        return known.draw(n_samples, generator, should_stop)[0]
    # The vectors, a scaled copy, a file's bytes, and which component each came from.
    n_bytes = 8 * n_samples * (3 * known.params.n_features + 1)
    check_memory(n_bytes, f"{n_samples:,} vectors need", "Draw fewer.")
    values, _ = sample_params(known.params, n_samples, generator)
    vectors: FloatArray = values * known.scale + known.centre
    return vectors
