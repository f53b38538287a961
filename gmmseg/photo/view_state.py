"""ViewState: everything that a panel of the photo desk draws from."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter

from gmmseg.features.table import FeatureTable
from gmmseg.mixture.params import FitStep
from gmmseg.mixture.selection import Candidate
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Document
from gmmseg.photo.foreground import Foreground
from gmmseg.photo.pending import SelectionAnswer
from gmmseg.photo.segmentation import Segmentation
from gmmseg.photo.walking import Walk
from gmmseg.regions.outcome import RegionOutcome


@dataclass(frozen=True, slots=True, eq=False)
class ViewState:
    """Everything a panel draws from, at one moment; immutable, compare by identity.

    Parameters
    ----------
    document : Document
    table, segmentation : optional
        The rows and maps on screen. They are of ``document.fit`` unless `is_preview`, or unless the fit on
        screen belongs to settings that were changed since (``document.is_stale``).
    classes : ClassTable
        For the components of `segmentation`: the document's own, or a preview's.
    is_preview : bool
        The maps are the coarse fit's (or an iteration's), not the final ones.
    caption : str
        What a preview is: ``preview``, ``iteration 12``.
    steps : tuple of FitStep
        Of the run in progress, else of the document's fit.
    candidates : tuple of Candidate
        Numbers of components tried in the newest automatic choice.
    walk : Walk, optional
        Where somebody is who steps through EM by hand; `steps` are then those of the way there.
    foreground : Foreground, optional
        What is in front of the background in the frames of a stack, once somebody has asked for it.
    regions : RegionOutcome, optional
        The newest cut of the image's region tree, once somebody has asked for one.
    selection : SelectionAnswer, optional
        The newest answer to the document's pending selection.
    undo_title, redo_title : str, optional
    """

    document: Document = field(default_factory=Document)
    table: FeatureTable | None = None
    segmentation: Segmentation | None = None
    classes: ClassTable = field(default_factory=ClassTable)
    is_preview: bool = False
    caption: str = ""
    steps: tuple[FitStep, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    walk: Walk | None = None
    foreground: Foreground | None = None
    regions: RegionOutcome | None = None
    selection: SelectionAnswer | None = None
    undo_title: str | None = None
    redo_title: str | None = None

    def differs_from(self, other: ViewState, *parts: str) -> bool:
        """Whether some part, such as ``table`` or ``document.fit``, is another object there."""
        return any(attrgetter(part)(self) is not attrgetter(part)(other) for part in parts)

    @property
    def current_selection(self) -> SelectionAnswer | None:
        """The answer to what is pending now; None where there is nothing pending, or no answer yet."""
        is_current = self.selection is not None and self.selection.pending is self.document.pending
        return self.selection if is_current else None

    @property
    def is_selection_answered(self) -> bool:
        """Whether nothing is pending that has no answer yet."""
        return self.document.pending is None or self.current_selection is not None
