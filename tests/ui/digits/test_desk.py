"""The digits desk in the window, used as its user does: real keys, clicks and drops."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QDockWidget,
    QLineEdit,
    QPushButton,
    QSlider,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

import ui.digits.exporting
import ui.digits.opening
import ui.digits.running
from gmmseg.control import Progress, ShouldStop, StopRequest
from gmmseg.digits.document import Document, change_setting
from gmmseg.digits.experiment import ExperimentOutcome, ExperimentRequest
from gmmseg.digits.stages import StageCache
from gmmseg.errors import Cancelled, FitError, ReadError
from gmmseg.io.digits.reports import digit_report
from tests.data.digits import write_idx_folder
from tests.ui.driving import drop, mime_of
from ui.app import App
from ui.commands import WINDOW_ACTIONS, WindowCommands
from ui.desk.actions import Actions, bound_to
from ui.digits.desk import DigitsDesk
from ui.digits.export_dialog import ExportDialog
from ui.digits.widgets.wall import Spot
from ui.main_window import MainWindow
from ui.notices import BugReports, Notices
from ui.settings_store import SettingsStore
from ui.theme import apply_theme, theme

NO_KEYS = Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


class Bench:
    """The window with the digits desk alone in it."""

    def __init__(self) -> None:
        self.store = SettingsStore()
        self.window = MainWindow()
        self.notices = Notices(self.window.errors, BugReports(self.window))
        self.window.set_actions(
            Actions(
                WINDOW_ACTIONS,
                bound_to(WindowCommands(self.window, self.store, self.window), self.window),
                self.window,
            )
        )
        self.desk = DigitsDesk(self.store, self.notices, self.window)
        self.desk.work.opener.n_drawn = (300, 60)
        self.window.add_mode("digits", "Digits")
        self.window.add_desk(self.desk)
        self.window.show_desk(self.desk)
        self.window.dropped.connect(self.desk.take)

    @property
    def document(self) -> Document:
        return self.desk.work.workspace.document

    @property
    def outcome(self) -> ExperimentOutcome:
        outcome = self.document.outcome
        assert outcome is not None
        return outcome

    def is_settled(self) -> bool:
        wall = self.desk.panels.clusters.walls["clusters"]
        return (
            self.document.outcome is not None
            and not self.desk.work.is_running
            and len(wall.sections) == self.outcome.n_clusters
        )


@pytest.fixture
def bench(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    apply_theme(qapp, "light")
    bench = Bench()
    qtbot.addWidget(bench.window)
    bench.window.resize(1600, 1000)
    with qtbot.waitExposed(bench.window):
        bench.window.show()
    yield bench
    bench.window.close()
    bench.desk.shutdown()
    apply_theme(qapp, "light")


@pytest.fixture(scope="module")
def made() -> StageCache:
    """Results of the first run's stages: the desks of later tests have them from before."""
    return StageCache()


@pytest.fixture
def clustered(bench: Bench, made: StageCache, qtbot: QtBot) -> Bench:
    """The desk with its first digits, drawn and clustered by itself."""
    cache = bench.desk.work.experimenter._cache
    cache._kept.update(made._kept)
    bench.desk.begin()
    qtbot.waitUntil(bench.is_settled, timeout=30000)
    made._kept.update(cache._kept)
    return bench


def key(bench: Bench, which: Qt.Key, modifier: Qt.KeyboardModifier = NO_KEYS) -> None:
    bench.window.setFocus()
    QTest.keyClick(bench.window, which, modifier)


def click(bench: Bench, name: str) -> None:
    button = bench.window.findChild(QToolButton, name)
    assert button is not None
    QTest.mouseClick(button, LEFT)


def type_into(bench: Bench, path: str, text: str) -> None:
    box = bench.desk.panels.setup.field(path).findChild(QAbstractSpinBox)
    assert box is not None
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)


def test_the_desk_opens_on_drawn_digits_and_clusters_them_by_itself(bench: Bench, qtbot: QtBot) -> None:
    bench.desk.begin()
    qtbot.waitUntil(bench.is_settled, timeout=30000)
    digits = bench.document.digits
    assert digits is not None
    assert digits.is_drawn
    assert bench.desk.heading.name == "Drawn digits"
    assert "drawn by the program" in bench.desk.panels.setup.data_facts.text()
    sections = bench.desk.panels.clusters.walls["clusters"].sections
    assert sum(len(section.rows) for section in sections) == 360
    assert bench.desk.panels.scores.figures["test", "acc"].text() == (
        f"{bench.outcome.scores_test.acc:.4f}"  # type: ignore[union-attr]
    )


