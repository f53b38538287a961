"""Foreground masks of a stack of frames as files: the window, the command line and Python write the same."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.errors import WriteError
from gmmseg.frames.background import foreground
from gmmseg.frames.settings import BackgroundSettings
from gmmseg.image import StackPlace
from gmmseg.io.atomic import refusals, shown, write_atomically
from gmmseg.io.images import list_images, read_frames
from gmmseg.io.object_masks import encode_object_mask
from gmmseg.io.outputs import check_inputs_stay, distinct_stems


def foreground_export_events(
    stack: Path, folder: Path, settings: BackgroundSettings, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, list[Path]]:
    """Write a mask of 0 and 255 for each frame as soon as it is known, and return the paths.

    Parameters
    ----------
    stack : Path
        A file of several frames, whose masks are called after it and their number; or a folder of images,
        whose masks are called after them.
    folder : Path
        Made if missing.
    settings : BackgroundSettings
    should_stop : callable
        Asked between blocks; masks that are written stay.

    Raises
    ------
    ReadError, BudgetError, SettingsError
    WriteError
        A mask cannot be written, or would replace a frame.
    Cancelled
    """
    if folder.is_file():
        raise WriteError(f"{shown(folder)} is a file; masks go into a folder.", "Choose another name.")
    files = list_images(stack) if os.path.isdir(stack) else []
    stems = distinct_stems(files)
    check_inputs_stay((folder / f"{stem}.png" for stem in stems), files)
    written: list[Path] = []
    for image, mask in foreground(read_frames(stack, should_stop=should_stop), settings, should_stop):
        place = image.source.place or StackPlace(stack, 0, 1)
        stem = stems[place.frame] if stems else f"{stack.stem}_{place.frame + 1:04d}"
        with refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"{stem}.png", encode_object_mask(".png", mask))
        written.append(folder / f"{stem}.png")
        yield Progress(f"Frame {len(written)} of {place.n_frames}", len(written) / place.n_frames)
    return written
