"""The pages of the theory: every formula cited is there, and each page can be read and typeset."""

from __future__ import annotations

import re

import pytest

from gmmseg.laboratory.pages.contents import PAGES
from gmmseg.laboratory.theory_pages import FOLDER, MARK, NAMES, theory_page

CITED = re.compile(r"(S2 )?eq\. (\d+)(?:[–-](\d+))?((?:(?:, | and )\d+)*)")


def cited_equations() -> set[int]:
    """Return the numbers of S2's equations that the pages name."""
    found: set[int] = set()
    for name in NAMES:
        for _, first, last, more in CITED.findall(theory_page(name).text):
            found |= set(range(int(first), int(last or first) + 1))
            found |= {int(number) for number in re.findall(r"\d+", more)}
    return found


def test_there_is_a_page_for_each_file_and_each_page_of_the_laboratory() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(NAMES)
    assert {page.theory for page in PAGES} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_a_title_and_its_formulas_in_their_places(name: str) -> None:
    page = theory_page(name)
    assert page.title
    assert "$" not in page.text
    for at in range(len(page.formulas)):
        assert page.text.count(MARK.format(at)) == 1
    assert page.text.count("⟦") == len(page.formulas)


def test_every_formula_of_the_theory_has_its_number() -> None:
    # Those of S2 that nothing else in the program shows: derivations, and what they rest on.
    derivations = {15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28, 29, 45, 46, 47, 48, 49, 50}
    first_principles = {1, 2, 3, 4, 5, 6, 7, 8, 9, 27, 30, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44}
    assert derivations | first_principles <= cited_equations()
    assert max(cited_equations()) == 50


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("latent", ["closed form", "observed", "missing", "One-hot", "S0 L63–71", "S1 L135–144"]),
        (
            "questions",
            ["Why a latent variable", "multiplier", "In three sentences", "Regression", "Texts".lower()],
        ),
        ("mixture", ["S0 L50", "S1 L98–110", "generation".title(), "die"]),
        ("likelihood", ["four steps", "independently"]),
        ("bound", ["Why not climb L itself"]),
    ],
)
def test_what_has_no_formula_is_said_in_words(name: str, words: list[str]) -> None:
    text = theory_page(name).text
    assert [word for word in words if word not in text] == []


def test_a_page_that_is_not_there_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        theory_page("nothing")
