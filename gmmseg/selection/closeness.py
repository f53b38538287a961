"""Closeness of each leaf to a prompt: in the tree, in colour and texture, across the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gmmseg.arrays import Float32Array, FloatArray, IntArray
from gmmseg.regions.adjacency import FAINT
from gmmseg.selection.ground import Ground
from gmmseg.selection.nodes import Nodes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CLOSENESS = (
    *("height", "share", "colour", "texture", "lab", "spectral", "distance"),
    *("path by strength", "path by height"),
)
"""Columns; see `closeness`."""
FARTHEST = np.array([np.log(12), 0, 1, 1, np.log(101), np.log(5), np.log(1.5), np.log(3), np.log(3)])
"""Of a sign without prompts."""
_SEEN_AREA = 100.0
"""Pixels of the reference size that a prompt's colour is taken from, if its leaf is smaller."""


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """The graph of neighbouring leaves with the lengths of steps weighed in two ways, each (N, N) sparse."""

    by_strength: csr_array[np.float64]
    by_height: csr_array[np.float64]


def ways_of(ground: Ground) -> Ways:
    """Return the graphs that paths are measured on."""
    from scipy.sparse import csr_array

    # Dijkstra of scipy 1.13 takes no other indices; newer ones make these themselves.
    one, other = ground.pairs.T.astype(np.int32)
    steps = np.sqrt(((ground.centres[one] - ground.centres[other]) ** 2).sum(axis=1) * ground.area_unit)
    steps /= ground.total**0.5

    def graph(lengths: FloatArray) -> csr_array[np.float64]:
        rows, columns = np.concatenate([one, other]), np.concatenate([other, one])
        shape = (ground.n_leaves, ground.n_leaves)
        return csr_array((np.concatenate([lengths, lengths]), (rows, columns)), shape=shape)

    return Ways(graph(steps * (0.05 + ground.strengths)), graph(steps * (0.02 + ground.ultrametric)))


def closeness(ground: Ground, nodes: Nodes, ways: Ways, leaves: IntArray, point: FloatArray) -> FloatArray:
    """Return how far each leaf is from a prompt, (N, 9), in the order of `CLOSENESS`.

    Logarithms of height and share of the lowest node that holds both; Hellinger distances of colour and
    texture; logarithms of the distances in CIELAB, in spectral coordinates, in the picture, and along two
    kinds of paths. Of several leaves the nearest counts, column by column.

    Parameters
    ----------
    leaves : (n,)
        That the prompt touches.
    point : (2,)
        Its row and column, working pixels.
    """
    from scipy.sparse.csgraph import dijkstra

    columns = np.full((ground.n_leaves, len(CLOSENESS)), np.inf)
    starts, stops = ground.tree.intervals
    for leaf in leaves.tolist():
        path = ground.tree.path(leaf)
        for node in path[::-1].tolist():
            inside = slice(starts[node], stops[node])
            height = np.log(ground.tree.heights[node] + FAINT)
            share = np.log(nodes.areas[node] / ground.total)
            columns[inside, 0] = np.minimum(columns[inside, 0], height)
            columns[inside, 1] = np.minimum(columns[inside, 1], share)
        large = path[np.argmax(nodes.areas[path] >= min(_SEEN_AREA, ground.total))]
        columns[:, 2] = np.minimum(columns[:, 2], _hellinger(ground.colour, nodes.colour[large]))
        columns[:, 3] = np.minimum(columns[:, 3], _hellinger(ground.texture, nodes.texture[large]))
        inside = slice(starts[large], stops[large])
        weights = ground.areas[inside] / nodes.areas[large]
        lab = np.log1p(np.sqrt(((ground.lab[:, :3] - weights @ ground.lab[inside, :3]) ** 2).sum(axis=1)))
        columns[:, 4] = np.minimum(columns[:, 4], lab)
        spectral = np.sqrt(((ground.spectral - ground.spectral[leaf]) ** 2).sum(axis=1))
        columns[:, 5] = np.minimum(columns[:, 5], np.log(spectral + FAINT))
    size = ground.total**0.5
    apart = np.sqrt(((ground.centres - point) ** 2).sum(axis=1) * ground.area_unit)
    columns[:, 6] = np.log(apart / size + 0.005)
    for at, way in ((7, ways.by_strength), (8, ways.by_height)):
        lengths = dijkstra(way, indices=leaves, min_only=True)
        columns[:, at] = np.log(np.minimum(lengths, 3.0) + 0.002)
    return columns


def _hellinger(many: Float32Array, one: FloatArray) -> FloatArray:
    distance: FloatArray = np.sqrt(np.maximum(1 - np.sqrt(many) @ np.sqrt(one), 0))
    return distance
