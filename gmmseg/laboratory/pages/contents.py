"""The pages of the laboratory in the order in which they are best read."""

from __future__ import annotations

from gmmseg.laboratory.page import Page
from gmmseg.laboratory.pages.em import EmPage
from gmmseg.laboratory.pages.likelihood import LikelihoodPage
from gmmseg.laboratory.pages.mixture import MixturePage
from gmmseg.laboratory.pages.rise import RisePage

PAGES: tuple[type[Page], ...] = (LikelihoodPage, MixturePage, EmPage, RisePage)


def page_class(name: str) -> type[Page]:
    """Return a page by its name; raises KeyError."""
    return {page.name: page for page in PAGES}[name]
