"""The command line's grammar and help; needs no numpy, so that ``--help`` is immediate."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from gmmseg.commands.contradictions import (
    check_apply,
    check_criterion,
    check_display,
    check_map,
    check_mask,
    check_outputs_given,
    check_overlay,
    check_segment,
    check_select,
    check_sent,
    check_tables,
)
from gmmseg.commands.mnist_parser import MNIST, add_mnist, check_mnist
from gmmseg.commands.options import add_options, reader
from gmmseg.commands.usage import Parser, check_first_word, printable, with_joined_numbers
from gmmseg.commands.values import (
    box_corners,
    class_entry,
    click_point,
    count,
    features,
    length,
    n_bytes,
    number,
    out_file,
    out_place,
    place,
    ranges,
)
from gmmseg.features.spec import FeatureSpec
from gmmseg.frames.settings import BackgroundSettings
from gmmseg.mixture.settings import Adaptation, FitSettings
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import Setting, arranged, setting_of, settings_of
from gmmseg.tables.settings import TableSettings
from gmmseg.version import VERSION

COMMANDS: tuple[str, ...] = (
    "segment", "apply", "select", "export", "fit", "frames", "mnist", "sample",
    "completion", "desktop", "doctor", "help",
)  # fmt: skip
OBJECT_FORMATS = ("semantic", "binary", "cutout", "binaries", "cutouts")
FORMATS = ("parts", "coco", "geojson", "labelme", "roi", "svg", "ome-tiff", "ome-zarr")

_OVERVIEW = """\
Image segmentation with Gaussian mixtures.

  gmmseg                       open the window
  gmmseg photo.jpg             open the window on a photo
  gmmseg help COMMAND          what a command does and its options

Exit codes: 0 done, 1 refused (one line on standard error says why), 2 wrong usage; 130, 143 or
129 interrupted by Ctrl-C, SIGTERM or SIGHUP.
"""
_SEGMENT = """\
Fit a Gaussian mixture to an image and write its label map: class ids from 1, 0 where there is no data.
With --by region each region of a hierarchy gets the class with the largest sum of its pixels' posteriors.
With --method regions the classes are those connected regions themselves.

  gmmseg segment photo.jpg -k 4 -o mask.png
  gmmseg segment photo.jpg -k auto --features lab+position -o mask.png --overlay overlay.png
  gmmseg segment photo.jpg -k 5 --by region --detail 0.4 -o mask.png
  gmmseg segment photo.jpg --hints strokes.json -o mask.png --model taught.json
  gmmseg segment photo.jpg --method regions --regions 12 -o regions.png --table regions.csv
  gmmseg segment photos/ -o masks/ --jobs 2 --areas areas.csv --contact-sheet sheet.html
  gmmseg segment 'photos/*.jpg' -o masks/ --joint
  gmmseg segment photos/ -o masks/ --resume

A picture beyond memory (tiled TIFF, OME-Zarr, PNG, baseline JPEG), and any picture where OUT ends in .zarr,
is worked on in tiles: the fit is that of all pixels, and OUT a label image with a pyramid, OME-Zarr or tiled
TIFF.

  gmmseg segment slide.tif --jobs 2 -o slide.zarr
  gmmseg segment slide.tif --by region -o slide.zarr --probabilities heat.zarr

Regions are then those of fields of 2,048 x 2,048 pixels with 256 more around them.

Of several images, or of a folder, OUT is a folder (made if missing) that gets one STEM.png for each image;
equal stems get _2, _3, … . The same holds for an OUT that is an existing folder or ends in /.
--probabilities, --overlay, --model, --table and --report then are folders as well, each one with files of its
own; for a single image they may also be files. An image that cannot be read is reported and left out; the
exit code is then 1. What is done is kept in OUT/.gmmseg-batch.jsonl: --resume goes by that and leaves as they
are images whose files are there, made of the same image with the same settings.

