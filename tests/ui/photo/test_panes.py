"""The panes panel, by real mouse and keys; pictures are drawn by the test in place of a job."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel
from pytestqt.qtbot import QtBot

from gmmseg.drawing.draw import draw
from gmmseg.drawing.layers import Layer
from gmmseg.image import RGB, Image, ImageSource
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Document
from gmmseg.photo.segmentation import Segmentation
from gmmseg.photo.view_state import ViewState
from gmmseg.setting import with_setting
from tests.data.states import make_shown
from ui.photo.panels.panes import PanesPanel
from ui.photo.panels.picture_requests import PHOTO, PictureRequest
from ui.photo.widgets.layer_pane import LayerPane


class Painter:
    """Collects requests, and answers them when told to."""

    def __init__(self, panel: PanesPanel) -> None:
        self.panel = panel
        self.requests: list[PictureRequest] = []
        panel.picture_requested.connect(self.requests.append)

    def answer(self) -> None:
        while self.requests:
            request = self.requests.pop(0)
            self.panel.pictures.take(request, draw(request.layer, request.scene))


@pytest.fixture
def panel(qtbot: QtBot) -> PanesPanel:
    made = PanesPanel()
    qtbot.addWidget(made)
    made.resize(800, 600)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def painter(panel: PanesPanel) -> Painter:
    return Painter(panel)


@pytest.fixture(scope="module")
def shown() -> ViewState:
    return make_shown(3)


def layer_list(pane: LayerPane) -> QComboBox:
    found = pane.findChild(QComboBox)
    assert found is not None
    return found


def titles(panel: PanesPanel) -> list[str]:
    return [layer_list(pane).currentText() for pane in panel.panes[: panel.n_panes]]


def with_classes(shown: ViewState, classes: ClassTable) -> ViewState:
    return replace(shown, document=replace(shown.document, classes=classes), classes=classes)


def relabelled(shown: ViewState) -> ViewState:
    """Return the same image with another label map."""
    assert shown.segmentation is not None
    turned = np.where(shown.segmentation.labels == 1, 2, 1).astype(np.uint8)
    return replace(shown, segmentation=Segmentation(turned, shown.segmentation.params))


def colour(panel: PanesPanel, number: int, y: float, x: float) -> tuple[int, int, int]:
    canvas = panel.panes[number].canvas
    seen = canvas.view_image().pixelColor(canvas.position_of(y + 0.5, x + 0.5).toPoint())
    return seen.red(), seen.green(), seen.blue()


def large_image(height: int = 3000, width: int = 4000) -> Image:
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[:, width // 2 :] = 200
    return Image(pixels, RGB, ImageSource("large.png"))


def large_shown(shown: ViewState, image: Image, seed: int) -> ViewState:
    assert shown.segmentation is not None
    blocks = np.random.default_rng(seed).integers(1, 4, (30, 40), dtype=np.uint8)
    labels = blocks.repeat(image.height // 30, axis=0).repeat(image.width // 40, axis=1)
    segmentation = Segmentation(labels, shown.segmentation.params)
    return replace(shown, document=replace(shown.document, image=image), segmentation=segmentation)


def test_one_pane_shows_the_segments_in_class_colours_without_asking(
    panel: PanesPanel, painter: Painter, shown: ViewState
) -> None:
    panel.show_state(ViewState(), shown)
    assert painter.requests == []
    assert titles(panel) == ["Classes"]
    assert shown.segmentation is not None
    for y, x in ((3, 3), (20, 30), (37, 57)):
        component = int(shown.segmentation.labels[y, x]) - 1
        assert colour(panel, 0, y, x) == shown.classes.of_component(component).colour


@pytest.mark.parametrize(
    ("n_panes", "expected"),
    [
        (1, ["Classes"]),
        (2, ["Image", "Classes"]),
        (4, ["Image", "Classes", "Heatmap of Class 1", "Uncertainty"]),
    ],
)
def test_each_layout_has_its_own_layers(
    panel: PanesPanel, shown: ViewState, n_panes: int, expected: list[str]
) -> None:
    panel.show_state(ViewState(), shown)
    panel.set_layout(n_panes)
    assert titles(panel) == expected
    assert [pane.isVisible() for pane in panel.panes] == [number < n_panes for number in range(4)]


def test_a_heatmap_is_asked_for_and_shown_when_it_comes(
    panel: PanesPanel, painter: Painter, shown: ViewState
) -> None:
    panel.show_state(ViewState(), shown)
    panel.set_layout(4)
    assert [(request.pane, request.layer.kind) for request in painter.requests] == [
        (2, "heatmap"),
        (3, "uncertainty"),
    ]
    wanted = draw(Layer("heatmap"), painter.requests[0].scene)
    painter.answer()
    assert wanted.lut is not None
    QApplication.processEvents()
    y, x = 20, 10
    assert colour(panel, 2, y, x) == tuple(wanted.lut[wanted.pixels[y, x], :3])
    assert panel.panes[2].bar.isVisible()


def test_an_outdated_picture_is_dropped(panel: PanesPanel, painter: Painter, shown: ViewState) -> None:
    panel.show_state(ViewState(), shown)
    panel.choose_layer(0, Layer("heatmap", 0))
    old = painter.requests.pop()
    panel.choose_layer(0, Layer("uncertainty"))
    panel.pictures.take(old, draw(old.layer, old.scene))
    assert panel.panes[0].picture is None
    newest = painter.requests.pop()
    panel.show_state(shown, relabelled(shown))
    panel.pictures.take(newest, draw(newest.layer, newest.scene))
    assert panel.panes[0].picture is None
    painter.answer()
    assert panel.panes[0].picture is not None


def test_a_recolour_asks_for_nothing_and_touches_no_pixel(
    panel: PanesPanel, painter: Painter, shown: ViewState
) -> None:
    panel.show_state(ViewState(), shown)
    panel.set_layout(4)
    painter.answer()
    before = [pane.picture.pixels for pane in panel.panes if pane.picture is not None]
    component = int(shown.segmentation.labels[20, 10]) - 1  # type: ignore[union-attr]
    wanted = shown.classes.of_component(component).id
    panel.show_state(shown, with_classes(shown, shown.classes.changed(wanted, colour=(1, 2, 3), name="rock")))
    assert painter.requests == []
    after = [pane.picture.pixels for pane in panel.panes if pane.picture is not None]
    assert all(one is other for one, other in zip(before, after, strict=True))
    assert colour(panel, 1, 20, 10) == (1, 2, 3)
    assert layer_list(panel.panes[2]).findText("Heatmap of rock") > 0


def test_merging_asks_again_for_what_is_summed_over_classes(
    panel: PanesPanel, painter: Painter, shown: ViewState
) -> None:
    panel.show_state(ViewState(), shown)
    panel.set_layout(4)
    painter.answer()
    merged = shown.classes.merged([1, 2])
    panel.show_state(shown, with_classes(shown, merged))
    assert [request.layer.kind for request in painter.requests] == ["heatmap"]


def test_a_refit_keeps_the_zoom_and_another_image_fits_it(panel: PanesPanel, shown: ViewState) -> None:
    panel.show_state(ViewState(), shown)
    panel.zoom_in()
    panel.camera.pan(13, 5)
    zoom, centre = panel.camera.zoom, panel.camera.centre
    refitted = relabelled(shown)
    panel.show_state(shown, refitted)
    assert (panel.camera.zoom, panel.camera.centre) == (zoom, centre)
    other = make_shown(3, 50, 50, seed=1)
    panel.show_state(refitted, other)
    assert panel.camera.centre.x() == 25
    canvas = panel.panes[0].canvas
    assert 0.9 < 50 * panel.camera.zoom / min(canvas.width(), canvas.height()) <= 1


def test_a_fitted_view_stays_fitted_when_the_window_grows(panel: PanesPanel, shown: ViewState) -> None:
    panel.show_state(ViewState(), shown)
    before = panel.camera.zoom
    panel.resize(1200, 900)
    QApplication.processEvents()
    assert panel.camera.zoom > 1.3 * before
    panel.zoom_in()
    zoomed = panel.camera.zoom
    panel.resize(700, 500)
    QApplication.processEvents()
    assert panel.camera.zoom == zoomed


def test_one_to_one_is_a_device_pixel_and_is_told(panel: PanesPanel, shown: ViewState, qtbot: QtBot) -> None:
    panel.show_state(ViewState(), shown)
    with qtbot.waitSignal(panel.zoom_changed) as told:
        panel.zoom_actual()
    assert told.args == [pytest.approx(1.0)]
    assert panel.camera.zoom * panel.devicePixelRatioF() == pytest.approx(1)


def test_all_panes_move_together_and_mark_the_same_pixel(
    panel: PanesPanel, painter: Painter, shown: ViewState
) -> None:
    panel.show_state(ViewState(), shown)
    panel.set_layout(4)
    painter.answer()
    QApplication.processEvents()
    heard: list[object] = []
    panel.pixel_hovered.connect(heard.append)
    canvas = panel.panes[1].canvas
    QTest.mouseMove(canvas.viewport(), canvas.position_of(7.5, 31.5).toPoint())
    QTest.qWait(20)
    assert heard == [(7, 31)]
    plain = [pane.canvas.view_image() for pane in panel.panes]
    marked = [pane.canvas.grab().toImage() for pane in panel.panes]
    assert all(one != other for one, other in zip(plain, marked, strict=True))
    panel.zoom_in()
    QApplication.processEvents()
    for pane in panel.panes:
        drawn = pane.canvas._root.sceneTransform()
        middle = drawn.map(panel.camera.centre)
        assert middle.x() == pytest.approx(pane.canvas.width() / 2)
        assert drawn.m11() == pytest.approx(panel.camera.zoom)


def test_v_shows_the_bare_photo_in_all_panes_and_back(panel: PanesPanel, shown: ViewState) -> None:
    panel.show_state(ViewState(), shown)
    image = shown.document.image
    assert image is not None
    panel.panes[0].canvas.setFocus()
    labels = colour(panel, 0, 20, 30)
    QTest.keyClick(panel.panes[0].canvas, Qt.Key.Key_V)
    assert colour(panel, 0, 20, 30) == tuple(image.pixels[20, 30])
    QTest.keyClick(panel.panes[0].canvas, Qt.Key.Key_V)
    assert colour(panel, 0, 20, 30) == labels


def test_opacity_changes_only_overlays(panel: PanesPanel, shown: ViewState) -> None:
    panel.show_state(ViewState(), shown)
    panel.set_layout(2)
    panel.choose_layer(0, Layer("overlay"))
    QApplication.processEvents()
    image = shown.document.image
    assert image is not None
    segments = colour(panel, 1, 20, 30)
    panel.pictures.set_opacity(0.0)
    assert colour(panel, 0, 20, 30) == tuple(image.pixels[20, 30])
    panel.pictures.set_opacity(1.0)
    assert colour(panel, 0, 20, 30) == segments
    assert colour(panel, 1, 20, 30) == segments


def test_a_highlighted_class_keeps_its_colour_while_others_are_dimmed(
    panel: PanesPanel, shown: ViewState
) -> None:
    panel.show_state(ViewState(), shown)
    before = [colour(panel, 0, 20, x) for x in (5, 30, 55)]
    wanted = shown.classes.of_component(int(shown.segmentation.labels[20, 5]) - 1).id  # type: ignore[union-attr]
    panel.pictures.highlight(wanted)
    after = [colour(panel, 0, 20, x) for x in (5, 30, 55)]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, False]
    panel.pictures.highlight(None)
    assert [colour(panel, 0, 20, x) for x in (5, 30, 55)] == before


def test_clicking_a_small_heatmap_enlarges_it(panel: PanesPanel, painter: Painter, shown: ViewState) -> None:
    panel.show_state(ViewState(), shown)
    panel.choose_layer(0, Layer("heatmaps"))
    painter.answer()
    grid = panel.panes[0].grid
    assert [tile.text() for tile in grid.tiles] == ["Class 1", "Class 2", "Class 3"]
    QTest.mouseClick(grid.tiles[1], Qt.MouseButton.LeftButton)
    assert titles(panel) == ["Heatmap of Class 2"]
    painter.answer()
    assert panel.panes[0].content() is panel.panes[0].canvas


@pytest.mark.parametrize("n_components", [1, 5, 40])
def test_small_heatmaps_do_not_overlap_at_any_size(
    panel: PanesPanel, painter: Painter, n_components: int
) -> None:
    panel.show_state(ViewState(), make_shown(n_components, 40, 80, n_restarts=1, n_steps=1))
    panel.choose_layer(0, Layer("heatmaps"))
    painter.answer()
    for size in ((900, 300), (250, 700), (160, 130)):
        panel.resize(*size)
        QApplication.processEvents()
        boxes = [tile.geometry() for tile in panel.panes[0].grid.tiles]
        assert len(boxes) == n_components
        assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
        assert min(box.height() for box in boxes) > 20


def test_brushed_rows_are_marked_where_their_pixels_are(panel: PanesPanel, shown: ViewState) -> None:
    panel.show_state(ViewState(), shown)
    assert shown.table is not None
    rows = np.zeros(shown.table.n_rows, dtype=bool)
    row = shown.table.pixels.row_at(20, 30)
    rows[row] = True
    before = colour(panel, 0, 20, 30)
    panel.marks.brush(rows)
    QTest.qWait(80)
    assert colour(panel, 0, 20, 30) not in (before, tuple(int(0.73 * c) for c in before))
    panel.marks.brush(None)
    assert colour(panel, 0, 20, 30) == before


def test_rows_of_another_table_mark_nothing(panel: PanesPanel, shown: ViewState) -> None:
    panel.show_state(ViewState(), shown)
    before = panel.panes[0].canvas.view_image()
    panel.marks.brush(np.ones(5, dtype=bool))
    QTest.qWait(80)
    assert panel.panes[0].canvas.view_image() == before


def test_a_preview_says_so_in_the_corner(panel: PanesPanel, shown: ViewState) -> None:
    panel.show_state(ViewState(), replace(shown, is_preview=True, caption="iteration 12"))
    caption = panel.panes[0].canvas.findChild(QLabel, "caption")
    assert caption is not None
    assert caption.isVisible()
    assert caption.text() == "iteration 12"
    panel.choose_layer(0, Layer("image"))
    assert not caption.isVisible()
    panel.choose_layer(0, Layer("segments"))
    assert caption.isVisible()
    panel.show_state(ViewState(), shown)
    assert not caption.isVisible()


def test_maps_of_other_settings_say_so_in_the_corner(panel: PanesPanel, shown: ViewState) -> None:
    panel.show_state(ViewState(), shown)
    caption = panel.panes[0].canvas.findChild(QLabel, "caption")
    assert caption is not None
    assert caption is not None
    assert not caption.isVisible()
    changed = with_setting(shown.document.settings, "mixture.n_components", 4)
    stale = replace(shown, document=replace(shown.document, settings=changed))
    panel.show_state(shown, stale)
    assert caption.isVisible()
    assert "settings before" in caption.text()
    panel.show_state(stale, shown)
    assert not caption.isVisible()


def test_pictures_lie_alike_whether_or_not_a_colour_bar_stands_beside_one(
    panel: PanesPanel, painter: Painter, shown: ViewState
) -> None:
    panel.resize(900, 500)
    panel.set_layout(2)
    panel.show_state(ViewState(), shown)
    without = panel.panes[0].canvas.width()
    panel.choose_layer(1, Layer("heatmap"))
    painter.answer()
    QApplication.processEvents()
    image, heatmap = (pane.canvas for pane in panel.panes[:2])
    assert panel.panes[1].bar.isVisible()
    assert image.size() == heatmap.size()
    assert image.width() < without
    assert image.position_of(5, 7) == heatmap.position_of(5, 7)
    panel.choose_layer(1, Layer("segments"))
    QApplication.processEvents()
    assert image.width() == without


def test_an_image_that_is_not_yet_fitted_shows_the_photo(panel: PanesPanel, painter: Painter) -> None:
    bare = make_shown(3, has_fit=False)
    panel.show_state(ViewState(), bare)
    panel.set_layout(4)
    assert painter.requests == []
    assert bare.document.image is not None
    assert colour(panel, 3, 20, 30) == tuple(bare.document.image.pixels[20, 30])


def test_closing_the_image_clears_the_panes(panel: PanesPanel, shown: ViewState) -> None:
    panel.show_state(ViewState(), shown)
    before = colour(panel, 0, 20, 30)
    panel.show_state(shown, ViewState())
    assert colour(panel, 0, 20, 30) != before
    assert panel.panes[0].canvas.pixel_at(panel.panes[0].canvas.position_of(3, 3)) is None


def test_maps_of_another_image_are_not_shown_over_this_one(panel: PanesPanel, shown: ViewState) -> None:
    other = make_shown(3, 50, 50, seed=1)
    panel.show_state(
        ViewState(), replace(shown, document=replace(shown.document, image=other.document.image))
    )
    assert panel.panes[0].picture is None


def test_panes_layers_and_opacity_are_remembered(panel: PanesPanel, qtbot: QtBot, shown: ViewState) -> None:
    panel.set_layout(4)
    panel.choose_layer(0, Layer("segments", uses_mean_colours=True))
    panel.choose_layer(3, Layer("heatmap", 2))
    panel.pictures.set_opacity(0.25)
    other = PanesPanel()
    qtbot.addWidget(other)
    other.restore(panel.state())
    assert other.state() == panel.state()
    assert other.n_panes == 4
    other.show_state(ViewState(), shown)
    assert titles(other)[0] == "Classes (mean colours)"
    assert titles(other)[3] == "Heatmap of Class 3"


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"layout": 3, "layers": None, "opacity": "half"},
        {"layout": "4", "layers": {"1": [["nonsense", 0, False]], "2": [["image", 0]], "4": 7}, "opacity": 9},
        {"layers": {"1": [["heatmap", "x", False]], "2": [["image", 0, False]]}},
    ],
)
def test_remembered_nonsense_changes_nothing(panel: PanesPanel, state: dict[str, object]) -> None:
    before = panel.state()
    panel.restore(state)
    assert panel.state() == before


def test_a_large_photo_stands_in_small_until_it_has_been_prepared(
    panel: PanesPanel, painter: Painter, shown: ViewState
) -> None:
    panel.choose_layer(0, Layer("image"))
    state = large_shown(shown, large_image(), 0)
    panel.show_state(ViewState(), state)
    assert [request.pane for request in painter.requests] == [PHOTO]
    for _ in range(2):
        assert colour(panel, 0, 1500, 500) == (0, 0, 0)
        assert colour(panel, 0, 1500, 3500) == (200, 200, 200)
        painter.answer()


def most_allocated(action: Callable[[int], object]) -> int:
    """Return the largest memory that Python and numpy held for an action until it was painted, bytes."""
    peaks = []
    for turn in range(5):
        tracemalloc.start()
        action(turn)
        QApplication.processEvents()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return max(peaks)


def test_twelve_megapixels_in_four_panes_never_hold_up_the_window(
    panel: PanesPanel, painter: Painter, shown: ViewState
) -> None:
    panel.set_layout(4)
    for number, kind in enumerate(("image", "segments", "overlay", "segments")):
        panel.choose_layer(number, Layer(kind))  # type: ignore[arg-type]
    image = large_image()
    states = [large_shown(shown, image, seed) for seed in range(6)]
    panel.show_state(ViewState(), states[0])
    painter.answer()
    QApplication.processEvents()
    # One byte for each pixel: where all of them are gone through, there is more.
    of_all = 12_000_000
    coloured = [with_classes(states[0], shown.classes.changed(1, colour=(n, 9, 9))) for n in range(5)]
    assert most_allocated(lambda n: panel.show_state(states[n], states[n + 1])) < of_all
    panel.show_state(states[5], states[0])
    assert most_allocated(lambda n: panel.show_state(states[0], coloured[n])) < of_all
    assert most_allocated(lambda n: panel.camera.pan(7, 3)) < of_all
    assert most_allocated(lambda n: panel.zoom_in()) < of_all


def test_the_layer_is_chosen_from_the_list_by_keyboard(
    panel: PanesPanel, painter: Painter, shown: ViewState
) -> None:
    panel.show_state(ViewState(), shown)
    combo = layer_list(panel.panes[0])
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Home)
    assert panel.panes[0].layer == Layer("image")
    QTest.keyClicks(combo, "Unc")
    assert panel.panes[0].layer == Layer("uncertainty")


def test_the_copied_view_is_the_pane_used_last(panel: PanesPanel, shown: ViewState) -> None:
    panel.show_state(ViewState(), shown)
    panel.set_layout(2)
    QApplication.processEvents()
    canvas = panel.panes[1].canvas
    QTest.mouseMove(canvas.viewport(), QPoint(canvas.width() // 2, canvas.height() // 2))
    QTest.qWait(20)
    assert panel.current_view_image() == canvas.view_image()
    assert panel.current_view_image() != panel.panes[0].canvas.view_image()


def _wide(width: int, height: int) -> ViewState:
    image = Image(np.zeros((height, width, 3), np.uint8), RGB, ImageSource("plain"))
    shown = make_shown(3)
    return replace(shown, document=replace(shown.document, image=image, fit=None), segmentation=None)


def _is_stacked(panel: PanesPanel) -> bool:
    first, second = panel.visible_panes
    if first.x() == second.x():
        assert second.y() >= first.y() + first.height()
        return True
    assert first.y() == second.y()
    assert second.x() >= first.x() + first.width()
    return False


@pytest.mark.parametrize(
    ("width", "height", "is_stacked"), [(300, 100, True), (100, 300, False), (100, 100, False)]
)
def test_two_panes_lie_where_the_image_comes_out_larger(
    qtbot: QtBot, panel: PanesPanel, width: int, height: int, is_stacked: bool
) -> None:
    panel.set_layout(2)
    panel.show_state(make_shown(3), _wide(width, height))
    qtbot.waitUntil(lambda: _is_stacked(panel) == is_stacked)
    # Never smaller than the other way round would have shown it, apart from what is not worth a move.
    room = panel.width(), panel.height() - 2 * panel.panes[0].header_height()
    beside = min(room[0] / 2 / width, room[1] / height)
    below = min(room[0] / width, room[1] / 2 / height)
    qtbot.waitUntil(lambda: panel.camera.zoom > max(beside, below) / 1.25)
    assert _is_stacked(panel) == is_stacked


def test_two_panes_move_when_the_window_changes_its_shape_but_not_to_and_fro(
    qtbot: QtBot, panel: PanesPanel
) -> None:
    panel.set_layout(2)
    panel.show_state(make_shown(3), _wide(150, 100))
    panel.resize(1200, 400)
    qtbot.waitUntil(lambda: not _is_stacked(panel))
    panel.resize(400, 900)
    qtbot.waitUntil(lambda: _is_stacked(panel))
    before = []
    for step in range(40):
        panel.resize(400 + 20 * step, 900 - 10 * step)
        QApplication.processEvents()
        before.append(_is_stacked(panel))
    assert before == sorted(before, reverse=True)
    assert not before[-1]


def test_four_panes_and_one_lie_as_they_always_do(qtbot: QtBot, panel: PanesPanel) -> None:
    panel.set_layout(2)
    panel.show_state(make_shown(3), _wide(300, 100))
    qtbot.waitUntil(lambda: _is_stacked(panel))
    panel.set_layout(4)
    qtbot.waitUntil(lambda: panel.panes[1].x() > panel.panes[0].x())
    assert panel.panes[2].y() > panel.panes[0].y()
    assert panel.panes[1].y() == panel.panes[0].y()
    panel.set_layout(1)
    qtbot.waitUntil(lambda: panel.panes[0].height() > 500)


def test_a_pane_of_classes_says_that_there_are_none_yet(panel: PanesPanel) -> None:
    shown = make_shown(3)
    panel.show_state(ViewState(), ViewState(document=Document(shown.document.image)))
    caption = panel.panes[0].canvas.findChild(QLabel, "caption")
    assert caption is not None
    assert caption.text() == "the photo: no classes found yet"
    panel.show_state(ViewState(), shown)
    assert not caption.isVisible()
