"""Data: rows to look at, and how they come about: made here, drawn by hand, or taken from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from gmmseg.arrays import FloatArray, IntArray, frozen
from gmmseg.errors import FeatureError
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.density import sample
from gmmseg.mixture.params import MixtureParams

MOST_ROWS = 20_000
"""More rows than this are a sample of themselves: everything answers at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Rows with what is known about them, read-only.

    Parameters
    ----------
    name : str
    values : (N, D)
    columns : tuple of str
        The D features' names.
    truth : int array (N,), optional
        Which component made each row.
    params : MixtureParams, optional
        The mixture that made the rows.
    shown : tuple of int
        The features along x and y.
    """

    name: str
    values: FloatArray
    columns: tuple[str, ...]
    truth: IntArray | None = None
    params: MixtureParams | None = None
    shown: tuple[int, int] = (0, 1)

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or len(self.columns) != self.values.shape[1] or not self.values.size:
            raise ValueError(f"{len(self.columns)} columns of rows {self.values.shape}")
        if self.truth is not None and self.truth.shape != self.values.shape[:1]:
            raise ValueError(f"components {self.truth.shape} of rows {self.values.shape}")
        frozen(self.values)
        if self.truth is not None:
            frozen(self.truth)

    @property
    def n_rows(self) -> int:
        """Rows, N."""
        return int(self.values.shape[0])

    @property
    def n_features(self) -> int:
        """Features, D."""
        return int(self.values.shape[1])

    @property
    def axes(self) -> tuple[int, ...]:
        """The features that are drawn: one, or two."""
        return self.shown[: min(self.n_features, 2)]

    def on_line(self) -> Data:
        """Return the feature along x alone."""
        if self.n_features == 1:
            return self
        at = self.shown[0]
        return Data(self.name, self.values[:, [at]].copy(), (self.columns[at],), self.truth)

    def in_plane(self) -> Data:
        """Return the two features that are drawn; what has one feature stays as it is."""
        if self.n_features <= 2 and self.shown == (0, 1):
            return self
        axes = list(self.shown)
        names = tuple(self.columns[at] for at in axes)
        return Data(self.name, self.values[:, axes].copy(), names, self.truth)


def table_data(
    name: str, values: FloatArray, columns: Sequence[str], weights: FloatArray | None = None
) -> Data:
    """Return the rows of a table or a picture; of very many a sample, each row as often as it weighs.

    Raises
    ------
    FeatureError
        Fewer than two rows, or values that are not finite.
    """
    if len(values) < 2:
        raise FeatureError("The laboratory needs at least two rows.")
    if not np.isfinite(values).all():
        raise FeatureError("Some values are not finite numbers.", "Remove those rows first.")
    total = float(len(values) if weights is None else weights.sum())
    if total > MOST_ROWS or weights is not None:
        reach = np.cumsum(np.ones(len(values)) if weights is None else weights)
        n_kept = int(min(total, MOST_ROWS))
        # Every (total / n)-th row counted by weight: shares stay what they are to within one row.
        picks = (np.arange(n_kept) + 0.5) * (reach[-1] / n_kept)
        values = values[np.minimum(np.searchsorted(reach, picks), len(values) - 1)]
    return Data(name, np.array(values, dtype=np.float64), tuple(columns))


def made_data(name: str, params: MixtureParams, n_rows: int, seed: int) -> Data:
    """Return rows drawn from a mixture: a component by its weight, then a row from its Gaussian (S2 §1.4)."""
    values, truth = sample(params, n_rows, np.random.default_rng(seed))
    columns = (
        ("x", "y", "z", "w")[: params.n_features]
        if params.n_features <= 4
        else tuple(f"x{at + 1}" for at in range(params.n_features))
    )
    return Data(name, values, columns, truth, params)


def with_rows(data: Data, added: FloatArray, component: int) -> Data:
    """Return data with rows (M, D) drawn by hand for a component; no mixture has made them all."""
    truth = np.zeros(data.n_rows, dtype=np.int64) if data.truth is None else data.truth
    labels = np.concatenate([truth, np.full(len(added), component)])
    return replace(data, values=np.concatenate([data.values, added]), truth=labels, params=None)


def gaussians(
    weights: Sequence[float], means: Sequence[Sequence[float]], covariances: object
) -> MixtureParams:
    """Return a mixture with full covariances, given as (K, D, D) or, on a line, as K variances."""
    matrices = np.array(covariances, dtype=np.float64).reshape(len(weights), len(means[0]), -1)
    return MixtureParams(
        np.array(weights, dtype=np.float64), np.array(means, dtype=np.float64), Full(matrices)
    )


LINE = gaussians([1.0], [[2.0]], [1.44])
"""S2 figure 1: points on a line from one Gaussian."""
TWO_ON_LINE = gaussians([0.4, 0.6], [[-2.0], [2.5]], [0.64, 1.44])
"""S2 figures 2 and 3: two Gaussians on a line."""
TWO_IN_PLANE = gaussians(
    [0.5, 0.5], [[-2.0, -1.0], [2.2, 1.4]], [[[1.2, 0.7], [0.7, 0.9]], [[0.8, -0.5], [-0.5, 1.3]]]
)
"""S2 figures 5 and 6: two Gaussians in a plane."""
THREE_IN_PLANE = gaussians(
    [0.3, 0.45, 0.25],
    [[-2.6, 0.2], [1.4, 2.0], [1.6, -2.1]],
    [[[0.5, 0.2], [0.2, 1.4]], [[1.5, 0.7], [0.7, 0.8]], [[0.9, -0.5], [-0.5, 0.7]]],
)

FOUR_IN_PLANE = gaussians(
    [0.25, 0.25, 0.25, 0.25], [[-3.0, 0.0], [3.0, 0.0], [0.0, 1.2], [0.0, -1.2]],
    [[[0.4, 0.0], [0.0, 1.2]], [[0.4, 0.0], [0.0, 1.2]], [[1.2, 0.0], [0.0, 0.2]], [[1.2, 0.0], [0.0, 0.2]]],
)  # fmt: skip
"""With several optima that EM ends in."""


@cache
def example(name: str) -> Data:
    """Return one of `EXAMPLES`; the same value at every call."""
    title, params, n_rows = EXAMPLES[name]
    return made_data(title, params, n_rows, seed=7)


EXAMPLES: dict[str, tuple[str, MixtureParams, int]] = {
    "line": ("Points on a line (S2 fig. 1)", LINE, 40),
    "two-line": ("Two groups on a line (S2 fig. 2)", TWO_ON_LINE, 300),
    "two-plane": ("Two groups in a plane (S2 fig. 5)", TWO_IN_PLANE, 400),
    "three-plane": ("Three groups in a plane", THREE_IN_PLANE, 600),
    "four-plane": ("Four groups in a plane", FOUR_IN_PLANE, 400),
}
"""Data with which pages begin: title, the mixture that makes them, and number of rows."""
