"""Trains the selection of objects by clicks on the objects of COCO beside the checkout.

``python -m tests.benchmarks.fit_selection [--seeds N] [--rounds N] [--limit N] [--cache FOLDER]
[--folds FOLDER] [--output FILE]``. Each round fits all functions to what happened in the last rounds and
plays every object again, with clicks at the deepest points or jittered, in the last two rounds with both.
Objects are played by functions that were fitted without their image (five folds), so that the figures
printed are those of images not trained on; the functions written are fitted to all. They are the mean of
runs with different random numbers, each in a process of its own, which errs less than each of these.
"""

from __future__ import annotations

import argparse
import pickle
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from gmmseg.arrays import BoolArray, FloatArray, IntArray
from gmmseg.control import result_of
from gmmseg.io.atomic import write_atomically
from gmmseg.regions.odds import QuadraticOdds
from gmmseg.render import display_rgb
from gmmseg.selection.advance import Selection, Working, advance, nothing
from gmmseg.selection.boxing import (
    BOX_LEAF_FEATURES,
    BOX_MASK_FEATURES,
    BoxedArea,
    box_leaf_features,
    box_mask_features,
    box_proposals,
    boxed_area,
)
from gmmseg.selection.candidates import CANDIDATE_FEATURES, candidates_of
from gmmseg.selection.ground import Ground
from gmmseg.selection.leaf_features import LEAF_FEATURES
from gmmseg.selection.locating import touch_of
from gmmseg.selection.painting import painted
from gmmseg.selection.pipeline import ground_events
from gmmseg.selection.prompts import click
from gmmseg.selection.ranking import RANK_FEATURES
from gmmseg.selection.scene import Scene, Touch, scene_of
from gmmseg.selection.site import Site
from gmmseg.selection.weights import FITTED_FILE, Weights, weights_as_json
from tests.benchmarks.click_protocol import Click, Clicker, Played, play, scores
from tests.benchmarks.clicked_objects import ClickedObject, box_of, clicked_objects
from tests.benchmarks.fit_region_cost import logistic, quadratic_terms, spread
from tests.benchmarks.mean_odds import mean_weights

FOLDS = 5
ROUNDS_KEPT = 2
CLICKS_PLAYED = 12
ENOUGH = 0.97
LEAVES_A_STATE = 40
CURVATURE_ROWS = 15_000
FULL_ROUNDS = 2
"""The last rounds, in which every object is played both ways and longer."""
QUICK_CLICKS = 8
JITTERED_PLAYS = 2
"""Times that each object is played with jittered clicks in a full round."""
SEEDS = 4
"""An even number, as runs go two at a time on two cores."""
RANDOM_FIRST_CLICKS = 4
RIDGES = {
    "first": (0.05, 1.0),
    "later": (0.03, 0.3),
    "leaves": (2e-4, 2e-3),
    "masks": (0.002, 0.01),
    "box_leaves": (2e-4, 2e-3),
    "box_masks": (0.02, 0.1),
}
"""Penalties of the linear weights and of the products."""
CHOICES = {"first": (0.3, 12.0), "masks": (0.01, 50.0), "box_masks": (0.1, 25.0)}
"""Functions that choose among the examples of a state: what departing from the regression costs, and by how
much a difference of scores is multiplied before it becomes odds of being chosen."""
CHOICE_STEPS = 80
FIRST_PROMPTS = ("first", "box_leaves")
NAMES = {
    "first": CANDIDATE_FEATURES,
    "later": CANDIDATE_FEATURES,
    "leaves": LEAF_FEATURES,
    "masks": RANK_FEATURES,
    "box_leaves": BOX_LEAF_FEATURES,
    "box_masks": BOX_MASK_FEATURES,
}


@dataclass
class Rows:
    """Examples of one function: features, targets, importances, and the fold of the image of each."""

    parts: list[tuple[FloatArray, FloatArray, FloatArray, int, float]] = field(default_factory=list)

    def add(
        self,
        features: FloatArray,
        targets: FloatArray,
        importance: FloatArray,
        fold: int,
        weight: float = 1.0,
    ) -> None:
        """Add the examples of one state, whose choice counts by `weight`."""
        self.parts.append((features.astype(np.float32), targets, importance, fold, weight))

    def arrays(self) -> tuple[FloatArray, FloatArray, FloatArray, IntArray, IntArray, FloatArray]:
        """Return everything in one array each, last the number and the weight of each example's state."""
        features, targets, importance = (np.concatenate([part[at] for part in self.parts]) for at in range(3))
        sizes = [len(part[1]) for part in self.parts]
        folds = np.repeat([part[3] for part in self.parts], sizes)
        states = np.repeat(np.arange(len(sizes)), sizes)
        weights = np.repeat([part[4] for part in self.parts], sizes)
        return features.astype(np.float64), targets, importance, folds, states, weights


