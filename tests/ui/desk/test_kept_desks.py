"""Digits and the laboratory are kept as photos are: saved, opened at their desk, recovered after a kill."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import gmmseg
from gmmseg.control import result_of
from gmmseg.digits.document import rename_cluster
from gmmseg.digits.drawn import drawn_digits
from gmmseg.io.digits.reading import read_digits_events
from gmmseg.laboratory.document import open_page, press
from tests.core.io.projects.test_digits_projects import project_of, ran
from tests.core.io.projects.test_laboratory_projects import drawn_by_hand
from tests.ui.driving import drop, mime_of
from ui.app import App
from ui.desk.file_desk import FileDesk
from ui.dialogs.unsaved import UnsavedDialog

ROOT = Path(__file__).parents[3]


def a_digits_file(folder: Path) -> Path:
    project = ran(project_of(drawn_digits(60, 20))).edited(rename_cluster(1, "Sieben"))
    gmmseg.save_project(project, folder / "digits.gmmseg")
    return folder / "digits.gmmseg"


def a_laboratory_file(folder: Path) -> Path:
    gmmseg.save_project(drawn_by_hand(), folder / "laboratory.gmmseg")
    return folder / "laboratory.gmmseg"


def opened_in(app: App, qtbot: QtBot, path: Path, name: str) -> FileDesk:
    """Return the desk at which a project goes on that was dropped on another one."""
    drop(app.window, mime_of(path))
    qtbot.waitUntil(lambda: app._desk is not None and app._desk.name == name, timeout=20000)
    desk = app._desk
    assert isinstance(desk, FileDesk)
    qtbot.waitUntil(lambda: desk._keeper.path == path, timeout=20000)
    return desk


@pytest.mark.slow
def test_a_project_of_digits_opens_at_its_desk_and_is_saved_again(
    app: App, qtbot: QtBot, tmp_path: Path
) -> None:
    path = a_digits_file(tmp_path)
    desk = opened_in(app, qtbot, path, "digits")
    assert app.window.windowTitle().startswith("digits.gmmseg[*]")
    assert not app.window.isWindowModified()
    desk._work.apply(rename_cluster(0, "Null"))
    assert app.window.isWindowModified()
    with qtbot.waitSignal(desk._keeper.saved, timeout=20000):
        desk.actions["save"].trigger()
    assert not app.window.isWindowModified()
    assert gmmseg.open_project(path).names == {0: "Null", 1: "Sieben"}
    assert gmmseg.open_project(f"{path}~1").names == {1: "Sieben"}
    desk._work.editor.undo()
    assert app.window.isWindowModified()


def test_a_project_of_the_laboratory_opens_at_its_desk_and_is_saved_again(
    app: App, qtbot: QtBot, tmp_path: Path
) -> None:
    path = a_laboratory_file(tmp_path)
    desk = opened_in(app, qtbot, path, "laboratory")
    assert not app.window.isWindowModified()
    desk._work.apply(open_page("data"))
    desk._work.apply(press(0.5, 0.5))
    assert app.window.isWindowModified()
    with qtbot.waitSignal(desk._keeper.saved, timeout=20000):
        desk.actions["save"].trigger()
    assert gmmseg.open_project(path).data.n_rows == 620
    desk.actions["begin_anew"].trigger()
    assert app.window.windowTitle().startswith("Likelihood: Points on a line")
    assert not app.window.isWindowModified()


def test_digits_that_are_gone_go_on_where_they_are_found(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    drawn = drawn_digits(60, 20)
    assert drawn.labels is not None
    np.savez(tmp_path / "set.npz", images=drawn.images, labels=drawn.labels)
    digits = result_of(read_digits_events(tmp_path / "set.npz"))
    path = tmp_path / "work" / "digits.gmmseg"
    path.parent.mkdir()
    gmmseg.save_project(ran(project_of(digits)).edited(rename_cluster(1, "Sieben")), path)
    (tmp_path / "set.npz").rename(tmp_path / "moved.npz")
    desk = opened_in(app, qtbot, path, "digits")
    assert desk.actions["find_subject"].isEnabled()
    desk._work.apply(rename_cluster(0, "Null"))
    with qtbot.waitSignal(desk._work.opener.subject_found, timeout=20000):
        desk._read_found(tmp_path / "moved.npz")
    document = desk._work.editor.document
    assert document.names[:2] == ("Null", "Sieben")
    assert document.digits.source == tmp_path / "moved.npz"
    assert (document.digits.images == drawn.images).all()
    assert not document.is_stale
    assert app.window.isWindowModified()
    assert not desk.actions["find_subject"].isEnabled()
    desk._work.editor.undo()
    assert not app.window.isWindowModified()


@pytest.mark.slow
def test_closing_asks_about_every_desk(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    digits = opened_in(app, qtbot, a_digits_file(tmp_path), "digits")
    laboratory = opened_in(app, qtbot, a_laboratory_file(tmp_path), "laboratory")
    digits._work.apply(rename_cluster(0, "Null"))
    laboratory._work.apply(open_page("data"))
    laboratory._work.apply(press(0.5, 0.5))
    app.window.close()
    dialog = app.window.findChild(UnsavedDialog)
    assert dialog is not None
    assert "“digits.gmmseg”, “laboratory.gmmseg”" in dialog.text()
    dialog.reject()


def test_what_was_open_at_each_desk_is_open_again(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    app.store.restores_session = True
    path = a_laboratory_file(tmp_path)
    opened_in(app, qtbot, path, "laboratory")
    app._on_closing()
    assert app.store.session("laboratory") == path
    assert app.store.desk == "laboratory"
