"""The table of the documents' items is true: every place it names is there, and every test."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from gmmseg.commands.parser import build_parser
from gmmseg.laboratory.pages.contents import PAGES
from gmmseg.laboratory.theory_pages import NAMES
from tests.ui.documents_table import ROOT, items, places_of
from ui.dialogs.errata import ERRATA


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


def test_every_place_exists_and_says_which_words_stand_there() -> None:
    known = known_places()
    faults: list[tuple[int, object]] = []
    for item in items():
        faults += [(item.number, text) for text in item.faults]
        for place in item.places:
            # Of a slip its whole row is looked for.
            has_words = bool(place.words) or place.kind == "Erratum"
            if place.name not in known.get(place.kind, set()) or not has_words:
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
    assert page.title in {place.name for _, place in places_of("Laboratory")}  # type: ignore[attr-defined]
