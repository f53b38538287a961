"""Calibrated confidence, its figures, and what speaks against a clustering."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.digits.calibration import UNSEEN, halves, power_of, to_power
from gmmseg.digits.doubts import doubts
from gmmseg.digits.neighbours import Neighbours
from gmmseg.digits.reliability import EDGES, reliability, reliability_text
from gmmseg.digits.search import Found


def sharpened(power: float, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Return posteriors that are true to a power, and labels drawn from the true ones."""
    rng = np.random.default_rng(0)
    true = rng.dirichlet(np.full(4, 0.4), n).T
    labels = np.array([rng.choice(4, p=column) for column in true.T])
    sharp = true ** (1 / power)
    return (sharp / sharp.sum(axis=0)).astype(np.float32), labels


def test_the_power_is_found_that_posteriors_were_sharpened_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmmseg.digits.calibration.UNSEEN", 1.0)
    posteriors, labels = sharpened(0.4)
    assert power_of(posteriors, labels) == pytest.approx(0.4, abs=0.03)


def test_the_power_minimises_the_weighted_loss() -> None:
    posteriors, labels = sharpened(0.5, 500)

    def loss(power: float) -> float:
        own = to_power(posteriors, power).astype(np.float64)
        weights = np.where(posteriors.argmax(axis=0) == labels, 1.0, UNSEEN)
        return float(-(weights * np.log(own[labels, np.arange(500)])).sum())

    grid = np.linspace(0.02, 1, 197)
    assert power_of(posteriors, labels) == pytest.approx(grid[np.argmin([loss(t) for t in grid])], abs=0.01)


def test_posteriors_to_a_power_keep_their_order_and_their_sum() -> None:
    posteriors, _ = sharpened(0.5, 100)
    flat = to_power(posteriors, 0.3)
    assert flat.sum(axis=0) == pytest.approx(np.ones(100), abs=1e-5)
    assert np.array_equal(flat.argmax(axis=0), posteriors.argmax(axis=0))
    assert (flat.max(axis=0) <= posteriors.max(axis=0) + 1e-6).all()
    certain = np.array([[1.0], [0.0]], dtype=np.float32)
    assert np.isfinite(to_power(certain, 0.5)).all()


def test_near_duplicates_stay_in_one_half() -> None:
    # Pairs: each image's nearest is its twin; the other neighbours lead round in a circle.
    n = 60
    twin, onwards = np.arange(n) ^ 1, (np.arange(n) + 2) % n
    near = Neighbours(np.stack([twin, onwards], axis=1).astype(np.int32), np.ones((n, 2), dtype=np.float32))
    is_second = halves(near, 0)
    assert np.array_equal(is_second[::2], is_second[1::2])
    assert is_second.sum() == n // 2


def test_reliability_counts_by_groups() -> None:
    confidence = np.array([0.2, 0.86, 0.9, 0.94, 0.95, 1.0])
    right = np.array([False, True, False, True, True, True])
    found = reliability(confidence, right)
    assert [(group.low, group.n_images) for group in found.groups] == [
        (0.0, 1),
        (0.85, 3),
        (0.95, 1),
        (0.99, 1),
    ]
    around = found.around(0.9)
    assert around is not None
    assert around.said == pytest.approx(0.9)
    assert around.right == pytest.approx(2 / 3)
    assert found.error == pytest.approx((0.2 + 3 * (0.9 - 2 / 3) + 0.05 + 0) / 6)
    assert "3 images said to be sure by 85 to 95 %, 67 % are right" in reliability_text(found)
    assert EDGES[0] == 0
    assert EDGES[-1] == 1


def test_doubts_are_said_only_where_there_are_any() -> None:
    even = np.full(10, 200)
    assert doubts(even, 10, None) == ()
    assert doubts(even, None, None) == ()
    (lopsided,) = doubts(np.array([993] + [160] * 9), 10, None)
    assert "993" in lopsided
    (other,) = doubts(even, 13, None)
    assert "13 clusters, not 10" in other
    sample = np.arange(100)
    first, second = sample % 2, (sample + (sample < 30)) % 2
    close = Found(first, sample, (first, second), (5.0, 4.99))
    (rival,) = doubts(even, 10, close)
    assert "30 %" in rival
    assert doubts(even, 10, Found(first, sample, (first, second), (5.0, 4.0))) == ()
    assert doubts(even, 10, Found(first, sample, (first, 1 - first), (5.0, 5.0))) == ()
