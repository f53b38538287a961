"""The confusion panel: which labels the digits of each cluster have."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from gmmseg.digits.overview import rows_in_cell
from gmmseg.digits.scores import Scores
from gmmseg.digits.view_state import ViewState
from ui.digits.widgets.confusion_matrix import ConfusionMatrix, Matrix
from ui.widgets.building import in_column, in_row, in_scroll, named, text_label
from ui.widgets.empty_hint import EmptyHint, hint_or_content


class ConfusionPanel(QWidget):
    """Shows the matrix of the fitted or of the held-out images; a cell's digits can be looked at."""

    rows_chosen = Signal(object, object)
    """(what they are, their indices)"""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("digit-confusion")
        self._shown = ViewState()
        tip = self.tr("The images that were fitted, or those assigned afterwards")
        self.part_box = named(QComboBox(), "confusion-part", tip, self.tr("Which images"))
        self.part_box.currentIndexChanged.connect(self._draw)
        self.matrix = ConfusionMatrix()
        self.matrix.cell_chosen.connect(self._choose)
        scroll = in_scroll(self.matrix, "confusion-scroll")
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hint = EmptyHint(self.tr("Clusters by labels appear here after a run on digits with labels."))
        self.key = text_label("confusion-key", self.tr("Colour: share of the row's digits"), is_muted=True)
        self.key.setToolTip(self.matrix.explanation)
        content = QWidget()
        top = in_row(self.part_box, self.key, stretched=self.key, spacing=-1)
        in_column(top, scroll, of=content, stretched=scroll)
        self.pages = hint_or_content(self, self.hint, content)

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Draw what differs."""
        self._shown = new
        before, now = old.document, new.document
        if now.outcome is not before.outcome:
            self._offer_parts()
        if now.outcome is not before.outcome or now.names != before.names:
            self._draw()

    def _offer_parts(self) -> None:
        outcome = self._shown.document.outcome
        wanted = self.part_box.currentData()
        self.part_box.blockSignals(True)
        self.part_box.clear()
        if outcome is not None:
            for scores, title, is_fitted in (
                (outcome.scores_fit, self.tr("Fitted"), True),
                (outcome.scores_test, self.tr("Held out"), False),
            ):
                if scores is not None:
                    self.part_box.addItem(title, is_fitted)
        self.part_box.setCurrentIndex(max(self.part_box.findData(wanted), 0))
        self.part_box.blockSignals(False)

    def _scores(self) -> Scores | None:
        outcome = self._shown.document.outcome
        if outcome is None:
            return None
        return outcome.scores_test if self.part_box.currentData() is False else outcome.scores_fit

    @Slot()
    def _draw(self) -> None:
        scores = self._scores()
        self.pages.setCurrentIndex(0 if scores is None else 1)
        if scores is None:
            self.matrix.show_matrix(None)
            return
        document = self._shown.document
        # Rows in the order of their labels: what is right lies on the diagonal.
        matched = dict(scores.matching)
        n_clusters = len(scores.confusion)
        last = max(scores.label_values) + 1
        order = sorted(range(n_clusters), key=lambda cluster: (matched.get(cluster, last), cluster))
        self.matrix.show_matrix(
            Matrix(
                scores.confusion[order],
                tuple(document.name_of(cluster) for cluster in order),
                tuple(order),
                scores.label_values,
            )
        )

    @Slot(int, int)
    def _choose(self, cluster: int, label: int) -> None:
        outcome = self._shown.document.outcome
        if outcome is None:
            return
        is_fitted = self.part_box.currentData() is not False
        rows = rows_in_cell(outcome, cluster, label, is_fitted)
        where = self.tr("fitted") if is_fitted else self.tr("held out")
        title = self.tr("{0}, label {1}, {2}").format(self._shown.document.name_of(cluster), label, where)
        self.rows_chosen.emit(title, rows)
