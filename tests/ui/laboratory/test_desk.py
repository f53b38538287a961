"""The laboratory in the window, used as its user does: real clicks, drags and keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QWidget
from pytestqt.qtbot import QtBot

from gmmseg.features.build import feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.io.models import dump_table_model
from gmmseg.laboratory.data import THREE_IN_PLANE, made_data
from gmmseg.laboratory.document import change_setting, take_data
from gmmseg.laboratory.pages.contents import PAGES
from gmmseg.laboratory.pages.em import EmPage
from gmmseg.laboratory.pages.failures import BreakPage
from gmmseg.laboratory.pages.likelihood import LikelihoodPage
from gmmseg.laboratory.pages.make import MakePage
from gmmseg.laboratory.pages.merge import MergePage
from gmmseg.laboratory.pages.mixture import MixturePage
from gmmseg.laboratory.pages.starts import StartsPage
from gmmseg.laboratory.scene import Chart
from gmmseg.tables.fitting import TableModel
from tests.data.states import image_of
from tests.ui.driving import blobs, drop, mime_of
from tests.ui.laboratory.conftest import Bench
from ui.dialogs.theory import TheoryDialog
from ui.laboratory.panels.contents import PageForm
from ui.laboratory.widgets.chart_plot import ChartPlot
from ui.theme import apply_theme
from ui.widgets.text_table import TextTable

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def spot(plot: ChartPlot, x: float, y: float) -> QPoint:
    """Return where a place of the axes is on the plot's viewport."""
    return QPoint(plot.mapFromScene(plot.view.mapViewToScene(QPointF(x, y))))


def drag(plot: ChartPlot, start: tuple[float, float], end: tuple[float, float], steps: int = 4) -> None:
    """Drag with the mouse from one place of the axes to another."""
    QTest.qWait(50)  # until all is laid out
    view = plot.viewport()
    places = [np.array(start) + (np.array(end) - np.array(start)) * at / steps for at in range(steps + 1)]
    points = [spot(plot, *place) for place in places]
    QTest.mousePress(view, LEFT, NO_KEYS, points[0])
    for point in points[1:]:
        QTest.mouseMove(view, point)
        QTest.qWait(5)
        event = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(point), QPointF(view.mapToGlobal(point)),
            Qt.MouseButton.NoButton, LEFT, NO_KEYS,
        )  # fmt: skip
        QApplication.sendEvent(view, event)
    QTest.mouseRelease(view, LEFT, NO_KEYS, points[-1])


def click_action(bench: Bench, action: str) -> None:
    bench.draw()
    QTest.mouseClick(bench.stage.actions_bar.buttons[action], LEFT)


def test_every_page_is_reached_by_a_click_in_the_list(bench: Bench) -> None:
    pages = bench.desk.panels.contents.pages
    for row, kind in enumerate(PAGES):
        item = pages.item(row)
        pages.scrollToItem(item)
        QTest.mouseClick(pages.viewport(), LEFT, NO_KEYS, pages.visualItemRect(item).center())
        assert isinstance(bench.document.page, kind)
        bench.draw()
        assert bench.stage.question.text() == kind.question
        assert bench.stage.sentence.text() == bench.document.page.scene().sentence
        assert kind.title in bench.desk.heading.name


def test_a_gaussian_is_dragged_with_the_mouse_as_one_undo_step(bench: Bench) -> None:
    page = bench.open(LikelihoodPage)
    plot = bench.chart()
    scene = page.scene().pictures[0]
    assert isinstance(scene, Chart)
    handle = next(one for one in scene.handles if one.id == "mean:0")
    drag(plot, (handle.x, handle.y), (1.0, handle.y))
    moved = bench.page(LikelihoodPage)
    assert moved.candidates.means[0, 0] == pytest.approx(1.0, abs=0.05)
    bench.desk.actions["undo"].trigger()
    assert bench.page(LikelihoodPage).candidates.means[0, 0] == page.candidates.means[0, 0]
    bench.desk.actions["redo"].trigger()
    assert bench.page(LikelihoodPage) is moved


def test_e_and_m_are_buttons_and_the_scrub_bar_goes_back(bench: Bench) -> None:
    bench.open(EmPage)
    buttons = bench.stage.actions_bar.buttons
    assert not buttons["m"].isEnabled()
    click_action(bench, "e")
    bench.draw()
    assert buttons["m"].isEnabled()
    click_action(bench, "m")
    click_action(bench, "step")
    bench.draw()
    assert bench.page(EmPage).timeline.at == 4
    slider = bench.stage.actions_bar.slider
    assert slider.maximum() == 4
    slider.setValue(1)
    assert bench.page(EmPage).timeline.at == 1
    assert len(bench.page(EmPage).timeline.frames) == 5
    bench.draw()
    assert bench.stage.actions_bar.moment.text() == "iteration 0, after E"


