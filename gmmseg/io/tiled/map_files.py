"""Files of maps that are written tile by tile: which there may be, and how they begin and end."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gmmseg.control import ShouldStop
from gmmseg.errors import WriteError
from gmmseg.io.atomic import check_folder_writable, check_writable, publish_file, publish_folder, shown
from gmmseg.io.interchange.ome_zarr import image_label, is_ome_zarr, shown_channels
from gmmseg.io.masks import GENERATOR, legend
from gmmseg.io.plain_text import with_plain_names
from gmmseg.io.temporaries import sweep
from gmmseg.io.tiled.chunk_pyramid import ChunkPyramid
from gmmseg.io.tiled.work_folder import WorkFolder
from gmmseg.limits import memory_budget, size_text
from gmmseg.photo.classes import ClassTable

ZARR, TIFFS = ".zarr", (".tif", ".tiff")


def check_output(output: Path) -> None:
    """Raise `WriteError` where maps cannot be written there."""
    suffix = output.suffix.lower()
    if suffix == ZARR:
        check_folder_writable(output, is_ome_zarr)
    elif suffix in TIFFS:
        check_writable(output)
    else:
        raise WriteError(
            f"{shown(output)} is no name for maps that are written in tiles, as those of images that need "
            f"more memory than {size_text(memory_budget())} are.",
            "Choose one that ends in .zarr or .tif.",
        )


@dataclass(frozen=True, slots=True, eq=False)
class MapFile:
    """A file, or folder, of maps in the making.

    Parameters
    ----------
    output : Path
        Where it will be.
    folder : WorkFolder
        Where it is made, beside that.
    pyramid : ChunkPyramid
        In that folder.
    description : mapping
        Of the values, for a TIFF file.
    """

    output: Path
    folder: WorkFolder
    pyramid: ChunkPyramid
    description: Mapping[str, Any]

    def publish(self, should_stop: ShouldStop) -> None:
        """Put the complete pyramid in the output's place; raises `WriteError` or `Cancelled`."""
        if self.output.suffix.lower() == ZARR:
            # A process that was killed may have left the beginning of a chunk.
            for place, _, _ in os.walk(self.folder.maps):
                sweep(place)
            publish_folder(self.folder.path, self.output)
            return
        # Here, so that a command line without tiles does not wait for tifffile.
        from gmmseg.io.tiled.pyramid_tiff import write_pyramid_tiff

        made = self.folder.path / "made.tif"
        write_pyramid_tiff(self.pyramid, made, json.dumps(self.description), should_stop)
        publish_file(made, self.output)


def label_file(
    output: Path, folder: WorkFolder, classes: ClassTable, name: str, like: ChunkPyramid
) -> MapFile:
    """Begin a label image: its class ids; raises `WriteError`.

    Parameters
    ----------
    output : Path
    folder : WorkFolder
    classes : ClassTable
    name : str
        Of the picture.
    like : ChunkPyramid
        Of the same size and levels, wherever and whatever its values.
    """
    plain = with_plain_names(classes)
    pyramid = replace(like, folder=str(folder.maps), dtype=plain.ids_by_label().dtype.name)
    pyramid.write_metadata(name, {"image-label": image_label(plain, source=None)})
    return MapFile(output, folder, pyramid, legend(plain))


def probability_file(
    output: Path, folder: WorkFolder, classes: ClassTable, name: str, like: ChunkPyramid
) -> MapFile:
    """Begin an image of the probability of each class, in 255ths; otherwise as `label_file`."""
    plain = with_plain_names(classes)
    pyramid = replace(like, folder=str(folder.maps), dtype="uint8", n_planes=len(plain))
    held = {**legend(plain), "generator": GENERATOR, "values": "probabilities of the classes in 255ths"}
    names = [entry.name for entry in plain]
    pyramid.write_metadata(name, shown_channels(names, [entry.colour for entry in plain], 255.0), held)
    return MapFile(output, folder, pyramid, held)
