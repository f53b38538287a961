"""The command line's grammar and help; needs nothing but argparse, so that ``--help`` is immediate."""

from __future__ import annotations

import argparse
from pathlib import Path

from gmmseg.commands.mnist_parser import MNIST, add_mnist, check_mnist
from gmmseg.commands.values import components, n_bytes, number, whole_number
from gmmseg.version import VERSION

COMMANDS: tuple[str, ...] = ("segment", "apply", "mnist", "sample")
FORMATS = ("coco", "geojson", "labelme", "roi", "ome-tiff", "ome-zarr")

_REGION_OPTIONS = ("detail", "regions")
_MIXTURE_OPTIONS = (
    "components", "criterion", "features", "position_weight", "texture_scale", "texture_octaves",
    "standardise", "covariance", "hard", "smooth", "init", "n_init", "max_iter", "tol", "parameter_tol",
    "q_tol", "accelerate", "reg_covar", "probabilities", "model",
)  # fmt: skip
"""Options of ``segment`` that only one method has; none of them has a default here."""

_OVERVIEW = """\
Image segmentation with Gaussian mixtures.

  gmmseg                       open the window
  gmmseg photo.jpg             open the window on a photo
  gmmseg COMMAND --help        what a command does and its options
"""
_SEGMENT = """\
Fit a Gaussian mixture to an image and write its label map: class ids from 1, 0 where there is no data.
With --method regions the classes are connected regions.

Of several images, or of a folder, OUT is a folder (made if missing) that gets one STEM.png for each image;
equal stems get _2, _3, … . The same holds for an OUT that is an existing folder. --probabilities, --overlay,
--model and --report then are folders as well, each one with files of its own. An image that cannot be read
is reported and left out; the exit code is then 1. Existing files are overwritten.
"""
_APPLY = """\
Label images with a saved model, without fitting. An image that the model was fitted on gets exactly the label
map that it got then. Several images and folders are treated as by “segment”.
"""
_SAMPLE = """\
Draw feature vectors from a saved mixture, in the units of the features: .npy holds a float64 array (N, D),
.csv a line of feature names and N lines of values. From a model of digits (mnist --model) draw digits: .png
holds a sheet of them, .npy the images as uint8 (N, height, width). The same seed draws the same.
"""


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the options of a command line; ends the program with code 2 where they make no sense."""
    parser = build_parser()
    options = parser.parse_args(argv)
    if getattr(options, "criterion", None) is not None and options.components != "auto":
        parser.error("--criterion needs -k auto")
    if options.command == "mnist":
        check_mnist(parser, options)
    if options.command == "segment":
        is_mixture = options.method == "mixture"
        strangers = _given(options, _REGION_OPTIONS if is_mixture else _MIXTURE_OPTIONS)
        if strangers:
            parser.error(f"{strangers[0]} belongs to --method {'regions' if is_mixture else 'mixture'}")
        if options.detail is not None and options.regions is not None:
            parser.error("--detail and --regions both choose the cut: give one of them")
    return options


def _given(options: argparse.Namespace, names: tuple[str, ...]) -> list[str]:
    """Return which of some options were given, as written on the command line."""
    wanted = [name for name in names if getattr(options, name) not in (None, False)]
    return [f"--{name.replace('_', '-')}" for name in wanted]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; the chosen one is ``command`` of what it parses."""
    parser = argparse.ArgumentParser(
        "gmmseg",
        description=_OVERVIEW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gmmseg {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_segment(_command(commands, "segment", "fit a mixture and write a label map", _SEGMENT))
    _add_apply(_command(commands, "apply", "label images with a saved model", _APPLY))
    add_mnist(_command(commands, "mnist", "cluster images of digits without their labels", MNIST))
    _add_sample(_command(commands, "sample", "draw vectors or digits from a saved mixture", _SAMPLE))
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, text: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_segment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="image file, or folder of them")
    model = parser.add_argument_group("mixture")
    model.add_argument(
        "--method",
        choices=("mixture", "regions"),
        default="mixture",
        help="mixture: each pixel by itself (default); regions: a hierarchy of connected regions grown from "
        "mixtures of colour and texture",
    )
    model.add_argument(
        "-k",
        "--components",
        type=components,
        metavar="N|auto",
        help="number of Gaussians, 1 to 256 (default 5), or auto to choose it by --criterion",
    )
    model.add_argument(
        "--criterion", choices=("bic", "icl", "entropy"), help="what -k auto chooses by (default bic)"
    )
    model.add_argument(
        "--features",
        metavar="SPACE",
        help="rgb, lab, hsv or gray, followed by +position and +texture as wanted (default rgb)",
    )
    model.add_argument(
        "--position-weight",
        type=number,
        metavar="W",
        help="length of the longer image side, in the range of the colour space (default 0.3)",
    )
    model.add_argument(
        "--texture-scale",
        type=number,
        metavar="PX",
        help="with +texture: standard deviation of its finest Gaussians, 0.5 to 8 (default 1)",
    )
    model.add_argument(
        "--texture-octaves",
        type=whole_number,
        metavar="N",
        help="with +texture: how many scales, 1 to 4, each twice the one before (default 3)",
    )
    model.add_argument(
        "--standardise", action="store_true", help="divide each feature by its standard deviation"
    )
    model.add_argument(
        "--covariance",
        choices=("full", "tied", "diag", "spherical"),
        help="shape of the components (default full)",
    )
    model.add_argument("--hard", action="store_true", help="the ε → 0 limit of the mixture: k-means")
    model.add_argument(
        "--smooth",
        type=number,
        metavar="S",
        help="strength of the spatial prior, 0 to 10, 0 is off (default 0)",
    )
    regions = parser.add_argument_group("regions (--method regions)")
    regions.add_argument(
        "--detail",
        type=number,
        metavar="D",
        help="0 for one region to 1 for the finest (default 0.5: what suits most photos)",
    )
    regions.add_argument(
        "--regions", type=whole_number, metavar="N", help="number of regions wanted, instead of --detail"
    )
    _add_fitting(parser.add_argument_group("fitting"))
    _add_outputs(parser)


def _add_fitting(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--init", choices=("kmeans++", "random"), help="how to start (default kmeans++)")
    group.add_argument(
        "--n-init", type=whole_number, metavar="N", help="starts, of which the best is kept (default 5)"
    )
    group.add_argument(
        "--seed",
        type=whole_number,
        metavar="S",
        help="the same seed and options give the same bytes (default 0)",
    )
    group.add_argument(
        "--max-iter", type=whole_number, metavar="N", help="limit of the iterations of a run (default 1000)"
    )
    group.add_argument(
        "--tol",
        type=number,
        metavar="T",
        help="stop when the mean log-likelihood per pixel rises by less than T nats "
        "in an iteration (default 1e-6)",
    )
    group.add_argument(
        "--parameter-tol",
        type=number,
        metavar="T",
        help="stop when the parameters change by at most T standard deviations (default 0: off)",
    )
    group.add_argument(
        "--q-tol",
        type=number,
        metavar="T",
        help="stop when Q per pixel rises by at most T nats (default 0: off)",
    )
    group.add_argument(
        "--accelerate",
        action="store_true",
        help="jump ahead between iterations where that raises the likelihood (SQUAREM)",
    )
    group.add_argument(
        "--reg-covar",
        type=number,
        metavar="V",
        help="smallest variance in any direction, squared feature units (default: the quantisation variance)",
    )


def _add_apply(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL", help="model file written by --model")
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="image file, or folder of them")
    _add_outputs(parser, has_model=False)


def _add_outputs(parser: argparse.ArgumentParser, *, has_model: bool = True) -> None:
    group = parser.add_argument_group("output")
    group.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="by extension: .png indexed mask with palette, .tif or .npy labels, "
        ".npz labels, probabilities and metadata",
    )
    group.add_argument("--format", choices=FORMATS, help="write OUT for another program instead")
    group.add_argument(
        "--probabilities",
        type=Path,
        metavar="FILE",
        help="also the probability of each class at each pixel: .tif or .npz",
    )
    group.add_argument("--overlay", type=Path, metavar="FILE", help="also the labels over the photo: .png")
    if has_model:
        group.add_argument("--model", type=Path, metavar="FILE", help="also the fitted mixture: .json")
    group.add_argument("--report", type=Path, metavar="FILE", help="also all figures of the run: .json")
    group.add_argument(
        "--zero-based",
        action="store_true",
        help="masks hold component indices from 0 instead of class ids from 1; "
        "no data is then 255, in 16-bit masks 65535",
    )
    group.add_argument(
        "--palette",
        choices=("class", "voc"),
        default="class",
        help="colours of an indexed mask: the program's own (default) or PASCAL VOC's",
    )
    group.add_argument(
        "--frame",
        type=whole_number,
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


def _add_sample(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL", help="model file written by --model")
    parser.add_argument(
        "-n", "--number", type=whole_number, required=True, metavar="N", help="vectors or digits to draw"
    )
    parser.add_argument("--seed", type=whole_number, default=0, metavar="S", help="(default 0)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help=".npy, .csv or .png")
