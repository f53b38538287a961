"""The background mixture: a pixel at a time in plain loops, OpenCV's MOG2, and what each parameter is for."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.control import StopRequest
from gmmseg.errors import BudgetError, Cancelled, ReadError, SettingsError
from gmmseg.frames.background import foreground, rate_at
from gmmseg.frames.settings import BackgroundSettings
from gmmseg.io.images import image_from_array
from gmmseg.limits import budget_of

ZIVKOVIC = BackgroundSettings(rates="zivkovic")


def masks(frames: Iterable[AnyArray], settings: BackgroundSettings) -> list[BoolArray]:
    return [mask for _, mask in foreground((image_from_array(f, "f") for f in frames), settings)]


def street(n_frames: int, height: int = 24, width: int = 32, n_channels: int = 3) -> Iterator[AnyArray]:
    """Yield a noisy scene with leaves that move to and fro and something that passes from frame 12 on."""
    random = np.random.default_rng(0)
    still = random.integers(40, 200, (height, width, n_channels)).astype(float)
    for at in range(n_frames):
        frame = still + random.normal(0, 3, still.shape)
        frame[:, : width // 4] += 40 * (at // 3 % 2)
        if at >= 12:
            frame[8:16, at % width : at % width + 6] = 240
        yield np.clip(frame, 0, 255).astype(np.uint8)


class PlainPixel:
    """The mixture of one pixel by the formulas, a component a dictionary."""

    def __init__(self, settings: BackgroundSettings) -> None:
        self.settings = settings
        self.held: list[dict[str, Any]] = []

    def update(self, value: AnyArray, rate: float) -> bool:
        s, f = self.settings, np.float32
        before, is_background, owner = f(0), False, None
        lost = f(rate * s.complexity)
        for one in self.held:
            one["weight"] = one["weight"] * f(1 - rate) - lost
            if owner is None:
                offset = value - one["mean"]
                distance = (offset**2).sum()
                if before < s.background and distance < f(s.threshold**2) * one["variance"]:
                    is_background = True
                if distance < f(s.generation**2) * one["variance"]:
                    owner = one
                    one["weight"] += f(rate)
                    one["count"] += 1
                    share = f(rate) / one["weight"]
                    if s.rates == "lee":
                        share = f(1 - rate) / f(one["count"]) + f(rate)
                    one["mean"] = one["mean"] + share * offset
                    moved = one["variance"] + share * (distance - one["variance"])
                    one["variance"] = min(max(moved, f(s.least_variance)), f(s.most_variance))
            if one["weight"] >= lost:
                before += one["weight"]
        self.held = [one for one in self.held if one["weight"] >= lost and one["weight"] > 0]
        total = sum((one["weight"] for one in self.held), f(0))
        for one in self.held:
            one["weight"] /= total
        if owner is None and rate > 0:
            self.held = self.held[: s.n_components - 1]
            for one in self.held:
                one["weight"] *= f(1 - rate)
            owner = {"weight": f(rate) if self.held else f(1), "mean": value, "count": 1,
                     "variance": f(s.first_variance)}  # fmt: skip
            self.held.append(owner)
        if owner is not None:
            rest = [one for one in self.held if one is not owner]
            place = sum(bool(one["weight"] > owner["weight"]) for one in rest)
            self.held = [*rest[:place], owner, *rest[place:]]
        return not is_background


@pytest.mark.parametrize("rates", ["lee", "zivkovic"])
@pytest.mark.parametrize(
    "change", [{}, {"rate": 0.1}, {"n_components": 2, "rate": 0.05}, {"n_components": 1}, {"complexity": 0.4}]
)
def test_it_is_the_mixture_of_each_pixel_by_itself(rates: Any, change: dict[str, Any]) -> None:
    settings = replace(BackgroundSettings(rates=rates), **change)
    frames = list(street(30, 5, 6))
    pixels = [[PlainPixel(settings) for _ in range(6)] for _ in range(5)]
    for at, (frame, found) in enumerate(zip(frames, masks(frames, settings), strict=True), 1):
        rate = rate_at(at, settings.rate)
        expected = [
            [pixels[y][x].update(frame[y, x].astype(np.float32), rate) for x in range(6)] for y in range(5)
        ]
        np.testing.assert_array_equal(found, expected, err_msg=f"frame {at}")


@pytest.mark.parametrize("n_channels", [1, 3])
def test_masks_are_those_of_opencv(n_channels: int) -> None:
    cv2 = pytest.importorskip("cv2", reason="OpenCV is the oracle")
    frames = list(street(80, 48, 64, n_channels))
    oracle = cv2.createBackgroundSubtractorMOG2(history=500, varThreshold=16, detectShadows=False)
    expected = np.array([oracle.apply(frame) > 0 for frame in frames])
    found = np.array(masks(frames, ZIVKOVIC))
    assert 0.01 < expected[20:].mean() < 0.2
    assert (found == expected).mean() > 0.9999


def test_what_passes_is_found_and_leaves_that_wave_are_not() -> None:
    frames = list(street(36))
    found = masks(frames, BackgroundSettings(rate=0.01))
    assert found[0].all()
    for at in (20, 28, 35):
        truth = np.zeros((24, 32), np.bool_)
        truth[8:16, at % 32 : at % 32 + 6] = True
        overlap = (found[at] & truth).sum() / (found[at] | truth).sum()
        assert overlap > 0.95


def test_lee_s_mean_is_the_average_of_what_a_component_explained() -> None:
    # With next to no forgetting the mean is that of all values so far: a step of three deviations from it
    # at the end is new, one from Zivkovic's mean, which hardly moved from the first value, is not.
    values = np.concatenate([[100.0], np.full(40, 106.0), [98.0]])
    narrow = BackgroundSettings(rate=1e-4, threshold=3, first_variance=9, least_variance=4, most_variance=4)
    images = [image_from_array(np.full((1, 1), value, np.uint8), "f") for value in values]
    lee = [mask for _, mask in foreground(images, narrow)]
    zivkovic = [mask for _, mask in foreground(images, replace(narrow, rates="zivkovic"))]
    assert lee[41].all()
    assert not zivkovic[41].any()


def test_brightness_is_measured_by_the_depth() -> None:
    frames = list(street(30))
    deep = [frame.astype(np.uint16) * 257 for frame in frames]
    for shallow, found in zip(masks(frames, ZIVKOVIC), masks(deep, ZIVKOVIC), strict=True):
        assert (shallow == found).mean() > 0.999


def test_pixels_without_data_are_never_in_front() -> None:
    held = np.ones((24, 32), np.bool_)
    held[:5] = False
    images = [image_from_array(frame, "f", held) for frame in street(15)]
    for _, mask in foreground(images, BackgroundSettings()):
        assert not mask[:5].any()


def test_blocks_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = masks(street(20), BackgroundSettings())
    monkeypatch.setattr("gmmseg.frames.background.BLOCK", 100)
    for one, other in zip(whole, masks(street(20), BackgroundSettings()), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_rate_is_one_half_at_first_and_then_falls_to_one_in_500() -> None:
    assert [rate_at(at, None) for at in (1, 2, 250, 251, 9999)] == [1 / 2, 1 / 4, 1 / 500, 1 / 500, 1 / 500]
    assert [rate_at(at, 0.1) for at in (1, 2)] == [1 / 2, 0.1]


def test_with_a_rate_of_0_nothing_is_learnt_after_the_first_frame() -> None:
    first = np.full((2, 2), 50, np.uint8)
    other = np.full((2, 2), 200, np.uint8)
    found = masks([first, other, other, other, first], BackgroundSettings(rate=0.0))
    assert [mask.all() for mask in found] == [True, True, True, True, False]


def test_memory_does_not_grow_with_the_frames() -> None:
    peaks = []
    for n_frames in (10, 40):
        tracemalloc.start()
        for _ in foreground((image_from_array(f, "f") for f in street(n_frames)), BackgroundSettings()):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize(
    ("second", "words"),
    [(np.zeros((4, 6, 3), np.uint8), "Frame 2 has 6 × 4 pixels, the first one 5 × 4"),
     (np.zeros((4, 5), np.uint8), "Frame 2 has 1 channels, the first one 3")],
)  # fmt: skip
def test_frames_of_another_kind_are_refused(second: AnyArray, words: str) -> None:
    with pytest.raises(ReadError, match=words):
        masks([np.zeros((4, 5, 3), np.uint8), second], BackgroundSettings())


def test_limits_settings_and_stops_hold() -> None:
    frames: Sequence[AnyArray] = list(street(2))
    with budget_of(10_000), pytest.raises(BudgetError):
        masks(frames, BackgroundSettings())
    with pytest.raises(SettingsError, match="Learning rate"):
        masks(frames, BackgroundSettings(rate=2.0))
    images = [image_from_array(frame, "f") for frame in frames]
    with pytest.raises(Cancelled):
        next(foreground(images, BackgroundSettings(), lambda: StopRequest.STOP))
