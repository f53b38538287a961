"""The docks, menus and toolbar of the laboratory."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from gmmseg.laboratory.lessons.contents import LESSONS
from ui.desk.actions import Actions
from ui.desk.desk import Arrangement, DeskDock, DeskLayout, DeskMenu, DockSizes
from ui.desk.saving import PROJECT_ENTRIES
from ui.laboratory.actions import lesson_action
from ui.laboratory.wiring import LaboratoryPanels
from ui.widgets.building import in_column, named
from ui.widgets.recent_menu import RecentMenu
from ui.widgets.tool_bar import ToolBar

_tr = partial(QCoreApplication.translate, "LaboratoryDesk")


def laboratory_layout(actions: Actions[Any], panels: LaboratoryPanels, recent: RecentMenu) -> DeskLayout:
    """Return the layout of the laboratory."""
    docks = (DeskDock("laboratoryContentsDock", _tr("Pages"), panels.contents, "left"),)
    return DeskLayout(
        _middle(panels),
        docks,
        _toolbar(actions, recent),
        panels.readout,
        _menus(actions, recent),
        (Arrangement(folds="left", sizes=DockSizes(left=232)),),
    )


def _middle(panels: LaboratoryPanels) -> QWidget:
    """Return the lesson, where there is one, above the stage."""
    middle = named(QWidget(), "laboratory-middle")
    in_column(panels.lesson, panels.stage, of=middle, stretched=panels.stage, spacing=0)
    return middle


def _menus(actions: Actions[Any], recent: RecentMenu) -> tuple[DeskMenu, ...]:
    opening = [*actions.entries(["begin_anew", "open_table"]), recent, None]
    others = ["photo_pixels", "examples", "", *PROJECT_ENTRIES, "", "export_figures"]
    return (
        DeskMenu("file", "", [*opening, *actions.entries(others)]),
        DeskMenu("edit", "", actions.entries(["undo", "redo"])),
        DeskMenu("run", _tr("&Run"), actions.entries(["run", "stop"])),
        DeskMenu("lessons", _tr("&Lessons"), actions.entries([lesson_action(lesson) for lesson in LESSONS])),
    )


def _toolbar(actions: Actions[Any], recent: RecentMenu) -> ToolBar:
    bar = ToolBar("laboratoryToolBar", _tr("Toolbar"))
    bar.add_button(actions["open_table"], recent)
    bar.add_button(actions["photo_pixels"])
    bar.add_button(actions["examples"])
    bar.add_desk_part(*(actions[name] for name in ("run", "stop", "undo", "redo")))
    bar.add_spring()
    bar.add_button(actions["export_figures"])
    return bar
