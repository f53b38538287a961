"""A box for one number of any size that tells, instead of changing, what it cannot accept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPalette, QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QWidget

from gmmseg.errors import SettingsError
from ui.theme import colours, theme

if TYPE_CHECKING:
    from gmmseg.setting import Setting

# Not int() and float(): those also read full-width digits, "1_000", "nan" and "inf".
_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DECADE = 10.0
_SMALLEST_STEP = 1e-9


def parse_number(setting: Setting, text: str) -> int | float:
    """Return the number that `text` is, within the bounds of `setting`; raises `SettingsError`."""
    text = text.strip()
    if not text:
        raise SettingsError(setting.path, f"{setting.title} is empty.", f"Choose {setting.bounds}.")
    value: int | float | None = None
    # The length: int() refuses thousands of digits with an error of its own.
    if len(text) <= 64 and _WHOLE.fullmatch(text):
        value = int(text)
    elif len(text) <= 64 and setting.kind == "float" and _DECIMAL.fullmatch(text):
        value = float(text)
    try:
        setting.check(value if value is not None else shortened(text))
    except SettingsError:
        # Checked again as typed, so that the sentence quotes what the user sees in the box.
        setting.check(shortened(text))
        raise
    assert value is not None  # noqa: S101 - a text never passes the check
    return value if setting.kind == "int" else float(value)


def shortened(text: str) -> str:
    """Return the text, cut where it would fill the panel."""
    return text if len(text) <= 24 else f"{text[:23]}…"


def format_number(value: float) -> str:
    """Return the shortest text that reads back as the number, to twelve digits."""
    return str(value) if isinstance(value, int) else f"{value:.12g}"


class NumberBox(QAbstractSpinBox):
    """Steps and reads one number; integers beyond 32 bits and exponents are welcome.

    Parameters
    ----------
    setting : Setting
        Of kind ``int`` or ``float``; its bounds decide what is accepted.
    step : float, optional
        What an arrow adds; None steps in powers of ten, for tolerances.
    """

    edited = Signal(object)
    """A number within the bounds, typed or stepped by the user."""
    refused = Signal(object)
    """The `SettingsError` of a text that is not applied; None once the number before it is back."""

    def __init__(self, setting: Setting, step: float | None = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setting = setting
        self._step = step
        self._value: int | float = 0
        self._is_refused = False
        self.setObjectName(setting.path)
        self.setAccessibleName(setting.title)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setCorrectionMode(QAbstractSpinBox.CorrectionMode.CorrectToPreviousValue)
        self.lineEdit().textEdited.connect(self._read)
        theme().changed.connect(self._mark)
        self._write()

    @property
    def value(self) -> int | float:
        """The last number accepted or set."""
        return self._value

    @property
    def is_refused(self) -> bool:
        """Whether the text in the box is not a number that can be applied."""
        return self._is_refused

    def set_value(self, value: float) -> None:
        """Show a number without emitting; a text stays where the number behind it stays."""
        if value == self._value:
            return
        self._value = value
        if not self._is_written():
            self._write()

    def restore(self) -> None:
        """Put the last accepted number back in place of a refused text."""
        self._write()
        self.refused.emit(None)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        # Everything may be typed: `refused` tells what is wrong with it.
        return QValidator.State.Acceptable, text, position

    def fixup(self, text: str) -> str:
        return text

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flags = QAbstractSpinBox.StepEnabledFlag.StepNone
        if self._value < self._setting.high:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        if self._value > self._setting.low:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return flags

    def stepBy(self, steps: int) -> None:
        value = self._stepped(steps)
        value = max(self._setting.low, min(self._setting.high, value))
        self._take(int(value) if self._setting.kind == "int" else float(value))
        self._write()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._is_refused:
            self.restore()
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(self.font()).horizontalAdvance("0" * 7) + 36, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _stepped(self, steps: int) -> int | float:
        if self._step is not None:
            if self._setting.kind == "int":
                return int(self._value) + steps * int(self._step)
            return round(self._value + steps * self._step, 9)
        if self._value == 0:
            return _SMALLEST_STEP if steps > 0 else 0.0
        value = float(f"{self._value * _DECADE**steps:.6g}")
        return value if value >= _SMALLEST_STEP else 0.0

    def _is_written(self) -> bool:
        try:
            return parse_number(self._setting, self.text()) == self._value
        except SettingsError:
            return False

    def _write(self) -> None:
        self.lineEdit().setText(format_number(self._value))
        self._is_refused = False
        self._mark()

    @Slot(str)
    def _read(self, text: str) -> None:
        try:
            value = parse_number(self._setting, text)
        except SettingsError as error:
            self._is_refused = True
            self._mark()
            self.refused.emit(error)
            return
        self._is_refused = False
        self._mark()
        self._take(value)

    def _take(self, value: float) -> None:
        """Make a number the value; one that it was already is only right again."""
        if value == self._value:
            self.refused.emit(None)
            return
        self._value = value
        self.edited.emit(value)

    @Slot()
    def _mark(self) -> None:
        """Draw the text and the frame red where it is refused."""
        if not self._is_refused:
            self.setPalette(QPalette())
            return
        palette = QPalette()
        red = colours().error
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.Highlight, QPalette.ColorRole.Accent):
            palette.setColor(role, red)
        # Fusion derives its frame from the window colour.
        palette.setColor(QPalette.ColorRole.Window, red)
        self.setPalette(palette)
