"""Outputs of any export: checked before the work, and all encoded before the first is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_cancelled
from gmmseg.errors import WriteError
from gmmseg.io.atomic import (
    check_folder_writable,
    check_writable,
    shown,
    write_atomically,
    write_folder_atomically,
)

_LOSSY = (".jpg", ".jpeg", ".webp")

K = TypeVar("K", bound=str)
K_co = TypeVar("K_co", bound=str, covariant=True)
IsOurs = Callable[[Path], bool]
"""Tells whether a folder is an earlier export of its kind, which may be replaced."""


@dataclass(frozen=True, slots=True)
class Output(Generic[K_co]):
    """A file, or a folder of files, to write.

    Parameters
    ----------
    path : Path
    kind : str
        A key of the table of extensions that belongs to it.
    """

    path: Path
    kind: K_co


@dataclass(frozen=True, slots=True)
class Folder:
    """The content of a folder: its files by relative names with ``/``."""

    files: dict[str, bytes]
    is_ours: IsOurs


Encoded = bytes | Folder
O = TypeVar("O", bound=Output[str])  # noqa: E741


def check_outputs(
    outputs: Iterable[Output[K]],
    suffixes: Mapping[K, tuple[str, ...]],
    *,
    folders: Mapping[str, IsOurs] | None = None,
    inputs: Collection[Path] = (),
) -> None:
    """Raise `WriteError` for the first output that cannot be written; to be called before long work.

    Parameters
    ----------
    outputs : iterable of Output
    suffixes : mapping
        The extensions of each kind.
    folders : mapping, optional
        The kinds that are folders.
    inputs : collection of Path
        Files that are read, which no output may replace.
    """
    given = list(outputs)
    check_inputs_stay((output.path for output in given), inputs)
    taken: set[str] = set()
    for output in given:
        check_suffix(output.path, output.kind, suffixes[output.kind])
        place = os.path.realpath(output.path)
        if place in taken:
            raise WriteError(
                f"Two exports would be written to {shown(output.path)}.", "Give each its own name."
            )
        taken.add(place)
        if folders is not None and output.kind in folders:
            check_folder_writable(output.path, folders[output.kind])
        else:
            check_writable(output.path)


def check_inputs_stay(paths: Iterable[Path], inputs: Collection[Path]) -> None:
    """Raise `WriteError` where a path to write is that of a file which is read."""
    read = {os.path.realpath(path) for path in inputs}
    for path in paths:
        if os.path.realpath(path) in read:
            raise WriteError(f"{shown(path)} is a file that is read.", "Choose another name or folder.")


def distinct_stems(files: Iterable[Path]) -> list[str]:
    """Return a file name without extension for each file, no two equal even where case does not count."""
    taken: set[str] = set()
    stems = []
    for file in files:
        stem, number = file.stem, 1
        while stem.casefold() in taken:
            number += 1
            stem = f"{file.stem}_{number}"
        taken.add(stem.casefold())
        stems.append(stem)
    return stems


def check_suffix(path: Path, kind: str, suffixes: Sequence[str]) -> None:
    """Raise `WriteError` when a path does not end in one of the `suffixes` of its kind."""
    name = path.name.lower()
    if any(name.endswith(suffix) and name != suffix for suffix in suffixes):
        return
    if not path.suffix:
        cause = "The file name has no extension."
    elif path.suffix.lower() in _LOSSY and ".png" in suffixes:
        cause = f"{path.suffix} changes pixel values when it compresses."
    else:
        cause = f"A file of kind “{kind}” cannot be written as “{path.suffix}”."
    raise WriteError(cause, f"Let the name end in {' or '.join(', '.join(suffixes).rsplit(', ', 1))}.")


def encode_events(
    outputs: Sequence[O], encode: Callable[[O], Encoded], should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, list[Encoded]]:
    """Return the contents of all outputs.

    Raises
    ------
    Cancelled
        `should_stop` returned CANCEL between two outputs.
    """
    contents: list[Encoded] = []
    for at, output in enumerate(outputs):
        raise_if_cancelled(should_stop)
        yield Progress(f"Encoding {output.path.name}", at / (len(outputs) + 1))
        contents.append(encode(output))
    raise_if_cancelled(should_stop)
    yield Progress("Writing", len(outputs) / (len(outputs) + 1))
    return contents


def written_events(
    outputs: Sequence[O], encode: Callable[[O], Encoded], should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, list[Path]]:
    """Write all outputs, all of them encoded before the first, and return their paths.

    Raises
    ------
    WriteError
        Files that came before it are written, all others are as they were.
    Cancelled
        Nothing is written.
    """
    contents = yield from encode_events(outputs, encode, should_stop)
    for output, content in zip(outputs, contents, strict=True):
        write(output.path, content)
    return [output.path for output in outputs]


def write(path: Path, content: Encoded) -> None:
    """Write the content of one output; raises `WriteError`, then what was there before is as it was."""
    if isinstance(content, Folder):
        write_folder_atomically(path, content.files, content.is_ours)
    else:
        write_atomically(path, content)
