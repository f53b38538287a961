"""EM on the principal components of MNIST's pixels beside scikit-learn's, from the same start.

``python -m tests.benchmarks.mnist_pixels DIR [--axes 30 100] [--kinds full tied] [--iterations 20]`` fits all
images, K = 10, in both for the same number of iterations, on one thread of BLAS, and prints seconds of the
clock and of the processor (this program shares large fits between two threads), their ratios, and both
log-likelihoods of the parameters that were found. Both take turns, and the fastest of three runs counts. The
variance floor is never reached, so that both maximise the same likelihood.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from gmmseg.arrays import FloatArray
from gmmseg.control import result_of
from gmmseg.digits.pca import principal_axes
from gmmseg.io.digits.reading import read_digits_events
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.fit import fit_events
from gmmseg.mixture.initialise import first_params
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings

K = 10
TURNS = 3


@dataclass(frozen=True, slots=True)
class Run:
    """A fit: seconds of clock and processor, mean log-likelihood (nats), and iterations."""

    wall: float
    cpu: float
    log_likelihood: float
    n_iter: int


def run_ours(values: FloatArray, start: MixtureParams, n_iter: int) -> Run:
    """Fit with this program."""
    kind = start.covariance.kind
    settings = FitSettings(K, kind, n_init=1, max_iter=n_iter, tol=0.0, reg_covar=0.0)
    wall, cpu = time.perf_counter(), time.process_time()
    result = result_of(fit_events(values, None, settings, start=start))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Run(wall, cpu, float(score_rows(result.params, values).mean()), result.n_iter)


def run_peer(values: FloatArray, start: MixtureParams, n_iter: int) -> Run:
    """Fit with scikit-learn."""
    from sklearn.mixture import GaussianMixture

    family = start.covariance
    precisions = np.linalg.inv(family.values) if not family.is_diagonal else 1 / family.values
    peer = GaussianMixture(
        K, covariance_type=family.kind, tol=0.0, reg_covar=0.0, max_iter=n_iter, weights_init=start.weights,
        means_init=start.means, precisions_init=precisions, init_params="random_from_data",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wall, cpu = time.perf_counter(), time.process_time()
        peer.fit(values)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Run(wall, cpu, float(peer.score(values)), int(peer.n_iter_))


def main() -> None:
    """Print a line for each family and number of principal components."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--axes", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument("--kinds", nargs="+", choices=tuple(FAMILIES), default=["full"])
    parser.add_argument("--iterations", type=int, default=20)
    options = parser.parse_args()
    digits = result_of(read_digits_events(options.data))
    pixels = digits.images.reshape(digits.n_images, -1).astype(np.float32) / np.float32(255)
    print("                       gmmseg s       peer s        ratio")
    print("kind   PCA iterations  wall    cpu   wall    cpu   wall   cpu  log-likelihoods")
    for kind, n_axes in product(options.kinds, options.axes):
        values = principal_axes(pixels, n_axes).project(pixels).astype(np.float64)
        ones, generator = np.ones(len(values)), np.random.default_rng(0)
        start = first_params(values, ones, K, "kmeans++", kind, 0.0, False, generator)
        ours: list[Run] = []
        theirs: list[Run] = []
        with threadpool_limits(1):
            for _ in range(TURNS):
                ours.append(run_ours(values, start, options.iterations))
                theirs.append(run_peer(values, start, options.iterations))
        our_wall, our_cpu = min(run.wall for run in ours), min(run.cpu for run in ours)
        peer_wall, peer_cpu = min(run.wall for run in theirs), min(run.cpu for run in theirs)
        print(
            f"{kind:6} {n_axes:3d} {ours[0].n_iter:5d}/{theirs[0].n_iter:<4d} "
            f"{our_wall:6.2f} {our_cpu:6.2f} {peer_wall:6.2f} {peer_cpu:6.2f} "
            f"{peer_wall / our_wall:6.1f} {peer_cpu / our_cpu:5.1f}  "
            f"{ours[0].log_likelihood:.6f} {theirs[0].log_likelihood:.6f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
