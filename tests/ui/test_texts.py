"""Texts of the window use plain words: sources are cited where theory is shown, and in docstrings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ui
from gmmseg.digits.settings import DigitSettings
from gmmseg.photo.settings import SegmentSettings
from gmmseg.setting import settings_of

_CITATION = re.compile(r"\bS[0-4] (eq|fig|§)")
_ROOT = Path(ui.__file__).parent
_ABOUT_SOURCES = ("laboratory", "errata.py", "about.py", "theory.py")
"""Folders and files whose subject the sources are."""


def _texts(tree: ast.Module) -> Iterator[ast.Constant]:
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield node


def test_no_text_outside_the_theory_cites_an_equation() -> None:
    cited = [
        f"{path.relative_to(_ROOT)}:{text.lineno}"
        for path in sorted(_ROOT.rglob("*.py"))
        if not set(path.relative_to(_ROOT).parts) & set(_ABOUT_SOURCES)
        for text in _texts(ast.parse(path.read_text(encoding="utf-8")))
        if _CITATION.search(str(text.value))
    ]
    assert cited == []


@pytest.mark.parametrize("settings", [SegmentSettings, DigitSettings])
def test_no_setting_s_text_cites_an_equation(settings: type) -> None:
    texts = {setting.title: setting.explanation for setting in settings_of(settings)}
    assert texts
    assert not {title for title, text in texts.items() if re.search(r"\beq\.", text)}
