"""The laboratory beside the other desks: reached by its button, with the pixels of the photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from gmmseg.laboratory.pages.em import EmPage
from tests.ui.driving import blobs, drop, mime_of, write_png
from ui.app import App
from ui.laboratory.desk import LaboratoryDesk


def test_the_pixels_of_the_photo_are_seen_in_the_laboratory(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    drop(app.window, mime_of(write_png(tmp_path / "bands.png")))
    workspace = app.photo.work.workspace

    def is_fitted() -> bool:
        return workspace.document.fit is not None and workspace.shown.table is not None

    qtbot.waitUntil(is_fitted, timeout=20_000)
    mode = app.window.findChild(QAction, "mode_laboratory")
    assert mode is not None
    mode.trigger()
    desk = app._desk
    assert isinstance(desk, LaboratoryDesk)
    assert "Likelihood" in app.window.windowTitle()
    desk.open_page("em")
    desk.actions["photo_pixels"].trigger()
    qtbot.waitUntil(lambda: desk.work.workspace.document.data is not None)
    page = desk.work.workspace.document.page
    assert isinstance(page, EmPage)
    assert page.data.n_rows == 60 * 80
    assert page.data.columns == workspace.shown.table.names  # type: ignore[union-attr]
    means = blobs().reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(page.data.values.mean(axis=0), means, atol=0.5)
    assert page.act("step").scene().sentence
