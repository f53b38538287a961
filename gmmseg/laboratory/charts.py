"""Charts of rows and a mixture, with handles to drag its parameters by, and what a drag makes of them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from gmmseg.arrays import ByteArray, FloatArray
from gmmseg.colours import Colour, class_colour
from gmmseg.drawing.scatter import (
    Axis,
    ComponentCurve,
    Marginal,
    density_curves,
    ellipse,
    histogram,
    projected,
)
from gmmseg.laboratory.bound import mixed_tints, shares_on
from gmmseg.laboratory.data import Data
from gmmseg.laboratory.scene import Bounds, Chart, Handle, Histogram, Line, Points
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.params import MixtureParams

GRID_POINTS = 240
SMALLEST_SPREAD = 1e-3
"""Of the extent of the data: no standard deviation is dragged below it."""
SIGMAS = 2.0
"""Ellipses of two standard deviations (S2 fig. 5): 86.5 % of a Gaussian in a plane."""
_GREY: Colour = (128, 128, 128)
_HEADROOM = 1.35
"""Height of a chart of a line over its histogram's."""
_JITTER = 0.06
"""Height of the strip of points below a line, as a share of the height of the chart."""


MOST_TOLD = 3
"""In more features tables tell only those that are drawn."""


def told(data: Data, values: FloatArray) -> FloatArray:
    """Return of a vector (D,) or a matrix (D, D) what tables tell: all, or of many features those drawn."""
    if data.n_features <= MOST_TOLD:
        return values
    axes = list(data.axes)
    return values[axes] if values.ndim == 1 else values[np.ix_(axes, axes)]


def axes_of(data: Data) -> tuple[Axis, ...]:
    """Return the features that are drawn as axes."""
    unit = np.eye(data.n_features)
    return tuple(Axis(data.columns[at], unit[at], 0.0) for at in data.axes)


@lru_cache(maxsize=8)
def plain_tints(n_rows: int, colour: Colour = _GREY) -> ByteArray:
    """Return one colour for all rows, (N, 4)."""
    return np.broadcast_to(np.array([*colour, 235], dtype=np.uint8), (n_rows, 4))


@lru_cache(maxsize=8)
def truth_tints(data: Data) -> ByteArray:
    """Return the colours (N, 4) of the components that made the rows; grey where that is not known."""
    if data.truth is None:
        return plain_tints(data.n_rows)
    palette = np.array([(*class_colour(k), 235) for k in range(int(data.truth.max(initial=0)) + 1)])
    return palette.astype(np.uint8)[data.truth]


def steady(low: float, high: float) -> tuple[float, float]:
    """Return a range around another one that stays while that changes a little.

    Axes that change with each frame of a drag take longer to draw than all that is between them.
    """
    step = 10.0 ** np.floor(np.log10(max(high - low, 1e-12) / 5))
    return float(np.floor(low / step) * step), float(np.ceil(high / step) * step)


def mixture_chart(
    data: Data,
    params: MixtureParams | None,
    tints: ByteArray | None = None,
    *,
    has_handles: bool = True,
    title: str = "",
    is_weighted: bool = True,
) -> Chart:
    """Return rows and a mixture: a histogram with density curves, or points with 2-sigma ellipses.

    Parameters
    ----------
    data : Data
    params : MixtureParams, optional
        Over all features of the data.
    tints : uint8 (N, 4), optional
        Colours of the rows: the components' mixed by posterior where none are given.
    has_handles : bool
        Whether the parameters can be dragged.
    title : str
    is_weighted : bool
        On a line: whether densities are multiplied by their weights and their sum is drawn.
    """
    make = _line_chart if data.n_features == 1 else _plane_chart
    if tints is None:
        tints = plain_tints(data.n_rows) if params is None else mixed_tints(shares_on(data, params))
    chart = make(data, params, tints, is_weighted)
    return replace(chart, title=title, handles=chart.handles if has_handles else ())


