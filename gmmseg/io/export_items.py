"""Which files can be written: kinds, names, and what is checked before long work."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gmmseg.errors import WriteError
from gmmseg.io.atomic import check_folder_writable, check_writable
from gmmseg.io.interchange.ome_zarr import is_ome_zarr
from gmmseg.io.masks import PaletteName

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
