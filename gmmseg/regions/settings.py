"""The settings of regions, each declared once."""

from __future__ import annotations

from dataclasses import dataclass

from gmmseg.setting import Setting

MAX_REGIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class RegionSettings:
    """How an image's hierarchy is made and cut.

    Parameters
    ----------
    detail : float
        0 is one region, 0.5 the scale found best for the image, 1 every leaf.
    n_regions : int, optional
        Cut to so many regions instead.
    seed : int
        Of the mixtures that the hierarchy is made from; detail and number only cut it.
    """

    detail: float = 0.5
    n_regions: int | None = None
    seed: int = 0


REGION_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "detail",
        "Detail",
        "From one region (0) over the scale found best for the image (0.5) to the smallest regions (1).",
        "float",
        0.0,
        1.0,
        is_advanced=False,
    ),
    Setting(
        "n_regions",
        "Regions",
        "Cuts the hierarchy to so many regions, whatever the detail; empty to use the detail.",
        "int",
        1,
        MAX_REGIONS,
        is_optional=True,
        is_advanced=False,
    ),
    Setting("seed", "Seed", "The same seed gives the same regions.", "int", 0, 2**63 - 1),
)
