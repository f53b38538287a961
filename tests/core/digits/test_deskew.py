from __future__ import annotations

import numpy as np
import pytest

from gmmseg.arrays import ByteArray
from gmmseg.digits.deskew import deskewed


def leaning_bar(slant: float, at: float = 13.5, side: int = 28) -> ByteArray:
    """A bar three pixels wide whose middle is at ``at + slant (y - middle)``, drawn by exact areas."""
    y, x = np.arange(side)[:, None], np.arange(side)[None, :]
    middle = at + slant * (y - (side - 1) / 2)
    overlap = np.minimum(x + 0.5, middle + 1.5) - np.maximum(x - 0.5, middle - 1.5)
    ink = np.clip(overlap, 0, 1) * (np.abs(y - (side - 1) / 2) < side / 3)
    drawn: ByteArray = np.rint(255 * ink).astype(np.uint8)
    return drawn


def lean(image: ByteArray) -> tuple[float, float]:
    """Return the slope of the ink's middle against the row, and its mean column, by least squares."""
    rows = np.flatnonzero(image.sum(axis=1))
    middles = image[rows] @ np.arange(image.shape[1]) / image[rows].sum(axis=1)
    return float(np.polyfit(rows, middles, 1)[0]), float(middles.mean())


@pytest.mark.parametrize("slant", [-0.5, -0.2, 0.0, 0.35, 0.6])
@pytest.mark.parametrize("at", [11.0, 15.25])
def test_a_leaning_bar_stands_upright_in_the_middle(slant: float, at: float) -> None:
    bar = leaning_bar(slant, at)
    assert lean(bar)[0] == pytest.approx(slant, abs=0.01)
    slope, middle = lean(deskewed(bar[None], 1.2)[0])
    assert slope == pytest.approx(0, abs=0.01)
    assert middle == pytest.approx(13.5, abs=0.05)


def test_the_shear_is_bounded() -> None:
    slope, _ = lean(deskewed(leaning_bar(0.5)[None], 0.2)[0])
    assert slope == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("shape", [(8, 8), (20, 31), (64, 64), (1, 1), (1, 5), (5, 1)])
@pytest.mark.parametrize("value", [0, 7, 255])
def test_images_without_a_slant_of_any_size_do_not_break(shape: tuple[int, int], value: int) -> None:
    images = np.full((3, *shape), value, dtype=np.uint8)
    assert np.array_equal(deskewed(images, 1.2), images)


def test_one_image_is_set_upright_like_many() -> None:
    images = np.random.default_rng(0).integers(0, 256, (7, 9, 11), dtype=np.uint8)
    together = deskewed(images, 1.2)
    for i in range(7):
        assert np.array_equal(deskewed(images[i : i + 1], 1.2)[0], together[i])