Examples = dict[str, Rows]


def no_examples() -> Examples:
    """Return room for examples of each function."""
    return {name: Rows() for name in RIDGES}


@dataclass
class Truth:
    """An object on its ground: pixels of the object and pixels to count in each leaf."""

    inside: FloatArray
    counted: FloatArray

    @classmethod
    def of(cls, ground: Ground, truth: BoolArray, ignored: BoolArray | None) -> Truth:
        """Count the pixels of an object in each leaf."""
        counted = ground.labels >= 0 if ignored is None else (ground.labels >= 0) & ~ignored
        n_leaves = ground.n_leaves
        return cls(
            np.bincount(ground.labels[truth & counted], minlength=n_leaves).astype(np.float64),
            np.bincount(ground.labels[counted], minlength=n_leaves).astype(np.float64),
        )

    def overlaps(self, masks: BoolArray) -> FloatArray:
        """Return the overlap of masks (c, N) with the object."""
        both, sizes = masks @ self.inside, masks @ self.counted
        found: FloatArray = both / np.maximum(sizes + self.inside.sum() - both, 1e-9)
        return found


def fold_of(image: str) -> int:
    """Return the fold of an image, by its name."""
    return zlib.crc32(image.encode()) % FOLDS


def cached_ground(item: ClickedObject, folder: Path | None) -> Ground:
    """Return the ground of an object's image, kept in a folder if there is one."""
    path = None if folder is None else folder / f"{item.name}.pkl"
    if path is not None and path.exists():
        kept: Ground = pickle.loads(path.read_bytes())
        return kept
    ground = result_of(ground_events(item.read()))
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(ground))
    return ground


class Player:
    """Selects by clicks on one object while it writes down what each step could have been."""

    def __init__(
        self,
        scene: Scene,
        item: ClickedObject,
        weights: Weights,
        examples: Examples,
        rng: np.random.Generator,
    ) -> None:
        self._scene, self._weights, self._examples, self._rng = scene, weights, examples, rng
        self._item, self._fold = item, fold_of(item.image)
        self._site = Site(scene, scene.ground.labels, display_rgb(item.read()), weights)
        self._truth = Truth.of(scene.ground, item.truth, item.ignored)
        self._selection = nothing(scene)
        self._mask: BoolArray = np.zeros(scene.ground.labels.shape, dtype=np.bool_)

    def __call__(self, clicks: Sequence[Click]) -> BoolArray:
        """Return the mask after one click more."""
        ground = self._scene.ground
        touch = touch_of(ground, ground.labels, click(*clicks[-1]))
        before, self._selection = self._selection, self._selection
        self._selection, working = advance(self._scene, before, touch, self._weights)
        if before.marks:
            self._write_down(before, touch, working, clicks[-1])
        prompts = [click(*one) for one in clicks]
        self._mask = painted(self._site, self._selection.mask, prompts, 1)
        return self._mask

    def _write_down(self, before: Selection, touch: Touch, working: Working, last: Click) -> None:
        truth = self._truth
        targets = self._error_overlaps(before, working, touch)
        n_nodes = len(targets)
        self._examples["later"].add(
            working.candidates.features, targets, np.full(n_nodes, 1 / n_nodes), self._fold
        )
        if working.leaf_features is None or working.masks is None or working.rank_features is None:
            return
        share = truth.inside / np.maximum(truth.counted, 1)
        drawn = _drawn(truth, (share > 0.02) | before.mask, self._rng)
        self._examples["leaves"].add(
            working.leaf_features[drawn], share[drawn], np.full(LEAVES_A_STATE, 1.0), self._fold
        )
        overlaps = truth.overlaps(working.masks)
        regret = overlaps.max() - overlaps
        self._examples["masks"].add(working.rank_features, -regret, _importance(regret), self._fold)

    def _error_overlaps(self, before: Selection, working: Working, touch: Touch) -> FloatArray:
        """Return the overlap of each candidate's change with the part of the error that the click lies in."""
        from scipy.ndimage import label

        ground, item = self._scene.ground, self._item
        wrong = item.truth & ~self._mask if touch.is_positive else ~item.truth & self._mask
        if item.ignored is not None:
            wrong &= ~item.ignored
        parts, _ = label(wrong)
        part = parts == parts[touch.point] if parts[touch.point] else wrong
        error = np.bincount(ground.labels[part & (ground.labels >= 0)], minlength=ground.n_leaves)
        changeable = self._truth.counted * (~before.mask if touch.is_positive else before.mask)
        starts, stops = ground.tree.intervals[:, working.candidates.nodes]
        sums = [
            np.concatenate([[0.0], np.cumsum(values)])
            for values in (np.minimum(error, changeable), changeable)
        ]
        both, change = (total[stops] - total[starts] for total in sums)
        found: FloatArray = both / np.maximum(change + error.sum() - both, 1e-9)
        return found


