"""The document, its history, the workspace around it, and the class table."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gmmseg.colours import class_colour
from gmmseg.control import relayed, result_of
from gmmseg.editing.editor import MAX_LARGE_IN_HISTORY, Edit
from gmmseg.editing.history import Entry, History
from gmmseg.errors import SettingsError
from gmmseg.features.spec import ColourSpace
from gmmseg.image import Image
from gmmseg.io.images import image_from_array
from gmmseg.mixture.covariance import Spherical
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.classes import IGNORE_ID, ClassTable, class_id, default_classes, inherited_classes
from gmmseg.photo.document import (
    Document,
    change_setting,
    lock_classes,
    merge_classes,
    move_class,
    open_image,
    recolour_classes,
    rename_class,
    show_classes,
    solo_class,
    split_class,
)
from gmmseg.photo.jobs import SegmentOutcome, SegmentRequest, segment_events
from gmmseg.photo.labelling import Previewed
from gmmseg.photo.objects.edits import add_object
from gmmseg.photo.objects.patch import brushed
from gmmseg.photo.project import PhotoProject
from gmmseg.photo.settings import SegmentSettings
from gmmseg.photo.view_state import ViewState
from gmmseg.photo.workspace import TableCache, Workspace
from gmmseg.setting import settings_of, value_at
from tests.data.states import image_of, make_image, set_to

QUICK = SegmentSettings(mixture=FitSettings(n_components=3, n_init=1, tol=1e-2))


@cache
def picture(seed: int = 0) -> Image:
    random = np.random.default_rng(seed)
    colours = random.permutation(np.array([[200, 40, 40], [40, 180, 60], [50, 60, 190], [230, 230, 90]]))
    values = np.repeat(colours, [7, 5, 3, 2], axis=0)[:, None, :] + random.normal(0, 4, (17, 12, 3))
    return image_of(np.clip(values, 0, 255).astype(np.uint8))


@cache
def fitted(image: Image, settings: SegmentSettings) -> SegmentOutcome:
    return result_of(segment_events(SegmentRequest(image, settings)))


def opened(settings: SegmentSettings = QUICK) -> Workspace:
    workspace = Workspace()
    workspace.apply(open_image(picture()))
    workspace.apply(set_to(settings))
    return workspace


def fit(workspace: Workspace) -> bool:
    document = workspace.document
    assert document.image is not None
    return workspace.accept_fit(fitted(document.image, document.settings))


# The class table


@pytest.mark.parametrize("n", [1, 3, 254, 256])
def test_default_classes_count_from_1_and_leave_out_ignore(n: int) -> None:
    table = default_classes(n)
    ids = [entry.id for entry in table]
    assert ids == [i for i in range(1, n + 2) if i != IGNORE_ID][:n]
    assert len({entry.colour for entry in table}) == n
    by_label = table.ids_by_label()
    assert by_label.dtype == (np.uint8 if n <= 254 else np.uint16)
    np.testing.assert_array_equal(by_label, [0, *ids])


def test_merging_keeps_the_first_class_and_splitting_gives_all_back() -> None:
    table = default_classes(4).changed(3, name="sky")
    merged = table.merged([3, 1])
    assert [entry.id for entry in merged] == [2, 3, 4]
    assert merged.by_id(3).components == (0, 2)
    assert merged.by_id(3).name == "sky"
    np.testing.assert_array_equal(merged.ids_by_label(), [0, 3, 2, 3, 4])
    apart = merged.split(3)
    assert sorted(k for entry in apart for k in entry.components) == [0, 1, 2, 3]
    assert all(len(entry.components) == 1 for entry in apart)
    assert len({entry.id for entry in apart}) == len({entry.colour for entry in apart}) == 4


def test_soloing_twice_shows_all_again() -> None:
    alone = default_classes(3).solo(2)
    assert [entry.is_visible for entry in alone] == [False, True, False]
    assert all(entry.is_visible for entry in alone.solo(2))
    assert [entry.is_visible for entry in alone.solo(3)] == [False, False, True]


def test_moving_changes_the_order_alone() -> None:
    table = default_classes(4)
    moved = table.moved(4, 0)
    assert [entry.id for entry in moved] == [4, 1, 2, 3]
    np.testing.assert_array_equal(moved.ids_by_label(), table.ids_by_label())


def test_a_class_that_is_not_there_is_a_key_error() -> None:
    for ask in (default_classes(2).by_id, default_classes(2).of_component, default_classes(2).split):
        with pytest.raises(KeyError):
            ask(9)


def test_new_classes_take_colour_and_name_of_those_they_continue() -> None:
    old = default_classes(3).changed(2, name="river", colour=(1, 2, 3), is_visible=False, is_locked=True)
    new = inherited_classes(old, [1, None, 0])
    assert [entry.id for entry in new] == [1, 2, 3]
    assert (new.by_id(1).name, new.by_id(1).colour) == ("river", (1, 2, 3))
    assert (new.by_id(1).is_visible, new.by_id(1).is_locked) == (False, True)
    assert new.by_id(3).colour == class_colour(0)
    assert new.by_id(3).name == "Class 3"
    colours = [entry.colour for entry in new]
    assert len(set(colours)) == 3


def test_a_merge_goes_on_while_all_its_components_do() -> None:
    old = default_classes(3).merged([1, 3])
    kept = inherited_classes(old, [2, 1, 0])
    assert sorted(entry.components for entry in kept) == [(0, 2), (1,)]
    lost = inherited_classes(old, [0, 1])
    assert [entry.components for entry in lost] == [(0,), (1,)]


# History


def test_undo_and_redo_walk_over_the_same_states() -> None:
    history: History[int] = History(Entry(0, ""))
    for value in (1, 2, 3):
        history = history.pushed(value, f"Set {value}")
    assert history.undo_title == "Set 3"
    back = history.undone().undone()
    assert back.present.state == 1
    assert back.redo_title == "Set 2"
    assert back.redone().redone() == history
    branched = back.pushed(9, "Set 9")
    assert branched.redo_title is None
    assert branched.undone().present.state == 1


def test_edits_with_one_merge_key_are_one_step_until_settled() -> None:
    history: History[int] = History(Entry(0, ""))
    for value in (1, 2, 3):
        history = history.pushed(value, "Drag", "slider")
    assert history.undone().present.state == 0
    history = history.settled().pushed(4, "Drag", "slider")
    assert history.undone().present.state == 3
    assert history.pushed(5, "Drag", "another").undone().present.state == 4


def test_an_edit_after_undo_leaves_no_redo_even_where_it_would_go_on_with_the_step_before() -> None:
    history: History[int] = History(Entry(0, ""))
    history = history.pushed(1, "Drag", "slider").settled().pushed(2, "Drag", "slider")
    # Back at the end of a drag that was not settled: its merge key is still there.
    back = History(Entry(1, "Drag", "slider"), history.past[:1], (history.present,))
    edited = back.pushed(7, "Drag", "slider")
    assert edited.redo_title is None
    assert edited.undone().present.state == 1


def test_hundreds_of_steps_can_be_taken_back() -> None:
    history: History[int] = History(Entry(0, ""))
    for value in range(1, 301):
        history = history.pushed(value, "Set")
    for value in range(299, -1, -1):
        history = history.undone()
        assert history.present.state == value


def test_the_past_has_a_limit() -> None:
    history: History[int] = History(Entry(0, ""), limit=3)
    for value in range(1, 10):
        history = history.pushed(value, "Set")
    assert [entry.state for entry in history.past] == [6, 7, 8]


def test_the_oldest_steps_go_where_all_of_them_take_too_much_memory() -> None:
    history: History[int] = History(Entry(0, ""))
    for value in range(1, 6):
        history = history.pushed(value, "Set", n_bytes=10 * value)
    assert [entry.state for entry in history.within(100).past] == [0, 1, 2, 3, 4]
    assert [entry.state for entry in history.within(99).past] == [2, 3, 4]
    assert [entry.state for entry in history.within(70).past] == [3, 4]
    assert [entry.state for entry in history.within(69).past] == [4]
    assert history.within(0).past == ()
    assert history.within(100).n_forgotten == 0
    assert history.within(0).n_forgotten == 5
    moved = history.within(70).undone().undone().redone().moved_to(0).pushed(9, "Step")
    assert (moved.n_forgotten, moved.past[0].state) == (3, 3)
    assert history.within(0).present.state == 5


def test_history_jumps_to_any_of_its_states() -> None:
    history: History[int] = History(Entry(0, ""), limit=9)
    for value in range(1, 5):
        history = history.pushed(value, f"Set {value}", time=float(value))
    there = history.moved_to(1)
    assert [entry.state for entry in there.entries] == [0, 1, 2, 3, 4]
    assert (there.present.state, there.undo_title, there.redo_title) == (1, "Set 1", "Set 2")
    assert there.moved_to(4).entries == history.entries
    assert there.limit == 9
    with pytest.raises(IndexError):
        history.moved_to(5)


def test_what_strokes_and_fits_add_to_memory_is_counted() -> None:
    workspace = Workspace()
    workspace.apply(open_image(make_image(3, 300, 400)))
    workspace.apply(add_object(brushed([(30.0, 30.0)], 9.0, (300, 400)), "a"))
    objects = workspace.document.object_map
    # Packed ids, and a number for each of 3 × 4 tiles.
    assert objects.ids.nbytes > 0
    assert workspace.history.present.n_bytes == objects.ids.nbytes + 8 * 12
    # A second one elsewhere costs the tiles that it touches.
    workspace.apply(add_object(brushed([(230.0, 230.0)], 9.0, (300, 400)), "b"))
    assert workspace.history.present.n_bytes < workspace.document.object_map.ids.nbytes
    before = workspace.history.present.n_bytes
    assert fit(workspace)
    made = workspace.document.fit
    assert made is not None
    assert workspace.history.present.n_bytes == before + made.result.n_bytes
    n_values = 5 * (1 + 3 + 9)
    assert made.result.n_bytes == len(made.result.history) * 8 * n_values


def test_the_ends_of_history_raise() -> None:
    history: History[int] = History(Entry(0, ""))
    with pytest.raises(IndexError):
        history.undone()
    with pytest.raises(IndexError):
        history.redone()


# The document


def test_a_document_is_stale_until_its_own_fit_and_after_any_change_of_settings() -> None:
    assert not Document().is_stale
    workspace = opened()
    assert workspace.document.is_stale
    assert fit(workspace)
    assert not workspace.document.is_stale
    workspace.apply(change_setting("smooth", 2.0, "Smooth"))
    assert workspace.document.is_stale
    workspace.apply(change_setting("smooth", 0.0, "Smooth"))
    assert not workspace.document.is_stale


def test_opening_another_image_drops_the_fit_and_keeps_the_settings() -> None:
    workspace = opened()
    fit(workspace)
    workspace.apply(open_image(picture(1)))
    document = workspace.document
    assert document.fit is None
    assert len(document.classes) == 0
    assert document.settings == QUICK
    workspace.undo()
    assert workspace.document.fit is not None
    assert not workspace.document.is_stale


def test_an_edit_that_raises_changes_nothing() -> None:
    workspace = opened()
    before = workspace.shown
    with pytest.raises(SettingsError):
        workspace.apply(change_setting("mixture.n_components", 0, "K"))
    with pytest.raises(KeyError):
        workspace.apply(rename_class(7, "nobody"))
    assert workspace.shown is before


CLASS_EDITS: dict[str, Edit[Document]] = {
    "rename": rename_class(2, "sky"),
    "recolour": recolour_classes([2], (9, 8, 7)),
    "hide": show_classes([2], False),
    "solo": solo_class(2),
    "lock": lock_classes([2], True),
    "merge": merge_classes([2, 3]),
    "move": move_class(3, 0),
}


def test_a_colour_that_a_person_chose_is_work_and_one_that_goes_on_is_not() -> None:
    workspace = opened()
    fit(workspace)
    saved = workspace.document
    workspace.apply(change_setting("mixture.n_components", 4, "K"))
    fit(workspace)
    assert not PhotoProject.has_work(workspace.document)
    workspace.apply(recolour_classes([2], (9, 8, 7)))
    assert PhotoProject.has_work(workspace.document)
    assert PhotoProject.differs(workspace.document, replace(workspace.document, classes=saved.classes))
    workspace.apply(change_setting("mixture.n_components", 3, "K"))
    fit(workspace)
    assert (9, 8, 7) in workspace.document.classes.colours_by_component()
    assert PhotoProject.has_work(workspace.document)


@pytest.mark.parametrize("name", CLASS_EDITS)
def test_class_edits_are_undone_and_leave_the_fit_alone(name: str) -> None:
    workspace = opened()
    fit(workspace)
    before = workspace.document
    workspace.apply(CLASS_EDITS[name])
    after = workspace.document
    assert after.classes != before.classes
    assert after.fit is before.fit
    assert not after.is_stale
    workspace.undo()
    assert workspace.document is before
    workspace.redo()
    assert workspace.document is after


def test_a_merged_class_can_be_split_by_an_edit() -> None:
    workspace = opened()
    fit(workspace)
    workspace.apply(merge_classes([1, 2]))
    workspace.apply(split_class(1))
    assert [len(entry.components) for entry in workspace.document.classes] == [1, 1, 1]


# The workspace


def test_listeners_hear_the_old_and_the_new() -> None:
    workspace = Workspace()
    heard: list[tuple[ViewState, ViewState]] = []
    workspace.subscribe(lambda old, new: heard.append((old, new)))
    first = workspace.shown
    workspace.apply(open_image(picture()))
    assert heard == [(first, workspace.shown)]
    second = picture()
    workspace.apply(open_image(second))
    workspace.undo()
    workspace.undo()
    assert len(heard) == 3
    assert heard[1][1].document.image is second


def test_the_first_image_is_where_the_history_begins() -> None:
    workspace = Workspace()
    workspace.apply(change_setting("mixture.n_components", 3, "Components"))
    workspace.apply(open_image(picture()))
    assert workspace.shown.undo_title is None
    assert workspace.document.settings.mixture.n_components == 3
    workspace.apply(open_image(picture()))
    assert workspace.shown.undo_title is not None


def space_of(workspace: Workspace) -> ColourSpace:
    return workspace.document.settings.features.space


@pytest.mark.parametrize("wanted", ["lab", "hsv"])
def test_an_image_without_colours_is_opened_with_a_space_that_suits_it(wanted: str) -> None:
    workspace = opened()
    workspace.apply(change_setting("features.space", wanted, "Colour space"))
    grey = image_from_array(np.zeros((4, 5), np.uint8), "grey.png")
    workspace.apply(open_image(grey))
    assert space_of(workspace) == "gray"
    five = image_from_array(np.zeros((4, 5, 5), np.uint8), "five.tif")
    workspace.apply(open_image(five))
    assert space_of(workspace) == "rgb"
    workspace.undo()
    workspace.undo()
    assert workspace.document.settings.features.space == wanted


def test_a_fit_is_no_undo_step_of_its_own() -> None:
    workspace = opened()
    fit(workspace)
    assert workspace.shown.undo_title == "Settings"
    assert workspace.shown.segmentation is not None
    assert not workspace.shown.is_preview


def test_a_fit_of_other_settings_or_another_image_is_refused() -> None:
    workspace = opened()
    outcome = fitted(picture(), QUICK)
    workspace.apply(change_setting("mixture.n_components", 2, "K"))
    before = workspace.shown
    assert not workspace.accept_fit(outcome)
    workspace.apply(change_setting("mixture.n_components", 3, "K"))
    assert not workspace.accept_fit(fitted(picture(1), QUICK))
    assert workspace.accept_fit(outcome)
    assert before.document.fit is None


def test_the_maps_of_an_older_fit_stay_on_screen_as_a_preview() -> None:
    workspace = opened()
    fit(workspace)
    maps = workspace.shown.segmentation
    workspace.apply(change_setting("mixture.n_components", 2, "K"))
    assert workspace.shown.segmentation is maps
    assert fit(workspace)
    assert workspace.shown.segmentation is not maps
    workspace.undo()
    shown = workspace.shown
    assert shown.is_preview
    assert shown.classes.n_components == shown.segmentation.n_components == 2  # type: ignore[union-attr]
    assert shown.document.classes.n_components == 3


def test_classes_keep_their_colours_over_a_refit_with_another_seed() -> None:
    workspace = opened()
    fit(workspace)
    for k, name in enumerate(("big", "middle", "small")):
        workspace.apply(rename_class(class_id(k), name))
        workspace.apply(recolour_classes([class_id(k)], (k, k, k)))
    means = workspace.document.fit.result.params.means  # type: ignore[union-attr]
    workspace.apply(change_setting("mixture.seed", 5, "Seed"))
    fit(workspace)
    document = workspace.document
    assert document.fit is not None
    for entry in document.classes:
        (component,) = entry.components
        nearest = int(((means - document.fit.result.params.means[component]) ** 2).sum(axis=1).argmin())
        assert entry.colour == (nearest,) * 3
        assert entry.name == ("big", "middle", "small")[nearest]


def watched_fit(workspace: Workspace) -> list[ViewState]:
    """Fit the document as the window does, and return what was shown of the previews."""
    document = workspace.document
    assert document.image is not None
    request = SegmentRequest(document.image, document.settings, wants_preview=True)
    seen: list[ViewState] = []

    def show(event: object) -> tuple[()]:
        if isinstance(event, Previewed):
            workspace.show_preview(event.table, event.segmentation, "preview", event.means)
            seen.append(workspace.shown)
        return ()

    assert workspace.accept_fit(result_of(relayed(segment_events(request), show)))
    return seen


def class_colours(shown: ViewState) -> np.ndarray:
    """Return the colour of each pixel's class, (H, W, 3)."""
    assert shown.segmentation is not None
    return np.array([(0, 0, 0), *shown.classes.colours_by_component()])[shown.segmentation.labels]