def test_before_a_run_the_digits_are_shown_as_they_are(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    write_idx_folder(tmp_path / "set", 30, 10)
    bench.desk._is_first = False
    drop(bench.window, mime_of(tmp_path / "set"))
    qtbot.waitUntil(lambda: bench.document.digits is not None, timeout=10000)
    (section,) = bench.desk.panels.clusters.walls["clusters"].sections
    assert section.title == "Not clustered yet"
    assert sorted(section.rows) == list(range(40))
    assert bench.document.settings.recipe == "manifold"
    assert bench.store.recent_files("digits") == [tmp_path / "set"]
    assert bench.store.recent_files() == []


def test_other_digits_begin_at_the_view_of_the_clusters(
    clustered: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    panel = clustered.desk.panels.clusters
    tabs = [panel.tabs.tabText(at) for at in range(panel.tabs.count())]
    place = panel.tabs.tabRect(tabs.index("Misplaced")).center()
    QTest.mouseClick(panel.tabs, LEFT, NO_KEYS, place)
    assert panel.view == "misplaced"
    write_idx_folder(tmp_path / "set", 30, 10)
    drop(clustered.window, mime_of(tmp_path / "set"))
    qtbot.waitUntil(lambda: panel.view == "clusters", timeout=10000)
    (section,) = panel.walls["clusters"].sections
    assert section.details[-1] == "Run sorts them"


def test_run_becomes_stop_and_a_stopped_run_leaves_the_clusters(
    clustered: Bench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = threading.Event()

    def endless(request: ExperimentRequest, cache: object, should_stop: ShouldStop) -> Iterator[Progress]:
        yield Progress("Working", 0.5)
        started.set()
        while should_stop() is StopRequest.NONE:
            pass
        raise Cancelled

    monkeypatch.setattr(ui.digits.running, "experiment_events", endless)
    before = clustered.outcome
    button = clustered.window.findChild(QToolButton, "runButton")
    assert button is not None
    QTest.mouseClick(button, LEFT)
    qtbot.waitUntil(started.is_set, timeout=5000)
    qtbot.waitUntil(lambda: button.text() == "Stop", timeout=2000)
    assert clustered.desk.work.workspace.shown.log.is_running
    QTest.mouseClick(button, LEFT)
    qtbot.waitUntil(lambda: not clustered.desk.work.is_running, timeout=2000)
    assert button.text() == "Run"
    assert clustered.outcome is before
    assert not clustered.desk.work.workspace.shown.log.is_running


def test_a_late_setting_waits_for_run_and_keeps_the_stages_before_it(clustered: Bench, qtbot: QtBot) -> None:
    before = clustered.outcome
    type_into(clustered, "mixture.n_init", "2")
    assert clustered.document.is_stale
    assert clustered.outcome is before
    setup, scores = clustered.desk.panels.setup, clustered.desk.panels.scores
    assert "4 of 5 stages are kept" in setup.plan.text()
    assert not scores.stale.isHidden()
    key(clustered, Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: not clustered.document.is_stale, timeout=20000)
    assert clustered.outcome.settings.mixture.n_init == 2
    assert [stage.status for stage in setup.stages.log.stages] == ["done"] * 5
    assert scores.stale.isHidden()


def test_a_failed_run_says_why_and_offers_to_undo(
    clustered: Bench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(request: ExperimentRequest, cache: object, should_stop: ShouldStop) -> Iterator[Progress]:
        yield Progress("Working", 0.5)
        raise FitError("All images are equal.", "Choose other digits.")

    before = clustered.outcome
    type_into(clustered, "seed", "8")
    monkeypatch.setattr(ui.digits.running, "experiment_events", failing)
    key(clustered, Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: "All images are equal." in clustered.window.errors.text, timeout=5000)
    assert clustered.outcome is before
    button = clustered.window.errors.findChild(QPushButton, "messageButton")
    assert button is not None
    QTest.mouseClick(button, LEFT)
    assert clustered.document.settings.seed == 0


def test_another_recipe_is_explained_and_shows_the_parameters_of_its_stages(clustered: Bench) -> None:
    setup = clustered.desk.panels.setup
    assert setup.section("spectral").isHidden()
    box = setup.field("recipe").findChild(QComboBox)
    assert box is not None
    box.setFocus()
    QTest.keyClicks(box, "Manifold")
    assert clustered.document.settings.recipe == "manifold"
    assert "neighbours" in setup.explanation.text()
    assert not setup.section("spectral").isHidden()
    assert setup.section("mixture").isHidden()
    assert len(setup.stages.log.stages) == 17
    assert clustered.document.is_stale


def test_the_number_of_clusters_may_come_from_the_graph_where_there_is_one(clustered: Bench) -> None:
    setup = clustered.desk.panels.setup
    switch = setup.findChild(QCheckBox, "n_clusters.automatic")
    assert switch is not None
    assert not switch.isEnabled()
    clustered.desk.work.apply(change_setting("recipe", "manifold", ""))
    assert switch.isEnabled()
    switch.click()
    assert clustered.document.settings.n_clusters is None
    switch.click()
    assert clustered.document.settings.n_clusters == 10


def test_a_value_out_of_bounds_keeps_run_from_being_pressed(clustered: Bench) -> None:
    type_into(clustered, "n_clusters", "0")
    assert not clustered.desk.actions["run"].isEnabled()
    assert clustered.document.settings.n_clusters == 10
    type_into(clustered, "n_clusters", "9")
    assert clustered.desk.actions["run"].isEnabled()


def test_a_cluster_is_named_by_f2_and_the_name_can_be_undone(clustered: Bench) -> None:
    panels = clustered.desk.panels
    key(clustered, Qt.Key.Key_F2)
    editor = clustered.window.findChild(QLineEdit, "sectionName")
    assert editor is not None
    QTest.keyClicks(editor, "the sevens")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert panels.clusters.walls["clusters"].sections[0].title == "the sevens"
    assert "the sevens" in panels.confusion.matrix.matrix.row_names  # type: ignore[union-attr]
    key(clustered, Qt.Key.Key_Z, CONTROL)
    assert panels.clusters.walls["clusters"].sections[0].title == "Cluster 1"


def test_a_click_on_a_cell_of_the_matrix_shows_its_digits(clustered: Bench) -> None:
    panels = clustered.desk.panels
    matrix = panels.confusion.matrix
    held = matrix.matrix
    assert held is not None
    row, column = np.argwhere(held.counts > 0)[-1]
    QTest.mouseClick(matrix, LEFT, NO_KEYS, matrix.cell_rect(int(row), int(column)).center())
    assert panels.clusters.view == "selection"
    (section,) = panels.clusters.walls["selection"].sections
    assert len(section.rows) == held.counts[row, column]
    labels, clusters = clustered.outcome.digits.labels, clustered.outcome.clusters
    assert labels is not None
    assert set(labels[section.rows]) == {held.column_keys[column]}
    assert set(clusters[section.rows]) == {held.row_keys[row]}


def test_samples_are_drawn_when_looked_at_and_again_on_demand(clustered: Bench, qtbot: QtBot) -> None:
    panel = clustered.desk.panels.clusters
    key(clustered, Qt.Key.Key_3, CONTROL)
    assert panel.view == "samples"
    qtbot.waitUntil(lambda: len(panel.walls["samples"].sections) == 10, timeout=10000)
    first = panel.walls["samples"].sections[0].images
    QTest.mouseClick(panel.again, LEFT)
    qtbot.waitUntil(lambda: panel.walls["samples"].sections[0].images is not first, timeout=10000)
    assert (panel.walls["samples"].sections[0].images != first).any()


def test_the_misplaced_are_listed_with_label_cluster_and_number(clustered: Bench) -> None:
    panel = clustered.desk.panels.clusters
    key(clustered, Qt.Key.Key_2, CONTROL)
    scores = clustered.outcome.scores_all
    assert scores is not None
    (section,) = panel.walls["misplaced"].sections
    assert len(section.rows) == round((1 - scores.acc) * 360)
    assert section.caption_of is not None
    row = int(section.rows[0])
    label = clustered.outcome.digits.labels[row]  # type: ignore[index]
    assert section.caption_of(row).startswith(f"{label} → ")
    assert section.caption_of(row).endswith(f"no. {row}")


def test_the_digit_under_the_pointer_is_told_in_the_status_bar(clustered: Bench) -> None:
    panels = clustered.desk.panels
    wall = panels.clusters.walls["clusters"]
    spot = Spot(1, 2)
    row = wall.index_of(spot)
    QTest.mouseMove(wall.viewport(), wall.rect_of(spot).center())
    assert panels.readout.digit.text().startswith(f"No. {row}  ·  label ")
    QTest.mouseMove(wall.viewport(), QPoint(3, 3))
    assert panels.readout.digit.text() == ""


def test_the_order_of_the_members_can_be_chosen(clustered: Bench, qtbot: QtBot) -> None:
    panel = clustered.desk.panels.clusters
    before = panel.walls["clusters"].sections[0].rows
    panel.order_box.setFocus()
    QTest.keyClick(panel.order_box, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: panel.walls["clusters"].sections[0].rows is not before, timeout=5000)
    assert sorted(panel.walls["clusters"].sections[0].rows) == sorted(before)


def test_export_writes_what_the_encoders_give(clustered: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    key(clustered, Qt.Key.Key_E, CONTROL)
    dialog = clustered.window.findChild(QDialog, "digit-export")
    assert dialog is not None
    folder = dialog.findChild(QLineEdit, "digit-export.folder")
    assert folder is not None
    folder.setText(str(tmp_path))
    for name in ("figure", "report"):
        box = dialog.findChild(QCheckBox, f"export.{name}")
        assert box is not None
        box.click()
    go = dialog.findChild(QPushButton, "digit-export.go")
    assert go is not None
    QTest.mouseClick(go, LEFT)
    qtbot.waitUntil(lambda: "Exported" in clustered.window.errors.text, timeout=15000)
    with np.load(tmp_path / "Drawn digits_clusters.npz") as held:
        assert (held["train"] == clustered.outcome.clusters[:300] + 1).all()
    report = json.loads((tmp_path / "Drawn digits_report.json").read_text())
    expected = digit_report(clustered.outcome, "window")
    assert {**report, "peak_rss_bytes": 0} == json.loads(json.dumps({**expected, "peak_rss_bytes": 0}))
    assert (tmp_path / "Drawn digits_figure.png").stat().st_size > 1000


def test_esc_ends_an_export_too(
    clustered: Bench, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*arguments: object) -> Iterator[Progress]:
        should_stop = arguments[-1]
        assert callable(should_stop)
        while should_stop() is StopRequest.NONE:
            yield Progress("Writing")
        raise Cancelled

    monkeypatch.setattr(ui.digits.exporting, "digit_export_events", endless)
    work = clustered.desk.work
    work.exporter.write(clustered.outcome, [])
    qtbot.waitUntil(lambda: clustered.desk.actions["stop"].isEnabled())
    assert clustered.desk.is_busy
    key(clustered, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not work.exports.is_running)
    qtbot.waitUntil(lambda: not clustered.desk.actions["stop"].isEnabled())


def test_a_file_that_is_there_is_replaced_only_when_asked_again(clustered: Bench, tmp_path: Path) -> None:
    (tmp_path / "Set_clusters.npz").write_bytes(b"kept")
    dialog = ExportDialog("Set", tmp_path, clustered.window)
    asked: list[object] = []
    dialog.export_requested.connect(asked.append)
    go = dialog.findChild(QPushButton, "digit-export.go")
    assert go is not None
    go.click()
    assert "Already there" in dialog.message
    assert asked == []
    go.click()
    assert len(asked) == 1


def test_mnist_that_cannot_be_fetched_is_told_with_a_way_to_try_again(
    clustered: Bench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def unreachable(folder: Path, should_stop: ShouldStop) -> Iterator[Progress]:
        asked.append(folder)
        yield Progress("Downloading", 0.0)
        raise ReadError("The mirror is silent.", "Check the connection.")

    monkeypatch.setattr(ui.digits.opening, "download_events", unreachable)
    before = clustered.document
    clustered.desk.actions["get_mnist"].trigger()
    qtbot.waitUntil(lambda: "The mirror is silent." in clustered.window.errors.text, timeout=5000)
    assert clustered.document is before
    button = clustered.window.errors.findChild(QPushButton, "messageButton")
    assert button is not None
    QTest.mouseClick(button, LEFT)
    qtbot.waitUntil(lambda: len(asked) == 2, timeout=5000)
    qtbot.waitUntil(lambda: not clustered.desk.work.is_running, timeout=5000)


def test_a_download_can_be_stopped(clustered: Bench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(folder: Path, should_stop: ShouldStop) -> Iterator[Progress]:
        while should_stop() is StopRequest.NONE:
            yield Progress("Downloading", 0.1)
        raise Cancelled

    monkeypatch.setattr(ui.digits.opening, "download_events", slow)
    clustered.desk.actions["get_mnist"].trigger()
    qtbot.waitUntil(lambda: clustered.desk.actions["stop"].isEnabled(), timeout=5000)
    key(clustered, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not clustered.desk.work.is_running, timeout=2000)
    assert clustered.document.outcome is not None


def test_mnist_that_was_fetched_before_opens_with_a_quick_look(
    bench: Bench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ui.digits.desk.QUICK_LOOK", 200)
    folder = tmp_path / "cache" / "gmmseg" / "mnist"
    monkeypatch.setattr(ui.digits.opening, "is_complete", lambda where: where == folder)

    def fetched(where: Path, should_stop: ShouldStop) -> Generator[Progress, None, Path]:
        yield Progress("Checking", 0.0)
        write_idx_folder(where, 300, 50)
        return where

    monkeypatch.setattr(ui.digits.opening, "download_events", fetched)
    bench.desk.begin()
    qtbot.waitUntil(bench.is_settled, timeout=30000)
    assert bench.outcome.digits.n_images == 200
    assert bench.outcome.settings.recipe == "manifold"
    assert bench.store.recent_files("digits") == []


def test_what_is_not_digits_is_refused_and_everything_stays(
    clustered: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    before = clustered.document
    (tmp_path / "empty").mkdir()
    drop(clustered.window, mime_of(tmp_path / "empty"))
    qtbot.waitUntil(lambda: "There are no digits in the folder" in clustered.window.errors.text, timeout=5000)
    assert clustered.document is before
    drop(clustered.window, mime_of("https://example.org/x"))
    qtbot.waitUntil(lambda: "no file on this computer" in clustered.window.errors.text, timeout=5000)


def test_digits_without_labels_are_clustered_and_not_scored(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    write_idx_folder(tmp_path / "plain", 120, 0, with_labels=False)
    bench.desk.work.apply(change_setting("recipe", "pixels", ""))
    drop(bench.window, mime_of(tmp_path / "plain"))
    qtbot.waitUntil(bench.is_settled, timeout=20000)
    panels = bench.desk.panels
    assert panels.scores.pages.currentIndex() == 0
    assert "no labels" in panels.scores.hint.label.text()
    assert panels.confusion.matrix.matrix is None
    assert panels.clusters.walls["misplaced"].sections == ()
    assert panels.clusters.walls["clusters"].sections[0].details[1:] == ()


def test_every_action_with_keys_is_in_a_menu(clustered: Bench) -> None:
    listed = {text for _, text, _ in clustered.window.shortcuts()}
    for action in clustered.desk.actions:
        if not action.shortcut().isEmpty():
            assert action.text() in listed, action.objectName()


def test_tab_reaches_every_part_of_the_desk(clustered: Bench) -> None:
    clustered.window.activateWindow()
    panels = clustered.desk.panels
    wanted = {
        panels.setup.field("recipe").findChild(QComboBox),
        panels.clusters.tabs,
        panels.clusters.walls["clusters"],
        panels.confusion.part_box,
        panels.confusion.matrix,
    }
    start = clustered.window.findChild(QToolButton, "runButton")
    assert start is not None
    start.setFocus()
    seen = set()
    for _ in range(120):
        widget = QApplication.focusWidget()
        assert widget is not None
        seen.add(widget)
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    assert wanted <= seen


def test_the_dark_scheme_recolours_the_digits(clustered: Bench, qapp: QApplication) -> None:
    wall = clustered.desk.panels.clusters.walls["clusters"]
    assert wall.grab().toImage().pixelColor(wall.width() - 40, wall.height() - 4).lightness() > 200
    apply_theme(qapp, "dark")
    assert theme().is_dark
    assert wall.grab().toImage().pixelColor(wall.width() - 40, wall.height() - 4).lightness() < 80


def test_undo_brings_back_the_digits_before(clustered: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    before = clustered.outcome
    write_idx_folder(tmp_path / "set", 30, 10)
    drop(clustered.window, mime_of(tmp_path / "set"))
    qtbot.waitUntil(lambda: clustered.document.outcome is None, timeout=10000)
    key(clustered, Qt.Key.Key_Z, CONTROL)
    assert clustered.outcome is before
    qtbot.waitUntil(clustered.is_settled, timeout=10000)
    assert clustered.desk.panels.clusters.digits is before.digits


def test_every_control_has_a_name_to_be_read_out(clustered: Bench) -> None:
    layout = clustered.desk.layout
    docks = clustered.window.docking.docks_of(clustered.desk)
    parts = [layout.central, layout.toolbar, *(dock.widget() for dock in docks)]
    nameless = []
    for part in parts:
        for kind in (QAbstractButton, QComboBox, QSlider, QAbstractSpinBox):
            for control in part.findChildren(kind):
                text = control.text() if isinstance(control, QAbstractButton) else ""
                is_inner = control.objectName().startswith("qt_") or control.objectName().startswith("Scroll")
                if not text and not control.accessibleName() and not is_inner and not control.isHidden():
                    nameless.append(f"{type(control).__name__} {control.objectName()}")
    assert nameless == []


def test_nothing_overlaps_and_no_panel_is_wider_than_its_dock_in_a_small_window(
    clustered: Bench, qtbot: QtBot
) -> None:
    clustered.window.resize(1024, 700)
    qtbot.wait(50)
    assert clustered.window.width() == 1024
    tabs = clustered.desk.panels.clusters.tabs
    assert tabs.sizeHint().width() <= tabs.width()
    for dock in clustered.window.docking.docks_of(clustered.desk):
        assert dock.widget().minimumSizeHint().width() <= dock.widget().width()


@pytest.fixture
def app(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """The whole program, which draws few digits."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(ui.digits.opening, "N_DRAWN", (300, 60))
    return app


def desk_of(app: App) -> DigitsDesk:
    desk = app.window.findChild(DigitsDesk)
    assert desk is not None
    return desk


def press(qtbot: QtBot, window: QWidget, name: str) -> None:
    """Click a button that may have come into being a moment ago."""

    def find() -> QToolButton | None:
        return next((one for one in window.findChildren(QToolButton, name) if one.isVisible()), None)

    qtbot.waitUntil(lambda: find() is not None, timeout=2000)
    button = find()
    assert button is not None
    QTest.mouseClick(button, LEFT)


def dock(app: App, name: str) -> QDockWidget:
    found = app.window.findChild(QDockWidget, name)
    assert found is not None
    return found


def test_a_click_leads_to_the_digits_and_another_one_back_while_they_are_clustered(
    app: App, qtbot: QtBot
) -> None:
    press(qtbot, app.window, "mode_digits_button")
    desk = desk_of(app)
    assert dock(app, "digitSetupDock").isVisible()
    assert not dock(app, "setupDock").isVisible()
    assert app.window.hints.text == ""
    press(qtbot, app.window, "mode_photo_button")
    assert not dock(app, "digitSetupDock").isVisible()
    assert not desk.actions["run"].isVisible()
    qtbot.waitUntil(lambda: desk.work.workspace.document.outcome is not None, timeout=20000)
    qtbot.waitUntil(lambda: not desk.work.is_busy, timeout=5000)
    press(qtbot, app.window, "mode_digits_button")
    assert app.window.windowTitle().startswith("Drawn digits")
    assert desk_of(app) is desk


def test_the_window_closes_during_a_run(app: App, qtbot: QtBot) -> None:
    press(qtbot, app.window, "mode_digits_button")
    desk = desk_of(app)
    qtbot.waitUntil(lambda: desk.work.workspace.shown.log.is_running, timeout=20000)
    app.window.close()
    assert app.shutdown()
    assert "digits" in app.store.layouts()
