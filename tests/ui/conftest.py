"""Fixtures that give every test of the window fresh settings and fail one that leaves something behind."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from ui.app import App
from ui.desk.job_runner import running_threads
from ui.settings_store import SettingsStore
from ui.theme import apply_theme


@pytest.fixture(autouse=True)
def fresh_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point every settings file into this test's own folder, and return the folder."""
    folder = tmp_path / "settings"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    return folder


@pytest.fixture
def app(qtbot: QtBot, qapp: QApplication) -> Iterator[App]:
    """The whole program, its window shown, without a picture."""
    apply_theme(qapp, "light")
    app = App(SettingsStore())
    qtbot.addWidget(app.window)
    with qtbot.waitExposed(app.window):
        app.window.show()
    yield app
    app.end()
    app.shutdown()
    app.deleteLater()
    apply_theme(qapp, "light")


@pytest.fixture(scope="package", autouse=True)
def no_garbage_is_collected_by_chance() -> Iterator[None]:
    """Let no moment of a test be the one in which the widgets of those before it are destroyed."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_is_left_behind(qapp: QApplication) -> Iterator[None]:
    """Fail a test after which a thread still runs or a window is still there."""
    threads = set(threading.enumerate())
    windows = set(_windows())
    yield
    gc.collect()
    # What has survived need not be looked through again after each of the tests that follow.
    gc.freeze()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        qapp.processEvents()
        if not running_threads() and not set(_windows()) - windows and not _new_threads(threads):
            return
        time.sleep(0.01)
    left = [*map(repr, _new_threads(threads)), *map(repr, set(_windows()) - windows)]
    pytest.fail(f"left behind: {running_threads()} job threads, {', '.join(left)}")


def _new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    """Return Python threads started since that would keep the process alive.

    A thread that Qt started is listed as a dummy for good once it has logged something.
    """
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and not thread.daemon and not isinstance(thread, threading._DummyThread)
    ]


def _windows() -> list[QWidget]:
    """Return the top-level widgets, without the context menus that pyqtgraph makes without a parent."""
    return [
        widget
        for widget in QApplication.topLevelWidgets()
        if not type(widget).__module__.startswith("pyqtgraph") and type(widget).__name__ != "QMenu"
    ]
