"""PixelItem: an array of bytes drawn in a view at any zoom without touching its pixels."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from gmmseg.arrays import ByteArray
from ui.photo.widgets.image_item import AreaItem

_FORMATS = {
    1: QImage.Format.Format_Indexed8,
    3: QImage.Format.Format_RGB888,
    4: QImage.Format.Format_RGBA8888,
}
_COARSEST = 16
_REDUCTION = {1: 1e-6, 2: 0.25}
"""Octaves by which lines of so many pixels may be reduced: the wider ones are then less clumsy, and whole."""


def as_qimage(pixels: ByteArray, lut: ByteArray | None = None) -> QImage:
    """Return a QImage that shares the memory of `pixels`, which must outlive it.

    Parameters
    ----------
    pixels : uint8 array
        (H, W) with a `lut`, (H, W, 3) sRGB or (H, W, 4) with alpha; C-contiguous.
    lut : uint8 array (256, 4), optional
    """
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    image = QImage(pixels.data, width, height, width * channels, _FORMATS[channels])
    if lut is not None:
        image.setColorTable(colour_table(lut))
    return image


def colour_table(lut: ByteArray) -> list[int]:
    """Return a (256, 4) RGBA table as Qt's 0xAARRGGBB numbers."""
    red, green, blue, alpha = lut.astype(np.uint32).T
    numbers: list[int] = (alpha << 24 | red << 16 | green << 8 | blue).tolist()
    return numbers


class FinerPixels(Protocol):
    """Sharper parts of what an item draws."""

    def paint(
        self, painter: QPainter, exposed: QRectF, zoom: float, paint_own: Callable[[QRectF], None]
    ) -> None:
        """Paint what is exposed, each place once: sharper parts, and by `paint_own` where there is none."""

    def set_lut(self, lut: ByteArray | None) -> None:
        """Show the same parts in other colours."""


