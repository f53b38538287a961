"""EM on the principal components of MNIST's pixels beside scikit-learn's, from the same start.

``python -m tests.benchmarks.mnist_pixels DIR [--axes 30 100] [--iterations 20]`` fits all images with full
covariances, K = 10, in both for the same number of iterations, on one thread of BLAS, and prints CPU seconds,
their ratio, and both log-likelihoods of the parameters that were found. The variance floor is never reached,
so that both maximise the same likelihood.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from gmmseg.arrays import FloatArray
from gmmseg.control import result_of
from gmmseg.digits.pca import principal_axes
from gmmseg.io.digits.reading import read_digits_events
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.fit import fit_events
from gmmseg.mixture.initialise import first_params
from gmmseg.mixture.params import FitSettings, MixtureParams

K = 10


def run_ours(values: FloatArray, start: MixtureParams, n_iter: int) -> tuple[float, float, int]:
    """Return CPU seconds, mean log-likelihood and iterations of this program's fit."""
    settings = FitSettings(K, "full", n_init=1, max_iter=n_iter, tol=0.0, reg_covar=0.0)
    began = time.process_time()
    result = result_of(fit_events(values, None, settings, start=start))
    seconds = time.process_time() - began
    return seconds, float(score_rows(result.params, values).mean()), result.n_iter


def run_peer(values: FloatArray, start: MixtureParams, n_iter: int) -> tuple[float, float, int]:
    """Return the same of scikit-learn."""
    from sklearn.mixture import GaussianMixture

    peer = GaussianMixture(
        K, tol=0.0, reg_covar=0.0, max_iter=n_iter, weights_init=start.weights, means_init=start.means,
        precisions_init=np.linalg.inv(start.matrices()), init_params="random_from_data",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        began = time.process_time()
        peer.fit(values)
        seconds = time.process_time() - began
    return seconds, float(peer.score(values)), int(peer.n_iter_)


def main() -> None:
    """Print a line for each number of principal components."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--axes", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument("--iterations", type=int, default=20)
    options = parser.parse_args()
    digits = result_of(read_digits_events(options.data))
    pixels = digits.images.reshape(digits.n_images, -1).astype(np.float32) / np.float32(255)
    print(f"{'PCA':>4} {'iterations':>11} {'gmmseg s':>9} {'peer s':>9} {'ratio':>6}  log-likelihoods")
    for n_axes in options.axes:
        values = principal_axes(pixels, n_axes).project(pixels).astype(np.float64)
        start = first_params(
            values, np.ones(len(values)), K, "kmeans++", "full", 0.0, False, np.random.default_rng(0)
        )
        with threadpool_limits(1):
            ours, our_bound, our_iter = run_ours(values, start, options.iterations)
            theirs, their_bound, their_iter = run_peer(values, start, options.iterations)
        print(
            f"{n_axes:4d} {our_iter:5d}/{their_iter:5d} {ours:9.2f} {theirs:9.2f} {theirs / ours:6.1f}  "
            f"{our_bound:.6f} {their_bound:.6f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
