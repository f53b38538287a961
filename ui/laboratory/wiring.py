"""LaboratoryPanels: the panels of the laboratory, and the receivers of their signals."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ui.laboratory.panels.contents import ContentsPanel
from ui.laboratory.panels.lesson import LessonPanel
from ui.laboratory.panels.readout import ReadoutBar
from ui.laboratory.panels.stage import StagePanel
from ui.laboratory.work import LaboratoryWork


class LaboratoryPanels(QObject):
    """Makes the panels; `connect_to` passes states to them and their requests on."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.contents = ContentsPanel()
        self.stage = StagePanel()
        self.lesson = LessonPanel()
        self.readout = ReadoutBar()

    def connect_to(self, work: LaboratoryWork) -> None:
        """Connect the panels with the work and show what there is."""
        for panel in (self.contents, self.stage, self.lesson):
            work.bridge.changed.connect(panel.show_state)
            panel.edit_requested.connect(work.apply)
            panel.settled.connect(work.settle)
            panel.show_state(work.workspace.shown, work.workspace.shown)
        self.stage.work_requested.connect(work.actor.act)
        self.lesson.answered.connect(work.actor.predict)
        for shows in (self.stage, self.lesson):
            work.runs.running_changed.connect(shows.show_running)
