"""The pending selection: prompts, sizes, taking back, correcting an object, becoming one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gmmseg.control import result_of
from gmmseg.editing.editor import Edit
from gmmseg.io.images import image_from_array
from gmmseg.photo import pending as asks
from gmmseg.photo.answers import Answers
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import Document, PendingSelection
from gmmseg.photo.field import Field
from gmmseg.photo.objects import edits
from gmmseg.photo.objects.patch import Patch
from gmmseg.selection.prompts import click, stroke
from gmmseg.selection.site import Site, site_events

SHAPE = (80, 120)
FIELD = Field(0, 0, *SHAPE)


def picture() -> np.ndarray:
    """A red disc and a blue square, one darker half each, on grey."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    pixels = np.full((*SHAPE, 3), 128.0)
    pixels[(y - 40) ** 2 + (x - 30) ** 2 < 400] = (210, 60, 50)
    pixels[((y - 40) ** 2 + (x - 30) ** 2 < 400) & (y > 40)] = (170, 30, 25)
    pixels[20:60, 70:110] = (50, 70, 200)
    return (pixels + rng.normal(0, 4, pixels.shape)).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def site() -> Site:
    return result_of(site_events(image_from_array(picture(), "shapes")))


@pytest.fixture
def document() -> Document:
    return Document(image=image_from_array(picture(), "shapes"))


def after(document: Document, *applied: Edit[Document]) -> Document:
    for edit in applied:
        document = edit.apply(document)
    return document


def mask_of(answers: Answers, document: Document) -> np.ndarray:
    assert document.pending is not None
    return answers.answer(document.pending).patch.full(SHAPE)


def test_each_prompt_builds_on_the_one_before_and_taking_it_back_is_exact(
    site: Site, document: Document
) -> None:
    answers = Answers(site, FIELD)
    steps = [after(document, asks.select(click(90, 40)))]
    for edit in (
        asks.correct(click(30, 40)),
        asks.step_size(1),
        asks.correct(stroke([(75, 25), (80, 55)], False)),
    ):
        steps.append(after(steps[-1], edit))
    masks = [mask_of(answers, step) for step in steps]
    for step, mask in zip(reversed(steps), reversed(masks), strict=True):
        assert np.array_equal(mask_of(answers, step), mask)
        assert np.array_equal(mask_of(Answers(site, FIELD), step), mask)
    assert masks[0][40, 90]
    assert masks[1][40, 30]
    assert not masks[3][25, 75]


def test_a_plain_click_begins_anew(site: Site, document: Document) -> None:
    answers = Answers(site, FIELD)
    first = after(document, asks.select(click(90, 40)))
    again = after(first, asks.select(click(30, 30)))
    assert np.array_equal(
        mask_of(answers, again), mask_of(Answers(site, FIELD), after(document, asks.select(click(30, 30))))
    )
    assert not mask_of(answers, again)[40, 90]


def test_a_box_keeps_the_selection_inside(site: Site, document: Document) -> None:
    mask = mask_of(Answers(site, FIELD), after(document, asks.select_box((65, 15, 115, 65))))
    assert mask[40, 90]
    assert not mask[:, :65].any()
    square = np.zeros(SHAPE, dtype=bool)
    square[20:60, 70:110] = True
    assert (mask & square).sum() / (mask | square).sum() > 0.9


def object_of(document: Document, mask: np.ndarray, name: str = "thing") -> Document:
    return after(document, edits.add_object(Patch.of(mask), name))


def test_correcting_an_object_changes_only_what_the_prompt_is_about(site: Site, document: Document) -> None:
    base = np.zeros(SHAPE, dtype=bool)
    base[20:60, 70:110] = True
    # Pixels put there by hand, which no tree knows of.
    base[0:3, 0:5] = True
    base[30, 70:110:2] = False
    document = object_of(document, base)
    taken_up = after(document, asks.select_object(1))
    answers = Answers(site, FIELD)
    assert np.array_equal(mask_of(answers, taken_up), base)
    wider = mask_of(answers, after(taken_up, asks.correct(click(30, 30))))
    assert wider[30, 30]
    assert np.array_equal(wider[:, 75:105], base[:, 75:105])
    assert np.array_equal(wider[0:3, 0:5], base[0:3, 0:5])


