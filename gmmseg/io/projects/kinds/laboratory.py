"""Form of the projects of the laboratory: pages by what their settings do not determine, rows by value.

Rows are at most some ten thousand, and carried along: nothing can be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

from gmmseg.colours import class_colour
from gmmseg.control import ShouldStop
from gmmseg.editing.history import History
from gmmseg.errors import GmmsegError
from gmmseg.io.masks import encode_rgb_png
from gmmseg.io.projects.archive import Archive
from gmmseg.io.projects.kinds.fits import result_content, result_of
from gmmseg.io.projects.kinds.kind import THUMBNAIL_SIDE, Finding, Found, Kind, Numbered
from gmmseg.io.projects.plain import Readers, fields_of, misfit, value_of
from gmmseg.io.strict_json import Form
from gmmseg.laboratory.data import Data
from gmmseg.laboratory.document import Document, Notebook
from gmmseg.laboratory.lesson import Progress
from gmmseg.laboratory.lessons.contents import LESSONS
from gmmseg.laboratory.page import Page
from gmmseg.laboratory.pages.contents import PAGES
from gmmseg.laboratory.project import LaboratoryProject
from gmmseg.mixture.params import FitResult, MixtureParams

_PAGES = {page.name: page for page in PAGES}
_LESSONS = {lesson.name: lesson for lesson in LESSONS}
_MOST_ROWS = 1_000_000
_MOST_COMPONENTS = 1000
_HUGE = 1e100
"""Of rows: squares, and their sums, must stay finite."""
_DOT = 2
"""Pixels from the middle of a row's dot to its edge."""


class NotebookForm(Form, frozen=True):
    """Record of a project's notebook."""


class LaboratoryKind(Kind[Document, Notebook, NotebookForm]):
    """Documents of one notebook."""

    project = LaboratoryProject
    document = Document
    form = NotebookForm

    def check(self, history: History[Document]) -> None:
        for entry in history.entries:
            document = entry.state
            if document.name not in document.pages:
                misfit("name", "must be one of the pages")
            if not document.untouched <= document.pages.keys():
                misfit("untouched", "must be pages")
            if document.lesson is not None and document.lesson.lesson.page != document.name:
                misfit("lesson", "is on another page")

    def form_of(
        self, subject: Notebook, path: Path, enclosed: str | None, *, is_quick: bool = False
    ) -> NotebookForm:
        return NotebookForm()

    def find_events(
        self,
        form: NotebookForm,
        archive: Archive | None,
        project: Path,
        chosen: Path | None,
        should_stop: ShouldStop,
    ) -> Finding[Notebook]:
        yield from ()
        return Found(self.stand_in(form))

    def stand_in(self, form: NotebookForm) -> Notebook:
        return Notebook()

    def parts_of(self, document: Document) -> Iterable[Data]:
        if document.data is not None:
            yield document.data
        for _, page in sorted(document.pages.items()):
            yield page.data

    def content(self, name: str, before: Any, after: Any, parts: Numbered) -> Any:
        if name == "pages":
            changed = {key: page for key, page in after.items() if before.get(key) is not page}
            gone = dict.fromkeys(before.keys() - after.keys())
            return {key: _page_content(before.get(key), page, parts) for key, page in changed.items()} | gone
        if name == "data":
            return _data_content(after, parts)
        if name == "lesson":
            return _lesson_content(after)
        return sorted(after) if name == "untouched" else after

    def value(self, name: str, content: Any, document: Document, parts: Numbered, place: str) -> Any:
        if name == "pages":
            return _pages_of(content, document.pages, parts, place)
        if name == "data":
            return _data_of(content, parts, place)
        if name == "lesson":
            return _lesson_of(content, place)
        if name == "untouched":
            return frozenset(value_of(tuple[str, ...], content, place))
        return super().value(name, content, document, parts, place)

    def picture(self, document: Document) -> bytes:
        """Return a PNG of the rows of the open page, in the colours of their components."""
        data = document.page.data
        x, y = (data.values[:, at] for at in (data.axes[0], data.axes[-1]))
        y = np.zeros_like(y) if len(data.axes) == 1 else -y
        side = THUMBNAIL_SIDE - 2 * _DOT - 1
        columns, rows = (_scaled(values, side) + _DOT for values in (x, y))
        truth = np.zeros(data.n_rows, np.int64) if data.truth is None else data.truth
        palette = np.array([class_colour(k) for k in range(int(truth.max()) + 1)], np.uint8)
        pixels = np.full((THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3), 255, np.uint8)
        for right in range(-_DOT, _DOT + 1):
            for down in range(-_DOT, _DOT + 1):
                if right * right + down * down <= _DOT * _DOT:
                    pixels[rows + down, columns + right] = palette[truth]
        return encode_rgb_png(pixels)


