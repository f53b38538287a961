"""A batch from its tasks to their outcomes, as a generator, and the summary at its end."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from gmmseg.batch.areas import encode_areas
from gmmseg.batch.pictures import Maker, Outcome, PictureWork, Task
from gmmseg.batch.record import Record, name_of
from gmmseg.batch.sheet import Cell, encode_sheet
from gmmseg.control import ShouldStop, never_stop
from gmmseg.errors import GmmsegError
from gmmseg.io.atomic import write_atomically
from gmmseg.io.files import shown_name
from gmmseg.processes import Failed, Finished, ItemEvent, work_events

T = TypeVar("T", bound=Task)
Result = Outcome | Exception | None
"""Result of a task; None where it was not begun."""
_MOST_REASONS = 20


def batch_events(
    tasks: Sequence[T],
    work: PictureWork,
    n_jobs: int = 1,
    record: Record | None = None,
    *,
    resumes: bool = False,
    errors: Mapping[int, Exception] | None = None,
    should_stop: ShouldStop = never_stop,
) -> Generator[ItemEvent[Outcome], None, list[Result]]:
    """Work on all pictures, in processes where several are wanted; one that fails stops no other.

    Parameters
    ----------
    tasks : sequence of Task
    work : PictureWork
    n_jobs : int
        Processes. The files are the same for every number of them.
    record : Record, optional
        Gets a line for each picture that is done.
    resumes : bool
        Whether pictures that the record knows, with the same settings and files, are left as they are.
    errors : mapping, optional
        Why tasks cannot be begun, by their places.
    should_stop : callable
        STOP completes the pictures in hand; CANCEL ends at once, in order.

    Returns
    -------
    list of Outcome, Exception or None
        What came of each task.

    Raises
    ------
    WriteError
        The record cannot be written.
    Cancelled
    """
    known = record.entries() if record is not None and resumes else {}
    errors = errors or {}
    results: list[Result] = [errors.get(at) for at in range(len(tasks))]
    for at, error in sorted(errors.items()):
        yield Failed(at, error)
    left = [at for at in range(len(tasks)) if at not in errors]
    assignments = [(tasks[at], known.get(name_of(tasks[at]))) for at in left]
    for event in work_events(work, assignments, n_jobs, should_stop):
        # Places are those among all tasks.
        event = replace(event, at=left[event.at])
        if isinstance(event, Finished):
            outcome = results[event.at] = event.result
            if record is not None and not outcome.is_kept and not outcome.failures:
                record.append(tasks[event.at], outcome.entry)
        elif isinstance(event, Failed):
            results[event.at] = event.error
        yield event
    if record is not None:
        record.settle()
    return results


def work_of(
    maker: Maker,
    n_jobs: int,
    *,
    frame: int = 0,
    memory_budget: int | None = None,
    wants_thumbnails: bool = False,
) -> PictureWork:
    """Return the work of a batch; processes that have a core each use no second thread."""
    is_alone = n_jobs > 1 and 2 * n_jobs > (os.cpu_count() or 1)
    return PictureWork(maker, frame, memory_budget, wants_thumbnails, is_alone)


def failure_text(error: Exception) -> str:
    """Return why a picture failed, in one line."""
    if isinstance(error, GmmsegError):
        return str(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory. Close other programs, or take a smaller picture."
    # A bug, or a library's.
    return f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"


def failures(tasks: Sequence[Task], results: Sequence[Result]) -> list[tuple[str, str]]:
    """Return name and reason of everything that failed, in the order of the tasks."""
    found = []
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, Exception):
            found.append((shown_name(task.image), failure_text(result)))
        elif result is not None:
            found += [(shown_name(task.image), reason) for reason in result.failures]
    return found


def summary(tasks: Sequence[Task], results: Sequence[Result], n_left: int, seconds: float) -> list[str]:
    """Return what came of a batch as lines for people; `n_left` were left out before it began."""
    done = [result for result in results if isinstance(result, Outcome)]
    n_kept = sum(result.is_kept for result in done)
    text = f"{len(done) - n_kept} of {len(tasks) + n_left} pictures done in {seconds:.1f} s"
    if n_kept + n_left:
        text += f", {n_kept + n_left} left as they are"
    reasons = failures(tasks, results)
    if not reasons:
        return [f"{text}."]
    shown = [f"  {name}: {reason}" for name, reason in reasons[:_MOST_REASONS]]
    more = len(reasons) - _MOST_REASONS
    return [f"{text}, {len(reasons)} failed:", *shown, *([f"  … and {more} more"] if more > 0 else [])]


def write_areas(path: Path, tasks: Sequence[Task], results: Sequence[Result]) -> None:
    """Write the areas of all pictures that are done as one table; raises `WriteError`."""
    pairs = zip(tasks, results, strict=True)
    done = [(shown_name(task.image), r.entry.areas) for task, r in pairs if isinstance(r, Outcome)]
    write_atomically(path, encode_areas(done))


def write_sheet(path: Path, title: str, tasks: Sequence[Task], results: Sequence[Result]) -> None:
    """Write the contact sheet of all pictures that were begun; raises `WriteError`."""
    cells = []
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, Outcome):
            entry = result.entry
            reason = " ".join(result.failures)
            cells.append(Cell(shown_name(task.image), entry.thumbnail, entry.areas, reason, task.outputs[0]))
        elif result is not None:
            cells.append(Cell(shown_name(task.image), failure=failure_text(result)))
    write_atomically(path, encode_sheet(path, title, cells))
