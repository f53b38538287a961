"""Fits the odds that decide on uniting two regions to what people drew on photos of BSDS500.

``python -m tests.benchmarks.fit_region_cost [--split train|val|all] [--rounds N] [--seeds N] [--limit N]
[--jobs N] [--without FOLDER...] [--anew] [--output FILE]``.

Each round merges with the odds of the one before, so that the neighbours learnt
from are those met in use, and learns from the last rounds together; the result is the mean of the last fits.
The first round starts from the odds in force, so that running it again gives odds that are alike, not the
same. Those in force are of ``--split all --rounds 5``, begun from linear odds; only a run on all photos
replaces them unless told where else to write.

Odds for figures reported on photos of the set are fitted without those photos: ``--without`` leaves out every
photo whose number a file in one of the folders has, and ``--anew`` begins with odds that have seen nothing.
"""

from __future__ import annotations

import argparse
import os
import re
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gmmseg.io.atomic import write_atomically
from gmmseg.regions.adjacency import RegionGraph, region_graph
from gmmseg.regions.cost import FEATURES, union_features
from gmmseg.regions.evidence import COLOUR_MAPS, boundary_evidence
from gmmseg.regions.leaves import watershed_leaves
from gmmseg.regions.merging import first_stage, merged_size, second_stage
from gmmseg.regions.odds import FITTED_FILE, REACH, QuadraticOdds, fitted_odds
from gmmseg.regions.picture import working_picture
from tests.benchmarks.bsds500_data import SPLITS, Photo, photos
from tests.benchmarks.partition_scores import contingency

LEVELS = (150, 80, 50, 30, 20, 14, 10, 7, 5, 3)
"""Numbers of regions at which all neighbours become examples."""
SIZE_POWER = 0.75
"""Examples of one level count in proportion to this power of their merged size."""
LEVEL_POWER = 0.5
"""A level counts less for the sum of its sizes to this power: those of few large regions count more."""
LINEAR_RIDGE = 1e-3
PRODUCT_RIDGE = 0.1
ROUNDS_KEPT = 3
NEWTON_STEPS = 8
CURVATURE_ROWS = 120_000
FloatArray = NDArray[np.float64]
Examples = tuple[FloatArray, FloatArray, FloatArray]
"""Features (n, F), the share of annotators' pixel pairs kept apart (n,), and importances (n,)."""
Prepared = tuple[RegionGraph, list[NDArray[np.int64]]]


def prepared(task: tuple[Photo, int]) -> Prepared:
    """Return the graph of a photo's leaves, made from a seed, and their tables with each annotator."""
    photo, seed = task
    evidence = boundary_evidence(working_picture(photo.image), seed)
    leaves = watershed_leaves(evidence)
    return region_graph(leaves, evidence), [contingency(leaves, truth) for truth in photo.truths]


def examples(task: tuple[Prepared, QuadraticOdds]) -> Examples:
    """Return the neighbours met while a photo's regions are merged."""
    (graph, tables), odds = task
    merger = first_stage(graph)
    looks, cost = second_stage(merger, graph, odds)
    shares = [merger.pooled(table / table.sum(axis=1, keepdims=True), graph.areas) for table in tables]
    merger.means += shares
    features, apart, importance = [], [], []
    for level in LEVELS:
        merger.run(cost, level)
        ends, borders = merger.borders()
        if len(ends) == 0:
            break
        one, other = ends.T
        features.append(union_features(looks, one, other, borders))
        together = np.mean([(share[one] * share[other]).sum(axis=1) for share in shares], axis=0)
        apart.append(1 - together)
        size = merged_size(merger.areas, one, other)
        importance.append(size**SIZE_POWER / (size**LEVEL_POWER).sum())
    return np.concatenate(features), np.concatenate(apart), np.concatenate(importance)


def unfitted_odds() -> QuadraticOdds:
    """Return odds that grow with the strength of the colour border and say nothing else."""
    linear = np.zeros(len(FEATURES))
    linear[: len(COLOUR_MAPS)] = 1.0
    zeros, ones = np.zeros(len(FEATURES)), np.ones(len(FEATURES))
    return QuadraticOdds(FEATURES, zeros, ones, linear, np.zeros((len(FEATURES),) * 2), 0.0)


def numbers_in(folders: list[Path]) -> set[str]:
    """Return the numbers that the names of files in some folders begin with."""
    found = (re.match(r"\d+", path.name) for folder in folders for path in folder.iterdir())
    return {match.group() for match in found if match}


def quadratic_terms(standardised: FloatArray) -> NDArray[np.float32]:
    """Return z, the products of its entries in pairs and 1, of rows (n, F), (n, F + F (F + 1) / 2 + 1)."""
    n_rows, n_features = standardised.shape
    n_products = n_features * (n_features + 1) // 2
    terms = np.empty((n_rows, n_features + n_products + 1), dtype=np.float32)
    held = np.clip(standardised, -REACH, REACH).astype(np.float32)
    terms[:, :n_features] = held
    at = n_features
    for one in range(n_features):
        n_pairs = n_features - one
        np.multiply(held[:, one : one + 1], held[:, one:], out=terms[:, at : at + n_pairs])
        at += n_pairs
    terms[:, -1] = 1
    return terms


