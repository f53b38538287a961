"""Accuracy of classes taught by a few strokes: ``python -m tests.benchmarks.teaching [--every N]``.

On photos of BSDS500 the regions of at least 4 % of the picture, five at most, of the person with the median
number of regions are the classes. Each gets strokes 8 pixels wide and up to 60 long from its deepest points,
those after the first as far from it as from the border. Agreement is the share of the pixels of these
regions, strokes left out, that have the person's class. Without hints there are as many classes as regions,
paired with them so that agreement is largest, which nobody could do without the truth; *worse* counts the
photos that agree less than that. Times leave out the tree of the regions, which the window has.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.optimize import linear_sum_assignment

from gmmseg.arrays import BoolArray, FloatArray, IntArray
from gmmseg.control import result_of
from gmmseg.features.spec import FeatureSpec
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.class_map import ClassMapper
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.objects.hints import hints_of
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch, brushed
from gmmseg.photo.settings import LearnsFrom, MapSettings, SegmentSettings
from gmmseg.regions.outcome import RegionOutcome, region_events
from gmmseg.regions.settings import RegionSettings
from tests.benchmarks.bsds500 import mapped
from tests.benchmarks.bsds500_data import SPLITS, Photo, photos

RADIUS, LONGEST, SHORTEST = 4.0, 60.0, 20.0
N_STROKES = (1, 3)
WAYS: tuple[LearnsFrom, ...] = ("regions", "marked", "all")
_WORDS = {"regions": "marked regions", "marked": "marked pixels", "all": "all pixels"}
Figures = dict[str, tuple[float, float]]
"""Agreement, and CPU seconds of the fit, by what was done."""


def classes_of(photo: Photo) -> IntArray:
    """Return the classes of a photo, (H, W): from 1 by falling area, 0 elsewhere."""
    truth = sorted(photo.truths, key=lambda each: int(each.max()))[len(photo.truths) // 2]
    areas = np.bincount(truth.reshape(-1))
    wanted = [n for n in np.argsort(-areas, kind="stable")[:5] if areas[n] >= 0.04 * truth.size]
    deep = [n for n in wanted if _depth(truth == n).max() > RADIUS + 2]
    classes = np.zeros(truth.shape, dtype=np.int64)
    for number, region in enumerate(deep):
        classes[truth == region] = number + 1
    return classes


def _depth(mask: BoolArray) -> FloatArray:
    depth: FloatArray = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return depth


def strokes(region: BoolArray, n_strokes: int, generator: np.random.Generator) -> Patch:
    """Return the pixels of strokes that stay within a region."""
    depth = _depth(region)
    left, drawn = depth.copy(), np.zeros(region.shape, dtype=bool)
    for _ in range(n_strokes):
        if left.max() <= RADIUS + 1:
            break
        y, x = np.unravel_index(int(left.argmax()), left.shape)
        drawn |= brushed(_way(depth, int(x), int(y), generator), RADIUS, region.shape).full(region.shape)
        left = np.minimum(left, _depth(~drawn) / 2)
    return Patch.of(drawn)


def _way(depth: FloatArray, x: int, y: int, generator: np.random.Generator) -> list[tuple[float, float]]:
    """Return a straight way from a point that keeps off the border, or the point where there is none."""
    ends = np.argwhere(depth > RADIUS + 1)
    for down, across in generator.permutation(ends)[:200]:
        steps = np.linspace(0, 1, 50)
        rows, columns = (y + (down - y) * steps).astype(int), (x + (across - x) * steps).astype(int)
        is_long = SHORTEST < np.hypot(down - y, across - x) <= LONGEST
        if is_long and (depth[rows, columns] > RADIUS + 1).all():
            return [(x + 0.5, y + 0.5), (across + 0.5, down + 0.5)]
    return [(x + 0.5, y + 0.5)]


def figures_of(photo: Photo, features: tuple[str, ...]) -> Figures:
    """Return what one photo comes to."""
    truth = classes_of(photo)
    n_classes = int(truth.max())
    if n_classes < 2:
        return {}
    regions = result_of(region_events(photo.image, RegionSettings()))
    return {key: value for one in features for key, value in _of_features(photo, truth, one, regions)}


def _of_features(
    photo: Photo, truth: IntArray, features: str, regions: RegionOutcome
) -> Iterator[tuple[str, tuple[float, float]]]:
    n_classes = int(truth.max())
    spec, mixture = FeatureSpec.parse(features), FitSettings(n_components=n_classes)
    mapper = ClassMapper(MapSettings(by="region"), regions)
    for by, labels, seconds in _maps(SegmentRequest(photo.image, SegmentSettings(spec, mixture)), mapper):
        counts = np.array(
            [np.bincount(truth[labels == k], minlength=n_classes + 1)[1:] for k in range(1, n_classes + 1)]
        )
        pairs = linear_sum_assignment(-counts)
        yield f"{features}, without hints, {by}", (counts[pairs].sum() / (truth > 0).sum(), seconds)
    for n_strokes in N_STROKES:
        objects = ObjectMap.empty(truth.shape)
        generator = np.random.default_rng(0)
        for number in range(1, n_classes + 1):
            objects = objects.with_object(strokes(truth == number, n_strokes, generator), str(number))
        is_judged = (truth > 0) & (objects.ids.read() == 0)
        for way in WAYS:
            settings = SegmentSettings(spec, mixture, learns_from=way)
            request = SegmentRequest(
                photo.image, settings, hints=hints_of(objects), hierarchy=regions.hierarchy
            )
            for by, labels, seconds in _maps(request, mapper):
                title = f"{features}, {n_strokes} stroke{'s' * (n_strokes > 1)}, {_WORDS[way]}, {by}"
                yield title, (float((labels == truth)[is_judged].mean()), seconds)


def _maps(request: SegmentRequest, mapper: ClassMapper) -> Iterator[tuple[str, IntArray, float]]:
    """Yield the class ids of each pixel by itself and by region, and the CPU seconds of the fit."""
    began = time.process_time()
    outcome = result_of(segment_events(request))
    seconds = time.process_time() - began
    ids = outcome.fit.model.classes.ids_by_label()
    yield "by pixel", ids[outcome.segmentation.labels], seconds
    yield "by region", ids[mapper(request.image, outcome.table, outcome.segmentation).labels], seconds


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=SPLITS, default="val")
    parser.add_argument("--every", type=int, default=9, help="every so manieth photo, from the sixth")
    parser.add_argument("--features", nargs="+", default=["lab", "lab+position"])
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    items = photos((options.split,))[5 :: options.every]
    found = mapped(partial(figures_of, features=tuple(options.features)), items, options.jobs)
    found = [each for each in found if each]
    print(f"BSDS500 {options.split}, {len(found)} photos with two classes or more")
    print(f"{'':50}{'agreement':>10}{'median':>10}{'worse':>7}{'CPU s':>8}")
    for title in found[0]:
        values = np.array([each[title] for each in found])
        mean, median = values[:, 0].mean(), np.median(values[:, 0])
        untaught = f"{title.split(', ')[0]}, without hints, {title.split(', ')[-1]}"
        worse = sum(each[title][0] < each[untaught][0] for each in found)
        print(f"{title:50}{mean:10.3f}{median:10.3f}{worse:7}{values[:, 1].mean():8.2f}")


if __name__ == "__main__":
    main()
