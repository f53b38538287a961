"""The table of the documents' items is true: every place it names is there, and every test."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from gmmseg.commands.parser import build_parser
from gmmseg.laboratory.pages.contents import PAGES
from gmmseg.laboratory.theory_pages import NAMES
from ui.dialogs.errata import ERRATA

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "documents.md"
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
PLACE = re.compile(r"(\w+): ([^(;]+?)(?: \(.*?\))?$")


class Item(NamedTuple):
    number: int
    title: str
    places: tuple[str, ...]
    check: str


@cache
def items() -> list[Item]:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return [
        Item(int(number), title, tuple(places.split("; ")), check) for number, title, places, check in rows
    ]


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_all_120_items_are_there_once() -> None:
    assert [item.number for item in items()] == list(range(1, 121))


def known_places() -> dict[str, set[str]]:
    """Return the names that a place of each kind may have."""
    return {
        "Laboratory": {page.title for page in PAGES},
        "Theory": set(NAMES),
        "Erratum": {f"E{erratum.number}" for erratum in ERRATA},
        "Command": set(build_parser()[1]),
        "Photo": {path.stem for path in (ROOT / "ui" / "photo" / "panels").glob("*.py")},
        "Digits": {path.stem for path in (ROOT / "ui" / "digits" / "panels").glob("*.py")},
    }


def test_every_place_exists() -> None:
    known = known_places()
    faults = []
    for item in items():
        for place in item.places:
            found = PLACE.fullmatch(place)
            if found is None or found[2] not in known.get(found[1], set()):
                faults.append((item.number, place))
    assert faults == []


def test_every_test_exists() -> None:
    faults = []
    for item in items():
        if item.check.startswith("Out of scope: "):
            continue
        path, _, name = item.check.strip("`").partition("::")
        files = sorted((ROOT / "tests").glob(path))
        has_any = any(test.startswith("test_") for file in files for test in names_in(file))
        if not (has_any if name == "*" else any(name in names_in(file) for file in files)):
            faults.append((item.number, item.check))
    assert faults == []


def test_what_is_out_of_scope_says_why_and_is_little() -> None:
    reasons = [item for item in items() if item.check.startswith("Out of scope: ")]
    assert [item.number for item in reasons] == [66, 67, 72]
    assert all(len(item.check) > len("Out of scope: ") + 8 for item in reasons)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_of_the_laboratory_shows_some_item(page: type) -> None:
    named = {place.split(" (")[0] for item in items() for place in item.places}
    assert f"Laboratory: {page.title}" in named  # type: ignore[attr-defined]
