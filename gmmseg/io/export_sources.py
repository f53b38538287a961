"""Sources of an export, a mixture's label map or a map of regions, and the encoder of each kind of file."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from gmmseg.arrays import AnyArray, Float32Array, LabelArray
from gmmseg.control import ShouldStop
from gmmseg.drawing.layer_colours import class_rgba
from gmmseg.errors import WriteError
from gmmseg.features.table import FeatureTable
from gmmseg.image import Image, PixelSize
from gmmseg.io.export_items import OBJECT_KINDS, ExportItem, ExportKind, is_ome_tiff
from gmmseg.io.interchange.coco import encode_coco
from gmmseg.io.interchange.geojson import encode_geojson
from gmmseg.io.interchange.imagej_roi import encode_rois
from gmmseg.io.interchange.labelme import encode_labelme
from gmmseg.io.interchange.ome_tiff import encode_ome_labels, encode_ome_posteriors
from gmmseg.io.interchange.ome_zarr import is_ome_zarr, ome_zarr_files
from gmmseg.io.interchange.svg import encode_svg
from gmmseg.io.masks import (
    encode_legend,
    encode_mask,
    encode_npz,
    encode_probabilities,
    encode_rgb_png,
    legend,
    mask_ids,
)
from gmmseg.io.models import dump_model
from gmmseg.io.outputs import Encoded, Folder
from gmmseg.io.reports import build_region_report, build_report, encode_report
from gmmseg.io.tables import encode_component_table, encode_part_table, encode_region_table
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Fit
from gmmseg.photo.parts import part_table
from gmmseg.photo.segmentation import Segmentation, class_planes, label_counts
from gmmseg.regions.table import region_table
from gmmseg.render import overlay_rgb

if TYPE_CHECKING:
    from gmmseg.regions.outcome import RegionOutcome


class ExportSource(ABC):
    """A label map with its classes, and what else is known of it."""

    __slots__ = ()

    classes: ClassTable
    """As the user named and merged them."""
    command: str
    """The command that was run, for the report."""
    seconds: Mapping[str, float]
    """Duration of the stages so far, for the report."""

    @property
    @abstractmethod
    def image(self) -> Image:
        """The image that was segmented."""

    @property
    @abstractmethod
    def labels(self) -> LabelArray:
        """Values indexing the classes' components, (H, W): 0 no data, k + 1 component k."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about the result, for the user."""
        return ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """All that a command line tells of the result: what was chosen by the program, and the warnings."""
        return self.warnings

    def timed(self, seconds: Mapping[str, float]) -> Self:
        """Return the same with other durations."""
        timed: Self = replace(cast(Any, self), seconds=seconds)
        return timed

    def planes(self, should_stop: ShouldStop) -> Iterator[Float32Array] | None:
        """Return the posterior of each class at each pixel, float32 (H, W); None where there are none."""
        return None

    @abstractmethod
    def model(self) -> bytes:
        """Return the fitted model as JSON; raises `WriteError` where there is none."""

    @abstractmethod
    def report(self) -> bytes:
        """Return the report as JSON."""

    @abstractmethod
    def csv(self, pixel_size: PixelSize | None, should_stop: ShouldStop) -> bytes:
        """Return what the label map consists of as CSV; `pixel_size` as for `region_table`."""

    def parts(self, least: int, pixel_size: PixelSize | None, should_stop: ShouldStop) -> bytes:
        """Return the connected parts of each class as CSV; raises `WriteError` where there are no classes."""
        raise WriteError(
            "Only classes have parts; regions and objects are listed one by one.", "Export their table."
        )

    def categories(self) -> Mapping[int, int] | None:
        """Return the category of each class by its id; None where every class is one of its own."""
        return None

    def encode(self, item: ExportItem, should_stop: ShouldStop) -> Encoded:
        """Return what an item asks for as the bytes of a file, or of the files of a folder."""
        if item.kind in OBJECT_KINDS:
            raise WriteError("Only objects can be written like this.", "Select an object, or export a mask.")
        return _ENCODERS[item.kind](self, item, should_stop)

    def facts(self) -> dict[str, Any]:
        """Return what a file says of the image that it belongs to."""
        source = self.image.source
        return {"name": source.name, "sha256": source.sha256}

    def legend(self, zero_based: bool = False) -> dict[str, Any]:
        """Return which value of a mask means what, and of which image, for the file's metadata."""
        return {**legend(self.classes, zero_based=zero_based), "image": self.facts()}

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.image.height, self.image.width


