"""Preferences: the colour scheme, how much memory one image may need, and what is kept of projects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QSpinBox,
    QWidget,
)

from gmmseg.limits import MAX_BACKUPS, physical_memory, size_text
from ui.theme import SPACING
from ui.widgets.building import in_column, in_row, label_of, named, text_label
from ui.widgets.dialog_parts import dialog_buttons

if TYPE_CHECKING:
    from ui.theme import Scheme

_GIGA = 10**9
MIN_GIGABYTES = 0.1


@dataclass(frozen=True, slots=True)
class Preferences:
    """Settings of the program, not of a document.

    Parameters
    ----------
    scheme : {"system", "light", "dark"}
    memory_budget : int, optional
        Bytes; None is half of the machine's memory.
    n_backups : int
        Earlier versions of a project that are kept beside it.
    restores_session : bool
        Whether a start opens what was open when the window was closed.
    """

    scheme: Scheme = "system"
    memory_budget: int | None = None
    n_backups: int = MAX_BACKUPS
    restores_session: bool = False


class PreferencesDialog(QDialog):
    """Shows `Preferences`; every change is announced at once."""

    changed = Signal(object)
    """The new `Preferences`."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("preferences")
        self.setWindowTitle(self.tr("Preferences"))
        form = QFormLayout()
        form.setHorizontalSpacing(2 * SPACING)
        form.setVerticalSpacing(SPACING)
        form.addRow(self.tr("&Theme"), self._make_scheme(preferences))
        budget = self._make_budget(preferences)
        form.addRow(label_of(self._budget, self.tr("&Memory for an image")), budget)
        form.addRow(self.tr("&Backups of a project"), self._make_backups(preferences))
        self._session = named(
            QCheckBox(self.tr("&Open at the start what was open last"), self), "preferences.session"
        )
        self._session.setChecked(preferences.restores_session)
        self._session.clicked.connect(self._announce)
        form.addRow("", self._session)
        note = text_label(
            "preferences.note",
            self.tr(
                "An image that would need more is refused before anything is read. This machine has {}."
            ).format(size_text(physical_memory())),
        )
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        in_column(form, note, None, buttons, of=self, spacing=2 * SPACING, margins=None)
        self.setMinimumWidth(420)

    @property
    def preferences(self) -> Preferences:
        """Settings as the dialog shows them."""
        scheme: Scheme = self._scheme.currentData()
        is_half = self._is_half.isChecked()
        return Preferences(
            scheme,
            None if is_half else round(self._budget.value() * _GIGA),
            self._backups.value(),
            self._session.isChecked(),
        )

    def _make_scheme(self, preferences: Preferences) -> QComboBox:
        self._scheme = named(QComboBox(self), "preferences.scheme")
        titles: tuple[tuple[Scheme, str], ...] = (
            ("system", self.tr("As the system")),
            ("light", self.tr("Light")),
            ("dark", self.tr("Dark")),
        )
        for scheme, title in titles:
            self._scheme.addItem(title, scheme)
        self._scheme.setCurrentIndex(self._scheme.findData(preferences.scheme))
        self._scheme.activated.connect(self._announce)
        return self._scheme

    def _make_backups(self, preferences: Preferences) -> QSpinBox:
        tip = self.tr("How many earlier versions are kept beside it when it is saved")
        self._backups = named(QSpinBox(self), "preferences.backups", tip)
        self._backups.setRange(0, MAX_BACKUPS)
        self._backups.setValue(preferences.n_backups)
        self._backups.valueChanged.connect(self._announce)
        return self._backups

    def _make_budget(self, preferences: Preferences) -> QHBoxLayout:
        chosen = preferences.memory_budget
        self._budget = named(QDoubleSpinBox(self), "preferences.budget")
        self._budget.setRange(MIN_GIGABYTES, max(physical_memory(), chosen or 0) / _GIGA)
        self._budget.setDecimals(1)
        self._budget.setSingleStep(0.5)
        self._budget.setSuffix(self.tr(" GB"))
        self._budget.setKeyboardTracking(False)
        self._budget.setValue((chosen if chosen is not None else physical_memory() // 2) / _GIGA)
        self._budget.setEnabled(chosen is not None)
        self._budget.valueChanged.connect(self._announce)
        self._is_half = named(QCheckBox(self.tr("&half of what there is"), self), "preferences.half")
        self._is_half.setChecked(chosen is None)
        self._is_half.clicked.connect(self._take_half)
        return in_row(self._budget, self._is_half, None, spacing=SPACING)

    @Slot(bool)
    def _take_half(self, is_half: bool) -> None:
        self._budget.setEnabled(not is_half)
        self._announce()

    @Slot()
    def _announce(self) -> None:
        self.changed.emit(self.preferences)
