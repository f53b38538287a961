"""The pairing of rows and columns of a cost matrix that is cheapest in all."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray, IntArray


def cheapest_pairs(costs: FloatArray) -> IntArray:
    """Return the column of each row so that the sum of their costs is smallest, (R,).

    Successive shortest paths with potentials (Jonker and Volgenant 1987, after Kuhn and Munkres). For the
    tens of components of a mixture it takes a millisecond or two; importing scipy's solver takes half a
    second, which the first refit in the window would wait for.

    Parameters
    ----------
    costs : (R, C)
        Finite, R <= C.
    """
    n_rows, n_columns = costs.shape
    # One more column, where each path begins.
    row_of = np.full(n_columns + 1, -1)
    row_price, column_price = np.zeros(n_rows), np.zeros(n_columns + 1)
    for row in range(n_rows):
        row_of[n_columns] = row
        shortest = np.full(n_columns, np.inf)
        came_from = np.full(n_columns, n_columns)
        is_reached = np.zeros(n_columns + 1, dtype=np.bool_)
        column = n_columns
        while row_of[column] >= 0:
            is_reached[column] = True
            reduced = costs[row_of[column]] - row_price[row_of[column]] - column_price[:-1]
            is_shorter = ~is_reached[:-1] & (reduced < shortest)
            shortest[is_shorter] = reduced[is_shorter]
            came_from[is_shorter] = column
            nearest = int(np.where(is_reached[:-1], np.inf, shortest).argmin())
            step = shortest[nearest]
            row_price[row_of[is_reached]] += step
            column_price[is_reached] -= step
            shortest[~is_reached[:-1]] -= step
            column = nearest
        while column != n_columns:
            before = int(came_from[column])
            row_of[column] = row_of[before]
            column = before
    columns = np.empty(n_rows, dtype=np.int64)
    (taken,) = np.nonzero(row_of[:-1] >= 0)
    columns[row_of[taken]] = taken
    return columns
