"""Choice of features: data only, with the text form used on the command line and in files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gmmseg.errors import SettingsError
from gmmseg.setting import choice, number, switch

ColourSpace = Literal["rgb", "lab", "hsv", "gray"]
SPACE_TITLES: dict[ColourSpace, str] = {"rgb": "RGB", "lab": "CIELAB", "hsv": "HSV cone", "gray": "Grey"}
COLOUR_SPACES: tuple[ColourSpace, ...] = tuple(SPACE_TITLES)


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """The features of a pixel, each field declared once as a setting."""

    space: ColourSpace = choice(
        "rgb",
        "Colour space",
        "What a pixel is to the mixture: its RGB values, perceptual "
        "CIELAB, HSV as points of a cone (so that hue does not wrap), or luminance alone.",
        SPACE_TITLES,
        mnemonic="u",
    )
    """``rgb`` means the channels as stored, also where there are one or five of them."""
    has_position: bool = switch(
        "Position", "Adds the pixel's x and y, so that components become compact.", mnemonic="P"
    )
    has_texture: bool = switch(
        "Texture",
        "Adds how strongly luminance changes around the pixel, finely and coarsely, so that rough and smooth "
        "parts of one colour differ.",
        mnemonic="x",
    )
    position_weight: float = number(
        0.3,
        (0.0, 100.0),
        "Position weight",
        "Length of the longer image side, measured in the "
        "range of the colour space: larger values make components more compact.",
        option="--position-weight",
        metavar="W",
        help="length of the longer image side, in the range of the colour space (default {default})",
        needs="has_position",
        after="has_position",
        mnemonic="w",
        step=0.1,
        slider=(0, 2, 0.01),
    )
    is_standardised: bool = switch(
        "Standardise",
        "Divides every feature by its standard deviation; centre and scale are kept in the model.",
        option="--standardise",
        help="divide each feature by its standard deviation",
        after="texture_octaves",
        is_advanced=True,
        mnemonic="d",
    )
    texture_scale: float = number(
        1.0,
        (0.5, 8.0),
        "Finest texture",
        "Standard deviation of the finest Gaussian derivatives that texture is measured with.",
        unit="px",
        option="--texture-scale",
        metavar="PX",
        help="with +texture: standard deviation of its finest Gaussians, {low} to {high} (default {default})",
        needs="has_texture",
        after="has_texture",
        is_advanced=True,
    )
    texture_octaves: int = number(
        3,
        (1, 4),
        "Texture scales",
        "How many, each twice as coarse as the one before: every one is a feature. "
        "The last also gives the local deviation.",
        option="--texture-octaves",
        help="with +texture: how many scales, {low} to {high}, each twice the one before (default {default})",
        needs="has_texture",
        after="texture_scale",
        is_advanced=True,
    )

    def __str__(self) -> str:
        return self.space + "+position" * self.has_position + "+texture" * self.has_texture

    @property
    def is_colour_only(self) -> bool:
        """Whether equal colours give equal rows, so that distinct colours with counts are exact."""
        return not (self.has_position or self.has_texture)

    @property
    def texture_scales(self) -> tuple[float, ...]:
        """Standard deviations of the Gaussians that texture is measured with, pixels, rising."""
        return tuple(self.texture_scale * 2**octave for octave in range(self.texture_octaves))

    def n_features(self, n_channels: int) -> int:
        """Return how many features a pixel of so many channels has at most."""
        # Gradients at each scale and one local deviation.
        return n_channels + 2 * self.has_position + (self.texture_octaves + 1) * self.has_texture

    @classmethod
    def parse(cls, text: str) -> FeatureSpec:
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
        )
