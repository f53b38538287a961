"""MainWindow: the frame around the desks: docks, title, status bar and drops; it decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QByteArray, QChildEvent, QEvent, QMimeData, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QStackedWidget,
    QTabBar,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ui.desk.actions import Actions
from ui.desk.desk import Desk, DeskDock, Heading
from ui.theme import icon
from ui.widgets.message_bar import MessageBar
from ui.widgets.progress import ProgressIndicator
from ui.window_menus import WindowMenus

DEFAULT_SIZE = QSize(1440, 900)
_FRAME, _LEAST = QSize(16, 48), QSize(640, 480)
"""Room for what the window manager draws around a window, and a size below which it would be of no use."""
_MOST_BESIDE, _MOST_UPPER = 0.34, 0.36
"""Share of the window's width for the docks on the right, and of its height for those above the tabs."""


class MainWindow(QMainWindow):
    """The frame around the desks, of which one is in use.

    Every desk has a page in the middle, its own docks, toolbar and menus; the layout of its docks is kept
    while another one is in use.

    Parameters
    ----------
    layouts : mapping
        What `layouts` returned the last time.
    """

    dropped = Signal(object)
    """The QMimeData of a drop."""
    mode_requested = Signal(str)
    """The name of the desk that the user wants to work at."""
    closing = Signal()
    """The window is about to close: end the work and remember the layout."""

    def __init__(self, layouts: Mapping[str, QByteArray] | None = None) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowIcon(icon("app"))
        self.setAcceptDrops(True)
        self.setDockOptions(
            QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AnimatedDocks
        )
        self.setTabPosition(Qt.DockWidgetArea.RightDockWidgetArea, QTabWidget.TabPosition.North)
        self._desk: Desk | None = None
        self._docks: dict[str, list[QDockWidget]] = {}
        self._layouts = dict(layouts or {})
        self._modes = QActionGroup(self)
        self.errors = MessageBar(self)
        self.hints = MessageBar(self)
        self.hints.setObjectName("hintBar")
        self.progress = ProgressIndicator()
        self._pages = QStackedWidget()
        self._pages.setObjectName("desks")
        self._readouts = QStackedWidget()
        self._set_central()
        self._menus = WindowMenus(self)
        status = self.statusBar()
        status.setSizeGripEnabled(False)
        status.addWidget(self._readouts, 1)
        status.addPermanentWidget(self.progress)
        self.resize(first_size(self.screen().availableSize()))

    # Desks

    def set_actions(self, actions: Actions[Any]) -> None:
        """Take the actions of the window itself, ahead of the first desk."""
        self._menus.set_actions(actions)

    def add_mode(self, name: str, title: str, icon_name: str = "") -> None:
        """Offer the way to a desk, which may not exist yet; from two on there are buttons for them."""
        action = QAction(title, self._modes)
        if icon_name:
            action.setIcon(icon(icon_name))
        action.setObjectName(f"mode_{name}")
        action.setCheckable(True)
        action.triggered.connect(lambda: self.mode_requested.emit(name))
        if self._desk is not None:
            self._show_modes(self._desk)

    def add_desk(self, desk: Desk) -> None:
        """Take a desk's layout in; it is shown with `show_desk`."""
        layout = desk.layout
        # Tab goes by the order in which these are added.
        self.addToolBar(layout.toolbar)
        left = [self._dock(dock) for dock in layout.docks if dock.place == "left"]
        self._pages.addWidget(layout.central)
        right = [self._dock(dock) for dock in layout.docks if dock.place != "left"]
        self._docks[desk.name] = [*left, *right]
        self._readouts.addWidget(layout.readout)
        layout.toolbar.hide()
        desk.actions.set_in_use(False)

    def show_desk(self, desk: Desk) -> None:
        """Work at this desk: its page, docks, toolbar, menus and keys instead of those of the one before."""
        if desk is self._desk:
            return
        if self._desk is not None:
            self._put_away(self._desk)
        self._desk = desk
        desk.actions.set_in_use(True)
        desk.refresh()
        self._pages.setCurrentWidget(desk.layout.central)
        self._readouts.setCurrentWidget(desk.layout.readout)
        desk.layout.toolbar.show()
        kept = self._layouts.get(desk.name)
        # Nothing is arranged before: the tab bars of that would stay on screen beside those of the layout.
        if kept is None or not self.restoreState(kept) or not self._is_placed(desk):
            for dock in self._docks[desk.name]:
                self.removeDockWidget(dock)
            self._arrange(desk)
        self._keep_away(desk)
        desk.layout.toolbar.show()
        self._show_modes(desk)
        self.show_heading(desk.heading)

    def _is_placed(self, desk: Desk) -> bool:
        """Whether every dock has its place; one that a layout did not know yet has none."""
        nowhere = Qt.DockWidgetArea.NoDockWidgetArea
        return all(self.dockWidgetArea(dock) is not nowhere for dock in self._docks[desk.name])

    def _put_away(self, desk: Desk) -> None:
        self._layouts[desk.name] = self.saveState()
        desk.layout.toolbar.hide()
        for dock in self._docks[desk.name]:
            self.removeDockWidget(dock)
        desk.actions.set_in_use(False)

    def _keep_away(self, desk: Desk) -> None:
        """Take out the docks of the other desks: Qt brings them back with a layout, wherever they were."""
        for name, docks in self._docks.items():
            for dock in docks if name != desk.name else ():
                self.removeDockWidget(dock)

    def _show_modes(self, desk: Desk) -> None:
        others = []
        for action in self._modes.actions():
            is_this = action.objectName() == f"mode_{desk.name}"
            action.setChecked(is_this)
            if not is_this:
                others.append(action)
        desk.layout.toolbar.show_modes(others)
        self._menus.fill(desk.layout.menus, self._modes.actions(), self._docks[desk.name])

    def show_heading(self, heading: Heading) -> None:
        """Show the title, with a star where there is something unsaved."""
        self.setWindowTitle(f"{heading.name}[*] – gmmseg" if heading.name else "gmmseg[*]")
        self.setWindowModified(heading.is_modified)

    # Layout

    def layouts(self) -> dict[str, QByteArray]:
        """Return the layout of each desk, to be remembered."""
        if self._desk is not None:
            self._layouts[self._desk.name] = self.saveState()
        return dict(self._layouts)

    def reset_layout(self) -> None:
        """Put every dock of the desk in use where it is at first."""
        if self._desk is not None:
            self._arrange(self._desk)

    def _arrange(self, desk: Desk) -> None:
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        placed: dict[str, list[QDockWidget]] = {"left": [], "right": [], "tab": []}
        for spec, dock in zip(desk.layout.docks, self._docks_of(desk), strict=True):
            dock.setFloating(False)
            if spec.place != "left" and placed[spec.place]:
                self.tabifyDockWidget(placed[spec.place][0], dock)
            else:
                self.addDockWidget(left if spec.place == "left" else right, dock)
            placed[spec.place].append(dock)
            dock.show()
        for tabbed in (placed["right"], placed["tab"]):
            if tabbed:
                tabbed[0].raise_()
        self._size(desk)

    def _size(self, desk: Desk) -> None:
        """Give the docks the sizes they have at first, in proportion to the window as it is."""
        first: dict[str, QDockWidget] = {}
        for spec, dock in zip(desk.layout.docks, self._docks_of(desk), strict=True):
            first.setdefault(spec.place, dock)
        sizes = desk.layout.sizes
        right = min(sizes.right, round(_MOST_BESIDE * self.width()))
        widths = {"left": sizes.left, "right" if "right" in first else "tab": right}
        beside = [place for place in widths if place in first]
        self.resizeDocks(
            [first[place] for place in beside], [widths[place] for place in beside], Qt.Orientation.Horizontal
        )
        if "right" in first and "tab" in first:
            upper = min(sizes.upper, round(_MOST_UPPER * self.height()))
            heights = [upper, max(self.height() - upper, upper)]
            self.resizeDocks([first["right"], first["tab"]], heights, Qt.Orientation.Vertical)

    def _docks_of(self, desk: Desk) -> list[QDockWidget]:
        """Return a desk's docks in the order of its layout."""
        by_name = {dock.objectName(): dock for dock in self._docks[desk.name]}
        return [by_name[spec.name] for spec in desk.layout.docks]

    def childEvent(self, event: QChildEvent) -> None:
        super().childEvent(event)
        bar = event.child()
        if event.type() == QEvent.Type.ChildPolished and isinstance(bar, QTabBar):
            # Tabs of docks scroll where they do not fit, instead of cutting their titles.
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)
            font = self.font()
            font.setPointSizeF(0.9 * font.pointSizeF())
            bar.setFont(font)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        desk = self._desk
        if desk is not None and desk.name not in self._layouts:
            # Only now is the window as large as it will be.
            self._size(desk)

    def _dock(self, spec: DeskDock) -> QDockWidget:
        dock = QDockWidget(spec.title, self)
        dock.setObjectName(spec.name)
        dock.setWidget(spec.widget)
        if spec.on_front is not None:
            dock.visibilityChanged.connect(spec.on_front)
        dock.hide()
        return dock

    def _set_central(self) -> None:
        centre = QWidget(self)
        centre.setObjectName("centre")
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.errors)
        column.addWidget(self.hints)
        column.addWidget(self._pages, 1)
        self.setCentralWidget(centre)

    def shortcuts(self) -> list[tuple[str, str, QKeySequence]]:
        """Return (menu, text, keys) of every menu entry that has keys."""
        return self._menus.shortcuts()

    # What comes from outside

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data: QMimeData = event.mimeData()
        if data.hasUrls() or data.hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.dropped.emit(event.mimeData())

    @Slot()
    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back to a window."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)


def first_size(available: QSize) -> QSize:
    """Return the size of a window that has none to remember, frame and title bar within the screen.

    Sizes are in device-independent pixels: at scale 2 a screen has half as many of them.
    """
    return DEFAULT_SIZE.boundedTo(available - _FRAME).expandedTo(_LEAST)