@pytest.mark.parametrize("seed", range(4))
def test_class_colours_do_not_permute_between_preview_and_fit(seed: int) -> None:
    random = np.random.default_rng(seed)
    # About equal areas, of which rounding decides which is the largest.
    centres = random.permutation(np.array([[50, 60, 200], [210, 60, 50], [60, 180, 70], [220, 210, 90]]))
    pixels = centres[random.integers(0, 4, (150, 150))] + random.normal(0, 14, (150, 150, 3))
    image = image_of(np.clip(pixels, 0, 255).astype(np.uint8))
    workspace = Workspace()
    workspace.apply(open_image(image))
    mixture = FitSettings(n_components=4, seed=seed)
    workspace.apply(set_to(SegmentSettings(mixture=mixture)))
    previews = watched_fit(workspace)
    assert previews
    # Which class colour will be whose is not known yet: none is shown.
    for shown in previews:
        mean_distance = np.abs(class_colours(shown) - image.pixels.astype(float)).mean()
        assert mean_distance < 16
    assert [entry.colour for entry in workspace.document.classes] == [class_colour(k) for k in range(4)]
    for n_components in (5, 4):
        workspace.apply(change_setting("mixture.n_components", n_components, "K"))
        for shown in watched_fit(workspace)[-1:]:
            is_same = (class_colours(shown) == class_colours(workspace.shown)).all(axis=2)
            assert is_same.mean() > 0.9


