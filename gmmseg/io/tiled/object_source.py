"""TiledObjectSource: the objects of a picture beyond memory, at full size, as what is to be exported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.errors import WriteError
from gmmseg.image import PixelGrid, PixelSize
from gmmseg.io.export_items import ExportItem, ExportKind
from gmmseg.io.interchange.coco import encode_coco_of
from gmmseg.io.interchange.geojson import encode_geojson_of
from gmmseg.io.object_masks import encode_object_mask, object_folder
from gmmseg.io.object_source import ObjectSource
from gmmseg.io.outputs import Encoded, Folder
from gmmseg.io.reports import build_object_report, encode_report
from gmmseg.io.tables import encode_object_table
from gmmseg.io.tiled.object_pyramid import ObjectPyramid, object_tiff, object_zarr
from gmmseg.photo.classes import ClassInfo
from gmmseg.photo.objects.objects import ObjectInfo
from gmmseg.photo.objects.patch import Patch
from gmmseg.regions.table import RegionTable, joined_tables, region_table

TILED_OBJECT_KINDS: tuple[ExportKind, ...] = (
    "mask", "semantic", "binary", "ome-zarr", "legend", "report", "table", "coco", "geojson",
    "cutout", "cutouts", "binaries", "overlay",
)  # fmt: skip
"""Files that can be written of them; an overlay is of the overview."""
_TIFFS = (".tif", ".tiff")
_WHITE = 255
_MOST_PIXELS_OF_COCO = 1 << 34


@dataclass(frozen=True, eq=False)
class TiledObjectSource(ObjectSource):
    """Objects whose map is that of the picture of which the photo is the overview.

    Parameters
    ----------
    overview : ObjectSource
        The same objects in the photo's own pixels.
    """

    overview: ObjectSource | None = None

    @property
    def shape(self) -> tuple[int, int]:
        return self.objects.shape

    def encode(self, item: ExportItem, should_stop: ShouldStop) -> Encoded:
        suffix = item.path.suffix.lower()
        if item.kind not in TILED_OBJECT_KINDS:
            raise WriteError(
                f"Objects of a picture beyond memory are not written as “{item.kind}”.",
                "Write a mask, OME-Zarr, COCO, GeoJSON or their table.",
            )
        if item.kind in ("mask", "semantic", "binary") and suffix not in _TIFFS:
            raise WriteError(
                f"A mask of {self.shape[1]:,} × {self.shape[0]:,} pixels is written in tiles, and “{suffix}” "
                "has none.",
                "Let its name end in .tif, or write OME-Zarr.",
            )
        if item.kind == "overlay" and self.overview is not None:
            return self.overview.encode(item, should_stop)
        own = self._encoders.get(item.kind)
        return super().encode(item, should_stop) if own is None else own(item, should_stop)

    @property
    def _encoders(self) -> dict[ExportKind, Callable[[ExportItem, ShouldStop], Encoded]]:
        return {
            "mask": self._mask_tiff,
            "semantic": self._semantic_tiff,
            "binary": self._binary_tiff,
            "ome-zarr": self._zarr,
            "coco": lambda item, should_stop: encode_coco_of(
                self._counted(should_stop), self.shape, self.classes, self.image.source.name,
                self.categories(),
            ),
            "geojson": lambda item, should_stop: encode_geojson_of(self._placed(should_stop)),
        }  # fmt: skip

    # Maps

    def _pyramid(self, values: AnyArray, item: ExportItem) -> ObjectPyramid:
        narrow = values.astype(np.uint8 if int(values.max(initial=0)) < _WHITE + 1 else np.uint16)
        ids, size = self.objects.ids, self._pixel_size(item.pixel_size)
        return ObjectPyramid(ids, narrow, ids.shape, narrow.dtype.name, size)

    def _pixel_size(self, given: PixelSize | None) -> PixelSize | None:
        """Return width and height of a pixel of the picture."""
        size, step = self.image.pixel_size, self.image.step_of_levels
        return given or (None if size is None else (size[0] / step, size[1] / step))

    def _values(self, value_of: Callable[[ObjectInfo], int], of_none: int = 0) -> AnyArray:
        """Return the value of each id: of the objects that are written, and that of all others."""
        values = np.full(1 + max((entry.id for entry in self.objects), default=0), of_none, dtype=np.int64)
        for entry in self.entries:
            values[entry.id] = value_of(entry)
        return values

    def _mask_tiff(self, item: ExportItem, should_stop: ShouldStop) -> bytes:
        held, values = self.legend(item.zero_based), self._values(lambda entry: entry.id)
        if item.zero_based:
            places = {entry.id: at for at, entry in enumerate(self.entries)}
            values = self._values(lambda entry: places[entry.id], held["no_class"])
        return object_tiff(self._pyramid(values, item), held, should_stop)

    def _semantic_tiff(self, item: ExportItem, should_stop: ShouldStop) -> bytes:
        numbers = self.objects.categories()
        pyramid = self._pyramid(self._values(lambda entry: numbers[entry.name]), item)
        return object_tiff(pyramid, self.semantic_legend(), should_stop)

    def _binary_tiff(self, item: ExportItem, should_stop: ShouldStop) -> bytes:
        pyramid = self._pyramid(self._values(lambda _: _WHITE), item)
        return object_tiff(pyramid, self.binary_legend(), should_stop)

    def _zarr(self, item: ExportItem, should_stop: ShouldStop) -> Folder:
        pyramid = self._pyramid(self._values(lambda entry: entry.id), item)
        return object_zarr(pyramid, self.classes, self.image.source.name, should_stop)

    # Objects one by one

    def _patches(self, should_stop: ShouldStop) -> Iterator[tuple[ClassInfo, Patch]]:
        """Yield the objects that are written, as classes, with their pixels."""
        for entry in self.classes:
            raise_if_cancelled(should_stop)
            if entry.id in self.boxes:
                yield entry, self.objects.patch_of(entry.id, self.boxes[entry.id])

    def _placed(self, should_stop: ShouldStop) -> Iterator[tuple[ClassInfo, BoolArray, PixelGrid]]:
        for entry, patch in self._patches(should_stop):
            yield entry, patch.mask, PixelGrid(patch.left, patch.top)

    def _counted(self, should_stop: ShouldStop) -> Iterator[tuple[ClassInfo, Patch]]:
        height, width = self.shape
        if height * width >= _MOST_PIXELS_OF_COCO:
            raise WriteError(
                f"COCO cannot tell runs of as many pixels as {width:,} × {height:,}.",
                "Write GeoJSON, or a mask.",
            )
        return self._patches(should_stop)

    def csv(self, pixel_size: PixelSize | None, should_stop: ShouldStop) -> bytes:
        size = self._pixel_size(pixel_size)
        tables = [
            self._measured(patch, at + 1, size, should_stop)
            for at, (_, patch) in enumerate(self._patches(should_stop))
        ]
        return encode_object_table(joined_tables(tables), self._filled())

    def _measured(
        self, patch: Patch, number: int, pixel_size: PixelSize | None, should_stop: ShouldStop
    ) -> RegionTable:
        """Return the table of one object, measured in its box and a pixel around it."""
        top, left, bottom, right = (
            max(patch.top - 1, 0), max(patch.left - 1, 0),
            min(patch.box[0].stop + 1, self.shape[0]), min(patch.box[1].stop + 1, self.shape[1]),
        )  # fmt: skip
        part = self.image.part_of_picture((slice(top, bottom), slice(left, right)))
        mask = patch.inside((slice(top, bottom), slice(left, right)))
        labels = np.where(mask, np.int64(number), 0)
        table = region_table(part, labels, has_shapes=True, pixel_size=pixel_size, should_stop=should_stop)
        return table.moved(top, left)

    def report(self) -> bytes:
        report = build_object_report(self.image, self.objects, self.command, self.seconds)
        height, width = self.shape
        report["image"].update(height=height, width=width)
        return encode_report({**report, "n_pixels": height * width})

    def binaries(self) -> Folder:
        """Return a mask of each object's box; the list says where the box is."""
        return object_folder(
            self._filled(),
            lambda entry: encode_object_mask(
                ".png", self.objects.patch_of(entry.id, self.boxes[entry.id]).mask
            ),
            {each: {"left": box[1].start, "top": box[0].start} for each, box in self.boxes.items()},
        )
