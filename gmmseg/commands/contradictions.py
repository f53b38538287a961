"""Contradictions between options of a command, and the messages about them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from gmmseg.commands.mnist_parser import check_mnist
from gmmseg.commands.options import destination, is_given, long_option
from gmmseg.commands.usage import Parser
from gmmseg.commands.values import is_sent
from gmmseg.features.spec import FeatureSpec
from gmmseg.mixture.settings import Adaptation
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import arranged, settings_of, with_value

_MIXTURE_OUTPUTS = ("probabilities", "model")
"""Outputs that regions do not have."""


def _check_overlay(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where an opacity is none, or is given and there is no overlay."""
    if getattr(options, "opacity", None) is None:
        return
    if options.overlay is None:
        parser.error("--opacity is that of the overlay: add --overlay FILE, or leave it out")
    if not 0 <= options.opacity <= 1:
        parser.error(f"--opacity cannot be {options.opacity:g}: choose 0 to 1")


def _check_display(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where it is said how the photo is shown, and nothing shows it."""
    if getattr(options, "display", None) is None:
        return
    shown = {name for name in ("overlay", "cutout") if getattr(options, name, None) is not None}
    kinds = {getattr(options, "format", None), *(kind for kind, _ in getattr(options, "also", ()))}
    if not shown and not kinds & {"cutout", "cutouts", "overlay"}:
        parser.error("--display is for overlays and cut-outs: write one, or leave it out")


def _check_outputs_given(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where nothing is to be written."""
    further = ("probabilities", "overlay", "model", "table", "parts", "report")
    if options.output is None and not options.also and not any(is_given(options, name) for name in further):
        parser.error("there is nothing to write: add -o OUT")


def _check_sent(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where OUT is standard output and not one file comes of it."""
    if not is_sent(options):
        return
    images: list[Path] = options.images if options.command in ("segment", "apply") else []
    has_many = len(images) > 1 or any(path.is_dir() for path in images)
    if has_many or options.command in ("frames", "mnist") or getattr(options, "boxes", None) is not None:
        parser.error("standard output takes one file, of one picture: name a file or folder after -o")


def _check_mask(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where options of masks are given and no such mask is written."""
    out = options.output
    if out is None:
        return
    if options.zero_based and options.format not in (None, "ome-tiff"):
        parser.error(f"--format {options.format} holds class ids: leave out --zero-based, or write a mask")
    if options.palette is not None and options.format is not None:
        parser.error(f"--format {options.format} has no palette: leave out --palette, or write a PNG mask")
    is_png = out.is_folder or out.path.suffix.lower() not in (".tif", ".tiff", ".npy", ".npz")
    if options.palette in ("class", "voc") and not is_png:
        parser.error(f"{out.path.suffix} holds values without colours: leave out --palette, or write a .png")


def _check_select(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where options of ``select`` contradict each other or say too little."""
    single = [options.image, options.box, options.click or None]
    if options.boxes is not None and any(value is not None for value in single):
        parser.error("--boxes names images and boxes itself: leave out IMAGE, --box and --click")
    if options.boxes is None and options.image is None:
        parser.error("there is no image: name one, or a table of boxes by --boxes FILE.csv")
    if options.boxes is None and not options.click and options.box is None:
        parser.error("nothing is selected without a click or a box: add --click X,Y or --box X0,Y0,X1,Y1")
    many = [name for name in ("resume", "areas", "contact_sheet") if is_given(options, name)]
    if options.boxes is None and many:
        parser.error(f"--{many[0].replace('_', '-')} is for many objects: name them by --boxes FILE.csv")
    if options.boxes is not None and options.cutout is not None and options.cutout == options.output.path:
        parser.error("masks and cut-outs have the same names: give --cutout a folder of its own")
    if options.boxes is None and options.cutout is not None and options.cutout.suffix.lower() != ".png":
        parser.error("the cut-out has transparency: let --cutout end in .png")


def _check_apply(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where it is said how to adapt, and nothing is to be adapted or written."""
    switches = [setting for setting in settings_of(Adaptation) if setting.kind == "bool"]
    given = [long_option(setting) for setting in switches if is_given(options, destination(setting))]
    if given and options.adapt is None:
        parser.error(f"{given[0]} says how the model is adapted: add --adapt R, or leave {given[0]} out")
    if options.model is not None and options.adapt is None:
        parser.error("--model would write the model that is given: add --adapt R, or leave --model out")
    if given == ["--keep-means"]:
        parser.error("with --keep-means nothing is adapted: add --adapt-weights or --adapt-covariances")


def _check_tables(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where options of tables are given and no such table is written."""
    kinds = {options.format, *(kind for kind, _ in options.also)}
    has_parts = options.parts is not None or "parts" in kinds
    if options.min_part is not None and not has_parts:
        parser.error("--min-part is about the parts of classes: add --parts FILE.csv, or leave it out")
    if options.pixel_size is not None and not _has_measured(options):
        parser.error(
            "--pixel-size is for tables, TIFF and OME-Zarr: add --parts FILE.csv or --table FILE.csv, or "
            "leave it out"
        )
    if has_parts and getattr(options, "method", "mixture") == "regions":
        parser.error("regions have no parts: leave out --parts, and write --table FILE.csv")


def _has_measured(options: argparse.Namespace) -> bool:
    """Return whether a file is written that tells the size of a pixel."""
    # Here, so that the help does not wait for it.
    from gmmseg.commands.outputs import items_of
    from gmmseg.io.export_items import is_measured

    return any(map(is_measured, items_of(options)))


def _check_map(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where options of regions are given and nothing is made of regions."""
    is_by_region = options.by == "region"
    if options.balance is not None and not is_by_region:
        parser.error("--balance is of classes by region: add --by region, or leave it out")
    if options.command == "apply" and not is_by_region:
        for name in ("detail", "regions"):
            if is_given(options, name):
                parser.error(f"--{name} is for regions: add --by region, or leave --{name} out")
    if options.detail is not None and options.regions is not None:
        parser.error("--detail and --regions both choose the cut: give one of them")


def _check_criterion(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where a criterion is given and nothing is to be chosen by it."""
    if options.criterion is not None and options.components != "auto":
        parser.error("--criterion is what the number of components is chosen by: add -k auto")


def _check_segment(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where options of ``segment`` contradict each other."""
    by_mixture, of_map, by_regions = (
        arranged(settings_of(kind)) for kind in (SegmentSettings, MapSettings, RegionSettings)
    )
    mixture = {
        long_option(setting): destination(setting) for setting in (*by_mixture, *of_map) if setting.option
    }
    regions = {long_option(setting): destination(setting) for setting in by_regions if setting.option}
    if options.method == "mixture":
        strangers = [name for name in regions if name not in mixture and is_given(options, regions[name])]
        if strangers and options.by != "region":
            parser.error(
                f"{strangers[0]} is for regions: add --method regions or --by region, or leave "
                f"{strangers[0]} out"
            )
    else:
        if options.classes and options.table is None:
            parser.error("--class is of a mixture: leave out --method regions, or --class")
        if options.joint:
            parser.error("regions are of one image: leave out --joint")
        outputs = [name for name in _MIXTURE_OUTPUTS if is_given(options, name)]
        if outputs:
            parser.error(f"regions have no {outputs[0]}: leave out --{outputs[0]}")
        for setting in of_map:
            if is_given(options, destination(setting)):
                name = long_option(setting)
                parser.error(f"{name} is of classes: leave out --method regions, or {name}")
        mixture = {"--features": "features", **mixture}
        strangers = [name for name in mixture if name not in regions and is_given(options, mixture[name])]
        # The table of the regions tells the posteriors of a mixture.
        if strangers and options.table is None:
            parser.error(
                f"{strangers[0]} is for the mixture: leave out --method regions, or {strangers[0]}; "
                "to choose the number of regions, write --regions N"
            )
    settings = SegmentSettings(features=options.features or FeatureSpec())
    for setting in by_mixture:
        if setting.option and setting.needs and is_given(options, destination(setting)):
            enough = with_value(settings, setting.needs, True)
            if enough != settings:
                parser.error(f"{long_option(setting)} needs that feature: write --features {enough.features}")
    _check_hints(parser, options)
    _check_criterion(parser, options)


def _check_hints(parser: Parser, options: argparse.Namespace) -> None:
    if options.hints is not None and options.joint:
        parser.error("--hints is of one image: leave out --joint, or --hints")
    if options.hints is None:
        if options.learn_from is not None:
            parser.error("--learn-from is about what --hints teaches: add --hints MASK")
        return
    if options.method == "regions" and options.table is None:
        parser.error("--hints is for the mixture: leave out --method regions, or --hints")
    if options.components is not None or options.criterion is not None:
        parser.error("the classes and their components follow from the hints: leave out -k, --criterion")
    if options.hard:
        parser.error("taught classes are told apart by their probabilities: leave out --hard")


_Check = Callable[[Parser, argparse.Namespace], None]
_OF_FILES: tuple[_Check, ...] = (_check_overlay, _check_display, _check_outputs_given, _check_mask)
_OF_MAPS: tuple[_Check, ...] = (*_OF_FILES, _check_map, _check_tables)
_CHECKS: dict[str, tuple[_Check, ...]] = {
    "segment": (*_OF_MAPS, _check_segment),
    "apply": (*_OF_MAPS, _check_apply),
    "export": _OF_FILES,
    "select": (_check_display, _check_select),
    "fit": (_check_criterion,),
    "mnist": (check_mnist,),
}
"""Checks of each command, in their order."""


def check(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where options of a command contradict each other or say too little."""
    for one in (_check_sent, *_CHECKS.get(options.command, ())):
        one(parser, options)