Existing files are replaced, each in one step, so that whatever happens the old or the new one is there; they
keep their permissions, but not set-user-id, and other hard links to them keep the old content. Only root can
keep another owner. With --no-clobber an image is left out, and named, where one of its files exists.

- as IMAGE is standard input, and as OUT standard output, a PNG or what --format says:

  curl https://example.org/photo.jpg | gmmseg segment - -o - > mask.png
"""
_APPLY = """\
Label images with a saved model, without fitting. An image that the model was fitted on gets exactly the label
map that it got then. Several images and folders are treated as by “segment”.

  gmmseg apply model.json other.jpg -o mask.png
  gmmseg apply model.json series/ --adapt 1000 -o masks/

With --adapt the mixture first moves towards each picture (MAP adaptation after Reynolds, Quatieri and Dunn
2000), as when light changes over a series: its classes stay what they are.

A picture beyond memory, and any picture where OUT ends in .zarr, is worked on in tiles, as by “segment”:

  gmmseg apply model.json slide.tif --jobs 2 -o slide.zarr
"""
_SELECT = """\
Cut out one object by clicks and a box, in pixels from 0, 0 at the top left: as in the window. Clicks count in
the order given: those with + (or nothing) are on the object, those with - outside it.

  gmmseg select photo.jpg --click 120,80 -o mask.png
  gmmseg select photo.jpg --click 120,80 --click 300,200,- --cutout horse.png -o mask.png
  gmmseg select photo.jpg --box 40,30,260,220 -o mask.tif
  gmmseg select --boxes boxes.csv -o masks/

A mask holds 255 in the object and 0 outside; a .npy holds booleans. Existing files are overwritten.
"""
_FIT = """\
Fit a Gaussian mixture to the rows of a table: CSV or TSV text, with or without a line of names, or an .npy or
.npz array. Columns without names are x1, x2, ….

  gmmseg fit flowers.csv -k 3 --columns length,width -o clusters.csv
  gmmseg fit speech.npy -k 32 --covariance diag --standardise -o frames.npz --model speaker.json

OUT gets the fitted columns and, as the last one, component: the most probable one of each row, counted from
1, the largest first. Existing files are overwritten.
"""
_FRAMES = """\
Tell what is in front of the background in a multi-page TIFF, an animated GIF, PNG or WEBP, or a folder of
frames in the order of their names: FOLDER gets a mask for each, 255 in front and 0 behind. A mixture of few
Gaussians at each pixel follows the background as it changes (Zivkovic 2004, Lee 2005). All of the first frame
is in front: nothing is known of it yet.

  gmmseg frames street.tif -o masks/
  gmmseg frames shots/ --rate 0.01 --threshold 3 -o masks/

Masks are called after the stack and the frame's number, or after each file of a folder. Existing ones are
overwritten.
"""
_COMPLETION = """\
Print a script that completes commands, options and their values, for bash, zsh or fish.

  gmmseg completion bash > ~/.local/share/bash-completion/completions/gmmseg
  gmmseg completion zsh > ~/.zfunc/_gmmseg
  gmmseg completion fish > ~/.config/fish/completions/gmmseg.fish
"""
_DESKTOP = """\
Install an entry in the menus of a Linux desktop, the program's icon, and the type of its project files, so
that these open by a double click: for this user alone, in $XDG_DATA_HOME or ~/.local/share.
"""
_EXPORT = """\
Write files of a project, the same as the window does: of its classes, its regions or its objects.

  gmmseg export work.gmmseg -o mask.png --report report.json
  gmmseg export work.gmmseg --subject objects --format cutout -o horse.png
  gmmseg export work.gmmseg --subject regions -o regions.tif --table regions.csv
