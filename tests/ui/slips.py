"""The slips of the source documents as numbers: what was printed, what is correct, and the truth by scipy."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise, product

import numpy as np
from scipy.integrate import quad
from scipy.optimize import approx_fprime, minimize
from scipy.special import logsumexp
from scipy.stats import chi2, multivariate_normal, norm

from gmmseg.arrays import FloatArray
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.moments import parameter_change
from gmmseg.mixture.params import MixtureParams
from ui.dialogs.errata import ERRATA, Erratum

Theta = tuple[FloatArray, FloatArray, FloatArray]
"""Weights (K,), means (K, D) and covariances (K, D, D)."""

RNG = np.random.default_rng(0)
N, D, K = 12, 2, 3
X = RNG.normal(size=(N, D))
WEIGHTS = np.array([0.5, 0.3, 0.2])
MEANS = RNG.normal(size=(K, D))
COVARIANCES = np.array([np.cov(RNG.normal(size=(D, 9))) + np.eye(D) for _ in range(K)])
THETA: Theta = (WEIGHTS, MEANS, COVARIANCES)
OTHER: Theta = (WEIGHTS[::-1], MEANS + 0.5, COVARIANCES * 1.5)
Z = [0, 2, 1, 1, 0, 0, 2, 1, 0, 2, 1, 0]
"""Latent variables of the rows, as if they were known."""
FEW = 4
ASSIGNMENTS = list(product(range(K), repeat=FEW))
"""All Z of the first few rows."""
LINE_WEIGHTS, LINE_MEANS, LINE_SDS = WEIGHTS, np.array([-2.0, 1.0, 4.0]), np.array([0.5, 1.5, 0.8])
LINE = np.concatenate([RNG.normal(LINE_MEANS[k], LINE_SDS[k], n) for k, n in enumerate((25, 15, 10))])
LINE = RNG.permutation(LINE)
"""Rows on a line."""


@dataclass(frozen=True)
class Slip:
    """A row word by word, and both of its formulas as numbers beside the truth."""

    where: str
    printed: str
    correct: str
    value_printed: Callable[[], object]
    value_correct: Callable[[], object]
    truth: Callable[[], object]


def density(x: FloatArray, k: int) -> float:
    return float(multivariate_normal(MEANS[k], COVARIANCES[k]).pdf(x))


def textbook_density(x: FloatArray, mean: FloatArray, covariance: FloatArray) -> float:
    distance = (x - mean) @ np.linalg.inv(covariance) @ (x - mean)
    return float(np.exp(-distance / 2) / np.sqrt(np.linalg.det(2 * np.pi * covariance)))


def textbook_posterior(x: FloatArray) -> FloatArray:
    joint = np.array([WEIGHTS[k] * textbook_density(x, MEANS[k], COVARIANCES[k]) for k in range(K)])
    shares: FloatArray = joint / joint.sum()
    return shares


def log_joint(theta: Theta, rows: FloatArray = X) -> FloatArray:
    weights, means, covariances = theta
    return np.array(
        [np.log(weights[k]) + multivariate_normal(means[k], covariances[k]).logpdf(rows) for k in range(K)]
    ).T


def posteriors(theta: Theta) -> FloatArray:
    joint = log_joint(theta)
    return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))


LOG_JOINT = log_joint(THETA)
POSTERIORS = posteriors(THETA)
DENSITIES = np.exp(LOG_JOINT) / WEIGHTS
MASSES = POSTERIORS.sum(axis=0)
NEW_MEANS = POSTERIORS.T @ X / MASSES[:, None]


def expected_log_joint(means: FloatArray, covariances: FloatArray) -> float:
    """Return Q of these parameters under the posteriors of the module, without the weights."""
    parts = [POSTERIORS[:, k] @ multivariate_normal(means[k], covariances[k]).logpdf(X) for k in range(K)]
    return float(np.sum(parts))


def gradient_of_q() -> FloatArray:
    """Return the derivative of Q with respect to the means, by differences."""

    def q(flat: FloatArray) -> float:
        return expected_log_joint(flat.reshape(K, D), COVARIANCES)

    return np.asarray(approx_fprime(MEANS.ravel(), q, 1e-7)).reshape(K, D)


def best_means() -> FloatArray:
    """Return the means that maximise Q, by a general minimiser."""

    def loss(flat: FloatArray) -> float:
        return -expected_log_joint(flat.reshape(K, D), COVARIANCES)

    found = minimize(loss, MEANS.ravel())
    means: FloatArray = found.x.reshape(K, D)
    return means


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


def braces(subtracted: FloatArray) -> FloatArray:
    """Return the sums that S4 sets to 0 for the covariances, at those that maximise Q, (K, D, D)."""
    best = scatter(NEW_MEANS, MASSES)
    return np.array([
        sum(
            POSTERIORS[n, k]
            * (np.linalg.inv(best[k]) @ np.outer(X[n] - NEW_MEANS[k], X[n] - NEW_MEANS[k]) - subtracted)
            for n in range(N)
        )
        for k in range(K)
    ])  # fmt: skip


def log_density_of_first(mean: FloatArray) -> float:
    return float(multivariate_normal(mean, COVARIANCES[0]).logpdf(X[0]))


def log_determinants() -> FloatArray:
    return np.array([np.linalg.slogdet(one)[1] for one in COVARIANCES])


def single_log_likelihood() -> float:
    return float(multivariate_normal(MEANS[0], COVARIANCES[0]).logpdf(X).sum())


def few_log_joint(z: Sequence[int]) -> float:
    return float(sum(LOG_JOINT[n, z[n]] for n in range(FEW)))


def few_posterior(z: Sequence[int]) -> float:
    return float(np.prod([POSTERIORS[n, z[n]] for n in range(FEW)]))


def few_q() -> float:
    return float((POSTERIORS * LOG_JOINT)[:FEW].sum())


def few_q_by_assignments() -> float:
    return sum(few_log_joint(z) * few_posterior(z) for z in ASSIGNMENTS)


def one_hot(scores: FloatArray) -> FloatArray:
    chosen: FloatArray = np.eye(scores.shape[1])[scores.argmax(axis=1)]
    return chosen


def m_step(gamma: FloatArray, rows: FloatArray) -> Theta:
    """Return the parameters that maximise Q under some posteriors (N, K)."""
    counts = gamma.sum(axis=0)
    means = gamma.T @ rows / counts[:, None]
    covariances = np.array([
        (gamma[:, k, None] * (rows - means[k])).T @ (rows - means[k]) / counts[k] for k in range(K)
    ])  # fmt: skip
    return counts / len(rows), means, covariances


CLOUD = np.concatenate([
    RNG.multivariate_normal(mean, np.eye(D), n)
    for mean, n in zip(([0.0, 0.0], [4.0, 0.0], [0.0, 3.0]), (40, 30, 20), strict=True)
])  # fmt: skip
"""Rows to run EM on."""
START: Theta = (
    np.full(K, 1 / K),
    np.array([[0.5, 0.0], [2.5, 1.0], [0.0, 1.5]]),
    np.array([np.eye(D) * 3] * K),
)


def cloud_log_likelihood(theta: Theta) -> float:
    return float(logsumexp(log_joint(theta, CLOUD), axis=1).sum())


def cloud_posteriors(theta: Theta) -> FloatArray:
    joint = log_joint(theta, CLOUD)
    return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))


def em_path(start: Theta, n_steps: int) -> list[Theta]:
    """Return the parameters of EM from a start on."""
    path = [start]
    for _ in range(n_steps):
        path.append(m_step(cloud_posteriors(path[-1]), CLOUD))
    return path


@cache
def best_log_likelihood() -> float:
    """Return the likelihood that a general minimiser finds from where EM is after a few steps."""
    weights, means, covariances = em_path(START, 60)[-1]
    factors = np.linalg.cholesky(covariances)[:, *np.tril_indices(D)].ravel()

    def loss(flat: FloatArray) -> float:
        shares = np.exp(flat[:K] - logsumexp(flat[:K]))
        theta = shares, flat[K : K + K * D].reshape(K, D), from_factors(flat[K + K * D :])
        return -cloud_log_likelihood(theta)

    return -float(minimize(loss, np.concatenate([np.log(weights), means.ravel(), factors])).fun)


def end_from_one_point() -> Theta:
    """Return where EM ends from equal components: at a stationary point that is no maximum."""
    same = np.full(K, 1 / K), np.tile(CLOUD.mean(axis=0) + 1, (K, 1)), np.array([np.eye(D)] * K)
    return em_path(same, 3)[-1]


def mean_gradient(theta: Theta) -> FloatArray:
    """Return the derivative of L with respect to the means, by differences."""
    weights, means, covariances = theta

    def height(flat: FloatArray) -> float:
        return cloud_log_likelihood((weights, flat.reshape(K, D), covariances))

    return np.asarray(approx_fprime(means.ravel(), height, 1e-6))


def own_entropies() -> list[float]:
    """Return H(θ_g, θ_g) = Σ γ log γ along EM."""
    return [float((gamma * np.log(gamma)).sum()) for gamma in map(cloud_posteriors, em_path(START, 30))]


def entropy_changes() -> list[float]:
    """Return H(θ_g+1, θ_g) - H(θ_g, θ_g) of each step of EM."""
    pairs = pairwise(map(cloud_posteriors, em_path(START, 30)))
    return [float((old * (np.log(new) - np.log(old))).sum()) for old, new in pairs]


def change_of_first_step(scale: float) -> float:
    """Return the program's measure of a change of parameters, with all lengths multiplied."""
    old, new = (
        MixtureParams(weights, means * scale, Full(covariances * scale**2))
        for weights, means, covariances in em_path(START, 1)
    )
    return parameter_change(old, new)