# What does not change while a parameter is dragged is kept: the screen draws equal arrays but once.
@lru_cache(maxsize=8)
def _line_ground(data: Data) -> tuple[Bounds, Histogram, FloatArray, FloatArray]:
    """Return the part of the axes for a line, its histogram, its rows, and their heights below the axis."""
    values = data.values[:, 0]
    low, high = float(values.min()), float(values.max())
    room = 0.15 * (high - low or 1.0)
    n_bins = int(np.clip(np.sqrt(data.n_rows) * 1.5, 8, 64))
    bars = Histogram(*histogram(values, np.ones(data.n_rows), n_bins))
    top = _HEADROOM * float(bars.density.max())
    # Spread up and down so that rows can be told apart.
    depth = np.random.default_rng(0).uniform(0.35, 1.35, data.n_rows)
    bounds = (low - room, -_JITTER * top * 1.6, high + room, top)
    return bounds, bars, values, -_JITTER * top * depth


@lru_cache(maxsize=8)
def _plane_ground(data: Data) -> tuple[Bounds, FloatArray, FloatArray]:
    """Return the part of the axes that holds two features, and these."""
    x, y = (data.values[:, at] for at in data.axes)
    room_x, room_y = (0.12 * (float(np.ptp(values)) or 1.0) for values in (x, y))
    bounds = (
        float(x.min()) - room_x, float(y.min()) - room_y, float(x.max()) + room_x, float(y.max()) + room_y
    )  # fmt: skip
    return bounds, x, y


def _line_chart(data: Data, params: MixtureParams | None, tints: ByteArray, is_weighted: bool) -> Chart:
    bounds, bars, values, heights = _line_ground(data)
    points = Points(values, heights, tints)
    chart = Chart(data.columns[0], "density", bounds, points=points, histogram=bars)
    if params is None:
        return chart
    along = projected(params, axes_of(data))
    if not is_weighted:
        along = Marginal(np.ones_like(along.weights), along.means, along.covariances)
    grid = np.linspace(bounds[0], bounds[2], GRID_POINTS)
    curves = density_curves(along, grid)
    peaks = along.weights / np.sqrt(2 * np.pi * along.covariances[:, 0, 0])
    shapes, handles = [], []
    for k, curve in enumerate(curves):
        colour, mean = class_colour(k), float(along.means[k, 0])
        sigma, peak = float(np.sqrt(along.covariances[k, 0, 0])), float(peaks[k])
        shapes.append(ComponentCurve(k + 1, colour, grid, curve, (mean, min(peak, 0.97 * bounds[3]) * 0.5)))
        handles += [
            Handle(f"mean:{k}", mean, min(peak, 0.97 * bounds[3]), colour, f"μ{k + 1}: drag sideways; "
                   "up and down changes the weight" if is_weighted else f"μ{k + 1}", label=str(k + 1)),
            Handle(f"spread:{k}", mean + sigma, min(peak * np.exp(-0.5), 0.97 * bounds[3]), colour,
                   f"σ{k + 1}: drag sideways", is_main=False),
        ]  # fmt: skip
    lines = (Line(grid, curves.sum(axis=0), "error", "p(x), the weighted sum", width=2.5),)
    return replace(chart, shapes=tuple(shapes), handles=tuple(handles), lines=lines if is_weighted else ())


def _plane_chart(data: Data, params: MixtureParams | None, tints: ByteArray, _is_weighted: bool) -> Chart:
    bounds, x, y = _plane_ground(data)
    names = [data.columns[at] for at in data.axes]
    chart = Chart(names[0], names[1], bounds, points=Points(x, y, tints))
    if params is None:
        return chart
    along = projected(params, axes_of(data))
    shapes, handles = [], []
    for k in range(params.n_components):
        colour, mean, matrix = class_colour(k), along.means[k], along.covariances[k]
        curve = ellipse(mean, matrix, SIGMAS)
        middle = (float(mean[0]), float(mean[1]))
        shapes.append(ComponentCurve(k + 1, colour, curve[:, 0], curve[:, 1], middle))
        handles.append(Handle(f"mean:{k}", *middle, colour, f"μ{k + 1}: drag", label=str(k + 1)))
        if data.n_features == 2:
            handles += _spread_handles(k, colour, mean, matrix)
    return replace(chart, shapes=tuple(shapes), handles=tuple(handles))


