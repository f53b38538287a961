"""Files that can be written of a segmented image: kinds, names, options."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gmmseg.display import Display
from gmmseg.errors import WriteError
from gmmseg.image import PixelSize
from gmmseg.io.interchange.ome_zarr import is_ome_zarr
from gmmseg.io.masks import PaletteName
from gmmseg.io.object_masks import is_object_folder
from gmmseg.io.outputs import Output, check_outputs

ExportKind = Literal[
    "mask", "legend", "probabilities", "overlay", "model", "report", "table", "parts",
    "semantic", "binary", "cutout", "binaries", "cutouts",
    "coco", "geojson", "labelme", "roi", "svg", "ome-tiff", "ome-zarr",
]  # fmt: skip
_OME_TIFF = (".ome.tif", ".ome.tiff")
SUFFIXES: dict[ExportKind, tuple[str, ...]] = {
    "mask": (".png", ".tif", ".tiff", ".npy", ".npz"),
    "legend": (".json",),
    "probabilities": (".tif", ".tiff", *_OME_TIFF, ".npz"),
    "overlay": (".png",),
    "model": (".json",),
    "report": (".json",),
    "table": (".csv",),
    "parts": (".csv",),
    "semantic": (".png", ".tif", ".tiff", ".npy"),
    "binary": (".png", ".tif", ".tiff", ".npy"),
    "cutout": (".png",),
    "binaries": ("",),
    "cutouts": ("",),
    "coco": (".json",),
    "geojson": (".geojson", ".json"),
    "labelme": (".json",),
    "roi": (".zip",),
    "svg": (".svg",),
    "ome-tiff": (*_OME_TIFF, ".tif", ".tiff"),
    "ome-zarr": (".ome.zarr", ".zarr"),
}
"""Extensions of each kind; the first is the one to offer. A folder of files for each object has none."""
_FOLDERS = {"ome-zarr": is_ome_zarr, "binaries": is_object_folder, "cutouts": is_object_folder}
ZERO_BASED_KINDS: tuple[ExportKind, ...] = ("mask", "legend", "ome-tiff")
"""Kinds that can hold component indices instead of class ids."""
DISPLAYED_KINDS: tuple[ExportKind, ...] = ("overlay", "cutout", "cutouts")
"""Kinds that show the photo."""
OBJECT_KINDS: tuple[ExportKind, ...] = ("semantic", "binary", "cutout", "binaries", "cutouts")
"""Kinds that only objects have."""


@dataclass(frozen=True, slots=True)
class ExportItem(Output[ExportKind]):
    """One file, or folder, to write.

    Parameters
    ----------
    path : Path
    kind : str
        A key of `SUFFIXES`.
    zero_based : bool
        0-based component indices instead of class ids; `ZERO_BASED_KINDS` only.
    palette : {"class", "voc", "grey"}
        Colours of a PNG mask, or none: plain grey values.
    overlay_opacity : float
        0..1, overlays only.
    least_part : int
        Pixels of the smallest part that is listed; parts only.
    pixel_size : (float, float), optional
        Width and height of a pixel in micrometres, for kinds of `is_measured`; what the image's file tells
        where None.
    display : Display, optional
        How the photo is shown, `DISPLAYED_KINDS` only; the automatic one where None.
    """

    zero_based: bool = False
    palette: PaletteName = "class"
    overlay_opacity: float = 0.5
    least_part: int = 1
    pixel_size: PixelSize | None = None
    display: Display | None = None


def is_measured(item: ExportItem) -> bool:
    """Return whether an item's `pixel_size` has an effect."""
    # A folder gets files in the first of their formats.
    name = item.path.name.lower() if item.path.suffix else SUFFIXES[item.kind][0]
    is_map = item.kind in ("mask", "probabilities", "semantic", "binary") and name.endswith(
        (".tif", ".tiff", ".zarr")
    )
    return is_map or item.kind in ("table", "parts", "ome-tiff", "ome-zarr")


def is_ome_tiff(path: Path) -> bool:
    """Return whether a name is that of an OME-TIFF."""
    return path.name.lower().endswith(_OME_TIFF)


def has_palette(item: ExportItem) -> bool:
    """Return whether an item's `palette` has an effect."""
    return item.kind == "mask" and item.path.suffix.lower() == ".png"


def with_legends(items: Iterable[ExportItem]) -> list[ExportItem]:
    """Return the items and, after each .npy mask, which holds nothing but values, its legend ``….npy.json``.

    Legends that are among them already are not added again.
    """
    given = list(items)
    places = {item.path for item in given if item.kind == "legend"}
    found: list[ExportItem] = []
    for item in given:
        found.append(item)
        if item.kind == "mask" and item.path.suffix.lower() == ".npy":
            beside = item.path.with_name(f"{item.path.name}.json")
            if beside not in places:
                found.append(ExportItem(beside, "legend", item.zero_based))
    return found


def check_items(items: Iterable[ExportItem]) -> None:
    """Raise `WriteError` for the first item, legends included, that cannot be written.

    To be called before long work.
    """
    given = list(items)
    for item in given:
        if item.zero_based and item.kind not in ZERO_BASED_KINDS:
            raise WriteError(
                f"A file of kind “{item.kind}” holds class ids, not component indices.",
                "Write a mask or OME-TIFF, or class ids.",
            )
    check_outputs(given, SUFFIXES, folders=_FOLDERS)
