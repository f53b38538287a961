"""The settings of the background mixture, each declared once; needs no numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gmmseg.setting import choice, number

HISTORY = 500
"""Frames that the automatic rate remembers."""
Rates = Literal["lee", "zivkovic"]
_RATE_TITLES: dict[Rates, str] = {"lee": "Lee", "zivkovic": "Zivkovic"}


@dataclass(frozen=True, slots=True)
class BackgroundSettings:
    """Settings of the mixture that learns the background of each pixel; brightness is from 0 to 255."""

    rate: float | None = number(
        None,
        (0.0, 1.0),
        "Learning rate",
        "How much of the mixture each new frame replaces; automatic is 1 / 500, and more in the first 250 "
        "frames.",
        option="--rate",
        metavar="A",
        help="how much of the mixture each new frame replaces, 0 to 1 (default: 1 / 500, at first more)",
        step=None,
    )
    rates: Rates = choice(
        "lee",
        "Means follow",
        "How fast mean and variance of a component follow: by the number of frames that it has explained "
        "(Lee 2005), or by its weight (Zivkovic 2004).",
        _RATE_TITLES,
        option="--rates",
        help="how fast means and variances follow: by the frames that a component has explained (lee, "
        "default) or by its weight (zivkovic)",
    )
    n_components: int = number(
        5,
        (1, 16),
        "Components",
        "Most Gaussians at a pixel; there are fewer where fewer are needed.",
        option="-k --components",
        help="most Gaussians at a pixel, {low} to {high} (default {default})",
        slider=(1, 8, 1),
    )
    threshold: float = number(
        4.0,
        (0.1, 100.0),
        "Threshold",
        "A pixel is background within so many standard deviations of a component of the background.",
        unit="σ",
        option="--threshold",
        metavar="S",
        help="standard deviations within which a pixel belongs to the background (default {default})",
        step=0.5,
        slider=(1, 10, 0.1),
    )
    generation: float = number(
        3.0,
        (0.1, 100.0),
        "New component beyond",
        "A frame further than so many standard deviations from every component starts one of its own.",
        unit="σ",
        option="--generation",
        metavar="S",
        help="standard deviations beyond which a component is started (default {default})",
        is_advanced=True,
        step=0.5,
    )
    background: float = number(
        0.9,
        (0.0, 1.0),
        "Background share",
        "The heaviest components that make up so much of a pixel's mixture are its background.",
        option="--background",
        metavar="T",
        help="share of the mixture that is background (default {default})",
        is_advanced=True,
        step=0.05,
    )
    complexity: float = number(
        0.05,
        (0.0, 1.0),
        "Complexity reduction",
        "c_T, what each component must be supported by, or else it dies (Zivkovic 2004).",
        option="--complexity",
        metavar="C",
        help="support without which a component dies (default {default})",
        is_advanced=True,
        step=0.01,
    )
    first_variance: float = number(
        15.0,
        (1e-6, 65025.0),
        "First variance",
        "Of a component that a single frame has started.",
        option="--first-variance",
        metavar="V",
        help="variance of a new component, on a scale of 0 to 255 (default {default})",
        is_advanced=True,
    )
    least_variance: float = number(
        4.0,
        (1e-6, 65025.0),
        "Least variance",
        "No component becomes narrower.",
        option="--least-variance",
        metavar="V",
        help="smallest variance of a component (default {default})",
        is_advanced=True,
    )
    most_variance: float = number(
        75.0,
        (1e-6, 65025.0),
        "Largest variance",
        "No component becomes wider.",
        option="--most-variance",
        metavar="V",
        help="largest variance of a component (default {default})",
        is_advanced=True,
    )
