"""The merge tree panel: which components overlap, and classes of several of them by a click or a cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
)

from gmmseg.arrays import FloatArray
from gmmseg.mixture.dendrogram import Measure
from gmmseg.mixture.tree import Dendrogram
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.component_merging import ComponentMerge
from ui.photo.panels.merge_requests import (
    TreeRequest,
    classes_of,
    locked_apart,
    merge_groups,
    mergeable,
    merged_groups,
)
from ui.photo.widgets.merge_words import MEASURES, union_sentence
from ui.photo.widgets.overlap_plot import OverlapPlot
from ui.plots.dendrogram_plot import LOWEST_CUT, DendrogramPlot
from ui.plots.plot_panel import PlotPanel
from ui.widgets.building import in_row, named, remark
from ui.widgets.empty_hint import EmptyHint

if TYPE_CHECKING:
    from gmmseg.mixture.params import MixtureParams
    from gmmseg.photo.view_state import ViewState


class MergeTreePanel(PlotPanel):
    """Draws the tree of the document's fit. It is made in the background, and only while it can be seen."""

    edit_requested = Signal(object)
    components_merged = Signal(object)
    """A `ComponentMerge` that was asked for."""
    settled = Signal()
    """The edit asked for is an undo step of its own."""
    tree_requested = Signal(object)
    """A `TreeRequest`; the answer goes to `show_tree`."""
    overlaps_requested = Signal(object)
    """A `TreeRequest` whose matrix is wanted too; the answer goes to `show_overlaps`."""
    classes_pointed_at = Signal(object)
    """Ids of the classes below the union under the pointer, or None."""
    classes_tried = Signal(object)
    """The ClassTable as it would be, cut at the line that is moved, or None for that of the document."""

    def __init__(self) -> None:
        super().__init__("merge-tree-panel", theory="merge")
        self._shown: ViewState | None = None
        self._asked: TreeRequest | None = None
        self._tree: Dendrogram | None = None
        self._measured: TreeRequest | None = None
        self._hovered: int | None = None
        self._selected: int | None = None
        self._cut = 0.0
        self._is_trying = False
        self._build()

    def _build(self) -> None:
        self.plot = DendrogramPlot()
        self.plot.setToolTip(
            self.tr(
                "The lower two components are united, the more they overlap. Point at a union to see its "
                "classes in the image, click it to make one class of them. Drag the dashed line to choose "
                "where the tree is cut.\nLeft and Right go from union to union, Up and Down move the line, "
                "Return merges the union, Shift+Return everything below the line."
            )
        )
        self.plot.node_hovered.connect(self._hover)
        self.plot.node_clicked.connect(self._click)
        self.plot.cut_moved.connect(self._move_cut)
        self.matrix = OverlapPlot()
        self.matrix.pair_clicked.connect(self._point_at_pair)
        self.plots = QStackedWidget()
        self.plots.addWidget(self.plot)
        self.plots.addWidget(self.matrix)
        self.text = remark("merge-tree-text")
        self.hint = EmptyHint(self.tr("Which components overlap is shown here once there is a fit."))
        self.lay_out(
            self.hint, self._top_row(), self.plots, self._merging_row(), self.text, stretched=self.plots
        )
        self._describe()

    def _top_row(self) -> QHBoxLayout:
        self.measure_box = named(QComboBox(), "merge-tree-measure", spoken=self.tr("Measure of overlap"))
        # Beside the other docks the picture keeps more than half of a window 1,440 wide.
        self.measure_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.measure_box.setMinimumContentsLength(9)
        self.measure_box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for at, (measure, title, _, tip) in enumerate(MEASURES):
            self.measure_box.addItem(self.tr(title), measure)
            self.measure_box.setItemData(at, self.tr(tip), Qt.ItemDataRole.ToolTipRole)
        self.measure_box.currentIndexChanged.connect(self._change_measure)
        self.matrix_button = named(
            QToolButton(),
            "merge-tree-matrix",
            self.tr("How much each pair of components overlaps, instead of the tree"),
        )
        self.matrix_button.setText(self.tr("Matri&x"))
        self.matrix_button.setCheckable(True)
        self.matrix_button.toggled.connect(self._show_matrix)
        self.cut_box = named(
            QDoubleSpinBox(),
            "merge-tree-cut",
            self.tr("Where the tree is cut; the image follows as you type"),
            self.tr("Height of the line"),
        )
        self.cut_box.setRange(LOWEST_CUT, 1.0)
        self.cut_box.setDecimals(3)
        self.cut_box.setSingleStep(0.01)
        self.cut_box.valueChanged.connect(self._move_cut)
        self._change_measure()
        return in_row(self.measure_box, self.matrix_button, self.cut_box)

    def _merging_row(self) -> QHBoxLayout:
        self.merge_button = named(QPushButton(self.tr("&Merge classes")), "merge-tree-merge")
        self.merge_button.clicked.connect(self.merge_below)
        self.components_button = named(
            QPushButton(self.tr("Merge components")),
            "merge-tree-components",
            self.tr(
                "Make one component of each branch below the line: a Gaussian with their common mean and "
                "covariance takes their place, and the likelihood falls. Merging classes leaves the mixture "
                "as it is."
            ),
        )
        self.components_button.clicked.connect(self.merge_components)
        tip = self.tr("Let EM go on from the united components")
        self.refit_box = named(QCheckBox(self.tr("and fit on")), "merge-tree-refit", tip)
        return in_row(self.merge_button, self.components_button, self.refit_box, None)

    @property
    def measure(self) -> Measure:
        """The chosen measure."""
        return cast(Measure, self.measure_box.currentData())

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Draw what differs; while a fit runs the tree stays that of the one before."""
        before, self._shown = self._shown, new
        is_same = before is not None and _params_of(new) is _params_of(before)
        if before is None or not is_same or new.differs_from(before, "document.fit", "table", "classes"):
            self._try(False)
            self._throttle.ask()

    @Slot(object, object)
    def show_tree(self, request: TreeRequest, tree: Dendrogram) -> None:
        """Draw a tree that was asked for, unless another one is wanted meanwhile."""
        if request is not self._asked:
            return
        self._tree = tree
        self._hovered = self._selected = None
        self._cut = _sensible_cut(tree)
        self._throttle.ask()

    @Slot(object, object)
    def show_overlaps(self, request: TreeRequest, overlaps: FloatArray) -> None:
        """Draw the matrix that was asked for, unless another one is wanted meanwhile."""
        classes = self._classes()
        if request is self._measured and classes.n_components == len(overlaps):
            order = [component for entry in classes for component in entry.components]
            self.matrix.set_overlaps(overlaps, order, [classes.of_component(k) for k in order])

    @Slot(bool)
    def _show_matrix(self, is_wanted: bool) -> None:
        self.plots.setCurrentIndex(int(is_wanted))
        self._measured = None
        self._measure()

    def _measure(self) -> None:
        """Ask for the matrix of the tree's mixture where it is to be seen."""
        if self.matrix_button.isChecked() and self._asked is not None and self._measured is not self._asked:
            self._measured = self._asked
            self.overlaps_requested.emit(self._asked)

    @Slot(int, int)
    def _point_at_pair(self, one: int, other: int) -> None:
        """Show the classes of two components in the image."""
        classes = self._classes()
        found = {classes.of_component(k).id for k in (one, other)}
        self.classes_pointed_at.emit(tuple(found))

    def select_by(self, by: int) -> None:
        """Go to the next union to the right or left, in the order of their heights."""
        tree = self._tree
        if tree is None or not len(tree.pairs):
            return
        at = -1 if self._selected is None and by > 0 else (self._selected or 0) - tree.n_leaves
        self._selected = tree.n_leaves + (at + by) % len(tree.pairs)
        self._point()

    def move_cut_by(self, by: int) -> None:
        """Move the line up over the next union, or down below one."""
        tree = self._tree
        if tree is None:
            return
        levels = np.unique(tree.heights)
        n_below = min(max(int((levels <= self._cut).sum()) + by, 0), len(levels))
        self._move_cut(_between(levels, n_below))

    @Slot()
    def merge_below(self) -> None:
        """Ask for one class for each branch below the line."""
        if self._tree is not None:
            self._ask(self._tree.groups_below(self._cut))

    @Slot()
    def merge_components(self) -> None:
        """Ask for a Gaussian in place of the components of each branch below the line."""
        fit = self._shown.document.fit if self._shown is not None else None
        if self._tree is None or fit is None:
            return
        groups = [tuple(group) for group in self._tree.groups_below(self._cut)]
        held = {component for group in groups for component in group}
        groups += [(component,) for component in range(self._tree.n_leaves) if component not in held]
        if len(groups) < self._tree.n_leaves:
            merge = ComponentMerge(fit, tuple(sorted(groups)), self.refit_box.isChecked())
            self.components_merged.emit(merge)

    def merge_node(self, node: int) -> None:
        """Ask for one class of the components below a union."""
        if self._tree is not None:
            self._ask([self._tree.members(node)])

    def _ask(self, groups: list[tuple[int, ...]]) -> None:
        edit = merge_groups(groups, self._classes())
        if edit is not None:
            self.edit_requested.emit(edit)
            self.settled.emit()

    def _classes(self) -> ClassTable:
        return self._shown.classes if self._shown is not None else ClassTable()

    @Slot()
    def _draw(self) -> None:
        shown = self._shown
        fit = shown.document.fit if shown is not None else None
        if shown is None or fit is None or shown.segmentation is None:
            self._asked = self._tree = None
            self.show_content(False)
            return
        segmentation, table = shown.segmentation, shown.table
        params = fit.result.params
        # The maps of an iteration have the table of the fit; those of a fit that runs, another one.
        is_of_fit = segmentation.params is params or not shown.document.is_stale
        if is_of_fit and table is not None:
            self._want(TreeRequest(params, table, self.measure))
        is_current = self._tree is not None and self._tree.n_leaves == self._classes().n_components
        self.show_content(True)
        if is_current and self._tree is not None and self._asked is not None:
            title = next(height for name, _, height, _ in MEASURES if name == self._asked.measure)
            leaves = [self._classes().of_component(k) for k in range(self._tree.n_leaves)]
            self.plot.set_tree(self._tree, leaves, self.tr(title))
            self.plot.set_cut(self._cut)
            self._write_cut()
        self._point()

    def _want(self, request: TreeRequest) -> None:
        asked = self._asked
        if (
            asked is None
            or asked.params is not request.params
            or asked.table is not request.table
            or asked.measure != request.measure
        ):
            self._asked = request
            self.tree_requested.emit(request)
        self._measure()

    # Pointing

    @Slot(object)
    def _hover(self, node: int | None) -> None:
        self._hovered = node
        self._point()

    @Slot(object)
    def _click(self, node: int | None) -> None:
        self._selected = node
        if node is not None:
            self.merge_node(node)
        self._point()

    @Slot(float)
    def _move_cut(self, height: float) -> None:
        self._cut = height
        self.plot.set_cut(height)
        self._write_cut()
        self._try(True)
        self._describe()

    def _write_cut(self) -> None:
        # What is being typed stays as it is; of another height its digits are written.
        if abs(self.cut_box.value() - self._cut) > 5e-4:
            with QSignalBlocker(self.cut_box):
                self.cut_box.setValue(self._cut)

    def _try(self, is_trying: bool) -> None:
        """Show in the image what the line would leave, or again what the document has."""
        if is_trying or self._is_trying:
            self._is_trying = is_trying
            tree, classes = self._tree, self._classes()
            is_current = is_trying and tree is not None and tree.n_leaves == classes.n_components
            tried = merged_groups(tree.groups_below(self._cut), classes) if is_current and tree else None
            self.classes_tried.emit(tried)

    @Slot(bool)
    def set_in_front(self, is_in_front: bool) -> None:
        """Take note whether somebody can see the panel: the image shows the document when nobody does."""
        if not is_in_front:
            self._try(False)
            self._describe()

    @Slot()
    def _change_measure(self) -> None:
        self.measure_box.setToolTip(MEASURES[self.measure_box.currentIndex()][3])
        self._throttle.ask()

    def _point(self) -> None:
        """Show the union under the pointer, else the one chosen by keys, here and in the image."""
        node = self._hovered if self._hovered is not None else self._selected
        self.plot.mark(node)
        ids = None
        if node is not None and self._tree is not None:
            found = classes_of(self._tree.members(node), self._classes())
            ids = tuple(entry.id for entry in found) or None
        self.classes_pointed_at.emit(ids)
        self._describe()

    def _describe(self) -> None:
        """Say what the pointed union is, else what the line would leave."""
        tree, classes = self._tree, self._classes()
        self.merge_button.setEnabled(False)
        self.components_button.setEnabled(False)
        self.merge_button.setToolTip(self.tr("Make one class of each branch below the dashed line"))
        if tree is None or tree.n_leaves != classes.n_components:
            self.text.setText(self.tr("Comparing the components…"))
            return
        groups = tree.groups_below(self._cut)
        locked = ", ".join(entry.name for entry in locked_apart(groups, classes))
        apart = self.tr("Locked, so not merged: {0}.").format(locked) if locked else ""
        can_merge = bool(mergeable(groups, classes))
        self.components_button.setEnabled(any(len(group) > 1 for group in groups))
        self.merge_button.setEnabled(can_merge)
        if not can_merge:
            self.merge_button.setToolTip(apart or self.tr("Nothing is left to merge below the line."))
        node = self._hovered if self._hovered is not None else self._selected
        if not len(tree.pairs):
            self.text.setText(self.tr("One component: there is nothing to merge."))
        elif node is None:
            left = len(merged_groups(groups, classes))
            words = [self.tr("The line leaves {0} of {1}.").format(left, len(classes)), apart]
            if self._is_trying and can_merge:
                words.append(self.tr("The image shows it; nothing is merged yet."))
            self.text.setText(" ".join(filter(None, words)))
        else:
            found = classes_of(tree.members(node), classes)
            self.text.setText(union_sentence(tree, node, found, self.measure))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        has_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                self.select_by(1 if event.key() == Qt.Key.Key_Right else -1)
            case Qt.Key.Key_Up | Qt.Key.Key_Down:
                self.move_cut_by(1 if event.key() == Qt.Key.Key_Up else -1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if has_shift:
                self.merge_below()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if self._selected is not None:
                self.merge_node(self._selected)
            case Qt.Key.Key_Escape if self._selected is not None or self._is_trying:
                self._selected = None
                self._try(False)
                self._point()
            case _:
                super().keyPressEvent(event)


def _between(levels: FloatArray, n_below: int) -> float:
    """Return a height with so many of the increasing `levels` below it, in the middle of the gap there."""
    if n_below >= len(levels):
        return 1.0
    if n_below == 0:
        # Some components have one peak together: their union stands at 0.
        return float(levels[0] / 2) if levels[0] > 0 else LOWEST_CUT
    return float((levels[n_below - 1] + levels[n_below]) / 2)


def _sensible_cut(tree: Dendrogram) -> float:
    """Return the height in the middle of the widest gap between unions."""
    levels = np.unique(tree.heights)
    if len(levels) < 2:
        return _between(levels, 0)
    return _between(levels, int(np.diff(levels).argmax()) + 1)


def _params_of(shown: ViewState) -> MixtureParams | None:
    return None if shown.segmentation is None else shown.segmentation.params
