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
    texture_scale : float
        Standard deviation of the finest Gaussian that texture is measured with, pixels.
    texture_octaves : int
        Scales of texture, each twice the one before.
    is_standardised : bool
        Divide each feature by its standard deviation; centre and scale are kept with the model.
    """

    space: ColourSpace = "rgb"
    has_position: bool = False
    has_texture: bool = False
    position_weight: float = 0.3
    is_standardised: bool = False
    texture_scale: float = 1.0
    texture_octaves: int = 3

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
