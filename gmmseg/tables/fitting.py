"""A mixture is fitted to a table: what the command line, a window and Python call alike."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from gmmseg.arrays import FloatArray, IntArray, frozen
from gmmseg.control import Progress, ShouldStop, never_stop, relayed
from gmmseg.mixture.density import most_probable, posteriors, score_rows
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams
from gmmseg.mixture.scaled import ScaledMixture
from gmmseg.mixture.selection import Candidate, chosen_fit_events
from gmmseg.setting import check_settings
from gmmseg.tables.settings import TableSettings
from gmmseg.tables.table import Table

RELATIVE_FLOOR = 1e-6
"""Smallest variance of a component where none is chosen, in units of the smallest one of a column."""


@dataclass(frozen=True, slots=True, eq=False)
class TableModel(ScaledMixture):
    """A mixture of the rows of a table: what is saved, and what other rows are judged by.

    Parameters
    ----------
    params : MixtureParams
        Of rows ``(value - centre) / scale``.
    names : tuple of str
        The D columns.
    centre, scale : (D,)
        In the units of the columns.
    seed : int
    """

    params: MixtureParams
    names: tuple[str, ...]
    centre: FloatArray
    scale: FloatArray
    seed: int = 0

    def __post_init__(self) -> None:
        frozen(self.centre)
        frozen(self.scale)

    def component(self, values: FloatArray, should_stop: ShouldStop = never_stop) -> IntArray:
        """Return the most probable component of each row (N, D), from 0, the lowest among equals, (N,)."""
        return most_probable(self.params, self.standardised(values), should_stop)

    def posteriors(self, values: FloatArray, should_stop: ShouldStop = never_stop) -> FloatArray:
        """Return the posterior of each component for each row (N, D), as (N, K) (S2 eq. 40)."""
        return posteriors(self.params, self.standardised(values), np.float64, should_stop).T

    def log_density(self, values: FloatArray, should_stop: ShouldStop = never_stop) -> FloatArray:
        """Return log p of each row (N, D) in the units of the columns, nats, (N,) (S2 eq. 30)."""
        return score_rows(self.params, self.standardised(values), should_stop) - self.log_volume


@dataclass(frozen=True, slots=True, eq=False)
class TableFit:
    """A finished fit: the table, how it was fitted, and what came of it.

    Parameters
    ----------
    table : Table
    settings : TableSettings
    result : FitResult
        In standardised units.
    model : TableModel
    component : (N,)
        The most probable component of each row, from 0.
    seconds : mapping
        Duration of the stages ``fit`` and ``label``.
    """

    table: Table
    settings: TableSettings
    result: FitResult
    model: TableModel
    component: IntArray
    seconds: Mapping[str, float]

    def posteriors(self, should_stop: ShouldStop = never_stop) -> FloatArray:
        """Return the posterior of each component for each row, (N, K)."""
        return self.model.posteriors(self.table.values, should_stop)


def table_fit_events(
    table: Table, settings: TableSettings, should_stop: ShouldStop = never_stop
) -> Generator[Progress | FitStep | Candidate, None, TableFit]:
    """Fit a mixture to the rows of a table.

    Parameters
    ----------
    table : Table
    settings : TableSettings
    should_stop : callable
        Asked between blocks; STOP keeps the last complete step as the result.

    Raises
    ------
    SettingsError, FitError
    Cancelled
    """
    check_settings(settings)
    began = time.perf_counter()
    yield Progress("Fitting")
    variances = table.values.var(axis=0)
    scale = np.where(variances > 0, np.sqrt(variances), 1.0)
    if settings.is_standardised:
        centre = table.values.mean(axis=0)
    else:
        centre, scale = np.zeros_like(scale), np.ones_like(scale)
    rows = (table.values - centre) / scale
    mixture = settings.mixture
    if mixture.reg_covar is None:
        varying = rows.var(axis=0)[variances > 0]
        mixture = replace(mixture, reg_covar=RELATIVE_FLOOR * float(varying.min(initial=1.0)))
    events = chosen_fit_events(rows, None, mixture, settings.auto, should_stop)
    result = yield from relayed(events, _with_progress)
    model = TableModel(result.params, table.names, centre, scale, mixture.seed)
    fitted = time.perf_counter()
    yield Progress("Labelling")
    component = most_probable(result.params, rows, should_stop)
    seconds = {"fit": fitted - began, "label": time.perf_counter() - fitted}
    return TableFit(table, settings, result, model, component, seconds)


def _with_progress(event: FitStep | Candidate) -> tuple[Progress | FitStep | Candidate, ...]:
    if isinstance(event, Candidate):
        return event, Progress(f"Tried K = {event.n_components}")
    return (event,)
