"""Layout of the photo desk: docks, menus and the toolbar."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, get_args

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSlider

from gmmseg.io.samples import SAMPLES
from ui.desk.actions import Actions
from ui.desk.desk import DeskDock, DeskLayout, DeskMenu
from ui.desk.saving import FIND, PROJECT_ENTRIES
from ui.photo.actions import MAX_KEYED_CLASSES
from ui.photo.arrangements import ARRANGEMENTS
from ui.photo.files_menu import FilesMenu
from ui.photo.toolbox import ToolName
from ui.photo.widgets.tool_palette import PictureWithTools, ToolPalette
from ui.photo.wiring import PhotoPanels
from ui.theme import SPACING, icon
from ui.widgets.recent_menu import RecentMenu
from ui.widgets.tool_bar import ToolBar

_ARRANGING = tuple(f"arrangement_{arrangement.name}" for arrangement in ARRANGEMENTS)
_TOOLS = tuple(f"tool_{name}" for name in get_args(ToolName))
_FILES = ("previous_image", "next_image", "list_folder", "open_stack")
_COPIES = ("copy_view", "copy_mask", "copy_command", "copy_python")
_COPIED_OBJECTS = ("cutout", "binary", "mask", "semantic", "table", "svg", "geojson", "coco", "labelme")
_SELECTION = (
    "accept_selection",
    "extend_object",
    "subtract_selection",
    "drop_selection",
    "",
    "copy_object_cutout",
)
_WORDS = {
    "tool_box": "Box",
    "tool_colour": "Colour",
    "tool_look": "Look",
    "accept_selection": "Accept",
}
"""On buttons, where the text of the menu is longer."""
_MARKED = ("select_marked", "object_of_marked", "copy_regions")
_MODEL = ("apply_model", "apply_fit", "adapt_model", "fit_instead")
_FITTING = ("run", "stop", "cancel", "", "step", "export_animation", "", *_MODEL)
_SOURCES = ("objects_of_classes", "objects_of_regions", "objects_of_chosen_regions", "open_objects")
_TEACHING = ("teach", "teach_live", "show_unsure")
_tr = partial(QCoreApplication.translate, "PhotoDesk")


class SamplesMenu(QMenu):
    """The program's own images; `open_sample` is called with the id of the one chosen."""

    def __init__(self, open_sample: Callable[[str], None]) -> None:
        super().__init__(_tr("Sa&mples"))
        self.setObjectName("samplesMenu")
        for sample in SAMPLES:
            entry = self.addAction(_tr(sample.title).replace("&", "&&"))
            entry.setObjectName(f"sample_{sample.id}")
            entry.triggered.connect(lambda _checked=False, wanted=sample.id: open_sample(wanted))


