"""The number of components by annihilation: many to begin with, of which the weak ones die."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.mixture.expectation import Rows
from gmmseg.mixture.initialise import first_params
from gmmseg.mixture.moments import maximise
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.preparation import prepare
from gmmseg.mixture.settings import FitSettings

RELATIVE_TOL = 1e-5
"""Of the message length, below which a number of components has settled."""
MOST_SWEEPS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Survivors:
    """One state of the search.

    Parameters
    ----------
    params : MixtureParams
        Of the components that live.
    alive : int array, (K,)
        Which of those at the start they are.
    message_length : float
        Nats; the smallest of all states is the best.
    is_settled : bool
        Whether this is where the sweeps over so many components ended.
    """

    params: MixtureParams
    alive: IntArray
    message_length: float
    is_settled: bool = False


def annihilation_events(
    values: FloatArray,
    settings: FitSettings,
    should_stop: ShouldStop = never_stop,
) -> Generator[Survivors, None, Survivors]:
    """Find components by minimum message length (Figueiredo and Jain 2002).

    ``π_k = max(0, N_k - c) / Σ_j max(0, N_j - c)`` with c half the free parameters of a component, one
    component after another, so that what a dying one gives up can save its neighbours; once all has
    settled the lightest is taken away and the sweeps go on, down to one. Zivkovic and van der Heijden
    (2004) have the same rule as the mode under a Dirichlet prior with the exponent -c. What is found
    maximises no likelihood: a fit from there does.

    Parameters
    ----------
    values : (N, D)
    settings : FitSettings
        ``n_components`` is how many there are at the start.
    should_stop : callable
        Asked before each sweep.

    Yields
    ------
    Survivors
        After each sweep.

    Returns
    -------
    Survivors
        The settled state with the shortest message.

    Raises
    ------
    Cancelled
        At STOP, too: a search that has not come down to one component has no result.
    """
    prepared = prepare(values, None, settings)
    rows, settings = prepared.exact, prepared.settings
    search = _Search(rows, settings, prepared.floor)
    state, best = search.start(), None
    while True:
        for _ in range(MOST_SWEEPS):
            raise_if_ended(should_stop)
            before, state = state, search.sweep(state)
            yield state
            if abs(before.message_length - state.message_length) < RELATIVE_TOL * abs(before.message_length):
                break
        settled = Survivors(state.params, state.alive, state.message_length, is_settled=True)
        yield settled
        if best is None or settled.message_length < best.message_length:
            best = settled
        if len(settled.alive) == 1:
            return best
        state = search.without(settled, int(settled.params.weights.argmin()))


class _Search:
    """The rows of a search and its rules."""

    def __init__(self, rows: Rows, settings: FitSettings, floor: float) -> None:
        self._rows, self._settings, self._floor = rows, settings, floor

    def start(self) -> Survivors:
        """Return many components at random rows."""
        settings = self._settings
        params = first_params(
            self._rows.columns.T,
            self._rows.weights,
            settings.n_components,
            "random",
            settings.covariance,
            self._floor,
            False,
            np.random.default_rng([settings.seed, 0]),
        )
        alive = np.arange(params.n_components)
        return Survivors(params, alive, self.message_length(params))

    def sweep(self, state: Survivors) -> Survivors:
        """Update one component after another; those with too few rows die on the way."""
        params, alive = state.params, state.alive
        k = 0
        while k < params.n_components:
            counts = self._rows.expectation(params, False, never_stop).moments.counts
            kept = np.maximum(counts - self.cost_of(params) / 2, 0.0)
            if kept[k] == 0 and len(alive) > 1:
                left = self.without(Survivors(params, alive, 0.0), k)
                params, alive = left.params, left.alive
                continue
            params = self._with_component(params, k, kept / kept.sum() if kept.any() else params.weights)
            k += 1
        return Survivors(params, alive, self.message_length(params))

    def _with_component(self, params: MixtureParams, k: int, weights: FloatArray) -> MixtureParams:
        """Return the M-step of one component, under new weights for it alone."""
        own = params.weights.copy()
        own[k] = weights[k]
        own = own / own.sum()
        settled = MixtureParams(own, params.means, params.covariance)
        moments = self._rows.expectation(settled, False, never_stop).moments
        found = maximise(moments, settled, self._settings.covariance, self._floor)
        means = params.means.copy()
        means[k] = found.means[k]
        where = np.arange(params.n_components) == k
        return MixtureParams(own, means, found.covariance.replaced(params.covariance, ~where))

    def without(self, state: Survivors, k: int) -> Survivors:
        """Return the state without a component."""
        keep = np.flatnonzero(np.arange(len(state.alive)) != k)
        weights = state.params.weights[keep]
        params = MixtureParams(
            weights / weights.sum(), state.params.means[keep], state.params.covariance.reordered(keep)
        )
        return Survivors(params, state.alive[keep], self.message_length(params))

    def cost_of(self, params: MixtureParams) -> int:
        """Return the free parameters of one component: mean and covariance."""
        n_features = params.n_features
        return n_features + params.covariance.n_parameters(1, n_features)

    def message_length(self, params: MixtureParams) -> float:
        """Return the length of the shortest message that tells parameters and rows, nats (eq. 15 there)."""
        n, k, cost = self._rows.total, params.n_components, self.cost_of(params)
        level = self._rows.expectation(params, False, never_stop).log_likelihood
        told = cost / 2 * float(np.log(n * params.weights / 12).sum()) + k / 2 * np.log(n / 12)
        return float(told + k * (cost + 1) / 2 - level)
