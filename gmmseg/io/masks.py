"""Label maps, probabilities and overlays as the bytes of image files."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np

from gmmseg.arrays import AnyArray, ByteArray, Float32Array, LabelArray, looked_up
from gmmseg.colours import Colour, to_hex, voc_colour
from gmmseg.errors import WriteError
from gmmseg.image import PixelSize
from gmmseg.io.npy import encode_npy
from gmmseg.io.picture_writing import encode_picture, encode_tiff
from gmmseg.io.pixel_sizes import imagej_scale, resolution_tags
from gmmseg.io.plain_text import plain_text
from gmmseg.photo.classes import IGNORE_ID, ClassTable
from gmmseg.version import VERSION

PaletteName = Literal["class", "voc", "grey"]
GENERATOR = f"gmmseg {VERSION}"
_COMPRESS_LEVEL = 4
"""A 12-megapixel mask takes 0.2-0.3 s and 15 % more bytes than at level 6, which takes 0.9-1.4 s."""
_PHOTO_COMPRESS_LEVEL = 2
"""A 12-megapixel overlay takes half the time of level 4 and no more bytes: noise hardly compresses."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAX_TIFF_BYTES = (1 << 32) - (1 << 25)


def mask_ids(labels: LabelArray, classes: ClassTable, *, zero_based: bool = False) -> AnyArray:
    """Return the values a mask file holds, uint8 or uint16 (H, W).

    `labels` are 0 for no data and k + 1 for component k.
    Class ids from 1 with 0 for no class; or 0-based component indices with the type's largest value for
    no data.
    """
    if not zero_based:
        return looked_up(classes.ids_by_label(), labels)
    wide = classes.n_components > IGNORE_ID
    values = np.arange(-1, classes.n_components).astype(np.uint16 if wide else np.uint8)
    return looked_up(values, labels)


def legend(classes: ClassTable, *, zero_based: bool = False) -> dict[str, Any]:
    """Return which value of a mask means what, for the file's metadata or beside it."""
    wide = classes.n_components > IGNORE_ID
    return {
        "generator": GENERATOR,
        "values": "0-based component indices" if zero_based else "class ids from 1",
        "no_class": (65535 if wide else IGNORE_ID) if zero_based else 0,
        "ignore": (65535 if wide else IGNORE_ID) if zero_based else IGNORE_ID,
        "classes": [
            {
                "id": entry.id,
                "name": entry.name,
                "colour": to_hex(entry.colour),
                "components": list(entry.components),
                # Hidden in the window: its pixels are in the mask all the same.
                **({} if entry.is_visible else {"hidden": True}),
            }
            for entry in classes
        ],
    }


def encode_legend(legend: Mapping[str, Any]) -> bytes:
    """Return a legend as a JSON file, to lie beside formats such as .npy that hold nothing but values."""
    return (json.dumps(legend, indent=1) + "\n").encode("ascii")


def mask_palette(
    classes: ClassTable, name: Literal["class", "voc"] = "class", *, zero_based: bool = False
) -> ByteArray:
    """Return the (256, 3) colours of mask values; those no class has are black, 255 as in PASCAL VOC."""
    table = np.zeros((256, 3), dtype=np.uint8)
    if name == "voc":
        table[:] = [voc_colour(value) for value in range(256)]
        return table
    table[IGNORE_ID] = voc_colour(IGNORE_ID)
    colours: dict[int, Colour] = {}
    if zero_based:
        colours = dict(enumerate(classes.colours_by_component()))
    else:
        colours = {entry.id: entry.colour for entry in classes}
    for value, colour in colours.items():
        if value < IGNORE_ID:
            table[value] = colour
    return table


def encode_mask(
    suffix: str,
    ids: AnyArray,
    classes: ClassTable,
    *,
    zero_based: bool = False,
    palette: PaletteName = "class",
    metadata: Mapping[str, Any] | None = None,
    pixel_size: PixelSize | None = None,
) -> bytes:
    """Return a label map as the bytes of a .png, .tif or .npy file; equal input gives equal bytes.

    Parameters
    ----------
    suffix : str
        With the dot, in any case.
    ids : uint8 or uint16 array, (H, W)
        As `mask_ids` returns them.
    classes : ClassTable
    zero_based : bool
        What `ids` are, for the palette and the metadata.
    palette : {"class", "voc", "grey"}
        How the values of an 8-bit PNG are shown: in colours of their own, or as the grey levels they are.
        With a palette many readers return colours instead of values.
    metadata : mapping, optional
        Put into the file beside the legend; plain values.
    pixel_size : (float, float), optional
        Width and height of a pixel in micrometres, for a TIFF's resolution.

    Raises
    ------
    WriteError
        The format cannot hold labels.
    """
    held = {**legend(classes, zero_based=zero_based), **(metadata or {})}
    match suffix.lower():
        case ".png":
            if palette == "grey":
                return _encode_png(ids, None, held)
            return _encode_png(ids, mask_palette(classes, palette, zero_based=zero_based), held)
        case ".tif" | ".tiff":
            return _encode_tiff_labels(ids, held, pixel_size)
        case ".npy":
            return encode_npy(ids)
        case ".npz":
            return encode_npz(ids, None, held)
        case ".jpg" | ".jpeg" | ".webp":
            raise WriteError(
                f"{suffix} changes pixel values when it compresses, so a label map would not survive in it.",
                "Choose .png, .tif, .npy or .npz.",
            )
    raise WriteError(f"Label maps cannot be written as “{suffix}”.", "Choose .png, .tif, .npy or .npz.")


