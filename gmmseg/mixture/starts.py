"""Starts of which only some parameters are given: the rest comes from the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.mixture.covariance import Covariance
from gmmseg.mixture.fit import start_of
from gmmseg.mixture.initialise import global_params, nearest_mean, params_from_labels
from gmmseg.mixture.params import FitSettings, MixtureParams
from gmmseg.mixture.preparation import Prepared, prepare


@dataclass(frozen=True, slots=True, eq=False)
class PartialStart:
    """What is given of a start; None where nothing is.

    Parameters
    ----------
    weights : (K,), optional
    means : (K, D), optional
    covariance : Covariance, optional
    """

    weights: FloatArray | None = None
    means: FloatArray | None = None
    covariance: Covariance | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is given."""
        return self.weights is None and self.means is None and self.covariance is None

    def completed(
        self, values: FloatArray, row_weights: FloatArray | None, settings: FitSettings
    ) -> list[MixtureParams]:
        """Return the starts to try: one where the means are given, else ``settings.n_init`` drawn ones.

        Empty where nothing is given or there are fewer different rows than components.

        Parameters
        ----------
        values : (N, D)
        row_weights : (N,), optional
        settings : FitSettings
        """
        if self.is_empty:
            return []
        if self.weights is not None and self.means is not None and self.covariance is not None:
            return [MixtureParams(self.weights, self.means, self.covariance)]
        prepared = prepare(values, row_weights, settings)
        if prepared.settings.n_components < settings.n_components:
            return []
        if self.means is not None:
            return [self._over(_start_about(prepared, self.means))]
        return [self._over(start_of(prepared, prepared.exact, restart)) for restart in range(settings.n_init)]

    def _over(self, params: MixtureParams) -> MixtureParams:
        return MixtureParams(
            params.weights if self.weights is None else self.weights,
            params.means if self.means is None else self.means,
            params.covariance if self.covariance is None else self.covariance,
        )


def _start_about(prepared: Prepared, means: FloatArray) -> MixtureParams:
    """Return shares and covariances of the rows nearest to each mean; of all rows where one has none."""
    rows, kind = prepared.exact, prepared.settings.covariance
    values = rows.columns.T
    labels = nearest_mean(values, means)
    if len(np.unique(labels)) < len(means):
        return global_params(values, rows.weights, means, kind, prepared.floor)
    return params_from_labels(values, rows.weights, labels, len(means), kind, prepared.floor)
