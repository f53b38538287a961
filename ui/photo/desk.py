"""PhotoDesk: segmenting photos: its work, panels and actions brought together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, QPoint, Slot
from PySide6.QtWidgets import QMenu, QWidget

from gmmseg.features.spec import SPACE_TITLES
from gmmseg.image import Image
from gmmseg.io.samples import DEFAULT_SAMPLE
from gmmseg.mixture.matching import load_solver
from gmmseg.photo.document import Document, Fit, open_image, open_part
from gmmseg.photo.view_state import ViewState
from ui.desk.actions import Actions, bound_to
from ui.desk.desk import KeptWork
from ui.desk.file_desk import FileDesk
from ui.desk.saving import SaveCommands
from ui.notices import Notices
from ui.photo.actions import PHOTO_ACTIONS
from ui.photo.arrangements import FIRST_PANES
from ui.photo.commands import PhotoCommands
from ui.photo.files_menu import FilesMenu
from ui.photo.layout import OpacitySlider, SamplesMenu, photo_layout
from ui.photo.model_opening import model_of_fit
from ui.photo.opening import own_file
from ui.photo.picture_menu import MARKED_ACTIONS, REGION_ACTIONS, PictureMenu
from ui.photo.toolbox import Toolbox
from ui.photo.tools.tool import Point
from ui.photo.wiring import LATE_MODULES, PhotoPanels
from ui.photo.work import PhotoWork
from ui.settings_store import SettingsStore
from ui.widgets.recent_menu import RecentMenu

if TYPE_CHECKING:
    from gmmseg.photo.given import GivenModel


class PhotoDesk(FileDesk):
    """The desk at which the program begins.

    Parameters
    ----------
    store : SettingsStore
    notices : Notices
    window : QWidget
        Over which dialogs open.
    """

    def __init__(self, store: SettingsStore, notices: Notices, window: QWidget) -> None:
        self.work = PhotoWork(store)
        self.panels = PhotoPanels()
        self.toolbox = Toolbox(self.work)
        self._commands = PhotoCommands(self.work, self.panels, store, notices, window, self.toolbox)
        saving = SaveCommands(self.work.keeper, store, window, self._name_of_project)
        recent = RecentMenu()
        self._samples = SamplesMenu(self.work.opener.open_sample)
        self._opacity = OpacitySlider()
        own = (self, self._commands, saving, self.work.teaching, self.work.object_sources)
        actions = Actions(PHOTO_ACTIONS, bound_to(*own, *self.work.parts, self.panels.panes, self.toolbox))
        self._files = FilesMenu()
        layout = photo_layout(actions, self.panels, recent, self._samples, self._files, self._opacity)
        super().__init__("photo", "open", actions, layout, self.work, saving, recent, store, notices, window)
        for part in (self.panels, self._commands, self.toolbox):
            part.setParent(self)
        for menu in (recent, self._samples, self._files):
            menu.setParent(layout.toolbar, menu.windowFlags())
        self._picture_menu = PictureMenu(actions, self.panels, self.toolbox, layout.central)
        self._region_menu = self._menu("regionMenu", REGION_ACTIONS)
        self._marked_menu = self._menu("markedMenu", MARKED_ACTIONS)
        self.loads_ahead = (*(partial(import_module, name) for name in LATE_MODULES), load_solver)
        self.panels.connect_to(self.work, self.toolbox)
        self._connect()
        self._restore()
        self.refresh()

    def _menu(self, name: str, ids: Sequence[str]) -> QMenu:
        menu = QMenu(self.layout.central)
        menu.setObjectName(name)
        menu.addActions([self.actions[each] for each in ids])
        return menu

    def _connect(self) -> None:
        work, panels = self.work, self.panels
        work.bridge.changed.connect(self._on_changed)
        work.fitter.fitted.connect(self._show_fit_notes)
        work.opener.opened.connect(self._show_image)
        work.opener.part_opened.connect(self._show_part)
        work.mask_opener.opened.connect(self._show_mask_opened)
        work.model_opener.opened.connect(self._show_model_opened)
        for says in (work.teaching, work.object_sources):
            says.said.connect(self._notices.say)
        work.teaching.refused.connect(self.refresh)
        work.teaching.live_changed.connect(self.actions["teach_live"].setChecked)
        self.actions["teach_live"].setChecked(work.fitter.is_live)
        work.opener.files_changed.connect(self._show_files)
        self._files.chosen.connect(work.opener.show_file)
        panels.frame_requested.connect(self._open_frame)
        panels.validity_changed.connect(self.refresh)
        panels.panes.layout_changed.connect(self._check_layout)
        panels.theory_asked.connect(self.theory_asked)
        panels.panes.menu_requested.connect(self._open_picture_menu)
        panels.region_menu_requested.connect(self._region_menu.popup)
        panels.marked_menu_requested.connect(self._marked_menu.popup)
        self.toolbox.tool_changed.connect(self._check_tool)
        self.toolbox.tool_changed.connect(self._withdraw_passing)
        self._check_tool(self.toolbox.tool_name)
        self._opacity.valueChanged.connect(self._set_opacity)

    def _restore(self) -> None:
        """Bring back what the store remembers of the last time."""
        stored = {name: state for name, state in self._store.panes.items() if isinstance(state, dict)}
        self._panes = {**FIRST_PANES, **stored}
        super().arrange(self._store.arrangement)
        self._show_panes()

    def arrange(self, name: str) -> None:
        self._panes[self.arrangement.name] = self.panels.panes.state()
        super().arrange(name)
        self._show_panes()

    def _show_panes(self) -> None:
        """Show the panes of the arrangement in use."""
        panes = self.panels.panes
        panes.restore(self._panes[self.arrangement.name])
        self._opacity.setValue(round(100 * panes.pictures.opacity))
        self._check_layout(panes.n_panes)
        self.actions[f"arrangement_{self.arrangement.name}"].setChecked(True)

    def begin(self, paths: Sequence[Path] = ()) -> None:
        """Open the files given, or what was open the last time where that is wanted, or the first sample."""
        if paths:
            self.work.opener.open_paths(paths)
        elif (session := self._store.session(self.name)) is not None:
            self.work.opener.open_path(session)
        else:
            self.work.opener.open_sample(DEFAULT_SAMPLE)

    # What the window asks

    @Slot()
    def refresh(self) -> None:
        opener = self.work.opener
        super().refresh()
        document = self.work.workspace.document
        self.actions["teach"].setChecked(document.settings.learns_from is not None)
        is_adapted = document.given is not None and document.given.adaptation is not None
        self.actions["adapt_model"].setChecked(is_adapted)
        self.actions["previous_image"].setEnabled(opener.at > 0)
        self.actions["next_image"].setEnabled(opener.at + 1 < len(opener.files))
        self._files.menuAction().setEnabled(len(opener.files) > 1)

    def _name_of(self, document: Document) -> str:
        return "" if document.image is None else document.image.source.name

    @property
    def _place(self) -> str:
        image, opener = self.work.workspace.document.image, self.work.opener
        place = None if image is None else opener.place_of(image.source.path)
        return "" if place is None else self.tr("({0} of {1})").format(place + 1, len(opener.files))

    @property
    def _source(self) -> Path | None:
        return own_file(self.work.workspace.document.image)

    def _name_of_project(self) -> Path:
        image = self.work.workspace.document.image
        return self._source or Path("project" if image is None else image.source.name)

    def _view(self) -> dict[str, Any]:
        return {"arrangement": self.arrangement.name, "panes": self.panels.panes.state()}

    @property
    def is_ready(self) -> bool:
        return self.panels.is_valid

    def remember(self) -> None:
        super().remember()
        self._store.arrangement = self.arrangement.name
        self._store.panes = {**self._panes, self.arrangement.name: self.panels.panes.state()}

    # What comes of the work

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        has_others = new.differs_from(old, "segmentation", "current_selection")
        if has_others or (new.regions is None) != (old.regions is None):
            self.refresh()

    def _leave(self, document: Document) -> None:
        """Take note of where the work on an image is, and say it where it is in no project."""
        if document.image is None:
            return
        opener, path = self.work.opener, document.image.source.path
        if path is not None:
            opener.note_place(path.absolute(), self._keeper.place_of(document.image))
        if opener.place_of(path) is None:
            super()._leave(document)

    @Slot(object, object)
    def _show_image(self, image: Image, note: str) -> None:
        workspace = self.work.workspace
        wanted, given = workspace.document.settings.features.space, workspace.document.given
        self.work.apply(open_image(image))
        self.work.settle()
        space = workspace.document.settings.features.space
        if space != wanted:
            lacking = self.tr("The image has no colours for {0}; it is segmented by {1}.")
            note = f"{lacking.format(SPACE_TITLES[wanted], SPACE_TITLES[space])} {note}".rstrip()
        if given is not None and workspace.document.given is None:
            unsuited = self.tr("The model does not suit this image, to which a mixture is fitted.")
            note = f"{unsuited} {note}".rstrip()
        opener = self.work.opener
        if note and opener.at + 1 < len(opener.files):
            self._notices.say(note, "note", self.tr("Next image"), opener.show_next)
        elif note:
            self._notices.say(note)

    @Slot(object)
    def _show_part(self, image: Image) -> None:
        """Go on with a part of a picture, labelled as the whole is where colours alone count."""
        given = model_of_fit(self.work.workspace.document)
        if given is not None and not given.model.features.is_colour_only:
            given = None
        self.work.settle()
        self.work.apply(open_part(image, given))
        self.work.settle()
        self._notices.say(" ".join([*image.source.notes, self.tr("Undo goes back to the whole.")]))

    def take_kept(self, kept: KeptWork) -> None:
        self.work.opener.stand_at(kept.read.project.image.source.path)
        super().take_kept(kept)

    def _show_view(self, view: dict[str, Any]) -> None:
        arrangement, panes = view.get("arrangement"), view.get("panes")
        if isinstance(arrangement, str):
            self.arrange(arrangement)
        if isinstance(panes, dict):
            self._panes[self.arrangement.name] = panes
            self._show_panes()

    @Slot(str, int)
    def _show_mask_opened(self, name: str, n_objects: int) -> None:
        number = self.tr("one object") if n_objects == 1 else self.tr("{0} objects").format(n_objects)
        self._notices.say(self.tr("“{0}” marks {1}, added where nothing was marked.").format(name, number))

    @Slot(object)
    def _show_model_opened(self, given: GivenModel) -> None:
        text = self.tr("The fit labels this picture, and the next ones that are opened, as it is now.")
        if given.path is not None:
            text = self.tr("“{0}” labels this picture and the next ones that are opened.")
            text = text.format(given.path.name)
        adapt = partial(self.work.model_opener.set_adapted, True)
        self._notices.say(text, "note", self.tr("Adapt it to each picture"), adapt)

    def take(self, data: QMimeData) -> None:
        for opener in (self.work.model_opener, self.work.mask_opener):
            path = opener.claims(data)
            if path is not None:
                opener.open_path(path)
                return
        super().take(data)

    @Slot()
    def _show_files(self) -> None:
        opener = self.work.opener
        self._files.show_files(opener.files, opener.at)
        self.refresh()

    @Slot(object)
    def _show_fit_notes(self, fit: Fit) -> None:
        self._show_warnings(fit.result.warnings)

    @property
    def stale_note(self) -> str:
        return self.tr("It is the last finished fit; the newer settings are not in it.")

    # What panels and menus ask for

    @Slot(int)
    def _open_frame(self, frame: int) -> None:
        image = self.work.workspace.document.image
        if image is not None:
            self.work.opener.show_frame(image, frame)

    @Slot(int)
    def _set_opacity(self, percent: int) -> None:
        self.panels.panes.pictures.set_opacity(percent / 100)

    @Slot(object, QPoint)
    def _open_picture_menu(self, point: Point, place: QPoint) -> None:
        self._picture_menu.open_at(self.work.workspace.shown, point, place)

    @Slot(str)
    def _check_tool(self, name: str) -> None:
        self.actions[f"tool_{name}"].setChecked(True)

    @Slot(int)
    def _check_layout(self, n_panes: int) -> None:
        self.actions[f"panes{n_panes}"].setChecked(True)