def test_a_click_on_the_curve_goes_to_that_iteration(bench: Bench) -> None:
    bench.open(EmPage)
    for _ in range(3):
        click_action(bench, "step")
    bench.draw()
    plot = bench.stage.slots[1].convergence
    assert plot is not None
    plot.clicked.emit(1.1, 0.0)
    assert bench.page(EmPage).timeline.at == 2
    assert bench.page(EmPage).timeline.iteration == 1


def test_a_run_goes_on_in_the_background_and_is_one_undo_step(bench: Bench, qtbot: QtBot) -> None:
    begun = bench.open(EmPage)
    QTest.keyClick(bench.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not bench.desk.work.is_running and bench.page(EmPage) is not begun)
    done = bench.page(EmPage)
    assert done.timeline.iteration > 5
    bench.desk.actions["undo"].trigger()
    assert bench.page(EmPage) is begun


def test_a_run_that_is_stopped_keeps_what_it_has(bench: Bench, qtbot: QtBot) -> None:
    bench.desk.work.apply(take_data(made_data("rows", THREE_IN_PLANE, 5000, 1)))
    bench.open(EmPage)
    bench.desk.work.apply(change_setting("tol", 0.0, "Tolerance"))
    begun = bench.page(EmPage)
    bench.desk.actions["run"].trigger()
    qtbot.waitUntil(lambda: bench.desk.work.workspace.shown.page is not begun)
    bench.desk.actions["stop"].trigger()
    qtbot.waitUntil(lambda: not bench.desk.work.is_running)
    qtbot.waitUntil(lambda: bench.page(EmPage) is not begun)
    assert 0 < bench.page(EmPage).timeline.iteration < 500


def test_an_edit_ends_a_run(bench: Bench, qtbot: QtBot) -> None:
    bench.open(EmPage)
    bench.desk.actions["run"].trigger()
    bench.open(MixturePage)
    qtbot.waitUntil(lambda: not bench.desk.work.is_running)
    assert isinstance(bench.document.page, MixturePage)
    assert bench.document.pages["em"].timeline.at == 0  # type: ignore[attr-defined]


def test_settings_of_the_page_are_fields(bench: Bench) -> None:
    bench.open(EmPage)
    contents = bench.desk.panels.contents
    form = contents.forms.currentWidget()
    assert form is not None
    box = form.findChild(QAbstractSpinBox, "n_components")
    assert box is not None
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert bench.page(EmPage).timeline.now.params.n_components == 4


def test_a_table_is_dropped_and_seen_by_every_page(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0, 1, (60, 3)), rng.normal(5, 1, (60, 3))])
    path = tmp_path / "speech.csv"
    path.write_text("a,b,c\n" + "\n".join(",".join(map(repr, row)) for row in values.tolist()))
    drop(bench.window, mime_of(path))
    qtbot.waitUntil(lambda: bench.document.data is not None)
    page = bench.open(EmPage)
    np.testing.assert_array_equal(page.data.values, values)
    contents = bench.desk.panels.contents
    assert "120 rows, 3 features" in contents.data_facts.text()
    contents.x_box.setCurrentIndex(2)
    contents.x_box.activated.emit(2)
    assert bench.page(EmPage).data.shown == (2, 1)
    bench.desk.actions["examples"].trigger()
    assert bench.page(EmPage).data is EmPage.example()
    assert path in bench.store.recent_files("tables")


