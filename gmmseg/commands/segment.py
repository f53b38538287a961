"""``gmmseg segment``: write the label map of each image, by a mixture of its pixels or by regions."""

from __future__ import annotations

import argparse

from gmmseg.batch.methods import FittedMixture, GrownRegions, Method
from gmmseg.commands.batch import run_tasks
from gmmseg.commands.console import Console
from gmmseg.commands.options import region_settings, segment_settings


def run(options: argparse.Namespace, console: Console) -> bool:
    """Return whether every image was segmented; raises `GmmsegError` where nothing could be done."""
    return run_tasks(options, console, method_of(options))


def method_of(options: argparse.Namespace) -> Method:
    """Return what is to be made of each image."""
    mixture = FittedMixture(segment_settings(options), hints=options.hints)
    if options.method == "mixture":
        return mixture
    # As in the window, the table tells how much of each class of the mixture a region holds.
    return GrownRegions(region_settings(options), None if options.table is None else mixture)
