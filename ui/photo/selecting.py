"""Selecting: answers clicks, strokes and boxes in the background, and what the pointer hovers over."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal, Slot

from gmmseg.arrays import AnyArray, IntArray
from gmmseg.control import Progress, ShouldStop
from gmmseg.editing.editor import Edit
from gmmseg.image import Image
from gmmseg.photo.document import Document, PendingSelection
from gmmseg.photo.field import Field, whole_field
from gmmseg.photo.pending import (
    SelectionAnswer,
    correct,
    drop_selection,
    select,
    select_box,
    select_object,
    step_size,
)
from gmmseg.photo.view_state import ViewState
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.settings import RegionSettings
from gmmseg.selection.prompts import Prompt, click, stroke
from ui.desk.requests import LatestRequests
from ui.photo.object_editor import ObjectEditor
from ui.photo.photo_worker import PhotoWorker, PhotoWorkers
from ui.photo.tools.tool import Point

if TYPE_CHECKING:
    from gmmseg.photo.answers import Answers


_MOST_FIELDS = 8
"""Fields that are kept ready."""
_REST_MS = 300
"""The pointer must rest over a field for that to be made ready before it is clicked."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A question: the selection of some prompts, or with a point instead, of a first click there."""

    answers: Answers
    pending: PendingSelection | None = None
    point: tuple[int, int] | None = None


def _make_answers(
    image: Image, field: Field, should_stop: ShouldStop
) -> Generator[Answers | Hierarchy | Progress, None, Answers]:
    from ui.photo.answering import answers_events

    return (yield from answers_events(image, field, should_stop))


def _answer(question: Question, should_stop: ShouldStop) -> tuple[SelectionAnswer | None, list[IntArray]]:
    from ui.photo.answering import outlined_answer, outlined_hover

    if question.pending is not None:
        return outlined_answer(question.answers, question.pending)
    return None, [] if question.point is None else outlined_hover(question.answers, question.point)


