"""The frame of the window: docks that come back, menus from the table, drops taken anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget, QLabel, QMenu, QToolBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gmmseg.document import Document
from gmmseg.io.images import image_from_array
from gmmseg.workspace import Shown
from tests.ui.driving import blobs, drop, mime_of
from ui.actions import ACTIONS, Actions
from ui.main_window import Contents, MainWindow


class Recorder:
    """Stands for the application: notes which command was called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, arguments))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def window(qtbot: QtBot, recorder: Recorder) -> MainWindow:
    actions = Actions(recorder)  # type: ignore[arg-type]
    contents = Contents(
        QLabel("panes"),
        QLabel("setup"),
        QLabel("classes"),
        [
            ("convergence", "Convergence", QLabel()),
            ("scatter", "Scatter", QLabel()),
            ("k", "K curve", QLabel()),
        ],
        QLabel("readout"),
    )
    window = MainWindow(actions, contents, [("coffee", "Coffee & cup")])
    actions.setParent(window)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    actions.show_state(with_image(), False)
    return window


def with_image(**fields: Any) -> Shown:
    return Shown(document=Document(image=image_from_array(blobs(), "flower.png")), **fields)


def dock(window: MainWindow, name: str) -> QDockWidget:
    found = window.findChild(QDockWidget, name)
    assert found is not None
    return found


def test_setup_is_on_the_left_classes_above_tabbed_plots_on_the_right(window: MainWindow) -> None:
    places = {
        name: window.dockWidgetArea(dock(window, name)) for name in ("setupDock", "classesDock", "kDock")
    }
    assert places["setupDock"] is Qt.DockWidgetArea.LeftDockWidgetArea
    assert places["classesDock"] is places["kDock"] is Qt.DockWidgetArea.RightDockWidgetArea
    tabs = window.tabifiedDockWidgets(dock(window, "convergenceDock"))
    assert {tab.objectName() for tab in tabs} == {"scatterDock", "kDock"}
    assert dock(window, "classesDock").y() < dock(window, "convergenceDock").y()


def test_every_dock_and_toolbar_has_a_name_so_that_the_layout_can_be_saved(window: MainWindow) -> None:
    assert all(found.objectName() for found in window.findChildren(QDockWidget))


def test_reset_layout_brings_a_closed_and_a_floating_dock_back(window: MainWindow) -> None:
    dock(window, "setupDock").close()
    dock(window, "scatterDock").setFloating(True)
    window.reset_layout()
    assert dock(window, "setupDock").isVisible()
    assert not dock(window, "scatterDock").isFloating()
    assert dock(window, "kDock") in window.tabifiedDockWidgets(dock(window, "scatterDock"))


def test_a_saved_layout_comes_back_and_nonsense_is_ignored(window: MainWindow) -> None:
    dock(window, "classesDock").close()
    saved = window.saveState()
    window.reset_layout()
    window.restore(QByteArray(b"nonsense"), QByteArray(b"more nonsense"))
    assert dock(window, "classesDock").isVisible()
    window.restore(QByteArray(), saved)
    assert not dock(window, "classesDock").isVisible()


def test_no_two_actions_share_a_key(window: MainWindow) -> None:
    taken: dict[str, str] = {}
    for spec in ACTIONS:
        for keys in window._actions[spec.id].shortcuts():
            text = keys.toString()
            assert text not in taken, f"{spec.id} and {taken.get(text)} share {text}"
            taken[text] = spec.id


def test_every_action_is_in_a_menu_and_every_icon_exists(window: MainWindow) -> None:
    in_menus: set[str] = set()
    for menu in window.findChildren(QMenu):
        in_menus |= {action.objectName() for action in menu.actions()}
    assert {spec.id for spec in ACTIONS} <= in_menus


def test_menus_have_distinct_mnemonics(window: MainWindow) -> None:
    for menu in [window.menuBar(), *window.findChildren(QMenu)]:
        letters = [
            text[text.index("&") + 1].lower()
            for action in menu.actions()
            if "&" in (text := action.text().replace("&&", ""))
        ]
        assert len(letters) == len(set(letters)), (menu.objectName(), letters)


@pytest.mark.parametrize(
    ("key", "modifier", "call"),
    [
        (Qt.Key.Key_V, Qt.KeyboardModifier.NoModifier, ("toggle_overlay", ())),
        (Qt.Key.Key_F, Qt.KeyboardModifier.NoModifier, ("fit_view", ())),
        (Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier, ("fit_view", ())),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier, ("run_fit", ())),
        (Qt.Key.Key_3, Qt.KeyboardModifier.NoModifier, ("select_class", (3,))),
        (Qt.Key.Key_Period, Qt.KeyboardModifier.NoModifier, ("step", ())),
        (Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier, ("paste_image", ())),
        (Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier, ("show_panes", (4,))),
        (Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier, ("export", ())),
        (Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier, ("quit", ())),
    ],
)
def test_keys_call_their_commands(
    window: MainWindow,
    recorder: Recorder,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier,
    call: tuple[str, tuple[Any, ...]],
) -> None:
    for spec in ACTIONS:
        window._actions[spec.id].setEnabled(True)
    QTest.keyClick(window, key, modifier)
    assert recorder.calls == [call]


