"""The actions of the window as a table: text, keys, icon, when enabled and what they call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from ui.theme import Scheme, icon

if TYPE_CHECKING:
    from gmmseg.workspace import Shown

Keys = QKeySequence.StandardKey
MAX_KEYED_CLASSES = 9


class Commands(Protocol):
    """What the actions call; the application offers it."""

    def open_file(self) -> None: ...
    def paste_image(self) -> None: ...
    def export(self) -> None: ...
    def quit(self) -> None: ...
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
    def show_panes(self, n_panes: int) -> None: ...
    def toggle_full_screen(self) -> None: ...
    def reset_layout(self) -> None: ...
    def use_scheme(self, scheme: Scheme) -> None: ...
    def select_class(self, class_id: int) -> None: ...
    def show_all_classes(self) -> None: ...
    def show_preferences(self) -> None: ...
    def show_shortcuts(self) -> None: ...
    def open_log_folder(self) -> None: ...
    def show_about(self) -> None: ...


Condition = Callable[["Shown", bool], bool]
"""Of what is shown and whether a fit or a reading is running."""


def always(shown: Shown, is_running: bool) -> bool:
    """Enabled whatever is shown."""
    return True


def has_image(shown: Shown, is_running: bool) -> bool:
    """Enabled once there is an image."""
    return shown.document.image is not None


def has_maps(shown: Shown, is_running: bool) -> bool:
    """Enabled once there is a segmentation."""
    return shown.segmentation is not None


def has_fit(shown: Shown, is_running: bool) -> bool:
    """Enabled once there is a finished fit."""
    return shown.document.fit is not None


def can_run(shown: Shown, is_running: bool) -> bool:
    """Enabled with an image and while nothing runs."""
    return shown.document.image is not None and not is_running


def can_stop(shown: Shown, is_running: bool) -> bool:
    """Enabled while something runs."""
    return is_running


def can_undo(shown: Shown, is_running: bool) -> bool:
    """Enabled with a step to take back."""
    return shown.undo_title is not None


def can_redo(shown: Shown, is_running: bool) -> bool:
    """Enabled with a step to bring back."""
    return shown.redo_title is not None


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action.

    Parameters
    ----------
    id : str
        Object name of the QAction.
    text : str
        With its mnemonic; translated where the action is made.
    handler : callable
        Calls one of the `Commands`.
    keys : tuple
        Standard keys or key sequences; the first is shown in the menu.
    icon : str
        File name in the icon folder without its suffix, or empty.
    enabled_when : callable
    tip : str
        Status and tool tip; the text where empty.
    group : str
        Actions of one group exclude each other and are checkable.
    """

    id: str
    text: str
    handler: Callable[[Commands], None]
    keys: tuple[QKeySequence.StandardKey | str, ...] = ()
    icon: str = ""
    enabled_when: Condition = always
    tip: str = ""
    group: str = ""


def _pane_spec(n_panes: int, text: str, key: str) -> ActionSpec:
    return ActionSpec(
        f"panes{n_panes}", text, lambda c: c.show_panes(n_panes), (key,), f"pane{n_panes}", group="panes"
    )


def _scheme_spec(scheme: Scheme, text: str) -> ActionSpec:
    return ActionSpec(f"scheme_{scheme}", text, lambda c: c.use_scheme(scheme), group="scheme")


def _class_spec(number: int) -> ActionSpec:
    return ActionSpec(
        f"class{number}", f"Select class &{number}", lambda c: c.select_class(number), (str(number),),
        enabled_when=has_maps,
    )  # fmt: skip


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open", "&Open…", lambda c: c.open_file(), (Keys.Open,), "open", tip="Open an image"),
    ActionSpec("paste", "&Paste image", lambda c: c.paste_image(), (Keys.Paste,), "paste"),
    ActionSpec(
        "export", "&Export…", lambda c: c.export(), ("Ctrl+E",), "export", has_fit,
        "Write the mask, probabilities, the model or a report",
    ),
    ActionSpec("quit", "&Quit", lambda c: c.quit(), (Keys.Quit, "Ctrl+Q")),
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
    ActionSpec("preferences", "Pre&ferences…", lambda c: c.show_preferences(), (Keys.Preferences, "Ctrl+,")),
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
    _pane_spec(1, "One &pane", "Ctrl+1"),
    _pane_spec(2, "&Two panes", "Ctrl+2"),
    _pane_spec(4, "Fou&r panes", "Ctrl+4"),
    ActionSpec("full_screen", "F&ull screen", lambda c: c.toggle_full_screen(), (Keys.FullScreen, "F11")),
    ActionSpec("reset_layout", "Reset &layout", lambda c: c.reset_layout()),
    _scheme_spec("system", "&System"),
    _scheme_spec("light", "&Light"),
    _scheme_spec("dark", "&Dark"),
    *(_class_spec(number) for number in range(1, MAX_KEYED_CLASSES + 1)),
    ActionSpec("show_all", "Show &all classes", lambda c: c.show_all_classes(), (), "eye", has_maps),
    ActionSpec(
        "shortcuts", "&Keyboard shortcuts…", lambda c: c.show_shortcuts(), (Keys.HelpContents, "Ctrl+Alt+/"),
        "help",
    ),
    ActionSpec("log_folder", "Open &log folder", lambda c: c.open_log_folder(), (), "folder"),
    ActionSpec("about", "&About gmmseg…", lambda c: c.show_about(), (), "info"),
)  # fmt: skip


class Actions(QObject):
    """The QActions made from `ACTIONS`, kept enabled and titled as the state asks."""

    def __init__(self, commands: Commands, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._commands = commands
        self._by_id: dict[str, QAction] = {}
        self._groups: dict[str, QActionGroup] = {}
        for spec in ACTIONS:
            self._by_id[spec.id] = self._made(spec)

    def __getitem__(self, action_id: str) -> QAction:
        return self._by_id[action_id]

    def show_state(self, shown: Shown, is_running: bool) -> None:
        """Enable what makes sense now, and say what undo would take back."""
        for spec in ACTIONS:
            self._by_id[spec.id].setEnabled(spec.enabled_when(shown, is_running))
        undo, redo = self.tr("&Undo"), self.tr("&Redo")
        # An ampersand in a title (a class called “A & B”) is not a mnemonic.
        for action, verb, title in (
            (self["undo"], undo, shown.undo_title),
            (self["redo"], redo, shown.redo_title),
        ):
            action.setText(f"{verb} {title.replace('&', '&&')}" if title else verb)

    def _made(self, spec: ActionSpec) -> QAction:
        action = QAction(QCoreApplication.translate("Actions", spec.text), self)
        action.setObjectName(spec.id)
        if spec.icon:
            action.setIcon(icon(spec.icon))
        action.setShortcuts(_sequences(spec))
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tip = QCoreApplication.translate("Actions", spec.tip or spec.text.replace("&", ""))
        action.setToolTip(f"{tip} ({keys})" if keys else tip)
        if spec.group:
            group = self._groups.setdefault(spec.group, QActionGroup(self))
            action.setCheckable(True)
            group.addAction(action)
        action.triggered.connect(lambda: spec.handler(self._commands))
        return action


def _sequences(spec: ActionSpec) -> list[QKeySequence]:
    """Return the key sequences of an action; a standard key stands for those of the platform."""
    found: list[QKeySequence] = []
    for key in spec.keys:
        candidates = [QKeySequence(key)] if isinstance(key, str) else QKeySequence.keyBindings(key)
        found += [sequence for sequence in candidates if sequence not in found]
    return found
