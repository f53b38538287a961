"""The middle of the digits desk: rows of digits by cluster, the misplaced ones, samples and a selection."""

from __future__ import annotations

from functools import partial
from typing import Literal, get_args

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QWidget,
)

from gmmseg.arrays import ByteArray, IntArray
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.document import rename_cluster
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.digits.gallery import Order
from gmmseg.digits.overview import Overview
from gmmseg.digits.view_state import ViewState
from ui.digits.panels.requests import OverviewRequest, SampleRequest
from ui.digits.panels.words import caption
from ui.digits.widgets.wall import Wall
from ui.digits.widgets.wall_layout import WallSection
from ui.digits.widgets.wall_sections import (
    chosen_section,
    cluster_section,
    misplaced_section,
    not_clustered_section,
    sample_section,
)
from ui.theme import SPACING
from ui.widgets.building import in_column, in_row, named, text_label
from ui.widgets.empty_hint import EmptyHint

View = Literal["clusters", "misplaced", "samples", "selection"]
VIEWS: tuple[View, ...] = get_args(View)


class ClustersPanel(QWidget):
    """Shows the digits of the outcome in four views."""

    edit_requested = Signal(object)
    overview_requested = Signal(object)
    """An `OverviewRequest`; the answer goes to `show_overview`."""
    samples_requested = Signal(object)
    """A `SampleRequest`; the answer goes to `show_samples`."""
    digit_hovered = Signal(object)
    """Index of the digit pointed at, in ``outcome.digits`` or before there is one in the set, or None."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("digit-clusters")
        self._shown = ViewState()
        self._asked: OverviewRequest | None = None
        self._overview: Overview | None = None
        self._asked_samples: SampleRequest | None = None
        self._samples: tuple[ByteArray, ...] = ()
        self._selection: tuple[str, IntArray] | None = None
        self._build()

    # Building

    def _build(self) -> None:
        self.tabs = named(QTabBar(), "digit-views", spoken=self.tr("What is shown"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        titles = (self.tr("Clusters"), self.tr("Misplaced"), self.tr("Samples"), self.tr("Chosen"))
        tips = (
            self.tr("Each cluster with its mean, its spread and its members"),
            self.tr(
                "Digits in a cluster that is not matched with their label, the worst first: those the "
                "mixture was surest of"
            ),
            self.tr(
                "Digits drawn from a Gaussian over the pixels of each cluster's images, made after the fit: "
                "the fitted Gaussians are over features, from which no picture can be had"
            ),
            self.tr("Digits chosen in the confusion matrix or the scatter"),
        )
        self.views = QStackedWidget()
        self.walls: dict[View, Wall] = {}
        self.hints: dict[View, EmptyHint] = {}
        for view, title, tip in zip(VIEWS, titles, tips, strict=True):
            at = self.tabs.addTab(title)
            self.tabs.setTabToolTip(at, tip)
            self.views.addWidget(self._page(view, title))
        self.tabs.currentChanged.connect(self._show_view)
        words = self.tr(
            "The worst first: those the mixture was surest of. Below each digit: its label → the label "
            "of its cluster, the confidence, and its number. Confidence is the cluster's posterior for "
            "this digit, γ(z_nk): 1.00 is certain."
        )
        self.note = text_label("misplaced-note", words, is_muted=True)
        self.note.setContentsMargins(SPACING, SPACING // 2, SPACING, SPACING // 2)
        in_column(self._top_row(), self.note, self.views, of=self, stretched=self.views, spacing=0)
        self._show_view(0)

    def _page(self, view: View, title: str) -> QWidget:
        wall = Wall(f"wall-{view}", title)
        wall.digit_hovered.connect(self.digit_hovered)
        wall.digit_chosen.connect(self.digit_hovered)
        wall.renamed.connect(self._rename)
        self.walls[view] = wall
        self.hints[view] = EmptyHint("")
        page = QStackedWidget()
        page.addWidget(wall)
        page.addWidget(self.hints[view])
        return page

    def _top_row(self) -> QHBoxLayout:
        tip = self.tr(
            "Which members of each cluster come first; of equally sure ones the nearest to the mean"
        )
        self.order_box = named(QComboBox(), "digit-order", tip, self.tr("Order of the members"))
        orders: tuple[tuple[Order, str], ...] = (
            ("surest", self.tr("Surest")),
            ("random", self.tr("Random")),
            ("least sure", self.tr("Unsure")),
        )
        for order, title in orders:
            self.order_box.addItem(title, order)
        self.order_box.currentIndexChanged.connect(self._ask)
        self.order_box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        tip = self.tr("Draw other digits from the same Gaussians")
        self.again = named(QPushButton(self.tr("Draw a&gain")), "digit-draw", tip)
        self.again.clicked.connect(self._draw_others)
        margins = (SPACING // 2, SPACING // 2, SPACING // 2, 0)
        return in_row(self.tabs, None, self.order_box, self.again, margins=margins)

    # Showing

    @property
    def view(self) -> View:
        """The view in front."""
        return VIEWS[self.tabs.currentIndex()]

    @property
    def digits(self) -> DigitSet | None:
        """The set that indices refer to: the outcome's, or before there is one the document's."""
        document = self._shown.document
        return document.digits if document.outcome is None else document.outcome.digits

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Show what differs; pictures of another outcome are asked for first."""
        self._shown = new
        before, now = old.document, new.document
        if now.outcome is not before.outcome or now.digits is not before.digits:
            self._selection = None
            self._samples, self._asked_samples = (), None
            self.digit_hovered.emit(None)
            if now.outcome is None:
                self._overview, self._asked = None, None
            self._ask()
            if now.digits is not None and now.digits is not before.digits:
                # Of other digits nothing is misplaced or chosen yet.
                self.show_view("clusters")
                for wall in self.walls.values():
                    wall.set_full(now.digits.brightest)
            self._draw_all()
        elif now.names != before.names:
            self._draw_all()

    def set_smooth(self, is_smooth: bool) -> None:
        """Interpolate enlarged digits, or show their pixels as squares."""
        for wall in self.walls.values():
            wall.set_smooth(is_smooth)

    def show_view(self, view: View) -> None:
        """Bring a view to the front."""
        self.tabs.setCurrentIndex(VIEWS.index(view))

    def rename_current(self) -> None:
        """Let the user name the cluster of the current digit."""
        self.show_view("clusters")
        wall = self.walls["clusters"]
        wall.rename(0 if wall.current is None else wall.current.section)

    def unfold_all(self, is_unfolded: bool) -> None:
        """Show all digits of every cluster, or few."""
        shown: tuple[View, ...] = ("clusters", "samples")
        for view in shown:
            wall = self.walls[view]
            for section in wall.sections:
                wall.unfold(section.key, is_unfolded)

    @Slot(int)
    def set_side(self, side: int) -> None:
        """Show digits so large, device-independent pixels."""
        for wall in self.walls.values():
            wall.set_side(side)

    @Slot(object, object)
    def show_selection(self, title: str, rows: IntArray) -> None:
        """Show digits that were chosen elsewhere, by their index."""
        self._selection = (title, rows)
        self._draw_selection()
        self.show_view("selection")

    @Slot(object, object)
    def show_overview(self, request: OverviewRequest, answer: Overview) -> None:
        """Show requested pictures, unless something newer has been asked for meanwhile."""
        if request is self._asked:
            self._overview = answer
            self._draw_all()

    @Slot(object, object)
    def show_samples(self, request: SampleRequest, answer: tuple[ByteArray, ...]) -> None:
        """Show requested samples, unless others have been asked for meanwhile."""
        if request is self._asked_samples:
            self._samples = answer
            self._draw_samples()

    @Slot()
    def _ask(self) -> None:
        outcome = self._shown.document.outcome
        if outcome is not None:
            self._asked = OverviewRequest(outcome, self.order_box.currentData(), self._overview)
            self.overview_requested.emit(self._asked)
            if self.view == "samples":
                self._ask_samples()

    def _ask_samples(self, batch: int = 0) -> None:
        outcome = self._shown.document.outcome
        asked = self._asked_samples
        if outcome is None or (asked is not None and asked.outcome is outcome and asked.batch == batch):
            return
        self._asked_samples = SampleRequest(outcome, batch)
        self.samples_requested.emit(self._asked_samples)

    @Slot()
    def _draw_others(self) -> None:
        self._ask_samples(1 if self._asked_samples is None else self._asked_samples.batch + 1)

    @Slot(int)
    def _show_view(self, at: int) -> None:
        self.views.setCurrentIndex(at)
        view = VIEWS[at]
        self.order_box.setVisible(view == "clusters")
        self.again.setVisible(view == "samples")
        self._show_note()
        if view == "samples":
            self._ask_samples()

    def _show_note(self) -> None:
        """Explain the misplaced digits where there are any."""
        self.note.setVisible(self.view == "misplaced" and bool(self.walls["misplaced"].sections))

    @Slot(int, str)
    def _rename(self, cluster: int, name: str) -> None:
        if name != self._shown.document.name_of(cluster):
            self.edit_requested.emit(rename_cluster(cluster, name))

    # What each view consists of

    def _draw_all(self) -> None:
        self._draw_clusters()
        self._draw_misplaced()
        self._draw_samples()
        self._draw_selection()

    def _fill(self, view: View, sections: tuple[WallSection, ...], hint: str) -> None:
        self.walls[view].show_sections(sections)
        self.hints[view].label.setText(hint)
        self._show_note()
        page = self.views.widget(VIEWS.index(view))
        assert isinstance(page, QStackedWidget)  # noqa: S101 - made so above
        page.setCurrentIndex(0 if sections else 1)

    def _is_current(self, outcome: ExperimentOutcome | None) -> bool:
        return self._overview is not None and self._overview.outcome is outcome

    def _draw_clusters(self) -> None:
        document = self._shown.document
        digits = document.digits
        if digits is None:
            self._fill("clusters", (), self.tr("Open digits, or take those that the program draws."))
        elif document.outcome is None:
            self._fill("clusters", (not_clustered_section(digits),), "")
        elif self._overview is not None and self._is_current(document.outcome):
            made = self._overview
            clusters = range(len(made.members))
            self._fill("clusters", tuple(cluster_section(document, made, k) for k in clusters), "")

    def _draw_misplaced(self) -> None:
        document = self._shown.document
        outcome, made = document.outcome, self._overview
        if outcome is None:
            self._fill("misplaced", (), self.tr("After a run: the digits in a cluster of another label."))
        elif outcome.scores_all is None:
            self._fill("misplaced", (), self.tr("These digits have no labels to be compared with."))
        elif made is not None and self._is_current(outcome):
            section = misplaced_section(made, partial(caption, outcome))
            has_any = len(made.misplaced) > 0
            self._fill("misplaced", (section,) if has_any else (), self.tr("No digit is misplaced."))

    def _draw_samples(self) -> None:
        document = self._shown.document
        outcome = document.outcome
        if outcome is None:
            self._fill("samples", (), self.tr("After a run: digits drawn from each cluster's Gaussian."))
        elif not self._samples:
            self._fill("samples", (), self.tr("Drawing digits…"))
        else:
            drawn = tuple(sample_section(document, images, k) for k, images in enumerate(self._samples))
            self._fill("samples", drawn, "")

    def _draw_selection(self) -> None:
        outcome = self._shown.document.outcome
        if self._selection is None or outcome is None:
            hint = self.tr("Click a cell of the confusion matrix, or drag in the scatter.")
            self._fill("selection", (), hint)
            return
        title, rows = self._selection
        section = chosen_section(title, outcome.digits, rows, partial(caption, outcome))
        self._fill("selection", (section,), "")
