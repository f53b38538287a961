"""Actor: runs what takes long on a page, its actions and the steps of lessons, and shows how far it is."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from PySide6.QtCore import QObject, Slot

from gmmseg.control import Progress, ShouldStop, raise_if_ended
from gmmseg.laboratory.lesson import Progress as Predicted
from gmmseg.laboratory.page import Page
from gmmseg.laboratory.view_state import ViewState
from gmmseg.laboratory.workspace import Workspace
from ui.desk.job_runner import JobRunner
from ui.desk.workers import Worker
from ui.desk.workspace_bridge import WorkspaceBridge


class Actor(Worker):
    """Runs one action of the open page at a time; what is stopped keeps what it has.

    Parameters
    ----------
    workspace : Workspace
    bridge : WorkspaceBridge
    runner : JobRunner
        For this object alone, with the policy ``newest``.
    """

    def __init__(
        self, workspace: Workspace, bridge: WorkspaceBridge, runner: JobRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(runner, parent)
        self._workspace = workspace
        self._begun: Page | None = None
        self._title = ""
        bridge.changed.connect(self._on_changed)

    def run(self) -> None:
        """Run the page's main action: the first that works in the background."""
        page = self._workspace.document.page
        for action in page.actions:
            if action.work is not None and action.is_possible(page):
                self.act(action.id)
                return

    @Slot(str)
    def act(self, action_id: str) -> None:
        """Run an action of the open page."""
        page = self._workspace.document.page
        action = page.action(action_id)
        work = action.work
        if work is None or not action.is_possible(page):
            return
        self._begun, self._title = page, action.title.replace("&", "")
        self.progressed.emit(Progress(self._title))
        self.runner.start(lambda should_stop: work(page, should_stop))

    @Slot(int)
    def predict(self, answer: int) -> None:
        """Take a prediction of the lesson, and do what its step does."""
        document = self._workspace.document
        progress, page = document.lesson, document.page
        if progress is None or progress.answer is not None:
            return
        self._begun, self._title = page, self.tr("Lesson")
        self.progressed.emit(Progress(self._title))
        self.runner.start(lambda should_stop: _answering(progress, answer, page, should_stop))

    def stop(self) -> None:
        """End soon, with what there is."""
        self.runner.stop()

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        if self._begun is not None and new.document.page is not self._begun:
            self.runner.cancel()

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Any, ...]) -> None:
        pages = [event for event in events if isinstance(event, Page)]
        if pages and self._begun is not None:
            self._workspace.show_progress(pages[-1])

    @Slot(object, object)
    def _on_finished(self, run: int, result: Page | tuple[Predicted, Page]) -> None:
        begun, self._begun = self._begun, None
        if begun is None:
            return
        if isinstance(result, Page):
            self._workspace.accept_result(self._title, begun, result)
        else:
            self._workspace.accept_answer(begun, *result)

    def _end(self) -> None:
        if self._begun is not None:
            self._begun = None
            self._workspace.end_action()


def _answering(
    progress: Predicted, answer: int, page: Page, should_stop: ShouldStop
) -> Generator[Page, None, tuple[Predicted, Page]]:
    """Do a step of a lesson; half of one would be none."""
    yield page
    result = progress.answered(answer, page, should_stop)
    raise_if_ended(should_stop)
    return result
