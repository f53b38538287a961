"""Small sets of digits for tests: scikit-learn's own, set in the frame of MNIST."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from gmmseg.digits.dataset import DigitSet


@pytest.fixture(scope="session")
def small_digits() -> DigitSet:
    """900 scanned digits of side 8, 700 for fitting."""
    data = load_digits()
    images = np.rint(data.images[:900] * (255 / 16)).astype(np.uint8)
    return DigitSet(images, data.target[:900].astype(np.int64), 700, "Scanned digits")


@pytest.fixture(scope="session")
def blobs() -> tuple[np.ndarray, np.ndarray]:
    """Return 300 rows in three well separated groups of five dimensions, float32, and their groups."""
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(3), 100)
    centres = 6 * rng.standard_normal((3, 5))
    rows = centres[groups] + rng.standard_normal((300, 5)) * (1 + np.arange(5) / 3)
    order = rng.permutation(300)
    return rows[order].astype(np.float32), groups[order]
