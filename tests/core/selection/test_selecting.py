"""Selections: what every prompt may rely on, on small pictures of every kind."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gmmseg
from gmmseg.arrays import BoolArray
from gmmseg.control import result_of
from gmmseg.errors import GmmsegError
from gmmseg.regions.pipeline import hierarchy_events
from gmmseg.selection.painting import painted
from gmmseg.selection.prompts import click, stroke
from gmmseg.selection.selecting import LEAST_SIZES, PromptedSelection, hovered, nothing_selected
from gmmseg.selection.site import Site, coarse_site, hierarchy_and_site_events, site_events
from tests.core.selection.scenes import DISC, SHAPE, disc_rgb, disc_site, image_from

CLICKS = st.lists(
    st.tuples(st.integers(0, SHAPE[1] - 1), st.integers(0, SHAPE[0] - 1), st.booleans()),
    min_size=1,
    max_size=6,
)


def after(clicks: list[tuple[int, int, bool]]) -> PromptedSelection:
    state = nothing_selected(disc_site())
    for one in clicks:
        state = state.with_prompt(click(*one))
    return state


def disc() -> BoolArray:
    rows, columns = np.indices(SHAPE)
    inside: BoolArray = (rows - DISC[0]) ** 2 + (columns - DISC[1]) ** 2 <= DISC[2] ** 2
    return inside


def overlap(one: BoolArray, other: BoolArray) -> float:
    return float((one & other).sum() / (one | other).sum())


def test_a_click_takes_the_disc_and_an_erased_half_comes_back() -> None:
    first = after([(DISC[1], DISC[0], True)])
    assert overlap(first.mask, disc()) > 0.85
    assert any(overlap(mask, disc()) > 0.9 for mask in first.sizes())


@settings(max_examples=12)
@given(CLICKS)
def test_every_clicked_pixel_has_the_label_asked_for(clicks: list[tuple[int, int, bool]]) -> None:
    state = after(clicks)
    asked = {(x, y): is_positive for x, y, is_positive in clicks}
    for mask in (state.mask, *state.sizes()):
        assert all(mask[y, x] == is_positive for (x, y), is_positive in asked.items())


def test_both_signs_in_one_leaf_share_it() -> None:
    labels = disc_site().labels
    leaf = int(np.bincount(labels.ravel()).argmax())
    rows, columns = np.nonzero(labels == leaf)
    near, far = (int(rows[0]), int(columns[0])), (int(rows[-1]), int(columns[-1]))
    mask = after([(near[1], near[0], True), (far[1], far[0], False)]).mask
    inside = mask[rows, columns]
    assert inside.any()
    assert not inside.all()
    assert mask[near]
    assert not mask[far]


def straddled(rows: slice, columns: slice) -> tuple[Site, int]:
    """Return the disc's site with a rectangle of its pixels made one leaf, and that leaf."""
    site = disc_site()
    leaf = int(site.labels[rows, columns][0, 0])
    labels = site.labels.copy()
    labels[rows, columns] = leaf
    boxes = site.scene.ground.boxes.copy()
    boxes[leaf] = rows.start, columns.start, 1 - rows.stop, 1 - columns.stop
    ground = replace(site.scene.ground, boxes=boxes)
    return replace(site, scene=replace(site.scene, ground=ground), labels=labels), leaf


@pytest.mark.parametrize(("x", "is_positive"), [(32, True), (41, False)])
def test_a_correction_takes_its_side_of_a_leaf_that_straddles_a_border(x: int, is_positive: bool) -> None:
    row, column, _ = DISC
    site, leaf = straddled(slice(row - 4, row + 5), slice(30, 44))
    counts = np.bincount(site.labels[disc()], minlength=site.scene.ground.n_leaves)
    members = 2 * counts > np.bincount(site.labels.ravel(), minlength=site.scene.ground.n_leaves)
    # As a whole the leaf takes the label of the correction, and is wrong on the other side of the border.
    members[leaf] = is_positive
    prompts = click(column, row), click(x, row, is_positive)
    shared, whole = (painted(site, members, prompts, n) for n in (1, 2))
    assert overlap(shared, disc()) > 0.95
    assert overlap(shared, disc()) > overlap(whole, disc()) + 0.05
    is_leaf = site.labels == leaf
    assert np.array_equal(shared[~is_leaf], members[site.labels][~is_leaf])


def test_the_leaf_of_a_first_prompt_is_taken_as_it_is() -> None:
    state = after([(DISC[1], DISC[0], True)])
    assert np.array_equal(state.mask, state.members[disc_site().labels])


