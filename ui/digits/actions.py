"""The actions of the digits desk as a table."""

from __future__ import annotations

from gmmseg.digits.project import DigitsProject
from gmmseg.digits.view_state import ViewState
from ui.desk.actions import REDO, UNDO, ActionSpec, DeskState, Keys, is_running
from ui.desk.saving import PROJECT_ACTIONS, find_action
from ui.digits.commands import DigitCommands
from ui.digits.opening import Opener
from ui.digits.panels.clusters import VIEWS, ClustersPanel, View
from ui.digits.running import Experimenter
from ui.digits.work import DigitWork

_VIEW_TITLES: dict[View, str] = {
    "clusters": "&Clusters",
    "misplaced": "&Misplaced digits",
    "samples": "Drawn &samples",
    "selection": "S&election",
}


State = DeskState[ViewState]
Spec = ActionSpec[State]


def has_digits(state: State) -> bool:
    """Enabled once there are digits."""
    return state.shown.document.digits is not None


def has_outcome(state: State) -> bool:
    """Enabled once a run has finished."""
    return state.shown.document.outcome is not None


def can_run(state: State) -> bool:
    """Enabled with digits and while nothing runs."""
    digits = state.shown.document.digits
    return digits is not None and not digits.is_missing and not state.is_running


def _view_spec(number: int, view: View) -> Spec:
    return Spec(
        f"view_{view}", _VIEW_TITLES[view], ClustersPanel.show_view, (f"Ctrl+{number}",),
        enabled_when=has_digits, arguments=(view,),
    )  # fmt: skip


DIGIT_ACTIONS: tuple[Spec, ...] = (
    Spec(
        "open_folder", "&Open folder…", DigitCommands.open_folder, (Keys.Open,), "open",
        tip="Open a folder of digits: IDX files, or pictures in sub-folders named by label",
    ),
    Spec(
        "open_digit_file", "Open &file…", DigitCommands.open_file, ("Ctrl+Shift+O",), "",
        tip="Open an IDX file, an NPZ archive of digits, or a project",
    ),
    Spec(
        "get_mnist", "Get &MNIST", Opener.get_mnist, (), "down",
        tip="Fetch the 70,000 digits of MNIST (11 MB) into the cache folder, where they are not there yet",
    ),
    Spec(
        "drawn", "&Drawn digits", Opener.open_drawn, (), "digits",
        tip="Digits that the program draws itself, in several hands",
    ),
    Spec(
        "export_digits", "&Export…", DigitCommands.export, ("Ctrl+E",), "export", has_outcome,
        "Write the assignments, the figure, the model or a report",
    ),
    *PROJECT_ACTIONS,
    find_action("Find the m&issing digits…", DigitsProject),
    UNDO,
    REDO,
    Spec(
        "run", "&Run", Experimenter.run, ("Ctrl+Return", "Ctrl+Enter"), "run", can_run,
        "Run the recipe with these settings; what earlier stages have made is used again",
    ),
    Spec(
        "stop", "&Stop", DigitWork.stop, ("Esc",), "stop", is_running,
        "Stop; the clusters before stay, and finished stages are kept",
    ),
    Spec("reset_recipe", "Reset the re&cipe", DigitCommands.reset_recipe, (), "reset"),
    Spec(
        "rename_cluster", "&Name the cluster", ClustersPanel.rename_current, ("F2",), "rename",
        has_outcome, "Name the cluster of the current digit",
    ),
    *(_view_spec(number, view) for number, view in enumerate(VIEWS, start=1)),
    Spec(
        "unfold_all", "Show &all digits", ClustersPanel.unfold_all, ("Ctrl+Shift+A",), "", has_outcome,
        arguments=(True,),
    ),
    Spec(
        "fold_all", "Show &few digits", ClustersPanel.unfold_all, (), "", has_outcome,
        arguments=(False,),
    ),
    Spec(
        "larger", "&Larger digits", DigitCommands.enlarge, (Keys.ZoomIn, "Ctrl+="), "zoom-in", has_digits,
        arguments=(1,),
    ),
    Spec(
        "smaller", "Smaller di&gits", DigitCommands.enlarge, (Keys.ZoomOut,), "zoom-out", has_digits,
        arguments=(-1,),
    ),
)  # fmt: skip
