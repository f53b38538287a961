"""The whole window, used as its user does: real keys, clicks and drops, and what comes of them on screen."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QDialog,
    QDockWidget,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
)
from pytestqt.qtbot import QtBot
from scipy.stats import multivariate_normal

import ui.photo.fitting
from gmmseg.control import Progress, ShouldStop, StopRequest, raise_if_ended
from gmmseg.drawing.layers import Layer
from gmmseg.errors import FitError
from gmmseg.features.spec import ColourSpace
from gmmseg.image import Image
from gmmseg.io.export_items import ExportItem
from gmmseg.mixture.params import FitStep
from gmmseg.mixture.selection import HELD_OUT_FOLDS, held_out_score, select_events
from gmmseg.photo.document import (
    change_setting,
    lock_classes,
    merge_classes,
    move_class,
    rename_class,
    show_classes,
)
from gmmseg.photo.jobs import SegmentRequest, segment_events
from tests.data.faults import close_folder
from tests.ui.driving import arrange, blobs, drop, mime_of, wait_for_fit, wait_for_map, write_png
from ui.app import App
from ui.desk.actions import Actions, bound_to
from ui.desk.desk import Desk, DeskDock, DeskLayout, Heading
from ui.dialogs.about import AboutDialog
from ui.dialogs.bug_report import BugReport
from ui.last_resort import BugCatcher
from ui.photo.export_dialog import ExportDialog
from ui.settings_store import SettingsStore
from ui.theme import theme
from ui.widgets.tool_bar import ToolBar

NO_KEYS = Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def fitted(app: App, qtbot: QtBot, tmp_path: Path) -> App:
    """The window with three coloured bands, fitted."""
    drop(app.window, mime_of(write_png(tmp_path / "bands.png")))
    wait_for_fit(app, qtbot)
    return app


def labels(app: App) -> np.ndarray:
    segmentation = app.photo.work.workspace.shown.segmentation
    assert segmentation is not None
    return segmentation.labels


def type_k(app: App, text: str) -> None:
    """Type a number of components into its field."""
    box = app.photo.panels.setup.field("mixture.n_components").findChild(QAbstractSpinBox)
    assert box is not None
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)


def image_of(app: App) -> Image:
    image = app.photo.work.workspace.document.image
    assert image is not None
    return image


def space_of(app: App) -> ColourSpace:
    return app.photo.work.workspace.document.settings.features.space


def k_of(app: App) -> int:
    return app.photo.work.workspace.document.settings.mixture.n_components


def key(app: App, which: Qt.Key, modifier: Qt.KeyboardModifier = NO_KEYS) -> None:
    app.window.setFocus()
    QTest.keyClick(app.window, which, modifier)


def endless_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make fits pause after their first step until they are asked to end."""

    def slow(
        request: SegmentRequest, *, should_stop: ShouldStop, **options: Any
    ) -> Generator[Any, None, Any]:
        has_waited = False
        events = segment_events(request, should_stop=should_stop, **options)
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                return end.value
            yield event
            while isinstance(event, FitStep) and not has_waited and should_stop() is StopRequest.NONE:
                time.sleep(0.002)
                yield Progress("waiting")
            has_waited = has_waited or isinstance(event, FitStep)

    monkeypatch.setattr(ui.photo.fitting, "segment_events", slow)


def test_a_dropped_photo_is_segmented_without_a_click(fitted: App) -> None:
    assert "bands.png" in fitted.window.windowTitle()
    found = labels(fitted)
    # Each band is mostly one class, and no two bands the same: counted here, independently of the fit.
    thirds = [np.bincount(found[:, part].ravel()) for part in (slice(0, 26), slice(28, 53), slice(55, 80))]
    assert len({counts.argmax() for counts in thirds}) == 3
    assert found.min() == 1


def test_changing_k_changes_the_map_and_undo_brings_both_back(fitted: App, qtbot: QtBot) -> None:
    before = labels(fitted).copy()
    type_k(fitted, "2")
    qtbot.waitUntil(lambda: k_of(fitted) == 2)
    wait_for_fit(fitted, qtbot)
    assert set(np.unique(labels(fitted))) == {1, 2}
    key(fitted, Qt.Key.Key_Z, CONTROL)
    assert k_of(fitted) == 5
    wait_for_fit(fitted, qtbot)
    np.testing.assert_array_equal(labels(fitted), before)
    fitted.photo.actions["redo"].trigger()
    wait_for_fit(fitted, qtbot)
    assert k_of(fitted) == 2
    assert set(np.unique(labels(fitted))) == {1, 2}


