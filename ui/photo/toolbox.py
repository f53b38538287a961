"""Toolbox: the tools of the photo desk, the one in hand, and the edits that they ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.editing.editor import Edit
from gmmseg.errors import EditError
from gmmseg.photo.document import Document
from gmmseg.photo.field import Field
from gmmseg.photo.objects import edits
from gmmseg.photo.objects.patch import Patch, brushed, within_touched
from gmmseg.photo.objects.reshaping import split_by_line
from gmmseg.photo.pending import (
    How,
    SelectionAnswer,
    accept_selection,
    extend_object,
    go_on,
    select,
    select_class,
    select_pixels,
    subtract_selection,
)
from gmmseg.photo.view_state import ViewState
from gmmseg.selection.prompts import Prompt
from ui.photo.tools.brush import Stroking
from ui.photo.tools.cutting import Cutting
from ui.photo.tools.outlining import Lasso, Polygon
from ui.photo.tools.pointing import Pointing, Wand
from ui.photo.tools.select import Select
from ui.photo.tools.tool import Point, Tool
from ui.photo.work import PhotoWork

_LONGEST_LINE = 4096
ToolName = Literal[
    "select", "box", "colour", "brush", "eraser", "lasso", "polygon", "fill", "cut", "pick", "look"
]
"""``look`` is no tool: the pointer pans."""


class Toolbox(QObject):
    """Has one tool in hand, and makes edits of what the tools report.

    Strokes and areas go to the one object that is chosen, or make a new one; what they take away, they take
    from the objects chosen, or from all.

    Parameters
    ----------
    work : PhotoWork
    """

    tool_changed = Signal(str)
    """The name of the tool in hand."""
    chosen_changed = Signal(object)
    """Ids of the objects that are chosen now, where a tool has chosen others."""
    radius_changed = Signal(float)
    """Of the brush, image pixels."""

    def __init__(self, work: PhotoWork, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._selecting, self._editor = work.selecting, work.object_editor
        self._select, self._box = Select(parent=self), Select(draws_boxes=True, parent=self)
        self._brush, self._eraser = Stroking(False, self), Stroking(True, self)
        self._lasso, self._polygon = Lasso(self), Polygon(self)
        self._fill, self._pick = Pointing(self), Pointing(self)
        self._wand, self._cut = Wand(self), Cutting(self)
        self._tools: dict[str, Tool | None] = {
            "select": self._select,
            "box": self._box,
            "colour": self._wand,
            "brush": self._brush,
            "eraser": self._eraser,
            "lasso": self._lasso,
            "polygon": self._polygon,
            "fill": self._fill,
            "cut": self._cut,
            "pick": self._pick,
            "look": None,
        }
        self.tool_name: str = "select"
        """The name of the tool in hand."""
        self.chosen: tuple[int, ...] = ()
        """Ids of the objects that are chosen."""
        self._newest: int | None = None
        self._clicked: SelectionAnswer | None = None
        """Selection that a plain click was in, which has begun another one."""
        self._choosing: Edit[Document] | None = None
        """Edit by which pixels were made the selection last; it may still be in progress."""
        self.name = ""
        """Of the object made last, offered again; empty before the first."""
        self.only_unlabelled = False
        """Pixels of other objects are not painted over."""
        self.keeps_to_edges = False
        """Strokes stop at the borders of the leaves that they cross."""
        self.takes_connected = True
        """*Select by colour* takes what is connected with the click, not what is like it everywhere."""
        self._connect()

    def _connect(self) -> None:
        self._selecting.left_field.connect(self._go_on)
        for tool in (self._select, self._box):
            tool.prompted.connect(self._prompt)
            tool.boxed.connect(self._selecting.box)
            tool.hovered.connect(self._selecting.hover)
            tool.sized.connect(self._selecting.step)
        for deciding in (self._select, self._box, self._wand):
            deciding.dropped.connect(self.drop)
            deciding.accepted.connect(self.accept)
            deciding.double_clicked.connect(self._accept_clicked)
            deciding.extended.connect(self.extend)
            deciding.subtracted.connect(self.subtract)
        for brush in (self._brush, self._eraser):
            brush.stroked.connect(self._take_stroke)
            brush.radius_changed.connect(self.set_radius)
        for area in (self._lasso, self._polygon):
            area.enclosed.connect(self._take_found)
        self._fill.pointed.connect(self._flood)
        self._pick.pointed.connect(self.choose_at)
        self._wand.pointed.connect(self._select_colour)
        self._cut.drawn.connect(self._take_apart)
        self._editor.made.connect(self._take_note)
        self._work.bridge.changed.connect(self._on_changed)

    @property
    def tool(self) -> Tool | None:
        """The tool in hand; None is the pointer that pans."""
        return self._tools[self.tool_name]

    def take_tool(self, name: ToolName) -> None:
        """Take a tool in hand."""
        if name == self.tool_name:
            return
        if self.tool is not None:
            self.tool.abandon()
        self.tool_name = name
        self.tool_changed.emit(name)

    @property
    def radius(self) -> float:
        """Of brush and eraser, image pixels."""
        return self._brush.radius

    @Slot(float)
    def set_radius(self, radius: float) -> None:
        """Give brush and eraser another size."""
        for brush in (self._brush, self._eraser):
            brush.set_radius(radius)
        self.radius_changed.emit(self.radius)

    # The pending selection

    @Slot(object, bool, bool)
    def _prompt(self, points: Sequence[Point], is_positive: bool, is_asked: bool) -> None:
        self._note_click(points[0], begins=not is_asked)
        self._selecting.prompt(points, is_positive, is_asked)

    def _note_click(self, point: Point, begins: bool) -> None:
        """Note the selection that a click lies in, where it begins another one."""
        answer = self._work.workspace.shown.current_selection if begins else None
        self._clicked = answer if answer is not None and answer.holds(*_pixel(point)) else None

    @Slot()
    def accept(self) -> None:
        """Make the selection an object, or give it back to the one that it corrects."""
        self._decide(self._accept)

    @Slot()
    def _accept_clicked(self) -> None:
        """Accept the selection that a double click lies in, which its first click has replaced."""
        clicked, workspace = self._clicked, self._work.workspace

        def accept(answer: SelectionAnswer) -> None:
            past = workspace.history.past
            if clicked is not None and past and past[-1].state.pending is clicked.pending:
                workspace.undo()
                answer = clicked
            self._accept(answer)

        self._decide(accept)

    def _accept(self, answer: SelectionAnswer) -> None:
        if not answer.patch.is_empty:
            edit = accept_selection(answer, self._new_name(), only_unlabelled=self.only_unlabelled)
            self._editor.do(edit)

    @Slot()
    def extend(self) -> None:
        """Add the selection to the object that is chosen; without one it becomes an object."""
        self._decide(self._extend)

    def _extend(self, answer: SelectionAnswer) -> None:
        if len(self.chosen) == 1:
            self._editor.do(extend_object(answer, self.chosen[0]))
        else:
            self._accept(answer)

    @Slot(object, object)
    def _go_on(self, prompt: Prompt, field: Field) -> None:
        """Go on with the selection in another field, as soon as it is known what it is."""
        workspace = self._work.workspace

        def act() -> None:
            answer = workspace.shown.current_selection
            if answer is None or (answer.patch.is_empty and answer.pending.object_id is None):
                self._editor.do(select(prompt, field))
                return
            edit = go_on(answer, self._new_name(), prompt, field, only_unlabelled=self.only_unlabelled)
            self._editor.do(edit)

        def is_known() -> bool:
            answer = workspace.shown.current_selection
            return workspace.document.pending is None or (answer is not None and not answer.is_coarse)

        self._work.postponed.do(act, is_known, self.tr("The click waits for what is selected …"))

    @Slot()
    def subtract(self) -> None:
        """Take the selection away from all unlocked objects."""
        self._decide(lambda answer: self._editor.do(subtract_selection(answer)))

    def _decide(self, act: Callable[[SelectionAnswer], None]) -> None:
        """Act on the selection, as soon as it is there: keys may come before the answer to a click."""
        workspace = self._work.workspace

        def decide() -> None:
            answer = workspace.shown.current_selection
            if answer is not None:
                act(answer)

        choosing = self._choosing

        def is_known() -> bool:
            return workspace.shown.is_selection_answered and not self._editor.is_making(choosing)

        self._work.postponed.do(decide, is_known, self.tr("The object waits for the selection …"))

    @Slot()
    def drop(self) -> None:
        """Forget the pending selection, or first the change of it that is being made."""
        if self._editor.is_busy:
            self._editor.stop()
        else:
            self._selecting.drop()

    @property
    def _step(self) -> int:
        """Pixels of the picture along one of the image."""
        image = self._work.workspace.document.image
        return 1 if image is None else image.step_of_levels

    def select_patch(self, patch: Patch, title: str) -> None:
        """Make some pixels of the image the selection."""
        self._editor.do(select_pixels(replace(patch, step=self._step), title))

    def add_patch(self, patch: Patch, name: str) -> None:
        """Make some pixels of the image an object of that name, as far as they are not marked yet."""
        self._editor.do(edits.add_object(replace(patch, step=self._step), name, only_unlabelled=True))

    @Slot(object, str)
    def _select_colour(self, point: Point, how: How) -> None:
        """Select the pixels of the class at a point, beside those selected or away from them."""
        workspace = self._work.workspace
        self._note_click(point, begins=how == "new")

        def ask() -> None:
            shown = workspace.shown
            if shown.segmentation is not None:
                labels, step = shown.segmentation.labels, self._step
                place = _pixel((point[0] / step, point[1] / step))
                self._choosing = select_class(
                    labels, shown.classes, *place, how, shown.current_selection,
                    is_connected=self.takes_connected,
                )  # fmt: skip
                self._editor.do(self._choosing)

        waits = self.tr("Selecting by colour waits for the classes of the picture …")
        self._work.postponed.do(ask, lambda: workspace.shown.segmentation is not None, waits)

    @Slot(object, object)
    def _take_apart(self, start: Point, end: Point) -> None:
        """Split the object that most of a line lies on: one of those chosen, or any."""
        objects = self._work.workspace.document.object_map
        # The line of a box of thousands of pixels across is looked at in steps.
        step = 1 + int(max(abs(end[0] - start[0]), abs(end[1] - start[1]))) // _LONGEST_LINE
        height, width = (-(-side // step) for side in objects.shape)
        line = brushed([(x / step, y / step) for x, y in (start, end)], 0.5, (height, width))
        counts = np.bincount(objects.ids.sampled(step, line.box)[line.mask])
        crossed = [e.id for e in objects if e.id < len(counts) and counts[e.id] and not e.is_locked]
        crossed = [each for each in crossed if each in self.chosen] or crossed
        if not crossed:
            self._work.failed.emit(
                EditError("The line crosses no unlocked object.", "Draw it across the one to take apart.")
            )
            return
        wanted = max(crossed, key=lambda each: int(counts[each]))
        edit = edits.split_object(
            wanted, self.tr("Split by a line"), lambda patch: split_by_line(patch, start, end)
        )
        self._editor.ask(edit)

    # Pixels

    @Slot(object, bool, object)
    def _take_stroke(self, patch: Patch, is_removing: bool, way: Sequence[Point]) -> None:
        if not self.keeps_to_edges:
            self._take(patch, is_removing)
            return
        selecting, field = self._selecting, self._selecting.field_at(way[0], patch.step)
        blocks = [(x / patch.step, y / patch.step) for x, y in way]

        def take() -> None:
            leaves = selecting.leaves(field)
            if leaves is not None:
                corner = field.top, field.left
                self._take_found(partial(within_touched, patch, blocks, leaves, corner), is_removing)

        selecting.make_ready(field)
        waits = self.tr("The stroke waits for the edges of the picture …")
        self._work.postponed.do(take, lambda: selecting.leaves(field) is not None, waits)

    @Slot(bool)
    def set_keeps_to_edges(self, is_set: bool) -> None:
        """Have strokes stop at the borders of leaves, or not."""
        self.keeps_to_edges = is_set

    @Slot(bool)
    def set_takes_connected(self, is_set: bool) -> None:
        """Have *Select by colour* take what is connected alone, or everything."""
        self.takes_connected = is_set

    @Slot(object, bool)
    def _take(self, patch: Patch, is_removing: bool) -> None:
        self._editor.do(self._marking(is_removing)(patch))

    @Slot(object, bool)
    def _take_found(self, find: Callable[[], Patch], is_removing: bool) -> None:
        self._editor.do(edits.mark_found(find, self._marking(is_removing)))

    def _marking(self, is_removing: bool = False) -> Callable[[Patch], Edit[Document]]:
        """Return what makes the edit that gives pixels to the one object chosen, or to a new one.

        What is removing takes them from the objects chosen, or from all.
        """
        if is_removing:
            return partial(edits.erase, wanted=self.chosen or None)
        if len(self.chosen) == 1:
            return partial(edits.paint_object, self.chosen[0], only_unlabelled=self.only_unlabelled)
        return partial(edits.add_object, name=self._new_name(), only_unlabelled=self.only_unlabelled)

    @Slot(object)
    def _flood(self, point: Point) -> None:
        self._editor.do(edits.fill(*_pixel(point), self._marking(), self._selecting.field_at(point)))

    @Slot(bool)
    def set_only_unlabelled(self, is_set: bool) -> None:
        """Paint only pixels that belong to no object, or others' too."""
        self.only_unlabelled = is_set

    @Slot(object)
    def choose_at(self, point: Point) -> None:
        """Choose the object at a point, or none."""
        found = self._work.workspace.document.object_map.at(*_pixel(point))
        self.choose(() if found is None else (found.id,))

    @Slot(object)
    def choose(self, ids: Sequence[int]) -> None:
        """Choose objects, as a click in their table does."""
        if tuple(ids) != self.chosen:
            self.chosen = tuple(ids)
            self.chosen_changed.emit(self.chosen)

    def choose_for_menu(self, point: Point) -> None:
        """Choose the object at a point, unless it is among the chosen ones or there is none."""
        found = self._work.workspace.document.object_map.at(*_pixel(point))
        if found is not None and found.id not in self.chosen:
            self.choose((found.id,))

    def _new_name(self) -> str:
        return self.name or self.tr("Object")

    @Slot(object)
    def _take_note(self, new: Sequence[int]) -> None:
        """Choose an object that has been made, and let it name the next."""
        self._newest = new[-1]
        self.name = self._work.workspace.document.object_map.by_id(new[-1]).name
        self.choose([new[-1]])

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        document = new.document
        for deciding in (self._select, self._box, self._wand):
            deciding.is_pending = document.pending is not None
        image = document.image
        if image is not None and image is not old.document.image:
            steps = (image.step_of_levels,) if image.levels is None else image.levels.steps
            for tool in filter(None, self._tools.values()):
                tool.shape, tool.steps = image.picture_shape, steps
            if self.tool is not None:
                self.tool.abandon()
        if document.objects is not old.document.objects:
            names = {entry.id: entry.name for entry in document.objects or ()}
            if self._newest is not None and new.document.image is old.document.image:
                # Renamed after it was made: the next ones are of that name too.
                self.name = names.get(self._newest, self.name)
            self.choose([wanted for wanted in self.chosen if wanted in names])


def _pixel(point: Point) -> tuple[int, int]:
    """Return (x, y) of the pixel that holds a point of the image."""
    return int(point[0]), int(point[1])
