"""Form of the projects of digits: about a set, by its place and its hash, with what runs found in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from itertools import starmap
from math import prod
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta

from gmmseg.arrays import FloatArray
from gmmseg.control import Progress, ShouldStop, raise_if_ended, result_of
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.document import MAX_NAME, Document
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.events import Iterated
from gmmseg.digits.experiment import (
    Clustering,
    ExperimentOutcome,
    scored_outcome,
    selection_of,
)
from gmmseg.digits.project import DigitsProject
from gmmseg.editing.history import History
from gmmseg.errors import BudgetError, GmmsegError, ReadError
from gmmseg.io.digits.download import cache_folder
from gmmseg.io.digits.reading import read_digits_events
from gmmseg.io.files import shown_name
from gmmseg.io.masks import encode_rgb_png
from gmmseg.io.npy import encode_npy
from gmmseg.io.projects.archive import Archive, Member
from gmmseg.io.projects.kinds.kind import THUMBNAIL_SIDE, Finding, Found, Kind, Numbered
from gmmseg.io.projects.places import path_of_form, places_of, relative_text
from gmmseg.io.projects.plain import PROJECT, Readers, encoded, misfit, path_text, value_of
from gmmseg.io.strict_json import Form, Text, parse
from gmmseg.limits import MAX_SIDE, memory_budget, size_text

OUTCOME = "outcome.json"
_IMAGES, _LABELS = "images.npy", "labels.npy"
_MOST_DRAWN = 100_000
"""Digits that are drawn again because a file says so."""
_MOST_LISTED = 20_000
"""Files and folders that are looked at in search of a set."""
_THUMBNAIL_IMAGES = 8
"""Along each side of the picture."""


class DigitsForm(Form, frozen=True):
    """Record of a project's digits."""

    name: Text
    path: Text | None
    """Absolute, percent-encoded; None for digits that came from no file."""
    relative: Text | None
    """From the project's folder."""
    sha256: Text
    """Of the contents, as from `identity_of`."""
    n_images: Annotated[int, Meta(ge=1, le=10**9)]
    n_train: Annotated[int, Meta(ge=1, le=10**9)]
    height: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    width: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    has_labels: bool
    """Whether a copy that is enclosed has them."""
    is_drawn: bool
    seed: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
    """By which the program drew them."""
    notes: Annotated[tuple[Text, ...], Meta(max_length=100)]
    enclosed: Text | None
    """The archive's member that holds the images as an array of NumPy."""


