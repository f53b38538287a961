"""Pins: which panes keep what they showed at some moment, in which arrangements of panes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gmmseg.drawing.draw import Scene
from gmmseg.drawing.layers import Layer
from ui.photo.panels.picture_requests import scene_of

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState

Place = tuple[int, bool]
"""A pane's number from 0, and whether it is the only one."""


@dataclass(frozen=True, slots=True, eq=False)
class Pin:
    """Layer and scene of a pinned pane, in place of those shown now."""

    layer: Layer
    shown: ViewState
    scene: Scene


def pinned(layer: Layer, shown: ViewState | None) -> Pin | None:
    """Return the pin of a layer of what is shown now; None before there are maps or regions."""
    scene = scene_of(shown) if shown is not None else None
    if shown is None or scene is None or not is_pinnable(scene):
        return None
    return Pin(layer, shown, scene)


def is_pinnable(scene: Scene | None) -> bool:
    """Whether there is a result to keep."""
    return scene is not None and (scene.segmentation is not None or scene.regions is not None)


class Pins:
    """The pins of all arrangements of panes.

    A pin stays in the pane with its number in two panes and in four. A single pane does not take it over: it
    would show nothing of what the settings do. One pinned while it was alone becomes the first of several.
    """

    def __init__(self) -> None:
        self._pins: dict[Place, Pin] = {}

    def __bool__(self) -> bool:
        return bool(self._pins)

    def at(self, number: int, n_panes: int) -> Pin | None:
        """Return the pin of a pane; None where it follows."""
        return self._pins.get((number, n_panes == 1))

    def put(self, number: int, n_panes: int, pin: Pin) -> None:
        """Pin a pane."""
        self._pins[number, n_panes == 1] = pin

    def put_layer(self, number: int, n_panes: int, layer: Layer) -> None:
        """Have a pinned pane show another layer of what it keeps."""
        pin = self.at(number, n_panes)
        if pin is not None:
            self.put(number, n_panes, replace(pin, layer=layer))

    def remove(self, number: int, n_panes: int) -> Pin | None:
        """Have a pane follow again; return what it kept."""
        return self._pins.pop((number, n_panes == 1), None)

    def clear(self) -> None:
        """Have all panes follow again."""
        self._pins.clear()

    def rearrange(self, n_panes: int) -> None:
        """Take a single pane's pin along to several panes, unless the first of them has its own."""
        if n_panes > 1 and (0, False) not in self._pins and (0, True) in self._pins:
            self._pins[0, False] = self._pins.pop((0, True))

    def n_hidden(self, n_panes: int) -> int:
        """Return how many pins are out of sight in so many panes."""
        return len(self._pins) - sum(self.at(number, n_panes) is not None for number in range(n_panes))

    def way_to_hidden(self, n_panes: int) -> int:
        """Return how many panes bring those out of sight back: as few as show the last of them."""
        hidden = [
            number for number, is_alone in self._pins if not is_alone and (n_panes == 1 or number >= n_panes)
        ]
        if not hidden:
            return 1
        return 2 if max(hidden) < 2 else 4
