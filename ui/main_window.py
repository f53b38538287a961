"""MainWindow: docks, menus, toolbar, status bar, title and drops; it decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QSlider,
    QTabWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ui.actions import MAX_KEYED_CLASSES, Actions
from ui.theme import SPACING, icon
from ui.widgets.error_bar import MessageBar
from ui.widgets.progress import ProgressIndicator

if TYPE_CHECKING:
    from gmmseg.workspace import Shown

_MENUS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "edit",
        "&Edit",
        ("undo", "redo", "", "copy_view", "copy_mask", "paste", "", "reset_settings", "preferences"),
    ),
    (
        "view",
        "&View",
        ("fit_view", "actual_size", "zoom_in", "zoom_out", "", "panes1", "panes2", "panes4", "overlay", ""),
    ),
    ("fit", "F&it", ("run", "stop", "cancel", "", "step")),
    ("classes", "&Classes", (*(f"class{n}" for n in range(1, MAX_KEYED_CLASSES + 1)), "", "show_all")),
    ("help", "&Help", ("shortcuts", "", "log_folder", "about")),
)
"""Object name, title, and action ids with "" for a line; File and the rest of View are dynamic."""

DEFAULT_SIZE = QSize(1440, 900)
_LEFT_WIDTH, _RIGHT_WIDTH, _CLASSES_HEIGHT = 272, 340, 250


@dataclass(frozen=True, slots=True)
class Contents:
    """The widgets that fill the window."""

    panes: QWidget
    setup: QWidget
    classes: QWidget
    plots: Sequence[tuple[str, str, QWidget]]
    """(object name, title, widget) of each tab on the lower right."""
    readout: QWidget


class MainWindow(QMainWindow):
    """The frame around the panels.

    Parameters
    ----------
    actions : Actions
    contents : Contents
    samples : sequence of (id, title)
    class_actions : sequence of QAction
        The classes panel's own, for the menu.
    """

    dropped = Signal(object)
    """The QMimeData of a drop."""
    recent_chosen = Signal(object)
    """The Path of a recent file."""
    recent_cleared = Signal()
    sample_chosen = Signal(str)
    closing = Signal()
    """The window is about to close: end the work and remember the layout."""

    def __init__(
        self,
        actions: Actions,
        contents: Contents,
        samples: Sequence[tuple[str, str]],
        class_actions: Sequence[QAction] = (),
    ) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowIcon(icon("app"))
        self.setAcceptDrops(True)
        self.setDockOptions(
            QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AnimatedDocks
        )
        self._actions = actions
        self._class_actions = class_actions
        self.errors = MessageBar(self)
        self.hints = MessageBar(self)
        self.hints.setObjectName("hintBar")
        self.progress = ProgressIndicator()
        self._recent = QMenu(self.tr("Open &recent"), self)
        self._recent.setObjectName("recentMenu")
        self._samples = QMenu(self.tr("&Samples"), self)
        self._samples.setObjectName("samplesMenu")
        for name, title in samples:
            entry = self._samples.addAction(title.replace("&", "&&"))
            entry.setObjectName(f"sample_{name}")
            entry.triggered.connect(lambda _checked=False, wanted=name: self.sample_chosen.emit(wanted))
        # Tab goes by the order in which these are made.
        self._make_toolbar()
        setup = self._dock("setupDock", self.tr("Setup"), contents.setup)
        self._set_central(contents.panes)
        self._docks = [setup, *self._make_right_docks(contents)]
        self._make_menus()
        status = self.statusBar()
        status.setSizeGripEnabled(False)
        status.addWidget(contents.readout, 1)
        status.addPermanentWidget(self.progress)
        self.resize(DEFAULT_SIZE)
        self.reset_layout()
        self._default_layout = self.saveState()

    def show_state(self, shown: Shown, is_running: bool) -> None:
        """Show the title, and Stop in the place of Run while something runs."""
        image = shown.document.image
        name = image.source.name if image is not None else ""
        self.setWindowTitle(f"{name}[*] – gmmseg" if name else "gmmseg[*]")
        self.setWindowModified(shown.undo_title is not None and shown.document.is_stale)
        wanted = self._actions["stop" if is_running else "run"]
        if self._run_button.defaultAction() is not wanted:
            # A button with two actions would draw a menu arrow.
            self._run_button.removeAction(self._run_button.defaultAction())
            self._run_button.setDefaultAction(wanted)

    def show_recent(self, files: Sequence[tuple[Path, str, bool]]) -> None:
        """Fill the recent files: path, text, and whether it is still there; the others are greyed."""
        self._recent.clear()
        for number, (path, text, is_there) in enumerate(files, start=1):
            entry = self._recent.addAction(f"&{number % 10}  {text.replace('&', '&&')}")
            entry.setEnabled(is_there)
            entry.triggered.connect(lambda _checked=False, wanted=path: self.recent_chosen.emit(wanted))
        if not files:
            nothing = self._recent.addAction(self.tr("No recent files"))
            nothing.setEnabled(False)
        self._recent.addSeparator()
        clear = self._recent.addAction(self.tr("&Clear"))
        clear.setObjectName("clearRecent")
        clear.setEnabled(bool(files))
        clear.triggered.connect(self.recent_cleared)

    def shortcuts(self) -> list[tuple[str, str, QKeySequence]]:
        """Return (menu, text, keys) of every menu entry that has keys."""
        found = []
        for menu_action in self.menuBar().actions():
            menu = menu_action.menu()
            for action in menu.actions() if isinstance(menu, QMenu) else ():
                if not action.shortcut().isEmpty():
                    title = menu_action.text().replace("&", "")
                    found.append((title, action.text(), action.shortcut()))
        return found

    def restore(self, geometry: QByteArray, layout: QByteArray) -> None:
        """Take the place, size and docks of the last time, where they are known and valid."""
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
        if not layout.isEmpty() and not self.restoreState(layout):
            self.restoreState(self._default_layout)

    def reset_layout(self) -> None:
        """Put every dock where it is at first."""
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        setup, classes, *plots = self._docks
        for dock in self._docks:
            dock.setFloating(False)
        self.addDockWidget(left, setup)
        self.addDockWidget(right, classes)
        self.addDockWidget(right, plots[0])
        for dock in plots[1:]:
            self.tabifyDockWidget(plots[0], dock)
        for dock in self._docks:
            dock.show()
        plots[0].raise_()
        horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        self.resizeDocks([setup, classes], [_LEFT_WIDTH, _RIGHT_WIDTH], horizontal)
        self.resizeDocks([classes, plots[0]], [_CLASSES_HEIGHT, 400], vertical)

    def _set_central(self, panes: QWidget) -> None:
        centre = QWidget(self)
        centre.setObjectName("centre")
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.errors)
        column.addWidget(self.hints)
        column.addWidget(panes, 1)
        self.setCentralWidget(centre)

    def _make_right_docks(self, contents: Contents) -> list[QDockWidget]:
        """Return the docks of the classes and of each plot."""
        self.setTabPosition(Qt.DockWidgetArea.RightDockWidgetArea, QTabWidget.TabPosition.North)
        classes = self._dock("classesDock", self.tr("Classes"), contents.classes)
        return [classes, *(self._dock(f"{name}Dock", title, plot) for name, title, plot in contents.plots)]

    def _dock(self, name: str, title: str, widget: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(widget)
        return dock

    def _make_menus(self) -> None:
        bar = self.menuBar()
        file = bar.addMenu(self.tr("&File"))
        file.setObjectName("fileMenu")
        file.addAction(self._actions["open"])
        file.addMenu(self._recent)
        file.addMenu(self._samples)
        file.addSeparator()
        file.addAction(self._actions["export"])
        file.addSeparator()
        file.addAction(self._actions["quit"])
        for name, title, ids in _MENUS:
            menu = bar.addMenu(self.tr(title))
            menu.setObjectName(f"{name}Menu")
            for action_id in ids:
                if action_id:
                    menu.addAction(self._actions[action_id])
                else:
                    menu.addSeparator()
            if name == "view":
                self._add_view_menus(menu)
            elif name == "classes":
                menu.addSeparator()
                menu.addActions(list(self._class_actions))

    def _add_view_menus(self, view: QMenu) -> None:
        docks = view.addMenu(self.tr("&Docks"))
        docks.setObjectName("docksMenu")
        for dock in self._docks:
            docks.addAction(dock.toggleViewAction())
        scheme = view.addMenu(self.tr("T&heme"))
        scheme.setObjectName("themeMenu")
        for name in ("system", "light", "dark"):
            scheme.addAction(self._actions[f"scheme_{name}"])
        view.addAction(self._actions["full_screen"])
        view.addAction(self._actions["reset_layout"])

    def _make_toolbar(self) -> None:
        bar = QToolBar(self.tr("Toolbar"), self)
        bar.setObjectName("toolBar")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        bar.addWidget(self._button(self._actions["open"], self._recent))
        samples = QAction(icon("samples"), self.tr("Samples"), self)
        samples.setToolTip(self.tr("Open a sample"))
        button = self._button(samples, self._samples)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setObjectName("samplesButton")
        bar.addWidget(button)
        bar.addSeparator()
        self._run_button = self._button(self._actions["run"])
        self._run_button.setObjectName("runButton")
        # Run and Stop take each other's place without moving what is beside them.
        self._run_button.setMinimumWidth(9 * SPACING)
        bar.addWidget(self._run_button)
        bar.addWidget(self._button(self._actions["step"]))
        bar.addSeparator()
        for name in ("undo", "redo"):
            bar.addWidget(self._icon_button(name))
        bar.addSeparator()
        for name in ("panes1", "panes2", "panes4", "fit_view", "overlay"):
            bar.addWidget(self._icon_button(name))
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setObjectName("overlayOpacity")
        self.opacity.setRange(0, 100)
        self.opacity.setFixedWidth(12 * SPACING)
        self.opacity.setAccessibleName(self.tr("Overlay opacity"))
        self.opacity.setToolTip(self.tr("How strongly classes cover the photo in overlays"))
        bar.addWidget(self.opacity)
        spring = QWidget()
        spring.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(spring)
        bar.addWidget(self._button(self._actions["export"]))
        self.addToolBar(bar)

    def _button(self, action: QAction, menu: QMenu | None = None) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if menu is not None:
            button.setMenu(menu)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        return button

    def _icon_button(self, action_id: str) -> QToolButton:
        button = self._button(self._actions[action_id])
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setAccessibleName(self._actions[action_id].text().replace("&", ""))
        return button

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
