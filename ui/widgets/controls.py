"""Qt's controls with one habit changed: a slider that jumps, a list that elides, a wheel that passes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QMouseEvent, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QSlider,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionSlider,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QWidget,
)


class JumpSlider(QSlider):
    """Horizontal; a press anywhere takes hold of the handle there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            option = QStyleOptionSlider()
            self.initStyleOption(option)
            style, control = self.style(), QStyle.ComplexControl.CC_Slider
            handle = style.subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
            groove = style.subControlRect(control, option, QStyle.SubControl.SC_SliderGroove, self)
            if not handle.contains(event.position().toPoint()):
                along = round(event.position().x()) - groove.x() - handle.width() // 2
                span = groove.width() - handle.width()
                self.setSliderPosition(
                    QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), along, span)
                )
        super().mousePressEvent(event)


class ElidingCombo(QComboBox):
    """A QComboBox that does not cut its text off without a sign."""

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        ).width()  # fmt: skip
        # Fusion draws the text two pixels in on both sides.
        option.currentText = self.fontMetrics().elidedText(
            option.currentText,
            Qt.TextElideMode.ElideRight,
            room - 4,
        )
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()


class MenuButton(QToolButton):
    """A button that opens a menu, without the style's mark for that, which overlaps the text."""

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.features &= ~QStyleOptionToolButton.ToolButtonFeature.HasMenu
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        painter.end()


class WheelGuard(QObject):
    """Hands wheel events on to the scroll area unless the guarded widget has the focus."""

    def guard(self, widget: QWidget) -> None:
        """Watch `widget`, which from now on takes the focus by click and Tab only."""
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False
