"""``gmmseg examples``: write the files that README's lines read."""

from __future__ import annotations

import argparse

from gmmseg.commands.console import Console
from gmmseg.errors import WriteError
from gmmseg.io.atomic import refusals, shown, write_atomically
from gmmseg.io.examples import example_files


def run(options: argparse.Namespace, console: Console) -> bool:
    """Write the files into a new or empty folder and return True; raises `GmmsegError`."""
    folder = options.folder
    with refusals(folder):
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    if not is_empty:
        raise WriteError(f"{shown(folder)} is not empty.", "Name a new folder.")
    for name, content in example_files():
        path = folder / name
        with refusals(path):
            path.parent.mkdir(exist_ok=True)
        write_atomically(path, content)
    console.note(f"The examples are in {shown(folder)}.")
    return True
