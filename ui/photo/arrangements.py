"""The arrangements of the photo desk, and what the panes show at first in each of them."""

from __future__ import annotations

from typing import Any, Literal

from gmmseg.drawing.layers import Layer
from ui.desk.desk import Arrangement, DockSizes
from ui.photo.widgets.pane_grid import plain_panes

ArrangementName = Literal["cut_out", "segment", "explore"]
ARRANGEMENTS = (
    Arrangement("cut_out", sizes=DockSizes(right=344)),
    Arrangement("segment"),
    Arrangement("explore", folds="left"),
)
_SEGMENTS, _IMAGE = Layer("segments"), Layer("image")
_MEANS = Layer("segments", uses_mean_colours=True)
"""As in the photo; the class colours of the others tell classes apart."""
_FOUR = (_IMAGE, _SEGMENTS, Layer("heatmap"), Layer("uncertainty"))
FIRST_PANES: dict[str, dict[str, Any]] = {
    "cut_out": plain_panes(1, {1: (_IMAGE,), 2: (_IMAGE, _SEGMENTS), 4: _FOUR}),
    "segment": plain_panes(2, {1: (_MEANS,), 2: (_IMAGE, _MEANS), 4: _FOUR}),
    "explore": plain_panes(4, {1: (_SEGMENTS,), 2: (_SEGMENTS, Layer("uncertainty")), 4: _FOUR}),
}
