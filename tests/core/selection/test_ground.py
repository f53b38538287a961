"""Fine leaves and their tree, against the leaves that they are parts of."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.regions.adjacency import region_graph
from gmmseg.regions.evidence import boundary_evidence
from gmmseg.regions.leaves import watershed_leaves
from gmmseg.regions.merging import build_tree
from gmmseg.regions.picture import working_picture
from gmmseg.selection.fine_leaves import fine_leaves, refined_tree
from gmmseg.selection.ground import ground_of
from gmmseg.selection.weights import fitted_weights, weights_as_json, weights_from_json
from tests.core.selection.scenes import disc_rgb, image_from


def test_a_fine_leaf_belongs_to_the_leaf_that_most_of_it_lies_in() -> None:
    evidence = boundary_evidence(working_picture(image_from(disc_rgb())))
    leaves = watershed_leaves(evidence)
    fine, wholes = fine_leaves(leaves, evidence)
    assert len(wholes) == fine.max() + 1 >= leaves.max() + 1
    for part, whole in enumerate(wholes.tolist()):
        counts = np.bincount(leaves[fine == part])
        assert counts[whole] == counts.max()


def test_parts_of_a_leaf_unite_before_leaves_do() -> None:
    evidence = boundary_evidence(working_picture(image_from(disc_rgb())))
    leaves = watershed_leaves(evidence)
    fine, wholes = fine_leaves(leaves, evidence)
    coarse = build_tree(region_graph(leaves, evidence))
    tree = refined_tree(region_graph(fine, evidence), wholes, coarse)
    n_fine, present = len(wholes), np.unique(wholes)
    n_inner = n_fine - len(present)
    # After the first unions every part of a leaf is one node with the others.
    groups = [{at} for at in range(n_fine)]
    for one, other in tree.pairs[:n_inner].tolist():
        groups.append(groups[one] | groups[other])
        groups[one], groups[other] = set(), set()
    found = sorted(sorted(group) for group in groups if group)
    expected = sorted(np.flatnonzero(wholes == leaf).tolist() for leaf in present)
    assert found == expected
    assert (np.diff(tree.heights) >= 0).all()
    np.testing.assert_allclose(tree.heights[-3:], coarse.heights[-3:])


def test_areas_boxes_and_centres_are_those_of_the_pixels() -> None:
    evidence = boundary_evidence(working_picture(image_from(disc_rgb())))
    leaves = watershed_leaves(evidence)
    ground = ground_of(leaves, evidence, build_tree(region_graph(leaves, evidence)))
    assert ground.total == pytest.approx(ground.area_unit * ground.labels.size)
    for leaf in range(0, ground.n_leaves, 7):
        rows, columns = np.nonzero(ground.labels == leaf)
        assert ground.areas[leaf] == pytest.approx(len(rows) * ground.area_unit)
        assert ground.centres[leaf] == pytest.approx([rows.mean(), columns.mean()], abs=1e-4)
        assert ground.boxes[leaf].tolist() == [rows.min(), columns.min(), -rows.max(), -columns.max()]


def test_weights_come_back_from_their_text() -> None:
    weights = fitted_weights()
    again = weights_from_json(weights_as_json(weights))
    rows = np.random.default_rng(0).normal(size=(5, len(weights.first.features)))
    np.testing.assert_allclose(again.first(rows), weights.first(rows))
    assert weights_as_json(again) == weights_as_json(weights)