def _encode_png(ids: AnyArray, colours: ByteArray | None, metadata: Mapping[str, Any]) -> bytes:
    """Return an 8-bit PNG, indexed or grey, or a 16-bit grey one where the ids need it."""
    from PIL import Image as PillowImage
    from PIL.PngImagePlugin import PngInfo

    picture = PillowImage.fromarray(ids)
    if colours is not None and ids.dtype == np.uint8:
        # All 256 entries: with fewer, Pillow packs the indices into 1, 2 or 4 bits.
        picture.putpalette(colours.tobytes())
    texts = PngInfo()
    texts.add_text("Software", GENERATOR)
    texts.add_text("Description", _in_words(metadata))
    texts.add_text("gmmseg", json.dumps(metadata), zip=True)
    return encode_picture(picture, pnginfo=texts, compress_level=_COMPRESS_LEVEL)


def _in_words(metadata: Mapping[str, Any]) -> str:
    return (
        f"label map: {metadata['values']}, {metadata['no_class']} = no class, {metadata['ignore']} = ignore"
    )


def _encode_tiff_labels(ids: AnyArray, metadata: Mapping[str, Any], pixel_size: PixelSize | None) -> bytes:
    """Return a grey TIFF: with a colour map OpenCV, matplotlib, SimpleITK and ITK do not read the values."""
    return encode_tiff(
        ids, description=json.dumps(metadata), metadata=None, software=GENERATOR, photometric="minisblack",
        **resolution_tags(pixel_size),
    )  # fmt: skip


def encode_npz(ids: AnyArray, planes: Iterable[Float32Array] | None, metadata: Mapping[str, Any]) -> bytes:
    """Return an .npz with ``labels``, ``metadata`` (JSON text) and, with `planes`, ``probabilities``.

    Parameters
    ----------
    ids : uint8 or uint16 array, (H, W)
    planes : iterable of C float32 arrays (H, W), optional
        Taken one at a time, so that they need not all be in memory.
        C is the length of ``metadata["classes"]``.
    metadata : mapping
        Plain values, as from `legend`.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESS_LEVEL) as archive:
        _add_npy(archive, "labels", ids.dtype, ids.shape, [ids])
        text = np.asarray(json.dumps(metadata))
        _add_npy(archive, "metadata", text.dtype, (), [text])
        if planes is not None:
            shape = (len(metadata["classes"]), *ids.shape)
            _add_npy(archive, "probabilities", np.dtype(np.float32), shape, planes)
    return buffer.getvalue()


def _add_npy(
    archive: zipfile.ZipFile,
    name: str,
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    pieces: Iterable[AnyArray],
) -> None:
    """Add an array that comes in pieces along its first axis."""
    entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as member:
        header = {"descr": dtype.newbyteorder("<").str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
        for piece in pieces:
            member.write(np.ascontiguousarray(piece, dtype=dtype.newbyteorder("<")).data.cast("B"))


def encode_probabilities(
    planes: Iterable[Float32Array],
    shape: tuple[int, int],
    classes: ClassTable,
    pixel_size: PixelSize | None = None,
) -> bytes:
    """Return a TIFF stack that ImageJ opens as channels named after the classes.

    Parameters
    ----------
    planes : iterable of C float32 arrays (H, W)
        Posteriors of each class in the table's order, 0..1; taken one at a time.
    shape : tuple of int
        (H, W).
    classes : ClassTable
    pixel_size : (float, float), optional
        Width and height of a pixel in micrometres.

    Raises
    ------
    WriteError
        The stack would be larger than a TIFF file can be.
    """
    n_bytes = 4 * len(classes) * shape[0] * shape[1]
    if n_bytes > _MAX_TIFF_BYTES:
        raise WriteError(
            f"The probabilities of {len(classes)} classes take {n_bytes / 1e9:.1f} GB, too much for a TIFF.",
            "Write them as .npz, or merge classes.",
        )
    tags, scale = imagej_scale(pixel_size)
    return encode_tiff(
        iter(planes), shape=(len(classes), *shape), dtype=np.float32, imagej=True,
        photometric="minisblack", software=GENERATOR, **tags,
        metadata={"axes": "CYX", "Labels": [plain_text(entry.name) for entry in classes], **scale},
    )  # fmt: skip


def encode_rgb_png(rgb: ByteArray) -> bytes:
    """Return (H, W, 3) colours as a PNG; a picture to look at, not a label map."""
    return encode_picture(rgb, compress_level=_PHOTO_COMPRESS_LEVEL)
