"""One EM iteration on a 512 × 512 photo: scikit-learn, all pixels, distinct colours; the same likelihood."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.control import go_on
from gmmseg.mixture.em import Rules, em
from gmmseg.mixture.fit import prepare
from gmmseg.mixture.initialise import first_params
from gmmseg.mixture.params import FitSettings

K = 5
ROUNDS = 15


@pytest.fixture(scope="module")
def photo():
    """Pixels (N, 3), distinct colours with their counts, and a start without collapsed components."""
    data = pytest.importorskip("skimage.data")
    pixels = data.astronaut().reshape(-1, 3).astype(np.float64)
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    counts = counts.astype(np.float64)
    start = first_params(colours, counts, K, "kmeans++", "full", 1 / 12, False, np.random.default_rng(0))
    return pixels, colours, counts, start


def _ours(rows, weights, start):
    """Return a set-up that puts EM at `start`, from which ``next`` is one M-step and one E-step."""
    prepared = prepare(rows, weights, FitSettings(K, reg_covar=1e-9))
    rules = Rules(tol=-1.0, parameter_tol=0.0, q_tol=0.0, max_iter=10**6)

    def setup():
        steps = em(prepared.exact, start, "full", prepared.floor, rules, 0, "exact", go_on)
        next(steps)
        return (steps,), {}

    return setup


def _peer(pixels, start):
    """Return a set-up that puts scikit-learn at `start`, and its M- and E-step as one function."""
    sklearn_mixture = pytest.importorskip("sklearn.mixture")
    model = sklearn_mixture.GaussianMixture(K, reg_covar=0)
    model.weights_, model.means_ = start.weights, start.means
    model.precisions_cholesky_ = np.array([np.linalg.inv(np.linalg.cholesky(c)).T for c in start.matrices()])
    _, first = model._e_step(pixels)

    def iterate() -> float:
        model._m_step(pixels, first)
        return float(model._e_step(pixels)[0])

    return iterate


def test_scikit_learn_on_all_pixels(photo, benchmark):
    pixels, _, _, start = photo
    benchmark.pedantic(_peer(pixels, start), rounds=ROUNDS, warmup_rounds=1)


@pytest.mark.parametrize("is_distinct", [False, True], ids=["all pixels", "distinct colours"])
def test_one_iteration(photo, benchmark, is_distinct):
    pixels, colours, counts, start = photo
    setup = _ours(*((colours, counts) if is_distinct else (pixels, None)), start)
    step = benchmark.pedantic(next, setup=setup, rounds=ROUNDS)
    assert step.lower_bound == pytest.approx(_peer(pixels, start)(), rel=1e-10)
