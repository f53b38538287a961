"""Helpers that use the real window as its user does: keys, clicks, drops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from ui.app import App
from ui.photo.work import PhotoWork
from ui.widgets.throttle import Throttle


def blobs(height: int = 60, width: int = 80, seed: int = 0) -> np.ndarray:
    """Return a noisy (H, W, 3) uint8 picture of three vertical bands."""
    rng = np.random.default_rng(seed)
    colours = np.array([[200, 40, 40], [40, 180, 60], [50, 60, 210]])
    bands = colours[(3 * np.arange(width)) // width]
    noisy = bands[None] + rng.normal(0, 12, (height, width, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def write_png(path: Path, pixels: np.ndarray | None = None) -> Path:
    """Write a picture and return its path."""
    PillowImage.fromarray(blobs() if pixels is None else pixels).save(path)
    return path


def mime_of(*urls: str | Path) -> QMimeData:
    """Return what a file manager hands over for files, or a browser for addresses."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(u)) if isinstance(u, Path) else QUrl(u) for u in urls])
    return data


def drop(window: QWidget, data: QMimeData) -> None:
    """Drag data over the middle of a window and let it fall."""
    at = QPoint(window.width() // 2, window.height() // 2)
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(at, Qt.DropAction.CopyAction, data, buttons, keys)
    QApplication.sendEvent(window, entering)
    assert entering.isAccepted()
    falling = QDropEvent(QPointF(at), Qt.DropAction.CopyAction, data, buttons, keys)
    QApplication.sendEvent(window, falling)


def arrange(app: App, name: str) -> None:
    """Use an arrangement of the photo desk in a window with room for all of its docks."""
    app.window.resize(1600, 1000)
    app.photo.arrange(name)


def has_final_map(work: PhotoWork) -> bool:
    """Whether the map on screen is the wanted one: of the document's fit, by region where that is chosen."""
    shown = work.workspace.shown
    document, regions = shown.document, shown.regions
    if document.image is None or shown.segmentation is None or document.is_stale or shown.is_preview:
        return False
    has_cut = regions is not None and regions.settings == document.region_settings
    is_idle = not work.fitter.runner.is_running and not work.region_maker.runner.is_running
    is_current = work.workspace.map_classes.is_current(document.image, shown.segmentation)
    return (has_cut or document.map_settings.by == "pixel") and is_idle and is_current


def is_settled(app: App) -> bool:
    """Whether the screen shows the document's own fit and nothing runs."""
    shown = app.photo.work.workspace.shown
    return (
        shown.document.image is not None
        and not shown.document.is_stale
        and shown.segmentation is not None
        and not shown.is_preview
        and not app.photo.work.fitter.is_fitting
        and not app.photo.work.fitter.runner.is_running
    )


def wait_for_map(app: App, qtbot: QtBot) -> None:
    """Wait until the map on screen is the one by region of the classes as they are."""
    qtbot.waitUntil(lambda: has_final_map(app.photo.work), timeout=30000)


def wait_for_fit(app: App, qtbot: QtBot) -> None:
    """Wait until the screen shows the document's own fit and nothing runs."""
    qtbot.waitUntil(lambda: is_settled(app), timeout=20000)


def redraw(panel: QWidget) -> None:
    """Let a panel draw now all that its throttles have put off."""
    throttles = panel.findChildren(Throttle)
    for throttle in throttles:
        throttle._timer.setInterval(0)
    while any(throttle._timer.isActive() for throttle in throttles):
        QTest.qWait(1)
    QTest.qWait(1)
