"""Choice of K by a fit that begins with too many components and drops those that the rows do not support."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.errors import SettingsError
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.density import log_joint
from gmmseg.mixture.expectation import Rows
from gmmseg.mixture.fit import start_of
from gmmseg.mixture.kernels import normalise
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.preparation import prepare
from gmmseg.mixture.settings import FitSettings

TOLERANCE = 1e-5
"""Nats a row by which the message must become shorter in a sweep for the sweeps to go on."""


@dataclass(frozen=True, slots=True, eq=False)
class AnnihilationStep:
    """The mixture after one sweep over its components.

    Parameters
    ----------
    sweep : int
        0 for the start.
    params : MixtureParams
        Of the components that are left.
    alive : (K,)
        Which of the first components they are, ascending.
    log_likelihood : float
        Of the rows that the sweeps see, nats.
    message_length : float
        Of the mixture and those rows, nats; what is made small. That of Figueiredo & Jain (2002, eq. 15)
        without the constants of quantisation, (1 - log 12) (T + 1) / 2 for each component of T parameters, as
        in the authors' own program: with them a component of six rows would pay for itself.
    is_settled : bool
        Whether another sweep would change next to nothing.
    is_best : bool
        Whether no settled mixture so far had a shorter message.
    """

    sweep: int
    params: MixtureParams
    alive: IntArray
    log_likelihood: float
    message_length: float
    is_settled: bool = False
    is_best: bool = False


def annihilation_events(
    values: FloatArray,
    weights: FloatArray | None,
    settings: FitSettings,
    should_stop: ShouldStop = never_stop,
) -> Generator[AnnihilationStep, None, MixtureParams]:
    """Fit from `settings.n_components` components down by component-wise EM (Figueiredo & Jain 2002).

    The weights have a Dirichlet prior with negative exponents (Zivkovic & van der Heijden 2004): a component
    that explains fewer rows than half the number of its parameters dies. When the rest has settled, the
    lightest is let go and all goes on, down to one; the shortest message wins.

    Parameters
    ----------
    values : (N, D)
    weights : (N,), optional
    settings : FitSettings
        The seed draws one start; `n_init` is not used. `reg_covar` is what keeps a few rows by chance on a
        line from being worth a component.
    should_stop : callable
        Asked between components.

    Yields
    ------
    AnnihilationStep
        The start, and the mixture after each sweep.

    Returns
    -------
    MixtureParams
        The best one: a maximum of the penalised likelihood of the coarse rows, not yet of the likelihood;
        a fit that starts there gets to one.

    Raises
    ------
    SettingsError
        Components share their shape, so that none can die alone.
    Cancelled
        At STOP too: what has not settled compares with nothing.
    """
    if settings.is_hard or settings.covariance == "tied":
        raise SettingsError(
            "covariance",
            "Components that share a covariance are not let go one by one.",
            "Choose full, diag or spherical covariances, without hard assignment.",
        )
    prepared = prepare(values, weights, settings, should_stop)
    rows = prepared.exact if prepared.coarse is None else prepared.coarse
    start = _broad(start_of(prepared, rows, 0, should_stop), rows, prepared.floor)
    state = _State(rows.columns.T, rows.weights, start, prepared.floor)
    step = state.step(0)
    yield step
    best: AnnihilationStep | None = None
    while True:
        for _ in range(settings.max_iter):
            before = step
            state.sweep(should_stop)
            step = state.step(step.sweep + 1)
            is_settled = len(step.alive) == len(before.alive) and (
                before.message_length - step.message_length <= TOLERANCE * state.total
            )
            if is_settled:
                break
            yield step
        step = replace(step, is_settled=True)
        if best is None or step.message_length < best.message_length:
            best = step = replace(step, is_best=True)
        yield step
        if len(step.alive) == 1:
            return best.params
        state.let_go(int(step.params.weights.argmin()))
        step = state.step(step.sweep)


def _broad(start: MixtureParams, rows: Rows, floor: float) -> MixtureParams:
    """Return the means of a start with equal weights and a tenth of the rows' variance in every direction.

    So Figueiredo and Jain begin: components as narrow as a few rows would find support in these alone.
    """
    n_components, n_features = start.means.shape
    centred = rows.columns - (rows.columns @ rows.weights / rows.total)[:, None]
    variance = float((centred**2 @ rows.weights).sum()) / (10 * n_features * rows.total)
    kind = start.covariance.kind
    shape = FAMILIES[kind].shape(n_components, n_features)
    ones = np.broadcast_to(np.eye(n_features), shape) if kind == "full" else np.ones(shape)
    equal = np.full(n_components, 1 / n_components)
    return MixtureParams(equal, start.means, FAMILIES[kind].floored(ones * variance, floor))


class _State:
    """The components that are left, with the log joint density of all rows under each."""

    def __init__(self, values: FloatArray, weights: FloatArray, start: MixtureParams, floor: float) -> None:
        self._values, self._weights, self._floor = values, weights, floor
        self.total = float(weights.sum())
        self._params = start
        self._alive = np.arange(start.n_components)
        n_features = start.n_features
        self._cost = start.covariance.n_parameters(1, n_features) + n_features
        self._joint = np.empty((start.n_components, len(values)))
        for k in range(start.n_components):
            self._evaluate(k)

    def sweep(self, should_stop: ShouldStop) -> None:
        """Update one component after another, each with the responsibilities that the last one left."""
        for original in self._alive.tolist():
            raise_if_ended(should_stop)
            # Those before it may have died in this sweep.
            k = int(np.searchsorted(self._alive, original))
            responsible = self._joint.copy()
            normalise(responsible, is_hard=False)
            responsible *= self._weights
            # The prior takes half a row for each of its parameters from every component.
            support = np.maximum(responsible.sum(axis=1) - self._cost / 2, 0)
            if support.sum() <= 0:
                return  # fewer rows than any component needs: all stay
            weights = self._params.weights.copy()
            weights[k] = support[k] / support.sum()
            if weights[k] <= 0:
                if len(self._alive) > 1:
                    self.let_go(k)
                continue
            self._move(k, responsible[k], weights / weights.sum())

    def let_go(self, k: int) -> None:
        """Let the component at position `k` die."""
        keep = np.flatnonzero(np.arange(len(self._alive)) != k)
        params = self._params.reordered(keep)
        weights = params.weights / params.weights.sum()
        # Densities stay; only the weights in front of them change.
        self._joint = self._joint[keep] + np.log(weights / params.weights)[:, None]
        self._params = MixtureParams(weights, params.means, params.covariance)
        self._alive = self._alive[keep]

    def step(self, sweep: int) -> AnnihilationStep:
        """Return the present mixture with its figures."""
        densities = normalise(self._joint.copy(), is_hard=False)
        log_likelihood = float(densities @ self._weights)
        n_alive = len(self._alive)
        length = (
            self._cost / 2 * float(np.log(self._params.weights).sum())
            + n_alive * (self._cost + 1) / 2 * np.log(self.total)
            - log_likelihood
        )
        return AnnihilationStep(sweep, self._params, self._alive, log_likelihood, float(length))

    def _move(self, k: int, responsible: FloatArray, weights: FloatArray) -> None:
        count = responsible.sum()
        mean = responsible @ self._values / count
        deviations = self._values - mean
        kind = self._params.covariance.kind
        if FAMILIES[kind].is_diagonal:
            scatter = responsible @ deviations**2
        else:
            scatter = np.dot(deviations.T * responsible, deviations)
        own = FAMILIES[kind].from_moments(np.array([count]), scatter[None], self._floor)
        means, shapes = self._params.means.copy(), self._params.covariance.values.copy()
        means[k], shapes[k] = mean, own.values[0]
        self._joint += np.log(weights / self._params.weights)[:, None]
        self._params = MixtureParams(weights, means, FAMILIES[kind](shapes))
        self._evaluate(k)

    def _evaluate(self, k: int) -> None:
        """Compute the log joint density of the rows under one component anew."""
        one = self._params.reordered(np.array([k]))
        for rows, joint in log_joint(one, self._values):
            self._joint[k, rows] = joint[0]
