"""Every format but TIFF, and the TIFFs that tifffile leaves, through Pillow by an explicit table of modes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.errors import ReadError
from gmmseg.image import GREY, RGB
from gmmseg.io.decoded_image import Decoded, check_frame, frame_notes
from gmmseg.io.decoder_errors import DAMAGE_NOTE, damaged
from gmmseg.io.files import Stored, asking_file
from gmmseg.io.headers import check_can_hold, check_png_is_long_enough, gif_size, png_header, webp_size
from gmmseg.io.png16 import is_deep_png, read_deep_png, read_deep_pnm
from gmmseg.limits import MAX_FRAMES, check_pixels

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage
    from PIL.ImageFile import ImageFile

# The plugins are called directly: Image.open would compare with the global MAX_IMAGE_PIXELS, which belongs to
# the whole process, and would fall through to formats that are not on the list (EPS starts Ghostscript).
_PLUGINS = {
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "JPEG": ("gmmseg.io.jpeg", "WatchedJpegFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "PNM": ("PIL.PpmImagePlugin", "PpmImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
}
"""Module and class of each format, imported with the first file of it."""
# Small enough to stay in the cache and in the allocator: four times that doubles the time of a JPEG.
_PIXELS_PER_STRIP = 1 << 17
_ORIENTATION_TAG = 0x0112
_BYTES_OF_A_FRAME = 16
"""A pixel, while a frame is laid over the one before it: canvas, frame and result, as measured."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """Conversion of a Pillow mode: the mode to convert to, channels without alpha, dtype, and a note."""

    mode: str
    channels: tuple[str, ...]
    dtype: type[np.generic] = np.uint8
    has_alpha: bool = False
    note: str = ""


CONVERSIONS = {
    "1": Conversion("L", GREY),
    "L": Conversion("L", GREY),
    "LA": Conversion("LA", GREY, has_alpha=True),
    "La": Conversion("LA", GREY, has_alpha=True),
    "P": Conversion("RGB", RGB),
    "PA": Conversion("RGBA", RGB, has_alpha=True),
    "RGB": Conversion("RGB", RGB),
    "RGBX": Conversion("RGB", RGB),
    "RGBA": Conversion("RGBA", RGB, has_alpha=True),
    "RGBa": Conversion("RGBA", RGB, has_alpha=True),
    "I;16": Conversion("I;16", GREY, np.uint16),
    "I;16L": Conversion("I;16L", GREY, np.uint16),
    "I;16B": Conversion("I;16B", GREY, np.uint16),
    "I;16N": Conversion("I;16N", GREY, np.uint16),
    "I": Conversion("I", GREY, np.int32),
    "F": Conversion("F", GREY, np.float32),
    "CMYK": Conversion("RGB", RGB, note="Converted from CMYK to RGB."),
    "YCbCr": Conversion("RGB", RGB, note="Converted from YCbCr to RGB."),
    "HSV": Conversion("RGB", RGB, note="Converted from HSV to RGB."),
}
"""Every mode that is read; a mode that is missing, such as LAB, is refused."""
_WITH_ALPHA = {
    "1": Conversion("LA", GREY, has_alpha=True),
    "L": Conversion("LA", GREY, has_alpha=True),
    "P": Conversion("RGBA", RGB, has_alpha=True),
    "RGB": Conversion("RGBA", RGB, has_alpha=True),
}
"""The same where the file names a transparent colour."""
_UNSIGNED_I = Conversion("I", GREY, np.uint16)


def conversion_of(picture: PillowImage, format_name: str) -> Conversion:
    """Return what becomes of a picture by its mode.

    Raises
    ------
    ReadError
        The mode is not in `CONVERSIONS`.
    """
    if "transparency" in picture.info and picture.mode in _WITH_ALPHA:
        return _WITH_ALPHA[picture.mode]
    if picture.mode == "I" and format_name in ("PNG", "PNM"):
        return _UNSIGNED_I
    if picture.mode not in CONVERSIONS:
        raise ReadError(
            f"The {format_name} file stores its colours as {picture.mode}, which is not read.",
            "Convert it to RGB and save it as PNG or TIFF.",
        )
    return CONVERSIONS[picture.mode]


def pillow_frames(
    data: Stored, name: str, format_name: str, frame: int | None, should_stop: ShouldStop
) -> Iterator[Decoded]:
    """Yield one frame of an image file, or all where `frame` is None; the caller turns decoder failures into
    `ReadError`.

    Raises
    ------
    ReadError
        There is no such frame, or the colours are stored in a way that is not read.
    BudgetError
        By the header it needs too much memory; nothing was allocated.
    """
    _check_header(data, name, format_name)
    word = "page" if format_name == "TIFF" else "frame"
    module, plugin = _PLUGINS[format_name]
    opened: ImageFile = getattr(import_module(module), plugin)(asking_file(data, should_stop))
    with opened as picture:
        _check_size(picture, format_name, frame or 0)
        check_can_hold(picture.width, picture.height, len(data), format_name, name)
        raise_if_cancelled(should_stop)
        n_found = int(getattr(picture, "n_frames", 1))
        n_frames = min(n_found, MAX_FRAMES)
        for at in range(n_frames) if frame is None else (frame,):
            check_frame(at, n_frames, name, word)
            if at:
                picture.seek(at)
                _check_size(picture, format_name, at)
            decoded = _read_deep(data, name, format_name, at, should_stop) or _read_loaded(
                picture, format_name, should_stop
            )
            notes = [*frame_notes(at, n_found, word), *decoded.notes]
            notes += profile_notes(picture.info.get("icc_profile"))
            yield replace(
                decoded, n_frames=n_frames, orientation=_orientation(picture, format_name), notes=tuple(notes)
            )


def _read_deep(
    data: Stored, name: str, format_name: str, frame: int, should_stop: ShouldStop
) -> Decoded | None:
    """Return the pixels at 16 bits where Pillow would narrow them; None where it would not."""
    if format_name == "PNM":
        return read_deep_pnm(data[:], name)
    if format_name == "PNG" and frame == 0:
        header = png_header(data, name)
        return read_deep_png(data[:], header, name, should_stop) if is_deep_png(header) else None
    return None


def _read_loaded(picture: PillowImage, format_name: str, should_stop: ShouldStop) -> Decoded:
    # Asked before load(), which narrows the mode's name but not what the file holds.
    tiles = str(getattr(picture, "tile", ""))
    picture.load()
    raise_if_cancelled(should_stop)
    conversion = conversion_of(picture, format_name)
    pixels, is_opaque = pixels_of(picture, conversion, should_stop)
    notes = [conversion.note] if conversion.note else []
    if ";16" in tiles and pixels.dtype == np.uint8:
        notes.append("The file has 16 bits a value; they are read at 8 bits.")
    # Of a `WatchedJpegFile`.
    if getattr(picture, "n_damaged", 0):
        notes.append(DAMAGE_NOTE)
    return Decoded(pixels, conversion.channels, is_opaque, notes=tuple(notes))


def _check_header(data: Stored, name: str, format_name: str) -> None:
    """Refuse what Pillow would allocate while opening, or would read for long before it finds it lacking."""
    if format_name == "WEBP":
        size = webp_size(data)
        if size is None:
            raise damaged(name, "WEBP")
        check_pixels(*size, 4, 1, _BYTES_OF_A_FRAME)
    if format_name == "GIF" and (canvas := gif_size(data)) is not None:
        check_pixels(*canvas, 3, 1)
    if format_name == "PNG":
        header = png_header(data, name)
        check_pixels(header.width, header.height, header.n_samples, max(header.depth // 8, 1))
        check_png_is_long_enough(header, len(data), name)


def _check_size(picture: PillowImage, format_name: str, frame: int) -> None:
    conversion = conversion_of(picture, format_name)
    channels = len(conversion.channels)
    decoding_bytes = _BYTES_OF_A_FRAME if frame and format_name != "TIFF" else 0
    if "progressive" in picture.info:
        # Two bytes for each coefficient of all scans, and Pillow's pixels, four bytes each where not grey.
        bands = len(picture.getbands())
        decoding_bytes = 2 * bands + (1 if bands == 1 else 4)
    item = np.dtype(conversion.dtype).itemsize
    check_pixels(picture.width, picture.height, channels, item, decoding_bytes)


def pixels_of(
    picture: PillowImage, conversion: Conversion, should_stop: ShouldStop
) -> tuple[AnyArray, BoolArray | None]:
    """Return the pixels (H, W, C) of a loaded picture without alpha, and where alpha is not zero.

    Strip by strip: the decoder's copy and ours are all that is ever held.
    """
    width, height = picture.size
    n_channels = len(conversion.channels)
    pixels = np.empty((height, width, n_channels), dtype=conversion.dtype)
    is_opaque = np.empty((height, width), dtype=np.bool_) if conversion.has_alpha else None
    step = max(_PIXELS_PER_STRIP // width, 1)
    for top in range(0, height, step):
        raise_if_cancelled(should_stop)
        strip = picture.crop((0, top, width, min(top + step, height)))
        if strip.mode != conversion.mode:
            strip = strip.convert(conversion.mode)
        values = np.asarray(strip).reshape(strip.height, width, -1)
        pixels[top : top + step] = values[:, :, :n_channels]
        if is_opaque is not None:
            np.not_equal(values[:, :, -1], 0, out=is_opaque[top : top + step])
    return pixels, is_opaque


def _orientation(picture: PillowImage, format_name: str) -> int:
    if format_name == "PNG" and "exif" not in picture.info:
        # getexif() would decode the whole picture to look behind it.
        return 1
    # A damaged EXIF block makes Pillow raise nearly anything; it is no reason to refuse the picture.
    with suppress(Exception):
        return int(picture.getexif().get(_ORIENTATION_TAG, 1))
    return 1


def profile_notes(profile: bytes | None) -> list[str]:
    """Return what to say about a colour profile: nothing for none and for sRGB, which is what is assumed."""
    if not profile:
        return []
    title = ""
    # A garbage profile never fails the opening, whatever the colour library says of it.
    with suppress(Exception):
        from PIL import ImageCms

        title = (ImageCms.ImageCmsProfile(BytesIO(profile)).profile.profile_description or "").strip()
        if "srgb" in title.lower():
            return []
    if not title:
        return ["The colour profile could not be read and is ignored."]
    return [f"The colour profile “{title}” is not applied; values are used as stored."]
