"""Selecting: answers clicks, strokes and boxes in the background, and what the pointer hovers over."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal, Slot

from gmmseg.arrays import AnyArray, IntArray
from gmmseg.control import Progress, ShouldStop
from gmmseg.editing.editor import Edit
from gmmseg.image import Image
from gmmseg.photo.document import Document, PendingSelection
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
from gmmseg.photo.workspace import Workspace
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.settings import RegionSettings
from gmmseg.selection.prompts import Prompt, click, stroke
from ui.desk.job_runner import JobRunner
from ui.desk.requests import LatestRequests
from ui.desk.workers import DeskWorkers, Worker
from ui.desk.workspace_bridge import WorkspaceBridge
from ui.photo.object_editor import ObjectEditor
from ui.photo.tools.tool import Point

if TYPE_CHECKING:
    from gmmseg.photo.answers import Answers


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A question: the selection of some prompts, or with a point instead, of a first click there."""

    answers: Answers
    pending: PendingSelection | None = None
    point: tuple[int, int] | None = None


def _make_answers(
    image: Image, should_stop: ShouldStop
) -> Generator[Answers | Hierarchy | Progress, None, Answers]:
    from ui.photo.answering import answers_events

    return (yield from answers_events(image, should_stop))


def _answer(question: Question, should_stop: ShouldStop) -> tuple[SelectionAnswer | None, list[IntArray]]:
    from ui.photo.answering import outlined_answer, outlined_hover

    if question.pending is not None:
        return outlined_answer(question.answers, question.pending)
    return None, [] if question.point is None else outlined_hover(question.answers.site, question.point)


