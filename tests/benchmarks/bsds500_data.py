"""The photos of BSDS500 and what people drew on them, read from the folder beside the checkout."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gmmseg.image import Image
from gmmseg.io.images import read_image
from tests.data.shared import BSDS500

Split = Literal["train", "val"]
SPLITS: tuple[Split, ...] = ("train", "val")


@dataclass(frozen=True)
class Photo:
    """One photo of the set, read when asked.

    Parameters
    ----------
    name : str
        Its number, the file name's stem.
    split : {"train", "val"}
    """

    name: str
    split: Split

    @cached_property
    def image(self) -> Image:
        """Return the photo."""
        return read_image(BSDS500 / "images" / self.split / f"{self.name}.jpg")

    @cached_property
    def truths(self) -> tuple[NDArray[np.int64], ...]:
        """Return the label maps (H, W) of the annotators, 4 to 9 of them."""
        from scipy.io import loadmat

        cells = loadmat(BSDS500 / "groundTruth" / self.split / f"{self.name}.mat")["groundTruth"]
        return tuple(cell["Segmentation"][0, 0].astype(np.int64) for cell in cells[0])


def photos(splits: tuple[Split, ...], limit: int | None = None) -> list[Photo]:
    """Return the photos of the splits, or `limit` of each, evenly spread over its names in order.

    Raises
    ------
    FileNotFoundError
        The set is not beside the checkout.
    """
    found: list[Photo] = []
    for split in splits:
        names = sorted(path.stem for path in (BSDS500 / "images" / split).glob("*.jpg"))
        if not names:
            raise FileNotFoundError(f"no photos of BSDS500 in {BSDS500 / 'images' / split}")
        count = len(names) if limit is None else min(limit, len(names))
        kept = np.unique(np.linspace(0, len(names) - 1, count).round().astype(int))
        found += [Photo(names[at], split) for at in kept]
    return found
