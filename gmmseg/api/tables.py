"""Fitting a mixture to the rows of a table in one call."""

from __future__ import annotations

from os import PathLike
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from gmmseg.api.keywords import MixtureKeywords, takes_settings, with_criterion, with_keywords
from gmmseg.control import result_of
from gmmseg.io.table_reading import read_table
from gmmseg.mixture.threads import one_blas_thread
from gmmseg.tables.fitting import TableFit, table_fit_events
from gmmseg.tables.settings import TableSettings
from gmmseg.tables.table import Table, table_of


@takes_settings(MixtureKeywords, TableSettings)
def fit_table(rows: Table | str | PathLike[str] | ArrayLike, **settings: Unpack[MixtureKeywords]) -> TableFit:
    """Fit a Gaussian mixture to the rows of a table.

    The same settings and seed give the same values, and `export` the same bytes, as ``gmmseg fit``.

    Parameters
    ----------
    rows : Table, path of a file, or array (N, D)
        `read_table` chooses some columns of a file.
    {settings}

    Returns
    -------
    TableFit
        ``component`` (N,) from 0, ``posteriors()`` (N, K), and the ``model``, which tells ``component``,
        ``posteriors`` and ``log_density`` of other rows.

    Raises
    ------
    TypeError
        There is no setting of that name.
    SettingsError
        A value is out of its bounds.
    ReadError, BudgetError
        The file or the array holds no table.
    FitError
    """
    wanted = with_keywords(TableSettings(), with_criterion(settings))
    if isinstance(rows, str | PathLike):
        table = read_table(rows)
    else:
        table = rows if isinstance(rows, Table) else table_of(np.asarray(rows, np.float64))
    with one_blas_thread():
        return result_of(table_fit_events(table, wanted))
