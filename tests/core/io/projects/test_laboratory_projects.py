"""A project of the laboratory comes back bit for bit, page by page; what does not fit is refused."""

from __future__ import annotations

import json
import shutil
import zipfile
from contextlib import suppress
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gmmseg
from gmmseg.control import never_stop, result_of
from gmmseg.editing.editor import Edit
from gmmseg.editing.history import Entry, History
from gmmseg.errors import GmmsegError, ReadError
from gmmseg.io.projects.journal.reading import recover
from gmmseg.io.projects.journal.writing import change_record, first_records
from gmmseg.io.projects.kinds.registry import kind_named
from gmmseg.laboratory.data import table_data
from gmmseg.laboratory.document import (
    Document,
    act,
    begin_lesson,
    change_setting,
    drag_handle,
    open_page,
    press,
    scrub,
    take_answer,
    take_data,
    take_result,
)
from gmmseg.laboratory.lessons.contents import LESSONS
from gmmseg.laboratory.page import Page
from gmmseg.laboratory.pages.contents import PAGES, page_class
from gmmseg.laboratory.project import LaboratoryProject
from gmmseg.laboratory.scene import Chart
from tests.data.projects.build import LABORATORIES, WEIRD, assert_same, begun, change_json, places_in

LABORATORY = kind_named("laboratory")
NAMES = [page.name for page in PAGES]


def new_project() -> LaboratoryProject:
    return LaboratoryProject(History(Entry(Document().opened(Document().name), "", time=1.0)))


@cache
def on_page(name: str) -> LaboratoryProject:
    """Return a project with a page on which something was done, as steps."""
    project = new_project().edited(open_page(name))
    for action in page_class(name).actions:
        page = project.page
        if action.is_possible(page):
            with suppress(GmmsegError):
                if action.work is None:
                    project = project.edited(act(page, action.id))
                else:
                    done = result_of(action.work(page, never_stop))
                    project = project.edited(take_result(action.title, done))
    charts = [picture for picture in project.page.scene().pictures if isinstance(picture, Chart)]
    handles = [handle for chart in charts for handle in chart.handles]
    for handle in handles[:2]:
        project = project.edited(drag_handle(handle.id, handle.x + 0.1, handle.y + 0.05))
    return project


def assert_same_pages(one: Page, other: Page) -> None:
    assert type(one) is type(other)
    assert_same(one.settings, other.settings)
    assert_same(one.data, other.data)
    assert_same(one.kept(), other.kept())
    assert_same(one.scene(), other.scene())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_every_page_comes_back_bit_for_bit_with_its_steps(tmp_path: Path, name: str) -> None:
    project = on_page(name)
    gmmseg.save_project(project, tmp_path / "work.gmmseg")
    again = gmmseg.open_project(tmp_path / "work.gmmseg")
    assert isinstance(again, LaboratoryProject)
    assert [entry.title for entry in again.history.entries] == [e.title for e in project.history.entries]
    for one, other in zip(project.history.entries, again.history.entries, strict=True):
        assert one.state.name == other.state.name
        assert_same(one.state.untouched, other.state.untouched)
        assert one.state.pages.keys() == other.state.pages.keys()
        assert_same_pages(one.state.page, other.state.page)
    # A page stays as it was left where one turns away and back.
    back = again.edited(open_page("em")).edited(open_page(name))
    assert back.page is again.page or name == "em"


def drawn_by_hand() -> LaboratoryProject:
    """Return a project with rows drawn with the mouse, which every page looks at, and a page that does."""
    project = new_project().edited(open_page("data")).edited(change_setting("by_hand", True, "Draw"))
    for k in range(3):
        project = project.edited(press(float(k), 1.0 - k))
    return project.edited(open_page("em")).edited(change_setting("n_components", 2, "K"))


def test_rows_drawn_by_hand_are_those_of_every_page_again(tmp_path: Path) -> None:
    project = drawn_by_hand()
    gmmseg.save_project(project, tmp_path / "work.gmmseg")
    again = gmmseg.open_project(tmp_path / "work.gmmseg")
    assert again.data.name == "Drawn by hand"
    assert_same(again.data.values, project.data.values)
    assert again.page.data is again.document.data
    assert again.document.is_by_hand
    for entry in again.history.entries[2:]:
        made = entry.state.pages["data"].data
        assert made is entry.state.data or made is page_class("data").example()


@pytest.mark.parametrize("file", LABORATORIES, ids=lambda file: file.stem)
def test_a_file_of_every_version_opens(file: Path) -> None:
    project = gmmseg.open_project(file)
    assert project.page.name == "em"
    assert project.page.settings.n_components == 2
    assert project.data.n_rows == 615
    assert len(project.history.past) == 5


def test_examples_are_referred_to_and_stay_those_of_their_pages(tmp_path: Path) -> None:
    project = new_project().edited(open_page("em")).edited(open_page("limit"))
    gmmseg.save_project(project, tmp_path / "work.gmmseg")
    assert (tmp_path / "work.gmmseg").stat().st_size < 30_000
    again = gmmseg.open_project(tmp_path / "work.gmmseg")
    for name, page in again.document.pages.items():
        assert page.data is page_class(name).example()
    assert again.document.untouched == {"likelihood", "em", "limit"}


def test_a_table_is_carried_along(tmp_path: Path) -> None:
    rows = table_data("flowers.csv", np.random.default_rng(0).normal(0, 3, (50, 4)), "abcd")
    project = new_project().edited(take_data(replace(rows, shown=(3, 1)))).edited(open_page("margins"))
    gmmseg.save_project(project, tmp_path / "work.gmmseg")
    again = gmmseg.open_project(tmp_path / "work.gmmseg")
    assert_same(again.data, replace(rows, shown=(3, 1)))
    assert_same_pages(again.page, project.page)


