"""PictureItem: an image in a plot, kept in the form that Qt enlarges fastest."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtGui import QImage


class PictureItem(pg.ImageItem):  # type: ignore[misc]
    """An ImageItem of premultiplied colours: any other form is converted anew at each painting."""

    qimage: QImage | None

    def render(self) -> None:
        super().render()
        if self.qimage is not None:
            self.qimage = self.qimage.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
