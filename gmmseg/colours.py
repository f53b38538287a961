"""Colours: class colours told apart with any colour vision, and even colormaps for quantities."""

from __future__ import annotations

import colorsys
from functools import cache
from typing import Literal

import numpy as np

from gmmseg.arrays import ByteArray, frozen

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


Colormap = Literal["viridis", "magma"]

# Every fifth of 256 entries of the maps by van der Walt and Smith (CC0); linear interpolation between them is
# within 1/255 of the originals.
_ANCHORS: dict[Colormap, str] = {
    "viridis": (
        "440154 46085C 471063 481769 481D6F 482475 472A7A 46307E 453781 433D84 414287 3F4889 3D4E8A "
        "3A538B 38598C 355E8D 33638D 31688E 2E6D8E 2C718E 2A768E 297B8E 27808E 25848E 23898E 218E8D "
        "20928C 1F978B 1E9C89 1FA188 21A585 24AA83 28AE80 2EB37C 35B779 3DBC74 46C06F 50C46A 5AC864 "
        "65CB5E 70CF57 7CD250 89D548 95D840 A2DA37 B0DD2F BDDF26 CAE11F D8E219 E5E419 F1E51D FDE725"
    ),
    "magma": (
        "000004 02020B 050416 090720 0E0B2B 140E36 1A1042 21114E 29115A 311165 390F6E 420F75 4A1079 "
        "52137C 5A167E 621980 6A1C81 721F81 792282 812581 892881 912B81 992D80 A1307E AA337D B2357B "
        "BA3878 C23B75 CA3E72 D2426F D9466B E04C67 E75263 EC5860 F1605D F4695C F7725C F97B5D FB8560 "
        "FC8E64 FD9869 FEA16E FEAA74 FEB47B FEBD82 FEC68A FECF92 FED89A FDE2A3 FDEBAC FCF4B6 FCFDBF"
    ),
}


@cache
def colormap_table(name: Colormap) -> ByteArray:
    """Return the (256, 3) sRGB table of a colormap, read-only."""
    anchors = np.frombuffer(bytes.fromhex(_ANCHORS[name]), dtype=np.uint8).reshape(-1, 3)
    at = np.linspace(0, 255, len(anchors))
    table = np.stack([np.interp(np.arange(256), at, channel) for channel in anchors.T], axis=1)
    return frozen(np.rint(table).astype(np.uint8))
