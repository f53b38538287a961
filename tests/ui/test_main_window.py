"""The frame of the window: docks that come back, menus from the table, drops taken anywhere."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QByteArray, QPoint, QSize, Qt
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QLabel,
    QLineEdit,
    QMenu,
    QTabBar,
    QToolBar,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gmmseg.io.images import image_from_array
from gmmseg.photo.document import Document
from gmmseg.photo.view_state import ViewState
from tests.data.states import make_shown
from tests.ui.driving import blobs, drop, mime_of
from ui.commands import WINDOW_ACTIONS
from ui.desk.actions import Actions, ActionSpec, DeskState
from ui.desk.desk import Desk, DeskDock, DeskLayout, DeskMenu, Heading
from ui.main_window import MainWindow, first_size
from ui.photo.actions import PHOTO_ACTIONS
from ui.photo.arrangements import ARRANGEMENTS
from ui.photo.files_menu import FilesMenu
from ui.photo.layout import OpacitySlider, SamplesMenu, photo_layout
from ui.photo.panels.classes import ClassesPanel
from ui.photo.wiring import PhotoPanels
from ui.settings_store import KeptLayout
from ui.widgets.drop_veil import DropVeil
from ui.widgets.recent_menu import RecentMenu
from ui.widgets.rim import Rim
from ui.widgets.tool_bar import ToolBar


class Recorder:
    """Stands for the application: notes which command was called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def bind(self, method: Callable[..., object]) -> Callable[..., object]:
        return lambda *arguments: self.calls.append((method.__name__, arguments))

    def run_other(self) -> None:
        """Actions of the second desk."""


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def made_desk(recorder: Recorder, arrangement: str = "explore") -> Desk:
    """The photo desk's layout and actions, which the recorder hears."""
    actions, panels = Actions(PHOTO_ACTIONS, recorder.bind), PhotoPanels()
    samples = SamplesMenu(lambda name: recorder.calls.append(("open_sample", (name,))))
    recent, files = RecentMenu(), FilesMenu()
    desk = Desk("photo", actions, photo_layout(actions, panels, recent, samples, files, OpacitySlider()))
    for part in (actions, panels):
        part.setParent(desk)
    for menu in (samples, recent, files):
        menu.setParent(desk.layout.toolbar, menu.windowFlags())
    desk.arrange(arrangement)
    return desk


def other_desk(recorder: Recorder) -> Desk:
    """A second desk, with keys that the first one has too."""
    specs = (ActionSpec[None]("run", "&Run", Recorder.run_other, ("Ctrl+Return",), "run"),)
    actions = Actions(specs, recorder.bind)
    bar = ToolBar("otherBar", "Other")
    bar.add_mode_spot()
    bar.add_button(actions["run"])
    docks = (
        DeskDock("otherLeft", "Choice", QLineEdit(), "left"),
        DeskDock("otherRight", "Scores", QLineEdit(), "right"),
        DeskDock("otherTab1", "Curve", QLabel(), "tab"),
        DeskDock("otherTab2", "Matrix", QLabel(), "tab"),
    )
    menus = (DeskMenu("other", "&Digits", [actions["run"]]),)
    layout = DeskLayout(QLabel("rows of digits"), docks, bar, QLabel("other readout"), menus)
    desk = Desk("other", actions, layout)
    actions.setParent(desk)
    return desk


@pytest.fixture
def desk(qapp: QApplication, recorder: Recorder) -> Desk:
    return made_desk(recorder)


@pytest.fixture
def window(qtbot: QtBot, recorder: Recorder, desk: Desk) -> MainWindow:
    window = MainWindow()
    actions = Actions(WINDOW_ACTIONS, recorder.bind, window)
    window.set_actions(actions)
    window.add_mode("photo", "Photo")
    desk.setParent(window)
    window.add_desk(desk)
    window.show_desk(desk)
    qtbot.addWidget(window)
    # Room for everything, also on a small screen.
    window.resize(1600, 1000)
    with qtbot.waitExposed(window):
        window.show()
    desk.actions.show_state(DeskState(with_image(), False))
    return window


