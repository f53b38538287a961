"""The settings of regions, each declared once."""

from __future__ import annotations

from dataclasses import dataclass

from gmmseg.setting import number


@dataclass(frozen=True, slots=True)
class RegionSettings:
    """Settings of an image's hierarchy and of its cut; detail and number only cut it."""

    detail: float = number(
        0.5,
        (0.0, 1.0),
        "Detail",
        "From one region (0) over the scale found best for the image (0.5) to the smallest regions (1).",
        option="--detail",
        metavar="D",
        help="{low} for one region to {high} for the finest (default {default}: what suits most photos)",
        mnemonic="t",
        step=0.05,
        slider=(0, 1, 0.01),
    )
    n_regions: int | None = number(
        None,
        (1, 1_000_000),
        "Regions",
        "Cuts the hierarchy to so many regions, whatever the detail; empty to use the detail.",
        option="--regions",
        help="number of regions wanted, instead of --detail",
        mnemonic="b",
    )
    seed: int = number(
        0,
        (0, 2**63 - 1),
        "Seed",
        "The same seed gives the same regions.",
        option="--seed",
        metavar="S",
        is_advanced=True,
        is_seed=True,
    )
    """Of the mixtures that the hierarchy is made from."""
