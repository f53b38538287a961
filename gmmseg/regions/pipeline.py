"""From an image to its hierarchy of regions: the stages in order, with progress."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

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
from gmmseg.regions.odds import QuadraticOdds
from gmmseg.regions.picture import WORKING_SIDE, working_picture
from gmmseg.regions.refinement import refinement_events
from gmmseg.regions.scale import natural_height

_WORKING_SHARE = 0.4
"""Part of the progress bar for the work at reduced size, where refinement follows."""


@dataclass(frozen=True, slots=True, eq=False)
class WorkedImage:
    """An image's regions at its working size, (h, w).

    Parameters
    ----------
    evidence : Evidence
    leaves : int32 array, (h, w)
        0..M-1 by first appearance in reading order; -1 where there is no data.
    graph : RegionGraph
        Of the M leaves.
    tree : MergeTree
        Of `build_tree`, over these leaves.
    """

    evidence: Evidence
    leaves: NDArray[np.int32]
    graph: RegionGraph
    tree: MergeTree


def worked_events(
    image: Image,
    seed: int = 0,
    should_stop: ShouldStop = never_stop,
    working_side: int = WORKING_SIDE,
    odds: QuadraticOdds | None = None,
) -> Generator[Progress, None, WorkedImage]:
    """Make an image's regions at its working size, yielding progress from 0 to 1.

    Parameters
    ----------
    image : Image
    seed : int
        Of the two mixtures of appearance: the same image and seed give the same regions.
    should_stop : callable
        Asked between blocks.
    working_side : int
        Pixels of the longest side that is worked at; larger images are reduced to it.
    odds : QuadraticOdds, optional
        Log odds that two regions are different things; `fitted_odds` by default.

    Raises
    ------
    FeatureError
        Where no pixel holds data.
    Cancelled
        On the request to cancel.
    """
    yield Progress("Regions: reading colours", 0.0)
    picture = working_picture(image, working_side, should_stop)
    yield Progress("Regions: mixture of colours", 0.05)
    colour = colour_posteriors(picture, colour_generator(seed), should_stop)
    yield Progress("Regions: mixture of textures", 0.2)
    texture = texture_posteriors(picture, texture_generator(seed), should_stop)
    yield Progress("Regions: boundaries", 0.4)
    evidence = Evidence(picture, colour, texture, boundary_maps(picture, colour, texture, should_stop))
    yield Progress("Regions: smallest regions", 0.65)
    leaves = watershed_leaves(evidence, should_stop)
    graph = region_graph(leaves, evidence, should_stop)
    yield Progress("Regions: merging", 0.8)
    return WorkedImage(evidence, leaves, graph, build_tree(graph, odds=odds, should_stop=should_stop))


def hierarchy_events(
    image: Image, seed: int = 0, should_stop: ShouldStop = never_stop, working_side: int = WORKING_SIDE
) -> Generator[Progress, None, Hierarchy]:
    """Make an image's hierarchy of regions, yielding progress from 0 to 1.

    An image larger than the working size is worked at that; the borders of the leaves are then refined at
    the image's own size. Parameters and errors are those of `worked_events`. STOP ends the refinement of a
    large image early, see `refinement_events`, and changes nothing else.
    """
    share = _WORKING_SHARE if max(image.height, image.width) > working_side else 1.0
    worked = yield from relayed(
        worked_events(image, seed, should_stop, working_side), lambda step: (part_of(step, 0.0, share),)
    )
    # The mixtures' posteriors of every pixel are not needed for refining.
    leaves, graph, tree = worked.leaves, worked.graph, worked.tree
    del worked
    return (
        yield from relayed(
            finished_events(leaves, graph, tree, image, should_stop),
            lambda step: (part_of(step, share, 1.0),),
        )
    )


def finished_events(
    leaves: NDArray[np.int32],
    graph: RegionGraph,
    tree: MergeTree,
    image: Image,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress, None, Hierarchy]:
    """Make the hierarchy of an image from its regions at the working size, yielding progress from 0 to 1.

    Leaves that lose all their pixels in the refinement are taken out of the tree.

    Parameters
    ----------
    leaves, graph, tree
        Of a `WorkedImage`.
    image : Image, (H, W)
        The one that they were made from.
    should_stop : callable
        As in `refinement_events`.

    Raises
    ------
    Cancelled
        On the request to cancel.
    """
    natural = natural_height()
    if leaves.shape == (image.height, image.width):
        return Hierarchy(leaves, tree, natural, graph.areas, graph.lab, graph.colour)
    refined = yield from refinement_events(leaves, image, should_stop)
    return _refined(refined, graph, tree, natural)


def part_of(step: Progress, start: float, stop: float) -> Progress:
    """Return progress of a part of longer work, from 0 to 1, as that of the whole, from `start` to `stop`."""
    return replace(step, fraction=start + (stop - start) * (step.fraction or 0.0))


def _refined(leaves: NDArray[np.int32], graph: RegionGraph, tree: MergeTree, natural: float) -> Hierarchy:
    """Return the hierarchy over refined leaves, of which some may have lost every pixel."""
    ranks = ranks_by_appearance(leaves, graph.n_regions)
    tree = tree.renumbered(ranks[:-1])
    order = np.argsort(ranks[:-1])[np.count_nonzero(ranks[:-1] < 0) :]
    leaves = ranks[leaves]
    areas = np.bincount(leaves.reshape(-1) + 1, minlength=len(order) + 1)[1:].astype(np.int64)
    return Hierarchy(leaves, tree, natural, areas, graph.lab[order], graph.colour[order])