def _importance(regret: FloatArray) -> FloatArray:
    """Return how much each mask of a state counts: good ones more, and all where there is much to lose."""
    importance: FloatArray = (0.15 + np.exp(-12 * regret)) * (0.03 + regret.max()) / len(regret)
    return importance


def _drawn(truth: Truth, is_near: BoolArray, rng: np.random.Generator) -> IntArray:
    """Draw leaves: large ones and those near the object more often."""
    chances = np.sqrt(truth.counted) * (1 + 3 * is_near)
    return rng.choice(len(chances), LEAVES_A_STATE, p=chances / chances.sum())


def random_box(scene: Scene, item: ClickedObject, rng: np.random.Generator) -> BoxedArea:
    """Return the box of an object a few pixels wider, each side by a different number."""
    x0, y0, x1, y1 = box_of(item.truth, 0)
    margins = rng.integers(BOX_MARGINS[0], BOX_MARGINS[1] + 1, 4).tolist()
    height, width = item.truth.shape
    box = (
        float(max(y0 - margins[0], 0)),
        float(max(x0 - margins[1], 0)),
        float(min(y1 + margins[2], height)),
        float(min(x1 + margins[3], width)),
    )
    return boxed_area(scene, box)


def box_examples(
    scene: Scene, item: ClickedObject, weights: Weights, examples: Examples, rng: np.random.Generator
) -> float:
    """Write down the masks that a box could mean; return the overlap of the best-ranked."""
    truth = Truth.of(scene.ground, item.truth, item.ignored)
    reached = 0.0
    for _ in range(BOXES):
        area = random_box(scene, item, rng)
        if weights.box_leaves is None:
            break
        odds = np.clip(weights.box_leaves(box_leaf_features(scene, area)), -8, 8)
        masks = box_proposals(scene, area, odds)
        features = box_mask_features(scene, area, odds, masks)
        overlaps = truth.overlaps(masks)
        regret = overlaps.max() - overlaps
        examples["box_masks"].add(features, -regret, _importance(regret), fold_of(item.image))
        ranking = features[:, 1] if weights.box_masks is None else weights.box_masks(features)
        reached = float(overlaps[ranking.argmax()])
    return reached


def first_examples(scene: Scene, item: ClickedObject, examples: Examples, rng: np.random.Generator) -> None:
    """Write down the candidates of the deepest click and of some jittered ones."""
    ground, empty = scene.ground, np.zeros(scene.ground.n_leaves, dtype=np.bool_)
    truth = Truth.of(ground, item.truth, item.ignored)
    none = np.zeros(item.truth.shape, dtype=np.bool_)
    for _ in range(BOXES):
        features = box_leaf_features(scene, random_box(scene, item, rng))
        share = truth.inside / np.maximum(truth.counted, 1)
        drawn = _drawn(truth, share > 0.02, rng)
        examples["box_leaves"].add(features[drawn], share[drawn], np.ones(len(drawn)), fold_of(item.image))
    for at in range(1 + RANDOM_FIRST_CLICKS):
        found = Clicker(item.truth, item.ignored, None if at == 0 else rng).next(none)
        if found is None:
            continue
        candidates = candidates_of(scene, touch_of(ground, ground.labels, click(*found)), (), empty)
        starts, stops = ground.tree.intervals[:, candidates.nodes]
        masks = (np.arange(ground.n_leaves) >= starts[:, None]) & (
            np.arange(ground.n_leaves) < stops[:, None]
        )
        importance = np.full(len(masks), (1.0 if at == 0 else FIRST_JITTER) / len(masks))
        weight = 1.0 if at == 0 else FIRST_CHOICE
        examples["first"].add(
            candidates.features, truth.overlaps(masks), importance, fold_of(item.image), weight
        )


