"""Covering, Rand index and variation of information of the region hierarchy on BSDS500.

``python -m tests.benchmarks.bsds500 --split train|val|all [--limit N] [--peers] [--json FILE] [--jobs N]``
prints the scores at default settings, with the best height for the set (ODS) and for each image (OIS), CPU
seconds of one thread an image, and the agreement of each annotator with the others. ``--peers`` adds other
methods, each at the best value of its parameter for the set and for each image.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from gmmseg.control import result_of
from gmmseg.regions.cutting import cut, leaf_labels_at
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.pipeline import hierarchy_events
from gmmseg.regions.settings import RegionSettings
from tests.benchmarks.bsds500_data import SPLITS, Photo, Split, photos
from tests.benchmarks.bsds500_peers import Peer, available_peers
from tests.benchmarks.partition_scores import (
    PartitionScores,
    SetScores,
    annotator_agreement,
    best_per_image,
    best_per_set,
    contingency,
    merged_table,
    pooled,
    score_labels,
    score_tables,
)

HEIGHTS: tuple[float, ...] = tuple(np.round(np.geomspace(0.2, 5.0, 81), 3).tolist())
"""Heights at which the hierarchy is cut to find the best one; nats; neighbours differ by 4 %."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Result of one method on one photo.

    Parameters
    ----------
    name : str
        Of the photo.
    default : PartitionScores or None
        At default settings; None for methods that are only varied.
    varied : tuple of PartitionScores
        One for each value of the method's parameter.
    seconds : float
        CPU seconds of one partition.
    n_regions : int
        At default settings; 0 for methods that are only varied.
    """

    name: str
    default: PartitionScores | None
    varied: tuple[PartitionScores, ...]
    seconds: float
    n_regions: int = 0


def score_hierarchy(photo: Photo) -> Scored:
    """Score the hierarchy of one photo."""
    image, truths = photo.image, photo.truths
    start = time.process_time()
    hierarchy = result_of(hierarchy_events(image))
    regions = cut(hierarchy, RegionSettings())
    seconds = time.process_time() - start
    default = score_labels(regions.labels, truths)
    varied = tuple(score_heights(hierarchy, photo, HEIGHTS))
    return Scored(photo.name, default, varied, seconds, int(regions.leaf_labels.max()) + 1)


def score_heights(hierarchy: Hierarchy, photo: Photo, heights: Sequence[float]) -> Iterator[PartitionScores]:
    """Yield the scores of the cuts at some heights, from the tables of the leaves."""
    tables = [contingency(hierarchy.leaves, truth) for truth in photo.truths]
    for height in heights:
        labels = leaf_labels_at(hierarchy, height)
        yield score_tables([merged_table(table, labels) for table in tables])


def score_peer(photo: Photo, peer: Peer) -> Scored:
    """Score another method on one photo."""
    image = photo.image
    start = time.process_time()
    maps = list(peer.partitions(image, peer.values))
    seconds = (time.process_time() - start) / len(peer.values)
    return Scored(photo.name, None, tuple(score_labels(one, photo.truths) for one in maps), seconds)


class PeerScorer:
    """`score_peer` of one peer, found by its title: what is sent to another process must be importable."""

    def __init__(self, title: str) -> None:
        self._title = title

    def __call__(self, photo: Photo) -> Scored | str:
        """Return the scores, or the photo and what the peer raised: its errors must not end the run."""
        peer = next(peer for peer in available_peers()[0] if peer.title == self._title)
        try:
            return score_peer(photo, peer)
        except Exception as error:  # other people's code: anything
            return f"{photo.name}: {type(error).__name__}"


def agreement_of(photo: Photo) -> list[PartitionScores]:
    """Return the scores of each annotator of a photo with the others."""
    return annotator_agreement(photo.truths)


def mapped(function: Callable[[Photo], Any], items: Sequence[Photo], jobs: int) -> list[Any]:
    """Return the results for all photos in their order, computed in `jobs` processes."""
    # Spawned, not forked: BLAS reads the number of its threads when numpy is first imported.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        return list(pool.map(function, items, chunksize=2))


def row(title: str, scores: SetScores, remark: str = "") -> str:
    """Return one line of the printed table."""
    return f"{title:42}{scores.covering:8.4f}{scores.pri:8.4f}{scores.voi:8.4f}   {remark}".rstrip()


def report(title: str, parameter: str, values: Sequence[float], results: Sequence[Scored]) -> dict[str, Any]:
    """Print the lines of one method and return them as a dictionary."""
    summary: dict[str, Any] = {"title": title, "parameter": parameter}
    seconds = float(np.mean([one.seconds for one in results]))
    defaults = [one.default for one in results if one.default is not None]
    if defaults:
        n_regions = float(np.median([one.n_regions for one in results]))
        at_default = pooled(defaults)
        print(row(f"{title}, default", at_default, f"median {n_regions:.0f} regions"))
        summary |= {"default": asdict(at_default), "median_regions": n_regions}
    varied = [one.varied for one in results]
    per_set, where = best_per_set(varied)
    chosen = tuple(values[at] for at in where)
    print(row(f"{title}, best per set", per_set, f"{parameter} {', '.join(f'{v:g}' for v in chosen)}"))
    per_image = best_per_image(varied)
    print(row(f"{title}, best per image", per_image, f"{seconds:.2f} CPU s an image"))
    return summary | {
        "best_per_set": asdict(per_set),
        "best_per_set_at": chosen,
        "best_per_image": asdict(per_image),
        "cpu_seconds": seconds,
        "images": {one.name: asdict(one.default) if one.default else None for one in results},
    }


def report_agreement(items: Sequence[Photo], jobs: int) -> dict[str, Any]:
    """Print how well each annotator agrees with the others, means over annotators, then images; return it."""
    each = [
        np.mean([(one.covering, one.pri, one.voi) for one in scores], axis=0)
        for scores in mapped(agreement_of, items, jobs)
        if scores
    ]
    scores = SetScores(*np.mean(each, axis=0).tolist())
    print(row("people, leave one out", scores))
    return asdict(scores)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=(*SPLITS, "all"), default="val")
    parser.add_argument("--limit", type=int, help="so many photos of each split, evenly spread")
    parser.add_argument("--peers", action="store_true", help="also score other methods")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    options = parser.parse_args()
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    splits: tuple[Split, ...] = SPLITS if options.split == "all" else (options.split,)
    items = photos(splits, options.limit)
    print(f"BSDS500 {' + '.join(splits)}, {len(items)} photos")
    print(f"{'':42}{'cover':>8}{'PRI':>8}{'VoI':>8}")
    figures: dict[str, Any] = {"split": options.split, "n_photos": len(items)}
    figures["people"] = report_agreement(items, options.jobs)
    methods = [report("regions", "height", HEIGHTS, mapped(score_hierarchy, items, options.jobs))]
    if options.peers:
        peers, left_out = available_peers()
        for peer in peers:
            answers = mapped(PeerScorer(peer.title), items, options.jobs)
            failures = [answer for answer in answers if isinstance(answer, str)]
            if len(failures) < len(answers):
                scored = [answer for answer in answers if not isinstance(answer, str)]
                methods.append(report(peer.title, peer.parameter, peer.values, scored))
            if failures:
                print(f"{peer.title} failed on {len(failures)} photos, left out: {', '.join(failures)}")
        print(*left_out, sep="\n")
    figures["methods"] = methods
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
