"""Tools alone: presses, moves, keys and the wheel become strokes, areas, prompts and boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gmmseg.photo.objects.patch import brushed
from ui.photo.tools.brush import Stroking
from ui.photo.tools.cutting import Cutting
from ui.photo.tools.outlining import Lasso, Polygon
from ui.photo.tools.pointing import Wand
from ui.photo.tools.select import Select
from ui.photo.tools.tool import NO_DRAFT, Draft, Pointer, Tool

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
SHAPE = (60, 80)


def at(x: float, y: float, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NONE) -> Pointer:
    return Pointer(x, y, 2.0, button, modifiers)


def drag(tool: Tool, *points: Pointer) -> None:
    assert tool.press(points[0])
    for point in points[1:]:
        tool.move(point)
    tool.release(points[-1])


def heard(signal: Any) -> list[tuple[Any, ...]]:
    told: list[tuple[Any, ...]] = []
    signal.connect(lambda *arguments: told.append(arguments))
    return told


@pytest.mark.parametrize(
    ("is_eraser", "button", "modifier", "takes_away"),
    [
        (False, LEFT, NONE, False),
        (False, RIGHT, NONE, True),
        (False, LEFT, ALT, True),
        (True, LEFT, NONE, True),
        (True, RIGHT, NONE, False),
    ],
)
def test_a_stroke_covers_its_way_and_the_other_button_does_the_opposite(
    qtbot: QtBot, is_eraser: bool, button: Qt.MouseButton, modifier: Qt.KeyboardModifier, takes_away: bool
) -> None:
    brush = Stroking(is_eraser)
    brush.shape = SHAPE
    brush.set_radius(4)
    told = heard(brush.stroked)
    drag(brush, at(10, 10, button, modifier), at(30, 20), at(31, 40))
    [(patch, is_removing, way)] = told
    assert way == ((10, 10), (30, 20), (31, 40))
    assert np.array_equal(patch.full(SHAPE), brushed([(10, 10), (30, 20), (31, 40)], 4, SHAPE).full(SHAPE))
    assert is_removing == takes_away


def test_the_brush_shows_its_circle_and_changes_size_by_brackets_and_shift_wheel(qtbot: QtBot) -> None:
    brush = Stroking(False)
    drafts, sizes = heard(brush.draft_changed), heard(brush.radius_changed)
    brush.hover(at(5, 6))
    assert drafts[-1][0].cursor == (5, 6, brush.radius)
    before = brush.radius
    assert brush.key(Qt.Key.Key_BracketRight, NONE)
    assert brush.wheel(1, at(0, 0, modifiers=SHIFT))
    assert not brush.wheel(1, at(0, 0))
    assert brush.radius == pytest.approx(before * 1.25**2) == sizes[-1][0]
    brush.hover(None)
    assert drafts[-1] == (NO_DRAFT,)


def test_another_size_in_the_middle_of_a_stroke_is_that_of_all_of_it(qtbot: QtBot) -> None:
    brush = Stroking(False)
    brush.shape = SHAPE
    strokes = heard(brush.stroked)
    brush.press(at(10, 12))
    brush.move(at(40, 30))
    brush.set_radius(5)
    brush.move(at(70, 20))
    brush.release(at(70, 20))
    expected = brushed([(10, 12), (40, 30), (70, 20)], 5, SHAPE)
    assert np.array_equal(strokes[-1][0].full(SHAPE), expected.full(SHAPE))


def test_a_stroke_is_given_up_with_escape(qtbot: QtBot) -> None:
    brush = Stroking(False)
    brush.shape = SHAPE
    told = heard(brush.stroked)
    brush.press(at(10, 10))
    assert brush.key(Qt.Key.Key_Escape, NONE)
    brush.release(at(20, 20))
    assert told == []


def test_a_lasso_encloses_what_it_goes_round(qtbot: QtBot) -> None:
    lasso = Lasso()
    lasso.shape = SHAPE
    told = heard(lasso.enclosed)
    drag(lasso, at(10, 10), at(30, 10), at(30, 25), at(10, 25))
    drag(lasso, at(50, 10, LEFT, ALT), at(60, 10), at(60, 20))
    expected = np.zeros(SHAPE, dtype=bool)
    expected[10:25, 10:30] = True
    assert np.array_equal(told[0][0]().full(SHAPE), expected)
    assert [is_removing for _, is_removing in told] == [False, True]


def test_points_of_a_polygon_can_be_moved_and_removed_before_it_is_closed(qtbot: QtBot) -> None:
    tool = Polygon()
    tool.shape = SHAPE
    told, drafts = heard(tool.enclosed), heard(tool.draft_changed)
    for x, y in ((10, 10), (30, 10), (40, 40), (25, 30), (10, 25)):
        drag(tool, at(x, y))
    drag(tool, at(25.5, 30.5), at(30, 25))
    drag(tool, at(40.5, 40, RIGHT))
    assert drafts[-1][0] == Draft(((10, 10), (30, 10), (30, 25), (10, 25)), is_closed=True, handles=True)
    assert told == []
    tool.press(at(10.5, 10.5))
    expected = np.zeros(SHAPE, dtype=bool)
    expected[10:25, 10:30] = True
    assert np.array_equal(told[0][0]().full(SHAPE), expected)


@pytest.mark.parametrize("ending", ["enter", "double click"])
def test_a_polygon_is_closed_by_keys_or_a_double_click_and_dropped_by_escape(
    qtbot: QtBot, ending: str
) -> None:
    tool = Polygon()
    tool.shape = SHAPE
    told = heard(tool.enclosed)
    assert not tool.key(Qt.Key.Key_Return, NONE)
    for x, y in ((10, 10), (30, 10), (30, 25), (70, 50)):
        drag(tool, at(x, y))
    assert tool.key(Qt.Key.Key_Backspace, NONE)
    assert tool.key(Qt.Key.Key_Return, NONE) if ending == "enter" else tool.double_click(at(30, 25))
    assert len(told) == 1
    drag(tool, at(10, 10))
    assert tool.key(Qt.Key.Key_Escape, NONE)
    assert not tool.double_click(at(1, 1))
    assert len(told) == 1


@pytest.mark.parametrize(
    ("button", "modifier", "is_positive", "is_asked"),
    [
        (LEFT, NONE, True, False),
        (LEFT, SHIFT, True, True),
        (LEFT, ALT, False, True),
        (RIGHT, NONE, False, True),
    ],
)
def test_a_click_prompts_with_the_sign_that_keys_and_button_say(
    qtbot: QtBot, button: Qt.MouseButton, modifier: Qt.KeyboardModifier, is_positive: bool, is_asked: bool
) -> None:
    tool = Select()
    tool.is_pending = True
    told = heard(tool.prompted)
    drag(tool, at(10, 12, button, modifier), at(11, 12))
    assert told == [(((10, 12),), is_positive, is_asked)]


def test_with_nothing_pending_the_right_button_is_left_to_the_menu(qtbot: QtBot) -> None:
    tool = Select()
    assert not tool.press(at(10, 12, RIGHT))
    tool.is_pending = True
    assert tool.press(at(10, 12, RIGHT))


def test_a_line_is_drawn_and_reported_unless_it_is_short_or_given_up(qtbot: QtBot) -> None:
    tool = Cutting()
    lines, drafts = heard(tool.drawn), heard(tool.draft_changed)
    drag(tool, at(10, 12), at(30, 40))
    assert drafts[0] == (Draft(((10, 12), (30, 40)), is_removing=True),)
    assert drafts[-1] == (NO_DRAFT,)
    drag(tool, at(10, 12), at(11, 12))
    assert not tool.press(at(10, 12, RIGHT))
    tool.press(at(1, 1))
    assert tool.claims(Qt.Key.Key_Escape, NONE)
    assert tool.key(Qt.Key.Key_Escape, NONE)
    tool.release(at(30, 30))
    assert lines == [((10, 12), (30, 40))]


def test_a_wand_says_which_key_was_held_and_keys_decide_on_what_is_selected(qtbot: QtBot) -> None:
    tool = Wand()
    tool.shape = SHAPE
    told = heard(tool.pointed)
    for modifiers in (NONE, SHIFT, ALT):
        assert tool.press(at(3.5, 4, modifiers=modifiers))
    tool.press(at(-1, 4))
    assert told == [((3.5, 4), "new"), ((3.5, 4), "add"), ((3.5, 4), "remove")]
    accepted = heard(tool.accepted)
    assert not tool.key(Qt.Key.Key_Return, NONE)
    tool.is_pending = True
    assert tool.claims(Qt.Key.Key_Return, NONE)
    assert tool.key(Qt.Key.Key_Return, NONE)
    assert accepted == [()]
    doubled = heard(tool.double_clicked)
    assert tool.double_click(at(3.5, 4))
    assert doubled == [()]


def test_drags_pan_or_draw_strokes_or_boxes(qtbot: QtBot) -> None:
    tool = Select()
    prompts, boxes = heard(tool.prompted), heard(tool.boxed)
    tool.press(at(10, 10))
    assert not tool.is_pan(at(11, 10))
    assert tool.is_pan(at(20, 10))
    tool.abandon()
    drag(tool, at(10, 10, LEFT, SHIFT), at(20, 10), at(30, 15))
    assert prompts == [(((10, 10), (20, 10), (30, 15)), True, True)]
    drag(tool, at(30.5, 40.2, LEFT, CTRL), at(10.4, 12.9))
    assert boxes == [((10, 12, 31, 41),)]
    box = Select(draws_boxes=True)
    boxes = heard(box.boxed)
    drag(box, at(1, 2), at(9, 8))
    assert boxes == [((1, 2, 9, 8),)]


def test_the_wheel_and_brackets_change_a_pending_selection_and_else_nothing(qtbot: QtBot) -> None:
    tool = Select()
    sizes, accepted = heard(tool.sized), heard(tool.double_clicked)
    assert not tool.wheel(1, at(0, 0))
    assert not tool.key(Qt.Key.Key_BracketRight, NONE)
    assert not tool.double_click(at(0, 0, Qt.MouseButton.RightButton))
    tool.is_pending = True
    for _ in range(4):
        assert tool.wheel(0.25, at(0, 0))
    assert tool.wheel(-2, at(0, 0))
    assert not tool.wheel(1, at(0, 0, modifiers=CTRL))
    assert tool.key(Qt.Key.Key_BracketRight, NONE)
    assert tool.double_click(at(0, 0))
    assert sizes == [(1,), (-2,), (1,)]
    assert accepted == [()]