class Selecting(PhotoWorker):
    """Keeps the answer on screen that of the document's pending selection.

    An image is made ready as soon as its first maps are shown, or somebody points at it with the tool. In a
    picture beyond memory prompts are answered in fields of the level that is seen, each of which is made
    ready with the first prompt in it; the newest of them are kept.

    Parameters
    ----------
    work : PhotoWorkers
        Makes the queue in which questions are answered.
    editor : ObjectEditor
        Takes up objects to be corrected.
    """

    outlined = Signal(object)
    """Rings of the pending selection."""
    hover_outlined = Signal(object)
    """Rings of what a click would take; none where nothing is pointed at."""
    tree_coming = Signal(bool)
    """Whether the region tree of the image, with the default seed, comes of the work under way."""
    ready_changed = Signal()
    """`leaves` are others now."""
    left_field = Signal(object, object)
    """(Prompt, Field): somebody goes on with the selection where its own field does not reach."""

    def __init__(self, work: PhotoWorkers, editor: ObjectEditor) -> None:
        super().__init__(work)
        self._editor = editor
        self._image: Image | None = None
        self._answers: OrderedDict[Field, Answers] = OrderedDict()
        self._in_progress: Field | None = None
        self._zoom = 1.0
        self._pixel: tuple[int, int] | None = None
        # Somebody is at work with the tool: fields that the pointer rests over are made ready.
        self._follows_pointer = False
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._make_pointed_ready)
        self._questions: LatestRequests = work.make_requests(
            _answer, lambda question: "hover" if question.pending is None else "pending"
        )
        self._questions.answered.connect(self._on_answered)
        work.bridge.changed.connect(self._on_changed)

    def leaves(self, field: Field) -> AnyArray | None:
        """Return the leaf of each pixel of a field, (H, W); None before it is ready for selecting."""
        answers = self._answers.get(field)
        return None if answers is None else answers.site.labels

    @Slot(object)
    def see(self, zoom: float) -> None:
        """Take note of how closely the picture is looked at, in pixels of the screen for one of its own."""
        self._zoom = zoom

    def field_at(self, point: Point, step: int | None = None) -> Field:
        """Return the field in which a prompt at a point begins, of the level that is seen or of a step."""
        image = self._workspace.document.image
        if image is None:
            raise ValueError("there is no image to select in")
        if image.levels is None:
            return whole_field(image)
        from gmmseg.tiled.pyramid import pyramid_of

        pyramid = pyramid_of(image)
        level = (
            pyramid.level_for(self._zoom * pyramid.steps[-1]) if step is None else pyramid.steps.index(step)
        )
        return pyramid.field_at(level, point)

    # What tools ask for

    @Slot(object, bool, bool)
    def prompt(self, points: Sequence[Point], is_positive: bool, is_asked: bool) -> None:
        """Take a click or stroke: plain clicks begin anew, or take up the object there.

        One that was asked for as a correction belongs to the field of what is pending where that holds it.
        """
        document = self._workspace.document
        if document.image is None:
            return
        self._follows_pointer = True
        pending, field = document.pending, self.field_at(points[0])
        if pending is not None and is_asked:
            own = document.field_of(pending)
            field = own if document.image.levels is None or own.holds(points[:1]) else field
        prompt = _prompt_of(field, points, is_positive)
        if prompt is None:
            return
        if is_asked and pending is not None and field != document.field_of(pending):
            self.left_field.emit(prompt, field)
            return
        if is_asked:
            self._apply(correct(prompt, field))
            return
        at = document.object_map.at(*map(math.floor, points[0])) if pending is None else None
        if at is None or at.is_locked or not at.is_visible:
            self._apply(select(prompt, field))
        else:
            self._editor.do(select_object(at.id, field))

    @Slot(object)
    def box(self, box: tuple[int, int, int, int]) -> None:
        """Take a box, in the finest level from that in view on whose field about its middle holds it.

        Of one that reaches beyond the picture the part on that counts.
        """
        image = self._workspace.document.image
        if image is None:
            return
        height, width = image.picture_shape
        box = (max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height))
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        field = self.field_at(middle)
        for step in () if image.levels is None else image.levels.steps:
            if step > field.step and not field.holds([box[:2], (box[2] - 1, box[3] - 1)]):
                field = self.field_at(middle, step)
        (left, top), (right, bottom) = field.own([box[:2], box[2:]])
        x0, y0 = max(math.floor(left), 0), max(math.floor(top), 0)
        x1, y1 = min(math.ceil(right), field.width), min(math.ceil(bottom), field.height)
        if x0 < x1 and y0 < y1:
            self._apply(select_box((x0, y0, x1, y1), field))

    @Slot(int)
    def step(self, by: int) -> None:
        """Go through the likely sizes."""
        if self._workspace.document.pending is not None:
            for _ in range(abs(by)):
                self._workspace.apply(step_size(1 if by > 0 else -1))

    @Slot(object)
    def hover(self, point: Point | None) -> None:
        """Outline what a click there would take."""
        pixel = None if point is None else (math.floor(point[0]), math.floor(point[1]))
        if pixel == self._pixel:
            return
        self._pixel = pixel
        document = self._workspace.document
        if pixel is None or document.image is None:
            self.hover_outlined.emit([])
            return
        field = self.field_at(pixel) if document.pending is None else document.field_of(document.pending)
        if not document.is_beyond_memory:
            self.make_ready(field)
        answers = self._answers.get(field)
        if answers is not None and field.holds([pixel]):
            self._questions.ask(Question(answers, point=pixel))
        else:
            self.hover_outlined.emit([])
            self._rest.start()

    @Slot()
    def _make_pointed_ready(self) -> None:
        """Make the field under the pointer ready, where nothing else is being done or selected."""
        if self._pixel is None or self._workspace.document.pending is not None:
            return
        if self._follows_pointer and not self.runner.is_running:
            self.make_ready(self.field_at(self._pixel))

    @Slot()
    def drop(self) -> None:
        """Forget the pending selection."""
        if self._workspace.document.pending is not None:
            self._apply(drop_selection())

    def stop(self) -> None:
        """Give up making the image ready."""
        self._follows_pointer = False
        self.runner.cancel()
        self.tree_coming.emit(False)

    def _apply(self, edit: Edit[Document]) -> None:
        self._workspace.settle()
        self._workspace.apply(edit)

    # What comes of it

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        document = new.document
        image = document.image
        if image is not self._image:
            self._image, self._pixel = image, None
            self._answers.clear()
            self.stop()
            self.hover_outlined.emit([])
        if document.pending is None and old.document.pending is not None:
            self.outlined.emit([])
        if document.pending is not None:
            self.make_ready(document.field_of(document.pending))
            self._ask_pending()
        elif (
            image is not None and new.segmentation is not None and not new.is_preview and image.levels is None
        ):
            # Tiles come at once where nothing else is computed: an overview waits for the first click.
            self.make_ready(whole_field(image))

    def make_ready(self, field: Field) -> None:
        """Begin to make a field ready for prompts, unless it is, or is about to be.

        Another one that is in progress is given up.
        """
        image = self._image
        if image is None or image.source.is_missing:
            return
        if field in self._answers:
            self._answers.move_to_end(field)
        elif not self.runner.is_running or self._in_progress != field:
            # What has been answered coarsely of a field that is given up is to be made anew.
            for each in [each for each, answers in self._answers.items() if answers.is_coarse]:
                del self._answers[each]
            self._begin(image, field)

    @Slot()
    def make_tree(self) -> None:
        """Begin to make the region tree of the image, which comes of making all of it ready."""
        if self._image is not None:
            self.make_ready(whole_field(self._image))

    def _begin(self, image: Image, field: Field) -> None:
        is_whole = field == whole_field(image)
        self.tree_coming.emit(is_whole and self._workspace.hierarchy() is None)
        self._in_progress = field
        self.runner.start(lambda should_stop: _make_answers(image, field, should_stop))

    def _ask_pending(self) -> None:
        document, shown = self._workspace.document, self._workspace.shown.selection
        pending = document.pending
        answers = None if pending is None else self._answers.get(document.field_of(pending))
        if pending is None or answers is None:
            return
        if shown is None or shown.pending is not pending or (shown.is_coarse and not answers.is_coarse):
            self._questions.ask(Question(answers, pending))

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Any, ...]) -> None:
        for event in events:
            if isinstance(event, Hierarchy) and self._image is not None:
                self._workspace.keep_tree(self._image, RegionSettings().seed, event)
                self.tree_coming.emit(False)
            elif not isinstance(event, Progress):
                self._on_finished(run, event)
        super()._on_events(run, events)

    @Slot(object, object)
    def _on_failed(self, run: int, error: Exception) -> None:
        self.tree_coming.emit(False)
        super()._on_failed(run, error)

    @Slot(object, object)
    def _on_finished(self, run: int, answers: Answers) -> None:
        self._answers[answers.field] = answers
        self._answers.move_to_end(answers.field)
        while len(self._answers) > _MOST_FIELDS:
            self._answers.popitem(last=False)
        self._ask_pending()
        self.ready_changed.emit()

    @Slot(object, object)
    def _on_answered(self, question: Question, found: tuple[SelectionAnswer | None, list[IntArray]]) -> None:
        answer, rings = found
        if answer is None:
            if question.answers in self._answers.values() and question.point == self._pixel:
                self.hover_outlined.emit(rings)
        elif self._workspace.accept_answer(answer):
            self.outlined.emit(rings)
            self._ask_pending()


def _prompt_of(field: Field, points: Sequence[Point], is_positive: bool) -> Prompt | None:
    """Return a prompt of the points that lie in a field, in its pixels; None where all lie beside it."""
    (x, y), *others = own = field.own(points)
    made = stroke(own, is_positive) if others else click(math.floor(x), math.floor(y), is_positive)
    inside = (made.rows >= 0) & (made.rows < field.height)
    inside &= (made.columns >= 0) & (made.columns < field.width)
    return Prompt(made.rows[inside], made.columns[inside], is_positive) if inside.any() else None
