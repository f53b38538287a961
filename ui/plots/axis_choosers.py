"""Two choosers for what runs along x and y: a feature, a principal component, or for y the histogram."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QSizePolicy, QToolButton, QWidget

from gmmseg.drawing.scatter import Axis, feature_axes, principal_axes
from gmmseg.features.table import FeatureTable
from ui.theme import icon
from ui.widgets.building import in_row, label_of, named

HISTOGRAM = -1


class AxisChoosers(QWidget):
    """Offers the axes of a table; ``changed`` fires when the user has chosen others."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._table: FeatureTable | None = None
        self._principal: list[Axis] = []
        self.x_box, self.y_box = QComboBox(), QComboBox()
        words = self.tr("Swap the axes")
        self.swap_button = named(QToolButton(), "scatter-swap", words, words)
        self.swap_button.setIcon(icon("swap"))
        self.swap_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.swap_button.clicked.connect(self._swap)
        chosen = in_row(of=self)
        for name, box in (("x", self.x_box), ("y", self.y_box)):
            self._set_up(name, box)
            label = label_of(box, f"&{name}")
            label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
            chosen.addWidget(label)
            chosen.addWidget(box, 100)
            if name == "x":
                chosen.addWidget(self.swap_button)
        chosen.addStretch(1)

    def _set_up(self, name: str, box: QComboBox) -> None:
        tip = self.tr("What runs along {}: a feature, or a principal component of them").format(name)
        named(box, f"scatter-{name}", tip, self.tr("Feature along {}").format(name))
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(4)
        box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        box.setMaximumWidth(160)
        box.currentIndexChanged.connect(self._choose)

    def show_table(self, table: FeatureTable | None) -> None:
        """Offer the axes of another table; the choice stays where it has the same features."""
        old, self._table = self._table, table
        self._principal = []
        if table is None or (old is not None and old.names == table.names):
            return
        names = list(table.names)
        is_single = table.n_features == 1
        if not is_single:
            names += [self.tr("PC 1"), self.tr("PC 2")]
        with QSignalBlocker(self.x_box), QSignalBlocker(self.y_box):
            for box in (self.x_box, self.y_box):
                box.clear()
                for at, name in enumerate(names):
                    box.addItem(name, at)
            self.y_box.addItem(self.tr("Histogram"), HISTOGRAM)
            self.y_box.setCurrentIndex(1)
        self.swap_button.setEnabled(not is_single)

    def axes(self) -> tuple[Axis, Axis | None]:
        """Return the chosen axes of the table; no y where the histogram is wanted."""
        y = self.y_box.currentData()
        return self._axis_at(self.x_box.currentData()), None if y == HISTOGRAM else self._axis_at(y)

    def _axis_at(self, at: int) -> Axis:
        if self._table is None:
            raise ValueError("axes were asked for before there was a table")
        if at < self._table.n_features:
            return feature_axes(self._table)[at]
        self._principal = self._principal or principal_axes(self._table)
        return self._principal[at - self._table.n_features]

    @Slot()
    def _choose(self) -> None:
        self.swap_button.setEnabled(self.y_box.currentData() != HISTOGRAM)
        self.changed.emit()

    @Slot()
    def _swap(self) -> None:
        x, y = self.x_box.currentIndex(), self.y_box.currentIndex()
        with QSignalBlocker(self.x_box), QSignalBlocker(self.y_box):
            self.x_box.setCurrentIndex(y)
            self.y_box.setCurrentIndex(x)
        self._choose()
