"""MainWindow: the frame around the desks: docks, title, status bar and drops; it decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QChildEvent, QEvent, QMimeData, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeySequence,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QGridLayout,
    QMainWindow,
    QStackedWidget,
    QTabBar,
    QTabWidget,
    QWidget,
)

from ui.desk.actions import Actions
from ui.desk.desk import Desk, Heading, Side
from ui.docking import Docking
from ui.settings_store import KeptLayout
from ui.theme import icon
from ui.widgets.drop_veil import DropVeil
from ui.widgets.message_bar import MessageBar, MessageStack
from ui.widgets.progress import ProgressIndicator
from ui.widgets.tool_bar import ToolBar
from ui.window_menus import WindowMenus

DEFAULT_SIZE = QSize(1440, 900)
NOTE_MS = 4000
"""Time for which the status bar shows what has been done."""
_FRAME, _LEAST = QSize(16, 48), QSize(640, 480)
"""Room for what the window manager draws around a window, and a size below which it would be of no use."""


class MainWindow(QMainWindow):
    """The frame around the desks, of which one is in use.

    Every desk has a page in the middle, its own docks, toolbar and menus; the layout of its docks is kept
    while another one is in use.

    Parameters
    ----------
    layouts : mapping
        What `Docking.layouts` returned the last time.
    """

    dropped = Signal(object)
    """The QMimeData of a drop."""
    mode_requested = Signal(str)
    """The name of the desk that the user wants to work at."""
    closing = Signal()
    """The window is about to close: end the work and remember the layout."""

    def __init__(self, layouts: Mapping[str, KeptLayout] | None = None) -> None:
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
        self._modes = QActionGroup(self)
        self.may_close: Callable[[], bool] = lambda: True
        """Asked before the window closes; where it says no it may ask the user and close it later."""
        self.errors = MessageBar(self)
        self.hints = MessageBar(self)
        self.hints.setObjectName("hintBar")
        self.progress = ProgressIndicator()
        self._pages = QStackedWidget()
        self._pages.setObjectName("desks")
        self._readouts = QStackedWidget()
        self._set_central()
        self.docking = Docking(self, layouts or {})
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
        self.docking.add(desk, [dock for dock in layout.docks if dock.side == "left"])
        self._pages.addWidget(layout.central)
        self.docking.add(desk, [dock for dock in layout.docks if dock.side == "right"])
        self._readouts.addWidget(layout.readout)
        layout.toolbar.hide()
        desk.actions.set_in_use(False)
        desk.rearranged.connect(self._show_arrangement)

    def show_desk(self, desk: Desk) -> None:
        """Work at this desk: its page, docks, toolbar, menus and keys instead of those of the one before."""
        if desk is self._desk:
            return
        if self._desk is not None:
            self._desk.layout.toolbar.hide()
            self._desk.actions.set_in_use(False)
        self._desk = desk
        desk.actions.set_in_use(True)
        desk.refresh()
        self._pages.setCurrentWidget(desk.layout.central)
        self._readouts.setCurrentWidget(desk.layout.readout)
        self._show_docks(desk)
        self._show_modes(desk)
        self.show_heading(desk.heading)

    @Slot()
    def _show_arrangement(self) -> None:
        if self._desk is not None and self.sender() is self._desk:
            self._show_docks(self._desk)

    def _show_docks(self, desk: Desk) -> None:
        self.docking.show(desk)
        # A layout brings back the toolbars that there were when it was saved.
        for bar in self.findChildren(ToolBar):
            bar.setVisible(bar is desk.layout.toolbar)

    def _show_modes(self, desk: Desk) -> None:
        others = []
        for action in self._modes.actions():
            is_this = action.objectName() == f"mode_{desk.name}"
            action.setChecked(is_this)
            if not is_this:
                others.append(action)
        desk.layout.toolbar.show_modes(others)
        self._menus.fill(desk.layout.menus, self._modes.actions(), self.docking.docks_of(desk))

    def show_heading(self, heading: Heading) -> None:
        """Show the title, with a star where there is something unsaved."""
        self.setWindowTitle(f"{heading.name}[*] – gmmseg" if heading.name else "gmmseg[*]")
        self.setWindowModified(heading.is_modified)

    def covered_foot(self) -> float:
        """Return the height that a message covers at the bottom of the page, device-independent pixels."""
        return self._messages.covered_height()

    @Slot(str)
    def show_note(self, text: str) -> None:
        """Show in the status bar for a moment what has been done."""
        self.statusBar().showMessage(text, NOTE_MS)

    # Layout

    def reset_layout(self) -> None:
        """Put every dock of the arrangement in use where it is at first."""
        self.docking.reset()

    def toggle_side(self, side: Side) -> None:
        """Fold the docks on a side to a rim, or unfold them."""
        self.docking.toggle(side)

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
        if not self.docking.is_kept():
            # Only now is the window as large as it will be.
            self.docking.size()
        self.docking.keep_room_soon()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.docking.keep_room_soon()

    def _set_central(self) -> None:
        centre = QWidget(self)
        centre.setObjectName("centre")
        grid = QGridLayout(centre)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self._pages, 0, 0)
        # Over the page, so that a message moves nothing.
        place = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignHCenter
        self._messages = MessageStack([self.errors, self.hints])
        grid.addWidget(self._messages, 0, 0, place)
        self.setCentralWidget(centre)
        self._drop_veil = DropVeil(centre)

    def shortcuts(self) -> list[tuple[str, str, QKeySequence]]:
        """Return (menu, text, keys) of every menu entry that has keys."""
        return self._menus.shortcuts()

    # What comes from outside

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data: QMimeData = event.mimeData()
        if data.hasUrls() or data.hasImage():
            event.acceptProposedAction()
            self._drop_veil.lift()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_veil.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self._drop_veil.hide()
        self.dropped.emit(event.mimeData())

    @Slot()
    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back to a window."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.may_close():
            event.ignore()
            return
        self.closing.emit()
        super().closeEvent(event)


def first_size(available: QSize) -> QSize:
    """Return the size of a window that has none to remember, frame and title bar within the screen.

    Sizes are in device-independent pixels: at scale 2 a screen has half as many of them.
    """
    return DEFAULT_SIZE.boundedTo(available - _FRAME).expandedTo(_LEAST)
