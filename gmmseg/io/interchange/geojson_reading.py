"""GeoJSON read, as QuPath and others write it: polygons in pixel coordinates, with holes."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop
from gmmseg.image import OWN_GRID, PixelGrid
from gmmseg.io.interchange.found_objects import FoundObjects, colour_of, decoded_json
from gmmseg.photo.objects.objects import ObjectMap

_Ring = list[list[float]]


class Geometry(msgspec.Struct):
    """Geometry of a feature; its coordinates are nested as its type says."""

    type: str
    coordinates: Any = None


class Feature(msgspec.Struct):
    """One object."""

    geometry: Geometry | None = None
    properties: dict[str, Any] | None = None
    type: str = ""


class Features(msgspec.Struct):
    """A feature collection, or one feature alone."""

    type: str
    features: list[Feature] = []
    geometry: Geometry | None = None
    properties: dict[str, Any] | None = None


def decode_geojson(
    data: bytes, name: str, shape: tuple[int, int], should_stop: ShouldStop, grid: PixelGrid = OWN_GRID
) -> ObjectMap:
    """Return the polygons of a GeoJSON file as objects of an image; points and lines are passed over.

    Its coordinates are those of the picture of which `grid` tells where the image's pixels lie.

    Raises
    ------
    ReadError
        It is no GeoJSON file, damaged, or marks no pixel of the image.
    """
    content = decoded_json(data, Features, name, "GeoJSON")
    features = content.features or [Feature(content.geometry, content.properties)]
    found = FoundObjects(shape, name, should_stop)
    for number, feature in enumerate(features):
        if feature.geometry is None:
            continue
        about = feature.properties or {}
        kind = about.get("classification")
        kind = kind if isinstance(kind, dict) else {}
        title = next((t for t in (kind.get("name"), about.get("name")) if isinstance(t, str) and t), "")
        rings = [grid.from_picture(ring) for ring in _rings(feature.geometry, found)]
        if rings:
            colour = colour_of(kind.get("color")) or colour_of(about.get("color"))
            # The polygons of one geometry do not overlap: together they are one area with holes.
            found.paint_rings(found.object(number, title, colour), rings)
    return found.object_map()


def _rings(geometry: Geometry, found: FoundObjects) -> list[FloatArray]:
    """Return the rings of all polygons, (M, 2) in pixels."""
    try:
        if geometry.type == "Polygon":
            polygons = [msgspec.convert(geometry.coordinates, list[_Ring])]
        elif geometry.type == "MultiPolygon":
            polygons = msgspec.convert(geometry.coordinates, list[list[_Ring]])
        else:
            return []
        return [
            np.array([(point[0], point[1]) for point in ring], np.float64)
            for polygon in polygons
            for ring in polygon
            if ring
        ]
    except (msgspec.ValidationError, IndexError):
        found.refuse("has a polygon whose coordinates are not pairs of numbers")
