"""The background mixture beside OpenCV's MOG2: ``python -m tests.benchmarks.frames_peer [H W FRAMES]``.

Both see the same frames with the same parameters, one thread each. Prints CPU milliseconds a frame, how many
pixels get the same answer, and the overlap of either foreground with the truth.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable

import cv2
import numpy as np

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.frames.background import foreground
from gmmseg.frames.settings import BackgroundSettings
from gmmseg.io.images import image_from_array

WARM = 25
"""Frames before which overlap is not measured."""


def scene(height: int, width: int, n_frames: int) -> tuple[list[AnyArray], list[BoolArray]]:
    """Return noisy frames with a waving edge and a textured thing that passes, and where that is."""
    random = np.random.default_rng(0)
    still = random.integers(30, 220, (height, width, 3)).astype(np.float64)
    frames, truth = [], []
    for at in range(n_frames):
        frame = still + random.normal(0, 3, still.shape)
        frame[:, : width // 8] += 20 * (at // 3 % 2)
        thing = np.zeros((height, width), np.bool_)
        if at > WARM - 5:
            left = at * 4 % width
            thing[height // 4 : height // 2, left : left + width // 6] = True
        frame[thing] = random.integers(0, 255, (int(thing.sum()), 3)) * 0.3
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
        truth.append(thing)
    return frames, truth


def timed(run: Callable[[], Iterable[BoolArray]]) -> tuple[list[BoolArray], float]:
    """Return the masks of a run and its CPU seconds."""
    began = time.process_time()
    masks = list(run())
    return masks, time.process_time() - began


def overlap(masks: list[BoolArray], truth: list[BoolArray]) -> float:
    """Return the mean overlap of masks and truth, intersection over union."""
    pairs = list(zip(masks, truth, strict=True))[WARM:]
    return float(np.mean([(one & other).sum() / (one | other).sum() for one, other in pairs]))


def main() -> None:
    """Print the comparison."""
    height, width, n_frames = map(int, sys.argv[1:4]) if len(sys.argv) > 3 else (480, 640, 60)
    cv2.setNumThreads(1)
    frames, truth = scene(height, width, n_frames)
    oracle = cv2.createBackgroundSubtractorMOG2(history=500, varThreshold=16, detectShadows=False)
    theirs, seconds = timed(lambda: (oracle.apply(frame) > 0 for frame in frames))
    print(f"{height} × {width}, {n_frames} frames")
    print(f"MOG2      {1e3 * seconds / n_frames:6.2f} ms a frame, overlap {overlap(theirs, truth):.4f}")
    images = [image_from_array(frame, "frame") for frame in frames]
    for settings in (BackgroundSettings(rates="zivkovic"), BackgroundSettings()):
        run = timed(lambda s=settings: (mask for _, mask in foreground(images, s)))  # type: ignore[misc]
        same = np.mean([(one == other).mean() for one, other in zip(theirs, run[0], strict=True)])
        print(
            f"{settings.rates:9} {1e3 * run[1] / n_frames:6.2f} ms a frame ({run[1] / seconds:.1f} of MOG2), "
            f"overlap {overlap(run[0], truth):.4f}, {100 * same:.3f} % of all pixels as MOG2"
        )


if __name__ == "__main__":
    main()
