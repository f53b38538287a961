"""The setup of the digits desk: the data, the recipe with its stages, and every parameter it reads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLocale, Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.document import DigitDocument, change_digit_setting, reset_digit_settings
from gmmseg.digits.recipes import RECIPES
from gmmseg.digits.setting_table import DIGIT_SETTINGS
from gmmseg.digits.settings import DigitSettings
from gmmseg.digits.stages import settings_shown
from gmmseg.setting import Setting, value_at
from ui.digits.widgets.stage_list import StageList
from ui.theme import SPACING, colours, icon, theme
from ui.widgets.choice_fields import ChoiceField, SwitchField
from ui.widgets.collapsible import CollapsibleSection
from ui.widgets.form import scroll_in, with_mnemonic
from ui.widgets.number_fields import AutomaticField, NumberField, SeedField
from ui.widgets.setting_field import SettingField
from ui.widgets.wheel_guard import WheelGuard

if TYPE_CHECKING:
    from gmmseg.digits.workspace import DigitShown

GENERAL = ("n_clusters", "covariance", "fit_on", "n_images", "seed")
GROUPS: tuple[tuple[str, str], ...] = (
    ("deskew", "Deskewing"),
    ("orientation", "Orientation maps"),
    ("scattering", "Scattering"),
    ("pca", "Principal components"),
    ("mixture", "Mixture"),
    ("components", "Merged components"),
    ("graph", "Neighbour graph"),
    ("spectral", "Spectral start"),
    ("field", "Mixture on the graph"),
)
MNEMONICS = {
    "recipe": "c",
    "n_clusters": "l",
    "covariance": "o",
    "fit_on": "i",
    "n_images": "m",
    "seed": "S",
}
DECADES = ("mixture.tol", "mixture.reg_covar", "field.reg_covar", "field.min_changed", "field.temperature")
FINE = {"graph.whitening": 0.1, "orientation.edge_sigma": 0.1, "orientation.pool_sigma": 0.1,
        "orientation.grid_step": 0.1, "deskew.max_shear": 0.1}  # fmt: skip
DEFAULT_IMAGES = 10_000
QUICK_SECONDS = 90
MINUTE = 60


class DigitSetupPanel(QWidget):
    """Shows `DigitSettings` and asks for changes of them; nothing is run by them."""

    edit_requested = Signal(object)
    settled = Signal()
    """A choice is over: the next change is an undo step of its own."""
    validity_changed = Signal(bool)
    """Whether every field in use holds a value that is applied."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("digit-setup")
        self._guard = WheelGuard(self)
        self._fields: dict[str, SettingField] = {}
        self._sections: dict[str, CollapsibleSection] = {}
        self._is_valid = True
        self._lay_out()
        theme().changed.connect(self._tint)
        self._tint()
        self._show_settings(DigitDocument())

    @property
    def is_valid(self) -> bool:
        """Whether every field in use holds a value that is applied."""
        return self._is_valid

    def field(self, path: str) -> SettingField:
        """Return the field of a setting; raises KeyError."""
        return self._fields[path]

    def section(self, group: str) -> CollapsibleSection:
        """Return the section of a group of parameters; raises KeyError."""
        return self._sections[group]

    @Slot(object, object)
    def show_state(self, old: DigitShown, new: DigitShown) -> None:
        """Show data, settings and stages, without asking for anything."""
        before, now = old.document, new.document
        if now.digits is not before.digits:
            self._show_digits(now.digits)
        if now is not before:
            self._show_settings(now)
        if new.log is not old.log:
            self.stages.show_log(new.log)
        if new.log is not old.log or now.outcome is not before.outcome:
            self._show_plan(new)

    # Building

    def _lay_out(self) -> None:
        contents = QWidget(self)
        column = QVBoxLayout(contents)
        column.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        column.setSpacing(SPACING)
        self.data_name = _label("digit-data", is_bold=True)
        self.data_facts = _label("digit-facts")
        self.explanation = _label("recipe-explanation")
        self.plan = _label("run-plan")
        self.stages = StageList()
        column.addWidget(self.data_name)
        column.addWidget(self.data_facts)
        column.addSpacing(SPACING // 2)
        by_path = {setting.path: setting for setting in DIGIT_SETTINGS}
        self._add_fields(column, [by_path["recipe"]])
        column.addWidget(self.explanation)
        self._add_fields(column, [by_path[path] for path in GENERAL])
        self.found = _label("gap-found")
        column.insertWidget(column.indexOf(self._fields["n_clusters"]) + 1, self.found)
        column.addSpacing(SPACING // 2)
        stages = CollapsibleSection(self.tr("S&tages"), contents)
        stages.heading.setObjectName("stages")
        stages.body.addWidget(self.plan)
        stages.body.addWidget(self.stages)
        stages.set_open(True)
        column.addWidget(stages)
        for group, title in GROUPS:
            section = CollapsibleSection(self.tr(title), contents)
            section.heading.setObjectName(f"group.{group}")
            self._add_fields(section.body, [s for s in DIGIT_SETTINGS if s.path.startswith(f"{group}.")])
            self._sections[group] = section
            column.addWidget(section)
        reset = QPushButton(icon("reset"), self.tr("Reset the recipe"), contents)
        reset.setObjectName("digit-reset")
        reset.setToolTip(self.tr("Give every parameter of the recipe its default"))
        reset.clicked.connect(self._reset)
        column.addWidget(reset, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        scroll_in(self, contents, "digit-setup.scroll")

    def _add_fields(self, column: QVBoxLayout, settings: list[Setting]) -> None:
        for setting in settings:
            field = self._made(setting)
            self._fields[setting.path] = field
            field.edited.connect(partial(self._ask, setting))
            field.settled.connect(self.settled)
            field.validity_changed.connect(self._note_validity)
            column.addWidget(field)

    def _made(self, setting: Setting) -> SettingField:
        title = with_mnemonic(setting.title, MNEMONICS.get(setting.path, ""))
        if setting.path == "seed":
            return SeedField(setting, title, self._guard)
        if setting.kind == "choice":
            return ChoiceField(setting, title, self._guard)
        if setting.kind == "bool":
            return SwitchField(setting, title, self._guard)
        step = None if setting.path in DECADES else FINE.get(setting.path, 1)
        if setting.is_optional:
            step = 1000 if setting.path == "n_images" else 1
            return AutomaticField(setting, title, self._guard, step)
        return NumberField(setting, title, self._guard, step)

    # Showing

    def _show_digits(self, digits: DigitSet | None) -> None:
        self.data_name.setVisible(digits is not None)
        if digits is None:
            self.data_facts.setText(self.tr("No digits are open."))
            self.data_facts.setToolTip("")
            return
        locale = QLocale()
        height, width = digits.image_shape
        parts = locale.toString(digits.n_train)
        if digits.n_test:
            parts += f" + {locale.toString(digits.n_test)}"
        words = [self.tr("{0} images, {1} × {2}").format(parts, height, width)]
        words.append(self.tr("with labels") if digits.labels is not None else self.tr("without labels"))
        if digits.is_drawn:
            words.append(self.tr("drawn by the program"))
        self.data_name.setText(digits.name)
        self.data_facts.setText(", ".join(words))
        place = "" if digits.source is None else str(digits.source)
        self.data_facts.setToolTip("\n".join(filter(None, (*digits.notes, place))))

    def _show_settings(self, document: DigitDocument) -> None:
        settings = document.settings
        shown = {setting.path for setting in settings_shown(settings.recipe)}
        for path, field in self._fields.items():
            field.setVisible(path in shown)
            field.set_value(value_at(settings, path))
        for group, section in self._sections.items():
            section.setVisible(any(path.startswith(f"{group}.") for path in shown))
        self.explanation.setText(self.tr(RECIPES[settings.recipe].explanation))
        self._show_fitness(settings, document)
        self._note_validity()

    def _show_fitness(self, settings: DigitSettings, document: DigitDocument) -> None:
        """Offer the automatic number of clusters where there is a graph, and say what is not used."""
        has_graph = "graph" in RECIPES[settings.recipe].stages
        clusters = self._fields["n_clusters"]
        assert isinstance(clusters, AutomaticField)  # noqa: S101 - declared as optional
        clusters.switch.setEnabled(has_graph)
        clusters.switch.setToolTip(
            self.tr("Take the largest gap in the eigenvalues of the neighbour graph")
            if has_graph
            else self.tr("Only a recipe with a neighbour graph can find the number of clusters.")
        )
        images = self._fields["n_images"]
        assert isinstance(images, AutomaticField)  # noqa: S101 - declared as optional
        images.set_automatic_value(DEFAULT_IMAGES if document.digits is None else document.digits.n_images)
        outcome = document.outcome
        is_found = settings.n_clusters is None and outcome is not None and outcome.settings.n_clusters is None
        self.found.setVisible(is_found)
        if is_found and outcome is not None:
            self.found.setText(self.tr("{0} were found.").format(outcome.n_clusters))
            clusters.set_automatic_value(outcome.n_clusters)
        self._fields["covariance"].set_reason(
            self.tr("Hard assignment goes by the distance to the means alone.")
            if settings.mixture.is_hard and "mixture" in RECIPES[settings.recipe].stages
            else ""
        )
        for path in ("graph.whitening",):
            self._fields[path].set_reason(
                "" if settings.graph.n_passes == 2 else self.tr("Only with two passes.")
            )

    def _show_plan(self, shown: DigitShown) -> None:
        """Say what Run would do, or that there is nothing to do."""
        log, document = shown.log, shown.document
        self.plan.setVisible(document.digits is not None)
        if log.is_running:
            self.plan.setText(self.tr("Running: {0} % done.").format(round(100 * log.fraction)))
        elif not document.is_stale:
            text = self.tr("The clusters shown are of these settings.")
            outcome, digits = document.outcome, document.digits
            if outcome is not None and digits is not None and outcome.digits is not digits:
                counts = [QLocale().toString(one.n_images) for one in (outcome.digits, digits)]
                text += " " + self.tr("{0} of the {1} images took part.").format(*counts)
            self.plan.setText(text)
        else:
            seconds = log.cost_left
            about = (
                self.tr("about {0} min").format(round(seconds / MINUTE))
                if seconds >= QUICK_SECONDS
                else self.tr("about {0} s").format(max(round(seconds), 1))
            )
            text = self.tr("Run to apply: {0} of computing").format(about)
            if log.n_kept:
                text += ", " + self.tr("{0} of {1} stages are kept").format(log.n_kept, len(log.stages))
            self.plan.setText(text + ".")

    # Asking

    def _ask(self, setting: Setting, value: Any) -> None:
        self.edit_requested.emit(change_digit_setting(setting.path, value, setting.title))

    @Slot()
    def _reset(self) -> None:
        self.edit_requested.emit(reset_digit_settings(self.tr("Reset the recipe")))
        self.settled.emit()

    @Slot()
    def _note_validity(self) -> None:
        is_valid = all(field.is_valid or field.isHidden() for field in self._fields.values())
        if is_valid != self._is_valid:
            self._is_valid = is_valid
            self.validity_changed.emit(is_valid)

    @Slot()
    def _tint(self) -> None:
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.WindowText, colours().muted)
        for label in (self.data_facts, self.explanation, self.plan, self.found):
            label.setPalette(palette)


def _label(name: str, *, is_bold: bool = False) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if is_bold:
        font = label.font()
        font.setBold(True)
        label.setFont(font)
    return label