def test_the_same_prompts_give_the_same_mask_and_taking_back_gives_the_earlier_one() -> None:
    clicks = [(24, 20, True), (50, 36, True), (30, 20, False)]
    states = [after(clicks[:n]) for n in range(4)]
    kept = states[2].mask.copy()
    again = states[2].with_prompt(click(*clicks[2]))
    assert np.array_equal(again.mask, states[3].mask)
    assert np.array_equal(states[2].mask, kept)
    assert not states[0].mask.any()


def test_the_wheel_goes_through_distinct_sizes_in_order_and_stops_at_the_ends() -> None:
    state = after([(DISC[1], DISC[0], True)])
    for _ in range(12):
        state = state.stepped(-1)
    seen = [state]
    while (larger := seen[-1].stepped(1)).chosen != seen[-1].chosen:
        seen.append(larger)
    areas = [int(one.mask.sum()) for one in seen]
    assert areas == sorted(areas)
    assert len(seen) == len(state.ranked)
    assert [one.place for one in seen] == [(at + 1, len(seen)) for at in range(len(seen))]
    assert all(overlap(a.mask, b.mask) < 0.95 for a, b in pairwise(seen))


def test_the_wheel_leaves_out_what_is_far_less_likely_than_the_best() -> None:
    state = after([(DISC[1], DISC[0], True)])
    scores = np.zeros(len(state.selection.masks))
    assert len(replace(state, selection=replace(state.selection, scores=scores)).ranked) > LEAST_SIZES
    scores[1:] -= 5
    assert len(replace(state, selection=replace(state.selection, scores=scores)).ranked) == LEAST_SIZES


def test_a_step_of_the_wheel_over_a_large_gap_stops_at_what_lies_between() -> None:
    state = after([(DISC[1], DISC[0], True)])
    n_leaves = state.selection.masks.shape[1]
    by_area = np.argsort(-state.site.scene.ground.areas)
    counts = (1, 3, 40, 60, n_leaves)
    masks = np.zeros((len(counts), n_leaves), dtype=bool)
    for mask, count in zip(masks, counts, strict=True):
        mask[by_area[:count]] = True
    # The three best are the two smallest and the whole; what lies between is far less likely.
    selection = replace(
        state.selection, masks=masks[[0, 1, 4, 2, 3]], scores=np.array([0, -0.1, -0.2, -9, -9.5])
    )
    found = replace(state, selection=selection)
    areas = (selection.masks @ state.site.scene.ground.areas)[list(found.ranked)]
    assert areas[2] > 4 * areas[1]
    assert found.ranked[:4] == (0, 1, 2, 3)


@settings(max_examples=12)
@given(CLICKS)
def test_a_correction_never_selects_the_whole_picture(clicks: list[tuple[int, int, bool]]) -> None:
    ground = disc_site().scene.ground
    for n_clicks in range(2, len(clicks) + 1):
        shares = after(clicks[:n_clicks]).selection.masks @ ground.areas / ground.areas.sum()
        assert shares.max() <= 0.985


def test_the_next_prompt_goes_on_from_the_size_that_was_chosen() -> None:
    state = after([(DISC[1], DISC[0], True)])
    other = next(one for one in (state.stepped(1), state.stepped(-1)) if one.chosen != state.chosen)
    # What the click is on is selected already in both: nothing has to change.
    again = click(DISC[1] + 3, DISC[0], True)
    assert overlap(other.with_prompt(again).mask, other.mask) > overlap(state.mask, other.mask)


def test_hovering_shows_what_the_click_selects() -> None:
    for x, y in ((24, 20), (50, 36), (5, 5)):
        assert np.array_equal(hovered(disc_site(), x, y), after([(x, y, True)]).mask)


def test_a_stroke_holds_each_of_its_pixels() -> None:
    drawn = stroke([(16, 20), (30, 20), (50, 36)])
    erased = stroke([(2, 2), (60, 2)], is_positive=False)
    mask = nothing_selected(disc_site()).with_prompt(drawn).with_prompt(erased).mask
    assert mask[drawn.rows, drawn.columns].all()
    assert not mask[erased.rows, erased.columns].any()
    steps = np.maximum(np.abs(np.diff(drawn.rows)), np.abs(np.diff(drawn.columns)))
    assert (steps == 1).all()


