"""The pages of the laboratory in the order in which they are best read."""

from __future__ import annotations

from gmmseg.laboratory.page import Page
from gmmseg.laboratory.pages.em import EmPage
from gmmseg.laboratory.pages.failures import BreakPage
from gmmseg.laboratory.pages.half_known import KnownPage
from gmmseg.laboratory.pages.how_many import ManyPage
from gmmseg.laboratory.pages.likelihood import LikelihoodPage
from gmmseg.laboratory.pages.limit import LimitPage
from gmmseg.laboratory.pages.make import MakePage
from gmmseg.laboratory.pages.margins import MarginsPage
from gmmseg.laboratory.pages.merge import MergePage
from gmmseg.laboratory.pages.mixture import MixturePage
from gmmseg.laboratory.pages.one_or_two import TwoPage
from gmmseg.laboratory.pages.rise import RisePage
from gmmseg.laboratory.pages.starts import StartsPage

PAGES: tuple[type[Page], ...] = (
    LikelihoodPage,
    TwoPage,
    MixturePage,
    EmPage,
    RisePage,
    StartsPage,
    LimitPage,
    ManyPage,
    MergePage,
    MarginsPage,
    BreakPage,
    KnownPage,
    MakePage,
)


def page_class(name: str) -> type[Page]:
    """Return a page by its name; raises KeyError."""
    return {page.name: page for page in PAGES}[name]
