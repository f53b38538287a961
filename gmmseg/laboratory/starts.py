"""Starts of EM on some data, and mixtures fitted quickly to have something to begin with."""

from __future__ import annotations

from dataclasses import replace

from gmmseg.errors import EditError
from gmmseg.laboratory.data import Data
from gmmseg.mixture.fit import fit, start_of
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.preparation import prepare
from gmmseg.mixture.settings import FitSettings

QUICK_ROWS = 2000
QUICK_ITERATIONS = 100


def check_features(data: Data, params: MixtureParams) -> None:
    """Raise `EditError` where a mixture is of other features than some data have."""
    if params.n_features != data.n_features:
        raise EditError(
            f"The mixture has {params.n_features} features, these rows have {data.n_features}.",
            "Open the rows that it was fitted to, or others like them.",
        )


def start(data: Data, settings: FitSettings, restart: int = 0) -> MixtureParams:
    """Return the start that the engine would make for a restart; K is at most the number of distinct rows."""
    prepared = prepare(data.values, None, settings)
    return start_of(prepared, prepared.exact, restart)


def quick_fit(data: Data, settings: FitSettings) -> MixtureParams:
    """Return a mixture of at most `QUICK_ROWS` rows after few iterations: soon enough for a page that opens.

    Parameters
    ----------
    data : Data
    settings : FitSettings
        Of these components, covariance and seed are used.
    """
    step = -(-data.n_rows // QUICK_ROWS)
    quick = replace(settings, n_init=1, tol=max(settings.tol, 1e-4), max_iter=QUICK_ITERATIONS)
    return fit(data.values[::step], settings=quick).params
