"""The setup panel: the image and every setting of a segmentation and of regions."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from gmmseg.features.colour import is_suited
from gmmseg.features.spec import COLOUR_SPACES
from gmmseg.frames.settings import HISTORY, BackgroundSettings
from gmmseg.mixture.selection import choice_warnings
from gmmseg.mixture.settings import Adaptation, CovarianceKind
from gmmseg.photo.document import (
    FIRST_MAP,
    Document,
    adapt_model,
    change_setting,
    reset_settings,
)
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import Setting, arranged, settings_of, with_setting
from ui.photo.widgets.captions import beyond_memory
from ui.photo.widgets.given_section import GivenSection
from ui.photo.widgets.image_summary import ImageSummary
from ui.theme import SPACING
from ui.widgets.setting_fields import AutomaticField, ChoiceField
from ui.widgets.settings_form import SettingsForm

if TYPE_CHECKING:
    from gmmseg.image import Image
    from gmmseg.photo.given import GivenModel
    from gmmseg.photo.view_state import ViewState

_FIRST_NUMBER = 10
"""Of regions, to start from where none have been found yet."""


class SetupPanel(SettingsForm):
    """Shows the settings of segmentation, map, regions and background, and asks for changes of them.

    A refused number of regions, or of the map's, does not make it invalid: the segmentation goes without.
    """

    edit_requested = Signal(object)
    regions_touched = Signal()
    """A setting of the regions was changed, and they are to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("setup", parent)
        self._lay_out()
        self.edited.connect(self._ask)
        self._show_settings(None, SegmentSettings())
        self._show_map_settings(FIRST_MAP, is_beyond=False)
        self._show_region_settings(RegionSettings())
        self._show_background(Document())
        self.field_of(AutomaticField, "rate").set_automatic_value(1 / HISTORY)
        self._show_number_found(_FIRST_NUMBER)
        self._show_teachable(Document())
        self._show_given(None)

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Show the settings and what the image is, without asking for anything."""
        before, now = old.document, new.document
        if now.image is not before.image:
            self.summary.show_image(now.image)
        if now.image is not before.image or now.settings is not before.settings:
            self._show_settings(now.image, now.settings)
        if now.given is not before.given:
            self._show_given(now.given)
        if (now.objects, now.settings, now.image) != (before.objects, before.settings, before.image):
            self._show_teachable(now)
        if now.image is not before.image or now.region_settings is not before.region_settings:
            self._show_region_settings(now.region_settings)
        if now.image is not before.image or now.map_settings is not before.map_settings:
            self._show_map_settings(now.map_settings, is_beyond=now.is_beyond_memory)
        if (now.image, now.background_settings) != (before.image, before.background_settings):
            self._show_background(now)
        if new.regions is not old.regions and new.regions is not None:
            self._show_number_found(new.regions.regions.n_regions)
        if now.fit is not before.fit or now.settings is not before.settings:
            self._show_choices_made(new)

    # Building

    def _lay_out(self) -> None:
        self.summary = ImageSummary(self)
        self.column.addWidget(self.summary)
        of_adaptation = settings_of(Adaptation)
        self._adaptation_paths = {setting.path for setting in of_adaptation}
        self.given = GivenSection(partial(self.add_fields, of_adaptation, is_vital=False), self)
        self.column.addWidget(self.given)
        settings = arranged(settings_of(SegmentSettings))
        usual = [setting for setting in settings if not setting.is_advanced]
        for title, section in groupby(usual, lambda setting: setting.section):
            self.add_heading(self.tr(title))
            self.add_fields(section)
        self._chosen = self.add_note("chosen", after=self.field("auto"))
        self._chosen.hide()
        self.add_heading(self.tr("Map"))
        of_map = settings_of(MapSettings)
        self.add_fields([setting for setting in of_map if not setting.is_advanced], is_vital=False)
        self.add_heading(self.tr("Regions"))
        of_regions = [setting for setting in settings_of(RegionSettings) if not setting.is_advanced]
        self.add_fields(of_regions, titles={"n_regions": self.tr("Number")}, is_vital=False)
        self.background = self.add_section(self.tr("Background of the frames"), "background")
        self.add_fields(settings_of(BackgroundSettings), self.background.body, is_vital=False)
        self.column.addSpacing(SPACING // 2)
        # Made after the fields above it: Tab goes by that order.
        self.advanced = self.add_section(self.tr("&Advanced"), "advanced")
        self.add_fields([setting for setting in settings if setting.is_advanced], self.advanced.body)
        self.add_fields(
            [setting for setting in of_map if setting.is_advanced], self.advanced.body, is_vital=False
        )
        self.add_reset(self.tr("Reset all settings"), "reset", self.advanced.body).clicked.connect(
            self._reset
        )
        self.finish()

    # Showing

    def _show_number_found(self, count: int) -> None:
        self.field_of(AutomaticField, "n_regions").set_automatic_value(count)

    def _show_given(self, given: GivenModel | None) -> None:
        self.given.show_given(given)
        self._adaptation = (given.adaptation if given is not None else None) or Adaptation()
        self.show_values(self._adaptation)

    def _show_map_settings(self, settings: MapSettings, *, is_beyond: bool) -> None:
        self.show_values(settings)
        self.field("by").set_reason(beyond_memory(self.tr("Classes by region")) if is_beyond else "")
        self.field("min_island").set_reason(beyond_memory(self.tr("Islands")) if is_beyond else "")
        self.field("balance").set_reason(
            "" if settings.by == "region" else self.tr("Only for classes by region.")
        )

    def _show_region_settings(self, settings: RegionSettings) -> None:
        self.show_values(settings)
        self.field("detail").set_reason(
            "" if settings.n_regions is None else self.tr("The number of regions is given.")
        )

    def _show_background(self, document: Document) -> None:
        """Show the settings of the background where the image is a frame of a stack."""
        self.background.setVisible(document.image is not None and document.image.source.place is not None)
        self.show_values(document.background_settings)

    def _show_settings(self, image: Image | None, settings: SegmentSettings) -> None:
        self.show_values(settings)
        self._show_fitness(image, settings)

    def _show_fitness(self, image: Image | None, settings: SegmentSettings) -> None:
        """Disable what does not apply to this image or beside the other settings, saying why."""
        reasons: dict[str, str] = {}
        if image is not None and not image.is_rgb:
            has = ", ".join(image.channels[:4]) + ("…" if image.n_channels > 4 else "")
            reason = self.tr("Needs red, green and blue; this image has {}.").format(has)
            reasons = {space: reason for space in COLOUR_SPACES if not is_suited(space, image)}
        space = self.field_of(ChoiceField, "features.space")
        space.set_problem(reasons.get(settings.features.space, ""))
        if image is not None and image.n_channels == 1:
            reasons["rgb"] = self.tr("This image has one channel: there are no colours to choose.")
            _show_for_all(space, settings.features.space, ("rgb",), "gray")
        space.set_choice_reasons(reasons)
        covariance = self.field_of(ChoiceField, "mixture.covariance")
        alike: tuple[CovarianceKind, ...] = ()
        if image is not None and settings.features.n_features(image.n_channels) == 1:
            alike = ("full", "spherical")
            _show_for_all(covariance, settings.mixture.covariance, alike, "diag")
        reason = self.tr("One feature has a variance and nothing else: the same as Diagonal.")
        covariance.set_choice_reasons(dict.fromkeys(alike, reason))
        is_taught = settings.learns_from is not None
        taught = self.tr("The objects teach the classes: each has as many components as BIC asks for.")
        self.field("mixture.n_components").set_reason(
            taught if is_taught else "" if settings.auto is None else self.tr("K is chosen automatically.")
        )
        self.field("auto").set_reason(taught if is_taught else "")
        is_beyond = image is not None and image.levels is not None
        self.field("smooth").set_reason(beyond_memory(self.tr("Smoothing")) if is_beyond else "")
        self.field("mixture.is_hard").set_reason(
            self.tr("Taught classes are told apart by their probabilities.") if is_taught else ""
        )
        self.field("mixture.covariance").set_reason(
            self.tr("Hard assignment goes by the distance to the means alone.")
            if settings.mixture.is_hard
            else ""
        )

    def _show_teachable(self, document: Document) -> None:
        """Offer teaching where there is what teaches; to end it is always possible."""
        n_names = len({entry.name for entry in document.objects or ()})
        is_possible = n_names > 1 or document.settings.learns_from is not None
        reason = self.tr("Mark objects of two names first: each becomes a class.")
        if document.is_beyond_memory:
            is_possible, reason = False, beyond_memory(self.tr("Teaching"))
        self.field("learns_from").set_reason("" if is_possible else reason)

    def _show_choices_made(self, shown: ViewState) -> None:
        """Show what the program chose where the settings leave it the choice: K and the variance floor."""
        document = shown.document
        settings = document.settings
        leaves_choice = settings.auto is not None or settings.learns_from is not None
        has_choice = leaves_choice and document.fit is not None and not document.is_stale
        self._chosen.setVisible(has_choice)
        if document.fit is None:
            return
        n_components = document.fit.result.params.n_components
        text = self.tr("K = {} was chosen.")
        if settings.learns_from is None and choice_warnings(n_components):
            text = self.tr("K = {} was chosen, the largest number tried: more may be better still.")
        self._chosen.setText(text.format(n_components))
        self.field_of(AutomaticField, "mixture.reg_covar").set_automatic_value(document.fit.result.floor)

    # Asking

    @Slot(object, object)
    def _ask(self, setting: Setting, value: Any) -> None:
        if setting.path in self._adaptation_paths:
            adaptation = with_setting(self._adaptation, setting.path, value)
            self.edit_requested.emit(adapt_model(adaptation, setting.title))
            return
        self.edit_requested.emit(change_setting(setting.path, value, setting.title))
        if setting in settings_of(RegionSettings):
            self.regions_touched.emit()

    @Slot()
    def _reset(self) -> None:
        self.edit_requested.emit(reset_settings(self.tr("Reset all settings")))
        self.settled.emit()


def _show_for_all(field: ChoiceField, value: str, alike: Collection[str], shown: str) -> None:
    """Show one choice in place of those that come to the same; the setting stays as it is."""
    if value in alike:
        field.set_value(shown)
