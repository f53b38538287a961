"""One EM iteration on a photo: scikit-learn, all pixels, distinct colours; the same numbers from each."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from gmmseg.mixture.density import score_rows
from gmmseg.mixture.fit import fit
from gmmseg.mixture.params import FitSettings, MixtureParams

K = 5


@pytest.fixture(scope="module")
def photo():
    """Pixels (N, 3), distinct colours with their counts, a start, and the likelihood after one iteration."""
    data = pytest.importorskip("skimage.data")
    pixels = data.astronaut().reshape(-1, 3).astype(np.float64)
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    start = fit(colours, counts.astype(float), FitSettings(K, n_init=1, max_iter=3, reg_covar=0.0)).params
    expected = fit(colours, counts.astype(float), _one_iteration(), start).params
    return pixels, colours, counts.astype(float), start, score_rows(expected, pixels).mean()


def _one_iteration() -> FitSettings:
    return FitSettings(K, tol=0.0, max_iter=1, reg_covar=0.0)


def _ours(rows, weights, start) -> MixtureParams:
    return fit(rows, weights, _one_iteration(), start).params


def test_scikit_learn_on_all_pixels(photo, benchmark):
    sklearn_mixture = pytest.importorskip("sklearn.mixture")
    pixels, _, _, start, expected = photo
    model = sklearn_mixture.GaussianMixture(
        K,
        tol=0,
        reg_covar=0,
        max_iter=1,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=np.linalg.inv(start.matrices()),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        benchmark.pedantic(model.fit, args=(pixels,), rounds=3)
    assert model.score(pixels) == pytest.approx(expected, rel=1e-10)


def test_all_pixels(photo, benchmark):
    pixels, _, _, start, expected = photo
    params = benchmark.pedantic(_ours, args=(pixels, None, start), rounds=5)
    assert score_rows(params, pixels).mean() == pytest.approx(expected, rel=1e-10)


def test_distinct_colours(photo, benchmark):
    pixels, colours, counts, start, expected = photo
    params = benchmark.pedantic(_ours, args=(colours, counts, start), rounds=5)
    assert score_rows(params, pixels).mean() == pytest.approx(expected, rel=1e-10)
