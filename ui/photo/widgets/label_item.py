"""LabelItem: the labels of a map in their colours, outlined inside their borders, at any zoom."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from gmmseg.arrays import AnyArray, BoolArray, ByteArray
from gmmseg.render import boundaries
from ui.photo.widgets.image_item import AreaItem
from ui.photo.widgets.pixel_item import as_qimage

_REACH = 2
"""Samples around what is to be painted that its lines depend on."""


class Labels(Protocol):
    """A map of labels, 0 for none."""

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""

    @property
    def step(self) -> int:
        """Pixels of the map along one of the scene."""

    def at(self, rows: AnyArray, columns: AnyArray) -> ByteArray:
        """Return the labels where increasing rows and columns cross, 0 beside the map."""


class LabelItem(AreaItem):
    """Draws a tint and lines one device-independent pixel wide, of some labels three.

    Labels are sampled where the screen shows them, and lines are found among the samples: the time depends
    on the part of the screen that is painted, not on the image or on how its labels wind.
    """

    def __init__(self) -> None:
        super().__init__()
        self._labels: Labels | None = None
        self._lut: ByteArray = np.zeros((256, 4), dtype=np.uint8)
        self._line_lut: ByteArray = self._lut
        self._is_strong: BoolArray = np.zeros(256, dtype=np.bool_)

    def set_labels(self, labels: Labels | None) -> None:
        """Draw a map, as it is now; None draws nothing."""
        height, width = (0, 0) if labels is None else labels.shape
        step = 1 if labels is None else labels.step
        self._cover(width / step, height / step)
        self._labels = labels
        self.update()

    def set_colours(self, lut: ByteArray, is_strong: BoolArray) -> None:
        """Draw in the (256, 4) RGBA colours of the labels, and strongly where `is_strong`, (256,)."""
        self._lut, self._is_strong = lut, is_strong
        self._line_lut = lut.copy()
        self._line_lut[lut[:, 3] > 0, 3] = 255
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        zoom = painter.deviceTransform().m11()
        exposed = self._rect & option.exposedRect
        if self._labels is None or zoom <= 0 or exposed.isEmpty():
            return
        step, of_map = painter.device().devicePixelRatio() / zoom, self._labels.step
        top, rows = _sampled(exposed.top(), exposed.bottom(), step, of_map)
        left, columns = _sampled(exposed.left(), exposed.right(), step, of_map)
        labels = self._labels.at(rows, columns)
        if not labels.any():
            return
        target = QRectF(left, top, len(columns) * step, len(rows) * step)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(target, as_qimage(labels, self._lut))
        painter.drawImage(target, as_qimage(outlined(labels, self._is_strong), self._line_lut))


def _sampled(low: float, high: float, step: float, of_map: int) -> tuple[float, AnyArray]:
    """Return where the first sample begins and the pixel that each shows, those around an interval too.

    Samples have the same places whatever interval is asked for; `of_map` pixels lie along one of the scene.
    """
    first, stop = math.floor(low / step) - _REACH, math.ceil(high / step) + _REACH
    return first * step, np.floor((np.arange(first, stop) + 0.5) * step * of_map).astype(np.intp)


def outlined(labels: ByteArray, is_strong: BoolArray) -> ByteArray:
    """Return the labels of pixels at the border of theirs, within three pixels where `is_strong`; else 0."""
    is_line = boundaries(labels)
    if is_strong.any():
        is_near = is_line.copy()
        for _ in range(2):
            is_near = _grown(is_near)
        is_line |= is_near & is_strong[labels]
    return np.where(is_line, labels, np.uint8(0))


def _grown(mask: BoolArray) -> BoolArray:
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown
