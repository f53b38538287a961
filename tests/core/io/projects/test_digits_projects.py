"""A project of digits comes back bit for bit, with its set wherever that is; what does not fit is refused."""

from __future__ import annotations

import json
import shutil
import zipfile
from contextlib import suppress
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gmmseg
from gmmseg.control import never_stop, result_of
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.document import Document, change_setting, open_digits, rename_cluster, with_outcome
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.experiment import ExperimentOutcome, ExperimentRequest, experiment_events
from gmmseg.digits.project import DigitsProject
from gmmseg.editing.history import Entry, History
from gmmseg.errors import GmmsegError, ReadError
from gmmseg.io.digits.reading import read_digits_events
from gmmseg.io.projects.file.reading import OpenedProject, open_events
from gmmseg.io.projects.journal.reading import look_into, recover
from gmmseg.io.projects.journal.writing import change_record, companions, first_records
from gmmseg.io.projects.kinds.registry import kind_named
from tests.data.projects.build import DIGITS as DIGITS_FILES
from tests.data.projects.build import WEIRD, assert_same, begun, change_json, places_in

DIGITS = kind_named("digits")


def opened(path: Path, digits: Path | None = None) -> OpenedProject:
    return result_of(open_events(path, digits))


@cache
def drawn() -> DigitSet:
    return drawn_digits(150, 30)


def project_of(digits: DigitSet) -> DigitsProject:
    document = open_digits(digits).apply(Document())
    project = DigitsProject(History(Entry(document, "", time=1.0)))
    return project.edited(change_setting("recipe", "pixels", "Recipe"))


@cache
def drawn_project() -> DigitsProject:
    """Return `a_project` of drawn digits, which is made once."""
    return a_project(drawn())


def ran(project: DigitsProject) -> DigitsProject:
    """Return the project with a run of its settings."""
    request = ExperimentRequest(project.digits, project.document.settings)
    outcome = result_of(experiment_events(request))
    return replace(project, history=project.history.amended(with_outcome(project.document, outcome)))


def a_project(digits: DigitSet) -> DigitsProject:
    """Return a project with two runs, of all images and of some, names of clusters, and a step undone."""
    project = ran(project_of(digits)).edited(rename_cluster(3, "Sieben")).edited(rename_cluster(0, "○"))
    project = ran(project.edited(change_setting("n_images", 120, "Fewer")))
    project = project.edited(rename_cluster(1, "drei")).edited(change_setting("seed", 3, "Seed"))
    return DigitsProject(project.history.undone(), {"part": "test"})


def a_file(folder: Path) -> DigitSet:
    """Return a set that was read from a file in a folder."""
    digits = drawn()
    assert digits.labels is not None
    np.savez(folder / "set.npz", images=digits.images, labels=digits.labels)
    return result_of(read_digits_events(folder / "set.npz"))


def assert_same_outcome(one: ExperimentOutcome | None, other: ExperimentOutcome | None) -> None:
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert other.features is None
        assert_same(replace(one, features=None), other)


def test_a_project_comes_back_bit_for_bit_with_every_step(tmp_path: Path) -> None:
    project = drawn_project()
    gmmseg.save_project(project, tmp_path / "work.gmmseg")
    again = gmmseg.open_project(tmp_path / "work.gmmseg")
    assert isinstance(again, DigitsProject)
    assert again.names == project.names
    assert again.names[1] == "drei"
    assert again.view == {"part": "test"}
    assert len(again.history.future) == 1
    for one, other in zip(project.history.entries, again.history.entries, strict=True):
        assert (one.title, one.time) == (other.title, other.time)
        assert_same(one.state.digits, other.state.digits)
        assert_same(one.state.settings, other.state.settings)
        assert one.state.names == other.state.names
        assert_same_outcome(one.state.outcome, other.state.outcome)
    assert len({id(entry.state.outcome) for entry in again.history.entries if entry.state.outcome}) == 2
    assert again.document.outcome.settings == project.document.outcome.settings  # type: ignore[union-attr]
    assert not again.document.is_stale


