"""ToolOptions: settings of the tool in hand, and in words which objects it changes and what comes next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSlider, QSpinBox, QToolButton, QWidget

from ui.photo.tools.brush import LARGEST_RADIUS
from ui.theme import SPACING
from ui.widgets.building import named, text_label

if TYPE_CHECKING:
    from gmmseg.photo.pending import SelectionAnswer

_STEPS = 100
_SIZED = ("brush", "eraser")
_MARKING = ("brush", "lasso", "polygon", "fill")
_ERASING = ("eraser",)
_COLOUR = ("colour",)
_SELECTING = ("select", "box", "colour")
_MOST_SHOWN = 24
"""Characters of a name."""


class ToolOptions(QWidget):
    """Shows what can be set of the tool in hand and what it does next; hidden where there is neither."""

    radius_changed = Signal(float)
    """Of the brush, image pixels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolOptions")
        self._tool = ""
        self._answer: SelectionAnswer | None = None
        self._targets: tuple[tuple[int, str], ...] = ()
        self._make_size()
        self._make_switches()
        self._make_words()
        self._lay_out()
        self.show_tool("")

    # Building

    def _make_size(self) -> None:
        self._label = QLabel(self.tr("Brush size"), self)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, _STEPS)
        self.slider.setAccessibleName(self._label.text())
        self.slider.setToolTip(self.tr("Width of the brush; [ and ] change it over the picture"))
        self.slider.valueChanged.connect(lambda value: self.radius_changed.emit(_radius_at(value)))
        self.size_box = QSpinBox(self)
        self.size_box.setRange(1, round(2 * LARGEST_RADIUS))
        self.size_box.setSuffix(self.tr(" px"))
        self.size_box.setAccessibleName(self._label.text())
        self.size_box.setToolTip(self.tr("Width of the brush in pixels of the image"))
        self.size_box.valueChanged.connect(lambda size: self.radius_changed.emit(size / 2))
        self._label.setBuddy(self.size_box)

    def _make_switches(self) -> None:
        self.only_unlabelled = QCheckBox(self.tr("Keep off other objects"), self)
        self.only_unlabelled.setToolTip(
            self.tr("Mark only pixels that belong to no object yet; otherwise theirs are taken over")
        )
        self.keeps_to_edges = QCheckBox(self.tr("Keep to edges"), self)
        self.keeps_to_edges.setToolTip(
            self.tr("A stroke stops at the edges in the picture: mark the middle, the brush may be too wide")
        )
        self.takes_connected = QCheckBox(self.tr("Connected with the click"), self)
        self.takes_connected.setChecked(True)
        self.takes_connected.setToolTip(
            self.tr("Otherwise everything of the same class is taken, wherever it lies")
        )

    def _make_words(self) -> None:
        self._next = text_label("toolOptions.next", is_muted=True)
        # Room for two lines: what is below would jump with every click.
        self._next.setMinimumHeight(2 * self._next.fontMetrics().lineSpacing())
        self._next.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._target = named(QLabel(self), "toolOptions.target")
        self.new_object = QToolButton(self)
        self.new_object.setText(self.tr("New object"))
        self.new_object.setToolTip(self.tr("Let the next stroke make an object of its own"))
        self.new_object.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(SPACING, 0, SPACING, 0)
        grid.addWidget(self._label, 0, 0)
        grid.addWidget(self.slider, 0, 1)
        grid.addWidget(self.size_box, 0, 2)
        grid.addWidget(self.only_unlabelled, 1, 0, 1, 3)
        grid.addWidget(self.keeps_to_edges, 2, 0, 1, 3)
        grid.addWidget(self.takes_connected, 3, 0, 1, 3)
        grid.addWidget(self._target, 4, 0, 1, 2)
        grid.addWidget(self.new_object, 4, 2)
        grid.addWidget(self._next, 5, 0, 1, 3)
        grid.setColumnStretch(1, 1)

    # Showing

    @Slot(str)
    def show_tool(self, name: str) -> None:
        """Show what the tool of that name has."""
        for widget in (self._label, self.slider, self.size_box, self.keeps_to_edges):
            widget.setVisible(name in _SIZED)
        self.only_unlabelled.setVisible(name in _MARKING)
        self.takes_connected.setVisible(name in _COLOUR)
        self._tool = name
        self._show_target()
        self._show_next()
        self.setVisible(name in {*_SIZED, *_MARKING, *_SELECTING})

    def show_selection(self, answer: SelectionAnswer | None) -> None:
        """Say what can be done with the pending selection, or how one is made."""
        if answer is not self._answer:
            self._answer = answer
            self._show_next()

    def _show_next(self) -> None:
        self._next.setVisible(self._tool in _SELECTING)
        if self._answer is None:
            first = {
                "select": self.tr("Click an object; Ctrl and a drag draw a box around it."),
                "box": self.tr("Drag a box around an object."),
                "colour": self.tr("Click a colour."),
            }
            self._next.setText(first.get(self._tool, ""))
            return
        place, count = self._answer.place
        words = [self.tr("Shift adds, Alt takes away"), self.tr("Enter accepts")]
        if self._tool != "colour" and count > 1:
            words.insert(0, self.tr("Wheel: larger or smaller ({0} of {1})").format(place, count))
        self._next.setText("  ·  ".join(words))

    def show_targets(self, targets: Sequence[tuple[int, str]]) -> None:
        """Say which objects the tool changes: those chosen, by (number, name)."""
        self._targets = tuple(targets)
        self._show_target()

    def _show_target(self) -> None:
        is_marking, is_erasing = self._tool in _MARKING, self._tool in _ERASING
        is_one = len(self._targets) == 1
        extends = is_marking and is_one
        named = self.tr("those chosen")
        if is_one:
            number, name = self._targets[0]
            # Several objects may have one name.
            named = self.tr("{0} “{1}”").format(number, _shortened(name))
        if is_erasing:
            whom = named if self._targets else self.tr("every object")
            text = self.tr("Takes from {0}").format(whom)
        else:
            text = self.tr("Adds to {0}").format(named) if extends else self.tr("Makes a new object")
        self._target.setText(text)
        self._target.setVisible(is_marking or is_erasing)
        self.new_object.setVisible(extends)

    @Slot(float)
    def show_radius(self, radius: float) -> None:
        """Show another size without asking for it."""
        for widget, value in ((self.slider, _place_of(radius)), (self.size_box, max(1, round(2 * radius)))):
            with QSignalBlocker(widget):
                widget.setValue(value)


def _shortened(name: str) -> str:
    return name if len(name) <= _MOST_SHOWN else f"{name[: _MOST_SHOWN - 1]}…"


def _radius_at(place: int) -> float:
    """Return the radius at a place of the slider: equal steps multiply it."""
    return 0.5 * float((2 * LARGEST_RADIUS) ** (place / _STEPS))


def _place_of(radius: float) -> int:
    return round(_STEPS * math.log(max(radius, 0.5) / 0.5) / math.log(2 * LARGEST_RADIUS))