def test_an_accepted_selection_is_an_object_and_a_corrected_one_gets_its_pixels(
    site: Site, document: Document
) -> None:
    answers = Answers(site, FIELD)
    pending = after(document, asks.select(click(90, 40)))
    assert pending.pending is not None
    answer = answers.answer(pending.pending)
    made = after(pending, asks.accept_selection(answer, "box"))
    assert made.pending is None
    assert [(entry.id, entry.name) for entry in made.object_map] == [(1, "box")]
    assert np.array_equal(made.object_map.patch_of(1).full(SHAPE), answer.patch.full(SHAPE))
    taken_up = after(made, asks.select_object(1), asks.correct(click(90, 21, False)))
    assert taken_up.pending is not None
    corrected = answers.answer(taken_up.pending)
    again = after(taken_up, asks.accept_selection(corrected, "other name"))
    assert [(entry.id, entry.name) for entry in again.object_map] == [(1, "box")]
    assert np.array_equal(again.object_map.patch_of(1).full(SHAPE), corrected.patch.full(SHAPE))


def test_a_selection_is_added_to_an_object_or_taken_from_all(site: Site, document: Document) -> None:
    whole = object_of(document, np.ones(SHAPE, dtype=bool), "ground")
    answers = Answers(site, FIELD)
    pending = after(whole, asks.select(click(90, 40)))
    assert pending.pending is not None
    answer = answers.answer(pending.pending)
    less = after(pending, asks.subtract_selection(answer))
    assert np.array_equal(less.object_map.patch_of(1).full(SHAPE), ~answer.patch.full(SHAPE))
    more = after(replace(less, pending=pending.pending), asks.extend_object(answer, 1))
    assert more.object_map.patch_of(1).area == SHAPE[0] * SHAPE[1]
    assert more.pending is None


def test_sizes_are_one_undo_step_and_prompts_are_steps_of_their_own() -> None:
    assert asks.step_size(1).merge_key == asks.step_size(-1).merge_key
    assert asks.step_size(1).merge_key is not None
    assert asks.select(click(1, 1)).merge_key is None
    assert asks.correct(click(1, 1)).merge_key is None


def test_pixels_become_the_selection_as_they_are_and_prompts_go_on_from_there(
    site: Site, document: Document
) -> None:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[18:62, 68:90] = True
    answers = Answers(site, FIELD)
    begun = after(document, asks.select_pixels(Patch.of(mask)))
    assert np.array_equal(mask_of(answers, begun), mask)
    more = after(begun, asks.correct(click(100, 40)))
    grown = mask_of(answers, more)
    assert grown[40, 100]
    assert grown[mask].mean() > 0.95
    assert begun.pending is not None
    made = after(begun, asks.accept_selection(answers.answer(begun.pending), "half"))
    assert np.array_equal(made.object_map.patch_of(1).full(SHAPE), mask)
    assert after(begun, asks.select_pixels(Patch.of(np.zeros(SHAPE, dtype=bool)))).pending is None


def test_pixels_of_a_class_are_selected_connected_or_everywhere(document: Document) -> None:
    from scipy.ndimage import label

    labels = np.random.default_rng(0).integers(1, 4, SHAPE).astype(np.uint8)
    classes = default_classes(3).merged([1, 2])
    is_own = labels <= 2
    parts, _ = label(is_own)
    x, y = (int(each) for each in np.argwhere(is_own)[50][::-1])
    chosen = asks.select_class(labels, classes, x, y).apply(document)
    assert chosen.pending is not None
    assert chosen.pending.base is not None
    assert np.array_equal(chosen.pending.base.full(SHAPE), parts == parts[y, x])
    everywhere = asks.select_class(labels, classes, x, y, is_connected=False).apply(document)
    assert everywhere.pending is not None
    assert everywhere.pending.base is not None
    assert np.array_equal(everywhere.pending.base.full(SHAPE), is_own)
    assert asks.select_class(labels, classes, x, y, "remove").apply(document) is document


def test_a_selection_is_decided_once(document: Document) -> None:
    answer = asks.SelectionAnswer(PendingSelection(), Patch.of(np.ones((3, 3), dtype=bool), 5, 5))
    pending = replace(document, pending=answer.pending)
    made = asks.accept_selection(answer, "cat").apply(pending)
    assert len(made.object_map) == 1
    assert made.pending is None
    assert asks.accept_selection(answer, "cat").apply(made) is made
    assert asks.subtract_selection(answer).apply(made) is made
