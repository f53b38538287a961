"""A page of the laboratory as an animation: a frame for each moment of its scrub bar."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from gmmseg.arrays import FloatArray
from gmmseg.colours import Colour
from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.errors import WriteError
from gmmseg.io.animation import ACCENT, FAINT, INK, Box, Sheet, animation_events, draw_climb, within
from gmmseg.laboratory.page import Page
from gmmseg.laboratory.scene import Chart, Convergence, Scene, Tint

_SIDE, _MARGIN, _CAPTION = 440, 16, 26
_CASING: Colour = (90, 98, 108)
_ROLES: dict[str, Colour] = {
    "accent": ACCENT,
    "text": INK,
    "muted": (83, 93, 105),
    "error": (179, 35, 26),
    "warning": (133, 80, 0),
    "ok": (23, 112, 47),
}


def page_animation_events(
    page: Page, path: Path, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, list[Path]]:
    """Write a frame for each moment of a page and return the path.

    Parameters
    ----------
    page : Page
    path, should_stop
        As for `gmmseg.io.animation.animation_events`, which tells what else is raised.

    Raises
    ------
    WriteError
        The page has no moments to go through.
    """
    transport = page.scene().transport
    if transport is None or transport.length < 2:
        raise WriteError("There are no steps to show one after another.", "Run the page first.")
    n_frames = transport.length
    frames = (_drawn(page.scrubbed(at).scene()) for at in range(n_frames))
    return (yield from animation_events(frames, n_frames, path, should_stop))


def _drawn(scene: Scene) -> Pillow.Image:
    """Return the charts of a scene side by side, and what moment it is."""
    pictures = [
        picture
        for picture in scene.pictures
        if isinstance(picture, Convergence) or (isinstance(picture, Chart) and picture.matrix is None)
    ]
    step = _SIDE + _MARGIN
    sheet = Sheet(_MARGIN + step * len(pictures), _SIDE + 3 * _MARGIN + _CAPTION)
    for at, picture in enumerate(pictures):
        box = (_MARGIN + at * step, _MARGIN, at * step + step, _MARGIN + _SIDE)
        if isinstance(picture, Chart):
            part = Sheet(_SIDE, _SIDE)
            _draw_chart(part, (0, 0, _SIDE - 1, _SIDE - 1), picture)
            sheet.paste(np.asarray(part.finished()), box[0], box[1])
            sheet.frame(box)
        else:
            kept = picture.kept
            draw_climb(sheet, box, kept.iteration, kept.bound, picture.marked or 0)
    if scene.transport is not None:
        sheet.text(_MARGIN, _SIDE + _MARGIN + 6, scene.transport.label)
    return sheet.finished()


def _draw_chart(sheet: Sheet, box: Box, chart: Chart) -> None:
    bounds = _with_equal_units(chart.bounds) if chart.is_equal else chart.bounds

    def places(x: FloatArray, y: FloatArray) -> FloatArray:
        return within(box, bounds, x, y)

    bars, points = chart.histogram, chart.points
    if bars is not None:
        low = places(bars.edges[:-1], bars.density)
        high = places(bars.edges[1:], np.zeros_like(bars.density))
        sheet.bars(np.column_stack([low, high]), FAINT)
    if points is not None:
        colours = [(red, green, blue) for red, green, blue, _ in points.tints.tolist()]
        sheet.dots(places(points.x, points.y), colours, 1.6)
    for line in chart.lines:
        if line.width > 0:
            sheet.polyline(places(line.x, line.y), _colour(line.tint), line.width)
        if line.has_dots:
            sheet.dots(places(line.x, line.y), [_colour(line.tint)] * len(line.x), 2.5)
    for shape in chart.shapes:
        sheet.polyline(places(shape.x, shape.y), _CASING, 3.0)
        sheet.polyline(places(shape.x, shape.y), shape.colour, 2.0)
        middle = places(np.array([shape.mean[0]]), np.array([shape.mean[1]]))
        sheet.dots(middle, [shape.colour], 7.0)
        sheet.text(round(middle[0, 0]) - 4, round(middle[0, 1]) - 8, str(shape.number))


def _with_equal_units(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return wider bounds, over which a square has one unit for both axes."""
    x_from, y_from, x_to, y_to = bounds
    half = max(x_to - x_from, y_to - y_from) / 2
    x, y = (x_from + x_to) / 2, (y_from + y_to) / 2
    return x - half, y - half, x + half, y + half


def _colour(tint: Tint) -> Colour:
    return tint if isinstance(tint, tuple) else _ROLES[tint]
