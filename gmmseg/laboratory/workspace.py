"""Workspace: what the laboratory works on: its document and the action in progress."""

from __future__ import annotations

from dataclasses import replace

from gmmseg.editing.editor import Editor
from gmmseg.laboratory.document import Document, take_answer, take_result
from gmmseg.laboratory.lesson import Progress
from gmmseg.laboratory.page import Page
from gmmseg.laboratory.view_state import ViewState


class Workspace(Editor[Document, ViewState]):
    """The document with its history; it begins with the first page open."""

    def __init__(self) -> None:
        document = Document().opened(Document().name)
        super().__init__(document, ViewState(document, document.page))

    def show_progress(self, page: Page) -> None:
        """Show how far an action in the background has come; the document stays as it is."""
        self._publish(replace(self._shown, page=page))

    def accept_result(self, title: str, begun: Page, page: Page) -> None:
        """Take over what an action has made of the page it began with; not where that has changed since."""
        if begun is self.document.page:
            self.apply(take_result(title, page))
        else:
            self.end_action()

    def accept_answer(self, begun: Page, progress: Progress, page: Page) -> None:
        """Take over a prediction with what came of it; not where the page has changed since."""
        if begun is self.document.page:
            self.apply(take_answer(progress, page))
        else:
            self.end_action()

    def end_action(self) -> None:
        """Note that an action ended without a result."""
        self._show_document()

    def _show_document(self) -> None:
        document = self.document
        self._publish(ViewState(document, document.page, self._history.undo_title, self._history.redo_title))

    def _large_parts(self, document: Document) -> tuple[object | None, ...]:
        # Data have at most `MOST_ROWS` rows: nothing here is large, and there is always a page open.
        return (Document,)
