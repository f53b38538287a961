"""SVG: the outline of each class as a path of its own, for drawing programs and web pages."""

from __future__ import annotations

from itertools import pairwise
from xml.sax.saxutils import escape

from gmmseg.arrays import AnyArray
from gmmseg.colours import to_hex
from gmmseg.drawing.contours import Ring, outlines
from gmmseg.io.plain_text import with_plain_names
from gmmseg.photo.classes import ClassInfo, ClassTable


def encode_svg(ids: AnyArray, classes: ClassTable) -> bytes:
    """Return the regions of class ids (H, W) as paths along pixel edges, one unit a pixel, holes left out."""
    height, width = ids.shape
    paths = [_path(entry, ids == entry.id) for entry in with_plain_names(classes)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
    lines = [f'{head} viewBox="0 0 {width} {height}">', *filter(None, paths), "</svg>", ""]
    return "\n".join(lines).encode("utf-8")


def _path(entry: ClassInfo, mask: AnyArray) -> str:
    """Return the path of one class; empty where it has no pixel."""
    rings = [ring for region in outlines(mask) for ring in (region.outer, *region.holes)]
    if not rings:
        return ""
    way = "".join(_closed(ring) for ring in rings)
    style = f'fill="{to_hex(entry.colour)}" fill-rule="evenodd"'
    return f'<path id="class-{entry.id}" {style} d="{way}"><title>{escape(entry.name)}</title></path>'


def _closed(ring: Ring) -> str:
    """Return a ring as commands of a path: edges are level and upright in turn."""
    points: list[list[int]] = ring.tolist()
    moves = [f"M{points[0][0]} {points[0][1]}"]
    for (_, y), (next_x, next_y) in pairwise(points):
        moves.append(f"H{next_x}" if next_y == y else f"V{next_y}")
    return "".join(moves) + "Z"
