"""The actions of the photo desk as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtGui import QKeySequence

from ui.desk.actions import ActionSpec

if TYPE_CHECKING:
    from gmmseg.photo.workspace import ViewState

Keys = QKeySequence.StandardKey
MAX_KEYED_CLASSES = 9


class Commands(Protocol):
    """What the actions call."""

    def open_file(self) -> None: ...
    def paste_image(self) -> None: ...
    def export(self) -> None: ...
    def undo(self) -> None: ...
    def redo(self) -> None: ...
    def copy_view(self) -> None: ...
    def copy_mask(self) -> None: ...
    def run_fit(self) -> None: ...
    def stop(self) -> None: ...
    def cancel(self) -> None: ...
    def step(self) -> None: ...
    def reset_settings(self) -> None: ...
    def fit_view(self) -> None: ...
    def actual_size(self) -> None: ...
    def zoom_in(self) -> None: ...
    def zoom_out(self) -> None: ...
    def toggle_overlay(self) -> None: ...
    def toggle_pin(self) -> None: ...
    def show_panes(self, n_panes: int) -> None: ...
    def select_class(self, class_id: int) -> None: ...
    def show_all_classes(self) -> None: ...


def has_image(shown: ViewState, is_running: bool) -> bool:
    """Enabled once there is an image."""
    return shown.document.image is not None


def has_maps(shown: ViewState, is_running: bool) -> bool:
    """Enabled once there is a segmentation."""
    return shown.segmentation is not None


def has_fit(shown: ViewState, is_running: bool) -> bool:
    """Enabled once there is a finished fit."""
    return shown.document.fit is not None


def has_results(shown: ViewState, is_running: bool) -> bool:
    """Enabled once there is a finished fit, or regions."""
    return shown.document.fit is not None or shown.regions is not None


def can_pin(shown: ViewState, is_running: bool) -> bool:
    """Enabled once there is a segmentation, or regions."""
    return shown.segmentation is not None or shown.regions is not None


def can_run(shown: ViewState, is_running: bool) -> bool:
    """Enabled with an image and while nothing runs."""
    return shown.document.image is not None and not is_running


def can_stop(shown: ViewState, is_running: bool) -> bool:
    """Enabled while something runs."""
    return is_running


def can_undo(shown: ViewState, is_running: bool) -> bool:
    """Enabled with a step to take back."""
    return shown.undo_title is not None


def can_redo(shown: ViewState, is_running: bool) -> bool:
    """Enabled with a step to bring back."""
    return shown.redo_title is not None


def _pane_spec(n_panes: int, text: str, key: str) -> ActionSpec:
    return ActionSpec(
        f"panes{n_panes}", text, lambda c: c.show_panes(n_panes), (key,), f"pane{n_panes}", group="panes"
    )


def _class_spec(number: int) -> ActionSpec:
    return ActionSpec(
        f"class{number}", f"Select class &{number}", lambda c: c.select_class(number), (str(number),),
        enabled_when=has_maps,
    )  # fmt: skip


PHOTO_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open", "&Open…", lambda c: c.open_file(), (Keys.Open,), "open", tip="Open an image"),
    ActionSpec("paste", "&Paste image", lambda c: c.paste_image(), (Keys.Paste,), "paste"),
    ActionSpec(
        "export", "&Export…", lambda c: c.export(), ("Ctrl+E",), "export", has_results,
        "Write the mask, probabilities, regions, the model or a report",
    ),
    ActionSpec("undo", "&Undo", lambda c: c.undo(), (Keys.Undo,), "undo", can_undo),
    ActionSpec("redo", "&Redo", lambda c: c.redo(), (Keys.Redo, "Ctrl+Shift+Z"), "redo", can_redo),
    ActionSpec("copy_view", "&Copy view", lambda c: c.copy_view(), (Keys.Copy,), "copy", has_image),
    ActionSpec("copy_mask", "Copy &mask", lambda c: c.copy_mask(), ("Ctrl+Shift+C",), "", has_maps),
    ActionSpec(
        "run", "&Run", lambda c: c.run_fit(), ("Ctrl+Return", "Ctrl+Enter"), "run", can_run,
        "Fit again with these settings",
    ),
    ActionSpec(
        "stop", "&Stop", lambda c: c.stop(), ("Esc",), "stop", can_stop, "Stop and keep the last step"
    ),
    ActionSpec(
        "cancel", "&Cancel", lambda c: c.cancel(), ("Shift+Esc",), "", can_stop,
        "Give up the run and keep the fit before it",
    ),
    ActionSpec(
        "step", "S&tep", lambda c: c.step(), (".",), "step", has_fit,
        "Show the next EM iteration (S2 eq. 11): θ(g+1) = f(θ(g))",
    ),
    ActionSpec("reset_settings", "Reset se&ttings", lambda c: c.reset_settings(), (), "reset"),
    ActionSpec("fit_view", "&Fit to window", lambda c: c.fit_view(), ("F", "Ctrl+R"), "fit", has_image),
    ActionSpec(
        "actual_size", "&Actual size", lambda c: c.actual_size(), ("Ctrl+0",), "zoom-actual", has_image
    ),
    ActionSpec("zoom_in", "Zoom &in", lambda c: c.zoom_in(), (Keys.ZoomIn, "Ctrl+="), "zoom-in", has_image),
    ActionSpec("zoom_out", "Zoom &out", lambda c: c.zoom_out(), (Keys.ZoomOut,), "zoom-out", has_image),
    ActionSpec(
        "overlay", "O&verlay", lambda c: c.toggle_overlay(), ("V",), "overlay", has_maps,
        "Show the classes over the photo, or the photo alone",
    ),
    ActionSpec(
        "pin", "Pi&n or unpin the pane", lambda c: c.toggle_pin(), ("P",), "pin", can_pin,
        "Keep the result in the pane used last while the settings change, to compare the two",
    ),
    _pane_spec(1, "One &pane", "Ctrl+1"),
    _pane_spec(2, "&Two panes", "Ctrl+2"),
    _pane_spec(4, "Fou&r panes", "Ctrl+4"),
    *(_class_spec(number) for number in range(1, MAX_KEYED_CLASSES + 1)),
    ActionSpec("show_all", "Show &all classes", lambda c: c.show_all_classes(), (), "eye", has_maps),
)  # fmt: skip
