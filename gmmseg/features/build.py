"""From an image and a `FeatureSpec` to the rows that are fitted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.errors import BudgetError, FeatureError
from gmmseg.features.colour import colour_features
from gmmseg.features.distinct import DistinctColours, distinct_colours
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
    """Standardisation of features: ``(feature - centre) / scale``, each (D,) in feature units.

    ``white`` is the stored value of full brightness for images whose depth does not say it; None takes their
    own.
    """

    centre: FloatArray
    scale: FloatArray
    white: float | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Properties of a whole picture on which the features of its parts depend.

    Parameters
    ----------
    shape : tuple of int
        (H, W) of the whole picture.
    corner : tuple of int
        Row and column in it of the part, without margins.
    white : float
        Stored value of full brightness.
    light : float, optional
        Mean luminance of the pixels with data, stored units, which texture puts where there is none; None
        takes the part's own.
    margins : tuple of int
        Rows above and below, columns left and right of the part that texture looks at and that give no rows:
        `FeatureSpec.reach` of them, fewer at the picture's edges.
    """

    shape: tuple[int, int]
    corner: tuple[int, int]
    white: float
    light: float | None = None
    margins: tuple[int, int, int, int] = (0, 0, 0, 0)

    def inner(self, image: Image) -> tuple[slice, slice]:
        """Return where the part lies in `image`, which has the margins too."""
        above, below, left, right = self.margins
        return slice(above, image.height - below), slice(left, image.width - right)


def feature_table(
    image: Image,
    spec: FeatureSpec,
    should_stop: ShouldStop = never_stop,
    standard: Standard | None = None,
    surroundings: Surroundings | None = None,
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
    surroundings : Surroundings, optional
        Where the image is a part of a picture: its rows are then those that the picture has there.

    Raises
    ------
    FeatureError
        The features cannot be computed from this image, or are not as many as `standard` has.
    BudgetError
        The rows would not fit the memory budget.
    """
    check_features(spec.n_features(image.n_channels))
    if surroundings is None:
        surroundings = Surroundings((image.height, image.width), (0, 0), image.white)
    place = surroundings.inner(image)
    inner = image if not any(surroundings.margins) else _cropped(image, place)
    colours = distinct_colours(inner, should_stop)
    if np.abs(colours.columns).max() > _LARGEST:
        raise FeatureError("Some pixel values are larger than 1e100.", "Scale or mask them first.")
    white = surroundings.white
    if standard is not None and standard.white is not None and not image.has_fixed_white:
        white = standard.white
    if spec.is_colour_only:
        return table_of_colours(colours, image, spec, white, standard)
    colour = colour_features(colours.columns, image, spec.space, white)
    pixels = RowPerPixel((inner.height, inner.width), inner.mask)
    n_rows = int(colours.counts.sum())
    _check_budget(n_rows, image, spec)
    columns: list[FloatArray] = []
    names = colour.names
    floor = colour.floor
    for feature in colour.columns:
        raise_if_ended(should_stop)
        columns.append(_held(colours.pixels.spread(feature), inner))
    if spec.has_position:
        # The longer image side is `position_weight` times the extent of the colours.
        unit = spec.position_weight * colour.extent / max(surroundings.shape)
        columns.extend(_position_columns(pixels, unit, surroundings.corner))
        names += ("x", "y")
        floor = min(floor, unit**2 / 12) if unit > 0 else floor
    if spec.has_texture:
        textures, own_names = texture_columns(
            image, spec.texture_scales, colour.extent, white, should_stop, surroundings.light
        )
        columns.extend(_held(one[place], inner) for one in textures)
        names += own_names
    raise_if_ended(should_stop)
    return table_of_columns(np.stack(columns), np.ones(n_rows), pixels, names, floor, spec, standard)


def table_of_colours(
    colours: DistinctColours, image: Image, spec: FeatureSpec, white: float, standard: Standard | None = None
) -> FeatureTable:
    """Return the rows of some colours, of which `image` says depth and channels; `spec` has colour alone."""
    colour = colour_features(colours.columns, image, spec.space, white)
    return table_of_columns(
        colour.columns, colours.counts, colours.pixels, colour.names, colour.floor, spec, standard
    )


def _position_columns(pixels: RowPerPixel, unit: float, corner: tuple[int, int] = (0, 0)) -> FloatArray:
    """Return x and y of the centre of each pixel that holds data, (2, N), in multiples of `unit`.

    `corner` is the row and the column of the first pixel.
    """
    height, width = pixels.shape
    top, left = corner
    x = np.broadcast_to((np.arange(left, left + width) + 0.5) * unit, (height, width))
    y = np.broadcast_to(((np.arange(top, top + height) + 0.5) * unit)[:, None], (height, width))
    if pixels.mask is None:
        return np.stack([x.reshape(-1), y.reshape(-1)])
    return np.stack([x[pixels.mask], y[pixels.mask]])


def _cropped(image: Image, place: tuple[slice, slice]) -> Image:
    mask = None if image.mask is None else np.ascontiguousarray(image.mask[place])
    return replace(image, pixels=np.ascontiguousarray(image.pixels[place]), mask=mask)


def _held(plane: FloatArray, image: Image) -> FloatArray:
    """Return the values of a plane (H, W) where the image holds data, (N,)."""
    return plane.reshape(-1) if image.mask is None else plane[image.mask]


def _check_budget(n_rows: int, image: Image, spec: FeatureSpec) -> None:
    # The rows, a standardised or stacked copy of them while they are made, and their copy in the fit.
    needed = 8 * n_rows * spec.n_features(image.n_channels) * 3
    if needed > memory_budget():
        raise BudgetError(
            f"{spec} features of {n_rows:,} pixels need {size_text(needed)}; "
            f"the budget is {size_text(memory_budget())}.",
            "Use colours alone, a smaller picture, or raise the memory budget.",
        )


def table_of_columns(
    columns: FloatArray,
    weights: FloatArray,
    pixels: PixelMap,
    names: tuple[str, ...],
    floor: float,
    spec: FeatureSpec,
    standard: Standard | None = None,
) -> FeatureTable:
    """Return features (D, N), in their own units and with their own variance floor, as rows to fit.

    They are standardised where `standard` is given, or `spec` asks for it: then by their own moments.
    """
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
        own, floor = standard_of(means, variances, floor, spec)
        standard = standard or own
    if standard is None:
        standard = Standard(np.zeros(len(columns)), np.ones(len(columns)))
    centre, scale = standard.centre, standard.scale
    if centre.any() or (scale != 1).any():
        columns = (columns - centre[:, None]) / scale[:, None]
        floor /= float((scale**2).max())
    return FeatureTable(columns.T, weights, pixels, names, centre, scale, floor, spec)


def standard_of(
    means: FloatArray, variances: FloatArray, floor: float, spec: FeatureSpec
) -> tuple[Standard, float]:
    """Return what features of these moments, each (D,), are measured in, and their variance floor.

    `floor` is the quantisation variance, 0 where there is none; both floors are in squared feature units.
    """
    if floor <= 0:
        floor = _RELATIVE_FLOOR * float(variances.mean())
    if not spec.is_standardised:
        return Standard(np.zeros(len(means)), np.ones(len(means))), floor
    return Standard(means, np.where(variances > 0, np.sqrt(variances), 1.0)), floor