class Selecting(Worker):
    """Keeps the answer on screen that of the document's pending selection.

    An image is made ready as soon as its first maps are shown, or somebody points at it with the tool.

    Parameters
    ----------
    work : DeskWorkers
        Makes the queue in which questions are answered.
    workspace : Workspace
    bridge : WorkspaceBridge
    editor : ObjectEditor
        Takes up objects to be corrected.
    runner : JobRunner
        For this object alone, with the policy ``newest``.
    """

    outlined = Signal(object)
    """Rings of the pending selection."""
    hover_outlined = Signal(object)
    """Rings of what a click would take; none where nothing is pointed at."""
    tree_coming = Signal(bool)
    """Whether the region tree of the image, with the default seed, comes of the work under way."""
    ready_changed = Signal()
    """`leaves` are others now."""

    def __init__(
        self,
        work: DeskWorkers,
        workspace: Workspace,
        bridge: WorkspaceBridge,
        editor: ObjectEditor,
        runner: JobRunner,
    ) -> None:
        super().__init__(runner, work)
        self._workspace = workspace
        self._editor = editor
        self._image: Image | None = None
        self._answers: Answers | None = None
        self._pixel: tuple[int, int] | None = None
        self._questions: LatestRequests = work.make_requests(
            _answer, lambda question: "hover" if question.pending is None else "pending"
        )
        self._questions.answered.connect(self._on_answered)
        bridge.changed.connect(self._on_changed)

    @property
    def leaves(self) -> AnyArray | None:
        """The leaf of each pixel of the image, (H, W); None before it is ready for selecting."""
        return None if self._answers is None else self._answers.site.labels

    # What tools ask for

    @Slot(object, bool, bool)
    def prompt(self, points: Sequence[Point], is_positive: bool, is_asked: bool) -> None:
        """Take a click or stroke: plain clicks begin anew, or take up the object there."""
        prompt = self._prompt_of(points, is_positive)
        if prompt is None:
            return
        document = self._workspace.document
        if is_asked:
            self._apply(correct(prompt))
            return
        x, y = int(prompt.columns[0]), int(prompt.rows[0])
        at = document.object_map.at(x, y) if document.pending is None else None
        if at is None or at.is_locked or not at.is_visible:
            self._apply(select(prompt))
        else:
            self._editor.do(select_object(at.id))

    @Slot(object)
    def box(self, box: tuple[int, int, int, int]) -> None:
        """Take a box, of which the part on the image counts."""
        image = self._workspace.document.image
        if image is None:
            return
        x0, y0 = max(box[0], 0), max(box[1], 0)
        x1, y1 = min(box[2], image.width), min(box[3], image.height)
        if x0 < x1 and y0 < y1:
            self._apply(select_box((x0, y0, x1, y1)))

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
        if not self._workspace.document.is_beyond_memory:
            self.make_ready()
        if pixel is None:
            self.hover_outlined.emit([])
        elif self._answers is not None:
            self._questions.ask(Question(self._answers, point=pixel))

    @Slot()
    def drop(self) -> None:
        """Forget the pending selection."""
        if self._workspace.document.pending is not None:
            self._apply(drop_selection())

    def stop(self) -> None:
        """Give up making the image ready."""
        self.runner.cancel()
        self.tree_coming.emit(False)

    def _apply(self, edit: Edit[Document]) -> None:
        self._workspace.settle()
        self._workspace.apply(edit)

    def _prompt_of(self, points: Sequence[Point], is_positive: bool) -> Prompt | None:
        """Return a prompt of the points on the image; None where all lie beside it."""
        image = self._workspace.document.image
        if image is None:
            return None
        (x, y), *others = points
        made = stroke(points, is_positive) if others else click(math.floor(x), math.floor(y), is_positive)
        inside = (made.rows >= 0) & (made.rows < image.height)
        inside &= (made.columns >= 0) & (made.columns < image.width)
        if not inside.any():
            return None
        return Prompt(made.rows[inside], made.columns[inside], is_positive)

    # What comes of it

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        document = new.document
        if document.image is not self._image:
            self._image, self._answers, self._pixel = document.image, None, None
            self.stop()
            self.hover_outlined.emit([])
        if document.pending is None and old.document.pending is not None:
            self.outlined.emit([])
        if document.pending is not None:
            self.make_ready()
            self._ask_pending()
        elif new.segmentation is not None and not new.is_preview and not document.is_beyond_memory:
            # Tiles come at once where nothing else is computed: an overview waits for the first click.
            self.make_ready()

    @Slot()
    def make_ready(self) -> None:
        """Begin to make the image ready for clicks, unless it is, or is about to be."""
        image = self._image
        if image is None or image.source.is_missing:
            return
        if self._answers is None and not self.runner.is_running:
            self.tree_coming.emit(self._workspace.hierarchy() is None)
            self.runner.start(lambda should_stop: _make_answers(image, should_stop))

    def _ask_pending(self) -> None:
        pending, shown = self._workspace.document.pending, self._workspace.shown.selection
        if pending is None or self._answers is None:
            return
        if shown is None or shown.pending is not pending or (shown.is_coarse and not self._answers.is_coarse):
            self._questions.ask(Question(self._answers, pending))

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Any, ...]) -> None:
        for event in events:
            if isinstance(event, Hierarchy) and self._image is not None:
                self._workspace.keep_tree(self._image, RegionSettings().seed, event)
                self.tree_coming.emit(False)
            elif not isinstance(event, Progress):
                self._take(event)
        super()._on_events(run, events)

    @Slot(object, object)
    def _on_failed(self, run: int, error: Exception) -> None:
        self.tree_coming.emit(False)
        super()._on_failed(run, error)

    @Slot(object, object)
    def _on_finished(self, run: int, answers: Answers) -> None:
        self._take(answers)

    def _take(self, answers: Answers) -> None:
        self._answers = answers
        self._ask_pending()
        self.ready_changed.emit()

    @Slot(object, object)
    def _on_answered(self, question: Question, found: tuple[SelectionAnswer | None, list[IntArray]]) -> None:
        answer, rings = found
        if answer is None:
            if question.answers is self._answers and question.point == self._pixel:
                self.hover_outlined.emit(rings)
        elif self._workspace.accept_answer(answer):
            self.outlined.emit(rings)
            self._ask_pending()
