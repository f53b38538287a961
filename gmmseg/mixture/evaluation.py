"""A mixture that is given, evaluated on rows as a fit of no iterations."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, StopRequest, never_stop
from gmmseg.mixture.em import NO_ITERATIONS, em
from gmmseg.mixture.expectation import Rows
from gmmseg.mixture.kernels import extent_about
from gmmseg.mixture.params import FitResult, MixtureParams, Restart


def evaluated(
    params: MixtureParams, values: FloatArray, weights: FloatArray, should_stop: ShouldStop = never_stop
) -> FitResult:
    """Return the figures of `params` on some rows, as a fit that ends where it starts.

    Parameters
    ----------
    params : MixtureParams
        Not changed, not even its order.
    values : (N, D)
    weights : (N,)
    should_stop : callable
        Asked between blocks; CANCEL raises `Cancelled`.
    """

    def until_cancelled() -> StopRequest:
        return StopRequest.CANCEL if should_stop() is StopRequest.CANCEL else StopRequest.NONE

    columns = np.ascontiguousarray(values.T)
    centre = params.means.mean(axis=0)
    is_diagonal = params.covariance.is_diagonal
    rows = Rows(columns, weights, centre, is_diagonal, extent_about(columns, centre))
    kind = params.covariance.kind
    step = next(em(rows, params, kind, 0.0, NO_ITERATIONS, 0, "exact", until_cancelled))
    return FitResult(
        params=params,
        log_likelihood=step.log_likelihood,
        lower_bound=step.lower_bound,
        n_iter=0,
        converged=False,
        stop_reason="not fitted",
        history=(step,),
        restarts=(Restart(0, step.lower_bound, 0, "not fitted"),),
        best_restart=0,
        n_rows=rows.n_rows,
        total_weight=rows.total,
        floor=0.0,
    )