@pytest.fixture
def second(window: MainWindow, recorder: Recorder) -> Desk:
    """Another desk, offered but not yet worked at."""
    second = other_desk(recorder)
    second.setParent(window)
    window.add_mode("other", "Digits")
    window.add_desk(second)
    return second


def with_image(**fields: Any) -> ViewState:
    return ViewState(document=Document(image=image_from_array(blobs(), "flower.png")), **fields)


def has_button(window: MainWindow, name: str) -> bool:
    return any(button.isVisible() for button in window.findChildren(QToolButton, name))


def dock(window: MainWindow, name: str) -> QDockWidget:
    found = window.findChild(QDockWidget, name)
    assert found is not None
    return found


def docks_in_sight(window: MainWindow) -> set[str]:
    return {found.objectName() for found in window.findChildren(QDockWidget) if found.isVisibleTo(window)}


def first_docks(desk: Desk) -> set[str]:
    """Names of the docks that a desk's arrangement shows at first."""
    name = desk.arrangement.name
    return {spec.name for spec in desk.layout.docks if not spec.arrangements or name in spec.arrangements}


def test_setup_is_on_the_left_classes_above_tabbed_plots_on_the_right(window: MainWindow) -> None:
    places = {
        name: window.dockWidgetArea(dock(window, name)) for name in ("setupDock", "classesDock", "kCurveDock")
    }
    assert places["setupDock"] is Qt.DockWidgetArea.LeftDockWidgetArea
    assert places["classesDock"] is places["kCurveDock"] is Qt.DockWidgetArea.RightDockWidgetArea
    tabs = window.tabifiedDockWidgets(dock(window, "convergenceDock"))
    others = {"scatterDock", "kCurveDock", "mergeTreeDock", "displayDock", "historyDock"}
    assert {tab.objectName() for tab in tabs} == others
    assert dock(window, "classesDock").y() < dock(window, "convergenceDock").y()


def test_every_dock_and_toolbar_has_a_name_so_that_the_layout_can_be_saved(window: MainWindow) -> None:
    assert all(found.objectName() for found in window.findChildren(QDockWidget))


def test_reset_layout_brings_a_closed_and_a_floating_dock_back(window: MainWindow) -> None:
    dock(window, "setupDock").close()
    dock(window, "scatterDock").setFloating(True)
    window.reset_layout()
    assert dock(window, "setupDock").isVisible()
    assert not dock(window, "scatterDock").isFloating()
    assert dock(window, "kCurveDock") in window.tabifiedDockWidgets(dock(window, "scatterDock"))


def test_a_saved_layout_comes_back_and_nonsense_is_ignored(
    qtbot: QtBot, recorder: Recorder, window: MainWindow, desk: Desk
) -> None:
    dock(window, "classesDock").close()
    layouts = window.docking.layouts()
    nonsense = {"photo_explore": KeptLayout(QByteArray(b"nonsense"), ("gone",), ("neither",))}
    for kept, is_there in ((layouts, False), (nonsense, True)):
        again, desk = MainWindow(kept), made_desk(recorder)
        again.set_actions(Actions(WINDOW_ACTIONS, recorder.bind, again))
        desk.setParent(again)
        again.add_desk(desk)
        again.resize(1600, 1000)
        again.show_desk(desk)
        qtbot.addWidget(again)
        again.show()
        assert dock(again, "classesDock").isVisible() == is_there
        assert dock(again, "setupDock").isVisible()
        # No tab bar is left over on screen of how the docks were before.
        bars = [bar for bar in again.findChildren(QTabBar) if again.rect().intersects(bar.geometry())]
        titles = [tuple(bar.tabText(n) for n in range(bar.count())) for bar in bars]
        assert len(titles) == len(set(titles))


def test_no_two_actions_share_a_key_where_both_work(window: MainWindow, desk: Desk) -> None:
    """Keys of a panel work while it has the focus: another panel may have the same, the window may not."""
    taken: dict[str, dict[str, str]] = {}
    for action in [*desk.actions, *window.findChildren(QAction)]:
        is_panels = action.shortcutContext() is Qt.ShortcutContext.WidgetWithChildrenShortcut
        where = action.objectName().split(".")[0] if is_panels else ""
        for keys in action.shortcuts():
            names = taken.setdefault(keys.toString(), {})
            assert names.setdefault(where, action.objectName()) == action.objectName(), names
    assert not [names for names in taken.values() if "" in names and len(names) > 1]


def test_every_action_is_in_a_menu_and_every_icon_exists(window: MainWindow) -> None:
    in_menus: set[str] = set()
    for menu in window.findChildren(QMenu):
        in_menus |= {action.objectName() for action in menu.actions()}
    assert {spec.id for spec in PHOTO_ACTIONS} | {spec.id for spec in WINDOW_ACTIONS} <= in_menus


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
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier, ("run", ())),
        (Qt.Key.Key_3, Qt.KeyboardModifier.NoModifier, ("select_class", (3,))),
        (Qt.Key.Key_Period, Qt.KeyboardModifier.NoModifier, ("step", ())),
        (Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier, ("paste_image", ())),
        (Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier, ("set_layout", (4,))),
        (Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier, ("export", ())),
        (Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier, ("quit", ())),
    ],
)
def test_keys_call_their_commands(
    window: MainWindow,
    desk: Desk,
    recorder: Recorder,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier,
    call: tuple[str, tuple[Any, ...]],
) -> None:
    for spec in PHOTO_ACTIONS:
        desk.actions[spec.id].setEnabled(True)
    QTest.keyClick(window, key, modifier)
    assert recorder.calls == [call]


def test_without_an_image_only_opening_makes_sense(window: MainWindow, desk: Desk) -> None:
    desk.actions.show_state(DeskState(ViewState(), False))
    enabled = {action.objectName() for action in desk.actions if action.isEnabled()}
    assert {"open", "paste"} <= enabled
    assert not {"export", "undo", "redo", "run", "stop", "step", "copy_mask", "fit_view"} & enabled


def test_run_becomes_stop_in_place(window: MainWindow, desk: Desk, recorder: Recorder) -> None:
    button = window.findChild(QToolButton, "runButton")
    assert button is not None
    place = button.geometry()
    shown = with_image()
    for is_running, call in ((False, "run"), (True, "stop"), (False, "run")):
        recorder.calls.clear()
        desk.actions.show_state(DeskState(shown, is_running))
        desk.layout.toolbar.show_running(is_running)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert [name for name, _ in recorder.calls] == [call]
        assert button.geometry() == place
        assert len(button.actions()) == 1


def test_undo_says_what_it_takes_back_and_keeps_an_ampersand_in_a_name(
    window: MainWindow, desk: Desk
) -> None:
    desk.actions.show_history("Rename to A & B", None)
    assert desk.actions["undo"].text().endswith("Rename to A && B")
    assert desk.actions["redo"].text() == "&Redo"
    desk.actions.show_history(None, None)
    assert desk.actions["undo"].text() == "&Undo"


def test_the_title_names_the_image_and_has_a_place_for_the_star(window: MainWindow) -> None:
    window.show_heading(Heading("flower.png", is_modified=True))
    assert "flower.png[*]" in window.windowTitle()
    assert window.isWindowModified()


def test_a_drop_anywhere_is_passed_on(window: MainWindow, tmp_path: Path) -> None:
    urls: list[str] = []
    window.dropped.connect(lambda data: urls.extend(url.toLocalFile() for url in data.urls()))
    drop(window, mime_of(tmp_path / "a.png", tmp_path / "b.png"))
    assert urls == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]


def test_recent_files_are_numbered_greyed_when_gone_and_can_be_cleared(window: MainWindow) -> None:
    menu = window.findChild(RecentMenu)
    assert menu is not None
    menu.show_files([(Path("/a & b.png"), "a & b.png", True), (Path("/gone.png"), "gone.png", False)])
    there, gone, *_, clear = menu.actions()
    assert there.text().endswith("a && b.png")
    assert there.isEnabled()
    assert not gone.isEnabled()
    chosen: list[Path] = []
    cleared: list[bool] = []
    menu.chosen.connect(chosen.append)
    menu.cleared.connect(lambda: cleared.append(True))
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


