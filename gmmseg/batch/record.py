"""The record of a batch in its folder: which pictures are done, by what settings, with which files.

One line of JSON for each picture, appended when its files are there: whatever ends a run, the lines before
stay. Lines that are torn or not understood count for nothing; of several for one picture the last one holds.
A run that comes to its end leaves them in the order of the names, whichever picture was done first.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gmmseg.batch.areas import Area
from gmmseg.batch.pictures import Entry, Task
from gmmseg.io.atomic import refusals, write_atomically

NAME = ".gmmseg-batch.jsonl"
_MOST_BYTES = 1 << 28


class Record:
    """The record of the batches that write into a folder.

    Parameters
    ----------
    folder : Path
        Where the first output of each picture goes.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def entries(self) -> Mapping[str, Entry]:
        """Return what is known, by the name of a picture's first output; nothing where there is no record."""
        found: dict[str, Entry] = {}
        try:
            if self._path.stat().st_size > _MOST_BYTES:
                return found
            lines = self._path.read_bytes().split(b"\n")
        except OSError:
            return found
        for line in lines:
            try:
                name, entry = _read(json.loads(line))
            except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
                continue
            found[name] = entry
        return found

    def append(self, task: Task, entry: Entry) -> None:
        """Add a picture whose files are there; raises `WriteError`."""
        line = _line(name_of(task), entry)
        with refusals(self._path), self._path.open("ab+") as file:
            # What an interrupted run left without its end is closed first.
            if file.tell() > 0:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = b"\n" + line
            file.write(line)

    def settle(self) -> None:
        """Keep one line for each picture, in the order of their names; raises `WriteError`."""
        lines = [_line(name, entry) for name, entry in sorted(self.entries().items())]
        if lines:
            write_atomically(self._path, b"".join(lines))


def name_of(task: Task) -> str:
    """Return what a task is known by in the record: its first file, which no other task writes."""
    return task.outputs[0].name


def _line(name: str, entry: Entry) -> bytes:
    content = {
        "output": name,
        "key": entry.key,
        "files": list(entry.files),
        "areas": [[area.id, area.name, area.pixels, area.share] for area in entry.areas],
        "thumbnail": base64.b64encode(entry.thumbnail).decode(),
    }
    return json.dumps(content).encode() + b"\n"


def _read(line: Any) -> tuple[str, Entry]:
    """Return the entry in a line; raises one of the errors of wrong values where it holds none."""
    areas = tuple(Area(int(one[0]), str(one[1]), int(one[2]), float(one[3])) for one in line["areas"])
    files = tuple(str(digest) for digest in line["files"])
    thumbnail = base64.b64decode(line["thumbnail"], validate=True)
    return str(line["output"]), Entry(str(line["key"]), files, areas, thumbnail)
