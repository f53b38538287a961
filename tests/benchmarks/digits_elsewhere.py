"""Accuracy and calibration of digit recipes on sets that they were not made for.

``OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.digits_elsewhere MNIST_FOLDER --fonts FOLDER [--fonts …]
[--part dev|test] [--seeds 0,1] [--recipes manifold,orientation] [--cases NAME;…]`` prints one line for each
case and seed: all images are fitted.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from gmmseg.control import result_of
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.experiment import ExperimentRequest, experiment_events
from gmmseg.digits.recipes import settings_for
from gmmseg.digits.settings import RECIPE_NAMES, RecipeName
from tests.benchmarks.digit_cases import Part, Sources, cases, font_files


def figures(digits: DigitSet, recipe: RecipeName, seed: int) -> str:
    """Return what a recipe reaches on a set, in words."""
    since = time.process_time()
    if digits.labels is None:
        raise ValueError("a case without labels")
    n_clusters = len(np.unique(digits.labels))
    settings = replace(settings_for(recipe), seed=seed, fit_on="all", n_clusters=n_clusters)
    outcome = result_of(experiment_events(ExperimentRequest(digits, settings)))
    if outcome.scores_all is None or outcome.reliability_fit is None:
        raise ValueError("a case without labels")
    seconds = time.process_time() - since
    return (
        f"{recipe} {outcome.scores_all.acc:.4f}, NMI {outcome.scores_all.nmi:.3f}, confidence off by "
        f"{outcome.reliability_fit.error:.3f}, {seconds:.0f} CPU s"
    )


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mnist", type=Path)
    parser.add_argument("--fonts", type=Path, action="append", default=[])
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--recipes", default="manifold,orientation")
    parser.add_argument("--cases", default="", help="names, separated by semicolons")
    given = parser.parse_args()
    part = cast(Part, given.part)
    sources = Sources(given.mnist, tuple(given.fonts))
    recipes = [name for name in RECIPE_NAMES if name in given.recipes.split(",")]
    names = tuple(name for name in given.cases.split(";") if name)
    print(f"{len(font_files(sources.fonts, part))} fonts")
    for seed in map(int, given.seeds.split(",")):
        for name, digits in cases(sources, part, seed, names):
            shown = "; ".join(figures(digits, recipe, seed) for recipe in recipes)
            print(f"{name}, seed {seed}, {digits.n_images:,} images: {shown}", flush=True)


if __name__ == "__main__":
    main()
