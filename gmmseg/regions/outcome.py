"""From an image to its map of regions: the hierarchy, made or given, cut as the settings say."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass

from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.image import Image
from gmmseg.regions.cutting import RegionMap, cut
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import check_settings


@dataclass(frozen=True, slots=True, eq=False)
class RegionOutcome:
    """An image's region tree and one cut of it."""

    image: Image
    settings: RegionSettings
    hierarchy: Hierarchy
    regions: RegionMap
    seconds: dict[str, float]
    """Duration of each stage: ``hierarchy``, which is missing where the tree was given, and ``cut``."""

    def area_of(self, region: int) -> int:
        """Return the pixels of a region, a value of the label map."""
        return int(self.hierarchy.areas[self.regions.leaf_labels == region - 1].sum())


def region_events(
    image: Image,
    settings: RegionSettings,
    hierarchy: Hierarchy | None = None,
    *,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress, None, RegionOutcome]:
    """Make the map of regions of an image.

    Parameters
    ----------
    image : Image
    settings : RegionSettings
    hierarchy : Hierarchy, optional
        Of this image and the settings' seed; made where it is missing, which is what takes the time.
    should_stop : callable

    Raises
    ------
    SettingsError, BudgetError
    Cancelled
    """
    check_settings(settings)
    seconds: dict[str, float] = {}
    began = time.perf_counter()
    if hierarchy is None:
        # Imported with the first tree: cuts and views of it do without the numerics.
        from gmmseg.regions.pipeline import hierarchy_events

        hierarchy = yield from hierarchy_events(image, settings.seed, should_stop)
        seconds["hierarchy"] = time.perf_counter() - began
        began = time.perf_counter()
    yield Progress("Cutting the tree")
    regions = cut(hierarchy, settings)
    seconds["cut"] = time.perf_counter() - began
    return RegionOutcome(image, settings, hierarchy, regions, seconds)
