"""ViewState: everything that a panel of the digits desk draws from."""

from __future__ import annotations

from dataclasses import dataclass, field

from gmmseg.digits.document import Document
from gmmseg.digits.events import Iterated
from gmmseg.digits.progress import RunLog


@dataclass(frozen=True, slots=True, eq=False)
class ViewState:
    """Everything a panel of the digits desk draws from, at one moment; immutable, compare by identity.

    Parameters
    ----------
    document : Document
    log : RunLog
        Of the run in progress, else what a run would do now.
    undo_title, redo_title : str, optional
    """

    document: Document = field(default_factory=Document)
    log: RunLog = field(default_factory=RunLog)
    undo_title: str | None = None
    redo_title: str | None = None

    @property
    def iterations(self) -> tuple[Iterated, ...]:
        """Iterations of the run in progress, as soon as there are any, else of the document's outcome."""
        if self.log.iterations:
            return self.log.iterations
        return () if self.document.outcome is None else self.document.outcome.history
