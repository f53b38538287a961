"""The settings of a fit, each declared once; needs no numpy, as the command line's grammar reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gmmseg.setting import choice, number, switch

CovarianceKind = Literal["full", "tied", "diag", "spherical"]
Criterion = Literal["bic", "icl", "entropy", "held-out", "annihilation"]
InitMethod = Literal["kmeans++", "random", "responsibilities"]
MAX_COMPONENTS = 256
MAX_SEED = 2**63 - 1
FAMILY_TITLES: dict[CovarianceKind, str] = {
    "full": "Full",
    "tied": "Tied",
    "diag": "Diagonal",
    "spherical": "Spherical",
}
CRITERION_TITLES: dict[Criterion, str] = {
    "bic": "BIC",
    "icl": "ICL",
    "entropy": "Entropy elbow",
    "held-out": "Held-out likelihood",
    "annihilation": "Annihilation",
}
CRITERIA: tuple[Criterion, ...] = tuple(CRITERION_TITLES)
_INIT_TITLES: dict[InitMethod, str] = {
    "kmeans++": "k-means++",
    "random": "Random rows",
    "responsibilities": "Random posteriors",
}


@dataclass(frozen=True, slots=True)
class FitSettings:
    """Everything a fit depends on besides the rows; `parameter_tol` and `q_tol` are of S2 eq. 29."""

    n_components: int = number(
        5,
        (1, MAX_COMPONENTS),
        "Components",
        "How many Gaussians the mixture has, each a class until some are merged: K.",
        option="-k --components",
        metavar="N|auto",
        help="number of Gaussians, {low} to {high} (default {default}), or auto to choose it by --criterion",
        mnemonic="m",
        slider=(1, 20, 1),
    )
    covariance: CovarianceKind = choice(
        "full",
        "Covariance",
        "The shape of a component: any ellipsoid, one shape for all, an axis-aligned ellipsoid, or a ball.",
        FAMILY_TITLES,
        option="--covariance",
        help="shape of the components (default {default})",
        mnemonic="r",
    )
    init: InitMethod = choice(
        "kmeans++",
        "Start",
        "How the first means are chosen.",
        _INIT_TITLES,
        option="--init",
        help="how to start (default {default})",
        is_advanced=True,
    )
    n_init: int = number(
        5,
        (1, 1000),
        "Restarts",
        "Independent starts; the one with the highest bound is kept. EM finds a local optimum only.",
        option="--n-init",
        help="starts, of which the best is kept (default {default})",
        is_advanced=True,
    )
    seed: int = number(
        0,
        (0, MAX_SEED),
        "Seed",
        "The same seed and settings give the same bytes.",
        option="--seed",
        metavar="S",
        help="the same seed and options give the same bytes (default {default})",
        is_advanced=True,
        is_seed=True,
    )
    max_iter: int = number(
        1000,
        (1, 1_000_000),
        "Iteration limit",
        "EM iterations of each run.",
        option="--max-iter",
        help="limit of the iterations of a run (default {default})",
        is_advanced=True,
        mnemonic="l",
    )
    """Of each restart; on coarse rows there are at most half as many."""
    tol: float = number(
        1e-6,
        (0.0, 1e6),
        "Tolerance",
        "Stop when the mean log-likelihood per pixel rises by less than this in an iteration.",
        unit="nats",
        option="--tol",
        metavar="T",
        help="stop when the mean log-likelihood per pixel rises by less than T nats in an iteration "
        "(default {default})",
        is_advanced=True,
        mnemonic="n",
        step=None,
    )
    parameter_tol: float = number(
        0.0,
        (0.0, 1e6),
        "‖Δθ‖ tolerance",
        "Stop when the parameters change by at most this many standard deviations in an iteration; "
        "0 switches the rule off.",
        unit="σ",
        option="--parameter-tol",
        metavar="T",
        help="stop when the parameters change by at most T standard deviations (default {default}: off)",
        is_advanced=True,
        step=None,
    )
    q_tol: float = number(
        0.0,
        (0.0, 1e6),
        "|ΔQ| tolerance",
        "Stop when Q, what an M-step raises, rises by at most this per pixel; 0 switches the rule off.",
        unit="nats",
        option="--q-tol",
        metavar="T",
        help="stop when Q per pixel rises by at most T nats (default {default}: off)",
        is_advanced=True,
        mnemonic="Q",
        step=None,
    )
    reg_covar: float | None = number(
        None,
        (0.0, 1e12),
        "Variance floor",
        "Smallest variance of a component in any direction; automatic "
        "is the quantisation variance of the features.",
        option="--reg-covar",
        metavar="V",
        help="smallest variance in any direction, squared feature units (default: the quantisation variance)",
        after="accelerate",
        is_advanced=True,
        mnemonic="o",
        step=None,
    )
    is_hard: bool = switch(
        "Hard assignment",
        "The limit of the mixture as its variances go to 0: k-means.",
        option="--hard",
        help="the ε → 0 limit of the mixture: k-means",
        after="covariance",
        mnemonic="g",
    )
    accelerate: bool = switch(
        "Accelerate",
        "Jumps ahead between iterations where that raises the likelihood (SQUAREM): two to four times fewer "
        "of them at a small tolerance. Another local optimum may be found.",
        option="--accelerate",
        help="jump ahead between iterations where that raises the likelihood (SQUAREM)",
        is_advanced=True,
    )
    """After Varadhan and Roland 2008; not used in the hard limit."""


@dataclass(frozen=True, slots=True)
class Adaptation:
    """Adaptation of a known mixture to other rows (Reynolds, Quatieri & Dunn 2000)."""

    relevance: float = number(
        16.0,
        (0.0, 1e15),
        "Relevance factor",
        "As how many pixels the model's own knowledge of a component counts: 0 takes all from the picture, "
        "a large number leaves the component as it is.",
        unit="pixels",
        option="--adapt",
        metavar="R",
        help="adapt the means to each picture before it is labelled; R: as how many pixels the model's own "
        "knowledge of a component counts ({default} in speech; 0 takes all from the picture)",
        step=None,
    )
    keeps_means: bool = switch(
        "Keep the means",
        "The means stay as they are in the model.",
        option="--keep-means",
        help="with --adapt: leave the means as they are",
    )
    moves_weights: bool = switch(
        "Adapt weights",
        "The weights follow how much of the picture each component explains.",
        option="--adapt-weights",
        help="with --adapt: the weights too",
    )
    moves_covariances: bool = switch(
        "Adapt covariances",
        "The covariances follow the spread of the picture's pixels.",
        option="--adapt-covariances",
        help="with --adapt: the covariances too",
    )