def test_tab_goes_from_the_toolbar_over_the_setup_and_the_panes_to_the_classes(
    window: MainWindow, desk: Desk
) -> None:
    order: list[QWidget] = []
    widget: QWidget | None = window.nextInFocusChain()
    while widget is not window:
        assert widget is not None
        order.append(widget)
        widget = widget.nextInFocusChain()
    docks = {dock.objectName(): dock for dock in window.findChildren(QDockWidget)}
    regions = [
        window.findChild(QToolBar, "toolBar"),
        docks["setupDock"],
        desk.layout.central,
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


# Several desks


def keys_to(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def test_with_one_desk_there_is_no_button_and_no_entry_for_other_ways(window: MainWindow) -> None:
    assert window.findChild(QToolButton, "mode_photo_button") is None
    view = window.findChild(QMenu, "viewMenu")
    assert view is not None
    assert "mode_photo" not in [action.objectName() for action in view.actions()]


def test_a_click_asks_for_the_other_desk(qtbot: QtBot, window: MainWindow, second: Desk) -> None:
    asked: list[str] = []
    window.mode_requested.connect(asked.append)
    button = window.findChild(QToolButton, "mode_other_button")
    assert button is not None
    qtbot.waitUntil(button.isVisible)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked == ["other"]


def test_another_desk_swaps_the_middle_docks_toolbar_menus_and_readout(
    qtbot: QtBot, window: MainWindow, desk: Desk, second: Desk
) -> None:
    for here, there in ((second, desk), (desk, second)):
        window.show_desk(here)
        for part in (here.layout.central, here.layout.toolbar, here.layout.readout):
            assert part.isVisible()
        for part in (there.layout.central, there.layout.toolbar, there.layout.readout):
            assert not part.isVisible()
        assert docks_in_sight(window) == first_docks(here)
        titles = [action.text() for action in window.menuBar().actions()]
        assert titles[:3] == ["&File", "&Edit", "&View"]
        assert titles[-1] == "&Help"
        assert titles[3:-1] == (["&Digits"] if here is second else ["F&it", "&Objects", "&Classes"])
        way = "mode_photo_button" if here is second else "mode_other_button"
        qtbot.waitUntil(partial(has_button, window, way))


def test_the_way_between_desks_can_be_gone_any_number_of_times(
    qtbot: QtBot, window: MainWindow, desk: Desk, second: Desk
) -> None:
    desks = {"photo": desk, "other": second}
    window.mode_requested.connect(lambda name: window.show_desk(desks[name]))
    for name in ("other", "photo", "other", "photo"):
        # What nothing in Python refers to must stay alive in Qt.
        gc.collect()
        way = f"mode_{name}_button"
        qtbot.waitUntil(partial(has_button, window, way))
        button = next(b for b in window.findChildren(QToolButton, way) if b.isVisible())
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert desks[name].layout.central.isVisible()
        assert docks_in_sight(window) == first_docks(desks[name])


def test_keys_that_desks_share_go_to_the_one_in_use(
    window: MainWindow, desk: Desk, second: Desk, recorder: Recorder
) -> None:
    for here, call in ((second, "run_other"), (desk, "run"), (second, "run_other")):
        window.show_desk(here)
        recorder.calls.clear()
        keys_to(window)
        assert [name for name, _ in recorder.calls] == [call]


def test_what_is_disabled_at_a_desk_still_is_on_coming_back(
    window: MainWindow, desk: Desk, second: Desk, recorder: Recorder
) -> None:
    desk.actions["run"].setEnabled(False)
    window.show_desk(second)
    window.show_desk(desk)
    keys_to(window)
    assert recorder.calls == []


def test_each_desk_keeps_its_own_layout(window: MainWindow, desk: Desk, second: Desk) -> None:
    dock(window, "setupDock").close()
    window.show_desk(second)
    dock(window, "otherTab1").close()
    window.show_desk(desk)
    assert not dock(window, "setupDock").isVisible()
    assert dock(window, "classesDock").isVisible()
    window.show_desk(second)
    assert not dock(window, "otherTab1").isVisible()
    assert dock(window, "otherLeft").isVisible()
    assert set(window.docking.layouts()) == {"photo_explore", "other"}


def test_reset_layout_is_for_the_desk_in_use(window: MainWindow, desk: Desk, second: Desk) -> None:
    dock(window, "setupDock").close()
    window.show_desk(second)
    dock(window, "otherLeft").close()
    window.reset_layout()
    assert dock(window, "otherLeft").isVisible()
    assert not dock(window, "setupDock").isVisible()
    window.show_desk(desk)
    assert not dock(window, "setupDock").isVisible()


# Arrangements


def share_of_the_middle(window: MainWindow) -> float:
    middle = window.centralWidget()
    assert middle is not None
    return middle.width() * middle.height() / (window.width() * window.height())


def rim_titles(window: MainWindow, side: str) -> list[str]:
    rim = window.findChild(Rim, f"{side}Rim")
    assert rim is not None
    return [button.text() for button in rim.findChildren(QToolButton) if button.isVisible()]


@pytest.mark.parametrize("size", [(1024, 700), (1280, 800), (1440, 900), (1600, 1000)])
@pytest.mark.parametrize("arrangement", [each.name for each in ARRANGEMENTS])
@pytest.mark.slow
def test_the_middle_has_more_than_half_of_the_window_whatever_is_folded(
    qtbot: QtBot, window: MainWindow, desk: Desk, arrangement: str, size: tuple[int, int]
) -> None:
    window.resize(*size)
    desk.arrange(arrangement)
    is_roomy = size[0] >= 1440 or arrangement == "cut_out"

    def is_in_order() -> bool:
        folded = {dock.objectName() for docks in window.docking._folded.values() for dock in docks}
        is_complete = docks_in_sight(window) | folded == first_docks(desk)
        return is_complete and bool(folded) != is_roomy and share_of_the_middle(window) > 0.5

    qtbot.waitUntil(is_in_order)


def test_a_title_on_the_rim_unfolds_its_side_and_the_other_one_gives_way(
    qtbot: QtBot, window: MainWindow, desk: Desk
) -> None:
    window.resize(1024, 700)
    desk.arrange("segment")
    qtbot.waitUntil(
        lambda: rim_titles(window, "right") == ["Classes", "Objects", "Regions", "Parts", "Display", "Files"]
    )
    asks = window.findChild(QToolButton, "rim_objectsDock")
    assert asks is not None
    QTest.mouseClick(asks, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: rim_titles(window, "left") == ["Setup"])
    assert rim_titles(window, "right") == []
    assert not dock(window, "objectsDock").visibleRegion().isEmpty()
    window.resize(1600, 1000)
    qtbot.waitUntil(lambda: docks_in_sight(window) == first_docks(desk))
    assert rim_titles(window, "left") == []


def test_a_panel_wider_than_there_is_room_for_is_folded_once_and_that_is_all(
    qtbot: QtBot, window: MainWindow, desk: Desk
) -> None:
    window.resize(1024, 700)
    desk.arrange("cut_out")
    dock(window, "objectsDock").widget().setMinimumWidth(600)
    turns: list[bool] = []
    window.docking._later.timeout.connect(lambda: turns.append(True))
    window.docking.keep_room_soon()
    qtbot.waitUntil(lambda: "Objects" in rim_titles(window, "right"))
    qtbot.wait(100)
    assert len(turns) < 8
    assert "Objects" in rim_titles(window, "right")


def test_what_was_folded_by_hand_stays_folded_in_its_arrangement_the_next_time_too(
    qtbot: QtBot, recorder: Recorder, window: MainWindow, desk: Desk
) -> None:
    window.toggle_side("right")
    assert docks_in_sight(window) == {"setupDock"}
    desk.arrange("cut_out")
    assert docks_in_sight(window) == first_docks(desk)
    desk.arrange("explore")
    assert docks_in_sight(window) == {"setupDock"}
    again, other = MainWindow(window.docking.layouts()), made_desk(recorder)
    again.set_actions(Actions(WINDOW_ACTIONS, recorder.bind, again))
    other.setParent(again)
    again.add_desk(other)
    again.resize(1600, 1000)
    again.show_desk(other)
    qtbot.addWidget(again)
    again.show()
    qtbot.waitUntil(lambda: len(rim_titles(again, "right")) == 7)
    assert docks_in_sight(again) == {"setupDock"}
    again.toggle_side("right")
    assert docks_in_sight(again) == first_docks(other)


def test_a_folded_panel_called_by_the_menu_comes_back_with_its_side(window: MainWindow, desk: Desk) -> None:
    window.toggle_side("right")
    dock(window, "scatterDock").toggleViewAction().trigger()
    assert docks_in_sight(window) == first_docks(desk)
    assert not dock(window, "scatterDock").visibleRegion().isEmpty()


@pytest.mark.parametrize("size", [(1024, 700), (1440, 900)])
def test_five_classes_are_not_cut_off_nor_are_the_titles_of_tabs(
    qtbot: QtBot, recorder: Recorder, size: tuple[int, int]
) -> None:
    window, desk = MainWindow(), made_desk(recorder)
    window.set_actions(Actions(WINDOW_ACTIONS, recorder.bind, window))
    desk.setParent(window)
    window.add_desk(desk)
    window.show_desk(desk)
    window.resize(*size)
    qtbot.addWidget(window)
    classes = dock(window, "classesDock").widget()
    assert isinstance(classes, ClassesPanel)
    classes.show_state(ViewState(), make_shown(5))
    with qtbot.waitExposed(window):
        window.show()
    view = classes.view
    qtbot.waitUntil(lambda: view.viewport().height() >= 5 * view.rowHeight(0))
    [bar] = [bar for bar in window.findChildren(QTabBar) if bar.count() > 3]
    assert bar.elideMode() is Qt.TextElideMode.ElideNone
    assert bar.usesScrollButtons()


@pytest.mark.parametrize(
    ("screen", "expected"),
    [
        ((2560, 1600), (1440, 900)),
        ((1280, 800), (1264, 752)),
        ((1024, 700), (1008, 652)),
        ((320, 200), (640, 480)),
    ],
)
def test_the_first_window_fits_the_screen(screen: tuple[int, int], expected: tuple[int, int]) -> None:
    assert first_size(QSize(*screen)) == QSize(*expected)


def test_a_new_window_is_no_larger_than_its_screen(qtbot: QtBot) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    available = window.screen().availableSize()
    assert window.width() <= available.width()
    assert window.height() <= available.height()


def test_what_is_dragged_over_the_window_lights_it_up_until_it_leaves_or_falls(
    window: MainWindow, tmp_path: Path
) -> None:
    veil = window.findChild(DropVeil)
    assert veil is not None
    data = mime_of(tmp_path / "a.png")
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPoint(400, 300), Qt.DropAction.CopyAction, data, buttons, keys)
    QApplication.sendEvent(window, entering)
    assert veil.isVisible()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not veil.isVisible()
    drop(window, data)
    assert not veil.isVisible()


def test_tools_have_words_where_these_leave_the_picture_wide(
    qtbot: QtBot, window: MainWindow, desk: Desk
) -> None:
    brush = next(
        button
        for button in window.findChildren(QToolButton)
        if button.defaultAction() is desk.actions["tool_brush"]
    )
    for size, style in (
        ((1600, 1000), Qt.ToolButtonStyle.ToolButtonTextBesideIcon),
        ((1024, 700), Qt.ToolButtonStyle.ToolButtonIconOnly),
    ):
        window.resize(*size)
        desk.arrange("cut_out")
        qtbot.waitUntil(lambda style=style: brush.toolButtonStyle() is style)  # type: ignore[misc]


def test_a_message_moves_nothing_and_leaves_clicks_beside_it_alone(window: MainWindow, desk: Desk) -> None:
    before = desk.layout.central.geometry()
    stack = window.errors.parentWidget()
    assert stack is not None
    assert not stack.isVisible()
    window.errors.show_message("The file is gone. Choose another one.")
    QApplication.processEvents()
    assert stack.isVisible()
    assert desk.layout.central.geometry() == before
    assert stack.width() < desk.layout.central.width() / 2 + 200
    window.errors.clear()
    assert not stack.isVisible()
