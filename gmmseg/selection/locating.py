"""Place of a prompt on a ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import IntArray
from gmmseg.selection.ground import Ground
from gmmseg.selection.prompts import Prompt
from gmmseg.selection.scene import Touch


def touch_of(ground: Ground, labels: NDArray[np.int32], prompt: Prompt) -> Touch:
    """Return a prompt as it lies on a ground.

    A prompt all of whose pixels are without data counts for the nearest pixel that holds data.

    Parameters
    ----------
    ground : Ground, (h, w)
    labels : int32 array, (H, W)
        The leaf of each pixel of the image.
    prompt : Prompt
        In pixels of the image.
    """
    rows, columns = prompt.rows, prompt.columns
    held = labels[rows, columns] >= 0
    if held.any():
        rows, columns = rows[held], columns[held]
    else:
        rows, columns = _nearest_held(labels, int(rows[0]), int(columns[0]))
    middle = ((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2).argmin()
    row, column = int(rows[middle]), int(columns[middle])
    leaves = np.unique(labels[rows, columns]).astype(np.int64)
    (height, width), (low, narrow) = labels.shape, ground.labels.shape
    point = (int((row + 0.5) * low / height), int((column + 0.5) * narrow / width))
    return Touch(point, int(labels[row, column]), leaves, prompt.is_positive)


def _nearest_held(labels: NDArray[np.int32], row: int, column: int) -> tuple[IntArray, IntArray]:
    rows, columns = np.nonzero(labels >= 0)
    nearest = ((rows - row) ** 2 + (columns - column) ** 2).argmin()
    return rows[nearest : nearest + 1], columns[nearest : nearest + 1]
