"""A dock makes its panel when it is first shown."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from ui.widgets.dock import Dock


def panel_of(*names: str) -> QWidget:
    panel = QWidget()
    column = QVBoxLayout(panel)
    for name in names:
        line = QLineEdit()
        line.setObjectName(name)
        column.addWidget(line)
    return panel


def test_the_panel_is_made_once_and_not_before_the_dock_is_shown(qtbot: QtBot) -> None:
    made: list[QWidget] = []
    fronts: list[bool] = []

    def make() -> QWidget:
        made.append(panel_of("inside"))
        return made[-1]

    window = QMainWindow()
    qtbot.addWidget(window)
    dock = Dock("notes", "Notes", make, window, fronts.append)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    dock.hide()
    window.show()
    assert dock.widget() is None
    assert (made, fronts) == ([], [])
    dock.show()
    assert [dock.widget()] == made
    assert fronts == [True]
    dock.hide()
    dock.show()
    assert len(made) == 1
    assert fronts == [True, False, True]


def test_a_layout_that_is_restored_makes_what_it_shows(qtbot: QtBot) -> None:
    def window_with_dock() -> tuple[QMainWindow, Dock]:
        window = QMainWindow()
        qtbot.addWidget(window)
        dock = Dock("notes", "Notes", lambda: panel_of("inside"), window)
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        dock.hide()
        return window, dock

    first, shown = window_with_dock()
    shown.show()
    second, dock = window_with_dock()
    assert dock.widget() is None
    assert second.restoreState(first.saveState())
    assert dock.widget() is not None


def test_tab_goes_from_the_dock_through_its_panel_to_what_was_added_after_it(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    before, after = QLineEdit(), QLineEdit()
    before.setObjectName("before")
    after.setObjectName("after")
    room = QWidget()
    row = QVBoxLayout(room)
    row.addWidget(before)
    window.setMenuWidget(room)
    dock = Dock("notes", "Notes", lambda: panel_of("first", "second", "third"), window)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    dock.hide()
    window.setCentralWidget(after)
    with qtbot.waitActive(window):
        window.show()
    dock.show()
    before.setFocus()
    order = []
    for _ in range(5):
        focused = QApplication.focusWidget()
        assert focused is not None
        order.append(focused.objectName())
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert order == ["before", "first", "second", "third", "after"]
