"""Stored settings of the window come back, and nothing stored can keep it from starting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray
from pytestqt.qtbot import QtBot

from tests.data.faults import close_folder
from ui.photo.panels.panes import PanesPanel
from ui.settings_store import MAX_RECENT, KeptLayout, SettingsStore


@pytest.mark.parametrize(
    "name",
    [
        "plain.png",
        "with space & 100%.png",
        "高斯 가우시안 🌄.png",
        "a,b;c=d\nnew line.png",
        os.fsdecode(b"\xff\xfe.png"),
    ],
)
def test_recent_files_survive_whatever_they_are_called(name: str, tmp_path: Path) -> None:
    store = SettingsStore()
    store.add_recent(tmp_path / "other.png")
    store.add_recent(tmp_path / name)
    store.save()
    assert SettingsStore().recent_files() == [tmp_path / name, tmp_path / "other.png"]


def test_one_recent_file_is_still_a_list(tmp_path: Path) -> None:
    store = SettingsStore()
    store.add_recent(tmp_path / "only.png")
    store.save()
    assert SettingsStore().recent_files() == [tmp_path / "only.png"]


def test_recent_files_are_few_newest_first_and_each_listed_once(tmp_path: Path) -> None:
    store = SettingsStore()
    for n in (*range(15), 12):
        store.add_recent(tmp_path / f"{n}.png")
    assert [path.stem for path in store.recent_files()] == ["12", "14", "13", *map(str, range(11, 4, -1))]
    assert len(store.recent_files()) == MAX_RECENT
    store.clear_recent()
    assert store.recent_files() == []


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_a_folder_that_may_not_be_entered_any_more_is_as_good_as_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SettingsStore()
    store.set_folder("open", tmp_path / "closed" / "in")
    close_folder(monkeypatch, tmp_path / "closed")
    assert store.folder("open") == Path.home()


def test_folders_for_opening_and_exporting_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    store = SettingsStore()
    store.set_folder("open", tmp_path / "in")
    store.set_folder("export", tmp_path / "out")
    store.save()
    again = SettingsStore()
    assert again.folder("open") == tmp_path / "in"
    assert again.folder("export") == tmp_path / "out"
    (tmp_path / "in").rmdir()
    assert again.folder("open") == Path.home()


def test_values_keep_their_types_over_a_restart() -> None:
    store = SettingsStore()
    assert not store.is_hint_dismissed
    store.dismiss_hint()
    store.panes = {"layout": 4, "layers": {"1": [["segments", 0, True]]}}
    store.scheme = "dark"
    layouts = {
        "photo_segment": KeptLayout(QByteArray(b"\xfflay"), ("setupDock", "classesDock"), ("left",)),
        "digits": KeptLayout(QByteArray(b"d")),
    }
    store.set_window(QByteArray(b"\x00geo"), layouts)
    store.arrangement = "segment"
    store.save()
    again = SettingsStore()
    assert again.is_hint_dismissed is True
    assert again.panes == {"layout": 4, "layers": {"1": [["segments", 0, True]]}}
    assert again.scheme == "dark"
    assert again.geometry() == QByteArray(b"\x00geo")
    assert again.layouts() == layouts
    assert again.arrangement == "segment"


def test_a_damaged_file_gives_defaults_and_is_kept() -> None:
    path = SettingsStore().path
    path.parent.mkdir(parents=True, exist_ok=True)
    damage = b"\x00\xff not [settings\nat all"
    path.write_bytes(damage)
    store = SettingsStore()
    assert store.scheme == "system"
    assert path.with_name(path.name + ".damaged").read_bytes() == damage
    store.scheme = "dark"
    store.save()
    assert SettingsStore().scheme == "dark"


def test_stored_nonsense_gives_defaults() -> None:
    path = SettingsStore().path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "[General]\nscheme=purple\npanes=17\nhint=3\ngeometry=12\nrecent=%%%\n[folder]\nopen=%00\n"
    )
    store = SettingsStore()
    assert store.scheme == "system"
    assert store.panes == {}
    assert not store.is_hint_dismissed
    assert isinstance(store.geometry(), QByteArray)
    assert isinstance(store.recent_files(), list)
    assert store.folder("open") == Path.home()


def test_where_nothing_can_be_written_it_lasts_for_this_run(fresh_settings: Path) -> None:
    fresh_settings.parent.mkdir(parents=True, exist_ok=True)
    fresh_settings.write_text("a file where the folder should be")
    store = SettingsStore()
    store.scheme = "dark"
    store.add_recent(Path("/x.png"))
    store.save()
    assert store.scheme == "dark"
    assert store.recent_files() == [Path("/x.png")]


@pytest.mark.parametrize("stored", ["9" * 5000, "9" * 30, "-5", "0", "²", "1e9"], ids=lambda text: text[:5])
def test_a_memory_budget_that_cannot_be_is_none(stored: str) -> None:
    path = SettingsStore().path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[General]\nmemory_budget={stored}\n", encoding="utf-8")
    assert SettingsStore().memory_budget is None


@pytest.mark.parametrize("digits", [30, 5000])
def test_panes_with_numbers_of_any_length_keep_nothing_from_starting(digits: int, qtbot: QtBot) -> None:
    path = SettingsStore().path
    path.parent.mkdir(parents=True, exist_ok=True)
    number = "7" * digits
    panes = f'{{"layout": {number}, "opacity": {number}, "layers": {{"1": [["heatmap", {number}, false]]}}}}'
    SettingsStore()._settings.setValue("panes", panes)
    panel = PanesPanel()
    qtbot.addWidget(panel)
    panel.restore(SettingsStore().panes)
    assert panel.n_panes in (1, 2, 4)
    assert 0 <= panel.state()["opacity"] <= 1
