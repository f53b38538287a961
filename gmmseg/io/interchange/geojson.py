"""GeoJSON as QuPath reads it: each class one annotation in pixel coordinates."""

from __future__ import annotations

import json
from collections.abc import Iterable

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.drawing.contours import Outline, Ring, outlines
from gmmseg.image import OWN_GRID, PixelGrid
from gmmseg.io.plain_text import with_plain_names
from gmmseg.photo.classes import ClassInfo, ClassTable


def encode_geojson(ids: AnyArray, classes: ClassTable, grid: PixelGrid = OWN_GRID) -> bytes:
    """Return the regions of class ids (H, W) as polygons on pixel corners, holes included.

    Coordinates are those of the picture of which `grid` tells where its pixels lie.
    """
    return encode_geojson_of((entry, ids == entry.id, grid) for entry in classes)


def encode_geojson_of(placed: Iterable[tuple[ClassInfo, BoolArray, PixelGrid]]) -> bytes:
    """Return masks, each of a class and somewhere in the picture, as `encode_geojson` does its regions."""
    features = []
    for entry, mask, grid in placed:
        regions = outlines(mask)
        if regions:
            (named,) = with_plain_names(ClassTable((entry,)))
            features.append(_feature(named, regions, grid))
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}\n'.encode("ascii")


def _feature(entry: ClassInfo, regions: list[Outline], grid: PixelGrid) -> str:
    """Return a feature as JSON text.

    The polygons become text one by one: as Python objects, all of a large image would take a gigabyte.
    """
    properties = {
        "objectType": "annotation",
        "name": entry.name,
        "classification": {"name": entry.name, "color": list(entry.colour)},
        "color": list(entry.colour),
        "isLocked": entry.is_locked,
    }
    polygons = [_polygon(region, grid) for region in regions]
    is_one = len(polygons) == 1
    kind, coordinates = ("Polygon", polygons[0]) if is_one else ("MultiPolygon", f"[{','.join(polygons)}]")
    return (
        f'{{"type":"Feature","geometry":{{"type":"{kind}","coordinates":{coordinates}}},'
        f'"properties":{json.dumps(properties)}}}'
    )


def _polygon(region: Outline, grid: PixelGrid) -> str:
    rings = [_closed(grid.to_picture(ring)) for ring in (region.outer, *region.holes)]
    return json.dumps(rings, separators=(",", ":"))


def _closed(ring: Ring) -> list[list[int]]:
    points: list[list[int]] = ring.tolist()
    return [*points, points[0]]
