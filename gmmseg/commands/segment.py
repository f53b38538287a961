"""``gmmseg segment``: write the label map of each image, by a mixture of its pixels or by regions."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from gmmseg.batch.joint import CollectRows, joint_fit_events
from gmmseg.batch.makers import ExportMaker, ExportTask
from gmmseg.batch.methods import AppliedModel, FittedMixture, GrownRegions, Method
from gmmseg.commands.batch import command_text, map_method, run_tasks
from gmmseg.commands.console import Console
from gmmseg.commands.options import region_settings, segment_settings
from gmmseg.commands.outputs import plan
from gmmseg.commands.tiled import is_tiled, refuse_scheduler, run_tiled
from gmmseg.photo.classes import ClassInfo, ClassTable, check_classes


def run(options: argparse.Namespace, console: Console) -> bool:
    """Return whether every image was segmented; raises `GmmsegError` where nothing could be done."""
    if is_tiled(options):
        return run_tiled(options, console, segment_settings(options), _classes(options))
    refuse_scheduler(options)
    tasks, n_left = plan(options, console)
    method, errors = _joint(options, console, tasks) if options.joint and tasks else (method_of(options), {})
    return run_tasks(options, console, ExportMaker(method, command_text(options)), tasks, n_left, errors)


def _joint(
    options: argparse.Namespace, console: Console, tasks: Sequence[ExportTask]
) -> tuple[AppliedModel, dict[int, Exception]]:
    """Fit one mixture to all images; return it and why images could not be used."""
    settings = segment_settings(options)
    collect = CollectRows(settings.features, options.frame - 1, options.memory_budget)
    images = [task.image for task in tasks]
    job = joint_fit_events(images, settings, options.jobs, collect, console.should_stop)
    model, errors = console.drain(job, "", settings.mixture.n_init)
    return AppliedModel(model, maps=map_method(options)), errors


def _classes(options: argparse.Namespace) -> ClassTable | None:
    if not options.classes:
        return None
    table = ClassTable(tuple(ClassInfo(*told) for told in options.classes))
    check_classes(table)
    return table


def method_of(options: argparse.Namespace) -> Method:
    """Return what is to be made of each image."""
    settings = segment_settings(options)
    mixture = FittedMixture(settings, _classes(options), options.hints, map_method(options))
    if options.method == "mixture":
        return mixture
    # As in the window, the table tells how much of each class of the mixture a region holds.
    return GrownRegions(region_settings(options), None if options.table is None else mixture)
