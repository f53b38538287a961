"""The contents of the laboratory: its pages, their data, and the settings of the open page."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QItemSelectionModel, QLocale, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QListWidget, QListWidgetItem, QStackedWidget, QWidget

from gmmseg.laboratory.data import Data
from gmmseg.laboratory.document import change_setting, open_page, show_features
from gmmseg.laboratory.page import Page
from gmmseg.laboratory.pages.contents import PAGES
from gmmseg.laboratory.view_state import ViewState
from gmmseg.setting import Setting, settings_of
from ui.theme import SPACING
from ui.widgets.building import in_column, make_bold, named, remark, text_label
from ui.widgets.setting_fields import ChoiceField
from ui.widgets.settings_form import SettingsForm

_CHOICE_CHARACTERS = 10
"""Of a choice that are seen before its list is opened, at least."""
_WIDTH = 43
"""Of the panel in characters: as wide on one page as on another."""


class PageForm(SettingsForm):
    """The settings of one page."""

    def __init__(self, page: Page) -> None:
        super().__init__(f"laboratory-form-{page.name}")
        known = {setting.path: setting for setting in settings_of(type(page.settings))}
        self.settings: Any = None
        """Those shown; a drag leaves them as they are."""
        self.add_fields([known[path] for path in page.fields])
        for field in map(self.field, page.fields):
            if isinstance(field, ChoiceField):
                field.be_narrow(_CHOICE_CHARACTERS)
        self.finish()


class ContentsPanel(QWidget):
    """Turns to pages and asks for edits of the settings of the open one."""

    edit_requested = Signal(object)
    settled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("laboratory-contents")
        self.setMinimumWidth(_WIDTH * self.fontMetrics().averageCharWidth())
        self.pages = named(QListWidget(), "laboratory-pages", spoken=self.tr("Pages of the laboratory"))
        for kind in PAGES:
            item = QListWidgetItem(self.tr(kind.title))
            item.setData(Qt.ItemDataRole.UserRole, kind.name)
            item.setToolTip(self.tr(kind.question))
            self.pages.addItem(item)
        height = self.pages.sizeHintForRow(0) * len(PAGES) + 2 * self.pages.frameWidth()
        self.pages.setMaximumHeight(height + 2)
        self.pages.currentItemChanged.connect(self._turn)
        self.data_name, self.data_facts = text_label("laboratory-data"), remark("laboratory-data-facts")
        make_bold(self.data_name)
        self.data_name.setSizePolicy(self.data_facts.sizePolicy())
        self.x_box, self.y_box = QComboBox(), QComboBox()
        for box, name in ((self.x_box, "x"), (self.y_box, "y")):
            tip = self.tr("The feature along {}").format(name)
            named(box, f"laboratory-{name}", tip, self.tr("Feature along {}").format(name))
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.activated.connect(self._choose_features)
        self.forms = QStackedWidget()
        self._form_of: dict[str, PageForm] = {}
        parts = (self.pages, self.data_name, self.data_facts, self.x_box, self.y_box, self.forms)
        in_column(*parts, of=self, stretched=self.forms, margins=(SPACING,) * 4)

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Show which page is open, its data and its settings."""
        page = new.document.page
        names = [kind.name for kind in PAGES]
        with QSignalBlocker(self.pages):
            self.pages.setCurrentRow(names.index(page.name), QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._show_data(page.data)
        form = self._form(page)
        self.forms.setCurrentWidget(form)
        if form.settings is not page.settings:
            form.settings = page.settings
            form.show_values(page.settings)
        for path in page.fields:
            form.field(path).setVisible(path in page.fields_in_use)

    def _show_data(self, data: Data) -> None:
        locale = QLocale()
        self.data_name.setText(data.name)
        words = self.tr("{0} rows, {1} features") if data.n_features > 1 else self.tr("{0} rows, one feature")
        self.data_facts.setText(words.format(locale.toString(data.n_rows), data.n_features))
        has_choice = data.n_features > 2
        for box, at in ((self.x_box, 0), (self.y_box, 1)):
            box.setVisible(has_choice)
            if has_choice:
                if [box.itemText(row) for row in range(box.count())] != list(data.columns):
                    box.clear()
                    box.addItems(list(data.columns))
                box.setCurrentIndex(data.shown[at])

    def _form(self, page: Page) -> PageForm:
        form = self._form_of.get(page.name)
        if form is None:
            form = self._form_of[page.name] = PageForm(page)
            form.edited.connect(self._ask)
            form.settled.connect(self.settled)
            self.forms.addWidget(form)
        return form

    @Slot(object, object)
    def _ask(self, setting: Setting, value: Any) -> None:
        self.edit_requested.emit(change_setting(setting.path, value, setting.title))

    @Slot(object, object)
    def _turn(self, item: QListWidgetItem | None, _before: object) -> None:
        if item is not None:
            self.edit_requested.emit(open_page(item.data(Qt.ItemDataRole.UserRole)))
            self.settled.emit()

    @Slot(int)
    def _choose_features(self, _row: int) -> None:
        self.edit_requested.emit(show_features(self.x_box.currentIndex(), self.y_box.currentIndex()))
        self.settled.emit()