class PixelItem(AreaItem):
    """Draws photos and label maps; its unit is one image pixel, and pixel (0, 0) covers 0..1.

    A zoomed-out picture is drawn from the coarser level that fits the screen, and of that only the part in
    view: the time depends on the screen, not on the image. Changing the lookup table rewrites 256 numbers.

    Notes
    -----
    pyqtgraph's ImageItem averages label indices when it makes an image smaller, and without that draws all of
    a large image at each repaint.
    """

    def __init__(self, *, is_smooth: bool) -> None:
        super().__init__()
        self._is_smooth = is_smooth
        self._line_width = 0
        self._clip_left = 0.0
        self._levels: dict[int, ByteArray] = {}
        self._qimages: dict[int, QImage] = {}
        self._lut: ByteArray | None = None
        self._finer: FinerPixels | None = None

    def set_finer(self, finer: FinerPixels | None) -> None:
        """Draw parts that are sharper where they are there; a picture in memory has none."""
        self._finer = finer
        if finer is not None:
            finer.set_lut(self._lut)
        self.update()

    def set_pixels(
        self,
        pixels: ByteArray,
        lut: ByteArray | None = None,
        levels: tuple[ByteArray, ...] = (),
        *,
        size: tuple[int, int] | None = None,
        line_width: int = 0,
    ) -> None:
        """Show other pixels.

        Parameters
        ----------
        pixels, lut : arrays
            As for `as_qimage`.
        levels : tuple of arrays
            `pixels` at 1/2, 1/4, …; where missing, every n-th pixel is taken.
        size : (H, W), optional
            What the pixels cover, where they are a smaller stand-in.
        line_width : int
            Of pixels that are lines of 1 or 2 pixels: they are drawn from a level that is enlarged rather
            than reduced, which would tear them.
        """
        height, width = size or (pixels.shape[0], pixels.shape[1])
        self._cover(width, height)
        first = round(math.log2(max(1.0, width / pixels.shape[1], height / pixels.shape[0])))
        self._levels = {first: np.ascontiguousarray(pixels)}
        self._levels.update({first + 1 + index: level for index, level in enumerate(levels)})
        self._qimages = {}
        self._line_width = line_width
        self.set_lut(lut)

    def set_lut(self, lut: ByteArray | None) -> None:
        """Show the same pixels in other colours."""
        self._lut = lut
        if self._finer is not None:
            self._finer.set_lut(lut)
        if lut is not None:
            table = colour_table(lut)
            for image in self._qimages.values():
                image.setColorTable(table)
        self.update()

    def set_clip_left(self, x: float) -> None:
        """Draw only what is right of `x`, image pixels."""
        if x != self._clip_left:
            self._clip_left = x
            self.update()

    def clear(self) -> None:
        """Show nothing."""
        if self._levels:
            self._levels, self._qimages, self._finer = {}, {}, None
            self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if not self._levels:
            return
        zoom = painter.deviceTransform().m11()
        visible = self._rect & QRectF(self._clip_left, 0, self._rect.width(), self._rect.height())
        exposed = visible & option.exposedRect
        if zoom <= 0 or exposed.isEmpty():
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._is_smooth and zoom < 1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if self._finer is None:
            self._paint_part(painter, visible, exposed, zoom)
        else:
            own = partial(self._paint_own, painter, zoom)
            self._finer.paint(painter, exposed, zoom, own)
        painter.restore()

    def _paint_own(self, painter: QPainter, zoom: float, part: QRectF) -> None:
        self._paint_part(painter, part, part, zoom)

    def _paint_part(self, painter: QPainter, visible: QRectF, exposed: QRectF, zoom: float) -> None:
        """Paint what is exposed of the part that is visible."""
        level = self._level_for(zoom)
        image, step = self._qimage(level), 2**level
        left, top = math.floor(exposed.left() / step), math.floor(exposed.top() / step)
        right = min(math.ceil(exposed.right() / step), image.width())
        bottom = min(math.ceil(exposed.bottom() / step), image.height())
        source = QRect(left, top, max(1, right - left), max(1, bottom - top))
        target = QRectF(left * step, top * step, source.width() * step, source.height() * step)
        painter.save()
        # One device pixel at least, so that an image of a single row does not vanish when zoomed out.
        thin = 1 / zoom
        shown = visible.adjusted(0, 0, max(0.0, thin - visible.width()), max(0.0, thin - visible.height()))
        painter.setClipRect(shown, Qt.ClipOperation.IntersectClip)
        target.setWidth(max(target.width(), thin))
        target.setHeight(max(target.height(), thin))
        painter.drawImage(target, image, source)
        painter.restore()

    def _level_for(self, zoom: float) -> int:
        octaves = -math.log2(zoom)
        if self._line_width:
            wanted = math.ceil(octaves - _REDUCTION[self._line_width])
        else:
            wanted = math.floor(octaves + 1e-6)
        return min(max(wanted, min(self._levels)), _COARSEST)

    def _qimage(self, level: int) -> QImage:
        if level not in self._qimages:
            self._qimages[level] = as_qimage(self._pixels(level), self._lut)
        return self._qimages[level]

    def _pixels(self, level: int) -> ByteArray:
        if level not in self._levels:
            nearest = max(known for known in self._levels if known < level)
            step = 2 ** (level - nearest)
            self._levels[level] = _every(step, self._levels[nearest])
        return self._levels[level]


def _every(step: int, pixels: ByteArray) -> ByteArray:
    """Return the middle pixel of each block of step by step; of blocks cut off by the edge the last one."""
    height, width = pixels.shape[:2]
    thinned = np.empty((-(-height // step), -(-width // step), *pixels.shape[2:]), dtype=np.uint8)
    middles = pixels[step // 2 :: step, step // 2 :: step]
    rows, columns = middles.shape[:2]
    thinned[:rows, :columns] = middles
    if rows < thinned.shape[0]:
        thinned[-1, :columns] = pixels[-1, step // 2 :: step]
    if columns < thinned.shape[1]:
        thinned[:rows, -1] = pixels[step // 2 :: step, -1]
        thinned[-1, -1] = pixels[-1, -1]
    return thinned
