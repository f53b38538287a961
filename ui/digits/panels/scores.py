"""The scores panel: how well the clusters agree with the labels, fitted and held out side by side."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QGridLayout, QHeaderView, QLabel, QWidget

from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.digits.recipes import RECIPES
from gmmseg.digits.reliability import reliability_text
from gmmseg.digits.scores import Scores
from gmmseg.digits.view_state import ViewState
from ui.digits.widgets.reliability_bars import ReliabilityBars
from ui.theme import SPACING, colours, theme
from ui.widgets.building import in_column, in_scroll, named, text_label, write_in
from ui.widgets.empty_hint import EmptyHint, hint_or_content
from ui.widgets.text_table import TextTable

FIGURES = (
    ("acc", "ACC", "Share of digits in the cluster matched with their label, under the best one-to-one "
     "matching (Hungarian method)"),
    ("nmi", "NMI", "Mutual information of clusters and labels over the mean of their entropies"),
    ("ari", "ARI", "Rand index adjusted for chance: 0 by chance, 1 where all is the same"),
    ("purity", "Purity", "Share of digits that have the most frequent label of their cluster"),
)  # fmt: skip


class ScoresPanel(QWidget):
    """Shows figures of merit; asks for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("digit-scores")
        self.figures: dict[tuple[str, str], QLabel] = {}
        self.hint = EmptyHint("")
        self.reliability = ReliabilityBars()
        self.sure = text_label("scores-reliability")
        self.honesty = text_label("scores-honesty")
        self.chosen = text_label("scores-chosen", is_muted=True)
        self.drawn = text_label("scores-drawn", is_muted=True)
        self.stale = text_label("scores-stale")
        self.table = TextTable(
            "scores-by-label",
            [self.tr("Label"), self.tr("Images"), self.tr("Fitted"), self.tr("Held out")],
            [
                self.tr("What the digits show"),
                self.tr("Images with this label, fitted and held out"),
                self.tr("Share in the cluster matched with the label, of the fitted images"),
                self.tr("The same of the images that were assigned afterwards"),
            ],
        )
        self.table.setAccessibleName(self.tr("Scores by label"))
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        # All its rows are shown: the panel scrolls as a whole.
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget()
        figures = (self.stale, self._grid(), self.sure, self.reliability)
        notes = (self.honesty, self.drawn, self.chosen)
        in_column(*figures, *notes, self.table, None, of=content, spacing=SPACING, margins=(SPACING,) * 4)
        self._content = content
        self._scroll = in_scroll(content, "scores-scroll")
        self.pages = hint_or_content(self, self.hint, self._scroll, 0)
        theme().changed.connect(self._tint)
        self._tint()
        self._show(None)

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(SPACING // 4)
        self.heads: dict[str, QLabel] = {}
        for row, part in enumerate(("fit", "test"), start=1):
            self.heads[part] = named(QLabel(), f"scores-{part}")
            grid.addWidget(self.heads[part], row, 0)
        for at, (name, title, tip) in enumerate(FIGURES, start=1):
            head = QLabel(title)
            head.setToolTip(self.tr(tip))
            head.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            grid.addWidget(head, 0, at, Qt.AlignmentFlag.AlignRight)
            for row, part in enumerate(("fit", "test"), start=1):
                figure = named(QLabel(), f"score-{part}-{name}", self.tr(tip))
                figure.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                font = figure.font()
                font.setPointSizeF(font.pointSizeF() * 1.15)
                font.setBold(name == "acc")
                figure.setFont(font)
                self.figures[part, name] = figure
                grid.addWidget(figure, row, at, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        return grid

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Draw what differs."""
        if new.document.outcome is not old.document.outcome:
            self._show(new.document.outcome)
        if new.document is not old.document:
            self.stale.setVisible(new.document.outcome is not None and new.document.is_stale)

    def _show(self, outcome: ExperimentOutcome | None) -> None:
        if outcome is None:
            self.hint.label.setText(self.tr("After a run: how well clusters and labels agree."))
        elif outcome.scores_all is None:
            self.hint.label.setText(self.tr("These digits have no labels to be scored by."))
        has_scores = outcome is not None and outcome.scores_all is not None
        self.pages.setCurrentIndex(1 if has_scores else 0)
        if outcome is None or not has_scores:
            return
        self._show_part("fit", self.tr("Fitted"), outcome.scores_fit)
        self._show_part("test", self.tr("Held out"), outcome.scores_test)
        found = outcome.reliability_test or outcome.reliability_fit
        self.sure.setVisible(found is not None)
        self.reliability.show_reliability(found)
        if found is not None:
            part = self.tr("Held out") if outcome.reliability_test is not None else self.tr("Fitted")
            self.sure.setText(f"{part}: {reliability_text(found)}")
        self.stale.setText(self.tr("Of the last run; the settings have changed since."))
        self.honesty.setText(self.tr("Labels score the clusters; they never fit."))
        recipe = RECIPES[outcome.settings.recipe]
        self.drawn.setText(self.tr("Drawn digits: their scores say nothing about MNIST."))
        self.drawn.setVisible(outcome.digits.is_drawn)
        self.chosen.setText(
            recipe.chosen_with_scores or self.tr("None of this recipe's settings were chosen by scores.")
        )
        self._show_labels(outcome)
        # The panel scrolls up and down only: it is never narrower than its figures.
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        self._scroll.setMinimumWidth(self._content.minimumSizeHint().width() + bar)

    def _show_part(self, part: str, title: str, scores: Scores | None) -> None:
        head = title
        if scores is not None:
            head += f"\n{QLocale().toString(scores.n_images)}"
        self.heads[part].setText(head)
        self.heads[part].setVisible(scores is not None)
        for name, _, _ in FIGURES:
            figure = self.figures[part, name]
            figure.setVisible(scores is not None)
            figure.setText("" if scores is None else f"{getattr(scores, name):.4f}")

    def _show_labels(self, outcome: ExperimentOutcome) -> None:
        rows = []
        parts = (outcome.scores_fit, outcome.scores_test)
        values = sorted({value for scores in parts if scores is not None for value in scores.label_values})
        for value in values:
            cells, count = [], 0
            for scores in parts:
                if scores is None or value not in scores.label_values:
                    cells.append("–")
                    continue
                at = scores.label_values.index(value)
                count += int(scores.confusion[:, at].sum())
                cells.append(f"{scores.per_label[at]:.4f}")
            rows.append((str(value), QLocale().toString(count), *cells))
        self.table.texts.set_rows(rows)
        section = self.table.verticalHeader().defaultSectionSize()
        head = self.table.horizontalHeader().sizeHint().height()
        self.table.setFixedHeight(head + len(rows) * section + 2 * self.table.frameWidth())

    @Slot()
    def _tint(self) -> None:
        write_in(colours().warning, self.stale)
