"""Stability: whether halves of the images, searched by themselves, come to the clusters of all."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray, IntArray
from gmmseg.control import Progress, ShouldStop, never_stop, relayed
from gmmseg.digits.scores import is_misplaced, score
from gmmseg.digits.search import Search, partition_events

N_STARTS = 3
"""Of the search among each half."""


def stability_events(
    search: Search,
    clusters: IntArray,
    sample: IntArray,
    is_second: BoolArray,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress, None, FloatArray]:
    """Return the share of the two halves that put each image of a sample where the clusters do, (M,).

    A partition that the data do not call for is another one in each half (Lange et al. 2004), while all
    starts from the same images may agree on it. Clusters are matched one to one.

    Parameters
    ----------
    search : Search
        As it was made among all images, N.
    clusters : (M,)
        Of the sample.
    sample : (M,)
        Rows of the images.
    is_second : (N,)
        Which images are of the second half.
    should_stop : callable

    Raises
    ------
    FitError
    Cancelled
    """
    agreed = np.zeros(len(sample))
    for number, rows in enumerate((np.flatnonzero(~is_second), np.flatnonzero(is_second))):

        def shown(progress: Progress, number: int = number) -> tuple[Progress]:
            text = f"Clustering the images of half {number + 1} alone"
            return (Progress(text, (number + (progress.fraction or 0.0)) / 2),)

        alone = replace(search, n_starts=N_STARTS, seed=search.seed + number)
        found = (yield from relayed(partition_events(alone, rows, should_stop), shown))[sample]
        agreed += ~is_misplaced(score(found, clusters), found, clusters)
    return agreed / 2
