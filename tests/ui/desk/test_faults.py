"""Faults of disks, folders and other windows under an open project: the file stays whole, and it is said.

Every window is a process of its own.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gmmseg
from gmmseg.io.projects.journal.reading import look_into
from tests.ui.desk.remote import ROOT, RemoteWindow
from tests.ui.driving import blobs, write_png

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with room for a project or two."""
    place = tmp_path / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(place)]
    if shutil.which("mount") is None or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def a_project(folder: Path) -> Path:
    project = gmmseg.new_project(write_png(folder / "photo.png"))
    gmmseg.save_project(project, folder / "work.gmmseg")
    return folder / "work.gmmseg"


def test_on_a_full_disk_the_old_file_is_whole_and_the_document_not_saved(
    tmp_path: Path, small_disk: Path
) -> None:
    path = a_project(small_disk)
    with RemoteWindow(tmp_path / "homes", path) as window:
        window.say("mark", "cat", "20")
        before = path.read_bytes()
        state = window.say("fill", "100")
        assert "cannot be written: the disk is full" in state["message"]
        state = window.say("save")
        assert "“work.gmmseg” cannot be written: the disk is full" in state["message"]
        assert state["is_modified"]
        assert len(state["names"]) > 1
        assert path.read_bytes() == before
        state = window.say("save as", str(tmp_path / "elsewhere.gmmseg"))
        assert not state["is_modified"]
        assert state["message"] == ""
        assert sorted(gmmseg.open_project(tmp_path / "elsewhere.gmmseg").names.values()) == sorted(
            state["names"]
        )


