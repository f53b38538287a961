"""Simulated clicks and boxes on objects of GrabCut, Berkeley and COCO, beside OpenCV's grabCut.

``python -m tests.benchmarks.clicks [--sources S ...] [--limit N] [--jitter] [--peers] [--odds FILE]
[--weights FILE] [--folds FOLDER] [--times FOLDER] [--cache FOLDER] [--json FILE]`` prints clicks to reach an
overlap of .85 and .90 (20 if never), the overlap after some clicks, the share of corrections that cost more
than .02, the best overlap within three steps of the wheel after the first click, and times.

Objects of COCO are what selecting was trained on: ``--folds`` names the folder of functions that
`fit_selection` fitted without each fifth of the images. ``--odds`` replaces the border odds in force, which
were fitted to most images of Berkeley and some of GrabCut.
"""

from __future__ import annotations

import argparse
import json
import pickle
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from gmmseg.arrays import BoolArray
from gmmseg.control import result_of
from gmmseg.regions.odds import QuadraticOdds
from gmmseg.render import display_rgb
from gmmseg.selection.ground import Ground
from gmmseg.selection.pipeline import ground_events
from gmmseg.selection.prompts import click
from gmmseg.selection.selecting import PromptedSelection, hovered, nothing_selected
from gmmseg.selection.site import Site, coarse_site, placed_events, site_events
from gmmseg.selection.weights import Weights, fitted_weights, weights_from_json
from tests.benchmarks.click_peers import grabcut_from_box, grabcut_from_discs, why_missing
from tests.benchmarks.click_protocol import Click, Clicker, Played, overlap, play, scores
from tests.benchmarks.clicked_objects import SOURCES, ClickedObject, box_of, clicked_objects
from tests.benchmarks.fit_selection import fold_of, without_file

WHEEL_STEPS = 3
BOX_MARGIN = 3
SMALL_SHARE = 0.01
ENOUGH = 0.97
"""Overlap at which an object is left alone."""


@dataclass
class Timer:
    """CPU and wall seconds of each call."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def __call__(self, work: Callable[[], Any]) -> Any:
        """Run some work, timed."""
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        self.cpu.append(time.process_time() - cpu)
        self.wall.append(time.perf_counter() - wall)
        return result

    def text(self) -> str:
        """Return median and 95th percentile in milliseconds."""
        parts = [
            f"{name} {np.median(values) * 1e3:.0f} / {np.quantile(values, 0.95) * 1e3:.0f}"
            for name, values in (("CPU", self.cpu), ("wall", self.wall))
        ]
        return "ms, median / p95: " + ", ".join(parts)


class Session:
    """Answers a growing list of clicks, as a window does."""

    def __init__(self, site: Site, timer: Timer) -> None:
        self.states: list[PromptedSelection] = [nothing_selected(site)]
        self._timer = timer

    def __call__(self, clicks: Sequence[Click]) -> BoolArray:
        """Return the mask after one click more."""

        def step() -> BoolArray:
            self.states.append(self.states[-1].with_prompt(click(*clicks[-1])))
            return self.states[-1].mask

        mask: BoolArray = self._timer(step)
        return mask


@dataclass
class Result:
    """Result on one object."""

    item: ClickedObject
    share: float
    played: Played
    wheel: float
    box: float


def wheel_overlap(state: PromptedSelection, item: ClickedObject) -> float:
    """Return the best overlap within some steps of the wheel either way."""
    best = overlap(state.mask, item.truth, item.ignored)
    for step in (-1, 1):
        turned = state
        for _ in range(WHEEL_STEPS):
            turned = turned.stepped(step)
            best = max(best, overlap(turned.mask, item.truth, item.ignored))
    return best


def site_for(item: ClickedObject, odds: QuadraticOdds | None, cache: Path | None, weights: Weights) -> Site:
    """Return an object's image ready for selecting; its ground kept in a folder if there is one."""
    # Grounds made with other odds are other grounds.
    stem = item.name if odds is None else f"{item.name}-{zlib.crc32(odds.as_json().encode()):08x}"
    path = None if cache is None else cache / f"{stem}.pkl"
    image = item.read()
    if path is not None and path.exists():
        ground: Ground = pickle.loads(path.read_bytes())
    else:
        ground = result_of(ground_events(image, odds=odds))
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pickle.dumps(ground))
    return result_of(placed_events(ground, image, weights=weights))


def figures(title: str, results: Sequence[Result]) -> dict[str, float]:
    """Print the figures of some objects and return them."""
    if not results:
        return {}
    found = scores([one.played for one in results])
    found["wheel"] = float(np.mean([one.wheel for one in results]))
    found["box"] = float(np.mean([one.box for one in results]))
    values = "  ".join(f"{key} {value:.3f}".replace(".000", "") for key, value in found.items())
    print(f"{title} ({len(results)}): {values}", flush=True)
    return found


