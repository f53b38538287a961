"""Checks of the estimator's arguments, with the kinds of errors and the wording of scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmseg.arrays import AnyArray, FloatArray
from gmmseg.mixture.covariance import FAMILIES, Covariance
from gmmseg.mixture.preparation import MAX_MAGNITUDE
from gmmseg.mixture.settings import CovarianceKind, InitMethod

OWNER = "GaussianMixture"
INIT_METHODS: dict[str, InitMethod] = {
    "kmeans": "kmeans++",
    "k-means++": "kmeans++",
    "kmeans++": "kmeans++",
    "random": "random",
    "random_from_data": "random",
}


if TYPE_CHECKING:

    class NotFittedError(ValueError, AttributeError):
        """`fit` has not been called."""

    class ConvergenceWarning(UserWarning):
        """A fit ended before it converged, or with fewer components or less accuracy than asked for."""


_RAISED: dict[str, tuple[type[Exception], ...]] = {
    "NotFittedError": (ValueError, AttributeError),
    "ConvergenceWarning": (UserWarning,),
}


def __getattr__(name: str) -> type[Exception]:
    """Make an exception at its first use: a kind of scikit-learn's of that name where that is installed.

    Made late, because importing scikit-learn takes longer than most fits.
    """
    if name not in _RAISED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    bases = _RAISED[name]
    try:
        from sklearn import exceptions
    except ImportError:
        pass
    else:
        bases = (getattr(exceptions, name),)
    made: type[Exception] = globals().setdefault(name, type(name, bases, {"__module__": __name__}))
    return made


def check_parameters(values: Mapping[str, Any]) -> None:
    """Check the constructor's arguments.

    Raises
    ------
    ValueError
        One of them is out of range or of the wrong type.
    """
    _check_number(values, "n_components", Integral, 1)
    _check_number(values, "tol", Real, 0)
    _check_number(values, "reg_covar", Real, 0)
    _check_number(values, "max_iter", Integral, 0)
    _check_number(values, "n_init", Integral, 1)
    _check_number(values, "verbose", Integral, 0)
    _check_number(values, "verbose_interval", Integral, 1)
    _check_choice(values, "covariance_type", set(FAMILIES))
    _check_choice(values, "init_params", set(INIT_METHODS))
    for name in ("warm_start", "accelerate"):
        if not isinstance(values[name], bool | np.bool_):
            raise _invalid(name, "an instance of 'bool'", values[name])


def _invalid(name: str, expected: str, got: object) -> ValueError:
    return ValueError(f"The {name!r} parameter of {OWNER} must be {expected}. Got {got!r} instead.")


def _check_number(values: Mapping[str, Any], name: str, kind: type, low: int) -> None:
    value = values[name]
    is_kind = isinstance(value, kind) and (name == "verbose" or not isinstance(value, bool | np.bool_))
    if not is_kind or not low <= value < float("inf"):
        type_name = "an int" if kind is Integral else "a float"
        raise _invalid(name, f"{type_name} in the range [{low}, inf)", value)


def _check_choice(values: Mapping[str, Any], name: str, choices: set[str]) -> None:
    value = values[name]
    if not isinstance(value, str) or value not in choices:
        raise _invalid(name, f"a str among {{{', '.join(map(repr, sorted(choices)))}}}", value)


def feature_names(data: object) -> AnyArray | None:
    """Return the column names of a data frame, (D,), where all are strings; None for anything else.

    Raises
    ------
    TypeError
        Some of the names are strings and some are not.
    """
    columns = getattr(data, "columns", None)
    if columns is None:
        return None
    names = list(columns)
    n_strings = sum(isinstance(name, str) for name in names)
    if 0 < n_strings < len(names):
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your input has "
            "column names of different types. Convert them all to strings, for example by "
            "X.columns = X.columns.astype(str)."
        )
    return np.array(names, dtype=object) if n_strings else None


def check_names(data: object, fitted: AnyArray | None) -> None:
    """Compare the column names of new data with those of the data fitted, (D,); warn where one has none.

    Raises
    ------
    ValueError
        They differ.
    """
    names = feature_names(data)
    if fitted is None and names is not None:
        text = f"X has feature names, but {OWNER} was fitted without feature names"
        warnings.warn(text, UserWarning, stacklevel=4)
    elif fitted is not None and names is None:
        text = f"X does not have valid feature names, but {OWNER} was fitted with feature names"
        warnings.warn(text, UserWarning, stacklevel=4)
    elif fitted is not None and names is not None and list(names) != list(fitted):
        raise ValueError(
            "The feature names should match those that were passed during fit: "
            f"{list(fitted)} expected, {list(names)} given."
        )


def check_rows(data: object, min_rows: int = 1) -> FloatArray:
    """Return data as an (N, D) array of float64.

    Raises
    ------
    ValueError
        Not two-dimensional, empty, too few rows, not real numbers, or not finite.
    TypeError
        A sparse matrix.
    """
    if hasattr(data, "tocsr"):
        raise TypeError("Sparse data was passed, but dense data is required. Use X.toarray() to convert it.")
    array = np.asarray(data)
    if np.iscomplexobj(array):
        raise ValueError(f"Complex data not supported\n{array}\n")
    if array.dtype.kind in "US":
        raise ValueError(f"dtype='numeric' is not compatible with arrays of strings: {array.dtype}.")
    rows: FloatArray = array.astype(np.float64, copy=False)
    if rows.ndim != 2:
        found = {0: "scalar array", 1: "1D array"}.get(rows.ndim)
        if found is None:
            raise ValueError(f"Found array with dim {rows.ndim}, while dim <= 2 is required by {OWNER}.")
        raise ValueError(
            f"Expected 2D array, got {found} instead:\narray={array}.\nReshape your data either using "
            "array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it contains "
            "a single sample."
        )
    for count, name, least in ((rows.shape[0], "sample", min_rows), (rows.shape[1], "feature", 1)):
        if count < least:
            raise ValueError(
                f"Found array with {count} {name}(s) (shape={rows.shape}) while a minimum of {least} is "
                f"required by {OWNER}."
            )
    if np.isnan(rows).any():
        raise ValueError(f"Input X contains NaN.\n{OWNER} does not accept missing values.")
    if not np.isfinite(rows).all():
        raise ValueError("Input X contains infinity or a value too large for dtype('float64').")
    if np.abs(rows).max() > MAX_MAGNITUDE:
        raise ValueError("Some values are larger than 1e100. Scale the features first.")
    return rows


def check_sample_weight(weights: object, n_rows: int) -> FloatArray | None:
    """Return weights as an (N,) array; None stays None and a single number is meant for every row.

    Raises
    ------
    ValueError
        Of the wrong shape, negative, not finite, or all 0.
    """
    if weights is None:
        return None
    array = np.asarray(weights, dtype=np.float64)
    if array.ndim == 0:
        array = np.full(n_rows, float(array))
    if array.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar, got {array.ndim}D array.")
    if array.shape != (n_rows,):
        raise ValueError(f"sample_weight.shape == {array.shape}, expected {(n_rows,)}!")
    if not np.isfinite(array).all() or (array < 0).any() or not array.any():
        raise ValueError("Sample weights must be finite and at least 0, and not all of them zero.")
    return array


def array_of_shape(value: object, shape: tuple[int, ...], name: str) -> FloatArray:
    """Return an array of finite numbers; ValueError where it is another or its shape is wrong."""
    array = np.array(value, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"The parameter '{name}' should have the shape of {shape}, but got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"The parameter '{name}' contains NaN or infinity.")
    return array


def check_weights(value: object, n_components: int) -> FloatArray:
    """Return first weights, (K,); ValueError where they are no probabilities."""
    weights = array_of_shape(value, (n_components,), "weights")
    if (weights < 0).any() or (weights > 1).any():
        raise ValueError(
            "The parameter 'weights' should be in the range [0, 1], but got max value "
            f"{weights.max():.5f}, min value {weights.min():.5f}"
        )
    if abs(weights.sum() - 1) > 1e-6:
        raise ValueError(
            f"The parameter 'weights' should be normalized, but got sum(weights) = {weights.sum():.5f}"
        )
    normalised: FloatArray = weights / weights.sum()
    return normalised


def check_precisions(value: object, kind: CovarianceKind, n_components: int, n_features: int) -> Covariance:
    """Return the covariances whose inverses are given; ValueError where these are not positive-definite."""
    family = FAMILIES[kind]
    precisions = array_of_shape(value, family.shape(n_components, n_features), f"{kind} precision")
    if family.is_diagonal:
        if (precisions <= 0).any():
            raise ValueError(f"'{kind} precision' should be positive")
        return family(1 / precisions)
    is_symmetric = np.allclose(precisions, np.swapaxes(precisions, -1, -2))
    if not is_symmetric or np.linalg.eigvalsh(precisions).min() <= 0:
        raise ValueError(f"'{kind} precision' should be symmetric, positive-definite")
    inverse = np.linalg.inv(precisions)
    return family((inverse + np.swapaxes(inverse, -1, -2)) / 2)
