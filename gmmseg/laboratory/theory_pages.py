"""Theory: short pages of text with formulas, and their numbers in the source documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "theory"
NAMES = (
    "likelihood",
    "latent",
    "mixture",
    "em",
    "bound",
    "kmeans",
    "how-many",
    "merging",
    "margins",
    "failures",
    "questions",
)
"""In the order in which they are best read."""
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)
MARK = "⟦{}⟧"
"""Stands in a page's text for the formula of that number."""


@dataclass(frozen=True, slots=True)
class TheoryPage:
    """One page.

    Parameters
    ----------
    name : str
    title : str
    text : str
        Markdown, with a `MARK` in place of each formula.
    formulas : tuple of str
        In the notation of `ui.widgets.formula_notation`.
    """

    name: str
    title: str
    text: str
    formulas: tuple[str, ...]


@cache
def theory_page(name: str) -> TheoryPage:
    """Return a page of the theory; raises FileNotFoundError where there is none of that name."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    formulas: list[str] = []

    def marked(found: re.Match[str]) -> str:
        formulas.append(" ".join((found[1] or found[2]).split()))
        return MARK.format(len(formulas) - 1)

    marked_text = _FORMULA.sub(marked, text)
    title = text.split("\n", 1)[0].removeprefix("# ")
    return TheoryPage(name, title, marked_text, tuple(formulas))
