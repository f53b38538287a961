"""The settings of a segmentation, each declared once, here and in the groups named here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gmmseg.features.spec import FeatureSpec
from gmmseg.mixture.settings import CRITERION_TITLES, Criterion, FitSettings
from gmmseg.setting import choice, group, number

LearnsFrom = Literal["regions", "marked", "all"]
TAUGHT_BY: LearnsFrom = "regions"
"""Rows that teach the classes by default."""
_LEARNING_TITLES: dict[LearnsFrom, str] = {
    "regions": "The marked regions",
    "marked": "The marked pixels",
    "all": "All pixels",
}
MapUnit = Literal["pixel", "region"]


@dataclass(frozen=True, slots=True)
class SegmentSettings:
    """Settings of a segmentation; equal settings give equal bytes."""

    features: FeatureSpec = group(FeatureSpec, "Features")
    mixture: FitSettings = group(FitSettings, "Mixture")
    auto: Criterion | None = choice(
        None,
        "Choose K by",
        "Fits a range of K and keeps the best by this criterion. Neighbouring pixels "
        "are not independent, so BIC tends to large K; ICL asks for separated components. Held-out "
        "likelihood fits each K five times more; annihilation begins with ten and lets components die.",
        CRITERION_TITLES,
        option="--criterion",
        help="what -k auto chooses by (default bic)",
        section="Mixture",
        after="mixture.n_components",
        mnemonic="K",
    )
    """Unless it is None, `mixture.n_components` is not used."""
    learns_from: LearnsFrom | None = choice(
        None,
        "Taught by",
        "Each name of the objects becomes a class with its own small mixture, of 1 to 5 Gaussians by BIC. "
        "It is fitted to the regions that are marked, to the marked pixels alone, or then to all pixels, of "
        "which the marked ones keep their class.",
        _LEARNING_TITLES,
        option="--learn-from",
        help="with --hints: fit the classes to the regions that are marked (default), to the marked pixels "
        "alone, or then to all pixels, of which the marked ones keep their class",
        section="Mixture",
        after="auto",
        mnemonic="y",
    )
    """Unless it is None, K and `auto` are not used."""
    smooth: float = number(
        0.0,
        (0.0, 10.0),
        "Smooth",
        "Strength of the spatial prior: neighbouring pixels prefer the same component.",
        option="--smooth",
        metavar="S",
        help="strength of the spatial prior, {low} to {high}, 0 is off (default {default})",
        section="Smoothing",
        after="mixture.is_hard",
        mnemonic="S",
        step=0.1,
        slider=(0, 4, 0.01),
    )


@dataclass(frozen=True, slots=True)
class MapSettings:
    """Settings of the map of classes that is made of a mixture's posteriors; the mixture stays the same."""

    by: MapUnit = choice(
        "pixel",
        "Classes",
        "Each pixel its own most probable class, or each region of the tree the class with the largest sum "
        "of its pixels' posteriors: without speckle, with the borders of the regions.",
        {"pixel": "By pixel", "region": "By region"},
        option="--by",
        help="classes of a mixture: of each pixel by itself (default), or of each region of the tree that "
        "--detail or --regions cut, by the sum of its pixels' posteriors",
    )
    balance: float = number(
        0.0,
        (0.0, 2.0),
        "Balance",
        "By region: divides each class's sum by its weight in the mixture to this power, so that large "
        "classes do not take the regions that they hold least firmly. 0 goes by the sums alone.",
        option="--balance",
        metavar="B",
        help="by region: divides sums of posteriors by the weights of the mixture to this power, {low} to "
        "{high} (default {default}: the sums alone)",
        is_advanced=True,
        step=0.1,
    )
    min_island: int = number(
        0,
        (0, 1_000_000_000),
        "Islands",
        "Connected parts of a class below this many pixels go to the class that they share most of their "
        "border with; 0 keeps all.",
        option="--min-island",
        unit="px",
        help="connected parts of a class below N pixels go to the class around them (default {default}: no "
        "part)",
    )
