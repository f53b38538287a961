"""The actions of the photo desk as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gmmseg.photo.project import PhotoProject
from gmmseg.photo.view_state import ViewState
from ui.desk.actions import REDO, UNDO, ActionSpec, DeskState, Keys, is_running
from ui.desk.desk import Desk
from ui.desk.saving import PROJECT_ACTIONS, find_action
from ui.photo.arrangements import ArrangementName
from ui.photo.commands import PhotoCommands
from ui.photo.fitting import Fitter
from ui.photo.model_opening import ModelOpener
from ui.photo.object_sources import ObjectSources
from ui.photo.opening import Opener
from ui.photo.panels.panes import PanesPanel
from ui.photo.teaching import Teaching
from ui.photo.toolbox import Toolbox, ToolName
from ui.photo.work import PhotoWork

if TYPE_CHECKING:
    from gmmseg.io.export_items import ExportKind

MAX_KEYED_CLASSES = 9


State = DeskState[ViewState]
Spec = ActionSpec[State]


def has_image(state: State) -> bool:
    """Enabled once there is an image."""
    return state.shown.document.image is not None


def has_maps(state: State) -> bool:
    """Enabled once there is a segmentation."""
    return state.shown.segmentation is not None


def has_fit(state: State) -> bool:
    """Enabled once there is a finished fit."""
    return state.shown.document.fit is not None


def has_results(state: State) -> bool:
    """Enabled once there is a finished fit, or regions, or objects."""
    shown = state.shown
    return shown.document.fit is not None or shown.regions is not None or bool(shown.document.objects)


def has_any_maps(state: State) -> bool:
    """Enabled once there is a segmentation, or regions."""
    return state.shown.segmentation is not None or state.shown.regions is not None


def has_frames(state: State) -> bool:
    """Enabled while the image is a frame of a stack."""
    image = state.shown.document.image
    return image is not None and image.source.place is not None


def has_steps(state: State) -> bool:
    """Enabled once there is a finished fit of several iterations."""
    fit = state.shown.document.fit
    return fit is not None and len(fit.result.history) > 1


def has_model(state: State) -> bool:
    """Enabled while a model labels the image in place of a fit."""
    return state.shown.document.given is not None


def has_own_fit(state: State) -> bool:
    """Enabled with a finished fit of the image's own."""
    return has_fit(state) and not has_model(state)


def is_beyond_memory(state: State) -> bool:
    """Enabled for a picture that is worked on in tiles."""
    return state.shown.document.is_beyond_memory


def has_overlay(state: State) -> bool:
    """Enabled once something can lie over the photo."""
    return state.shown.segmentation is not None or bool(state.shown.document.objects)


def has_regions(state: State) -> bool:
    """Enabled once there are regions."""
    return state.shown.regions is not None


def can_run(state: State) -> bool:
    """Enabled with the pixels of an image and while nothing runs."""
    image = state.shown.document.image
    return image is not None and not image.source.is_missing and not state.is_running


def _pane_spec(n_panes: int, text: str, key: str) -> Spec:
    return Spec(
        f"panes{n_panes}",
        text,
        PanesPanel.set_layout,
        (key,),
        f"pane{n_panes}",
        group="panes",
        arguments=(n_panes,),
    )


def _tool_spec(name: ToolName, text: str, key: str, tip: str) -> Spec:
    return Spec(
        f"tool_{name}", text, Toolbox.take_tool, (key,), f"tool-{name}", has_image, tip, "tools",
        arguments=(name,),
    )  # fmt: skip


def _arrangement_spec(name: ArrangementName, text: str, key: str, tip: str) -> Spec:
    return Spec(
        f"arrangement_{name}", text, Desk.arrange, (key,), f"arrangement-{name.replace('_', '-')}", None, tip,
        "arrangement", (name,),
    )  # fmt: skip


def has_objects(state: State) -> bool:
    """Enabled with an object, or with a selection that would be one."""
    return bool(state.shown.document.objects) or has_selection(state)


def can_teach(state: State) -> bool:
    """Enabled with objects, of which two names at least are asked for then, and while they teach."""
    document = state.shown.document
    return document.settings.learns_from is not None or bool(document.objects)


