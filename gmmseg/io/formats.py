"""Image formats: those that are read and the signatures they are known by, and others that are refused."""

from __future__ import annotations

import re

from gmmseg.errors import ReadError
from gmmseg.io.files import Stored

SUFFIXES = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "TIFF": (".tif", ".tiff", ".btf", ".tf8"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "PNM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
}
"""The suffixes of each format that is read."""
MIME_TYPES = (
    "image/png",
    "image/jpeg",
    "image/tiff",
    "image/bmp",
    "image/gif",
    "image/webp",
    "image/x-portable-anymap",
)
"""Media types by which desktops know these formats."""

SIGNATURE_BYTES = 1024
_SIGNATURES = (
    ("PNG", rb"\x89PNG\r\n\x1a\n"),
    ("JPEG", rb"\xff\xd8\xff"),
    ("GIF", rb"GIF8[79]a"),
    ("TIFF", rb"II[*+]\x00|MM\x00[*+]"),
    ("WEBP", rb"RIFF.{4}WEBP"),
    ("PNM", rb"P(?:[1-6]|f)[\s#]"),
    # The size of the header that follows tells a bitmap from text that starts with BM.
    ("BMP", rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00"),
)
_REFUSED = (
    ("a PDF", rb"%PDF"),
    ("a PostScript", rb"%!PS|\xc5\xd0\xd3\xc6"),
    ("an SVG", rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?)?(?:<!--.*?)?(?:<!DOCTYPE svg.*?)?<svg"),
    ("a HEIC or AVIF", rb".{4}ftyp"),
    ("a JPEG 2000", rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51"),
    ("a JPEG XL", rb"\xff\x0a|\x00\x00\x00\x0cJXL "),
    ("a Photoshop", rb"8BPS"),
    ("a ZIP", rb"PK\x03\x04"),
    ("a gzip", rb"\x1f\x8b"),
    ("a NumPy", rb"\x93NUMPY"),
    ("an icon", rb"\x00\x00[\x01\x02]\x00"),
)
_FORMATS_TEXT = "PNG, JPEG, TIFF, BMP, GIF, WEBP and PNM"


def may_be_stack(head: bytes) -> bool:
    """Whether a file that begins so is of a format of which a frame is read without the others' bytes."""
    stacks = (pattern for name, pattern in _SIGNATURES if name in ("TIFF", "GIF"))
    return any(re.match(pattern, head, re.DOTALL) for pattern in stacks)


def recognise(data: Stored, name: str) -> str:
    """Return the format of a file's bytes, a key of `SUFFIXES`, whatever the file is called.

    Raises
    ------
    ReadError
        It is none of the formats that are read.
    """
    if not len(data):
        raise ReadError(f"“{name}” is an empty file.", "Check that it was copied completely.")
    head = data[:SIGNATURE_BYTES]
    for format_name, pattern in _SIGNATURES:
        if re.match(pattern, head, re.DOTALL):
            return format_name
    for title, pattern in _REFUSED:
        if re.match(pattern, head, re.DOTALL):
            raise ReadError(
                f"“{name}” is {title} file, a format that is not read.",
                f"Convert it to PNG or TIFF; {_FORMATS_TEXT} are read.",
            )
    raise ReadError(f"“{name}” is not an image that is read here.", f"{_FORMATS_TEXT} are read.")
