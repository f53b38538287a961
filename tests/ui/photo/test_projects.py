"""Projects in the window: saved, opened again as they were, asked about before they are lost."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

import gmmseg
from gmmseg.batch.documents import WITHOUT_PIXELS, Subject
from gmmseg.io.export_items import SUFFIXES, ExportItem, ExportKind
from gmmseg.io.lock import Holder
from gmmseg.io.projects.journal.reading import look_into
from gmmseg.photo.document import change_setting, rename_class
from gmmseg.photo.objects.edits import add_object, rename_objects
from gmmseg.photo.objects.patch import brushed
from tests.data.projects.build import assert_same
from tests.ui.driving import blobs, drop, mime_of, write_png
from ui.app import App
from ui.desk import journaling
from ui.dialogs.recover import RecoverDialog
from ui.dialogs.unsaved import UnsavedDialog
from ui.photo.export_dialog import ExportDialog
from ui.settings_store import SettingsStore

ROOT = Path(__file__).parents[3]
CONTROL = Qt.KeyboardModifier.ControlModifier


def is_settled(app: App) -> bool:
    shown = app.photo.work.workspace.shown
    is_quiet = not app.photo.work.fitter.runner.is_running and not app.photo.work.reads.is_running
    return is_quiet and shown.segmentation is not None and not shown.is_preview


def open_in(app: App, qtbot: QtBot, path: Path) -> None:
    before = app.photo.work.workspace.document
    drop(app.window, mime_of(path))
    qtbot.waitUntil(lambda: app.photo.work.workspace.document is not before, timeout=10000)
    qtbot.waitUntil(lambda: is_settled(app), timeout=20000)


def mark(app: App, name: str = "cat", at: float = 20.0) -> None:
    app.photo.work.apply(add_object(brushed([(at, 20.0)], 8.0, (60, 80)), name))
    app.photo.work.settle()


def press(app: App, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    app.window.activateWindow()
    QTest.qWait(1)
    held = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        held |= modifier
    QTest.keyClick(app.window, key, held)


def choose(app: App, name: str, path: Path) -> None:
    """Give a file dialog its answer."""
    dialog = app.window.findChild(QFileDialog, name)
    assert dialog is not None
    dialog.fileSelected.emit(str(path))
    dialog.close()


def save_as(app: App, qtbot: QtBot, path: Path) -> None:
    press(app, Qt.Key.Key_S, CONTROL, Qt.KeyboardModifier.ShiftModifier)
    with qtbot.waitSignal(app.photo.work.keeper.saved, timeout=10000):
        choose(app, "saveDialog", path)


@pytest.fixture
def marked(app: App, qtbot: QtBot, tmp_path: Path) -> App:
    """The window with a photo, fitted, with one object and a class of its own name."""
    open_in(app, qtbot, write_png(tmp_path / "photo.png"))
    mark(app)
    app.photo.work.apply(rename_class(2, "meadow"))
    return app


def test_what_the_window_saves_scripts_open_and_the_other_way_round(
    marked: App, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "work.gmmseg"
    assert marked.window.windowTitle().startswith("photo.png[*]")
    assert marked.window.isWindowModified()
    save_as(marked, qtbot, path)
    assert marked.window.windowTitle().startswith("work.gmmseg[*]")
    assert not marked.window.isWindowModified()
    project = gmmseg.open_project(path)
    assert project.names == {1: "cat"}
    assert project.fit is not None
    changed = project.with_object(np.tri(60, 80, -30), "corner")
    gmmseg.save_project(changed, path)
    open_in(marked, qtbot, path)
    workspace = marked.photo.work.workspace
    assert_same(workspace.document, gmmseg.open_project(path).document)
    assert not marked.window.isWindowModified()
    # Its maps are made of the fit that was stored, which is not made again.
    assert not workspace.document.is_stale
    assert [entry.title for entry in workspace.history.past] == ["", "Add cat", "Rename to meadow"]
    workspace.undo()
    assert {entry.name for entry in workspace.document.object_map} == {"cat"}
    assert marked.window.isWindowModified()
    workspace.redo()
    assert not marked.window.isWindowModified()


def test_ctrl_s_writes_into_the_same_file_and_keeps_a_backup(
    marked: App, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "work.gmmseg"
    save_as(marked, qtbot, path)
    marked.photo.work.apply(rename_objects([1], "katze"))
    assert marked.window.isWindowModified()
    marked.window.statusBar().clearMessage()
    with qtbot.waitSignal(marked.photo.work.keeper.saved, timeout=10000):
        press(marked, Qt.Key.Key_S, CONTROL)
    assert marked.window.statusBar().currentMessage() == "Saved “work.gmmseg”."
    assert gmmseg.open_project(path).names == {1: "katze"}
    assert gmmseg.open_project(f"{path}~1").names == {1: "cat"}
    assert marked.store.recent_files()[0] == path


def test_a_name_is_asked_for_with_the_images_own_beside_it(marked: App, tmp_path: Path) -> None:
    press(marked, Qt.Key.Key_S, CONTROL)
    dialog = marked.window.findChild(QFileDialog, "saveDialog")
    assert dialog is not None
    assert dialog.selectedFiles() == [str(tmp_path / "photo.gmmseg")]
    dialog.reject()
    assert marked.window.isWindowModified()
    assert not list(tmp_path.glob("*.gmmseg"))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.slow
def test_a_save_that_fails_leaves_file_star_and_document_as_they_were(
    marked: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    path = tmp_path / "work.gmmseg"
    save_as(marked, qtbot, path)
    before = path.read_bytes()
    mark(marked, "dog", 50.0)
    document = marked.photo.work.workspace.document

    def refuse(*arguments: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with qtbot.waitSignal(marked.photo.work.keeper.failed, timeout=10000):
        press(marked, Qt.Key.Key_S, CONTROL)
    monkeypatch.undo()
    assert "“work.gmmseg” cannot be written" in marked.window.errors.text
    assert path.read_bytes() == before
    assert marked.window.isWindowModified()
    assert marked.photo.work.workspace.document is document
    visible = [each.name for each in tmp_path.iterdir() if each.is_file() and each.name[0] != "."]
    assert sorted(visible) == ["photo.png", "work.gmmseg"]


def test_a_folder_that_has_vanished_is_said(marked: App, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    save_as(marked, qtbot, tmp_path / "gone" / "work.gmmseg")
    qtbot.waitUntil(lambda: (tmp_path / "gone" / ".work.gmmseg.journal.png").exists())
    shutil.rmtree(tmp_path / "gone")
    mark(marked, "dog", 50.0)
    with qtbot.waitSignal(marked.photo.work.keeper.failed, timeout=10000):
        press(marked, Qt.Key.Key_S, CONTROL)
    assert "does not exist" in marked.window.errors.text
    assert marked.window.isWindowModified()


def test_a_save_that_fails_locks_nothing(marked: App, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "folder.gmmseg").mkdir()
    press(marked, Qt.Key.Key_S, CONTROL)
    with qtbot.waitSignal(marked.photo.work.keeper.failed, timeout=10000):
        choose(marked, "saveDialog", tmp_path / "folder.gmmseg")
    assert "is a folder" in marked.window.errors.text
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


def test_an_image_that_is_gone_can_be_shown_the_way_to(marked: App, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    path = tmp_path / "kept" / "work.gmmseg"
    save_as(marked, qtbot, path)
    (tmp_path / "photo.png").rename(tmp_path / "moved.png")
    work = marked.photo.work
    with qtbot.waitSignal(work.opener.kept_read, timeout=10000):
        drop(marked.window, mime_of(path))
    assert "The image “photo.png” is not where it was" in marked.window.errors.text
    assert {entry.name for entry in work.workspace.document.object_map} == {"cat"}
    assert not marked.window.isWindowModified()
    # What is done meanwhile is not lost: it goes on with the image.
    mark(marked, "dog", 50.0)
    marked.window.errors.findChildren(QPushButton)[0].click()
    with qtbot.waitSignal(work.opener.subject_found, timeout=10000):
        choose(marked, "findDialog", tmp_path / "moved.png")
    qtbot.waitUntil(lambda: is_settled(marked), timeout=20000)
    image = work.workspace.document.image
    assert image is not None
    assert (np.asarray(image) == blobs()).all()
    assert {entry.name for entry in work.workspace.document.object_map} == {"cat", "dog"}
    assert not marked.photo.actions["find_subject"].isEnabled()
    assert marked.window.isWindowModified()
    (journal,) = journals(tmp_path)
    assert look_into(journal).n_steps == 1
    work.workspace.undo()
    assert not marked.window.isWindowModified()
    assert work.keeper.path == path


@pytest.mark.slow
def test_what_is_recovered_without_its_image_goes_on_once_that_is_found(
    marked: App, qtbot: QtBot, tmp_path: Path
) -> None:
    work = marked.photo.work
    qtbot.waitUntil(lambda: work.keeper.journaling.path is not None)
    (journal,) = journals(tmp_path)
    open_in(marked, qtbot, write_png(tmp_path / "next.png", blobs(seed=3)))
    (tmp_path / "photo.png").rename(tmp_path / "moved.png")
    with qtbot.waitSignal(work.opener.kept_read, timeout=10000):
        marked.photo.recover(journal)
    assert "Recovered “photo.png”" in marked.window.errors.text
    assert marked.photo.actions["find_subject"].isEnabled()
    marked.photo.actions["find_subject"].trigger()
    with qtbot.waitSignal(work.opener.failed, timeout=10000):
        choose(marked, "findDialog", write_png(tmp_path / "small.png", blobs()[:30]))
    assert "is another image than the project's" in marked.window.errors.text
    qtbot.waitUntil(lambda: marked.window.findChild(QFileDialog) is None)
    marked.photo.actions["find_subject"].trigger()
    with qtbot.waitSignal(work.opener.subject_found, timeout=10000):
        choose(marked, "findDialog", tmp_path / "moved.png")
    assert [entry.title for entry in work.workspace.history.entries][1:] == ["Add cat", "Rename to meadow"]
    qtbot.waitUntil(lambda: is_settled(marked), timeout=20000)
    qtbot.waitUntil(lambda: len(journals(tmp_path)) == 1, timeout=10000)
    again = look_into(journals(tmp_path)[0])
    assert again.project.image.source.name == "photo.png"
    assert not recovered_note(marked)


@pytest.mark.slow
def test_without_its_image_what_needs_no_pixels_is_written_the_same(
    marked: App, qtbot: QtBot, tmp_path: Path
) -> None:
    work, path = marked.photo.work, tmp_path / "work.gmmseg"
    save_as(marked, qtbot, path)

    def written(folder: Path, subject: Subject) -> dict[str, bytes]:
        folder.mkdir(exist_ok=True)
        items = [
            ExportItem(folder / f"{subject}.{kind}{SUFFIXES[kind][0]}", kind)
            for kind in WITHOUT_PIXELS[subject]
        ]
        with qtbot.waitSignal(work.exporter.finished, timeout=20000):
            work.exporter.write(work.workspace.shown, items, subject)
        return {
            str(each.relative_to(folder)): each.read_bytes()
            for each in folder.rglob("*")
            if each.is_file() and "report" not in each.name
        }

    subjects: tuple[Subject, ...] = ("classes", "objects")
    before = [written(tmp_path / "before", subject) for subject in subjects]
    (tmp_path / "photo.png").rename(tmp_path.parent / f"{tmp_path.name}.png")
    with qtbot.waitSignal(work.opener.kept_read, timeout=10000):
        drop(marked.window, mime_of(path))
    assert marked.photo.actions["find_subject"].isEnabled()
    assert not marked.photo.actions["run"].isEnabled()
    assert [written(tmp_path / "after", subject) for subject in subjects] == before
    assert (tmp_path / "after" / "objects.report.json").exists()
    refused: tuple[tuple[ExportKind, Subject], ...] = (
        ("overlay", "objects"), ("table", "objects"), ("mask", "classes"),
    )  # fmt: skip
    for kind, subject in refused:
        with qtbot.waitSignal(work.exporter.failed, timeout=10000):
            item = ExportItem(tmp_path / f"bad{SUFFIXES[kind][0]}", kind)
            work.exporter.write(work.workspace.shown, [item], subject)
        assert "is missing, and this is made of its pixels" in marked.window.errors.text
    assert not list(tmp_path.glob("bad*"))


def test_without_its_image_the_export_dialog_offers_what_can_be_written(
    marked: App, qtbot: QtBot, tmp_path: Path
) -> None:
    work, path = marked.photo.work, tmp_path / "work.gmmseg"
    save_as(marked, qtbot, path)
    (tmp_path / "photo.png").rename(tmp_path.parent / f"{tmp_path.name}.png")
    with qtbot.waitSignal(work.opener.kept_read, timeout=10000):
        drop(marked.window, mime_of(path))
    press(marked, Qt.Key.Key_E, CONTROL)
    dialog = marked.window.findChild(ExportDialog)
    assert dialog is not None
    note = dialog.findChild(QLabel, "export.missing")
    assert note is not None
    assert note.isVisible()
    assert dialog.subject == "objects"
    boxes = {row.kind: row.box for row in dialog._rows}
    assert {kind for kind, box in boxes.items() if box.isEnabled()} == set(WITHOUT_PIXELS["objects"]) - {
        "legend"
    }
    assert "image is missing" in boxes["overlay"].toolTip()
    assert dialog.kinds == ("mask",)
    dialog._subject.setCurrentIndex(0)
    assert {kind for kind, box in boxes.items() if box.isEnabled()} == {"model"}
    dialog.reject()
    for name in ("copy_command", "copy_python", "copy_object_cutout", "export_animation"):
        marked.window.errors.clear()
        marked.photo.actions[name].trigger()
        assert "is missing, and this is made of its pixels" in marked.window.errors.text


def recovered_note(app: App) -> bool:
    return "not saved yet" in app.window.errors.text


# Closing


def question_of(app: App) -> QMessageBox:
    dialog = app.window.findChild(UnsavedDialog)
    assert dialog is not None
    return dialog


def answer(app: App, button: QMessageBox.StandardButton) -> None:
    question_of(app).button(button).click()


def test_closing_with_work_that_is_not_saved_asks_once(marked: App, qtbot: QtBot, tmp_path: Path) -> None:
    marked.window.close()
    marked.window.close()
    assert len(marked.window.findChildren(UnsavedDialog)) == 1
    assert "“photo.png”" in question_of(marked).text()
    answer(marked, QMessageBox.StandardButton.Cancel)
    assert marked.window.isVisible()
    QTest.qWait(10)
    marked.window.close()
    answer(marked, QMessageBox.StandardButton.Discard)
    assert not marked.window.isVisible()
    assert not list(tmp_path.glob("*.gmmseg"))


def test_save_on_closing_saves_and_closes(marked: App, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "work.gmmseg"
    marked.window.close()
    answer(marked, QMessageBox.StandardButton.Save)
    choose(marked, "saveDialog", path)
    qtbot.waitUntil(lambda: not marked.window.isVisible(), timeout=10000)
    assert gmmseg.open_project(path).names == {1: "cat"}


def test_each_save_calls_back_when_its_own_file_is_written(marked: App, qtbot: QtBot, tmp_path: Path) -> None:
    keeper = marked.photo.work.keeper
    there: list[bool] = []
    keeper.save(tmp_path / "one.gmmseg")
    keeper.save(tmp_path / "two.gmmseg", lambda: there.append((tmp_path / "two.gmmseg").exists()))
    qtbot.waitUntil(lambda: bool(there), timeout=10000)
    qtbot.waitUntil(lambda: not keeper.runner.is_running, timeout=10000)
    assert there == [True]
    assert keeper.path == tmp_path / "two.gmmseg"


def test_saving_over_a_project_keeps_the_journal_that_a_window_left_there(
    marked: App, qtbot: QtBot, tmp_path: Path
) -> None:
    beside = tmp_path / ".work.gmmseg.journal"
    qtbot.waitUntil(lambda: marked.photo.work.keeper.journaling.path is not None)
    (own,) = journals(tmp_path)
    shutil.copy(own, beside)
    mark(marked, "dog", 50.0)
    save_as(marked, qtbot, tmp_path / "work.gmmseg")
    (kept,) = journals(tmp_path / "state" / "gmmseg" / "kept")
    assert [entry.name for entry in look_into(kept).project.document.object_map] == ["cat"]


def test_save_on_closing_that_fails_keeps_the_window_open(marked: App, qtbot: QtBot, tmp_path: Path) -> None:
    marked.window.close()
    answer(marked, QMessageBox.StandardButton.Save)
    with qtbot.waitSignal(marked.photo.work.keeper.failed, timeout=10000):
        choose(marked, "saveDialog", tmp_path / "missing" / "work.gmmseg")
    assert marked.window.isVisible()
    assert "cannot be written" in marked.window.errors.text


def test_settings_alone_are_nothing_to_lose(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    open_in(app, qtbot, write_png(tmp_path / "photo.png"))
    app.photo.work.apply(change_setting("mixture.n_components", 3, "K"))
    qtbot.waitUntil(lambda: is_settled(app), timeout=20000)
    assert not app.window.isWindowModified()
    app.window.close()
    assert not app.window.isVisible()


# The journal


def journals(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.journal"))


def test_every_change_is_in_the_journal_at_once(marked: App, qtbot: QtBot, tmp_path: Path) -> None:
    keeper = marked.photo.work.keeper
    qtbot.waitUntil(lambda: keeper.journaling.path is not None)
    (journal,) = journals(tmp_path / "state")
    workspace = marked.photo.work.workspace
    steps: tuple[Callable[[], object], ...] = (
        lambda: mark(marked, "dog", 50.0),
        workspace.undo,
        workspace.redo,
        lambda: workspace.go_to(0),
        lambda: mark(marked, "bird", 30.0),
        lambda: marked.photo.work.apply(change_setting("mixture.n_components", 2, "K")),
    )
    for step in steps:
        step()
        history = look_into(journal).project.history
        titles = [entry.title for entry in history.entries]
        assert titles == [entry.title for entry in workspace.history.entries]
        assert len(history.past) == len(workspace.history.past)
        assert_same(history.present.state.objects, workspace.document.objects)
    qtbot.waitUntil(lambda: is_settled(marked) and not workspace.document.is_stale, timeout=20000)
    fit = look_into(journal).project.document.fit
    assert fit is not None
    assert workspace.document.fit is not None
    assert_same(fit.result, workspace.document.fit.result)


def test_a_journal_with_a_large_beginning_grows_all_the_same(
    marked: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: marked.photo.work.keeper.journaling.path is not None)
    (path,) = journals(tmp_path)
    monkeypatch.setattr(journaling, "_MAX_BYTES", -1)
    mark(marked, "cow", 40.0)
    assert look_into(path).n_changes == 0
    monkeypatch.setattr(journaling, "_MAX_BYTES", path.stat().st_size // 2)
    mark(marked, "dog", 50.0)
    mark(marked, "bird", 65.0)
    assert look_into(path).n_changes == 2


def held_beginnings(app: App, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let journals begin in another thread, which goes on once the event that is returned is set."""
    is_let_on, keeping = threading.Event(), app.photo.work.keeper.keeping
    first_records = keeping.first_records

    def slow(*arguments: Any) -> Iterator[bytes]:
        for record in first_records(*arguments):
            yield record
            if threading.current_thread() is not threading.main_thread():
                is_let_on.wait(20)

    monkeypatch.setattr(keeping, "first_records", slow)
    monkeypatch.setattr(journaling, "_AT_ONCE", -1.0)
    return is_let_on


