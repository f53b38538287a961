"""PictureMenu: what can be done with what lies at a place of the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from gmmseg.photo.objects.filling import of_one_value
from gmmseg.photo.objects.patch import Patch
from ui.desk.actions import Actions
from ui.photo.panels.picture_requests import regions_of
from ui.photo.toolbox import Toolbox
from ui.photo.tools.tool import Point
from ui.photo.wiring import PhotoPanels

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState

_SELECTION = ("accept_selection", "extend_object", "subtract_selection", "drop_selection")
MARKED_ACTIONS = ("select_marked", "object_of_marked")
REGION_ACTIONS = (*MARKED_ACTIONS, "copy_regions", "copy_mask", "export")
"""Actions on the rows selected in the table of the regions."""
_PICTURE = ("copy_object_cutout", "copy_view", "copy_mask", "", "export", "", "fit_view", "overlay", "pin")


class PictureMenu(QMenu):
    """Offers actions of the selection, and of the object, the region and the class at a place.

    Parameters
    ----------
    actions : Actions
        Of the photo desk.
    panels : PhotoPanels
    toolbox : Toolbox
    """

    def __init__(
        self, actions: Actions[Any], panels: PhotoPanels, toolbox: Toolbox, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("pictureMenu")
        self._actions = actions
        self._panels = panels
        self._toolbox = toolbox
        self._parts: list[QMenu] = []

    def open_at(self, shown: ViewState, point: Point, place: QPoint) -> None:
        """Offer at a place of the screen what concerns a point of the image."""
        self._fill(shown, point)
        self.popup(place)

    def _fill(self, shown: ViewState, point: Point) -> None:
        x, y = int(point[0]), int(point[1])
        for action in self.actions():
            self.removeAction(action)
        for part in self._parts:
            part.deleteLater()
        self._parts = []
        if shown.document.pending is not None:
            self._add(_SELECTION)
        if self._panels.panes.marks.marked is not None:
            self._add(MARKED_ACTIONS)
        self._add_object(shown, point)
        self._add_region(shown, x, y)
        self._add_class(shown, x, y)
        self._add(_PICTURE)

    def _add(self, names: tuple[str, ...]) -> None:
        self.addSeparator()
        for action in self._actions.entries(names):
            if action is None:
                self.addSeparator()
            else:
                self.addAction(action)

    def _part(self, name: str, title: str) -> QMenu:
        part = QMenu(title.replace("&", "&&"), self)
        part.setObjectName(name)
        self._parts.append(part)
        self.addMenu(part)
        return part

    def _add_object(self, shown: ViewState, point: Point) -> None:
        """Offer what the objects panel does, with the object here, which is chosen first."""
        objects, image = shown.document.objects, shown.document.image
        if objects is None or image is None:
            return
        x, y = (int(along * image.step_of_levels) for along in point)
        found = objects.at(x, y)
        if found is not None and found.is_visible:
            self._toolbox.choose_for_menu((x, y))
            part = self._part("objectPart", self.tr("Object “{0}”").format(found.name))
            part.addActions(self._panels.objects.menu.actions())

    def _add_region(self, shown: ViewState, x: int, y: int) -> None:
        regions = regions_of(shown)
        value = 0 if regions is None else int(regions.labels[y, x])
        if regions is None or not value:
            return
        labels = regions.labels
        name = self.tr("Region {0}").format(value)
        self._add_area("regionPart", name, lambda: of_one_value(labels, x, y, is_connected=False))
        self._parts[-1].addAction(
            self.tr("Show it in the &table"), lambda: self._panels.regions.choose_at((y, x))
        )

    def _add_class(self, shown: ViewState, x: int, y: int) -> None:
        """Offer what the classes panel does, with the class here."""
        segmentation = shown.segmentation
        label = 0 if segmentation is None else int(segmentation.labels[y, x])
        if segmentation is None or not label:
            return
        found = shown.classes.of_component(label - 1)
        labels, components = segmentation.labels, [each + 1 for each in found.components]
        self._add_area("classPart", found.name, lambda: Patch.of(np.isin(labels, components)))
        part, panel = self._parts[-1], self._panels.classes
        part.addSeparator()
        part.aboutToShow.connect(lambda: panel.view.select_only(found.id))
        part.addActions(panel.entry_actions)

    def _add_area(self, part_name: str, name: str, find: Callable[[], Patch]) -> None:
        """Offer to select an area, or to make it an object."""
        part = self._part(part_name, name)
        part.addAction(
            self.tr("&Select it"),
            lambda: self._toolbox.select_patch(find(), self.tr("Select {0}").format(name)),
        )
        part.addAction(self.tr("Make it an &object"), lambda: self._toolbox.add_patch(find(), name))
