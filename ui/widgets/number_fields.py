"""Fields for settings that are a number: a box, a box with a slider, one that may be automatic, a seed."""

from __future__ import annotations

import random
from typing import Any

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QCheckBox, QToolButton, QWidget

from gmmseg.setting import Setting
from ui.theme import icon
from ui.widgets.jump_slider import JumpSlider
from ui.widgets.number_box import NumberBox, parse_number
from ui.widgets.setting_field import SettingField
from ui.widgets.wheel_guard import WheelGuard

MAX_DICE_SEED = 999_999
"""The dice throws seeds that can be read out loud."""


class NumberField(SettingField):
    """Title and box; see `NumberBox` for `step`."""

    def __init__(
        self,
        setting: Setting,
        title: str,
        guard: WheelGuard,
        step: float | None = 1,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(setting, title, parent)
        self.box = NumberBox(setting, step, self)
        self.label.setBuddy(self.box)
        self.row.addStretch(1)
        self.row.addWidget(self.box)
        guard.guard(self.box)
        self.box.edited.connect(self._accept)
        self.box.refused.connect(self.set_error)
        self.box.editingFinished.connect(self.settled)

    def set_value(self, value: Any) -> None:
        self.box.set_value(value)
        if not self.box.is_refused:
            self.set_error(None)

    def set_reason(self, reason: str) -> None:
        super().set_reason(reason)
        if reason and self.box.is_refused:
            # What is not used cannot be wrong.
            self.box.restore()


class SliderField(NumberField):
    """Title and box, with a slider below for the usual range; the box takes the rest.

    Parameters
    ----------
    slider : (low, high)
        Range of the slider.
    resolution : float
        What one slider position is worth.
    """

    def __init__(
        self,
        setting: Setting,
        title: str,
        guard: WheelGuard,
        slider: tuple[float, float],
        resolution: float,
        step: float = 1,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(setting, title, guard, step, parent)
        self._resolution = resolution
        self.slider = JumpSlider(self)
        self.slider.setObjectName(f"{setting.path}.slider")
        self.slider.setAccessibleName(setting.title)
        self.slider.setRange(round(slider[0] / resolution), round(slider[1] / resolution))
        self.slider.setSingleStep(round(step / resolution))
        self.slider.setPageStep(round(step / resolution))
        guard.guard(self.slider)
        self.column.insertWidget(1, self.slider)
        self.slider.valueChanged.connect(self._slide)
        self.slider.sliderReleased.connect(self.settled)
        self.box.edited.connect(self._follow)

    def set_value(self, value: Any) -> None:
        super().set_value(value)
        self._follow(value)

    @Slot(object)
    def _follow(self, value: Any) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(value / self._resolution))

    @Slot(int)
    def _slide(self, position: int) -> None:
        value = parse_number(self.setting, f"{round(position * self._resolution, 9):g}")
        self.box.set_value(value)
        self._accept(value)


class AutomaticField(NumberField):
    """A number that is chosen by the program unless the user takes it over."""

    def __init__(
        self,
        setting: Setting,
        title: str,
        guard: WheelGuard,
        step: float | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(setting, title, guard, step, parent)
        self.switch = QCheckBox(self.tr("auto"), self)
        self.switch.setToolTip(self.tr("Let the program choose"))
        self.switch.setObjectName(f"{setting.path}.automatic")
        self.row.insertWidget(self.row.count() - 1, self.switch)
        self.switch.clicked.connect(self._switch)

    def set_value(self, value: Any) -> None:
        self.switch.setChecked(value is None)
        self.box.setEnabled(value is not None)
        if value is not None:
            super().set_value(value)
        elif self.box.is_refused:
            self.box.restore()

    def set_automatic_value(self, value: float) -> None:
        """Show what the program chose; the user starts from it when taking over."""
        if self.switch.isChecked():
            self.box.set_value(_of_kind(self.setting, float(f"{value:.4g}")))

    @Slot(bool)
    def _switch(self, is_automatic: bool) -> None:
        self.box.setEnabled(not is_automatic)
        if self.box.is_refused:
            self.box.restore()
        self._accept(None if is_automatic else _of_kind(self.setting, self.box.value))
        self.settled.emit()


def _of_kind(setting: Setting, value: float) -> int | float:
    return int(value) if setting.kind == "int" else float(value)


class SeedField(NumberField):
    """A number and a dice that throws another."""

    def __init__(
        self, setting: Setting, title: str, guard: WheelGuard, parent: QWidget | None = None
    ) -> None:
        super().__init__(setting, title, guard, 1, parent)
        self.dice = QToolButton(self)
        self.dice.setObjectName(f"{setting.path}.dice")
        self.dice.setIcon(icon("dice"))
        self.dice.setAutoRaise(True)
        self.dice.setAccessibleName(self.tr("Throw another seed"))
        self.dice.setToolTip(self.tr("Throw another seed"))
        self.row.insertWidget(self.row.count() - 1, self.dice)
        self.dice.clicked.connect(self._throw)

    @Slot()
    def _throw(self) -> None:
        value = self.box.value
        while value == self.box.value:
            value = random.randint(0, MAX_DICE_SEED)  # noqa: S311 - not a secret
        self.box.set_value(value)
        self._accept(value)
        self.settled.emit()
