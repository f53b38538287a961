"""Project: what is kept of the work at a desk: a document, the steps that led there, and the view."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, Self, TypeVar

from gmmseg.editing.editor import Edit
from gmmseg.editing.history import History

D = TypeVar("D")
"""A document: the whole undoable state, immutable."""


@dataclass(frozen=True, slots=True, eq=False)
class Project(ABC, Generic[D]):
    """A document, its history and how it was looked at, immutable.

    Parameters
    ----------
    history : History of D
        All about one subject, such as an image.
    view : dict
        Plain values, of the window alone.
    """

    history: History[D]
    view: dict[str, Any] = field(default_factory=dict)

    kind: ClassVar[str]
    """Name of the desk that it is of."""
    subject: ClassVar[str]
    """The field of a document that says what it is about: another one is another project."""

    @property
    def document(self) -> D:
        """The present document."""
        return self.history.present.state

    @property
    @abstractmethod
    def subject_name(self) -> str:
        """Name of its subject, for people."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """Its content in a few words."""

    def edited(self, edit: Edit[D]) -> Self:
        """Return the project after an edit, which can be undone; raises what the edit raises."""
        document = edit.apply(self.document)
        return replace(self, history=self.history.pushed(document, edit.title, edit.merge_key, time.time()))

    @classmethod
    def subject_of(cls, document: D) -> Any:
        """Return what a document is about; None in an empty one."""
        return getattr(document, cls.subject)

    @staticmethod
    def is_missing(subject: Any) -> bool:
        """Whether an empty subject stands for one that is nowhere to be found."""
        return False

    @staticmethod
    @abstractmethod
    def has_work(document: Any) -> bool:
        """Whether a document that is in no file holds what a person made; settings are soon set again."""

    @staticmethod
    @abstractmethod
    def differs(document: Any, saved: Any) -> bool:
        """Whether something of a document would be lost that is not in the one that was saved."""