def test_without_an_image_only_opening_makes_sense(window: MainWindow) -> None:
    window._actions.show_state(Shown(), False)
    enabled = {spec.id for spec in ACTIONS if window._actions[spec.id].isEnabled()}
    assert {"open", "paste", "quit", "shortcuts"} <= enabled
    assert not {"export", "undo", "redo", "run", "stop", "step", "copy_mask", "fit_view"} & enabled


def test_run_becomes_stop_in_place(window: MainWindow, recorder: Recorder) -> None:
    button = window.findChild(QToolButton, "runButton")
    assert button is not None
    place = button.geometry()
    shown = with_image()
    for is_running, call in ((False, "run_fit"), (True, "stop"), (False, "run_fit")):
        recorder.calls.clear()
        window._actions.show_state(shown, is_running)
        window.show_state(shown, is_running)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert [name for name, _ in recorder.calls] == [call]
        assert button.geometry() == place
        assert len(button.actions()) == 1


def test_undo_says_what_it_takes_back_and_keeps_an_ampersand_in_a_name(window: MainWindow) -> None:
    window._actions.show_state(with_image(undo_title="Rename to A & B"), False)
    assert window._actions["undo"].text().endswith("Rename to A && B")
    window._actions.show_state(with_image(), False)
    assert window._actions["undo"].text() == "&Undo"


def test_the_title_names_the_image_and_has_a_place_for_the_star(window: MainWindow) -> None:
    window.show_state(with_image(), False)
    assert "flower.png[*]" in window.windowTitle()


def test_a_drop_anywhere_is_passed_on(window: MainWindow, tmp_path: Path) -> None:
    urls: list[str] = []
    window.dropped.connect(lambda data: urls.extend(url.toLocalFile() for url in data.urls()))
    drop(window, mime_of(tmp_path / "a.png", tmp_path / "b.png"))
    assert urls == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]


def test_recent_files_are_numbered_greyed_when_gone_and_can_be_cleared(window: MainWindow) -> None:
    window.show_recent([(Path("/a & b.png"), "a & b.png", True), (Path("/gone.png"), "gone.png", False)])
    menu = window.findChild(QMenu, "recentMenu")
    assert menu is not None
    there, gone, *_, clear = menu.actions()
    assert there.text().endswith("a && b.png")
    assert there.isEnabled()
    assert not gone.isEnabled()
    chosen: list[Path] = []
    cleared: list[bool] = []
    window.recent_chosen.connect(chosen.append)
    window.recent_cleared.connect(lambda: cleared.append(True))
    there.trigger()
    clear.trigger()
    assert chosen == [Path("/a & b.png")]
    assert cleared == [True]


def test_the_shortcut_sheet_lists_what_the_menus_hold(window: MainWindow) -> None:
    listed = window.shortcuts()
    assert ("View", "O&verlay", QKeySequence("V")) in listed
    assert listed[0][0] == "File"


def test_buttons_without_text_have_names_for_screen_readers(window: MainWindow) -> None:
    for button in window.findChildren(QToolButton):
        if button.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly and isinstance(
            button.defaultAction(), QAction
        ):
            assert button.accessibleName() or button.text()


def test_tab_goes_from_the_toolbar_over_the_setup_and_the_panes_to_the_classes(window: MainWindow) -> None:
    order: list[QWidget] = []
    widget: QWidget = window.nextInFocusChain()
    while widget is not window:
        order.append(widget)
        widget = widget.nextInFocusChain()
    docks = {dock.objectName(): dock for dock in window.findChildren(QDockWidget)}
    regions = [
        window.findChild(QToolBar, "toolBar"),
        docks["setupDock"],
        window.centralWidget(),
        docks["classesDock"],
    ]
    first = [next(at for at, widget in enumerate(order) if widget is region) for region in regions]
    assert first == sorted(first)


@pytest.mark.parametrize("action", ["open", "run", "step", "export"])
def test_toolbar_buttons_are_reached_by_tab(window: MainWindow, action: str) -> None:
    buttons = window.findChildren(QToolButton)
    [button] = [
        button for button in buttons if (held := button.defaultAction()) and held.objectName() == action
    ]
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
