"""SVG read, as far as its paths are straight lines: filled paths with their titles and colours."""

from __future__ import annotations

import re
from html import unescape

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop
from gmmseg.errors import ReadError
from gmmseg.io.interchange.found_objects import FoundObjects, check_size, colour_of
from gmmseg.photo.objects.objects import ObjectMap

SVG_START = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>\[]*>\s*)*<svg\b", re.DOTALL)
_VIEW_BOX = re.compile(r'<svg\b[^>]*?\sviewBox\s*=\s*"0[ ,]+0[ ,]+(\d{1,6})[ ,]+(\d{1,6})"')
_PATH = re.compile(r"<path\b([^>]*?)/?>(?:\s*<title[^>]*>([^<]*)</title>)?")
_ATTRIBUTE = re.compile(r'([\w:-]+)\s*=\s*(?:"([^"]*)"|\'([^\']*)\')')
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_WORD = re.compile(rf"\s*,?\s*(?:([A-Za-z])|({_NUMBER}))")
_N_NUMBERS = {"M": 2, "L": 2, "H": 1, "V": 1}


def decode_svg(data: bytes, name: str, shape: tuple[int, int], should_stop: ShouldStop) -> ObjectMap:
    """Return the paths of an SVG file as objects of an image, of whose pixels its units are.

    Read are paths of straight lines that nothing moves or scales, as this program writes them.

    Raises
    ------
    ReadError
        It is of another size, has other paths, or marks no pixel of the image.
    """
    found = FoundObjects(shape, name, should_stop)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ReadError(f"“{name}” is damaged: it is no text.", "Choose another file.") from error
    box = _VIEW_BOX.search(text)
    if box is not None:
        check_size((int(box[2]), int(box[1])), shape, name)
    if "transform" in text:
        found.refuse("moves or scales its paths, which is not read")
    for number, path in enumerate(_PATH.finditer(text)):
        held = {key: double or single for key, double, single in _ATTRIBUTE.findall(path[1])}
        wanted = found.object(number, unescape(path[2] or ""), colour_of(held.get("fill")))
        found.paint_rings(wanted, _rings(held.get("d", ""), found))
    return found.object_map()


def _rings(way: str, found: FoundObjects) -> list[FloatArray]:
    """Return the corners x, y of the closed lines that the commands of a path draw."""
    rings: list[list[tuple[float, float]]] = []
    command, x, y, at = "", 0.0, 0.0, 0
    numbers: list[float] = []
    way = way.strip()
    while at < len(way):
        word = _WORD.match(way, at)
        if word is None:
            found.refuse("has a path that is damaged")
        at = word.end()
        if word[1]:
            command = word[1]
            if numbers or command.upper() not in (*_N_NUMBERS, "Z"):
                found.refuse("has paths that are not straight lines")
            if command.upper() == "Z" and rings:
                x, y = rings[-1][0]
            continue
        numbers.append(float(word[2]))
        if len(numbers) < _N_NUMBERS.get(command.upper(), len(numbers) + 1):
            continue
        x, y = _moved(command, numbers, x, y)
        numbers.clear()
        if command.upper() == "M":
            rings.append([])
        if not rings or command.upper() not in _N_NUMBERS:
            found.refuse("has a path that is damaged")
        rings[-1].append((x, y))
        # Further pairs after a move are lines.
        command = {"M": "L", "m": "l"}.get(command, command)
    return [np.array(ring) for ring in rings]


def _moved(command: str, numbers: list[float], x: float, y: float) -> tuple[float, float]:
    """Return where a command leads to from (x, y)."""
    from_x, from_y = (x, y) if command.islower() else (0.0, 0.0)
    match command.upper():
        case "H":
            return from_x + numbers[0], y
        case "V":
            return x, from_y + numbers[0]
        case _:
            return from_x + numbers[0], from_y + numbers[1]