def two_at(first: tuple[float, float], second: tuple[float, float]) -> MixtureParams:
    means = np.array([[*first, 0.0], [*second, 0.0]])
    return MixtureParams(np.array([0.5, 0.5]), means, Spherical(np.ones(2)))


def outcome_at(workspace: Workspace, params: MixtureParams) -> SegmentOutcome:
    """Return the outcome of fitting the document, had that ended at these parameters."""
    document = workspace.document
    assert document.image is not None
    outcome = fitted(document.image, document.settings)
    result = replace(outcome.fit.result, params=params)
    return replace(outcome, fit=replace(outcome.fit, result=result))


def test_a_fit_continues_its_own_preview_before_the_fit_before() -> None:
    """Half way between the old components the nearer one changes; what was seen to be blue stays blue."""
    workspace = opened(replace(QUICK, mixture=replace(QUICK.mixture, n_components=2)))
    workspace.accept_fit(outcome_at(workspace, two_at((0, 0), (10, 0))))
    workspace.apply(rename_class(1, "left"))
    workspace.apply(change_setting("mixture.seed", 1, "Seed"))
    final = outcome_at(workspace, two_at((4.9, -5), (5.1, 5)))
    seen = replace(final.segmentation, params=two_at((4.9, 5), (5.1, -5)))
    workspace.show_preview(final.table, seen, "preview")
    above, below = workspace.shown.classes.colours_by_component()
    assert workspace.shown.classes.of_component(0).name == "left"
    assert workspace.accept_fit(final)
    assert workspace.document.classes.colours_by_component() == [below, above]
    assert workspace.document.classes.of_component(1).name == "left"
    # A preview of other settings has no say.
    workspace.show_preview(final.table, seen, "preview")
    workspace.apply(change_setting("mixture.seed", 2, "Seed"))
    before = workspace.document.classes.colours_by_component()
    assert workspace.accept_fit(outcome_at(workspace, two_at((4.9, -5), (5.1, 5))))
    assert workspace.document.classes.colours_by_component() == before


