"""EM on an image as an animation: the map of classes of each step beside the rise of the likelihood."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from gmmseg.arrays import ByteArray
from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.drawing.convergence import curves
from gmmseg.features.build import feature_table
from gmmseg.features.table import FeatureTable
from gmmseg.io.animation import Sheet, animation_events, draw_climb
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Fit
from gmmseg.photo.labelling import Labeller

_LONGEST = 480
"""Side of the map, pixels: every so-many-th pixel of the image is shown."""
_MARGIN, _CURVE, _LEAST = 16, 300, 260


def fit_animation_events(
    fit: Fit, classes: ClassTable, path: Path, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, list[Path]]:
    """Write a frame for each step of the restart that a fit kept, and return the path.

    Each shows the classes of single pixels under the parameters of the step, as the window does when the step
    is chosen there.

    Parameters
    ----------
    fit : Fit
    classes : ClassTable
        Of the fit's components.
    path, should_stop
        As for `gmmseg.io.animation.animation_events`, which tells what is raised.
    """
    yield Progress("Reading the colours")
    table = feature_table(fit.image, fit.settings.features, should_stop, fit.model.standard)
    frames = _frames(fit, classes, table, should_stop)
    return (yield from animation_events(frames, len(fit.result.history), path, should_stop))


def _frames(
    fit: Fit, classes: ClassTable, table: FeatureTable, should_stop: ShouldStop
) -> Iterator[Pillow.Image]:
    image, figures = fit.image, curves(fit.result.history)
    labeller = Labeller(image, fit.settings.smooth, table, should_stop=should_stop)
    step = max(1, math.ceil(max(image.height, image.width) / _LONGEST))
    height, width = (-(-side // step) for side in (image.height, image.width))
    for at, reached in enumerate(fit.result.history):
        labels = labeller.labelled(reached.params).labels
        tall = max(height, _LEAST)
        sheet = Sheet(width + _CURVE + 3 * _MARGIN, tall + 3 * _MARGIN)
        sheet.paste(_colours(classes, reached.params.n_components)[labels[::step, ::step]], _MARGIN, _MARGIN)
        left = width + 2 * _MARGIN
        box = (left, _MARGIN, left + _CURVE, _MARGIN + tall)
        draw_climb(sheet, box, figures.iteration, figures.bound, at)
        yield sheet.finished()


def _colours(classes: ClassTable, n_components: int) -> ByteArray:
    """Return (K + 1, 3) colours by value of a label map; white where there is no data, or no class."""
    colours = np.full((n_components + 1, 3), 255, dtype=np.uint8)
    if classes.n_components == n_components:
        colours[1:] = classes.colours_by_component()
    return colours
