"""The picture item: as pyqtgraph's own to the eye, in the form that needs no conversion."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QGraphicsScene

from ui.plots.picture_item import PictureItem


def painted(item: pg.ImageItem, pixels: np.ndarray) -> np.ndarray:
    """Return an image as an item draws it on white, each pixel four times as large."""
    item.setImage(pixels, levels=None, axisOrder="row-major")
    height, width = pixels.shape[:2]
    scene, sheet = QGraphicsScene(), QImage(4 * width, 4 * height, QImage.Format.Format_RGB32)
    scene.addItem(item)
    sheet.fill(0xFFFFFFFF)
    painter = QPainter(sheet)
    scene.render(painter, QRectF(sheet.rect()), QRectF(0, 0, width, height))
    painter.end()
    drawn = np.frombuffer(sheet.constBits(), np.uint8).reshape(4 * height, 4 * width, 4)[:, :, :3].copy()
    scene.removeItem(item)
    return drawn


def test_a_picture_looks_as_it_would_without_being_premultiplied(qapp: QApplication) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 12, 4), dtype=np.uint8)
    item = PictureItem()
    drawn = painted(item, pixels)
    opacity = pixels[:, :, 3:] / 255
    expected = (pixels[:, :, 2::-1] * opacity + 255 * (1 - opacity)).repeat(4, axis=0).repeat(4, axis=1)
    assert np.abs(drawn - expected).max() <= 2
    assert np.abs(drawn.astype(int) - painted(pg.ImageItem(), pixels)).max() <= 2
    assert item.qimage is not None
    assert item.qimage.format() is QImage.Format.Format_ARGB32_Premultiplied
