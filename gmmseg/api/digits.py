"""Clustering images of digits without their labels, in one call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmseg.arrays import AnyArray, ByteArray
from gmmseg.control import result_of
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.experiment import ExperimentOutcome, ExperimentRequest, experiment_events
from gmmseg.digits.recipes import check_experiment, settings_for, usual_recipe
from gmmseg.digits.settings import DigitSettings, FitOn, RecipeName
from gmmseg.errors import ReadError
from gmmseg.io.digits.reading import read_digits_events
from gmmseg.mixture.settings import CovarianceKind
from gmmseg.mixture.threads import one_blas_thread
from gmmseg.setting import settings_of, with_setting

Digits = DigitSet | ArrayLike | os.PathLike[str] | None


def cluster_digits(
    images: Digits = None,
    labels: ArrayLike | None = None,
    *,
    recipe: RecipeName | None = None,
    n_clusters: int | None = 10,
    fit_on: FitOn = "train",
    seed: int = 0,
    covariance: CovarianceKind = "full",
    n_images: int | None = None,
    more: Mapping[str, Any] | None = None,
) -> ExperimentOutcome:
    """Cluster images of digits with a Gaussian mixture, as ``gmmseg mnist`` and the window do.

    Parameters
    ----------
    images : array (N, h, w), path, or DigitSet, optional
        0 is paper; the bytes of a uint8 array are taken as they are, with 255 for ink. Other numbers, finite
        and at least 0, are divided by their largest, such as those of ``load_digits().images``. Or a folder
        with MNIST's four files or others of the same form, pictures in folders named by label, or an NPZ.
        None takes digits that the program draws by itself.
    labels : int array (N,), optional
        Of an array of images: they score the clusters; no fit sees them.
    recipe : str, optional
        ``pixels``, ``deskewed``, ``orientation``, ``scattering``, ``components`` or ``manifold``, which is
        taken unless the program draws the digits: then it is ``orientation``.
    n_clusters : int, optional
        K; None takes the gap in the graph's eigenvalues, with the recipe ``manifold``.
    fit_on : {"train", "all"}
        The training images, with the others assigned afterwards, or all; arrays have training images alone.
    seed : int
        The same seed and settings give the same clusters.
    covariance : {"full", "tied", "diag", "spherical"}
        Shape of the Gaussians.
    n_images : int, optional
        A random selection of so many, for a quick look.
    more : mapping, optional
        Further settings of the recipe by the names that ``gmmseg mnist --settings`` lists, such as
        ``{"pca.n_components": 30}``.

    Returns
    -------
    ExperimentOutcome
        ``clusters`` (N,), ``confidence`` (N,), ``features`` (N, D), ``params`` and, where there are labels,
        ``scores_fit``, ``scores_test`` and ``scores_all``.

    Raises
    ------
    SettingsError
        A setting is out of its bounds, unknown, or at odds with the recipe.
    ReadError, BudgetError, FitError
    """
    digits = _digits(images, labels)
    settings = settings_for(recipe or usual_recipe(is_drawn=digits.is_drawn))
    chosen = {
        "n_clusters": n_clusters, "fit_on": fit_on, "seed": seed, "covariance": covariance,
        "n_images": n_images, **(more or {}),
    }  # fmt: skip
    known = {setting.path for setting in settings_of(DigitSettings)} - {"recipe"}
    for path, value in chosen.items():
        if path not in known:
            raise TypeError(f"there is no setting {path!r}")
        settings = with_setting(settings, path, value.item() if isinstance(value, np.generic) else value)
    check_experiment(settings)
    with one_blas_thread():
        return result_of(experiment_events(ExperimentRequest(digits, settings)))


def _bytes_of(pixels: AnyArray) -> ByteArray:
    """Return images as bytes: other numbers than bytes are scaled so that the largest is 255."""
    is_number = pixels.dtype.kind in "buif"
    if pixels.ndim != 3 or pixels.size == 0 or not is_number:
        raise ReadError(
            f"An array {pixels.shape} of {pixels.dtype} holds no images of digits.",
            "Give numbers (N, height, width), 0 for paper; flat rows become images with "
            "“rows.reshape(-1, height, width)”.",
        )
    if pixels.dtype == np.uint8:
        return pixels
    values = pixels.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and np.isfinite(high)):
        raise ReadError(
            f"The images hold values from {low:g} to {high:g}.",
            "Give finite numbers from 0 for paper upwards, as “images - images.min()” does.",
        )
    return np.rint(values * (255.0 / high if high > 0 else 0.0)).astype(np.uint8)


def _digits(images: Digits, labels: ArrayLike | None) -> DigitSet:
    if images is None:
        return drawn_digits()
    if isinstance(images, DigitSet):
        return images
    if isinstance(images, str | os.PathLike):
        return result_of(read_digits_events(Path(images)))
    pixels = _bytes_of(np.array(images, order="C"))
    marks = None if labels is None else np.array(labels, dtype=np.int64)
    if marks is not None and marks.shape != pixels.shape[:1]:
        raise ReadError(f"Labels {marks.shape} do not fit {len(pixels)} images.", "Give one for each.")
    return DigitSet(pixels, marks, len(pixels), "array")
