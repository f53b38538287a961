"""Settings with a few more declarations than the program's, to see where a declaration shows."""

from __future__ import annotations

from dataclasses import dataclass

from gmmseg.digits.settings import DigitSettings, PcaSettings
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.settings import SegmentSettings
from gmmseg.setting import choice, group, number, switch


@dataclass(frozen=True, slots=True)
class SparklingFit(FitSettings):
    sparkle: float = number(0.25, (0.0, 2.0), "Sparkle", "How much it sparkles.", option="--sparkle")
    is_loud: bool = switch("Loud", "Makes it loud.", option="--loud", is_advanced=True)


@dataclass(frozen=True, slots=True)
class SparklingSettings(SegmentSettings):
    mixture: FitSettings = group(SparklingFit, "Mixture")


@dataclass(frozen=True, slots=True)
class SparklingPca(PcaSettings):
    shade: str = choice("dark", "Shade", "How dark it is.", {"dark": "Dark", "light": "Light"})


@dataclass(frozen=True, slots=True)
class SparklingDigits(DigitSettings):
    pca: PcaSettings = group(SparklingPca, "Principal components")
