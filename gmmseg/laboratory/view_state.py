"""ViewState: what the panels of the laboratory draw from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gmmseg.laboratory.document import Document
from gmmseg.laboratory.page import Page
from gmmseg.laboratory.scene import Scene


# Without slots: it caches its scene.
@dataclass(frozen=True, eq=False)
class ViewState:
    """Everything a panel of the laboratory draws from, at one moment; immutable, compare by identity.

    Parameters
    ----------
    document : Document
    page : Page
        The open page; while an action runs in the background, as far as that has come.
    undo_title, redo_title : str, optional
    """

    document: Document
    page: Page
    undo_title: str | None = None
    redo_title: str | None = None

    @cached_property
    def scene(self) -> Scene:
        """Content of the page; while a lesson asks, without anything that would give the answer away."""
        lesson = self.document.lesson
        is_asking = lesson is not None and lesson.answer is None
        return self.page.unanswered() if is_asking else self.page.scene()
