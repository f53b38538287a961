"""The docks, menus and toolbar of the digits desk."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSlider

from ui.desk.actions import Actions
from ui.desk.desk import Arrangement, DeskDock, DeskLayout, DeskMenu, DockSizes
from ui.desk.saving import FIND, PROJECT_ENTRIES
from ui.digits.panels.clusters import VIEWS
from ui.digits.wiring import DigitPanels
from ui.theme import SPACING, icon
from ui.widgets.recent_menu import RecentMenu
from ui.widgets.tool_bar import ToolBar

_tr = partial(QCoreApplication.translate, "DigitsDesk")


class SizeSlider(QSlider):
    """Size of digits on the screen, device-independent pixels."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setObjectName("digitSize")
        self.setRange(20, 112)
        self.setSingleStep(4)
        self.setPageStep(12)
        self.setValue(36)
        self.setFixedWidth(12 * SPACING)
        self.setAccessibleName(_tr("Size of the digits"))
        self.setToolTip(_tr("Size of the digits"))


def digits_layout(
    actions: Actions[Any],
    panels: DigitPanels,
    recent: RecentMenu,
    sets: QMenu,
    crisp: QAction,
    size: SizeSlider,
) -> DeskLayout:
    """Return the layout of the digits desk; `sets` and `crisp` are from `sets_menu` and `crisp_action`."""
    docks = (
        DeskDock("digitSetupDock", _tr("Setup"), panels.setup, "left"),
        DeskDock("digitScoresDock", _tr("Scores"), panels.scores, "right"),
        DeskDock("digitConfusionDock", _tr("Matrix"), panels.confusion, "tab"),
        DeskDock("digitEmbeddingDock", _tr("Scatter"), panels.embedding, "tab"),
        DeskDock("digitEigenvaluesDock", _tr("Eigenvalues"), panels.eigenvalues, "tab"),
        DeskDock("digitConvergenceDock", _tr("Convergence"), panels.convergence, "tab"),
        DeskDock("digitHistoryDock", _tr("History"), panels.history, "tab"),
    )
    return DeskLayout(
        panels.clusters,
        docks,
        _toolbar(actions, recent, sets, size),
        panels.readout,
        _menus(actions, recent, crisp),
        (Arrangement(sizes=DockSizes(left=256, right=344, upper=300)),),
    )


def sets_menu(actions: Actions[Any]) -> QMenu:
    """Return the menu of the sets that need no file."""
    menu = QMenu(_tr("&Data"))
    menu.setObjectName("digitSetsMenu")
    menu.addActions([actions["drawn"], actions["get_mnist"]])
    return menu


def crisp_action() -> QAction:
    """Return the switch between interpolated digits and their pixels as squares."""
    action = QAction(_tr("Crisp &pixels"))
    action.setObjectName("crisp")
    action.setCheckable(True)
    action.setToolTip(_tr("Show enlarged digits as squares instead of interpolating them"))
    return action


def _menus(actions: Actions[Any], recent: RecentMenu, crisp: QAction) -> tuple[DeskMenu, ...]:
    opening = [*actions.entries(["open_folder", "open_digit_file"]), recent, None]
    sources = actions.entries(["drawn", "get_mnist", "", *PROJECT_ENTRIES, FIND, "", "export_digits"])
    views = [f"view_{view}" for view in VIEWS]
    sizes = actions.entries(["", "larger", "smaller", "unfold_all", "fold_all"])
    return (
        DeskMenu("file", "", [*opening, *sources]),
        DeskMenu("edit", "", actions.entries(["undo", "redo", "", "rename_cluster", "", "reset_recipe"])),
        DeskMenu("view", "", [*actions.entries(views), *sizes, crisp]),
        DeskMenu("run", _tr("&Run"), actions.entries(["run", "stop"])),
    )


def _toolbar(actions: Actions[Any], recent: RecentMenu, sets: QMenu, size: SizeSlider) -> ToolBar:
    bar = ToolBar("digitToolBar", _tr("Toolbar"))
    bar.add_button(actions["open_folder"], recent)
    opens_sets = QAction(icon("digits"), _tr("Data"), bar)
    opens_sets.setToolTip(_tr("Digits drawn by the program, or MNIST"))
    bar.add_menu_button("digitSetsButton", opens_sets, sets)
    bar.add_desk_part(*(actions[name] for name in ("run", "stop", "undo", "redo")))
    bar.addSeparator()
    bar.add_icon_button(actions["smaller"])
    bar.addWidget(size)
    bar.add_icon_button(actions["larger"])
    bar.add_spring()
    bar.add_button(actions["export_digits"])
    return bar
