"""Content of a folder of digits: IDX files sorted by their names; the listing can be stopped."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gmmseg.control import ShouldStop, raise_if_ended
from gmmseg.errors import ReadError
from gmmseg.io.files import shown_name

_IDX_NAME = re.compile(
    r"(?P<stem>.*?)(?P<kind>images|labels)[-.]idx\d(?:[-.]ubyte)?(?P<gz>\.gz)?", re.IGNORECASE
)
_PART_WORD = re.compile(r"(?:^|(?<=[-_. ]))(train|t10k|test)[-_. ]*$", re.IGNORECASE)
TRAIN, TEST = 0, 1
_ENTRIES_PER_CHECK = 500


@dataclass(frozen=True, slots=True)
class Listing:
    """The plain files and the folders in a folder, each by name, hidden ones left out."""

    files: tuple[Path, ...]
    folders: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class IdxPair:
    """An images file and, where it is there, the labels file that belongs to it."""

    set_name: str
    """The name without part, kind and suffixes; may be empty."""
    part: int
    """`TRAIN` or `TEST`; TRAIN where the name does not say."""
    images: Path
    labels: Path | None


def list_folder(folder: str | os.PathLike[str], should_stop: ShouldStop) -> Listing:
    """Return what is in a folder.

    Raises
    ------
    ReadError
        It is not a folder or may not be listed.
    Cancelled
        `should_stop` returned anything but NONE.
    """
    files: list[Path] = []
    folders: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for i, entry in enumerate(entries):
                if i % _ENTRIES_PER_CHECK == 0:
                    raise_if_ended(should_stop)
                if entry.name.startswith("."):
                    continue
                (folders if entry.is_dir() else files).append(Path(entry.path))
    except (OSError, ValueError) as error:
        raise ReadError(
            f"The folder “{shown_name(folder)}” cannot be listed.",
            "Check that it exists and is yours to read.",
        ) from error
    return Listing(_by_name(files), _by_name(folders))


def idx_pairs(files: Iterable[Path]) -> list[IdxPair]:
    """Return the images among IDX files by their usual names, each with its labels, training parts first.

    Where a file is there plain and gzipped, the plain one is taken.

    Raises
    ------
    ReadError
        There are labels but no images.
    """
    by_key: dict[tuple[str, str], Path] = {}
    for file in files:
        match = _IDX_NAME.fullmatch(file.name)
        if match is None:
            continue
        key = match["stem"].casefold(), match["kind"].casefold()
        if key not in by_key or match["gz"] is None:
            by_key[key] = file
    pairs = [
        IdxPair(*_set_and_part(file), file, by_key.get((stem, "labels")))
        for (stem, kind), file in by_key.items()
        if kind == "images"
    ]
    if by_key and not pairs:
        file = next(iter(by_key.values()))
        raise ReadError(
            f"There are labels (“{shown_name(file)}”), but no images that belong to them.",
            "Put the images beside them.",
        )
    return sorted(pairs, key=lambda pair: (pair.set_name.casefold(), pair.part))


def pair_of_file(path: Path, files: Iterable[Path]) -> IdxPair:
    """Return one images file with its labels, where they are among `files`, whatever it is called."""
    match = _IDX_NAME.fullmatch(path.name)
    if match is None or match["kind"].casefold() != "images":
        return IdxPair(path.stem, TRAIN, path, None)
    same_stem = [
        file
        for file in files
        if (other := _IDX_NAME.fullmatch(file.name)) is not None
        and other["stem"].casefold() == match["stem"].casefold()
        and other["kind"].casefold() == "labels"
    ]
    # The one packed like the images, where both are there.
    same_stem.sort(key=lambda file: (file.suffix.casefold() == ".gz") != (match["gz"] is not None))
    return IdxPair(*_set_and_part(path), path, same_stem[0] if same_stem else None)


def one_set(pairs: Sequence[IdxPair], folder: str) -> Sequence[IdxPair]:
    """Return the parts of the only set there is.

    Raises
    ------
    ReadError
        There are several sets, or one part twice.
    """
    names = sorted({pair.set_name for pair in pairs}, key=str.casefold)
    if len(names) > 1:
        shown = ", ".join(f"“{name}”" if name else "one without a name" for name in names)
        raise ReadError(
            f"“{folder}” holds several sets: {shown}.",
            "Choose the images file of one of them, or move one set into a folder of its own.",
        )
    if len({pair.part for pair in pairs}) < len(pairs):
        shown = ", ".join(f"“{shown_name(pair.images)}”" for pair in pairs)
        raise ReadError(f"“{folder}” holds more than one file for the same part: {shown}.", "Choose one.")
    return pairs


def _set_and_part(file: Path) -> tuple[str, int]:
    match = _IDX_NAME.fullmatch(file.name)
    stem = match["stem"] if match else file.stem
    word = _PART_WORD.search(stem)
    part = TEST if word is not None and word[1].casefold() != "train" else TRAIN
    return (stem[: word.start()] if word else stem).strip("-_. "), part


def _by_name(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(sorted(paths, key=lambda path: (path.name.casefold(), path.name)))
