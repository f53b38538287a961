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
    """An image's hierarchy of regions and one cut of it.

    Parameters
    ----------
    image : Image, (H, W)
    settings : RegionSettings
    hierarchy : Hierarchy
    regions : RegionMap
        The hierarchy cut by the settings.
    seconds : dict of str to float
        Duration of each stage: ``hierarchy``, which is missing where the tree was given, and ``cut``.
    """

    image: Image
    settings: RegionSettings
    hierarchy: Hierarchy
    regions: RegionMap
    seconds: dict[str, float]

    def area_of(self, region: int) -> int:
        """Return the number of pixels of a region 1..R, as it stands in `RegionMap.labels`; 0 beyond."""
        return int(self.hierarchy.areas[self.regions.leaf_labels == region - 1].sum())


def region_events(
    image: Image,
    settings: RegionSettings,
    hierarchy: Hierarchy | None = None,
    *,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress, None, RegionOutcome]:
    """Make the map of regions of an image, yielding progress.

    Parameters
    ----------
    image : Image, (H, W)
    settings : RegionSettings
    hierarchy : Hierarchy, optional
        Of this image and the settings' seed; made by `hierarchy_events` where it is missing, which takes
        nearly all of the time.
    should_stop : callable
        Asked while the hierarchy is made; STOP leaves the borders of a large image coarse.

    Raises
    ------
    SettingsError
        Where a setting is out of its bounds.
    FeatureError
        Where no pixel holds data.
    Cancelled
        On the request to cancel.
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