def has_selection(state: State) -> bool:
    """Enabled with a selection that is answered."""
    return state.shown.current_selection is not None


def _copy_spec(kind: ExportKind, text: str, tip: str, note: str, keys: tuple[str, ...] = ()) -> Spec:
    return Spec(
        f"copy_object_{kind}", text, PhotoCommands.copy_objects, keys, "", has_objects, tip,
        arguments=(kind, note),
    )  # fmt: skip


def _class_spec(number: int) -> Spec:
    return Spec(
        f"class{number}", f"Select class &{number}", PhotoCommands.select_class, (str(number),),
        enabled_when=has_maps, arguments=(number,),
    )  # fmt: skip


PHOTO_ACTIONS: tuple[Spec, ...] = (
    Spec("open", "&Open…", PhotoCommands.open_file, (Keys.Open,), "open", tip="Open an image"),
    Spec(
        "previous_image", "&Previous image", Opener.show_previous, ("PgUp",), "up",
        tip="Open the image before, of those opened together",
    ),
    Spec(
        "next_image", "&Next image", Opener.show_next, ("PgDown",), "down",
        tip="Open the next image of those opened together",
    ),
    Spec(
        "list_folder", "All images of this fol&der", PhotoCommands.list_folder, (), "", has_image,
        "Go on with the other images of the folder, with the same settings",
    ),
    Spec(
        "open_stack", "&Frames of this folder", PhotoCommands.open_stack, (), "", has_image,
        "Take the images of the folder as the frames of a stack, with a slider through them and a foreground",
    ),
    Spec("paste", "&Paste image", PhotoCommands.paste_image, (Keys.Paste,), "paste"),
    Spec(
        "export", "&Export…", PhotoCommands.export, ("Ctrl+E",), "export", has_results,
        "Write the mask, probabilities, regions, the model or a report",
    ),
    Spec(
        "export_foreground", "Export foreground mas&ks…", PhotoCommands.export_foreground, (), "",
        has_frames, "Write what is in front of the background in each frame of the stack, a mask a frame",
    ),
    Spec(
        "batch", "&Batch…", PhotoCommands.batch, (), "", None,
        "Work on many pictures with these settings",
    ),
    *PROJECT_ACTIONS,
    find_action("Find the missing &image…", PhotoProject),
    UNDO,
    REDO,
    Spec("copy_view", "&Copy view", PhotoCommands.copy_view, (Keys.Copy,), "copy", has_image),
    Spec(
        "copy_mask", "Copy &mask", PhotoCommands.copy_mask, ("Ctrl+Shift+C",), "", has_any_maps,
        "Copy the number of the class, or of the region where these are shown, of each pixel",
    ),
    Spec(
        "copy_command", "Copy as comma&nd", PhotoCommands.copy_as, (), "", has_results,
        "Copy a command line that writes what Export offers, byte for byte", arguments=("command",),
    ),
    Spec(
        "copy_python", "Copy as P&ython", PhotoCommands.copy_as, (), "", has_results,
        "Copy a script that writes what Export offers, byte for byte", arguments=("python",),
    ),
    Spec(
        "run", "&Run", Fitter.run, ("Ctrl+Return", "Ctrl+Enter"), "run", can_run,
        "Fit again with these settings",
    ),
    Spec(
        "stop", "&Stop", PhotoWork.stop, ("Esc",), "stop", is_running, "Stop and keep the last step"
    ),
    Spec(
        "cancel", "&Cancel", PhotoWork.cancel, ("Shift+Esc",), "", is_running,
        "Give up the run and keep the fit before it",
    ),
    Spec(
        "step", "S&tep", PhotoCommands.step, (".",), "step", has_fit,
        "Show the next iteration of EM: θ(g+1) = f(θ(g))",
    ),
    Spec(
        "apply_model", "App&ly model…", PhotoCommands.apply_model, (), "", None,
        "Label this picture, and the next ones, with a model that Export has written; or drop it here",
    ),
    Spec(
        "apply_fit", "Apply this fit to &other pictures", ModelOpener.apply_fit, (), "", has_own_fit,
        "Label this picture, and the next ones that are opened, with the classes as they are now",
    ),
    Spec(
        "adapt_model", "&Adapt the model", ModelOpener.toggle_adapted, (), "", has_model,
        "Move the model's components towards the picture first, so that its classes stay over a series",
        is_switch=True,
    ),
    Spec(
        "fit_instead", "&Fit instead of the model", ModelOpener.fit_instead, (), "", has_model,
        "Fit a mixture to this picture, with the settings of the model",
    ),
    Spec(
        "export_animation", "Export ani&mation of EM…", PhotoCommands.export_animation, (), "", has_steps,
        "Write the map of every iteration beside the rise of the likelihood, as GIF or animated PNG",
    ),
    Spec("reset_settings", "Reset se&ttings", PhotoCommands.reset_settings, (), "reset"),
    Spec(
        "open_part", "&Work on what is in view", PhotoCommands.open_part, (), "", is_beyond_memory,
        "Open what is in view of a picture beyond memory as a photo by itself, in which regions, clicks and "
        "smoothing work; Undo goes back",
    ),
    Spec("fit_view", "&Fit to window", PanesPanel.fit_view, ("F", "Ctrl+R"), "fit", has_image),
    Spec(
        "actual_size", "&Actual size", PanesPanel.zoom_actual, ("Ctrl+0",), "zoom-actual", has_image
    ),
    Spec("zoom_in", "Zoom &in", PanesPanel.zoom_in, (Keys.ZoomIn, "Ctrl+="), "zoom-in", has_image),
    Spec("zoom_out", "Zoom &out", PanesPanel.zoom_out, (Keys.ZoomOut,), "zoom-out", has_image),
    Spec(
        "overlay", "O&verlay", PanesPanel.toggle_overlay, ("V",), "overlay", has_overlay,
        "Show classes and objects over the photo, or the photo alone",
    ),
    Spec(
        "pin", "Pi&n or unpin the pane", PanesPanel.toggle_pin, ("P",), "pin", has_any_maps,
        "Keep the result in the pane used last while the settings change, to compare the two",
    ),
    _tool_spec("select", "&Select", "S", "Select an object: click it; Shift adds, Alt takes away"),
    _tool_spec("box", "Select in a bo&x", "X", "Drag a box around an object"),
    _tool_spec("colour", "Select by colour", "W", "Select what is of the same class as the pixel clicked"),
    _tool_spec("brush", "&Brush", "B", "Paint the chosen object, or a new one; [ and ] change the size"),
    _tool_spec("eraser", "&Eraser", "E", "Take pixels away from the chosen objects, or from all"),
    _tool_spec("lasso", "&Lasso", "L", "Go round an area with the button held"),
    _tool_spec("polygon", "Pol&ygon", "G", "Click corners; a click on the first one closes it"),
    _tool_spec("fill", "&Fill", "K", "Fill a connected area without an object"),
    _tool_spec("cut", "Cut apart", "C", "Draw a line across an object to make it two"),
    _tool_spec("pick", "Pick u&p", "I", "Choose the object at a pixel"),
    _tool_spec("look", "Look aroun&d", "D", "Move the picture; with other tools hold Space"),
    Spec(
        "accept_selection", "&Make it an object", Toolbox.accept, (), "accept", has_selection,
        "Make the selection an object (Enter over the picture)",
    ),
    Spec(
        "extend_object", "&Add to the chosen object", Toolbox.extend, (), "", has_selection,
        "Add the selection to the chosen object (Ctrl+Enter over the picture)",
    ),
    Spec(
        "subtract_selection", "Sub&tract from objects", Toolbox.subtract, (), "", has_selection,
        "Take the selection away from all unlocked objects (Delete over the picture)",
    ),
    Spec(
        "drop_selection", "D&rop the selection", Toolbox.drop, (), "", has_selection,
        "Forget the selection (Esc over the picture)",
    ),
    Spec(
        "select_marked", "Select what is marked", PhotoCommands.select_marked, ("Ctrl+M",), "",
        has_any_maps, "Select the pixels of the regions chosen in their table, or of a box in the scatter",
    ),
    Spec(
        "object_of_marked", "Make what is marked an object", PhotoCommands.object_of_marked,
        ("Ctrl+Shift+M",), "", has_any_maps,
        "Make an object of the regions chosen in their table, or of a box in the scatter",
    ),
    Spec(
        "copy_regions", "Copy the region table", PhotoCommands.copy_regions, (), "copy", has_any_maps,
        "Copy the rows of the regions chosen, or all, as text for a spreadsheet",
    ),
    _copy_spec(
        "cutout", "Copy the cut-o&ut", "Copy the chosen objects, or all, with transparency around them",
        "Copied the cut-out, with transparency around it.", ("Ctrl+Shift+X",),
    ),
    _copy_spec(
        "binary", "As a &mask", "Copy a mask of the chosen objects, or of all: 255 inside, 0 outside",
        "Copied the mask: 255 inside, 0 outside.",
    ),
    _copy_spec(
        "mask", "As &numbers", "Copy the number of the object of each pixel, 0 where there is none",
        "Copied the mask of objects. Values: their numbers, 0 where there is none.",
    ),
    _copy_spec(
        "semantic", "As &categories", "Copy a number for each name: objects of one name are one",
        "Copied the mask of categories. Values: names from 1 in the table's order, 0 where there is none.",
    ),
    _copy_spec(
        "table", "As a &table", "Copy area, outline, place, shape and colour of each object as text",
        "Copied the table, to be pasted into a spreadsheet.",
    ),
    _copy_spec("svg", "As &outlines (SVG)", "Copy the outlines as SVG text", "Copied the outlines as SVG."),
    _copy_spec("geojson", "As &GeoJSON", "Copy the outlines as GeoJSON text", "Copied GeoJSON."),
    _copy_spec("coco", "As COCO &instances", "Copy annotations as COCO text", "Copied COCO annotations."),
    _copy_spec("labelme", "As &LabelMe", "Copy the outlines as LabelMe text", "Copied LabelMe shapes."),
    _arrangement_spec(
        "cut_out", "&Cut out", "Alt+1", "One large picture, to mark objects in it and take them away"
    ),
    _arrangement_spec("segment", "&Segment", "Alt+2", "The picture beside its map, with all settings"),
    _arrangement_spec("explore", "&Explore", "Alt+3", "Several maps, and plots of the mixture"),
    Spec(
        "open_objects", "&Open mask as objects…", PhotoCommands.open_objects, (), "", has_image,
        "Add the objects of a mask, COCO, GeoJSON, LabelMe or ROI file; or drop it on the window, an image "
        "with Alt held",
    ),
    Spec(
        "objects_of_classes", "The &classes", ObjectSources.add_classes, (), "", has_maps,
        "Make each visible class an object, where nothing is marked yet",
    ),
    Spec(
        "objects_of_regions", "&All regions", ObjectSources.add_regions, (), "", has_image,
        "Make each region an object, where nothing is marked yet",
    ),
    Spec(
        "objects_of_chosen_regions", "The &selected regions", ObjectSources.add_chosen_regions, (), "",
        has_regions, "Make the rows selected under Regions objects, where nothing is marked yet",
    ),
    Spec(
        "teach", "&Teach classes", Teaching.toggle, ("T",), "teach", can_teach,
        "Make each name of the objects a class that learns from the marked pixels; again to end it",
        is_switch=True,
    ),
    Spec(
        "teach_live", "Teach li&ve", Teaching.toggle_live, (), "live", has_image,
        "Fit taught classes again after each stroke; otherwise they wait for Run",
        is_switch=True,
    ),
    Spec(
        "show_unsure", "U&nsure place", Teaching.show_unsure, ("U",), "unsure", has_maps,
        "Go to the place where the class is most uncertain; again for the next one",
    ),
    _pane_spec(1, "One &pane", "Ctrl+1"),
    _pane_spec(2, "&Two panes", "Ctrl+2"),
    _pane_spec(4, "Fou&r panes", "Ctrl+4"),
    *(_class_spec(number) for number in range(1, MAX_KEYED_CLASSES + 1)),
    Spec("show_all", "Show &all classes", PhotoCommands.show_all_classes, (), "eye", has_maps),
)  # fmt: skip
