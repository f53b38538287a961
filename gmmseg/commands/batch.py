"""One image after another: read, label, write, and what to say about those that fail."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import time

from gmmseg.batch.methods import Method
from gmmseg.commands.console import Console
from gmmseg.commands.outputs import Task, existing, plan
from gmmseg.control import raise_if_cancelled
from gmmseg.errors import Cancelled, GmmsegError, WriteError
from gmmseg.io.atomic import shown
from gmmseg.io.export import export_events
from gmmseg.io.files import shown_name
from gmmseg.io.images import read_events
from gmmseg.limits import budget_of


def command_text(options: argparse.Namespace) -> str:
    """Return what was typed, for the report."""
    return shlex.join(["gmmseg", *options.argv])


def run_tasks(options: argparse.Namespace, console: Console, method: Method) -> bool:
    """Label every image of the command line and write what was asked for.

    Returns
    -------
    bool
        Whether all succeeded. Of several images those that fail are reported and left out; those that
        ``--no-clobber`` leaves out have not failed.

    Raises
    ------
    GmmsegError
        The only image failed, or nothing can be written.
    Cancelled
    """
    frame = options.frame - 1
    tasks = plan(options)
    n_failed = 0
    with contextlib.ExitStack() as stack:
        if options.memory_budget is not None:
            stack.enter_context(budget_of(options.memory_budget))
        for task in tasks:
            raise_if_cancelled(console.should_stop)
            if options.no_clobber and (there := existing(task)) is not None:
                console.say(f"{shown_name(task.image)}: left out, {shown(there)} is there already")
                continue
            try:
                _run_one(task, frame, options, console, method)
            except GmmsegError as error:
                # What cannot be written now cannot be written for the next image either.
                if len(tasks) == 1 or isinstance(error, WriteError):
                    raise
                n_failed += 1
                console.say(f"{shown_name(task.image)}: {error}")
            except Cancelled:
                raise
            except Exception as error:
                # A bug, or a library's: the other images are worth having all the same.
                if len(tasks) == 1:
                    raise
                n_failed += 1
                text = " ".join(str(error).split())
                console.say(f"{shown_name(task.image)}: unexpected {type(error).__name__}: {text}")
    return n_failed == 0


def _run_one(task: Task, frame: int, options: argparse.Namespace, console: Console, method: Method) -> None:
    began = time.perf_counter()
    image = console.drain(read_events(task.image, frame=frame, should_stop=console.should_stop))
    seconds = {"read": time.perf_counter() - began}
    name = image.source.name
    for note in image.source.notes:
        console.say(f"{name}: {note}")
    source = console.drain(method.events(image, command_text(options), console.should_stop), name)
    for warning in source.warnings:
        console.say(f"{name}: {warning}")
    source = source.timed({**seconds, **source.seconds})
    written = console.drain(export_events(source, task.items, console.should_stop), name)
    spent = time.perf_counter() - began
    console.tell(f"{name}: wrote {', '.join(shown(path) for path in written)} in {spent:.1f} s")
