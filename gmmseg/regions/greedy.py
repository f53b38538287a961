"""Greedy merging of a graph's nodes by a cost that changes as they grow."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled

Cost = Callable[[int | IntArray, IntArray, FloatArray], FloatArray]
"""``cost(node, others, borders)`` returns the costs of n unions, (n,).

They are of one node, or of each of (n,) nodes, with `others` (n,), whose shared borders are `borders` (n, B).
"""

_ASK_EVERY = 64


class GreedyMerger:
    """Greedy agglomeration of a graph of M regions: at each step the cheapest pair of neighbours is united.

    Costs are kept in a heap. After a union those of the united region's borders are computed anew; entries
    that are out of date stay in the heap, and are skipped when they come up. The union takes over the row of
    one of its two parts in `areas`, `means`, `around` and `within`, which change in place, so that a cost
    function may keep them.

    Parameters
    ----------
    pairs : int64 array, (E, 2)
        Neighbours; each pair once.
    borders : (E, B)
        Additive quantities of each border: where two borders become one their rows are summed.
    areas : (M,)
        Additive, too, and the weights of `means`.

    Attributes
    ----------
    means : list of (M, F) arrays
        Means over the area of each region, put there by the caller and kept up to date.
    around : (M, B)
        Sum of `borders` over all borders of each region.
    within : (M, B)
        The same over the borders that were dissolved inside it.
    united : list of pairs of int
        The nodes united at each step; step i makes node M + i.
    costs : list of float
        Of each step that `run` took.
    """

    def __init__(self, pairs: IntArray, borders: FloatArray, areas: FloatArray) -> None:
        self.areas = areas.astype(np.float64)
        self.means: list[FloatArray] = []
        self.united: list[tuple[int, int]] = []
        self.costs: list[float] = []
        self._ends = [(int(i), int(j)) for i, j in pairs]
        self._borders = borders.astype(np.float64)
        self.around = np.zeros((len(areas), borders.shape[1]))
        np.add.at(self.around, pairs.reshape(-1), self._borders.repeat(2, axis=0))
        self.within = np.zeros_like(self.around)
        # How often each border was priced, -1 once it is gone: queued prices of another stamp are stale.
        self._stamps = [0] * len(pairs)
        self._node = list(range(len(areas)))
        self._owner = np.arange(len(areas))
        self._is_alive = np.ones(len(areas), dtype=np.bool_)
        self._neighbours: list[dict[int, int]] = [{} for _ in areas]
        for edge, (i, j) in enumerate(self._ends):
            self._neighbours[i][j] = edge
            self._neighbours[j][i] = edge

    @property
    def n_regions(self) -> int:
        """Number of regions that are left."""
        return len(self.areas) - len(self.united)

    def n_parts(self) -> int:
        """Return the number of connected components of the graph of the regions that are left."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        ends, _ = self.borders()
        n_nodes = len(self.areas)
        graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n_nodes, n_nodes))
        _, part = connected_components(graph, directed=False)
        return len(np.unique(part)) - len(self.united)

    def borders(self) -> tuple[IntArray, FloatArray]:
        """Return the pairs of rows whose regions are neighbours now, (E', 2), and their borders, (E', B)."""
        live = self._live_edges()
        ends = np.array([self._ends[edge] for edge in live], dtype=np.int64).reshape(-1, 2)
        return ends, self._borders[live]

    def _live_edges(self) -> list[int]:
        return [edge for edge, stamp in enumerate(self._stamps) if stamp >= 0]

    def pooled(self, values: FloatArray, areas: FloatArray | IntArray) -> FloatArray:
        """Return the means over each region of values of the M first nodes, (M, F), in the region's row.

        `areas` (M,) are the weights. Rows that no region has any more are 0.
        """
        owner = self._owner
        # Each round doubles how far a node looks along the chain of unions.
        while not np.array_equal(owner, owner[owner]):
            owner = owner[owner]
        totals = np.bincount(owner, areas, minlength=len(owner))
        sums = [np.bincount(owner, areas * column, minlength=len(owner)) for column in values.T]
        means: FloatArray = np.stack(sums, axis=1) / np.maximum(totals, 1e-12)[:, None]
        return means

    def run(self, cost: Cost, n_regions: int, should_stop: ShouldStop = never_stop) -> None:
        """Unite the cheapest neighbours until `n_regions` are left or none are neighbours.

        Raises
        ------
        Cancelled
            When `should_stop`, asked every 64 unions, answers CANCEL.
        """
        queue: list[tuple[float, int, int]] = []
        edges = self._live_edges()
        if edges:
            ends, borders = self.borders()
            self._offer(queue, edges, cost(ends[:, 0], ends[:, 1], borders))
        heapq.heapify(queue)
        while queue and self.n_regions > n_regions:
            price, edge, stamp = heapq.heappop(queue)
            # Stale prices are passed over: to take them out of the heap would cost more.
            if stamp != self._stamps[edge]:
                continue
            if len(self.united) % _ASK_EVERY == 0:
                raise_if_cancelled(should_stop)
            node = self._unite(edge, price)
            self._reconsider(queue, cost, node)

    def unite_rest(self) -> int:
        """Unite all regions that are left, in order of row, without costs; return the number of unions."""
        left = [node for node, is_alive in enumerate(self._is_alive) if is_alive]
        whole = self._node[left[0]] if left else 0
        for other in left[1:]:
            self.united.append((whole, self._node[other]))
            whole = len(self.areas) + len(self.united) - 1
        return len(left[1:])

    def _reconsider(self, queue: list[tuple[float, int, int]], cost: Cost, node: int) -> None:
        """Offer all borders of a node at what they cost now."""
        neighbours = self._neighbours[node]
        if not neighbours:
            return
        others = np.fromiter(neighbours, dtype=np.int64, count=len(neighbours))
        edges = list(neighbours.values())
        fresh: list[tuple[float, int, int]] = []
        self._offer(fresh, edges, cost(node, others, self._borders[edges]))
        for entry in fresh:
            heapq.heappush(queue, entry)

    def _offer(self, queue: list[tuple[float, int, int]], edges: list[int], prices: FloatArray) -> None:
        for price, edge in zip(prices.tolist(), edges, strict=True):
            self._stamps[edge] += 1
            queue.append((price, edge, self._stamps[edge]))

    def _unite(self, edge: int, price: float) -> int:
        """Unite both ends of a border; return the place of the united region."""
        kept, gone = self._ends[edge]
        # The one with fewer borders goes: less to rewrite.
        if len(self._neighbours[kept]) < len(self._neighbours[gone]):
            kept, gone = gone, kept
        self._retire(edge)
        own = self._neighbours[kept]
        for other, moved in self._neighbours[gone].items():
            del self._neighbours[other][gone]
            if other in own:
                self._borders[own[other]] += self._borders[moved]
                self._stamps[moved] = -1
            else:
                own[other] = moved
                self._neighbours[other][kept] = moved
                self._ends[moved] = (kept, other)
        self._neighbours[gone] = {}
        border = self._borders[edge]
        # The border that dissolves was counted from both sides.
        self.around[kept] += self.around[gone] - 2 * border
        self.within[kept] += self.within[gone] + border
        area = self.areas[kept] + self.areas[gone]
        for means in self.means:
            # As an update: a sum divided by the area would lose the digits of the larger part.
            means[kept] += (means[gone] - means[kept]) * (self.areas[gone] / area)
        self.areas[kept] = area
        self._owner[gone] = kept
        self._is_alive[gone] = False
        self.united.append((self._node[kept], self._node[gone]))
        self.costs.append(price)
        self._node[kept] = len(self.areas) + len(self.united) - 1
        return kept

    def _retire(self, edge: int) -> None:
        kept, gone = self._ends[edge]
        self._stamps[edge] = -1
        del self._neighbours[kept][gone]
        del self._neighbours[gone][kept]
