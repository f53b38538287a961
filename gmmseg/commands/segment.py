"""``gmmseg segment``: write the label map of each image, by a mixture of its pixels or by regions."""

from __future__ import annotations

import argparse

from gmmseg.classes import default_classes
from gmmseg.commands.batch import Label, command_text, mixture_subject, run_tasks
from gmmseg.commands.console import Console
from gmmseg.commands.options import region_settings, segment_settings
from gmmseg.image import Image
from gmmseg.io.subjects import MixtureSubject, RegionSubject
from gmmseg.jobs import SegmentRequest, segment_events
from gmmseg.settings import check_settings


def run(options: argparse.Namespace, console: Console) -> bool:
    """Return whether every image was segmented; raises `GmmsegError` where nothing could be done."""
    label = _by_regions(options, console) if options.method == "regions" else _by_mixture(options, console)
    return run_tasks(options, console, label)


def _by_mixture(options: argparse.Namespace, console: Console) -> Label:
    settings = segment_settings(options)
    check_settings(settings)

    def label(image: Image, name: str) -> MixtureSubject:
        job = segment_events(SegmentRequest(image, settings), check=console.check)
        return mixture_subject(console.drain(job, name), options)

    return label


def _by_regions(options: argparse.Namespace, console: Console) -> Label:
    # Here, so that the mixture's start does not wait for it.
    from gmmseg.regions.outcome import region_events

    settings = region_settings(options)

    def label(image: Image, name: str) -> RegionSubject:
        outcome = console.drain(region_events(image, settings, check=console.check), name)
        classes = default_classes(outcome.regions.n_regions, "Region")
        return RegionSubject(outcome, classes, command_text(options), outcome.seconds)

    return label