def test_opening_a_grey_image_while_lab_is_chosen_falls_back_to_grey_and_says_so(
    fitted: App, qtbot: QtBot, tmp_path: Path
) -> None:
    fitted.photo.work.apply(change_setting("features.space", "lab", "Colour space"))
    drop(fitted.window, mime_of(write_png(tmp_path / "grey.png", blobs()[..., 0])))
    qtbot.waitUntil(lambda: image_of(fitted).source.name == "grey.png", timeout=5000)
    wait_for_fit(fitted, qtbot)
    assert space_of(fitted) == "gray"
    assert "CIELAB" in fitted.window.errors.text
    assert fitted.window.errors.kind == "note"
    key(fitted, Qt.Key.Key_Z, CONTROL)
    assert space_of(fitted) == "lab"
    assert not fitted.window.errors.isVisible()


def test_number_keys_select_the_class_of_that_number_wherever_it_stands(fitted: App, qtbot: QtBot) -> None:
    fitted.photo.work.apply(move_class(3, 0))
    key(fitted, Qt.Key.Key_3)
    assert fitted.photo.panels.classes.view.selected_ids == [3]
    fitted.photo.work.apply(merge_classes([1, 2]))
    key(fitted, Qt.Key.Key_2)
    assert fitted.photo.panels.classes.view.selected_ids == [3]


@pytest.mark.slow
def test_figures_stay_until_the_next_fit_has_its_own(
    fitted: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    fitted.photo.work.bridge.changed.connect(lambda old, new: heard.append(len(new.steps)))
    fitted.photo.work.apply(change_setting("auto", "bic", "Choose K by"))
    fitted.photo.work.apply(change_setting("mixture.n_components", 2, "Components"))
    wait_for_fit(fitted, qtbot)
    assert heard
    assert min(heard) > 0


def test_dragging_k_over_many_values_ends_with_the_last(fitted: App, qtbot: QtBot) -> None:
    for k in (2, 3, 4, 6, 7, 8, 7, 6, 4, 3):
        fitted.photo.panels.setup.edit_requested.emit(change_setting("mixture.n_components", k, "Components"))
        qtbot.wait(5)
    wait_for_fit(fitted, qtbot)
    assert set(np.unique(labels(fitted))) == {1, 2, 3}
    fitted.photo.panels.setup.settled.emit()
    fitted.photo.actions["undo"].trigger()
    assert k_of(fitted) == 5


def test_an_edit_of_classes_does_not_fit_again(fitted: App, qtbot: QtBot) -> None:
    fit = fitted.photo.work.workspace.document.fit
    fitted.photo.panels.classes.edit_requested.emit(rename_class(1, "sky"))
    qtbot.wait(80)
    assert fitted.photo.work.workspace.document.fit is fit
    assert not fitted.photo.work.fitter.runner.is_running
    assert fitted.photo.work.workspace.shown.classes.by_id(1).name == "sky"


def test_a_file_that_cannot_be_read_leaves_the_screen_as_it_was(
    fitted: App, qtbot: QtBot, tmp_path: Path
) -> None:
    shown = fitted.photo.work.workspace.shown
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"not a picture")
    drop(fitted.window, mime_of(bad))
    qtbot.waitUntil(lambda: "bad.png" in fitted.window.errors.text, timeout=5000)
    assert fitted.window.errors.kind == "error"
    assert fitted.photo.work.workspace.shown is shown
    assert bad not in fitted.store.recent_files()


