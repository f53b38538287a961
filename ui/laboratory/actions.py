"""The actions of the laboratory as a table; those of a page stand on the page."""

from __future__ import annotations

from gmmseg.laboratory.lesson import Lesson
from gmmseg.laboratory.lessons.contents import LESSONS
from gmmseg.laboratory.view_state import ViewState
from ui.desk.actions import REDO, UNDO, ActionSpec, DeskState, Keys, is_running
from ui.desk.saving import PROJECT_ACTIONS
from ui.laboratory.acting import Actor
from ui.laboratory.commands import LaboratoryCommands
from ui.laboratory.opening import Opener
from ui.laboratory.work import LaboratoryWork

State = DeskState[ViewState]
Spec = ActionSpec[State]


def can_run(state: State) -> bool:
    """Enabled where the open page has work for the background, and nothing runs."""
    page = state.shown.page
    is_possible = any(action.work is not None and action.is_possible(page) for action in page.actions)
    return is_possible and not state.is_running


def has_own_data(state: State) -> bool:
    """Enabled where the pages look at other data than their examples."""
    return state.shown.document.data is not None


def lesson_action(lesson: Lesson) -> str:
    """Return the id of the action that begins a lesson."""
    return f"lesson_{lesson.name}"


def _lesson_spec(number: int, lesson: Lesson) -> Spec:
    return Spec(
        lesson_action(lesson), f"&{number}  {lesson.title}", LaboratoryCommands.begin_lesson,
        tip="A lesson of a few minutes: predict, do, see", arguments=(lesson.name,),
    )  # fmt: skip


LABORATORY_ACTIONS: tuple[Spec, ...] = (
    Spec(
        "begin_anew", "&New", LaboratoryCommands.begin_anew, (Keys.New,), "",
        tip="Begin a new project: every page with its example",
    ),
    Spec(
        "open_table", "&Open a table…", LaboratoryCommands.open_table, (Keys.Open,), "open",
        tip="Open a table of numbers, CSV, TSV, NPY or NPZ, or a saved mixture to begin at",
    ),
    Spec(
        "photo_pixels", "Take the &photo's pixels", Opener.open_photo, (), "photo",
        tip="Look at the pixels of the photo on the Photo desk, by its features",
    ),
    Spec(
        "examples", "E&xamples of the pages", LaboratoryCommands.use_examples, (), "reset", has_own_data,
        "Give each page the data that it began with",
    ),
    Spec(
        "export_figures", "&Export figures…", LaboratoryCommands.export, ("Ctrl+E",), "export",
        tip="Write bars and tables of the page as CSV, its picture as PNG, or all steps as an animation",
    ),
    *PROJECT_ACTIONS,
    UNDO,
    REDO,
    Spec(
        "run", "&Run", Actor.run, ("Ctrl+Return", "Ctrl+Enter"), "run", can_run,
        "Run what the page has to compute",
    ),
    Spec("stop", "&Stop", LaboratoryWork.stop, ("Esc",), "stop", is_running, "Stop, and keep what there is"),
    *(_lesson_spec(number, lesson) for number, lesson in enumerate(LESSONS, start=1)),
)  # fmt: skip
