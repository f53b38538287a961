"""Calibrated confidence, its figures, and what speaks against a clustering."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.arrays import IntArray
from gmmseg.control import result_of
from gmmseg.digits.calibration import UNSEEN, halves, power_of, to_power
from gmmseg.digits.doubts import doubts
from gmmseg.digits.knee import Knee
from gmmseg.digits.neighbours import Neighbours
from gmmseg.digits.reliability import EDGES, reliability, reliability_text
from gmmseg.digits.rivals import TEMPERATURE, agreement, rivals, shaded, spread_events
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
    assert doubts(even, 10, None, None) == ()
    assert doubts(even, None, None, None) == ()
    (lopsided,) = doubts(np.array([993] + [160] * 9), 10, None, None)
    assert "993" in lopsided
    first = np.arange(100) % 2
    second = (first + (np.arange(100) < 30)) % 2
    assert doubts(even, 13, None, None) == ()
    assert doubts(even, 13, found_of([first], [5.0], 0.6), None) == ()
    assert doubts(even, 10, found_of([first], [5.0], 0.9), None) == ()
    (other,) = doubts(even, 13, found_of([first], [5.0], 0.9), None)
    assert "propose 13" in other
    (double,) = doubts(even, 13, found_of([first], [5.0], 0.6, 1.9, 0.45), None)
    assert "1.9 times" in double
    assert "propose 13" in double
    for knee, proposed in (
        ((0.6, 1.2, 0.45), 13),
        ((0.6, 1.9, 0.1), 13),
        ((0.3, 1.9, 0.45), 13),
        ((0.6, 1.9, 0.45), 9),
    ):
        assert doubts(even, proposed, found_of([first], [5.0], *knee), None) == ()
    (flat,) = doubts(even, 10, found_of([first], [5.0], 0.8, 1.9, 0.45), None)
    assert "too few" in flat
    assert "propose" not in flat
    (rival,) = doubts(even, 10, found_of([first, second], [5.0, 4.99]), None)
    assert "30 %" in rival
    assert doubts(even, 10, found_of([first, second], [5.0, 4.0]), None) == ()
    assert doubts(even, 10, found_of([first, 1 - first], [5.0, 5.0]), None) == ()
    assert doubts(even, 10, None, np.repeat([1.0, 0.5], [75, 25])) == ()
    (unstable,) = doubts(even, 10, None, np.repeat([1.0, 0.5], [50, 50]))
    assert "75 % of the images only" in unstable


def found_of(candidates: list[IntArray], worths: list[float], *knee: float) -> Found:
    sample = np.arange(len(candidates[0]))
    return Found(candidates[0], sample, tuple(candidates), tuple(worths), Knee(*(knee or (0.0,))))


def test_partitions_agree_by_their_credibility() -> None:
    best = np.arange(100) % 2
    half = np.where(np.arange(100) < 30, 1 - best, best)
    other = np.where(np.arange(100) >= 80, 1 - best, best)
    # Credibilities 1, 1/2 and 1/4; renamed and all but equal ones are no opinions of their own.
    named, alike = 1 - best, best.copy()
    alike[0] = 1 - alike[0]
    again = half.copy()
    again[50] = 1 - again[50]
    second, third = 7 - TEMPERATURE * np.log(2), 7 - TEMPERATURE * np.log(4)
    worths = [7.0, 7.0, 7.0, second, second, third]
    found = found_of([best, named, alike, half, again, other], worths)
    assert [less for _, less in rivals(found)] == pytest.approx([7 - worths[3], 7 - worths[5]])
    expected = np.full(100, 1.0)
    expected[:30] = 1.25 / 1.75
    expected[80:] = 1.5 / 1.75
    assert agreement(found) == pytest.approx(expected)


def test_what_is_known_of_a_sample_spreads_to_the_images_near_it() -> None:
    rng = np.random.default_rng(0)
    place = np.repeat([0.0, 50.0], 60)
    features = (place[:, None] + rng.standard_normal((120, 3))).astype(np.float32)
    sample = np.flatnonzero(np.arange(120) % 2)
    known = np.where(features[sample, 0] > 25, 0.5, 1.0)
    spread = result_of(spread_events(known, sample, features))
    assert spread == pytest.approx(np.where(place > 25, 0.5, 1.0), abs=1e-5)
    # One that differs from those around it is drawn towards them, and draws them.
    known[0] = 0.0
    spread = result_of(spread_events(known, sample, features))
    assert 0 < spread[sample[0]] < 1
    assert 0.8 < spread[place < 25].mean() < 1


def test_shaded_posteriors_keep_their_order_and_their_sum() -> None:
    posteriors = np.array([[0.9, 0.5, 0.2], [0.1, 0.3, 0.2], [0.0, 0.2, 0.6]], dtype=np.float32)
    found = shaded(posteriors, np.array([1.0, 0.4, 0.7], dtype=np.float32))
    assert found.sum(axis=0) == pytest.approx(np.ones(3))
    assert found[:, 0] == pytest.approx(posteriors[:, 0])
    assert found[:, 1] == pytest.approx([0.4, 0.32, 0.28])
    assert np.array_equal(found.argmax(axis=0), posteriors.argmax(axis=0))
