"""Figures as files: PNG drawn by Pillow, SVG as text."""

from __future__ import annotations

import base64
from typing import assert_never
from xml.sax.saxutils import escape

from gmmseg.colours import to_hex
from gmmseg.digits.figure import Box, Figure, Raster, Shape, Text
from gmmseg.io.picture_writing import encode_picture

_SCALE = 2
"""Pixels of a PNG for each unit of the figure: sharp in print and on dense screens."""
_ANCHORS = {"start": "lm", "middle": "mm", "end": "rm"}


def encode_figure(figure: Figure, suffix: str) -> bytes:
    """Return a figure as the bytes of a file that ends in `suffix`, ``.png`` or ``.svg``."""
    return _svg(figure).encode("utf-8") if suffix.lower() == ".svg" else _png(figure)


def _png(figure: Figure) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (figure.width * _SCALE, figure.height * _SCALE), "white")
    pen = ImageDraw.Draw(picture)
    for shape in figure.shapes:
        at = (round(shape.x * _SCALE), round(shape.y * _SCALE))
        if isinstance(shape, Text):
            font = ImageFont.load_default(shape.size * _SCALE)
            pen.text(at, shape.text, fill=shape.colour, font=font, anchor=_ANCHORS[shape.anchor])
        elif isinstance(shape, Box):
            pen.rectangle((*at, *_far_corner(shape)), fill=shape.colour)
        else:
            right, bottom = _far_corner(shape)
            size = (right - at[0] + 1, bottom - at[1] + 1)
            picture.paste(Image.fromarray(shape.pixels).resize(size, Image.Resampling.NEAREST), at)
    return encode_picture(picture)


def _far_corner(shape: Box | Raster) -> tuple[int, int]:
    """Return the last pixel inside, which Pillow's rectangles include."""
    return round((shape.x + shape.width) * _SCALE) - 1, round((shape.y + shape.height) * _SCALE) - 1


def _svg(figure: Figure) -> str:
    size = f'width="{figure.width}" height="{figure.height}" viewBox="0 0 {figure.width} {figure.height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">',
        '<rect width="100%" height="100%" fill="#FFFFFF"/>',
        *(_element(shape) for shape in figure.shapes),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _element(shape: Shape) -> str:
    at = f'x="{shape.x:g}" y="{shape.y:g}"'
    if isinstance(shape, Text):
        look = f'font-size="{shape.size}" fill="{to_hex(shape.colour)}"'
        place = f'text-anchor="{shape.anchor}" dominant-baseline="central"'
        printable = "".join(c if c.isprintable() else " " for c in shape.text)
        return f"<text {at} {look} {place}>{escape(printable)}</text>"
    extent = f'width="{shape.width:g}" height="{shape.height:g}"'
    if isinstance(shape, Box):
        return f'<rect {at} {extent} fill="{to_hex(shape.colour)}"/>'
    if isinstance(shape, Raster):
        data = base64.b64encode(encode_picture(shape.pixels)).decode("ascii")
        style = 'preserveAspectRatio="none" style="image-rendering:pixelated"'
        return f'<image {at} {extent} {style} href="data:image/png;base64,{data}"/>'
    assert_never(shape)