class _FitSource(ExportSource):
    """Base of the sources that are a mixture fitted to an image."""

    __slots__ = ()

    fit: Fit

    @property
    def image(self) -> Image:
        return self.fit.image

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.fit.result.warnings

    @property
    def remarks(self) -> tuple[str, ...]:
        return (*self.fit.choices, *self.warnings)

    def model(self) -> bytes:
        return dump_model(replace(self.fit.model, classes=self.classes))


@dataclass(frozen=True, slots=True, eq=False)
class MixtureSource(_FitSource):
    """A mixture fitted to the pixels of an image, and its maps."""

    fit: Fit
    table: FeatureTable
    segmentation: Segmentation
    classes: ClassTable
    command: str
    seconds: Mapping[str, float]

    @property
    def labels(self) -> LabelArray:
        return self.segmentation.labels

    def planes(self, should_stop: ShouldStop) -> Iterator[Float32Array]:
        return class_planes(self.segmentation, self.table, self.classes, should_stop)

    def figures(self) -> dict[str, Any]:
        """Return the report as plain values."""
        n_pixels, origin = self.table.n_pixels, self.segmentation.origin
        return build_report(self.fit, n_pixels, self.command, self.seconds, origin)

    def report(self) -> bytes:
        return encode_report(self.figures())

    def parts(self, least: int, pixel_size: PixelSize | None, should_stop: ShouldStop) -> bytes:
        table = part_table(
            self.image, self.labels, self.classes, least, pixel_size=pixel_size, should_stop=should_stop
        )
        return encode_part_table(table, self.classes)

    def csv(self, pixel_size: PixelSize | None, should_stop: ShouldStop) -> bytes:
        pixels = label_counts(self.labels, self.classes.n_components)
        return encode_component_table(self.fit.model, self.classes, pixels)


@dataclass(frozen=True, slots=True, eq=False)
class ModelSource(_FitSource):
    """A mixture whose image is missing: of all that can be exported there is its model alone."""

    fit: Fit
    classes: ClassTable
    command: str
    seconds: Mapping[str, float]

    @property
    def labels(self) -> LabelArray:
        raise _only_model()

    def planes(self, should_stop: ShouldStop) -> Iterator[Float32Array]:
        raise _only_model()

    def report(self) -> bytes:
        raise _only_model()

    def csv(self, pixel_size: PixelSize | None, should_stop: ShouldStop) -> bytes:
        raise _only_model()


@dataclass(frozen=True, slots=True, eq=False)
class RegionSource(ExportSource):
    """Regions of an image, each a class of its own."""

    outcome: RegionOutcome
    classes: ClassTable
    command: str
    seconds: Mapping[str, float]
    mixture: MixtureSource | None = None
    """Of the same image: the table of the regions then holds the mean posterior of each of its classes."""

    @property
    def image(self) -> Image:
        return self.outcome.image

    @property
    def labels(self) -> LabelArray:
        labels: LabelArray = self.outcome.regions.labels
        return labels

    def legend(self, zero_based: bool = False) -> dict[str, Any]:
        # Not super(): a class with slots is made twice.
        held = ExportSource.legend(self, zero_based)
        held["values"] = "0-based region indices" if zero_based else "regions from 1 in reading order"
        for entry in held["classes"]:
            del entry["components"]
        return held

    def model(self) -> bytes:
        raise WriteError(
            "Regions are of one image and have no model that labels others.",
            "Export the mixture's model, or leave the model out.",
        )

    def report(self) -> bytes:
        return encode_report(build_region_report(self.outcome, self.command, self.seconds))

    def csv(self, pixel_size: PixelSize | None, should_stop: ShouldStop) -> bytes:
        planes = None if self.mixture is None else self.mixture.planes(should_stop)
        names = () if self.mixture is None else tuple(entry.name for entry in self.mixture.classes)
        return encode_region_table(
            region_table(
                self.image, self.labels, planes, names, pixel_size=pixel_size, should_stop=should_stop
            )
        )