BOXES = 2
"""Boxes of each object and round."""
BOX_MARGINS = 0, 8
"""Pixels that a box is wider on each side than the object."""
FIRST_JITTER = 0.25
"""Weight of a jittered first click in the regression, the deepest one counting 1."""
FIRST_CHOICE = 0.05
"""The same in choosing."""


def fitted(name: str, rows: tuple[FloatArray, FloatArray, FloatArray, IntArray, FloatArray]) -> QuadraticOdds:
    """Return the function fitted to examples: odds for shares of leaves, else least squares.

    Of functions that choose, this is where minimising the expected loss of the choice begins.
    """
    features, targets, importance, states, weights = rows
    mean, deviation = spread(features, importance)
    terms = quadratic_terms((features - mean) / deviation)
    n_features = features.shape[1]
    linear, products = RIDGES[name]
    penalty = np.full(terms.shape[1], products)
    penalty[:n_features] = linear
    penalty[-1] = 0
    if name in ("leaves", "box_leaves"):
        found = logistic(terms, targets, importance, penalty, CURVATURE_ROWS)
    else:
        weight = (importance / importance.sum()).astype(np.float32)
        weighed = terms * weight[:, None]
        gram = (weighed.T @ terms).astype(np.float64) + np.diag(penalty + 1e-9)
        found = np.linalg.solve(gram, (weighed.T @ targets.astype(np.float32)).astype(np.float64))
    if name in CHOICES:
        found = choosing(terms, targets, states, weights, found, *CHOICES[name])
    found = found.round(5)
    matrix = np.zeros((n_features, n_features))
    matrix[np.triu_indices(n_features)] = found[n_features:-1]
    return QuadraticOdds(NAMES[name], mean, deviation, found[:n_features], matrix, float(found[-1]))


def choosing(
    terms: NDArray[np.float32],
    targets: FloatArray,
    states: IntArray,
    weights: FloatArray,
    start: FloatArray,
    penalty: float,
    sharpness: float,
) -> FloatArray:
    """Return weights whose choice loses least: the mean over states, as they are weighed, of what
    the softmax of the scores loses.

    Least squares tells good from bad; what counts is which of the good is the best. Products cost four times
    as much as linear weights to move away from `start`.
    """
    from scipy.optimize import minimize

    starts = np.flatnonzero(np.r_[True, np.diff(states) > 0])
    sizes = np.diff(np.r_[starts, len(states)])
    counts = weights[starts] / weights[starts].sum()
    loss = np.repeat(np.maximum.reduceat(targets, starts), sizes) - targets
    n_features = int((np.sqrt(8 * terms.shape[1] + 1) - 3) / 2)
    costs = np.full(terms.shape[1], 4 * penalty)
    costs[:n_features] = penalty
    costs[-1] = 0

    def expected(trial: FloatArray) -> tuple[float, FloatArray]:
        scores = sharpness * (terms @ trial.astype(np.float32)).astype(np.float64)
        chances = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
        chances /= np.repeat(np.add.reduceat(chances, starts), sizes)
        means = np.add.reduceat(chances * loss, starts)
        slopes = sharpness * chances * (loss - np.repeat(means, sizes)) * np.repeat(counts, sizes)
        moved = trial - start
        gradient = (terms.T @ slopes.astype(np.float32)).astype(np.float64) + 2 * costs * moved
        return float(means @ counts + (costs * moved**2).sum()), gradient

    found: FloatArray = minimize(
        expected, start, jac=True, method="L-BFGS-B", options={"maxiter": CHOICE_STEPS}
    ).x
    return found


