"""Outlines of labels against distances by scipy."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_cdt

from ui.photo.widgets.label_item import outlined


def test_labels_are_outlined_inside_their_border_and_strong_ones_deeper() -> None:
    rng = np.random.default_rng(0)
    labels = np.kron(rng.integers(0, 4, (5, 6), dtype=np.uint8), np.ones((9, 11), dtype=np.uint8))
    is_strong = np.zeros(256, dtype=bool)
    is_strong[2] = True
    lines = outlined(labels, is_strong)
    for label in (1, 2, 3):
        is_own = np.pad(labels == label, 1, mode="edge")
        depth = distance_transform_cdt(is_own, "taxicab")[1:-1, 1:-1]
        expected = (depth >= 1) & (depth <= (3 if label == 2 else 1))
        assert np.array_equal(lines == label, expected)