def _only_model() -> WriteError:
    return WriteError("Without its image there is only the model of a mixture.", "Find the image first.")


def _ids(source: ExportSource, item: ExportItem) -> AnyArray:
    return mask_ids(source.labels, source.classes, zero_based=item.zero_based)


def pixel_size_of(source: ExportSource, item: ExportItem) -> PixelSize | None:
    """Return width and height of a pixel in micrometres: what was given, or what the image's file tells."""
    return item.pixel_size or source.image.pixel_size


def _mask(source: ExportSource, item: ExportItem, should_stop: ShouldStop) -> bytes:
    ids, held = _ids(source, item), source.legend(item.zero_based)
    if item.path.suffix.lower() == ".npz":
        return encode_npz(ids, source.planes(should_stop), held)
    return encode_mask(
        item.path.suffix, ids, source.classes, zero_based=item.zero_based, palette=item.palette,
        metadata=held, pixel_size=pixel_size_of(source, item),
    )  # fmt: skip


def _probabilities(source: ExportSource, item: ExportItem, should_stop: ShouldStop) -> bytes:
    planes = source.planes(should_stop)
    if planes is None:
        raise WriteError(
            "Regions have no probabilities: a pixel is in its region or not.",
            "Leave the probabilities out, or export the mixture's.",
        )
    if item.path.suffix.lower() == ".npz":
        return encode_npz(_ids(source, item), planes, source.legend())
    encoder = encode_ome_posteriors if is_ome_tiff(item.path) else encode_probabilities
    return encoder(planes, source.shape, source.classes, pixel_size_of(source, item))


def _overlay(source: ExportSource, item: ExportItem, should_stop: ShouldStop) -> bytes:
    # What is seen: a hidden class shows the photo alone.
    colours = class_rgba(source.classes)
    return encode_rgb_png(
        overlay_rgb(source.image, source.labels, colours, item.overlay_opacity, item.display)
    )


def _labelme(source: ExportSource, item: ExportItem, should_stop: ShouldStop) -> bytes:
    image = source.image.source
    path = image.name
    if image.path is not None:
        try:
            path = Path(os.path.relpath(image.path, item.path.resolve().parent)).as_posix()
        except ValueError:
            # On Windows nothing leads from one drive to another.
            path = image.path.as_posix()
    return encode_labelme(_ids(source, item), source.classes, path)


def _ome_zarr(source: ExportSource, item: ExportItem, should_stop: ShouldStop) -> Folder:
    image, size = source.image, pixel_size_of(source, item)
    files = ome_zarr_files(image, _ids(source, item), source.classes, image.source.name, size)
    return Folder(files, is_ome_zarr)


_Encoder = Callable[[ExportSource, ExportItem, ShouldStop], Encoded]
_ENCODERS: dict[ExportKind, _Encoder] = {
    "mask": _mask,
    "legend": lambda source, item, should_stop: encode_legend(source.legend(item.zero_based)),
    "probabilities": _probabilities,
    "overlay": _overlay,
    "model": lambda source, item, should_stop: source.model(),
    "report": lambda source, item, should_stop: source.report(),
    "table": lambda source, item, should_stop: source.csv(item.pixel_size, should_stop),
    "parts": lambda source, item, should_stop: source.parts(item.least_part, item.pixel_size, should_stop),
    "coco": lambda source, item, should_stop: encode_coco(
        _ids(source, item), source.classes, source.image.source.name, source.categories()
    ),
    "geojson": lambda source, item, should_stop: encode_geojson(
        _ids(source, item), source.classes, source.image.grid
    ),
    "labelme": _labelme,
    "svg": lambda source, item, should_stop: encode_svg(_ids(source, item), source.classes),
    "roi": lambda source, item, should_stop: encode_rois(_ids(source, item), source.classes),
    "ome-tiff": lambda source, item, should_stop: encode_ome_labels(
        _ids(source, item), source.legend(item.zero_based), pixel_size_of(source, item)
    ),
    "ome-zarr": _ome_zarr,
}
