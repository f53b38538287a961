"""Saving, journals and recovery on a picture of 24 megapixels: ``python -m tests.benchmarks.project_files``.

Prints how long a project with 100 objects takes to save and how large it is, what an edit costs the window's
thread for its journal, and how long 1,000 edits take to recover. Each figure is the least, the median and the
most of several times, in milliseconds of wall clock; another busy program makes them larger.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

import gmmseg
from gmmseg.control import result_of
from gmmseg.editing.history import History
from gmmseg.io.journal import Journal
from gmmseg.io.projects.journal.reading import look_into
from gmmseg.io.projects.journal.writing import change_record, first_records
from gmmseg.io.projects.kinds.registry import kind_named
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import Document, with_fit
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.objects.edits import add_object, paint_object
from gmmseg.photo.objects.patch import Patch, brushed
from gmmseg.photo.project import PhotoProject

PHOTO = kind_named("photo")
HEIGHT, WIDTH = 4000, 6000
N_OBJECTS, N_EDITS = 100, 1000
_RADIUS = 190


def a_photo(path: Path) -> None:
    """Write a picture of coarse noise."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 255, (HEIGHT // 100, WIDTH // 100, 3)).astype(np.uint8)
    pixels = np.kron(coarse, np.ones((100, 100, 1), np.uint8)) // 2
    pixels += random.integers(0, 60, pixels.shape, dtype=np.uint8)
    PillowImage.fromarray(pixels).save(path, compress_level=1)


def with_objects(project: PhotoProject) -> PhotoProject:
    """Return the project with objects all over it."""
    random = np.random.default_rng(1)
    rows, columns = np.ogrid[-_RADIUS : _RADIUS + 1, -_RADIUS : _RADIUS + 1]
    disc = rows**2 + columns**2 <= _RADIUS**2
    for number in range(N_OBJECTS):
        top, left = random.integers(0, HEIGHT - len(disc)), random.integers(0, WIDTH - len(disc))
        project = project.edited(add_object(Patch.of(disc, int(top), int(left)), f"object {number}"))
    return project


def with_a_fit(project: PhotoProject) -> PhotoProject:
    """Return the project with a fit of five components."""
    document = project.document
    fit = result_of(segment_events(SegmentRequest(project.image, document.settings))).fit
    classes = default_classes(fit.result.params.n_components)
    return PhotoProject(project.history.amended(with_fit(document, fit, classes)))


def timed(call: Callable[[], object]) -> float:
    """Return how long a call takes, milliseconds."""
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def told(name: str, times: list[float]) -> None:
    """Print a figure."""
    print(f"{name:42} {min(times):8.2f} {statistics.median(times):8.2f} {max(times):8.2f} ms")


def journal_times(history: History[Document], journal: Journal) -> list[float]:
    """Return how long each of many brush strokes takes to record."""
    random = np.random.default_rng(2)
    times = []
    for number in range(N_EDITS):
        x, y = float(random.uniform(0, WIDTH)), float(random.uniform(0, HEIGHT))
        stroke = brushed([(x, y), (x + 60, y + 20)], 20.0, (HEIGHT, WIDTH))
        wanted = history.present.state.object_map.objects[number % N_OBJECTS].id
        document = paint_object(wanted, stroke).apply(history.present.state)
        after = history.pushed(document, "Paint", None, time.time())

        def record(before: History[Document] = history, after: History[Document] = after) -> None:
            journal.append(change_record(PHOTO, before, after))

        times.append(timed(record))
        history = after
    return times


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        a_photo(folder / "photo.png")
        project = with_a_fit(with_objects(gmmseg.new_project(folder / "photo.png")))
        path = folder / "work.gmmseg"
        told("save", [timed(lambda: gmmseg.save_project(project, path)) for _ in range(9)])
        print(f"{'size':42} {path.stat().st_size:8,} bytes")
        told("open, image included", [timed(lambda: gmmseg.open_project(path)) for _ in range(3)])
        journal_path = folder / "a.journal"
        journal = Journal(journal_path)
        for record in first_records(PHOTO, project.history, {}, journal_path, None):
            journal.append(record)
        journal.publish()
        told("journal, an edit", journal_times(project.history, journal))
        journal.close()
        print(f"{'journal':42} {journal_path.stat().st_size:8,} bytes")
        told(f"recover {N_EDITS:,} edits", [timed(lambda: look_into(journal_path)) for _ in range(3)])


if __name__ == "__main__":
    main()
