"""The actions of the digits desk as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtGui import QKeySequence

from ui.desk.actions import ActionSpec
from ui.digits.panels.clusters import VIEWS, View

if TYPE_CHECKING:
    from gmmseg.digits.workspace import DigitShown

Keys = QKeySequence.StandardKey
_VIEW_TITLES: dict[View, str] = {
    "clusters": "&Clusters",
    "misplaced": "&Misplaced digits",
    "samples": "Drawn &samples",
    "selection": "S&election",
}


class Commands(Protocol):
    """What the actions call."""

    def open_folder(self) -> None: ...
    def open_file(self) -> None: ...
    def open_drawn(self) -> None: ...
    def get_mnist(self) -> None: ...
    def export(self) -> None: ...
    def undo(self) -> None: ...
    def redo(self) -> None: ...
    def run(self) -> None: ...
    def stop(self) -> None: ...
    def reset_recipe(self) -> None: ...
    def rename_cluster(self) -> None: ...
    def show_view(self, view: View) -> None: ...
    def unfold_all(self, is_unfolded: bool) -> None: ...
    def enlarge(self, steps: int) -> None: ...


def has_digits(shown: DigitShown, is_running: bool) -> bool:
    """Enabled once there are digits."""
    return shown.document.digits is not None


def has_outcome(shown: DigitShown, is_running: bool) -> bool:
    """Enabled once a run has finished."""
    return shown.document.outcome is not None


def can_run(shown: DigitShown, is_running: bool) -> bool:
    """Enabled with digits and while nothing runs."""
    return shown.document.digits is not None and not is_running


def can_stop(shown: DigitShown, is_running: bool) -> bool:
    """Enabled while something runs."""
    return is_running


def can_undo(shown: DigitShown, is_running: bool) -> bool:
    """Enabled with a step to take back."""
    return shown.undo_title is not None


def can_redo(shown: DigitShown, is_running: bool) -> bool:
    """Enabled with a step to bring back."""
    return shown.redo_title is not None


def _view_spec(number: int, view: View) -> ActionSpec:
    return ActionSpec(
        f"view_{view}", _VIEW_TITLES[view], lambda c: c.show_view(view), (f"Ctrl+{number}",),
        enabled_when=has_digits,
    )  # fmt: skip


DIGIT_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "open_folder", "&Open folder…", lambda c: c.open_folder(), (Keys.Open,), "open",
        tip="Open a folder of digits: IDX files, or pictures in sub-folders named by label",
    ),
    ActionSpec(
        "open_digit_file", "Open &file…", lambda c: c.open_file(), ("Ctrl+Shift+O",), "",
        tip="Open an IDX file or an NPZ archive of digits",
    ),
    ActionSpec(
        "get_mnist", "Get &MNIST", lambda c: c.get_mnist(), (), "down",
        tip="Fetch the 70,000 digits of MNIST (11 MB) into the cache folder, where they are not there yet",
    ),
    ActionSpec(
        "drawn", "&Drawn digits", lambda c: c.open_drawn(), (), "digits",
        tip="Digits that the program draws itself, in several hands",
    ),
    ActionSpec(
        "export_digits", "&Export…", lambda c: c.export(), ("Ctrl+E",), "export", has_outcome,
        "Write the assignments, the figure, the model or a report",
    ),
    ActionSpec("undo", "&Undo", lambda c: c.undo(), (Keys.Undo,), "undo", can_undo),
    ActionSpec("redo", "&Redo", lambda c: c.redo(), (Keys.Redo, "Ctrl+Shift+Z"), "redo", can_redo),
    ActionSpec(
        "run", "&Run", lambda c: c.run(), ("Ctrl+Return", "Ctrl+Enter"), "run", can_run,
        "Run the recipe with these settings; what earlier stages have made is used again",
    ),
    ActionSpec(
        "stop", "&Stop", lambda c: c.stop(), ("Esc",), "stop", can_stop,
        "Stop; the clusters before stay, and finished stages are kept",
    ),
    ActionSpec("reset_recipe", "Reset the re&cipe", lambda c: c.reset_recipe(), (), "reset"),
    ActionSpec(
        "rename_cluster", "&Name the cluster", lambda c: c.rename_cluster(), ("F2",), "rename", has_outcome,
        "Name the cluster of the current digit",
    ),
    *(_view_spec(number, view) for number, view in enumerate(VIEWS, start=1)),
    ActionSpec(
        "unfold_all", "Show &all digits", lambda c: c.unfold_all(True), ("Ctrl+Shift+A",), "", has_outcome
    ),
    ActionSpec("fold_all", "Show &few digits", lambda c: c.unfold_all(False), (), "", has_outcome),
    ActionSpec(
        "larger", "&Larger digits", lambda c: c.enlarge(1), (Keys.ZoomIn, "Ctrl+="), "zoom-in", has_digits
    ),
    ActionSpec(
        "smaller", "Smaller di&gits", lambda c: c.enlarge(-1), (Keys.ZoomOut,), "zoom-out", has_digits
    ),
)  # fmt: skip
