"""Rows and columns of the table of objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QCoreApplication, QLocale

from gmmseg.image import PixelSize
from gmmseg.photo.objects.objects import ObjectInfo, ObjectMap
from gmmseg.physical import area_text, pixel_area
from ui.photo.widgets.entry_model import EntryColumn, EntryKind

_tr = partial(QCoreApplication.translate, "ObjectsPanel")


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One object with its size.

    Parameters
    ----------
    entry : ObjectInfo
    area : int, optional
        Pixels; None until they are counted.
    share : float, optional
        Of the pixels with data, 0..1.
    pixel_area : float, optional
        Of a pixel in µm², where that is known.
    """

    entry: ObjectInfo
    area: int | None
    share: float | None
    pixel_area: float | None = None


def object_kind() -> EntryKind[ObjectRow]:
    """Return what the table of objects shows."""
    return EntryKind(
        "objects", _tr("Object"), _tr("Objects"), lambda row: row.entry.name,
        (
            EntryColumn(
                title=_tr("Pixels"),
                tip=_tr("Number of pixels of the object"),
                text=lambda row: _counted(row.area),
                row_tip=_area_tip,
                total=lambda rows: _counted(_sum([row.area for row in rows])),
                sample="00,000,000",
                total_tip=_tr("Pixels that belong to an object"),
            ),
        ),
    )  # fmt: skip


def object_rows(
    objects: ObjectMap | None,
    areas: Mapping[int, int],
    n_pixels: int,
    pixel_size: PixelSize | None = None,
) -> list[ObjectRow]:
    """Return the rows of all objects.

    Parameters
    ----------
    objects : ObjectMap, optional
    areas : mapping
        Pixels by id, as far as they are counted.
    n_pixels : int
        Of the image, with data.
    pixel_size : (float, float), optional
        Width and height of a pixel, micrometres.
    """
    rows = []
    unit = None if pixel_size is None else pixel_area(pixel_size)
    for entry in objects or ():
        area = areas.get(entry.id)
        rows.append(ObjectRow(entry, area, None if area is None else area / max(n_pixels, 1), unit))
    return rows


def _area_tip(row: ObjectRow) -> str:
    pixels = _tr("{0} pixels").format(_counted(row.area))
    if row.area is None or row.pixel_area is None:
        return pixels
    return f"{pixels}, {area_text(row.area * row.pixel_area)}"


def _counted(area: int | None) -> str:
    return "…" if area is None else str(QLocale().toString(area))


def _sum(areas: list[int | None]) -> int | None:
    known = [area for area in areas if area is not None]
    return sum(known) if len(known) == len(areas) else None
