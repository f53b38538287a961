"""``gmmseg apply``: label images with a saved model, without fitting."""

from __future__ import annotations

import argparse

from gmmseg.commands.batch import run_tasks
from gmmseg.commands.console import Console
from gmmseg.image import Image
from gmmseg.io.models import read_model
from gmmseg.jobs import SegmentOutcome, apply_events


def run(options: argparse.Namespace, console: Console) -> bool:
    """Return whether every image was labelled; raises `GmmsegError` where nothing could be done."""
    model = read_model(options.model)

    def label(image: Image, name: str) -> SegmentOutcome:
        return console.drain(apply_events(model, image, check=console.check), name)

    return run_tasks(options, console, label)
