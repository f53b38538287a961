"""Teaching in the whole window: classes from objects, live strokes, unsure places, and masks from files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QCheckBox, QFileDialog, QMenu, QToolButton
from pytestqt.qtbot import QtBot

from gmmseg.drawing.layers import Layer
from gmmseg.io.images import image_from_array
from gmmseg.photo.document import change_setting
from gmmseg.photo.objects import edits
from gmmseg.photo.objects.patch import Patch
from tests.ui.photo.test_selecting import Person

HEIGHT, WIDTH = 90, 120


def bands() -> np.ndarray:
    """Red on the left, blue on the right, and between them what could be either."""
    rng = np.random.default_rng(0)
    colours = np.array([[150, 80, 80], [115, 80, 115], [80, 80, 150]])
    kinds = np.repeat([0, 1, 2], WIDTH // 3) * np.ones((HEIGHT, 1), dtype=int)
    picture: np.ndarray = colours[kinds] + rng.normal(0, 25, (HEIGHT, WIDTH, 3))
    rounded: np.ndarray = np.clip(picture, 0, 255).astype(np.uint8)
    return rounded


def box(top: int, left: int, height: int = 20, width: int = 10) -> Patch:
    return Patch.of(np.ones((height, width), dtype=bool), top, left)


class Teacher(Person):
    """Marks red and blue, and teaches."""

    def __init__(self, qtbot: QtBot) -> None:
        super().__init__(qtbot, bands())
        self.work = self.desk.work
        self.wait_for_fit()
        # By region this picture is one of noise: a single class.
        self.work.apply(change_setting("by", "pixel", "By pixel"))
        self.work.apply(edits.add_object(box(5, 5), "red", (255, 0, 0)))
        self.work.settle()

    def wait_for_fit(self) -> None:
        self.wait(lambda: not self.document.is_stale and not self.work.workspace.shown.is_preview)

    def mark_blue(self) -> None:
        self.work.apply(edits.add_object(box(5, 100), "blue", (0, 0, 255)))
        self.work.settle()

    def teach(self) -> None:
        self.mark_blue()
        self.desk.actions["teach"].trigger()
        self.wait_for_fit()

    def share_of(self, name: str, columns: slice) -> float:
        """Return the share of some columns that belongs to a class."""
        shown = self.work.workspace.shown
        assert shown.segmentation is not None
        ids = shown.classes.ids_by_label()[shown.segmentation.labels[:, columns]]
        wanted = next(entry.id for entry in shown.classes if entry.name == name)
        return float((ids == wanted).mean())


@pytest.fixture
def teacher(qtbot: QtBot) -> Iterator[Teacher]:
    teacher = Teacher(qtbot)
    yield teacher
    teacher.app.window.close()
    teacher.app.shutdown()


def test_names_become_classes_and_the_objects_stay(teacher: Teacher) -> None:
    teacher.teach()
    assert teacher.desk.actions["teach"].isChecked()
    assert [(entry.name, entry.colour) for entry in teacher.document.classes] == [
        ("red", (255, 0, 0)), ("blue", (0, 0, 255))
    ]  # fmt: skip
    assert teacher.share_of("red", slice(0, 40)) > 0.9
    assert teacher.share_of("red", slice(80, 120)) < 0.1
    assert {entry.name: n for entry in teacher.document.object_map for n in [entry.id]} == {
        "red": 1,
        "blue": 2,
    }
    assert teacher.document.object_map.areas() == {1: 200, 2: 200}
    before = teacher.document
    teacher.work.workspace.undo()
    teacher.wait_for_fit()
    assert teacher.document.settings.learns_from is None
    assert before.objects is teacher.document.objects


def test_what_is_taught_labels_the_next_pictures_too(teacher: Teacher) -> None:
    teacher.teach()
    taught = teacher.document.fit
    assert taught is not None
    assert teacher.document.image is not None
    teacher.desk.actions["apply_fit"].trigger()
    teacher.wait_for_fit()
    assert "next ones" in teacher.app.window.errors.text
    assert [entry.name for entry in teacher.document.classes] == ["red", "blue"]
    pixels = teacher.document.image.pixels[:, ::-1].copy()
    teacher.desk.work.opener.opened.emit(image_from_array(pixels, "mirrored"), "")
    teacher.wait_for_fit()
    assert not teacher.document.objects
    assert [entry.name for entry in teacher.document.classes] == ["red", "blue"]
    assert teacher.share_of("red", slice(80, 120)) > 0.9
    assert teacher.document.fit is not None
    assert np.array_equal(teacher.document.fit.result.params.means, taught.result.params.means)


@pytest.mark.slow
def test_a_stroke_with_the_brush_is_followed(teacher: Teacher) -> None:
    teacher.teach()
    first, before = teacher.document.fit, teacher.share_of("red", slice(40, 80))
    teacher.desk.toolbox.choose([1])
    teacher.desk.actions["tool_brush"].trigger()
    teacher.drag((55, 20), (60, 60))
    teacher.wait(lambda: teacher.document.fit is not first)
    teacher.wait_for_fit()
    assert teacher.document.fit is not None
    assert teacher.document.fit.hints == teacher.document.hints
    assert teacher.share_of("red", slice(40, 80)) > before


@pytest.mark.slow
def test_strokes_wait_where_learning_is_not_live(teacher: Teacher) -> None:
    teacher.teach()
    live = teacher.desk.actions["teach_live"]
    assert live.isChecked()
    live.trigger()
    assert not live.isChecked()
    fit = teacher.document.fit
    teacher.work.apply(edits.paint_object(1, box(40, 50)))
    assert teacher.document.is_stale
    assert not teacher.work.fitter.is_fitting
    teacher.desk.actions["run"].trigger()
    teacher.wait_for_fit()
    assert teacher.document.fit is not fit
    teacher.work.apply(edits.paint_object(1, box(60, 50)))
    live.trigger()
    teacher.wait_for_fit()


@pytest.mark.slow
def test_what_is_not_taught_any_longer_has_its_own_classes(teacher: Teacher) -> None:
    switch = teacher.desk.actions["teach"]
    teacher.teach()
    assert switch.isChecked()
    switch.trigger()
    teacher.wait_for_fit()
    assert not switch.isChecked()
    assert teacher.document.classes.by_id(1).name == "Class 1"


@pytest.mark.slow
def test_whoever_teaches_sees_the_classes(teacher: Teacher) -> None:
    panes = teacher.desk.panels.panes
    panes.set_layout(1)
    panes.choose_layer(0, Layer("image"))
    teacher.teach()
    assert panes.panes[0].layer.kind == "overlay"


@pytest.mark.slow
def test_the_setup_says_why_it_does_not_teach_yet(teacher: Teacher) -> None:
    setup = teacher.desk.panels.setup
    field = setup.field("learns_from")
    assert not field.isEnabled()
    assert "two names" in field.toolTip()
    teacher.teach()
    assert field.isEnabled()
    switch = field.findChild(QCheckBox)
    assert switch is not None
    assert switch.isChecked()
    assert not setup.field("mixture.n_components").isEnabled()
    assert "BIC" in setup.field("mixture.n_components").toolTip()


@pytest.mark.slow
def test_unsure_places_are_gone_to_until_one_is_answered(teacher: Teacher) -> None:
    teacher.teach()
    teacher.desk.actions["show_unsure"].trigger()
    outline = teacher.canvas.place_outline
    teacher.wait(lambda: not outline.is_empty)
    centre = teacher.desk.panels.panes.camera.centre
    assert 40 < centre.x() < 80
    assert "Unsure place 1 of" in teacher.app.window.errors.text
    teacher.desk.actions["show_unsure"].trigger()
    assert "Unsure place" in teacher.app.window.errors.text
    assert not outline.is_empty
    teacher.work.apply(edits.paint_object(1, box(40, 50)))
    assert outline.is_empty


@pytest.mark.slow
def test_where_nothing_is_unsure_that_is_said(teacher: Teacher) -> None:
    teacher.mark_blue()
    # What is marked needs no answer.
    for wanted, left in ((1, 0), (2, WIDTH // 2)):
        teacher.work.apply(edits.paint_object(wanted, box(0, left, HEIGHT, WIDTH // 2)))
    teacher.desk.actions["teach"].trigger()
    teacher.wait_for_fit()
    teacher.desk.actions["show_unsure"].trigger()
    teacher.wait(lambda: "No place" in teacher.app.window.errors.text)
    assert teacher.canvas.place_outline.is_empty


@pytest.mark.slow
def test_the_panel_offers_teaching(teacher: Teacher) -> None:
    buttons = {button.text(): button for button in teacher.desk.panels.objects.findChildren(QToolButton)}
    buttons["Teach classes"].click()
    assert "two names" in teacher.app.window.errors.text
    assert not buttons["Teach classes"].isChecked()
    assert teacher.document.settings.learns_from is None
    teacher.mark_blue()
    buttons["Teach classes"].click()
    teacher.wait_for_fit()
    assert buttons["Teach live"].isChecked()
    assert buttons["Unsure place"].isEnabled()


# Masks from files


def write_mask(path: Path, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> Path:
    ids = np.zeros(shape, dtype=np.uint8)
    ids[:30], ids[-20:] = 4, 9
    PillowImage.fromarray(ids).save(path)
    return path


@pytest.mark.slow
def test_a_mask_is_opened_as_objects_where_nothing_is_marked(teacher: Teacher, tmp_path: Path) -> None:
    menu = teacher.desk.panels.objects.findChild(QMenu, "objects.addMenu")
    assert menu is not None
    menu.actions()[-1].trigger()
    dialog = teacher.app.window.findChild(QFileDialog, "openMaskDialog")
    assert dialog is not None
    dialog.fileSelected.emit(str(write_mask(tmp_path / "m.png")))
    dialog.close()
    teacher.wait(lambda: len(teacher.document.object_map) == 3)
    objects = teacher.document.object_map
    assert [entry.name for entry in objects] == ["red", "Object 4", "Object 9"]
    assert sorted(objects.areas().values()) == [200, 20 * WIDTH, 30 * WIDTH - 200]
    assert "marks 2 objects" in teacher.app.window.errors.text
    teacher.work.workspace.undo()
    assert len(teacher.document.object_map) == 1


@pytest.mark.slow
def test_a_mask_of_another_size_is_refused_with_both(teacher: Teacher, tmp_path: Path) -> None:
    before = teacher.document
    teacher.work.mask_opener.open_path(write_mask(tmp_path / "m.png", (HEIGHT, WIDTH + 1)))
    teacher.wait(lambda: "121 × 90 pixels; the image has 120 × 90" in teacher.app.window.errors.text)
    assert teacher.document is before


@pytest.mark.slow
@pytest.mark.parametrize(("name", "is_alt_held", "is_mask"), [
    ("m.png", True, True), ("m.png", False, False), ("m.npy", False, True),
])  # fmt: skip
def test_what_is_dropped_marks_objects_where_it_is_no_image_or_alt_is_held(
    teacher: Teacher,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    is_alt_held: bool,
    is_mask: bool,
) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication

    modifiers = Qt.KeyboardModifier.AltModifier if is_alt_held else Qt.KeyboardModifier.NoModifier
    monkeypatch.setattr(QGuiApplication, "queryKeyboardModifiers", staticmethod(lambda: modifiers))
    path = write_mask(tmp_path / "m.png")
    if name.endswith(".npy"):
        path = tmp_path / name
        np.save(path, np.asarray(PillowImage.open(tmp_path / "m.png")))
    image = teacher.document.image
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    teacher.app.window.dropped.emit(data)
    if is_mask:
        teacher.wait(lambda: len(teacher.document.object_map) == 3)
        assert teacher.document.image is image
    else:
        teacher.wait(lambda: teacher.document.image is not image)
        assert not teacher.document.objects


@pytest.mark.slow
def test_another_map_of_the_same_posteriors_leaves_the_place_where_it_is(teacher: Teacher) -> None:
    teacher.teach()
    teacher.desk.actions["show_unsure"].trigger()
    outline = teacher.canvas.place_outline
    teacher.wait(lambda: not outline.is_empty)
    before = teacher.work.workspace.shown.segmentation
    by = teacher.document.map_settings.by
    teacher.work.apply(change_setting("min_island", 30, "Islands"))
    teacher.wait(lambda: teacher.work.workspace.shown.segmentation is not before)
    assert teacher.document.map_settings.by == by
    assert not outline.is_empty
