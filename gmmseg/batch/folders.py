"""A batch into one folder: folders within it for each kind of file, a table of areas, a contact sheet."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from gmmseg.batch.again import Again
from gmmseg.batch.joint import joint_fit_events
from gmmseg.batch.makers import ExportMaker, ExportTask
from gmmseg.batch.methods import AppliedModel, FittedMixture, Method
from gmmseg.batch.pictures import Outcome
from gmmseg.batch.record import Record
from gmmseg.batch.run import Result, batch_events, work_of, write_areas, write_sheet
from gmmseg.control import Progress, ShouldStop, never_stop, relayed
from gmmseg.io.atomic import refusals
from gmmseg.io.export_items import SUFFIXES, ExportItem, ExportKind, check_items, with_legends
from gmmseg.io.outputs import check_inputs_stay, distinct_stems
from gmmseg.processes import ItemEvent

AREAS, SHEET = "areas.csv", "contact sheet.html"
KINDS: tuple[ExportKind, ...] = (
    "mask", "overlay", "probabilities", "table", "model", "report", "coco", "geojson",
)  # fmt: skip
"""Exports that a batch in the window offers."""


@dataclass(frozen=True, slots=True)
class FolderBatch:
    """A batch: its pictures, what is made of each, and the folder for it.

    Parameters
    ----------
    images : tuple of Path
    method : Method
    folder : Path
    kinds : tuple of str
        At least one of `KINDS`.
    is_joint : bool
        Whether one mixture is fitted to all pictures.
    n_jobs : int
        Processes.
    """

    images: tuple[Path, ...]
    method: Method
    folder: Path
    kinds: tuple[ExportKind, ...]
    is_joint: bool = False
    n_jobs: int = 1

    def again(self) -> Again:
        """Return the batch as what a command or a script can do again."""
        items = tuple(ExportItem((self.folder / kind).absolute(), kind) for kind in self.kinds)
        return Again(tuple(path.absolute() for path in self.images), self.method, items, 0, self.is_joint)

    def tasks(self) -> list[ExportTask]:
        """Return a task for each picture; files are named after the pictures."""
        return [
            ExportTask(
                image,
                tuple(
                    with_legends(
                        ExportItem(self.folder / kind / f"{stem}{SUFFIXES[kind][0]}", kind)
                        for kind in self.kinds
                    )
                ),
            )
            for image, stem in zip(self.images, distinct_stems(list(self.images)), strict=True)
        ]


def folder_batch_events(
    batch: FolderBatch, should_stop: ShouldStop = never_stop
) -> Generator[Progress | ItemEvent[Outcome], None, list[Result]]:
    """Work on all pictures; those that are done already, with the same settings, are left as they are.

    Yields the progress of what concerns all of them, and what comes of each.

    Raises
    ------
    WriteError
        The folder cannot be written.
    GmmsegError
        No picture can be used for a joint mixture.
    Cancelled
    """
    tasks = batch.tasks()
    check_inputs_stay([item.path for task in tasks for item in task.items], batch.images)
    for kind in batch.kinds:
        with refusals(batch.folder / kind):
            (batch.folder / kind).mkdir(parents=True, exist_ok=True)
    check_items(item for task in tasks for item in task.items)
    method: Method = batch.method
    errors: dict[int, Exception] = {}
    if batch.is_joint and isinstance(method, FittedMixture):
        job = joint_fit_events(batch.images, method.settings, batch.n_jobs, should_stop=should_stop)
        model, errors = yield from relayed(job, lambda event: (event,) if isinstance(event, Progress) else ())
        method = AppliedModel(model, maps=method.maps)
    results = yield from batch_events(
        tasks,
        work_of(ExportMaker(method, "window"), batch.n_jobs, wants_thumbnails=True),
        batch.n_jobs,
        Record(batch.folder / batch.kinds[0]),
        resumes=True,
        errors=errors,
        should_stop=should_stop,
    )
    write_areas(batch.folder / AREAS, tasks, results)
    write_sheet(batch.folder / SHEET, batch.folder.name, tasks, results)
    return results
