"""From an image to its hierarchy of regions: the stages in order, with progress."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gmmseg.control import Progress, ShouldStop, never_stop, relayed
from gmmseg.image import Image
from gmmseg.mixture.tree import MergeTree
from gmmseg.regions.adjacency import RegionGraph, region_graph
from gmmseg.regions.appearance import (
    colour_generator,
    colour_posteriors,
    texture_generator,
    texture_posteriors,
)
from gmmseg.regions.evidence import Evidence, boundary_maps
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.leaves import ranks_by_appearance, watershed_leaves
from gmmseg.regions.merging import build_tree
from gmmseg.regions.picture import WORKING_SIDE, working_picture
from gmmseg.regions.refinement import refinement_events
from gmmseg.regions.scale import natural_height

_WORKING_SHARE = 0.4
"""Part of the progress bar for the work at reduced size, where refinement follows."""


def hierarchy_events(
    image: Image, seed: int = 0, should_stop: ShouldStop = never_stop, working_side: int = WORKING_SIDE
) -> Generator[Progress, None, Hierarchy]:
    """Make an image's hierarchy of regions, yielding progress.

    Large images are worked at a reduced size; the borders of the leaves are then refined at their own.

    Parameters
    ----------
    image : Image
    seed : int
        The same image and seed give the same hierarchy.
    should_stop : callable
        Asked between blocks. CANCEL raises `Cancelled`; STOP leaves the borders of a large image coarse.
    working_side : int
        Longest side, in pixels, that is worked at; larger images are reduced to it.

    Raises
    ------
    FeatureError
        Where no pixel holds data.
    """
    yield Progress("Regions: reading colours", 0.0)
    picture = working_picture(image, working_side, should_stop)
    is_reduced = picture.shape != (image.height, image.width)
    share = _WORKING_SHARE if is_reduced else 1.0
    yield Progress("Regions: mixture of colours", 0.05 * share)
    colour = colour_posteriors(picture, colour_generator(seed), should_stop)
    yield Progress("Regions: mixture of textures", 0.2 * share)
    texture = texture_posteriors(picture, texture_generator(seed), should_stop)
    yield Progress("Regions: boundaries", 0.4 * share)
    evidence = Evidence(picture, colour, texture, boundary_maps(picture, colour, texture, should_stop))
    yield Progress("Regions: smallest regions", 0.65 * share)
    leaves = watershed_leaves(evidence, should_stop)
    graph = region_graph(leaves, evidence, should_stop)
    yield Progress("Regions: merging", 0.8 * share)
    tree = build_tree(graph, should_stop=should_stop)
    natural = natural_height()
    if not is_reduced:
        return Hierarchy(leaves, tree.pairs, tree.heights, natural, graph.areas, graph.lab, graph.colour)
    del evidence, colour, texture
    refined = yield from relayed(
        refinement_events(leaves, image, should_stop),
        lambda step: (replace(step, fraction=share + (1 - share) * (step.fraction or 0.0)),),
    )
    return _refined(refined, graph, tree, natural)


def _refined(leaves: NDArray[np.int32], graph: RegionGraph, tree: MergeTree, natural: float) -> Hierarchy:
    """Return the hierarchy over refined leaves, of which some may have lost every pixel."""
    ranks = ranks_by_appearance(leaves, graph.n_regions)
    tree = tree.renumbered(ranks[:-1])
    order = np.argsort(ranks[:-1])[np.count_nonzero(ranks[:-1] < 0) :]
    leaves = ranks[leaves]
    areas = np.bincount(leaves.reshape(-1) + 1, minlength=len(order) + 1)[1:].astype(np.int64)
    return Hierarchy(leaves, tree.pairs, tree.heights, natural, areas, graph.lab[order], graph.colour[order])
