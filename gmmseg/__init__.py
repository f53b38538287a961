"""gmmseg: image segmentation with Gaussian mixtures (the core: no Qt here or below)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gmmseg.version import VERSION

if TYPE_CHECKING:
    from gmmseg.errors import GmmsegError
    from gmmseg.io.images import image_from_array, read_image
    from gmmseg.io.models import read_model
    from gmmseg.mixture.estimator import GaussianMixture
    from gmmseg.object_selector import ObjectSelector

__version__ = VERSION
__all__ = [
    "GaussianMixture",
    "GmmsegError",
    "ObjectSelector",
    "__version__",
    "image_from_array",
    "read_image",
    "read_model",
]

_HOMES = {
    "GaussianMixture": "gmmseg.mixture.estimator",
    "GmmsegError": "gmmseg.errors",
    "ObjectSelector": "gmmseg.object_selector",
    "image_from_array": "gmmseg.io.images",
    "read_image": "gmmseg.io.images",
    "read_model": "gmmseg.io.models",
}
"""Imported when asked for: ``import gmmseg`` and the command line start without numpy."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
