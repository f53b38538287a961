"""Copy as command and as Python: what is on the clipboard writes the bytes that Export wrote."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QPushButton

from gmmseg.cli import run
from gmmseg.photo.document import merge_classes, rename_class
from tests.ui.photo.test_map_by_region import Window, window
from ui.photo.export_dialog import ExportDialog

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


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("subject", ["classes", "regions"])
def test_the_dialogs_texts_write_what_it_writes(window: Window, tmp_path: Path, subject: str) -> None:
    ids = [entry.id for entry in window.shown.classes]
    window.work.apply(merge_classes(ids[:2]))
    window.work.apply(rename_class(ids[-1], "it's “blue”"))
    window.wait()
    out = tmp_path / "out"
    out.mkdir()
    dialog = dialog_of(window)
    child(dialog, QLineEdit, "export.folder").setText(str(out))
    box = child(dialog, QComboBox, "export.subject")
    box.setCurrentIndex(box.findData(subject))
    for kind in ("mask", "overlay", "coco"):
        child(dialog, QCheckBox, f"export.{kind}").setChecked(True)
    texts = []
    for language in ("command", "python"):
        child(dialog, QAction, f"export.copy_{language}").trigger()
        texts.append(QGuiApplication.clipboard().text())
        assert dialog.message.startswith("Copied")
    with window.qtbot.waitSignal(window.work.exporter.finished, timeout=20000):
        child(dialog, QPushButton, "export.go").click()
    expected = files_in(out)
    assert len(expected) == 3
    for path in out.iterdir():
        path.unlink()
    assert run(shlex.split(texts[0])[1:]) == 0
    assert files_in(out) == expected
    for path in out.iterdir():
        path.unlink()
    exec(texts[1], {})
    assert files_in(out) == expected


def test_the_menu_copies_what_export_offers(window: Window, tmp_path: Path) -> None:
    window.app.photo.actions["copy_command"].trigger()
    words = shlex.split(QGuiApplication.clipboard().text())
    assert words[:2] == ["gmmseg", "segment"]
    assert str(tmp_path / "bands.png") in words
    window.app.photo.actions["copy_python"].trigger()
    assert QGuiApplication.clipboard().text().startswith("import gmmseg\n")


def test_what_no_text_can_say_needs_a_saved_project(window: Window, tmp_path: Path) -> None:
    from gmmseg.photo.objects.edits import add_object
    from gmmseg.photo.objects.patch import Patch

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