def test_in_a_folder_that_cannot_be_written_the_journal_is_elsewhere(
    tmp_path: Path, small_disk: Path
) -> None:
    path = a_project(small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with RemoteWindow(tmp_path / "homes", path) as window:
        state = window.say("mark", "cat", "20")
        assert state["path"] == str(path)
        assert Path(state["journal"]).is_relative_to(tmp_path / "homes")
        state = window.say("save")
        assert "“work.gmmseg” cannot be written" in state["message"]
        assert state["is_modified"]
        window.kill()
        with RemoteWindow(tmp_path / "homes") as again:
            state = again.say("wait for dialog")
            assert (state["names"], state["path"], state["is_missing"]) == (["cat"], str(path), False)


def test_a_folder_that_vanishes_is_said_and_the_work_is_saved_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    path = a_project(tmp_path / "folder")
    with RemoteWindow(tmp_path / "homes", path) as window:
        window.say("mark", "cat", "20")
        (tmp_path / "folder").rename(tmp_path / "gone")
        state = window.say("mark", "dog", "50")
        state = window.say("save")
        assert "does not exist" in state["message"]
        assert state["is_modified"]
        assert not (tmp_path / "folder").exists()
        state = window.say("save as", str(tmp_path / "other.gmmseg"))
        assert not state["is_modified"]
        assert set(gmmseg.open_project(tmp_path / "other.gmmseg", None).names.values()) == {"cat", "dog"}


def test_of_two_windows_the_second_reads_until_the_first_is_gone(tmp_path: Path) -> None:
    path = a_project(tmp_path)
    with RemoteWindow(tmp_path / "one", path) as first, RemoteWindow(tmp_path / "two", path) as second:
        assert "(read-only)" in second.state["title"]
        assert "is open in another window" in second.state["message"]
        first.say("mark", "cat", "20")
        before = path.read_bytes()
        second.say("mark", "dog", "50")
        state = second.say("save")
        assert "is open in another window" in state["message"]
        assert state["is_modified"]
        assert path.read_bytes() == before
        assert not first.say("save")["is_modified"]
        assert gmmseg.open_project(path).names == {1: "cat"}
        # A window that is killed holds nothing any more.
        first.kill()
        state = second.say("save as", str(tmp_path / "copy.gmmseg"))
        assert (state["is_modified"], "(read-only)" in state["title"]) == (False, False)
        state = second.say("open", str(path))
        assert "(read-only)" not in state["title"]
        assert not second.say("save")["is_modified"]


def test_a_disk_that_takes_its_time_holds_neither_the_window_nor_the_journal(tmp_path: Path) -> None:
    path = a_project(tmp_path)
    before = path.read_bytes()
    with RemoteWindow(tmp_path / "homes", path, is_slow=True) as window:
        journal = Path(window.say("mark", "cat", "20")["journal"])
        window.say("begin save")
        state = window.say("mark", "dog", "50")
        # The save waits for the disk, the window for nothing.
        assert path.read_bytes() == before
        assert state["is_modified"]
        assert [entry.name for entry in look_into(journal).project.document.object_map] == ["cat", "dog"]
        state = window.say("let go")
        assert gmmseg.open_project(path).names == {1: "cat"}
        assert state["is_modified"]
        assert not window.say("undo")["is_modified"]


def test_a_window_that_is_killed_while_it_saves_leaves_the_old_file_and_the_journal(tmp_path: Path) -> None:
    path = a_project(tmp_path)
    before = path.read_bytes()
    with RemoteWindow(tmp_path / "homes", path, is_slow=True) as window:
        window.say("mark", "cat", "20")
        window.say("begin save")
        window.say("mark", "dog", "50")
        window.kill()
    assert path.read_bytes() == before
    with RemoteWindow(tmp_path / "homes", path) as again:
        again.say("wait for", "has changes that a window that ended had not saved")
        state = again.say("press button")
        assert (state["names"], state["path"]) == (["cat", "dog"], str(path))
        assert not again.say("save")["is_modified"]
    assert set(gmmseg.open_project(path).names.values()) == {"cat", "dog"}


def test_two_days_of_work(tmp_path: Path) -> None:
    """Open, edit, close, kill, move the folder, go on, and write again what was exported, in five windows."""
    homes, old, new = tmp_path / "homes", tmp_path / "old", tmp_path / "new"
    old.mkdir()
    photo, path = write_png(old / "photo.png", blobs(seed=2)), old / "work.gmmseg"
    with RemoteWindow(homes, photo) as window:
        window.say("mark", "cat", "20")
        assert window.say("close")["n_questions"] == 1
        assert window.say("close")["n_questions"] == 1
        assert window.say("answer", "Cancel")["is_open"]
        window.say("save as", str(path))
        assert not window.say("close")["is_open"]
    with RemoteWindow(homes, path) as window:
        assert window.state["names"] == ["cat"]
        window.say("mark", "dog", "50")
        window.kill()
    old.rename(new)
    with RemoteWindow(homes, new / "work.gmmseg") as window:
        window.say("wait for", "has changes that")
        state = window.say("press button")
        assert state["names"] == ["cat", "dog"]
        assert (state["path"], state["image"]) == (str(new / "work.gmmseg"), str(new / "photo.png"))
        assert "not saved yet" in state["message"]
        state = window.say("save")
        assert (state["is_modified"], state["message"]) == (False, "")
        cutout = Path(new / "photo_cutout.png")
        window.say("export cutout", str(cutout))
        expected = cutout.read_bytes()
        script = window.say("text of", "python")["clipboard"]
        command = window.say("text of", "command")["clipboard"]
        window.say("restore sessions")
        window.say("mark", "bird", "65")
        window.say("close")
        assert not window.say("answer", "Discard")["is_open"]
    assert not old.exists()
    assert gmmseg.open_project(new / "work.gmmseg").names == {1: "cat", 2: "dog"}
    # What was copied writes the same again, without a window.
    for words in (["-c", script], ["-m", *shlex.split(command)]):
        cutout.unlink()
        subprocess.run(
            [sys.executable, *words], check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert cutout.read_bytes() == expected
    with RemoteWindow(homes) as window:
        assert window.state["path"] == str(new / "work.gmmseg")
        assert window.state["names"] == ["cat", "dog"]


def test_what_is_done_without_the_image_survives_kills_before_and_after_it_is_found(tmp_path: Path) -> None:
    homes, away = tmp_path / "homes", tmp_path / "away.png"
    folder = tmp_path / "folder"
    folder.mkdir()
    path = a_project(folder)
    (folder / "photo.png").rename(away)
    with RemoteWindow(homes, path) as window:
        assert window.state["is_missing"]
        window.say("mark", "cat", "20")
        assert window.say("mark", "dog", "50")["is_modified"]
    with RemoteWindow(homes, path) as window:
        window.say("wait for", "has changes that")
        state = window.say("press button")
        assert (state["names"], state["is_missing"]) == (["cat", "dog"], True)
        assert "not saved yet" in state["message"]
        state = window.say("find", str(away))
        assert (state["image"], state["is_missing"], state["path"]) == (str(away), False, str(path))
        assert window.say("mark", "bird", "65")["names"] == ["cat", "dog", "bird"]
    with RemoteWindow(homes, path) as window:
        # The file does not know yet where the image is; the journal does.
        assert window.state["is_missing"]
        window.say("wait for", "has changes that")
        state = window.say("press button")
        assert (state["names"], state["image"]) == (["cat", "dog", "bird"], str(away))
        assert not window.say("save")["is_modified"]
        assert not window.say("close")["is_open"]
    with RemoteWindow(homes, path) as window:
        assert (window.state["is_missing"], window.state["message"]) == (False, "")
        assert window.state["names"] == ["cat", "dog", "bird"]
