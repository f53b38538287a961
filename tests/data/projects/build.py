"""Projects for tests, and whether two are the same bit for bit."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from gmmseg.control import result_of
from gmmseg.image import Image
from gmmseg.io.images import read_image
from gmmseg.io.journal import Journal
from gmmseg.io.projects.archive import Member, pack
from gmmseg.mixture.covariance import Covariance
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import change_setting, merge_classes, rename_class, with_fit
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.objects.edits import lock_objects, paint_object, rename_objects
from gmmseg.photo.objects.patch import brushed
from gmmseg.photo.pending import correct, select, select_object, step_size
from gmmseg.photo.project import PhotoProject
from gmmseg.photo.settings import SegmentSettings
from gmmseg.selection.prompts import click, stroke
from tests.data.states import make_image, set_to

VERSIONS = sorted(Path(__file__).parent.glob("version*.gmmseg"))
JOURNALS = sorted(Path(__file__).parent.glob("version*.journal"))
"""A file of every version of the formats, each written when that was made."""
DIGITS = sorted(Path(__file__).parent.glob("digits*.gmmseg"))
LABORATORIES = sorted(Path(__file__).parent.glob("laboratory*.gmmseg"))
"""Of the versions since there are projects of digits and of the laboratory."""


def write_image(path: Path, seed: int = 0, height: int = 40, width: int = 60) -> Path:
    """Write a picture of three bands and return its path."""
    PillowImage.fromarray(make_image(3, height, width, seed=seed).pixels).save(path)
    return path


def square(image: Image, top: int, left: int, side: int = 10) -> np.ndarray:
    """Return the mask of a square."""
    mask = np.zeros((image.height, image.width), dtype=bool)
    mask[top : top + side, left : left + side] = True
    return mask


def fitted(project: PhotoProject) -> PhotoProject:
    """Return the project with a fit of its settings and hints, and the classes of that."""
    document = project.document
    request = SegmentRequest(project.image, document.settings, hints=document.hints)
    outcome = result_of(segment_events(request))
    classes = default_classes(outcome.fit.result.params.n_components)
    return replace(project, history=project.history.amended(with_fit(document, outcome.fit, classes)))


def a_project(image: Image, covariance: CovarianceKind = "full") -> PhotoProject:
    """Return a project with a fit, merged classes, objects, a pending selection, steps undone, and a view."""
    project = PhotoProject.of_image(image)
    mixture = FitSettings(n_components=3, covariance=covariance, n_init=2)
    project = fitted(project.edited(set_to(SegmentSettings(mixture=mixture))))
    project = project.edited(rename_class(2, "Himmel ☁ 天")).edited(merge_classes([1, 3]))
    project = project.with_object(square(image, 2, 3), "cat").with_object(square(image, 8, 9), "dog & “co”")
    brush = brushed([(20.0, 12.0), (33.0, 20.0)], 3.0, (image.height, image.width))
    for edit in (
        paint_object(2, brush),
        rename_objects([1], "katze"),
        lock_objects([1], True),
        select(click(30, 15)),
        correct(stroke([(3.0, 3.0), (12.0, 8.0)], is_positive=False)),
        step_size(1),
        select_object(2),
        change_setting("smooth", 0.1 + 0.2, "Smooth"),
    ):
        project = project.edited(edit)
    return PhotoProject(project.history.undone().undone(), {"layout": 2, "panes": ["photo", "objects"]})


def a_saved_project(folder: Path) -> tuple[PhotoProject, Path]:
    """Return a project of a picture in a folder, and where it is to be saved there."""
    return a_project(read_image(write_image(folder / "photo.png"))), folder / "work.gmmseg"


def assert_same(one: Any, other: Any, place: str = "project") -> None:
    """Compare values field by field and arrays bit by bit."""
    assert type(one) is type(other), place
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape), place
        assert one.tobytes() == other.tobytes(), place
    elif isinstance(one, Covariance):
        assert_same(one.values, other.values, f"{place}.values")
    elif is_dataclass(one):
        for each in fields(one):
            assert_same(getattr(one, each.name), getattr(other, each.name), f"{place}.{each.name}")
    elif isinstance(one, tuple | list):
        assert len(one) == len(other), place
        for at, (first, second) in enumerate(zip(one, other, strict=True)):
            assert_same(first, second, f"{place}[{at}]")
    elif isinstance(one, dict):
        assert one.keys() == other.keys(), place
        for name, value in one.items():
            assert_same(value, other[name], f"{place}.{name}")
    elif isinstance(one, float):
        assert one.hex() == other.hex(), place
    else:
        assert one == other, place


def begun(path: Path, records: Iterable[bytes]) -> Journal:
    """Return a journal that has taken its place with its first records."""
    journal = Journal(path)
    for record in records:
        journal.append(record)
    journal.publish()
    return journal


def rewritten(path: Path, change: Callable[[dict[str, bytes]], Mapping[str, bytes]]) -> None:
    """Change the members of a project's archive."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if name != "mimetype"}
    path.write_bytes(pack(Member(name, data) for name, data in change(members).items()))


def change_json(path: Path, member: str, place: tuple[Any, ...], value: Any) -> None:
    """Set a field of a member, or remove it where `value` is ``...``."""

    def change(members: dict[str, bytes]) -> dict[str, bytes]:
        content = json.loads(members[member])
        node = content
        for part in place[:-1]:
            node = node[part]
        if value is ...:
            del node[place[-1]]
        else:
            node[place[-1]] = value
        return {**members, member: json.dumps(content).encode()}

    rewritten(path, change)


WEIRD: tuple[Any, ...] = (None, True, -1, 0.5, 1e300, 10**30, "", "x", [], {}, [[1, 2]], {"a": 1}, ...)


def places_in(content: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the places of all values in plain content."""
    inner = content.items() if isinstance(content, dict) else enumerate(content)
    nested = [(at, each) for at, each in inner if isinstance(each, dict | list)]
    here = [(*place, at) for at in (content if isinstance(content, dict) else range(len(content)))]
    return [*here, *(found for at, each in nested for found in places_in(each, (*place, at)))]
