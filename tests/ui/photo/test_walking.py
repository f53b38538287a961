"""EM by hand in the window: buttons, the picture that follows, and the way back to the fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget, QFileDialog
from pytestqt.qtbot import QtBot

from gmmseg.arrays import AnyArray
from gmmseg.photo.walking import Move
from tests.ui.driving import drop, mime_of, wait_for_fit, wait_for_map, write_png
from tests.ui.test_app import labels, type_k
from ui.app import App


@pytest.fixture
def fitted(app: App, qtbot: QtBot, tmp_path: Path) -> App:
    drop(app.window, mime_of(write_png(tmp_path / "bands.png")))
    wait_for_fit(app, qtbot)
    wait_for_map(app, qtbot)
    dock = app.window.findChild(QDockWidget, "convergenceDock")
    assert dock is not None
    dock.show()
    dock.raise_()
    return app


def press(app: App, qtbot: QtBot, move: Move) -> None:
    """Click a button of the walk and wait until the move is made."""
    bar, workspace = app.photo.panels.convergence.walk, app.photo.work.workspace
    assert bar.buttons[move].isEnabled()
    before = workspace.shown.walk
    QTest.mouseClick(bar.buttons[move], Qt.MouseButton.LeftButton)
    runner = app.photo.work.walker.runner
    qtbot.waitUntil(lambda: workspace.shown.walk is not before and not runner.is_running)


def test_half_steps_move_picture_figures_and_buttons(fitted: App, qtbot: QtBot) -> None:
    panel, workspace = fitted.photo.panels.convergence, fitted.photo.work.workspace
    assert not panel.walk.buttons["E"].isVisibleTo(panel)
    press(fitted, qtbot, "start")
    assert [move for move, button in panel.walk.buttons.items() if button.isEnabled()] == [
        "start",
        "E",
        "run",
    ]
    shots: list[AnyArray] = []
    for at in range(3):
        press(fitted, qtbot, "E")
        assert workspace.shown.caption == f"E-step {at + 1}"
        assert workspace.shown.is_preview
        shots.append(labels(fitted))
        press(fitted, qtbot, "M")
        np.testing.assert_array_equal(labels(fitted), shots[-1])
        assert len(workspace.shown.steps) == at + 2
    qtbot.waitUntil(lambda: "next: E" in panel.reason.text())
    assert "ΔQ" in panel.reason.text()
    press(fitted, qtbot, "back")
    assert len(workspace.shown.steps) == 3
    assert panel.walk.buttons["M"].isEnabled()
    press(fitted, qtbot, "run")
    walk = workspace.shown.walk
    assert walk is not None
    assert walk.ended == "bound"
    qtbot.waitUntil(lambda: "At rest" in panel.reason.text())
    assert not panel.walk.buttons["run"].isEnabled()


@pytest.mark.slow
def test_leaving_brings_the_fit_back(fitted: App, qtbot: QtBot) -> None:
    workspace = fitted.photo.work.workspace
    fit, before = workspace.document.fit, labels(fitted)
    assert fit is not None
    press(fitted, qtbot, "start")
    press(fitted, qtbot, "E")
    QTest.mouseClick(fitted.photo.panels.convergence.walk.leave_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not workspace.shown.is_preview)
    assert workspace.shown.walk is None
    assert workspace.shown.steps is fit.result.history
    assert workspace.document.fit is fit
    np.testing.assert_array_equal(labels(fitted), before)


@pytest.mark.slow
def test_a_new_setting_ends_the_walk(fitted: App, qtbot: QtBot) -> None:
    press(fitted, qtbot, "start")
    press(fitted, qtbot, "E")
    type_k(fitted, "2")
    wait_for_fit(fitted, qtbot)
    workspace = fitted.photo.work.workspace
    qtbot.waitUntil(lambda: workspace.shown.walk is None)
    assert workspace.document.fit is not None
    assert workspace.document.fit.result.params.n_components == 2


@pytest.mark.slow
def test_every_iteration_of_the_fit_is_exported_as_an_animation(
    fitted: App, qtbot: QtBot, tmp_path: Path
) -> None:
    fit = fitted.photo.work.workspace.document.fit
    assert fit is not None
    fitted.photo.actions["export_animation"].trigger()
    dialog = fitted.window.findChild(QFileDialog, "animationDialog")
    assert dialog is not None
    path = tmp_path / "em.apng"
    with qtbot.waitSignal(fitted.photo.work.exporter.finished, timeout=20000):
        dialog.fileSelected.emit(str(path))
    dialog.close()
    with Pillow.open(path) as picture:
        assert picture.n_frames == len(fit.result.history)  # type: ignore[attr-defined]
