"""The region graph against counting pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gmmseg.regions.adjacency import region_graph
from gmmseg.regions.evidence import N_MAPS, Evidence
from gmmseg.regions.leaves import numbered_by_appearance
from gmmseg.regions.picture import REFERENCE_PIXELS, Picture

STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1))


def random_evidence(seed: int, shape: tuple[int, int], n_components: int = 4) -> Evidence:
    generator = np.random.default_rng(seed)
    planes = [generator.random((n, *shape)).astype(np.float32) for n in (3, n_components, 5, N_MAPS)]
    colour, texture = (posteriors / posteriors.sum(axis=0) for posteriors in planes[1:3])
    return Evidence(Picture(planes[0]), colour, texture, planes[3])


def random_leaves(seed: int, shape: tuple[int, int], n_leaves: int) -> NDArray[np.int32]:
    """Return patches of leaves with holes without data."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(-1, n_leaves, (-(-shape[0] // 2), -(-shape[1] // 2))).astype(np.int32)
    return numbered_by_appearance(coarse.repeat(2, axis=0).repeat(2, axis=1)[: shape[0], : shape[1]])


@pytest.mark.parametrize("seed", range(4))
def test_lengths_and_boundary_sums_are_those_counted_over_neighbouring_pixels(seed: int) -> None:
    shape = (9, 13)
    leaves, evidence = random_leaves(seed, shape, 6), random_evidence(seed, shape)
    lengths: dict[tuple[int, int], int] = {}
    sums: dict[tuple[int, int], NDArray[np.float64]] = {}
    for y, x in np.ndindex(*shape):
        for below, right in ((y + 1, x), (y, x + 1)):
            if below >= shape[0] or right >= shape[1]:
                continue
            one, other = int(leaves[y, x]), int(leaves[below, right])
            if one == other or min(one, other) < 0:
                continue
            pair = (min(one, other), max(one, other))
            lengths[pair] = lengths.get(pair, 0) + 1
            stronger = np.maximum(evidence.maps[:, y, x], evidence.maps[:, below, right])
            both = np.concatenate([stronger, np.log(stronger + 0.02)])
            sums[pair] = sums.get(pair, np.zeros(2 * N_MAPS)) + both
    graph = region_graph(leaves, evidence)
    assert [tuple(pair) for pair in graph.pairs.tolist()] == sorted(lengths)
    np.testing.assert_array_equal(graph.lengths, [lengths[pair] for pair in sorted(lengths)])
    found = graph.sums[:, : 2 * N_MAPS]
    np.testing.assert_allclose(found, [sums[pair] for pair in sorted(lengths)], rtol=1e-4)
    for (one, other), length, contrasts in zip(
        graph.pairs, graph.lengths, graph.sums[:, 2 * N_MAPS :], strict=True
    ):
        roots = [
            np.sqrt(posteriors[one]) - np.sqrt(posteriors[other])
            for posteriors in (graph.colour, graph.texture)
        ]
        expected = [
            *(np.linalg.norm(root) / np.sqrt(2) for root in roots),
            np.linalg.norm(graph.lab[one] - graph.lab[other]),
        ]
        np.testing.assert_allclose(contrasts / length, expected, atol=1e-6)


@pytest.mark.parametrize("seed", range(2))
def test_areas_and_means_are_those_of_the_regions_pixels(seed: int) -> None:
    shape = (10, 8)
    leaves, evidence = random_leaves(seed, shape, 5), random_evidence(seed, shape)
    graph = region_graph(leaves, evidence)
    assert graph.areas.sum() == (leaves >= 0).sum()
    assert graph.area_unit == REFERENCE_PIXELS / 80
    for region in range(graph.n_regions):
        own = leaves == region
        assert graph.areas[region] == own.sum()
        lab = evidence.picture.lab[:, own].astype(np.float64)
        np.testing.assert_allclose(graph.lab[region], lab.mean(axis=1), rtol=1e-5)
        np.testing.assert_allclose(graph.spread[region], lab.var(axis=1).sum(), atol=1e-6)
        np.testing.assert_allclose(graph.colour[region], evidence.colour[:, own].mean(axis=1), rtol=1e-5)
        np.testing.assert_allclose(graph.texture[region], evidence.texture[:, own].mean(axis=1), rtol=1e-5)
        np.testing.assert_allclose(graph.centres[region], np.argwhere(own).mean(axis=0), rtol=1e-6)
        held = np.pad(leaves >= 0, 1)
        sides = [~held[y + 1 + dy, x + 1 + dx] for y, x in np.argwhere(own) for dy, dx in STEPS]
        assert graph.rims[region] == sum(sides)


def test_a_single_region_has_no_borders() -> None:
    graph = region_graph(np.zeros((4, 5), dtype=np.int32), random_evidence(0, (4, 5)))
    assert graph.n_regions == 1
    assert graph.rims.tolist() == [18.0]
    assert graph.pairs.shape == (0, 2)
    assert graph.sums.shape == (0, 2 * N_MAPS + 3)