def mean_handles(data: Data, means: FloatArray, prefix: str, tip: str) -> tuple[Handle, ...]:
    """Return a handle for each mean (K, D) where it is drawn; ``prefix:k`` names it to the page."""
    along = [axis.of(means) for axis in axes_of(data)]
    heights = along[1] if len(along) > 1 else np.zeros(len(means))
    return tuple(
        Handle(f"{prefix}:{k}", float(x), float(y), class_colour(k), tip, label=str(k + 1))
        for k, (x, y) in enumerate(zip(along[0], heights, strict=True))
    )


def _spread_handles(k: int, colour: Colour, mean: FloatArray, matrix: FloatArray) -> list[Handle]:
    eigenvalues, vectors = np.linalg.eigh(matrix)
    ends = mean + SIGMAS * np.sqrt(np.maximum(eigenvalues, 0))[:, None] * vectors.T
    tip = f"Σ{k + 1}: drag an axis of the ellipse to stretch and turn it"
    return [
        Handle(f"spread:{k}:{at}", float(end[0]), float(end[1]), colour, tip, is_main=False)
        for at, end in enumerate(ends)
    ]


def dragged(data: Data, params: MixtureParams, handle: str, x: float, y: float) -> MixtureParams:
    """Return the mixture after a handle of `mixture_chart` was moved to (x, y).

    On a line a mean moves sideways and its weight up and down, with the other weights in proportion; a spread
    moves sideways. In a plane a mean moves freely, and an end of an ellipse stretches and turns its axis
    while the other axis keeps its length.
    """
    what, k = handle.split(":")[0], int(handle.split(":")[1])
    if data.n_features == 1:
        if what == "spread":
            sigma = max(abs(x - float(params.means[k, 0])), _least(data))
            return with_covariance(params, k, np.array([[sigma**2]]))
        moved = with_mean(params, k, np.array([x]))
        sigma = float(np.sqrt(params.matrices()[k, 0, 0]))
        return with_weight(moved, k, y * sigma * np.sqrt(2 * np.pi))
    axes = list(data.axes)
    if what == "mean":
        mean = params.means[k].copy()
        mean[axes] = x, y
        return with_mean(params, k, mean)
    return with_covariance(params, k, _turned(params, k, np.array([x, y]), _least(data)))


def _turned(params: MixtureParams, k: int, to: FloatArray, least: float) -> FloatArray:
    """Return the covariance (2, 2) with the axis nearest to the pointer ending there."""
    reach = to - params.means[k]
    length = max(float(np.linalg.norm(reach)), SIGMAS * least)
    direction = reach / length if np.any(reach) else np.array([1.0, 0.0])
    direction = direction / np.linalg.norm(direction)
    eigenvalues, vectors = np.linalg.eigh(params.matrices()[k])
    # The axis that stays is the one most at right angles to the pointer: dragging past it swaps no axes.
    kept = float(eigenvalues[int(np.abs(direction @ vectors).argmin())])
    across = np.array([-direction[1], direction[0]])
    return (length / SIGMAS) ** 2 * np.outer(direction, direction) + kept * np.outer(across, across)


def _least(data: Data) -> float:
    return SMALLEST_SPREAD * (float(np.ptp(data.values)) or 1.0)


def with_mean(params: MixtureParams, k: int, mean: FloatArray) -> MixtureParams:
    """Return the mixture with another mean (D,) of one component."""
    means = params.means.copy()
    means[k] = mean
    return replace(params, means=means)


def with_weight(params: MixtureParams, k: int, weight: float) -> MixtureParams:
    """Return the mixture with another weight of one component; the others share the rest as before."""
    if params.n_components == 1:
        return params
    weight = float(np.clip(weight, 0.01, 0.99))
    weights = params.weights.copy()
    others = 1 - weights[k]
    weights *= (1 - weight) / others if others > 0 else 0.0
    weights[k] = weight
    return replace(params, weights=weights / weights.sum())


def with_covariance(params: MixtureParams, k: int, matrix: FloatArray) -> MixtureParams:
    """Return the mixture with another covariance (D, D) of one component, as its family allows.

    The diagonal families keep the variances alone, spherical ones their mean; a tied one changes for all.
    """
    kind = params.covariance.kind
    values = params.covariance.values.copy()
    if kind == "tied":
        values = matrix
    elif kind == "full":
        values[k] = matrix
    else:
        variances = np.diagonal(matrix)
        values[k] = variances if kind == "diag" else variances.mean()
    return replace(params, covariance=FAMILIES[kind](values))
