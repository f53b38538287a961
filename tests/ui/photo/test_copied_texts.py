"""Copy as command and as Python: what is on the clipboard writes the bytes that Export wrote."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit

from gmmseg.batch.documents import Subject
from gmmseg.commands.cli import run
from gmmseg.photo.document import merge_classes, rename_class
from gmmseg.photo.objects.edits import add_object
from gmmseg.photo.objects.patch import Patch
from tests.ui.photo.test_map_by_region import Window, window
from ui.photo.export_dialog import ExportDialog
from ui.photo.widgets.export_offers import REFUSED
from ui.widgets.export_row import INTERCHANGE, RESULTS

__all__ = ["window"]


def dialog_of(window: Window) -> ExportDialog:
    """Open the dialog by its action."""
    window.app.photo.actions["export"].trigger()
    dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, ExportDialog) and w.isVisible()]
    assert len(dialogs) == 1
    return dialogs[0]


def child(dialog: ExportDialog, kind: type[Any], name: str) -> Any:
    found = dialog.findChild(kind, name)
    assert found is not None, name
    return found


def taken(folder: Path) -> dict[str, bytes]:
    """Return what lies in a folder and empty it; of reports without what a run decides."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if "_report" in path.name:
                report = json.loads(content)
                for name in ("command", "seconds", "peak_rss_bytes"):
                    report.pop(name, None)
                content = json.dumps(report).encode()
            found[path.relative_to(folder).as_posix()] = content
    shutil.rmtree(folder)
    folder.mkdir()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("subject", ["classes", "regions", "objects"])
def test_every_row_of_the_dialog_is_written_again_by_its_texts(
    window: Window, tmp_path: Path, subject: Subject
) -> None:
    ids = [entry.id for entry in window.shown.classes]
    window.work.apply(merge_classes(ids[:2]))
    window.work.apply(rename_class(ids[-1], "it's “blue”"))
    window.wait()
    for name, label in (("one", 1), ("other", 2)):
        window.work.apply(add_object(Patch.of(window.map.labels == label), name))
    with window.qtbot.waitSignal(window.work.keeper.saved, timeout=20000):
        window.work.keeper.save(tmp_path / "work.gmmseg")
    out = tmp_path / "out"
    out.mkdir()
    dialog = dialog_of(window)
    child(dialog, QLineEdit, "export.folder").setText(str(out))
    box = child(dialog, QComboBox, "export.subject")
    box.setCurrentIndex(box.findData(subject))
    boxes = [child(dialog, QCheckBox, f"export.{offer[0]}") for offer in (*RESULTS, *INTERCHANGE)]
    for each in boxes:
        each.setChecked(True)
    n_rows = sum(each.isEnabled() for each in boxes)
    assert n_rows == len(boxes) - len(REFUSED[subject])
    # All formats of all rows, which regions share with classes; of fewer formats the last one is again taken.
    formats = [child(dialog, QComboBox, f"{each.objectName()}.format") for each in boxes]
    for number in range(1 if subject == "regions" else max(each.count() for each in formats)):
        for each in formats:
            each.setCurrentIndex(min(number, each.count() - 1))
        texts = []
        for language in ("command", "python"):
            child(dialog, QAction, f"export.copy_{language}").trigger()
            assert dialog.message.startswith("Copied"), dialog.message
            texts.append(QGuiApplication.clipboard().text())
        with window.qtbot.waitSignal(window.work.exporter.finished, timeout=30000):
            window.work.exporter.write(window.shown, dialog.items(), subject)
        expected = taken(out)
        assert len(expected) >= n_rows
        assert run(shlex.split(texts[0])[1:]) == 0
        assert_equal(taken(out), expected)
        exec(texts[1], {})
        assert_equal(taken(out), expected)
    dialog.reject()


def assert_equal(found: dict[str, bytes], expected: dict[str, bytes]) -> None:
    assert found.keys() == expected.keys()
    assert [name for name, content in found.items() if content != expected[name]] == []


@pytest.mark.slow
def test_the_menu_copies_what_export_offers(window: Window, tmp_path: Path) -> None:
    window.app.photo.actions["copy_command"].trigger()
    words = shlex.split(QGuiApplication.clipboard().text())
    assert words[:2] == ["gmmseg", "segment"]
    assert str(tmp_path / "bands.png") in words
    window.app.photo.actions["copy_python"].trigger()
    assert QGuiApplication.clipboard().text().startswith("import gmmseg\n")


@pytest.mark.slow
def test_what_no_text_can_say_needs_a_saved_project(window: Window, tmp_path: Path) -> None:
    window.work.apply(add_object(Patch.of(window.map.labels == 1), "band"))
    dialog = dialog_of(window)
    child(dialog, QAction, "export.copy_command").trigger()
    assert "Save the project" in dialog.message
    assert not dialog.message.startswith("Copied")
    path = tmp_path / "work.gmmseg"
    with window.qtbot.waitSignal(window.work.keeper.saved, timeout=20000):
        window.work.keeper.save(path)
    child(dialog, QAction, "export.copy_command").trigger()
    words = shlex.split(QGuiApplication.clipboard().text())
    assert words[:3] == ["gmmseg", "export", str(path)]
    assert words[words.index("--subject") + 1] == "objects"
    dialog.reject()
