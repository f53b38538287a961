"""Steps are in the journal as soon as they are done, and come back from whatever is left of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gmmseg
from gmmseg.control import never_stop
from gmmseg.editing.history import History
from gmmseg.errors import GmmsegError, WriteError
from gmmseg.io import lock
from gmmseg.io.journal import Journal, read_records, sync
from gmmseg.io.lock import Holder, Lock, take
from gmmseg.io.projects.journal import leftovers
from gmmseg.io.projects.journal.forms import FORMAT_VERSION
from gmmseg.io.projects.journal.places import journal_path, kept_folder, remove_journal, set_aside
from gmmseg.io.projects.journal.reading import look_into, recover
from gmmseg.io.projects.journal.writing import change_record, companions, first_records
from gmmseg.io.projects.kinds.registry import kind_named
from gmmseg.io.projects.plain import encoded
from gmmseg.io.projects.states import changed_history, history_changes
from gmmseg.photo.document import Document, change_setting
from gmmseg.photo.objects.edits import add_object, remove_objects, rename_objects
from gmmseg.photo.objects.patch import brushed
from gmmseg.photo.project import PhotoProject
from tests.core.io.test_atomic_writing import names_in
from tests.data.projects.build import JOURNALS, a_project, assert_same, begun, write_image
from tests.data.states import make_image

ROOT = Path(__file__).parents[4]
PHOTO = kind_named("photo")


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


def without_keys(history: History[Document]) -> tuple[object, ...]:
    return tuple(replace(entry, merge_key=None) for entry in history.entries)


def test_records_come_back_and_a_torn_one_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    records = [b"first", b"", bytes(range(256)) * 40]
    journal = begun(path, records[:1])
    for record in records[1:]:
        journal.append(record)
    journal.close()
    assert read_records(path) == records
    whole = path.read_bytes()
    ends = [8 + 5, 8 + 5 + 8, len(whole)]
    for length in [*range(1, 30), *range(30, len(whole), 999), len(whole) - 1]:
        path.write_bytes(whole[:length])
        n_whole = sum(end <= length for end in ends)
        assert read_records(path) == records[:n_whole]
    damaged = bytearray(whole)
    damaged[ends[0] + 8 + 3 + 8] ^= 1
    path.write_bytes(damaged)
    assert read_records(path) == records[:2]


def test_a_journal_takes_the_place_of_another_in_one_step(tmp_path: Path) -> None:
    old = begun(tmp_path / "a.journal", [b"old"])
    new = begun(tmp_path / "a.journal", [b"new"])
    new.append(b"more")
    sync(new.second_descriptor())
    old.close()
    assert read_records(tmp_path / "a.journal") == [b"new", b"more"]
    os.unlink(new.path)
    new.close()
    assert names_in(tmp_path) == []


def test_a_disk_that_is_full_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WriteError, match=r"its folder .* does not exist"):
        Journal(tmp_path / "missing" / "a.journal")
    journal = begun(tmp_path / "a.journal", [b"first"])
    monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(WriteError, match="the disk is full"):
        journal.append(b"second")
    monkeypatch.undo()
    journal.close()
    assert read_records(tmp_path / "a.journal") == [b"first"]


# Histories


def test_a_change_of_history_is_told_and_understood(tmp_path: Path) -> None:
    image = make_image()
    project = PhotoProject.of_image(image)
    before = project.history
    again = changed_history(PHOTO, None, as_read(history_changes(PHOTO, None, before)), image, "x")
    brush = brushed([(20.0, 12.0)], 5.0, (40, 60))
    steps = [
        before.pushed(add_object(brush, "cat").apply(before.present.state), "Add cat", None, 1.5),
    ]
    steps.append(steps[-1].undone())
    steps.append(steps[-1].redone())
    renamed = rename_objects([1], "dog").apply(steps[-1].present.state)
    steps.append(steps[-1].pushed(renamed, "Rename", "key", 2.5))
    steps.append(steps[-1].amended(change_setting("smooth", 0.3, "S").apply(renamed)))
    steps.append(steps[-1].moved_to(0))
    steps.append(steps[-1].pushed(project.document, "Other way"))
    for after in steps:
        content = history_changes(PHOTO, before, after)
        again = changed_history(PHOTO, again, as_read(content), image, "x")
        assert_same(without_keys(after), again.entries)
        assert len(again.past) == len(after.past)
        before = after


def as_read(content: object) -> object:
    return json.loads(encoded(content))


def test_steps_beyond_the_limit_are_forgotten_by_the_journal_too() -> None:
    image = make_image()
    before = replace(PhotoProject.of_image(image).history, limit=3)
    again = changed_history(PHOTO, None, as_read(history_changes(PHOTO, None, before)), image, "x")
    for k in range(8):
        document = change_setting("smooth", k / 10, "S").apply(before.present.state)
        after = before.pushed(document, f"step {k}")
        again = changed_history(PHOTO, again, as_read(history_changes(PHOTO, before, after)), image, "x")
        before = after
    assert_same(without_keys(before), again.entries)
    assert len(again.entries) == 4


# Journals of projects


def a_journal(folder: Path, n_changes: int = 5) -> tuple[Path, History[Document]]:
    """Return a journal of a picture with a few objects, and the history in it."""
    image = gmmseg.read_image(write_image(folder / "photo.png"))
    history = a_project(image).history
    path = folder / "a.journal"
    journal = begun(path, first_records(PHOTO, history, {"layout": 2}, path, None))
    for k in range(n_changes):
        brush = brushed([(5.0 + 9 * k, 30.0)], 3.0, (40, 60))
        document = add_object(brush, f"object {k}").apply(history.present.state)
        after = history.pushed(document, f"Add object {k}", None, float(k))
        journal.append(change_record(PHOTO, history, after))
        history = after
    journal.close()
    return path, history


def test_everything_comes_back_from_a_journal(tmp_path: Path) -> None:
    path, history = a_journal(tmp_path)
    found = recover(path)
    assert_same(without_keys(history), without_keys(found.project.history))
    assert (found.n_changes, found.path, found.saved) == (5, None, None)
    assert found.project.view == {"layout": 2}
    assert found.has_something
    assert not found.note


def test_whatever_is_left_of_a_journal_is_a_state_that_was_there(tmp_path: Path) -> None:
    path, _ = a_journal(tmp_path)
    whole = path.read_bytes()
    first, *others = read_records(path)
    parts = others[: json.loads(first)["n_parts"]]
    n_first = sum(len(record) + 8 for record in [first, *parts])
    seen = set()
    for length in np.linspace(n_first, len(whole), 25).astype(int):
        path.write_bytes(whole[:length])
        found = look_into(path)
        seen.add(found.n_changes)
        last = f"Add object {found.n_changes - 1}" if found.n_changes else "Change the size of the selection"
        assert found.project.history.present.title == last
        assert len(found.project.document.object_map) == 2 + found.n_changes
    assert seen == set(range(6))
    path.write_bytes(whole[: len(first) + 8 - 1])
    with pytest.raises(GmmsegError):
        look_into(path)


@pytest.mark.parametrize("file", JOURNALS, ids=lambda file: file.stem)
def test_a_journal_of_every_version_is_recovered(file: Path, tmp_path: Path) -> None:
    for each in file.parent.glob(f"{file.name}*"):
        shutil.copy(each, tmp_path)
    found = recover(tmp_path / file.name)
    assert found.n_changes == 2
    assert found.project.names == {1: "katze", 2: "dog & “co”", 3: "bird"}
    assert found.project.history.present.title == "Rename to bird"
    assert (len(found.project.history.past), len(found.project.history.future)) == (13, 0)
    assert_same(found.project.image.pixels, make_image().pixels)
    assert found.project.fit is not None


def test_there_is_a_journal_of_every_version() -> None:
    versions = [json.loads(read_records(file)[0])["version"] for file in JOURNALS]
    assert versions == list(range(1, FORMAT_VERSION + 1))


def test_each_step_is_a_record_of_its_own(tmp_path: Path) -> None:
    path, history = a_journal(tmp_path, n_changes=0)
    records = read_records(path)
    assert len(records) == 1 + len(history.entries)
    assert_same(without_keys(history), recover(path).project.history.entries)
    # The largest holds one document, not all of them.
    alone = max(
        len(encoded(history_changes(PHOTO, None, History(replace(entry, merge_key=None)))))
        for entry in history.entries
    )
    assert max(map(len, records)) < alone + 2000


def test_a_beginning_that_is_damaged_is_not_taken_for_what_was_saved(tmp_path: Path) -> None:
    project, path = tmp_path / "work.gmmseg", tmp_path / "a.journal"
    history = a_project(gmmseg.read_image(write_image(tmp_path / "photo.png"))).history
    begun(path, first_records(PHOTO, history, {}, path, project, history.present.state)).close()
    assert not look_into(path).has_something
    path.write_bytes(path.read_bytes()[:-20])
    assert look_into(path).has_something


def test_what_is_in_the_file_is_told_wherever_it_is_in_the_history(tmp_path: Path) -> None:
    path, project = tmp_path / "a.journal", tmp_path / "work.gmmseg"
    history = a_project(gmmseg.read_image(write_image(tmp_path / "photo.png"))).history
    for at in (0, 4, len(history.past)):
        begun(path, first_records(PHOTO, history, {}, path, project, history.entries[at].state)).close()
        found = look_into(path)
        assert found.saved is found.project.history.entries[at].state
        assert found.has_something == (at < len(history.past))
    begun(path, first_records(PHOTO, history, {}, path, project, Document())).close()
    assert look_into(path).saved is None
    assert look_into(path).has_something


def test_a_journal_beside_a_project_moves_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    history = a_project(gmmseg.read_image(write_image(tmp_path / "before" / "photo.png"))).history
    project = tmp_path / "before" / "work.gmmseg"
    path, elsewhere = journal_path(project), tmp_path / "a.journal"
    for each in (path, elsewhere):
        begun(each, first_records(PHOTO, history, {}, each, project)).close()
    (tmp_path / "before").rename(tmp_path / "after")
    found = recover(tmp_path / "after" / path.name)
    assert found.path == tmp_path / "after" / "work.gmmseg"
    assert found.project.image.source.path == tmp_path / "after" / "photo.png"
    # One that lies elsewhere is of the file that it names.
    assert look_into(elsewhere).path == project


@pytest.mark.parametrize("is_a_file", [True, False])
def test_the_copy_in_the_project_serves_the_journal_too(tmp_path: Path, is_a_file: bool) -> None:
    picture = write_image(tmp_path / "photo.png")
    image = gmmseg.read_image(picture) if is_a_file else make_image()
    project = tmp_path / "work.gmmseg"
    gmmseg.save_project(PhotoProject.of_image(image), project, encloses_image=True)
    picture.unlink()
    history = (
        PhotoProject.of_image(gmmseg.open_project(project).image).with_object(np.eye(40, 60), "x").history
    )
    path = journal_path(project)
    begun(path, first_records(PHOTO, history, {}, path, project)).close()
    found = recover(path)
    assert_same(found.project.image.pixels, image.pixels)
    assert not found.note
    project.unlink()
    assert recover(path).project.image.source.is_missing


def test_pixels_that_are_in_no_file_are_kept_beside_the_journal(tmp_path: Path) -> None:
    project = gmmseg.new_project(make_image().pixels).with_object(np.eye(40, 60), "line")
    path = tmp_path / "a.journal"
    begun(path, first_records(PHOTO, project.history, {}, path, None)).close()
    for name, data in companions(PHOTO, project.document, path, never_stop).items():
        name.write_bytes(data)
    assert_same(recover(path).project.document, project.document)
    assert names_in(tmp_path) == ["a.journal", "a.journal.image", "a.journal.png"]


def test_only_what_would_be_lost_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = a_journal(tmp_path)
    assert leftovers.leftovers([tmp_path]) == []
    monkeypatch.setattr(Holder, "has_ended", lambda self: True)
    (found,) = leftovers.leftovers([tmp_path])
    assert found.recovered.name == "photo.png"
    assert len(found.recovered.project.document.object_map) == 7
    kept = set_aside(path, None)
    assert kept is not None
    assert leftovers.leftovers([tmp_path]) == []
    (found,) = leftovers.leftovers([kept_folder()])
    assert found.recovered.journal == kept
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert leftovers.leftovers([kept_folder()]) == []
    assert not kept.exists()


def test_only_what_was_put_aside_becomes_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = a_journal(tmp_path)
    monkeypatch.setattr(Holder, "has_ended", lambda self: True)
    long_after = time.time() + 30 * 86_400
    monkeypatch.setattr(time, "time", lambda: long_after)
    assert len(leftovers.leftovers([tmp_path])) == 1
    kept = set_aside(path, None)
    assert kept is not None
    os.utime(kept, (long_after, long_after))
    assert len(leftovers.leftovers([kept_folder()])) == 1


def test_a_journal_that_is_put_aside_is_kept_from_then_on(tmp_path: Path) -> None:
    path, _ = a_journal(tmp_path)
    os.utime(path, (1e9, 1e9))
    kept = set_aside(path, None)
    assert kept is not None
    assert time.time() - kept.stat().st_mtime < leftovers.KEPT_SECONDS


def test_an_image_whose_file_is_gone_is_kept_beside_the_journal(tmp_path: Path) -> None:
    picture = write_image(tmp_path / "photo.png")
    project = PhotoProject.of_image(gmmseg.read_image(picture)).with_object(np.eye(40, 60), "line")
    picture.unlink()
    path = tmp_path / "a.journal"
    begun(path, first_records(PHOTO, project.history, {}, path, None)).close()
    for name, data in companions(PHOTO, project.document, path, never_stop).items():
        name.write_bytes(data)
    assert_same(recover(path).project.document, project.document)


def test_a_journal_without_anything_to_lose_goes_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Holder, "has_ended", lambda self: True)
    history = a_project(gmmseg.read_image(write_image(tmp_path / "photo.png"))).history
    project = tmp_path / "work.gmmseg"
    path = journal_path(project)
    assert path == tmp_path / ".work.gmmseg.journal"
    begun(path, first_records(PHOTO, history, {}, path, project, history.present.state)).close()
    assert look_into(path).path == project
    assert leftovers.leftovers([], [project]) == []
    assert not path.exists()
    journal = begun(path, first_records(PHOTO, history, {}, path, project, history.present.state))
    emptied = remove_objects([2]).apply(history.present.state)
    journal.append(change_record(PHOTO, history, history.pushed(emptied, "Remove")))
    journal.close()
    (found,) = leftovers.leftovers([], [project])
    assert found.recovered.path == project


def test_a_journal_that_is_put_aside_is_of_the_project_where_that_was_then(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    history = a_project(gmmseg.read_image(write_image(old / "photo.png"))).history
    project = old / "work.gmmseg"
    path = journal_path(project)
    begun(path, first_records(PHOTO, history, {}, path, project, None)).close()
    old.rename(new)
    kept = set_aside(new / path.name, new / project.name)
    assert kept is not None
    found = recover(kept)
    assert found.path == new / project.name
    assert not found.is_missing
    assert found.project.image.source.path == new / "photo.png"
    remove_journal(kept)
    assert not list(kept_folder().iterdir())


def test_a_place_that_cannot_be_read_is_the_one_in_the_journal(tmp_path: Path) -> None:
    path, history = tmp_path / "a.journal", a_project(make_image()).history
    begun(path, first_records(PHOTO, history, {}, path, tmp_path / "work.gmmseg", None)).close()
    for held in (b"\xff", b"%00", b""):
        (tmp_path / "a.journal.project").write_bytes(held)
        assert look_into(path).path == tmp_path / "work.gmmseg"


# Locks


def test_a_lock_tells_who_has_the_file_and_is_taken_over_from_the_dead(tmp_path: Path) -> None:
    path = tmp_path / "work.gmmseg"
    mine = take(path)
    assert isinstance(mine, Lock)
    assert isinstance(take(path), Lock)
    child = subprocess.run(
        [sys.executable, "-c", TAKING, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert child.stdout == f"{os.getpid()}\n"
    mine.release()
    assert names_in(tmp_path) == []
    subprocess.run([sys.executable, "-c", TAKING, str(path)], cwd=ROOT, check=True, capture_output=True)
    assert names_in(tmp_path) == [".work.gmmseg.lock"]
    assert isinstance(take(path), Lock)
    holder = lock.holder_of(lock.lock_path(path))
    assert holder is not None
    assert holder.is_this


TAKING = textwrap.dedent("""
    import sys
    from pathlib import Path
    from gmmseg.io.lock import Holder, take
    found = take(Path(sys.argv[1]))
    print(found.pid if isinstance(found, Holder) else "taken")
