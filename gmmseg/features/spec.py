"""Which features: data only, with the text form used on the command line and in files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from gmmseg.errors import SettingsError

ColourSpace = Literal["rgb", "lab", "hsv", "gray"]
COLOUR_SPACES: tuple[ColourSpace, ...] = get_args(ColourSpace)


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """The features of a pixel.

    Parameters
    ----------
    space : {"rgb", "lab", "hsv", "gray"}
        ``rgb`` means the channels as stored, also where there are one or five of them.
    has_position : bool
        Add the pixel's x and y.
    has_texture : bool
        Add texture channels.
    position_weight : float
        Extent of the longer image side in units of the colour space's own range.
    is_standardised : bool
        Divide each feature by its standard deviation; centre and scale are kept with the model.
    """

    space: ColourSpace = "rgb"
    has_position: bool = False
    has_texture: bool = False
    position_weight: float = 0.3
    is_standardised: bool = False

    def __str__(self) -> str:
        return self.space + "+position" * self.has_position + "+texture" * self.has_texture

    @property
    def is_colour_only(self) -> bool:
        """Whether equal colours give equal rows, so that distinct colours with counts are exact."""
        return not (self.has_position or self.has_texture)

    @classmethod
    def parse(cls, text: str, position_weight: float = 0.3, is_standardised: bool = False) -> FeatureSpec:
        """Read ``lab+position``; raises `SettingsError` naming the unknown part."""
        space, *extras = text.split("+")
        unknown = [part for part in extras if part not in ("position", "texture")]
        if space not in COLOUR_SPACES:
            unknown.insert(0, space)
        if unknown:
            raise SettingsError(
                "features",
                f"“{unknown[0]}” is not a feature.",
                "Choose rgb, lab, hsv or gray, optionally followed by +position and +texture.",
            )
        return cls(
            space=next(known for known in COLOUR_SPACES if known == space),
            has_position="position" in extras,
            has_texture="texture" in extras,
            position_weight=position_weight,
            is_standardised=is_standardised,
        )
