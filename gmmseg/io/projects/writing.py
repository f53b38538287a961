"""Writing a project: everything is encoded first, then one file replaces the one before, which is kept."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator
from dataclasses import fields
from pathlib import Path

import numpy as np

from gmmseg.arrays import ByteArray
from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_cancelled, result_of
from gmmseg.history import History
from gmmseg.image import Image, thinned
from gmmseg.io.atomic import check_writable, write_atomically
from gmmseg.io.masks import encode_rgb_png
from gmmseg.io.models import dump_model
from gmmseg.io.projects.archive import Member, pack
from gmmseg.io.projects.fits import fit_content
from gmmseg.io.projects.object_map import NAME as OBJECTS_PNG
from gmmseg.io.projects.object_map import encode_objects
from gmmseg.io.projects.plain import encoded
from gmmseg.io.projects.references import copies_of, image_form, pixel_hash
from gmmseg.io.projects.states import field_content, history_changes, of_present_image
from gmmseg.io.temporaries import temporary_name
from gmmseg.limits import MAX_BACKUPS, MIB
from gmmseg.photo.document import Document
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.tiles import IdArray
from gmmseg.photo.project import Project
from gmmseg.render import display_rgb
from gmmseg.version import VERSION

FORMAT, FORMAT_VERSION = "gmmseg-project", 2
THUMBNAIL_SIDE = 256
MAX_HISTORY_BYTES = 4 * MIB
"""Of the steps around the present; each new fit takes some hundred kilobytes."""
_APART = ("image", "objects", "fit")
"""Fields of a document that have members of their own."""


def save_project(
    project: Project,
    path: str | os.PathLike[str],
    *,
    encloses_image: bool = False,
    n_backups: int = MAX_BACKUPS,
) -> None:
    """Write a project file, or leave the one that is there as it was.

    Parameters
    ----------
    project : Project
    path : path
    encloses_image : bool
        Carry a copy of the image along; one that came from no file always is.
    n_backups : int
        How many earlier versions are kept beside it, as ``NAME~1`` (the newest), ``NAME~2``, …

    Raises
    ------
    WriteError
        The file cannot be written.
    ReadError
        A copy of the image is wanted, and its file is no longer what was opened.
    """
    result_of(save_events(project, Path(path), encloses_image=encloses_image, n_backups=n_backups))


def save_events(
    project: Project,
    path: Path,
    *,
    encloses_image: bool = False,
    n_backups: int = MAX_BACKUPS,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress, None, None]:
    """Write a project as `save_project` does; cancelled before the file is replaced, nothing has changed."""
    yield Progress(f"Saving {path.name}")
    check_writable(path)
    data = pack(members_of(project, path, encloses_image, should_stop))
    raise_if_cancelled(should_stop)
    write_with_backups(path, data, n_backups)


def members_of(project: Project, path: Path, encloses_image: bool, should_stop: ShouldStop) -> list[Member]:
    """Return the members of a project's archive."""
    history = of_present_image(project.history)
    document = history.present.state
    copies = copies_of(project.image, encloses_image, should_stop)
    image = image_form(project.image, path, copies[0].name if copies else None, pixel_hash(project.image))
    raise_if_cancelled(should_stop)
    head = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "generator": f"gmmseg {VERSION}",
        "image": image,
        "title": history.present.title,
        "time": history.present.time,
        "document": {
            each.name: field_content(getattr(document, each.name))
            for each in fields(Document)
            if each.name not in _APART
        },
        "view": project.view,
    }
    members = [Member("project.json", encoded(head))]
    step = -(-max(project.image.height, project.image.width) // THUMBNAIL_SIDE)
    ids: IdArray | None = None
    if document.objects is not None:
        map_png, ids = encode_objects(document.objects, step)
        members.append(Member("objects.json", encoded({"objects": document.objects.objects})))
        members.append(Member(OBJECTS_PNG, map_png, is_packed=True))
    if document.fit is not None:
        content = fit_content(document.fit)
        del content["model"]
        members.append(Member("model.json", dump_model(document.fit.model)))
        members.append(Member("fit.json", encoded(content)))
    steps = _steps(history)
    if steps is not None:
        members.append(Member("history.json", steps))
    members.append(Member("thumbnail.png", thumbnail(project.image, document.objects, ids), is_packed=True))
    return [*members, *copies]


def _steps(history: History[Document]) -> bytes | None:
    """Return the steps around the present, of many or large ones the nearest; None where there are none."""
    entries, at = history.entries, len(history.past)
    reach = len(entries)
    while reach:
        first = max(0, at - reach)
        near = History.standing(entries[first : at + reach + 1], at - first)
        data = encoded(history_changes(History(history.present), near))
        if len(data) <= MAX_HISTORY_BYTES:
            return data if len(near.entries) > 1 else None
        reach //= 2
    return None


def thumbnail(image: Image, objects: ObjectMap | None, ids: IdArray | None) -> bytes:
    """Return a PNG of at most 256 pixels a side: the image, with its objects in their colours.

    `ids` are every so-many-th id of the map, as `encode_objects` returns them for the image.
    """
    step = -(-max(image.height, image.width) // THUMBNAIL_SIDE)
    rgb: ByteArray = display_rgb(thinned(image, step)).copy()
    if objects is not None and ids is not None:
        colours = np.zeros((1 + max((entry.id for entry in objects), default=0), 3), dtype=np.uint16)
        for entry in objects:
            colours[entry.id] = entry.colour
        is_marked = ids > 0
        rgb[is_marked] = (rgb[is_marked].astype(np.uint16) + colours[ids[is_marked]]) // 2
    return encode_rgb_png(rgb)


def backup_path(path: str, number: int) -> str:
    """Return where an earlier version of a file is kept; number 1 is the newest."""
    return f"{path}~{number}"


def write_with_backups(path: Path, data: bytes, n_backups: int) -> None:
    """Write a file atomically and keep the one that was there, and those kept before, as backups."""
    target = os.path.realpath(path)
    kept = _second_name(target) if n_backups > 0 else None
    try:
        write_atomically(path, data)
    except BaseException:
        if kept is not None:
            with contextlib.suppress(OSError):
                os.unlink(kept)
        raise
    if kept is not None:
        # The new version is in place: a backup that cannot be kept is no reason to say that it is not.
        with contextlib.suppress(OSError):
            for number in range(n_backups, 1, -1):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(backup_path(target, number - 1), backup_path(target, number))
            os.replace(kept, backup_path(target, 1))


def _second_name(target: str) -> str | None:
    """Return another name of a file, under which it stays when it is replaced; None where it is not there."""
    kept = os.path.join(os.path.dirname(target), temporary_name())
    try:
        os.link(target, kept)
    except FileNotFoundError:
        return None
    except OSError:
        # Some disks have no second names.
        with contextlib.suppress(OSError):
            shutil.copy2(target, kept)
            return kept
        return None
    return kept
