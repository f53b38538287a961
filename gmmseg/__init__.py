"""gmmseg: image segmentation with Gaussian mixtures (the core: no Qt here or below)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gmmseg.version import VERSION

if TYPE_CHECKING:
    from gmmseg.api.digits import cluster_digits
    from gmmseg.api.files import export, load_model, new_project, save_mask
    from gmmseg.api.frames import foreground
    from gmmseg.api.sampling import sample
    from gmmseg.api.segmenting import Partition, Segmented, apply, fit_joint, regions, segment
    from gmmseg.api.tables import fit_table
    from gmmseg.api.tiled import apply_tiles, segment_tiles
    from gmmseg.errors import GmmsegError
    from gmmseg.io.images import image_from_array, read_image
    from gmmseg.io.projects.file.reading import open_project
    from gmmseg.io.projects.file.writing import save_project
    from gmmseg.io.table_reading import read_table
    from gmmseg.mixture.estimator import GaussianMixture
    from gmmseg.object_selector import ObjectSelector

__version__ = VERSION
__all__ = [
    "GaussianMixture",
    "GmmsegError",
    "ObjectSelector",
    "Partition",
    "Segmented",
    "__version__",
    "apply",
    "apply_tiles",
    "cluster_digits",
    "export",
    "fit_joint",
    "fit_table",
    "foreground",
    "image_from_array",
    "load_model",
    "new_project",
    "open_project",
    "read_image",
    "read_table",
    "regions",
    "sample",
    "save_mask",
    "save_project",
    "segment",
    "segment_tiles",
]

_HOMES = {
    "GaussianMixture": "gmmseg.mixture.estimator",
    "GmmsegError": "gmmseg.errors",
    "ObjectSelector": "gmmseg.object_selector",
    "Partition": "gmmseg.api.segmenting",
    "Segmented": "gmmseg.api.segmenting",
    "apply": "gmmseg.api.segmenting",
    "apply_tiles": "gmmseg.api.tiled",
    "cluster_digits": "gmmseg.api.digits",
    "export": "gmmseg.api.files",
    "fit_joint": "gmmseg.api.segmenting",
    "fit_table": "gmmseg.api.tables",
    "foreground": "gmmseg.api.frames",
    "image_from_array": "gmmseg.io.images",
    "load_model": "gmmseg.api.files",
    "new_project": "gmmseg.api.files",
    "open_project": "gmmseg.io.projects.file.reading",
    "read_image": "gmmseg.io.images",
    "read_table": "gmmseg.io.table_reading",
    "sample": "gmmseg.api.sampling",
    "save_mask": "gmmseg.api.files",
    "save_project": "gmmseg.io.projects.file.writing",
    "segment": "gmmseg.api.segmenting",
    "segment_tiles": "gmmseg.api.tiled",
}
"""Imported when asked for: ``import gmmseg`` and the command line start without numpy."""


def __getattr__(name: str) -> object:
    if name == "regions":
        # A package that can be called: a function of this name would hide it.
        return import_module("gmmseg.regions")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
