"""Kind: what a project file and a journal have to know of the documents of one desk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from gmmseg.control import Progress, ShouldStop
from gmmseg.editing.history import History
from gmmseg.editing.project import Project
from gmmseg.io.projects.archive import Archive, Member
from gmmseg.io.projects.plain import fields_of, misfit, value_of
from gmmseg.io.strict_json import Form

D = TypeVar("D")
"""A document: a frozen dataclass all of whose fields but its subject have defaults."""
S = TypeVar("S")
"""Type of a document's subject: another subject is another project."""
F = TypeVar("F", bound=Form)
"""Type of a subject's record in a file."""


@dataclass(frozen=True, slots=True, eq=False)
class Found(Generic[S]):
    """The subject of a project that was read.

    Parameters
    ----------
    subject : S
    note : str
        What is to be said about where it was found.
    is_missing : bool
        Whether it is nowhere, and an empty one stands for it.
    """

    subject: S
    note: str = ""
    is_missing: bool = False


Finding = Generator[Progress, None, Found[S]]
"""Finds a subject, and tells of its progress."""


class Numbered:
    """The large parts of the documents of a history in the order in which they occur: each is written once.

    Parameters
    ----------
    parts : iterable of object
    """

    def __init__(self, parts: Iterable[object]) -> None:
        self._parts: list[Any] = []
        for part in parts:
            if not self._parts or part is not self._parts[-1]:
                self._parts.append(part)

    def content(self, part: Any, form_of: Callable[[Any], Any]) -> Any:
        """Return the number of a part, or what stands for it where it is a new one, which has one then."""
        for number, known in enumerate(self._parts):
            if known is part:
                return number
        self._parts.append(part)
        return form_of(part)

    def part_of(self, content: Any, made_of: Callable[[Any], Any], place: str) -> Any:
        """Return the part that `content` gave this for; raises `ReadError` where there is none."""
        if not isinstance(content, int):
            self._parts.append(made_of(content))
            return self._parts[-1]
        if not 0 <= content < len(self._parts):
            misfit(place, "is not one of those before")
        return self._parts[content]


class Kind(ABC, Generic[D, S, F]):
    """The documents of one desk: their subject, the fields that are not written as they are, their picture.

    All else of a project is the same for every desk: archive, history, journal, locks and backups.
    """

    own_members: ClassVar[tuple[str, ...]] = ()
    """Fields of the present document that have members of their own in the archive."""
    identity: ClassVar[tuple[str, ...]] = ()
    """Fields of forms that are equal for the same subject."""
    project: type[Project[D]]
    document: Any
    """The class D."""
    form: type[F]

    @property
    def name(self) -> str:
        """The kind in files."""
        return self.project.kind

    @property
    def subject(self) -> str:
        """The field of a document that holds its subject; in files it has the same name."""
        return self.project.subject

    def empty(self, subject: S | None) -> D:
        """Return the document about a subject with which nothing has been done."""
        empty: D = self.document(**{self.subject: subject})
        return empty

    @abstractmethod
    def check(self, history: History[D]) -> None:
        """Raise `ReadError` where a document of a history contradicts itself."""

    # The subject in files

    @abstractmethod
    def form_of(self, subject: S, path: Path, enclosed: str | None, *, is_quick: bool = False) -> F:
        """Return what a project, or a journal, at a path says of its subject.

        Parameters
        ----------
        subject : S
        path : Path
        enclosed : str, optional
            Name of the member that holds a copy.
        is_quick : bool
            Leave out what takes long to find and is not known yet.
        """

    def enclosed_in_journals(self, subject: S) -> str | None:
        """Return the member with the copy that lies beside a journal; None where there is a file of it."""
        return None

    def copies_of(self, subject: S, is_wanted: bool, should_stop: ShouldStop) -> list[Member]:
        """Return the members that hold a copy, where that is wanted or the user has no file of it."""
        return []

    @abstractmethod
    def find_events(
        self, form: F, archive: Archive | None, project: Path, chosen: Path | None, should_stop: ShouldStop
    ) -> Finding[S]:
        """Return the subject of a project.

        Parameters
        ----------
        form : F
        archive : Archive, optional
            That may hold a copy.
        project : Path
            Of the project's file.
        chosen : Path, optional
            Where the user says that it is.
        should_stop : ShouldStop

        Raises
        ------
        ReadError
            The copy in the archive is damaged, or the file that was chosen is another one.
        Cancelled
        """

    @abstractmethod
    def stand_in(self, form: F) -> S:
        """Return an empty subject of the size and kind of the one described."""

    # Fields in files

    def parts_of(self, document: D) -> Iterable[object]:
        """Yield the parts of a document that are numbered in a history."""
        return ()

    def content(self, name: str, before: Any, after: Any, parts: Numbered) -> Any:
        """Return the plain form of a field's value, which is another one than before."""
        return after

    def value(self, name: str, content: Any, document: D, parts: Numbered, place: str) -> Any:
        """Return the value of a field whose plain form is `content`.

        Parameters
        ----------
        name : str
        content : object
        document : D
            The one before.
        parts : Numbered
        place : str

        Raises
        ------
        ReadError
        """
        _, hints = fields_of(self.document)
        return value_of(hints[name], content, place)

    def members_of(self, document: D) -> list[Member]:
        """Return the members that hold `own_members`, and a picture."""
        return [Member(THUMBNAIL, self.picture(document), is_packed=True)]

    def with_members(self, document: D, archive: Archive) -> D:
        """Return the document with what its own members hold; raises `ReadError`."""
        return document

    @abstractmethod
    def picture(self, document: D) -> bytes:
        """Return a PNG of at most `THUMBNAIL_SIDE` pixels a side by which people know a document again."""


THUMBNAIL, THUMBNAIL_SIDE = "thumbnail.png", 256


def numbered(kind: Kind[D, Any, Any], history: History[D] | None) -> Numbered:
    """Return the numbered parts of a history."""
    entries = () if history is None else history.entries
    return Numbered(part for entry in entries for part in kind.parts_of(entry.state))
