"""A project comes back bit for bit, with its steps, its image wherever that is now, and nothing else."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

import gmmseg
from gmmseg.control import StopRequest, result_of
from gmmseg.editing.editor import Edit
from gmmseg.errors import Cancelled, EditError, GmmsegError, ReadError, WriteError
from gmmseg.image import Image, ImageSource
from gmmseg.io.projects.archive import looks_like_project
from gmmseg.io.projects.file import reading, writing
from gmmseg.io.projects.file.reading import OpenedProject, open_events
from gmmseg.io.projects.file.writing import FORMAT_VERSION, save_events
from gmmseg.io.projects.kinds.image_reference import pixel_hash
from gmmseg.io.projects.kinds.registry import kind_named
from gmmseg.io.projects.plain import encoded, fields_of, value_of
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.settings import CovarianceKind
from gmmseg.photo.document import Document, change_setting
from gmmseg.photo.project import PhotoProject
from tests.data.projects.build import (
    VERSIONS,
    WEIRD,
    a_project,
    a_saved_project,
    assert_same,
    change_json,
    fitted,
    places_in,
    rewritten,
    square,
    write_image,
)
from tests.data.states import image_of, make_image


def head_of(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        head: dict[str, Any] = json.loads(archive.read("project.json"))
    return head


def opened(path: Path, image: Path | None = None) -> OpenedProject:
    return result_of(open_events(path, image))


@pytest.mark.parametrize("covariance", FAMILIES)
def test_a_project_comes_back_bit_for_bit_with_every_step(tmp_path: Path, covariance: CovarianceKind) -> None:
    image = gmmseg.read_image(write_image(tmp_path / "photo.png"))
    project = a_project(image, covariance)
    gmmseg.save_project(project, tmp_path / "work.gmmseg")
    again = gmmseg.open_project(tmp_path / "work.gmmseg")
    without_keys = [replace(entry, merge_key=None) for entry in project.history.entries]
    assert_same(tuple(without_keys), again.history.entries)
    assert len(again.history.past) == len(project.history.past) > 5
    assert len(again.history.future) == 2
    assert again.view == project.view
    assert again.document.fit is not None
    assert again.document.fit.result.params is again.document.fit.model.params
    assert again.document.fit.result.history[-1].params is again.document.fit.result.params
    fits = {id(entry.state.fit) for entry in again.history.entries if entry.state.fit is not None}
    assert len(fits) == 1


def a_taught_project(folder: Path) -> PhotoProject:
    """Return a project whose classes were taught by two objects."""
    project = PhotoProject.of_image(gmmseg.read_image(write_image(folder / "photo.png")))
    project = project.with_object(square(project.image, 2, 3), "cat")
    project = project.with_object(square(project.image, 28, 9), "dog")
    return fitted(project.edited(change_setting("learns_from", "marked", "Teach")))


def test_what_classes_were_taught_by_comes_back(tmp_path: Path) -> None:
    project = a_taught_project(tmp_path)
    gmmseg.save_project(project, tmp_path / "work.gmmseg")
    again = gmmseg.open_project(tmp_path / "work.gmmseg")
    assert again.document.fit is not None
    assert_same(again.document.fit.hints, project.document.hints)
    assert not again.document.is_stale


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (("ids", "shape"), [40, 61], "must be of the image's size"),
        (("ids", "tiles", 0), 1 << 20, "is no tile of the image"),
        (("categories", 0, "ids"), [0], "is not consistent"),
        (("categories",), 3, "must be a list"),
    ],
)
def test_hints_that_do_not_fit_are_refused(
    tmp_path: Path, place: tuple[Any, ...], value: Any, sentence: str
) -> None:
    gmmseg.save_project(a_taught_project(tmp_path), tmp_path / "work.gmmseg")
    change_json(tmp_path / "work.gmmseg", "fit.json", ("hints", *place), value)
    with pytest.raises(ReadError, match=f"“fit.hints.*{sentence}"):
        gmmseg.open_project(tmp_path / "work.gmmseg")


def test_what_scripts_use_of_a_project(tmp_path: Path) -> None:
    pixels = make_image().pixels
    project = gmmseg.new_project(pixels)
    assert project.fit is None
    assert project.names == {}
    assert not project.objects.any()
    cat, dog = square(project.image, 1, 1), square(project.image, 5, 5)
    marked = project.with_object(cat, "cat").with_object(dog.astype(np.uint8), "dog")
    assert project.names == {}
    gmmseg.save_project(marked, tmp_path / "work.gmmseg")
    again = gmmseg.open_project(tmp_path / "work.gmmseg")
    expected = np.where(dog, 2, np.where(cat, 1, 0))
    assert again.objects.dtype == np.uint8
    assert (again.objects == expected).all()
    assert again.names == {1: "cat", 2: "dog"}
    assert (np.asarray(again.image) == pixels).all()
    assert again.fit is None


def test_a_project_says_how_much_is_in_it() -> None:
    project = gmmseg.new_project(make_image().pixels)
    assert str(project) == "PhotoProject(“array” of 60 × 40 pixels, 0 objects)"
    assert "60 × 40 pixels, 1 object)" in repr(project.with_object(np.eye(40, 60), "line"))


def test_a_mask_of_another_size_is_refused() -> None:
    project = gmmseg.new_project(make_image().pixels)
    with pytest.raises(EditError, match=r"41 × 60 does not fit the image of 40 × 60"):
        project.with_object(np.ones((41, 60)), "x")


def test_of_too_many_steps_the_nearest_are_kept_and_the_others_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, image = tmp_path / "work.gmmseg", make_image()
    project = gmmseg.new_project(image)
    for number in range(20):
        project = project.edited(rename_step(number))
    for n_undone in (0, 7):
        history = project.history.moved_to(20 - n_undone)
        monkeypatch.setattr(writing, "MAX_HISTORY_BYTES", 1000)
        gmmseg.save_project(replace(project, history=history), path)
        again = gmmseg.open_project(path).history
        first = again.n_forgotten
        assert 0 < first < 20 - n_undone
        reach = len(again.past)
        expected = history.entries[first : 20 - n_undone + reach + 1]
        assert [entry.title for entry in again.entries] == [entry.title for entry in expected]
        # There would be no room for one more on each side.
        assert len(writing._steps_within(kind_named("photo"), history, reach)) <= 1000
        assert len(writing._steps_within(kind_named("photo"), history, reach + 1)) > 1000
        # Those that are not there stay counted.
        monkeypatch.setattr(writing, "MAX_HISTORY_BYTES", 10)
        gmmseg.save_project(replace(project, history=again), path)
        assert gmmseg.open_project(path).history.n_forgotten == 20 - n_undone
        assert len(gmmseg.open_project(path).history.entries) == 1


def rename_step(number: int) -> Edit[Document]:
    return Edit(f"Step {number}", lambda document: replace(document, typed_pixel_size=float(number)))


def test_a_number_of_forgotten_steps_that_cannot_be_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "work.gmmseg"
    gmmseg.save_project(gmmseg.new_project(make_image()).edited(rename_step(1)), path)
    for number in (-1, 10**12, 1.5, "2", None):
        change_json(path, "history.json", ("forgotten",), number)
        with pytest.raises(ReadError, match="forgotten"):
            gmmseg.open_project(path)


def test_equal_projects_give_equal_bytes(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    first = path.read_bytes()
    gmmseg.save_project(gmmseg.open_project(path), path)
    assert path.read_bytes() == first
    assert looks_like_project(path)


def test_more_than_255_objects_are_kept_in_16_bits(tmp_path: Path) -> None:
    project = PhotoProject.of_image(image_of(np.zeros((40, 300), np.uint8)))
    objects = project.document.object_map
    ids = np.arange(12_000).reshape(40, 300) // 40 + 1
    ids += ids >= 255
    for each in np.unique(ids):
        mask = ids == each
        project = project.with_object(mask, f"object {each}")
    del objects
    gmmseg.save_project(project, tmp_path / "work.gmmseg")
    again = gmmseg.open_project(tmp_path / "work.gmmseg")
    assert again.objects.dtype == np.uint16
    assert (again.objects == ids).all()


# Images


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4", "f8"])
def test_pixels_that_came_from_no_file_are_carried_along(tmp_path: Path, dtype: str) -> None:
    values = np.random.default_rng(0).normal(1000, 300, (20, 30, 5)).astype(dtype)
    mask = np.random.default_rng(1).random((20, 30)) < 0.8
    image = Image(values, tuple("abcde"), ImageSource("five", notes=("made",)), mask, (0.5, 0.25))
    gmmseg.save_project(PhotoProject.of_image(image), tmp_path / "work.gmmseg")
    assert_same(gmmseg.open_project(tmp_path / "work.gmmseg").image, image)


def test_a_copy_of_the_file_is_carried_along_where_that_is_wanted(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path, encloses_image=True)
    (tmp_path / "photo.png").unlink()
    assert_same(gmmseg.open_project(path).document, project.document)


@pytest.mark.parametrize("encloses_image", [False, True])
def test_a_copy_without_its_file_is_carried_along_again(tmp_path: Path, encloses_image: bool) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path, encloses_image=True)
    (tmp_path / "photo.png").unlink()
    for _ in range(2):
        gmmseg.save_project(gmmseg.open_project(path), path, encloses_image=encloses_image)
    assert_same(gmmseg.open_project(path).document, project.document)


def test_no_copy_is_taken_of_a_file_that_has_changed(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    write_image(tmp_path / "photo.png", seed=1)
    with pytest.raises(ReadError, match="has changed since it was opened"):
        gmmseg.save_project(project, path, encloses_image=True)
    assert not path.exists()


def test_a_folder_that_was_moved_still_has_its_image(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    project, path = a_saved_project(tmp_path / "before")
    gmmseg.save_project(project, path)
    (tmp_path / "before").rename(tmp_path / "after")
    found = opened(tmp_path / "after" / "work.gmmseg")
    assert found.project.image.source.path == tmp_path / "after" / "photo.png"
    assert not found.note


def test_an_image_that_was_moved_alone_is_found_by_its_content(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "photo.png").rename(tmp_path / "deep" / "er" / "renamed.png")
    write_image(tmp_path / "deep" / "other.png", seed=5)
    found = opened(path)
    assert found.project.image.source.path == tmp_path / "deep" / "er" / "renamed.png"
    assert found.note == "The image was found at “deep/er/renamed.png”."
    assert_same(found.project.image.pixels, project.image.pixels)


def test_an_image_that_has_changed_is_said(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    write_image(tmp_path / "photo.png", seed=1)
    found = opened(path)
    assert "“photo.png” has changed since the project was saved" in found.note
    assert_same(found.project.image.pixels, make_image(seed=1).pixels)


def test_another_file_of_the_same_pixels_is_the_same_image(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    pixels, before = project.image.pixels, project.image.source.sha256
    assert head_of(path)["image"]["pixels_sha256"] == hashlib.sha256(pixels.tobytes()).hexdigest()
    PillowImage.fromarray(pixels).save(tmp_path / "photo.png", compress_level=0, dpi=(300, 300))
    found = opened(path)
    assert found.note == "“photo.png” is another file than when the project was saved, with the same pixels."
    assert_same(found.project.image.pixels, pixels)
    assert found.project.image.source.sha256 != before
    # Elsewhere it is known by its name, or by its bytes.
    (tmp_path / "deep").mkdir()
    (tmp_path / "photo.png").rename(tmp_path / "deep" / "photo.png")
    found = opened(path)
    assert found.note == "The image was found at “deep/photo.png”."
    write_image(tmp_path / "deep" / "photo.png", seed=1)
    assert opened(path).project.image.source.is_missing


def test_a_mask_is_part_of_what_an_image_shows() -> None:
    image = make_image()
    assert pixel_hash(image) == pixel_hash(replace(image, source=ImageSource("another")))
    mask = np.tri(40, 60, 3, dtype=np.bool_)
    held = image.pixels.tobytes() + np.packbits(mask).tobytes()
    assert pixel_hash(replace(image, mask=mask)) == hashlib.sha256(held).hexdigest()


def test_an_image_of_another_size_in_its_place_is_said(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    write_image(tmp_path / "photo.png", height=41)
    found = opened(path)
    assert found.project.image.source.is_missing
    assert found.note == (
        "“photo.png” is not the project's image any more, which has 60 × 40 pixels, and that is not beside "
        "the project."
    )


def test_an_image_that_is_missing_is_never_enclosed(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    (tmp_path / "photo.png").unlink()
    found = opened(path).project
    with pytest.raises(ReadError, match=r"The image “photo\.png” is missing, so no copy of it can be kept"):
        gmmseg.save_project(found, path, encloses_image=True)
    gmmseg.save_project(found, path)
    with zipfile.ZipFile(path) as archive:
        assert not any(name.startswith("image") for name in archive.namelist())
    PillowImage.fromarray(project.image.pixels).save(tmp_path / "photo.png", compress_level=0)
    assert_same(gmmseg.open_project(path).image.pixels, project.image.pixels)


def test_an_image_that_is_gone_leaves_its_place_and_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    project, path = a_saved_project(tmp_path / "inside")
    gmmseg.save_project(project, path)
    shutil.move(tmp_path / "inside" / "photo.png", tmp_path / "elsewhere.png")
    found = opened(path)
    assert found.is_missing
    assert found.note == "The image “photo.png” is not where it was, nor beside the project."
    assert (found.project.objects == project.objects).all()
    assert found.project.names == project.names
    with pytest.raises(ReadError, match="is not where it was"):
        gmmseg.open_project(path)
    assert_same(gmmseg.open_project(path, tmp_path / "elsewhere.png").image.pixels, project.image.pixels)
    write_image(tmp_path / "wrong.png", height=41)
    with pytest.raises(ReadError, match=r"“wrong\.png” is another image than the project's"):
        gmmseg.open_project(path, tmp_path / "wrong.png")
    # Saved without its image, the project still knows which one it is.
    gmmseg.save_project(found.project, path)
    shutil.move(tmp_path / "elsewhere.png", tmp_path / "inside" / "found.png")
    assert not opened(path).is_missing


# Versions


@pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.stem)
def test_a_file_of_every_version_opens(file: Path) -> None:
    project = gmmseg.open_project(file)
    assert project.names == {1: "katze", 2: "dog & “co”"}
    assert project.fit is not None
    assert project.fit.params.n_components == 3
    assert [entry.name for entry in project.document.classes] == ["Class 1", "Himmel ☁ 天"]
    assert len(project.history.past) == 11
    assert len(project.history.future) == 2
    assert np.count_nonzero(project.objects == 1) == 84


def test_there_is_a_file_of_every_version() -> None:
    assert [head_of(file)["version"] for file in VERSIONS] == list(range(1, FORMAT_VERSION + 1))


def test_an_older_version_is_brought_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "FORMAT_VERSION", 3)
    steps = {
        1: lambda content: {**content, "kind": "photo", "title": "once", "version": 2},
        2: lambda content: {**content, "title": content["title"] + " twice", "version": 3},
    }
    monkeypatch.setattr(reading, "_MIGRATIONS", steps)
    assert gmmseg.open_project(VERSIONS[0]).history.present.title == "once twice"


def test_a_newer_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    change_json(path, "project.json", ("version",), FORMAT_VERSION + 1)
    with pytest.raises(ReadError, match=r"saved by a newer gmmseg .*Update gmmseg"):
        gmmseg.open_project(path)


def test_every_field_of_a_document_can_be_read() -> None:
    _, hints = fields_of(Document)
    for each in fields(Document):
        if each.name not in ("image", "fit", "objects"):
            value = getattr(Document(), each.name)
            assert_same(value_of(hints[each.name], json.loads(encoded(value)), each.name), value)


# Hostile files


SETTINGS = ("document", "settings")
CHANGES: list[tuple[str, tuple[Any, ...], Any, str]] = [
    ("project.json", ("format",), "else", "field “format” must be “gmmseg-project”"),
    ("project.json", ("image",), ..., "field “image” is missing"),
    ("project.json", ("image", "width"), 0, "field “image.width” must be at least 1"),
    ("project.json", ("image", "width"), 10**9, "field “image.width” must be at most 65535"),
    ("project.json", ("image", "dtype"), "O", "must be one of the values it can have"),
    ("project.json", ("image", "enclosed"), "../x", "lacks its part “../x”"),
    ("project.json", ("extra",), 1, "field “extra” is not known"),
    ("project.json", ("document", "no_such"), 1, "field “document.no_such” is not known"),
    ("project.json", (*SETTINGS, "no_such"), 1, "field “document.settings.no_such” is not known"),
    ("project.json", (*SETTINGS, "smooth"), "much", "field “document.settings.smooth” must be a number"),
    ("project.json", (*SETTINGS, "smooth"), 1e9, "settings.smooth” is out of bounds: Smooth cannot"),
    ("project.json", (*SETTINGS, "mixture", "n_components"), True, "n_components” must be a whole number"),
    ("project.json", (*SETTINGS, "mixture", "covariance"), "round", "must be one of the values it can have"),
    ("project.json", ("document", "classes", "classes", 0, "components"), [0, 1], "must hold each of"),
    ("project.json", ("document", "classes", "classes", 0, "colour"), [0, 0, 256], "parts from 0 to 255"),
    ("project.json", ("document", "pending", "acts", 0, "rows", 2), "AAAA", "does not hold 1 values"),
    ("project.json", ("document", "pending", "acts", 0, "rows", 1), [-1], "has no possible shape"),
    ("project.json", ("document", "pending", "acts", 0, "rows", 0), "<f8", "values of type <i8"),
    ("project.json", ("document", "pending", "box"), [0, 0, 61, 1], "“pending.box” must lie on the image"),
    ("objects.json", ("objects", 0, "id"), 3, "objects” must be those of the map"),
    ("objects.json", ("objects", 0, "id"), 2, "“objects” has the same id twice"),
    ("objects.json", ("objects", 0, "name"), "\ud800", "name” is not valid Unicode"),
    ("fit.json", ("result", "n_iter"), -1.5, "“fit.result.n_iter” must be a whole number"),
    ("fit.json", ("result", "n_iter"), ..., "“fit.result” has other fields than a result"),
    ("fit.json", ("result", "extra"), 1, "“fit.result” has other fields than a result"),
    ("fit.json", ("steps", "weights", 1), [1, 1], "does not hold 1 values"),
    ("fit.json", ("steps", "stage"), [], "must have columns of one length"),
    ("model.json", ("weights", 0), 2.0, "“fit.model” is no model"),
    ("history.json", ("at",), 99, "“history.at” is no place in the history"),
    ("history.json", ("at",), 0, "“history” has another present"),
    ("history.json", ("entries", 0), [0, 2], "is no range of the entries before"),
    ("history.json", ("entries",), [[0, 1]] * 1001, "has more than the 1000 entries allowed"),
    ("history.json", ("entries", 1, "changes", "fit"), 7, "is not one of those before"),
]  # fmt: skip


@pytest.mark.parametrize(("member", "place", "value", "sentence"), CHANGES)
def test_what_does_not_fit_is_refused_by_its_name(
    tmp_path: Path, member: str, place: tuple[Any, ...], value: Any, sentence: str
) -> None:
    project, path = a_saved_project(tmp_path)
    with_prompts = PhotoProject(project.history.undone().undone(), project.view)
    gmmseg.save_project(with_prompts, path)
    change_json(path, member, place, value)
    with pytest.raises(ReadError) as caught:
        gmmseg.open_project(path)
    assert sentence in caught.value.cause
    assert caught.value.remedy


@pytest.mark.parametrize("member", ["project.json", "objects.json", "fit.json", "model.json", "history.json"])
def test_whatever_stands_anywhere_is_refused_in_words_or_read(tmp_path: Path, member: str) -> None:
    with zipfile.ZipFile(VERSIONS[-1]) as archive:
        places = places_in(json.loads(archive.read(member)))
    random = np.random.default_rng(0)
    for at in random.integers(0, len(places), 40):
        path = tmp_path / "work.gmmseg"
        shutil.copy(VERSIONS[-1], path)
        change_json(path, member, places[at], WEIRD[random.integers(len(WEIRD))])
        with suppress(GmmsegError):
            opened(path)


def test_a_setting_that_is_missing_has_its_default(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    change_json(path, "project.json", (*SETTINGS, "mixture", "tol"), ...)
    change_json(path, "fit.json", ("result", "warnings"), ...)
    again = gmmseg.open_project(path)
    assert again.document.settings.mixture.tol == 1e-6
    assert again.fit is not None
    assert again.fit.warnings == ()


@pytest.mark.parametrize("gone", ["project.json", "objects.png", "model.json"])
def test_a_part_that_is_missing_is_named(tmp_path: Path, gone: str) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    rewritten(path, lambda members: {name: data for name, data in members.items() if name != gone})
    with pytest.raises(ReadError, match=f"lacks its part “{gone}”"):
        gmmseg.open_project(path)


def test_steps_may_be_left_out(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    rewritten(path, lambda members: {name: each for name, each in members.items() if name != "history.json"})
    again = gmmseg.open_project(path)
    assert_same(again.document, project.document)
    assert len(again.history.entries) == 1


def test_a_tile_that_unpacks_to_more_than_its_pixels_is_refused(tmp_path: Path) -> None:
    import base64
    import zlib

    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    bomb = base64.b64encode(zlib.compress(bytes(1 << 24))).decode()
    at = next(k for k, entry in enumerate(project.history.entries) if entry.state.objects is not None)
    change_json(path, "history.json", ("entries", at, "changes", "objects", "tiles", 0, 1), bomb)
    with pytest.raises(ReadError, match="is no tile of the image"):
        gmmseg.open_project(path)


def test_a_part_beyond_its_limit_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    rewritten(path, lambda members: {**members, "history.json": bytes((1 << 28) + 1)})
    assert path.stat().st_size < 10_000_000
    with pytest.raises(GmmsegError, match="at most 268 MB are read"):
        gmmseg.open_project(path)


def test_a_long_list_of_parts_is_refused(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    rewritten(path, lambda members: {**members, **{f"part {at}": b"" for at in range(60)}})
    with pytest.raises(ReadError, match="is damaged"):
        gmmseg.open_project(path)


def test_whatever_is_cut_off_or_changed_by_a_bit_is_refused_or_read(tmp_path: Path) -> None:
    path = tmp_path / "work.gmmseg"
    whole = VERSIONS[0].read_bytes()
    random = np.random.default_rng(0)
    original = gmmseg.open_project(VERSIONS[0])
    for at in [*range(0, len(whole), len(whole) // 30), *random.integers(0, len(whole), 60)]:
        flipped = bytearray(whole)
        flipped[at] ^= 1 << int(random.integers(8))
        path.write_bytes(whole[:at])
        with pytest.raises(GmmsegError):
            opened(path)
        path.write_bytes(flipped)
        try:
            # What is read all the same, such as another time of a member, is what was written.
            assert_same(opened(path).project.document, original.document)
        except GmmsegError:
            continue


def test_other_files_are_no_projects(tmp_path: Path) -> None:
    picture = write_image(tmp_path / "a.png")
    with pytest.raises(ReadError, match=r"“a\.png” is not a gmmseg project"):
        gmmseg.open_project(picture)
    assert not looks_like_project(picture)
    assert not looks_like_project(tmp_path / "missing")
    assert not looks_like_project(tmp_path)


# Saving


def test_earlier_versions_are_kept(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    for name in "abcdef":
        gmmseg.save_project(replace(project, view={"name": name}), path)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "photo.png", "work.gmmseg", "work.gmmseg~1", "work.gmmseg~2", "work.gmmseg~3",
    ]  # fmt: skip
    for number, name in enumerate("edc", start=1):
        assert gmmseg.open_project(f"{path}~{number}").view == {"name": name}
    gmmseg.save_project(replace(project, view={"name": "g"}), path, n_backups=0)
    assert gmmseg.open_project(f"{path}~1").view == {"name": "e"}


def test_a_damaged_project_names_its_backup(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    gmmseg.save_project(project, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ReadError, match=r"Open its backup “work\.gmmseg~1” instead"):
        gmmseg.open_project(path)


def fails_at(monkeypatch: pytest.MonkeyPatch, number: int, code: int) -> Callable[[], bool]:
    """Let the n-th call that changes the disk fail; returns whether it has been reached."""
    calls = 0

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == number:
                raise OSError(code, os.strerror(code))
            return real(*arguments, **named)

        return call

    for name in ("open", "write", "fsync", "replace", "link", "chmod"):
        monkeypatch.setattr(os, name, counting(getattr(os, name)))
    return lambda: calls >= number


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_whichever_call_fails_the_old_or_the_new_project_is_whole(tmp_path: Path, code: int) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(replace(project, view={"name": "old"}), path)
    before = path.read_bytes()
    for number in range(1, 40):
        with pytest.MonkeyPatch.context() as patch:
            was_reached = fails_at(patch, number, code)
            try:
                writing.save_project(replace(project, view={"name": "new"}), path)
                was_refused = False
            except WriteError:
                was_refused = True
            reached = was_reached()
        if not reached:
            break
        assert not was_refused or path.read_bytes() == before
        assert gmmseg.open_project(path).view["name"] == ("old" if was_refused else "new")
        for each in tmp_path.iterdir():
            assert each.name == "photo.png" or gmmseg.open_project(each).view
        path.write_bytes(before)
    else:
        pytest.fail("the loop never ended")


def test_a_cancelled_save_changes_nothing(tmp_path: Path) -> None:
    project, path = a_saved_project(tmp_path)
    gmmseg.save_project(project, path)
    before = path.read_bytes()
    with pytest.raises(Cancelled):
        result_of(save_events(replace(project, view={}), path, should_stop=lambda: StopRequest.CANCEL))
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["photo.png", "work.gmmseg"]


def test_readmes_lines_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "photo.jpg")
    text = (Path(__file__).parents[4] / "README.md").read_text(encoding="utf-8")
    section = text[text.index("## Projects\n") : text.index("## Command line\n")]
    (lines,) = (part.partition("```")[0] for part in section.split("```python\n")[1:])
    names: dict[str, Any] = {"gmmseg": gmmseg, "mask": np.eye(40, 60)}
    exec(lines, names)
    assert gmmseg.open_project("work.gmmseg").names == {1: "cat"}
