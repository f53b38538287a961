"""Two Gaussian mixtures of one picture, of its colours and of its textures, and its pixels' posteriors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import Float32Array, FloatArray
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.density import posteriors
from gmmseg.mixture.initialise import kmeans_plus_plus, lloyd, moments_of_labels
from gmmseg.mixture.kernels import blocks
from gmmseg.mixture.moments import Moments
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.quadratic_kernel import QuadraticKernel
from gmmseg.regions.picture import Picture

SAMPLE_ROWS = 6000
"""Pixels, drawn at random, that a mixture is fitted to."""
_LLOYD_ITERATIONS = 4
_COLOUR_BLUR = 0.7
_TEXTURE_SCALES = (1.0, 2.0)
_TEXTURE_ORDERS = ((0, 1), (1, 0), (0, 2), (1, 1), (2, 0))


@dataclass(frozen=True, slots=True)
class AppearanceSettings:
    """Settings of the mixture of the appearance of pixels.

    Parameters
    ----------
    n_components : int
        K.
    n_iterations : int
        EM steps; there is no other stopping rule.
    spread : float
        r, the variance of the prior, in squared units of the features. With N_k the sum of the posteriors of
        component k and S_k its weighted covariance, the M step sets
        ``(N_k S_k + 5 r I) / (N_k + 5) + r I / 5``: that of five further rows with covariance r I, and a
        lower bound on the variances.
    """

    n_components: int
    n_iterations: int
    spread: float


COLOUR = AppearanceSettings(24, 15, 4.0)
TEXTURE = AppearanceSettings(24, 12, 0.02)


def colour_generator(seed: int) -> np.random.Generator:
    """Return the generator of the colour mixture's random numbers."""
    return np.random.default_rng([seed, 0])


def texture_generator(seed: int) -> np.random.Generator:
    """Return the generator of the texture mixture's random numbers: its own, so either can be made alone."""
    return np.random.default_rng([seed, 1])


def colour_posteriors(
    picture: Picture, generator: np.random.Generator, should_stop: ShouldStop = never_stop
) -> Float32Array:
    """Return the posteriors under the `COLOUR` mixture of `colour_planes`, see `appearance_posteriors`."""
    return appearance_posteriors(colour_planes(picture), picture, COLOUR, generator, should_stop)


def texture_posteriors(
    picture: Picture, generator: np.random.Generator, should_stop: ShouldStop = never_stop
) -> Float32Array:
    """Return the posteriors under the `TEXTURE` mixture of `texture_planes`, see `appearance_posteriors`."""
    return appearance_posteriors(
        texture_planes(picture, should_stop), picture, TEXTURE, generator, should_stop
    )


def colour_planes(picture: Picture) -> Float32Array:
    """Return CIELAB smoothed by a Gaussian of 0.7 pixels of the reference size, Lab units, (3, h, w)."""
    from scipy.ndimage import gaussian_filter

    blur = _COLOUR_BLUR * picture.filter_factor
    planes: Float32Array = gaussian_filter(picture.lab, (0, blur, blur), mode="nearest")
    return planes


def texture_planes(picture: Picture, should_stop: ShouldStop = never_stop) -> Float32Array:
    """Return scale-normalised Gaussian derivatives of the lightness L* at each pixel, (10, h, w).

    The first and second derivatives at scales of 1 and 2 pixels of the reference size, each times its scale
    to the power of its order (Lindeberg 1998). Then the vector f of a pixel becomes
    ``f / |f| * log(1 + |f| / 2)``, the contrast normalisation of Varma and Zisserman (2005) with 2 Lab units
    in place of their constant.

    Raises
    ------
    Cancelled
        When `should_stop`, asked before each derivative, answers CANCEL.
    """
    from scipy.ndimage import gaussian_filter

    planes = np.empty((len(_TEXTURE_SCALES) * len(_TEXTURE_ORDERS), *picture.shape), dtype=np.float32)
    at = 0
    for scale in _TEXTURE_SCALES:
        sigma = scale * picture.filter_factor
        for order in _TEXTURE_ORDERS:
            raise_if_cancelled(should_stop)
            gaussian_filter(picture.lab[0], sigma, order=order, output=planes[at], mode="nearest")
            planes[at] *= np.float32(sigma ** sum(order))
            at += 1
    length = np.sqrt(np.einsum("dyx,dyx->yx", planes, planes))
    np.divide(np.log1p(length / 2), length, out=length, where=length > 0)
    planes *= length
    return planes


