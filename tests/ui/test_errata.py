"""The page of slips: what is called correct is, and what was printed is not, both computed by scipy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from gmmseg.arrays import FloatArray
from ui.dialogs.errata import ERRATA, Erratum

RNG = np.random.default_rng(0)
N, D, K = 12, 2, 3
X = RNG.normal(size=(N, D))
WEIGHTS = np.array([0.5, 0.3, 0.2])
MEANS = RNG.normal(size=(K, D))
COVARIANCES = np.array([np.cov(RNG.normal(size=(D, 9))) + np.eye(D) for _ in range(K)])
LOG_JOINT = np.array(
    [np.log(WEIGHTS[k]) + multivariate_normal(MEANS[k], COVARIANCES[k]).logpdf(X) for k in range(K)]
).T
POSTERIORS = np.exp(LOG_JOINT - logsumexp(LOG_JOINT, axis=1, keepdims=True))
DENSITIES = np.exp(LOG_JOINT) / WEIGHTS


@dataclass(frozen=True)
class Slip:
    """What a row says, word by word, and both of its formulas as numbers beside the truth."""

    where: str
    printed: str
    correct: str
    value_printed: Callable[[], object]
    value_correct: Callable[[], object]
    truth: Callable[[], object]


def expected_log_joint(means: FloatArray, covariances: FloatArray) -> float:
    """Return Q of these parameters under the posteriors of the module, without the weights."""
    parts = [POSTERIORS[:, k] @ multivariate_normal(means[k], covariances[k]).logpdf(X) for k in range(K)]
    return float(np.sum(parts))


def best_means() -> FloatArray:
    """Return the means that maximise Q, by a general minimiser."""

    def loss(flat: FloatArray) -> float:
        return -expected_log_joint(flat.reshape(K, D), COVARIANCES)

    found = minimize(loss, MEANS.ravel())
    means: FloatArray = found.x.reshape(K, D)
    return means


MASSES = POSTERIORS.sum(axis=0)
NEW_MEANS = POSTERIORS.T @ X / MASSES[:, None]


def scatter(means: FloatArray, divisor: FloatArray) -> FloatArray:
    return np.array(
        [(POSTERIORS[:, k, None] * (X - means[k])).T @ (X - means[k]) / divisor[k] for k in range(K)]
    )


def from_factors(flat: FloatArray) -> FloatArray:
    """Return covariances L Lᵀ from the entries of their triangular factors."""
    factors = np.zeros((K, D, D))
    factors[:, *np.tril_indices(D)] = flat.reshape(K, -1)
    covariances: FloatArray = factors @ factors.transpose(0, 2, 1)
    return covariances


def best_covariances() -> FloatArray:
    """Return the covariances that maximise Q at the new means, by a general minimiser."""
    start = np.linalg.cholesky(COVARIANCES)[:, *np.tril_indices(D)].ravel()

    def loss(flat: FloatArray) -> float:
        return -expected_log_joint(NEW_MEANS, from_factors(flat))

    found = minimize(loss, start)
    return from_factors(found.x)


def log_density_of_first(mean: FloatArray) -> float:
    return float(multivariate_normal(mean, COVARIANCES[0]).logpdf(X[0]))


def log_determinants() -> FloatArray:
    return np.array([np.linalg.slogdet(one)[1] for one in COVARIANCES])


SLIPS = (
    Slip(
        "S0 L105",
        "P(z | x) = P(x | z) / P(x)",
        "P(z | x) = P(x | z) P(z) / P(x)",
        lambda: DENSITIES / np.exp(logsumexp(LOG_JOINT, axis=1))[:, None],
        lambda: DENSITIES * WEIGHTS / np.exp(logsumexp(LOG_JOINT, axis=1))[:, None],
        lambda: POSTERIORS,
    ),
    Slip(
        "S0 L165",
        "Normaliser (2πΣ_k)^(-1/2) and log(2πΣ_k)",
        "(2π)^(-D/2) |Σ_k|^(-1/2) and D log 2π + log |Σ_k|; the printed form holds for D = 1 only",
        lambda: (2 * np.pi * np.array([np.linalg.det(one) for one in COVARIANCES])) ** -0.5,
        lambda: np.exp(-0.5 * (D * np.log(2 * np.pi) + log_determinants())),
        lambda: [multivariate_normal(MEANS[k], COVARIANCES[k]).pdf(MEANS[k]) for k in range(K)],
    ),
    Slip(
        "S0 L167-172",
        "A bar over Σ and an unclear transpose in the gradient",
        "∂ log N / ∂μ = Σ⁻¹ (x - μ), as Σ is symmetric",
        lambda: X[0] - MEANS[0],
        lambda: np.linalg.solve(COVARIANCES[0], X[0] - MEANS[0]),
        lambda: approx_fprime(MEANS[0], log_density_of_first, 1e-7),
    ),
    Slip(
        "S0 L181",
        "μ_k = Σ_i γ_ik x_i: the divisor is lost",
        "μ_k = (1/N_k) Σ_i γ_ik x_i with N_k = Σ_i γ_ik",
        lambda: POSTERIORS.T @ X,
        lambda: NEW_MEANS,
        best_means,
    ),
    Slip(
        "S0 L185",
        "Σ_k is left out as similar",
        "Σ_k = (1/N_k) Σ_i γ_ik (x_i - μ_k)(x_i - μ_k)ᵀ with the new μ_k",
        lambda: scatter(MEANS, MASSES),
        lambda: scatter(NEW_MEANS, MASSES),
        best_covariances,
    ),
    Slip(
        "S1 L48",
        "“Sample” covariance maximises the likelihood",
        "The one with 1/N does; the unbiased one has 1/(N - 1)",
        lambda: np.cov(X.T),
        lambda: np.cov(X.T, bias=True),
        lambda: multivariate_normal.fit(X)[1],
    ),
    Slip(
        "S2 eq. 31",
        "p(x) = ∏ x_i",
        "p(X) = ∏ p(x_i)",
        lambda: np.log(np.abs(np.prod(X))),
        lambda: np.log(np.prod(np.exp(LOG_JOINT).sum(axis=1))),
        lambda: logsumexp(LOG_JOINT, axis=1).sum(),
    ),
    Slip(
        "S3 L7",
        "1 / (√(2π) σ²)",
        "1 / (√(2π) σ)",
        lambda: value_of(row("S3 L7").printed, σ=1.7),
        lambda: value_of(row("S3 L7").correct, σ=1.7),
        lambda: norm(scale=1.7).pdf(0),
    ),
    Slip(
        "S3 L84",
        "r_ik = π_i N(x⁽ⁱ⁾ | μ_k, …) / Σ_k …",
        "π_k above the line, and an index of its own, j, below",
        lambda: np.resize(WEIGHTS, N)[:, None] * DENSITIES / np.exp(LOG_JOINT).sum(axis=1)[:, None],
        lambda: WEIGHTS * DENSITIES / np.exp(LOG_JOINT).sum(axis=1)[:, None],
        lambda: POSTERIORS,
    ),
    Slip(
        "S4 L46",
        "Σ_n N(…) / Σ_j π_j N(…) - N π_k = 0",
        "Σ_n π_k N(…) / Σ_j π_j N(…) - N π_k = 0",
        lambda: (DENSITIES / np.exp(LOG_JOINT).sum(axis=1)[:, None]).sum(axis=0) / N,
        lambda: (WEIGHTS * DENSITIES / np.exp(LOG_JOINT).sum(axis=1)[:, None]).sum(axis=0) / N,
        # The weights that maximise Σ_nk γ_nk log π_k with Σ_k π_k = 1.
        lambda: MASSES / MASSES.sum(),
    ),
)


def row(where: str) -> Erratum:
    return next(slip for slip in ERRATA if slip.where == where)


def value_of(formula: str, σ: float) -> float:
    """Return the value of a formula as it is printed on the page."""
    python = formula.replace("√(2π) ", "(2 * pi) ** 0.5 * ").replace("σ²", "σ ** 2")
    value: float = eval(python, {"pi": np.pi, "σ": σ})
    return value


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.where)
def test_what_is_called_correct_is_and_what_was_printed_is_not(slip: Slip) -> None:
    shown = row(slip.where)
    assert (shown.printed, shown.correct) == (slip.printed, slip.correct)
    truth = np.asarray(slip.truth(), dtype=float)
    np.testing.assert_allclose(np.asarray(slip.value_correct(), dtype=float), truth, rtol=1e-3, atol=1e-4)
    assert not np.allclose(np.asarray(slip.value_printed(), dtype=float), truth, rtol=1e-2)
