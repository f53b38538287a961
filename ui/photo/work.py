"""PhotoWork: the workspace of the photo desk and everything that works on it in the background."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.control import Check
from gmmseg.document import Edit
from gmmseg.errors import SettingsError
from gmmseg.jobs import Previewed
from gmmseg.layers import draw
from gmmseg.mixture.matching import load_solver
from gmmseg.mixture.params import FitStep
from gmmseg.regions.table import RegionTable, region_table
from gmmseg.segmentation import class_planes
from gmmseg.workspace import Shown, Workspace
from ui.errands import Errands
from ui.job_runner import JobRunner
from ui.panels.merge_requests import tree_of
from ui.panels.regions import RegionTableRequest
from ui.panels.scatter_rows import winners_of
from ui.photo.exporting import Exporter
from ui.photo.fitting import Fitter
from ui.photo.opening import Opener
from ui.photo.region_maker import RegionMaker
from ui.settings_store import SettingsStore
from ui.workspace_bridge import WorkspaceBridge


class PhotoWork(QObject):
    """One runner for each kind of work, so that none waits for another.

    Parameters
    ----------
    store : SettingsStore
        Where exports went the last time.
    """

    failed = Signal(object)
    """Exception; those of a fit go by ``fitter.failed``."""
    progressed = Signal(object)
    """Progress"""
    running_changed = Signal()

    def __init__(self, store: SettingsStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = Workspace()
        self.bridge = WorkspaceBridge(self.workspace, self)
        self.fits = JobRunner("newest", self, lambda event: isinstance(event, Previewed))
        self.reads = JobRunner("newest", self)
        self.exports, self.loads = JobRunner("queue", self), JobRunner("queue", self)
        self.fitter = Fitter(self.workspace, self.bridge, self.fits, self)
        self.region_runs = JobRunner("newest", self)
        self.region_maker = RegionMaker(self.workspace, self.bridge, self.region_runs, self)
        self.opener = Opener(self.reads, self)
        self.exporter = Exporter(self.workspace, self.exports, store, self)
        self._errands: list[JobRunner] = []
        self.painter = self.make_errands(_draw, lambda request: request.pane)
        self.counter = self.make_errands(_areas, lambda segmentation: "areas")
        self.sorter = self.make_errands(winners_of, lambda request: "winners")
        self.comparer = self.make_errands(tree_of, lambda request: "tree")
        self.region_measurer = self.make_errands(_region_table, lambda request: "regions")
        self.selected_step: FitStep | None = None
        self._has_solver = False
        self._connect()

    def make_errands(self, work: Any, key_of: Any) -> Errands:
        """Return errands with a runner of their own; their failures are reported, their end is seen to."""
        runner = JobRunner("queue", self)
        errands = Errands(runner, work, key_of, self)
        errands.failed.connect(self.failed)
        self._errands.append(runner)
        return errands

    def _connect(self) -> None:
        self.fitter.fitted.connect(self._prepare_matching)
        self.bridge.changed.connect(self._on_changed)
        for part in (self.opener, self.exporter, self.region_maker):
            part.failed.connect(self.failed)
        for worker in (self.fitter, self.opener, self.exporter, self.region_maker):
            worker.progressed.connect(self.progressed)
        for runner in (self.fits, self.reads, self.exports, self.region_runs):
            runner.running_changed.connect(self._on_running_changed)

    @property
    def is_running(self) -> bool:
        """Whether a fit or a reading is under way: what Stop ends."""
        return self.fits.is_running or self.reads.is_running

    @property
    def is_busy(self) -> bool:
        """Whether anything runs whose progress is shown."""
        return self.is_running or self.exports.is_running or self.region_runs.is_running

    @Slot(object)
    def apply(self, edit: Edit) -> None:
        """Apply what somebody asked for; a value out of bounds is refused."""
        try:
            self.workspace.apply(edit)
        except SettingsError as error:
            self.failed.emit(error)

    @Slot()
    def settle(self) -> None:
        """Let the next edit be an undo step of its own."""
        self.workspace.settle()

    @Slot(object)
    def show_step(self, step: FitStep | None) -> None:
        """Show the maps of one iteration, or with None those of the end."""
        self.selected_step = step
        self.fitter.show_step(step)

    @Slot()
    def stop(self) -> None:
        """End a reading, else a fit with its last step as the result, else an export."""
        if self.reads.is_running:
            self.reads.cancel()
        elif self.fits.is_running:
            self.fitter.stop()
        elif self.region_runs.is_running:
            self.region_maker.stop()
        else:
            self.exports.cancel()

    def cancel(self) -> None:
        """Give up reading and fitting; what was before stays."""
        self.reads.cancel()
        self.fitter.cancel()

    def shutdown(self) -> bool:
        """End all work; exports are finished first. Returns whether all threads have ended."""
        runners = (self.fits, self.reads, self.loads, self.region_runs, *self._errands)
        cancelled = [runner.shutdown() for runner in runners]
        return self.exports.shutdown(finish=True, seconds=60) and all(cancelled)

    @Slot(object, object)
    def _on_changed(self, old: Shown, new: Shown) -> None:
        if new.document.fit is not old.document.fit:
            self.selected_step = None

    @Slot()
    def _on_running_changed(self) -> None:
        self.running_changed.emit()

    @Slot()
    def _prepare_matching(self) -> None:
        if not self._has_solver:
            # Only now: before the first result it would be slower for it.
            self._has_solver = True
            self.loads.start(_load_solver)


def _draw(request: Any, check: Check) -> Any:
    return draw(request.layer, request.scene, check)


def _load_solver(check: Check) -> Generator[Any, None, None]:
    yield from ()
    load_solver()


def _region_table(request: RegionTableRequest, check: Check) -> RegionTable:
    shown, outcome = request.shown, request.outcome
    planes = None
    names: tuple[str, ...] = ()
    if shown.segmentation is not None and shown.table is not None:
        planes = class_planes(shown.segmentation, shown.table, shown.classes, check)
        names = tuple(entry.name for entry in shown.classes)
    return region_table(outcome.image, outcome.regions.labels, planes, names, check=check)


def _areas(segmentation: Any, check: Check) -> Any:
    return segmentation.areas()
