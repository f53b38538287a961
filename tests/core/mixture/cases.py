"""Rows, parameters and slow but obvious references for the tests of the mixture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gmmseg.arrays import FloatArray
from gmmseg.control import never_stop
from gmmseg.mixture.covariance import FAMILIES, Covariance
from gmmseg.mixture.em import Rules, em
from gmmseg.mixture.expectation import Rows
from gmmseg.mixture.kernel_choice import extent_about
from gmmseg.mixture.params import FitStep, MixtureParams
from gmmseg.mixture.preparation import prepare
from gmmseg.mixture.settings import CovarianceKind, FitSettings

KINDS: tuple[CovarianceKind, ...] = ("full", "tied", "diag", "spherical")


def covariance_of(kind: CovarianceKind, matrices: FloatArray) -> Covariance:
    """Return (K, D, D) matrices as one of the families, dropping what it cannot hold."""
    if kind == "full":
        return FAMILIES[kind](matrices)
    if kind == "tied":
        return FAMILIES[kind](matrices.mean(axis=0))
    diagonals = np.diagonal(matrices, axis1=1, axis2=2)
    return FAMILIES[kind](diagonals.copy() if kind == "diag" else diagonals.mean(axis=1))


def random_params(
    rng: np.random.Generator,
    n_components: int,
    n_features: int,
    kind: CovarianceKind = "full",
    spread: float = 3.0,
) -> MixtureParams:
    """Return well-conditioned parameters with means `spread` apart, or so."""
    factors = rng.normal(size=(n_components, n_features, n_features))
    matrices = factors @ np.swapaxes(factors, 1, 2) + np.eye(n_features)
    weights = rng.dirichlet(np.full(n_components, 5.0))
    means = rng.normal(size=(n_components, n_features)) * spread
    return MixtureParams(weights, means, covariance_of(kind, (matrices + np.swapaxes(matrices, 1, 2)) / 2))


def overlapping_params(
    rng: np.random.Generator, n_components: int, n_features: int, kind: CovarianceKind
) -> MixtureParams:
    """Return parameters whose components share rows in spite of the many features."""
    factors = rng.normal(size=(n_components, n_features, n_features)) / np.sqrt(n_features)
    matrices = factors @ np.swapaxes(factors, 1, 2) * 0.1 + np.eye(n_features)
    means = rng.normal(size=(n_components, n_features)) * (1.5 / np.sqrt(n_features))
    weights = rng.dirichlet(np.full(n_components, 5.0))
    return MixtureParams(weights, means, covariance_of(kind, (matrices + np.swapaxes(matrices, 1, 2)) / 2))


def blobs(
    rng: np.random.Generator, n_rows: int, n_components: int, n_features: int, apart: float = 10.0
) -> tuple[FloatArray, np.ndarray]:
    """Return rows around points on the axes, `apart` standard deviations and more from each other."""
    labels = rng.permutation(np.arange(n_rows) % n_components)
    means = np.zeros((n_components, n_features))
    means[:, 0] = apart * np.arange(n_components)
    return means[labels] + rng.normal(size=(n_rows, n_features)), labels


def run_em(
    values: FloatArray,
    start: MixtureParams,
    n_iter: int,
    weights: FloatArray | None = None,
    floor: float = 1e-300,
    accelerates: bool = False,
) -> list[FitStep]:
    """Return the start and the parameters after each of exactly `n_iter` iterations on all rows."""
    columns = np.ascontiguousarray(values.T)
    weights = np.ones(len(values)) if weights is None else weights
    centre = columns @ weights / weights.sum()
    is_diagonal = start.covariance.is_diagonal or start.is_hard
    rows = Rows(columns, weights, centre, is_diagonal, extent_about(columns, centre))
    never = Rules(-np.inf, 0.0, 0.0, n_iter, accelerates=accelerates)
    return list(em(rows, start, start.covariance.kind, floor, never, 0, "exact", never_stop))


def floor_of(values: FloatArray, settings: FitSettings) -> float:
    """Return the floor that a fit of these rows uses."""
    return prepare(values, None, settings).floor


def log_gaussian(x: FloatArray, mean: FloatArray, matrix: FloatArray) -> float:
    """Return log N(x | mean, matrix) by the textbook formula."""
    deviation = x - mean
    distance = deviation @ np.linalg.solve(matrix, deviation)
    return float(-(distance + np.linalg.slogdet(2 * np.pi * matrix)[1]) / 2)


@dataclass
class Plain:
    """Result of one E-step of algorithm 1, written as loops."""

    log_likelihood: float
    q: float
    h: float
    gamma: FloatArray


def plain_e_step(values: FloatArray, params: MixtureParams) -> Plain:
    """Return L, Q, H (at theta = theta_g) and responsibilities (N, K), one row and component at a time."""
    matrices = params.matrices()
    gamma = np.zeros((len(values), params.n_components))
    log_likelihood = q = h = 0.0
    for n, x in enumerate(values):
        joint = [
            np.log(params.weights[k]) + log_gaussian(x, params.means[k], matrices[k])
            for k in range(params.n_components)
        ]
        top = max(joint)
        density = top + np.log(sum(np.exp(term - top) for term in joint))
        log_likelihood += density
        for k, term in enumerate(joint):
            gamma[n, k] = np.exp(term - density)
            q += gamma[n, k] * term
            if gamma[n, k] > 0:
                h += gamma[n, k] * np.log(gamma[n, k])
    return Plain(log_likelihood, q, h, gamma)


def plain_m_step(values: FloatArray, gamma: FloatArray, kind: CovarianceKind) -> MixtureParams:
    """Return the M-step by two passes over the rows, one row and component at a time."""
    n_rows, n_features = values.shape
    n_components = gamma.shape[1]
    counts, means = np.zeros(n_components), np.zeros((n_components, n_features))
    scatter = np.zeros((n_components, n_features, n_features))
    for k in range(n_components):
        for n in range(n_rows):
            counts[k] += gamma[n, k]
            means[k] += gamma[n, k] * values[n]
        means[k] /= counts[k]
        for n in range(n_rows):
            scatter[k] += gamma[n, k] * np.outer(values[n] - means[k], values[n] - means[k])
    if kind == "tied":
        covariance = FAMILIES[kind](scatter.sum(axis=0) / n_rows)
    else:
        covariance = covariance_of(kind, scatter / counts[:, None, None])
    return MixtureParams(counts / n_rows, means, covariance)


@st.composite
def awkward_rows(draw: st.DrawFn, max_rows: int = 24, max_features: int = 3) -> FloatArray:
    """Return (N, D) rows of the kinds that break mixtures: repeats, constants, offsets, fewer rows than D."""
    shape = (draw(st.integers(1, max_rows)), draw(st.integers(1, max_features)))
    few = st.sampled_from([0.0, 1.0, 2.0, 255.0])
    bytes_ = st.integers(0, 255).map(float)
    smooth = st.floats(-3, 3, allow_subnormal=False).map(lambda value: round(value, 6))
    values = draw(arrays(np.float64, shape, elements=draw(st.sampled_from([few, bytes_, smooth]))))
    what = draw(st.sampled_from(["plain", "constant", "grey", "near", "far"]))
    if what == "constant":
        values[:, 0] = 7.0
    elif what == "grey":
        values[:] = values[:, :1]
    elif what == "near":
        values = 5.0 + values * 1e-9
    elif what == "far":
        values[0] *= 1e6
    return values + draw(st.sampled_from([0.0, 0.0, 0.0, 1e3, 1e6]))


def fit_settings() -> st.SearchStrategy[FitSettings]:
    """Return settings of every kind, small enough to be fitted often."""
    return st.builds(
        FitSettings,
        n_components=st.integers(1, 4),
        covariance=st.sampled_from(KINDS),
        init=st.sampled_from(["kmeans++", "random"]),
        n_init=st.integers(1, 2),
        seed=st.integers(0, 99),
        max_iter=st.integers(0, 40),
        tol=st.sampled_from([1e-6, 0.0]),
        reg_covar=st.sampled_from([None, 1e-6, 1 / 12]),
        is_hard=st.sampled_from([False, False, False, True]),
        accelerate=st.booleans(),
    )
