"""Accuracy, CPU seconds, memory and the longest wait for a stop of the manifold recipe on MNIST.

``OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.mnist_manifold FOLDER [--fit-on train|all] [--seeds 0,1,2]
[-n N]`` reads the four files and prints one line for each seed; it exits with 1 where all images took part
and a figure is missed. Only the first seed makes every stage: its CPU seconds are those of a fresh run.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

from gmmseg.control import StopRequest, result_of
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.experiment import ExperimentOutcome, ExperimentRequest, experiment_events
from gmmseg.digits.settings import DigitSettings
from gmmseg.digits.stages import StageCache
from gmmseg.io.digits.reading import read_digits_events

LEAST_FITTED, LEAST_NEW, LEAST_ALL = 0.990, 0.991, 0.991
MOST_SECONDS, MOST_BYTES = 120.0, 1.5 * 2**30


class Waits:
    """Never asks to stop; remembers the longest CPU time between two questions: what a stop would wait."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = time.process_time()

    def __call__(self) -> StopRequest:
        now = time.process_time()
        self.longest, self._last = max(self.longest, now - self._last), now
        return StopRequest.NONE


def measured(digits: DigitSet, settings: DigitSettings, cache: StageCache) -> tuple[ExperimentOutcome, float]:
    """Run once, print a line, and return the outcome and its CPU seconds."""
    waits, since = Waits(), time.process_time()
    outcome = result_of(experiment_events(ExperimentRequest(digits, settings), cache, waits))
    seconds = time.process_time() - since
    figures = [
        f"{name} {scores.acc:.5f} / {scores.nmi:.4f} / {scores.ari:.4f}"
        for name, scores in (
            ("fitted", outcome.scores_fit),
            ("new", outcome.scores_test),
            ("all", outcome.scores_all),
        )
        if scores is not None
    ]
    print(
        f"seed {settings.seed}: {', '.join(figures)}; gap at {outcome.gap_k}; {seconds:.0f} CPU s, "
        f"{peak_bytes() / 2**20:.0f} MiB, longest wait {waits.longest:.2f} CPU s",
        flush=True,
    )
    return outcome, seconds


def peak_bytes() -> int:
    """Return the most memory that this process has held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def is_enough(outcome: ExperimentOutcome) -> bool:
    """Whether the accuracies reach the figures."""
    fitted, new = outcome.scores_fit, outcome.scores_test
    if fitted is None:
        return False
    if new is None:
        return fitted.acc >= LEAST_ALL
    return fitted.acc >= LEAST_FITTED and new.acc >= LEAST_NEW


def main() -> int:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fit-on", choices=("train", "all"), default="train")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("-n", type=int, help="only so many images")
    given = parser.parse_args()
    digits = result_of(read_digits_events(given.folder))
    settings = replace(DigitSettings(), fit_on=given.fit_on, n_images=given.n)
    cache, is_good, first_seconds = StageCache(), True, 0.0
    print("ACC / NMI / ARI")
    for seed in map(int, given.seeds.split(",")):
        outcome, seconds = measured(digits, replace(settings, seed=seed), cache)
        is_good &= is_enough(outcome)
        first_seconds = first_seconds or seconds
    is_cheap = first_seconds <= MOST_SECONDS and peak_bytes() <= MOST_BYTES
    return 0 if given.n is not None or (is_good and is_cheap) else 1


if __name__ == "__main__":
    sys.exit(main())