def expected_squared_distance(centre: FloatArray) -> float:
    """Return E|x - c|² over the first Gaussian by Gauss-Hermite quadrature."""
    nodes, shares = np.polynomial.hermite_e.hermegauss(8)
    factor = np.linalg.cholesky(COVARIANCES[0])
    return sum(
        a * b * float(((MEANS[0] + factor @ [u, v] - centre) ** 2).sum())
        for (u, a), (v, b) in product(zip(nodes, shares, strict=True), repeat=2)
    )


def line_joint(k: int, x: float) -> float:
    return float(LINE_WEIGHTS[k] * norm(LINE_MEANS[k], LINE_SDS[k]).pdf(x))


def integral(function: Callable[[float], float]) -> float:
    return float(quad(function, -30, 30, points=[-2, 1, 4], limit=200)[0])


def derivative(function: Callable[[float], float], x: float) -> float:
    return (function(x + 1e-5) - function(x - 1e-5)) / 2e-5


def line_density(x: float, weights: FloatArray) -> float:
    return float(sum(weights * norm(LINE_MEANS, LINE_SDS).pdf(x)))


def line_components() -> FloatArray:
    return np.array([norm(LINE_MEANS[k], LINE_SDS[k]).pdf(LINE) for k in range(K)])


def best_line_weights() -> FloatArray:
    """Return the weights of highest likelihood on the line, by a general minimiser over their logits."""

    def loss(logits: FloatArray) -> float:
        return -float(np.log(np.exp(logits - logsumexp(logits)) @ line_components()).sum())

    logits = minimize(loss, np.zeros(K), tol=1e-10).x
    weights: FloatArray = np.exp(logits - logsumexp(logits))
    return weights


