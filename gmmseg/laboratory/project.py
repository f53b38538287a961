"""LaboratoryProject: what is kept of the work in the laboratory, and what of it would be lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gmmseg.editing.project import Project
from gmmseg.laboratory.data import Data
from gmmseg.laboratory.document import Document
from gmmseg.laboratory.page import Page


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LaboratoryProject(Project[Document]):
    """A project of the laboratory, immutable.

    Parameters
    ----------
    history : History of Document
        All of one notebook.
    view : dict
        Plain values, of the window alone.
    """

    kind: ClassVar[str] = "laboratory"
    subject: ClassVar[str] = "notebook"

    def __repr__(self) -> str:
        return f"LaboratoryProject({self.summary}, {len(self.document.pages)} pages)"

    @property
    def page(self) -> Page:
        """The page that is open."""
        return self.document.page

    @property
    def data(self) -> Data:
        """The rows that the open page looks at: ``values`` (N, D), ``columns`` and perhaps ``truth``."""
        return self.page.data

    @property
    def subject_name(self) -> str:
        return f"{self.page.title}: {self.data.name}"

    @property
    def summary(self) -> str:
        return f"{self.data.n_rows:,} rows on the page “{self.page.title}”"

    @staticmethod
    def has_work(document: Document) -> bool:
        return document.is_by_hand

    @staticmethod
    def differs(document: Document, saved: Document) -> bool:
        # A page that was only opened is opened again.
        return (
            document.data is not saved.data
            or document.lesson is not saved.lesson
            or any(
                page is not saved.pages.get(name)
                for name, page in document.pages.items()
                if name not in document.untouched
            )
        )
