"""Camera: which part of an image the panes show, shared by all of them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRectF, QSizeF, Signal

_MARGIN = 0.98
_SMALLEST_PART_OF_FIT = 0.5
_LARGEST_ZOOM = 64.0
_PART_OF_VIEW = 1 / 3
_CLOSEST = 8.0


class Camera(QObject):
    """A centre in image pixels and a zoom; panes of any size show the same centre at the same zoom.

    Notes
    -----
    Panes follow the camera and never each other: ViewBoxes with locked aspects that are linked to one another
    answer each other's rounding and zoom out by themselves (pyqtgraph issues 1103 and 1348).
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.centre = QPointF(0.5, 0.5)
        self.zoom = 1.0
        """Device-independent pixels for each image pixel."""
        self.is_fitted = True
        """Whether the whole image is shown and stays so when the panes change their size."""
        self.step = 1
        """Pixels of the picture along one of the image, which may be an overview of it."""
        self._size = QSizeF(1, 1)
        self._fit_zoom = 1.0

    def set_image_size(self, width: int, height: int, step: int = 1) -> None:
        """Take another image's size, pixels, and `step`; the caller fits the view next."""
        self._size = QSizeF(width, height)
        self.step = step

    def fit_zoom(self, view: QSizeF) -> float:
        """Return the zoom at which the whole image fills a view of that size."""
        return min(view.width() / self._size.width(), view.height() / self._size.height())

    def fit(self, view: QSizeF, foot: float = 0.0) -> None:
        """Show the whole image in a view of that size, above a foot, both in device-independent pixels.

        The image is in the middle of the view, and higher only as far as the foot asks for it.
        """
        if view.width() < 1 or view.height() - foot < 1:
            return
        zoom = self.fit_zoom(QSizeF(view.width(), view.height() - foot)) * _MARGIN
        self._fit_zoom = zoom
        self.is_fitted = True
        height = self._size.height()
        beneath = max(zoom * height / 2 + foot - view.height() / 2, 0.0)
        self._set(QPointF(self._size.width() / 2, height / 2 + beneath / zoom), zoom)

    def box(self, view: QSizeF) -> QRectF:
        """Return what a view of that size shows, image pixels."""
        size = view / self.zoom
        return QRectF(self.centre - QPointF(size.width() / 2, size.height() / 2), size)

    def show_box(self, box: QRectF, view: QSizeF) -> None:
        """Show a box of the image in the middle third of a view of that size, not below the fitted zoom."""
        if view.width() < 1 or view.height() < 1:
            return
        zoom = min(view.width() / box.width(), view.height() / box.height()) * _PART_OF_VIEW
        self.is_fitted = False
        self._set(box.center(), min(max(zoom, self._fit_zoom), _CLOSEST))

    def set_zoom(self, zoom: float) -> None:
        """Zoom about the centre."""
        self.zoom_about(self.centre, zoom / self.zoom)

    def zoom_about(self, point: QPointF, factor: float) -> None:
        """Zoom by `factor`, leaving the image point `point` where it is on the screen."""
        lowest = min(self._fit_zoom, 1.0) * _SMALLEST_PART_OF_FIT
        highest = max(2 * self._fit_zoom, _LARGEST_ZOOM * self.step)
        zoom = min(max(self.zoom * factor, lowest), highest)
        self.is_fitted = False
        self._set(point + (self.centre - point) * (self.zoom / zoom), zoom)

    def pan(self, dx: float, dy: float) -> None:
        """Move the image by device-independent pixels to the right and down."""
        self.is_fitted = False
        self._set(self.centre - QPointF(dx, dy) / self.zoom, self.zoom)

    def _set(self, centre: QPointF, zoom: float) -> None:
        # The centre stays on the image, so that the image cannot get lost.
        x = min(max(centre.x(), 0.0), self._size.width())
        y = min(max(centre.y(), 0.0), self._size.height())
        if (x, y, zoom) != (self.centre.x(), self.centre.y(), self.zoom):
            self.centre, self.zoom = QPointF(x, y), zoom
            self.changed.emit()
