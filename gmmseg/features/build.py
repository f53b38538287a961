"""From an image and a `FeatureSpec` to the rows that are fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.errors import BudgetError, FeatureError
from gmmseg.features.colour import colour_features
from gmmseg.features.distinct import distinct_colours
from gmmseg.features.position import NAMES, position_columns, position_unit
from gmmseg.features.spec import FeatureSpec
from gmmseg.features.table import FeatureTable, PixelMap, RowPerPixel
from gmmseg.features.texture import texture_columns
from gmmseg.image import Image
from gmmseg.limits import check_features, memory_budget, size_text

_LARGEST = 1e100
"""Squares of larger values are infinite before long."""
_RELATIVE_FLOOR = 1e-6
"""Floor for values without quantisation, in units of their mean variance."""


@dataclass(frozen=True, slots=True, eq=False)
class Standard:
    """What features are measured in: ``(feature - centre) / scale``, each (D,) in feature units.

    ``white`` is the stored value of full brightness for images whose depth does not say it; None takes their
    own.
    """

    centre: FloatArray
    scale: FloatArray
    white: float | None = None


def feature_table(
    image: Image, spec: FeatureSpec, should_stop: ShouldStop = never_stop, standard: Standard | None = None
) -> FeatureTable:
    """Return the rows of an image.

    Colours alone give one row for each distinct colour, weighted by its pixels: the likelihood is exactly
    that of all pixels. With position or texture every pixel is a row.

    Parameters
    ----------
    image : Image
    spec : FeatureSpec
    should_stop : callable
        Asked between stages; STOP raises `Cancelled` too, for half of the rows are of no use.
    standard : Standard, optional
        Another image's, as kept in a model; without it the image's own where `spec` standardises, else none.

    Raises
    ------
    FeatureError
        The features cannot be computed from this image, or are not as many as `standard` has.
    BudgetError
        The rows would not fit the memory budget.
    """
    check_features(spec.n_features(image.n_channels))
    colours = distinct_colours(image, should_stop)
    if np.abs(colours.columns).max() > _LARGEST:
        raise FeatureError("Some pixel values are larger than 1e100.", "Scale or mask them first.")
    white = None if standard is None or image.has_fixed_white else standard.white
    white = image.white if white is None else white
    colour = colour_features(colours.columns, image, spec.space, white)
    if spec.is_colour_only:
        return _table(
            colour.columns, colours.counts, colours.pixels, colour.names, colour.floor, spec, standard
        )
    pixels = RowPerPixel((image.height, image.width), image.mask)
    n_rows = int(colours.counts.sum())
    _check_budget(n_rows, image, spec)
    columns: list[FloatArray] = []
    names = colour.names
    floor = colour.floor
    for feature in colour.columns:
        raise_if_ended(should_stop)
        spread = colours.pixels.spread(feature)
        columns.append(spread.reshape(-1) if image.mask is None else spread[image.mask])
    if spec.has_position:
        unit = position_unit(pixels.shape, colour.extent, spec.position_weight)
        columns.extend(position_columns(pixels, unit))
        names += NAMES
        floor = min(floor, unit**2 / 12) if unit > 0 else floor
    if spec.has_texture:
        texture = texture_columns(image, spec.texture_scales, colour.extent, white, should_stop)
        columns.extend(one.reshape(-1) if image.mask is None else one[image.mask] for one in texture.columns)
        names += texture.names
    raise_if_ended(should_stop)
    return _table(np.stack(columns), np.ones(n_rows), pixels, names, floor, spec, standard)


def _check_budget(n_rows: int, image: Image, spec: FeatureSpec) -> None:
    # The rows, a standardised or stacked copy of them while they are made, and their copy in the fit.
    needed = 8 * n_rows * spec.n_features(image.n_channels) * 3
    if needed > memory_budget():
        raise BudgetError(
            f"{spec} features of {n_rows:,} pixels need {size_text(needed)}; "
            f"the budget is {size_text(memory_budget())}.",
            "Use colours alone, a smaller picture, or raise the memory budget.",
        )


def _table(
    columns: FloatArray,
    weights: FloatArray,
    pixels: PixelMap,
    names: tuple[str, ...],
    floor: float,
    spec: FeatureSpec,
    standard: Standard | None,
) -> FeatureTable:
    if standard is not None and len(standard.centre) != len(columns):
        raise FeatureError(
            f"The image gives {len(columns)} features where {len(standard.centre)} are wanted.",
            "Choose an image with the same channels.",
        )
    if floor <= 0 or (spec.is_standardised and standard is None):
        means = columns @ weights / weights.sum()
        variances = np.array(
            [np.dot((one - mean) ** 2, weights) for one, mean in zip(columns, means, strict=True)]
        ) / float(weights.sum())
        if floor <= 0:
            floor = _RELATIVE_FLOOR * float(variances.mean())
        if spec.is_standardised and standard is None:
            standard = Standard(means, np.where(variances > 0, np.sqrt(variances), 1.0))
    if standard is None:
        standard = Standard(np.zeros(len(columns)), np.ones(len(columns)))
    centre, scale = standard.centre, standard.scale
    if centre.any() or (scale != 1).any():
        columns = (columns - centre[:, None]) / scale[:, None]
        floor /= float((scale**2).max())
    return FeatureTable(columns.T, weights, pixels, names, centre, scale, floor, spec)
