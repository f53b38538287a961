"""Physical pixel sizes in files: in OME's metadata, in ImageJ's, by resolution, or in scales."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from gmmseg.image import PixelSize

_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_INCH, _CENTIMETRE = 2, 3
_PLACEHOLDERS = (1.0, 72.0, 96.0)
"""Pixels an inch that programs write where they know nothing."""
_MICROMETRES = {
    "pm": 1e-6, "nm": 1e-3, "nanometer": 1e-3, "um": 1.0, "µm": 1.0, "μm": 1.0, "micron": 1.0, "microns": 1.0,
    "micrometer": 1.0, "mm": 1e3, "millimeter": 1e3, "cm": 1e4, "centimeter": 1e4, "m": 1e6, "meter": 1e6,
    "inch": 25_400.0, "in": 25_400.0, "å": 1e-4,
}  # fmt: skip
_LARGEST_RATIO = 2**32 - 1
_PIXELS = re.compile(r"<(?:\w+:)?Pixels\s[^>]*>")


def pixel_size_of(tif: Any, page: Any) -> PixelSize | None:
    """Return width and height of a pixel of an open `tifffile.TiffFile`, micrometres; None where unknown."""
    if tif.is_ome and tif.ome_metadata:
        return _checked(*_sizes_of_ome(str(tif.ome_metadata)))
    across, down = _resolution(page, _X_RESOLUTION), _resolution(page, _Y_RESOLUTION)
    unit = _length_of_unit(tif, page, across)
    return _checked(unit / across if across else 0.0, unit / down if down else 0.0)


def pixel_size_of_scales(multiscales: Mapping[str, Any]) -> PixelSize | None:
    """Return width and height of a pixel of the finest level, micrometres; None where unknown.

    Parameters
    ----------
    multiscales : mapping
        An entry of ``multiscales`` of OME-Zarr 0.4 or 0.5: the scales of a level and of all levels multiply.
    """
    axes = [axis if isinstance(axis, Mapping) else {"name": axis} for axis in multiscales["axes"]]
    steps = [
        step["scale"]
        for held in (multiscales["datasets"][0], multiscales)
        for step in held.get("coordinateTransformations") or ()
        if step.get("type") == "scale" and len(step.get("scale", ())) == len(axes)
    ]
    sizes = {
        axis["name"]: math.prod(float(step[at]) for step in steps)
        * _MICROMETRES.get(str(axis.get("unit", "")).lower(), 0.0)
        for at, axis in enumerate(axes)
    }
    return _checked(sizes.get("x", 0.0), sizes.get("y", 0.0)) if steps else None


def resolution_tags(size: PixelSize | None) -> dict[str, Any]:
    """Return the arguments by which `tifffile` writes a pixel's width and height, micrometres; {} for None.

    Sizes of which the numbers of pixels a centimetre do not fit the tags are left out.
    """
    ratios = _ratios(size, 1e4)
    return {"resolution": ratios, "resolutionunit": _CENTIMETRE} if ratios else {}


def imagej_scale(size: PixelSize | None) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the same for a file of ImageJ's, whose metadata, the second, name the unit."""
    ratios = _ratios(size, 1.0)
    return ({"resolution": ratios}, {"unit": "um"}) if ratios else ({}, {})


def _ratios(size: PixelSize | None, length: float) -> tuple[float, ...]:
    """Return how many pixels a length, micrometres, has in both directions; none where tags cannot tell."""
    ratios = () if size is None else tuple(length / side for side in size)
    are_held = all(1 / _LARGEST_RATIO <= ratio <= _LARGEST_RATIO for ratio in ratios)
    return ratios if are_held else ()


def ome_sizes(size: PixelSize | None) -> dict[str, Any]:
    """Return the attributes of OME's ``Pixels`` that tell width and height, micrometres; {} for None."""
    if size is None:
        return {}
    return {
        "PhysicalSizeX": size[0], "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": size[1], "PhysicalSizeYUnit": "µm",
    }  # fmt: skip


def _sizes_of_ome(metadata: str) -> tuple[float, float]:
    found = _PIXELS.search(metadata)
    attributes = dict(re.findall(r'(\w+)\s*=\s*"([^"]*)"', found[0])) if found else {}
    across, down = (
        _number(attributes.get(f"PhysicalSize{axis}", ""))
        * _MICROMETRES.get(attributes.get(f"PhysicalSize{axis}Unit", "µm").lower(), 0.0)
        for axis in "XY"
    )
    return across, down


def _length_of_unit(tif: Any, page: Any, resolution: float) -> float:
    """Return in what length, micrometres, the pixels of the resolution lie; 0 where none is meant."""
    named = tif.imagej_metadata.get("unit") if tif.is_imagej and tif.imagej_metadata else None
    if isinstance(named, str):
        # ImageJ writes characters beyond ASCII as escapes.
        return _MICROMETRES.get(named.replace("\\u00B5", "µ").strip().lower(), 0.0)
    tag = page.tags.get(_RESOLUTION_UNIT)
    unit = int(tag.value) if tag is not None else _INCH
    if unit == _CENTIMETRE:
        return 1e4
    return 25_400.0 if unit == _INCH and resolution not in _PLACEHOLDERS else 0.0


def _resolution(page: Any, code: int) -> float:
    tag = page.tags.get(code)
    match None if tag is None else tag.value:
        case (int(above), int(below)) if below:
            return above / below
        case _:
            return 0.0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _checked(across: float, down: float) -> PixelSize | None:
    is_known = all(math.isfinite(size) and 0 < size < 1e12 for size in (across, down))
    return (across, down) if is_known else None
