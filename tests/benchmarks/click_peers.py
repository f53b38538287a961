"""OpenCV's grabCut as a peer of selecting by clicks and boxes."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmseg.arrays import BoolArray, ByteArray
from tests.benchmarks.click_protocol import Click

ITERATIONS = 5
SURE_RADIUS = 5
PROBABLE_RADIUS = 70
"""Pixels around a click on the object that may be object to begin with; without them it hardly grows."""


def why_missing() -> str | None:
    """Return why the peer cannot run here, or None where it can."""
    if importlib.util.find_spec("cv2") is None:
        return "OpenCV's grabCut was left out: OpenCV (cv2) cannot be imported here."
    return None


def grabcut_from_discs(rgb: ByteArray, clicks: Sequence[Click]) -> BoolArray:
    """Return grabCut's object when each click is a disc of certain pixels."""
    import cv2

    marks: Any = np.full(rgb.shape[:2], cv2.GC_PR_BGD, dtype=np.uint8)
    for x, y, is_positive in clicks:
        if is_positive:
            cv2.circle(marks, (x, y), PROBABLE_RADIUS, int(cv2.GC_PR_FGD), -1)
    for x, y, is_positive in clicks:
        cv2.circle(marks, (x, y), SURE_RADIUS, int(cv2.GC_FGD if is_positive else cv2.GC_BGD), -1)
    for x, y, is_positive in clicks:
        marks[y, x] = cv2.GC_FGD if is_positive else cv2.GC_BGD
    if not ((marks == cv2.GC_BGD) | (marks == cv2.GC_PR_BGD)).any():
        return np.ones(rgb.shape[:2], dtype=np.bool_)
    return _run(rgb, marks, None)


def grabcut_from_box(rgb: ByteArray, box: tuple[int, int, int, int]) -> BoolArray:
    """Return grabCut's object in a box x0, y0, x1, y1, half-open."""
    x0, y0, x1, y1 = box
    return _run(rgb, np.zeros(rgb.shape[:2], dtype=np.uint8), (x0, y0, x1 - x0, y1 - y0))


def _run(rgb: ByteArray, marks: Any, rectangle: tuple[int, int, int, int] | None) -> BoolArray:
    import cv2

    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    mode = cv2.GC_INIT_WITH_MASK if rectangle is None else cv2.GC_INIT_WITH_RECT
    bgr = np.ascontiguousarray(rgb[:, :, ::-1])
    # It refuses a model without a single pixel: then what is certain is all that is known.
    with contextlib.suppress(cv2.error):
        cv2.grabCut(bgr, marks, rectangle or (0, 0, 1, 1), *models, ITERATIONS, mode)
    found: BoolArray = (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)
    return found
