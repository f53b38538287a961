"""ObjectSource: the objects of an image as what is to be exported, and the files that only objects have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gmmseg.arrays import BoolArray, ByteArray, LabelArray
from gmmseg.control import ShouldStop
from gmmseg.display import Display, automatic_display
from gmmseg.errors import WriteError
from gmmseg.image import Image, PixelSize
from gmmseg.io.export_items import ExportItem
from gmmseg.io.export_sources import ExportSource, pixel_size_of
from gmmseg.io.masks import encode_mask, encode_rgb_png
from gmmseg.io.npy import encode_npy
from gmmseg.io.object_masks import encode_object_mask, object_folder
from gmmseg.io.outputs import Encoded, Folder
from gmmseg.io.reports import build_object_report, encode_report
from gmmseg.io.tables import encode_object_table
from gmmseg.limits import check_pixels
from gmmseg.photo.classes import ClassInfo, ClassTable
from gmmseg.photo.objects.objects import ObjectInfo, ObjectMap
from gmmseg.photo.objects.tiles import Box
from gmmseg.regions.table import region_table
from gmmseg.render import display_rgb

_BYTES_OF_CUTOUT = 12
"""For each pixel: ids, mask, colours, and these with alpha."""


@dataclass(frozen=True, eq=False)
class ObjectSource(ExportSource):
    """Objects of an image, each a class of its own with its id as value.

    Parameters
    ----------
    photo : Image
    objects : ObjectMap
    command : str
    seconds : mapping
    chosen : tuple of int
        Ids of those to write; empty is all.
    """

    photo: Image
    objects: ObjectMap
    command: str
    seconds: Mapping[str, float]
    chosen: tuple[int, ...] = ()

    @cached_property
    def entries(self) -> tuple[ObjectInfo, ...]:
        """The objects that are written, in display order."""
        return tuple(entry for entry in self.objects if not self.chosen or entry.id in self.chosen)

    @cached_property
    def classes(self) -> ClassTable:  # type: ignore[override]
        """One class for each object."""
        return ClassTable(
            tuple(
                ClassInfo(entry.id, entry.name, entry.colour, (at,), entry.is_visible)
                for at, entry in enumerate(self.entries)
            )
        )

    @cached_property
    def labels(self) -> LabelArray:
        """0 unlabelled, k + 1 the k-th object that is written, (H, W)."""
        table = np.zeros(1 + max((entry.id for entry in self.objects), default=0), dtype=np.uint16)
        for at, entry in enumerate(self.entries):
            table[entry.id] = at + 1
        ranks = table[self.objects.ids.read()]
        return ranks.astype(np.uint8) if len(self.entries) < 255 else ranks

    @property
    def image(self) -> Image:
        return self.photo

    def legend(self, zero_based: bool = False) -> dict[str, Any]:
        held = super().legend(zero_based)
        held["values"] = "0-based positions" if zero_based else "object ids from 1"
        categories = self.objects.categories()
        for entry in held["classes"]:
            del entry["components"]
            entry["category"] = categories[entry["name"]]
        return held

    def model(self) -> bytes:
        raise WriteError(
            "Objects are of one image and have no model that labels others.",
            "Export the mixture's model, or leave the model out.",
        )

    def report(self) -> bytes:
        return encode_report(build_object_report(self.image, self.objects, self.command, self.seconds))

    def csv(self, pixel_size: PixelSize | None, should_stop: ShouldStop) -> bytes:
        table = region_table(
            self.image, self.labels, has_shapes=True, pixel_size=pixel_size, should_stop=should_stop
        )
        return encode_object_table(table, self.entries)

    def categories(self) -> Mapping[int, int]:
        values = self.objects.categories()
        return {entry.id: values[entry.name] for entry in self.entries}

    def encode(self, item: ExportItem, should_stop: ShouldStop) -> Encoded:
        match item.kind:
            case "semantic":
                return self._semantic(item)
            case "binary":
                return self._binary(item)
            case "cutout":
                return encode_rgb_png(self._cut_out(self._filled(), item.display))
            case "cutouts":
                return object_folder(
                    self._filled(), lambda entry: encode_rgb_png(self._cut_out([entry], item.display))
                )
            case "binaries":
                return self.binaries()
        return super().encode(item, should_stop)

    def _semantic(self, item: ExportItem) -> bytes:
        values = self.objects.categories()
        kept = {entry.name for entry in self.entries}
        first = {entry.name: entry for entry in reversed(self.entries)}
        classes = ClassTable(
            tuple(
                ClassInfo(value, name, first[name].colour, (at,))
                for at, (name, value) in enumerate(pair for pair in values.items() if pair[0] in kept)
            )
        )
        table = np.zeros(len(self.entries) + 1, dtype=np.uint16)
        table[1:] = [values[entry.name] for entry in self.entries]
        ids = table[self.labels]
        if ids.max(initial=0) < 255:
            ids = ids.astype(np.uint8)
        held, size = self.semantic_legend(), pixel_size_of(self, item)
        return encode_mask(item.path.suffix, ids, classes, metadata=held, pixel_size=size)

    def semantic_legend(self) -> dict[str, Any]:
        """Return which value of a mask of categories means what."""
        kept = {entry.name for entry in self.entries}
        values = {name: value for name, value in self.objects.categories().items() if name in kept}
        return {
            "values": "categories from 1",
            "no_class": 0,
            "ignore": 255,
            "classes": [{"id": value, "name": name} for name, value in values.items()],
            "image": self.facts(),
        }

    def binary_legend(self) -> dict[str, Any]:
        """Return what the values of a mask of all objects mean."""
        return {"values": "255 object, 0 background", "image": self.facts()}

    def _binary(self, item: ExportItem) -> bytes:
        mask: BoolArray = self.labels > 0
        if item.path.suffix.lower() == ".npy":
            return encode_npy(mask)
        return encode_mask(
            item.path.suffix, mask.view(np.uint8) * np.uint8(255), ClassTable(),
            palette="grey", metadata=self.binary_legend(), pixel_size=pixel_size_of(self, item),
        )  # fmt: skip

    def binaries(self) -> Folder:
        """Return a mask of 0 and 255 for each object."""
        return object_folder(self._filled(), lambda entry: encode_object_mask(".png", self._mask_of(entry)))

    def _filled(self) -> list[ObjectInfo]:
        """Return the objects that are written and have pixels."""
        return [entry for entry in self.entries if entry.id in self.boxes]

    @cached_property
    def boxes(self) -> dict[int, Box]:
        """The box of each object, by id."""
        return self.objects.boxes()

    def _cut_out(self, entries: Sequence[ObjectInfo], display: Display | None) -> ByteArray:
        return cut_out(
            self.image, self.objects, {entry.id: self.boxes[entry.id] for entry in entries}, display
        )

    def _mask_of(self, entry: ObjectInfo) -> BoolArray:
        return self.objects.patch_of(entry.id, self.boxes[entry.id]).full(
            (self.image.height, self.image.width)
        )


def cut_out(
    image: Image, objects: ObjectMap, boxes: Mapping[int, Box], display: Display | None = None
) -> ByteArray:
    """Return the pixels of objects as displayed, cropped to them, with alpha 0 outside, (h, w, 4).

    `boxes` are theirs, by id; `display` is as for `display_rgb`.

    Raises
    ------
    WriteError
        They have no pixels.
    BudgetError
    ReadError
    """
    if not boxes:
        raise WriteError("There is no object to cut out.", "Select one and press Enter.")
    rows, columns = (
        slice(min(along.start for along in sides), max(along.stop for along in sides))
        for sides in zip(*boxes.values(), strict=True)
    )
    check_pixels(columns.stop - columns.start, rows.stop - rows.start, _BYTES_OF_CUTOUT, 1)
    inside = np.isin(objects.ids.read((rows, columns)), list(boxes))
    pixels = np.zeros((*inside.shape, 4), dtype=np.uint8)
    pixels[inside, :3] = _displayed(image, (rows, columns), display)[inside]
    pixels[inside, 3] = 255
    return pixels


def _displayed(image: Image, box: Box, display: Display | None) -> ByteArray:
    """Return a box of the picture as it is displayed as a whole."""
    if image.levels is None:
        return display_rgb(image, display)[box]
    return display_rgb(image.part_of_picture(box), display or automatic_display(image))
