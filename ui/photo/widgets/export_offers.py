"""Offers of the export dialog for regions and objects, where they differ from those for classes."""

from __future__ import annotations

from typing import Literal, get_args

from gmmseg.batch.documents import Subject
from gmmseg.io.export_items import OBJECT_KINDS, ExportKind
from ui.widgets.export_row import Offer

_REGIONS: tuple[Offer[ExportKind], ...] = (
    (
        "mask", "&Mask", "{}_mask", "The region of each pixel, with a legend of the regions",
        (".png", ".tif", ".npy", ".npz"),
    ),
    ("overlay", "&Overlay", "{}_overlay", "The photo under the region colours: for slides", (".png",)),
    (
        "table", "Region &table", "{}_table",
        "Area, outline, place, shape and mean colour of each region, and the mean posteriors of the classes "
        "in it",
        (".csv",),
    ),
    ("report", "&Report", "{}_report", "Settings, number of regions and how long it took", (".json",)),
    ("ome-tiff", "OME-TIFF", "{}_labels", "The region numbers as a channel", (".ome.tif",)),
)  # fmt: skip
"""The formats are those of the classes."""
_OBJECTS: tuple[Offer[ExportKind], ...] = (
    (
        "mask", "&Mask", "{}_objects", "The object of each pixel, with a legend of names and categories",
        (".png", ".tif", ".npy", ".npz"),
    ),
    ("overlay", "&Overlay", "{}_overlay", "The photo under the object colours: for slides", (".png",)),
    (
        "table", "Object &table", "{}_objects", "Area, outline, place, shape and mean colour of each object",
        (".csv",),
    ),
    ("report", "&Report", "{}_report", "The objects with their names and areas", (".json",)),
    ("coco", "COCO", "{}_coco", "One annotation an object, of its name's category", (".json",)),
    ("ome-tiff", "OME-TIFF", "{}_labels", "The object ids as a channel", (".ome.tif",)),
)  # fmt: skip
_TILES: tuple[Offer[ExportKind], ...] = (
    (
        "mask", "&Mask", "{}_mask",
        "The class of each pixel of the whole picture, with smaller copies and a legend: a BigTIFF in tiles",
        (".tif",),
    ),
    (
        "probabilities", "&Probabilities", "{}_probabilities",
        "The probability of each class at each pixel of the whole picture, in 255ths: a BigTIFF in tiles",
        (".tif",),
    ),
    (
        "ome-zarr", "OME-Zarr", "{}_labels",
        "The class of each pixel of the whole picture as a label pyramid, a folder", (".ome.zarr", ".zarr"),
    ),
)  # fmt: skip
_TILED_OBJECTS: tuple[Offer[ExportKind], ...] = (
    (
        "mask", "&Mask", "{}_objects",
        "The object of each pixel of the whole picture, with smaller copies and a legend: a BigTIFF in tiles",
        (".tif",),
    ),
    (
        "semantic", "Cate&gories", "{}_categories",
        "The category, which is the name, of each pixel of the whole picture: a BigTIFF in tiles", (".tif",),
    ),
    (
        "binary", "&Black and white", "{}_object",
        "Pixels of objects white, all others black, of the whole picture: a BigTIFF in tiles", (".tif",),
    ),
    (
        "overlay", "&Overlay", "{}_overlay", "The overview under the object colours: for slides", (".png",),
    ),
    (
        "ome-zarr", "OME-Zarr", "{}_objects",
        "The object of each pixel of the whole picture as a label pyramid, a folder", (".ome.zarr", ".zarr"),
    ),
)  # fmt: skip
Offered = Subject | Literal["tiles", "tiled objects"]
"""Subject of an offer: classes, regions or objects, or classes or objects of a picture beyond memory."""
OFFERS: dict[Offered, dict[ExportKind, Offer[ExportKind]]] = {
    "classes": {},
    "regions": {offer[0]: offer for offer in _REGIONS},
    "objects": {offer[0]: offer for offer in _OBJECTS},
    "tiles": {offer[0]: offer for offer in _TILES},
    "tiled objects": {offer[0]: offer for offer in (*_OBJECTS, *_TILED_OBJECTS)},
}
"""Offers that differ from those for classes."""
_OF_OBJECTS = "Only objects have this: select one in the picture and press Enter."
_OF_CLASSES = "Only classes have parts; regions and objects are listed one by one in their table."
_IN_MEMORY = "This is made of pictures within memory; this one is beyond it."
_OF_TILES: tuple[ExportKind, ...] = ("mask", "probabilities", "ome-zarr", "model", "report")
_NOT_OF_OBJECTS: dict[ExportKind, str] = {
    "probabilities": "Objects have no probabilities: a pixel is in its object or not.",
    "model": "Objects are of one image and have no model that labels others.",
    "parts": _OF_CLASSES,
}
REFUSED: dict[Offered, dict[ExportKind, str]] = {
    "tiles": {
        **{kind: _IN_MEMORY for kind in get_args(ExportKind) if kind not in _OF_TILES},
        **dict.fromkeys(OBJECT_KINDS, _OF_OBJECTS),
    },
    "classes": dict.fromkeys(OBJECT_KINDS, _OF_OBJECTS),
    "regions": {
        **dict.fromkeys(OBJECT_KINDS, _OF_OBJECTS),
        "probabilities": "Regions have no probabilities: a pixel is in its region or not.",
        "model": "Regions are of one image and have no model that labels others.",
        "parts": _OF_CLASSES,
    },
    "objects": _NOT_OF_OBJECTS,
    "tiled objects": {**dict.fromkeys(("labelme", "roi", "svg", "ome-tiff"), _IN_MEMORY), **_NOT_OF_OBJECTS},
}
"""Kinds that are not offered of a subject, and why."""