def test_a_large_journal_begins_in_the_background_and_nothing_is_lost_meanwhile(
    marked: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = marked.photo.work.keeper
    qtbot.waitUntil(lambda: keeper.journaling.path is not None)
    (before,) = journals(tmp_path)
    is_let_on = held_beginnings(marked, monkeypatch)
    path = tmp_path / "work.gmmseg"
    save_as(marked, qtbot, path)
    mark(marked, "dog", 50.0)
    # Until the new one is whole, the one before takes what is done.
    assert journals(tmp_path) == [before]
    assert look_into(before).project.names == {1: "cat", 2: "dog"}
    is_let_on.set()
    qtbot.waitUntil(lambda: journals(tmp_path) == [tmp_path / ".work.gmmseg.journal"], timeout=10000)
    mark(marked, "bird", 65.0)
    found = look_into(tmp_path / ".work.gmmseg.journal")
    assert found.project.names == {1: "cat", 2: "dog", 3: "bird"}
    assert found.saved is not None
    assert [entry.name for entry in found.saved.object_map] == ["cat"]


@pytest.mark.slow
def test_edits_while_a_first_journal_begins_are_kept_at_once(
    marked: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "work.gmmseg"
    save_as(marked, qtbot, path)
    open_in(marked, qtbot, write_png(tmp_path / "next.png", blobs(seed=3)))
    is_let_on = held_beginnings(marked, monkeypatch)
    keeper, workspace = marked.photo.work.keeper, marked.photo.work.workspace
    open_in(marked, qtbot, path)
    beside = tmp_path / ".work.gmmseg.journal"
    steps: tuple[Callable[[], object], ...] = (
        lambda: mark(marked, "dog", 50.0),
        lambda: mark(marked, "bird", 65.0),
        *(workspace.undo,) * 3,
        lambda: workspace.go_to(len(workspace.history.entries) - 1),
    )
    for step in steps:
        step()
        found = look_into(beside)
        assert_same(found.project.document.objects, workspace.document.objects)
        assert found.project.history.present.title == workspace.history.present.title
        assert found.path == path
        assert found.saved is not None
        assert found.has_something == marked.window.isWindowModified()
    # So it is with one that is begun after edits: it knows what is in the file.
    keeper.journaling.end(is_over=True)
    keeper._begin_journal()
    begun = look_into(beside)
    assert begun.saved is not None
    assert [entry.name for entry in begun.saved.object_map] == ["cat"]
    assert begun.has_something
    # It is taken for what it is: the work on what another photo takes the place of.
    open_in(marked, qtbot, write_png(tmp_path / "last.png", blobs(seed=4)))
    assert keeper.left[beside] is not None
    assert look_into(beside).has_something
    is_let_on.set()


def test_saving_moves_the_journal_beside_the_project_and_closing_removes_it(
    marked: App, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "work.gmmseg"
    qtbot.waitUntil(lambda: marked.photo.work.keeper.journaling.path is not None)
    save_as(marked, qtbot, path)
    assert journals(tmp_path) == [tmp_path / ".work.gmmseg.journal"]
    assert not look_into(tmp_path / ".work.gmmseg.journal").has_something
    mark(marked, "dog", 50.0)
    assert look_into(tmp_path / ".work.gmmseg.journal").has_something
    marked.photo.work.workspace.undo()
    marked.window.close()
    assert not marked.window.isVisible()
    qtbot.waitUntil(lambda: not [each for each in tmp_path.iterdir() if each.name.startswith(".work")])


def test_what_is_discarded_can_be_recovered(marked: App, qtbot: QtBot, tmp_path: Path) -> None:
    qtbot.waitUntil(lambda: marked.photo.work.keeper.journaling.path is not None)
    marked.window.close()
    answer(marked, QMessageBox.StandardButton.Discard)
    assert journals(tmp_path / "state" / "gmmseg" / "journals") == []
    (kept,) = journals(tmp_path / "state" / "gmmseg" / "kept")
    assert [entry.name for entry in look_into(kept).project.document.object_map] == ["cat"]


@pytest.mark.slow
def test_an_image_that_another_takes_the_place_of_leaves_its_work_in_its_journal(
    marked: App, qtbot: QtBot, tmp_path: Path
) -> None:
    qtbot.waitUntil(lambda: marked.photo.work.keeper.journaling.path is not None)
    (first,) = journals(tmp_path)
    open_in(marked, qtbot, write_png(tmp_path / "next.png", blobs(seed=3)))
    assert not marked.window.isWindowModified()
    assert "The work on “photo.png” is not saved; File ▸ Recover" in marked.window.errors.text
    assert len(set(journals(tmp_path)) - {first}) == 1
    marked.photo.actions["recover"].trigger()
    dialog = recover_dialog(marked, qtbot)
    assert dialog.list.count() == 1
    dialog.reject()
    assert [entry.name for entry in look_into(first).project.document.object_map] == ["cat"]
    # Undo brings it back; then one journal holds it again.
    marked.photo.work.workspace.undo()
    assert marked.window.isWindowModified()
    (again,) = journals(tmp_path)
    assert [entry.name for entry in look_into(again).project.document.object_map] == ["cat"]


def recover_dialog(app: App, qtbot: QtBot) -> RecoverDialog:
    qtbot.waitUntil(lambda: app.window.findChild(RecoverDialog) is not None, timeout=10000)
    dialog = app.window.findChild(RecoverDialog)
    assert dialog is not None
    return dialog


@pytest.mark.slow
def test_the_next_window_offers_what_was_not_saved(
    marked: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: marked.photo.work.keeper.journaling.path is not None)
    (journal,) = journals(tmp_path)
    qtbot.waitUntil(lambda: Path(f"{journal}.png").exists())
    before = marked.photo.work.workspace.history
    marked.end()
    assert journal.exists()
    monkeypatch.setattr(Holder, "has_ended", lambda self: True)
    again = App(SettingsStore())
    qtbot.addWidget(again.window)
    with qtbot.waitExposed(again.window):
        again.begin()
    again.recovery._timer.start(0)
    dialog = recover_dialog(again, qtbot)
    assert dialog.list.count() == 1
    assert re.match(r"photo\.png\n2 changes, 1 object\n", dialog.list.item(0).text())
    assert not dialog.list.item(0).icon().isNull()
    with qtbot.waitSignal(again.photo.work.opener.kept_read, timeout=10000):
        dialog.findChildren(QPushButton)[0].click()
    workspace = again.photo.work.workspace
    assert [entry.title for entry in workspace.history.entries] == [entry.title for entry in before.entries]
    assert_same(workspace.document.objects, before.present.state.objects)
    assert again.window.isWindowModified()
    # The one before goes once the new one is there.
    qtbot.waitUntil(lambda: not journal.exists() and len(journals(tmp_path)) == 1)
    assert look_into(journals(tmp_path)[0]).has_something
    again.end()
    again.shutdown()
    again.deleteLater()


def test_not_now_keeps_it_for_the_menu(
    marked: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: marked.photo.work.keeper.journaling.path is not None)
    (journal,) = journals(tmp_path)
    monkeypatch.setattr(Holder, "has_ended", lambda self: True)
    marked.recovery._look_at_start()
    recover_dialog(marked, qtbot).reject()
    assert len(journals(tmp_path / "state" / "gmmseg" / "kept")) == 1
    assert not journal.exists()
    qtbot.waitUntil(lambda: marked.window.findChild(RecoverDialog) is None)
    marked.photo.actions["recover"].trigger()
    dialog = recover_dialog(marked, qtbot)
    assert dialog.list.count() == 1
    dialog.reject()
    assert len(journals(tmp_path / "state" / "gmmseg" / "kept")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("begins_after_the_change", [False, True])
def test_a_project_that_a_killed_window_had_open_offers_its_changes(
    marked: App,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begins_after_the_change: bool,
) -> None:
    path = tmp_path / "work.gmmseg"
    save_as(marked, qtbot, path)
    if begins_after_the_change:
        monkeypatch.setattr(journaling, "_MAX_BYTES", -1)
    mark(marked, "dog", 50.0)
    journal = tmp_path / ".work.gmmseg.journal"
    copy = journal.read_bytes()
    marked.photo.work.workspace.undo()
    open_in(marked, qtbot, write_png(tmp_path / "next.png", blobs(seed=3)))
    journal.write_bytes(copy)
    open_in(marked, qtbot, path)
    qtbot.waitUntil(
        lambda: "has changes that a window that ended" in marked.window.errors.text, timeout=10000
    )
    work = marked.photo.work
    assert [entry.name for entry in work.workspace.document.object_map] == ["cat"]
    with qtbot.waitSignal(work.opener.kept_read, timeout=10000):
        marked.window.errors.findChildren(QPushButton)[0].click()
    assert [entry.name for entry in work.workspace.document.object_map] == ["cat", "dog"]
    assert work.keeper.path == path
    assert marked.window.isWindowModified()
    assert recovered_note(marked)
    save_as(marked, qtbot, path)
    assert not recovered_note(marked)


@pytest.mark.slow
def test_a_folder_that_moved_after_a_kill_is_saved_into_where_it_is_now(
    marked: App, qtbot: QtBot, tmp_path: Path
) -> None:
    work, old, new = marked.photo.work, tmp_path / "old", tmp_path / "new"
    old.mkdir()
    open_in(marked, qtbot, write_png(old / "own.png", blobs(seed=5)))
    mark(marked)
    save_as(marked, qtbot, old / "work.gmmseg")
    mark(marked, "dog", 50.0)
    copy = (old / ".work.gmmseg.journal").read_bytes()
    work.workspace.undo()
    open_in(marked, qtbot, write_png(tmp_path / "next.png", blobs(seed=3)))
    (old / ".work.gmmseg.journal").write_bytes(copy)
    old.rename(new)
    open_in(marked, qtbot, new / "work.gmmseg")
    qtbot.waitUntil(lambda: "has changes that" in marked.window.errors.text, timeout=10000)
    with qtbot.waitSignal(work.opener.kept_read, timeout=10000):
        marked.window.errors.findChildren(QPushButton)[0].click()
    assert not marked.photo.actions["find_subject"].isEnabled()
    assert work.keeper.path == new / "work.gmmseg"
    with qtbot.waitSignal(work.keeper.saved, timeout=10000):
        press(marked, Qt.Key.Key_S, CONTROL)
    assert gmmseg.open_project(new / "work.gmmseg").names == {1: "cat", 2: "dog"}
    assert not old.exists()


HOLDING = """
import sys, time
from pathlib import Path
from gmmseg.io.lock import take
take(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.slow
def test_a_project_that_is_open_elsewhere_can_only_be_read(marked: App, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "work.gmmseg"
    save_as(marked, qtbot, path)
    open_in(marked, qtbot, write_png(tmp_path / "next.png", blobs(seed=3)))
    marked.photo.work.keeper.end()
    other = subprocess.Popen([sys.executable, "-c", HOLDING, str(path)], stdout=subprocess.PIPE, cwd=ROOT)
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    try:
        open_in(marked, qtbot, path)
        assert "is open in another window" in marked.window.errors.text
        assert "(read-only)" in marked.window.windowTitle()
        mark(marked, "dog", 50.0)
        assert journals(tmp_path)[0].parent.name == "journals"
        before = path.read_bytes()
        with qtbot.waitSignal(marked.photo.work.keeper.failed, timeout=10000):
            press(marked, Qt.Key.Key_S, CONTROL)
        assert path.read_bytes() == before
        save_as(marked, qtbot, tmp_path / "copy.gmmseg")
        assert set(gmmseg.open_project(tmp_path / "copy.gmmseg").names.values()) == {"cat", "dog"}
        assert "(read-only)" not in marked.window.windowTitle()
    finally:
        other.kill()
        other.wait()
        other.stdout.close()


def test_a_full_disk_stops_the_journal_and_says_so(
    marked: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: marked.photo.work.keeper.journaling.path is not None)

    def refuse(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", refuse)
    mark(marked, "dog", 50.0)
    monkeypatch.undo()
    assert "cannot be written: the disk is full" in marked.window.errors.text
    mark(marked, "bird", 30.0)
    assert len(marked.photo.work.workspace.document.object_map) == 3
    save_as(marked, qtbot, tmp_path / "work.gmmseg")
    mark(marked, "fish", 65.0)
    assert look_into(tmp_path / ".work.gmmseg.journal").n_changes == 1


# The session


@pytest.mark.slow
def test_what_was_open_is_opened_again_where_that_is_wanted(
    marked: App, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "work.gmmseg"
    save_as(marked, qtbot, path)
    marked.store.restores_session = True
    marked.window.close()
    again = App(SettingsStore())
    qtbot.addWidget(again.window)
    with qtbot.waitSignal(again.photo.work.opener.kept_read, timeout=10000):
        again.begin()
    assert again.photo.work.keeper.path == path
    again.end()
    again.shutdown()
    again.deleteLater()


# The list of steps


def test_a_step_in_the_list_is_gone_to(marked: App, qtbot: QtBot) -> None:
    panel, workspace = marked.photo.panels.history, marked.photo.work.workspace
    assert panel.titles == ["Opened", "Add cat", "Rename to meadow"]
    panel.step_requested.emit(0)
    assert not workspace.document.objects
    assert workspace.shown.redo_title == "Add cat"
    assert panel.view.currentIndex().row() == 0
    panel.step_requested.emit(2)
    assert workspace.shown.redo_title is None
    assert {entry.name for entry in workspace.document.object_map} == {"cat"}
