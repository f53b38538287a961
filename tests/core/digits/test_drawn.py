"""The digits that the program draws: the same for a seed, centred, varied, and told apart by their shapes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import center_of_mass, label

from gmmseg.arrays import ByteArray
from gmmseg.digits import drawn as drawn_module
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.drawn import SIDE, drawn_digits
from gmmseg.digits.skeletons import Variant, variants


@pytest.fixture(scope="module")
def drawn() -> DigitSet:
    return drawn_digits(2000, 500, seed=4)


def labels_of(digits: DigitSet) -> np.ndarray:
    assert digits.labels is not None
    return digits.labels


def test_they_are_called_what_they_are(drawn: DigitSet) -> None:
    assert drawn.is_drawn
    assert drawn.name == "Drawn digits"
    assert "nothing about MNIST" in drawn.notes[0]
    assert drawn.images.shape == (2500, 28, 28)
    assert (drawn.n_train, drawn.source) == (2000, None)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (drawn_digits(60, 20, seed) for seed in (1, 1, 2))
    assert first.identity == again.identity
    assert first.images.tobytes() == again.images.tobytes()
    assert first.identity != other.identity


def test_without_a_test_part_there_is_none() -> None:
    assert drawn_digits(7, 0).n_test == 0


def test_every_digit_is_as_frequent_as_the_others_in_both_parts(drawn: DigitSet) -> None:
    assert np.bincount(labels_of(drawn)[drawn.train]).tolist() == [200] * 10
    assert np.bincount(labels_of(drawn)[drawn.test]).tolist() == [50] * 10
    assert len(np.unique(labels_of(drawn)[:20])) > 5


def test_no_two_pictures_are_equal(drawn: DigitSet) -> None:
    assert len({image.tobytes() for image in drawn.images}) == drawn.n_images


def test_they_fill_their_box_and_are_centred_like_mnist(drawn: DigitSet) -> None:
    for image in drawn.images[:500]:
        rows, columns = (np.flatnonzero(image.max(axis=axis) > 127) for axis in (1, 0))
        longer = max(np.ptp(rows), np.ptp(columns)) + 1
        assert 18 <= longer <= 22
        assert np.abs(np.subtract(center_of_mass(image), 13.5)).max() < 1.5


def test_paper_is_black_and_ink_is_white_with_soft_edges(drawn: DigitSet) -> None:
    assert (drawn.images.reshape(len(drawn.images), -1).max(axis=1) > 200).all()
    assert 0.7 < (drawn.images == 0).mean() < 0.9
    assert 0.02 < ((drawn.images > 20) & (drawn.images < 235)).mean() < 0.15


def test_thickness_differs_from_picture_to_picture(drawn: DigitSet) -> None:
    ones = drawn.images[labels_of(drawn) == 1].astype(float)
    ink = ones.sum(axis=(1, 2)) / 255
    assert np.percentile(ink, 95) > 1.8 * np.percentile(ink, 5)


def holes(image: np.ndarray) -> int:
    return int(label(image < 100)[1]) - 1


def test_digits_have_the_holes_their_shapes_have(drawn: DigitSet) -> None:
    mean_holes = {
        digit: np.mean([holes(image) for image in drawn.images[labels_of(drawn) == digit]])
        for digit in range(10)
    }
    assert all(mean_holes[digit] < 0.1 for digit in (1, 5, 7))
    assert all(mean_holes[digit] > 0.6 for digit in (0, 6, 9))
    assert mean_holes[8] > 1.4
    # Open and closed fours, twos with a loop and without.
    assert all(0.05 < mean_holes[digit] < 0.6 for digit in (2, 4))


def test_neighbours_in_pixels_are_mostly_the_same_digit(drawn: DigitSet) -> None:
    flat = drawn.images.reshape(len(drawn.images), -1).astype(np.float64)
    train, test = flat[drawn.train], flat[drawn.test]
    distances = (train**2).sum(axis=1) - 2.0 * test @ train.T
    found = labels_of(drawn)[drawn.train][distances.argmin(axis=1)]
    assert (found == labels_of(drawn)[drawn.test]).mean() > 0.95


def test_digits_are_drawn_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def counted(variant: Variant, n_images: int, rng: np.random.Generator) -> ByteArray:
        sizes.append(n_images)
        return np.zeros((n_images, SIDE, SIDE), dtype=np.uint8)

    monkeypatch.setattr(drawn_module, "_written", counted)
    drawn_digits(20_000, 0)
    assert sum(sizes) == 20_000
    assert len(sizes) <= len(variants()) + 20_000 // drawn_module._PER_BLOCK
    assert max(sizes) <= drawn_module._PER_BLOCK


@pytest.mark.parametrize("variant", variants(), ids=lambda variant: str(variant.digit))
def test_samples_of_a_skeleton_lie_along_its_points(variant: object) -> None:
    points, basis = variant.points(), variant.basis(400)  # type: ignore[attr-defined]
    # Weights that sum to one move with the points; each point is passed.
    np.testing.assert_allclose(basis.sum(axis=1), 1.0, atol=1e-12)
    samples = basis @ points
    nearest = np.hypot(*(points[:, None] - samples[None]).transpose(2, 0, 1)).min(axis=1)
    assert nearest.max() < 0.03
    assert np.median(np.hypot(*np.diff(samples, axis=0).T)) < 0.02


def test_a_curve_that_ends_where_it_starts_is_closed_without_a_corner() -> None:
    zero = variants()[0]
    assert zero.curves[0][0] == zero.curves[0][-1]
    samples = zero.basis(400) @ zero.points()
    around = np.vstack([samples, samples[:2]])
    directions = np.unwrap(np.arctan2(*np.diff(around, axis=0).T))
    assert np.abs(np.diff(directions)).max() < 0.1