def _scaled(values: np.ndarray[Any, np.dtype[np.float64]], side: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    low, span = float(values.min()), float(np.ptp(values))
    shares = np.full_like(values, 0.5) if span == 0 else (values - low) / span
    return np.rint(shares * side).astype(np.intp)


# Pages


def _page_content(before: Page | None, page: Page, parts: Numbered) -> dict[str, Any]:
    """Return the parts of a page in which it differs from an earlier one of the same name."""
    known = {} if before is None else _parts_of(before)
    return {
        name: _plain(part, parts)
        for name, part in _parts_of(page).items()
        if name not in known or not _is_same(known[name], part)
    }


def _parts_of(page: Page) -> dict[str, Any]:
    return {"data": page.data, "settings": page.settings, **page.kept()}


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return one is other or (isinstance(one, bool | int | float | str) and one == other)


def _plain(value: Any, parts: Numbered) -> Any:
    """Return a value with the data and results in it as what stands for them."""
    if isinstance(value, Data):
        return _data_content(value, parts)
    if isinstance(value, FitResult):
        return {"params": value.params, **result_content(value)}
    if isinstance(value, tuple):
        return [_plain(each, parts) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name), parts) for each in fields(value)}
    return value


def _readers(parts: Numbered) -> Readers:
    return {
        Data: lambda content, place: _data_of(content, parts, place),
        FitResult: _result_of,
    }


def _result_of(content: Any, place: str) -> FitResult:
    if not isinstance(content, dict) or "params" not in content:
        misfit(place, "must have parameters")
    return result_of(content, value_of(MixtureParams, content["params"], f"{place}.params"), place)


def _pages_of(content: Any, before: Mapping[str, Page], parts: Numbered, place: str) -> dict[str, Page]:
    if not isinstance(content, dict):
        misfit(place, "must be an object")
    pages = dict(before)
    for name, each in content.items():
        if name not in _PAGES:
            misfit(f"{place}.{name}", "is no page")
        if each is None:
            pages.pop(name, None)
        else:
            pages[name] = _page_of(_PAGES[name], each, before.get(name), parts, f"{place}.{name}")
    return pages


def _page_of(kind: type[Page], content: Any, before: Page | None, parts: Numbered, place: str) -> Page:
    kinds = {"data": Data, "settings": get_type_hints(kind)["settings"], **kind.kept_types()}
    if not isinstance(content, dict) or not content.keys() <= kinds.keys():
        misfit(place, "has other parts than this page")
    readers = _readers(parts)
    found = {name: value_of(kinds[name], each, f"{place}.{name}", readers) for name, each in content.items()}
    made = ({} if before is None else _parts_of(before)) | found
    if made.keys() != kinds.keys():
        misfit(place, "lacks a part of this page")
    data, settings = made.pop("data"), made.pop("settings")
    try:
        return kind.restored(data, settings, made)
    except (ValueError, GmmsegError) as error:
        misfit(place, f"is not consistent: {error}")


# Rows


def _data_content(data: Data, parts: Numbered) -> Any:
    example = next((page.name for page in PAGES if page.example() is data), None)
    if example is not None:
        return {"example": example}
    return parts.content(data, lambda each: {field.name: getattr(each, field.name) for field in fields(Data)})


def _data_of(content: Any, parts: Numbered, place: str) -> Data:
    match content:
        case {"example": str(name), **others} if name in _PAGES and not others:
            return _PAGES[name].example()
    found: Data = parts.part_of(content, lambda each: _new_data(each, place), place)
    return found


def _new_data(content: Any, place: str) -> Data:
    data: Data = value_of(Data, content, place)
    truth, axes = data.truth, data.shown[: data.n_features]
    if data.n_rows > _MOST_ROWS or not (np.abs(data.values) < _HUGE).all():
        misfit(f"{place}.values", "must be finite rows")
    if truth is not None and not (truth.min() >= 0 and truth.max() < _MOST_COMPONENTS):
        misfit(f"{place}.truth", f"must be from 0 to {_MOST_COMPONENTS - 1}")
    if data.params is not None and data.params.n_features != data.n_features:
        misfit(f"{place}.params", "is of other features")
    if len(set(axes)) < len(axes) or not all(0 <= at < data.n_features for at in axes):
        misfit(f"{place}.shown", "must be features")
    return data


# Lessons


def _lesson_content(progress: Progress) -> dict[str, Any]:
    others = {each.name: getattr(progress, each.name) for each in fields(Progress) if each.name != "lesson"}
    return {"lesson": progress.lesson.name, **others}


def _lesson_of(content: Any, place: str) -> Progress:
    match content:
        case {"lesson": str(name), **others} if name in _LESSONS:
            pass
        case _:
            misfit(place, "must be one of the lessons")
    _, hints = fields_of(Progress)
    if others.keys() != hints.keys() - {"lesson"}:
        misfit(place, "must have the fields of a lesson's progress")
    parts: dict[str, Any] = {
        key: value_of(hint, others[key], f"{place}.{key}") for key, hint in hints.items() if key != "lesson"
    }
    lesson = _LESSONS[name]
    if not 0 <= parts["at"] < len(lesson.steps):
        misfit(f"{place}.at", "is no step of the lesson")
    n_answers = len(lesson.steps[parts["at"]].answers)
    for key in ("answer", "right"):
        if parts[key] is not None and not 0 <= parts[key] < n_answers:
            misfit(f"{place}.{key}", "is no answer of the step")
    if len({parts[key] is None for key in ("answer", "right", "claim")}) > 1:
        misfit(place, "has an answer by half")
    return Progress(lesson, **parts)
