"""The batch dialog: real pictures, real processes, and files that the copied command writes again."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QProgressBar, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from gmmseg.batch.folders import KINDS
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.document import Document
from gmmseg.photo.settings import MapSettings, SegmentSettings
from tests.core.commands.test_cli import photo
from ui.desk.job_runner import JobRunner
from ui.photo.batch_dialog import BatchDialog
from ui.photo.widgets.batch_table import BatchTable

ROOT = Path(__file__).parents[3]
FAST = FitSettings(n_components=3, n_init=1, tol=1e-3)


class Bench:
    """The dialog over a folder of three photos and one file that is none."""

    def __init__(self, qtbot: QtBot, place: Path) -> None:
        self.qtbot = qtbot
        self.photos = place / "photos"
        self.out = self.photos / "batch"
        self.photos.mkdir()
        for at in range(3):
            Pillow.fromarray(photo(seed=at)).save(self.photos / f"{at}.png")
        self.runner = JobRunner("newest")
        self.opened: list[Path] = []
        settings = SegmentSettings(mixture=FAST, smooth=0.5)
        document = Document(settings=settings, map_settings=MapSettings())
        self.dialog = BatchDialog(
            self.runner, lambda: document, lambda parent, folder: self.photos, self.opened.append
        )
        qtbot.addWidget(self.dialog)
        self.dialog.show()
        self.child(QSpinBox, "jobs").setValue(2)

    def child(self, kind: type[Any], name: str) -> Any:
        found = self.dialog.findChild(kind, f"batch.{name}")
        assert found is not None, name
        return found

    def press(self, name: str) -> None:
        button = self.child(QPushButton, name)
        assert button.isEnabled()
        button.click()

    def finish(self, name: str = "go") -> None:
        with self.qtbot.waitSignal(self.runner.finished, timeout=30000):
            self.press(name)

    @property
    def states(self) -> list[str]:
        return [state.name for state in self.dialog.states]

    def files(self) -> dict[str, bytes]:
        found = (path for path in self.out.rglob("*.png") if path.is_file())
        return {path.relative_to(self.out).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(qtbot, tmp_path)
    yield bench
    bench.runner.shutdown()


def test_nothing_starts_without_pictures_or_files_to_write(bench: Bench) -> None:
    assert not bench.child(QPushButton, "go").isEnabled()
    bench.press("add_folder")
    assert bench.states == ["waiting"] * 3
    # Each is there once.
    bench.press("add_folder")
    assert len(bench.states) == 3
    for kind in ("mask", "overlay"):
        bench.child(QCheckBox, kind).setChecked(False)
    assert not bench.child(QPushButton, "go").isEnabled()
    bench.press("clear")
    assert bench.states == []


def test_results_are_offered_a_folder_beside_the_pictures_until_another_is_chosen(bench: Bench) -> None:
    folder = bench.child(QLineEdit, "folder")
    assert folder.text() == ""
    bench.press("add_folder")
    assert folder.text() == str(bench.photos / "batch")
    folder.clear()
    assert not bench.child(QPushButton, "go").isEnabled()
    QTest.keyClicks(folder, "/elsewhere")
    assert bench.child(QPushButton, "go").isEnabled()
    bench.press("clear")
    bench.press("add_folder")
    assert folder.text() == "/elsewhere"


def test_the_folder_is_opened_and_the_dialog_closed_from_there(bench: Bench) -> None:
    assert not bench.child(QPushButton, "open_folder").isEnabled()
    bench.press("add_folder")
    bench.finish()
    assert "3 of 3 pictures are done." in bench.dialog.message
    bench.press("open_folder")
    assert bench.opened == [bench.out]
    bench.press("close")
    assert not bench.dialog.isVisible()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["command", "python"])
def test_every_kind_of_file_is_written_again_by_the_copied_text(bench: Bench, language: str) -> None:
    bench.press("add_folder")
    for kind in KINDS:
        bench.child(QCheckBox, kind).setChecked(True)
    bench.finish()
    assert bench.states == ["done"] * 3

    def files() -> dict[str, bytes]:
        found = {path: path.read_bytes() for path in bench.out.glob("*/[0-9]*") if path.is_file()}
        for path in bench.out.glob("report/*"):
            report = json.loads(found[path])
            for name in ("command", "seconds", "peak_rss_bytes"):
                del report[name]
            found[path] = json.dumps(report).encode()
        return {path.relative_to(bench.out).as_posix(): data for path, data in found.items()}

    expected = files()
    assert {name.partition("/")[0] for name in expected} == set(KINDS)
    assert len(expected) == 3 * len(KINDS)
    bench.child(QAction, f"copy_{language}").trigger()
    text = QGuiApplication.clipboard().text()
    shutil.rmtree(bench.out)
    words = ["-c", text] if language == "python" else [str(ROOT / "main.py"), *shlex.split(text)[1:]]
    subprocess.run(
        [sys.executable, *words], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, timeout=60
    )
    assert files() == expected


@pytest.mark.slow
@pytest.mark.parametrize("subject", ["classes", "joint", "regions"])
def test_the_copied_command_writes_the_same_files(bench: Bench, subject: str) -> None:
    bench.press("add_folder")
    box = bench.child(QComboBox, "subject")
    box.setCurrentIndex(box.findData(subject))
    bench.finish()
    assert bench.states == ["done"] * 3
    assert bench.child(QProgressBar, "bar").value() == 3
    files = bench.files()
    assert set(files) == {f"{kind}/{at}.png" for kind in ("mask", "overlay") for at in range(3)}
    assert (bench.out / "areas.csv").is_file()
    language = "python" if subject == "joint" else "command"
    bench.child(QAction, f"copy_{language}").trigger()
    text = QGuiApplication.clipboard().text()
    shutil.rmtree(bench.out)
    words = ["-c", text] if subject == "joint" else [str(ROOT / "main.py"), *shlex.split(text)[1:]]
    # In a process of its own: this one would keep a second thread.
    subprocess.run(
        [sys.executable, *words], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, timeout=60
    )
    assert bench.files() == files


@pytest.mark.slow
def test_the_failed_are_retried_and_the_others_left_as_they_are(bench: Bench) -> None:
    bad = bench.photos / "1.png"
    good = bad.read_bytes()
    bad.write_bytes(b"no picture")
    bench.press("add_folder")
    bench.finish()
    assert bench.states == ["done", "failed", "done"]
    assert "not an image" in bench.dialog.states[1].text
    assert "2 of 3 pictures are done. 1 failed." in bench.dialog.message
    bad.write_bytes(good)
    bench.finish("retry")
    assert bench.states == ["kept", "done", "kept"]
    assert not bench.child(QPushButton, "retry").isEnabled()
    assert len(bench.files()) == 6


def test_a_double_click_opens_what_was_made(bench: Bench) -> None:
    bench.press("add_folder")
    table = bench.dialog.findChild(BatchTable)
    assert table is not None
    place = table.visualRect(table.model().index(2, 0)).center()

    def double_click() -> None:
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)

    double_click()
    assert bench.opened == []
    bench.finish()
    double_click()
    bench.press("sheet")
    assert bench.opened == [bench.out / "mask" / "2.png", bench.out / "contact sheet.html"]


def test_stop_completes_what_is_in_hand_and_a_start_goes_on(bench: Bench) -> None:
    for at in range(3, 12):
        Pillow.fromarray(photo(seed=at)).save(bench.photos / f"{at}.png")
    bench.child(QSpinBox, "jobs").setValue(1)
    bench.press("add_folder")

    def stop_once(run: object, events: object) -> None:
        # Events come several at a time: the first that tell of any work are soon enough.
        if not bench.runner.is_ending:
            bench.press("stop")

    bench.runner.events.connect(stop_once)
    bench.finish()
    bench.runner.events.disconnect(stop_once)
    n_done = bench.states.count("done")
    assert 1 <= n_done < 12
    assert bench.states.count("waiting") == 12 - n_done
    bench.finish()
    assert bench.states.count("kept") == n_done
    assert bench.states.count("done") == 12 - n_done


def test_the_program_ends_while_a_batch_runs(bench: Bench) -> None:
    bench.press("add_folder")
    bench.press("go")
    bench.qtbot.waitUntil(lambda: "working" in bench.states, timeout=20000)
    assert bench.runner.shutdown()
    assert not list(bench.out.rglob("*.tmp"))
