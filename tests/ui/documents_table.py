"""The table of the documents' items, read from the page in docs/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "documents.md"
_ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_PLACE = re.compile(r"(\w+): ([^(;]+?)(?: \((.*)\))?")
_COMMA = re.compile(r", (?![^()]*\))")
"""Between words; not within brackets of a formula."""


class Place(NamedTuple):
    """Where an item is seen: desk or dialog, the part of it, and the words that stand there."""

    kind: str
    name: str
    words: tuple[str, ...]


class Item(NamedTuple):
    """One row of the table; `faults` are places that cannot be read."""

    number: int
    title: str
    places: tuple[Place, ...]
    check: str
    faults: tuple[str, ...]


@cache
def items() -> list[Item]:
    """Return the rows of the table."""
    return [_item(*row) for row in _ROW.findall(PAGE.read_text(encoding="utf-8"))]


def _item(number: str, title: str, places: str, check: str) -> Item:
    found = {text: _PLACE.fullmatch(text) for text in places.split("; ")}
    read = tuple(
        Place(match[1], match[2], tuple(_COMMA.split(match[3])) if match[3] else ())
        for match in found.values()
        if match is not None
    )
    faults = tuple(text for text, match in found.items() if match is None)
    return Item(int(number), title, read, check, faults)


def places_of(kind: str) -> Iterator[tuple[int, Place]]:
    """Yield the places of a kind, with the numbers of their items."""
    for item in items():
        for place in item.places:
            if place.kind == kind:
                yield item.number, place