def run_ours(items: Sequence[ClickedObject], options: argparse.Namespace, source: str) -> list[Result]:
    """Return what selecting reaches on some objects, and print its times."""
    odds = None if options.odds is None else QuadraticOdds.from_json(options.odds.read_text("utf-8"))
    clicks, hovers = Timer(), Timer()
    rng = np.random.default_rng(0)
    results: list[Result] = []
    for item in items:
        weights = fitted_weights()
        if source == "coco" and options.folds is not None:
            path = without_file(fold_of(item.image), options.folds)
            weights = weights_from_json(path.read_text("utf-8"))
        elif options.weights is not None:
            weights = weights_from_json(options.weights.read_text("utf-8"))
        site = site_for(item, odds, options.cache and options.cache / source, weights)
        session = Session(site, clicks)
        truth = item.truth
        clicker = Clicker(truth, item.ignored, rng if options.jitter else None)
        played = play(session, clicker, enough=ENOUGH)
        column, row = (int(v) for v in np.argwhere(truth)[0][::-1])
        hovers(partial(hovered, site, column, row))
        boxed = nothing_selected(site, box_of(truth, BOX_MARGIN))
        reached = overlap(boxed.mask, truth, item.ignored)
        results.append(
            Result(item, float(truth.mean()), played, wheel_overlap(session.states[1], item), reached)
        )
    print(f"{source}: a click, {clicks.text()}; hover, {hovers.text()}", flush=True)
    return results


def run_peer(items: Sequence[ClickedObject], jitter: bool) -> list[Result]:
    """Return what grabCut reaches on some objects, and print its times."""
    timer, rng = Timer(), np.random.default_rng(0)
    results: list[Result] = []
    for item in items:
        rgb, truth = display_rgb(item.read()), item.truth

        def select(clicks: Sequence[Click], rgb: Any = rgb) -> BoolArray:
            mask: BoolArray = timer(lambda: grabcut_from_discs(rgb, clicks))
            return mask

        clicker = Clicker(truth, item.ignored, rng if jitter else None)
        played = play(select, clicker, enough=ENOUGH)
        boxed = overlap(grabcut_from_box(rgb, box_of(truth, BOX_MARGIN)), truth, item.ignored)
        results.append(Result(item, float(truth.mean()), played, played.overlaps[0], boxed))
    print(f"OpenCV grabCut: a click, {timer.text()}", flush=True)
    return results


def print_times(folder: Path) -> None:
    """Print times on 12 megapixels: the first answer, the tree, clicks and hovering."""
    from gmmseg.io.images import read_image
    from tests.benchmarks.photo12mp import build

    path = folder / "photo12mp.png"
    if not path.exists():
        build(path)
    image = read_image(path)
    first, whole, clicks, hovers = Timer(), Timer(), Timer(), Timer()
    coarse = first(lambda: nothing_selected(coarse_site(image)).with_prompt(click(1000, 1000)).mask)
    site: Site = whole(lambda: result_of(site_events(image)))
    rng = np.random.default_rng(0)
    for _ in range(4):
        state = nothing_selected(site)
        for at in range(8):
            x, y = int(rng.integers(image.width)), int(rng.integers(image.height))
            hovers(partial(hovered, site, x, y))
            before = state

            def step(before: PromptedSelection = before, x: int = x, y: int = y, at: int = at) -> Any:
                after = before.with_prompt(click(x, y, at % 2 == 0))
                return after, after.mask

            state, _ = clicks(step)
    print(f"{image.width} × {image.height}: first answer {first.text()} ({coarse.mean():.2f} of the picture)")
    print(f"  tree {whole.text()}; a click {clicks.text()}; hover {hovers.text()}")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=SOURCES)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--jitter", action="store_true", help="click within .6 of the greatest depth")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--odds", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--folds", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--times", type=Path, metavar="FOLDER", help="also time 12 megapixels, kept there")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    # Several threads cost more CPU than they save in products as small as those of a click.
    with threadpool_limits(1):
        run(options)


def run(options: argparse.Namespace) -> None:
    """Print the figures asked for."""
    summary: dict[str, Any] = {}
    for source in options.sources:
        items = clicked_objects(source, options.limit)
        methods = {"selection": run_ours(items, options, source)}
        if options.peers:
            if reason := why_missing():
                print(reason)
            else:
                methods["grabCut"] = run_peer(items, options.jitter)
        for method, results in methods.items():
            subsets: dict[str, list[Result]] = {
                "all": results,
                "small": [one for one in results if one.share < SMALL_SHARE],
            }
            if source == "grabcut":
                subsets["unseen"] = [one for one in results if not one.item.is_known]
            for name, subset in subsets.items():
                title = f"{source} {method} {name}"
                summary[title] = figures(title, subset)
    if options.times is not None:
        print_times(options.times)
    if options.json is not None:
        options.json.write_text(json.dumps(summary, indent=1), "utf-8")


if __name__ == "__main__":
    main()
