"""The panels and widgets of the digits desk, each alone: what they draw and what they ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from gmmseg.control import Progress, never_stop, result_of
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.document import Document, open_digits, with_outcome
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.events import Iterated
from gmmseg.digits.experiment import ExperimentOutcome, ExperimentRequest, StageDone, experiment_events
from gmmseg.digits.overview import cluster_moments
from gmmseg.digits.progress import KeptStages, RunLog
from gmmseg.digits.recipes import RECIPES, settings_for
from gmmseg.digits.reliability import reliability
from gmmseg.digits.settings import DigitSettings
from gmmseg.digits.stages import settings_shown
from gmmseg.digits.view_state import ViewState
from gmmseg.setting import settings_of, with_setting
from tests.data.settings import SparklingDigits
from ui.digits.panels.clusters import ClustersPanel
from ui.digits.panels.confusion import ConfusionPanel
from ui.digits.panels.convergence import ConvergencePanel
from ui.digits.panels.eigenvalues import EigenvaluesPanel
from ui.digits.panels.embedding import EmbeddingPanel
from ui.digits.panels.requests import (
    N_SAMPLES,
    OverviewRequest,
    SampleMaker,
    SampleRequest,
    answer_overview,
)
from ui.digits.panels.scores import ScoresPanel
from ui.digits.panels.setup import SetupPanel
from ui.digits.widgets.confusion_matrix import ConfusionMatrix, Matrix
from ui.digits.widgets.reliability_bars import ReliabilityBars
from ui.digits.widgets.stage_list import StageList
from ui.digits.widgets.wall import Spot, Wall
from ui.digits.widgets.wall_layout import FOLDED_LINES, WallSection
from ui.theme import SPACING, apply_theme, colours

_WRAP = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture(autouse=True)
def light(qapp: QApplication) -> None:
    apply_theme(qapp, "light")


@pytest.fixture(scope="module")
def outcome() -> ExperimentOutcome:
    """Of a graph, with eigenvalues and spectral coordinates."""
    settings = with_setting(settings_for("manifold", DigitSettings(n_clusters=6)), "graph.n_passes", 1)
    settings = with_setting(settings, "search.n_starts", 0)
    return result_of(experiment_events(ExperimentRequest(drawn_digits(300, 60), settings)))


@pytest.fixture
def shown(outcome: ExperimentOutcome) -> ViewState:
    document = open_digits(outcome.digits).apply(Document(settings=outcome.settings))
    return ViewState(with_outcome(document, outcome))


Put = Callable[..., None]


@pytest.fixture
def put(qtbot: QtBot) -> Put:
    """Return what shows a widget on its own, and keeps it until the test is over."""
    held: list[QWidget] = []

    def show(widget: QWidget, width: int = 420, height: int = 360) -> None:
        held.append(widget)
        qtbot.addWidget(widget)
        widget.resize(width, height)
        with qtbot.waitExposed(widget):
            widget.show()

    return show


def sections(n_sections: int = 3, n_digits: int = 90, **fields: object) -> tuple[WallSection, ...]:
    images = np.random.default_rng(0).integers(0, 255, (200, 8, 6), dtype=np.uint8)
    return tuple(
        WallSection(key, f"Cluster {key}", ("some",), images, np.arange(key, key + n_digits), **fields)  # type: ignore[arg-type]
        for key in range(n_sections)
    )


# The wall


@pytest.fixture
def wall(put: Put) -> Wall:
    wall = Wall("wall", "Digits")
    put(wall)
    wall.show_sections(sections(can_rename=True))
    return wall


def test_a_folded_section_shows_its_first_lines_and_unfolds_by_a_click_on_its_heading(
    wall: Wall,
) -> None:
    folded = wall.verticalScrollBar().maximum()
    heading = wall.heading_rect(0)
    right = QPoint(heading.right() - 10, heading.center().y())
    QTest.mouseClick(wall.viewport(), LEFT, NO_KEYS, right)
    assert wall.is_unfolded(0)
    assert wall.verticalScrollBar().maximum() > folded
    QTest.mouseClick(wall.viewport(), LEFT, NO_KEYS, right)
    assert wall.verticalScrollBar().maximum() == folded


def test_the_digit_at_a_point_is_the_one_drawn_there(wall: Wall) -> None:
    for spot in (Spot(0, 0), Spot(0, 5), Spot(1, 3)):
        assert wall.spot_at(wall.rect_of(spot).center()) == spot
        assert wall.index_of(spot) == spot.section + spot.number
    assert wall.spot_at(wall.heading_rect(0).center()) is None


def test_arrows_lead_from_digit_to_digit_and_from_section_to_section(wall: Wall) -> None:
    chosen: list[object] = []
    wall.digit_chosen.connect(chosen.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        QTest.keyClick(wall, key)
    assert chosen == [0, 1, 0]
    for _ in range(FOLDED_LINES):
        QTest.keyClick(wall, Qt.Key.Key_Down)
    assert wall.current == Spot(1, 0)
    QTest.keyClick(wall, Qt.Key.Key_Up)
    current = wall.current
    assert current is not None
    assert current.section == 0
    QTest.keyClick(wall, Qt.Key.Key_Return)
    assert wall.is_unfolded(0)


def test_moving_on_scrolls_the_current_digit_into_view(wall: Wall) -> None:
    wall.resize(420, 160)
    for _ in range(12):
        QTest.keyClick(wall, Qt.Key.Key_Down)
    assert wall.current is not None
    assert wall.verticalScrollBar().value() > 0
    assert wall.viewport().rect().contains(wall.rect_of(wall.current))


def test_the_brightest_level_is_shown_as_full_ink(put: Put) -> None:
    images = np.zeros((200, 8, 8), np.uint8)
    images[:, 2:6, 2:6] = 16
    panel = ClustersPanel()
    put(panel)
    digits = DigitSet(images, None, 200, "faint")
    panel.show_state(ViewState(), ViewState(open_digits(digits).apply(Document())))
    wall = panel.walls["clusters"]
    middle = wall.rect_of(Spot(0, 0)).center()
    assert wall.viewport().grab().toImage().pixelColor(middle) == colours().text
    assert (digits.images == images).all()


def test_the_digit_under_the_pointer_is_told_once(wall: Wall) -> None:
    told: list[object] = []
    wall.digit_hovered.connect(told.append)
    at = wall.rect_of(Spot(0, 4)).center()
    QTest.mouseMove(wall.viewport(), at)
    QTest.mouseMove(wall.viewport(), at + QPoint(1, 1))
    QTest.mouseMove(wall.viewport(), wall.heading_rect(0).center())
    assert told == [4, None]


@pytest.mark.parametrize(("key", "expected"), [(Qt.Key.Key_Return, [(1, "ones")]), (Qt.Key.Key_Escape, [])])
def test_a_name_is_taken_by_enter_and_given_up_by_escape(
    wall: Wall, key: Qt.Key, expected: list[tuple[int, str]]
) -> None:
    names: list[tuple[int, str]] = []
    wall.renamed.connect(lambda section, name: names.append((section, name)))
    wall.rename(1)
    editor = wall.findChild(QLineEdit, "sectionName")
    assert editor is not None
    assert editor.text() == "Cluster 1"
    QTest.keyClicks(editor, "ones")
    QTest.keyClick(editor, key)
    assert names == expected
    assert wall.hasFocus()


def test_a_click_on_the_name_edits_it(wall: Wall) -> None:
    heading = wall.heading_rect(0)
    QTest.mouseClick(wall.viewport(), LEFT, NO_KEYS, QPoint(heading.left() + 40, heading.center().y()))
    assert wall.findChild(QLineEdit, "sectionName") is not None


def test_samples_have_no_index(put: Put) -> None:
    wall = Wall("wall", "Digits")
    put(wall)
    wall.show_sections(sections(is_sample=True))
    assert wall.index_of(Spot(0, 0)) is None


def test_the_ink_of_each_digit_is_where_its_cell_is(put: Put) -> None:
    wall = Wall("wall", "Digits")
    put(wall)
    images = np.zeros((40, 8, 8), np.uint8)
    images[[3, 12]] = 255
    wall.show_sections((WallSection(0, "One", (), images, np.arange(40), is_unfolded=True),))
    # With another width the same digits stand in other lines.
    for width in (420, 300):
        wall.resize(width, 360)
        picture = wall.viewport().grab().toImage()
        for number, is_ink in ((2, False), (3, True), (4, False), (12, True), (13, False)):
            lightness = picture.pixelColor(wall.rect_of(Spot(0, number)).center()).lightness()
            assert lightness < 60 if is_ink else lightness > 200


def test_seventy_thousand_digits_are_arranged_and_drawn_at_once(put: Put) -> None:
    wall = Wall("wall", "Digits")
    put(wall)
    images = np.zeros((70_000, 28, 28), np.uint8)
    wall.show_sections((WallSection(0, "All", (), images, np.arange(70_000), is_unfolded=True),))
    wall.verticalScrollBar().setValue(wall.verticalScrollBar().maximum())
    wall.viewport().grab()
    assert len(wall._sheets._kept) < 40


# Stages


def test_the_list_of_stages_tells_what_is_done_kept_under_way_and_to_come(put: Put) -> None:
    digits, settings = drawn_digits(40, 0), settings_for("orientation")
    kept = KeptStages()
    kept.note(digits, settings, StageDone("framing", "Framing", 0.25, was_kept=False))
    kept.note(digits, settings, StageDone("deskew", "Straightening", 1.25, was_kept=False))
    log = kept.plan(digits, settings).started()
    assert [stage.status for stage in log.stages] == ["kept", "kept", "running", "waiting", "waiting"]
    log = log.after(StageDone("orientation", "Measuring", 2.0, was_kept=False)).after(Progress("PCA", 0.4))
    assert [stage.status for stage in log.stages] == ["kept", "kept", "done", "running", "waiting"]
    assert log.fraction == 0.4
    stages = StageList()
    put(stages)
    stages.show_log(log)
    assert "Straightening the digits: kept" in stages.accessibleDescription()
    assert "Fitting the mixture: to come" in stages.accessibleDescription()
    assert stages.grab().toImage().pixelColor(7, 10) != stages.grab().toImage().pixelColor(200, 10)


def test_no_title_of_a_stage_is_cut_in_a_narrow_list(put: Put) -> None:
    settings = DigitSettings()
    log = KeptStages().plan(drawn_digits(40, 0), settings)
    stages, wide = StageList(), StageList()
    for one, width in ((stages, 170), (wide, 700)):
        put(one, width, 600)
        one.show_log(log)
        one.resize(width, one.heightForWidth(width))
    assert wide.height() < stages.height()
    metrics = QFontMetrics(stages.font())
    picture = stages.grab().toImage()
    top = 0
    for stage in log.stages:
        longest_line = max(metrics.horizontalAdvance(word) for word in stage.title.split())
        assert longest_line < 170 - 16
        n_lines = 1 if metrics.horizontalAdvance(stage.title) <= 170 - 16 - SPACING else 2
        height = n_lines * metrics.lineSpacing()
        ink = [
            any(picture.pixelColor(x, top + y).lightness() < 200 for x in range(18, 165))
            for y in range(height)
        ]
        assert any(ink[-metrics.lineSpacing() :]), stage.title
        top += max(metrics.boundingRect(0, 0, 170 - 16 - SPACING, 999, _WRAP, stage.title).height() + 3,
                   metrics.height() + 3)  # fmt: skip
    assert top == stages.height()


def test_every_setting_of_every_recipe_has_a_field_in_a_section(put: Put) -> None:
    panel = SetupPanel()
    put(panel, 300, 600)
    for setting in settings_of(DigitSettings):
        group, _, name = setting.path.partition(".")
        section = panel.section(group) if name else panel
        assert section.isAncestorOf(panel.field(setting.path))
    for recipe in RECIPES:
        document = Document(settings=settings_for(recipe))
        panel.show_state(ViewState(), ViewState(document))
        for setting in settings_shown(recipe):
            assert not panel.field(setting.path).isHidden()
            group = setting.path.partition(".")[0]
            assert "." not in setting.path or not panel.section(group).isHidden()
        assert panel.explanation.text() == RECIPES[recipe].explanation


def test_a_new_setting_is_a_field_in_the_section_of_its_stage(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    for home in ("ui.digits.panels.setup", "gmmseg.digits.recipes", "gmmseg.digits.stages"):
        monkeypatch.setattr(f"{home}.DigitSettings", SparklingDigits)
    monkeypatch.setattr("ui.digits.panels.setup.Document", lambda: Document(None, SparklingDigits()))
    panel = SetupPanel()
    put(panel, 300, 600)
    assert panel.section("pca").isAncestorOf(panel.field("pca.shade"))
    assert not panel.field("pca.shade").isHidden()


# Scatter


def test_the_scatter_shows_the_digit_under_the_pointer(
    qtbot: QtBot, put: Put, shown: ViewState, outcome: ExperimentOutcome
) -> None:
    panel = EmbeddingPanel()
    hovered: list[object] = []
    panel.digit_hovered.connect(hovered.append)
    put(panel)
    with qtbot.waitSignal(panel.moments_requested) as asked:
        panel.show_state(ViewState(), shown)
    panel.show_moments(asked.args[0], cluster_moments(outcome))
    n_clusters = len(np.unique(outcome.clusters))
    assert [one.number for one in panel.plot.components] == list(range(1, n_clusters + 1))
    axes = [box.currentIndex() for box in panel.axis_boxes.values()]
    # The axes take their room when they are first drawn.
    qtbot.wait(50)
    index = 17
    x, y = (float(outcome.embedding[index, axis]) for axis in axes)
    scene = panel.plot.view.mapViewToScene(QPointF(x, y))
    QTest.mouseMove(panel.plot.viewport(), panel.plot.mapFromScene(scene))
    assert panel.card.isVisible()
    assert panel.card.text.startswith("No. ")
    found = hovered[-1]
    assert isinstance(found, int)
    assert outcome.embedding[found, axes] == pytest.approx([x, y], abs=0.05)


def test_a_drag_in_the_scatter_chooses_all_digits_in_the_area(
    put: Put, shown: ViewState, outcome: ExperimentOutcome
) -> None:
    panel = EmbeddingPanel()
    chosen: list[np.ndarray] = []
    panel.rows_chosen.connect(lambda title, rows: chosen.append(rows))
    put(panel)
    panel.show_state(ViewState(), shown)
    axes = [box.currentIndex() for box in panel.axis_boxes.values()]
    points = outcome.embedding[:, axes]
    low, high = np.percentile(points, 20, axis=0), np.percentile(points, 80, axis=0)
    corners = np.array([low, (high[0], low[1]), high, (low[0], high[1])])
    panel.plot.view.brushed.emit(corners)
    inside = ((points >= low) & (points <= high)).all(axis=1)
    assert sorted(chosen[0]) == list(np.flatnonzero(inside))


def test_what_lies_far_out_is_not_in_the_first_view_but_a_double_click_shows_it(
    put: Put, shown: ViewState
) -> None:
    outcome = shown.document.outcome
    assert outcome is not None
    embedding = outcome.embedding.copy()
    embedding[7, :] = 50.0
    far = ViewState(with_outcome(shown.document, replace(outcome, embedding=embedding)))
    panel = EmbeddingPanel()
    put(panel)
    panel.show_state(ViewState(), far)
    x_axis, y_axis = 1, 2
    (x_from, x_to), (y_from, y_to) = panel.plot.view.viewRange()
    assert max(x_to, y_to) < 25
    x, y = outcome.embedding[:, x_axis], outcome.embedding[:, y_axis]
    inside = (x_from <= x) & (x <= x_to) & (y_from <= y) & (y <= y_to)
    assert inside.mean() > 0.9
    panel.plot.double_clicked.emit(0.0, 0.0)
    (_, x_to), (_, y_to) = panel.plot.view.viewRange()
    assert min(x_to, y_to) > 50


def test_the_numbers_of_clusters_hide_neither_each_other_nor_small_clusters(
    put: Put, shown: ViewState
) -> None:
    outcome = shown.document.outcome
    assert outcome is not None
    panel = EmbeddingPanel()
    put(panel)
    panel.show_state(ViewState(), shown)
    means, covariances = cluster_moments(outcome, never_stop)
    means[:] = means[0] + 1e-3 * np.arange(len(means))[:, None]
    assert panel._asked is not None
    panel.show_moments(panel._asked, (means, 1e-6 * covariances))
    panel.plot.grab()
    to_view = panel.plot.view.childGroup.itemTransform(panel.plot.view)[0]
    places = [to_view.map(number.pos()) for number in panel.plot._numbers if number.isVisible()]
    assert len(places) == outcome.n_clusters
    size = panel.plot._numbers[0].boundingRect()
    for at, one in enumerate(places):
        for other in places[:at]:
            apart = abs(one.x() - other.x()) >= size.width() or abs(one.y() - other.y()) >= size.height()
            assert apart
    ends, _ = panel.plot.leaders.getData()
    assert len(ends) == 2 * outcome.n_clusters
    # Also after the view has changed: pyqtgraph draws with the new range only later.
    for width in (300, 600):
        panel.resize(width, 400)
        panel.plot.grab()
        view = panel.plot.view
        inner = view.mapRectToScene(view.rect())
        inner.adjust(size.width() / 2, size.height() / 2, -size.width() / 2, -size.height() / 2)
        for number in panel.plot._numbers:
            if number.isVisible():
                assert inner.contains(view.mapViewToScene(number.pos()))
    panel.plot.show_components([])
    assert panel.plot.leaders.getData()[0] is None or not len(panel.plot.leaders.getData()[0])


def test_other_axes_are_drawn_when_chosen(put: Put, shown: ViewState) -> None:
    panel = EmbeddingPanel()
    put(panel)
    panel.show_state(ViewState(), shown)
    assert panel.axis_boxes["x"].currentText() == "Spectral 2"
    panel.axis_boxes["x"].setFocus()
    QTest.keyClick(panel.axis_boxes["x"], Qt.Key.Key_Down)
    assert panel.plot.getPlotItem().getAxis("bottom").labelText == "Spectral 3"


# Eigenvalues, convergence, scores


def test_a_click_on_the_eigenvalues_asks_for_as_many_clusters(
    qtbot: QtBot, put: Put, shown: ViewState, outcome: ExperimentOutcome
) -> None:
    panel = EigenvaluesPanel()
    put(panel)
    panel.show_state(ViewState(), shown)
    assert outcome.gap_k is not None
    assert f"proposes {outcome.gap_k} clusters" in panel.words.text()
    assert panel.gap_band.getRegion() == (outcome.gap_k, outcome.gap_k + 1)
    with qtbot.waitSignal(panel.edit_requested) as asked:
        panel.plot.clicked.emit(4.2, 0.5)
    assert asked.args[0].apply(shown.document).settings.n_clusters == 4
    with qtbot.waitSignal(panel.edit_requested) as asked:
        QTest.keyClick(panel, Qt.Key.Key_Right)
    assert asked.args[0].apply(shown.document).settings.n_clusters == 7


def test_without_a_graph_the_eigenvalues_say_where_they_come_from(put: Put) -> None:
    panel = EigenvaluesPanel()
    put(panel)
    assert "manifold" in panel.hint.label.text()


def test_convergence_has_a_curve_for_each_stage_and_a_table(put: Put) -> None:
    steps = (
        Iterated("graph_mixture", 1, -30.0, 0.5),
        Iterated("graph_mixture", 2, -20.0, 0.1),
        Iterated("graph_mixture_2", 1, None, 0.2),
        Iterated("mixture", 1, -5.0, float("nan")),
    )
    panel = ConvergencePanel()
    put(panel)
    panel.show_state(ViewState(), ViewState(log=RunLog(iterations=steps, is_running=True)))
    assert list(panel.curves) == ["graph_mixture", "graph_mixture_2"]
    assert list(panel.curves["graph_mixture"].getData()[1]) == [50.0, 10.0]
    panel.figure_box.setFocus()
    QTest.keyClick(panel.figure_box, Qt.Key.Key_Down)
    assert list(panel.curves) == ["graph_mixture", "mixture"]
    QTest.keyClick(panel.figure_box, Qt.Key.Key_Down)
    assert panel.table.texts.rows[2][1:] == ("1", "–", "20.000 %")
    assert panel.table.texts.rows[3][1:] == ("1", "-5.0000", "–")


def test_the_scores_say_what_was_chosen_by_them_and_that_labels_never_fit(
    put: Put, shown: ViewState, outcome: ExperimentOutcome
) -> None:
    panel = ScoresPanel()
    put(panel)
    panel.show_state(ViewState(), shown)
    for part, scores in (("fit", outcome.scores_fit), ("test", outcome.scores_test)):
        for name in ("acc", "nmi", "ari", "purity"):
            assert panel.figures[part, name].text() == f"{getattr(scores, name):.4f}"
    assert "never fit" in panel.honesty.text()
    assert "chosen by people who saw scores on MNIST" in panel.chosen.text()
    assert "say nothing about MNIST" in panel.drawn.text()
    assert panel.drawn.isVisible()
    assert len(panel.table.texts.rows) == 10


def test_samples_are_the_same_for_the_same_batch_and_others_for_the_next(outcome: ExperimentOutcome) -> None:
    maker = SampleMaker()
    first, again = (maker(SampleRequest(outcome, 0), never_stop) for _ in range(2))
    other = maker(SampleRequest(outcome, 1), never_stop)
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert any((one != two).any() for one, two in zip(first, other, strict=True) if len(one))
    assert {len(drawn) for drawn in first} <= {0, N_SAMPLES}


def test_the_matrix_says_what_its_colours_mean(put: Put, shown: ViewState) -> None:
    panel = ConfusionPanel()
    put(panel)
    panel.show_state(ViewState(), shown)
    assert panel.key.isVisible()
    assert "share of the row" in panel.key.text()
    assert "share of its row" in panel.key.toolTip()
    position = QPoint(3, 3)
    help_event = QHelpEvent(QEvent.Type.ToolTip, position, panel.matrix.mapToGlobal(position))
    QApplication.sendEvent(panel.matrix, help_event)
    assert QToolTip.text() == panel.matrix.explanation
    QToolTip.hideText()


def test_misplaced_digits_come_worst_first_and_their_confidence_is_explained(
    put: Put, shown: ViewState
) -> None:
    outcome = shown.document.outcome
    assert outcome is not None
    panel = ClustersPanel()
    requests: list[OverviewRequest] = []
    panel.overview_requested.connect(requests.append)
    put(panel, 600, 400)
    panel.show_state(ViewState(), shown)
    assert not panel.note.isVisible()
    panel.show_view("misplaced")
    assert not panel.note.isVisible()
    panel.show_overview(requests[-1], answer_overview(requests[-1], never_stop))
    section = panel.walls["misplaced"].sections[0]
    assert len(section.rows)
    assert (np.diff(outcome.confidence[section.rows]) <= 0).all()
    assert panel.note.isVisible()
    assert "worst first" in panel.note.text()
    assert "posterior" in panel.note.text()
    # All of it is readable.
    assert panel.note.height() >= panel.note.heightForWidth(panel.note.width())
    panel.show_view("clusters")
    assert not panel.note.isVisible()


@pytest.mark.parametrize("width", [260, 330, 500])
def test_every_line_of_the_scores_is_wrapped_and_the_table_fills_the_panel(
    put: Put, shown: ViewState, width: int
) -> None:
    panel = ScoresPanel()
    put(panel, width, 700)
    panel.show_state(ViewState(), shown)
    QApplication.processEvents()
    for label in (panel.honesty, panel.chosen, panel.drawn):
        assert label.isVisible()
        assert label.height() >= label.heightForWidth(label.width())
        assert label.mapTo(panel, QPoint(label.width(), 0)).x() <= panel.width()
    header = panel.table.horizontalHeader()
    assert header.length() == panel.table.viewport().width()
    for column in range(header.count()):
        assert header.sectionSize(column) >= QFontMetrics(header.font()).horizontalAdvance(
            panel.table.texts.headings[column]
        )


@pytest.mark.parametrize("width", [396, 700])
def test_every_count_of_the_matrix_is_to_be_seen(put: Put, width: int) -> None:
    """At the width that the dock has at first too, and as large as those of the whole of MNIST."""
    counts = np.zeros((10, 10), dtype=np.int64)
    counts[np.arange(10), np.arange(10)] = [6742, 5923, 987, 12, 7, 5842, 104, 1, 60_000, 6313]
    counts[0, 9], counts[3, 4] = 1, 1032
    names = tuple(f"cluster {k}" for k in range(10))
    matrix = ConfusionMatrix()
    put(matrix)
    matrix.resize(width, 320)
    matrix.show_matrix(Matrix(counts, names, tuple(range(10)), tuple(range(10))))
    QApplication.processEvents()
    picture = matrix.grab().toImage()
    for row, column in np.ndindex(10, 10):
        inside = matrix.cell_rect(row, column).adjusted(1, 1, -2, -2)
        seen = {
            picture.pixel(x, y)
            for x in range(inside.left(), inside.right() + 1)
            for y in range(inside.top(), inside.bottom() + 1)
        }
        assert (len(seen) > 1) == bool(counts[row, column]), (row, column)


def test_every_count_of_a_large_set_has_room_in_a_narrow_matrix(qtbot: QtBot) -> None:
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    counts = np.full((10, 10), 1234)
    names = tuple(f"Cluster {k}" for k in range(10))
    matrix.show_matrix(Matrix(counts, names, tuple(range(10)), tuple(range(10))))
    matrix.resize(300, 320)
    shown = matrix.grab().toImage()
    for row in range(10):
        for column in range(10):
            rect = matrix.cell_rect(row, column)
            assert rect.right() < 300
            tones = {shown.pixel(x, rect.center().y()) for x in range(rect.left() + 1, rect.right() - 1)}
            assert len(tones) > 2, "the count is not drawn"
            inside = range(rect.top() + 2, rect.bottom() - 2)
            edges = [shown.pixelColor(x, y) for x in (rect.left(), rect.right() - 2) for y in inside]
            # Smoothed letters may just touch the edge.
            levels = [edge.lightness() for edge in edges]
            assert max(levels) - min(levels) < 64, "the count is cut off"


def test_the_reliability_bars_are_as_long_as_the_share_that_is_right(qtbot: QtBot) -> None:
    bars = ReliabilityBars()
    qtbot.addWidget(bars)
    right = np.arange(100) < 50
    bars.show_reliability(reliability(np.full(100, 0.9), right))
    bars.resize(350, 18)
    shown = bars.grab().toImage()
    accent = colours().accent.rgb()
    n_accent = sum(shown.pixel(x, 9) == accent for x in range(350))
    assert n_accent == pytest.approx(100, abs=2)  # half of the 200 pixels between names and counts
    assert "50.0 % are right" in bars.accessibleDescription()
