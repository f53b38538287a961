"""Animations: a picture for each step of a run, drawn without a window, in a GIF or an animated PNG."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.colours import Colour
from gmmseg.control import Progress, ShouldStop, raise_if_ended
from gmmseg.io.outputs import check_suffix, write
from gmmseg.io.picture_writing import encode_picture

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, pixels of the finished picture."""
SUFFIXES = (".gif", ".apng")
PAPER, INK, FAINT, ACCENT = (255, 255, 255), (27, 31, 36), (205, 211, 218), (10, 95, 194)
_FINE = 2
"""Pixels drawn for a pixel of the finished picture, along each side: lines are smooth."""
_SHOWN_MS, _LAST_MS = 400, 2000
_FONT_SIZE = 13


class Sheet:
    """A picture that is drawn on; places are pixels of the finished one.

    Parameters
    ----------
    width, height : int
    """

    def __init__(self, width: int, height: int) -> None:
        self._picture = Pillow.new("RGB", (_FINE * width, _FINE * height), PAPER)
        self._pen = ImageDraw.Draw(self._picture)
        self._font = ImageFont.load_default(_FINE * _FONT_SIZE)

    def finished(self) -> Pillow.Image:
        """Return the picture."""
        return self._picture.reduce(_FINE)

    def polyline(self, points: FloatArray, colour: Colour, width: float = 1.5) -> None:
        """Draw a line through points (P, 2), interrupted where they are not finite."""
        for part in _finite_parts(points):
            places = [(_FINE * x, _FINE * y) for x, y in part.tolist()]
            self._pen.line(places, fill=colour, width=max(round(_FINE * width), 1), joint="curve")

    def dots(self, points: FloatArray, colours: list[Colour], radius: float) -> None:
        """Draw round dots at points (P, 2), each in its colour."""
        for (x, y), colour in zip((_FINE * points).tolist(), colours, strict=True):
            reach = _FINE * radius
            self._pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)

    def bars(self, corners: FloatArray, colour: Colour) -> None:
        """Fill boxes given by left, top, right and bottom, (B, 4)."""
        for box in (_FINE * corners).tolist():
            self._pen.rectangle(box, fill=colour)

    def frame(self, box: Box) -> None:
        """Draw the outline of a part."""
        self._pen.rectangle([_FINE * side for side in box], outline=FAINT, width=_FINE)

    def text(self, x: int, y: int, words: str, colour: Colour = INK) -> None:
        """Write a line, its upper left corner at a place."""
        self._pen.text((_FINE * x, _FINE * y), words.replace("−", "-"), fill=colour, font=self._font)

    def paste(self, pixels: np.ndarray, left: int, top: int) -> None:
        """Put pixels (H, W, 3) at a place, each as large as a pixel of the finished picture."""
        fine = np.repeat(np.repeat(pixels, _FINE, axis=0), _FINE, axis=1)
        self._picture.paste(Pillow.fromarray(fine), (_FINE * left, _FINE * top))


def within(box: Box, bounds: tuple[float, float, float, float], x: FloatArray, y: FloatArray) -> FloatArray:
    """Return where points lie in a part whose axes go over `bounds` (x from, y from, x to, y to), (P, 2)."""
    left, top, right, bottom = box
    x_from, y_from, x_to, y_to = bounds
    across = left + (x - x_from) / ((x_to - x_from) or 1.0) * (right - left)
    return np.column_stack([across, bottom - (y - y_from) / ((y_to - y_from) or 1.0) * (bottom - top)])


def draw_climb(sheet: Sheet, box: Box, iteration: IntArray, level: FloatArray, at: int) -> None:
    """Draw the likelihood over the iterations, (T,) each, with a dot at the step shown."""
    room = 0.06 * (float(np.ptp(level)) or 1.0)
    end = max(float(iteration[-1]), 1.0)
    bounds = (-0.04 * end, float(level.min()) - room, 1.04 * end, float(level.max()) + room)
    places = within(box, bounds, iteration.astype(np.float64), level)
    sheet.frame(box)
    sheet.polyline(places, ACCENT, 2.0)
    sheet.dots(places[[at]], [INK], 4.5)
    sheet.text(box[0], box[3] + 6, f"iteration {int(iteration[at])}   L = {level[at]:.4f}")


def animation_events(
    frames: Iterator[Pillow.Image], n_frames: int, path: Path, should_stop: ShouldStop
) -> Generator[Progress, None, list[Path]]:
    """Write frames one after another, and return the path.

    Parameters
    ----------
    frames : iterator of PIL.Image.Image
        RGB, of one size; drawn as they are taken.
    n_frames : int
        How many there will be.
    path : Path
        Ends in one of `SUFFIXES`: GIF has 256 colours a frame, animated PNG all.
    should_stop : callable
        Asked before each frame; anything but NONE raises `Cancelled`, and nothing is written.

    Raises
    ------
    WriteError
    Cancelled
    """
    check_suffix(path, "animation", SUFFIXES)
    is_gif = path.name.lower().endswith(SUFFIXES[0])
    drawn: list[Pillow.Image] = []
    for frame in frames:
        raise_if_ended(should_stop)
        drawn.append(frame.quantize(256, dither=Pillow.Dither.NONE) if is_gif else frame)
        yield Progress(f"Frame {len(drawn)} of {n_frames}", len(drawn) / n_frames)
    raise_if_ended(should_stop)
    write(path, _encoded(drawn, "GIF" if is_gif else "PNG"))
    return [path]


def _encoded(frames: list[Pillow.Image], form: str) -> bytes:
    durations = [_SHOWN_MS] * (len(frames) - 1) + [_LAST_MS]
    first, *others = frames
    return encode_picture(first, form, save_all=True, append_images=others, duration=durations, loop=0)


def _finite_parts(points: FloatArray) -> Iterator[FloatArray]:
    """Yield the stretches of at least two finite points in a row."""
    is_finite = np.isfinite(points).all(axis=1)
    ends = np.flatnonzero(np.diff(np.concatenate([[0], is_finite.view(np.int8), [0]])))
    for start, stop in ends.reshape(-1, 2):
        if stop - start > 1:
            yield points[start:stop]