def test_a_box_holds_its_object_and_nothing_outside() -> None:
    row, column, radius = DISC
    box = (column - radius - 2, row - radius - 2, column + radius + 3, row + radius + 3)
    state = nothing_selected(disc_site(), box)
    outside = np.ones(SHAPE, dtype=np.bool_)
    outside[box[1] : box[3], box[0] : box[2]] = False
    assert overlap(state.mask, disc()) > 0.8
    assert not (state.mask & outside).any()
    mended = state.with_prompt(click(column, row, False))
    assert not (mended.mask & outside).any()
    assert not mended.mask[row, column]


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((1, 1), 7, dtype=np.uint8),
        np.full((1, 9), 7, dtype=np.uint8),
        np.full((20, 30, 3), 90, dtype=np.uint8),
        disc_rgb()[:, :, 0],
        disc_rgb().astype(np.uint16) * 257,
        disc_rgb() / 255.0,
        np.concatenate([disc_rgb(), disc_rgb()], axis=2),
    ],
    ids=["one pixel", "one row", "constant", "grey", "16 bit", "float", "six channels"],
)
def test_images_of_every_kind(pixels: np.ndarray) -> None:
    selector = gmmseg.ObjectSelector(pixels)
    height, width = pixels.shape[:2]
    clicks = [(width // 3, height // 3, True), (width - 1, height - 1, False), (0, height - 1, True)]
    for n in range(1, 4):
        mask = selector.select(clicks[:n])
        assert mask.shape == (height, width)
        assert mask.dtype == np.bool_
        asked = {(x, y): is_positive for x, y, is_positive in clicks[:n]}
        assert all(mask[y, x] == is_positive for (x, y), is_positive in asked.items())
    assert selector.select(clicks[:1], (0, 0, width, height)).shape == (height, width)
    assert not selector.select([]).any()


def test_sizes_come_best_first() -> None:
    selector = gmmseg.ObjectSelector(disc_rgb())
    clicks = [(DISC[1], DISC[0], True)]
    sizes = selector.sizes(clicks)
    assert np.array_equal(sizes[0], selector.select(clicks))
    assert 1 < len(sizes) <= 9


def test_pixels_without_data_are_never_selected() -> None:
    mask = np.ones(SHAPE, dtype=np.bool_)
    mask[:, :10] = False
    selector = gmmseg.ObjectSelector(image_from(disc_rgb(), mask))
    on_data, beside = selector.select([(10, 20, True)]), selector.select([(4, 20, True)])
    assert not (on_data & ~mask).any()
    assert np.array_equal(on_data, beside)


@pytest.mark.parametrize(
    ("clicks", "box"),
    [([(64, 0, True)], None), ([(0, -1, True)], None), ([], (5, 5, 5, 9)), ([], (90, 0, 99, 9))],
)
def test_what_lies_outside_the_image_is_refused(
    clicks: list[tuple[int, int, bool]], box: tuple[int, int, int, int] | None
) -> None:
    selector = gmmseg.ObjectSelector(disc_rgb())
    with pytest.raises(GmmsegError):
        selector.select(clicks, box)


def test_first_answers_come_from_a_coarse_site_and_move_to_the_full_one() -> None:
    large = disc_rgb().repeat(4, axis=0).repeat(4, axis=1)
    image = image_from(large)
    coarse, full = coarse_site(image), result_of(site_events(image, working_side=128))
    state = nothing_selected(coarse).with_prompt(click(4 * DISC[1], 4 * DISC[0]))
    truth = disc().repeat(4, axis=0).repeat(4, axis=1)
    assert coarse.shape == full.shape == truth.shape
    assert overlap(state.mask, truth) > 0.8
    assert overlap(state.on(full).mask, truth) > 0.9


def test_first_answers_of_a_large_image_see_data_between_the_rows_that_are_read() -> None:
    held = np.zeros((1300, 40), dtype=np.bool_)
    held[4, 10] = True
    rgb = np.random.default_rng(0).integers(0, 256, (*held.shape, 3), dtype=np.uint8)
    coarse = coarse_site(image_from(rgb, held))
    assert coarse.shape == held.shape
    assert np.array_equal(coarse.labels >= 0, held)


def test_regions_and_site_made_together_are_those_made_alone() -> None:
    image = image_from(disc_rgb())
    hierarchy, site = result_of(hierarchy_and_site_events(image))
    alone = result_of(hierarchy_events(image))
    assert np.array_equal(hierarchy.leaves, alone.leaves)
    assert np.array_equal(hierarchy.tree.heights, alone.tree.heights)
    assert np.array_equal(site.labels, disc_site().labels)
