"""Exports of each picture of a batch: those of a map, or a mask for each box."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gmmseg.batch.areas import Area, areas_of
from gmmseg.batch.methods import FittedMixture, Method, description
from gmmseg.batch.pictures import Made
from gmmseg.batch.sheet import thumbnail
from gmmseg.colours import class_colour
from gmmseg.control import Progress, ShouldStop, relayed
from gmmseg.display import Display
from gmmseg.drawing.layer_colours import class_rgba
from gmmseg.errors import GmmsegError, WriteError
from gmmseg.image import Image
from gmmseg.io.atomic import write_atomically
from gmmseg.io.export import export_events
from gmmseg.io.export_items import ExportItem
from gmmseg.io.object_masks import encode_cutout, encode_object_mask
from gmmseg.mixture.params import FitStep
from gmmseg.object_selector import ObjectSelector
from gmmseg.selection.prompts import Box
from gmmseg.selection.site import site_events


@dataclass(frozen=True, slots=True)
class ExportTask:
    """A picture and what is exported of it."""

    image: Path
    items: tuple[ExportItem, ...]

    @property
    def outputs(self) -> Sequence[Path]:
        return [item.path for item in self.items]

    def description(self) -> Any:
        return [
            [item.kind, item.path.name, item.zero_based, item.palette, item.overlay_opacity,
             item.least_part, item.pixel_size,
             # Such a file tells where the picture lies.
             os.path.relpath(self.image, item.path.parent) if item.kind == "labelme" else "",
             *_display_told(item.display).values()]
            for item in self.items
        ]  # fmt: skip


def _display_told(display: Display | None) -> dict[str, Any]:
    """Return what a record holds of a display: nothing of the automatic one."""
    return {} if display is None else {"display": description(display)}


@dataclass(frozen=True, slots=True)
class ExportMaker:
    """Segments a picture and exports the map.

    Parameters
    ----------
    method : Method
    command : str
        What the reports tell was run.
    """

    method: Method
    command: str

    def description(self) -> Any:
        return description(self.method)

    def events(
        self,
        image: Image,
        task: ExportTask,
        read_seconds: float,
        wants_thumbnail: bool,
        should_stop: ShouldStop,
    ) -> Generator[Progress, None, Made]:
        method = self.method
        n_starts = method.settings.mixture.n_init if isinstance(method, FittedMixture) else 1
        events = method.events(image, self.command, should_stop)
        source = yield from relayed(events, partial(_progress, n_starts=n_starts))
        source = source.timed({"read": read_seconds, **source.seconds})
        yield from export_events(source, task.items, should_stop)
        small = thumbnail(image, source.labels, class_rgba(source.classes)) if wants_thumbnail else b""
        return Made(areas_of(source), small, source.remarks)


def _progress(event: object, n_starts: int) -> tuple[Progress, ...]:
    """Return what an event of a segmentation says to people."""
    if isinstance(event, Progress):
        return (event,)
    if isinstance(event, FitStep):
        return (Progress(event.progress_text(n_starts)),)
    return ()


@dataclass(frozen=True, slots=True)
class BoxedObject:
    """A box around an object, its name, and the files of its mask and, if wanted, of its cut-out."""

    box: Box
    name: str
    path: Path
    cutout: Path | None = None


@dataclass(frozen=True, slots=True)
class BoxesTask:
    """A picture and the objects to cut out of it."""

    image: Path
    objects: tuple[BoxedObject, ...]

    @property
    def outputs(self) -> Sequence[Path]:
        cutouts = [one.cutout for one in self.objects if one.cutout is not None]
        return [*(one.path for one in self.objects), *cutouts]

    def description(self) -> Any:
        return [[list(one.box), one.name, one.path.name] for one in self.objects]


@dataclass(frozen=True, slots=True)
class BoxesMaker:
    """Cuts out the object in each box of a picture and writes its mask.

    Parameters
    ----------
    seed : int
        Of the regions.
    display : Display, optional
        How cut-outs show the photo; automatically where None.
    """

    seed: int = 0
    display: Display | None = None

    def description(self) -> Any:
        return {"boxes": self.seed, **_display_told(self.display)}

    def events(
        self,
        image: Image,
        task: BoxesTask,
        read_seconds: float,
        wants_thumbnail: bool,
        should_stop: ShouldStop,
    ) -> Generator[Progress, None, Made]:
        selector = ObjectSelector.on((yield from site_events(image, self.seed, should_stop)))
        labels = np.zeros((image.height, image.width), dtype=np.uint16)
        areas: list[Area] = []
        failures: list[str] = []
        for at, one in enumerate(task.objects):
            yield Progress(f"Object {at + 1} of {len(task.objects)}", at / len(task.objects))
            try:
                mask = selector.select([], one.box)
                write_atomically(one.path, encode_object_mask(one.path.suffix, mask))
                if one.cutout is not None:
                    write_atomically(one.cutout, encode_cutout(image, mask, self.display))
            except GmmsegError as error:
                if isinstance(error, WriteError) or len(task.objects) == 1:
                    raise
                failures.append(str(error))
                continue
            labels[mask] = at + 1
            areas.append(Area(at + 1, one.name, int(mask.sum()), float(mask.mean())))
        colours = np.array(
            [(0, 0, 0), *(class_colour(at) for at in range(len(task.objects)))], dtype=np.uint8
        )
        small = thumbnail(image, labels, colours) if wants_thumbnail else b""
        return Made(tuple(areas), small, (), tuple(failures))
