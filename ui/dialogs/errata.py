"""Slips in the source documents, each with what was printed and what this program computes instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document the program grew from.

    Parameters
    ----------
    key : str
        How formulas are cited: ``S2 eq. 40``.
    title : str
        Where it has none of its own in English, a description.
    """

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Erratum:
    """One slip.

    Parameters
    ----------
    number : int
        From 1; ``E12`` in the program's texts.
    where : str
        Document and line (L) or equation.
    printed, correct : str
    source : str
        Where the correct form can be checked.
    """

    number: int
    where: str
    printed: str
    correct: str
    source: str


DOCUMENTS: tuple[SourceDocument, ...] = (
    SourceDocument("S0", "Gaussian mixture model, a derivation in Chinese"),
    SourceDocument("S1", "Gaussian mixture model, lecture notes of a second day"),
    SourceDocument("S2", "Estimating the parameters of a Gaussian mixture by EM, a report in Chinese"),
    SourceDocument("S3", "Gaussian mixture models, lecture notes in English"),
    SourceDocument("S4", "EM for Gaussian mixtures, an assignment in machine learning"),
)


_BOOK = "PRML "
BOOK = "Bishop, Pattern Recognition and Machine Learning, Springer 2006"
"""Title of ``PRML`` in `Erratum.source`."""
_ALGEBRA = "algebra"