def weight_gradient(weights: FloatArray) -> FloatArray:
    """Return the derivative of L with respect to the weights as if nothing held their sum."""
    slope: FloatArray = (line_components() / (weights @ line_components())).sum(axis=1)
    return slope


def shares_between_two_means(epsilon: float) -> FloatArray:
    """Return the responsibilities of a point halfway between two of three means, all variances ε."""
    logs = np.log(WEIGHTS) + norm([-1.0, 1.0, 5.0], np.sqrt(epsilon)).logpdf(0.0)
    shares: FloatArray = np.exp(logs - logsumexp(logs))
    return shares


def recording(speaker: int, text: int) -> FloatArray:
    """Return frames of a speaker, who says the same words forwards or backwards."""
    frames = norm(2.0 * speaker, 1).rvs(40, random_state=speaker)
    return np.asarray(frames if text == 0 else frames[::-1])


def told(frames: FloatArray, models: Sequence[FloatArray]) -> int:
    """Return which of some recordings a Gaussian fitted to it explains these frames by best."""
    scores = [norm(one.mean(), one.std()).logpdf(frames).mean() for one in models]
    return int(np.round(scores, 9).argmax())


SLIPS = (
    Slip(
        "S0 L31",
        "Σ_k α_k P_z(z | C_k) / P_z(z) = … = 1, under a garbled table",
        "P(z = c_k) = p_k with Σ_k p_k = 1: the weights are the prior of z",
        lambda: POSTERIORS[0],
        lambda: WEIGHTS,
        lambda: [integral(partial(line_joint, k)) for k in range(K)],
    ),
    Slip(
        "S0 L59",
        "Pairs run from (x_1, z_1) to (x_M, z_N)",
        "To (x_N, z_N): one z for each x",
        lambda: sum(LOG_JOINT[min(n, N - 2), Z[n]] for n in range(N)),
        lambda: sum(LOG_JOINT[n, Z[n]] for n in range(N)),
        lambda: np.log(np.prod([WEIGHTS[Z[n]] * density(X[n], Z[n]) for n in range(N)])),
    ),
    Slip(
        "S0 L83, 1st line",
        "log ∏ P(x_i, z | θ)",
        "log ∏ P(x_i, z_i | θ)",
        lambda: sum(LOG_JOINT[n, Z[0]] for n in range(N)),
        lambda: sum(LOG_JOINT[n, Z[n]] for n in range(N)),
        lambda: np.log(np.prod([WEIGHTS[Z[n]] * density(X[n], Z[n]) for n in range(N)])),
    ),
    Slip(
        "S0 L83, 3rd line",
        "The factor ∏ P(z_i | x_i, θ⁽ᵗ⁾) is lost",
        "Σ_Z [Σ_i log P(x_i, z_i | θ)] ∏_j P(z_j | x_j, θ⁽ᵗ⁾)",
        lambda: sum(few_log_joint(z) for z in ASSIGNMENTS),
        lambda: sum(few_log_joint(z) * few_posterior(z) for z in ASSIGNMENTS),
        lambda: (POSTERIORS * LOG_JOINT)[:FEW].sum(),
    ),
    Slip(
        "S0 L87",
        "P(z_i | x_i) stands in the term of the first sample",
        "Σ_{z_1} log P(x_1, z_1 | θ) P(z_1 | x_1, θ⁽ᵗ⁾); all other sums over z_j are 1",
        lambda: POSTERIORS[1] @ LOG_JOINT[0],
        lambda: POSTERIORS[0] @ LOG_JOINT[0],
        lambda: sum(LOG_JOINT[0, z[0]] * few_posterior(z) for z in ASSIGNMENTS),
    ),
    Slip(
        "S0 L89",
        "≤",
        "An equality: Q = Σ_i Σ_{z_i} log P(x_i, z_i | θ) P(z_i | x_i, θ⁽ᵗ⁾)",
        lambda: float(few_q() < few_q_by_assignments() - 1e-9),
        lambda: float(np.isclose(few_q(), few_q_by_assignments(), rtol=1e-12)),
        lambda: 1.0,
    ),
    Slip(
        "S0 L105",
        "P(z | x) = P(x | z) / P(x)",
        "P(z | x) = P(x | z) P(z) / P(x)",
        lambda: DENSITIES / np.exp(logsumexp(LOG_JOINT, axis=1))[:, None],
        lambda: DENSITIES * WEIGHTS / np.exp(logsumexp(LOG_JOINT, axis=1))[:, None],
        lambda: POSTERIORS,
    ),
    Slip(
        "S0 L109",
        "The sum over z_i is missing and the posterior carries (t+1)",
        "Σ_i Σ_{z_i}, with posteriors from the old parameters θ⁽ᵗ⁾",
        lambda: (posteriors(OTHER) * log_joint(OTHER)).sum(),
        lambda: (POSTERIORS * log_joint(OTHER)).sum(),
        lambda: expected_log_joint(OTHER[1], OTHER[2]) + MASSES @ np.log(OTHER[0]),
    ),
    Slip(
        "S0 L125",
        "g⁽ᵗ⁺¹⁾ = argmax Q",
        "θ⁽ᵗ⁺¹⁾ = argmax Q",
        lambda: one_hot(LOG_JOINT).T @ X / np.maximum(one_hot(LOG_JOINT).sum(axis=0), 1)[:, None],
        lambda: NEW_MEANS,
        best_means,
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
        "S1 L13, L19",
        "x has n dimensions, the density d",
        "One letter: both are D",
        lambda: (2 * np.pi) ** (-N / 2) * np.linalg.det(COVARIANCES[0]) ** -0.5,
        lambda: (2 * np.pi) ** (-D / 2) * np.linalg.det(COVARIANCES[0]) ** -0.5,
        lambda: density(MEANS[0], 0),
    ),
    Slip(
        "S1 L32",
        "The product ends at x⁽ᵐ⁾",
        "At x⁽ᴺ⁾",
        lambda: sum(np.log(density(x, 0)) for x in X[:D]),
        lambda: sum(np.log(density(x, 0)) for x in X),
        lambda: np.log(np.prod([density(x, 0) for x in X])),
    ),
    Slip(
        "S1 L36, L42",
        "L is the likelihood and the log-likelihood; a log |Σ| strays in between",
        "ℓ(μ, Σ) = log p(D; μ, Σ)",
        lambda: single_log_likelihood() + np.linalg.slogdet(COVARIANCES[0])[1],
        single_log_likelihood,
        lambda: np.log(np.prod([density(x, 0) for x in X])),
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
        "S1 L84, L102",
        "φ_k / Σφ in one place, φ_k in the other",
        "The same only where Σ_k φ_k = 1",
        lambda: integral(lambda x: line_density(x, 2 * LINE_WEIGHTS)),
        lambda: integral(lambda x: line_density(x, 2 * LINE_WEIGHTS / (2 * LINE_WEIGHTS).sum())),
        lambda: 1.0,
    ),
    Slip(
        "S1 L135",
        "∂L/∂φ = 0 without the constraint",
        "With Σ_k φ_k = 1 held by a Lagrange multiplier",
        lambda: weight_gradient(best_line_weights()),
        lambda: weight_gradient(best_line_weights()) - len(LINE),
        lambda: np.zeros(K),
    ),
    Slip(
        "S2 §1.1, L36",
        "A number like 1e-30 easily overflows",
        "A double reaches down to about 1e-308; it is the product of many such factors that underflows to 0",
        lambda: float(1e-30 == 0.0 or np.isinf(1e-30)),
        lambda: float(1e-30 > 0 and np.prod(np.full(N, 1e-30)) == 0),
        lambda: float(np.log10(np.finfo(float).smallest_subnormal) > -30 * N),
    ),
    Slip(
        "S2 eq. 8",
        "Σ over i, p(z_k), N(μ_k, σ_k)",
        "p(x) = Σ_k p(z = k) N(x | μ_k, σ_k²)",
        lambda: [sum(LINE_WEIGHTS * norm(LINE_MEANS, np.sqrt(LINE_SDS)).pdf(x)) for x in LINE[:5]],
        lambda: [line_density(x, LINE_WEIGHTS) for x in LINE[:5]],
        lambda: [
            derivative(lambda x: sum(LINE_WEIGHTS * norm(LINE_MEANS, LINE_SDS).cdf(x)), x) for x in LINE[:5]
        ],
    ),
    Slip(
        "S2 eq. 9",
        "log p(x | θ) with σ_k",
        "Σ_i log p(x_i | θ) with σ_k²",
        lambda: np.log(line_density(LINE[0], LINE_WEIGHTS)),
        lambda: sum(np.log(line_density(x, LINE_WEIGHTS)) for x in LINE[:N]),
        lambda: np.log(np.prod([line_density(x, LINE_WEIGHTS) for x in LINE[:N]])),
    ),
    Slip(
        "S2 L181",
        "EM converges to the extremum",
        "The likelihood never falls, and under conditions a stationary point is reached; with free "
        "covariances it is unbounded, as a component may shrink onto one point",
        lambda: best_log_likelihood() - cloud_log_likelihood(end_from_one_point()),
        lambda: np.abs(mean_gradient(end_from_one_point())).max(),
        lambda: 0.0,
    ),
    Slip(
        "S2 L202",
        "H falls step by step, so that -H rises",
        "Only within a step: H(θ⁽ᵍ⁺¹⁾, θ⁽ᵍ⁾) ≤ H(θ⁽ᵍ⁾, θ⁽ᵍ⁾). From step to step neither H(θ⁽ᵍ⁾, θ⁽ᵍ⁾) "
        "nor Q(θ⁽ᵍ⁾, θ⁽ᵍ⁾) needs to be monotone",
        lambda: sum(after > before + 1e-9 for before, after in pairwise(own_entropies())),
        lambda: sum(change > 1e-9 for change in entropy_changes()),
        lambda: 0,
    ),
    Slip(
        "S2 algorithm 1",
        "The latent data Z are an input",
        "Z is unknown; given are the forms of P(X, Z | θ) and P(Z | X, θ)",
        lambda: cloud_log_likelihood(m_step(np.eye(K)[np.resize(Z, len(CLOUD))], CLOUD)),
        lambda: cloud_log_likelihood(em_path(START, 400)[-1]),
        best_log_likelihood,
    ),
    Slip(
        "S2 eq. 29",
        "Absolute thresholds for ‖Δθ‖ and |ΔQ|",
        "They depend on units and on N: here Δθ is in standard deviations and ΔQ per sample",
        lambda: np.linalg.norm(1000 * (NEW_MEANS - MEANS)) / np.linalg.norm(NEW_MEANS - MEANS),
        lambda: change_of_first_step(1000.0) / change_of_first_step(1.0),
        lambda: 1.0,
    ),
    Slip(
        "S2 fig. 5, fig. 6",
        "The 2σ ellipse as if it were the 95 % one",
        "It holds 86.5 % in two dimensions and 73.9 % in three; 95 % in two needs 2.448σ",
        lambda: [0.95, 0.95, 2.0],
        lambda: [
            float(word) / (100 if word != "2.448" else 1)
            for word in re.findall(r"(\d+\.\d+)", row("S2 fig. 5, fig. 6").correct)
        ],
        lambda: [chi2(2).cdf(4), chi2(3).cdf(4), np.sqrt(chi2(2).ppf(0.95))],
    ),
    Slip(
        "S2 L254",
        "Each single distribution is a cluster centre",
        "Its mean is the centre",
        lambda: multivariate_normal(MEANS[0], COVARIANCES[0]).rvs(random_state=0),
        lambda: MEANS[0],
        lambda: minimize(expected_squared_distance, np.zeros(D)).x,
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
        "S2 eq. 32",
        "y_i and σ_k",
        "x_i and σ_k² (or Σ_k)",
        lambda: sum(np.log(sum(LINE_WEIGHTS * norm(LINE_MEANS, np.sqrt(LINE_SDS)).pdf(x))) for x in LINE[:N]),
        lambda: sum(np.log(line_density(x, LINE_WEIGHTS)) for x in LINE[:N]),
        lambda: np.log(np.prod([line_density(x, LINE_WEIGHTS) for x in LINE[:N]])),
    ),
    Slip(
        "S2 L281",
        "First rough values of the parameters, then maximising",
        "E: responsibilities under the present parameters; M: parameters that maximise Q",
        lambda: MEANS,
        lambda: m_step(posteriors(THETA), X)[1],
        best_means,
    ),
    Slip(
        "S2 eq. 33-46, S4 L29",
        "Σ typeset as a sum sign",
        "The covariance Σ",
        lambda: textbook_density(X[0], MEANS[0], COVARIANCES.sum(axis=0)),
        lambda: textbook_density(X[0], MEANS[0], COVARIANCES[0]),
        lambda: density(X[0], 0),
    ),
    Slip(
        "S2 eq. 39",
        "Left the posterior of one z, right a product over all samples",
        "p(Z | X) ∝ ∏_n ∏_k [π_k N(x_n | μ_k, Σ_k)]^z_nk",
        lambda: POSTERIORS[0, Z[0]],
        lambda: np.exp(few_log_joint(Z)) / sum(np.exp(few_log_joint(z)) for z in ASSIGNMENTS),
        lambda: np.prod([POSTERIORS[n, Z[n]] for n in range(FEW)]),
    ),
    Slip(
        "S2 eq. 40, eq. 46",
        "N(x | …)",
        "N(x_n | …)",
        lambda: np.array([textbook_posterior(X[0]) for _ in X]),
        lambda: np.array([textbook_posterior(x) for x in X]),
        lambda: POSTERIORS,
    ),
    Slip(
        "S2 eq. 42",
        "Σ_n Σ_k γ Σ_k (x_n - μ_k) = 0",
        "For each k: Σ_n γ(z_nk) Σ_k⁻¹ (x_n - μ_k) = 0; no sum over k, and the inverse",
        lambda: np.tile(sum(COVARIANCES[k] @ (POSTERIORS[:, k] @ (X - MEANS[k])) for k in range(K)), (K, 1)),
        lambda: np.array(
            [np.linalg.solve(COVARIANCES[k], POSTERIORS[:, k] @ (X - MEANS[k])) for k in range(K)]
        ),
        gradient_of_q,
    ),
    Slip(
        "S2 §2.1",
        "Text-independent speech recognition",
        "Text-independent identification of speakers",
        lambda: [told(recording(at, at), [recording(at, text) for text in range(2)]) for at in range(2)],
        lambda: [told(recording(at, at), [recording(who, 0) for who in range(2)]) for at in range(2)],
        lambda: [0, 1],
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
        "S3 L22, L24, L34",
        "Sums and products from i = 0 to N: N + 1 terms",
        "From 1 to N",
        lambda: -sum(norm(1, 2).logpdf(LINE[i]) for i in range(N + 1)),
        lambda: -sum(norm(1, 2).logpdf(LINE[i - 1]) for i in range(1, N + 1)),
        lambda: -np.log(np.prod(norm(1, 2).pdf(LINE[:N]))),
    ),
    Slip(
        "S3 L59",
        "r_vk",
        "r_ik",
        lambda: [sum(POSTERIORS[0, k] for _ in range(N)) for k in range(K)],
        lambda: [sum(POSTERIORS[i, k] for i in range(N)) for k in range(K)],
        lambda: MASSES,
    ),
    Slip(
        "S3 L64-66",
        "-log P(x⁽ⁱ⁾), then a fraction with i ∈ D below the line",
        "-Σ_{i ∈ D} log Σ_k π_k N(x⁽ⁱ⁾ | μ_k, σ_k²)",
        lambda: -np.log(line_density(LINE[0], LINE_WEIGHTS)),
        lambda: -sum(np.log(line_density(x, LINE_WEIGHTS)) for x in LINE[:N]),
        lambda: -np.log(np.prod([line_density(x, LINE_WEIGHTS) for x in LINE[:N]])),
    ),
    Slip(
        "S3 L70-79",
        "n_k is used before it is defined",
        "n_k = Σ_i r_ik",
        lambda: POSTERIORS.T @ X / N,
        lambda: POSTERIORS.T @ X / np.array([sum(POSTERIORS[:, k]) for k in range(K)])[:, None],
        best_means,
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
        "S3 L121",
        "As ε → 0 all r_ik but that of the nearest mean vanish",
        "With one ε for all, π_k > 0 and no tie; where distances tie they split in proportion to π_k",
        lambda: [1.0, 0.0, 0.0],
        lambda: [0.5 / 0.8, 0.3 / 0.8, 0.0],
        lambda: shares_between_two_means(1e-9),
    ),
    Slip(
        "S4 L21, L23",
        "Σ_k (x_n - μ_k), then multiplied by Σ_k⁻¹",
        "Σ_k⁻¹ (x_n - μ_k), then multiplied by Σ_k (as in S2 eq. 42)",
        lambda: np.array([COVARIANCES[k] @ (POSTERIORS[:, k] @ (X - MEANS[k])) for k in range(K)]),
        lambda: np.array(
            [np.linalg.solve(COVARIANCES[k], POSTERIORS[:, k] @ (X - MEANS[k])) for k in range(K)]
        ),
        gradient_of_q,
    ),
    Slip(
        "S4 L29",
        "… - 1 inside the braces",
        "… - I, the identity matrix",
        lambda: braces(np.ones((D, D))),
        lambda: braces(np.eye(D)),
        lambda: np.zeros((K, D, D)),
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
"""In the order of the page."""


def row(where: str) -> Erratum:
    return next(slip for slip in ERRATA if slip.where == where)


def value_of(formula: str, σ: float) -> float:
    """Return the value of a formula as it is printed on the page."""
    python = formula.replace("√(2π) ", "(2 * pi) ** 0.5 * ").replace("σ²", "σ ** 2")
    value: float = eval(python, {"pi": np.pi, "σ": σ})
    return value
