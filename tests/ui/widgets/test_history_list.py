"""The list of steps shows where one is and asks for the step that is chosen."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gmmseg.editing.history import Entry, History
from ui.widgets.history_list import HistoryList


def a_history() -> History[str]:
    history = History(Entry("a", "", time=1.0))
    for number, state in enumerate("bcd"):
        history = history.pushed(state, f"Step {state}", None, 100.0 + number)
    return history.undone()


def test_steps_are_listed_with_the_present_one_chosen(qtbot: QtBot) -> None:
    panel = HistoryList()
    qtbot.addWidget(panel)
    panel.show_history(a_history())
    assert panel.titles == ["Opened", "Step b", "Step c", "Step d"]
    assert panel.view.currentIndex().row() == 2
    assert panel.view.model().index(2, 0).data(Qt.ItemDataRole.FontRole).bold()
    assert panel.view.model().index(1, 0).data(Qt.ItemDataRole.FontRole) is None


def test_steps_that_are_not_kept_are_counted_where_the_list_begins(qtbot: QtBot) -> None:
    panel = HistoryList()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_history(a_history())
    assert not panel.forgotten.isVisible()
    panel.show_history(a_history().without_oldest(1))
    assert panel.forgotten.isVisible()
    assert panel.forgotten.text() == "One earlier step is not kept."
    panel.show_history(a_history().without_oldest(2))
    assert panel.forgotten.text() == "2 earlier steps are not kept."
    assert panel.titles == ["Step c", "Step d"]
    panel.show_history(a_history())
    assert not panel.forgotten.isVisible()


def test_a_click_asks_for_a_step_but_not_for_the_present_one(qtbot: QtBot) -> None:
    panel = HistoryList()
    qtbot.addWidget(panel)
    panel.resize(300, 200)
    panel.show()
    panel.show_history(a_history())
    wanted: list[int] = []
    panel.step_requested.connect(wanted.append)
    for row in (2, 0, 3):
        at = panel.view.visualRect(panel.view.model().index(row, 0)).center()
        QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert wanted == [0, 3]
