"""Work on objects that takes a while on large pictures, or waits for what is not there yet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from scipy.ndimage import label

from gmmseg.io.images import image_from_array
from gmmseg.photo.document import change_setting
from gmmseg.photo.objects.patch import brushed
from tests.core.photo.test_pending import SHAPE, picture
from tests.ui.photo.test_selecting import ALT, LEFT, NONE, SHIFT, Person
from ui.photo.postponing import Postponed
from ui.photo.widgets import entries_panel


@pytest.fixture
def person(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    person = Person(qtbot)
    # To the window every picture is a large one now.
    monkeypatch.setattr(entries_panel, "MAX_PIXELS_AT_ONCE", 100)
    yield person
    person.app.end()
    person.app.shutdown()
    person.app.deleteLater()


def open_anew(person: Person) -> None:
    """Open the picture again: for a moment nothing is known of it."""
    person.desk.work.opener.opened.emit(image_from_array(picture(), "anew"), "")


def click(person: Person, x: float, y: float, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(person.canvas.viewport(), LEFT, keys, person.at(x, y))


def note(person: Person) -> str:
    label = person.desk.panels.objects._note
    return label.text() if label.isVisible() else ""


def test_acts_wait_for_what_they_need_and_are_done_in_order(qtbot: QtBot) -> None:
    postponed, there, done, said = Postponed(), set[str](), list[str](), list[str]()
    postponed.waiting.connect(said.append)
    for name, need in (("a", "x"), ("b", "y"), ("c", "x")):
        postponed.do(partial(done.append, name), partial(there.__contains__, need), f"{name} waits")
    assert not done
    there.add("x")
    postponed.look()
    assert done == ["a", "c"]
    postponed.do(lambda: done.append("d"), lambda: True, "never said")
    assert done == ["a", "c", "d"]
    assert said == ["a waits", "b waits", "c waits", "b waits"]
    postponed.drop()
    there.add("y")
    postponed.look()
    assert done == ["a", "c", "d"]
    assert said[-1] == ""


def test_a_stroke_kept_to_edges_waits_for_these_and_says_so(person: Person) -> None:
    person.desk.actions["tool_brush"].trigger()
    person.desk.toolbox.set_radius(10)
    person.desk.panels.objects.options.keeps_to_edges.click()
    open_anew(person)
    person.drag((90, 50), (90, 55))
    assert person.leaves is None
    assert "waits for the edges" in note(person)
    person.wait(lambda: bool(person.document.objects))
    assert note(person) == ""
    covered = brushed([(90.5, 50.5), (90.5, 55.5)], 10, SHAPE).full(SHAPE)
    made = person.area_of(1)
    assert made[52, 90]
    assert (made <= covered).all()
    assert (covered & ~made).any()


@pytest.mark.slow
@pytest.mark.parametrize("action", ["stop", "another picture"])
def test_what_waits_is_given_up_by_stop_and_with_the_picture(person: Person, action: str) -> None:
    person.desk.actions["tool_brush"].trigger()
    person.desk.panels.objects.options.keeps_to_edges.click()
    open_anew(person)
    person.drag((90, 50), (90, 55))
    if action == "stop":
        assert person.desk.actions["stop"].isEnabled()
        person.desk.actions["stop"].trigger()
    else:
        open_anew(person)
    assert note(person) == ""
    person.wait(lambda: person.leaves is not None)
    QTest.qWait(20)
    assert not person.document.objects


def test_selecting_by_colour_waits_for_the_classes(person: Person) -> None:
    person.desk.actions["tool_colour"].trigger()
    open_anew(person)
    assert person.desk.work.workspace.shown.segmentation is None
    click(person, 90, 40)
    assert "waits for the classes" in note(person)
    assert person.answer()[40, 90]


def test_a_large_area_is_filled_in_the_background_and_chosen(person: Person) -> None:
    person.desk.actions["tool_fill"].trigger()
    click(person, 20, 20)
    assert person.desk.work.object_editor.is_busy
    assert note(person) == "Fill …"
    assert person.desk.work.can_stop
    assert not person.document.objects
    person.wait(lambda: bool(person.document.objects))
    assert person.desk.toolbox.chosen == (1,)
    assert person.area_of(1).all()
    assert note(person) == ""


def test_what_a_lasso_encloses_in_a_large_picture_is_found_in_the_background(person: Person) -> None:
    actions = person.desk.actions
    actions["tool_lasso"].trigger()
    corners = ((50, 50), (70, 50), (70, 70), (50, 70))
    person.drag(*corners)
    assert person.desk.work.object_editor.is_busy
    person.wait(lambda: len(person.document.object_map) == 1)
    area = person.area_of(1)
    assert area[51:70, 51:70].all()
    area[49:72, 49:72] = False
    assert not area.any()
    # One that encloses no pixel's centre makes nothing.
    person.drag((10, 10), (12, 10), (10, 10))
    person.wait(lambda: not person.desk.work.object_editor.is_busy)
    assert len(person.document.object_map) == 1
    person.desk.toolbox.choose((1,))
    person.drag(*corners, keys=ALT)
    person.wait(lambda: not person.document.object_map)


def test_stop_gives_up_what_is_being_filled(person: Person) -> None:
    person.desk.actions["tool_fill"].trigger()
    click(person, 20, 20)
    person.desk.actions["stop"].trigger()
    person.wait(lambda: not person.desk.work.object_editor.runner.is_running)
    assert not person.document.objects
    assert note(person) == ""
    click(person, 20, 20)
    person.wait(lambda: bool(person.document.objects))


def test_colours_of_a_large_picture_are_selected_in_the_background(person: Person) -> None:
    person.desk.work.apply(change_setting("by", "pixel", ""))
    person.wait_for_final_map()
    shown = person.desk.work.workspace.shown
    assert shown.segmentation is not None
    ids = shown.classes.ids_by_label()[shown.segmentation.labels]
    person.desk.actions["tool_colour"].trigger()

    def connected(x: int, y: int) -> np.ndarray:
        parts, _ = label(ids == ids[y, x])
        return np.asarray(parts == parts[y, x])

    click(person, 90, 40)
    assert person.desk.work.object_editor.is_busy
    assert np.array_equal(person.answer(), connected(90, 40))
    first = person.document.pending
    click(person, 30, 30, SHIFT)
    # Esc over the picture gives up what is on its way, and only then the selection.
    person.press(Qt.Key.Key_Escape)
    person.wait(lambda: not person.desk.work.object_editor.runner.is_running)
    assert person.document.pending is first
    person.press(Qt.Key.Key_Escape)
    assert person.document.pending is None


def test_enter_waits_for_the_colours_that_are_being_selected(person: Person) -> None:
    person.wait_for_final_map()
    kept = person.click(90, 40)
    person.desk.actions["tool_colour"].trigger()
    click(person, 20, 10, SHIFT)
    assert person.desk.work.object_editor.is_busy
    person.press(Qt.Key.Key_Return)
    person.wait(lambda: len(person.document.object_map) == 1)
    made = person.area_of(1)
    assert made[10, 20]
    assert made[kept].all()


def test_a_double_click_waits_for_the_colours_that_its_first_click_selects(person: Person) -> None:
    person.wait_for_final_map()
    person.desk.actions["tool_colour"].trigger()
    person.double_click(90, 40)
    person.wait(lambda: len(person.document.object_map) == 1)
    assert person.area_of(1)[40, 90]
    assert person.document.pending is None


def test_enter_twice_makes_one_object_and_keeps_what_is_selected_next(person: Person) -> None:
    selected = person.click(90, 40)
    person.press(Qt.Key.Key_Return)
    person.press(Qt.Key.Key_Return)
    click(person, 20, 10)
    person.wait(lambda: not person.desk.work.object_editor.is_busy)
    assert len(person.document.object_map) == 1
    assert np.array_equal(person.area_of(1), selected)
    assert person.document.pending is not None
    assert person.answer()[10, 20]


def test_what_is_exported_is_the_object_that_the_selection_becomes(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, ...]] = []
    ask = lambda *_, chosen, **__: asked.append(chosen)  # noqa: E731
    monkeypatch.setattr(person.desk.work.exporter, "ask", ask)
    person.click(90, 40)
    person.desk.actions["export"].trigger()
    assert asked == []
    person.wait(lambda: bool(asked))
    assert asked == [(1,)]
    assert person.document.pending is None


def test_objects_from_regions_are_given_up_with_the_regions(person: Person) -> None:
    person.desk.actions["objects_of_regions"].trigger()
    assert "wait for the regions" in note(person)
    person.desk.actions["stop"].trigger()
    assert note(person) == ""
    # Of another seed the regions are made for themselves, and can be stopped for themselves.
    person.desk.work.apply(change_setting("seed", 5, "Seed"))
    person.desk.actions["objects_of_regions"].trigger()
    assert "wait for the regions" in note(person)
    person.desk.work.region_maker.stop()
    person.wait(lambda: note(person) == "")
    assert not person.document.objects
