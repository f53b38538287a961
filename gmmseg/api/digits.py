"""Clustering images of digits without their labels, in one call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

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
    images : uint8 array (N, h, w), path, or DigitSet, optional
        0 is paper, 255 is ink; or a folder with MNIST's four files or others of the same form, pictures in
        folders named by label, or an NPZ. None takes digits that the program draws by itself.
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


def _digits(images: Digits, labels: ArrayLike | None) -> DigitSet:
    if images is None:
        return drawn_digits()
    if isinstance(images, DigitSet):
        return images
    if isinstance(images, str | os.PathLike):
        return result_of(read_digits_events(Path(images)))
    pixels = np.array(images, order="C")
    if pixels.ndim != 3 or pixels.dtype != np.uint8 or pixels.size == 0:
        raise ReadError(
            f"An array {pixels.shape} of {pixels.dtype} holds no images of digits.",
            "Give uint8 (N, height, width), 0 for paper and 255 for ink.",
        )
    marks = None if labels is None else np.array(labels, dtype=np.int64)
    if marks is not None and marks.shape != pixels.shape[:1]:
        raise ReadError(f"Labels {marks.shape} do not fit {len(pixels)} images.", "Give one for each.")
    return DigitSet(pixels, marks, len(pixels), "array")
