"""One image or many: what was asked for is made of each, and said what came of them."""

from __future__ import annotations

import argparse
import shlex
import time
from collections.abc import Generator, Mapping, Sequence

from gmmseg.batch.methods import MapMethod
from gmmseg.batch.pictures import Maker, Outcome, Task
from gmmseg.batch.record import Record
from gmmseg.batch.run import (
    Result,
    batch_events,
    failure_text,
    failures,
    summary,
    work_of,
    write_areas,
    write_sheet,
)
from gmmseg.commands.console import Console
from gmmseg.commands.options import map_settings, region_settings
from gmmseg.control import Progress, relayed, result_of
from gmmseg.io.atomic import shown
from gmmseg.io.files import shown_name
from gmmseg.processes import Failed, Finished, ItemEvent, Reported


def command_text(options: argparse.Namespace) -> str:
    """Return what was typed, for the report."""
    return shlex.join(["gmmseg", *options.argv])


def map_method(options: argparse.Namespace) -> MapMethod:
    """Return how maps of classes are to be made."""
    return MapMethod(map_settings(options), region_settings(options))


def run_tasks(
    options: argparse.Namespace,
    console: Console,
    maker: Maker,
    tasks: Sequence[Task],
    n_left: int = 0,
    errors: Mapping[int, Exception] | None = None,
) -> bool:
    """Work on all tasks, write what sums them up, and say what came of them.

    Parameters
    ----------
    options : argparse.Namespace
    console : Console
    maker : Maker
    tasks : sequence of Task
    n_left : int
        Images that were left out, and named, before.
    errors : mapping of int to Exception
        Tasks, by their places, that have failed before.

    Returns
    -------
    bool
        Whether all succeeded. Of several images those that fail are reported and left out.

    Raises
    ------
    GmmsegError
        The only image failed, or what sums up all of them cannot be written.
    Cancelled
    """
    began = time.perf_counter()
    is_single = len(tasks) == 1 and n_left == 0
    keeps_record = bool(tasks) and (options.resume or not is_single)
    job = batch_events(
        tasks,
        work_of(
            maker,
            options.jobs,
            frame=options.frame - 1,
            memory_budget=options.memory_budget,
            wants_thumbnails=options.contact_sheet is not None,
        ),
        options.jobs,
        Record(tasks[0].outputs[0].parent) if keeps_record else None,
        resumes=options.resume,
        errors=errors,
        should_stop=console.should_stop,
    )
    results = _drained(job, tasks, console, is_single)
    if options.areas is not None:
        write_areas(options.areas, tasks, results)
    if options.contact_sheet is not None:
        write_sheet(options.contact_sheet, command_text(options), tasks, results)
    if not is_single:
        for line in summary(tasks, results, n_left, time.perf_counter() - began):
            console.note(line)
    return not failures(tasks, results)


def _drained(
    job: Generator[ItemEvent[Outcome], None, list[Result]],
    tasks: Sequence[Task],
    console: Console,
    is_single: bool,
) -> list[Result]:
    n_done = 0

    def show(event: ItemEvent[Outcome]) -> tuple[()]:
        nonlocal n_done
        task = tasks[event.at]
        name = shown_name(task.image)
        if isinstance(event, Reported) and isinstance(event.event, Progress):
            ahead = "" if is_single else f"{n_done} of {len(tasks)} done; "
            console.show(f"{ahead}{name}: {event.event.text}")
        elif isinstance(event, Finished):
            n_done += 1
            _tell(event.result, task, name, console)
        elif isinstance(event, Failed):
            if is_single:
                raise event.error
            n_done += 1
            console.say(f"{name}: {failure_text(event.error)}")
        return ()

    return result_of(relayed(job, show))


def _tell(outcome: Outcome, task: Task, name: str, console: Console) -> None:
    for note in outcome.notes:
        console.note(f"{name}: {note}")
    for failure in outcome.failures:
        console.say(f"{name}: {failure}")
    if outcome.is_kept:
        console.tell(f"{name}: is there already, made with the same settings")
    else:
        files = ", ".join(shown(path) for path in task.outputs)
        console.tell(f"{name}: wrote {files} in {outcome.seconds:.1f} s")
