"""The contact sheet of a batch: each picture beside its labels, with its areas, or why it failed."""

from __future__ import annotations

import base64
import html
import io
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from gmmseg.arrays import ByteArray, LabelArray
from gmmseg.batch.areas import Area
from gmmseg.image import Image, thinned
from gmmseg.io.picture_writing import encode_picture
from gmmseg.render import display_rgb, overlay_rgb

SUFFIXES = (".png", ".html", ".htm")
_N_AREAS = 8
"""Classes named under a picture."""
_COLUMNS = 4
_MARGIN = 12
_LINE = 16
_STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 24px; background: Canvas; color: CanvasText; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 20px; }
figure { margin: 0; } img { max-width: 100%; display: block; }
figcaption { overflow-wrap: anywhere; } .areas { opacity: .75; } .failed { color: #b00020; }
:root { color-scheme: light dark; }
"""
SIDE = 240
"""Pixels of the longer side of each of the two pictures."""
_OPACITY = 0.6
_QUALITY = 85


def thumbnail(image: Image, labels: LabelArray, colours: ByteArray) -> bytes:
    """Return the photo and, to its right, the photo under its labels, as a JPEG.

    Parameters
    ----------
    image : Image
    labels : (H, W)
        0 shows the photo alone.
    colours : uint8 array, (n, 3) or (n, 4)
        By label.
    """
    from PIL import Image as PillowImage

    # Twice as fine as shown, so that what is averaged next shows no steps.
    step = max(1, max(image.height, image.width) // (2 * SIDE))
    few = thinned(image, step)
    few_labels = labels[::step, ::step].copy()
    pair = np.concatenate([display_rgb(few), overlay_rgb(few, few_labels, colours, _OPACITY)], axis=1)
    scale = min(1.0, SIDE / max(few.height, few.width))
    size = 2 * max(1, round(few.width * scale)), max(1, round(few.height * scale))
    small = PillowImage.fromarray(pair).resize(size, PillowImage.Resampling.BOX)
    return encode_picture(small, "JPEG", quality=_QUALITY)


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of the sheet.

    Parameters
    ----------
    name : str
    thumbnail : bytes
        A JPEG; empty where there is none.
    areas : tuple of Area
    failure : str
        The reason, where nothing was made.
    output : Path, optional
        What a click on it opens.
    """

    name: str
    thumbnail: bytes = b""
    areas: tuple[Area, ...] = ()
    failure: str = ""
    output: Path | None = None


def encode_sheet(path: Path, title: str, cells: Sequence[Cell]) -> bytes:
    """Return the sheet as a page without scripts, or as a PNG, by the suffix of `path`."""
    return _page(path, title, cells) if path.suffix.lower() != ".png" else _picture(cells)


def _page(path: Path, title: str, cells: Iterable[Cell]) -> bytes:
    figures = "\n".join(_figure(cell, path.absolute().parent) for cell in cells)
    head = f"<meta charset='utf-8'><title>{html.escape(title)}</title><style>{_STYLE}</style>"
    page = f"<!doctype html>\n<html lang='en'><head>{head}</head><body>\n<h1>{html.escape(title)}</h1>\n"
    return f"{page}<main>\n{figures}\n</main></body></html>\n".encode("utf-8", "replace")


def _figure(cell: Cell, folder: Path) -> str:
    shown = ""
    if cell.thumbnail:
        data = base64.b64encode(cell.thumbnail).decode()
        shown = f"<img alt='{html.escape(cell.name)}' src='data:image/jpeg;base64,{data}'>"
    if cell.output is not None:
        link = quote(Path(os.path.relpath(cell.output, folder)).as_posix().encode("utf-8", "surrogateescape"))
        shown = f"<a href='{link}'>{shown}</a>"
    said = f"<div class='areas'>{html.escape(_areas_text(cell))}</div>"
    if cell.failure:
        said = f"<div class='failed'>{html.escape(cell.failure)}</div>"
    return f"<figure>{shown}<figcaption><b>{html.escape(cell.name)}</b>{said}</figcaption></figure>"


def _areas_text(cell: Cell) -> str:
    named = [f"{area.name} {100 * area.share:.1f} %" for area in cell.areas[:_N_AREAS]]
    return ", ".join(named) + f", and {len(cell.areas) - _N_AREAS} more" * (len(cell.areas) > _N_AREAS)


def _picture(cells: Sequence[Cell]) -> bytes:
    from PIL import Image as PillowImage
    from PIL import ImageDraw, ImageFont

    width, height = 2 * SIDE + _MARGIN, SIDE + 2 * _LINE + _MARGIN
    n_columns = min(_COLUMNS, len(cells))
    n_rows = -(-len(cells) // n_columns)
    sheet = PillowImage.new("RGB", (n_columns * width + _MARGIN, n_rows * height + _MARGIN), "white")
    drawing, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)

    def line(x: int, y: int, text: str, colour: str) -> None:
        while drawing.textlength(text, font) > 2 * SIDE:
            text = f"{text[:-2]}…"
        drawing.text((x, y), text, colour, font)

    for at, cell in enumerate(cells):
        x, y = _MARGIN + at % n_columns * width, _MARGIN + at // n_columns * height
        # One from a record may be anything.
        with (
            suppress(OSError, ValueError),
            PillowImage.open(io.BytesIO(cell.thumbnail), "r", ["JPEG"]) as small,
        ):
            if small.width <= 2 * SIDE and small.height <= SIDE:
                sheet.paste(small, (x, y + SIDE - small.height))
        line(x, y + SIDE + 2, cell.name, "black")
        line(
            x,
            y + SIDE + 2 + _LINE,
            cell.failure or _areas_text(cell),
            "#b00020" if cell.failure else "#555555",
        )
    return encode_picture(sheet)
