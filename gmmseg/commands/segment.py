"""``gmmseg segment``: write the label map of each image, by a mixture of its pixels or by regions."""

from __future__ import annotations

import argparse

from gmmseg.batch.makers import ExportMaker
from gmmseg.batch.methods import FittedMixture, GrownRegions, Method
from gmmseg.commands.batch import command_text, run_tasks
from gmmseg.commands.console import Console
from gmmseg.commands.options import region_settings, segment_settings
from gmmseg.commands.outputs import plan


def run(options: argparse.Namespace, console: Console) -> bool:
    """Return whether every image was segmented; raises `GmmsegError` where nothing could be done."""
    tasks, n_left = plan(options, console)
    return run_tasks(options, console, ExportMaker(method_of(options), command_text(options)), tasks, n_left)


def method_of(options: argparse.Namespace) -> Method:
    """Return what is to be made of each image."""
    mixture = FittedMixture(segment_settings(options), hints=options.hints)
    if options.method == "mixture":
        return mixture
    # As in the window, the table tells how much of each class of the mixture a region holds.
    return GrownRegions(region_settings(options), None if options.table is None else mixture)