_ROWS: tuple[tuple[str, str, str, str], ...] = (
    (
        "S0 L31",
        "Σ_k α_k P_z(z | C_k) / P_z(z) = … = 1, under a garbled table",
        "P(z = c_k) = p_k with Σ_k p_k = 1: the weights are the prior of z",
        _BOOK + "9.7-9.9",
    ),
    ("S0 L59", "Pairs run from (x_1, z_1) to (x_M, z_N)", "To (x_N, z_N): one z for each x", "index"),
    ("S0 L83, 1st line", "log ∏ P(x_i, z | θ)", "log ∏ P(x_i, z_i | θ)", _BOOK + "9.35"),
    (
        "S0 L83, 3rd line",
        "The factor ∏ P(z_i | x_i, θ⁽ᵗ⁾) is lost",
        "Σ_Z [Σ_i log P(x_i, z_i | θ)] ∏_j P(z_j | x_j, θ⁽ᵗ⁾)",
        _BOOK + "9.30",
    ),
    (
        "S0 L87",
        "P(z_i | x_i) stands in the term of the first sample",
        "Σ_{z_1} log P(x_1, z_1 | θ) P(z_1 | x_1, θ⁽ᵗ⁾); all other sums over z_j are 1",
        _ALGEBRA,
    ),
    (
        "S0 L89",
        "≤",
        "An equality: Q = Σ_i Σ_{z_i} log P(x_i, z_i | θ) P(z_i | x_i, θ⁽ᵗ⁾)",
        _BOOK + "9.40",
    ),
    ("S0 L105", "P(z | x) = P(x | z) / P(x)", "P(z | x) = P(x | z) P(z) / P(x)", _BOOK + "9.13"),
    (
        "S0 L109",
        "The sum over z_i is missing and the posterior carries (t+1)",
        "Σ_i Σ_{z_i}, with posteriors from the old parameters θ⁽ᵗ⁾",
        _BOOK + "9.30",
    ),
    ("S0 L125", "g⁽ᵗ⁺¹⁾ = argmax Q", "θ⁽ᵗ⁺¹⁾ = argmax Q", "name"),
    (
        "S0 L165",
        "Normaliser (2πΣ_k)^(-1/2) and log(2πΣ_k)",
        "(2π)^(-D/2) |Σ_k|^(-1/2) and D log 2π + log |Σ_k|; the printed form holds for D = 1 only",
        _BOOK + "2.43",
    ),
    (
        "S0 L167-172",
        "A bar over Σ and an unclear transpose in the gradient",
        "∂ log N / ∂μ = Σ⁻¹ (x - μ), as Σ is symmetric",
        _BOOK + "9.16",
    ),
    (
        "S0 L181",
        "μ_k = Σ_i γ_ik x_i: the divisor is lost",
        "μ_k = (1/N_k) Σ_i γ_ik x_i with N_k = Σ_i γ_ik",
        _BOOK + "9.17-9.18",
    ),
    (
        "S0 L185",
        "Σ_k is left out as similar",
        "Σ_k = (1/N_k) Σ_i γ_ik (x_i - μ_k)(x_i - μ_k)ᵀ with the new μ_k",
        _BOOK + "9.19",
    ),
    ("S1 L13, L19", "x has n dimensions, the density d", "One letter: both are D", "name"),
    ("S1 L32", "The product ends at x⁽ᵐ⁾", "At x⁽ᴺ⁾", "index"),
    (
        "S1 L36, L42",
        "L is the likelihood and the log-likelihood; a log |Σ| strays in between",
        "ℓ(μ, Σ) = log p(D; μ, Σ)",
        "name",
    ),
    (
        "S1 L48",
        "“Sample” covariance maximises the likelihood",
        "The one with 1/N does; the unbiased one has 1/(N - 1)",
        _BOOK + "2.122",
    ),
    ("S1 L84, L102", "φ_k / Σφ in one place, φ_k in the other", "The same only where Σ_k φ_k = 1", _ALGEBRA),
    (
        "S1 L135",
        "∂L/∂φ = 0 without the constraint",
        "With Σ_k φ_k = 1 held by a Lagrange multiplier",
        _BOOK + "9.20-9.22",
    ),
    (
        "S2 §1.1, L36",
        "A number like 1e-30 easily overflows",
        "A double reaches down to about 1e-308; it is the product of many such factors that underflows to 0",
        "IEEE 754",
    ),
    (
        "S2 eq. 8",
        "Σ over i, p(z_k), N(μ_k, σ_k)",
        "p(x) = Σ_k p(z = k) N(x | μ_k, σ_k²)",
        _BOOK + "9.7",
    ),
    ("S2 eq. 9", "log p(x | θ) with σ_k", "Σ_i log p(x_i | θ) with σ_k²", _BOOK + "9.14"),
    (
        "S2 L181",
        "EM converges to the extremum",
        "The likelihood never falls, and under conditions a stationary point is reached; with free "
        "covariances it is unbounded, as a component may shrink onto one point",
        _BOOK + "§9.2.1",
    ),
    (
        "S2 L202",
        "H falls step by step, so that -H rises",
        "Only within a step: H(θ⁽ᵍ⁺¹⁾, θ⁽ᵍ⁾) ≤ H(θ⁽ᵍ⁾, θ⁽ᵍ⁾). From step to step neither H(θ⁽ᵍ⁾, θ⁽ᵍ⁾) nor "
        "Q(θ⁽ᵍ⁾, θ⁽ᵍ⁾) needs to be monotone",
        _BOOK + "9.70-9.74",
    ),
    (
        "S2 algorithm 1",
        "The latent data Z are an input",
        "Z is unknown; given are the forms of P(X, Z | θ) and P(Z | X, θ)",
        _BOOK + "§9.3",
    ),
    (
        "S2 eq. 29",
        "Absolute thresholds for ‖Δθ‖ and |ΔQ|",
        "They depend on units and on N: here Δθ is in standard deviations and ΔQ per sample",
        "scaling",
    ),
    (
        "S2 fig. 5, fig. 6",
        "The 2σ ellipse as if it were the 95 % one",
        "It holds 86.5 % in two dimensions and 73.9 % in three; 95 % in two needs 2.448σ",
        "χ² distribution",
    ),
    ("S2 L254", "Each single distribution is a cluster centre", "Its mean is the centre", "definition"),
    ("S2 eq. 31", "p(x) = ∏ x_i", "p(X) = ∏ p(x_i)", _BOOK + "9.14"),
    ("S2 eq. 32", "y_i and σ_k", "x_i and σ_k² (or Σ_k)", _BOOK + "9.28"),
    (
        "S2 L281",
        "First rough values of the parameters, then maximising",
        "E: responsibilities under the present parameters; M: parameters that maximise Q",
        _BOOK + "9.23-9.27",
    ),
    ("S2 eq. 33-46, S4 L29", "Σ typeset as a sum sign", "The covariance Σ", "typography"),
    (
        "S2 eq. 39",
        "Left the posterior of one z, right a product over all samples",
        "p(Z | X) ∝ ∏_n ∏_k [π_k N(x_n | μ_k, Σ_k)]^z_nk",
        _BOOK + "9.38",
    ),
    ("S2 eq. 40, eq. 46", "N(x | …)", "N(x_n | …)", _BOOK + "9.13"),
    (
        "S2 eq. 42",
        "Σ_n Σ_k γ Σ_k (x_n - μ_k) = 0",
        "For each k: Σ_n γ(z_nk) Σ_k⁻¹ (x_n - μ_k) = 0; no sum over k, and the inverse",
        _BOOK + "9.16",
    ),
    (
        "S2 §2.1",
        "Text-independent speech recognition",
        "Text-independent identification of speakers",
        "Reynolds and Rose 1995",
    ),
    ("S3 L7", "1 / (√(2π) σ²)", "1 / (√(2π) σ)", _BOOK + "1.46"),
    ("S3 L22, L24, L34", "Sums and products from i = 0 to N: N + 1 terms", "From 1 to N", "index"),
    ("S3 L59", "r_vk", "r_ik", "index"),
    (
        "S3 L64-66",
        "-log P(x⁽ⁱ⁾), then a fraction with i ∈ D below the line",
        "-Σ_{i ∈ D} log Σ_k π_k N(x⁽ⁱ⁾ | μ_k, σ_k²)",
        _BOOK + "9.14",
    ),
    ("S3 L70-79", "n_k is used before it is defined", "n_k = Σ_i r_ik", _BOOK + "9.18"),
    (
        "S3 L84",
        "r_ik = π_i N(x⁽ⁱ⁾ | μ_k, …) / Σ_k …",
        "π_k above the line, and an index of its own, j, below",
        _BOOK + "9.23",
    ),
    (
        "S3 L121",
        "As ε → 0 all r_ik but that of the nearest mean vanish",
        "With one ε for all, π_k > 0 and no tie; where distances tie they split in proportion to π_k",
        _BOOK + "9.42-9.43",
    ),
    (
        "S4 L21, L23",
        "Σ_k (x_n - μ_k), then multiplied by Σ_k⁻¹",
        "Σ_k⁻¹ (x_n - μ_k), then multiplied by Σ_k (as in S2 eq. 42)",
        _BOOK + "9.16",
    ),
    ("S4 L29", "… - 1 inside the braces", "… - I, the identity matrix", _BOOK + "9.19"),
    (
        "S4 L46",
        "Σ_n N(…) / Σ_j π_j N(…) - N π_k = 0",
        "Σ_n π_k N(…) / Σ_j π_j N(…) - N π_k = 0",
        _BOOK + "9.21-9.22",
    ),
)
ERRATA: tuple[Erratum, ...] = tuple(Erratum(at, *row) for at, row in enumerate(_ROWS, start=1))
