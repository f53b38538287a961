"""PhotoPanels: the panels of the photo desk, and where each of their signals goes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QPoint, Signal, Slot

from gmmseg.photo.view_state import ViewState
from ui.photo.panels.classes import ClassesPanel
from ui.photo.panels.files import FilesPanel
from ui.photo.panels.objects import ObjectsPanel
from ui.photo.panels.panes import PanesPanel
from ui.photo.panels.readout import ReadoutBar
from ui.photo.toolbox import Toolbox
from ui.photo.work import PhotoWork
from ui.widgets.history_list import HistoryList

if TYPE_CHECKING:
    from ui.photo.panels.convergence import ConvergencePanel
    from ui.photo.panels.display import DisplayPanel
    from ui.photo.panels.k_curve import KCurvePanel
    from ui.photo.panels.merge_tree import MergeTreePanel
    from ui.photo.panels.parts import PartsPanel
    from ui.photo.panels.regions import RegionsPanel
    from ui.photo.panels.scatter import ScatterPanel
    from ui.photo.panels.setup import SetupPanel

LATE_MODULES = tuple(
    f"ui.photo.panels.{name}"
    for name in ("setup", "regions", "parts", "convergence", "scatter", "k_curve", "merge_tree", "display")
)
"""Of the panels that are made late."""

_Late = TypeVar(
    "_Late",
    bound="SetupPanel | DisplayPanel | ConvergencePanel | ScatterPanel | KCurvePanel | MergeTreePanel"
    " | RegionsPanel | PartsPanel",
)


class PhotoPanels(QObject):
    """Makes the panels; `connect_to` tells them what is shown and passes on what they ask for.

    Those that no arrangement shows at the start of most windows, the setup, the display, the plots and the
    tables of regions and parts, are made when first asked for, and then see the state that is shown as their
    first change.
    """

    frame_requested = Signal(int)
    validity_changed = Signal()
    theory_asked = Signal(str)
    marked_menu_requested = Signal(QPoint)
    region_menu_requested = Signal(QPoint)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.objects = ObjectsPanel()
        self.classes = ClassesPanel()
        self.panes = PanesPanel()
        self.readout = ReadoutBar()
        self.history = HistoryList()
        self.files = FilesPanel()
        self.is_valid = True
        """False while the setup holds what cannot be."""
        self._work: PhotoWork | None = None

    def connect_to(self, work: PhotoWork, toolbox: Toolbox) -> None:
        """Connect the panels with the work and, where one shows what another points at, with each other."""
        self._work = work
        for asks in (self.objects, self.classes, self.panes):
            self._connect_document(asks, work)
            asks.settled.connect(work.settle)
        work.bridge.changed.connect(self.readout.show_state)
        self._connect_lists(work)
        self._connect_picture(work, toolbox)
        self._connect_objects(work, toolbox)
        self._connect_classes(work)
        self._connect_maker(work)

    # Panels that are made late, and their modules imported with them

    @cached_property
    def setup(self) -> SetupPanel:
        """Panel of the settings."""
        from ui.photo.panels.setup import SetupPanel

        return self._late(SetupPanel(), self._connect_setup)

    @cached_property
    def display(self) -> DisplayPanel:
        """Panel of how values are shown."""
        from ui.photo.panels.display import DisplayPanel

        return self._late(DisplayPanel(), self._connect_display)

    @cached_property
    def convergence(self) -> ConvergencePanel:
        """Panel of the convergence plot."""
        from ui.photo.panels.convergence import ConvergencePanel

        return self._late(ConvergencePanel(), self._connect_convergence)

    @cached_property
    def scatter(self) -> ScatterPanel:
        """Panel of the scatter plot."""
        from ui.photo.panels.scatter import ScatterPanel

        return self._late(ScatterPanel(), self._connect_scatter)

    @cached_property
    def k_curve(self) -> KCurvePanel:
        """Panel of the criteria over K."""
        from ui.photo.panels.k_curve import KCurvePanel

        return self._late(KCurvePanel(), self._connect_k_curve)

    @cached_property
    def merge_tree(self) -> MergeTreePanel:
        """Panel of the tree of merges."""
        from ui.photo.panels.merge_tree import MergeTreePanel

        return self._late(MergeTreePanel(), self._connect_merge_tree)

    @cached_property
    def regions(self) -> RegionsPanel:
        """Panel of the table of regions."""
        from ui.photo.panels.regions import RegionsPanel

        return self._late(RegionsPanel(), self._connect_regions)

    @cached_property
    def parts(self) -> PartsPanel:
        """Panel of the table of parts."""
        from ui.photo.panels.parts import PartsPanel

        return self._late(PartsPanel(), self._connect_parts)

    def _late(self, panel: _Late, connect: Callable[[_Late, PhotoWork], None]) -> _Late:
        """Return a panel connected as if it had been there from the beginning, out of sight until docked."""
        panel.setParent(self.panes)
        work = self._work
        if work is not None:
            connect(panel, work)
            work.bridge.changed.connect(panel.show_state)
            panel.show_state(ViewState(), work.workspace.shown)
        return panel

    def _connect_document(self, panel: Any, work: PhotoWork) -> None:
        """Connect a panel that shows the document and asks for changes of it."""
        work.bridge.changed.connect(panel.show_state)
        panel.edit_requested.connect(work.apply)

    def _connect_setup(self, setup: SetupPanel, work: PhotoWork) -> None:
        setup.edit_requested.connect(work.apply)
        setup.settled.connect(work.settle)
        setup.summary.frame_requested.connect(self.frame_requested)
        setup.validity_changed.connect(self._note_validity)
        setup.given.is_adapted.toggled.connect(work.model_opener.set_adapted)
        setup.given.fit.clicked.connect(work.model_opener.fit_instead)
        for touched in (self.panes.ensure_regions, work.region_maker.retry):
            setup.regions_touched.connect(touched)

    @Slot(bool)
    def _note_validity(self, is_valid: bool) -> None:
        self.is_valid = is_valid
        self.validity_changed.emit()

    def _connect_display(self, display: DisplayPanel, work: PhotoWork) -> None:
        display.edit_requested.connect(work.apply)
        display.settled.connect(work.settle)
        display.histograms_requested.connect(work.value_counter.ask)
        work.value_counter.answered.connect(display.show_histograms)

    def _connect_convergence(self, convergence: ConvergencePanel, work: PhotoWork) -> None:
        convergence.theory_asked.connect(self.theory_asked)
        convergence.step_selected.connect(work.show_step)
        convergence.walk.moved.connect(work.walker.move)
        convergence.walk.ended.connect(work.walker.end)

    def _connect_scatter(self, scatter: ScatterPanel, work: PhotoWork) -> None:
        scatter.theory_asked.connect(self.theory_asked)
        scatter.menu_requested.connect(self.marked_menu_requested)
        self.panes.pixel_hovered.connect(scatter.mark_pixel)
        scatter.winners_requested.connect(work.sorter.ask)
        work.sorter.answered.connect(scatter.show_winners)
        scatter.rows_brushed.connect(self.panes.marks.brush)

    def _connect_k_curve(self, k_curve: KCurvePanel, work: PhotoWork) -> None:
        k_curve.edit_requested.connect(work.apply)
        k_curve.theory_asked.connect(self.theory_asked)
        k_curve.compare_requested.connect(work.k_comparer.compare)

    def _connect_merge_tree(self, merge_tree: MergeTreePanel, work: PhotoWork) -> None:
        merge_tree.edit_requested.connect(work.apply)
        merge_tree.settled.connect(work.settle)
        merge_tree.theory_asked.connect(self.theory_asked)
        merge_tree.tree_requested.connect(work.comparer.ask)
        work.comparer.answered.connect(merge_tree.show_tree)
        merge_tree.overlaps_requested.connect(work.overlap_measurer.ask)
        work.overlap_measurer.answered.connect(merge_tree.show_overlaps)
        merge_tree.components_merged.connect(work.component_merger.merge)
        merge_tree.classes_tried.connect(self.panes.pictures.try_classes)
        merge_tree.classes_pointed_at.connect(self.panes.pictures.point_at)

    def _connect_regions(self, regions: RegionsPanel, work: PhotoWork) -> None:
        """Connect the table of regions with who makes these, and the chosen ones with who shows them."""
        work.region_maker.given_up.connect(regions.show_regions_given_up)
        regions.show_regions_given_up(work.region_maker.is_given_up)
        regions.wanted_changed.connect(partial(work.region_maker.want, "table"))
        regions.table_requested.connect(work.region_measurer.ask)
        work.region_measurer.answered.connect(regions.show_table)
        regions.menu_requested.connect(self.region_menu_requested)
        for takes in (self.panes.marks.choose_regions, work.object_sources.choose_regions):
            regions.regions_selected.connect(takes)
        self.panes.pixel_clicked.connect(regions.show_clicked)

    def _connect_parts(self, parts: PartsPanel, work: PhotoWork) -> None:
        parts.parts_requested.connect(work.part_finder.ask)
        work.part_finder.answered.connect(parts.show_parts)
        parts.pixels_marked.connect(self.panes.marks.choose_pixels)
        parts.export_requested.connect(work.exporter.write_parts)

    # Panels that are there from the beginning

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
        toolbox.chosen_changed.connect(panes.objects.choose)
        work.selecting.outlined.connect(panes.show_selection)
        work.selecting.hover_outlined.connect(panes.show_hovered)
        work.teaching.begun.connect(panes.ensure_classes)
        work.teaching.place_shown.connect(panes.show_place)
        panes.picture_requested.connect(work.painter.ask)
        work.painter.answered.connect(panes.pictures.take)
        panes.tiles_requested.connect(work.tile_maker.want)
        work.tile_maker.made.connect(panes.show_tile)
        panes.foreground_wanted.connect(work.foreground_maker.want)
        for follows in (self.readout.show_zoom, work.selecting.see):
            panes.zoom_changed.connect(follows)
        panes.pixel_hovered.connect(self.readout.show_pixel)

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
        options.only_unlabelled.toggled.connect(toolbox.set_only_unlabelled)
        options.keeps_to_edges.toggled.connect(toolbox.set_keeps_to_edges)
        options.takes_connected.toggled.connect(toolbox.set_takes_connected)
        options.new_object.clicked.connect(lambda: toolbox.choose(()))
        options.show_tool(toolbox.tool_name)
        options.show_radius(toolbox.radius)
        # An object is named as soon as it is made, without a way to the table.
        self.panes.addAction(objects.rename_action)

    def _connect_classes(self, work: PhotoWork) -> None:
        """Connect the classes with the panes."""
        self.classes.class_selected.connect(self.panes.pictures.highlight)
        self.classes.areas_requested.connect(work.counter.ask)
        work.counter.answered.connect(self.classes.show_areas)

    def _connect_maker(self, work: PhotoWork) -> None:
        """Connect the panes with the maker of the regions that they show."""
        work.region_maker.given_up.connect(self.panes.show_regions_given_up)
        self.panes.regions_wanted.connect(partial(work.region_maker.want, "panes"))