def appearance_posteriors(
    planes: Float32Array,
    picture: Picture,
    settings: AppearanceSettings,
    generator: np.random.Generator,
    should_stop: ShouldStop = never_stop,
) -> Float32Array:
    """Fit a mixture to some pixels with data and return the posteriors of all pixels.

    Parameters
    ----------
    planes : (D, h, w)
        The features of each pixel, all in one unit.
    picture : Picture
        Says which pixels have data; at most `SAMPLE_ROWS` of them are drawn, each at most once.
    settings : AppearanceSettings
    generator : numpy Generator
        Draws the pixels and the first means.
    should_stop : callable
        Asked between iterations and blocks.

    Returns
    -------
    float32 array, (K, h, w)
        Summing to 1 over the components; also of pixels without data.

    Raises
    ------
    Cancelled
        On the request to cancel.
    """
    columns = planes.reshape(len(planes), -1).astype(np.float64)
    candidates = np.arange(columns.shape[1]) if picture.held is None else np.flatnonzero(picture.held)
    n_drawn = min(SAMPLE_ROWS, len(candidates))
    drawn = columns[:, np.sort(generator.choice(candidates, n_drawn, replace=False))]
    centre = drawn.mean(axis=1)
    # One scale for all features: what is far apart in one of them shall be so in all, as to the eye.
    deviation = float(np.sqrt(np.mean((drawn - centre[:, None]) ** 2))) or 1.0
    scaled = (drawn - centre[:, None]) / deviation
    params = fitted_params(scaled, settings, settings.spread / deviation**2, generator, should_stop)
    columns -= centre[:, None]
    columns /= deviation
    found = posteriors(params, columns.T, np.float32, should_stop)
    return found.reshape(settings.n_components, *planes.shape[1:])


def fitted_params(
    columns: FloatArray,
    settings: AppearanceSettings,
    spread: float,
    generator: np.random.Generator,
    should_stop: ShouldStop = never_stop,
) -> MixtureParams:
    """Return a mixture with full covariances fitted by EM to N rows, under the prior of the settings.

    The prior keeps components wider than differences too small to be seen, and keeps them from vanishing
    where there are fewer distinct rows than components.

    Parameters
    ----------
    columns : (D, N)
        The features.
    settings : AppearanceSettings
    spread : float
        r of the settings, in squared units of `columns`.
    generator : numpy Generator
        Draws the first means, by k-means++; Lloyd's iterations follow.
    should_stop : callable
        Asked before each iteration.

    Raises
    ------
    Cancelled
        On the request to cancel.
    """
    params = _first_params(
        np.ascontiguousarray(columns.T), settings.n_components, spread, generator, should_stop
    )
    equal = np.ones(columns.shape[1])
    kernel = QuadraticKernel(columns, np.zeros(len(columns)), is_diagonal=False)
    for _ in range(settings.n_iterations):
        raise_if_cancelled(should_stop)
        kernel.set_params(params)
        for rows in blocks(columns.shape[1], settings.n_components):
            kernel.expect(rows, equal[rows], is_hard=False)
        params = _maximised(kernel.moments(), spread)
    return params


def _first_params(
    rows: FloatArray,
    n_components: int,
    spread: float,
    generator: np.random.Generator,
    should_stop: ShouldStop,
) -> MixtureParams:
    equal = np.ones(len(rows))
    means = kmeans_plus_plus(rows, equal, n_components, generator)
    _, labels = lloyd(rows, equal, means, _LLOYD_ITERATIONS, lambda: raise_if_cancelled(should_stop))
    return _maximised(moments_of_labels(rows, equal, labels, n_components, is_diagonal=False), spread)


def _maximised(moments: Moments, spread: float) -> MixtureParams:
    n_components, n_features = moments.means.shape
    # The mode under a Dirichlet prior with parameters of 2: no component without rows loses its weight.
    weights = (moments.counts + 1) / (moments.counts.sum() + n_components)
    prior = spread * np.eye(n_features)
    covariances = (moments.scatter + 5 * prior) / (moments.counts[:, None, None] + 5) + 0.2 * prior
    return MixtureParams(weights, moments.means, Full(covariances))
