"""Colormaps for quantities: perceptually even, rising in lightness, safe for colour-blind eyes."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np

from gmmseg.arrays import ByteArray, frozen

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
