"""The setup of the digits desk: the data, the recipe with its stages, and every parameter it reads."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from PySide6.QtCore import QLocale, Signal, Slot

from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.document import Document, change_setting, reset_settings
from gmmseg.digits.recipes import RECIPES
from gmmseg.digits.settings import DigitSettings
from gmmseg.digits.stages import settings_shown
from gmmseg.digits.view_state import ViewState
from gmmseg.setting import Setting, arranged, settings_of
from ui.digits.widgets.stage_list import StageList
from ui.theme import SPACING
from ui.widgets.building import make_bold, text_label
from ui.widgets.collapsible import CollapsibleSection
from ui.widgets.setting_fields import AutomaticField
from ui.widgets.settings_form import SettingsForm

DEFAULT_IMAGES = 10_000
QUICK_SECONDS = 90
MINUTE = 60


class SetupPanel(SettingsForm):
    """Shows `DigitSettings` and asks for changes of them; nothing is run by them."""

    edit_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__("digit-setup")
        self._sections: dict[str, CollapsibleSection] = {}
        self._lay_out()
        self.edited.connect(self._ask)
        self._show_settings(Document())

    def section(self, group: str) -> CollapsibleSection:
        """Return the section of a group of parameters; raises KeyError."""
        return self._sections[group]

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
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
        settings = arranged(settings_of(DigitSettings))
        general = [setting for setting in settings if not setting.section]
        self.data_name = text_label("digit-data")
        make_bold(self.data_name)
        self.column.addWidget(self.data_name)
        self.data_facts = self.add_note("digit-facts")
        self.column.addSpacing(SPACING // 2)
        self.add_fields([setting for setting in general if setting.path == "recipe"])
        self.explanation = self.add_note("recipe-explanation")
        self.add_fields([setting for setting in general if setting.path != "recipe"])
        self.found = self.add_note("gap-found", after=self.field("n_clusters"))
        self.column.addSpacing(SPACING // 2)
        stages = self.add_section(self.tr("S&tages"), "stages")
        self.plan = self.add_note("run-plan", stages.body)
        self.stages = StageList()
        stages.body.addWidget(self.stages)
        stages.set_open(True)
        for group, members in groupby(settings[len(general) :], _group_of):
            found = list(members)
            self._sections[group] = self.add_section(self.tr(found[0].section), f"group.{group}")
            self.add_fields(found, self._sections[group].body)
        reset = self.add_reset(self.tr("Reset the recipe"), "digit-reset")
        reset.setToolTip(self.tr("Give every parameter of the recipe its default"))
        reset.clicked.connect(self._reset)
        self.finish()

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

    def _show_settings(self, document: Document) -> None:
        settings = document.settings
        shown = {setting.path for setting in settings_shown(settings.recipe)}
        self.show_values(settings)
        for path, field in self._fields.items():
            field.setVisible(path in shown)
        for group, section in self._sections.items():
            section.setVisible(any(path.startswith(f"{group}.") for path in shown))
        self.explanation.setText(self.tr(RECIPES[settings.recipe].explanation))
        self._show_fitness(settings, document)
        self.note_validity()

    def _show_fitness(self, settings: DigitSettings, document: Document) -> None:
        """Offer the automatic number of clusters where there is a graph, and say what is not used."""
        recipe = RECIPES[settings.recipe]
        clusters = self.field_of(AutomaticField, "n_clusters")
        clusters.switch.setEnabled(recipe.has_graph)
        clusters.switch.setToolTip(
            self.tr("Take the largest gap in the eigenvalues of the neighbour graph")
            if recipe.has_graph
            else self.tr("Only a recipe with a neighbour graph can find the number of clusters.")
        )
        images = self.field_of(AutomaticField, "n_images")
        images.set_automatic_value(DEFAULT_IMAGES if document.digits is None else document.digits.n_images)
        outcome = document.outcome
        is_found = settings.n_clusters is None and outcome is not None and outcome.settings.n_clusters is None
        self.found.setVisible(is_found)
        if is_found and outcome is not None:
            self.found.setText(self.tr("{0} were found.").format(outcome.n_clusters))
            clusters.set_automatic_value(outcome.n_clusters)
        self.field("covariance").set_reason(
            self.tr("Hard assignment goes by the distance to the means alone.")
            if settings.mixture.is_hard and recipe.has_plain_mixture
            else ""
        )
        self.field("graph.whitening").set_reason(
            "" if settings.graph.n_passes == 2 else self.tr("Only with two passes.")
        )

    def _show_plan(self, shown: ViewState) -> None:
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

    @Slot(object, object)
    def _ask(self, setting: Setting, value: Any) -> None:
        self.edit_requested.emit(change_setting(setting.path, value, setting.title))

    @Slot()
    def _reset(self) -> None:
        self.edit_requested.emit(reset_settings(self.tr("Reset the recipe")))
        self.settled.emit()


def _group_of(setting: Setting) -> str:
    return setting.path.partition(".")[0]
