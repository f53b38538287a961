"""Strips of digits as pixmaps in the theme's ink and paper, kept while they are in use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPixmap

from gmmseg.arrays import ByteArray
from ui.theme import colours, mixed

MOST_KEPT = 600
"""Strips: several screens full."""


def ink_table(paper: QColor, ink: QColor, full: int = 255) -> list[int]:
    """Return the 256 colours from paper to ink for an indexed picture; from the level `full` on it is ink."""
    return [mixed(paper, ink, min(level / max(full, 1), 1.0)).rgb() for level in range(256)]


def digit_image(pixels: ByteArray, table: list[int]) -> QImage:
    """Return grey levels (h, w) as a picture in the colours of `table`."""
    held = np.ascontiguousarray(pixels)
    height, width = held.shape
    picture = QImage(held.data, width, height, width, QImage.Format.Format_Indexed8)
    picture.setColorTable(table)
    # The pixels belong to numpy: Qt gets its own, and ready to be drawn.
    return picture.convertToFormat(QImage.Format.Format_RGB32)


class Sheets:
    """Draws strips of digits once and hands them out again until the theme or the size changes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, QPixmap] = OrderedDict()
        self._table: list[int] = []
        self.is_smooth = True
        """Whether enlarged digits are interpolated rather than shown as squares."""
        self.full = 255
        """The level that is shown as full ink."""

    def clear(self) -> None:
        """Forget all strips and take the colours in force."""
        self._kept.clear()
        self._table = []

    def strip(self, key: Hashable, images: ByteArray, side: int, pitch: int, ratio: float) -> QPixmap:
        """Return images (n, h, w) side by side.

        Parameters
        ----------
        key : hashable
            The same for the same images until `clear`.
        images : uint8 (n, h, w)
        side : int
            The longer side of each digit, device-independent pixels.
        pitch : int
            From one digit to the next.
        ratio : float
            Pixels of the screen for each device-independent one.
        """
        full_key = (key, side, pitch, ratio)
        known = self._kept.get(full_key)
        if known is None:
            known = self._drawn(images, side, pitch, ratio)
            self._kept[full_key] = known
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(full_key)
        return known

    def _drawn(self, images: ByteArray, side: int, pitch: int, ratio: float) -> QPixmap:
        self._table = self._table or ink_table(colours().base, colours().text, self.full)
        count, height, width = images.shape
        longer = max(height, width)
        # Each digit in the middle of a square, with a gap as wide as the pitch leaves.
        gap = max(round(longer * (pitch - side) / max(side, 1)), 0)
        cell = longer + gap
        sheet = np.zeros((longer, count, cell), dtype=np.uint8)
        top, left = (longer - height) // 2, (longer - width) // 2
        sheet[top : top + height, :, left : left + width] = images.transpose(1, 0, 2)
        picture = digit_image(sheet.reshape(longer, count * cell), self._table)
        mode = Qt.TransformationMode.SmoothTransformation
        if not self.is_smooth:
            mode = Qt.TransformationMode.FastTransformation
        scaled = picture.scaled(
            max(round(count * pitch * ratio), 1),
            max(round(side * ratio), 1),
            Qt.AspectRatioMode.IgnoreAspectRatio,
            mode,
        )
        pixmap = QPixmap.fromImage(scaled)
        pixmap.setDevicePixelRatio(ratio)
        return pixmap
