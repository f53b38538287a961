"""Document: the undoable state of the laboratory, immutable, and its edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from gmmseg.control import never_stop
from gmmseg.editing.editor import Edit
from gmmseg.laboratory.data import Data
from gmmseg.laboratory.lesson import Progress
from gmmseg.laboratory.lessons.contents import lesson_of
from gmmseg.laboratory.page import Page
from gmmseg.laboratory.pages.contents import PAGES, page_class
from gmmseg.mixture.params import MixtureParams


@dataclass(frozen=True, slots=True, eq=False)
class Notebook:
    """Identity shared by the documents of one project; one that is begun anew has another."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """Document of the laboratory: the open page, its data, and the pages as they were left.

    Parameters
    ----------
    name : str
        Of the page that is open.
    pages : mapping of str to Page
        Those that have been open, by name.
    data : Data, optional
        For every page; without any each has an example of its own.
    lesson : Progress, optional
        The lesson that is being taken.
    notebook : Notebook
    untouched : frozenset of str
        Names of the pages that are as they were opened.
    is_by_hand : bool
        Whether somebody has dragged or drawn anything.
    """

    name: str = PAGES[0].name
    pages: Mapping[str, Page] = field(default_factory=dict)
    data: Data | None = None
    lesson: Progress | None = None
    notebook: Notebook = field(default_factory=Notebook)
    untouched: frozenset[str] = frozenset()
    is_by_hand: bool = False

    @property
    def page(self) -> Page:
        """The page that is open; raises KeyError before `opened`."""
        return self.pages[self.name]

    def opened(self, name: str) -> Document:
        """Return the document with a page open: as it was left, or anew where the data are others."""
        kind = page_class(name)
        wanted = kind.example() if self.data is None else self.data
        known = self.pages.get(name)
        if known is not None and known.data is wanted:
            return replace(self, name=name)
        pages = {**self.pages, name: kind.opened(wanted)}
        return replace(self, name=name, pages=pages, untouched=self.untouched | {name})

    def with_page(self, page: Page) -> Document:
        """Return the document with another state of the open page."""
        return replace(
            self,
            pages={**self.pages, self.name: page},
            data=page.data if page.makes_data else self.data,
            untouched=self.untouched - {self.name},
        )


def open_page(name: str) -> Edit[Document]:
    """Return the edit that turns to a page; turning away from a lesson's own ends the lesson."""

    def apply(document: Document) -> Document:
        lesson = document.lesson
        kept = lesson if lesson is not None and lesson.lesson.page == name else None
        return replace(document, lesson=kept).opened(name)

    return Edit(f"Go to {page_class(name).title}", apply)


def take_data(data: Data | None) -> Edit[Document]:
    """Return the edit that gives every page these data; None gives each its own example.

    A lesson, which is about the examples, ends.
    """

    def apply(document: Document) -> Document:
        return replace(document, data=data, lesson=None).opened(document.name)

    return Edit("Examples of the pages" if data is None else f"Take {data.name}", apply)


def show_features(x: int, y: int) -> Edit[Document]:
    """Return the edit that draws other features of the data of all pages."""

    def apply(document: Document) -> Document:
        data = document.page.data
        if x == y or data.n_features < 3:
            return document
        return replace(document, data=replace(data, shown=(x, y))).opened(document.name)

    return Edit("Other features", apply)


def change_setting(path: str, value: object, title: str) -> Edit[Document]:
    """Return the edit that changes a setting of the open page; raises `SettingsError` when out of bounds."""
    return _on_page(title, lambda page: page.changed(path, value), f"laboratory {path}")


def drag_handle(handle: str, x: float, y: float) -> Edit[Document]:
    """Return the edit that drags a handle of the open page."""
    return _by_hand(_on_page("Drag", lambda page: page.moved(handle, x, y), f"laboratory drag {handle}"))


def press(x: float, y: float) -> Edit[Document]:
    """Return the edit of a press on an empty place of the open page."""
    return _by_hand(_on_page("Draw", lambda page: page.pressed(x, y), "laboratory press"))


def scrub(at: int) -> Edit[Document]:
    """Return the edit that shows another moment of the open page."""
    return _on_page("Another moment", lambda page: page.scrubbed(at), "laboratory scrub")


def act(page: Page, action_id: str) -> Edit[Document]:
    """Return the edit of an action that is done at once; `page` says what it is called."""
    title = page.action(action_id).title.replace("&", "")
    return _on_page(title, lambda present: present.act(action_id))


def begin_at(params: MixtureParams) -> Edit[Document]:
    """Return the edit that has the open page begin at a saved mixture."""
    return _on_page("Begin at a mixture", lambda page: page.begun_at(params))


def take_result(title: str, page: Page) -> Edit[Document]:
    """Return the edit that takes over what an action in the background has made of the open page."""
    return _on_page(title, lambda _: page)


def begin_lesson(name: str) -> Edit[Document]:
    """Return the edit that begins a lesson, on the examples of its pages."""
    lesson = lesson_of(name)

    def apply(document: Document) -> Document:
        return _entered(replace(document, data=None, lesson=Progress(lesson)))

    return Edit(f"Lesson: {lesson.title}", apply)


def next_step() -> Edit[Document]:
    """Return the edit that goes on to the next step of the lesson, or ends it after the last."""

    def apply(document: Document) -> Document:
        lesson = document.lesson
        if lesson is None or lesson.is_last:
            return replace(document, lesson=None)
        return _entered(replace(document, lesson=lesson.advanced()))

    return Edit("Next step", apply)


def end_lesson() -> Edit[Document]:
    """Return the edit that leaves the lesson; the page stays as it is."""
    return Edit("End the lesson", lambda document: replace(document, lesson=None))


def take_answer(progress: Progress, page: Page) -> Edit[Document]:
    """Return the edit that takes over a prediction with what came of it."""
    return Edit("Predict", lambda document: replace(document.with_page(page), lesson=progress))


def _entered(document: Document) -> Document:
    """Return the document on the page of the present step, made ready for it."""
    if document.lesson is None:
        return document
    name, prepare = document.lesson.lesson.page, document.lesson.step.prepare
    if prepare is None:
        return document.opened(name)
    kind = page_class(name)
    page = prepare(kind.opened(kind.example()), never_stop)
    return replace(document, name=name).with_page(page)


def _by_hand(edit: Edit[Document]) -> Edit[Document]:
    return replace(edit, apply=lambda document: replace(edit.apply(document), is_by_hand=True))


def _on_page(title: str, change: Callable[[Page], Page], merge_key: str | None = None) -> Edit[Document]:
    def apply(document: Document) -> Document:
        return document.with_page(change(document.page))

    return Edit(title, apply, merge_key)
