"""Readers of values on the command line, stricter than Python's own."""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gmmseg.errors import SettingsError
from gmmseg.features.spec import FeatureSpec

STANDARD = Path("-")
"""Standard input or output, in place of a file."""
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def whole_number(text: str) -> int:
    """Read a whole number written in ASCII digits; raises for ``3.5``, ``１２`` and ``1_000``."""
    if not re.fullmatch(r"[+-]?[0-9]{1,30}", text):
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number")
    return int(text)


def count(text: str) -> int:
    """Read a whole number of 1 or more."""
    wanted = whole_number(text)
    if wanted < 1:
        raise argparse.ArgumentTypeError(f"{wanted} is too few: choose 1 or more")
    return wanted


def number(text: str) -> float:
    """Read a number written in ASCII; raises for words and grouped digits."""
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(inf|nan)", text):
        raise argparse.ArgumentTypeError(f"“{text}” is not a number")
    return float(text)


def length(text: str) -> float:
    """Read a length above 0."""
    wanted = number(text)
    if not 0 < wanted < math.inf:
        raise argparse.ArgumentTypeError(f"“{text}” is no length: choose a number above 0")
    return wanted


def features(text: str) -> FeatureSpec:
    """Read the features, such as ``lab+position``."""
    try:
        return FeatureSpec.parse(text)
    except SettingsError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def ranges(text: str) -> tuple[tuple[float, float, float], ...]:
    """Read what is shown as black and as white: LOW:HIGH or LOW:HIGH:GAMMA, for each channel or for all."""
    return tuple(_range(part) for part in text.split(","))


def _range(text: str) -> tuple[float, float, float]:
    parts = [number(part) for part in text.split(":")]
    low, high, gamma = (*parts, 1.0)[:3] if 2 <= len(parts) <= 3 else (0.0, 0.0, 1.0)
    if not (-math.inf < low < high < math.inf and 0 < gamma < math.inf):
        raise argparse.ArgumentTypeError(f"“{text}” is no range; write LOW:HIGH or LOW:HIGH:GAMMA")
    return low, high, gamma


def click_point(text: str) -> tuple[int, int, bool]:
    """Read a pixel x,y and whether it is on the object: + or nothing, or - for outside."""
    match = re.fullmatch(r"(-?[0-9]{1,9}),(-?[0-9]{1,9})(?:,([+-]))?", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"“{text}” is not a click; write X,Y or X,Y,-")
    if min(int(match[1]), int(match[2])) < 0:
        raise argparse.ArgumentTypeError(
            f"“{text}” lies beyond the image, whose pixels are counted from 0,0 at the top left"
        )
    return int(match[1]), int(match[2]), match[3] != "-"


def box_corners(text: str) -> tuple[int, int, int, int]:
    """Read a box x0,y0,x1,y1 in whole pixels."""
    if not re.fullmatch(r"-?[0-9]{1,9}(,-?[0-9]{1,9}){3}", text):
        raise argparse.ArgumentTypeError(f"“{text}” is not a box; write X0,Y0,X1,Y1")
    x0, y0, x1, y1 = (int(part) for part in text.split(","))
    return x0, y0, x1, y1


def n_bytes(text: str) -> int:
    """Read a size such as ``800M`` or ``4GB``, decimal units."""
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([KMGT]?)B?", text, re.IGNORECASE | re.ASCII)
    size = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if size <= 0:
        raise argparse.ArgumentTypeError(f"“{text}” is not a size; write 800M or 4G")
    return size


def out_file(kinds: tuple[str, ...]) -> Callable[[str], tuple[str, Path]]:
    """Return what reads KIND=FILE, the kind and the path of a further file to write."""

    def read(text: str) -> tuple[str, Path]:
        kind, equals, name = text.partition("=")
        if not equals or kind not in kinds:
            raise argparse.ArgumentTypeError(f"“{text}” is not KIND=FILE; the kinds are {', '.join(kinds)}")
        return kind, place(name)

    return read


def class_entry(text: str) -> tuple[int, str, tuple[int, int, int], tuple[int, ...], bool, bool]:
    """Read a class such as ``2:0+3:#87ceeb:shown:Sky`` as the fields of a `ClassInfo`, which needs numpy."""
    match = re.fullmatch(
        r"([0-9]{1,5}):([0-9]{1,3}(?:[+][0-9]{1,3})*):#([0-9a-fA-F]{6}):(shown|hidden)([+]locked)?:(.*)",
        text,
        re.DOTALL,
    )
    if match is None:
        raise argparse.ArgumentTypeError(
            f"“{text}” is not a class; write ID:COMPONENTS:#COLOUR:shown:NAME, as in 2:0+3:#87ceeb:shown:Sky"
        )
    number, parts, colour, view, lock, name = match.groups()
    red, green, blue = bytes.fromhex(colour)
    components = tuple(int(part) for part in parts.split("+"))
    return int(number), name, (red, green, blue), components, view == "shown", lock is not None


@dataclass(frozen=True, slots=True)
class OutPlace:
    """Destination: a path, and whether it was written as that of a folder, with a slash at its end."""

    path: Path
    is_folder: bool


def out_place(text: str) -> OutPlace:
    """Read where to write; a `Path` alone forgets the slash."""
    return OutPlace(place(text), text.endswith(("/", os.sep)))


def is_sent(options: argparse.Namespace) -> bool:
    """Return whether OUT is standard output."""
    given: OutPlace | Path | None = getattr(options, "output", None)
    return (given.path if isinstance(given, OutPlace) else given) == STANDARD


def place(text: str) -> Path:
    """Read the name of a file or folder; nothing, as an unset variable gives, would be the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name is no file: write one, or a dot for this folder")
    path = Path(text)
    # ./- is a file of that name, of which a path keeps no more than the dash.
    return path.absolute() if path == STANDARD and text != "-" else path