def test_a_file_that_is_no_table_is_refused_in_one_sentence(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "broken.csv"
    path.write_text("a,b\n1,x\n2,3\n")
    bench.desk.work.opener.open_path(path)
    qtbot.waitUntil(lambda: bench.notices.has_error)
    assert bench.document.data is None


def test_the_pixels_of_the_photo_are_rows(bench: Bench, qtbot: QtBot) -> None:
    bench.desk.actions["photo_pixels"].trigger()
    assert bench.notices.has_error
    bench.table = feature_table(image_of(blobs()), FeatureSpec())
    bench.desk.actions["photo_pixels"].trigger()
    qtbot.waitUntil(lambda: bench.document.data is not None)
    data = bench.document.data
    assert data is not None
    assert data.n_rows == 60 * 80
    np.testing.assert_allclose(data.values.mean(axis=0), blobs().reshape(-1, 3).mean(axis=0), atol=0.5)


def test_figures_are_exported_as_csv(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    bench.open(EmPage)
    click_action(bench, "step")
    path = tmp_path / "figures.csv"
    bench.desk.work.exporter.write(path)
    qtbot.waitUntil(path.exists)
    qtbot.waitUntil(lambda: not bench.desk.work.exports.is_running)
    text = path.read_text(encoding="utf-8")
    bars = bench.page(EmPage).scene().bars
    assert all(repr(float(bar.value)) in text for bar in bars)
    first = bench.page(EmPage).scene().tables[1].rows[0]
    shares = ",".join(repr(float(cell)) for cell in first[2:])
    assert shares in text
    assert "Posteriors γ" in text


def test_keys_choose_and_move_a_handle(bench: Bench) -> None:
    before = bench.open(MixturePage).params.means[0, 0]
    plot = bench.chart()
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_PageDown)
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert bench.page(MixturePage).params.means[0, 0] > before


def test_an_empty_place_is_panned_not_dragged(bench: Bench) -> None:
    page = bench.open(MixturePage)
    plot = bench.chart()
    before = plot.view.viewRange()[0]
    drag(plot, (0.2, 0.28), (1.2, 0.28))
    assert bench.page(MixturePage) is page
    assert plot.view.viewRange()[0][0] < before[0]


def test_plots_bars_and_formulas_follow_the_theme(bench: Bench, qapp: QApplication) -> None:
    bench.open(EmPage)
    click_action(bench, "step")
    bench.draw()

    def brightness(widget: QWidget) -> float:
        return widget.grab().toImage().pixelColor(2, 2).lightnessF()

    light = brightness(bench.chart())
    apply_theme(qapp, "dark")
    QTest.qWait(30)
    assert brightness(bench.chart()) < light
    assert len(bench.chart().chart.shapes) == 3  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1024, 700), (1600, 1000)])
def test_nothing_is_cut_off_on_any_page(bench: Bench, size: tuple[int, int]) -> None:
    bench.window.resize(*size)
    for kind in PAGES:
        bench.open(kind)
        QTest.qWait(20)
        bar = bench.stage.actions_bar
        for button in bar.buttons.values():
            assert button.width() >= button.minimumSizeHint().width()
            assert bar.rect().contains(button.geometry())
        assert bench.window.width() == size[0]
        for slot in bench.stage.slots:
            assert slot.isHidden() or slot.height() > 0.25 * size[1]


def test_a_lesson_is_taken_with_the_mouse(bench: Bench, qtbot: QtBot) -> None:
    bench.desk.actions["lesson_likelihood"].trigger()
    panel = bench.desk.panels.lesson
    # It is to be predicted: no figure tells it before.
    qtbot.waitUntil(lambda: "Answer first" in bench.stage.sentence.text())
    table = bench.stage.tables.currentWidget()
    assert isinstance(table, TextTable)
    assert not table.texts.rows
    assert bench.stage.bars.bars == ()
    assert panel.isVisible()
    for n_done in range(1, 4):
        progress = bench.document.lesson
        assert progress is not None
        assert panel.question.text() == progress.step.question
        assert not panel.next_button.isVisible()
        QTest.mouseClick(panel.buttons[0], LEFT)
        qtbot.waitUntil(lambda: bench.document.lesson is not None and bench.document.lesson.claim is not None)
        assert panel.outcome.text().startswith(("Right.", "Not quite"))
        assert panel.buttons == []
        assert panel.next_button.text() == ("&Finish" if n_done == 3 else "&Next")
        QTest.mouseClick(panel.next_button, LEFT)
    assert bench.document.lesson is None
    assert not panel.isVisible()


def test_a_prediction_is_undone(bench: Bench, qtbot: QtBot) -> None:
    bench.desk.actions["lesson_em"].trigger()
    QTest.mouseClick(bench.desk.panels.lesson.buttons[1], LEFT)
    qtbot.waitUntil(lambda: bench.page(EmPage).timeline.at == 1)
    bench.desk.actions["undo"].trigger()
    assert bench.page(EmPage).timeline.at == 0
    assert len(bench.desk.panels.lesson.buttons) == 3


