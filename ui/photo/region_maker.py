"""RegionMaker: keeps the regions on screen those of the document while somebody looks at them."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot

from gmmseg.image import Image
from gmmseg.photo.view_state import ViewState
from gmmseg.regions.outcome import RegionOutcome, region_events
from gmmseg.regions.settings import RegionSettings
from ui.photo.photo_worker import PhotoWorker, PhotoWorkers


class RegionMaker(PhotoWorker):
    """Makes an image's region tree once and cuts it anew whenever the settings ask for another cut.

    Nothing is computed before regions are requested: by a panel, or by a map of classes by region once
    there is one of pixels. A tree that comes of other work is waited for. One that failed or was stopped is
    not tried again until the image or the seed change, or until regions are requested anew.

    Parameters
    ----------
    work : PhotoWorkers
    """

    tree_wanted = Signal()
    """The tree of the image, with the default seed, is needed: who makes one for other ends may begin now."""
    given_up = Signal(bool)
    """Whether there will be no regions for now, since making them was stopped or failed."""

    def __init__(self, work: PhotoWorkers) -> None:
        super().__init__(work)
        self._askers: set[str] = set()
        self._making: tuple[Image, int] | None = None
        self._given_up: tuple[Image, int] | None = None
        self._is_tree_coming = False
        work.bridge.changed.connect(self._on_changed)

    @property
    def is_given_up(self) -> bool:
        """Whether there will be no regions for now."""
        return self._given_up is not None

    def want(self, who: str, is_wanted: bool) -> None:
        """Note whether somebody shows regions; the first who does has them made."""
        if not is_wanted:
            self._askers.discard(who)
        elif who not in self._askers:
            self._askers.add(who)
            self.retry()

    @Slot()
    def retry(self) -> None:
        """Make what is wanted even where that was stopped or failed before."""
        self._set_given_up(None)
        self._follow()

    @Slot(bool)
    def await_tree(self, is_coming: bool) -> None:
        """Note whether the tree of the image comes of other work, to be had from the workspace then."""
        self._is_tree_coming = is_coming
        if not is_coming:
            self._follow()

    def stop(self) -> None:
        """Give up what is being made."""
        self._set_given_up(self._making)
        self._abandon()

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        if new.document is not old.document or new.segmentation is not old.segmentation:
            self._follow()

    def _follow(self) -> None:
        """Start what is missing.

        A tree in the making, or a cut, is not started again for another cut, which follows when it is done:
        one that every move of a slider replaced would never be seen.
        """
        document = self._workspace.document
        image, settings = document.image, document.region_settings
        if self._making is not None and self._making != (image, settings.seed):
            self._abandon()
        if self._given_up is not None and self._given_up != (image, settings.seed):
            self._set_given_up(None)
        if image is None or image.source.is_missing:
            return
        if self._making is not None or self._given_up is not None or not self._are_wanted():
            return
        shown = self._workspace.shown.regions
        if shown is not None and shown.image is image and shown.settings == settings:
            return
        hierarchy = self._workspace.hierarchy()
        if hierarchy is None and settings.seed == RegionSettings().seed:
            if not self._is_tree_coming:
                self.tree_wanted.emit()
            if self._is_tree_coming:
                return
        self._making = (image, settings.seed)
        self.runner.start(
            lambda should_stop: region_events(image, settings, hierarchy, should_stop=should_stop)
        )

    def _are_wanted(self) -> bool:
        shown = self._workspace.shown
        has_map = shown.segmentation is not None and not shown.is_preview
        is_by_region = shown.document.map_settings.by == "region" and not shown.document.is_beyond_memory
        return bool(self._askers) or (has_map and is_by_region)

    def _abandon(self) -> None:
        self._making = None
        self.runner.cancel()

    def _set_given_up(self, tree: tuple[Image, int] | None) -> None:
        was, self._given_up = self._given_up, tree
        if (was is None) != (tree is None):
            self.given_up.emit(tree is not None)

    @Slot(object, object)
    def _on_finished(self, run: int, outcome: RegionOutcome) -> None:
        self._making = None
        self._workspace.accept_regions(outcome)
        self._follow()

    @Slot(object, object)
    def _on_failed(self, run: int, error: Exception) -> None:
        making, self._making = self._making, None
        self._set_given_up(making)
        self.failed.emit(error)
