"""Workspace: the document with its history, the newest result's large arrays, and who listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gmmseg.classes import ClassTable, inherited_classes
from gmmseg.control import Check, go_on
from gmmseg.document import Document, Edit, Fit, with_fit
from gmmseg.features.build import feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.features.table import FeatureTable
from gmmseg.history import Entry, History
from gmmseg.image import Image
from gmmseg.jobs import SegmentOutcome
from gmmseg.mixture.matching import match_components
from gmmseg.mixture.params import FitStep, MixtureParams
from gmmseg.mixture.selection import Candidate
from gmmseg.segmentation import Segmentation

MAX_IMAGES_IN_HISTORY = 4


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
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
    undo_title: str | None = None
    redo_title: str | None = None


Listener = Callable[[Shown, Shown], None]
"""Called with the old and the new `Shown`, in the thread that changed the workspace."""


class TableCache:
    """The newest feature table, so that refits of the same image and features skip building it."""

    def __init__(self) -> None:
        self._newest: tuple[Image, FeatureSpec, FeatureTable] | None = None

    def __call__(self, image: Image, spec: FeatureSpec, check: Check = go_on) -> FeatureTable:
        """Return the table of `image` under `spec`, built where it is not the newest."""
        newest = self._newest
        if newest is not None and newest[0] is image and newest[1] == spec:
            return newest[2]
        table = feature_table(image, spec, check)
        self._newest = (image, spec, table)
        return table


class Workspace:
    """What the window works on. Not thread-safe: one thread changes it, listeners hear in that thread."""

    def __init__(self) -> None:
        self.make_table = TableCache()
        self._history: History[Document] = History(Entry(Document(), ""))
        self._shown = Shown()
        self._listeners: list[Listener] = []

    @property
    def shown(self) -> Shown:
        """What panels draw now."""
        return self._shown

    @property
    def document(self) -> Document:
        """The present document."""
        return self._history.present.state

    def subscribe(self, listener: Listener) -> None:
        """Have `listener` called after every change."""
        self._listeners.append(listener)

    def apply(self, edit: Edit) -> None:
        """Apply an edit as an undo step; whatever it raises leaves the document as it was.

        The first image is where the history begins: an empty window is nothing to go back to.
        """
        document = edit.apply(self.document)
        if self.document.image is None and document.image is not None:
            self._history = History(Entry(document, ""))
        else:
            self._history = _with_few_images(self._history.pushed(document, edit.title, edit.merge_key))
        self._show_document()

    def settle(self) -> None:
        """Let the next edit start an undo step of its own, as at the end of a slider drag."""
        self._history = self._history.settled()

    def undo(self) -> None:
        """Go one step back, if there is one."""
        if self._history.past:
            self._history = self._history.undone()
            self._show_document()

    def redo(self) -> None:
        """Go one step forward again, if there is one."""
        if self._history.future:
            self._history = self._history.redone()
            self._show_document()

    def show_progress(self, steps: tuple[FitStep, ...], candidates: tuple[Candidate, ...]) -> None:
        """Show the steps of a run in progress."""
        self._publish(replace(self._shown, steps=steps, candidates=candidates))

    def show_preview(self, table: FeatureTable, segmentation: Segmentation, caption: str) -> None:
        """Show maps that are not the final ones: of the coarse fit, or of an earlier iteration."""
        self._publish(
            replace(
                self._shown,
                table=table,
                segmentation=segmentation,
                classes=self._continued(segmentation.params),
                is_preview=True,
                caption=caption,
            )
        )

    def finish(self, outcome: SegmentOutcome) -> bool:
        """Take a finished fit into the document, or the remade maps of the fit that it has already.

        Returns
        -------
        bool
            False, and nothing changes, where the outcome answers an outdated request.
        """
        document = self.document
        fit = outcome.fit
        if fit is document.fit:
            self._show_document(outcome.table, outcome.segmentation)
            return True
        if fit.image is not document.image or fit.settings != document.settings:
            return False
        classes = self._continued(fit.result.params)
        self._history = self._history.amended(with_fit(document, fit, classes))
        self._show_document(outcome.table, outcome.segmentation)
        return True

    def _continued(self, params: MixtureParams) -> ClassTable:
        """Return classes for new components that keep the colours of those they continue."""
        old = self._colour_source()
        if old is None:
            return inherited_classes(ClassTable(), [None] * params.n_components)
        return inherited_classes(old[1], match_components(old[0].result.params, params))

    def _colour_source(self) -> tuple[Fit, ClassTable] | None:
        """Return the newest fit of this image in this feature space, with its classes."""
        present = self.document
        for document in (present, *(entry.state for entry in reversed(self._history.past))):
            fit = document.fit
            if fit is not None and fit.image is present.image:
                same_space = fit.settings.features == present.settings.features
                return (fit, document.classes) if same_space else None
        return None

    def _show_document(
        self, table: FeatureTable | None = None, segmentation: Segmentation | None = None
    ) -> None:
        document = self.document
        before = self._shown
        classes, is_preview, caption = document.classes, False, ""
        if segmentation is None and document.image is before.document.image:
            table, segmentation = before.table, before.segmentation
            if segmentation is not None and not _is_same_fit(before, document):
                # The maps on screen stay until those of this document's own fit have been made.
                classes, is_preview, caption = before.classes, True, before.caption
        fit = document.fit
        self._publish(
            Shown(
                document=document,
                table=table,
                segmentation=segmentation,
                classes=classes,
                is_preview=is_preview,
                caption=caption,
                steps=fit.result.history if fit is not None else (),
                candidates=before.candidates if document.image is before.document.image else (),
                undo_title=self._history.undo_title,
                redo_title=self._history.redo_title,
            )
        )

    def _publish(self, shown: Shown) -> None:
        old, self._shown = self._shown, shown
        for listener in list(self._listeners):
            listener(old, shown)


def _is_same_fit(shown: Shown, document: Document) -> bool:
    """Whether the maps on screen are the document's fit's own."""
    return not shown.is_preview and document.fit is not None and shown.document.fit is document.fit


def _with_few_images(history: History[Document]) -> History[Document]:
    """Return the history without the oldest steps beyond a few different images: they are large."""
    seen: list[Image | None] = [history.present.state.image]
    for index in range(len(history.past) - 1, -1, -1):
        image = history.past[index].state.image
        if all(image is not known for known in seen):
            seen.append(image)
        if len(seen) > MAX_IMAGES_IN_HISTORY:
            return replace(history, past=history.past[index + 1 :])
    return history