def test_rows_are_drawn_by_clicks_in_the_chart(bench: Bench) -> None:
    page = bench.open(MakePage)
    click_action(bench, "clear")
    plot = bench.chart()
    QTest.qWait(50)
    x, y = plot.view.viewRange()
    QTest.mouseClick(plot.viewport(), LEFT, NO_KEYS, spot(plot, sum(x) / 2, sum(y) / 2))
    QTest.qWait(400)  # two clicks at once would be a double click
    assert bench.page(MakePage).data.n_rows == 7
    middle = (sum(x) / 2, 0.4 * y[0] + 0.6 * y[1])
    drag(plot, middle, (middle[0] + 0.2 * (x[1] - x[0]), middle[1]))
    assert bench.page(MakePage).data.n_rows > 15
    assert page.data.n_rows == 600
    assert bench.document.data is bench.page(MakePage).data


def test_the_line_of_the_tree_is_dragged(bench: Bench) -> None:
    bench.open(MergePage)
    tree = bench.stage.slots[1].tree
    assert tree is not None
    tree.cut_line.setValue(0.9)
    tree.cut_line.sigDragged.emit(tree.cut_line)
    assert bench.page(MergePage).settings.threshold == pytest.approx(0.9)
    box = bench.desk.panels.contents.forms.currentWidget()
    assert box is not None
    typed = box.findChild(QAbstractSpinBox, "threshold")
    assert typed is not None
    assert typed.text().startswith("0.9")


def test_fields_without_effect_are_hidden(bench: Bench) -> None:
    bench.open(BreakPage)
    form = bench.desk.panels.contents.forms.currentWidget()
    assert isinstance(form, PageForm)
    assert form.field("log_sigma").isVisible()
    assert not form.field("log_offset").isVisible()
    bench.desk.work.apply(change_setting("case", "cancellation", "Break"))
    assert form.field("log_offset").isVisible()


def test_nothing_is_edited_while_an_action_runs(bench: Bench) -> None:
    page = bench.open(EmPage)
    bench.stage.show_running(True)
    bench.stage.slots[0].handle_dragged.emit("mean:0", 0.0, 0.0)
    bench.stage.actions_bar.scrubbed.emit(0)
    assert bench.page(EmPage) is page
    bench.stage.show_running(False)
    bench.stage.slots[0].handle_dragged.emit("mean:0", 0.0, 0.0)
    assert bench.page(EmPage) is not page


def test_the_theory_of_the_page_is_a_click_away(bench: Bench) -> None:
    bench.open(EmPage)
    QTest.mouseClick(bench.stage.theory, LEFT)
    dialog = bench.window.findChild(TheoryDialog)
    assert dialog is not None
    assert dialog.name == EmPage.theory
    dialog.close()


def test_the_page_is_exported_as_a_picture(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    bench.open(EmPage)
    path = tmp_path / "page.png"
    bench.desk.work.exporter.write(path)
    qtbot.waitUntil(lambda: path.exists() and not bench.desk.work.exports.is_running)
    with PillowImage.open(path) as picture:
        assert picture.size == (bench.stage.width(), bench.stage.height())


def test_em_begins_at_a_saved_mixture(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mixture.json"
    model = TableModel(THREE_IN_PLANE, ("x", "y"), np.array([1.0, 2.0]), np.array([2.0, 3.0]), 0)
    path.write_bytes(dump_table_model(model))
    bench.open(EmPage)
    bench.desk.work.opener.open_path(path)
    qtbot.waitUntil(lambda: np.array_equal(bench.page(EmPage).timeline.now.params.means, model.means))
    np.testing.assert_allclose(bench.page(EmPage).timeline.now.params.matrices(), model.matrices)
    click_action(bench, "step")
    bench.open(StartsPage)
    bench.desk.work.opener.open_path(path)
    qtbot.waitUntil(lambda: bench.page(StartsPage).settings.way == "own")
    np.testing.assert_array_equal(bench.page(StartsPage).first_of(0).means, model.means)
    bench.open(LikelihoodPage)
    bench.desk.work.opener.open_path(path)
    qtbot.waitUntil(lambda: bench.notices.has_error)


def test_all_steps_are_exported_as_an_animation(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    bench.open(EmPage)
    for _ in range(2):
        click_action(bench, "step")
    path = tmp_path / "em.gif"
    with qtbot.waitSignal(bench.desk.work.exporter.finished, timeout=20000):
        bench.desk.work.exporter.write(path)
    with PillowImage.open(path) as picture:
        assert picture.n_frames == 5  # type: ignore[attr-defined]
    bench.open(LikelihoodPage)
    bench.desk.work.exporter.write(tmp_path / "likelihood.gif")
    qtbot.waitUntil(lambda: bench.notices.has_error)
