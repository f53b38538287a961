"""Exports and pictures for the clipboard, imported when they are first needed."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtGui import QImage, qRgb

from gmmseg.arrays import LabelArray
from gmmseg.batch.documents import (
    KnownMaps,
    Subject,
    as_in_document,
    check_pixels,
    document_source_events,
)
from gmmseg.control import ShouldStop, result_of
from gmmseg.errors import WriteError
from gmmseg.io.export import export_events
from gmmseg.io.export_items import SUFFIXES, ExportItem, ExportKind
from gmmseg.io.masks import mask_ids, mask_palette
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Document
from gmmseg.photo.view_state import ViewState
from ui.photo.widgets.pixel_item import as_qimage


def export_shown_events(
    shown: ViewState,
    subject: Subject,
    items: list[ExportItem],
    chosen: Collection[int] | None,
    should_stop: ShouldStop,
) -> Generator[Any, None, tuple[list[Path], bool, Document]]:
    """Write files of the document shown; return their paths, whether the fit is out of date, and it."""
    if subject == "regions" and shown.regions is None:
        raise WriteError("There are no regions to export yet.", "Have the regions shown first.")
    document = shown.document
    check_pixels(document, subject, items)
    if document.objects is not None and chosen is not None:
        document = replace(document, objects=document.objects.only(chosen))
    maps = None if shown.is_preview else shown.segmentation
    source = yield from document_source_events(
        document,
        subject,
        "window",
        needs_mixture=any(item.kind == "table" for item in items),
        known=KnownMaps(shown.table, maps, shown.regions),
        should_stop=should_stop,
    )
    paths = yield from export_events(source, items, should_stop)
    return paths, subject == "classes" and shown.document.is_stale, shown.document


def mask_picture(labels: LabelArray, classes: ClassTable) -> QImage:
    """Return a label map as a picture of class ids: indexed in class colours, or 16-bit grey beyond 254."""
    ids = np.ascontiguousarray(mask_ids(labels, classes))
    if ids.dtype != np.uint8:
        height, width = ids.shape
        return QImage(ids.data, width, height, 2 * width, QImage.Format.Format_Grayscale16).copy()
    picture = as_qimage(ids)
    picture.setColorTable([qRgb(*map(int, colour)) for colour in mask_palette(classes, "class")])
    # The pixels belong to numpy: Qt gets its own.
    return picture.copy()


def object_content(
    document: Document, chosen: Collection[int], kind: ExportKind, should_stop: ShouldStop
) -> QImage | str:
    """Return what an export of objects writes: a PNG as a picture, a table with tabs, all else as text."""
    suffix = SUFFIXES[kind][0]
    [item] = as_in_document([ExportItem(Path(f"objects{suffix}"), kind)], document, "objects")
    check_pixels(document, "objects", [item])
    if document.objects is not None and chosen:
        document = replace(document, objects=document.objects.only(chosen))
    source = result_of(document_source_events(document, "objects", "window", should_stop=should_stop))
    content = source.encode(item, should_stop)
    if not isinstance(content, bytes):
        raise WriteError("A folder of files cannot be copied.", "Export it.")
    if suffix == ".png":
        picture = QImage.fromData(content)
        if picture.isNull():
            raise WriteError("This picture is too large for the clipboard.", "Export it.")
        return picture
    text = content.decode()
    if suffix != ".csv":
        return text
    return "\n".join("\t".join(row) for row in csv.reader(io.StringIO(text)))
