"""DigitPanels: the panels of the digits desk, and the receivers of their signals."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ui.digits.panels.clusters import ClustersPanel
from ui.digits.panels.confusion import ConfusionPanel
from ui.digits.panels.convergence import ConvergencePanel
from ui.digits.panels.eigenvalues import EigenvaluesPanel
from ui.digits.panels.embedding import EmbeddingPanel
from ui.digits.panels.readout import ReadoutBar
from ui.digits.panels.scores import ScoresPanel
from ui.digits.panels.setup import SetupPanel
from ui.digits.work import DigitWork
from ui.widgets.history_list import HistoryList


class DigitPanels(QObject):
    """Makes the panels; `connect_to` passes states to them and their requests on."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setup = SetupPanel()
        self.clusters = ClustersPanel()
        self.scores = ScoresPanel()
        self.confusion = ConfusionPanel()
        self.embedding = EmbeddingPanel()
        self.eigenvalues = EigenvaluesPanel()
        self.convergence = ConvergencePanel()
        self.readout = ReadoutBar()
        self.history = HistoryList()

    def connect_to(self, work: DigitWork) -> None:
        """Connect the panels with the work and, where one shows what another points at, with each other."""
        plots = (self.embedding, self.eigenvalues, self.convergence)
        for shows in (self.setup, self.clusters, self.scores, self.confusion, *plots, self.readout):
            work.bridge.changed.connect(shows.show_state)
        for asks in (self.setup, self.clusters, self.eigenvalues):
            asks.edit_requested.connect(work.apply)
        work.bridge.changed.connect(lambda *_: self.history.show_history(work.editor.history))
        self.history.step_requested.connect(work.editor.go_to)
        self.setup.settled.connect(work.settle)
        self.clusters.overview_requested.connect(work.overviews.ask)
        work.overviews.answered.connect(self.clusters.show_overview)
        self.clusters.samples_requested.connect(work.samples.ask)
        work.samples.answered.connect(self.clusters.show_samples)
        self.embedding.moments_requested.connect(work.moments.ask)
        work.moments.answered.connect(self.embedding.show_moments)
        for chooses in (self.confusion, self.embedding):
            chooses.rows_chosen.connect(self.clusters.show_selection)
        for points in (self.clusters, self.embedding):
            points.digit_hovered.connect(self.readout.show_digit)
        self.clusters.digit_hovered.connect(self.embedding.mark_digit)
