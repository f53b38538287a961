"""PhotoWork: the workspace of the photo desk and everything that works on it in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Slot

from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.display import Histogram, histograms
from gmmseg.drawing.draw import draw
from gmmseg.features.build import Standard, feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.features.table import FeatureTable
from gmmseg.image import Image
from gmmseg.mixture.params import FitStep
from gmmseg.photo.project import PhotoProject
from gmmseg.photo.view_state import ViewState
from gmmseg.photo.workspace import Workspace
from ui.desk.job_runner import JobRunner
from ui.desk.keeping import Keeper, Keeping
from ui.photo.comparing import KComparer
from ui.photo.component_merger import ComponentMerger
from ui.photo.copying import copied
from ui.photo.exporting import Exporter
from ui.photo.file_states import FileStates
from ui.photo.fitting import Fitter
from ui.photo.foreground_maker import ForegroundMaker
from ui.photo.map_keeper import MapKeeper
from ui.photo.mask_opening import MaskOpener
from ui.photo.model_opening import ModelOpener
from ui.photo.object_editor import ObjectEditor
from ui.photo.object_sources import ObjectSources
from ui.photo.opening import Opener
from ui.photo.photo_worker import PhotoWorkers
from ui.photo.postponing import Postponed
from ui.photo.region_maker import RegionMaker
from ui.photo.selecting import Selecting
from ui.photo.teaching import Teaching
from ui.photo.tile_maker import TileMaker
from ui.photo.walker import Walker
from ui.settings_store import SettingsStore

if TYPE_CHECKING:
    from gmmseg.arrays import FloatArray, IntArray
    from gmmseg.mixture.tree import Dendrogram
    from gmmseg.photo.parts import PartTable
    from gmmseg.regions.table import RegionTable
    from ui.photo.panels.merge_requests import TreeRequest
    from ui.photo.panels.parts import PartsRequest
    from ui.photo.panels.regions import RegionTableRequest
    from ui.photo.panels.scatter_rows import WinnersRequest

_TILE_THREADS = 2
"""Of a picture beyond memory: while one decodes a tile, the other may have the interpreter."""


class PhotoWork(PhotoWorkers):
    """Reads, fits, finds regions, draws and exports photos.

    Parameters
    ----------
    store : SettingsStore
        Where exports went the last time.
    """

    opener: Opener
    exporter: Exporter

    def __init__(self, store: SettingsStore, parent: QObject | None = None) -> None:
        super().__init__(Workspace(_table_of), parent)
        self.fitter = Fitter(self)
        self.postponed = Postponed(self)
        self.object_editor = ObjectEditor(self)
        # Before the regions, of which it makes the tree with the same work.
        self.selecting = Selecting(self, self.object_editor)
        self.walker = Walker(self, self.fitter)
        self.component_merger = ComponentMerger(self)
        self.foreground_maker = ForegroundMaker(self)
        self.region_maker = RegionMaker(self)
        self.object_sources = ObjectSources(self, self.object_editor, self.region_maker, self.postponed)
        self.map_keeper = MapKeeper(self)
        self.k_comparer = KComparer(self)
        self.batches = JobRunner("newest", self)
        self._quiet.append(self.batches)
        self.opener = Opener(self.reads, self)
        self.exporter = Exporter(self.workspace, self.exports, store, self)
        self.file_states = FileStates(self, self.exporter)
        self.keeper = Keeper(self, Keeping(PhotoProject, self.workspace, store))
        self.exporter.saved_project = self._saved_project
        self.painter = self.make_requests(_draw, lambda request: request.pane)
        tile_runners = [JobRunner("newest", self, lambda event: True) for _ in range(_TILE_THREADS)]
        self.tile_maker = TileMaker(tile_runners, self)
        self._quiet += tile_runners
        self.tile_maker.failed.connect(self.failed)
        self.counter = self.make_requests(_areas, lambda segmentation: "areas")
        self.object_counter = self.make_requests(_areas, lambda objects: "areas")
        self.mask_opener = MaskOpener(self, self.object_editor)
        self.model_opener = ModelOpener(self)
        self.teaching = Teaching(self, self.fitter)
        self.sorter = self.make_requests(_winners, lambda request: "winners")
        self.comparer = self.make_requests(_tree, lambda request: "tree")
        self.overlap_measurer = self.make_requests(_overlaps, lambda request: "overlaps")
        self.region_measurer = self.make_requests(_region_table, lambda request: "regions")
        self.part_finder = self.make_requests(_parts, lambda request: "parts")
        self.value_counter = self.make_requests(_histograms, lambda image: "histograms")
        self.copier = self.make_requests(copied, lambda request: "clipboard")
        self.selected_step: FitStep | None = None
        self._connect()

    def _saved_project(self) -> Path | None:
        return None if self.keeper.is_modified else self.keeper.path

    def _connect(self) -> None:
        self.bridge.changed.connect(self._on_changed)
        self.selecting.tree_coming.connect(self.region_maker.await_tree)
        self.region_maker.tree_wanted.connect(self.selecting.make_tree)
        for tells in (
            self.bridge.changed,
            self.selecting.ready_changed,
            self.object_editor.working,
            self.region_maker.given_up,
        ):
            # Later: what is done then may change what is told.
            tells.connect(self.postponed.look, Qt.ConnectionType.QueuedConnection)
        self.postponed.waiting.connect(self._on_waiting)
        self._follow(
            self.fitter,
            self.walker,
            self.component_merger,
            self.foreground_maker,
            self.region_maker,
            self.k_comparer,
            self.selecting,
            self.object_editor,
            self.mask_opener,
            self.model_opener,
            self.keeper,
        )

    @Slot(object)
    def show_step(self, step: FitStep | None) -> None:
        """Show the maps of one iteration, or with None those of the end."""
        self.selected_step = step
        self.fitter.show_step(step)

    @property
    def _ends(self) -> Sequence[tuple[JobRunner, Callable[[], object]]]:
        # What was asked for last first; a fit ends with its last step as the result.
        return (
            (self.reads, self.reads.cancel),
            (self.object_editor.runner, self.object_editor.stop),
            (self.fitter.runner, self.fitter.stop),
            (self.walker.runner, self.walker.runner.stop),
            (self.component_merger.runner, self.component_merger.runner.cancel),
            (self.foreground_maker.runner, self.foreground_maker.runner.cancel),
            (self.k_comparer.runner, self.k_comparer.runner.cancel),
            (self.region_maker.runner, self.region_maker.stop),
            (self.exports, self.exports.cancel),
        )

    @property
    def can_stop(self) -> bool:
        return self.postponed.is_waiting or super().can_stop

    @Slot()
    def stop(self) -> None:
        """End what waits to be done, else the first work that runs."""
        if self.postponed.is_waiting:
            self.postponed.drop()
        else:
            super().stop()

    @Slot(str)
    def _on_waiting(self, text: str) -> None:
        if text:
            self.progressed.emit(Progress(text))
        self.running_changed.emit()

    def cancel(self) -> None:
        """Give up reading and fitting; what was before stays."""
        self.reads.cancel()
        self.fitter.cancel()

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        if new.document.fit is not old.document.fit:
            self.selected_step = None
        if new.document.image is not old.document.image:
            self.postponed.drop()


def _table_of(
    image: Image,
    spec: FeatureSpec,
    should_stop: ShouldStop = never_stop,
    standard: Standard | None = None,
) -> FeatureTable:
    """Return the rows of an image, or those of the picture beyond memory that it is the overview of."""
    if image.levels is None:
        return feature_table(image, spec, should_stop, standard)
    from gmmseg.tiled.overview import overview_table

    return overview_table(image, spec, should_stop, standard)


def _draw(request: Any, should_stop: ShouldStop) -> Any:
    return draw(request.layer, request.scene, should_stop)


# What panels that are made late ask for is imported with the first question.


def _tree(request: TreeRequest, should_stop: ShouldStop) -> Dendrogram:
    from ui.photo.panels.merge_requests import tree_of

    return tree_of(request, should_stop)


def _overlaps(request: TreeRequest, should_stop: ShouldStop) -> FloatArray:
    from ui.photo.panels.merge_requests import overlaps_of

    return overlaps_of(request, should_stop)


def _winners(request: WinnersRequest, should_stop: ShouldStop) -> IntArray:
    from ui.photo.panels.scatter_rows import winners_of

    return winners_of(request, should_stop)


def _region_table(request: RegionTableRequest, should_stop: ShouldStop) -> RegionTable:
    from gmmseg.photo.segmentation import class_planes
    from gmmseg.regions.table import region_table

    shown, outcome = request.shown, request.outcome
    planes = None
    names: tuple[str, ...] = ()
    if shown.segmentation is not None and shown.table is not None:
        planes = class_planes(shown.segmentation.pixelwise, shown.table, shown.classes, should_stop)
        names = tuple(entry.name for entry in shown.classes)
    return region_table(
        outcome.image, outcome.regions.labels, planes, names,
        pixel_size=shown.document.pixel_size, should_stop=should_stop,
    )  # fmt: skip


def _parts(request: PartsRequest, should_stop: ShouldStop) -> PartTable:
    from gmmseg.photo.parts import part_table

    shown = request.shown
    document, segmentation = shown.document, shown.segmentation
    if document.image is None or segmentation is None:
        raise ValueError("parts were requested without a map")
    return part_table(
        document.image, segmentation.labels, shown.classes, request.least,
        pixel_size=document.pixel_size, should_stop=should_stop,
    )  # fmt: skip


def _histograms(image: Image, should_stop: ShouldStop) -> list[Histogram]:
    return histograms(image)


def _areas(counted: Any, should_stop: ShouldStop) -> Any:
    return counted.areas()
