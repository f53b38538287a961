"""A mixture of standardised rows, seen in the units that the rows were measured in."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.mixture.params import MixtureParams


class ScaledMixture:
    """Base of the models of pixels and of tables.

    Attributes
    ----------
    params : MixtureParams
        Of rows ``(feature - centre) / scale``.
    names : tuple of str
        The D features.
    centre, scale : (D,)
        In feature units.
    """

    __slots__ = ()

    params: MixtureParams
    names: tuple[str, ...]
    centre: FloatArray
    scale: FloatArray

    @property
    def means(self) -> FloatArray:
        """Return the means in feature units, (K, D)."""
        means: FloatArray = self.params.means * self.scale + self.centre
        return means

    @property
    def matrices(self) -> FloatArray:
        """Return the covariances in squared feature units, (K, D, D)."""
        return self.params.matrices() * np.outer(self.scale, self.scale)

    @property
    def log_volume(self) -> float:
        """Return log |d feature / d row|: ``log p(feature) = log p(row) - log_volume``, nats."""
        return float(np.log(self.scale).sum())

    def standardised(self, values: FloatArray) -> FloatArray:
        """Return feature vectors (N, D) as the rows that `params` are of."""
        rows: FloatArray = (values - self.centre) / self.scale
        return rows
