"""What is loaded and made ahead: when it begins, what puts it off, and what ends it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QMainWindow
from pytestqt.qtbot import QtBot

from ui.app import App
from ui.desk.ahead import REST_MS, Ahead
from ui.widgets.dock import Dock


class Maker:
    """Two loads and three steps, with a log of what was done in which thread."""

    def __init__(self, window: QMainWindow) -> None:
        self.done: list[str] = []
        self.threads: list[bool] = []
        self.is_busy = False
        self.ahead = Ahead(
            window, lambda: self.is_busy, lambda: [self._load, self._load], self._steps, window
        )

    def _load(self) -> None:
        self._note("load")

    def _steps(self) -> Iterator[None]:
        for _ in range(3):
            self._note("step")
            yield

    def _note(self, what: str) -> None:
        self.done.append(what)
        self.threads.append(threading.current_thread() is threading.main_thread())


@pytest.fixture
def maker(qtbot: QtBot) -> Iterator[Maker]:
    window = QMainWindow()
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    made = Maker(window)
    yield made
    assert made.ahead.shutdown()


def window_of(maker: Maker) -> QMainWindow:
    window = maker.ahead.parent()
    assert isinstance(window, QMainWindow)
    return window


def test_modules_are_loaded_in_a_thread_and_then_widgets_made_in_the_windows(
    qtbot: QtBot, maker: Maker
) -> None:
    maker.ahead.begin()
    assert not maker.done
    qtbot.waitUntil(lambda: maker.ahead.is_over)
    assert maker.done == ["load", "load", "step", "step", "step"]
    assert maker.threads == [False, False, True, True, True]


def test_nothing_begins_while_there_is_work_or_a_dialog(qtbot: QtBot, maker: Maker) -> None:
    maker.is_busy = True
    maker.ahead.begin()
    qtbot.wait(2 * REST_MS)
    assert not maker.done
    dialog = QDialog(window_of(maker))
    dialog.open()
    maker.is_busy = False
    qtbot.wait(2 * REST_MS)
    assert not maker.done
    dialog.close()
    qtbot.waitUntil(lambda: maker.ahead.is_over)


def test_input_interrupts_the_steps_until_the_next_rest(
    qtbot: QtBot, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = window_of(maker)

    def steps() -> Iterator[None]:
        maker.done.append("first")
        QTest.mouseMove(window.windowHandle(), QPoint(20, 20))
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_A)
        yield
        maker.done.append("second")
        yield

    monkeypatch.setattr(maker.ahead, "_make", steps)
    maker.ahead.begin()
    qtbot.waitUntil(lambda: "first" in maker.done)
    qtbot.wait(REST_MS // 2)
    assert "second" not in maker.done
    qtbot.waitUntil(lambda: maker.ahead.is_over)
    assert maker.done == ["load", "load", "first", "second"]


def test_a_load_that_fails_ends_it(qtbot: QtBot, maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ImportError

    monkeypatch.setattr(maker.ahead, "_loads", lambda: [fail])
    maker.ahead.begin()
    qtbot.waitUntil(lambda: maker.ahead.is_over)
    assert not maker.done


def test_no_dock_lacks_its_panel_after_a_rest_and_none_is_shown_by_that(qtbot: QtBot, app: App) -> None:
    docks = app.window.findChildren(Dock)
    shown = [dock for dock in docks if not dock.isHidden()]
    assert not all(dock.widget() for dock in docks)
    app.begin([])
    qtbot.waitUntil(lambda: app.ahead.is_over, timeout=60_000)
    assert app.photo.work.workspace.shown.segmentation is not None
    assert all(dock.widget() for dock in docks)
    assert [dock for dock in docks if not dock.isHidden()] == shown


@pytest.mark.slow
@pytest.mark.parametrize("n_made", [0, 1, 3])
def test_the_window_may_close_while_panels_are_made(qtbot: QtBot, app: App, n_made: int) -> None:
    late = [dock for dock in app.window.findChildren(Dock) if dock.widget() is None]
    app.begin([])
    qtbot.waitUntil(lambda: sum(dock.widget() is not None for dock in late) >= n_made, timeout=60_000)
    app.end()
    n_then = sum(dock.widget() is not None for dock in late)
    qtbot.wait(2 * REST_MS)
    assert sum(dock.widget() is not None for dock in late) == n_then < len(late)
