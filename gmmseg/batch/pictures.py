"""One picture of a batch: what is read, made, written and told of it, in whichever process."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gmmseg.batch.areas import Area
from gmmseg.control import Progress, ShouldStop
from gmmseg.image import Image
from gmmseg.io.files import content_hash, read_file_bytes, shown_name
from gmmseg.io.images import read_image_bytes
from gmmseg.limits import budget_of
from gmmseg.mixture.threads import give_up_second_thread
from gmmseg.version import VERSION


class Task(Protocol):
    """A picture and the files to write for it; a plain value that another process can be given."""

    @property
    def image(self) -> Path:
        """The picture's file."""

    @property
    def outputs(self) -> Sequence[Path]:
        """The files, or folders, that will be there."""

    def description(self) -> Any:
        """Return what decides the bytes of the files, as plain values."""


@dataclass(frozen=True, slots=True)
class Made:
    """Result of a picture."""

    areas: tuple[Area, ...]
    thumbnail: bytes
    """A JPEG; empty where none was asked for."""
    warnings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    """Parts of it that could not be made, each a sentence."""


class Maker(Protocol):
    """Makes and writes the files of a picture; a plain value."""

    def description(self) -> Any:
        """Return the settings as plain values: with equal ones a picture gives equal bytes."""

    def events(
        self, image: Image, task: Any, read_seconds: float, wants_thumbnail: bool, should_stop: ShouldStop
    ) -> Generator[Progress, None, Made]:
        """Make the files of a task; raises `GmmsegError` and `Cancelled`."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """Record of a picture that is done.

    Parameters
    ----------
    key : str
        Hash of the picture, the settings and what is written.
    files : tuple of str
        The hash of each file's content, in the order of the task's outputs; empty where it was not made.
    areas : tuple of Area
    thumbnail : bytes
    """

    key: str
    files: tuple[str, ...]
    areas: tuple[Area, ...]
    thumbnail: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a picture."""

    entry: Entry
    seconds: float
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    is_kept: bool = False
    """Whether its files were there already, made of the same picture with the same settings."""


Assignment = tuple[Task, Entry | None]
"""A task, and what is known of it from a run before."""


@dataclass(frozen=True, slots=True)
class PictureWork:
    """The work of a batch on one picture, for `work_events`.

    Parameters
    ----------
    maker : Maker
    frame : int
        Page or frame of each file, from 0.
    memory_budget : int, optional
        Bytes that one picture may need.
    wants_thumbnails : bool
    is_alone : bool
        Whether this process shall use one core, because others have their own.
    """

    maker: Maker
    frame: int = 0
    memory_budget: int | None = None
    wants_thumbnails: bool = False
    is_alone: bool = False

    def __call__(self, assignment: Assignment, should_stop: ShouldStop) -> Generator[Progress, None, Outcome]:
        """Read the picture, make its files unless they are there, and return what came of it."""
        began = time.perf_counter()
        if self.is_alone:
            give_up_second_thread()
        task, known = assignment
        with budget_of(self.memory_budget):
            yield Progress("Reading")
            data = read_file_bytes(task.image, should_stop)
            key = self._key(task, hashlib.sha256(data).hexdigest())
            if known is not None and self._is_there(task, key, known):
                return Outcome(known, time.perf_counter() - began, is_kept=True)
            image = read_image_bytes(
                data, shown_name(task.image), task.image, frame=self.frame, should_stop=should_stop
            )
            del data
            read_seconds = time.perf_counter() - began
            made = yield from self.maker.events(image, task, read_seconds, self.wants_thumbnails, should_stop)
        return Outcome(
            Entry(key, _hashes(task), made.areas, made.thumbnail),
            time.perf_counter() - began,
            (*image.source.notes, *made.warnings),
            made.failures,
        )

    def _key(self, task: Task, picture: str) -> str:
        held = [VERSION, self.maker.description(), task.description(), picture, self.frame]
        return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()

    def _is_there(self, task: Task, key: str, known: Entry) -> bool:
        """Whether the files are those that would be written; each is read to tell."""
        has_all = bool(known.thumbnail) or not self.wants_thumbnails
        return known.key == key and has_all and known.files == _hashes(task)


def _hashes(task: Task) -> tuple[str, ...]:
    return tuple(content_hash(path) for path in task.outputs)