def all_weights(examples: Examples, without: int | None, before: Weights | None = None) -> Weights:
    """Return the functions fitted to all examples but those of one fold.

    Functions of first prompts, whose examples are the same in all rounds, are those of the round before.
    """
    found: dict[str, QuadraticOdds | None] = {}
    for name, rows in examples.items():
        if not rows.parts:
            found[name] = None
            continue
        if before is not None and name in FIRST_PROMPTS:
            found[name] = getattr(before, name)
            continue
        features, targets, importance, folds, states, weights = rows.arrays()
        kept = slice(None) if without is None else folds != without
        some = features[kept], targets[kept], importance[kept], states[kept], weights[kept]
        found[name] = fitted(name, some)
    first = found["first"]
    assert first is not None
    return Weights(first, *(found[name] for name in list(RIDGES)[1:]))


def joined(rounds: Sequence[Examples], first: Examples) -> Examples:
    """Return the examples of several rounds together, with those of first clicks."""
    together = no_examples()
    for name in FIRST_PROMPTS:
        together[name] = first[name]
    for one in rounds:
        for name in ("later", "leaves", "masks", "box_masks"):
            together[name].parts += one[name].parts
    return together


def report(title: str, played: Sequence[Played]) -> None:
    """Print the figures of a round."""
    found = scores(played)
    print(title, "  ".join(f"{key} {value:.3f}" for key, value in found.items()), flush=True)


def main() -> None:
    """Train as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs whose mean is written")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--cache", type=Path, help="folder that region trees are kept in between runs")
    parser.add_argument("--folds", type=Path, help="folder to write the functions without each fold to")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    if options.cache is not None:
        for item in clicked_objects("coco")[: options.limit]:
            cached_ground(item, options.cache)
    with ProcessPoolExecutor() as pool:
        runs = list(pool.map(partial(train, options), range(options.seeds)))
    *by_fold, weights = (mean_weights(found) for found in zip(*runs, strict=True))
    if options.folds is not None:
        options.folds.mkdir(parents=True, exist_ok=True)
        for fold, found in enumerate(by_fold):
            without_file(fold, options.folds).write_text(weights_as_json(found), "utf-8")
    target = options.output or Path(str(files("gmmseg.selection") / FITTED_FILE))
    write_atomically(target, weights_as_json(weights).encode())


def train(options: argparse.Namespace, seed: int) -> list[Weights]:
    """Fit and play in turns; return the functions fitted without each fold, and last those fitted to all."""
    # Sums that several threads share differ in their last bits with the number of threads.
    with threadpool_limits(1):
        return _trained(options, seed)


def _trained(options: argparse.Namespace, seed: int) -> list[Weights]:
    items = clicked_objects("coco")[: options.limit]
    rng = np.random.default_rng(seed)
    first = no_examples()
    for item in items:
        first_examples(scene_of(cached_ground(item, options.cache)), item, first, rng)
    rounds: list[Examples] = []
    by_fold: list[Weights] = []
    for number in range(options.rounds):
        known = joined(rounds[-ROUNDS_KEPT:], first)
        by_fold = [all_weights(known, fold, by_fold[fold] if by_fold else None) for fold in range(FOLDS)]
        rounds.append(no_examples())
        is_full = number >= options.rounds - FULL_ROUNDS
        played: tuple[list[Played], list[Played]] = ([], [])
        boxes: list[float] = []
        for at, item in enumerate(items):
            scene = scene_of(cached_ground(item, options.cache))
            boxes.append(box_examples(scene, item, by_fold[fold_of(item.image)], rounds[-1], rng))
            both = (False, *[True] * JITTERED_PLAYS)
            for jitters in both if is_full else ((at + number) % 2 == 1,):
                player = Player(scene, item, by_fold[fold_of(item.image)], rounds[-1], rng)
                clicker = Clicker(item.truth, item.ignored, rng if jitters else None)
                n_clicks = CLICKS_PLAYED if is_full else QUICK_CLICKS
                played[jitters].append(play(player, clicker, n_clicks, ENOUGH))
        print("seed", seed, "boxes", np.mean(boxes).round(3))
        for title, some in zip(("deepest", "jittered"), played, strict=True):
            report(f"seed {seed} round {number + 1} {title}", some)
    known = joined(rounds[-ROUNDS_KEPT:], first)
    return [*(all_weights(known, fold, by_fold[fold]) for fold in range(FOLDS)), all_weights(known, None)]


def without_file(fold: int, folder: Path) -> Path:
    """Return where functions fitted without a fold are kept in a folder."""
    return folder / f"without_{fold}.json"


if __name__ == "__main__":
    main()
