"""``-`` in place of a file name: standard input and standard output."""

from __future__ import annotations

import argparse
import os
import select
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gmmseg.commands.console import Console
from gmmseg.commands.values import STANDARD, OutPlace, is_sent
from gmmseg.control import raise_if_cancelled

_SUFFIXES = {"select": ".png", "sample": ".csv", "fit": ".csv"}
"""Formats of commands on standard output; of the others --format decides."""
_FORMAT_SUFFIXES = {"geojson": ".geojson", "roi": ".zip", "svg": ".svg", "ome-tiff": ".ome.tif"}
_IMAGE_FORMATS = (None, "semantic", "binary", "cutout")


_INPUTS = ("image", "images", "table", "stack")
_BLOCK = 1 << 20
_POLL = 0.1
"""Seconds between two questions whether to stop, while nothing comes."""


@contextmanager
def standard_streams(options: argparse.Namespace, console: Console) -> Iterator[None]:
    """Let ``-`` be files for a while: an input from standard input, and OUT, which is sent once all is done.

    Within the block the options name these files. What raises, or ends by a signal, sends nothing.

    Raises
    ------
    WriteError
        Standard output takes no more.
    Cancelled
        While nothing comes in.
    """
    given = getattr(options, "output", None)
    sends = is_sent(options)
    if not (sends or _reads_standard_input(options)):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="gmmseg-") as folder:
        _name_input(options, Path(folder) / "stdin", console)
        place = Path(folder) / f"stdout{_suffix(options) if sends else ''}"
        if sends:
            options.output = OutPlace(place, False) if isinstance(given, OutPlace) else place
        yield
        if sends and place.is_file():
            console.send(place.read_bytes())


def _reads_standard_input(options: argparse.Namespace) -> bool:
    images = [getattr(options, name, None) for name in _INPUTS]
    return STANDARD in images or any(isinstance(one, list) and STANDARD in one for one in images)


def _name_input(options: argparse.Namespace, place: Path, console: Console) -> None:
    """Copy standard input to a file, where it is asked for, and let the options name that."""
    if not _reads_standard_input(options):
        return
    with place.open("wb") as file:
        for block in _blocks(console):
            file.write(block)
    for name in _INPUTS:
        value = getattr(options, name, None)
        if isinstance(value, list):
            setattr(options, name, [place if path == STANDARD else path for path in value])
        elif value == STANDARD:
            setattr(options, name, place)


def _blocks(console: Console) -> Iterator[bytes]:
    stream = None if sys.stdin is None else sys.stdin.buffer
    while stream is not None:
        raise_if_cancelled(console.should_stop)
        # Of a terminal or pipe a read would wait, whatever signals come.
        if os.name == "posix" and not select.select([stream], [], [], _POLL)[0]:
            continue
        block = os.read(stream.fileno(), _BLOCK)
        if not block:
            return
        yield block


def _suffix(options: argparse.Namespace) -> str:
    if options.command in _SUFFIXES or getattr(options, "output", None) is None:
        return _SUFFIXES.get(options.command, "")
    if options.format in _IMAGE_FORMATS:
        return ".png"
    return _FORMAT_SUFFIXES.get(options.format, ".json")
