"""Place of a user's file as a project records it: absolute, and from the project's folder."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from gmmseg.io.projects.plain import misfit, path_of_text, path_text
from gmmseg.io.strict_json import Text


def relative_text(path: Path, folder: Path) -> Text | None:
    """Return the way from a folder to a path, percent-encoded; None where there is none."""
    # Between two drives of Windows there is no way.
    with suppress(ValueError):
        return Text(path_text(Path(os.path.relpath(path, folder))))
    return None


def path_of_form(text: Text | None, place: str) -> Path | None:
    """Return the path in a field; raises `ReadError` where it is none."""
    try:
        return None if text is None else path_of_text(str(text))
    except ValueError:
        misfit(place, "is not a path")


def places_of(path: Path | None, relative: Text | None, project: Path) -> list[Path]:
    """Return where a file may be by what a project at a path says, the likeliest first."""
    places: list[Path] = []
    if relative is not None:
        with suppress(ValueError):
            folder = project.absolute().parent
            places.append(Path(os.path.normpath(folder / path_of_text(str(relative)))))
    if path is not None:
        places.append(path)
    return list(dict.fromkeys(places))
