"""PhotoPanels: the panels of the photo desk, and where each of their signals goes."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from ui.photo.panels.classes import ClassesPanel
from ui.photo.panels.convergence import ConvergencePanel
from ui.photo.panels.display import DisplayPanel
from ui.photo.panels.files import FilesPanel
from ui.photo.panels.k_curve import KCurvePanel
from ui.photo.panels.merge_tree import MergeTreePanel
from ui.photo.panels.objects import ObjectsPanel
from ui.photo.panels.panes import PanesPanel
from ui.photo.panels.parts import PartsPanel
from ui.photo.panels.readout import ReadoutBar
from ui.photo.panels.regions import RegionsPanel
from ui.photo.panels.scatter import ScatterPanel
from ui.photo.panels.setup import SetupPanel
from ui.photo.toolbox import Toolbox
from ui.photo.work import PhotoWork
from ui.widgets.history_list import HistoryList


class PhotoPanels(QObject):
    """Makes the panels; `connect_to` tells them what is shown and passes on what they ask for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setup = SetupPanel()
        self.objects = ObjectsPanel()
        self.classes = ClassesPanel()
        self.panes = PanesPanel()
        self.readout = ReadoutBar()
        self.convergence = ConvergencePanel()
        self.scatter = ScatterPanel()
        self.k_curve = KCurvePanel()
        self.merge_tree = MergeTreePanel()
        self.regions = RegionsPanel()
        self.parts = PartsPanel()
        self.display = DisplayPanel()
        self.plots = (self.convergence, self.scatter, self.k_curve, self.merge_tree)
        self.history = HistoryList()
        self.files = FilesPanel()

    def connect_to(self, work: PhotoWork, toolbox: Toolbox) -> None:
        """Connect the panels with the work and, where one shows what another points at, with each other."""
        self._connect_document(work)
        self._connect_lists(work)
        self._connect_picture(work, toolbox)
        self._connect_objects(work, toolbox)
        self._connect_classes(work)
        self._connect_regions(work)
        self._connect_measures(work)
        self._connect_plots(work)

    def _connect_document(self, work: PhotoWork) -> None:
        """Connect what shows the document, and what asks for changes of it."""
        asking = (self.setup, self.objects, self.classes, self.panes, self.display, *self.plots)
        for shows in (*asking, self.readout, self.regions, self.parts):
            work.bridge.changed.connect(shows.show_state)
        for asks in asking:
            asks.edit_requested.connect(work.apply)
        for settles in (self.setup, self.objects, self.classes, self.panes, self.display, self.merge_tree):
            settles.settled.connect(work.settle)

    def _connect_lists(self, work: PhotoWork) -> None:
        """Connect the lists of steps and of files."""
        work.bridge.changed.connect(lambda *_: self.history.show_history(work.workspace.history))
        self.history.step_requested.connect(work.workspace.go_to)
        for lists in (work.opener.files_changed, work.file_states.changed):
            lists.connect(
                lambda: self.files.show_files(work.opener.files, work.opener.at, work.file_states.state_of)
            )
        self.files.file_requested.connect(work.opener.show_file)

    def _connect_picture(self, work: PhotoWork, toolbox: Toolbox) -> None:
        """Connect the panes: the tool in hand, what it selects, and what has to be drawn for them."""
        panes = self.panes
        toolbox.tool_changed.connect(lambda: panes.set_tool(toolbox.tool))
        panes.set_tool(toolbox.tool)
        toolbox.chosen_changed.connect(panes.choose_objects)
        work.selecting.outlined.connect(panes.show_selection)
        work.selecting.hover_outlined.connect(panes.show_hovered)
        work.teaching.begun.connect(panes.ensure_classes)
        work.teaching.place_shown.connect(panes.show_place)
        panes.picture_requested.connect(work.painter.ask)
        work.painter.answered.connect(panes.show_picture)
        panes.tiles_requested.connect(work.tile_maker.want)
        work.tile_maker.made.connect(panes.show_tile)
        panes.foreground_wanted.connect(work.foreground_maker.want)
        for follows in (self.readout.show_zoom, work.selecting.see):
            panes.zoom_changed.connect(follows)
        for shows in (self.readout.show_pixel, self.scatter.mark_pixel):
            panes.pixel_hovered.connect(shows)

    def _connect_objects(self, work: PhotoWork, toolbox: Toolbox) -> None:
        """Connect the objects panel: what is chosen there and by tools is the same."""
        objects, options = self.objects, self.objects.options
        objects.slow_edit_requested.connect(work.object_editor.ask)
        work.object_editor.working.connect(objects.show_work)
        work.postponed.waiting.connect(objects.show_waiting)
        objects.areas_requested.connect(work.object_counter.ask)
        work.object_counter.answered.connect(objects.show_areas)
        objects.chosen_changed.connect(toolbox.choose)
        toolbox.chosen_changed.connect(objects.show_chosen)
        toolbox.tool_changed.connect(options.show_tool)
        toolbox.radius_changed.connect(options.show_radius)
        options.radius_changed.connect(toolbox.set_radius)
        options.only_unlabelled_changed.connect(toolbox.set_only_unlabelled)
        options.keeps_to_edges_changed.connect(toolbox.set_keeps_to_edges)
        options.takes_connected_changed.connect(toolbox.set_takes_connected)
        options.new_object_wanted.connect(lambda: toolbox.choose(()))
        options.show_tool(toolbox.tool_name)
        options.show_radius(toolbox.radius)
        # An object is named as soon as it is made, without a way to the table.
        self.panes.addAction(objects.rename_action)

    def _connect_classes(self, work: PhotoWork) -> None:
        """Connect the classes with the panes, and the model that may give them with the setup."""
        self.classes.class_selected.connect(self.panes.highlight_class)
        self.classes.areas_requested.connect(work.counter.ask)
        work.counter.answered.connect(self.classes.show_areas)
        self.setup.adapted_changed.connect(work.model_opener.set_adapted)
        self.setup.fit_requested.connect(work.model_opener.fit_instead)

    def _connect_regions(self, work: PhotoWork) -> None:
        """Connect whoever wants regions with who makes them, and the chosen ones with who shows these."""
        maker, regions = work.region_maker, self.regions
        for touched in (self.panes.ensure_regions, maker.retry):
            self.setup.regions_touched.connect(touched)
        for tells in (self.panes, regions):
            maker.given_up.connect(tells.show_regions_given_up)
        self.panes.regions_wanted.connect(partial(maker.want, "panes"))
        regions.wanted_changed.connect(partial(maker.want, "table"))
        regions.table_requested.connect(work.region_measurer.ask)
        work.region_measurer.answered.connect(regions.show_table)
        for takes in (self.panes.mark_regions, work.object_sources.choose_regions):
            regions.regions_selected.connect(takes)
        self.panes.pixel_clicked.connect(regions.show_clicked)

    def _connect_measures(self, work: PhotoWork) -> None:
        """Connect the histograms of the display, and the table of parts."""
        self.display.histograms_requested.connect(work.value_counter.ask)
        work.value_counter.answered.connect(self.display.show_histograms)
        self.parts.parts_requested.connect(work.part_finder.ask)
        work.part_finder.answered.connect(self.parts.show_parts)
        self.parts.pixels_marked.connect(self.panes.mark_pixels)
        self.parts.export_requested.connect(work.exporter.write_parts)

    def _connect_plots(self, work: PhotoWork) -> None:
        """Connect the scatter, the merge tree and the convergence."""
        self.scatter.winners_requested.connect(work.sorter.ask)
        work.sorter.answered.connect(self.scatter.show_winners)
        self.scatter.rows_brushed.connect(self.panes.show_marked)
        self.merge_tree.tree_requested.connect(work.comparer.ask)
        work.comparer.answered.connect(self.merge_tree.show_tree)
        self.merge_tree.overlaps_requested.connect(work.overlap_measurer.ask)
        work.overlap_measurer.answered.connect(self.merge_tree.show_overlaps)
        self.merge_tree.components_merged.connect(work.component_merger.merge)
        self.merge_tree.classes_tried.connect(self.panes.try_classes)
        self.merge_tree.classes_pointed_at.connect(self.panes.point_at_classes)
        self.convergence.step_selected.connect(work.show_step)
        self.convergence.walk.moved.connect(work.walker.move)
        self.convergence.walk.ended.connect(work.walker.end)
