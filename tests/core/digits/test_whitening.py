"""The spread within clusters, and the transform that levels it, against the definitions."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.control import never_stop
from gmmseg.digits.whitening import half_whitener, within_covariance


def test_the_spread_within_clusters_is_that_about_their_own_means() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 90)
    rows = (5 * labels[:, None] + rng.standard_normal((90, 4))).astype(np.float32)
    expected = sum(np.cov(rows[labels == k].T, bias=True) * np.mean(labels == k) for k in range(3))
    assert within_covariance(rows, labels, 3, never_stop) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("degree", [0.0, 0.5, 1.0])
def test_a_degree_of_whitening_leaves_that_power_of_the_variances(degree: float) -> None:
    spread = np.random.default_rng(1).standard_normal((50, 3)) * [1.0, 3.0, 9.0]
    within = np.cov(spread.T)
    transform = half_whitener(within, degree)
    left = transform.T @ within @ transform
    assert left == pytest.approx(np.diag(np.linalg.eigvalsh(within) ** (1 - degree)), abs=1e-4)
