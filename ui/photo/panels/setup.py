"""The setup panel: the image and every setting, each change asked for at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from gmmseg.features.colour import is_suited
from gmmseg.features.spec import COLOUR_SPACES
from gmmseg.photo.document import change_region_setting, change_setting, reset_settings
from gmmseg.photo.settings import BY_PATH, SETTINGS, SegmentSettings, get_setting
from gmmseg.regions.settings import REGION_SETTINGS, RegionSettings
from gmmseg.setting import value_at
from ui.photo.widgets.image_summary import ImageSummary
from ui.theme import SPACING, colours, icon, theme
from ui.widgets.choice_fields import ChoiceField, OptionalChoiceField, SwitchField
from ui.widgets.collapsible import CollapsibleSection
from ui.widgets.form import scroll_in, with_mnemonic
from ui.widgets.number_fields import AutomaticField, NumberField, SeedField, SliderField
from ui.widgets.setting_field import SettingField
from ui.widgets.wheel_guard import WheelGuard

if TYPE_CHECKING:
    from gmmseg.image import Image
    from gmmseg.photo.workspace import ViewState
    from gmmseg.setting import Setting

FEATURES = (
    "features.space",
    "features.has_position",
    "features.position_weight",
    "features.has_texture",
)
MIXTURE = ("mixture.n_components", "auto", "mixture.covariance", "mixture.is_hard")
SMOOTHING = ("smooth",)
REGIONS = ("detail", "n_regions")
# Every setting that is not in a group is an advanced one.
ADVANCED = tuple(s.path for s in SETTINGS if s.path not in (*FEATURES, *MIXTURE, *SMOOTHING))

MNEMONICS = {
    "features.space": "u",
    "features.has_position": "P",
    "features.position_weight": "w",
    "features.has_texture": "x",
    "features.is_standardised": "d",
    "mixture.n_components": "m",
    "auto": "k",
    "mixture.covariance": "r",
    "mixture.is_hard": "g",
    "smooth": "S",
    "mixture.max_iter": "l",
    "mixture.tol": "n",
    "mixture.q_tol": "Q",
    "mixture.reg_covar": "o",
    "detail": "t",
    "n_regions": "b",
}
_FIRST_NUMBER = 10
"""Of regions, to start from where none have been found yet."""
DECADES = ("mixture.tol", "mixture.parameter_tol", "mixture.q_tol")


class SetupPanel(QWidget):
    """Shows `SegmentSettings` and asks for changes of them."""

    edit_requested = Signal(object)
    settled = Signal()
    """A drag or a choice is over: the next change is an undo step of its own."""
    frame_requested = Signal(int)
    """Another page of the open file, from 0."""
    regions_touched = Signal()
    """A setting of the regions was changed: whoever does wants to see them."""
    validity_changed = Signal(bool)
    """Whether every field of the segmentation holds a value that is applied; while not, there is nothing
    sound to run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("setup")
        self._guard = WheelGuard(self)
        self._fields: dict[str, SettingField] = {}
        self._is_valid = True
        self._summary = ImageSummary(self)
        self._summary.frame_requested.connect(self.frame_requested)
        self._chosen = QLabel(self)
        self._chosen.setObjectName("chosen")
        self._chosen.setWordWrap(True)
        self._chosen.hide()
        self._lay_out()
        theme().changed.connect(self._tint)
        self._tint()
        self._show_settings(SegmentSettings())
        self._show_fitness(None, SegmentSettings())
        self._show_region_settings(RegionSettings())
        self._show_number_found(_FIRST_NUMBER)

    @property
    def is_valid(self) -> bool:
        """Whether every field of the segmentation holds a value that is applied."""
        return self._is_valid

    def field(self, path: str) -> SettingField:
        """Return the field of a setting; raises KeyError."""
        return self._region_fields[path] if path in self._region_fields else self._fields[path]

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Show the settings and what the image is, without asking for anything."""
        before, now = old.document, new.document
        if now.image is not before.image:
            self._summary.show_image(now.image)
        if now.image is not before.image or now.settings is not before.settings:
            self._show_settings(now.settings)
            self._show_fitness(now.image, now.settings)
        if now.image is not before.image or now.region_settings is not before.region_settings:
            self._show_region_settings(now.region_settings)
        if new.regions is not old.regions and new.regions is not None:
            self._show_number_found(new.regions.regions.n_regions)
        if now.fit is not before.fit or now.settings is not before.settings:
            self._show_choices_made(new)

    # Building

    def _lay_out(self) -> None:
        contents = QWidget(self)
        column = QVBoxLayout(contents)
        column.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        column.setSpacing(SPACING)
        column.addWidget(self._summary)
        for title, paths in (
            (self.tr("Features"), FEATURES),
            (self.tr("Mixture"), MIXTURE),
            (self.tr("Smoothing"), SMOOTHING),
        ):
            column.addSpacing(SPACING // 2)
            column.addWidget(_heading(title, contents))
            self._add_fields(column, paths)
        column.insertWidget(column.indexOf(self._fields["auto"]) + 1, self._chosen)
        column.addSpacing(SPACING // 2)
        column.addWidget(_heading(self.tr("Regions"), contents))
        self._add_region_fields(column)
        column.addSpacing(SPACING // 2)
        # Made after the fields above it: Tab goes by that order.
        self.advanced = CollapsibleSection(self.tr("&Advanced"), contents)
        self.advanced.heading.setObjectName("advanced")
        self._add_fields(self.advanced.body, ADVANCED)
        reset = QPushButton(icon("reset"), self.tr("Reset all settings"), self.advanced)
        reset.setObjectName("reset")
        reset.clicked.connect(self._reset)
        self.advanced.body.addWidget(reset, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.advanced)
        column.addStretch(1)
        scroll_in(self, contents, "setup.scroll")

    def _add_fields(self, column: QVBoxLayout, paths: tuple[str, ...]) -> None:
        fields = [self._make_field(BY_PATH[path]) for path in paths]
        labels = [field.label for field in fields if isinstance(field, ChoiceField)]
        for label in labels:
            label.setMinimumWidth(max(one.sizeHint().width() for one in labels))
        for field in fields:
            column.addWidget(field)

    def _add_region_fields(self, column: QVBoxLayout) -> None:
        by_path = {setting.path: setting for setting in REGION_SETTINGS}
        detail, number = by_path["detail"], by_path["n_regions"]
        # Its own title, “Regions”, stands above already.
        count = with_mnemonic(self.tr("Number"), MNEMONICS["n_regions"])
        self._region_fields = {
            "detail": SliderField(
                detail, with_mnemonic(detail.title, MNEMONICS["detail"]), self._guard, (0, 1), 0.01, 0.05
            ),
            "n_regions": AutomaticField(number, count, self._guard, 1),
        }
        for path, field in self._region_fields.items():
            field.edited.connect(partial(self._ask_regions, by_path[path]))
            field.settled.connect(self.settled)
            column.addWidget(field)

    def _show_number_found(self, count: int) -> None:
        number = self._region_fields["n_regions"]
        assert isinstance(number, AutomaticField)  # noqa: S101 - declared as optional
        number.set_automatic_value(count)

    def _make_field(self, setting: Setting) -> SettingField:
        title = with_mnemonic(setting.title, MNEMONICS.get(setting.path, ""))
        field: SettingField
        if setting.path == "mixture.n_components":
            field = SliderField(setting, title, self._guard, (1, 20), 1)
        elif setting.path == "smooth":
            field = SliderField(setting, title, self._guard, (0, 4), 0.01, 0.1)
        elif setting.path == "features.position_weight":
            field = SliderField(setting, title, self._guard, (0, 2), 0.01, 0.1)
        elif setting.path == "mixture.seed":
            field = SeedField(setting, title, self._guard)
        elif setting.kind == "choice":
            field = (OptionalChoiceField if setting.is_optional else ChoiceField)(setting, title, self._guard)
        elif setting.kind == "bool":
            field = SwitchField(setting, title, self._guard)
        elif setting.is_optional:
            field = AutomaticField(setting, title, self._guard)
        else:
            field = NumberField(setting, title, self._guard, None if setting.path in DECADES else 1)
        self._fields[setting.path] = field
        field.edited.connect(partial(self._ask, setting))
        field.settled.connect(self.settled)
        field.validity_changed.connect(self._note_validity)
        return field

    # Showing

    def _show_settings(self, settings: SegmentSettings) -> None:
        for path, field in self._fields.items():
            field.set_value(get_setting(settings, path))

    def _show_region_settings(self, settings: RegionSettings) -> None:
        for path, field in self._region_fields.items():
            field.set_value(value_at(settings, path))
        self._region_fields["detail"].set_reason(
            "" if settings.n_regions is None else self.tr("The number of regions is given.")
        )

    def _show_fitness(self, image: Image | None, settings: SegmentSettings) -> None:
        """Disable what does not apply to this image or beside the other settings, saying why."""
        reasons: dict[str, str] = {}
        if image is not None and not image.is_rgb:
            has = ", ".join(image.channels[:4]) + ("…" if image.n_channels > 4 else "")
            reason = self.tr("Needs red, green and blue; this image has {}.").format(has)
            reasons = {space: reason for space in COLOUR_SPACES if not is_suited(space, image)}
        space = self._fields["features.space"]
        assert isinstance(space, ChoiceField)  # noqa: S101 - declared as a choice
        space.set_choice_reasons(reasons)
        space.set_problem(reasons.get(settings.features.space, ""))
        self._fields["features.position_weight"].set_reason(
            "" if settings.features.has_position else self.tr("Only with Position.")
        )
        for path in ("features.texture_scale", "features.texture_octaves"):
            self._fields[path].set_reason(
                "" if settings.features.has_texture else self.tr("Only with Texture.")
            )
        self._fields["mixture.n_components"].set_reason(
            "" if settings.auto is None else self.tr("K is chosen automatically.")
        )
        self._fields["mixture.covariance"].set_reason(
            self.tr("Hard assignment goes by the distance to the means alone.")
            if settings.mixture.is_hard
            else ""
        )

    def _show_choices_made(self, shown: ViewState) -> None:
        """Show what the program chose where the settings leave it the choice: K and the variance floor."""
        document = shown.document
        has_choice = document.settings.auto is not None and document.fit is not None and not document.is_stale
        self._chosen.setVisible(has_choice)
        if document.fit is None:
            return
        self._chosen.setText(self.tr("K = {} was chosen.").format(document.fit.result.params.n_components))
        floor = self._fields["mixture.reg_covar"]
        assert isinstance(floor, AutomaticField)  # noqa: S101 - declared as optional
        floor.set_automatic_value(document.fit.result.floor)

    # Asking

    def _ask(self, setting: Setting, value: Any) -> None:
        self.edit_requested.emit(change_setting(setting.path, value, setting.title))

    def _ask_regions(self, setting: Setting, value: Any) -> None:
        # The number that a switch took over may come as a float.
        wanted = int(value) if setting.kind == "int" and value is not None else value
        self.edit_requested.emit(change_region_setting(setting.path, wanted, setting.title))
        self.regions_touched.emit()

    @Slot()
    def _reset(self) -> None:
        self.edit_requested.emit(reset_settings(self.tr("Reset all settings")))
        self.settled.emit()

    @Slot()
    def _note_validity(self) -> None:
        is_valid = all(field.is_valid for field in self._fields.values())
        if is_valid != self._is_valid:
            self._is_valid = is_valid
            self.validity_changed.emit(is_valid)

    @Slot()
    def _tint(self) -> None:
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.WindowText, colours().muted)
        self._chosen.setPalette(palette)


def _heading(title: str, parent: QWidget) -> QLabel:
    label = QLabel(title, parent)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label
