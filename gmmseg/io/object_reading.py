"""Objects read from a file of any kind that masks and objects are written to, recognised by its content."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import numpy as np
from msgspec import UNSET, Raw, Struct, UnsetType

from gmmseg.arrays import AnyArray
from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.errors import BudgetError, ReadError
from gmmseg.image import OWN_GRID, Image, PixelGrid
from gmmseg.io.files import read_file_bytes, shown_name
from gmmseg.io.interchange.coco_reading import decode_coco
from gmmseg.io.interchange.found_objects import check_size, decoded_json
from gmmseg.io.interchange.geojson_reading import decode_geojson
from gmmseg.io.interchange.imagej_roi_reading import ROI_MAGIC, decode_rois
from gmmseg.io.interchange.labelme_reading import decode_labelme
from gmmseg.io.interchange.ome_zarr_reading import read_ome_zarr
from gmmseg.io.interchange.svg_reading import SVG_START, decode_svg
from gmmseg.io.mask_reading import read_values, whole_values
from gmmseg.io.npy import NPY_MAGIC
from gmmseg.io.npz import ZIP_MAGIC
from gmmseg.io.object_folder_reading import read_object_folder
from gmmseg.io.object_masks import INDEX
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.sources import objects_of_ids

MASK_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Masks",
        (
            ".png", ".tif", ".tiff", ".npy", ".npz", ".json", ".geojson", ".roi", ".zip", ".svg", ".bmp",
            ".gif",
        ),
    ),
    ("COCO, LabelMe", (".json",)),
    ("GeoJSON", (".geojson", ".json")),
    ("ImageJ ROIs", (".roi", ".zip")),
    ("SVG", (".svg",)),
)  # fmt: skip
"""Title and suffixes of each group a file dialog offers."""


def read_objects(
    path: str | os.PathLike[str],
    shape: tuple[int, int],
    image_name: str = "",
    *,
    grid: PixelGrid = OWN_GRID,
    overview: tuple[int, int] | None = None,
    should_stop: ShouldStop = never_stop,
) -> ObjectMap:
    """Return the objects that a file marks in an image.

    Read are masks (PNG, TIFF, NPY, NPZ and other pictures without loss), COCO, GeoJSON, LabelMe, ImageJ ROIs,
    SVG paths of straight lines, OME-Zarr folders and folders with a mask for each object. Names and colours
    are those of the file where it says them; of an array the legend beside it does.

    Parameters
    ----------
    path : path
    shape : tuple of int
        (H, W) of the image.
    image_name : str
        File name of the image: which one of a file about several is meant.
    grid : PixelGrid
        Where its pixels lie in the picture that GeoJSON is about.
    overview : tuple of int, optional
        (h, w) of a smaller copy of the image: a mask may have this size too, and so has what is returned.
    should_stop : ShouldStop

    Raises
    ------
    ReadError
        It is of none of these kinds, damaged, of another size, or marks nothing.
    BudgetError
        It would need more memory than is allowed.
    Cancelled
    """
    name = shown_name(path)
    if os.path.isdir(path):
        if os.path.exists(Path(path, INDEX)):
            return read_object_folder(Path(path), shape, should_stop)
        return _some(read_ome_zarr(Path(path), shape, should_stop), name)
    data = read_file_bytes(path, should_stop)
    if data.startswith(ROI_MAGIC) or (data.startswith(ZIP_MAGIC) and b".roi" in data):
        return decode_rois(data, name, shape, should_stop)
    if data.lstrip()[:1] in (b"{", b"["):
        return _from_json(data, name, shape, image_name, grid, should_stop)
    if SVG_START.match(data):
        return decode_svg(data, name, shape, should_stop)
    beside = _legend_beside(path, should_stop) if data.startswith(NPY_MAGIC) else b""
    values = read_values(data, name, should_stop, beside)
    if values.ids.shape != overview:
        check_size(values.ids.shape, shape, name)
    return _some(objects_of_ids(values.ids, values.names, values.colours), name)


Marked = ObjectMap | AnyArray | str | os.PathLike[str]
"""Objects of an image, as `as_objects` takes them."""


def as_objects(marked: Marked, image: Image, should_stop: ShouldStop = never_stop) -> ObjectMap:
    """Return objects of an image that are given as such, as an array or by a file.

    Parameters
    ----------
    marked : ObjectMap, array (H, W) of whole numbers or booleans, or path
        0 is no object; of a mask of 8 bits 255 is none either. Files are those of `read_objects`.
    image : Image
        Of an overview they are those of its picture.

    Raises
    ------
    ReadError
        It is of another size, or no such file; see `read_objects`.
    BudgetError
    Cancelled
    """
    shape = image.picture_shape
    if isinstance(marked, ObjectMap):
        check_size(marked.shape, shape, "objects")
        return marked
    if isinstance(marked, np.ndarray):
        ids = whole_values(marked, "array")
        check_size(ids.shape, shape, "array")
        return objects_of_ids(ids)
    grid = image.source.part or OWN_GRID
    own = image.height, image.width
    return read_objects(marked, shape, image.source.name, grid=grid, overview=own, should_stop=should_stop)


def read_objects_events(
    path: Path, image: Image, *, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, ObjectMap]:
    """Read the objects that a file marks in an image; see `read_objects`."""
    yield Progress(f"Reading {path.name}")
    return as_objects(path, image, should_stop)


def _legend_beside(path: str | os.PathLike[str], should_stop: ShouldStop) -> bytes:
    """Return the legend beside an array; empty where there is none that can be read."""
    legend = f"{os.fspath(path)}.json"
    if os.path.isfile(legend):
        with suppress(ReadError, BudgetError):
            return read_file_bytes(legend, should_stop)
    return b""


class _Kind(Struct):
    """Fields by which kinds of JSON are told apart; what they hold is not looked at."""

    images: Raw | UnsetType = UNSET
    annotations: Raw | UnsetType = UNSET
    shapes: Raw | UnsetType = UNSET
    features: Raw | UnsetType = UNSET
    geometry: Raw | UnsetType = UNSET


def _from_json(
    data: bytes,
    name: str,
    shape: tuple[int, int],
    image_name: str,
    grid: PixelGrid,
    should_stop: ShouldStop,
) -> ObjectMap:
    kind = decoded_json(data, _Kind, name, "JSON")
    if kind.annotations is not UNSET and kind.images is not UNSET:
        return decode_coco(data, name, shape, image_name, should_stop)
    if kind.shapes is not UNSET:
        return decode_labelme(data, name, shape, should_stop)
    if kind.features is not UNSET or kind.geometry is not UNSET:
        return decode_geojson(data, name, shape, should_stop, grid)
    raise ReadError(f"“{name}” is neither COCO, LabelMe nor GeoJSON.", "Choose another file.")


def _some(objects: ObjectMap, name: str) -> ObjectMap:
    if not objects:
        raise ReadError(f"“{name}” marks no pixel of this image.", "Choose another file.")
    return objects
