"""``gmmseg apply``: label images with a saved model, without fitting."""

from __future__ import annotations

import argparse

from gmmseg.commands.batch import mixture_subject, run_tasks
from gmmseg.commands.console import Console
from gmmseg.image import Image
from gmmseg.io.models import read_model
from gmmseg.io.subjects import MixtureSubject
from gmmseg.jobs import apply_events


def run(options: argparse.Namespace, console: Console) -> bool:
    """Return whether every image was labelled; raises `GmmsegError` where nothing could be done."""
    model = read_model(options.model)

    def label(image: Image, name: str) -> MixtureSubject:
        return mixture_subject(console.drain(apply_events(model, image, check=console.check), name), options)

    return run_tasks(options, console, label)
