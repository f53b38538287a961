"""Pins: which panes keep what they showed at some moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gmmseg.layers import Scene
from ui.panels.picture_requests import scene_of

if TYPE_CHECKING:
    from gmmseg.workspace import Shown


@dataclass(frozen=True, slots=True, eq=False)
class Pin:
    """What a pinned pane draws from, in place of what is shown now."""

    shown: Shown
    scene: Scene


def pinned(shown: Shown | None) -> Pin | None:
    """Return the pin of what is shown now; None before there are maps or regions."""
    scene = scene_of(shown) if shown is not None else None
    if shown is None or scene is None or not is_pinnable(scene):
        return None
    return Pin(shown, scene)


def is_pinnable(scene: Scene | None) -> bool:
    """Whether there is a result to keep."""
    return scene is not None and (scene.segmentation is not None or scene.regions is not None)
