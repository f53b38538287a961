"""Class colours: told apart with normal, protan, deutan and tritan vision."""

from __future__ import annotations

import colorsys

Colour = tuple[int, int, int]
"""sRGB, 0..255."""

# Okabe and Ito's palette without black, extended by farthest points in CIEDE2000 under normal, protan, deutan
# and tritan vision (Machado 2009): the smallest pairwise difference of all twenty is 9.4.
_FIRST_TWENTY = (
    "E69F00 56B4E9 009E73 F0E442 0072B2 D55E00 CC79A7 872D2D C3F0E1 4B4B5A "
    "B4C387 4B695A 2DF0FF C3A5A5 C30087 7878FF 3C00F0 C30F00 A5694B 787878"
)
_GOLDEN_ANGLE = 0.618033988749895


def hex_colour(text: str) -> Colour:
    """Read ``E69F00`` or ``#E69F00``; raises ValueError."""
    text = text.removeprefix("#")
    if len(text) != 6:
        raise ValueError(f"“{text}” is not a colour of six hexadecimal digits")
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


def to_hex(colour: Colour) -> str:
    """Return ``#E69F00``."""
    return "#{:02X}{:02X}{:02X}".format(*colour)


BASE_COLOURS: tuple[Colour, ...] = tuple(hex_colour(text) for text in _FIRST_TWENTY.split())


def class_colour(index: int) -> Colour:
    """Return the colour of the class at `index` (from 0): twenty chosen ones, then golden-angle hues."""
    if index < len(BASE_COLOURS):
        return BASE_COLOURS[index]
    turn = index - len(BASE_COLOURS)
    red, green, blue = colorsys.hls_to_rgb(turn * _GOLDEN_ANGLE % 1, (0.42, 0.62, 0.78)[turn % 3], 0.72)
    return round(red * 255), round(green * 255), round(blue * 255)


def voc_colour(index: int) -> Colour:
    """Return entry `index` of the PASCAL VOC palette: the index's bits dealt out to the channels in turn."""
    channels = [0, 0, 0]
    for bit in range(8):
        for channel in range(3):
            channels[channel] |= (index >> (3 * bit + channel) & 1) << (7 - bit)
    return channels[0], channels[1], channels[2]


def readable_on(colour: Colour) -> Colour:
    """Return black or white, whichever contrasts more with `colour` (WCAG relative luminance)."""
    linear = [(c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (0, 0, 0) if luminance > 0.179 else (255, 255, 255)