@pytest.mark.parametrize("name", ["x" * 300 + ".png", "closed/a.png", "closed"])
def test_a_path_that_cannot_be_asked_for_is_refused_like_a_file_that_cannot_be_read(
    fitted: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shown = fitted.photo.work.workspace.shown
    close_folder(monkeypatch, tmp_path / "closed")
    drop(fitted.window, mime_of(tmp_path / name))
    words = "not a path|may not be read|cannot be listed"
    qtbot.waitUntil(lambda: re.search(words, fitted.window.errors.text) is not None, timeout=5000)
    assert fitted.window.errors.kind == "error"
    assert fitted.photo.work.workspace.shown is shown


def test_a_remote_address_is_refused_without_touching_the_network(fitted: App, qtbot: QtBot) -> None:
    drop(fitted.window, mime_of("https://example.org/cat.png"))
    assert "example.org" in fitted.window.errors.text
    assert not fitted.photo.work.reads.is_running


def test_a_dropped_folder_opens_its_first_image_and_says_so(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    for name in ("b.png", "a.png", "c.txt"):
        write_png(tmp_path / name) if name.endswith("png") else (tmp_path / name).write_text("x")
    drop(app.window, mime_of(tmp_path))
    wait_for_fit(app, qtbot)
    assert "a.png" in app.window.windowTitle()
    assert "2" in app.window.errors.text


def test_of_five_hundred_dropped_files_the_first_is_opened(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    first = write_png(tmp_path / "first.png")
    drop(app.window, mime_of(first, *(tmp_path / f"{n}.png" for n in range(499))))
    wait_for_fit(app, qtbot)
    assert "first.png" in app.window.windowTitle()
    assert "500" in app.window.errors.text


def name_of(app: App) -> str:
    return image_of(app).source.name


def test_images_opened_together_are_shown_one_after_another(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("c.png", "d.png"):
        write_png(folder / name)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    first = write_png(tmp_path / "first.png")
    drop(app.window, mime_of(first, broken, folder))
    wait_for_fit(app, qtbot)
    assert "first.png (1 of 4)" in app.window.windowTitle()
    assert "4 images" in app.window.errors.text
    actions = app.photo.actions
    assert not actions["previous_image"].isEnabled()
    key(app, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: "broken.png" in app.window.errors.text)
    assert name_of(app) == "first.png"
    # One that cannot be read does not stand in the way of the others.
    key(app, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: name_of(app) == "c.png")
    assert "c.png (3 of 4)" in app.window.windowTitle()
    menu = app.window.findChild(QMenu, "filesMenu")
    assert menu is not None
    entries = [entry for entry in menu.actions() if entry.isCheckable()]
    assert [entry.text().split()[-1] for entry in entries] == ["first.png", "broken.png", "c.png", "d.png"]
    assert [entry.isChecked() for entry in entries] == [False, False, True, False]
    entries[3].trigger()
    qtbot.waitUntil(lambda: name_of(app) == "d.png")
    assert not actions["next_image"].isEnabled()
    key(app, Qt.Key.Key_PageUp)
    qtbot.waitUntil(lambda: name_of(app) == "c.png")
    # An image of its own has no others beside it.
    drop(app.window, mime_of(first))
    qtbot.waitUntil(lambda: name_of(app) == "first.png")
    assert "of" not in app.window.windowTitle()
    assert not actions["next_image"].isEnabled()
    assert not actions["previous_image"].isEnabled()
    assert not menu.menuAction().isEnabled()
    wait_for_fit(app, qtbot)


def test_an_image_on_the_clipboard_is_pasted(app: App, qtbot: QtBot) -> None:
    pixels = np.ascontiguousarray(blobs(31, 45))
    picture = QImage(pixels.data, 45, 31, 3 * 45, QImage.Format.Format_RGB888).copy()
    QGuiApplication.clipboard().setImage(picture)
    key(app, Qt.Key.Key_V, CONTROL)
    wait_for_fit(app, qtbot)
    image = app.photo.work.workspace.document.image
    assert image is not None
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.source.name == "clipboard"


@pytest.mark.parametrize("has_text", [True, False])
def test_pasting_without_an_image_says_so(app: App, has_text: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if has_text:
        data = QMimeData()
        data.setText("just words")
        QGuiApplication.clipboard().setMimeData(data)
    else:
        # As some platforms answer for an empty clipboard.
        monkeypatch.setattr(type(QGuiApplication.clipboard()), "mimeData", lambda clipboard: None)
    key(app, Qt.Key.Key_V, CONTROL)
    assert "no image" in app.window.errors.text


def copy_mask(app: App, qtbot: QtBot) -> str:
    """Copy the mask; return what is said once it is on the clipboard."""
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("before")
    key(app, Qt.Key.Key_C, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: clipboard.mimeData().hasImage())
    return app.window.errors.text


def test_the_copied_mask_holds_class_ids_in_class_colours(fitted: App, qtbot: QtBot) -> None:
    copy_mask(fitted, qtbot)
    picture = QGuiApplication.clipboard().image()
    found = labels(fitted)
    for y, x in ((3, 5), (30, 40), (59, 79)):
        colour = fitted.photo.work.workspace.shown.classes.of_component(int(found[y, x]) - 1).colour
        assert picture.pixelColor(x, y).getRgb()[:3] == colour  # type: ignore[index]


def test_copying_the_mask_says_what_is_in_it(fitted: App, qtbot: QtBot) -> None:
    said = copy_mask(fitted, qtbot)
    assert "mask of the classes" in said
    assert "Hidden" not in said
    fitted.photo.work.apply(rename_class(2, "rock"))
    fitted.photo.work.apply(show_classes([2], False))
    assert "Hidden classes are in a mask too: rock." in copy_mask(fitted, qtbot)


def test_stop_keeps_the_last_step_as_a_result_that_has_not_converged(
    fitted: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless_fit(monkeypatch)
    type_k(fitted, "3")
    qtbot.waitUntil(lambda: len(fitted.photo.work.workspace.shown.steps) == 1)
    key(fitted, Qt.Key.Key_Escape)
    wait_for_fit(fitted, qtbot)
    fit = fitted.photo.work.workspace.document.fit
    assert fit is not None
    assert fit.settings.mixture.n_components == 3
    assert fit.result.stop_reason == "stopped"
    assert not fit.result.converged


@pytest.mark.slow
def test_stop_is_shown_to_have_been_heard_while_the_work_has_yet_to_ask(
    fitted: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def deaf(
        request: SegmentRequest, *, should_stop: ShouldStop, **options: Any
    ) -> Generator[Any, None, Any]:
        for _ in range(3000):
            yield Progress("Reading the colours")
            if go_on.wait(0.01):
                break
        raise_if_ended(should_stop)
        return (yield from segment_events(request, should_stop=should_stop, **options))

    monkeypatch.setattr(ui.photo.fitting, "segment_events", deaf)
    before = fitted.photo.work.workspace.document.fit
    text = fitted.window.findChild(QLabel, "progressText")
    button = fitted.window.findChild(QToolButton, "progressStop")
    assert text is not None
    assert button is not None
    type_k(fitted, "3")
    qtbot.waitUntil(lambda: text.isVisible() and text.text() == "Reading the colours")
    assert button.isEnabled()
    key(fitted, Qt.Key.Key_Escape)
    assert text.text() == "Stopping …"
    assert not button.isEnabled()
    assert not fitted.photo.actions["stop"].isEnabled()
    # What the work still says does not hide that.
    qtbot.wait(150)
    assert text.text() == "Stopping …"
    go_on.set()
    qtbot.waitUntil(lambda: not fitted.photo.work.is_busy, timeout=20000)
    assert fitted.photo.work.workspace.document.fit is before
    assert not text.isVisible()
    go_on.clear()
    type_k(fitted, "4")
    qtbot.waitUntil(lambda: text.isVisible() and text.text() == "Reading the colours")
    assert button.isEnabled()
    go_on.set()
    wait_for_fit(fitted, qtbot)


def test_cancel_keeps_the_fit_before_and_does_not_start_again(
    fitted: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, before = fitted.photo.work.workspace.document.fit, labels(fitted)
    with monkeypatch.context() as patch:
        endless_fit(patch)
        type_k(fitted, "3")
        qtbot.waitUntil(lambda: fitted.photo.work.fitter.runner.is_running)
        key(fitted, Qt.Key.Key_Escape, Qt.KeyboardModifier.ShiftModifier)
        qtbot.waitUntil(lambda: not fitted.photo.work.fitter.runner.is_running)
    qtbot.wait(100)
    assert fitted.photo.work.workspace.document.fit is fit
    assert labels(fitted) is before
    assert fitted.photo.work.workspace.document.is_stale
    fitted.photo.panels.classes.edit_requested.emit(rename_class(1, "sky"))
    qtbot.wait(100)
    assert fitted.photo.work.workspace.document.is_stale
    key(fitted, Qt.Key.Key_Return, CONTROL)
    wait_for_fit(fitted, qtbot)
    assert set(np.unique(labels(fitted))) == {1, 2, 3}


def test_a_failed_fit_says_why_offers_to_undo_and_leaves_the_map(
    fitted: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(request: object, **options: object) -> object:
        raise FitError("Too few colours.", "Choose a smaller K.")
        yield

    before = labels(fitted)
    with monkeypatch.context() as patch:
        patch.setattr(ui.photo.fitting, "segment_events", refuse)
        type_k(fitted, "7")
        qtbot.waitUntil(lambda: "Too few colours. Choose a smaller K." in fitted.window.errors.text)
    assert labels(fitted) is before
    assert not fitted.photo.work.fitter.runner.is_running
    button = fitted.window.errors.findChild(QPushButton, "messageButton")
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert k_of(fitted) == 5
    wait_for_fit(fitted, qtbot)
    assert fitted.window.errors.text == ""


def test_a_bug_in_a_fit_shows_details_and_the_buttons_are_idle_again(
    fitted: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(request: object, **options: object) -> object:
        raise ZeroDivisionError("a bug")
        yield

    monkeypatch.setattr(ui.photo.fitting, "segment_events", break_down)
    key(fitted, Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: fitted.window.findChild(BugReport) is not None)
    dialog = fitted.window.findChild(BugReport)
    assert dialog is not None
    assert fitted.photo.actions["run"].isEnabled()
    assert not fitted.photo.actions["stop"].isEnabled()
    dialog.close()


def test_an_uncaught_exception_in_a_slot_shows_its_details(fitted: App, qtbot: QtBot) -> None:
    catcher = BugCatcher()
    catcher.caught.connect(fitted.show_bug)
    catcher.install()
    try:
        try:
            raise KeyError("lost")
        except KeyError as error:
            sys.excepthook(KeyError, error, error.__traceback__)
    finally:
        catcher.uninstall()
    dialog = fitted.window.findChild(BugReport)
    assert dialog is not None
    assert "lost" in dialog._details
    dialog.close()


def shows_caption(app: App, caption: str) -> bool:
    return app.photo.work.workspace.shown.caption == caption


def test_step_replays_the_fit_and_a_new_setting_ends_the_replay(fitted: App, qtbot: QtBot) -> None:
    key(fitted, Qt.Key.Key_Period)
    table = fitted.photo.work.workspace.shown.table
    assert table is not None
    fitted.photo.panels.panes.choose_layer(0, Layer("segments"))
    pictures = []
    for at in range(2):
        caption = f"iteration {at}"
        qtbot.waitUntil(partial(shows_caption, fitted, caption))
        picture = fitted.photo.panels.panes.panes[0].picture
        assert picture is not None
        pictures.append(picture.pixels)
        step = fitted.photo.work.selected_step
        assert step is not None
        assert step.iteration == at
        segmentation = fitted.photo.work.workspace.shown.segmentation
        assert segmentation is not None
        # While a fit ends, the panel may still hold its steps with components in the order of the run.
        params = segmentation.params
        np.testing.assert_array_equal(np.sort(params.weights), np.sort(step.params.weights))
        joint = [
            np.log(params.weights[k]) + multivariate_normal(params.means[k], matrix).logpdf(table.values)
            for k, matrix in enumerate(params.matrices())
        ]
        expected = table.pixels.spread((np.argmax(joint, axis=0) + 1).astype(np.uint8))
        np.testing.assert_array_equal(picture.pixels, expected)
        key(fitted, Qt.Key.Key_Period)
    assert (pictures[0] != pictures[1]).any()
    type_k(fitted, "2")
    qtbot.waitUntil(lambda: k_of(fitted) == 2)
    wait_for_fit(fitted, qtbot)


def test_an_iteration_has_one_number_in_the_panel_and_over_the_panes(fitted: App, qtbot: QtBot) -> None:
    fit = fitted.photo.work.workspace.document.fit
    assert fit is not None
    history = fit.result.history
    first_exact = next(at for at, step in enumerate(history) if step.stage == "exact")
    assert history[first_exact].iteration == 0 < first_exact
    panel = fitted.photo.panels.convergence
    panel.select(first_exact)
    number = int(panel.plot.mark_line.value())
    assert f"Iteration {number} (exact)" in panel.reason.text()
    qtbot.waitUntil(lambda: bool(fitted.photo.work.workspace.shown.caption))
    assert shows_caption(fitted, f"iteration {number}")


def test_exporting_by_the_dialog_writes_the_mask_that_is_on_screen(
    fitted: App, qtbot: QtBot, tmp_path: Path
) -> None:
    wait_for_map(fitted, qtbot)
    export_into(fitted, tmp_path)
    qtbot.waitUntil(lambda: "bands_mask.png" in fitted.window.errors.text, timeout=5000)
    written = np.asarray(PillowImage.open(tmp_path / "bands_mask.png"))
    np.testing.assert_array_equal(written, labels(fitted))


def export_into(app: App, expected: Path, chosen: Path | None = None) -> None:
    """Export by the dialog, which must offer one folder, into that or the one chosen."""
    app.photo.actions["export"].trigger()
    dialog = app.window.findChild(ExportDialog)
    assert dialog is not None
    assert dialog.folder == expected
    if chosen is not None:
        line = dialog.findChild(QLineEdit, "export.folder")
        assert line is not None
        line.setText(str(chosen))
    go = dialog.findChild(QPushButton, "export.go")
    assert go is not None
    QTest.mouseClick(go, Qt.MouseButton.LeftButton)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert app.window.findChild(ExportDialog) is None


@pytest.mark.slow
def test_comparing_k_compares_and_leaves_the_work_alone(fitted: App, qtbot: QtBot) -> None:
    work = fitted.photo.work
    work.apply(merge_classes([1, 2]))
    work.apply(lock_classes([1], True))
    # The map by region follows the one by pixel, and every merge of classes.
    wait_for_map(fitted, qtbot)
    document, shown = work.workspace.document, work.workspace.shown
    fitted.photo.panels.k_curve.compare_requested.emit(4, False)
    qtbot.waitUntil(lambda: len(work.workspace.shown.candidates) == 4, timeout=20000)
    qtbot.waitUntil(lambda: not work.is_busy)
    assert work.workspace.document is document
    assert work.workspace.shown.segmentation is shown.segmentation
    assert work.workspace.shown.undo_title == shown.undo_title
    # The figures are those that the automatic choice compares.
    table = shown.table
    assert table is not None
    mixture = replace(document.settings.mixture, reg_covar=table.floor)
    expected = list(select_events(table.values, table.weights, mixture, "bic", candidates=(1, 2, 3, 4)))
    assert sorted(work.workspace.shown.candidates, key=lambda one: one.n_components) == expected
    # What has been tried is not tried again, and K alone does not make it wrong.
    fitted.photo.panels.k_curve.compare_requested.emit(5, False)
    type_k(fitted, "3")
    qtbot.waitUntil(lambda: len(work.workspace.shown.candidates) == 5, timeout=20000)
    # On pixels held out those that are known are tried again, as the automatic choice does it.
    fitted.photo.panels.k_curve.compare_requested.emit(2, True)
    qtbot.waitUntil(lambda: sum(one.held_out is not None for one in work.workspace.shown.candidates) == 2)
    for one in work.workspace.shown.candidates[:2]:
        wanted = replace(mixture, n_components=one.n_components)
        assert one.held_out == held_out_score(table.values, table.weights, wanted, HELD_OUT_FOLDS)
    work.apply(change_setting("features.space", "lab", "Colour space"))
    assert work.workspace.shown.candidates == ()
    wait_for_fit(fitted, qtbot)


def test_stopping_a_comparison_keeps_what_has_been_compared(fitted: App, qtbot: QtBot) -> None:
    work = fitted.photo.work
    document = work.workspace.document
    fitted.photo.panels.k_curve.compare_requested.emit(200, False)
    qtbot.waitUntil(lambda: len(work.workspace.shown.candidates) >= 2, timeout=20000)
    fitted.photo.actions["stop"].trigger()
    qtbot.waitUntil(lambda: not work.k_comparer.runner.is_running)
    assert 2 <= len(work.workspace.shown.candidates) < 200
    assert work.workspace.document is document


def test_a_cut_tried_in_the_merge_tree_is_gone_from_the_picture_when_another_tab_comes_to_the_front(
    fitted: App, qtbot: QtBot
) -> None:
    arrange(fitted, "explore")
    fitted.photo.panels.panes.choose_layer(0, Layer("segments"))
    layer = fitted.photo.panels.panes.panes[0].canvas.layer

    def colours() -> list[Any]:
        assert layer._lut is not None
        return list(layer._lut.tolist())

    before = colours()
    docks = {dock.objectName(): dock for dock in fitted.window.findChildren(QDockWidget)}
    docks["mergeTreeDock"].raise_()
    tree = fitted.photo.panels.merge_tree
    qtbot.waitUntil(lambda: tree._tree is not None)
    tree._move_cut(1.0)
    assert colours() != before
    docks["convergenceDock"].raise_()
    qtbot.waitUntil(lambda: colours() == before)


@pytest.mark.slow
def test_exports_begin_beside_the_photo_and_then_where_the_last_of_its_folder_went(
    fitted: App, qtbot: QtBot, tmp_path: Path
) -> None:
    masks, other = tmp_path / "masks", tmp_path / "other"
    masks.mkdir()
    other.mkdir()
    export_into(fitted, tmp_path, masks)
    qtbot.waitUntil(lambda: (masks / "bands_mask.png").exists())
    drop(fitted.window, mime_of(write_png(tmp_path / "again.png")))
    qtbot.waitUntil(lambda: image_of(fitted).source.name == "again.png")
    wait_for_fit(fitted, qtbot)
    export_into(fitted, masks)
    drop(fitted.window, mime_of(write_png(other / "elsewhere.png")))
    qtbot.waitUntil(lambda: image_of(fitted).source.name == "elsewhere.png")
    wait_for_fit(fitted, qtbot)
    export_into(fitted, other)
    qtbot.waitUntil(lambda: (other / "elsewhere_mask.png").exists())
    # Nobody keeps masks among the files of an installed package.
    fitted.photo.work.opener.open_sample("astronaut")
    qtbot.waitUntil(lambda: "elsewhere" not in image_of(fitted).source.name)
    wait_for_fit(fitted, qtbot)
    export_into(fitted, other)
    qtbot.waitUntil(lambda: not fitted.photo.work.is_busy, timeout=20000)


def test_what_is_behind_a_plot_is_a_page_of_the_laboratory(fitted: App, qtbot: QtBot) -> None:
    arrange(fitted, "explore")
    asks = fitted.window.findChild(QToolButton, "convergence-panel.theory")
    assert asks is not None
    qtbot.waitUntil(asks.isVisible)
    QTest.mouseClick(asks, Qt.MouseButton.LeftButton)
    assert "Why it rises" in fitted.window.windowTitle()


def test_the_theme_changes_at_once_and_is_remembered(fitted: App, qtbot: QtBot) -> None:
    light = fitted.window.palette().window().color()
    fitted.actions["scheme_dark"].trigger()
    assert theme().is_dark
    qtbot.waitUntil(lambda: fitted.window.palette().window().color() != light)
    assert SettingsStore().scheme == "dark"


@pytest.mark.slow
def test_recent_files_layout_and_panes_are_there_the_next_time(
    fitted: App, qtbot: QtBot, tmp_path: Path
) -> None:
    fitted.photo.actions["arrangement_segment"].trigger()
    fitted.photo.actions["panes4"].trigger()
    fitted.window.close()
    again = App(SettingsStore())
    qtbot.addWidget(again.window)
    assert again.photo.panels.panes.n_panes == 4
    assert again.photo.actions["panes4"].isChecked()
    assert again.photo.actions["arrangement_segment"].isChecked()
    again.photo.actions["arrangement_cut_out"].trigger()
    assert again.photo.panels.panes.n_panes == 1
    menu = again.window.findChild(QMenu, "recentMenu")
    assert menu is not None
    assert "bands.png" in menu.actions()[0].text()
    again.shutdown()
    again.deleteLater()


@pytest.mark.parametrize(("desk", "n_panes"), [("photo", (1, 2, 4)), ("digits", (4,))])
@pytest.mark.slow
def test_the_window_fits_into_half_a_screen(
    fitted: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, desk: str, n_panes: tuple[int, ...]
) -> None:
    monkeypatch.setattr("ui.digits.opening.N_DRAWN", (300, 60))
    for n in n_panes:
        panes = fitted.photo.panels.panes
        panes.set_layout(n)
        for number in range(n):
            panes.choose_layer(number, [Layer("overlay"), Layer("heatmap")][number % 2])
        fitted.work_at(desk)
        assert_fits_into_half_a_screen(fitted, qtbot)


def assert_fits_into_half_a_screen(fitted: App, qtbot: QtBot) -> None:
    fitted.window.resize(800, 700)
    qtbot.waitUntil(lambda: fitted.window.width() == 800)
    assert fitted.window.minimumSizeHint().width() <= 800
    toolbar = next(bar for bar in fitted.window.findChildren(ToolBar) if bar.isVisible())
    buttons = [button for button in toolbar.findChildren(QToolButton) if button.defaultAction() is not None]
    assert len(buttons) > 5
    # Texts go, and the layout follows, in later turns of the event loop.
    qtbot.waitUntil(
        lambda: all(button.isVisible() and button.width() >= button.sizeHint().width() for button in buttons)
    )
    for button in buttons:
        at = button.mapTo(toolbar, QPoint(0, 0)).x()
        assert button.width() >= button.sizeHint().width()
        assert at >= 0
        assert at + button.width() <= toolbar.width()
    run = fitted.window.findChildren(QToolButton, "runButton")
    assert {button.toolButtonStyle() for button in run} == {Qt.ToolButtonStyle.ToolButtonTextBesideIcon}
    fitted.window.resize(1400, 700)
    qtbot.waitUntil(lambda: fitted.window.width() == 1400)
    opens = next(button for button in buttons if "Open" in button.text())
    assert opens.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon


def test_a_portrait_photo_ends_above_the_message_and_stays_when_that_goes(
    app: App, qtbot: QtBot, tmp_path: Path
) -> None:
    app.photo.work.opener.open_path(write_png(tmp_path / "tall.png", blobs(160, 60)))
    wait_for_map(app, qtbot)
    canvas, bar = app.photo.panels.panes.panes[0].canvas, app.window.hints
    foot = canvas.mapTo(app.window, canvas.position_of(160, 30).toPoint()).y()
    assert bar.isVisible()
    assert foot <= bar.mapTo(app.window, QPoint(0, 0)).y()
    bar.clear()
    app.photo.panels.panes.keep_fitted()
    assert canvas.mapTo(app.window, canvas.position_of(160, 30).toPoint()).y() == foot
    app.photo.actions["fit_view"].trigger()
    assert canvas.mapTo(app.window, canvas.position_of(160, 30).toPoint()).y() > foot


def test_the_hint_is_shown_until_it_is_closed_once(app: App, qtbot: QtBot) -> None:
    assert "Click an object" in app.window.hints.text
    close = app.window.hints.findChild(QPushButton.__mro__[1], "messageClose")
    assert close is not None
    QTest.mouseClick(close, Qt.MouseButton.LeftButton)
    assert app.window.hints.text == ""
    again = App(SettingsStore())
    qtbot.addWidget(again.window)
    assert again.window.hints.text == ""
    again.shutdown()
    again.deleteLater()


def test_the_source_documents_have_an_entry_of_their_own(app: App, qtbot: QtBot) -> None:
    menu = app.window.findChild(QMenu, "helpMenu")
    assert menu is not None
    entry = next(action for action in menu.actions() if action.text() == "About the &source documents…")
    entry.trigger()
    dialog = app.window.findChild(AboutDialog)
    assert dialog is not None
    assert dialog.tabs.currentWidget() is dialog.documents
    dialog.close()
    qtbot.waitUntil(lambda: not app.window.findChildren(QDialog))


@pytest.mark.parametrize("action", ["shortcuts", "about", "documents", "preferences", "open"])
@pytest.mark.slow
def test_dialogs_open_and_close_without_leaving_anything(app: App, qtbot: QtBot, action: str) -> None:
    (app.photo.actions if action == "open" else app.actions)[action].trigger()
    dialogs = app.window.findChildren(QDialog)
    assert len(dialogs) == 1
    dialogs[0].close()
    qtbot.waitUntil(lambda: not app.window.findChildren(QDialog))


@pytest.mark.parametrize("work", ["fit", "read", "export"])
@pytest.mark.slow
def test_closing_in_the_middle_of_work_leaves_no_thread(
    fitted: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work: str
) -> None:
    """The fixture that watches for threads makes this fail; an export is finished."""
    if work == "fit":
        endless_fit(monkeypatch)
        fitted.photo.actions["run"].trigger()
        assert fitted.photo.work.fitter.runner.is_running
    elif work == "read":
        big = np.random.default_rng(0).integers(0, 256, (2000, 2000, 3), dtype=np.uint8)
        drop(fitted.window, mime_of(write_png(tmp_path / "big.png", big)))
        assert fitted.photo.work.reads.is_running
    else:
        target = tmp_path / "late.npz"
        fitted.photo.work.exporter.write(
            fitted.photo.work.workspace.shown, [ExportItem(target, "probabilities")]
        )
        assert fitted.photo.work.exports.is_running
    fitted.window.close()
    if work == "export":
        assert np.load(target)["probabilities"].shape[1:] == (60, 80)


class IdleDesk(Desk):
    """A second desk that notes what it is asked."""

    def __init__(self, asked: list[str]) -> None:
        self.asked = asked
        bar = ToolBar("idleBar", "Idle")
        bar.add_mode_spot()
        dock = DeskDock("idleDock", "Idle", QLabel("choices"), "left")
        layout = DeskLayout(QLabel("digits"), [dock], bar, QLabel(""))
        super().__init__("idle", Actions((), bound_to()), layout)
        self.actions.setParent(self)

    @property
    def heading(self) -> Heading:
        return Heading("MNIST")

    def take(self, data: QMimeData) -> None:
        self.asked.append("take")

    def remember(self) -> None:
        self.asked.append("remember")

    def shutdown(self) -> bool:
        self.asked.append("shutdown")
        return True


def test_a_message_is_shown_at_its_own_desk_alone(fitted: App) -> None:
    bar = fitted.window.errors
    fitted.work_at("laboratory")
    photo, other = fitted._notices["photo"], fitted._notices["laboratory"]
    other.say("Of the laboratory.")
    photo.say("Of the photo, said meanwhile.", "error")
    assert bar.text == "Of the laboratory."
    fitted.work_at("photo")
    assert (bar.text, bar.kind) == ("Of the photo, said meanwhile.", "error")
    fitted.work_at("laboratory")
    assert bar.text == "Of the laboratory."
    bar.clear()
    fitted.work_at("photo")
    photo.clear()
    assert bar.text == ""
    for name in ("laboratory", "photo"):
        fitted.work_at(name)
        assert bar.text == ""


def test_another_desk_is_made_when_first_worked_at_and_the_photo_goes_on(
    fitted: App, qtbot: QtBot, tmp_path: Path
) -> None:
    asked: list[str] = []

    def make() -> Desk:
        asked.append("make")
        desk = IdleDesk(asked)
        desk.setParent(fitted.window)
        return desk

    fitted.offer("idle", "Digits", "digits", make)
    assert asked == []
    button = fitted.window.findChild(QToolButton, "mode_idle_button")
    assert button is not None
    qtbot.waitUntil(button.isVisible)
    fitted.photo.work.apply(change_setting("mixture.n_components", 2, "Components"))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked == ["make"]
    assert "MNIST" in fitted.window.windowTitle()
    drop(fitted.window, mime_of(tmp_path / "other"))
    assert asked == ["make", "take"]
    wait_for_fit(fitted, qtbot)
    assert "MNIST" in fitted.window.windowTitle()
    for _ in range(2):
        fitted.work_at("photo")
        assert "bands.png" in fitted.window.windowTitle()
        assert set(np.unique(labels(fitted))) == {1, 2}
        fitted.work_at("idle")
    assert asked == ["make", "take"]
    fitted.window.close()
    assert asked[2:] == ["remember", "shutdown"]
    assert set(SettingsStore().layouts()) == {"photo_cut_out", "idle"}
