from __future__ import annotations

import numpy as np
import pytest

from gmmseg.arrays import ByteArray
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.framing import Framing, framed, framing_of


@pytest.fixture(scope="module")
def images() -> ByteArray:
    return drawn_digits(300, 1).images[:300]


def set_in(images: ByteArray, side: int, rng: np.random.Generator) -> ByteArray:
    out = np.zeros((len(images), side, side), dtype=np.uint8)
    for at, (y, x) in enumerate(rng.integers(0, side - 27, (len(images), 2))):
        out[at, y : y + 28, x : x + 28] = images[at]
    return out


def test_what_is_framed_is_left_alone(images: ByteArray) -> None:
    assert framing_of(images) == Framing()
    assert framed(images, Framing()) is images
    assert not Framing().sentences()


def test_inverted_images_come_back_byte_for_byte(images: ByteArray) -> None:
    framing = framing_of(255 - images)
    assert framing == Framing(is_inverted=True)
    assert np.array_equal(framed(255 - images, framing), images)
    assert "inverted" in framing.sentences()[0]


def test_images_at_any_place_of_larger_ones_come_back_to_the_middle(images: ByteArray) -> None:
    placed = set_in(images, 44, np.random.default_rng(0))
    framing = framing_of(placed)
    assert framing.shape is not None
    height, width = framing.shape
    assert 26 <= height == width <= 30
    found = framed(placed, framing)
    y, x = np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2
    total = found.sum(axis=(1, 2), dtype=np.float64)
    assert np.abs(found.sum(axis=2) @ y / total).max() <= 0.51
    assert np.abs(found.sum(axis=1) @ x / total).max() <= 0.51
    assert np.array_equal(total, images.sum(axis=(1, 2)))


def test_noise_goes_and_ink_stays(images: ByteArray) -> None:
    rng = np.random.default_rng(1)
    noisy = np.clip(images + 25 * rng.standard_normal(images.shape), 0, 255).astype(np.uint8)
    framing = framing_of(noisy)
    assert 40 <= framing.paper <= 60
    clean = framed(noisy, framing)
    paper, ink = images == 0, images == 255
    # Beyond two deviations there is one pixel of normal noise in 44.
    assert 0.01 < (clean[paper] > 0).mean() < 0.04
    assert clean[ink].mean() > 225


def test_grey_paper_becomes_black_under_either_polarity(images: ByteArray) -> None:
    grey = (60 + images * (195 / 255)).astype(np.uint8)
    for given in (grey, 255 - grey):
        found = framed(given, framing_of(given))
        assert not found[images == 0].any()
        assert (found[images == 255] >= 250).all()


def test_images_without_paper_keep_their_pixels() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 9, 7), dtype=np.uint8)
    assert framing_of(noise).paper == 0
    blank = np.zeros((3, 5, 5), dtype=np.uint8)
    assert not framed(blank, framing_of(blank)).any()
