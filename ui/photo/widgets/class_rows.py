"""What the class table says of each class, from the state that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gmmseg.colours import Colour
from gmmseg.features.appearance import displayed_means
from gmmseg.photo.classes import ClassInfo

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
    """

    entry: ClassInfo
    share: float | None
    weight: float
    mean: tuple[float, ...]
    mean_colour: Colour
    features: tuple[str, ...]

    @property
    def mean_text(self) -> str:
        """The mean's first three values, short."""
        return " ".join(format_value(value) for value in self.mean[:3])


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
