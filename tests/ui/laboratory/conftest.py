"""The window with the laboratory alone in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gmmseg.features.table import FeatureTable
from gmmseg.laboratory.document import Document, open_page
from gmmseg.laboratory.page import Page
from ui.commands import WINDOW_ACTIONS, WindowCommands
from ui.desk.actions import Actions, bound_to
from ui.laboratory.desk import LaboratoryDesk
from ui.laboratory.panels.stage import StagePanel
from ui.laboratory.widgets.chart_plot import ChartPlot
from ui.main_window import MainWindow
from ui.notices import BugReports, Notices
from ui.settings_store import SettingsStore
from ui.theme import apply_theme

_P = TypeVar("_P", bound=Page)


class Bench:
    """The window with the laboratory alone in it."""

    def __init__(self) -> None:
        self.store = SettingsStore()
        self.window = MainWindow()
        self.notices = Notices(self.window.errors, BugReports(self.window))
        commands = WindowCommands(self.window, self.store, self.window)
        self.window.set_actions(Actions(WINDOW_ACTIONS, bound_to(commands, self.window), self.window))
        self.table: FeatureTable | None = None
        self.desk = LaboratoryDesk(self.store, self.notices, self.window, lambda: self.table)
        self.window.add_mode("laboratory", "Laboratory")
        self.window.add_desk(self.desk)
        self.window.show_desk(self.desk)
        self.window.dropped.connect(self.desk.take)
        self.window.resize(1200, 800)

    @property
    def document(self) -> Document:
        return self.desk.work.workspace.document

    @property
    def stage(self) -> StagePanel:
        return self.desk.panels.stage

    def page(self, kind: type[_P]) -> _P:
        page = self.document.page
        assert isinstance(page, kind)
        return page

    def open(self, kind: type[_P]) -> _P:
        self.desk.work.apply(open_page(kind.name))
        self.draw()
        return self.page(kind)

    def draw(self) -> None:
        self.stage._draw()

    def chart(self, at: int = 0) -> ChartPlot:
        self.draw()
        chart = self.stage.slots[at].chart
        assert chart is not None
        return chart


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication) -> Iterator[Bench]:
    apply_theme(qapp, "light")
    bench = Bench()
    qtbot.addWidget(bench.window)
    with qtbot.waitExposed(bench.window):
        bench.window.show()
    yield bench
    bench.window.close()
    bench.desk.shutdown()
    apply_theme(qapp, "light")