def test_the_step_of_a_lesson_comes_back(tmp_path: Path) -> None:
    project = new_project().edited(begin_lesson(LESSONS[0].name))
    lesson = project.document.lesson
    assert lesson is not None
    project = project.edited(take_answer(*lesson.answered(1, project.page, never_stop)))
    gmmseg.save_project(project, tmp_path / "work.gmmseg")
    again = gmmseg.open_project(tmp_path / "work.gmmseg")
    was = project.document.lesson
    assert was is not None
    assert was.claim is not None
    assert again.document.lesson.lesson is was.lesson
    for each in fields(was):
        assert getattr(again.document.lesson, each.name) == getattr(was, each.name)
    assert_same_pages(again.page, project.page)


def test_a_journal_holds_each_step(tmp_path: Path) -> None:
    project, path = new_project(), tmp_path / "a.journal"
    journal = begun(path, first_records(LABORATORY, project.history, {}, path, None))
    em = page_class("em").opened(page_class("em").example())
    edits: list[Edit[Document]] = [open_page("em"), *(act(em, name) for name in ("e", "m", "step"))]
    edits += [drag_handle("mean:0", 1.0, 2.0), scrub(1), open_page("data"), press(1.0, 1.0), open_page("em")]
    for edit in edits:
        after = project.edited(edit)
        journal.append(change_record(LABORATORY, project.history, after.history))
        project = after
    journal.close()
    found = recover(path)
    assert found.has_something
    assert found.n_steps == len(edits)
    assert found.name == "EM: Drawn by hand"
    for one, other in zip(project.history.entries, found.project.history.entries, strict=True):
        assert_same_pages(one.state.page, other.state.page)


def test_what_would_be_lost() -> None:
    project = new_project()
    looked = project.edited(open_page("em"))
    stepped = looked.edited(act(looked.page, "step"))
    dragged = looked.edited(drag_handle("mean:0", 1.0, 2.0))
    assert [LaboratoryProject.has_work(each.document) for each in (project, looked, stepped, dragged)] == [
        False, False, False, True,
    ]  # fmt: skip
    assert not LaboratoryProject.differs(looked.document, project.document)
    assert LaboratoryProject.differs(stepped.document, looked.document)
    assert not LaboratoryProject.differs(stepped.edited(open_page("limit")).document, stepped.document)


# Hostile files


PAGES_OF = ("document", "pages")
CHANGES: list[tuple[tuple[Any, ...], Any, str]] = [
    (("kind",), "paint", "field “kind” must be one of the values it can have"),
    (("notebook",), ..., "field “notebook” is missing"),
    (("notebook", "x"), 1, "field “notebook.x” is not known"),
    (("document", "name"), "limit", "field “name” must be one of the pages"),
    (("document", "untouched"), ["limit"], "field “untouched” must be pages"),
    ((*PAGES_OF, "data", "data", "values", 1), [3, 5], "does not hold 15 values"),
    ((*PAGES_OF, "data", "data", "values", 2), "AAAAAAAA+H8AAAAAAAD4fw==", "does not hold"),
    ((*PAGES_OF, "data", "data", "shown"), [0, 2], "“document.pages.data.data.shown” must be features"),
    ((*PAGES_OF, "data", "data", "shown"), [1, 1], "“document.pages.data.data.shown” must be features"),
    ((*PAGES_OF, "data", "data", "columns"), ["x"], "data.data” is not consistent: 1 columns"),
    ((*PAGES_OF, "paint"), {}, "field “document.pages.paint” is no page"),
    ((*PAGES_OF, "em", "extra"), 1, "has other parts than this page"),
    ((*PAGES_OF, "em", "moments"), ..., "lacks a part of this page"),
    ((*PAGES_OF, "em", "at"), 99, "is not consistent: the moment 99 of"),
    ((*PAGES_OF, "em", "moments", 0, 0), "M", "is not consistent: a moment “M” in this place"),
    ((*PAGES_OF, "em", "moments", 0, 1, "weights", 2), "AAAAAAAA8D8AAAAAAADwPw==", "shares that sum to 1"),
    ((*PAGES_OF, "em", "moments", 0, 1, "covariance", "kind"), "round", "must have a kind and values"),
    ((*PAGES_OF, "em", "settings", "n_components"), 0, "is out of bounds: Components cannot be 0"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "sentence"), CHANGES)
def test_what_does_not_fit_is_refused_by_its_name(
    tmp_path: Path, place: tuple[Any, ...], value: Any, sentence: str
) -> None:
    path = tmp_path / "work.gmmseg"
    gmmseg.save_project(drawn_by_hand(), path)
    change_json(path, "project.json", place, value)
    with pytest.raises(ReadError) as caught:
        gmmseg.open_project(path)
    assert sentence in caught.value.cause
    assert caught.value.remedy


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_whatever_stands_anywhere_is_refused_in_words_or_shown(tmp_path: Path, name: str) -> None:
    original = tmp_path / "original.gmmseg"
    gmmseg.save_project(on_page(name), original)
    with zipfile.ZipFile(original) as archive:
        pages = json.loads(archive.read("project.json"))["document"]["pages"]
    places = [(*PAGES_OF, *place) for place in places_in(pages)]
    random = np.random.default_rng(len(name))
    path = tmp_path / "work.gmmseg"
    for at in random.integers(0, len(places), 30):
        shutil.copy(original, path)
        change_json(path, "project.json", places[at], WEIRD[random.integers(len(WEIRD))])
        try:
            project = gmmseg.open_project(path)
        except GmmsegError:
            continue
        with suppress(GmmsegError):
            project.page.scene()
