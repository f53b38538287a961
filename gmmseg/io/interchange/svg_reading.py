"""SVG read, as far as its paths are straight lines: filled paths with their titles and colours."""

from __future__ import annotations

import re
from html import unescape

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, raise_if_ended
from gmmseg.errors import ReadError
from gmmseg.io.interchange.found_objects import FoundObjects, check_size, colour_of
from gmmseg.photo.objects.objects import ObjectMap

SVG_START = re.compile(
    rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--(?>.*?-->)\s*+|<!DOCTYPE[^>\[]*>\s*+)*+<svg\b", re.DOTALL
)
"""How a file begins that is SVG. No expression here takes more than linear time, whatever a file holds."""
_COMMENT = re.compile(r"<!--(?>.*?(?:-->|\Z))", re.DOTALL)
_TAG = re.compile(r"""<([A-Za-z][\w:.-]*+)((?:[^<>"']|"[^"<]*"|'[^'<]*')*+)>""")
_TITLE = re.compile(r"\s*<title\b[^<>]*>([^<]*)</title>")
_ATTRIBUTE = re.compile(r"""(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:"([^"]*)"|'([^']*)')""")
_MOVING_STYLE = re.compile(r"(?<![\w-])transform\s*+:")
_STYLE_SHEET = re.compile(r"<style\b[^<>]*>\s*+(?:<!\[CDATA\[)?+([^<]*)")
_VIEW_BOX = re.compile(r"\s*0(?:\.0*)?[\s,]+0(?:\.0*)?[\s,]+(\d{1,9})(?:\.0*)?[\s,]+(\d{1,9})(?:\.0*)?\s*")
_LENGTH = re.compile(r"\s*(\d{1,9})(?:\.0*)?(?:px)?\s*")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_WORD = re.compile(rf"\s*+(?:,\s*+)?(?:([A-Za-z])|({_NUMBER}))")
_N_NUMBERS = {"M": 2, "L": 2, "H": 1, "V": 1}
_WORDS_BETWEEN_QUESTIONS = 4096
_MOVES = "moves or scales its paths, which is not read"
_DAMAGED_PATH = "has a path that is damaged"


def decode_svg(data: bytes, name: str, shape: tuple[int, int], should_stop: ShouldStop) -> ObjectMap:
    """Return the paths of an SVG file as objects of an image, of whose pixels its units are.

    Read are paths of straight lines that nothing moves or scales, as this program writes them.

    Raises
    ------
    ReadError
        It is of another size or says none, has other paths, or marks no pixel of the image.
    Cancelled
    """
    found = FoundObjects(shape, name, should_stop)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ReadError(f"“{name}” is damaged: it is no text.", "Choose another file.") from error
    text = _COMMENT.sub("", text)
    if any(_MOVING_STYLE.search(sheet) for sheet in _STYLE_SHEET.findall(text)):
        found.refuse(_MOVES)
    is_size_known = False
    for number, tag in enumerate(_TAG.finditer(text)):
        held = {key: double or single for key, double, single in _ATTRIBUTE.findall(tag[2])}
        if "transform" in held or _MOVING_STYLE.search(held.get("style", "")):
            found.refuse(_MOVES)
        if not is_size_known:
            # The first tag is that of the whole drawing.
            check_size(_size(held, found), shape, name)
            is_size_known = True
        if tag[1] == "path":
            title = _TITLE.match(text, tag.end())
            wanted = found.object(number, unescape(title[1]) if title else "", colour_of(held.get("fill")))
            found.paint_rings(wanted, _rings(held.get("d", ""), found, should_stop))
    if not is_size_known:
        found.refuse("is damaged: it has no element that is complete")
    return found.object_map()


def _size(held: dict[str, str], found: FoundObjects) -> tuple[int, int]:
    """Return (H, W) that the attributes of a whole drawing say."""
    if "viewBox" in held:
        box = _VIEW_BOX.fullmatch(held["viewBox"])
        if box is None:
            found.refuse("has a viewBox that is not 0, 0 and a width and height in whole pixels")
        return int(box[2]), int(box[1])
    height, width = (_LENGTH.fullmatch(held.get(side, "")) for side in ("height", "width"))
    if height is None or width is None:
        found.refuse("says no size in pixels: it has neither a viewBox nor such a width and height")
    return int(height[1]), int(width[1])


def _rings(way: str, found: FoundObjects, should_stop: ShouldStop) -> list[FloatArray]:
    """Return the corners x, y of the closed lines that the commands of a path draw."""
    rings: list[list[tuple[float, float]]] = []
    command, x, y, at, n_words = "", 0.0, 0.0, 0, 0
    is_closed = False
    numbers: list[float] = []
    way = way.strip()
    while at < len(way):
        n_words += 1
        if n_words % _WORDS_BETWEEN_QUESTIONS == 0:
            raise_if_ended(should_stop)
        word = _WORD.match(way, at)
        if word is None:
            found.refuse(_DAMAGED_PATH)
        at = word.end()
        if word[1]:
            command = word[1]
            if numbers or command.upper() not in (*_N_NUMBERS, "Z"):
                found.refuse("has paths that are not straight lines")
            if command.upper() == "Z" and rings:
                x, y = rings[-1][0]
                is_closed = True
            continue
        numbers.append(float(word[2]))
        if command.upper() not in _N_NUMBERS:
            found.refuse(_DAMAGED_PATH)
        if len(numbers) < _N_NUMBERS[command.upper()]:
            continue
        if command.upper() == "M":
            rings.append([])
        elif not rings:
            found.refuse(_DAMAGED_PATH)
        elif is_closed:
            # What is drawn on without a move is another ring, from where the closed one began.
            rings.append([(x, y)])
        is_closed = False
        x, y = _moved(command, numbers, x, y)
        numbers.clear()
        rings[-1].append((x, y))
        # Further pairs after a move are lines.
        command = {"M": "L", "m": "l"}.get(command, command)
    if numbers:
        found.refuse(_DAMAGED_PATH)
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
