"""``gmmseg frames``: what is in front of the background, a mask for each frame of a stack or folder."""

from __future__ import annotations

import argparse

from gmmseg.commands.console import Console
from gmmseg.commands.options import with_options
from gmmseg.frames.settings import BackgroundSettings
from gmmseg.io.foreground_export import foreground_export_events


def run(options: argparse.Namespace, console: Console) -> bool:
    """Write a mask for each frame and return True; raises `GmmsegError` where that is not possible."""
    settings = with_options(BackgroundSettings(), options)
    job = foreground_export_events(options.stack, options.output, settings, console.should_stop)
    console.drain(job, options.stack.name)
    return True
