"""Fitter: keeps the maps on screen those of the document, by fits and relabellings in the background."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QTimer, Signal, Slot

from gmmseg.control import Progress, ShouldStop
from gmmseg.drawing.convergence import iteration_of
from gmmseg.image import Image
from gmmseg.mixture.matching import load_solver
from gmmseg.mixture.params import FitStep
from gmmseg.mixture.selection import Candidate
from gmmseg.photo.document import Document, Fit
from gmmseg.photo.given import GivenModel
from gmmseg.photo.jobs import (
    JobEvent,
    SegmentOutcome,
    SegmentRequest,
    TableMaker,
    relabel_events,
    segment_events,
)
from gmmseg.photo.labelling import MapClasses, Previewed
from gmmseg.photo.objects.hints import Hints
from gmmseg.photo.settings import SegmentSettings
from gmmseg.photo.view_state import ViewState
from ui.photo.photo_worker import PhotoWorker, PhotoWorkers

PAUSE_MS = 2
"""Changes within this time are one fit: the newest."""


@dataclass(frozen=True, eq=False)
class _Asked:
    """Work of the runner: a fit of `settings`, or the maps of `fit` (at `step`)."""

    image: Image
    settings: SegmentSettings
    hints: Hints | None = None
    given: GivenModel | None = None
    fit: Fit | None = None
    step: FitStep | None = None

    def is_fit_of(self, document: Document) -> bool:
        """Whether this is the fit that the document wants."""
        is_same = self.image is document.image and self.settings == document.settings
        is_same = is_same and self.given == document.given
        return self.fit is None and is_same and self.hints == document.hints


class Fitter(PhotoWorker):
    """Refits when an edit has made the document stale, relabels when undo brings back another fit.

    The newest request wins. A fit that failed or was cancelled is not tried again until the settings or the
    image change, or the user asks for it.

    Parameters
    ----------
    work : PhotoWorkers
    """

    fitted = Signal(object)
    """The Fit that was taken into the document."""

    def __init__(self, work: PhotoWorkers) -> None:
        super().__init__(work, lambda event: isinstance(event, Previewed))
        self._asked: _Asked | None = None
        self._given_up: _Asked | None = None
        self.is_live = True
        """Whether a taught mixture follows what is marked; else `run` has to be asked for."""
        self._steps: list[FitStep] = []
        self._candidates: list[Candidate] = []
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._start)
        work.bridge.changed.connect(self._on_changed)

    @property
    def is_fitting(self) -> bool:
        """Whether a fit, not just a relabelling, is under way or about to start."""
        return self._pause.isActive() or (self._asked is not None and self._asked.fit is None)

    def run(self) -> None:
        """Fit the document as it is, even where it has been fitted or given up."""
        self._given_up = None
        self._start()

    def set_live(self, is_live: bool) -> None:
        """Follow what is marked, from now on, or wait for `run`."""
        self.is_live = is_live
        if is_live and self._workspace.document.is_stale:
            self._start()

    def stop(self) -> None:
        """End the fit soon; its last complete step becomes the result."""
        if self._pause.isActive():
            self.cancel()
        else:
            self.runner.stop()

    def cancel(self) -> None:
        """Give up the fit; the one before stays."""
        if self._pause.isActive():
            self._pause.stop()
            self._given_up = self._wanted()
        self.runner.cancel()

    def show_step(self, step: FitStep | None) -> None:
        """Show the maps of one iteration of the document's fit, or with None those of its end."""
        fit = self._workspace.document.fit
        if fit is None or self.is_fitting:
            return
        if step is not None and step.params is not fit.result.params:
            self._relabel(fit, step)
        elif self._workspace.shown.is_preview:
            self._relabel(fit)

    def _wanted(self) -> _Asked | None:
        document = self._workspace.document
        if document.image is None or document.image.source.is_missing:
            return None
        return _Asked(document.image, document.settings, document.hints, document.given)

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        document = new.document
        if document is old.document or document.image is None or document.image.source.is_missing:
            return
        if document.is_stale and not self.is_live and document.has_fit_of_settings:
            return
        if document.is_stale:
            self._want_fit(document, is_new_image=document.image is not old.document.image)
        else:
            self._want_maps(new)

    def _want_fit(self, document: Document, is_new_image: bool) -> None:
        for known in (self._asked, self._given_up):
            if known is not None and known.is_fit_of(document):
                return
        if is_new_image or not self.runner.is_running:
            self._start()
        elif not self._pause.isActive():
            # Not restarted by further changes: a steady drag is followed, not waited for.
            self._pause.start()

    def _want_maps(self, shown: ViewState) -> None:
        self._pause.stop()
        fit = shown.document.fit
        if fit is not None and (shown.is_preview or shown.segmentation is None):
            self._relabel(fit)
        elif self._asked is not None and self._asked.fit is None:
            self._asked = None
            self.runner.cancel()

    @Slot()
    def _start(self) -> None:
        self._pause.stop()
        asked = self._wanted()
        if asked is None or (
            self._given_up is not None and self._given_up.is_fit_of(self._workspace.document)
        ):
            return
        self._given_up = None
        self._asked = asked
        self._steps, self._candidates = [], []
        request = SegmentRequest(
            asked.image,
            asked.settings,
            wants_preview=True,
            known=self._workspace.document.fit,
            hints=asked.hints,
            given=asked.given,
            hierarchy=self._workspace.hierarchy(asked.settings.mixture.seed),
        )
        self.progressed.emit(Progress(self.tr("Fitting")))
        make_table, map_classes = self._workspace.make_table, self._workspace.map_classes
        report = self.runner.report
        self.runner.start(lambda should_stop: _fitting(request, make_table, map_classes, report, should_stop))

    def _relabel(self, fit: Fit, step: FitStep | None = None) -> None:
        asked = self._asked
        if asked is not None and asked.fit is fit and asked.step is step:
            return
        self._asked = _Asked(fit.image, fit.settings, fit.hints, fit.given, fit, step)
        params = fit.result.params if step is None else step.params
        make_table, map_classes = self._workspace.make_table, self._workspace.map_classes
        self.runner.start(
            lambda should_stop: relabel_events(
                fit, params, should_stop=should_stop, make_table=make_table, map_classes=map_classes
            )
        )

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Any, ...]) -> None:
        asked = self._asked
        if asked is None or asked.fit is not None or not asked.is_fit_of(self._workspace.document):
            return
        preview: Previewed | None = None
        progress: Progress | None = None
        for event in events:
            if isinstance(event, FitStep):
                self._steps.append(event)
                progress = self._progress_of(event)
            elif isinstance(event, Candidate):
                self._candidates.append(event)
            elif isinstance(event, Previewed):
                preview = event
            else:
                progress = event
        # The figures of the run before stay until there are some of this one.
        shown = self._workspace.shown
        candidates = tuple(self._candidates) or shown.candidates
        self._workspace.show_progress(tuple(self._steps) or shown.steps, candidates)
        if preview is not None:
            self._workspace.show_preview(
                preview.table,
                preview.segmentation,
                self.tr("preview"),
                preview.means,
                preview.classes,
            )
        if progress is not None:
            self.progressed.emit(progress)

    def _progress_of(self, step: FitStep) -> Progress:
        text = self.tr("Restart {0}, iteration {1}: {2} nats/pixel")
        iteration = iteration_of(step, self._steps)
        return Progress(text.format(step.restart + 1, iteration, f"{step.lower_bound:.4f}"))

    @Slot(object, object)
    def _on_finished(self, run: int, outcome: SegmentOutcome) -> None:
        asked, self._asked = self._asked, None
        if asked is None:
            return
        if asked.step is not None:
            if outcome.fit is self._workspace.document.fit:
                fit = outcome.fit
                caption = self.tr("iteration {0}").format(iteration_of(asked.step, fit.result.history))
                taught = None if fit.hints is None and fit.given is None else fit.model.classes
                self._workspace.show_preview(outcome.table, outcome.segmentation, caption, taught=taught)
        elif self._workspace.accept_fit(outcome) and asked.fit is None:
            self.fitted.emit(outcome.fit)

    def _end(self) -> None:
        """Bring back the figures and maps of the fit that the document still has."""
        asked, self._asked = self._asked, None
        if asked is None or asked.fit is not None:
            return
        self._given_up = asked
        shown = self._workspace.shown
        fit = shown.document.fit
        self._workspace.show_progress(fit.result.history if fit is not None else (), shown.candidates)
        if fit is not None and fit.image is shown.document.image and shown.is_preview:
            self._relabel(fit)


def _fitting(
    request: SegmentRequest,
    make_table: TableMaker,
    map_classes: MapClasses,
    report: Callable[[Progress], None],
    should_stop: ShouldStop,
) -> Generator[JobEvent, None, SegmentOutcome]:
    """Fit; what continues a fit is matched with it in the GUI thread, which must not wait for the solver."""
    if request.known is not None:
        load_solver()
    if request.image.levels is not None:
        # Imported with the first picture beyond memory: the window is there sooner without it.
        from ui.photo.large import fitting_of_levels

        return (yield from fitting_of_levels(request, make_table, report, should_stop))
    return (
        yield from segment_events(
            request, should_stop=should_stop, make_table=make_table, map_classes=map_classes
        )
    )
