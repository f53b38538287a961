"""LayerPane: one pane, with the list of layers above and the picture, or the grid of heatmaps, below."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from gmmseg.arrays import ByteArray
from gmmseg.drawing.draw import Picture
from gmmseg.drawing.layers import Layer, available_layers, is_of_classes, layer_title
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.settings import MapSettings
from gmmseg.setting import setting_of
from ui.photo.widgets.camera import Camera
from ui.photo.widgets.canvas import Canvas
from ui.photo.widgets.colour_bar import ColourBar
from ui.photo.widgets.heatmap_grid import HeatmapGrid
from ui.theme import SPACING, icon
from ui.widgets.building import explanation, in_column, in_row, named, worded
from ui.widgets.controls import ElidingCombo

_LEAST_WIDTH = 88


class LayerPane(QWidget):
    """A chosen layer and its picture; the choice is `layer`, the picture is given from outside."""

    layer_chosen = Signal(object)
    """The `Layer` the user picked, in the list or by enlarging a small heatmap."""

    pin_toggled = Signal(bool)
    """The user wants the pane to keep what it shows, or to follow again."""

    map_unit_chosen = Signal(str)
    """Unit of the classes: a value of ``MapSettings.by``."""

    hidden_pins_wanted = Signal()
    """The user wants to see the pinned panes that are out of sight."""

    def __init__(self, number: int, camera: Camera, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"pane_{number}")
        self.layer = Layer("image")
        self.canvas = Canvas(camera)
        self.grid = HeatmapGrid()
        self.bar = ColourBar()
        self.picture: Picture | None = None
        spoken = self.tr("Layer of pane {number}").format(number=number + 1)
        self._combo = named(ElidingCombo(), "layer", self.tr("What this pane shows"), spoken)
        self._combo.setMinimumContentsLength(3)
        self._combo.setSizeAdjustPolicy(ElidingCombo.SizeAdjustPolicy.AdjustToContents)
        self._combo.setMaxVisibleItems(24)
        self._unit = self._unit_choices(number)
        self._swipe = self._swipe_button(number)
        self._hidden_pins = self._hidden_pins_button()
        self._pin = self._pin_button(number)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.canvas)
        self._stack.addWidget(self.grid)
        # It gets all the room that the colour bar does not take, not what it would like.
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._stack.setMinimumWidth(_LEAST_WIDTH)
        self._lay_out()
        self._layers: list[Layer] = []
        self._features: tuple[str, ...] = ()
        self._has_frames = False
        self._combo.activated.connect(lambda index: self.layer_chosen.emit(self._layers[index]))
        self.grid.enlarge_requested.connect(lambda at: self.layer_chosen.emit(Layer("heatmap", at)))
        self.show_choices(ClassTable())

    def _pin_button(self, number: int) -> QToolButton:
        tip = self.tr("Keep this result here while the settings change, to compare the two (P)")
        spoken = self.tr("Pin pane {number}").format(number=number + 1)
        button = named(_header_button("pin"), "pin", tip, spoken)
        button.setCheckable(True)
        button.clicked.connect(self.pin_toggled)
        return button

    def _unit_choices(self, number: int) -> ElidingCombo:
        setting = setting_of(MapSettings, "by")
        spoken = self.tr("Classes of pane {number}").format(number=number + 1)
        choices = named(ElidingCombo(), "map_unit", explanation(setting), spoken)
        for value, title in setting.choices:
            choices.addItem(self.tr(title), value)
        # It takes what room is left, so that the window can be as narrow as half a screen.
        choices.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        choices.setMaximumWidth(choices.sizeHint().width() + 2 * SPACING)
        choices.activated.connect(lambda index: self.map_unit_chosen.emit(choices.itemData(index)))
        choices.hide()
        return choices

    def _swipe_button(self, number: int) -> QToolButton:
        tip = self.tr("Put a divider over the picture: on its left the photo alone")
        spoken = self.tr("Swipe in pane {number}").format(number=number + 1)
        button = named(_header_button("swipe"), "swipe", tip, spoken)
        button.setCheckable(True)
        button.toggled.connect(self.canvas.set_swiping)
        button.hide()
        return button

    def _hidden_pins_button(self) -> QToolButton:
        button = worded(named(_header_button("pin"), "hidden_pins"))
        button.clicked.connect(self.hidden_pins_wanted)
        button.hide()
        return button

    def header_height(self) -> int:
        """Return the height that the list of layers takes from the picture, with the space below."""
        return self._combo.sizeHint().height() + SPACING // 2

    def show_hidden_pins(self, count: int) -> None:
        """Show how many pinned panes are out of sight, with the way back to them; nothing for 0."""
        self._hidden_pins.setVisible(count > 0)
        text = self.tr("1 pinned pane is") if count == 1 else self.tr("{0} pinned panes are").format(count)
        about = self.tr("{0} out of sight in this arrangement; click to go there").format(text)
        self._hidden_pins.setText(f"+{count}")
        named(self._hidden_pins, "hidden_pins", about, about)

    def show_pinned(self, is_pinned: bool) -> None:
        """Show whether the pane keeps what it shows."""
        self._pin.setChecked(is_pinned)

    def show_map_unit(self, unit: str, reason: str = "") -> None:
        """Show what the classes go by; the choice is there beside layers that show classes.

        With a reason it is said in place of being offered.
        """
        self._unit.setCurrentIndex(self._unit.findData(unit))
        self._unit.setVisible(is_of_classes(self.layer))
        self._unit.setEnabled(not reason and not self._pin.isChecked())
        self._unit.setToolTip(reason or explanation(setting_of(MapSettings, "by")))

    def set_pinnable(self, is_pinnable: bool) -> None:
        """Allow the pane to be pinned, or to be unpinned where it is."""
        self._pin.setEnabled(is_pinnable or self._pin.isChecked())

    def _lay_out(self) -> None:
        header = in_row(self._combo, spacing=SPACING // 4)
        header.addWidget(self._unit, 1)
        header.addStretch()
        for button in (self._hidden_pins, self._swipe, self._pin):
            header.addWidget(button)
        body = in_row(self._stack, self.bar, stretched=self._stack)
        in_column(header, body, of=self, stretched=body)

    def show_choices(
        self,
        classes: ClassTable,
        features: tuple[str, ...] | None = None,
        has_frames: bool | None = None,
    ) -> None:
        """Fill the list for these classes, and features and frames, or the same of these as before.

        An unavailable layer stays chosen and is shown as the nearest.
        """
        self._features = self._features if features is None else features
        self._has_frames = self._has_frames if has_frames is None else has_frames
        layers = available_layers(classes, self._features, self._has_frames)
        titles = [layer_title(layer, classes) for layer in layers]
        with QSignalBlocker(self._combo):
            if titles != [self._combo.itemText(index) for index in range(self._combo.count())]:
                self._combo.clear()
                self._combo.addItems(titles)
            self._layers = layers
            self._combo.setCurrentIndex(self._index_of(self.layer, classes))

    def _index_of(self, layer: Layer, classes: ClassTable) -> int:
        if layer in self._layers:
            return self._layers.index(layer)
        if layer.kind == "feature" and self._features:
            # What is drawn then, and the last in the list.
            return len(self._layers) - 1
        title = layer_title(layer, classes)
        return max(0, self._combo.findText(title))

    def set_picture(self, picture: Picture | None, lut: ByteArray | None, classes: ClassTable) -> None:
        """Show a drawn layer; None shows the photo alone."""
        self.picture = picture
        self.bar.set_scale(None if picture is None else picture.scale)
        if picture is not None and picture.tiles:
            self._swipe.hide()
            self.grid.show_picture(picture, classes)
            self._stack.setCurrentWidget(self.grid)
            return
        self._swipe.setVisible(picture is not None and picture.is_over_image)
        self.canvas.set_picture(picture, lut)
        self._stack.setCurrentWidget(self.canvas)

    def content(self) -> Canvas | HeatmapGrid:
        """Return what fills the pane now: the canvas or the grid."""
        return self.canvas if self._stack.currentWidget() is self.canvas else self.grid


def _header_button(icon_name: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(icon_name))
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