class OpacitySlider(QSlider):
    """Slider of the opacity of classes over the photo, percent."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setObjectName("overlayOpacity")
        self.setRange(0, 100)
        self.setFixedWidth(12 * SPACING)
        self.setAccessibleName(_tr("Overlay opacity"))
        self.setToolTip(_tr("How strongly classes cover the photo in overlays"))


def photo_layout(
    actions: Actions[Any],
    panels: PhotoPanels,
    recent: RecentMenu,
    samples: SamplesMenu,
    files: FilesMenu,
    opacity: OpacitySlider,
) -> DeskLayout:
    """Return the layout of the photo desk."""
    panels.objects.show_sources([actions[name] for name in _SOURCES])
    panels.objects.show_copies([actions[f"copy_object_{kind}"] for kind in _COPIED_OBJECTS])
    panels.objects.show_teaching([actions["teach"], actions["teach_live"], actions["show_unsure"]])
    toolbar = _toolbar(actions, recent, samples, opacity)
    docks = (
        DeskDock(
            "setupDock", _tr("Setup"), lambda: panels.setup, "left", arrangements=("segment", "explore")
        ),
        DeskDock("classesDock", _tr("Classes"), panels.classes, "right", arrangements=("segment", "explore")),
        DeskDock("objectsDock", _tr("Objects"), panels.objects, "right", arrangements=("cut_out", "segment")),
        DeskDock(
            "convergenceDock",
            _tr("Convergence"),
            lambda: panels.convergence,
            "tab",
            arrangements=("explore",),
        ),
        DeskDock("scatterDock", _tr("Scatter"), lambda: panels.scatter, "tab", arrangements=("explore",)),
        DeskDock("kCurveDock", _tr("K curve"), lambda: panels.k_curve, "tab", arrangements=("explore",)),
        DeskDock(
            "mergeTreeDock",
            _tr("Merge tree"),
            lambda: panels.merge_tree,
            "tab",
            lambda is_in_front: panels.merge_tree.set_in_front(is_in_front),
            ("explore",),
        ),
        DeskDock(
            "regionsDock",
            _tr("Regions"),
            lambda: panels.regions,
            "tab",
            lambda is_in_front: panels.regions.set_in_front(is_in_front),
            ("segment",),
        ),
        DeskDock(
            "partsDock",
            _tr("Parts"),
            lambda: panels.parts,
            "tab",
            lambda is_in_front: panels.parts.set_in_front(is_in_front),
            ("segment",),
        ),
        DeskDock(
            "displayDock",
            _tr("Display"),
            lambda: panels.display,
            "tab",
            lambda is_in_front: panels.display.set_in_front(is_in_front),
            ("segment", "explore"),
        ),
        DeskDock("filesDock", _tr("Files"), panels.files, "right", arrangements=("cut_out", "segment")),
        DeskDock("historyDock", _tr("History"), panels.history, "tab", arrangements=("explore",)),
    )
    for name, word in _WORDS.items():
        actions[name].setIconText(_tr(word))
    tools = [actions[name] for name in _TOOLS]
    palette = ToolPalette([tools, [actions["accept_selection"]]])
    return DeskLayout(
        PictureWithTools(palette, panels.panes),
        docks,
        toolbar,
        panels.readout,
        _menus(actions, panels, recent, samples, files),
        ARRANGEMENTS,
    )


def _menus(
    actions: Actions[Any],
    panels: PhotoPanels,
    recent: RecentMenu,
    samples: SamplesMenu,
    files: FilesMenu,
) -> tuple[DeskMenu, ...]:
    numbered = [f"class{n}" for n in range(1, MAX_KEYED_CLASSES + 1)]
    classes = [*_TEACHING, "apply_fit", "", *numbered, "", "show_all", ""]
    edit = ["undo", "redo", "", *_COPIES, "paste", "", "reset_settings"]
    marked = [*_TOOLS, "", *_SELECTION, "", *_MARKED, "", "open_objects", ""]
    objects = [*actions.entries(marked), panels.objects.menu]
    zoom = ["fit_view", "actual_size", "zoom_in", "zoom_out", "", "open_part", ""]
    panes = ["panes1", "panes2", "panes4", "overlay", "pin"]
    return (
        DeskMenu(
            "file",
            "",
            [
                actions["open"],
                recent,
                samples,
                None,
                *actions.entries([*PROJECT_ENTRIES, FIND, "", *_FILES]),
                files,
                None,
                actions["apply_model"],
                *actions.entries(["export", "export_foreground", "batch"]),
            ],
        ),
        DeskMenu("edit", "", actions.entries(edit)),
        DeskMenu("view", "", actions.entries([*_ARRANGING, "", *zoom, *panes])),
        DeskMenu("fit", _tr("F&it"), actions.entries(_FITTING)),
        DeskMenu(
            "objects",
            _tr("&Objects"),
            objects,
        ),
        DeskMenu("classes", _tr("&Classes"), [*actions.entries(classes), *panels.classes.entry_actions]),
    )


def _toolbar(
    actions: Actions[Any], recent: RecentMenu, samples: SamplesMenu, opacity: OpacitySlider
) -> ToolBar:
    bar = ToolBar("toolBar", _tr("Toolbar"))
    bar.add_button(actions["open"], recent)
    opens_samples = QAction(icon("samples"), _tr("Samples"), bar)
    opens_samples.setToolTip(_tr("Open a sample"))
    bar.add_menu_button("samplesButton", opens_samples, samples)
    bar.add_mode_spot()
    bar.addSeparator()
    bar.add_choice([actions[name] for name in _ARRANGING], _tr("Arrangement of the window"))
    bar.addSeparator()
    for name in ("undo", "redo"):
        bar.add_icon_button(actions[name])
    bar.add_spring()
    for name in ("panes1", "panes2", "panes4", "fit_view", "overlay"):
        bar.add_icon_button(actions[name])
    bar.addWidget(opacity)
    bar.addSeparator()
    bar.add_run_button(actions["run"], actions["stop"])
    bar.add_icon_button(actions["step"])
    bar.addSeparator()
    bar.add_button(actions["export"])
    return bar