""")


@pytest.mark.parametrize(
    ("change", "has_ended"),
    [
        ({}, False),
        ({"pid": 2**22 + 1}, True),
        ({"start": 1}, True),
        ({"machine": "00000000"}, True),
        ({"host": "elsewhere"}, False),
        ({"host": "elsewhere", "since": 1.0}, True),
    ],
)
def test_who_has_ended_is_told_by_host_process_and_start(change: dict[str, Any], has_ended: bool) -> None:
    assert replace(Holder.this(), **change).has_ended() is has_ended


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"host": 1}', b"\xff"])
def test_a_damaged_lock_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "work.gmmseg"
    lock.lock_path(path).write_bytes(content)
    assert isinstance(take(path), Lock)


def test_in_a_folder_where_nothing_can_be_made_there_is_no_lock(tmp_path: Path) -> None:
    assert take(tmp_path / "missing" / "work.gmmseg") is None


# Killed


KILLED = textwrap.dedent("""
    import os, random, sys
    from pathlib import Path
    import gmmseg
    from gmmseg.io.projects.journal.writing import change_record, first_records
    from gmmseg.io.projects.kinds.registry import kind_named
    from gmmseg.photo.objects.edits import add_object
    from gmmseg.photo.objects.patch import brushed
    from gmmseg.photo.project import PhotoProject
    from tests.data.projects.build import begun
    PHOTO = kind_named("photo")
    path, seed = Path(sys.argv[1]), int(sys.argv[2])
    random.seed(seed)
    history = PhotoProject.of_image(gmmseg.read_image(path.with_name("photo.png"))).history
    journal = begun(path, first_records(PHOTO, history, {}, path, None))
    print("ready", flush=True)
    for n in range(100000):
        spot = brushed([(random.uniform(0, 60), random.uniform(0, 40))], 5.0, (40, 60))
        document = add_object(spot, f"object {n}").apply(history.present.state)
        after = history.pushed(document, f"edit {n}")
        journal.append(change_record(PHOTO, history, after))
        history = after
        os.write(1, b"%d\\n" % n)
""")


def killed_at(folder: Path, seed: int, seconds: float) -> int:
    """Return the last edit that a process had finished when it was killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder / "a.journal"), str(seed)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    time.sleep(seconds)
    child.kill()
    lines = child.stdout.read().split()
    child.wait()
    child.stdout.close()
    return int(lines[-1]) if lines else -1


def check_killed(folder: Path, seeds: range) -> None:
    write_image(folder / "photo.png")
    random = np.random.default_rng(seeds.start)
    for seed in seeds:
        last = killed_at(folder, seed, float(random.uniform(0, 0.15)))
        history = look_into(folder / "a.journal").project.history
        found = int(history.present.title.removeprefix("edit ") or -1)
        assert found in (last, last + 1)
        shutil.rmtree(folder / "a.journal", ignore_errors=True)


@pytest.mark.slow
def test_a_process_that_is_killed_loses_at_most_the_edit_in_hand(tmp_path: Path) -> None:
    check_killed(tmp_path, range(5))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(4))
def test_a_process_that_is_killed_200_times_loses_at_most_the_edit_in_hand(tmp_path: Path, part: int) -> None:
    check_killed(tmp_path, range(50 * part, 50 * (part + 1)))
