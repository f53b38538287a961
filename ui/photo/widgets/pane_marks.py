"""PaneMarks: the pixels that another panel points at, the same in every pane that follows."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from PySide6.QtCore import QObject, QTimer, Slot

from gmmseg.arrays import BoolArray, ByteArray
from gmmseg.drawing.draw import Scene
from ui.photo.widgets.canvas import Canvas

_DELAY_MS = 30


class PaneMarks(QObject):
    """Marks the rows brushed in a plot or, as long as some are chosen, regions, or pixels of any other kind.

    Parameters
    ----------
    canvases : sequence of Canvas
    """

    def __init__(self, canvases: Sequence[Canvas], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvases = tuple(canvases)
        self._scene: Scene | None = None
        self._rows: BoolArray | None = None
        self._regions: tuple[int, ...] = ()
        self._chosen: ByteArray | None = None
        self._pixels: ByteArray | None = None
        self._untouched: frozenset[int] = frozenset()
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self._draw)

    def show_scene(self, scene: Scene | None) -> None:
        """Drop the marks of rows or of regions that are no longer there."""
        before, self._scene = self._scene, scene
        has_other_rows = scene is None or before is None or scene.table is not before.table
        has_other_regions = scene is None or before is None or scene.regions is not before.regions
        if scene is None or before is None or scene.segmentation is not before.segmentation:
            self.choose_pixels(None)
        if has_other_regions and self._regions:
            self.choose_regions(())
        if has_other_rows and self._rows is not None:
            self.brush(None)

    def keep_off(self, numbers: Collection[int]) -> None:
        """Mark nothing on the canvases with these numbers: they show something else."""
        if self._untouched != frozenset(numbers):
            self._untouched = frozenset(numbers)
            self._draw()

    @Slot(object)
    def brush(self, rows: BoolArray | None) -> None:
        """Mark the pixels of some rows of the feature table, (N,); None marks none."""
        self._rows = rows
        if rows is None:
            self._draw()
        elif not self._timer.isActive():
            self._timer.start()

    @Slot(object)
    def choose_regions(self, regions: tuple[int, ...]) -> None:
        """Mark the pixels of some regions, values of the region map; an empty tuple marks none."""
        self._regions = regions
        self._draw()

    @Slot(object)
    def choose_pixels(self, pixels: ByteArray | None) -> None:
        """Mark some pixels, (H, W) bytes, 1 where marked, above all others; None marks none of them."""
        if pixels is not None or self._chosen is not None:
            self._chosen = pixels
            self._draw()

    @property
    def marked(self) -> ByteArray | None:
        """(H, W) bytes, not 0 where marked; None where nothing is."""
        if self._timer.isActive():
            self._draw()
        return self._pixels

    @Slot()
    def _draw(self) -> None:
        self._timer.stop()
        marked = self._pixels = with_edges(self._marked())
        for number, canvas in enumerate(self._canvases):
            canvas.set_marks(None if number in self._untouched else marked)

    def _marked(self) -> ByteArray | None:
        """Return (H, W) bytes, 1 where marked."""
        scene = self._scene
        if scene is None:
            return None
        if self._chosen is not None and self._chosen.shape == (scene.image.height, scene.image.width):
            return self._chosen
        if self._regions and scene.regions is not None:
            is_chosen = np.zeros(scene.regions.n_regions + 1, dtype=np.uint8)
            is_chosen[list(self._regions)] = 1
            return np.take(is_chosen, scene.regions.labels)
        if self._rows is not None and scene.table is not None and len(self._rows) == scene.table.n_rows:
            return scene.table.pixels.spread(self._rows.astype(np.uint8))
        return None


def with_edges(marked: ByteArray | None) -> ByteArray | None:
    """Return bytes with 2 where a marked pixel has a neighbour above, below or beside it that is not."""
    if marked is None or not marked.any():
        return None
    inside = np.pad(marked, 1)
    is_inner = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    edged: ByteArray = marked + (marked & ~is_inner & 1)
    return edged
