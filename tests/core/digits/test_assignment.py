"""Posteriors of new images beside a fitted mixture, against the formula in scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import multivariate_normal

from gmmseg.control import result_of
from gmmseg.digits.assignment import assigned
from gmmseg.digits.graph import edge_weights
from gmmseg.digits.graph_mixture import GaussianEvidence, gaussians_of
from gmmseg.digits.neighbours import nearest_events


def test_posteriors_of_new_images_follow_gaussians_and_fitted_neighbours() -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((60, 3)).astype(np.float32)
    fitted = rng.dirichlet(np.ones(2), 60).T.astype(np.float32)
    new = rng.standard_normal((9, 3)).astype(np.float32)
    params = gaussians_of(rows, fitted, "full", 0.1)
    near = result_of(nearest_events(new, rows, 5))
    found = assigned(new, GaussianEvidence(params, 0.3), near, fitted, 4.0)

    shares = edge_weights(near.distances)
    shares /= shares.sum(axis=1, keepdims=True)
    logits = np.empty((2, 9))
    for k in range(2):
        weight = fitted[k].mean(dtype=np.float64)
        deviations = rows - np.average(rows, axis=0, weights=fitted[k])
        covariance = (fitted[k] * deviations.T) @ deviations / fitted[k].sum() + 0.1 * np.eye(3)
        density = multivariate_normal(rows[0] - deviations[0], covariance).logpdf(new)
        logits[k] = np.log(weight) + 0.3 * density + 4.0 * (shares * fitted[k][near.indices]).sum(axis=1)
    assert found == pytest.approx(softmax(logits, axis=0), abs=1e-4)
