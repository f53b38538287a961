"""Summary of the open image in a few lines, with a chooser where it is a frame of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QSpinBox, QVBoxLayout, QWidget

from ui.theme import SPACING, colours, theme

if TYPE_CHECKING:
    from gmmseg.image import Image


class ImageSummary(QWidget):
    """Name, size, depth and notes of an image."""

    frame_requested = Signal(int)
    """The page the user wants, from 0."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._full_name = ""
        self._name = QLabel(self)
        self._name.setObjectName("image.name")
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        font = self._name.font()
        font.setBold(True)
        self._name.setFont(font)
        self._size = QLabel(self)
        self._size.setObjectName("image.size")
        self._notes = QLabel(self)
        self._notes.setObjectName("image.notes")
        self._notes.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self._size, self._notes):
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 4)
        for widget in (self._name, self._size, self._notes, self._make_pages()):
            column.addWidget(widget)
        theme().changed.connect(self._tint)
        self._tint()
        self.show_image(None)

    def _make_pages(self) -> QWidget:
        self._pages = QWidget(self)
        row = QHBoxLayout(self._pages)
        row.setContentsMargins(0, SPACING // 2, 0, 0)
        row.setSpacing(SPACING)
        label = QLabel(self.tr("Pa&ge"), self._pages)
        self._page = QSpinBox(self._pages)
        self._page.setObjectName("image.page")
        self._page.setKeyboardTracking(False)
        self._page.setToolTip(
            self.tr("Which page or frame of the file, or image of the folder, is segmented")
        )
        self._total = QLabel(self._pages)
        label.setBuddy(self._page)
        row.addWidget(label)
        row.addWidget(self._page)
        row.addWidget(self._total)
        self._slider = QSlider(Qt.Orientation.Horizontal, self._pages)
        self._slider.setObjectName("image.page.slider")
        self._slider.setAccessibleName(self.tr("Page"))
        self._slider.setToolTip(self._page.toolTip())
        self._slider.setMinimumWidth(40)
        row.addWidget(self._slider, 1)
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

    @Slot()
    def _tint(self) -> None:
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.WindowText, colours().muted)
        self._size.setPalette(palette)
        self._notes.setPalette(palette)


def _described(image: Image) -> str:
    """Return ``600 × 400 · RGB · 8 bit · PNG``."""
    channels = (
        "RGB" if image.is_rgb else ("grey" if image.n_channels == 1 else f"{image.n_channels} channels")
    )
    height, width = (image.height, image.width) if image.levels is None else image.levels.shape
    parts = [f"{width} × {height}", channels, image.depth_text]
    return " · ".join([*parts, image.source.format] if image.source.format else parts)
