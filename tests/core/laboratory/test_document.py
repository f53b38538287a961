"""Pages, data and lessons as one undoable document; lessons walked through to their ends."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.control import StopRequest, never_stop
from gmmseg.errors import SettingsError
from gmmseg.laboratory.data import THREE_IN_PLANE, made_data, table_data
from gmmseg.laboratory.document import (
    Document,
    act,
    begin_lesson,
    change_setting,
    drag_handle,
    end_lesson,
    next_step,
    open_page,
    scrub,
    show_features,
    take_answer,
    take_data,
)
from gmmseg.laboratory.lesson import Lesson
from gmmseg.laboratory.lessons.contents import LESSONS
from gmmseg.laboratory.pages.contents import PAGES
from gmmseg.laboratory.pages.em import EmPage
from gmmseg.laboratory.pages.make import MakePage
from gmmseg.laboratory.pages.mixture import MixturePage
from gmmseg.laboratory.workspace import Workspace


@pytest.fixture
def workspace() -> Workspace:
    return Workspace()


def test_pages_are_as_they_were_left(workspace: Workspace) -> None:
    workspace.apply(open_page("em"))
    workspace.apply(act(workspace.document.page, "step"))
    left = workspace.document.page
    workspace.apply(open_page("mixture"))
    workspace.apply(open_page("em"))
    assert workspace.document.page is left


def test_other_data_open_pages_anew_and_examples_come_back(workspace: Workspace) -> None:
    workspace.apply(open_page("em"))
    before = workspace.document.page
    data = made_data("rows", THREE_IN_PLANE, 100, 0)
    workspace.apply(take_data(data))
    assert workspace.document.page.data is data
    workspace.apply(open_page("mixture"))
    assert workspace.document.page.data is data
    workspace.apply(take_data(None))
    workspace.apply(open_page("em"))
    assert workspace.document.page.data is before.data


def test_rows_made_on_the_page_of_data_are_those_of_every_page(workspace: Workspace) -> None:
    workspace.apply(open_page("data"))
    assert workspace.document.data is None
    workspace.apply(change_setting("n_rows", 77, "Rows"))
    page = workspace.document.page
    assert isinstance(page, MakePage)
    workspace.apply(open_page("em"))
    assert workspace.document.page.data is page.data
    assert page.data.n_rows == 77


def test_a_drag_is_one_step_of_undo(workspace: Workspace) -> None:
    workspace.apply(open_page("em"))
    before = workspace.document.page
    for x in (0.0, 0.5, 1.0):
        workspace.apply(drag_handle("mean:0", x, 0.0))
    workspace.settle()
    workspace.undo()
    assert workspace.document.page is before
    workspace.redo()
    assert workspace.document.page.timeline.now.params.means[0, 0] == 1.0  # type: ignore[attr-defined]


def test_what_is_refused_changes_nothing(workspace: Workspace) -> None:
    workspace.apply(open_page("em"))
    before = workspace.document
    with pytest.raises(SettingsError):
        workspace.apply(change_setting("n_components", 0, "Components"))
    assert workspace.document is before


def test_scrubbing_is_undone_as_one(workspace: Workspace) -> None:
    workspace.apply(open_page("em"))
    workspace.apply(act(workspace.document.page, "step"))
    for at in (1, 0, 1):
        workspace.apply(scrub(at))
    page = workspace.document.page
    assert isinstance(page, EmPage)
    assert page.timeline.at == 1
    workspace.undo()
    assert workspace.document.page.timeline.at == 2  # type: ignore[attr-defined]


def test_other_features_are_drawn_on_every_page(workspace: Workspace) -> None:
    values = np.random.default_rng(0).normal(size=(50, 4))
    workspace.apply(take_data(table_data("table", values, ("a", "b", "c", "d"))))
    workspace.apply(show_features(3, 1))
    workspace.apply(open_page("em"))
    chart = workspace.document.page.scene().pictures[0]
    assert (chart.x_label, chart.y_label) == ("d", "b")  # type: ignore[union-attr]
    before = workspace.document
    workspace.apply(show_features(2, 2))
    assert workspace.document.data is before.data


def test_a_large_table_is_a_sample_of_itself_by_weight() -> None:
    values = np.arange(50_000.0)[:, None]
    data = table_data("rows", values, ("x",))
    assert data.n_rows == 20_000
    assert data.values.mean() == pytest.approx(values.mean(), rel=1e-3)
    weighted = table_data("rows", np.array([[0.0], [1.0]]), ("x",), np.array([30.0, 10.0]))
    assert weighted.n_rows == 40
    assert weighted.values.sum() == 10


def test_results_of_actions_are_not_taken_over_another_state(workspace: Workspace) -> None:
    workspace.apply(open_page("em"))
    begun = workspace.document.page
    workspace.apply(act(begun, "step"))
    moved = workspace.document.page
    workspace.accept_result("Run", begun, begun.act("begin"))
    assert workspace.document.page is moved


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_claim_of_a_lesson_holds(lesson: Lesson) -> None:
    document = begin_lesson(lesson.name).apply(Document().opened("likelihood"))
    n_steps = 0
    while document.lesson is not None:
        progress = document.lesson
        assert document.page.name == lesson.page
        before = document.page
        answered, after = progress.answered(0, before, never_stop)
        assert answered.claim is not None
        assert answered.claim.holds, answered.claim.text
        assert answered.right is not None
        assert 0 <= answered.right < len(progress.step.answers)
        assert answered.n_right - progress.n_right == (answered.right == 0)
        document = take_answer(answered, after).apply(document)
        n_steps += 1
        document = next_step().apply(document)
    assert n_steps == len(lesson.steps)
    assert 2 <= n_steps <= 4


def test_there_are_eight_lessons_on_pages_that_exist() -> None:
    assert len(LESSONS) == 8
    names = {page.name for page in PAGES}
    assert {lesson.page for lesson in LESSONS} <= names


def test_a_lesson_is_left_where_it_is(workspace: Workspace) -> None:
    workspace.apply(begin_lesson("mixture"))
    page = workspace.document.page
    assert isinstance(page, MixturePage)
    workspace.apply(end_lesson())
    assert workspace.document.lesson is None
    assert workspace.document.page is page


def test_a_lesson_ends_where_one_turns_away_from_its_page_or_data(workspace: Workspace) -> None:
    workspace.apply(begin_lesson("em"))
    workspace.apply(open_page("em"))
    assert workspace.document.lesson is not None
    workspace.apply(open_page("mixture"))
    assert workspace.document.lesson is None
    workspace.undo()
    assert workspace.document.lesson is not None
    workspace.apply(take_data(made_data("rows", THREE_IN_PLANE, 50, 0)))
    assert workspace.document.lesson is None


def test_a_step_of_a_lesson_asks_whether_to_stop() -> None:
    asked = []

    def should_stop() -> StopRequest:
        asked.append(1)
        return StopRequest.NONE

    document = begin_lesson("starts").apply(Document().opened("likelihood"))
    assert document.lesson is not None
    document.lesson.answered(0, document.page, should_stop)
    assert len(asked) > 12
