"""Fits the weights of the cost of uniting two regions to what people drew on the training photos of BSDS500.

``python -m tests.benchmarks.fit_region_cost [--split train|val|all] [--rounds N] [--jobs N]`` prints them as
they stand in `gmmseg.regions.cost`. Each round merges with the weights of the one before, so that the
neighbours learnt from are those met in use, and starts from the weights in force.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gmmseg.regions.adjacency import RegionGraph, region_graph
from gmmseg.regions.cost import FITTED_COST, CostWeights, union_features
from gmmseg.regions.evidence import N_MAPS, boundary_evidence
from gmmseg.regions.leaves import watershed_leaves
from gmmseg.regions.merging import MergeWeights, first_stage, second_stage
from gmmseg.regions.picture import working_picture
from tests.benchmarks.bsds500_data import SPLITS, Photo, photos
from tests.benchmarks.partition_scores import contingency

LEVELS = (150, 80, 50, 30, 20, 14, 10, 7, 5, 3)
"""Numbers of regions at which all neighbours become examples."""
SIZE_POWER = 0.75
RIDGE = 1e-3
FloatArray = NDArray[np.float64]
Examples = tuple[FloatArray, FloatArray, FloatArray]
"""Features (n, 16), the share of annotators' pixel pairs kept apart (n,), and importances (n,)."""
Prepared = tuple[RegionGraph, list[NDArray[np.int64]]]


def prepared(photo: Photo) -> Prepared:
    """Return the graph of a photo's leaves and their tables with each annotator."""
    evidence = boundary_evidence(working_picture(photo.image))
    leaves = watershed_leaves(evidence)
    return region_graph(leaves, evidence), [contingency(leaves, truth) for truth in photo.truths]


def examples(task: tuple[Prepared, CostWeights]) -> Examples:
    """Return the neighbours met while a photo's regions are merged."""
    (graph, tables), weights = task
    settings = MergeWeights(cost=weights)
    merger = first_stage(graph, settings)
    looks, cost = second_stage(merger, graph, settings)
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
        areas = merger.areas
        size = areas[one] * areas[other] / (areas[one] + areas[other])
        importance.append(size**SIZE_POWER / (size**0.5).sum())
    return np.concatenate(features), np.concatenate(apart), np.concatenate(importance)


def logistic(features: FloatArray, shares: FloatArray, importance: FloatArray) -> tuple[FloatArray, float]:
    """Return weights and offset of a ridge-penalised logistic regression of shares, by Newton's method."""
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    rows = np.column_stack([(features - mean) / deviation, np.ones(len(features))])
    importance = importance / importance.sum()
    penalty = RIDGE * np.diag([*np.ones(features.shape[1]), 0.0])
    weights = np.zeros(rows.shape[1])
    for _ in range(12):
        predicted = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (importance * (shares - predicted)) - penalty @ weights
        curvature = (rows.T * (importance * predicted * (1 - predicted))) @ rows + penalty
        weights += np.linalg.solve(curvature, gradient)
    scaled = weights[:-1] / deviation
    return scaled, float(weights[-1] - scaled @ mean)


def as_weights(vector: FloatArray, offset: float) -> CostWeights:
    """Return weights in the order of `union_features` as they are declared, rounded as they are printed."""
    values = [round(float(value), 3) for value in (*vector, offset)]
    maps: Any = tuple(values[:N_MAPS])
    return CostWeights(maps, *values[N_MAPS:])


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=(*SPLITS, "all"), default="train")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=int, help="so many photos of each split, evenly spread")
    options = parser.parse_args()
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    items = photos(SPLITS if options.split == "all" else (options.split,), options.limit)
    weights = FITTED_COST
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        graphs = list(pool.map(prepared, items, chunksize=4))
        for _ in range(options.rounds):
            found = list(pool.map(examples, [(graph, weights) for graph in graphs], chunksize=4))
            features, shares, importance = (np.concatenate(parts) for parts in zip(*found, strict=True))
            weights = as_weights(*logistic(features, shares, importance))
            print(f"{len(shares)} pairs of neighbours\n{weights}", flush=True)


if __name__ == "__main__":
    main()
