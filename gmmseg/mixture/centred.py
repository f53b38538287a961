"""The accurate kernel: whitened deviations from each mean, for any condition and any number of features."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Self

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray
from gmmseg.mixture.kernels import Kernel, log_constants
from gmmseg.mixture.moments import Moments
from gmmseg.mixture.params import MixtureParams

CHUNK_VALUES = 2**17
"""Numbers in each of two buffers, 1 MB: shorter calls cost more than a smaller cache would spare (30 to 200
features: a fifth to a tenth of an iteration)."""
MIN_CHUNK_ROWS = 256


class CentredKernel(Kernel):
    """Whitens deviations for the E-step; sums their products for the M-step.

    In many features most responsibilities are exactly 0, and the sums visit only the rows that count.

    Parameters
    ----------
    columns : (D, N)
        The rows' features, one row a column.
    is_diagonal : bool
        Whether the covariance family needs squares only.
    """

    def __init__(self, columns: FloatArray, is_diagonal: bool) -> None:
        self._columns = columns
        self._is_diagonal = is_diagonal

    def set_params(self, params: MixtureParams) -> None:
        n_components, n_features = params.means.shape
        self._params = params
        self._constants = log_constants(params)
        self._counts = np.zeros(n_components)
        self._offsets = np.zeros((n_components, n_features))
        shape = (n_components, n_features) if self._is_diagonal else (n_components, n_features, n_features)
        self._scatter = np.zeros(shape)
        self._joint = np.empty((n_components, 0))
        self._chunk_rows = max(MIN_CHUNK_ROWS, CHUNK_VALUES // n_features)
        self._buffers = np.empty((2, n_features * self._chunk_rows))

    def _chunks(self, rows: slice) -> Iterator[tuple[FloatArray, slice]]:
        """Yield the features of a few rows at a time, and where these lie in the block."""
        for start in range(rows.start, rows.stop, self._chunk_rows):
            stop = min(start + self._chunk_rows, rows.stop)
            yield self._columns[:, start:stop], slice(start - rows.start, stop - rows.start)

    def log_joint(self, rows: slice) -> FloatArray:
        if self._joint.shape[1] != rows.stop - rows.start:
            self._joint = np.empty((len(self._constants), rows.stop - rows.start))
        joint = self._joint
        for values, place in self._chunks(rows):
            deviations, white = (buffer[: values.size].reshape(values.shape) for buffer in self._buffers)
            for k, mean in enumerate(self._params.means):
                np.subtract(values, mean[:, None], out=deviations)
                self._params.covariance.whiten(k, deviations, out=white)
                np.einsum("db,db->b", white, white, out=joint[k, place])
        joint *= -0.5
        joint += self._constants[:, None]
        return joint

    def add(self, rows: slice, weighted: FloatArray) -> None:
        for values, place in self._chunks(rows):
            for k, mean in enumerate(self._params.means):
                shares = weighted[k, place]
                held = np.flatnonzero(shares)
                if not len(held):
                    continue
                if len(held) < len(shares):
                    values_held, shares = values[:, held], shares[held]
                else:
                    values_held = values
                roots = np.sqrt(shares)
                scaled = values_held - mean[:, None]
                scaled *= roots
                self._counts[k] += shares.sum()
                self._offsets[k] += np.dot(scaled, roots)
                if self._is_diagonal:
                    self._scatter[k] += np.einsum("db,db->d", scaled, scaled)
                else:
                    # A matrix times its own transpose: half the work, and exactly symmetric.
                    self._scatter[k] += np.dot(scaled, scaled.T)

    def twin(self) -> Self:
        twin = copy(self)
        twin.set_params(self._params)
        return twin

    def exclude(self, components: BoolArray) -> None:
        self._constants = np.where(components, -np.inf, self._constants)

    def absorb(self, other: Self) -> None:
        self._counts += other._counts
        self._offsets += other._offsets
        self._scatter += other._scatter

    def moments(self) -> Moments:
        safe = np.where(self._counts > 0, self._counts, 1.0)
        shift = self._offsets / safe[:, None]
        # Sums were taken about the old means; about the new ones they are smaller by N_k shift shift^T.
        if self._is_diagonal:
            scatter = np.maximum(self._scatter - self._counts[:, None] * shift**2, 0.0)
        else:
            scatter = self._scatter - self._counts[:, None, None] * shift[:, :, None] * shift[:, None, :]
        return Moments(self._counts, self._params.means + shift, scatter)
