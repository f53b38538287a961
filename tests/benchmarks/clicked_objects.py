"""Objects with known masks for simulated clicks, read from the folder beside the checkout."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image as PillowImage

from gmmseg.arrays import BoolArray
from gmmseg.image import Image
from gmmseg.io.images import read_image

SHARED = Path(__file__).parents[3] / "shared"
Source = Literal["grabcut", "berkeley", "coco"]
SOURCES: tuple[Source, ...] = ("grabcut", "berkeley", "coco")
_IGNORED = 128


@dataclass(frozen=True)
class ClickedObject:
    """One object, read when asked.

    Parameters
    ----------
    name : str
        Of the mask file, without its suffix.
    image : str
        The same for all objects of one image.
    image_path, mask_path : Path
    """

    name: str
    image: str
    image_path: Path
    mask_path: Path

    def read(self) -> Image:
        """Return the image."""
        return read_image(self.image_path)

    @cached_property
    def _values(self) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
        with PillowImage.open(self.mask_path) as opened:
            return np.asarray(opened.convert("L"))

    @property
    def truth(self) -> BoolArray:
        """(H, W), the object."""
        return self._values > _IGNORED

    @property
    def ignored(self) -> BoolArray | None:
        """(H, W), pixels that are neither; None where there are none."""
        found: BoolArray = self._values == _IGNORED
        return found if found.any() else None

    @property
    def is_known(self) -> bool:
        """Whether the border odds in force were fitted to the image: it is a photo of BSDS500 beside it."""
        return any((SHARED / "bsds500" / "images").glob(f"*/{self.image_path.stem}.jpg"))


def clicked_objects(source: Source, limit: int | None = None) -> list[ClickedObject]:
    """Return the objects of one source in order of their names, or `limit` of them, evenly spread.

    Raises
    ------
    FileNotFoundError
        They are not beside the checkout.
    """
    folder = SHARED / "clicks" / source
    masks = sorted((folder if source == "berkeley" else folder / "masks").glob("*.png"))
    if not masks:
        raise FileNotFoundError(f"no objects in {folder}")
    if limit is not None and limit < len(masks):
        masks = [masks[at] for at in np.linspace(0, len(masks) - 1, limit).round().astype(int)]
    images = SHARED / "bsds500" / "images" if source == "berkeley" else folder / "images"
    paths = {path.stem: path for path in images.rglob("*.*")}
    found: list[ClickedObject] = []
    for mask in masks:
        # Several objects of one photo: of BSDS500 a letter follows its number, of COCO the number comes last.
        stem = re.sub(r"[a-z]$", "", mask.stem) if source == "berkeley" else mask.stem
        image = mask.stem.rsplit("_", 1)[-1] if source == "coco" else stem
        found.append(ClickedObject(mask.stem, image, paths[stem], mask))
    return found


def box_of(truth: BoolArray, margin: int) -> tuple[int, int, int, int]:
    """Return the box of an object, x0, y0, x1, y1, half-open, so many pixels wider on each side."""
    rows, columns = np.flatnonzero(truth.any(axis=1)), np.flatnonzero(truth.any(axis=0))
    height, width = truth.shape
    return (
        max(int(columns[0]) - margin, 0),
        max(int(rows[0]) - margin, 0),
        min(int(columns[-1]) + 1 + margin, width),
        min(int(rows[-1]) + 1 + margin, height),
    )
