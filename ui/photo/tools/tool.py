"""Tool: what the pointer and the keys do on the picture while it is in hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal

Point = tuple[float, float]
"""x, y in pixels of the picture; pixel (0, 0) covers 0..1."""
Act = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Pointer:
    """The pointer over a picture.

    Parameters
    ----------
    x, y : float
        In pixels of the picture; beside it too.
    zoom : float
        Device-independent pixels for each of these.
    button : Qt.MouseButton
        Which was pressed or released, or is held in a move.
    modifiers : Qt.KeyboardModifier
    """

    x: float
    y: float
    zoom: float
    button: Qt.MouseButton = Qt.MouseButton.NoButton
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier

    @property
    def point(self) -> Point:
        """(x, y)."""
        return self.x, self.y

    @property
    def is_left(self) -> bool:
        """Whether it is the left button."""
        return self.button == Qt.MouseButton.LeftButton

    def has(self, modifier: Qt.KeyboardModifier) -> bool:
        """Whether a modifier key is held."""
        return bool(self.modifiers & modifier)


@dataclass(frozen=True, slots=True)
class Draft:
    """Draft of a tool, as drawn over the picture.

    Parameters
    ----------
    points : tuple of Point
        Of a line; with one point a dot.
    width : float
        Of the line in image pixels; 0 is a thin line on the screen.
    is_removing : bool
        Drawn in the colour of what is taken away.
    is_closed : bool
        The last point is joined with the first.
    handles : bool
        Whether the points can be taken hold of.
    cursor : (x, y, radius), optional
        A circle around the pointer.
    """

    points: tuple[Point, ...] = ()
    width: float = 0.0
    is_removing: bool = False
    is_closed: bool = False
    handles: bool = False
    cursor: tuple[float, float, float] | None = None


NO_DRAFT = Draft()


class Tool(QObject):
    """The interface between the canvas and a tool; by itself it does nothing.

    Methods return whether the tool has used the event: what it has not, the canvas uses to pan and zoom.
    """

    draft_changed = Signal(object)
    """`Draft`"""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shape = (1, 1)
        """(H, W) of the picture."""
        self.steps: tuple[int, ...] = (1,)
        """Pixels of the picture along one of each of its levels, finest first."""

    def step_at(self, zoom: float) -> int:
        """Return the step of the level whose pixels are nearest to those of the screen."""
        return min(self.steps, key=lambda step: (abs(math.log2(step * zoom)), step))

    def holds(self, at: Pointer) -> bool:
        """Whether the pointer is on the picture."""
        return 0 <= at.x < self.shape[1] and 0 <= at.y < self.shape[0]

    def press(self, at: Pointer) -> bool:
        """A button goes down; true takes the drag that may follow."""
        return False

    def is_pan(self, at: Pointer) -> bool:
        """Whether a press that was taken turns out to be a drag of the picture, which is the canvas's."""
        return False

    def move(self, at: Pointer) -> None:
        """The pointer moves while a button is held that `press` has taken."""

    def release(self, at: Pointer) -> None:
        """The button that `press` has taken comes up."""

    def double_click(self, at: Pointer) -> bool:
        """The second press of a double click."""
        return False

    def hover(self, at: Pointer | None) -> None:
        """The pointer moves with no button held; None when it leaves."""

    def wheel(self, steps: float, at: Pointer) -> bool:
        """The wheel turns; positive steps are away from the user."""
        return False

    def claims(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """Whether `key` would use a key now, ahead of the shortcuts of the window."""
        return self.act_of(key, modifiers) is not None

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """A key is pressed on the canvas."""
        act = self.act_of(key, modifiers)
        if act is not None:
            act()
        return act is not None

    def act_of(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> Act | None:
        """Return what a key does now; None where the tool does not use it."""
        return None

    def abandon(self) -> None:
        """Forget what is begun: another tool is taken, or another image opened."""
        self.draft_changed.emit(NO_DRAFT)
