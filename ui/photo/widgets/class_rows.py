"""Rows and columns of the class table, from the state that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication

from gmmseg.colours import Colour
from gmmseg.features.appearance import displayed_means
from gmmseg.photo.classes import ClassInfo
from ui.photo.widgets.entry_model import EntryColumn, EntryKind

if TYPE_CHECKING:
    from gmmseg.arrays import FloatArray
    from gmmseg.mixture.params import MixtureParams
    from gmmseg.photo.view_state import ViewState


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class with what the fit and the label map say of it.

    Parameters
    ----------
    entry : ClassInfo
    share : float, optional
        Of the pixels with data, 0..1; None until it is counted.
    weight : float
        Sum of its components' weights.
    mean : tuple of float
        In feature units.
    mean_colour : tuple of int
        What the mean looks like, sRGB, 0..255.
    features : tuple of str
        Names of the features, as many as there are means.
    is_by_region : bool
        Whether regions, not single pixels, are given to classes.
    """

    entry: ClassInfo
    share: float | None
    weight: float
    mean: tuple[float, ...]
    mean_colour: Colour
    features: tuple[str, ...]
    is_by_region: bool = False

    @property
    def is_without_pixels(self) -> bool:
        """Whether the map has none of the class."""
        return self.share == 0

    @property
    def mean_text(self) -> str:
        """The mean's first three values, short."""
        return " ".join(format_value(value) for value in self.mean[:3])


_tr = partial(QCoreApplication.translate, "ClassesPanel")


def class_kind() -> EntryKind[ClassRow]:
    """Return what the class table shows: of the mixture means (S2 eq. 43) and weights (eq. 30, 50)."""
    return EntryKind(
        "classes", _tr("Class"), _tr("Classes"), _held,
        (
            EntryColumn(
                title=_tr("π"),
                tip=_tr(
                    "How much of the picture the mixture gives to the class; all add up to 1.\n"
                    "Weight π_k = N_k / N"
                ),
                text=lambda row: f"{row.weight:.3f}",
                row_tip=lambda row: _tr("π = {:.6f}; π_k = N_k / N").format(row.weight),
                total=lambda rows: f"{sum(row.weight for row in rows):.3f}",
                sample="0.000",
                total_tip=_tr("Σ π_k = 1"),
            ),
            EntryColumn(
                title=_tr("Mean"),
                tip=_tr(
                    "The average of the pixels of the class, and the colour it looks like.\n"
                    "Mean μ_k, in feature units"
                ),
                text=lambda row: row.mean_text,
                row_tip=_all_means,
                total=lambda rows: "",
                sample="000 000 000",
                chip=lambda row: row.mean_colour,
            ),
        ),
        share_tip=_why_empty,
    )  # fmt: skip


def _why_empty(row: ClassRow) -> str:
    """Return why the map has nothing of a class that the mixture gives some weight."""
    if not row.is_without_pixels:
        return ""
    if row.is_by_region:
        return _tr(
            "In each region another class is more likely than this one: its pixels are scattered among "
            "theirs. More detail, or a map by pixel, shows them."
        )
    return _tr("At each pixel another class is more likely than this one.")


def empty_note(rows: Sequence[ClassRow]) -> str:
    """Return how many classes have nothing of the map; empty where each has some."""
    empty = [row for row in rows if row.is_without_pixels]
    if not empty:
        return ""
    if empty[0].is_by_region:
        one, many = (
            _tr("1 class has no region at this detail."),
            _tr("{} classes have no region at this detail."),
        )
    else:
        one, many = _tr("1 class has no pixels."), _tr("{} classes have no pixels.")
    return one if len(empty) == 1 else many.format(len(empty))


def _held(row: ClassRow) -> str:
    held = ", ".join(str(component + 1) for component in row.entry.components)
    many = _tr("components {}") if len(row.entry.components) > 1 else _tr("component {}")
    return f"{row.entry.name}: {many.format(held)}"


def _all_means(row: ClassRow) -> str:
    pairs = zip(row.features, row.mean, strict=True)
    return "\n".join(f"{name} = {value:.5g}" for name, value in pairs)


def format_value(value: float) -> str:
    """Return a feature value with the digits that tell components apart."""
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"


def make_rows(shown: ViewState, areas: FloatArray | None) -> list[ClassRow]:
    """Return what the table says of each class; empty while nothing is segmented.

    Parameters
    ----------
    shown : ViewState
    areas : (K,), optional
        Share of the pixels of each component.
    """
    segmentation, table, image = shown.segmentation, shown.table, shown.document.image
    if segmentation is None or table is None or image is None or not len(shown.classes):
        return []
    params = segmentation.params
    classes = tuple(shown.classes)
    weights = [float(params.weights[list(entry.components)].sum()) for entry in classes]
    means = np.array([_united_mean(params, list(entry.components)) for entry in classes])
    means = means * table.scale + table.centre
    looks = displayed_means(means, table.spec, image)
    return [
        ClassRow(
            entry=entry,
            share=float(areas[list(entry.components)].sum()) if areas is not None else None,
            weight=weights[at],
            mean=tuple(float(value) for value in means[at]),
            mean_colour=(int(looks[at, 0]), int(looks[at, 1]), int(looks[at, 2])),
            features=table.names,
            is_by_region=shown.document.map_settings.by == "region",
        )
        for at, entry in enumerate(classes)
    ]


def _united_mean(params: MixtureParams, held: list[int]) -> FloatArray:
    """Return the mean of several components taken together, (D,)."""
    weights = params.weights[held]
    total = float(weights.sum())
    shares = weights / total if total > 0 else np.full(len(held), 1 / len(held))
    mean: FloatArray = shares @ params.means[held]
    return mean
