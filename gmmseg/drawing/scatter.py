"""The numbers behind the scatter plot and the histogram: projections, ellipses, curves, samples, dots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import ByteArray, FloatArray, IntArray, frozen
from gmmseg.colours import Colour
from gmmseg.features.table import FeatureTable
from gmmseg.mixture.params import MixtureParams

_SHARE_LEFT_OUT = 0.01
"""Of the points of a group, at either end: what lies far out would make all others small."""


@dataclass(frozen=True, slots=True, eq=False)
class ComponentCurve:
    """A component as it is drawn: an ellipse around its mean, or a density over a grid; (P,) each."""

    number: int
    colour: Colour
    x: FloatArray
    y: FloatArray
    mean: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """A direction in feature space: ``y = direction @ x + offset`` for a standardised row x.

    Parameters
    ----------
    name : str
    direction : (D,)
    offset : float
        In the unit of the axis.
    """

    name: str
    direction: FloatArray
    offset: float

    def __post_init__(self) -> None:
        frozen(self.direction)

    def of(self, values: FloatArray) -> FloatArray:
        """Return the coordinates (N,) of standardised rows (N, D)."""
        coordinates: FloatArray = values @ self.direction + self.offset
        return coordinates


def feature_axes(table: FeatureTable) -> list[Axis]:
    """Return the D features as axes, in feature units: standardisation is undone."""
    return [
        Axis(name, np.eye(table.n_features)[d] * table.scale[d], float(table.centre[d]))
        for d, name in enumerate(table.names)
    ]


def principal_axes(table: FeatureTable, n_axes: int = 2) -> list[Axis]:
    """Return the directions of largest variance of the pixels in feature units, centred on their mean.

    Each points towards its largest entry, so that the same table always gives the same signs.
    """
    weights = table.weights / table.weights.sum()
    mean = weights @ table.values
    centred = (table.values - mean) * table.scale
    _, vectors = np.linalg.eigh(centred.T @ (centred * weights[:, None]))
    axes = []
    for at in range(min(n_axes, table.n_features)):
        vector = vectors[:, -1 - at]
        vector = vector * np.sign(vector[np.abs(vector).argmax()])
        direction = vector * table.scale
        axes.append(Axis(f"PC {at + 1}", direction, -float(direction @ mean)))
    return axes


@dataclass(frozen=True, slots=True, eq=False)
class Marginal:
    """A mixture seen along d axes: weights (K,), means (K, d), covariances (K, d, d)."""

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray


def projected(params: MixtureParams, axes: Sequence[Axis]) -> Marginal:
    """Return the mixture along `axes`: a linear image of a Gaussian is a Gaussian."""
    matrix = np.array([axis.direction for axis in axes])
    offsets = np.array([axis.offset for axis in axes])
    return Marginal(params.weights, params.means @ matrix.T + offsets, matrix @ params.matrices() @ matrix.T)


def ellipse(mean: FloatArray, covariance: FloatArray, n_sigma: float = 2.0, n_points: int = 64) -> FloatArray:
    """Return the closed curve at Mahalanobis distance `n_sigma` from `mean`, (n_points + 1, 2).

    Its half-axes are ``n_sigma * sqrt(eigenvalue)`` along the eigenvectors (S2 fig. 5 and 6). At 2 sigma it
    holds 86.5 % of a two-dimensional Gaussian, ``1 - exp(-2)``.
    """
    eigenvalues, vectors = np.linalg.eigh(covariance)
    half_axes = n_sigma * np.sqrt(np.maximum(eigenvalues, 0))
    angle = np.linspace(0, 2 * np.pi, n_points + 1)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    curve: FloatArray = mean + (circle * half_axes) @ vectors.T
    curve[-1] = curve[0]
    return curve


def density_curves(along: Marginal, grid: FloatArray) -> FloatArray:
    """Return the weighted densities of the components along one axis (S2 eq. 5 and 8), (K, G).

    Their sum over the first axis is the density of the mixture.
    """
    mean, variance = along.means[:, :1], along.covariances[:, 0, :1]
    heights = along.weights[:, None] / np.sqrt(2 * np.pi * variance)
    curves: FloatArray = heights * np.exp(-((grid - mean) ** 2) / (2 * variance))
    return curves


def histogram(values: FloatArray, weights: FloatArray, n_bins: int = 64) -> tuple[FloatArray, FloatArray]:
    """Return bin edges (B + 1,) and the density in each bin (B,), which integrates to 1.

    Whole-numbered values get bins of a whole width, at most `n_bins` of them: unequal numbers of grey levels
    in a bin would look like a comb.
    """
    low, high = float(values.min()), float(values.max())
    if bool((values == np.rint(values)).all()):
        width = max(math.ceil((high - low + 1) / n_bins), 1)
        n_whole = math.ceil((high - low + 1) / width)
        edges = low - 0.5 + width * np.arange(n_whole + 1, dtype=np.float64)
    else:
        pad = 0.5 if high == low else 0.0
        edges = np.linspace(low - pad, high + pad, n_bins + 1)
    density, _ = np.histogram(values, bins=edges, weights=weights, density=True)
    return edges, density


def scatter_sample(table: FeatureTable, n: int = 20_000, seed: int = 0) -> IntArray:
    """Return the rows of at most `n` pixels to draw, in mixed order; a row shared by many pixels comes often.

    The sample is systematic: every (n_pixels / n)-th pixel counted along the rows, so that a row's share of
    the sample is its share of the pixels to within one draw. The same arguments give the same rows.
    """
    rng = np.random.default_rng(seed)
    n = min(n, table.n_pixels)
    reach = np.cumsum(table.weights)
    picks = (np.arange(n) + rng.uniform()) * (reach[-1] / max(n, 1))
    rows = np.minimum(np.searchsorted(reach, picks, side="right"), table.n_rows - 1)
    return rng.permutation(rows)


def dithered(table: FeatureTable, rows: IntArray) -> FloatArray:
    """Return the standardised values (M, D) of a sample for drawing, whole numbers spread over their step.

    Otherwise the columns of a screen would show whole numbers as stripes.
    """
    values: FloatArray = table.values[rows]
    plain = values * table.scale + table.centre
    is_whole = (np.abs(plain - np.rint(plain)) < 1e-6).all(axis=0)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, values.shape)
    return values + np.where(is_whole, noise / table.scale, 0.0)


def row_colours(table: FeatureTable, rows: IntArray, picture: ByteArray) -> ByteArray:
    """Return an image colour (M, 3) for each row of a sample: that of one of the pixels that share the row.

    Parameters
    ----------
    rows : (M,)
    picture : uint8 array, (H, W, 3)
        The image as it is shown.
    """
    distinct, back = np.unique(rows, return_inverse=True)
    place = np.full(table.n_rows, -1, dtype=np.int32)
    place[distinct] = np.arange(len(distinct))
    places = table.pixels.spread(place, empty=-1).reshape(-1)
    held = np.flatnonzero(places >= 0)
    found = np.zeros((len(distinct), 3), dtype=np.uint8)
    found[places[held]] = picture.reshape(-1, 3)[held]
    return found[back]


def dots(
    x: FloatArray,
    y: FloatArray,
    colours: ByteArray,
    bounds: tuple[float, float, float, float],
    shape: tuple[int, int],
) -> ByteArray:
    """Return points drawn as a picture, uint8 RGBA (H, W, 4), its row 0 at the lowest y.

    A cell has the mean colour of its points and is the more opaque the more there are.

    Parameters
    ----------
    x, y : (M,)
    colours : (M, 3) or (M, 4)
        sRGB, with an optional opacity, 0..255.
    bounds : tuple of float
        x from, y from, x to, y to.
    shape : tuple of int
        (H, W).
    """
    height, width = shape
    x_from, y_from, x_to, y_to = bounds
    column = np.floor((x - x_from) * (width / (x_to - x_from)))
    row = np.floor((y - y_from) * (height / (y_to - y_from)))
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    cell = (row[inside] * width + column[inside]).astype(np.intp)
    tint = colours[inside]
    n_cells = height * width
    count = np.bincount(cell, minlength=n_cells)
    held = np.flatnonzero(count)
    picture = np.zeros((n_cells, 4), dtype=np.uint8)
    for channel in range(3):
        total = np.bincount(cell, weights=tint[:, channel], minlength=n_cells)
        picture[held, channel] = total[held] / count[held]
    opacity = 0.45 + 0.55 * (1 - np.exp(-(count[held] - 1) / 2))
    if tint.shape[1] == 4:
        opacity *= np.bincount(cell, weights=tint[:, 3], minlength=n_cells)[held] / (255 * count[held])
    picture[held, 3] = np.rint(255 * opacity)
    return picture.reshape(height, width, 4)


def usual_bounds(x: FloatArray, y: FloatArray, groups: IntArray) -> tuple[float, float, float, float]:
    """Return x from, y from, x to and y to of nearly all points of every group, without those far out.

    Of each group the box holds all but a hundredth of the points, and at least one, on either side. It holds
    the 2-sigma ellipse, too, where no points far out have made that much larger than the rest.

    Parameters
    ----------
    x, y : (N,)
    groups : int (N,)
        From 0; a group of any size counts as much as the others.
    """
    bounds = []
    for values in (x, y):
        low, high = np.inf, -np.inf
        for group in range(int(groups.max(initial=-1)) + 1):
            own = values[groups == group]
            if not own.size:
                continue
            own = np.sort(own)
            n_left_out = max(int(_SHARE_LEFT_OUT * len(own)), 1) if len(own) > 2 else 0
            first, last = float(own[n_left_out]), float(own[-1 - n_left_out])
            middle, reach = float(own.mean()), min(2 * float(own.std()), last - first)
            low, high = min(low, first, middle - reach), max(high, last, middle + reach)
        bounds.append((low, high))
    (x_from, x_to), (y_from, y_to) = bounds
    return float(x_from), float(y_from), float(x_to), float(y_to)
