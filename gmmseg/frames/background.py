"""The adaptive background mixture of Zivkovic (2004): few Gaussians at each pixel, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from gmmseg.arrays import BoolArray, Float32Array, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.errors import ReadError
from gmmseg.frames.settings import HISTORY, BackgroundSettings
from gmmseg.image import Image
from gmmseg.limits import check_memory
from gmmseg.setting import check_settings

BLOCK = 1 << 14
"""Pixels that are updated at once: what is computed for them stays in the cache."""
_WHITE = 255.0


def foreground(
    frames: Iterable[Image], settings: BackgroundSettings, should_stop: ShouldStop = never_stop
) -> Iterator[tuple[Image, BoolArray]]:
    """Yield each frame with which of its pixels are in front of the background, (H, W).

    Pixels without data are not. All of the first frame is: nothing is known of it yet. Memory does not grow
    with the number of frames.

    Parameters
    ----------
    frames : iterable of Image
        Of one size and kind, in their order.
    settings : BackgroundSettings
    should_stop : callable
        Asked between blocks of pixels; anything but NONE raises `Cancelled`.

    Raises
    ------
    SettingsError
    ReadError
        A frame has another size or other channels than the first one.
    BudgetError
        The mixtures would need more memory than is allowed.
    Cancelled
    """
    check_settings(settings)
    mixture: _Mixtures | None = None
    first: Image | None = None
    for at, frame in enumerate(frames, 1):
        if mixture is None or first is None:
            first = frame
            mixture = _Mixtures(frame, settings)
        _check_alike(frame, first, at)
        yield frame, mixture.update(frame, rate_at(at, settings.rate), should_stop)


def rate_at(at: int, rate: float | None) -> float:
    """Return the learning rate of frame `at`, from 1: half of the first one is kept whatever is chosen."""
    if rate is None or at == 1:
        return 1 / min(2 * at, HISTORY)
    return rate


def _check_alike(frame: Image, first: Image, at: int) -> None:
    if frame.pixels.shape[:2] != first.pixels.shape[:2]:
        raise ReadError(
            f"Frame {at} has {frame.width:,} × {frame.height:,} pixels, the first one "
            f"{first.width:,} × {first.height:,}.",
            "Give frames of one size.",
        )
    if frame.channels != first.channels:
        raise ReadError(
            f"Frame {at} has {frame.n_channels} channels, the first one {first.n_channels}.",
            "Give frames of one kind.",
        )


class _Mixtures:
    """The mixtures of all pixels, block by block."""

    def __init__(self, frame: Image, settings: BackgroundSettings) -> None:
        n_pixels, n_channels = frame.width * frame.height, frame.n_channels
        need = 4 * n_pixels * (settings.n_components * (n_channels + 3) + n_channels)
        remedy = "Scale the frames down, or allow fewer components."
        check_memory(need, f"Mixtures of {n_pixels:,} pixels need", remedy)
        self._white = frame.white
        self._blocks = [
            _Block(min(BLOCK, n_pixels - start), n_channels, settings) for start in range(0, n_pixels, BLOCK)
        ]

    def update(self, frame: Image, rate: float, should_stop: ShouldStop) -> BoolArray:
        """Learn from a frame and return its foreground, (H, W)."""
        rows = frame.pixels.reshape(-1, frame.n_channels)
        foreground = np.empty(len(rows), dtype=np.bool_)
        scale = np.float32(_WHITE / self._white)
        for start, block in zip(range(0, len(rows), BLOCK), self._blocks, strict=True):
            raise_if_ended(should_stop)
            part = slice(start, start + BLOCK)
            values = np.ascontiguousarray(rows[part].T, dtype=np.float32)
            values *= scale
            foreground[part] = block.update(values, rate)
        mask = foreground.reshape(frame.height, frame.width)
        return mask if frame.mask is None else mask & frame.mask


class _Block:
    """The mixtures of some pixels; components by falling weight, those that are not in use have weight 0."""

    def __init__(self, n_pixels: int, n_channels: int, settings: BackgroundSettings) -> None:
        self._settings = settings
        n = settings.n_components
        self._weights: Float32Array = np.zeros((n, n_pixels), np.float32)
        self._means: Float32Array = np.zeros((n, n_channels, n_pixels), np.float32)
        self._variances: Float32Array = np.zeros((n, n_pixels), np.float32)
        self._counts: Float32Array = np.zeros((n, n_pixels), np.float32)
        """Frames that each component has explained, c_k."""
        self._n_most = 0
        """Components in use at any pixel."""

    def update(self, values: Float32Array, rate: float) -> BoolArray:
        """Learn from values (C, B) and return where no component of the background explains them, (B,)."""
        weights = self._weights[: self._n_most]
        n_used = np.count_nonzero(weights, axis=0)
        lost = np.float32(rate * self._settings.complexity)
        weights *= np.float32(1 - rate)
        weights -= lost
        fitted, background = self._fit(values, n_used, rate, lost)
        weights[weights < lost] = 0
        total = weights.sum(axis=0)
        np.divide(weights, total, out=weights, where=total > 0)
        if rate > 0:
            self._start_anew(np.flatnonzero(~fitted), values, rate)
        return np.logical_not(background)

    def _fit(
        self, values: Float32Array, n_used: IntArray, rate: float, lost: np.float32
    ) -> tuple[BoolArray, BoolArray]:
        """Move at each pixel the heaviest component that is near its value.

        Returns
        -------
        fitted, background : (B,)
            Where there was one, and where one of the background was near enough.
        """
        n_pixels = values.shape[1]
        fitted, background = np.zeros(n_pixels, np.bool_), np.zeros(n_pixels, np.bool_)
        before = np.zeros(n_pixels, np.float32)
        for m in range(self._n_most):
            left = np.flatnonzero(~fitted & (n_used > m))
            if not len(left):
                break
            # A slice makes views where an index array would make copies.
            where = slice(None) if len(left) == n_pixels else left
            near, is_background = self._move(m, where, values[:, where], before[where], rate)
            background[where] |= is_background
            fitted[where] |= near
            if m:
                self._move_up(left[near], m)
            own = self._weights[m]
            before += np.where(own < lost, np.float32(0), own)
        return fitted, background

    def _move(
        self, m: int, where: slice | IntArray, values: Float32Array, before: Float32Array, rate: float
    ) -> tuple[BoolArray, BoolArray]:
        """Move component `m` of some pixels towards their values where these are near; `before` it there are
        components of that total weight. Returns where they are near, and where near its background."""
        settings = self._settings
        offsets = values - self._means[m][:, where]
        distance = np.einsum("cb,cb->b", offsets, offsets)
        variance = self._variances[m, where]
        near = distance < np.float32(settings.generation**2) * variance
        is_background = distance < np.float32(settings.threshold**2) * variance
        is_background &= before < np.float32(settings.background)
        self._weights[m, where] += near * np.float32(rate)
        self._counts[m, where] += near
        share = self._share(m, where, near, rate)
        self._means[m][:, where] += share * offsets
        moved = variance + share * (distance - variance)
        np.clip(moved, settings.least_variance, settings.most_variance, out=moved)
        self._variances[m, where] = np.where(near, moved, variance)
        return near, is_background

    def _share(self, m: int, where: slice | IntArray, near: BoolArray, rate: float) -> Float32Array:
        """Return how far component `m` goes towards each value, 0 where that is not near.

        alpha / w after Zivkovic (2004, eq. 5 and 6); (1 - alpha) / c + alpha after Lee (2005, eq. 7).
        """
        share = np.zeros(len(near), np.float32)
        if self._settings.rates == "lee":
            np.divide(np.float32(1 - rate), self._counts[m, where], out=share, where=near)
            share += near * np.float32(rate)
        else:
            np.divide(np.float32(rate), self._weights[m, where], out=share, where=near)
        return share

    def _start_anew(self, pixels: IntArray, values: Float32Array, rate: float) -> None:
        """Start a component at the values of some pixels, in place of the lightest where all are in use."""
        if not len(pixels):
            return
        n = self._settings.n_components
        n_used = np.count_nonzero(self._weights[:, pixels], axis=0)
        at = np.minimum(n_used, n - 1)
        self._weights[:, pixels] *= np.float32(1 - rate)
        self._weights[at, pixels] = np.where(at == 0, np.float32(1), np.float32(rate))
        self._means[at, :, pixels] = values[:, pixels].T
        self._variances[at, pixels] = self._settings.first_variance
        self._counts[at, pixels] = 1
        self._n_most = max(self._n_most, int(at.max()) + 1)
        for m in range(1, self._n_most):
            self._move_up(pixels[at == m], m)

    def _move_up(self, pixels: IntArray, m: int) -> None:
        """Put component `m` of some pixels before all that are not heavier."""
        weights = self._weights[: m + 1, pixels]
        place = np.count_nonzero(weights[:m] > weights[m], axis=0)
        moving = place < m
        pixels, place = pixels[moving], place[moving]
        if not len(pixels):
            return
        rank = np.arange(m + 1)[:, None]
        order = np.where(rank < place, rank, np.where(rank == place, m, rank - 1))
        for held in (self._weights, self._variances, self._counts):
            held[: m + 1, pixels] = np.take_along_axis(held[: m + 1, pixels], order, axis=0)
        means = self._means[: m + 1, :, pixels]
        self._means[: m + 1, :, pixels] = np.take_along_axis(means, order[:, None, :], axis=0)
