"""The rows of a fit and the E-step over them, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, raise_if_asked
from gmmseg.mixture.centred import CentredKernel
from gmmseg.mixture.kernel_choice import extent_about, fast_kernel
from gmmseg.mixture.kernels import Kernel, blocks, uses_two_threads
from gmmseg.mixture.moments import Moments
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.partial_labels import Restriction
from gmmseg.mixture.quadratic_kernel import QuadraticKernel
from gmmseg.mixture.reseeding import with_empty_moved
from gmmseg.mixture.threads import in_two_threads


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """The result of an E-step: the log-likelihood of the parameters, and the moments for the M-step."""

    log_likelihood: float
    moments: Moments

    def plus(self, other: Expectation) -> Expectation:
        """Return the result for two sets of rows together."""
        return Expectation(self.log_likelihood + other.log_likelihood, self.moments.plus(other.moments))


class Evidence(Protocol):
    """Operations that EM needs of its rows, wherever these are."""

    @property
    def n_rows(self) -> int:
        """Rows, N."""

    @property
    def total(self) -> float:
        """Sum of the rows' weights."""

    @property
    def squared_extent(self) -> float:
        """Largest squared distance of a row from the centre."""

    @property
    def is_cells(self) -> bool:
        """Whether the rows are averages over cells, which no accurate kernel can evaluate."""

    def expectation(self, params: MixtureParams, is_fast: bool, should_stop: ShouldStop) -> Expectation:
        """Return log-likelihood (nats, sum over rows) and moments under `params` (S2 eq. 40, 43)."""

    def with_empty_moved(self, params: MixtureParams, counts: FloatArray) -> MixtureParams | None:
        """Return the mixture with its empty components elsewhere, None where none is empty."""


class Rows:
    """The rows of a fit: (N, D) values with weights, or averages over cells of them.

    Parameters
    ----------
    columns : (D, N)
        One row a column; for cells their means.
    weights : (N,)
        Positive.
    centre : (D,)
        Subtracted before anything is squared.
    is_diagonal : bool
        Whether squares alone are needed.
    squared_extent : float
        Largest squared distance of a row from the centre.
    quadratic : (F, N) array, optional
        For cells: the averages of the quadratic features. Their E-step shares one responsibility vector
        within a cell, which makes the bound of the cells a lower bound of the rows' log-likelihood.
    keeps_features : bool
        Whether quadratic features are kept from one E-step to the next.
    restrictions : sequence of Restriction
        Of the last rows, one after the other; those before may come from every component.
    """

    def __init__(
        self,
        columns: FloatArray,
        weights: FloatArray,
        centre: FloatArray,
        is_diagonal: bool,
        squared_extent: float,
        quadratic: FloatArray | None = None,
        keeps_features: bool = True,
        restrictions: Sequence[Restriction] = (),
    ) -> None:
        self.columns = columns
        self.weights = weights
        self.total = float(weights.sum())
        self.squared_extent = squared_extent
        self.is_cells = quadratic is not None
        self.restrictions = tuple(restrictions)
        self._centre = centre
        self._is_diagonal = is_diagonal
        self._keeps_features = keeps_features
        self._fast: Kernel | None = None
        self._accurate: Kernel | None = None
        if quadratic is not None:
            self._fast = QuadraticKernel(columns, centre, is_diagonal, quadratic)

    @property
    def n_rows(self) -> int:
        """Rows, N."""
        return int(self.columns.shape[1])

    def expectation(self, params: MixtureParams, is_fast: bool, should_stop: ShouldStop) -> Expectation:
        """Return log-likelihood and moments by the fast kernel or the accurate one, see `Evidence`."""
        return _expectation(
            self, self.fast_kernel() if is_fast else self._accurate_kernel(), params, should_stop
        )

    def with_empty_moved(self, params: MixtureParams, counts: FloatArray) -> MixtureParams | None:
        """Return the mixture with its empty components at the rows of lowest density.

        Components that rows are known to come from keep what they stand for: None.
        """
        if self.restrictions:
            return None
        return with_empty_moved(self.columns, self.weights, params, counts)

    def spans(self) -> Iterator[tuple[slice, Restriction | None]]:
        """Yield the parts of the rows, one after the other: those without a restriction, those with each."""
        free = self.restrictions[0].rows.start if self.restrictions else self.n_rows
        if free:
            yield slice(0, free), None
        for restriction in self.restrictions:
            yield restriction.rows, restriction

    def blocks(self, n_components: int) -> Iterator[tuple[slice, Restriction | None]]:
        """Yield consecutive blocks of rows, each of one span."""
        for span, restriction in self.spans():
            for block in blocks(span.stop - span.start, n_components):
                yield slice(span.start + block.start, span.start + block.stop), restriction

    def fast_kernel(self) -> Kernel:
        """Return the fast kernel, made at the first call."""
        if self._fast is None:
            self._fast = fast_kernel(
                self.columns, self._centre, self._is_diagonal, keeps_features=self._keeps_features
            )
        return self._fast

    def _accurate_kernel(self) -> Kernel:
        if self._accurate is None:
            self._accurate = CentredKernel(self.columns, self._is_diagonal)
        return self._accurate


def _expectation(rows: Rows, kernel: Kernel, params: MixtureParams, should_stop: ShouldStop) -> Expectation:
    kernel.set_params(params)
    parts = list(rows.blocks(params.n_components))
    if not uses_two_threads(*rows.columns.shape[::-1]):
        return Expectation(_add_blocks(rows, kernel, params, parts, should_stop), kernel.moments())
    # Two halves, whatever the number of cores, added in the same order: the same bytes.
    other = kernel.twin()
    middle = len(parts) // 2
    halves = in_two_threads(
        lambda: _add_blocks(rows, kernel, params, parts[:middle], should_stop),
        lambda: _add_blocks(rows, other, params, parts[middle:], should_stop),
    )
    kernel.absorb(other)
    return Expectation(sum(halves), kernel.moments())


def _add_blocks(
    rows: Rows,
    kernel: Kernel,
    params: MixtureParams,
    parts: list[tuple[slice, Restriction | None]],
    should_stop: ShouldStop,
) -> float:
    """Add blocks to the kernel's sums and return their log-likelihood."""
    log_likelihood = 0.0
    for restriction, own in groupby(parts, key=lambda part: part[1]):
        adding = kernel if restriction is None else kernel.restricted(restriction.allowed)
        for block, _ in own:
            raise_if_asked(should_stop)
            log_likelihood += adding.expect(block, rows.weights[block], params.is_hard)
        if adding is not kernel:
            kernel.absorb(adding)
    return log_likelihood


def rows_about(params: MixtureParams, values: FloatArray, weights: FloatArray) -> Rows:
    """Return rows (N, D) with their weights (N,) for a mixture that is known, centred between its means."""
    columns = np.ascontiguousarray(values.T)
    centre = params.means.mean(axis=0)
    return Rows(columns, weights, centre, params.covariance.is_diagonal, extent_about(columns, centre))
