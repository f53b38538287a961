"""The images opened together as a list with states, and the other images of a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from gmmseg.control import result_of
from gmmseg.io.export_items import ExportItem
from gmmseg.io.images import read_image
from gmmseg.io.projects.file.writing import save_events
from gmmseg.photo.document import change_setting, rename_class
from gmmseg.photo.objects.edits import add_object
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.project import PhotoProject
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


@pytest.mark.slow
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


def marked(window: Window) -> int:
    return int(np.count_nonzero(window.shown.document.object_map.ids.read()))


def go(window: Window, key: Qt.Key, name: str) -> None:
    QTest.keyClick(window.app.window, key)
    window.qtbot.waitUntil(lambda: name_of(window) == name, timeout=20000)
    window.wait()


@pytest.mark.slow
def test_work_is_there_again_where_one_goes_back_and_projects_beside_images_are_opened(
    window: Window, tmp_path: Path
) -> None:
    paths = [write_png(tmp_path / f"{name}.png") for name in "ab"]
    drop(window.app.window, mime_of(*paths))
    window.qtbot.waitUntil(lambda: name_of(window) == "a.png", timeout=20000)
    window.wait()
    go(window, Qt.Key.Key_PageDown, "b.png")
    go(window, Qt.Key.Key_PageUp, "a.png")
    window.work.apply(add_object(Patch.of(np.ones((3, 4), dtype=bool), 2, 2), "kept"))
    window.work.settle()
    go(window, Qt.Key.Key_PageDown, "b.png")
    assert marked(window) == 0
    assert rows(window) == [("a.png", "Corrected"), ("b.png", "Fitted")]
    go(window, Qt.Key.Key_PageUp, "a.png")
    assert marked(window) == 12
    assert window.app.photo.has_unsaved
    assert "a.png (1 of 2)" in window.app.window.windowTitle()
    keeper = window.app.photo._keeper
    with window.qtbot.waitSignal(keeper.saved, timeout=20000):
        keeper.save(tmp_path / "a.gmmseg")
    assert "a.gmmseg (1 of 2)" in window.app.window.windowTitle()
    go(window, Qt.Key.Key_PageDown, "b.png")
    go(window, Qt.Key.Key_PageUp, "a.png")
    assert marked(window) == 12
    assert keeper.path == tmp_path / "a.gmmseg"
    assert not window.app.photo.has_unsaved


@pytest.mark.slow
def test_files_that_were_named_in_the_folder_at_hand_are_gone_through_alike(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        write_png(tmp_path / f"{name}.png")
    monkeypatch.chdir(tmp_path)
    window.work.opener.open_paths([Path("a.png"), Path("b.png")])
    window.qtbot.waitUntil(lambda: name_of(window) == "a.png", timeout=20000)
    window.wait()
    window.work.apply(add_object(Patch.of(np.ones((3, 4), dtype=bool), 2, 2), "kept"))
    window.work.settle()
    go(window, Qt.Key.Key_PageDown, "b.png")
    go(window, Qt.Key.Key_PageUp, "a.png")
    assert marked(window) == 12
    assert "a.png (1 of 2)" in window.app.window.windowTitle()
    go(window, Qt.Key.Key_PageDown, "b.png")


@pytest.mark.slow
def test_a_project_beside_one_of_several_images_is_opened_unless_it_is_about_another(
    window: Window, tmp_path: Path
) -> None:
    paths = [write_png(tmp_path / f"{name}.png") for name in "abc"]
    mark = add_object(Patch.of(np.ones((3, 4), dtype=bool), 2, 2), "there")
    project = PhotoProject.of_image(read_image(paths[1])).edited(mark)
    for name in "bc":
        result_of(save_events(project, tmp_path / f"{name}.gmmseg"))
    drop(window.app.window, mime_of(*paths))
    window.qtbot.waitUntil(lambda: name_of(window) == "a.png", timeout=20000)
    window.wait()
    go(window, Qt.Key.Key_PageDown, "b.png")
    assert marked(window) == 12
    go(window, Qt.Key.Key_PageDown, "c.png")
    assert marked(window) == 0
