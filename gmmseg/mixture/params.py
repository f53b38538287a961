"""The values that a fit takes and returns: parameters, steps and results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gmmseg.arrays import FloatArray, IntArray, frozen
from gmmseg.mixture.covariance import Covariance

Stage = Literal["coarse", "exact"]
StopReason = Literal[
    "closed form",
    "bound",
    "parameters",
    "expected likelihood",
    "iteration limit",
    "stopped",
    "assignments",
    "not fitted",
    "adapted",
    "merged",
    "rounding",
]
"""Why a run ended: K = 1 has a closed form; the bound rose by less than tol; the change of the parameters
(S2 eq. 29, first rule) or of Q (second rule) was within its tolerance; the limit was reached; the user
stopped it; in hard EM no row changed its component; the parameters were given and only evaluated, adapted,
or those of another mixture with components united; the next M-step would have lowered the likelihood by
more than sums round, as exact arithmetic never does."""


@dataclass(frozen=True, slots=True, eq=False)
class MixtureParams:
    """The parameters of a Gaussian mixture (S2 eq. 30), read-only.

    Parameters
    ----------
    weights : (K,)
        Mixing coefficients, at least 0, summing to 1.
    means : (K, D)
        In feature units.
    covariance : Covariance
        One of the four families.
    is_hard : bool
        The epsilon → 0 limit (k-means): a row belongs wholly to the nearest mean and weights do not matter.
    """

    weights: FloatArray
    means: FloatArray
    covariance: Covariance
    is_hard: bool = False

    def __post_init__(self) -> None:
        n_components, n_features = self.means.shape
        if self.weights.shape != (n_components,):
            raise ValueError(f"weights {self.weights.shape} do not fit means {self.means.shape}")
        expected = self.covariance.shape(n_components, n_features)
        if self.covariance.values.shape != expected:
            raise ValueError(
                f"covariances {self.covariance.values.shape} do not fit means {self.means.shape}"
            )
        frozen(self.weights)
        frozen(self.means)

    @property
    def n_components(self) -> int:
        """Number of Gaussians, K."""
        return int(self.means.shape[0])

    @property
    def n_features(self) -> int:
        """Number of features, D."""
        return int(self.means.shape[1])

    @property
    def n_parameters(self) -> int:
        """Return the number of free parameters: K - 1 weights, K D means, and the covariance family's."""
        n_components, n_features = self.means.shape
        free = self.covariance.n_parameters(n_components, n_features)
        return int(n_components - 1 + n_components * n_features + free)

    def matrices(self) -> FloatArray:
        """Return the covariances as (K, D, D) matrices whatever the family."""
        return self.covariance.matrices(self.n_components, self.n_features)

    def reordered(self, order: IntArray) -> MixtureParams:
        """Return the same mixture with its components in the given order."""
        return MixtureParams(
            self.weights[order], self.means[order], self.covariance.reordered(order), self.is_hard
        )

    def shifted(self, offset: FloatArray) -> MixtureParams:
        """Return the mixture of the rows moved by `offset` (D,)."""
        return MixtureParams(self.weights, self.means + offset, self.covariance, self.is_hard)


@dataclass(frozen=True, slots=True, eq=False)
class FitStep:
    """One evaluated parameter set: every figure is of these `params`, none lags behind.

    ``log_likelihood = q - h`` (S2 eq. 18/26) with both at theta = theta_g; all sums over samples, nats.
    """

    restart: int
    stage: Stage
    iteration: int
    """0 for the start of the run."""
    log_likelihood: float
    q: float
    """Q(theta_g, theta_g), S2 eq. 27."""
    h: float
    """H(theta_g, theta_g): minus the entropy of the responsibilities; at most 0."""
    lower_bound: float
    """Log-likelihood per sample, nats. In the coarse stage a lower bound of the exact one."""
    q_gain: float
    """Q(theta_g+1, theta_g) - Q(theta_g, theta_g) of the M-step before (S2 eq. 21); nan where there was none:
    at the start, after re-seeding and after a jump of the acceleration."""
    h_gain: float
    """H(theta_g+1, theta_g) - H(theta_g, theta_g) of that step (S2 eq. 22): minus a KL divergence."""
    parameter_change: float
    """Norm of the change of the parameters in standard deviations; nan where `q_gain` is."""
    params: MixtureParams
    is_reseeded: bool = False
    """Whether empty components were put elsewhere, or back, before this step: the likelihood may fall."""

    def progress_text(self, n_starts: int) -> str:
        """Return how far the fit is, in words; the start where there are several."""
        start = f"start {self.restart + 1} of {n_starts}, " if n_starts > 1 else ""
        return f"Fitting: {start}{self.stage}, iteration {self.iteration}"


@dataclass(frozen=True, slots=True)
class Restart:
    """Result of one restart."""

    index: int
    lower_bound: float
    n_iter: int
    stop_reason: StopReason
    compared_bound: float
    """That by which the one to keep was chosen: of the kept one before it went on."""
    bounds: tuple[float, ...] = ()
    """After 0, 1, … M-steps, through both stages; where a stage begins, that of the new one."""


@dataclass(frozen=True, slots=True, eq=False)
class FitResult:
    """A finished fit.

    ``log_likelihood`` is the score of exactly these `params`. ``history`` holds the steps of the kept
    restart, coarse stage first; in hundreds of features only some of them, the first and the last included.
    """

    params: MixtureParams
    log_likelihood: float
    lower_bound: float
    n_iter: int
    converged: bool
    stop_reason: StopReason
    history: tuple[FitStep, ...]
    restarts: tuple[Restart, ...]
    best_restart: int
    n_rows: int
    total_weight: float
    floor: float
    """The eigenvalue floor in force, squared feature units."""
    warnings: tuple[str, ...] = ()

    @property
    def n_bytes(self) -> int:
        """Return about what the steps take in memory, bytes."""
        params = self.params
        arrays = (params.weights, params.means, params.covariance.values)
        return len(self.history) * sum(array.nbytes for array in arrays)

    @property
    def bic(self) -> float:
        """Return the Bayesian information criterion, -2 L + p ln n (lower is better)."""
        return -2 * self.log_likelihood + self.params.n_parameters * float(np.log(self.total_weight))

    @property
    def aic(self) -> float:
        """Return Akaike's information criterion, -2 L + 2 p (lower is better)."""
        return -2 * self.log_likelihood + 2 * self.params.n_parameters

    @property
    def icl(self) -> float:
        """Return the integrated completed likelihood, BIC + 2 Ent (lower is better)."""
        return self.bic - 2 * self.history[-1].h
