"""The set of digits: what it refuses, its parts, selections, and what tells two sets apart."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from gmmseg.control import StopRequest
from gmmseg.digits.dataset import DigitSet, identity_of
from gmmseg.errors import Cancelled
from tests.data import digits as build


def small_set(n: int = 30, n_train: int = 20) -> DigitSet:
    return DigitSet(build.pictures(n), build.labels(n).astype(np.int64), n_train, "small")


def test_training_comes_before_test() -> None:
    digits = small_set()
    assert (digits.n_images, digits.n_train, digits.n_test, digits.image_shape) == (30, 20, 10, (6, 5))
    assert len(digits.images[digits.train]) == 20
    np.testing.assert_array_equal(digits.images[digits.test], build.pictures(30)[20:])


def test_arrays_cannot_be_written_to() -> None:
    digits = small_set()
    assert digits.labels is not None
    with pytest.raises(ValueError, match="read-only"):
        digits.images[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        digits.labels[0] = 0


@pytest.mark.parametrize(
    ("images", "labels", "n_train"),
    [
        (build.pictures(4).astype(float), None, 4),
        (build.pictures(4)[0], None, 4),
        (build.pictures(4)[:0], None, 0),
        (build.pictures(4), np.zeros(3, np.int64), 4),
        (build.pictures(4), np.zeros(4, np.int32), 4),
        (build.pictures(4), None, 0),
        (build.pictures(4), None, 5),
    ],
)
def test_what_does_not_fit_together_is_a_fault_of_the_program(
    images: np.ndarray, labels: np.ndarray | None, n_train: int
) -> None:
    with pytest.raises(ValueError, match=r"images|labels"):
        DigitSet(images, labels, n_train, "wrong")


@pytest.mark.parametrize("n", [2, 7, 29])
def test_a_selection_keeps_order_parts_and_labels(n: int) -> None:
    digits = small_set()
    few = digits.subset(n, seed=3)
    assert few.labels is not None
    assert few.n_images == n
    assert few.n_train == min(max(round(n * 2 / 3), 1), n - 1)
    rows = [np.flatnonzero((digits.images == image).all(axis=(1, 2)))[0] for image in few.images]
    assert rows == sorted(set(rows))
    assert sum(row < 20 for row in rows) == few.n_train
    np.testing.assert_array_equal(few.labels, build.labels(30)[rows])
    assert few.images.tobytes() == digits.subset(n, seed=3).images.tobytes()
    assert few.identity != digits.identity


def test_a_selection_of_everything_is_the_set_itself() -> None:
    digits = small_set()
    assert digits.subset(30) is digits
    assert digits.subset(1000) is digits
    with pytest.raises(ValueError, match="selection"):
        digits.subset(1)


def test_the_identity_is_the_hash_of_everything_that_is_fitted_and_scored() -> None:
    images, labels = build.pictures(3), np.array([7, -1, 300])
    plain = b"3\xc3\x976\xc3\x975 2 True\n" + images.tobytes() + labels.astype("<i8").tobytes()
    digits = DigitSet(images, labels, 2, "a")
    assert digits.identity == hashlib.sha256(plain).hexdigest()
    assert digits.identity == DigitSet(images.copy(), labels.copy(), 2, "b").identity
    others = [
        DigitSet(images, labels, 3, "a"),
        DigitSet(images, None, 2, "a"),
        DigitSet(images, labels + 1, 2, "a"),
        DigitSet(images.reshape(3, 5, 6), labels, 2, "a"),
        DigitSet(images ^ np.uint8(1), labels, 2, "a"),
    ]
    assert len({digits.identity, *(other.identity for other in others)}) == 6


def test_hashing_can_be_ended() -> None:
    with pytest.raises(Cancelled):
        identity_of(build.pictures(3), None, 3, lambda: StopRequest.STOP)


@pytest.mark.parametrize("seed", range(3))
def test_a_selection_knows_where_its_images_stood_in_their_part(seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (50, 4, 4), dtype=np.uint8)
    whole = DigitSet(images, None, n_train=40, name="noise")
    some = whole.subset(30, seed).subset(12, seed + 1)
    for row in range(some.n_images):
        start = 0 if row < some.n_train else whole.n_train
        np.testing.assert_array_equal(some.images[row], images[start + some.index_in_part(row)])
    assert [whole.index_in_part(row) for row in (0, 39, 40, 49)] == [0, 39, 0, 9]
