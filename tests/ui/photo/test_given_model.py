"""A saved model in the window: dropped or chosen, it labels this picture and the next, adapted or not."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFileDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

import gmmseg
from gmmseg.commands.cli import run
from gmmseg.control import result_of
from gmmseg.image import Image
from gmmseg.io.export_items import ExportItem
from gmmseg.io.models import dump_model
from gmmseg.io.projects.file.writing import save_project
from gmmseg.mixture.settings import Adaptation
from gmmseg.photo.document import Document, adapt_model, change_setting, rename_class
from gmmseg.photo.given import GivenModel
from gmmseg.photo.project import PhotoProject
from tests.ui.driving import arrange, blobs, drop, mime_of, wait_for_fit, write_png
from ui.app import App
from ui.widgets.number_box import NumberBox


def levels(light: float, seed: int) -> np.ndarray:
    """Return three bands of grey under some light, which in the dark are nearer to other bands."""
    rng = np.random.default_rng(seed)
    bands = np.array([60, 120, 200])[(3 * np.arange(80)) // 80] * light
    noisy = bands[None, :, None] + rng.normal(0, 8, (60, 80, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def child(widget: QWidget, kind: type[Any], name: str) -> Any:
    found = widget.findChild(kind, name)
    assert found is not None, name
    return found


class Window:
    """The program with a picture and a model of another light, of which two classes are one."""

    def __init__(self, app: App, qtbot: QtBot, place: Path) -> None:
        self.app, self.qtbot, self.place = app, qtbot, place
        self.work = app.photo.work
        self.model = place / "a model.json"
        found = gmmseg.segment(levels(1.0, 0), n_components=3, covariance="diag", seed=1)
        classes = found.model.classes.merged([1, 2]).changed(3, name="Third")
        self.model.write_bytes(dump_model(replace(found.model, classes=classes)))
        self.picture = write_png(place / "picture.png", levels(0.8, 1))
        self.next = write_png(place / "picture2.png", levels(0.8, 2))
        arrange(app, "segment")
        drop(app.window, mime_of(self.picture, self.next))
        self.wait()
        self.work.apply(change_setting("by", "pixel", ""))
        drop(app.window, mime_of(self.model))
        qtbot.waitUntil(lambda: self.document.given is not None)
        self.wait()

    def wait(self) -> None:
        wait_for_fit(self.app, self.qtbot)

    @property
    def document(self) -> Document:
        return self.work.workspace.document

    @property
    def given(self) -> GivenModel:
        assert self.document.given is not None
        return self.document.given

    @property
    def image(self) -> Image:
        assert self.document.image is not None
        return self.document.image

    def child(self, kind: type[Any], name: str) -> Any:
        return child(self.app.photo.panels.setup, kind, name)

    def mask(self) -> bytes:
        """Return the bytes of the mask that is exported."""
        path = self.place / "exported.png"
        with self.qtbot.waitSignal(self.work.exporter.finished, timeout=20000):
            self.work.exporter.write(self.work.workspace.shown, [ExportItem(path, "mask")])
        data = path.read_bytes()
        path.unlink()
        return data

    def applied(self, *options: str) -> bytes:
        """Return the bytes that the command line writes."""
        out = self.place / "applied.png"
        assert run(["apply", str(self.model), str(self.image.source.path), "-o", str(out), *options]) == 0
        data = out.read_bytes()
        out.unlink()
        return data


@pytest.fixture
def window(app: App, qtbot: QtBot, tmp_path: Path) -> Window:
    return Window(app, qtbot, tmp_path)


@pytest.mark.slow
def test_a_dropped_model_labels_the_picture_as_the_command_line_does(window: Window) -> None:
    assert [entry.name for entry in window.document.classes] == ["Class 1", "Third"]
    assert window.document.fit is not None
    assert window.document.fit.result.stop_reason == "not fitted"
    label = window.child(QLabel, "given.name")
    assert label.isVisible()
    assert "a model.json" in label.text()
    assert window.mask() == window.applied()


@pytest.mark.slow
def test_adapting_is_a_step_and_writes_what_the_command_line_and_python_write(window: Window) -> None:
    as_it_is = window.mask()
    box = window.child(QCheckBox, "given.adapted")
    box.click()
    window.wait()
    assert window.given.adaptation == Adaptation(16.0)
    field = window.child(NumberBox, "relevance")
    assert field.isVisible()
    field.selectAll()
    QTest.keyClicks(field, "250")
    window.wait()
    assert window.given.adaptation == Adaptation(250.0)
    adapted = window.mask()
    assert adapted != as_it_is
    assert adapted == window.applied("--adapt", "250")
    labels = gmmseg.apply(window.model, window.picture, adapt=250.0).labels
    shown = window.work.workspace.shown
    assert shown.segmentation is not None
    ids = window.document.classes.ids_by_label()
    np.testing.assert_array_equal(ids[shown.segmentation.labels], labels)
    window.work.editor.undo()
    window.wait()
    assert window.given.adaptation == Adaptation(16.0)
    window.work.editor.undo()
    window.wait()
    assert window.mask() == as_it_is


def test_the_next_picture_is_labelled_by_the_same_model(window: Window) -> None:
    window.app.photo.actions["adapt_model"].trigger()
    window.wait()
    window.work.apply(rename_class(3, "Renamed here"))
    window.app.photo.actions["next_image"].trigger()
    window.qtbot.waitUntil(lambda: window.image.source.path == window.next)
    window.wait()
    assert [entry.name for entry in window.document.classes] == ["Class 1", "Third"]
    assert window.mask() == window.applied("--adapt", "16")


@pytest.mark.parametrize(
    "options", [Adaptation(40.0), Adaptation(16.0, keeps_means=True, moves_weights=True)]
)
@pytest.mark.slow
def test_the_copied_command_and_script_write_the_same_bytes(window: Window, options: Adaptation) -> None:
    app, work = window.app, window.work
    app.photo.actions["adapt_model"].trigger()
    work.apply(adapt_model(options, ""))
    window.wait()
    expected = window.mask()
    for language in ("command", "python"):
        out = window.place / "again.png"
        text = work.exporter.text(language, [ExportItem(out, "mask")], "classes")
        if language == "command":
            assert run(shlex.split(text)[1:]) == 0
        else:
            exec(text, {})
        assert out.read_bytes() == expected
        out.unlink()
    app.photo.actions["copy_command"].trigger()
    assert "gmmseg apply --adapt" in QGuiApplication.clipboard().text()
    window.model.write_bytes(b"{}")
    with pytest.raises(gmmseg.GmmsegError, match="not as it was"):
        work.exporter.text("command", [ExportItem(out, "mask")], "classes")


@pytest.mark.slow
def test_a_changed_setting_or_the_button_fits_anew_and_undo_brings_the_model_back(window: Window) -> None:
    labelled = window.mask()
    window.work.apply(change_setting("mixture.n_components", 4, "K"))
    window.wait()
    assert window.document.given is None
    assert window.document.fit is not None
    assert window.document.fit.result.n_iter > 0
    window.work.editor.undo()
    window.wait()
    assert window.given.path == window.model
    assert window.mask() == labelled
    button = window.child(QPushButton, "given.fit")
    button.click()
    window.wait()
    assert window.document.given is None
    assert window.document.settings.mixture.n_components == 3
    assert window.document.fit.result.params.n_components == 3


@pytest.mark.slow
def test_a_model_of_other_channels_is_refused_and_goes_where_the_next_picture_has_others(
    window: Window,
) -> None:
    grey = window.place / "grey.png"
    Pillow.fromarray(blobs()[..., 0]).save(grey)
    drop(window.app.window, mime_of(grey))
    window.qtbot.waitUntil(lambda: window.image.n_channels == 1)
    window.wait()
    assert window.document.given is None
    assert "does not suit" in window.app.window.errors.text
    with window.qtbot.waitSignal(window.work.model_opener.failed, timeout=5000):
        window.work.model_opener.open_path(window.model)
    assert window.document.given is None


def test_a_project_keeps_the_model_and_what_it_labelled(window: Window, tmp_path: Path) -> None:
    window.app.photo.actions["adapt_model"].trigger()
    window.wait()
    path = tmp_path / "kept.gmmseg"
    expected = window.mask()
    save_project(PhotoProject(window.work.workspace.history), path)
    opened = gmmseg.open_project(path)
    document = opened.document
    assert document.given == window.given
    assert document.given.path == window.model
    assert dump_model(document.given.model) == dump_model(window.given.model)
    assert not document.is_stale
    out = tmp_path / "of project.png"
    gmmseg.export(opened, {"mask": out})
    assert out.read_bytes() == expected


def test_the_action_asks_for_a_file(window: Window) -> None:
    window.app.photo.actions["apply_model"].trigger()
    dialog = child(window.app.window, QFileDialog, "applyModelDialog")
    assert dialog.isVisible()
    dialog.reject()


@pytest.mark.slow
def test_a_batch_applies_the_model_of_the_document(window: Window) -> None:
    window.app.photo.actions["adapt_model"].trigger()
    window.wait()
    window.app.photo.actions["batch"].trigger()
    dialog = child(window.app.window, QDialog, "batch")
    subject = child(dialog, QComboBox, "batch.subject")
    assert subject.currentData() == "model"
    assert not child(dialog, QCheckBox, "batch.model").isEnabled()
    batch = dialog.batch()
    source = result_of(batch.method.events(window.image, ""))
    np.testing.assert_array_equal(
        source.labels, gmmseg.apply(window.model, window.picture, adapt=16.0).source.labels
    )
    window.work.apply(change_setting("mixture.n_components", 4, "K"))
    window.wait()
    assert subject.currentData() == "classes"
    assert subject.findData("model") == -1
    dialog.close()
