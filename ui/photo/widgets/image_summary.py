"""Summary of the open image in a few lines, with a chooser where it is a frame of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QSlider, QSpinBox, QWidget

from ui.theme import SPACING
from ui.widgets.building import in_column, in_row, label_of, make_bold, named, text_label

if TYPE_CHECKING:
    from gmmseg.image import Image


class ImageSummary(QWidget):
    """Name, size, depth and notes of an image."""

    frame_requested = Signal(int)
    """The page the user wants, from 0."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._full_name = ""
        self._name = named(QLabel(self), "image.name")
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        make_bold(self._name)
        self._size = text_label("image.size", is_muted=True)
        self._notes = text_label("image.notes", is_muted=True)
        for label in (self._size, self._notes):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        in_column(self._name, self._size, self._notes, self._make_pages(), of=self, spacing=SPACING // 4)
        self.show_image(None)

    def _make_pages(self) -> QWidget:
        self._pages = QWidget(self)
        tip = self.tr("Which page or frame of the file, or image of the folder, is segmented")
        self._page = named(QSpinBox(), "image.page", tip)
        self._page.setKeyboardTracking(False)
        self._total = QLabel()
        slider = QSlider(Qt.Orientation.Horizontal)
        self._slider = named(slider, "image.page.slider", tip, self.tr("Page"))
        self._slider.setMinimumWidth(40)
        parts = (label_of(self._page, self.tr("Pa&ge")), self._page, self._total, self._slider)
        margins = (0, SPACING // 2, 0, 0)
        in_row(*parts, of=self._pages, stretched=self._slider, spacing=SPACING, margins=margins)
        self._page.valueChanged.connect(self._ask_for_page)
        # A page is opened and fitted: while the handle is dragged only its number follows.
        self._slider.setTracking(False)
        self._slider.sliderMoved.connect(self._show_number)
        self._slider.valueChanged.connect(self._page.setValue)
        return self._pages

    def show_image(self, image: Image | None) -> None:
        """Describe an image, or say that there is none."""
        source = image.source if image is not None else None
        self._full_name = source.name if source is not None else self.tr("No image")
        self._name.setToolTip(str(source.path) if source is not None and source.path else self._full_name)
        self._elide()
        self._size.setText(_described(image) if image is not None else self.tr("Open one, or drop it here."))
        notes = source.notes if source is not None else ()
        self._notes.setText("\n".join(notes))
        self._notes.setVisible(bool(notes))
        place = None if source is None else source.place
        self._pages.setVisible(place is not None)
        if place is not None:
            for chooser in (self._page, self._slider):
                with QSignalBlocker(chooser):
                    chooser.setRange(1, place.n_frames)
                    chooser.setValue(place.frame + 1)
            self._total.setText(self.tr("of {}").format(place.n_frames))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        metrics = self._name.fontMetrics()
        one_line = " ".join(self._full_name.split())
        self._name.setText(metrics.elidedText(one_line, Qt.TextElideMode.ElideMiddle, self.width()))

    @Slot(int)
    def _show_number(self, page: int) -> None:
        with QSignalBlocker(self._page):
            self._page.setValue(page)

    @Slot(int)
    def _ask_for_page(self, page: int) -> None:
        with QSignalBlocker(self._slider):
            self._slider.setValue(page)
        self.frame_requested.emit(page - 1)


def _described(image: Image) -> str:
    """Return ``600 × 400 · RGB · 8 bit · PNG``."""
    channels = (
        "RGB" if image.is_rgb else ("grey" if image.n_channels == 1 else f"{image.n_channels} channels")
    )
    height, width = (image.height, image.width) if image.levels is None else image.levels.shape
    parts = [f"{width} × {height}", channels, image.depth_text]
    return " · ".join([*parts, image.source.format] if image.source.format else parts)
