"""Covering, Rand index and variation of information of classes by pixel and by region on photos of BSDS500.

``python -m tests.benchmarks.class_maps [--split train|val|all] [--limit N] [-k K] [--features F...]
[--odds FILE] [--jobs N]`` prints the scores of label maps of a mixture at default settings: each pixel its
own class, and each region the class of its summed posteriors, at several details and balances.

The odds in force have seen both splits. Figures of photos that they have not seen are those with odds of the
other split: ``python -m tests.benchmarks.fit_region_cost --split train --anew --output FILE`` first, then
``--split val --odds FILE``.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

from gmmseg.control import result_of
from gmmseg.features.spec import FeatureSpec
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.class_map import ClassMapper
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.odds import QuadraticOdds
from gmmseg.regions.outcome import region_events
from gmmseg.regions.pipeline import finished_events, worked_events
from gmmseg.regions.settings import RegionSettings
from tests.benchmarks.bsds500 import mapped, row
from tests.benchmarks.bsds500_data import SPLITS, Photo, Split, photos
from tests.benchmarks.partition_scores import PartitionScores, pooled, score_labels

DETAILS = (0.4, 0.45, 0.5, 0.55, 0.65)
BALANCES = (0.0, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The mixtures that are fitted, and the odds by which regions are grown; None for those in force."""

    features: tuple[str, ...]
    n_components: int
    odds: Path | None


def hierarchy_of(photo: Photo, odds: Path | None) -> Hierarchy:
    """Return the region tree of a photo."""
    learnt = None if odds is None else QuadraticOdds.from_json(odds.read_text("utf-8"))
    worked = result_of(worked_events(photo.image, odds=learnt))
    return result_of(finished_events(worked.leaves, worked.graph, worked.tree, photo.image))


def scores_of(photo: Photo, wanted: Wanted) -> dict[str, PartitionScores]:
    """Return the scores of every map of a photo, by what the map is called."""
    image, scores = photo.image, {}
    hierarchy = hierarchy_of(photo, wanted.odds)
    cuts = {
        detail: result_of(region_events(image, RegionSettings(detail=detail), hierarchy))
        for detail in DETAILS
    }
    scores["regions themselves, detail 0.5"] = score_labels(cuts[0.5].regions.labels, photo.truths)
    for features in wanted.features:
        mixture = FitSettings(n_components=wanted.n_components)
        settings = SegmentSettings(FeatureSpec.parse(features), mixture)
        outcome = result_of(segment_events(SegmentRequest(image, settings)))
        scores[f"{features}, by pixel"] = score_labels(outcome.segmentation.labels, photo.truths)
        mapper = ClassMapper()
        for balance, detail in product(BALANCES, DETAILS):
            mapper.want(MapSettings(by="region", balance=balance), cuts[detail])
            made = mapper(image, outcome.table, outcome.segmentation)
            title = f"{features}, by region, detail {detail:g}, balance {balance:g}"
            scores[title] = score_labels(made.labels, photo.truths)
    return scores


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=(*SPLITS, "all"), default="val")
    parser.add_argument("--limit", type=int, default=40, help="so many photos of each split, evenly spread")
    parser.add_argument("-k", type=int, default=5)
    parser.add_argument("--features", nargs="+", default=["rgb", "rgb+position"])
    parser.add_argument("--odds", type=Path, help="of regions, instead of those in force")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    splits: tuple[Split, ...] = SPLITS if options.split == "all" else (options.split,)
    items = photos(splits, options.limit)
    wanted = Wanted(tuple(options.features), options.k, options.odds)
    print(f"BSDS500 {' + '.join(splits)}, {len(items)} photos, K = {options.k}")
    print(f"{'':42}{'cover':>8}{'PRI':>8}{'VoI':>8}")
    found = mapped(partial(scores_of, wanted=wanted), items, options.jobs)
    for title in found[0]:
        print(row(title, pooled([scores[title] for scores in found])))


if __name__ == "__main__":
    main()
