"""``gmmseg segment``: write the label map of each image, by a mixture of its pixels or by regions."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from gmmseg.commands.batch import Label, command_text, mixture_source, run_tasks
from gmmseg.commands.console import Console
from gmmseg.commands.options import region_settings, segment_settings
from gmmseg.image import Image
from gmmseg.io.export_sources import MixtureSource, RegionSource
from gmmseg.photo.classes import default_classes
from gmmseg.photo.jobs import SegmentRequest, segment_events


def run(options: argparse.Namespace, console: Console) -> bool:
    """Return whether every image was segmented; raises `GmmsegError` where nothing could be done."""
    label = _by_regions(options, console) if options.method == "regions" else _by_mixture(options, console)
    return run_tasks(options, console, label)


def _by_mixture(options: argparse.Namespace, console: Console) -> Callable[[Image, str], MixtureSource]:
    settings = segment_settings(options)

    def label(image: Image, name: str) -> MixtureSource:
        job = segment_events(SegmentRequest(image, settings), should_stop=console.should_stop)
        return mixture_source(console.drain(job, name, settings.mixture.n_init), options)

    return label


def _by_regions(options: argparse.Namespace, console: Console) -> Label:
    # Here, so that the mixture's start does not wait for it.
    from gmmseg.regions.outcome import region_events

    settings = region_settings(options)
    # As in the window, the table tells how much of each class of the mixture a region holds.
    by_mixture = None if options.table is None else _by_mixture(options, console)

    def label(image: Image, name: str) -> RegionSource:
        outcome = console.drain(region_events(image, settings, should_stop=console.should_stop), name)
        classes = default_classes(outcome.regions.n_regions, "Region")
        mixture = None if by_mixture is None else by_mixture(image, name)
        return RegionSource(outcome, classes, command_text(options), outcome.seconds, mixture)

    return label
