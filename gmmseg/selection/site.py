"""An image made ready for selecting: its scene, and the leaf of each of its own pixels."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import ByteArray
from gmmseg.control import Progress, ShouldStop, never_stop, relayed, result_of
from gmmseg.image import Image
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.picture import WORKING_SIDE
from gmmseg.regions.pipeline import finished_events, part_of, worked_events
from gmmseg.regions.refinement import enlarged, refinement_events
from gmmseg.render import display_rgb
from gmmseg.selection.ground import Ground, ground_of
from gmmseg.selection.pipeline import ground_events
from gmmseg.selection.scene import Scene, scene_of
from gmmseg.selection.weights import Weights, fitted_weights

COARSE_SIDE = 160
"""Longest side, in pixels, that the first answers are worked at."""
_SAMPLES = 4
"""Pixels along either side that a pixel of the first answers is at least the mean of, in large images."""
_WORKING_SHARE = 0.4
"""Part of the progress bar for the work at reduced size, where refinement follows."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """An image ready for selecting, read-only.

    Parameters
    ----------
    scene : Scene
        At the working size.
    labels : int32 array, (H, W)
        The leaf of each pixel of the image; -1 without data.
    rgb : uint8 array, (H, W, 3)
        As shown.
    weights : Weights
    """

    scene: Scene
    labels: NDArray[np.int32]
    rgb: ByteArray
    weights: Weights = field(default_factory=fitted_weights)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return int(self.labels.shape[0]), int(self.labels.shape[1])


def is_small(image: Image) -> bool:
    """Return whether an image is worked at its own size even for first answers, which then are the last."""
    return max(image.height, image.width) <= COARSE_SIDE


def coarse_site(image: Image, seed: int = 0, should_stop: ShouldStop = never_stop) -> Site:
    """Return an image ready for first answers, within a few tenths of a second at any size."""
    ground = result_of(ground_events(_thinned(image), seed, should_stop, COARSE_SIDE))
    labels = enlarged(ground.labels, (image.height, image.width))
    if image.mask is not None:
        labels[~image.mask] = -1
    return Site(scene_of(ground), labels, display_rgb(image))


def _thinned(image: Image) -> Image:
    """Return every n-th pixel of every n-th row of an image much larger than what is worked at."""
    step = max(image.height, image.width) // (COARSE_SIDE * _SAMPLES)
    if step < 2:
        return image
    kept = slice(step // 2, None, step), slice(step // 2, None, step)
    mask = None if image.mask is None else np.ascontiguousarray(image.mask[kept])
    # Of data in few places thinning may leave none; so may it of an image of one row or column.
    pixels = np.ascontiguousarray(image.pixels[kept])
    if pixels.size == 0 or (mask is not None and not mask.any()):
        return image
    return replace(image, pixels=pixels, mask=mask)


def site_events(
    image: Image, seed: int = 0, should_stop: ShouldStop = never_stop, working_side: int = WORKING_SIDE
) -> Generator[Progress, None, Site]:
    """Make an image ready for selecting, yielding progress.

    The same image and seed give the same site. Large images are worked at a reduced size; the borders of the
    leaves are then refined at their own.

    Raises
    ------
    FeatureError
        Where no pixel holds data.
    Cancelled
    """
    share = _WORKING_SHARE if max(image.height, image.width) > working_side else 1.0
    ground = yield from relayed(
        ground_events(image, seed, should_stop, working_side), lambda step: (part_of(step, 0.0, share),)
    )
    return (
        yield from relayed(
            placed_events(ground, image, should_stop), lambda step: (part_of(step, share, 1.0),)
        )
    )


def placed_events(
    ground: Ground,
    image: Image,
    should_stop: ShouldStop = never_stop,
    weights: Weights | None = None,
) -> Generator[Progress, None, Site]:
    """Make a site of an image's ground, yielding progress; without `weights` the fitted ones decide."""
    labels = ground.labels
    if labels.shape != (image.height, image.width):
        labels = yield from refinement_events(labels, image, should_stop)
    return Site(scene_of(ground), labels, display_rgb(image), weights or fitted_weights())


def hierarchy_and_site_events(
    image: Image, seed: int = 0, should_stop: ShouldStop = never_stop
) -> Generator[Progress | Hierarchy, None, tuple[Hierarchy, Site]]:
    """Make both what `hierarchy_events` and what `site_events` make, with the common work done once.

    The hierarchy is yielded as soon as it is there.
    """
    is_reduced = max(image.height, image.width) > WORKING_SIDE
    parts = (_WORKING_SHARE / 2, 0.6) if is_reduced else (0.9, 0.95)
    worked = yield from relayed(
        worked_events(image, seed, should_stop), lambda step: (part_of(step, 0.0, parts[0]),)
    )
    ground = ground_of(worked.leaves, worked.evidence, worked.tree, should_stop)
    leaves, graph, tree = worked.leaves, worked.graph, worked.tree
    del worked
    hierarchy = yield from relayed(
        finished_events(leaves, graph, tree, image, should_stop), lambda step: (part_of(step, *parts),)
    )
    yield hierarchy
    site = yield from relayed(
        placed_events(ground, image, should_stop), lambda step: (part_of(step, parts[1], 1.0),)
    )
    return hierarchy, site