def test_history_holds_few_large_images() -> None:
    workspace = Workspace()
    for seed in range(10):
        workspace.apply(open_image(picture(seed)))
    seen = {id(workspace.document.image)}
    while workspace.shown.undo_title is not None:
        workspace.undo()
        seen.add(id(workspace.document.image))
    assert len(seen) <= MAX_LARGE_IN_HISTORY


def test_the_table_cache_keeps_the_newest() -> None:
    make = TableCache()
    one = make(picture(), QUICK.features)
    assert make(picture(), QUICK.features) is one
    other = make(picture(), replace(QUICK.features, space="lab"))
    assert other is not one
    assert make(picture(), QUICK.features) is not one


class AnyOrder(RuleBasedStateMachine):
    """Open, fit, edit, undo and redo in any order, beside a plain list of states as the model."""

    def __init__(self) -> None:
        super().__init__()
        self.workspace = Workspace()
        self.workspace.apply(open_image(picture()))
        self.workspace.apply(set_to(QUICK))
        self.workspace.settle()
        self.states = [self.workspace.document]
        self.at = 0

    def edit(self, edit: Edit[Document]) -> None:
        self.workspace.settle()
        self.workspace.apply(edit)
        self.states[self.at + 1 :] = [self.workspace.document]
        self.at += 1

    @rule(seed=st.integers(0, 1))
    def open(self, seed: int) -> None:
        self.edit(open_image(picture(seed)))

    @rule(value=st.integers(1, 4))
    def set_components(self, value: int) -> None:
        self.edit(change_setting("mixture.n_components", value, "K"))

    @rule(value=st.sampled_from([0, 257, -1, 10**30]))
    def set_nonsense(self, value: int) -> None:
        with pytest.raises(SettingsError):
            self.workspace.apply(change_setting("mixture.n_components", value, "K"))

    @rule()
    def fit(self) -> None:
        assert fit(self.workspace)
        self.states[self.at] = self.workspace.document

    @rule(seed=st.integers(0, 1), value=st.integers(1, 4))
    def finish_something_outdated(self, seed: int, value: int) -> None:
        document = self.workspace.document
        mixture = replace(document.settings.mixture, n_components=value, seed=99)
        outcome = fitted(picture(seed), replace(document.settings, mixture=mixture))
        assert not self.workspace.accept_fit(outcome)

    @precondition(lambda self: len(self.workspace.document.classes) > 1)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        ids = [entry.id for entry in self.workspace.document.classes]
        self.edit(merge_classes(data.draw(st.permutations(ids))[:2]))

    @precondition(lambda self: len(self.workspace.document.classes) > 0)
    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        ids = [entry.id for entry in self.workspace.document.classes]
        self.edit(split_class(data.draw(st.sampled_from(ids))))

    @rule()
    def undo(self) -> None:
        if self.at == 0:
            return
        self.workspace.undo()
        self.at -= 1

    @rule()
    def redo(self) -> None:
        self.workspace.redo()
        self.at = min(self.at + 1, len(self.states) - 1)

    @invariant()
    def the_document_is_the_model_s(self) -> None:
        assert self.workspace.document is self.states[self.at]
        assert self.workspace.shown.document is self.workspace.document

    @invariant()
    def classes_hold_each_component_once(self) -> None:
        document, shown = self.workspace.document, self.workspace.shown
        tables: list[tuple[ClassTable, int]] = []
        if document.fit is not None:
            tables.append((document.classes, document.fit.result.params.n_components))
        if shown.segmentation is not None:
            tables.append((shown.classes, shown.segmentation.n_components))
        for table, n_components in tables:
            assert sorted(k for entry in table for k in entry.components) == list(range(n_components))
            assert len({entry.id for entry in table}) == len(table)

    @invariant()
    def a_final_map_is_of_the_documents_fit(self) -> None:
        shown = self.workspace.shown
        if shown.segmentation is not None and not shown.is_preview:
            assert shown.document.fit is not None
            assert shown.segmentation.params is shown.document.fit.result.params


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = hypothesis_settings(max_examples=40, stateful_step_count=20)


def test_a_setting_of_any_group_is_changed_by_its_path_alone() -> None:
    groups = [
        document_field.name for document_field in fields(Document) if document_field.name.endswith("settings")
    ]
    paths = {
        setting.path: name for name in groups for setting in settings_of(type(getattr(Document(), name)))
    }
    assert len(paths) == sum(len(settings_of(type(getattr(Document(), name)))) for name in groups)
    for path, value in (("smooth", 2.0), ("detail", 0.25), ("min_island", 30), ("threshold", 2.0)):
        changed = change_setting(path, value, "").apply(Document())
        assert value_at(getattr(changed, paths[path]), path) == value
        others = [name for name in groups if name != paths[path]]
        assert all(getattr(changed, name) == getattr(Document(), name) for name in others)
