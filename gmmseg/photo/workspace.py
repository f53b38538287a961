"""Workspace: what the photo desk works on: its document and the newest result's large arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gmmseg.arrays import ByteArray
from gmmseg.control import ShouldStop, never_stop
from gmmseg.editing.editor import MAX_LARGE_IN_HISTORY, Editor
from gmmseg.features.build import Standard, feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.features.table import FeatureTable
from gmmseg.image import Image
from gmmseg.mixture.matching import match_components
from gmmseg.mixture.params import FitStep, MixtureParams
from gmmseg.mixture.selection import Candidate
from gmmseg.photo.class_map import ClassMapper
from gmmseg.photo.classes import ClassTable, inherited_classes
from gmmseg.photo.document import Document, Fit, can_compare, n_bytes_added, with_fit
from gmmseg.photo.foreground import Foreground
from gmmseg.photo.given import GivenModel
from gmmseg.photo.jobs import SegmentOutcome, TableMaker
from gmmseg.photo.pending import SelectionAnswer
from gmmseg.photo.segmentation import Segmentation
from gmmseg.photo.view_state import ViewState
from gmmseg.photo.walking import Walk
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.outcome import RegionOutcome


class TableCache:
    """The newest feature table, so that refits of the same image and features skip building it.

    Parameters
    ----------
    make : callable
        Builds one.
    """

    def __init__(self, make: TableMaker = feature_table) -> None:
        self._make = make
        self._newest: _MadeTable | None = None

    def __call__(
        self,
        image: Image,
        spec: FeatureSpec,
        should_stop: ShouldStop = never_stop,
        standard: Standard | None = None,
    ) -> FeatureTable:
        """Return the table of `image` under `spec`, built where it is not the newest."""
        newest = self._newest
        if newest is not None and newest.answers(image, spec, standard):
            return newest.table
        table = self._make(image, spec, should_stop, standard)
        self._newest = _MadeTable(image, spec, standard, table)
        return table


@dataclass(frozen=True, slots=True, eq=False)
class _MadeTable:
    """A table and what it was made from; `standard` is None where that is the image's own."""

    image: Image
    spec: FeatureSpec
    standard: Standard | None
    table: FeatureTable

    def answers(self, image: Image, spec: FeatureSpec, standard: Standard | None) -> bool:
        """Whether making a table anew would give this one."""
        if image is not self.image or spec != self.spec:
            return False
        if standard is None:
            return self.standard is None
        return (
            _white(image, standard) == _white(image, self.standard)
            and np.array_equal(standard.centre, self.table.centre)
            and np.array_equal(standard.scale, self.table.scale)
        )


def _white(image: Image, standard: Standard | None) -> float:
    """Return what counts as full brightness of an image."""
    white = None if standard is None or image.has_fixed_white else standard.white
    return image.white if white is None else white


