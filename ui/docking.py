"""Docking: where the docks of the desk in use stand, and which of them are folded away to a rim."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import get_args

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import QDockWidget, QMainWindow

from ui.desk.desk import Desk, DeskDock, Side
from ui.settings_store import KeptLayout
from ui.widgets.dock import Dock
from ui.widgets.rim import Rim

_LEAST_SHARE = 0.515
"""Of the window's area, for the middle: with the tools taken off, about half of the window."""
_NARROW = 280
"""Width to which the docks on the right may shrink before a side is folded."""
_MOST_TRIES = 4
_MOST_UPPER = 0.39
"""Share of the window's height for the docks on the right that stand above the tabs."""
_AREAS: dict[Side, Qt.DockWidgetArea] = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
}
_BARS: dict[Side, Qt.ToolBarArea] = {
    "left": Qt.ToolBarArea.LeftToolBarArea,
    "right": Qt.ToolBarArea.RightToolBarArea,
}
_OTHER: dict[Side, Side] = {"left": "right", "right": "left"}


class Docking(QObject):
    """Keeps a layout of docks for each arrangement of each desk.

    A side that would leave the middle too little of the window is folded, and unfolds by itself when there
    is room again.

    Parameters
    ----------
    window : QMainWindow
    kept : mapping
        What `layouts` returned the last time.
    """

    def __init__(self, window: QMainWindow, kept: Mapping[str, KeptLayout]) -> None:
        super().__init__(window)
        self._window = window
        self._kept = dict(kept)
        self._desk: Desk | None = None
        self._key = ""
        self._docks: dict[str, list[Dock]] = {}
        self._folded: dict[Side, list[QDockWidget]] = {"left": [], "right": []}
        self._is_automatic: dict[Side, bool] = {"left": False, "right": False}
        self._folded_at: dict[Side, int] = {"left": 0, "right": 0}
        """Width of the window at which a side was folded for want of room: only a wider one unfolds it."""
        self._tried = QSize(), 0
        """Size of the window, and how often docks have been made narrow for it already."""
        self._rims = {side: self._rim(side) for side in get_args(Side)}
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._keep_room)

    def _rim(self, side: Side) -> Rim:
        rim = Rim(f"{side}Rim", self.tr("Folded panels"))
        rim.asked.connect(lambda name: self.unfold(side, name))
        self._window.addToolBar(_BARS[side], rim)
        rim.hide()
        return rim

    # Desks

    def add(self, desk: Desk, specs: Sequence[DeskDock]) -> None:
        """Make docks of a desk; Tab goes by the order in which these are added."""
        self._docks.setdefault(desk.name, []).extend(self._dock(spec) for spec in specs)

    def make_ahead(self) -> Iterator[None]:
        """Make the panels that no dock has shown yet, one with each step."""
        for dock in [dock for docks in self._docks.values() for dock in docks if dock.widget() is None]:
            dock.make()
            yield

    def _dock(self, spec: DeskDock) -> Dock:
        dock = Dock(spec.name, spec.title, spec.panel, self._window, spec.on_front)
        dock.toggleViewAction().triggered.connect(lambda: self._note_shown(dock))
        dock.hide()
        return dock

    def docks_of(self, desk: Desk) -> Sequence[QDockWidget]:
        """Return a desk's docks."""
        return self._docks[desk.name]

    def show(self, desk: Desk) -> None:
        """Show the docks of this desk, instead of any other's, as they were in its arrangement."""
        self.remember()
        before, self._desk = self._desk, desk
        if before is not None and before is not desk:
            self._take_out(before)
        self._key = f"{desk.name}_{desk.arrangement.name}" if desk.arrangement.name else desk.name
        kept = self._kept.get(self._key)
        self._clear_folds()
        # Nothing is arranged before: the tab bars of that would stay on screen beside those of the layout.
        if kept is not None and self._window.restoreState(kept.state) and self._is_placed():
            self._show_folds(kept)
        else:
            self._take_out(desk)
            self.reset()
        # Qt brings back the docks of other desks with a layout, wherever they were.
        for name, docks in self._docks.items():
            for dock in docks if name != desk.name else ():
                self._window.removeDockWidget(dock)
        self._later.start()

    def _take_out(self, desk: Desk) -> None:
        for dock in self.docks_of(desk):
            self._window.removeDockWidget(dock)

    def _is_placed(self) -> bool:
        """Whether every dock has its place; one that a layout did not know yet has none."""
        nowhere = Qt.DockWidgetArea.NoDockWidgetArea
        return all(self._window.dockWidgetArea(dock) is not nowhere for dock in self._current_docks())

    def remember(self) -> None:
        """Take note of the layout in use."""
        if self._desk is not None:
            folded = tuple(dock.objectName() for docks in self._folded.values() for dock in docks)
            automatic = tuple(side for side, is_so in self._is_automatic.items() if is_so)
            self._kept[self._key] = KeptLayout(self._window.saveState(), folded, automatic)

    def layouts(self) -> dict[str, KeptLayout]:
        """Return the layout of each arrangement of each desk, to be remembered."""
        self.remember()
        return dict(self._kept)

    def reset(self) -> None:
        """Put every dock of the arrangement in use where it is at first."""
        if self._desk is None:
            return
        self._clear_folds()
        placed: dict[str, list[QDockWidget]] = {"left": [], "right": [], "tab": []}
        for spec, dock in self._specs():
            dock.setFloating(False)
            is_shown = not spec.arrangements or self._desk.arrangement.name in spec.arrangements
            if spec.place != "left" and placed[spec.place]:
                self._window.tabifyDockWidget(placed[spec.place][0], dock)
            else:
                self._window.addDockWidget(_AREAS[spec.side], dock)
            placed[spec.place].append(dock)
            dock.setVisible(is_shown)
        for tabbed in (placed["right"], placed["tab"]):
            front = next((dock for dock in tabbed if not dock.isHidden()), None)
            if front is not None:
                front.raise_()
        self.size()

    def _specs(self) -> list[tuple[DeskDock, QDockWidget]]:
        """Return the docks of the desk in use in the order of its layout."""
        if self._desk is None:
            return []
        by_name = {dock.objectName(): dock for dock in self._current_docks()}
        return [(spec, by_name[spec.name]) for spec in self._desk.layout.docks]

    def _current_docks(self) -> Sequence[QDockWidget]:
        return [] if self._desk is None else self.docks_of(self._desk)

    def is_kept(self) -> bool:
        """Whether the layout in use has been remembered before."""
        return self._key in self._kept

    # Sizes

    def size(self) -> None:
        """Give the docks the sizes they have at first, in proportion to the window as it is."""
        widths = self._widths([side for side in get_args(Side) if self._shown_on(side)])
        if self._desk is None or not widths:
            return
        first = {side: self._shown_on(side)[0] for side in widths}
        self._window.resizeDocks(list(first.values()), list(widths.values()), Qt.Orientation.Horizontal)
        shown = [(spec.place, dock) for spec, dock in self._specs() if not dock.isHidden()]
        upper = next((dock for place, dock in shown if place == "right"), None)
        lower = next((dock for place, dock in shown if place == "tab"), None)
        if upper is not None and lower is not None:
            height = min(self._desk.arrangement.sizes.upper, round(_MOST_UPPER * self._window.height()))
            heights = [height, max(self._window.height() - height, height)]
            self._window.resizeDocks([upper, lower], heights, Qt.Orientation.Vertical)
        self._later.start()

    def _shown_on(self, side: Side) -> list[QDockWidget]:
        """Return the docks that take room at a side."""
        return [
            dock
            for dock in self._current_docks()
            if self._window.dockWidgetArea(dock) is _AREAS[side]
            and not dock.isHidden()
            and not dock.isFloating()
        ]

    def _widths(self, sides: Collection[Side]) -> dict[Side, int]:
        """Return the widths that docks on these sides get at first."""
        if self._desk is None:
            return {}
        sizes = self._desk.arrangement.sizes
        widths = {side: max(getattr(sizes, side), self._least_width(side)) for side in sides}
        if "right" in widths:
            room = self._window.width() - self._least_middle() - widths.get("left", 0)
            widths["right"] = max(min(widths["right"], room), _NARROW, self._least_width("right"))
        return widths

    def _least_width(self, side: Side) -> int:
        """Return the width below which some dock on a side, folded or not, cannot go."""
        docks = self._folded[side] or self._shown_on(side)
        return max((dock.minimumSizeHint().width() for dock in docks), default=0)

    def _least_middle(self) -> int:
        """Return the width that the middle must have."""
        window, middle = self._window, self._window.centralWidget()
        height = window.height() if middle is None else max(1, middle.height())
        return round(_LEAST_SHARE * window.width() * window.height() / height)

    def _fits(self, widths: Mapping[Side, int]) -> bool:
        """Whether docks of these widths, with the rims of sides that stay folded, leave the middle enough."""
        folded = [side for side, docks in self._folded.items() if docks and side not in widths]
        rims = sum(self._rims[side].sizeHint().width() for side in folded)
        return self._window.width() - sum(widths.values()) - rims >= self._least_middle()

    @Slot()
    def keep_room_soon(self) -> None:
        """See to it that the middle has room enough once the window is laid out."""
        self._later.start()

    @Slot()
    def _keep_room(self) -> None:
        """Fold a side that leaves the middle too little, or unfold one that was folded for that."""
        if self._desk is None or not self._window.isVisible():
            return
        shown = [side for side in get_args(Side) if self._shown_on(side)]
        actual = {side: max(dock.width() for dock in self._shown_on(side)) for side in shown}
        if shown and not self._fits(actual):
            size, n_tries = self._tried
            n_tries = n_tries if size == self._window.size() else 0
            # Docks change their size in a later turn of the event loop; some are wider than they were asked.
            if self._fits(self._widths(shown)) and n_tries < _MOST_TRIES:
                self._tried = self._window.size(), n_tries + 1
                self.size()
            else:
                folds = self._desk.arrangement.folds
                self.fold(folds if folds in shown else _OTHER[folds], is_automatic=True)
            return
        for side, width in self._folded_at.items():
            is_wider = self._is_automatic[side] and self._window.width() > width
            if is_wider and self._fits(self._widths([*shown, side])):
                self.unfold(side)
                return

    # Folding

    def toggle(self, side: Side) -> None:
        """Fold a side, or unfold it."""
        if self._folded[side]:
            self.unfold(side)
        else:
            self.fold(side)

    def fold(self, side: Side, *, is_automatic: bool = False) -> None:
        """Hide the docks on a side behind their titles on a rim."""
        docks = self._shown_on(side)
        if not docks:
            return
        # Those in front first: of each group of tabs that one comes to the front again.
        docks.sort(key=lambda dock: dock.visibleRegion().isEmpty())
        self._folded[side] = docks
        self._is_automatic[side] = is_automatic
        self._folded_at[side] = self._window.width()
        for dock in docks:
            dock.hide()
        self._show_rim(side)
        self._later.start()

    def unfold(self, side: Side, front: str = "") -> None:
        """Show the folded docks of a side again, that of the name `front` ahead of its tabs."""
        docks, self._folded[side] = self._folded[side], []
        self._is_automatic[side] = False
        for dock in docks:
            dock.show()
        for dock in [*reversed(docks), *(dock for dock in docks if dock.objectName() == front)]:
            dock.raise_()
        self._show_rim(side)
        other = _OTHER[side]
        if self._shown_on(other) and not self._fits(self._widths([side, other])):
            self.fold(other, is_automatic=True)
        self.size()

    def _show_rim(self, side: Side) -> None:
        names = {dock.objectName() for dock in self._folded[side]}
        panels = [(spec.name, spec.title) for spec, _ in self._specs() if spec.name in names]
        self._rims[side].show_panels(panels)

    def _clear_folds(self) -> None:
        for side in _OTHER:
            self._folded[side], self._is_automatic[side], self._folded_at[side] = [], False, 0
            self._show_rim(side)
        self._tried = QSize(), 0

    def _show_folds(self, kept: KeptLayout) -> None:
        """Fold what was folded in a layout that has just been restored."""
        for side in _OTHER:
            self._folded[side] = [
                dock
                for name in kept.folded
                for dock in self._current_docks()
                if dock.objectName() == name and self._window.dockWidgetArea(dock) is _AREAS[side]
            ]
            self._is_automatic[side] = side in kept.automatic
            self._show_rim(side)

    def _note_shown(self, dock: QDockWidget) -> None:
        """Unfold the side of a dock that was brought back by the menu."""
        for side, docks in self._folded.items():
            if dock in docks:
                self.unfold(side, dock.objectName())
