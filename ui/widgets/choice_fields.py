"""Fields for settings that are one of a few: a drop-down list, a switch, and a switch that opens a list."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QComboBox, QSizePolicy, QWidget

from gmmseg.setting import Setting
from ui.widgets.setting_field import SettingField
from ui.widgets.wheel_guard import WheelGuard


class ChoiceField(SettingField):
    """A drop-down list of the setting's choices."""

    def __init__(
        self, setting: Setting, title: str, guard: WheelGuard, parent: QWidget | None = None
    ) -> None:
        super().__init__(setting, title, parent)
        self._value: Any = None
        self.box = make_choices(setting, guard, self)
        self.label.setBuddy(self.box)
        self.row.addWidget(self.box, 1)
        self.box.activated.connect(self._choose)

    def set_value(self, value: Any) -> None:
        self._value = value
        with QSignalBlocker(self.box):
            self.box.setCurrentIndex(self.box.findData(value))

    def set_choice_reasons(self, reasons: dict[str, str]) -> None:
        """Disable the choices named in `reasons`, each with its reason as tooltip."""
        model = self.box.model()
        assert isinstance(model, QStandardItemModel)  # noqa: S101 - what QComboBox makes
        for row in range(self.box.count()):
            reason = reasons.get(self.box.itemData(row), "")
            item = model.item(row)
            item.setEnabled(not reason)
            item.setToolTip(reason)

    @Slot(int)
    def _choose(self, row: int) -> None:
        value = self.box.itemData(row)
        if value != self._value:
            self._value = value
            self.edited.emit(value)
            self.settled.emit()


class SwitchField(SettingField):
    """A check box; its own text is the title."""

    def __init__(
        self, setting: Setting, title: str, guard: WheelGuard, parent: QWidget | None = None
    ) -> None:
        super().__init__(setting, title, parent)
        self.label.hide()
        self.box = QCheckBox(title, self)
        self.box.setObjectName(setting.path)
        self.row.addWidget(self.box, 1)
        self.box.clicked.connect(self._switch)

    def set_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))

    @Slot(bool)
    def _switch(self, is_on: bool) -> None:
        self.edited.emit(is_on)
        self.settled.emit()


class OptionalChoiceField(SettingField):
    """A check box that switches a choice on, and the drop-down list of what it then is."""

    def __init__(
        self, setting: Setting, title: str, guard: WheelGuard, parent: QWidget | None = None
    ) -> None:
        super().__init__(setting, title, parent)
        self._value: Any = None
        self.label.hide()
        self.switch = QCheckBox(title, self)
        self.switch.setObjectName(f"{setting.path}.switch")
        self.box = make_choices(setting, guard, self)
        self.box.setEnabled(False)
        self.row.addWidget(self.switch)
        self.row.addWidget(self.box, 1)
        self.switch.clicked.connect(self._emit)
        self.box.activated.connect(self._emit)

    def set_value(self, value: Any) -> None:
        self._value = value
        self.switch.setChecked(value is not None)
        self.box.setEnabled(value is not None)
        if value is not None:
            self.box.setCurrentIndex(self.box.findData(value))

    @Slot()
    def _emit(self) -> None:
        is_on = self.switch.isChecked()
        self.box.setEnabled(is_on)
        value = self.box.currentData() if is_on else None
        if value != self._value:
            self._value = value
            self.edited.emit(value)
            self.settled.emit()


def make_choices(setting: Setting, guard: WheelGuard, parent: QWidget) -> QComboBox:
    """Return a drop-down list of a setting's choices that may become narrow."""
    box = QComboBox(parent)
    box.setObjectName(setting.path)
    box.setAccessibleName(setting.title)
    for value, text in setting.choices:
        box.addItem(text, value)
        box.setItemData(box.count() - 1, "", Qt.ItemDataRole.ToolTipRole)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    guard.guard(box)
    return box
