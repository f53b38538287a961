"""WalkBar: the buttons by which EM is taken half a step at a time."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from gmmseg.photo.walking import Move, Walk
from ui.theme import SPACING
from ui.widgets.building import in_row, named


class WalkBar(QWidget):
    """Start, E, M, Back, Run and Leave; which of them are possible follows from the walk."""

    moved = Signal(str)
    """A `Move`."""
    ended = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("walk-bar")
        self.setAccessibleName(self.tr("EM by hand"))
        title = QLabel(self.tr("By hand"))
        title.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        tips = {
            "start": (self.tr("Start"), self.tr("Begin EM anew, with these settings, at its first start")),
            "E": ("E", self.tr("E-step: the posteriors γ(z_nk) under the present parameters")),
            "M": ("M", self.tr("M-step: the parameters that maximise Q under these posteriors")),
            "back": (self.tr("Back"), self.tr("Take the last half step back")),
            "run": (self.tr("Run"), self.tr("Iterate on until a stopping rule ends it; Esc stops it")),
        }
        self.buttons: dict[Move, QPushButton] = {}
        for move in get_args(Move):
            text, tip = tips[move]
            button = self.buttons[move] = named(QPushButton(text), f"walk-{move}", tip, tip.split(":")[0])
            button.clicked.connect(lambda _checked=False, move=move: self.moved.emit(move))
        tip = self.tr("Return to the fit and its maps")
        self.leave_button = named(QPushButton(self.tr("Leave")), "walk-leave", tip)
        self.leave_button.clicked.connect(self.ended)
        for button in (*self.buttons.values(), self.leave_button):
            button.setMinimumWidth(button.fontMetrics().horizontalAdvance(button.text()) + 2 * SPACING)
        in_row(title, *self.buttons.values(), self.leave_button, None, of=self)
        self.show_walk(None)

    def show_walk(self, walk: Walk | None) -> None:
        """Show what can be done from here; None where nobody walks."""
        for move, button in self.buttons.items():
            button.setEnabled(move == "start" or (walk is not None and walk.can(move)))
            button.setVisible(move == "start" or walk is not None)
        self.leave_button.setVisible(walk is not None)