def test_equal_projects_give_equal_bytes(tmp_path: Path) -> None:
    path = tmp_path / "work.gmmseg"
    gmmseg.save_project(drawn_project(), path)
    first = path.read_bytes()
    gmmseg.save_project(gmmseg.open_project(path), path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("file", DIGITS_FILES, ids=lambda file: file.stem)
def test_a_file_of_every_version_opens(file: Path) -> None:
    project = gmmseg.open_project(file)
    assert project.names == {1: "Sieben ☁"}
    assert project.outcome.n_clusters == 4
    assert project.outcome.clusters.shape == (80,)
    assert project.document.settings.pca.n_components == 6
    assert len(project.history.past) == 4


# Where the set is


def test_a_set_is_referred_to_and_found_where_the_folder_has_gone(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    project = project_of(a_file(tmp_path / "before"))
    gmmseg.save_project(project, tmp_path / "before" / "work.gmmseg")
    assert (tmp_path / "before" / "work.gmmseg").stat().st_size < 40_000
    (tmp_path / "before").rename(tmp_path / "after")
    found = opened(tmp_path / "after" / "work.gmmseg")
    assert found.project.digits.source == tmp_path / "after" / "set.npz"
    assert not found.note
    (tmp_path / "after" / "deep").mkdir()
    (tmp_path / "after" / "set.npz").rename(tmp_path / "after" / "deep" / "set.npz")
    found = opened(tmp_path / "after" / "work.gmmseg")
    assert found.project.digits.source == tmp_path / "after" / "deep" / "set.npz"
    assert_same(found.project.digits.images, project.digits.images)


def test_a_set_that_is_gone_leaves_its_place_and_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    project = a_project(a_file(tmp_path / "inside"))
    path = tmp_path / "inside" / "work.gmmseg"
    gmmseg.save_project(project, path)
    shutil.move(tmp_path / "inside" / "set.npz", tmp_path / "elsewhere.npz")
    found = opened(path)
    assert found.is_missing
    assert found.note == "The digits “set” are not where they were, nor beside the project."
    assert found.project.names == project.names
    assert_same(found.project.outcome.clusters, project.outcome.clusters)  # type: ignore[union-attr]
    with pytest.raises(ReadError, match="are not where they were"):
        gmmseg.open_project(path)
    assert_same(gmmseg.open_project(path, tmp_path / "elsewhere.npz").digits.images, project.digits.images)
    np.savez(tmp_path / "wrong.npz", images=drawn().images[:20])
    with pytest.raises(ReadError, match=r"“wrong\.npz” holds other digits than the project's"):
        gmmseg.open_project(path, tmp_path / "wrong.npz")
    # Saved without its set, the project still knows which one it is.
    gmmseg.save_project(found.project, path)
    shutil.move(tmp_path / "elsewhere.npz", tmp_path / "inside" / "set.npz")
    assert not opened(path).is_missing


def test_a_set_that_has_changed_is_said(tmp_path: Path) -> None:
    project = a_project(a_file(tmp_path))
    gmmseg.save_project(project, tmp_path / "work.gmmseg")
    images = drawn().images.copy()
    images[0] = 255 - images[0]
    assert project.digits.labels is not None
    np.savez(tmp_path / "set.npz", images=images, labels=project.digits.labels)
    assert "“set.npz” has changed since the project was saved" in opened(tmp_path / "work.gmmseg").note


@pytest.mark.parametrize("has_labels", [False, True])
def test_images_that_came_from_no_file_are_carried_along(tmp_path: Path, has_labels: bool) -> None:
    labels = drawn().labels if has_labels else None
    digits = DigitSet(drawn().images.copy(), labels, drawn().n_train, "array", notes=("made",))
    gmmseg.save_project(project_of(digits), tmp_path / "work.gmmseg")
    assert_same(gmmseg.open_project(tmp_path / "work.gmmseg").digits, digits)


def test_a_copy_is_carried_along_where_that_is_wanted(tmp_path: Path) -> None:
    digits = a_file(tmp_path)
    gmmseg.save_project(project_of(digits), tmp_path / "work.gmmseg", encloses_image=True)
    (tmp_path / "set.npz").unlink()
    assert_same(gmmseg.open_project(tmp_path / "work.gmmseg").digits, digits)


def test_drawn_digits_are_drawn_again_by_their_seed(tmp_path: Path) -> None:
    digits = drawn_digits(40, 10, seed=5)
    gmmseg.save_project(project_of(digits), tmp_path / "work.gmmseg")
    assert (tmp_path / "work.gmmseg").stat().st_size < 20_000
    assert_same(gmmseg.open_project(tmp_path / "work.gmmseg").digits, digits)
    change_json(tmp_path / "work.gmmseg", "project.json", ("digits", "seed"), 6)
    assert "draws other digits" in opened(tmp_path / "work.gmmseg").note


# Journals


def test_a_journal_holds_each_step(tmp_path: Path) -> None:
    project, path = project_of(drawn()), tmp_path / "a.journal"
    journal = begun(path, first_records(DIGITS, project.history, {}, path, None))
    steps = [ran(project)]
    steps.append(steps[-1].edited(rename_cluster(2, "zwei")))
    steps.append(steps[-1].edited(change_setting("seed", 3, "Seed")))
    for after in steps:
        journal.append(change_record(DIGITS, project.history, after.history))
        project = after
    journal.close()
    found = recover(path)
    assert found.has_something
    assert found.name == "Drawn digits"
    assert found.project.names == {2: "zwei"}
    assert_same_outcome(project.outcome, found.project.outcome)
    assert look_into(path).project.names == {2: "zwei"}


def test_images_in_no_file_lie_beside_the_journal(tmp_path: Path) -> None:
    digits = DigitSet(drawn().images.copy(), drawn().labels, 150, "array")
    project, path = project_of(digits), tmp_path / "a.journal"
    begun(path, first_records(DIGITS, project.history, {}, path, None)).close()
    for name, data in companions(DIGITS, project.document, path, never_stop).items():
        name.write_bytes(data)
    assert_same(recover(path).project.digits, digits)


def test_what_would_be_lost() -> None:
    project = ran(project_of(drawn()))
    named = project.edited(rename_cluster(0, "null"))
    other = project.edited(change_setting("seed", 9, "Seed"))
    assert [DigitsProject.has_work(each.document) for each in (project, other, named)] == [False, False, True]
    assert DigitsProject.differs(named.document, project.document)
    assert DigitsProject.differs(other.document, project.document)
    assert DigitsProject.differs(ran(project).document, project.document)
    before = project_of(drawn())
    assert not DigitsProject.differs(ran(before).document, before.document)
    assert not DigitsProject.differs(named.edited(rename_cluster(0, "")).document, project.document)


# Hostile files

CHANGES: list[tuple[str, tuple[Any, ...], Any, str]] = [
    ("project.json", ("digits", "n_images"), 0, "field “digits.n_images” must be at least 1"),
    ("project.json", ("digits", "n_images"), 10**9, "The digits of the project need"),
    ("project.json", ("digits", "n_train"), 181, "field “digits.n_train” must be at most 180"),
    ("project.json", ("digits", "path"), "%00", "field “digits.path” is not a path"),
    ("project.json", ("digits", "enclosed"), "../x", "lacks its part “../x”"),
    ("project.json", ("document", "names"), ["x"] * 11, "field “names” must be those of clusters"),
    ("project.json", ("document", "names"), ["a\nb"], "printable characters"),
    ("project.json", ("document", "settings", "recipe"), "magic", "must be one of the values it can have"),
    ("outcome.json", ("clusters", 1), [119], "does not hold 119 values"),
    ("outcome.json", ("clusters", 0), "<i8", "must hold values of type <i4"),
    ("outcome.json", ("n_fit",), 121, "is not consistent: 121 fitted of 120 images"),
    ("outcome.json", ("embedding_names",), ["x"], "is not consistent: an embedding"),
    ("outcome.json", ("settings", "n_images"), 100, "is not consistent: clusters of 120 images, not of 100"),
    ("outcome.json", ("settings", "n_images"), 1, "is out of bounds"),
    ("outcome.json", ("params", "weights", 1), [9], "does not hold 9 values"),
    ("outcome.json", ("history", "iteration", 0), "x", "must be a whole number"),
    ("outcome.json", ("extra",), 1, "field “outcome.extra” is not known"),
    ("history.json", ("entries", 1, "changes", "outcome"), 7, "is not one of those before"),
]  # fmt: skip


@pytest.mark.parametrize(("member", "place", "value", "sentence"), CHANGES)
def test_what_does_not_fit_is_refused_by_its_name(
    tmp_path: Path, member: str, place: tuple[Any, ...], value: Any, sentence: str
) -> None:
    path = tmp_path / "work.gmmseg"
    gmmseg.save_project(drawn_project(), path)
    change_json(path, member, place, value)
    with pytest.raises(GmmsegError) as caught:
        gmmseg.open_project(path)
    assert sentence in str(caught.value)


def test_every_field_of_an_outcome_is_kept_or_made_again() -> None:
    from gmmseg.digits.experiment import Clustering

    made_again = {"digits", "features", "fitted", "scores_fit", "scores_test", "scores_all"}
    made_again |= {"reliability_fit", "reliability_test"}
    kept = {each.name for each in fields(Clustering)}
    assert {each.name for each in fields(ExperimentOutcome)} == kept | made_again


@pytest.mark.slow
@pytest.mark.parametrize("member", ["project.json", "outcome.json", "history.json"])
def test_whatever_stands_anywhere_is_refused_in_words_or_read(tmp_path: Path, member: str) -> None:
    original, path = tmp_path / "original.gmmseg", tmp_path / "work.gmmseg"
    gmmseg.save_project(drawn_project(), original)
    with zipfile.ZipFile(original) as archive:
        places = places_in(json.loads(archive.read(member)))
    random = np.random.default_rng(0)
    for at in random.integers(0, len(places), 40):
        shutil.copy(original, path)
        change_json(path, member, places[at], WEIRD[random.integers(len(WEIRD))])
        with suppress(GmmsegError):
            opened(path)
