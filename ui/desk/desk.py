"""Desk: one way of working in the window: what it puts there, and what the window asks of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from ui.desk.actions import Actions
from ui.widgets.tool_bar import ToolBar

SHARED_MENUS = ("file", "edit", "view", "help")
"""Menus that the window has anyway; a desk's entries come first in them."""

Place = Literal["left", "right", "tab"]
"""``left`` of the middle, on its ``right``, or a ``tab`` below what is on the right."""

Side = Literal["left", "right"]
"""Of the middle; what stands in a ``tab`` is on the right."""

Entry = QAction | QMenu | None
"""Of a menu; None is a line."""


@dataclass(frozen=True, slots=True)
class DeskDock:
    """A panel beside the middle; `name` is the dock's object name, by which layouts are remembered."""

    name: str
    title: str
    panel: QWidget | Callable[[], QWidget]
    """Or what makes it, which is called when the dock is first shown."""
    place: Place
    on_front: Callable[[bool], None] | None = None
    """Told whether the panel can be seen: to Qt one behind another tab is visible too."""
    arrangements: tuple[str, ...] = ()
    """Names of those in which it is shown at first; empty for all."""

    @property
    def side(self) -> Side:
        """Side on which it stands at first."""
        return "left" if self.place == "left" else "right"


@dataclass(frozen=True, slots=True)
class DockSizes:
    """Sizes of the docks at first, device-independent pixels."""

    left: int = 272
    """Width on the left."""
    right: int = 396
    """Width on the right, where the window has room for it."""
    upper: int = 312
    """Height of what stands above the tabs on the right, where the window has room for it."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """One way of laying out a desk; the layout of each is remembered on its own.

    Parameters
    ----------
    name : str
        Empty where a desk has only one.
    folds : str
        The side whose docks are folded first where the middle would get too little of the window.
    sizes : DockSizes
    """

    name: str = ""
    folds: Side = "right"
    sizes: DockSizes = field(default_factory=DockSizes)


@dataclass(frozen=True, slots=True)
class DeskMenu:
    """Entries for one of `SHARED_MENUS`, or a menu of the desk's own between View and Help."""

    name: str
    title: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class DeskLayout:
    """All that a desk puts into the window.

    Parameters
    ----------
    central : QWidget
        For the middle.
    docks : sequence of DeskDock
        Those on the left first: Tab goes by this order, with the middle after the left.
    toolbar : ToolBar
    readout : QWidget
        For the status bar.
    menus : sequence of DeskMenu
    arrangements : sequence of Arrangement
        The first one is that of a window which remembers none.
    """

    central: QWidget
    docks: Sequence[DeskDock]
    toolbar: ToolBar
    readout: QWidget
    menus: Sequence[DeskMenu] = ()
    arrangements: Sequence[Arrangement] = (Arrangement(),)


@dataclass(frozen=True, slots=True)
class Heading:
    """Content of the title bar: the name of what is open, and whether it has changed."""

    name: str = ""
    is_modified: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class KeptWork:
    """An OpenedProject that was read, or a Recovered."""

    read: Any
    is_recovered: bool


class Desk(QObject):
    """Base of the desks, as the window and the application use them.

    A desk has its own state, panels, actions and background work. It knows neither the other desks nor the
    window; its actions and docks are out of reach while another desk is in use, its work goes on.

    Parameters
    ----------
    name : str
        By which its layout is remembered.
    actions : Actions
        Those of this desk alone.
    layout : DeskLayout
    """

    changed = Signal()
    """`heading` or `is_busy` may be others now."""
    progressed = Signal(object)
    """Progress"""
    theory_asked = Signal(str)
    """The name of a page of the laboratory that shall be opened."""
    recover_asked = Signal()
    """The list of all that can be recovered is to be shown."""
    handed_over = Signal(object)
    """KeptWork of another desk."""
    left_over = Signal(object)
    """The Path of a journal that was beside a project that was opened, from a window that ended."""
    noted = Signal(str)
    """Message for a moment in the status bar."""
    rearranged = Signal()
    """`arrangement` is another one now."""

    def __init__(
        self, name: str, actions: Actions[Any], layout: DeskLayout, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.actions = actions
        self.layout = layout
        self.arrangement = layout.arrangements[0]
        """The one in use."""
        self.loads_ahead: Sequence[Callable[[], object]] = ()
        """Loads modules that are needed later; called in a thread when nothing else is done."""

    def arrange(self, name: str) -> None:
        """Use the arrangement of that name; one that the desk does not have changes nothing."""
        found = {each.name: each for each in self.layout.arrangements}.get(name, self.arrangement)
        if found is not self.arrangement:
            self.arrangement = found
            self.rearranged.emit()

    @property
    def heading(self) -> Heading:
        """Content of the title bar."""
        return Heading()

    @property
    def is_busy(self) -> bool:
        """Whether work is under way whose progress the status bar shows."""
        return False

    @property
    def can_stop(self) -> bool:
        """Whether there is work that can be asked to end, and has not been yet."""
        return False

    @property
    def has_unsaved(self) -> bool:
        """Whether something would be lost if the window were closed."""
        return False

    def save_then(self, on_saved: Callable[[], None]) -> None:
        """Save what would be lost, and when that is done call a function."""
        on_saved()

    def recover(self, journal: Path) -> None:
        """Read what a journal holds, of whatever desk."""

    def take_kept(self, kept: KeptWork) -> None:
        """Go on with a project, or with what a journal held, that is of this desk."""

    @property
    def left_journals(self) -> tuple[Path, ...]:
        """Journals of what another project took the place of before it was saved."""
        return ()

    def discard(self) -> None:
        """Take it for said that what is not saved is not wanted."""

    def refresh(self) -> None:
        """Bring the actions in line with the state."""

    def stop(self) -> None:
        """End the work whose progress is shown."""

    def open_page(self, name: str) -> None:
        """Show the page of that name, where the desk has pages."""

    def take(self, data: QMimeData) -> None:
        """Open what was dropped on the window."""

    def remember(self) -> None:
        """Store what the desk knows again the next time; called before the window closes."""

    def shutdown(self) -> bool:
        """End all work. Returns whether all threads have ended."""
        return True
