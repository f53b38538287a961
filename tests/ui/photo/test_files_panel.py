"""The images opened together as a list with states, and the other images of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from gmmseg.io.export_items import ExportItem
from gmmseg.photo.document import change_setting, rename_class
from tests.ui.driving import drop, mime_of, write_png
from tests.ui.photo.test_map_by_region import Window, window
from ui.widgets.text_table import TextTable

__all__ = ["window"]


def table(window: Window) -> TextTable:
    found = window.app.photo.panels.files.findChild(TextTable, "filesTable")
    assert found is not None
    return found


def rows(window: Window) -> list[tuple[str, ...]]:
    return table(window).texts.rows


def name_of(window: Window) -> str:
    image = window.shown.document.image
    assert image is not None
    return image.source.name


@pytest.mark.slow
def test_states_follow_the_work_on_each_file(window: Window, tmp_path: Path) -> None:
    window.work.apply(change_setting("smooth", 0.5, "Smooth"))
    paths = [write_png(tmp_path / f"{name}.png") for name in "abc"]
    drop(window.app.window, mime_of(*paths))
    window.qtbot.waitUntil(lambda: name_of(window) == "a.png", timeout=20000)
    window.wait()
    assert rows(window) == [("a.png", "Fitted"), ("b.png", "Not started"), ("c.png", "Not started")]
    window.work.apply(rename_class(1, "Sky"))
    assert rows(window)[0] == ("a.png", "Corrected")
    with window.qtbot.waitSignal(window.work.exporter.finished, timeout=20000):
        window.work.exporter.write(window.shown, [ExportItem(tmp_path / "mask.png", "mask")])
    assert rows(window)[0] == ("a.png", "Exported")
    window.work.apply(rename_class(1, "Sea"))
    assert rows(window)[0] == ("a.png", "Corrected")
    # A double click opens another one, with the same settings.
    table(window).activated.emit(table(window).texts.index(2, 0))
    window.qtbot.waitUntil(lambda: name_of(window) == "c.png", timeout=20000)
    window.wait()
    assert [state for _, state in rows(window)] == ["Corrected", "Not started", "Fitted"]
    assert window.shown.document.settings.smooth == 0.5


@pytest.mark.slow
def test_what_changes_while_files_are_written_is_not_exported(window: Window, tmp_path: Path) -> None:
    paths = [write_png(tmp_path / f"{name}.png") for name in "ab"]
    drop(window.app.window, mime_of(*paths))
    window.qtbot.waitUntil(lambda: name_of(window) == "a.png", timeout=20000)
    window.wait()
    with window.qtbot.waitSignal(window.work.exporter.finished, timeout=20000):
        window.work.exporter.write(window.shown, [ExportItem(tmp_path / "mask.png", "mask")])
        window.work.apply(rename_class(1, "Sky"))
    assert [state for _, state in rows(window)] == ["Corrected", "Not started"]
    before = window.shown
    table(window).activated.emit(table(window).texts.index(1, 0))
    window.qtbot.waitUntil(lambda: name_of(window) == "b.png", timeout=20000)
    window.wait()
    with window.qtbot.waitSignal(window.work.exporter.finished, timeout=20000):
        window.work.exporter.write(before, [ExportItem(tmp_path / "again.png", "mask")])
    assert [state for _, state in rows(window)] == ["Exported", "Fitted"]


def test_the_other_images_of_the_folder_are_next_and_previous(window: Window, tmp_path: Path) -> None:
    for name in ("aaa", "zzz"):
        write_png(tmp_path / f"{name}.png")
    actions = window.app.photo.actions
    assert not actions["next_image"].isEnabled()
    assert rows(window) in ([], [("bands.png", "Fitted")])
    actions["list_folder"].trigger()
    window.qtbot.waitUntil(actions["next_image"].isEnabled, timeout=20000)
    assert [name for name, _ in rows(window)] == ["aaa.png", "bands.png", "zzz.png"]
    assert "bands.png (2 of 3)" in window.app.window.windowTitle()
    menu = window.app.window.findChild(QMenu, "filesMenu")
    assert menu is not None
    assert len([entry for entry in menu.actions() if entry.isCheckable()]) == 3
    QTest.keyClick(window.app.window, Qt.Key.Key_PageUp)
    window.qtbot.waitUntil(lambda: name_of(window) == "aaa.png", timeout=20000)
    window.wait()
