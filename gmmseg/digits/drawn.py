"""Digits drawn by the program itself: random hands and pens, 28 × 28 pixels centred as MNIST's are."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import ByteArray, Float32Array, FloatArray, IntArray
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.skeletons import Variant, variants

SIDE = 28
"""Pixels along each side."""
_BOX = 20.0
"""The longer side of the written digit, in pixels, as in MNIST."""
_N_SAMPLES = 80
"""Pen positions along a digit: less than a pixel apart."""
_PER_BLOCK = 256
_FAR = np.float32(1e6)


def drawn_digits(n_train: int = 10_000, n_test: int = 2_000, seed: int = 0) -> DigitSet:
    """Return digits that look written by hand; the same seed gives the same bytes.

    Every digit is as frequent as the others. Its variant, slant, turn, proportions, wobble, thickness and
    pressure of the pen are drawn at random.

    Parameters
    ----------
    n_train : int
        At least 1.
    n_test : int
    seed : int
    """
    rng = np.random.default_rng(seed)
    labels = np.concatenate([_shuffled_labels(n_train, rng), _shuffled_labels(n_test, rng)])
    images: ByteArray = np.zeros((labels.size, SIDE, SIDE), np.uint8)
    for digit in range(10):
        ways = [variant for variant in variants() if variant.digit == digit]
        shares = np.array([way.share for way in ways], np.float64)
        rows = np.flatnonzero(labels == digit)
        chosen = rng.choice(len(ways), rows.size, p=shares / shares.sum())
        for i, way in enumerate(ways):
            of_way = rows[chosen == i]
            for start in range(0, of_way.size, _PER_BLOCK):
                block = of_way[start : start + _PER_BLOCK]
                images[block] = _written(way, block.size, rng)
    return DigitSet(
        images,
        labels,
        n_train,
        "Drawn digits",
        is_drawn=True,
        seed=seed,
        notes=("Drawn by the program, not written by people: figures on them say nothing about MNIST.",),
    )


def _shuffled_labels(n_images: int, rng: np.random.Generator) -> IntArray:
    return rng.permutation(np.arange(n_images, dtype=np.int64) % 10)


def _written(variant: Variant, n_images: int, rng: np.random.Generator) -> ByteArray:
    """Return one variant written n times, (n, 28, 28)."""
    points = variant.points()
    wobble = rng.normal(0.0, 0.028, (n_images, *points.shape))
    path = np.einsum("sp,npc->nsc", variant.basis(_N_SAMPLES), points + wobble)
    path = np.einsum("nsc,nkc->nsk", path, _hands(n_images, rng))
    radius = np.clip(rng.normal(1.35, 0.32, n_images), 0.75, 2.3)
    # As in MNIST: the longer side fills the box, the centre of the ink is the centre of the picture.
    spread = np.ptp(path, axis=1).max(axis=1)
    path *= ((_BOX - 2.0 * radius) / spread)[:, None, None]
    path += (SIDE - 1) / 2.0 - _centre_of_ink(path)[:, None, :]
    along = np.linspace(0.0, 2.0 * np.pi, _N_SAMPLES)
    turn, depth = rng.uniform(0.0, 2.0 * np.pi, n_images), rng.uniform(0.0, 0.18, n_images)
    radii = radius[:, None] * (1.0 + depth[:, None] * np.sin(along + turn[:, None]))
    return _inked(path.astype(np.float32), radii.astype(np.float32))


def _hands(n_images: int, rng: np.random.Generator) -> FloatArray:
    """Return how each hand turns, slants and stretches, (n, 2, 2)."""
    turn = rng.normal(0.0, 0.08, n_images)
    slant = rng.normal(-0.18, 0.2, n_images)
    width = np.exp(rng.normal(0.02, 0.16, n_images))
    ones, zeros = np.ones(n_images), np.zeros(n_images)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    stretch = np.array([[width, slant], [zeros, ones]])
    hands: FloatArray = np.einsum("ijn,jkn->nik", rotation, stretch)
    return hands


def _centre_of_ink(path: FloatArray) -> FloatArray:
    """Return the mean position along each path, (n, 2), every stretch counted by its length."""
    step = np.hypot(*np.moveaxis(np.diff(path, axis=1), 2, 0))
    # Where the pen was lifted there is no ink between two samples.
    step = np.minimum(step, 2.0 * np.median(step, axis=1, keepdims=True))
    middles = 0.5 * (path[:, 1:] + path[:, :-1])
    centre: FloatArray = np.einsum("ns,nsc->nc", step, middles) / step.sum(axis=1)[:, None]
    return centre


def _inked(path: Float32Array, radii: Float32Array) -> ByteArray:
    """Return the pictures of a round pen along paths.

    Parameters
    ----------
    path : float32 array, (n, S, 2)
        Pen positions (x, y) in pixels.
    radii : float32 array, (n, S)
        Of the pen there, in pixels.

    Notes
    -----
    The power distance d² − r² to the nearest pen position needs no root for each; about the mean radius it
    is turned back into a distance, over which the ink fades within a pixel.
    """
    grid = np.arange(SIDE, dtype=np.float32)
    across = (grid - path[:, :, :1]) ** 2
    down = (grid - path[:, :, 1:]) ** 2 - radii[:, :, None] ** 2
    nearest = np.full((len(path), SIDE, SIDE), _FAR)
    for sample in range(path.shape[1]):
        np.minimum(nearest, down[:, sample, :, None] + across[:, sample, None, :], out=nearest)
    mean = radii.mean(axis=1)[:, None, None]
    distance = np.sqrt(np.maximum(nearest + mean**2, 0.0)) - mean
    ink: ByteArray = np.rint(np.clip(0.5 - distance / 1.3, 0.0, 1.0) * 255.0).astype(np.uint8)
    return ink
