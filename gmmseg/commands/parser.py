"""The command line's grammar and help; needs no numpy, so that ``--help`` is immediate."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from gmmseg.commands import descriptions
from gmmseg.commands.contradictions import check
from gmmseg.commands.mnist_parser import MNIST, add_mnist
from gmmseg.commands.options import add_file, add_options, add_switch, reader
from gmmseg.commands.shared_options import (
    COMPONENT_TABLE,
    FORMATS,
    OBJECT_FORMATS,
    add_batch,
    add_display,
    add_map,
    add_outputs,
    add_reading,
    add_tiled,
)
from gmmseg.commands.usage import Parser, check_first_word, printable, with_joined_numbers
from gmmseg.commands.values import (
    box_corners,
    class_entry,
    click_point,
    count,
    features,
    out_place,
    place,
)
from gmmseg.features.spec import FeatureSpec
from gmmseg.frames.settings import BackgroundSettings
from gmmseg.mixture.settings import Adaptation, FitSettings
from gmmseg.photo.settings import SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import arranged, setting_of, settings_of
from gmmseg.tables.settings import TableSettings
from gmmseg.version import VERSION

COMMANDS: tuple[str, ...] = (
    "segment", "apply", "select", "export", "fit", "frames", "mnist", "sample", "examples",
    "completion", "desktop", "doctor", "help",
)  # fmt: skip


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
    check(command, options)
    return options


def build_parser() -> tuple[Parser, dict[str, Parser]]:
    """Return the parser of all commands and that of each; the chosen one is ``command`` of what it parses."""
    parser = Parser("gmmseg", usage="gmmseg [PHOTO | COMMAND ...]", description=descriptions.OVERVIEW)
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
                       "fit a mixture and write a label map", descriptions.SEGMENT),
        "apply": add("apply", "MODEL IMAGE... [options] -o OUT",
                     "label images with a saved model", descriptions.APPLY),
        "select": add("select", "IMAGE [--click X,Y[,+|-]]... [--box X0,Y0,X1,Y1] -o MASK",
                      "cut out an object by clicks and boxes", descriptions.SELECT),
        "export": add("export", "PROJECT [--subject WHAT] [options] -o OUT",
                      "write files of a project", descriptions.EXPORT),
        "fit": add("fit", "TABLE [-k N|auto] [--columns A,B] [options] -o OUT",
                   "fit a mixture to the rows of a table", descriptions.FIT),
        "frames": add("frames", "STACK|FOLDER [--rate A] [options] -o FOLDER",
                      "tell moving things from the background", descriptions.FRAMES),
        "mnist": add("mnist", "[options]", "cluster images of digits without their labels", MNIST),
        "sample": add("sample", "MODEL -n N [--seed S] -o OUT", "draw vectors or digits from a saved mixture",
                      descriptions.SAMPLE),
        "examples": add("examples", "FOLDER", "write pictures and tables to try the commands on",
                        descriptions.EXAMPLES),
        "doctor": add("doctor", "", "say what works on this machine and how to get what is missing",
                      descriptions.DOCTOR),
        "completion": add("completion", "SHELL", "print what completes words in a shell",
                          descriptions.COMPLETION),
        "desktop": add("desktop", "[--remove]", "entry and file type for a Linux desktop",
                       descriptions.DESKTOP),
        "help": add("help", "[COMMAND]", "what a command does and its options", "Print help."),
    }  # fmt: skip
    add_switch(commands["desktop"], "--remove", "remove what was installed")
    commands["completion"].add_argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL")
    commands["help"].add_argument("topic", nargs="?", choices=COMMANDS, metavar="COMMAND")
    commands["examples"].add_argument("folder", type=place, metavar="FOLDER", help="new or empty folder")
    _add_segment(commands["segment"])
    _add_apply(commands["apply"])
    _add_select(commands["select"])
    _add_export(commands["export"])
    _add_fit(commands["fit"])
    _add_frames(commands["frames"])
    add_mnist(commands["mnist"])
    _add_sample(commands["sample"])
    for command in commands.values():
        add_switch(command, "--quiet", "say nothing but refusals and failures")
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
    add_file(
        model,
        "--hints",
        "teach the classes: each name of the objects that MASK marks is one; a mask (.png, .tif, .npy, "
        ".npz) or COCO, GeoJSON, LabelMe, ImageJ ROIs or OME-Zarr, of one image",
        metavar="MASK",
    )
    add_options(model, [table.pop("learns_from")])
    model.add_argument(
        "--features",
        type=features,
        metavar="SPACE",
        help=f"rgb, lab, hsv or gray, followed by +position and +texture as wanted (default {FeatureSpec()})",
    )
    fitting = [one for one in table.values() if one.section == "Mixture" and one.is_advanced]
    add_options(model, [setting for setting in table.values() if setting not in fitting])
    add_map(parser, "regions (--method regions, --by region)")
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
    add_outputs(parser)
    group = add_batch(parser)
    add_switch(
        group,
        "--joint",
        "one mixture for all images, fitted to all of their pixels: a class is then the same in each",
    )
    add_tiled(parser)


def _add_apply(parser: Parser) -> None:
    parser.add_argument("given", type=place, metavar="MODEL", help="model file written by --model")
    parser.add_argument(
        "images", nargs="+", type=place, metavar="IMAGE", help="image file, or folder of them"
    )
    add_map(parser, "regions (--by region)")
    add_options(parser.add_argument_group("adaptation"), settings_of(Adaptation))
    add_outputs(parser, table_help=COMPONENT_TABLE)
    add_batch(parser)
    add_tiled(parser)


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
    add_file(
        parser,
        "--boxes",
        "instead of IMAGE: a .csv with the columns file, x0, y0, x1, y1 and name, a line for each "
        "object, or for one box in all images of a folder or pattern; OUT is then a folder that gets a .png "
        "for each",
    )
    add_file(
        parser,
        "--cutout",
        "also the object alone, transparent around it: .png; with --boxes a folder for one of each",
    )
    add_display(parser)
    seed = setting_of(RegionSettings, "seed")
    parser.add_argument(
        "--seed", type=reader(seed), default=seed.default, metavar="S", help="(default %(default)s)"
    )
    add_reading(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=out_place,
        required=True,
        metavar="OUT",
        help="by extension: .png, .tif or .npy",
    )
    add_batch(parser)


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
    add_file(
        group, "--probabilities", "also the probability of each component for each row: .csv, .npy or .npz"
    )
    add_file(group, "--model", "also the fitted mixture: .json")
    add_file(group, "--report", "also all figures of the run: .json")


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
    add_file(parser, "--image", "the project's image, where it is not found by itself")
    add_outputs(parser, formats=(*FORMATS, *OBJECT_FORMATS))


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
