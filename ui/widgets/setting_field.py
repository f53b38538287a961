"""One setting as a row of the setup panel: title, control, and what is wrong with the value under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ui.theme import SPACING, colours, theme

if TYPE_CHECKING:
    from gmmseg.errors import SettingsError
    from gmmseg.setting import Setting


class SettingField(QWidget):
    """What the fields of all kinds have in common.

    Parameters
    ----------
    setting : Setting
    title : str
        The setting's title with a mnemonic.
    """

    edited = Signal(object)
    """A value within the bounds, chosen by the user."""
    settled = Signal()
    """The user let go: the next change is a step of its own."""
    validity_changed = Signal()

    def __init__(self, setting: Setting, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        self._error: SettingsError | None = None
        self._problem = ""
        self.setToolTip(explanation(setting))
        self.label = QLabel(title, self)
        self.row = QHBoxLayout()
        self.row.setSpacing(SPACING)
        self.row.addWidget(self.label)
        self._sentence = QLabel(self)
        self._sentence.setObjectName(f"{setting.path}.problem")
        self._sentence.setWordWrap(True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(SPACING // 4)
        self.column.addLayout(self.row)
        self.column.addWidget(self._sentence)
        theme().changed.connect(self._tint)
        self._tint()
        self._show_sentence()

    @property
    def is_valid(self) -> bool:
        """Whether what is in the field is applied, not a refused text."""
        return self._error is None

    @property
    def problem(self) -> str:
        """The sentence shown under the control, empty where nothing is wrong."""
        return str(self._error) if self._error is not None else self._problem

    def set_value(self, value: Any) -> None:
        """Show a value without emitting."""
        raise NotImplementedError

    def set_reason(self, reason: str) -> None:
        """Disable the control, saying why; an empty reason enables it."""
        self.setEnabled(not reason)
        self.setToolTip(reason or explanation(self.setting))

    def set_problem(self, problem: str) -> None:
        """Say under the control what is wrong with a value that is in force."""
        self._problem = problem
        self._show_sentence()

    @Slot(object)
    def set_error(self, error: SettingsError | None) -> None:
        """Mark the text in the control as not applied, or as right again."""
        was_valid = self.is_valid
        self._error = error
        self._show_sentence()
        if was_valid != self.is_valid:
            self.validity_changed.emit()

    @Slot(object)
    def _accept(self, value: Any) -> None:
        self.set_error(None)
        self.edited.emit(value)

    def _show_sentence(self) -> None:
        self._sentence.setText(self.problem)
        self._sentence.setVisible(bool(self.problem))

    @Slot()
    def _tint(self) -> None:
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.WindowText, colours().error)
        self._sentence.setPalette(palette)


def explanation(setting: Setting) -> str:
    """Return the tooltip of a setting: what it does and what it may be."""
    if setting.kind in ("int", "float"):
        unit = f", in {setting.unit}" if setting.unit else ""
        return f"<p>{setting.explanation}</p><p>{setting.bounds.capitalize()}{unit}.</p>"
    return f"<p>{setting.explanation}</p>"
