"""Requests of the panels for work in the background, and the functions that answer them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import ByteArray, FloatArray
from gmmseg.control import ShouldStop
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.digits.gallery import Order
from gmmseg.digits.generative import DigitModel, digit_model
from gmmseg.digits.overview import Overview, cluster_moments, overview

N_SAMPLES = 60
"""Digits drawn from each cluster."""


@dataclass(frozen=True, slots=True, eq=False)
class OverviewRequest:
    """Request for the clusters with their members in an order; `known` was made before."""

    outcome: ExperimentOutcome
    order: Order
    known: Overview | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SampleRequest:
    """Request for digits drawn from each cluster, the `batch`-th time."""

    outcome: ExperimentOutcome
    batch: int


@dataclass(frozen=True, slots=True, eq=False)
class MomentsRequest:
    """Request for the means and covariances of the clusters in the embedding."""

    outcome: ExperimentOutcome


def answer_overview(request: OverviewRequest, should_stop: ShouldStop) -> Overview:
    """Return what the request asks for."""
    return overview(request.outcome, request.order, request.known, should_stop)


def answer_moments(request: MomentsRequest, should_stop: ShouldStop) -> tuple[FloatArray, FloatArray]:
    """Return what the request asks for."""
    return cluster_moments(request.outcome, should_stop)


class SampleMaker:
    """Draws digits; the model of the newest outcome is kept for the next batch."""

    def __init__(self) -> None:
        self._newest: tuple[ExperimentOutcome, DigitModel] | None = None

    def __call__(self, request: SampleRequest, should_stop: ShouldStop) -> tuple[ByteArray, ...]:
        """Return `N_SAMPLES` digits of each cluster, uint8 (n, h, w); none of an empty one."""
        outcome = request.outcome
        model = self._model(outcome, should_stop)
        drawn = []
        for cluster in range(outcome.n_clusters):
            generator = np.random.default_rng([outcome.settings.seed, request.batch, cluster])
            n_drawn = N_SAMPLES if (outcome.clusters == cluster).any() else 0
            drawn.append(model.draw_of(cluster, n_drawn, generator, should_stop))
        return tuple(drawn)

    def _model(self, outcome: ExperimentOutcome, should_stop: ShouldStop) -> DigitModel:
        if self._newest is not None and self._newest[0] is outcome:
            return self._newest[1]
        digits = outcome.digits
        model = digit_model(digits.images, outcome.clusters, outcome.n_clusters, digits.name, should_stop)
        self._newest = (outcome, model)
        return model
