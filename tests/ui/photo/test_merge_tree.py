"""The merge tree: what overlaps is united by a click, by keys, or below a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from gmmseg.drawing.draw import draw
from gmmseg.drawing.layers import Layer
from gmmseg.editing.editor import Edit
from gmmseg.mixture.dendrogram import Measure
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.component_merging import ComponentMerge
from gmmseg.photo.document import Document, lock_classes, merge_classes
from gmmseg.photo.view_state import ViewState
from gmmseg.photo.workspace import Workspace
from tests.data.states import make_shown
from tests.ui.driving import redraw
from ui.photo.panels.merge_requests import (
    TreeRequest,
    merge_groups,
    merged_groups,
    overlaps_of,
    tree_of,
)
from ui.photo.panels.merge_tree import MergeTreePanel
from ui.photo.panels.panes import PanesPanel
from ui.plots.dendrogram_plot import LOWEST_CUT, node_places
from ui.theme import apply_theme

EMPTY = ViewState()


class Asked:
    """Collects what a panel asks for."""

    def __init__(self, panel: MergeTreePanel) -> None:
        self.trees: list[TreeRequest] = []
        self.edits: list[Edit[Document]] = []
        self.pointed: list[tuple[int, ...] | None] = []
        panel.tree_requested.connect(self.trees.append)
        panel.edit_requested.connect(self.edits.append)
        self.tried: list[ClassTable | None] = []
        panel.classes_pointed_at.connect(self.pointed.append)
        panel.classes_tried.connect(self.tried.append)


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> Iterator[MergeTreePanel]:
    made = MergeTreePanel()
    qtbot.addWidget(made)
    made.resize(420, 380)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    apply_theme(qapp, "light")


@pytest.fixture
def asked(panel: MergeTreePanel) -> Asked:
    return Asked(panel)


@pytest.fixture(scope="module")
def four() -> ViewState:
    return make_shown(4)


def show(panel: MergeTreePanel, new: ViewState) -> ViewState:
    panel.show_state(EMPTY, new)
    redraw(panel)
    return new


def with_tree(panel: MergeTreePanel, asked: Asked, shown: ViewState) -> ViewState:
    show(panel, shown)
    panel.show_tree(asked.trees[-1], tree_of(asked.trees[-1]))
    redraw(panel)
    return shown


def after(shown: ViewState, *edits: Edit[Document]) -> ViewState:
    document = shown.document
    for edit in edits:
        document = edit.apply(document)
    return replace(shown, document=document, classes=document.classes)


def groups_of(table: ClassTable) -> set[tuple[int, ...]]:
    return {entry.components for entry in table}


def at_node(panel: MergeTreePanel, node: int) -> QPoint:
    return panel.plot.position_of(node).toPoint()


def click_node(panel: MergeTreePanel, node: int) -> None:
    QTest.mouseClick(
        panel.plot.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at_node(panel, node)
    )


def test_without_a_fit_one_sentence_takes_the_place_of_the_plot(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    show(panel, make_shown(has_fit=False))
    assert panel.hint.label.isVisible()
    assert asked.trees == []
    with_tree(panel, asked, four)
    assert panel.plot.isVisible()


def test_a_single_component_is_told_of(panel: MergeTreePanel, asked: Asked) -> None:
    with_tree(panel, asked, make_shown(1))
    assert "nothing to merge" in panel.text.text()
    assert not panel.merge_button.isEnabled()


def test_the_tree_is_asked_for_once_for_each_fit_and_measure(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    with_tree(panel, asked, four)
    show(panel, after(four, merge_classes([1, 2])))
    assert [request.measure for request in asked.trees] == ["ridge"]
    QTest.keyClick(panel.measure_box, Qt.Key.Key_Down)
    redraw(panel)
    assert [request.measure for request in asked.trees] == ["ridge", "bhattacharyya"]
    show(panel, make_shown(3))
    assert len(asked.trees) == 3


def test_the_tree_is_that_of_the_fit_while_an_iteration_is_shown(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    fit, segmentation = four.document.fit, four.segmentation
    assert fit is not None
    assert segmentation is not None
    earlier = replace(segmentation, params=fit.result.history[0].params)
    with_tree(panel, asked, replace(four, segmentation=earlier, is_preview=True, caption="iteration 0"))
    assert asked.trees[-1].params is fit.result.params
    assert panel.text.text().startswith("The line leaves")


def test_a_late_answer_is_dropped(panel: MergeTreePanel, asked: Asked, four: ViewState) -> None:
    show(panel, four)
    late = asked.trees[0]
    panel.measure_box.setCurrentIndex(1)
    redraw(panel)
    panel.show_tree(late, tree_of(late))
    redraw(panel)
    assert "Comparing" in panel.text.text()


def test_leaves_have_the_numbers_and_colours_of_their_classes(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    with_tree(panel, asked, four)
    tree = panel._tree
    assert tree is not None
    for component, number in enumerate(panel.plot._numbers[:4]):
        info = four.classes.of_component(component)
        assert number.toPlainText() == str(info.id)
        assert number.fill.color().getRgb()[:3] == info.colour
        assert number.pos().x() == tree.leaf_order().index(component)


def test_a_click_on_a_union_makes_one_class_of_its_components(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    with_tree(panel, asked, four)
    assert panel._tree is not None
    for node in (4, 5):
        asked.edits.clear()
        click_node(panel, node)
        [edit] = asked.edits
        members = panel._tree.members(node)
        wanted = {members, *((k,) for k in range(4) if k not in members)}
        assert groups_of(edit.apply(four.document).classes) == wanted


def test_the_edit_is_one_undo_step(panel: MergeTreePanel, asked: Asked, four: ViewState) -> None:
    with_tree(panel, asked, four)
    workspace = Workspace()
    workspace.apply(Edit("open", lambda _: four.document))
    panel.edit_requested.connect(workspace.apply)
    panel._move_cut(1.0)
    QTest.mouseClick(panel.merge_button, Qt.MouseButton.LeftButton)
    assert groups_of(workspace.document.classes) == {(0, 1, 2, 3)}
    workspace.undo()
    assert workspace.document.classes == four.document.classes


def test_pointing_at_a_union_names_its_classes_until_the_pointer_leaves(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    with_tree(panel, asked, four)
    assert panel._tree is not None
    asked.pointed.clear()
    QTest.mouseMove(panel.plot.viewport(), at_node(panel, 4))
    expected = tuple(k + 1 for k in panel._tree.members(4))
    assert asked.pointed == [expected]
    for class_id in expected:
        assert four.classes.by_id(class_id).name in panel.text.text()
    assert panel.plot.strong.isVisible()
    QTest.mouseMove(panel.plot.viewport(), QPoint(panel.plot.width() - 3, 3))
    assert asked.pointed[-1] is None
    assert not panel.plot.strong.isVisible()


def test_dragging_the_line_says_what_it_leaves_and_the_button_does_it(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    with_tree(panel, asked, four)
    tree = panel._tree
    assert tree is not None
    port = panel.plot.viewport()
    view = panel.plot.getPlotItem().vb

    def at(height: float) -> QPoint:
        place = panel.plot.mapFromScene(view.mapViewToScene(panel.plot.position_of(0)))
        inside: QPoint = panel.plot.mapFromScene(
            view.mapViewToScene(type(panel.plot.position_of(0))(-0.4, height))
        )
        assert place is not None
        return inside

    start = at(panel._cut)
    QTest.mouseMove(port, start)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    end = at(0.999)
    for step in range(1, 7):
        QTest.qWait(15)
        QTest.mouseMove(port, start + (end - start) * (step / 6))
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    groups = tree.groups_below(panel._cut)
    assert panel._cut > 0.9
    assert f"leaves {len(groups)} of 4" in panel.text.text()
    if len(groups) < 4:
        QTest.mouseClick(panel.merge_button, Qt.MouseButton.LeftButton)
        assert groups_of(asked.edits[-1].apply(four.document).classes) == set(groups)


def test_keys_go_over_the_unions_move_the_line_and_merge(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    with_tree(panel, asked, four)
    assert panel._tree is not None
    panel.plot.setFocus()
    QTest.keyClick(panel.plot, Qt.Key.Key_Right)
    QTest.keyClick(panel.plot, Qt.Key.Key_Right)
    assert asked.pointed[-1] == tuple(k + 1 for k in panel._tree.members(5))
    QTest.keyClick(panel.plot, Qt.Key.Key_Left)
    QTest.keyClick(panel.plot, Qt.Key.Key_Return)
    assert panel._tree.members(4) in groups_of(asked.edits[-1].apply(four.document).classes)
    QTest.keyClick(panel.plot, Qt.Key.Key_Escape)
    assert asked.pointed[-1] is None
    for _ in range(5):
        QTest.keyClick(panel.plot, Qt.Key.Key_Down)
    counts = []
    for _ in range(4):
        counts.append(len(panel._tree.groups_below(panel._cut)))
        QTest.keyClick(panel.plot, Qt.Key.Key_Up)
    assert counts[0] == 4
    assert counts == sorted(counts, reverse=True)
    assert len(panel._tree.groups_below(panel._cut)) == 1
    QTest.keyClick(panel.plot, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert groups_of(asked.edits[-1].apply(four.document).classes) == {(0, 1, 2, 3)}


def test_moving_the_line_tries_what_it_leaves_until_something_else_is_done(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    with_tree(panel, asked, four)
    assert panel._tree is not None
    panel.plot.setFocus()
    for _ in range(5):
        QTest.keyClick(panel.plot, Qt.Key.Key_Up)
        tried = asked.tried[-1]
        assert tried is not None
        assert groups_of(tried) == set(panel._tree.groups_below(panel._cut))
    assert "nothing is merged yet" in panel.text.text()
    QTest.keyClick(panel.plot, Qt.Key.Key_Escape)
    assert asked.tried[-1] is None
    assert "yet" not in panel.text.text()
    QTest.keyClick(panel.plot, Qt.Key.Key_Down)
    assert asked.tried[-1] is not None
    panel.set_in_front(False)
    assert asked.tried[-1] is None
    QTest.keyClick(panel.plot, Qt.Key.Key_Up)
    # Once merged, the document shows it itself.
    panel.show_state(four, after(four, merge_classes([1, 2])))
    assert asked.tried[-1] is None


def test_the_button_says_why_it_is_disabled(panel: MergeTreePanel, asked: Asked, four: ViewState) -> None:
    locks = [lock_classes([entry.id], True) for entry in four.classes][1:]
    shown = with_tree(panel, asked, after(four, *locks))
    panel._move_cut(1.0)
    assert not panel.merge_button.isEnabled()
    names = ", ".join(entry.name for entry in shown.classes if entry.is_locked)
    assert panel.merge_button.toolTip() == f"Locked, so not merged: {names}."
    assert panel.merge_button.toolTip() in panel.text.text()
    assert "leaves 4 of 4" in panel.text.text()
    panel._move_cut(LOWEST_CUT)
    assert "Nothing is left to merge" in panel.merge_button.toolTip()
    show(panel, four)
    panel._move_cut(1.0)
    assert panel.merge_button.isEnabled()
    assert "Make one class" in panel.merge_button.toolTip()


def test_locked_classes_are_left_alone_and_named(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    shown = with_tree(panel, asked, after(four, lock_classes([2], True)))
    edit = merge_groups([(0, 1, 2, 3)], shown.classes)
    assert edit is not None
    assert groups_of(edit.apply(shown.document).classes) == {(0, 2, 3), (1,)}
    panel.select_by(3)
    assert "locked: Class 2" in panel.text.text()


def test_what_is_merged_already_is_not_asked_for_again(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    with_tree(panel, asked, four)
    assert panel._tree is not None
    ids = [k + 1 for k in panel._tree.members(4)]
    show(panel, after(four, merge_classes(ids)))
    asked.edits.clear()
    click_node(panel, 4)
    assert asked.edits == []
    assert "merged" in panel.text.text()


def test_a_class_that_crosses_a_branch_is_left_as_it_is(four: ViewState) -> None:
    shown = after(four, merge_classes([1, 3]))
    edit = merge_groups([(0, 1), (2, 3)], shown.classes)
    assert edit is None


def test_while_another_fit_runs_the_tree_stays(panel: MergeTreePanel, asked: Asked, four: ViewState) -> None:
    with_tree(panel, asked, four)
    before = panel._tree
    show(panel, replace(four, is_preview=True, steps=four.steps[:2]))
    assert panel._tree is before
    assert panel.plot.isVisible()
    assert len(asked.trees) == 1


def test_nodes_stand_over_the_middle_of_what_they_unite(four: ViewState) -> None:
    assert four.segmentation is not None
    assert four.table is not None
    tree = tree_of(TreeRequest(four.segmentation.params, four.table, "ridge"))
    places = node_places(tree)
    for at, (first, second) in enumerate(tree.pairs):
        x, height = places[4 + at]
        assert x == (places[first, 0] + places[second, 0]) / 2
        assert height == tree.heights[at]


def test_the_panes_dim_all_but_the_classes_pointed_at_and_go_back(qtbot: QtBot, four: ViewState) -> None:
    panes = PanesPanel()
    qtbot.addWidget(panes)
    panes.resize(500, 400)
    with qtbot.waitExposed(panes):
        panes.show()
    panes.choose_layer(0, Layer("segments"))
    panes.show_state(EMPTY, four)

    def opacities() -> np.ndarray:
        lut = panes.panes[0].canvas.layer._lut
        assert lut is not None
        return lut[1:5, 3]

    panes.pictures.highlight(4)
    alone = opacities().copy()
    panes.pictures.point_at((1, 3))
    pointed = opacities().copy()
    assert (pointed[[0, 2]] == 255).all()
    assert (pointed[[1, 3]] < 255).all()
    panes.pictures.point_at(None)
    np.testing.assert_array_equal(opacities(), alone)
    assert alone[3] == 255
    assert (alone[:3] < 255).all()


@pytest.mark.parametrize(
    "layer", [Layer("segments"), Layer("overlay"), Layer("segments", uses_mean_colours=True)]
)
def test_the_panes_show_classes_tried_and_go_back(qtbot: QtBot, four: ViewState, layer: Layer) -> None:
    panes = PanesPanel()
    qtbot.addWidget(panes)
    panes.choose_layer(0, layer)
    panes.picture_requested.connect(lambda asked: panes.pictures.take(asked, draw(asked.layer, asked.scene)))
    panes.show_state(EMPTY, four)

    def colours() -> np.ndarray:
        lut = panes.panes[0].canvas.layer._lut
        assert lut is not None
        return lut[1:5].copy()

    before = colours()
    assert len({tuple(row) for row in before.tolist()}) == 4
    panes.pictures.try_classes(four.classes.merged([2, 1, 4]))
    tried = colours()
    assert len({tuple(row) for row in tried.tolist()}) == 2
    np.testing.assert_array_equal(tried[2], before[2])
    panes.pictures.try_classes(None)
    np.testing.assert_array_equal(colours(), before)
    panes.pictures.try_classes(four.classes.merged([2, 1]))
    merged = after(four, merge_classes([3, 4]))
    panes.show_state(four, merged)
    assert len({tuple(row) for row in colours().tolist()}) == 3
    np.testing.assert_array_equal(colours()[2], colours()[3])


def test_every_control_has_a_name_and_a_tip(panel: MergeTreePanel) -> None:
    assert panel.measure_box.accessibleName()
    assert panel.plot.accessibleName()
    for widget in (panel.measure_box, panel.merge_button, panel.plot):
        assert widget.toolTip()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert panel.findChild(QLabel, "merge-tree-text") is panel.text


def test_a_typed_height_moves_the_line_and_the_image_follows(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    with_tree(panel, asked, four)
    tree = tree_of(asked.trees[-1])
    assert panel.cut_box.value() == pytest.approx(panel.plot.cut_line.value(), abs=5e-4)
    for text, height in (("0.000", 0.0), ("1.000", 1.0)):
        panel.cut_box.selectAll()
        QTest.keyClicks(panel.cut_box, text)
        assert panel.plot.cut_line.value() == pytest.approx(height)
        assert asked.tried[-1] == merged_groups(tree.groups_below(height), four.classes)
    assert len(asked.tried[-1] or ()) == 1
    panel.move_cut_by(-1)
    assert panel.cut_box.value() == pytest.approx(panel.plot.cut_line.value(), abs=5e-4)


def test_components_are_asked_for_below_the_line(
    panel: MergeTreePanel, asked: Asked, four: ViewState
) -> None:
    with_tree(panel, asked, four)
    merges: list[ComponentMerge] = []
    panel.components_merged.connect(merges.append)
    panel.cut_box.setValue(LOWEST_CUT)
    assert not panel.components_button.isEnabled()
    panel.move_cut_by(1)
    panel.refit_box.setChecked(True)
    QTest.mouseClick(panel.components_button, Qt.MouseButton.LeftButton)
    (merge,) = merges
    assert merge.fit is four.document.fit
    assert merge.refits
    assert sorted(component for group in merge.groups for component in group) == [0, 1, 2, 3]
    below = tree_of(asked.trees[-1]).groups_below(panel.plot.cut_line.value())
    assert {group for group in merge.groups if len(group) > 1} == {
        tuple(group) for group in below if len(group) > 1
    }
    assert len(merge.groups) < 4


@pytest.mark.parametrize("measure", ["ridge", "misclassification"])
def test_the_matrix_is_asked_for_once_it_is_looked_at_and_a_cell_shows_its_pair(
    panel: MergeTreePanel, asked: Asked, four: ViewState, qtbot: QtBot, measure: Measure
) -> None:
    wanted: list[TreeRequest] = []
    panel.overlaps_requested.connect(wanted.append)
    panel.measure_box.setCurrentIndex(panel.measure_box.findData(measure))
    with_tree(panel, asked, four)
    assert wanted == []
    QTest.mouseClick(panel.matrix_button, Qt.MouseButton.LeftButton)
    assert wanted == [asked.trees[-1]]
    assert panel.matrix.isVisible()
    assert not panel.plot.isVisible()
    overlaps = overlaps_of(wanted[0])
    tree = tree_of(wanted[0])
    first = np.unravel_index(int((overlaps - np.eye(4)).argmax()), overlaps.shape)
    assert {int(k) for k in first} == {int(k) for k in tree.pairs[0]}
    panel.show_overlaps(wanted[0], overlaps)
    order = [component for entry in four.classes for component in entry.components]
    written = [text.textItem.toPlainText() for text in panel.matrix.cells.texts]
    assert written == [f"{overlaps[i, j]:.2f}" for i in order for j in order]
    QTest.qWait(10)
    view = panel.matrix.getPlotItem().vb
    at = panel.matrix.mapFromScene(view.mapViewToScene(QPointF(2.5, 1.5)))
    QTest.mouseClick(panel.matrix.viewport(), Qt.MouseButton.LeftButton, pos=at)
    pair = {four.classes.of_component(order[k]).id for k in (1, 2)}
    assert set(asked.pointed[-1] or ()) == pair
