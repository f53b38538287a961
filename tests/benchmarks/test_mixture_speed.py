"""One EM iteration with the likelihood of scikit-learn's: a 512 × 512 photo, and digits in many features."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from gmmseg.arrays import FloatArray
from gmmseg.control import never_stop
from gmmseg.mixture.em import Rules, em
from gmmseg.mixture.initialise import first_params
from gmmseg.mixture.params import FitStep, MixtureParams
from gmmseg.mixture.preparation import prepare
from gmmseg.mixture.settings import FitSettings
from tests.data.shared import MNIST

K = 5
ROUNDS = 15

Photo: TypeAlias = tuple[FloatArray, FloatArray, FloatArray, MixtureParams]
Setup: TypeAlias = Callable[[], tuple[tuple[Iterator[FitStep]], dict[str, object]]]
ManyFeatures: TypeAlias = tuple[FloatArray, MixtureParams]


@pytest.fixture(scope="module")
def photo() -> Photo:
    """Pixels (N, 3), distinct colours with their counts, and a start without collapsed components."""
    data = pytest.importorskip("skimage.data")
    pixels = data.astronaut().reshape(-1, 3).astype(np.float64)
    colours, occurrences = np.unique(pixels, axis=0, return_counts=True)
    counts = occurrences.astype(np.float64)
    start = first_params(colours, counts, K, "kmeans++", "full", 1 / 12, False, np.random.default_rng(0))
    return pixels, colours, counts, start


def _ours(rows: FloatArray, weights: FloatArray | None, start: MixtureParams) -> Setup:
    """Return a set-up that puts EM at `start`, from which ``next`` is one M-step and one E-step."""
    kind = start.covariance.kind
    prepared = prepare(rows, weights, FitSettings(start.n_components, kind, reg_covar=1e-9))
    rules = Rules(tol=-1.0, parameter_tol=0.0, q_tol=0.0, max_iter=10**6)

    def setup() -> tuple[tuple[Iterator[FitStep]], dict[str, object]]:
        steps = em(prepared.exact, start, kind, prepared.floor, rules, 0, "exact", never_stop)
        next(steps)
        return (steps,), {}

    return setup


def _peer(pixels: FloatArray, start: MixtureParams) -> Callable[[], float]:
    """Return a set-up that puts scikit-learn at `start`, and its M- and E-step as one function."""
    sklearn_mixture = pytest.importorskip("sklearn.mixture")
    covariance = start.covariance
    model = sklearn_mixture.GaussianMixture(start.n_components, covariance_type=covariance.kind, reg_covar=0)
    model.weights_, model.means_ = start.weights, start.means
    if covariance.is_diagonal:
        model.precisions_cholesky_ = 1 / np.sqrt(covariance.values)
    else:
        factors = np.linalg.inv(np.linalg.cholesky(covariance.values))
        model.precisions_cholesky_ = np.swapaxes(factors, -1, -2)
    _, first = model._e_step(pixels)

    def iterate() -> float:
        model._m_step(pixels, first)
        return float(model._e_step(pixels)[0])

    return iterate


def test_scikit_learn_on_all_pixels(photo: Photo, benchmark: BenchmarkFixture) -> None:
    pixels, _, _, start = photo
    benchmark.pedantic(_peer(pixels, start), rounds=ROUNDS, warmup_rounds=1)


@pytest.mark.parametrize("is_distinct", [False, True], ids=["all pixels", "distinct colours"])
def test_one_iteration(photo: Photo, benchmark: BenchmarkFixture, is_distinct: bool) -> None:
    pixels, colours, counts, start = photo
    rows, weights = (colours, counts) if is_distinct else (pixels, None)
    setup = _ours(rows, weights, start)
    step = benchmark.pedantic(next, setup=setup, rounds=ROUNDS)
    assert step.lower_bound == pytest.approx(_peer(pixels, start)(), rel=1e-10)


@pytest.fixture(scope="module")
def digits() -> FloatArray:
    """Return MNIST's 70,000 digits as their first 200 principal components, (N, 200), about 110 MB."""
    if not MNIST.is_dir():
        pytest.skip(f"the four IDX files of MNIST are not in {MNIST}")
    names = ("train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz")
    files = [gzip.decompress((MNIST / name).read_bytes()) for name in names]
    parts = [np.frombuffer(file, np.uint8, offset=16) for file in files]
    pixels = np.concatenate(parts).reshape(-1, 784) / 255.0
    pixels -= pixels.mean(axis=0)
    _, axes = np.linalg.eigh(pixels.T @ pixels)
    components: FloatArray = pixels @ axes[:, :-201:-1]
    return components


CASES = [(30, "full"), (30, "tied"), (30, "diag"), (100, "full"), (200, "full")]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]} {case[1]}")
def many_features(digits: FloatArray, request: pytest.FixtureRequest) -> ManyFeatures:
    """Return rows in many features and a start with ten components."""
    n_features, kind = request.param
    rows = np.ascontiguousarray(digits[:, :n_features])
    some, ones = rows[:10_000], np.ones(10_000)
    return rows, first_params(some, ones, 10, "kmeans++", kind, 1e-2, False, np.random.default_rng(0))


def test_scikit_learn_in_many_features(many_features: ManyFeatures, benchmark: BenchmarkFixture) -> None:
    benchmark.pedantic(_peer(*many_features), rounds=5, warmup_rounds=1)


def test_one_iteration_in_many_features(many_features: ManyFeatures, benchmark: BenchmarkFixture) -> None:
    rows, start = many_features
    step = benchmark.pedantic(next, setup=_ours(rows, None, start), rounds=5)
    assert step.lower_bound == pytest.approx(_peer(rows, start)(), rel=1e-10)
