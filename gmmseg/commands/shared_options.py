"""Options that several commands share: what is written, how files are read, batches and tiles."""

from __future__ import annotations

import argparse

from gmmseg.commands.options import add_file, add_options, add_switch
from gmmseg.commands.usage import Parser
from gmmseg.commands.values import (
    count,
    length,
    n_bytes,
    number,
    out_file,
    out_place,
    ranges,
)
from gmmseg.photo.settings import MapSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import settings_of

OBJECT_FORMATS = ("semantic", "binary", "cutout", "binaries", "cutouts")
FORMATS = ("parts", "coco", "geojson", "labelme", "roi", "svg", "ome-tiff", "ome-zarr")
COMPONENT_TABLE = "also a line for each component: .csv"
_ANY_TABLE = (
    f"{COMPONENT_TABLE}; with --method regions a line for each region, with the mean posteriors of a "
    "mixture, whose options then hold for that"
)


def add_map(parser: Parser, regions_title: str) -> None:
    """Add the options of the map of classes, and of the regions that it may follow."""
    add_options(parser.add_argument_group("map of classes"), settings_of(MapSettings))
    regions = parser.add_argument_group(regions_title)
    # The seed is that of the mixture.
    add_options(regions, [setting for setting in settings_of(RegionSettings) if not setting.is_seed])


def add_outputs(parser: Parser, *, formats: tuple[str, ...] = FORMATS, table_help: str = _ANY_TABLE) -> None:
    """Add the options that say which files are written, and how they look."""
    group = parser.add_argument_group("output")
    _add_files(group, formats)
    _add_pictures(group)
    add_file(group, "--model", "also the mixture, fitted or adapted: .json")
    _add_tables(group, table_help)
    _add_masks(group)
    add_switch(
        group,
        "--no-clobber",
        "leave out, and name, images of which one of the files to write is there already",
    )
    if formats == FORMATS:
        add_reading(group)


def _add_files(group: argparse._ArgumentGroup, formats: tuple[str, ...]) -> None:
    group.add_argument(
        "-o",
        "--output",
        type=out_place,
        metavar="OUT",
        help="by extension: .png mask with palette, .tif mask in grey, .npy mask with its legend in "
        ".npy.json, .npz mask, probabilities and metadata; a name that ends in / is a folder",
    )
    group.add_argument(
        "--format", choices=formats, help="write a table of parts, or OUT for another program, instead"
    )
    kinds = ("mask", "legend", *formats)
    group.add_argument(
        "--also",
        action="append",
        default=[],
        type=out_file(kinds),
        metavar="KIND=FILE",
        help="also a file of another kind, as often as wanted: mask, legend, or one that --format takes",
    )


def _add_pictures(group: argparse._ArgumentGroup) -> None:
    add_file(
        group,
        "--probabilities",
        "also the probability of each class at each pixel: .tif, .ome.tif or .npz; of a picture in "
        "tiles .zarr or .tif, in 255ths",
    )
    add_file(group, "--overlay", "also the labels over the photo: .png")
    group.add_argument(
        "--opacity", type=number, metavar="A", help="of the labels over the photo, 0 to 1 (default 0.5)"
    )
    add_display(group)


def _add_tables(group: argparse._ArgumentGroup, table_help: str) -> None:
    add_file(group, "--table", table_help)
    add_file(
        group,
        "--parts",
        "also a line for each connected part of a class, the objects to be counted, with its size, "
        "shape and mean values: .csv",
    )
    group.add_argument(
        "--min-part", type=count, metavar="N", help="leave out parts of fewer than N pixels (default 1)"
    )
    group.add_argument(
        "--pixel-size",
        type=length,
        metavar="UM",
        help="side of a pixel in micrometres, for areas in um2 in tables, told in maps that are TIFF or "
        "OME-Zarr too (default: what the picture's file tells)",
    )
    add_file(group, "--report", "also all figures of the run: .json")


def _add_masks(group: argparse._ArgumentGroup) -> None:
    add_switch(
        group,
        "--zero-based",
        "masks and OME-TIFF hold component indices from 0 instead of class ids from 1; "
        "no data is then 255, in 16-bit masks 65535",
    )
    group.add_argument(
        "--palette",
        choices=("class", "voc", "grey"),
        help="how a PNG mask is shown: in the program's own colours (default), in PASCAL VOC's, or in grey, "
        "which every reader returns as the values themselves",
    )


def add_display(group: Parser | argparse._ArgumentGroup) -> None:
    """Add the option that says which stored values are shown as black and white."""
    group.add_argument(
        "--display",
        type=ranges,
        metavar="LOW:HIGH[:GAMMA],...",
        help="stored values that overlays and cut-outs show as black and as white, for all channels or for "
        "each; a gamma below 1 brightens what is dark (default: as an image opens in the window)",
    )


def add_reading(group: argparse._ActionsContainer) -> None:
    """Add the options that say what is read of a file, and how much memory that may take."""
    group.add_argument(
        "--frame",
        type=count,
        default=1,
        metavar="N",
        help="page or frame of the file, from 1 (default 1)",
    )
    group.add_argument(
        "--memory-budget",
        type=n_bytes,
        metavar="SIZE",
        help="most memory one image may need, such as 800M or 4G (default: half of the machine's)",
    )


def add_batch(parser: Parser) -> argparse._ArgumentGroup:
    """Add the options of several images, and return their group."""
    group = parser.add_argument_group("several images")
    group.add_argument(
        "--jobs",
        type=count,
        default=1,
        metavar="N",
        help="processes, each with an image or a tile at a time; the files are the same for every number "
        "(default 1)",
    )
    add_switch(
        group,
        "--resume",
        "leave images as they are whose files are there, made of the same image with the same settings: "
        "to go on where a run ended; of a picture in tiles unfinished work lies in OUT.part",
    )
    add_file(group, "--areas", "one table of the areas in all images: .csv")
    add_file(
        group, "--contact-sheet", "all images beside their labels on one page: .png, or .html without scripts"
    )
    return group


def add_tiled(parser: Parser) -> None:
    """Add the options of pictures that are worked on in tiles."""
    group = parser.add_argument_group("pictures in tiles")
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="instead of processes here: workers of a Dask scheduler that runs, such as tcp://host:8786",
    )
    add_switch(
        group, "--skip-damaged", "parts that cannot be decoded hold no data, instead of ending the run"
    )