class Workspace(Editor[Document, ViewState]):
    """The document with its history, and what is shown of it.

    Parameters
    ----------
    make_table : callable
        Builds the rows of an image.
    """

    def __init__(self, make_table: TableMaker = feature_table) -> None:
        super().__init__(Document(), ViewState())
        self.make_table = TableCache(make_table)
        self.map_classes = ClassMapper(self.document.map_settings)
        # Classes of a preview that continue those of a fit, so that its own fit can continue them.
        self._previewed: tuple[Document, MixtureParams, ClassTable] | None = None
        # The last trees, and the newest cut of each: undo may bring their images back.
        self._trees: list[tuple[Image, int, Hierarchy]] = []
        self._regions: list[RegionOutcome] = []

    def show_candidates(self, candidates: tuple[Candidate, ...]) -> None:
        """Show numbers of components that were compared; the document stays as it is."""
        self._publish(replace(self._shown, candidates=candidates))

    def show_progress(self, steps: tuple[FitStep, ...], candidates: tuple[Candidate, ...]) -> None:
        """Show the steps of a run in progress."""
        self._publish(replace(self._shown, steps=steps, candidates=candidates))

    def show_foreground(self, foreground: Foreground | None) -> None:
        """Show what is in front of the background in the frames of a stack."""
        self._publish(replace(self._shown, foreground=foreground))

    def show_walk(self, walk: Walk | None, caption: str = "") -> None:
        """Show where somebody is who steps through EM by hand; None brings back the fit's own steps."""
        fit = self.document.fit
        if walk is None:
            self._publish(replace(self._shown, walk=None, steps=_steps_of(fit)))
            return
        self._publish(replace(self._shown, walk=walk, steps=walk.path))
        if walk.segmentation is not None:
            self.show_preview(walk.table, walk.segmentation, caption)

    def show_preview(
        self,
        table: FeatureTable,
        segmentation: Segmentation,
        caption: str,
        means: ByteArray | None = None,
        taught: ClassTable | None = None,
    ) -> None:
        """Show maps that are not the final ones: of the coarse fit, or of an earlier iteration.

        `means` (K, 3) are the sRGB colours of classes that continue none: which class colour will be whose is
        not known before the fit has ended, and a colour once shown must stay with what it shows. Classes that
        are `taught` have theirs from the objects.
        """
        classes = self._continued(segmentation.params) if taught is None else self._taught(taught)
        if taught is None and self._colour_source() is not None:
            self._previewed = (self.document, segmentation.params, classes)
        elif taught is None and means is not None:
            classes = classes.recoloured([(int(red), int(green), int(blue)) for red, green, blue in means])
        self._publish(
            replace(
                self._shown,
                table=table,
                segmentation=segmentation,
                classes=classes,
                is_preview=True,
                caption=caption,
            )
        )

    def accept_fit(self, outcome: SegmentOutcome) -> bool:
        """Take a finished fit into the document, or the remade maps of the fit that it has already.

        Returns
        -------
        bool
            False, and nothing changes, where the outcome answers an outdated request.
        """
        document = self.document
        fit = outcome.fit
        if outcome.hierarchy is not None:
            self.keep_tree(fit.image, fit.settings.mixture.seed, outcome.hierarchy)
        if fit is document.fit:
            self._show_document(outcome.table, outcome.segmentation)
            return True
        if with_fit(document, fit, ClassTable()).is_stale:
            return False
        if fit.given is not None:
            classes = self._given_classes(fit.given)
        elif fit.hints is None:
            classes = self._continued(fit.result.params, self._previewed)
        else:
            classes = self._taught(fit.model.classes)
        self._previewed = None
        completed = with_fit(document, fit, classes)
        self._history = self._history.amended(completed, self._n_bytes_added(document, completed))
        self._show_document(outcome.table, outcome.segmentation)
        return True

    def hierarchy(self, seed: int | None = None) -> Hierarchy | None:
        """Return the region tree of the document's image where it is made; without a seed by its regions'."""
        image = self.document.image
        seed = self.document.region_settings.seed if seed is None else seed
        for of_image, of_seed, hierarchy in self._trees:
            if of_image is image and of_seed == seed:
                return hierarchy
        return None

    def keep_tree(self, image: Image, seed: int, hierarchy: Hierarchy) -> None:
        """Keep the region tree of an image, so that it is not made again."""
        others = [kept for kept in self._trees if kept[0] is not image or kept[1] != seed]
        self._trees = [(image, seed, hierarchy), *others][:MAX_LARGE_IN_HISTORY]

    def accept_regions(self, outcome: RegionOutcome) -> bool:
        """Show a finished cut of the document's image, also one that newer settings will soon replace.

        Returns
        -------
        bool
            False, and nothing changes, where it is of another image.
        """
        if outcome.image is not self.document.image:
            return False
        self.keep_tree(outcome.image, outcome.settings.seed, outcome.hierarchy)
        others = [kept for kept in self._regions if kept.hierarchy is not outcome.hierarchy]
        self._regions = [outcome, *others][:MAX_LARGE_IN_HISTORY]
        self.map_classes.want(self.document.map_settings, outcome, _merged(self.document))
        self._publish(replace(self._shown, regions=outcome))
        return True

    def accept_map(self, segmentation: Segmentation) -> bool:
        """Show another map of classes that was made of the pixels' own on screen.

        Returns
        -------
        bool
            False, and nothing changes, where others are on screen meanwhile.
        """
        shown = self._shown.segmentation
        if shown is None or shown.pixelwise is not segmentation.pixelwise:
            return False
        self._publish(replace(self._shown, segmentation=segmentation))
        return True

    def accept_answer(self, answer: SelectionAnswer) -> bool:
        """Show what the pending selection selects; false, and nothing changes, where another is pending."""
        if answer.pending is not self.document.pending:
            return False
        self._publish(replace(self._shown, selection=answer))
        return True

    def _continued(
        self, params: MixtureParams, previewed: tuple[Document, MixtureParams, ClassTable] | None = None
    ) -> ClassTable:
        """Return classes for new components that keep the colours of those they continue.

        Those are the classes of the newest fit, or of what was `previewed` of the present document.
        """
        if previewed is not None and previewed[0] is self.document:
            return inherited_classes(previewed[2], match_components(previewed[1], params))
        old = self._colour_source()
        if old is None:
            return inherited_classes(ClassTable(), [None] * params.n_components)
        return inherited_classes(old[1], match_components(old[0].result.params, params))

    def _given_classes(self, given: GivenModel) -> ClassTable:
        """Return the classes of a model: as they were named and coloured since it was applied, if it was."""
        fit = self.document.fit
        is_applied = fit is not None and fit.given is not None and fit.given.sha256 == given.sha256
        return self.document.classes if is_applied else given.model.classes

    def _taught(self, classes: ClassTable) -> ClassTable:
        """Return classes that objects have taught, hidden where those of these names are."""
        hidden = {entry.name for entry in self.document.classes if not entry.is_visible}
        return classes.changed(*(entry.id for entry in classes if entry.name in hidden), is_visible=False)

    def _colour_source(self) -> tuple[Fit, ClassTable] | None:
        """Return the newest untaught fit of this image in this feature space, with its classes."""
        present = self.document
        for document in (present, *(entry.state for entry in reversed(self._history.past))):
            fit = document.fit
            if fit is not None and fit.hints is None and fit.given is None and fit.image is present.image:
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
        fit, walk = document.fit, before.walk
        if walk is not None and (walk.image is not document.image or walk.settings != document.settings):
            walk = None
        regions = next((kept for kept in self._regions if kept.image is document.image), None)
        self.map_classes.want(document.map_settings, regions, _merged(document))
        self._publish(
            ViewState(
                document=document,
                table=table,
                segmentation=segmentation,
                classes=classes,
                is_preview=is_preview,
                caption=caption,
                steps=walk.path if walk is not None else _steps_of(fit),
                walk=walk,
                foreground=before.foreground,
                candidates=before.candidates if can_compare(before.document, document) else (),
                regions=regions,
                selection=before.selection if document.pending is not None else None,
                undo_title=self._history.undo_title,
                redo_title=self._history.redo_title,
            )
        )

    def _n_bytes_added(self, before: Document, after: Document) -> int:
        return n_bytes_added(before, after)

    def _large_parts(self, document: Document) -> tuple[Image | None]:
        return (document.image,)


def _merged(document: Document) -> tuple[MixtureParams, ClassTable] | None:
    """Return the mixture of the document's fit and the classes that its components are united to."""
    return None if document.fit is None else (document.fit.result.params, document.classes)


def _is_same_fit(shown: ViewState, document: Document) -> bool:
    """Whether the maps on screen are the document's fit's own."""
    return not shown.is_preview and document.fit is not None and shown.document.fit is document.fit


def _steps_of(fit: Fit | None) -> tuple[FitStep, ...]:
    """Return the steps of the kept restart of a fit; none without one."""
    return fit.result.history if fit is not None else ()
