"""Export: what the window and the command line both call, so that the same input gives the same bytes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gmmseg.arrays import AnyArray, Float32Array
from gmmseg.classes import ClassTable
from gmmseg.control import Check, Progress, go_on, raise_if_cancelled
from gmmseg.document import Fit
from gmmseg.errors import WriteError
from gmmseg.features.table import FeatureTable
from gmmseg.io.atomic import check_folder_writable, check_writable, write_atomically, write_folder_atomically
from gmmseg.io.interchange.coco import encode_coco
from gmmseg.io.interchange.geojson import encode_geojson
from gmmseg.io.interchange.imagej_roi import encode_rois
from gmmseg.io.interchange.labelme import encode_labelme
from gmmseg.io.interchange.ome_tiff import encode_ome_labels, encode_ome_posteriors
from gmmseg.io.interchange.ome_zarr import is_ome_zarr, ome_zarr_files
from gmmseg.io.masks import (
    PaletteName,
    encode_mask,
    encode_npz,
    encode_probabilities,
    encode_rgb_png,
    legend,
    mask_ids,
)
from gmmseg.io.models import dump_model
from gmmseg.io.reports import build_report, encode_report
from gmmseg.io.tables import encode_component_table
from gmmseg.mixture.density import responsibilities
from gmmseg.render import overlay_rgb
from gmmseg.segmentation import Segmentation

ExportKind = Literal[
    "mask", "probabilities", "overlay", "model", "report", "table",
    "coco", "geojson", "labelme", "roi", "ome-tiff", "ome-zarr",
]  # fmt: skip
MASK_SUFFIXES = (".png", ".tif", ".tiff", ".npy", ".npz")
SUFFIXES: dict[ExportKind, tuple[str, ...]] = {
    "mask": MASK_SUFFIXES,
    "probabilities": (".tif", ".tiff", ".npz"),
    "overlay": (".png",),
    "model": (".json",),
    "report": (".json",),
    "table": (".csv",),
    "coco": (".json",),
    "geojson": (".geojson", ".json"),
    "labelme": (".json",),
    "roi": (".zip",),
    "ome-tiff": (".ome.tif", ".ome.tiff", ".tif", ".tiff"),
    "ome-zarr": (".ome.zarr", ".zarr"),
}
"""What a file of each kind is called; the first is the one to offer."""
_ROWS_IN_MEMORY = 1 << 24
"""Posteriors of all rows are computed once while they number at most this many; else once for each class."""


@dataclass(frozen=True, slots=True)
class ExportItem:
    """One file, or for ``ome-zarr`` one folder, to write.

    Parameters
    ----------
    path : Path
    kind : str
        A key of `SUFFIXES`.
    zero_based : bool
        Masks only: 0-based component indices instead of class ids.
    palette : {"class", "voc"}
        Masks only.
    overlay_opacity : float
        0..1, overlays only.
    as_bytes : bool
        TIFF probabilities only: 255ths as uint8 instead of float32.
    has_labels : bool
        OME-TIFF only: class ids instead of the classes' posteriors.
    """

    path: Path
    kind: ExportKind
    zero_based: bool = False
    palette: PaletteName = "class"
    overlay_opacity: float = 0.5
    as_bytes: bool = False
    has_labels: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ExportSubject:
    """What is exported.

    Parameters
    ----------
    fit : Fit
    table : FeatureTable
    segmentation : Segmentation
    classes : ClassTable
        As the user named and merged them.
    command : str
        What was run, for the report.
    seconds : dict
        Duration of the stages so far, for the report.
    """

    fit: Fit
    table: FeatureTable
    segmentation: Segmentation
    classes: ClassTable
    command: str
    seconds: dict[str, float]

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.fit.image.height, self.fit.image.width


def kind_for(path: Path) -> ExportKind:
    """Return ``mask``, which a path without ``--format`` means, when its extension is one of a label map.

    Raises
    ------
    WriteError
        The extension is missing or not one of a label map.
    """
    check_suffix(path, "mask")
    return "mask"


def check_suffix(path: Path, kind: ExportKind) -> None:
    """Raise `WriteError` when a path does not end as files of its kind do."""
    name = path.name.lower()
    if any(name.endswith(suffix) and name != suffix for suffix in SUFFIXES[kind]):
        return
    listed = " or ".join(", ".join(SUFFIXES[kind]).rsplit(", ", 1))
    wanted = {"mask": "A label map"}.get(kind, f"An export of kind {kind}")
    if path.suffix.lower() in (".jpg", ".jpeg", ".webp") and kind == "mask":
        cause = (
            f"{path.suffix} changes pixel values when it compresses, so a label map would not survive in it."
        )
    elif path.suffix:
        cause = f"{wanted} cannot be written as “{path.suffix}”."
    else:
        cause = "The file name has no extension."
    raise WriteError(cause, f"Let the name end in {listed}.")


def check_items(items: list[ExportItem]) -> None:
    """Raise `WriteError` for the first item that cannot be written; to be asked before long work."""
    taken: set[str] = set()
    for item in items:
        check_suffix(item.path, item.kind)
        place = os.path.realpath(item.path)
        if place in taken:
            raise WriteError(
                f"Two exports would be written to “{item.path.name}”.", "Give each its own name."
            )
        taken.add(place)
        if item.kind == "ome-zarr":
            check_folder_writable(item.path, is_ome_zarr)
        else:
            check_writable(item.path)


def export_events(
    subject: ExportSubject, items: list[ExportItem], check: Check = go_on
) -> Generator[Progress, None, list[Path]]:
    """Write all `items` and return their paths; nothing is written before all are encoded.

    Parameters
    ----------
    subject : ExportSubject
    items : list of ExportItem
    check : callable
        Asked between items and between blocks; CANCEL raises `Cancelled`, once writing began not any more.

    Raises
    ------
    WriteError
        Files that came before it in `items` are written, all others are as they were.
    Cancelled

    Notes
    -----
    A report is encoded again when all else is written, so that its ``write`` and ``total`` seconds are true.
    """
    check_items(items)
    began = time.perf_counter()
    encoded: list[bytes | dict[str, bytes]] = []
    for at, item in enumerate(items):
        raise_if_cancelled(check)
        yield Progress(f"Encoding {item.path.name}", at / (len(items) + 1))
        encoded.append(_encode(subject, item, check))
    raise_if_cancelled(check)
    yield Progress("Writing", len(items) / (len(items) + 1))
    for item, content in zip(items, encoded, strict=True):
        if item.kind != "report":
            _write(item.path, content)
    timed = replace(subject, seconds={"write": time.perf_counter() - began, **subject.seconds})
    for item in items:
        if item.kind == "report":
            _write(item.path, _report(timed, item, None, check))
    return [item.path for item in items]


def _write(path: Path, content: bytes | dict[str, bytes]) -> None:
    if isinstance(content, dict):
        write_folder_atomically(path, content, is_ome_zarr)
    else:
        write_atomically(path, content)


def _encode(subject: ExportSubject, item: ExportItem, check: Check) -> bytes | dict[str, bytes]:
    if item.kind == "ome-zarr":
        ids = mask_ids(subject.segmentation, subject.classes)
        image = subject.fit.image
        return ome_zarr_files(image, ids, subject.classes, image.source.name)
    ids = mask_ids(subject.segmentation, subject.classes, zero_based=item.zero_based and item.kind == "mask")
    return _ENCODERS[item.kind](subject, item, ids, check)


def _mask(subject: ExportSubject, item: ExportItem, ids: AnyArray, check: Check) -> bytes:
    metadata = {"image": _image_facts(subject)}
    if item.path.suffix.lower() == ".npz":
        held = {**legend(subject.classes, zero_based=item.zero_based), **metadata}
        return encode_npz(ids, class_planes(subject, check), held)
    return encode_mask(
        item.path.suffix, ids, subject.classes,
        zero_based=item.zero_based, palette=item.palette, metadata=metadata,
    )  # fmt: skip


def _image_facts(subject: ExportSubject) -> dict[str, Any]:
    source = subject.fit.image.source
    return {"name": source.name, "sha256": source.sha256}


def _probabilities(subject: ExportSubject, item: ExportItem, ids: AnyArray, check: Check) -> bytes:
    if item.path.suffix.lower() == ".npz":
        held = {**legend(subject.classes), "image": _image_facts(subject)}
        return encode_npz(ids, class_planes(subject, check), held)
    planes = class_planes(subject, check)
    return encode_probabilities(planes, subject.shape, subject.classes, as_bytes=item.as_bytes)


def _overlay(subject: ExportSubject, item: ExportItem, ids: AnyArray, check: Check) -> bytes:
    colours = np.zeros((subject.classes.n_components + 1, 3), dtype=np.uint8)
    colours[1:] = subject.classes.colours_by_component()
    rgb = overlay_rgb(subject.fit.image, subject.segmentation.labels, colours, item.overlay_opacity)
    return encode_rgb_png(rgb)


def _model(subject: ExportSubject, item: ExportItem, ids: AnyArray, check: Check) -> bytes:
    return dump_model(replace(subject.fit.model, classes=subject.classes))


def _report(subject: ExportSubject, item: ExportItem, ids: AnyArray | None, check: Check) -> bytes:
    report = build_report(subject.fit, subject.table.n_pixels, subject.command, subject.seconds)
    return encode_report(report)


def _component_table(subject: ExportSubject, item: ExportItem, ids: AnyArray, check: Check) -> bytes:
    n_components = subject.classes.n_components
    pixels = np.bincount(subject.segmentation.labels.reshape(-1), minlength=n_components + 1)[1:]
    return encode_component_table(subject.fit.model, subject.classes, pixels)


def _coco(subject: ExportSubject, item: ExportItem, ids: AnyArray, check: Check) -> bytes:
    return encode_coco(ids, subject.classes, subject.fit.image.source.name)


def _labelme(subject: ExportSubject, item: ExportItem, ids: AnyArray, check: Check) -> bytes:
    source = subject.fit.image.source
    path = source.name
    if source.path is not None:
        try:
            path = Path(os.path.relpath(source.path, item.path.resolve().parent)).as_posix()
        except ValueError:
            # On Windows nothing leads from one drive to another.
            path = source.path.as_posix()
    return encode_labelme(ids, subject.classes, path)


def _ome_tiff(subject: ExportSubject, item: ExportItem, ids: AnyArray, check: Check) -> bytes:
    if item.has_labels:
        return encode_ome_labels(ids)
    return encode_ome_posteriors(class_planes(subject, check), subject.shape, subject.classes)


_Encoder = Callable[[ExportSubject, ExportItem, AnyArray, Check], bytes]
_ENCODERS: dict[ExportKind, _Encoder] = {
    "mask": _mask,
    "probabilities": _probabilities,
    "overlay": _overlay,
    "model": _model,
    "report": _report,
    "table": _component_table,
    "coco": _coco,
    "geojson": lambda subject, item, ids, check: encode_geojson(ids, subject.classes),
    "labelme": _labelme,
    "roi": lambda subject, item, ids, check: encode_rois(ids, subject.classes),
    "ome-tiff": _ome_tiff,
}


def class_planes(subject: ExportSubject, check: Check = go_on) -> Iterator[Float32Array]:
    """Yield the posterior of each class at each pixel, float32 (H, W), in the table's order; 0 without data.

    One at a time, so that a large image's need not all be in memory.
    """
    segmentation, table = subject.segmentation, subject.table
    groups = [list(entry.components) for entry in subject.classes]
    if segmentation.posteriors is not None:
        total = np.maximum(segmentation.posteriors.sum(axis=0, dtype=np.uint16), 1)
        for group in groups:
            raise_if_cancelled(check)
            summed = segmentation.posteriors[group].sum(axis=0, dtype=np.uint16)
            yield np.divide(summed, total, dtype=np.float32)
        return
    at_once = max(1, _ROWS_IN_MEMORY // max(table.n_rows, 1))
    for first in range(0, len(groups), at_once):
        some = groups[first : first + at_once]
        rows = np.empty((len(some), table.n_rows), dtype=np.float32)
        for block, posterior in responsibilities(segmentation.params, table.values, check):
            for at, group in enumerate(some):
                rows[at, block] = posterior[group].sum(axis=0)
        for row_values in rows:
            plane: Float32Array = table.pixels.spread(row_values)
            yield plane
