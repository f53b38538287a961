"""Fields of a form: one setting each, with title, control, and what is wrong with the value under it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from gmmseg.setting import Setting
from ui.theme import SPACING, colours, icon, theme
from ui.widgets.building import explanation, in_column, in_row, named, text_label, write_in
from ui.widgets.controls import JumpSlider, WheelGuard
from ui.widgets.number_box import NumberBox, parse_number

if TYPE_CHECKING:
    from gmmseg.errors import SettingsError

MAX_DICE_SEED = 999_999
"""The dice throws seeds that can be read out loud."""


class SettingField(QWidget):
    """Title, control and sentence of one setting; each kind adds its control.

    Parameters
    ----------
    setting : Setting
    guard : WheelGuard
        Watches the controls that a wheel would change.
    title : str
        May hold a mnemonic.
    """

    edited = Signal(object)
    """A value within the bounds, chosen by the user."""
    settled = Signal()
    """The user let go: the next change is a step of its own."""
    validity_changed = Signal()

    def __init__(self, setting: Setting, guard: WheelGuard, title: str) -> None:
        super().__init__()
        self.setting = setting
        self._error: SettingsError | None = None
        self._problem = ""
        self.setToolTip(explanation(setting))
        self.label = QLabel(title, self)
        self.row = in_row(self.label, spacing=SPACING)
        self._sentence = text_label(f"{setting.path}.problem")
        self._sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.column = in_column(self.row, self._sentence, of=self, spacing=SPACING // 4)
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
        write_in(colours().error, self._sentence)


class ChoiceField(SettingField):
    """A drop-down list of the setting's choices."""

    def __init__(self, setting: Setting, guard: WheelGuard, title: str) -> None:
        super().__init__(setting, guard, title)
        self._value: Any = None
        self.box = make_choices(setting, guard, self)
        self.label.setBuddy(self.box)
        self.row.addWidget(self.box, 1)
        self.box.activated.connect(self._choose)

    def set_value(self, value: Any) -> None:
        self._value = value
        with QSignalBlocker(self.box):
            self.box.setCurrentIndex(self.box.findData(value))

    def be_narrow(self, n_characters: int) -> None:
        """Ask for the room of so many characters; the list shows all of each choice when it opens."""
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(n_characters)
        view = self.box.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + view.verticalScrollBar().sizeHint().width())

    def set_choice_reasons(self, reasons: dict[str, str]) -> None:
        """Disable the choices named in `reasons`, each with its reason as tooltip."""
        model = self.box.model()
        assert isinstance(model, QStandardItemModel)  # noqa: S101 - what QComboBox makes
        for at in range(self.box.count()):
            reason = reasons.get(self.box.itemData(at), "")
            item = model.item(at)
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

    def __init__(self, setting: Setting, guard: WheelGuard, title: str) -> None:
        super().__init__(setting, guard, title)
        self.label.hide()
        self.box = named(QCheckBox(title, self), setting.path)
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

    def __init__(self, setting: Setting, guard: WheelGuard, title: str) -> None:
        super().__init__(setting, guard, title)
        self._value: Any = None
        self.label.hide()
        self.switch = named(QCheckBox(title, self), f"{setting.path}.switch")
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
    box = named(QComboBox(parent), setting.path, spoken=setting.title)
    for value, text in setting.choices:
        box.addItem(text, value)
        box.setItemData(box.count() - 1, "", Qt.ItemDataRole.ToolTipRole)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    guard.guard(box)
    return box


class NumberField(SettingField):
    """Title and box."""

    def __init__(self, setting: Setting, guard: WheelGuard, title: str) -> None:
        super().__init__(setting, guard, title)
        self.box = NumberBox(setting, setting.step, self)
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
    """Title and box, with a slider below for the usual range; the box takes the rest."""

    def __init__(self, setting: Setting, guard: WheelGuard, title: str) -> None:
        super().__init__(setting, guard, title)
        assert setting.slider is not None  # noqa: S101 - what this kind of field is for
        low, high, self._resolution = setting.slider
        notches = round((setting.step or 1) / self._resolution)
        self.slider = named(JumpSlider(self), f"{setting.path}.slider", spoken=setting.title)
        self.slider.setRange(round(low / self._resolution), round(high / self._resolution))
        self.slider.setSingleStep(notches)
        self.slider.setPageStep(notches)
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

    def __init__(self, setting: Setting, guard: WheelGuard, title: str) -> None:
        super().__init__(setting, guard, title)
        box, tip = QCheckBox(self.tr("auto"), self), self.tr("Let the program choose")
        self.switch = named(box, f"{setting.path}.automatic", tip)
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

    def __init__(self, setting: Setting, guard: WheelGuard, title: str) -> None:
        super().__init__(setting, guard, title)
        tip = self.tr("Throw another seed")
        self.dice = named(QToolButton(self), f"{setting.path}.dice", tip, tip)
        self.dice.setIcon(icon("dice"))
        self.dice.setAutoRaise(True)
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


def make_field(setting: Setting, guard: WheelGuard, title: str) -> SettingField:
    """Return the field that suits a setting."""
    if setting.slider is not None:
        return SliderField(setting, guard, title)
    if setting.is_seed:
        return SeedField(setting, guard, title)
    if setting.kind == "bool":
        return SwitchField(setting, guard, title)
    if setting.kind == "choice":
        return (OptionalChoiceField if setting.is_optional else ChoiceField)(setting, guard, title)
    return (AutomaticField if setting.is_optional else NumberField)(setting, guard, title)
