"""Physical lengths and areas of what is counted in pixels, and how they are said."""

from __future__ import annotations

import math

from gmmseg.image import PixelSize

_UNITS = (("nm", 1e-3), ("µm", 1.0), ("mm", 1e3), ("m", 1e6))
"""Name and length in micrometres, rising."""


def pixel_area(size: PixelSize) -> float:
    """Return the area of a pixel, µm²."""
    return size[0] * size[1]


def pixel_side(size: PixelSize) -> float | None:
    """Return the side of a pixel, µm; None where width and height differ, and lengths depend on direction."""
    return size[0] if math.isclose(size[0], size[1], rel_tol=1e-3) else None


def length_text(micrometres: float) -> str:
    """Return a length in the unit that suits it: ``50 µm``, ``1.2 mm``."""
    name, unit = _unit_for(micrometres)
    return f"{micrometres / unit:.3g} {name}"


def area_text(square_micrometres: float) -> str:
    """Return an area in the unit that suits it: ``12.5 µm²``, ``3.1 mm²``."""
    name, unit = _unit_for(math.sqrt(square_micrometres))
    share = square_micrometres / unit**2
    return f"{share:,.0f} {name}²" if share >= 1000 else f"{share:.3g} {name}²"


def _unit_for(micrometres: float) -> tuple[str, float]:
    return next((entry for entry in reversed(_UNITS) if micrometres >= entry[1]), _UNITS[0])


def round_length(longest: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is at most `longest`, which is above 0."""
    power = 10.0 ** math.floor(math.log10(longest))
    # Rounding may leave the logarithm of a power of ten just below it.
    steps = (step * power for step in (1, 2, 5, 10))
    return max(step for step in steps if step <= longest * (1 + 1e-9))
