"""Classes taught by objects: the rows and what is known of them, the fit, the document and the workspace."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gmmseg.arrays import AnyArray
from gmmseg.control import Progress, StopRequest, result_of
from gmmseg.errors import Cancelled, FitError
from gmmseg.features import blocks
from gmmseg.features.build import feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import Image
from gmmseg.io.models import dump_model, load_model
from gmmseg.mixture.params import FitStep
from gmmseg.mixture.partial_labels import UNKNOWN
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo import labelling, teaching
from gmmseg.photo.document import change_setting, open_image, show_classes
from gmmseg.photo.jobs import SegmentOutcome, SegmentRequest, apply_events, segment_events
from gmmseg.photo.labelling import Previewed
from gmmseg.photo.objects import edits
from gmmseg.photo.objects.hints import Hints, hints_of
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.settings import LearnsFrom, SegmentSettings
from gmmseg.photo.teaching import hinted_rows, thinned_rows
from gmmseg.photo.workspace import Workspace
from tests.data.states import image_of

SHAPE = (24, 30)
QUICK = FitSettings(n_init=1, tol=1e-3)


@cache
def picture() -> Image:
    """Red and blue on the left, which no single Gaussian tells from the green between them on the right."""
    rng = np.random.default_rng(0)
    colours = np.array([[200, 30, 30], [30, 30, 200], [110, 120, 110]])
    kinds = np.zeros(SHAPE, dtype=int)
    kinds[12:] = 1
    kinds[:, 15:] = 2
    return image_of(np.clip(colours[kinds] + rng.normal(0, 9, (*SHAPE, 3)), 0, 255).astype(np.uint8))


def box(top: int, left: int, height: int, width: int) -> Patch:
    return Patch.of(np.ones((height, width), dtype=bool), top, left)


def marked() -> ObjectMap:
    """Two strokes of one name and one of another."""
    objects = ObjectMap.empty(SHAPE).with_object(box(2, 2, 4, 6), "flags")
    return objects.with_object(box(4, 20, 8, 4), "grass", (1, 2, 3)).with_object(box(16, 3, 4, 5), "flags")


def hints() -> Hints:
    found = hints_of(marked())
    assert found is not None
    return found


def taught(
    learns_from: LearnsFrom = "marked", known: Hints | None = None, **settings: object
) -> SegmentOutcome:
    wanted = SegmentSettings(mixture=QUICK, learns_from=learns_from)
    request = SegmentRequest(picture(), replace(wanted, **settings), hints=known or hints())  # type: ignore[arg-type]
    return result_of(segment_events(request))


# Hints and rows


def test_objects_of_one_name_are_one_category_in_its_first_colour() -> None:
    found = hints()
    assert [(each.name, each.ids) for each in found.categories] == [("flags", (1, 3)), ("grass", (2,))]
    assert found.categories[1].colour == (1, 2, 3)
    ids = marked().ids.read()
    for mask, own in zip(found.masks(), ((1, 3), (2,)), strict=True):
        assert np.array_equal(mask, np.isin(ids, own))


def test_only_pixels_and_names_make_hints_differ() -> None:
    objects = marked()
    same = objects.changed(1, lambda entry: replace(entry, colour=(9, 9, 9), is_locked=True))
    assert hints_of(same) == hints_of(objects)
    assert hints_of(objects.changed(1, lambda entry: replace(entry, name="red"))) != hints_of(objects)
    assert hints_of(objects.painted(box(0, 0, 1, 1), 1)) != hints_of(objects)
    assert hints_of(ObjectMap.empty(SHAPE)) is None


@pytest.mark.parametrize("features", ["rgb", "rgb+position"])
@pytest.mark.parametrize("has_mask", [False, True])
def test_each_row_counts_the_pixels_of_which_the_same_is_known(features: str, has_mask: bool) -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 3, size=(6, 7, 3)).astype(np.uint8) * 100
    mask = rng.random((6, 7)) < 0.8 if has_mask else None
    ids = rng.integers(0, 4, size=(6, 7))
    objects = ObjectMap.empty((6, 7))
    for wanted, name in ((1, "a"), (2, "b"), (3, "a")):
        objects = objects.with_object(Patch.of(ids == wanted), name)
    table = feature_table(image_of(pixels, mask=mask), FeatureSpec.parse(features))
    known = hints_of(objects)
    assert known is not None
    groups = np.array([UNKNOWN, 0, 1, 0])[ids]
    planes = [table.pixels.spread(np.ascontiguousarray(column)) for column in table.values.T]
    held = np.ones((6, 7), dtype=bool) if mask is None else mask
    expected = Counter(
        (int(groups[y, x]), *(float(plane[y, x]) for plane in planes)) for y, x in np.argwhere(held)
    )
    for learns_from in ("all", "marked"):
        rows = hinted_rows(table, known, learns_from)
        found: Counter[tuple[float, ...]] = Counter()
        for group, values, weight in zip(rows.groups, rows.values, rows.weights, strict=True):
            found[(int(group), *map(float, values))] += int(weight)
        counted = {key: n for key, n in expected.items() if learns_from == "all" or key[0] != UNKNOWN}
        assert found == counted
        assert len(rows.groups) == len(found)


# The fit


@pytest.mark.parametrize("learns_from", ["marked", "all"])
def test_a_name_becomes_a_class_of_its_own_components(learns_from: LearnsFrom) -> None:
    outcome = taught(learns_from)
    classes = outcome.fit.model.classes
    assert [(entry.name, entry.id) for entry in classes] == [("flags", 1), ("grass", 2)]
    assert classes.by_id(2).colour == (1, 2, 3)
    # Red and blue are two components of the one class.
    assert [len(entry.components) for entry in classes] == [2, 1]
    truth = np.where(np.arange(SHAPE[1]) < 15, 1, 2)
    assert (classes.ids_by_label()[outcome.segmentation.labels] == truth).mean() > 0.99


def likelihood_by_scipy(outcome: SegmentOutcome, pixels: AnyArray, known: AnyArray) -> float:
    """Return the log-likelihood of colours (N, 3) of which the class ids `known` are given."""
    from scipy.stats import multivariate_normal

    params, classes = outcome.fit.result.params, outcome.fit.model.classes
    densities = np.stack(
        [
            weight * multivariate_normal(mean, matrix).pdf(pixels)
            for weight, mean, matrix in zip(params.weights, params.means, params.matrices(), strict=True)
        ]
    )
    owner = np.array([classes.of_component(k).id for k in range(params.n_components)])
    may = (known == 0) | (owner[:, None] == known)
    return float(np.log(np.where(may, densities, 0).sum(axis=0)).sum())


@pytest.mark.parametrize("learns_from", ["marked", "all"])
def test_the_likelihood_is_that_of_pixels_and_of_classes_where_given(
    learns_from: LearnsFrom,
) -> None:
    outcome = taught(learns_from)
    ids = np.array([0, 1, 2, 1])[marked().ids.read()].reshape(-1)
    colours = picture().pixels.reshape(-1, 3).astype(float)
    seen = ids > 0 if learns_from == "marked" else np.ones(len(ids), dtype=bool)
    expected = likelihood_by_scipy(outcome, colours[seen], ids[seen])
    assert outcome.fit.result.log_likelihood == pytest.approx(expected, rel=1e-10)
    assert outcome.fit.result.total_weight == seen.sum()
    bounds = [step.log_likelihood for step in outcome.fit.result.history]
    assert min(np.diff(bounds), default=0) >= -1e-10 * abs(bounds[0])


def test_all_pixels_of_two_classes_give_their_means_and_shares() -> None:
    halves = np.where(np.arange(SHAPE[1]) < 15, 1, 2) * np.ones(SHAPE, dtype=int)
    objects = ObjectMap.empty(SHAPE)
    for wanted in (1, 2):
        objects = objects.with_object(Patch.of(halves == wanted), f"side {wanted}")
    outcome = taught(known=hints_of(objects))
    params, classes = outcome.fit.result.params, outcome.fit.model.classes
    for entry in classes:
        own, members = picture().pixels[halves == entry.id].astype(float), list(entry.components)
        assert params.weights[members].sum() == pytest.approx(len(own) / halves.size)
        mean = params.weights[members] @ params.means[members] / params.weights[members].sum()
        np.testing.assert_allclose(mean, own.mean(axis=0), rtol=1e-9)


def test_a_taught_model_labels_another_picture_by_the_names() -> None:
    outcome = taught()
    model = load_model(dump_model(outcome.fit.model))
    assert [entry.name for entry in model.classes] == ["flags", "grass"]
    again = result_of(apply_events(model, picture()))
    assert np.array_equal(again.segmentation.labels, outcome.segmentation.labels)
    other = image_of(np.full((3, 3, 3), [108, 122, 112], dtype=np.uint8))
    labels = result_of(apply_events(model, other)).segmentation.labels
    assert {model.classes.of_component(int(label) - 1).name for label in np.unique(labels)} == {"grass"}


def test_the_classes_own_fits_are_shown_before_that_of_all_pixels() -> None:
    settings = SegmentSettings(mixture=QUICK, learns_from="all")
    events = list(segment_events(SegmentRequest(picture(), settings, wants_preview=True, hints=hints())))
    kinds = [type(event) for event in events]
    assert kinds.index(Previewed) < kinds.index(FitStep)
    previews = [event for event in events if isinstance(event, Previewed)]
    assert len(previews) == 1
    assert previews[0].classes is not None
    assert [entry.name for entry in previews[0].classes] == ["flags", "grass"]
    assert any(isinstance(event, Progress) and "“grass”" in event.text for event in events)


@pytest.mark.parametrize("learns_from", ["marked", "all"])
def test_of_many_rows_blocks_are_shown_before_the_exact_map(
    learns_from: LearnsFrom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "MAX_PREVIEWED", 1)
    monkeypatch.setattr(blocks, "MANY_ROWS", 100)
    monkeypatch.setattr(blocks, "N_BLOCKS", 180)
    spec = FeatureSpec.parse("rgb+position")
    settings = SegmentSettings(spec, mixture=QUICK, learns_from=learns_from)
    job = segment_events(SegmentRequest(picture(), settings, wants_preview=True, hints=hints()))
    [preview] = [event for event in job if isinstance(event, Previewed)]
    assert preview.table.n_rows == 180
    labels = preview.segmentation.labels
    assert labels.shape == SHAPE
    # Blocks of two by two pixels.
    assert np.array_equal(labels[::2, ::2], labels[1::2, 1::2])
    assert preview.classes is not None
    outcome = taught(learns_from, features=spec)
    shown, exact = (
        classes.ids_by_label()[each]
        for classes, each in (
            (preview.classes, labels),
            (outcome.fit.model.classes, outcome.segmentation.labels),
        )
    )
    assert (shown == exact).mean() > 0.8


def test_a_class_of_many_rows_starts_from_some_that_weigh_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "_MOST_ROWS", 40)
    generator = np.random.default_rng(0)
    values, weights = generator.normal(size=(150, 2)), generator.uniform(1, 3, 150)
    few, heavier = thinned_rows(values, weights)
    assert np.array_equal(few, values[::4])
    assert heavier.sum() == pytest.approx(weights.sum())
    assert np.ptp(heavier / weights[::4]) < 1e-12
    assert thinned_rows(values[:40], weights[:40])[0].shape == (40, 2)


def test_a_fit_of_the_same_hints_is_taken_and_one_of_others_made_anew() -> None:
    known = taught().fit
    again = SegmentRequest(picture(), replace(known.settings, smooth=1.0), known=known, hints=hints())
    assert again.known_mixture is not None
    assert again.known_mixture[0] is known.result
    more = hints_of(marked().painted(box(0, 0, 1, 1), 1))
    assert replace(again, hints=more).known_mixture is None


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        (None, "Nothing is marked"),
        (ObjectMap.empty(SHAPE).with_object(box(0, 0, 3, 3), "one"), "two names"),
        (ObjectMap.empty((5, 5)).with_object(box(0, 0, 3, 3), "one"), "5 × 5"),
    ],
)
def test_what_cannot_teach_is_refused(objects: ObjectMap | None, words: str) -> None:
    settings = SegmentSettings(mixture=QUICK, learns_from="marked")
    with pytest.raises(FitError, match=words):
        result_of(segment_events(SegmentRequest(picture(), settings, hints=hints_of(objects))))


def test_hard_assignment_cannot_be_taught() -> None:
    with pytest.raises(FitError, match="hard assignment"):
        taught(mixture=replace(QUICK, is_hard=True))


def test_teaching_can_be_cancelled() -> None:
    asked = iter([StopRequest.NONE] * 12)
    settings = SegmentSettings(mixture=QUICK, learns_from="all")
    job = segment_events(
        SegmentRequest(picture(), settings, hints=hints()),
        should_stop=lambda: next(asked, StopRequest.CANCEL),
    )
    with pytest.raises(Cancelled):
        result_of(job)


# The document and the workspace


def opened() -> Workspace:
    workspace = Workspace()
    workspace.apply(open_image(picture()))
    workspace.apply(edits.take_objects(marked(), "Open"))
    workspace.apply(change_setting("learns_from", "marked", "Teach"))
    return workspace


def fit(workspace: Workspace) -> bool:
    document = workspace.document
    assert document.image is not None
    request = SegmentRequest(document.image, document.settings, hints=document.hints)
    return workspace.accept_fit(result_of(segment_events(request)))


def test_a_stroke_more_makes_the_fit_stale_and_undo_brings_it_back() -> None:
    workspace = opened()
    assert workspace.document.is_stale
    assert fit(workspace)
    assert not workspace.document.is_stale
    before = workspace.document.fit
    workspace.apply(edits.recolour_objects([1], (7, 8, 9)))
    assert not workspace.document.is_stale
    workspace.apply(edits.paint_object(1, box(8, 2, 2, 2)))
    assert workspace.document.is_stale
    workspace.undo()
    assert not workspace.document.is_stale
    assert workspace.document.fit is before


def test_an_outcome_of_older_hints_is_not_taken() -> None:
    workspace = opened()
    document = workspace.document
    assert document.image is not None
    late = result_of(segment_events(SegmentRequest(document.image, document.settings, hints=document.hints)))
    workspace.apply(edits.paint_object(1, box(8, 2, 2, 2)))
    assert not workspace.accept_fit(late)
    assert workspace.document.fit is None


def test_teaching_leaves_the_objects_alone_and_names_the_classes() -> None:
    workspace = opened()
    objects = workspace.document.objects
    fit(workspace)
    assert workspace.document.objects is objects
    assert [(entry.name, entry.colour) for entry in workspace.document.classes][1] == ("grass", (1, 2, 3))
    workspace.apply(show_classes([1], False))
    workspace.apply(edits.paint_object(1, box(8, 2, 2, 2)))
    fit(workspace)
    assert [entry.is_visible for entry in workspace.document.classes] == [False, True]


def test_without_teaching_classes_are_the_components_again() -> None:
    workspace = opened()
    fit(workspace)
    workspace.apply(change_setting("learns_from", None, "Untaught"))
    assert workspace.document.is_stale
    fit(workspace)
    classes = workspace.document.classes
    assert [entry.name for entry in classes] == [f"Class {n}" for n in range(1, 6)]
    assert len({entry.colour for entry in classes}) == 5
    workspace.apply(edits.paint_object(1, box(8, 2, 2, 2)))
    assert not workspace.document.is_stale


def test_another_image_is_not_taught_by_the_objects_of_the_one_before() -> None:
    workspace = opened()
    workspace.apply(open_image(image_of(np.zeros((4, 4, 3), dtype=np.uint8))))
    assert workspace.document.settings.learns_from is None