def logistic(
    terms: NDArray[np.float32],
    shares: FloatArray,
    importance: FloatArray,
    penalty: FloatArray,
    curvature_rows: int = CURVATURE_ROWS,
) -> FloatArray:
    """Return the weights of a ridge-penalised logistic regression of shares, by Newton's method.

    The curvature is that of some rows, evenly spread: steps are a little shorter or longer for it, and end at
    the same weights.
    """
    importance = importance / importance.sum()
    weights = np.zeros(terms.shape[1])
    some = slice(None, None, -(-len(terms) // curvature_rows))
    for _ in range(NEWTON_STEPS):
        predicted = 1 / (1 + np.exp(-(terms @ weights.astype(np.float32)).astype(np.float64)))
        gradient = terms.T @ (importance * (shares - predicted)).astype(np.float32) - penalty * weights
        variance = importance * predicted * (1 - predicted)
        scale = variance.sum() / variance[some].sum()
        scaled = terms[some] * np.sqrt(variance[some] * scale).astype(np.float32)[:, None]
        curvature = (scaled.T @ scaled).astype(np.float64) + np.diag(penalty + 1e-9)
        weights += np.linalg.solve(curvature, gradient)
    return weights


def fitted(examples: Examples, mean: FloatArray, deviation: FloatArray) -> QuadraticOdds:
    """Return the odds that predict the shares of examples best, of features standardised as given."""
    features, shares, importance = examples
    n_features = features.shape[1]
    terms = quadratic_terms((features - mean) / deviation)
    penalty = np.full(terms.shape[1], PRODUCT_RIDGE)
    penalty[:n_features] = LINEAR_RIDGE
    penalty[-1] = 0
    weights = logistic(terms, shares, importance, penalty)
    products = np.zeros((n_features, n_features))
    products[np.triu_indices(n_features)] = weights[n_features:-1]
    return QuadraticOdds(FEATURES, mean, deviation, weights[:n_features], products, float(weights[-1]))


def mean_of(fits: list[QuadraticOdds]) -> QuadraticOdds:
    """Return the mean of odds over features that are standardised alike, rounded as it is written."""
    first = fits[0]
    linear = np.mean([odds.linear for odds in fits], axis=0).round(5)
    products = np.mean([odds.products for odds in fits], axis=0).round(5)
    offset = round(float(np.mean([odds.offset for odds in fits])), 5)
    return QuadraticOdds(first.features, first.mean, first.deviation, linear, products, offset)


def spread(features: FloatArray, importance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the weighted mean and standard deviation of features, rounded as they are written.

    A feature that is the same everywhere has the deviation 1.
    """
    mean = np.average(features, axis=0, weights=importance).round(5)
    deviation = np.sqrt(np.average((features - mean) ** 2, axis=0, weights=importance)).round(5)
    return mean, np.where(deviation > 0, deviation, 1.0)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=(*SPLITS, "all"), default="train")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=1, help="graphs of so many seeds for each photo")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=int, help="so many photos of each split, evenly spread")
    parser.add_argument("--without", type=Path, nargs="+", default=[], metavar="FOLDER")
    parser.add_argument("--anew", action="store_true", help="do not begin with the odds in force")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    if options.output is None and (options.split != "all" or options.limit is not None or options.without):
        parser.error("odds of part of the photos do not replace those in force; give --output")
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    items = photos(SPLITS if options.split == "all" else (options.split,), options.limit)
    left_out = numbers_in(options.without)
    items = [item for item in items if item.name not in left_out]
    odds = unfitted_odds() if options.anew else fitted_odds()
    kept, fits = list[Examples](), list[QuadraticOdds]()
    standard: tuple[FloatArray, FloatArray] | None = None
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        tasks = [(item, seed) for seed in range(options.seeds) for item in items]
        graphs = list(pool.map(prepared, tasks, chunksize=4))
        for number in range(options.rounds):
            found = list(pool.map(examples, [(graph, odds) for graph in graphs], chunksize=4))
            features, shares, importance = (np.concatenate(parts) for parts in zip(*found, strict=True))
            kept = [*kept, (features, shares, importance)][-ROUNDS_KEPT:]
            standard = standard or spread(features, importance)
            features, shares, importance = (np.concatenate(parts) for parts in zip(*kept, strict=True))
            odds = fitted((features, shares, importance), *standard)
            fits.append(odds)
            print(f"round {number + 1} of {options.rounds}: {len(shares)} pairs of neighbours", flush=True)
    target = options.output or Path(str(files("gmmseg.regions") / FITTED_FILE))
    write_atomically(target, mean_of(fits[-ROUNDS_KEPT:]).as_json().encode())


if __name__ == "__main__":
    main()
