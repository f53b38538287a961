"""The settings of a fit to a table, each declared once; needs no numpy."""

from __future__ import annotations

from dataclasses import dataclass

from gmmseg.mixture.settings import CRITERION_TITLES, Criterion, FitSettings
from gmmseg.setting import choice, group, switch


@dataclass(frozen=True, slots=True)
class TableSettings:
    """Settings of a mixture of the rows of a table; equal settings give equal bytes."""

    mixture: FitSettings = group(FitSettings, "Mixture")
    auto: Criterion | None = choice(
        None,
        "Choose K by",
        "Fits a range of K and keeps the best by this criterion.",
        CRITERION_TITLES,
        option="--criterion",
        help="what -k auto chooses by (default bic)",
        after="mixture.n_components",
    )
    """Unless it is None, `mixture.n_components` is not used."""
    is_standardised: bool = switch(
        "Standardise",
        "Divides every column by its standard deviation: columns in different units then weigh the same "
        "where the mixture starts, and in balls and the hard limit.",
        option="--standardise",
        help="divide each column by its standard deviation",
    )
