"""The page of the Python interface is that of the docstrings."""

from __future__ import annotations

import gmmseg
from tests.core.api.page import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.core.api.page"


def test_every_public_name_is_on_it() -> None:
    text = page()
    for name in gmmseg.__all__:
        assert name == "__version__" or f"\n## {name}\n" in text
    assert "n_components : int from 1 to 256 or 'auto', default 5" in text.replace("`", "")
    assert " at 0x" not in text
