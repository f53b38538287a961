"""A small card that floats over a plot: one digit and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from gmmseg.arrays import ByteArray
from ui.digits.widgets.sheets import digit_image, ink_table
from ui.theme import SPACING, colours
from ui.widgets.building import in_row

_SIDE = 56


class Card(QFrame):
    """Hidden until it shows a digit; the pointer goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._ground = parent
        self.setObjectName("digit-card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self._picture = QLabel()
        self._picture.setFixedSize(_SIDE, _SIDE)
        self._facts = QLabel()
        self._facts.setTextFormat(Qt.TextFormat.PlainText)
        margins = (SPACING // 2, SPACING // 2, SPACING, SPACING // 2)
        in_row(self._picture, self._facts, of=self, spacing=SPACING, margins=margins)
        self.hide()

    @property
    def text(self) -> str:
        """The text about the digit, empty while hidden."""
        return "" if self.isHidden() else self._facts.text()

    def show_digit(self, pixels: ByteArray, facts: Sequence[str], full: int) -> None:
        """Show a digit (h, w); the level `full` is ink."""
        ratio = self.devicePixelRatioF()
        side = round(_SIDE * ratio)
        picture = digit_image(pixels, ink_table(colours().base, colours().text, full)).scaled(
            side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        pixmap = QPixmap.fromImage(picture)
        pixmap.setDevicePixelRatio(ratio)
        self._picture.setPixmap(pixmap)
        self._facts.setText("\n".join(facts))
        self.adjustSize()
        self.show()
        self.raise_()

    def place_away_from(self, x: int, y: int) -> None:
        """Stand in the corner of the parent that is farthest from a point of it."""
        parent = self._ground
        left = parent.width() - self.width() - SPACING if x < parent.width() / 2 else SPACING
        top = parent.height() - self.height() - SPACING if y < parent.height() / 2 else SPACING
        self.move(max(left, 0), max(top, 0))
