"""A form made from the declarations of settings: fields in sections, in a column that scrolls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from gmmseg.setting import Setting, settings_of, value_at
from ui.theme import SPACING, icon
from ui.widgets.building import in_column, in_scroll, make_bold, named, text_label
from ui.widgets.collapsible import CollapsibleSection
from ui.widgets.controls import WheelGuard
from ui.widgets.setting_fields import ChoiceField, make_field

if TYPE_CHECKING:
    from ui.widgets.setting_fields import SettingField

_F = TypeVar("_F", bound="SettingField")


class SettingsForm(QWidget):
    """Shows settings and asks for changes of them; a panel adds its sections from top to bottom.

    Parameters
    ----------
    name : str
        Of the object, and before ``.scroll`` of its scroll area.
    """

    edited = Signal(object, object)
    """A `Setting` and the value within its bounds that the user chose."""
    settled = Signal()
    """A drag or a choice is over: the next change is an undo step of its own."""
    validity_changed = Signal(bool)
    """Whether every field in use holds a value that is applied; while not, there is nothing sound to run."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._guard = WheelGuard(self)
        self._fields: dict[str, SettingField] = {}
        self._vital: list[SettingField] = []
        self._is_valid = True
        self._contents = QWidget(self)
        self.column = in_column(of=self._contents, spacing=SPACING, margins=(SPACING,) * 4)

    @property
    def is_valid(self) -> bool:
        """Whether every field in use holds a value that is applied."""
        return self._is_valid

    def field(self, path: str) -> SettingField:
        """Return the field of a setting; raises KeyError."""
        return self._fields[path]

    def field_of(self, kind: type[_F], path: str) -> _F:
        """Return the field of a setting whose declaration makes it one of this kind."""
        found = self._fields[path]
        assert isinstance(found, kind), path  # noqa: S101 - as declared
        return found

    # Building

    def add_fields(
        self,
        settings: Iterable[Setting],
        layout: QVBoxLayout | None = None,
        *,
        titles: Mapping[str, str] | None = None,
        is_vital: bool = True,
    ) -> None:
        """Add a field for each setting at the end of a column, the form's own where none is given.

        Parameters
        ----------
        settings : iterable of Setting
        layout : QVBoxLayout, optional
        titles : dict of str, optional
            By path, where the heading above says part of the declared title already.
        is_vital : bool
            Whether a refused text in such a field makes the form invalid.
        """
        made: list[SettingField] = []
        for setting in settings:
            title = (titles or {}).get(setting.path, setting.title)
            field = make_field(setting, self._guard, with_mnemonic(title, setting.mnemonic))
            field.edited.connect(partial(self.edited.emit, setting))
            field.settled.connect(self.settled)
            if is_vital:
                self._vital.append(field)
                field.validity_changed.connect(self.note_validity)
            (layout or self.column).addWidget(field)
            self._fields[setting.path] = field
            made.append(field)
        labels = [field.label for field in made if isinstance(field, ChoiceField)]
        for label in labels:
            label.setMinimumWidth(max(one.sizeHint().width() for one in labels))

    def add_heading(self, title: str) -> None:
        """Add the heading of a section that is always open."""
        label = QLabel(title, self._contents)
        make_bold(label)
        self.column.addSpacing(SPACING // 2)
        self.column.addWidget(label)

    def add_section(self, title: str, name: str) -> CollapsibleSection:
        """Add a section that folds away."""
        section = CollapsibleSection(title, self._contents)
        section.heading.setObjectName(name)
        self.column.addWidget(section)
        return section

    def add_note(
        self, name: str, layout: QVBoxLayout | None = None, *, after: QWidget | None = None
    ) -> QLabel:
        """Add a muted line of text, at the end of a column or after one of its widgets."""
        label = text_label(name, is_muted=True)
        layout = layout or self.column
        layout.insertWidget(-1 if after is None else layout.indexOf(after) + 1, label)
        return label

    def add_reset(self, text: str, name: str, layout: QVBoxLayout | None = None) -> QPushButton:
        """Add the button that gives every setting its default."""
        button = named(QPushButton(icon("reset"), text, self._contents), name)
        (layout or self.column).addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return button

    def finish(self) -> None:
        """Let the contents scroll up and down, never cut at the sides, once everything is added."""
        self.column.addStretch(1)
        scroll = in_scroll(self._contents, f"{self.objectName()}.scroll")
        room = self._contents.minimumSizeHint().width() + scroll.verticalScrollBar().sizeHint().width()
        scroll.setMinimumWidth(room)
        in_column(scroll, of=self)

    # Showing

    def show_values(self, settings: Any) -> None:
        """Show settings without asking for anything, and disable what has no effect without a switch."""
        titles = {setting.path: setting.title for setting in settings_of(type(settings))}
        for setting in settings_of(type(settings)):
            field = self._fields.get(setting.path)
            if field is None:
                continue
            field.set_value(value_at(settings, setting.path))
            if setting.needs:
                has_effect = value_at(settings, setting.needs)
                reason = self.tr("Only with {}.").format(titles[setting.needs])
                field.set_reason("" if has_effect else reason)

    @Slot()
    def note_validity(self) -> None:
        """Find out anew whether every field in use holds a value that is applied."""
        is_valid = all(field.is_valid or field.isHidden() for field in self._vital)
        if is_valid != self._is_valid:
            self._is_valid = is_valid
            self.validity_changed.emit(is_valid)


def with_mnemonic(title: str, letter: str) -> str:
    """Return a title with ``&`` before the first such letter; unchanged where there is none."""
    at = title.find(letter) if letter else -1
    return title if at < 0 else f"{title[:at]}&{title[at:]}"
