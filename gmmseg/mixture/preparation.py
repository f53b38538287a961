"""The rows of a fit checked, and what is derived from them once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.errors import FitError
from gmmseg.mixture.coarse import coarse_rows
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.expectation import Evidence, Rows
from gmmseg.mixture.kernel_choice import extent_about
from gmmseg.mixture.partial_labels import PartialLabels, Restriction
from gmmseg.mixture.settings import FitSettings

MAX_MAGNITUDE = 1e100

_E_co = TypeVar("_E_co", bound=Evidence, covariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared(Generic[_E_co]):
    """Checked rows and what is derived from them once.

    Parameters
    ----------
    exact : Evidence
        All rows: `Rows`, or those of a picture beyond memory.
    starting : Rows
        Where restarts run: cells or a sample of the rows, or `exact` itself where these are few.
    settings : FitSettings
        With K reduced to the number of different rows.
    floor : float
        Smallest eigenvalue of a covariance, squared feature units.
    """

    exact: _E_co
    starting: Rows
    settings: FitSettings
    floor: float
    warnings: tuple[str, ...]

    @property
    def coarse(self) -> Rows | None:
        """The rows that restarts run on where they are not all rows."""
        return None if self.starting is self.exact else self.starting


def _reduction_words(n_components: int, n_distinct: int) -> str:
    """Return that K was reduced, and why, of rows of tables and colours of pictures alike."""
    there = "is only 1 distinct value" if n_distinct == 1 else f"are only {n_distinct} distinct values"
    return f"K was reduced from {n_components} to {n_distinct}: there {there}."


def prepare(
    values: FloatArray,
    weights: FloatArray | None,
    settings: FitSettings,
    should_stop: ShouldStop = never_stop,
    known: PartialLabels | None = None,
) -> Prepared[Rows]:
    """Check the rows and make the coarse version.

    With `known`, the components are those it names: K stays, and the rows are put in order of their groups.

    Raises
    ------
    Cancelled
        At STOP too: there is no step yet to keep.
    FitError
        Empty, not finite or too large values, weights of the wrong shape or sign.
    """
    values, weights, held = _checked(values, weights)
    raise_if_ended(should_stop)
    warnings: list[str] = []
    restrictions: tuple[Restriction, ...] = ()
    n_distinct = settings.n_components
    if known is not None:
        order, restrictions = replace(known, groups=known.groups[held]).restrictions()
        values, weights = values[order], weights[order]
    else:
        n_distinct = count_distinct(values, settings.n_components)
    if n_distinct < settings.n_components:
        warnings.append(_reduction_words(settings.n_components, n_distinct))
        settings = replace(settings, n_components=n_distinct)
    columns = np.ascontiguousarray(values.T)
    raise_if_ended(should_stop)
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(weights.sum())
        centre = columns @ weights / total
        variance = float(np.dot((columns - centre[:, None]) ** 2 @ weights, np.ones(len(centre)))) / total
    if not np.isfinite([total, variance]).all():
        raise FitError("The sums of the weights are too large.", "Divide all weights by their largest.")
    floor = variance_floor(settings.reg_covar or 0.0, variance, float(np.abs(values).max()))
    is_diagonal = FAMILIES[settings.covariance].is_diagonal or settings.is_hard
    exact = Rows(
        columns, weights, centre, is_diagonal, extent_about(columns, centre), restrictions=restrictions
    )
    raise_if_ended(should_stop)
    coarse = coarse_rows(exact, centre, is_diagonal, settings.n_components, settings.seed)
    return Prepared(exact, exact if coarse is None else coarse, settings, floor, tuple(warnings))


def variance_floor(chosen: float, variance: float, largest: float) -> float:
    """Return the smallest eigenvalue of a covariance: the chosen one, or what rounding needs.

    Eigenvalues further apart than twelve digits could not be told from rounding; nor could a deviation below
    the step between neighbouring numbers as large as the rows'.

    Parameters
    ----------
    chosen, variance : float
        `variance` is the sum over features.
    largest : float
        Largest absolute value.
    """
    return max(chosen, 1e-12 * variance, float(np.spacing(largest)) ** 2, np.finfo(np.float64).tiny * 1e20)


def _checked(
    values: FloatArray, weights: FloatArray | None
) -> tuple[FloatArray, FloatArray, BoolArray | slice]:
    """Return the rows with a weight above 0, their weights, and which they are."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or values.size == 0:
        raise FitError(f"A fit needs rows and features; the array has the shape {values.shape}.")
    if not np.isfinite(values).all():
        raise FitError("Some values are not finite numbers.", "Mask or remove them first.")
    if np.abs(values).max() > MAX_MAGNITUDE:
        raise FitError("Some values are larger than 1e100.", "Scale the features first.")
    if weights is None:
        return values, np.ones(len(values)), slice(None)
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (len(values),):
        raise FitError(f"Weights of shape {weights.shape} do not fit {len(values)} rows.")
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise FitError("Weights must be finite and at least 0, and not all 0.")
    held: BoolArray = weights > 0
    return (values, weights, slice(None)) if held.all() else (values[held], weights[held], held)


def count_distinct(values: FloatArray, enough: int) -> int:
    """Return the number of different rows, or `enough` as soon as so many have been seen."""
    distinct: set[bytes] = set()
    start, size = 0, 4 * enough + 16
    while start < len(values):
        block = values[start : start + size] + 0.0  # -0.0 and 0.0 are the same value
        block = block[np.lexsort(block.T)]
        is_new = np.append(True, (block[1:] != block[:-1]).any(axis=1))
        distinct.update(row.tobytes() for row in block[is_new])
        if len(distinct) >= enough:
            return enough
        start += size
        size = min(4 * size, 2**18)
    return len(distinct)