"""
_DOCTOR = """\
Say which parts of the program work on this machine: the compiled E-step, the window with Qt's system
libraries, the packages of the extras. What is missing comes with how to get it. The exit code is 1 where the
window cannot be opened.
"""
_SAMPLE = """\
Draw feature vectors from a saved mixture, in the units of the features: .npy holds a float64 array (N, D),
.csv a line of feature names and N lines of values. From a model of digits (mnist --model) draw digits: .png
holds a sheet of them, .npy the images as uint8 (N, height, width). The same seed draws the same.
"""


class _ShowVersion(argparse.Action):
    """Prints version and E-step; which one runs is asked late, so that the grammar needs no numpy."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        from gmmseg.mixture.compiled import kernel_name

        print(f"gmmseg {VERSION}\nE-step: {kernel_name()}")
        parser.exit()


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the options of a command line; ends the program with code 2 where they make no sense."""
    parser, commands = build_parser()
    check_first_word(parser, argv, COMMANDS)
    options, unknown = parser.parse_known_args(with_joined_numbers(argv))
    command = commands[options.command]
    if unknown:
        if options.command == "mnist" and not any(word.startswith("-") for word in unknown):
            command.error(f"“{printable(unknown[0])}” is not expected here: data is given by --data DIR")
        command.refuse_unknown(unknown)
    check_sent(command, options)
    if options.command == "mnist":
        check_mnist(command, options)
    else:
        check_overlay(command, options)
        check_display(command, options)
    if options.command in ("segment", "apply", "export"):
        check_outputs_given(command, options)
        check_mask(command, options)
    if options.command in ("segment", "apply"):
        check_map(command, options)
        check_tables(command, options)
    if options.command == "apply":
        check_apply(command, options)
    if options.command == "select":
        check_select(command, options)
    if options.command == "fit":
        check_criterion(command, options)
    if options.command == "segment":
        check_segment(command, options)
    return options


def build_parser() -> tuple[Parser, dict[str, Parser]]:
    """Return the parser of all commands and that of each; the chosen one is ``command`` of what it parses."""
    parser = Parser("gmmseg", usage="gmmseg [PHOTO | COMMAND ...]", description=_OVERVIEW)
    parser.add_argument(
        "--version", action=_ShowVersion, nargs=0, help="show the version and which E-step runs"
    )
    group = parser.add_subparsers(
        title="commands", prog="gmmseg", dest="command", metavar="COMMAND", required=True
    )

    def add(name: str, usage: str, summary: str, text: str) -> Parser:
        return group.add_parser(name, usage=f"gmmseg {name} {usage}", help=summary, description=text)

    commands = {
        "segment": add("segment", "IMAGE... [options] -o OUT",
                       "fit a mixture and write a label map", _SEGMENT),
        "apply": add("apply", "MODEL IMAGE... [options] -o OUT", "label images with a saved model", _APPLY),
        "select": add("select", "IMAGE [--click X,Y[,+|-]]... [--box X0,Y0,X1,Y1] -o MASK",
                      "cut out an object by clicks and boxes", _SELECT),
        "export": add("export", "PROJECT [--subject WHAT] [options] -o OUT",
                      "write files of a project", _EXPORT),
        "fit": add("fit", "TABLE [-k N|auto] [--columns A,B] [options] -o OUT",
                   "fit a mixture to the rows of a table", _FIT),
        "frames": add("frames", "STACK|FOLDER [--rate A] [options] -o FOLDER",
                      "tell moving things from the background", _FRAMES),
        "mnist": add("mnist", "[options]", "cluster images of digits without their labels", MNIST),
        "sample": add("sample", "MODEL -n N [--seed S] -o OUT", "draw vectors or digits from a saved mixture",
                      _SAMPLE),
        "doctor": add("doctor", "", "say what works on this machine and how to get what is missing", _DOCTOR),
    }  # fmt: skip
    commands["completion"] = add("completion", "SHELL", "print what completes words in a shell", _COMPLETION)
    commands["desktop"] = add("desktop", "[--remove]", "entry and file type for a Linux desktop", _DESKTOP)
    commands["desktop"].add_argument("--remove", action="store_true", help="remove what was installed")
    commands["help"] = add("help", "[COMMAND]", "what a command does and its options", "Print help.")
    commands["completion"].add_argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL")
    commands["help"].add_argument("topic", nargs="?", choices=COMMANDS, metavar="COMMAND")
    _add_segment(commands["segment"])
    _add_apply(commands["apply"])
    _add_select(commands["select"])
    _add_export(commands["export"])
    _add_fit(commands["fit"])
    _add_frames(commands["frames"])
    add_mnist(commands["mnist"])
    _add_sample(commands["sample"])
    for command in commands.values():
        command.add_argument("--quiet", action="store_true", help="say nothing but refusals and failures")
    return parser, commands


def _add_segment(parser: Parser) -> None:
    parser.add_argument(
        "images", nargs="+", type=place, metavar="IMAGE", help="image file, or folder of them"
    )
    model = parser.add_argument_group("mixture")
    model.add_argument(
        "--method",
        choices=("mixture", "regions"),
        default="mixture",
        help="mixture: each pixel by itself (default); regions: a hierarchy of connected regions grown from "
        "mixtures of colour and texture",
    )
    table = {setting.path: setting for setting in arranged(settings_of(SegmentSettings))}
    add_options(model, [table.pop("mixture.n_components"), table.pop("auto")])
    model.add_argument(
        "--hints",
        type=place,
        metavar="MASK",
        help="teach the classes: each name of the objects that MASK marks is one; a mask (.png, .tif, .npy, "
        ".npz) or COCO, GeoJSON, LabelMe, ImageJ ROIs or OME-Zarr, of one image",
    )
    add_options(model, [table.pop("learns_from")])
    model.add_argument(
        "--features",
        type=features,
        metavar="SPACE",
        help=f"rgb, lab, hsv or gray, followed by +position and +texture as wanted (default {FeatureSpec()})",
    )
    fitting = [setting for setting in table.values() if _is_fitting(setting)]
    add_options(model, [setting for setting in table.values() if setting not in fitting])
    _add_map(parser, "regions (--method regions, --by region)")
    add_options(parser.add_argument_group("fitting"), fitting)
    model.add_argument(
        "--class",
        dest="classes",
        action="append",
        type=class_entry,
        metavar="CLASS",
        help="a class as ID:COMPONENTS:#COLOUR:shown:NAME, as in 2:0+3:#87ceeb:shown:Sky, for each class in "
        "turn: components from 0, united by +; hidden ones are left out of the overlay",
    )
    _add_outputs(parser)
    group = _add_batch(parser)
    group.add_argument(
        "--joint",
        action="store_true",
        help="one mixture for all images, fitted to all of their pixels: a class is then the same in each",
    )
    _add_tiled(parser)


def _add_tiled(parser: Parser) -> None:
    group = parser.add_argument_group("pictures in tiles")
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="instead of processes here: workers of a Dask scheduler that runs, such as tcp://host:8786",
    )
    group.add_argument(
        "--skip-damaged",
        action="store_true",
        help="parts that cannot be decoded hold no data, instead of ending the run",
    )


def _add_map(parser: Parser, regions_title: str) -> None:
    add_options(parser.add_argument_group("map of classes"), settings_of(MapSettings))
    regions = parser.add_argument_group(regions_title)
    # The seed is that of the mixture.
    add_options(regions, [setting for setting in settings_of(RegionSettings) if not setting.is_seed])


def _is_fitting(setting: Setting) -> bool:
    return setting.section == "Mixture" and setting.is_advanced


def _add_apply(parser: Parser) -> None:
    parser.add_argument("model", type=place, metavar="MODEL", help="model file written by --model")
    parser.add_argument(
        "images", nargs="+", type=place, metavar="IMAGE", help="image file, or folder of them"
    )
    _add_map(parser, "regions (--by region)")
    add_options(parser.add_argument_group("adaptation"), settings_of(Adaptation))
    _add_outputs(parser, has_model=False)
    _add_batch(parser)
    _add_tiled(parser)


def _add_display(group: Parser | argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--display",
        type=ranges,
        metavar="LOW:HIGH[:GAMMA],...",
        help="stored values that overlays and cut-outs show as black and as white, for all channels or for "
        "each; a gamma below 1 brightens what is dark (default: as an image opens in the window)",
    )


def _add_outputs(parser: Parser, *, has_model: bool = True, formats: tuple[str, ...] = FORMATS) -> None:
    group = parser.add_argument_group("output")
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
    group.add_argument(
        "--probabilities",
        type=place,
        metavar="FILE",
        help="also the probability of each class at each pixel: .tif, .ome.tif or .npz; of a picture in "
        "tiles .zarr or .tif, in 255ths",
    )
    group.add_argument("--overlay", type=place, metavar="FILE", help="also the labels over the photo: .png")
    group.add_argument(
        "--opacity", type=number, metavar="A", help="of the labels over the photo, 0 to 1 (default 0.5)"
    )
    _add_display(group)
    if has_model:
        group.add_argument("--model", type=place, metavar="FILE", help="also the fitted mixture: .json")
    group.add_argument(
        "--table",
        type=place,
        metavar="FILE",
        help="also a line for each component: .csv; with --method regions a line for each region, with the "
        "mean posteriors of a mixture, whose options then hold for that"
        if has_model
        else "also a line for each component: .csv",
    )
    group.add_argument(
        "--parts",
        type=place,
        metavar="FILE",
        help="also a line for each connected part of a class, the objects to be counted, with its size, "
        "shape and mean values: .csv",
    )
    group.add_argument(
        "--min-part", type=count, metavar="N", help="leave out parts of fewer than N pixels (default 1)"
    )
    group.add_argument(
        "--pixel-size",
        type=length,
        metavar="UM",
        help="side of a pixel in micrometres, for areas in um2 in tables (default: what the TIFF file tells)",
    )
    group.add_argument("--report", type=place, metavar="FILE", help="also all figures of the run: .json")
    group.add_argument(
        "--zero-based",
        action="store_true",
        help="masks and OME-TIFF hold component indices from 0 instead of class ids from 1; "
        "no data is then 255, in 16-bit masks 65535",
    )
    group.add_argument(
        "--palette",
        choices=("class", "voc", "grey"),
        help="how a PNG mask is shown: in the program's own colours (default), in PASCAL VOC's, or in grey, "
        "which every reader returns as the values themselves",
    )
    group.add_argument(
        "--no-clobber",
        action="store_true",
        help="leave out, and name, images of which one of the files to write is there already",
    )
    if formats == FORMATS:
        _add_reading(group)


def _add_reading(group: argparse._ActionsContainer) -> None:
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


def _add_batch(parser: Parser) -> argparse._ArgumentGroup:
    group = parser.add_argument_group("several images")
    group.add_argument(
        "--jobs",
        type=count,
        default=1,
        metavar="N",
        help="processes, each with an image or a tile at a time; the files are the same for every number "
        "(default 1)",
    )
    group.add_argument(
        "--resume",
        action="store_true",
        help="leave images as they are whose files are there, made of the same image with the same settings: "
        "to go on where a run ended; of a picture in tiles unfinished work lies in OUT.part",
    )
    group.add_argument(
        "--areas", type=place, metavar="FILE", help="one table of the areas in all images: .csv"
    )
    group.add_argument(
        "--contact-sheet",
        type=place,
        metavar="FILE",
        help="all images beside their labels on one page: .png, or .html without scripts",
    )
    return group


def _add_select(parser: Parser) -> None:
    parser.add_argument("image", nargs="?", type=place, metavar="IMAGE", help="image file")
    parser.add_argument(
        "--click",
        action="append",
        type=click_point,
        default=[],
        metavar="X,Y[,+|-]",
        help="a pixel of the object, or with - one outside it; as often as wanted",
    )
    parser.add_argument(
        "--box",
        type=box_corners,
        metavar="X0,Y0,X1,Y1",
        help="what the object lies in: first column and row, and one beyond the last ones",
    )
    parser.add_argument(
        "--boxes",
        type=place,
        metavar="FILE",
        help="instead of IMAGE: a .csv with the columns file, x0, y0, x1, y1 and name, a line for each "
        "object, or for one box in all images of a folder or pattern; OUT is then a folder that gets a .png "
        "for each",
    )
    parser.add_argument(
        "--cutout",
        type=place,
        metavar="FILE",
        help="also the object alone, transparent around it: .png; with --boxes a folder for one of each",
    )
    _add_display(parser)
    seed = setting_of(RegionSettings, "seed")
    parser.add_argument(
        "--seed", type=reader(seed), default=seed.default, metavar="S", help="(default %(default)s)"
    )
    _add_reading(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=out_place,
        required=True,
        metavar="OUT",
        help="by extension: .png, .tif or .npy",
    )
    _add_batch(parser)


def _add_fit(parser: Parser) -> None:
    parser.add_argument("table", type=place, metavar="TABLE", help=".csv, .tsv, .npy or .npz")
    parser.add_argument("--columns", metavar="A,B", help="names of the columns to fit (default: all)")
    settings = arranged(settings_of(TableSettings))
    add_options(
        parser.add_argument_group("mixture"), [setting for setting in settings if not setting.is_advanced]
    )
    add_options(
        parser.add_argument_group("fitting"), [setting for setting in settings if setting.is_advanced]
    )
    group = parser.add_argument_group("output")
    group.add_argument(
        "-o", "--output", type=place, required=True, metavar="OUT",
        help="by extension: .csv, or .npz with component, probabilities and metadata",
    )  # fmt: skip
    group.add_argument(
        "--probabilities", type=place, metavar="FILE",
        help="also the probability of each component for each row: .csv, .npy or .npz",
    )  # fmt: skip
    group.add_argument("--model", type=place, metavar="FILE", help="also the fitted mixture: .json")
    group.add_argument("--report", type=place, metavar="FILE", help="also all figures of the run: .json")


def _add_frames(parser: Parser) -> None:
    parser.add_argument("stack", type=place, metavar="STACK", help="file of frames, or folder of them")
    add_options(parser.add_argument_group("background"), settings_of(BackgroundSettings))
    parser.add_argument(
        "-o", "--output", type=place, required=True, metavar="FOLDER", help="where the masks go"
    )


def _add_export(parser: Parser) -> None:
    parser.add_argument("project", type=place, metavar="PROJECT", help="project file, .gmmseg")
    parser.add_argument(
        "--subject",
        choices=("classes", "regions", "objects"),
        help="what is written: the classes of the mixture (default), the regions, or the objects, which "
        "alone have semantic and binary masks and cut-outs; binaries and cutouts are folders of one each",
    )
    parser.add_argument(
        "--image", type=place, metavar="FILE", help="the project's image, where it is not found by itself"
    )
    _add_outputs(parser, formats=(*FORMATS, *OBJECT_FORMATS))


def _add_sample(parser: Parser) -> None:
    parser.add_argument("model", type=place, metavar="MODEL", help="model file written by --model")
    parser.add_argument(
        "-n", "--number", type=count, required=True, metavar="N", help="vectors or digits to draw"
    )
    seed = setting_of(FitSettings, "seed")
    parser.add_argument(
        "--seed", type=reader(seed), default=seed.default, metavar="S", help="(default %(default)s)"
    )
    parser.add_argument("-o", "--output", type=place, required=True, metavar="OUT", help=".npy, .csv or .png")
