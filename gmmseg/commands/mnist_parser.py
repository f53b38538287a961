"""The grammar and help of ``gmmseg mnist``; needs no numpy."""

from __future__ import annotations

import argparse

from gmmseg.commands.options import add_file, add_options, add_switch
from gmmseg.commands.usage import Parser
from gmmseg.commands.values import place, whole_number
from gmmseg.digits.settings import DigitSettings
from gmmseg.setting import arranged, settings_of

MNIST = """\
Cluster images of digits without looking at their labels, and tell how well the clusters agree with them.

  gmmseg mnist --download -o clusters.npz --report report.json
  gmmseg mnist --data mnist/ --recipe pixels -k 10 --figure clusters.svg
  gmmseg mnist --data mnist/ --table --seeds 3
  gmmseg mnist --drawn

DIR is a folder with MNIST's four files or others of the same form (IDX, plain or gzipped), or with pictures,
which may lie in sub-folders named by label; an IDX file of images or an NPZ archive will do as well. Without
--data the cache folder is taken, which --download fills. --drawn takes digits that the program draws itself.

Recipes
  pixels       a mixture, or k-means, on the principal components of the pixels
  deskewed     the same, every digit set upright first
  orientation  a mixture on maps of edge directions
  scattering   a mixture on averaged responses of wavelets
  components   many Gaussians on orientation maps, united where images are confused between them
  manifold     a mixture whose digits listen to similar ones, in two passes (default)

Labels score, they never fit. Where settings were chosen with scores on MNIST in view, the output says so.
"""


def add_mnist(parser: Parser) -> None:
    """Add the options of ``mnist``."""
    data = parser.add_argument_group("data")
    add_file(data, "--data", "folder or file with the digits", metavar="DIR")
    add_switch(
        data,
        "--download",
        "first fetch what is missing of MNIST's four files, with checksums, to DIR or the cache folder",
    )
    add_switch(data, "--drawn", "digits drawn by the program, with labels")
    table = arranged(settings_of(DigitSettings))
    add_options(data, [setting for setting in table if setting.path == "n_images"])
    model = parser.add_argument_group("experiment")
    add_options(model, [setting for setting in table if setting.path != "n_images"])
    model.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other setting, such as pca.n_components=50 or mixture.is_hard=true; can be repeated",
    )
    add_switch(model, "--settings", "list the recipe's settings and end")
    add_switch(model, "--table", "run every recipe, and print their scores and times as a table")
    model.add_argument(
        "--seeds",
        type=whole_number,
        metavar="N",
        help="with --table: seeds of each run, counted from --seed (default 3)",
    )
    _add_outputs(parser.add_argument_group("output"))


def _add_outputs(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-o",
        "--output",
        type=place,
        metavar="OUT",
        help="the cluster of each image, from 1: .npz with the arrays train and test, or .csv; "
        "with --table the table: .csv or .md",
    )
    add_file(group, "--report", "all figures of the run: .json")
    add_file(group, "--figure", "confusion matrix and the clusters' digits: .png or .svg")
    add_file(group, "--model", "Gaussians that “sample” draws digits from: .json")


def check_mnist(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where options of ``mnist`` contradict each other."""
    if options.drawn and (options.data is not None or options.download):
        parser.error("--drawn needs no data: leave out --data and --download, or --drawn")
    if options.seeds is not None and not options.table:
        parser.error("--seeds is for --table: add --table, or choose one seed by --seed")
    if options.table:
        given = {"--recipe": options.recipe, "--covariance": options.covariance, "--set": options.set}
        given |= {"--report": options.report, "--figure": options.figure, "--model": options.model}
        for name, value in given.items():
            if value:
                parser.error(
                    f"{name} does not go with --table, which runs all recipes as they are: "
                    "leave one of them out"
                )
        if options.components == "auto":
            parser.error("-k auto does not go with --table: give a number")
