"""ActionBar: the buttons of a page, and where it stands in its sequence of moments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QWidget

from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Transport
from ui.theme import SPACING, icon
from ui.widgets.building import in_column, in_row, named
from ui.widgets.controls import JumpSlider


class ActionBar(QWidget):
    """The scrub bar, and buttons below it."""

    action_requested = Signal(str)
    scrubbed = Signal(int)
    released = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("laboratory-actions")
        self._kind: type[Page] | None = None
        self.buttons: dict[str, QPushButton] = {}
        self.slider = named(JumpSlider(), "laboratory-scrub", spoken=self.tr("Moment"))
        self.slider.setMinimumWidth(12 * SPACING)
        self.slider.valueChanged.connect(self.scrubbed)
        self.slider.sliderReleased.connect(self.released)
        self.moment = named(QLabel(), "laboratory-moment")
        self.moment.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._row = in_row(None)
        in_column(
            in_row(self.slider, self.moment, stretched=self.slider, spacing=SPACING), self._row, of=self
        )

    def show_page(self, page: Page, transport: Transport | None, is_running: bool) -> None:
        """Show the buttons of a page, those enabled that make sense, and its moment."""
        if type(page) is not self._kind:
            self._kind = type(page)
            self._make_buttons(page.actions)
        for action in page.actions:
            self.buttons[action.id].setEnabled(not is_running and action.is_possible(page))
        self.slider.setVisible(transport is not None)
        self.moment.setVisible(transport is not None)
        if transport is not None:
            with QSignalBlocker(self.slider):
                self.slider.setRange(0, transport.length - 1)
                self.slider.setValue(transport.at)
            self.slider.setEnabled(not is_running and transport.length > 1)
            self.moment.setText(transport.label)

    def _make_buttons(self, actions: Sequence[Action]) -> None:
        for button in self.buttons.values():
            self._row.removeWidget(button)
            button.deleteLater()
        self.buttons = {}
        for at, action in enumerate(actions):
            name = f"laboratory-{action.id}"
            button = named(QPushButton(self.tr(action.title)), name, self.tr(action.tip))
            if action.icon:
                button.setIcon(icon(action.icon))
            button.clicked.connect(partial(self.action_requested.emit, action.id))
            self._row.insertWidget(at, button)
            button.show()  # Qt would do so only once it is idle
            self.buttons[action.id] = button
