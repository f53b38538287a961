"""Messages are said in a bar: what is wrong, what helps, and a button that does it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gmmseg.control import Progress
from ui.widgets.message_bar import MessageBar, MessageStack
from ui.widgets.progress import ProgressIndicator


@pytest.fixture
def bar(qtbot: QtBot) -> MessageBar:
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.resize(600, 40)
    return bar


def test_there_is_no_bar_while_there_is_nothing_to_say(bar: MessageBar) -> None:
    assert bar.isHidden()
    bar.show_message("Too large. Choose a smaller image.")
    assert not bar.isHidden()
    assert bar.text == "Too large. Choose a smaller image."
    bar.clear()
    assert bar.isHidden()
    assert bar.text == ""


def test_the_button_helps_once_and_takes_the_message_away(bar: MessageBar) -> None:
    helped: list[str] = []
    bar.show_message("Failed.", "error", "Undo the change", lambda: helped.append("undone"))
    button = bar.findChild(QPushButton, "messageButton")
    assert button is not None
    assert button.text() == "Undo the change"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert helped == ["undone"]
    assert bar.isHidden()


def test_a_message_without_help_has_no_button_left_from_the_one_before(bar: MessageBar) -> None:
    bar.show_message("Failed.", "error", "Undo", lambda: None)
    bar.show_message("Only a note.", "note")
    button = bar.findChild(QPushButton, "messageButton")
    assert button is not None
    assert button.isHidden()


def test_a_file_name_is_shown_as_it_is_not_as_markup(bar: MessageBar) -> None:
    bar.show_message("“<b>bold</b>.png” does not exist.")
    label = bar.findChild(QLabel, "messageText")
    assert label is not None
    assert label.textFormat() is Qt.TextFormat.PlainText


def test_closing_it_is_told(bar: MessageBar, qtbot: QtBot) -> None:
    bar.show_message("Hint.", "hint")
    close = bar.findChild(QToolButton, "messageClose")
    assert close is not None
    assert close.accessibleName()
    with qtbot.waitSignal(bar.dismissed, timeout=500):
        QTest.mouseClick(close, Qt.MouseButton.LeftButton)
    assert bar.isHidden()


def test_progress_shows_only_work_that_takes_a_while_and_can_stop_it(qtbot: QtBot) -> None:
    indicator = ProgressIndicator()
    qtbot.addWidget(indicator)
    indicator.show_progress(Progress("Reading", 0.25))
    indicator.finish()
    qtbot.wait(250)
    assert indicator.isHidden()
    indicator.show_progress(Progress("Reading", 0.25))
    qtbot.waitUntil(lambda: indicator.isVisible())
    bar = indicator.findChild(QProgressBar)
    assert bar is not None
    assert bar.value() / bar.maximum() == 0.25
    stop = indicator.findChild(QToolButton, "progressStop")
    assert stop is not None
    with qtbot.waitSignal(indicator.stop_requested, timeout=500):
        QTest.mouseClick(stop, Qt.MouseButton.LeftButton)
    indicator.show_progress(Progress("Fitting"))
    assert bar.maximum() == 0


def test_of_several_bars_the_first_with_a_message_is_shown_and_the_others_wait(qtbot: QtBot) -> None:
    errors, hints = MessageBar(), MessageBar()
    stack = MessageStack([errors, hints])
    qtbot.addWidget(stack)
    window = QWidget()
    qtbot.addWidget(window)
    stack.setParent(window)
    window.show()
    assert not stack.isVisible()
    hints.show_message("Click an object", "hint")
    assert stack.isVisible()
    assert hints.isVisible()
    errors.show_message("It cannot be read.")
    assert errors.isVisible()
    assert not hints.isVisible()
    hints.show_message("Press Enter", "hint")
    assert not hints.isVisible()
    errors.clear()
    assert hints.isVisible()
    assert hints.text == "Press Enter"
    hints.clear()
    assert not stack.isVisible()