class DigitsKind(Kind[Document, DigitSet, DigitsForm]):
    """Documents about a set of digits."""

    own_members: ClassVar[tuple[str, ...]] = ("outcome",)
    identity: ClassVar[tuple[str, ...]] = ("sha256",)
    project = DigitsProject
    document = Document
    form = DigitsForm

    def check(self, history: History[Document]) -> None:
        for entry in history.entries:
            names = entry.state.names
            outcome = entry.state.outcome
            if len(names) > (0 if outcome is None else outcome.n_clusters):
                misfit("names", "must be those of clusters")
            if any(len(name) > MAX_NAME or not name.isprintable() for name in names):
                misfit("names", f"must have at most {MAX_NAME} printable characters")

    # The set

    def form_of(
        self, subject: DigitSet, path: Path, enclosed: str | None, *, is_quick: bool = False
    ) -> DigitsForm:
        source = None if subject.source is None else subject.source.absolute()
        height, width = subject.image_shape
        return DigitsForm(
            name=Text(subject.name),
            path=None if source is None else Text(path_text(source)),
            relative=None if source is None else relative_text(source, path.absolute().parent),
            sha256=Text(subject.identity),
            n_images=subject.n_images,
            n_train=subject.n_train,
            height=height,
            width=width,
            has_labels=subject.labels is not None,
            is_drawn=subject.is_drawn,
            seed=subject.seed,
            notes=tuple(map(Text, subject.notes)),
            enclosed=None if enclosed is None else Text(enclosed),
        )

    def enclosed_in_journals(self, subject: DigitSet) -> str | None:
        is_elsewhere = subject.source is not None or subject.is_drawn or subject.is_missing
        return None if is_elsewhere else _IMAGES

    def copies_of(self, subject: DigitSet, is_wanted: bool, should_stop: ShouldStop) -> list[Member]:
        if subject.is_missing and is_wanted:
            raise ReadError(
                f"The digits “{subject.name}” are missing, so no copy of them can be kept.",
                "Find the digits first, or save the project without a copy.",
            )
        if not is_wanted and self.enclosed_in_journals(subject) is None:
            return []
        copies = [Member(_IMAGES, encode_npy(subject.images))]
        if subject.labels is not None:
            copies.append(Member(_LABELS, encode_npy(subject.labels)))
        return copies

    def find_events(
        self,
        form: DigitsForm,
        archive: Archive | None,
        project: Path,
        chosen: Path | None,
        should_stop: ShouldStop,
    ) -> Finding[DigitSet]:
        _check_form(form)
        yield Progress(f"Reading {form.name}")
        if form.enclosed is not None and archive is not None and chosen is None:
            return Found(_enclosed(form, archive, should_stop))
        if form.is_drawn and chosen is None:
            return _drawn_again(form)
        changed: DigitSet | None = None
        for place in _places(form, project) if chosen is None else [chosen]:
            digits = _read(place, form, should_stop)
            if digits is not None and digits.identity == form.sha256:
                return Found(digits)
            changed = changed or digits
        if changed is not None:
            return Found(
                changed,
                f"“{shown_name(changed.source or form.name)}” has changed since the project was saved: "
                "clusters were found in the digits as they were then.",
            )
        if chosen is not None:
            raise ReadError(
                f"“{shown_name(chosen)}” holds other digits than the project's, which are "
                f"{form.n_images:,} of {form.width} × {form.height} pixels.",
                f"Choose “{form.name}”.",
            )
        note = f"The digits “{form.name}” are not where they were, nor beside the project."
        return Found(self.stand_in(form), note, is_missing=True)

    def stand_in(self, form: DigitsForm) -> DigitSet:
        _check_form(form)
        blank = np.zeros((form.n_images, form.height, form.width), np.uint8)
        return _of_form(form, replace_images=blank, is_missing=True)

    # What runs found

    def parts_of(self, document: Document) -> Iterable[ExperimentOutcome]:
        return () if document.outcome is None else (document.outcome,)

    def content(self, name: str, before: Any, after: Any, parts: Numbered) -> Any:
        return parts.content(after, _outcome_content) if name == "outcome" else after

    def value(self, name: str, content: Any, document: Document, parts: Numbered, place: str) -> Any:
        if name != "outcome":
            return super().value(name, content, document, parts, place)
        digits = _digits_of(document, place)
        return parts.part_of(content, lambda found: _outcome_of(found, digits, place), place)

    def members_of(self, document: Document) -> list[Member]:
        outcome = document.outcome
        own = [] if outcome is None else [Member(OUTCOME, encoded(_outcome_content(outcome)))]
        return [*own, *super().members_of(document)]

    def with_members(self, document: Document, archive: Archive) -> Document:
        if OUTCOME not in archive:
            return document
        content = parse(archive.read(OUTCOME, PROJECT.max_bytes), PROJECT)
        return replace(document, outcome=_outcome_of(content, _digits_of(document, "outcome"), "outcome"))

    def picture(self, document: Document) -> bytes:
        """Return a PNG of some images, by cluster where there are clusters."""
        outcome = document.outcome
        digits = _digits_of(document, "digits") if outcome is None else outcome.digits
        height, width = digits.image_shape
        step = -(-_THUMBNAIL_IMAGES * max(height, width) // THUMBNAIL_SIDE)
        tiles = digits.images[_chosen(digits.n_images, outcome)][:, ::step, ::step]
        across = np.zeros((_THUMBNAIL_IMAGES**2, *tiles.shape[1:]), np.uint8)
        across[: len(tiles)] = tiles
        rows = across.reshape(_THUMBNAIL_IMAGES, _THUMBNAIL_IMAGES, *tiles.shape[1:])
        sheet = 255 - rows.swapaxes(1, 2).reshape(_THUMBNAIL_IMAGES * tiles.shape[1], -1)
        return encode_rgb_png(np.repeat(sheet[..., None], 3, axis=2))


def _chosen(n_images: int, outcome: ExperimentOutcome | None) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return which images stand in the picture: the first, of each cluster in a row of its own."""
    if outcome is None:
        return np.arange(min(n_images, _THUMBNAIL_IMAGES**2))
    rows = [np.flatnonzero(outcome.clusters == k)[:_THUMBNAIL_IMAGES] for k in range(_THUMBNAIL_IMAGES)]
    full = [row for row in rows if len(row) == _THUMBNAIL_IMAGES]
    return np.concatenate(full) if full else _chosen(n_images, None)


def _digits_of(document: Document, place: str) -> DigitSet:
    if document.digits is None:
        misfit(place, "needs digits")
    return document.digits


def _outcome_content(outcome: ExperimentOutcome) -> dict[str, Any]:
    own = {each.name: getattr(outcome, each.name) for each in fields(Clustering)}
    return own | {"history": _columns(outcome.history)}


def _columns(steps: tuple[Iterated, ...]) -> dict[str, Any]:
    """Return iterations as columns: a figure may be no number, which JSON has no word for."""
    return {
        "stage": [step.stage for step in steps],
        "iteration": [step.iteration for step in steps],
        "log_likelihood": [step.log_likelihood for step in steps],
        "changed": np.array([step.changed for step in steps]),
    }


_COLUMNS = {
    "stage": tuple[str, ...],
    "iteration": tuple[int, ...],
    "log_likelihood": tuple[float | None, ...],
}


def _steps(content: Any, place: str) -> tuple[Iterated, ...]:
    if not isinstance(content, dict) or content.keys() != _COLUMNS.keys() | {"changed"}:
        misfit(place, "must have the columns of iterations")
    columns = [value_of(kind, content[name], f"{place}.{name}") for name, kind in _COLUMNS.items()]
    changed = value_of(FloatArray, content["changed"], f"{place}.changed")
    if changed.ndim != 1 or {len(column) for column in columns} != {len(changed)}:
        misfit(place, "must have columns of one length")
    return tuple(starmap(Iterated, zip(*columns, changed.tolist(), strict=True)))


_READERS: Readers = {tuple[Iterated, ...]: _steps}


def _outcome_of(content: Any, digits: DigitSet, place: str) -> ExperimentOutcome:
    found: Clustering = value_of(Clustering, content, place, _READERS)
    for name, values in (("confidence", found.confidence), ("embedding", found.embedding)):
        if not np.isfinite(values).all():
            misfit(f"{place}.{name}", "must be finite")
    if found.eigenvalues is not None and not np.isfinite(found.eigenvalues).all():
        misfit(f"{place}.eigenvalues", "must be finite")
    try:
        return scored_outcome(selection_of(digits, found.settings), found)
    except ValueError as error:
        misfit(place, f"is not consistent: {error}")


# Where the set is


def _check_form(form: DigitsForm) -> None:
    n_bytes = prod((form.n_images, form.height, form.width))
    if n_bytes > memory_budget():
        raise BudgetError(
            f"The digits of the project need {size_text(n_bytes)}; at most {size_text(memory_budget())} "
            "are read.",
            "Raise the memory budget.",
        )
    if form.n_train > form.n_images:
        misfit("digits.n_train", f"must be at most {form.n_images}")
    path_of_form(form.path, "digits.path")


def _of_form(
    form: DigitsForm, replace_images: Any, labels: Any = None, *, is_missing: bool = False
) -> DigitSet:
    return DigitSet(
        replace_images,
        labels,
        form.n_train,
        str(form.name),
        path_of_form(form.path, "digits.path"),
        form.is_drawn,
        tuple(map(str, form.notes)),
        str(form.sha256),
        seed=form.seed,
        is_missing=is_missing,
    )


def _enclosed(form: DigitsForm, archive: Archive, should_stop: ShouldStop) -> DigitSet:
    images = archive.array(str(form.enclosed), should_stop)
    labels = archive.array(_LABELS, should_stop) if form.has_labels else None
    is_so = images.dtype == np.uint8 and images.shape == (form.n_images, form.height, form.width)
    has_other = labels is not None and (labels.dtype != np.int64 or labels.shape != (form.n_images,))
    if not is_so or has_other:
        misfit("digits", "are not the copy in the project")
    return _of_form(form, np.ascontiguousarray(images), labels)


def _drawn_again(form: DigitsForm) -> Found[DigitSet]:
    if form.n_images > _MOST_DRAWN:
        misfit("digits.n_images", f"must be at most {_MOST_DRAWN} of drawn digits")
    digits = drawn_digits(form.n_train, form.n_images - form.n_train, form.seed)
    if digits.image_shape != (form.height, form.width):
        misfit("digits", "are not of the size that the program draws")
    is_same = digits.identity == form.sha256
    note = "" if is_same else "This version of gmmseg draws other digits than those of the project."
    return Found(digits, note)


def _places(form: DigitsForm, project: Path) -> Iterator[Path]:
    """Yield where the set may be, the likeliest first."""
    path = path_of_form(form.path, "digits.path")
    yield from places_of(path, form.relative, project)
    yield cache_folder()
    if path is None:
        return
    folder = project.absolute().parent
    for found in _named(path.name, folder):
        if found != path:
            yield found


def _named(name: str, folder: Path) -> Iterator[Path]:
    """Yield what has a name in a folder and those below."""
    for number, found in enumerate(folder.rglob("*")):
        if number > _MOST_LISTED:
            return
        if found.name == name:
            yield found


def _read(path: Path, form: DigitsForm, should_stop: ShouldStop) -> DigitSet | None:
    """Return the digits at a path where they are as many and as large as the project's, else None."""
    raise_if_ended(should_stop)
    with suppress(GmmsegError, OSError):
        digits = result_of(read_digits_events(path, should_stop))
        shape = (digits.n_images, digits.n_train, *digits.image_shape)
        if shape == (form.n_images, form.n_train, form.height, form.width):
            return replace(digits, name=str(form.name)) if digits.identity == form.sha256 else digits
    return None
