"""DigitsProject: what is kept of the work on a set of digits, and what of it would be lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.document import Document
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.editing.project import Project


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DigitsProject(Project[Document]):
    """A project of one set of digits, immutable.

    Parameters
    ----------
    history : History of Document
        All of one set.
    view : dict
        Plain values, of the window alone.
    """

    kind: ClassVar[str] = "digits"
    subject: ClassVar[str] = "digits"

    def __repr__(self) -> str:
        return f"DigitsProject(“{self.digits.name}” of {self.digits.n_images:,} images, {self.summary})"

    @property
    def digits(self) -> DigitSet:
        """The set: its images, and labels where there are any."""
        digits = self.document.digits
        if digits is None:
            raise ValueError("a project without digits")
        return digits

    @property
    def outcome(self) -> ExperimentOutcome | None:
        """Outcome of the last finished run; its features are not kept."""
        return self.document.outcome

    @property
    def names(self) -> dict[int, str]:
        """The name of each cluster that has one, by its number from 0."""
        return _named(self.document)

    @staticmethod
    def is_missing(subject: DigitSet | None) -> bool:
        return subject is not None and subject.is_missing

    @property
    def subject_name(self) -> str:
        return self.digits.name

    @property
    def summary(self) -> str:
        n_clusters = 0 if self.outcome is None else self.outcome.n_clusters
        clusters = f"{n_clusters} cluster{'s' * (n_clusters != 1)}"
        return f"{clusters}, {len(self.names)} named" if self.names else clusters

    @staticmethod
    def has_work(document: Document) -> bool:
        return any(document.names)

    @staticmethod
    def differs(document: Document, saved: Document) -> bool:
        # A run that had not finished when it was saved is made again.
        had_outcome = saved.outcome is not None
        return (
            document.settings != saved.settings
            or (had_outcome and document.outcome is not saved.outcome)
            or _named(document) != _named(saved)
        )


def _named(document: Document) -> dict[int, str]:
    return {cluster: name for cluster, name in enumerate(document.names) if name}
