"""``gmmseg segment``: fit a mixture to each image and write its label map."""

from __future__ import annotations

import argparse

from gmmseg.commands.batch import run_tasks
from gmmseg.commands.console import Console
from gmmseg.commands.options import segment_settings
from gmmseg.errors import GmmsegError
from gmmseg.image import Image
from gmmseg.jobs import SegmentOutcome, SegmentRequest, segment_events
from gmmseg.settings import check_settings


def run(options: argparse.Namespace, console: Console) -> bool:
    """Return whether every image was segmented; raises `GmmsegError` where nothing could be done."""
    if options.method == "regions":
        raise GmmsegError(
            "The region hierarchy is not part of this version.",
            "Leave out --method, or take it from a later version.",
        )
    settings = segment_settings(options)
    check_settings(settings)

    def label(image: Image, name: str) -> SegmentOutcome:
        job = segment_events(SegmentRequest(image, settings), check=console.check)
        return console.drain(job, name)

    return run_tasks(options, console, label)
