"""From an image to the ground that objects are selected on."""

from __future__ import annotations

from collections.abc import Generator

from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.image import Image
from gmmseg.regions.adjacency import region_graph
from gmmseg.regions.evidence import boundary_evidence
from gmmseg.regions.leaves import watershed_leaves
from gmmseg.regions.merging import build_tree
from gmmseg.regions.odds import QuadraticOdds
from gmmseg.regions.picture import WORKING_SIDE, working_picture
from gmmseg.selection.ground import Ground, ground_of


def ground_events(
    image: Image,
    seed: int = 0,
    should_stop: ShouldStop = never_stop,
    working_side: int = WORKING_SIDE,
    odds: QuadraticOdds | None = None,
) -> Generator[Progress, None, Ground]:
    """Make the ground of an image, yielding progress; without `odds` the fitted ones decide on unions."""
    yield Progress("Regions", 0.0)
    evidence = boundary_evidence(working_picture(image, working_side, should_stop), seed, should_stop)
    yield Progress("Regions", 0.6)
    leaves = watershed_leaves(evidence, should_stop)
    tree = build_tree(region_graph(leaves, evidence, should_stop), odds=odds, should_stop=should_stop)
    yield Progress("Regions", 0.8)
    return ground_of(leaves, evidence, tree, should_stop)
