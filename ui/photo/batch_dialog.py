"""The batch dialog: many pictures with the settings of the document, in the background."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import (
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QWidget,
)

from gmmseg.batch.folders import KINDS, SHEET, FolderBatch, folder_batch_events
from gmmseg.batch.methods import AppliedModel, FittedMixture, GrownRegions, MapMethod, Method
from gmmseg.batch.pictures import Outcome
from gmmseg.batch.run import Result, failure_text
from gmmseg.batch.texts import Language, text_of
from gmmseg.control import Progress
from gmmseg.errors import GmmsegError
from gmmseg.io.export_items import ExportKind
from gmmseg.io.images import READABLE_SUFFIXES, list_files
from gmmseg.photo.document import Document
from gmmseg.processes import Begun, Failed, ItemEvent, Reported
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import with_setting
from ui.desk.job_runner import JobRunner
from ui.photo.opening import local_files
from ui.photo.widgets.batch_table import BatchTable, RowState
from ui.photo.widgets.copy_button import CopyButton, copy_text
from ui.theme import SPACING
from ui.widgets.building import in_column, in_row, label_of, named, text_label
from ui.widgets.export_row import INTERCHANGE, RESULTS
from ui.widgets.files_dialog import ChooseFolder, choose_folder

OpenOutside = Callable[[Path], object]
_SIZE = (760, 560)
_RESULTS = "batch"
"""Name of the folder that is offered for results, beside the first picture."""
_MODEL, _MODEL_AT = "model", 2
"""The subject of pictures that the document's model labels, and its place among the others."""
_NOT_OF: dict[str, tuple[ExportKind, ...]] = {"regions": ("probabilities", "model"), _MODEL: ("model",)}
"""Exports that a subject does not have."""


def open_outside(path: Path) -> None:
    """Open a file by what the desktop opens such files with."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


class BatchDialog(QDialog):
    """A queue of pictures, a bar for each and one for all, and what is made of them; not modal.

    Parameters
    ----------
    runner : JobRunner
        For this dialog alone.
    settings_of : callable
        Returns the document whose settings are those of the batch, when it begins.
    pick_folder : callable
        Asks the user for a folder.
    open_result : callable
        Opens a file that was made.
    """

    def __init__(
        self,
        runner: JobRunner,
        settings_of: Callable[[], Document],
        pick_folder: ChooseFolder = choose_folder,
        open_result: OpenOutside = open_outside,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("batch")
        self.setWindowTitle(self.tr("Batch"))
        self.setAcceptDrops(True)
        self.resize(*_SIZE)
        self._runner = runner
        self._settings_of = settings_of
        self._pick_folder = pick_folder
        self._open_result = open_result
        self._running: FolderBatch | None = None
        self._offers_model = False
        self._is_folder_chosen = False
        self._table = BatchTable(self)
        self._bar = named(QProgressBar(self), "batch.bar")
        self._message = text_label("batch.message")
        in_column(
            self._make_head(),
            self._table,
            self._make_options(),
            self._bar,
            self._message,
            self._make_foot(),
            of=self,
            stretched=self._table,
            spacing=SPACING,
            margins=None,
        )
        self._table.opened.connect(self._open_row)
        runner.events.connect(self._on_events)
        runner.finished.connect(self._on_finished)
        runner.failed.connect(self._on_failed)
        runner.cancelled.connect(self._on_cancelled)
        runner.running_changed.connect(self._refresh)
        self._refresh()

    # Building

    def _button(self, name: str, text: str, clicked: Callable[[], object]) -> QPushButton:
        button = named(QPushButton(text, self), f"batch.{name}")
        button.setAutoDefault(False)
        button.clicked.connect(clicked)
        return button

    def _make_head(self) -> QHBoxLayout:
        self._add = self._button("add", self.tr("&Add pictures…"), self._add_files)
        self._add_all = self._button("add_folder", self.tr("Add a &folder…"), self._add_folder)
        self._clear = self._button("clear", self.tr("Cl&ear"), self._clear_files)
        return in_row(self._add, self._add_all, self._clear, None, spacing=SPACING)

    def _make_options(self) -> QGridLayout:
        tip = self.tr("With one fit of all pictures a class is the same in each of them")
        self._subject = named(QComboBox(self), "batch.subject", tip)
        self._subject.addItem(self.tr("Classes, a fit of each picture"), "classes")
        self._subject.addItem(self.tr("Classes, one fit of all pictures"), "joint")
        self._subject.addItem(self.tr("Regions"), "regions")
        self._folder = named(QLineEdit(self), "batch.folder")
        self._folder.setPlaceholderText(self.tr("A folder beside the pictures"))
        self._folder.textEdited.connect(self._note_folder)
        self._folder.textChanged.connect(self._refresh)
        browse = self._button("browse", self.tr("C&hoose…"), self._browse)
        tip = self.tr("Pictures that are worked on at the same time; the files are the same")
        self._jobs = named(QSpinBox(self), "batch.jobs", tip)
        self._jobs.setRange(1, 64)
        self._jobs.setValue(os.cpu_count() or 1)
        titles = {offer[0]: offer[1] for offer in (*RESULTS, *INTERCHANGE)}
        self._kinds: dict[ExportKind, QCheckBox] = {}
        kinds = QGridLayout()
        for at, kind in enumerate(KINDS):
            box = named(QCheckBox(self.tr(titles[kind]).replace("&", ""), self), f"batch.{kind}")
            box.setChecked(kind in ("mask", "overlay"))
            box.toggled.connect(self._refresh)
            kinds.addWidget(box, at // 4, at % 4)
            self._kinds[kind] = box
        grid = QGridLayout()
        grid.setSpacing(SPACING)
        rows: tuple[tuple[str, QWidget], ...] = (
            (self.tr("&What"), self._subject), (self.tr("Resu&lts in"), self._folder),
            (self.tr("&Processes"), self._jobs),
        )  # fmt: skip
        for at, (title, field) in enumerate(rows):
            grid.addWidget(label_of(field, title), at, 0)
            grid.addWidget(field, at, 1)
        grid.addWidget(browse, 1, 2)
        grid.addLayout(kinds, len(rows), 1, 1, 2)
        grid.setColumnStretch(1, 1)
        self._subject.currentIndexChanged.connect(self._refresh)
        return grid

    def _make_foot(self) -> QHBoxLayout:
        self._copy = CopyButton("batch.copy", self.tr("Cop&y as"), self)
        self._copy.asked.connect(self._copy_as)
        self._sheet = self._button("sheet", self.tr("Contact sheet"), self._open_sheet)
        self._show_folder = self._button("open_folder", self.tr("&Open the folder"), self._open_folder)
        self._retry = self._button("retry", self.tr("&Retry the failed"), self._start)
        self._stop = self._button("stop", self.tr("&Stop"), self._stop_or_cancel)
        self._go = self._button("go", self.tr("&Start"), self._start)
        self._go.setDefault(True)
        self._close = self._button("close", self.tr("Close"), self.close)
        made = (self._copy, self._sheet, self._show_folder)
        return in_row(*made, None, self._retry, self._stop, self._go, self._close, spacing=SPACING)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.follow_document()

    @Slot()
    def follow_document(self) -> None:
        """Offer the model that labels the document's picture, as what is wanted as soon as there is one."""
        has_model = self._settings_of().given is not None
        if has_model == self._offers_model:
            return
        self._offers_model = has_model
        if has_model:
            self._subject.insertItem(_MODEL_AT, self.tr("Classes, the model that is applied"), _MODEL)
            self._subject.setCurrentIndex(_MODEL_AT)
        else:
            if self._subject.currentIndex() == _MODEL_AT:
                self._subject.setCurrentIndex(0)
            self._subject.removeItem(_MODEL_AT)
        self._refresh()

    # The queue

    @property
    def states(self) -> tuple[RowState, ...]:
        """The state of each picture."""
        return self._table.states

    @property
    def message(self) -> str:
        """Summary of all of them."""
        return self._message.text()

    def add(self, paths: Sequence[Path]) -> None:
        """Put pictures, and those in folders, at the end of the queue; each is there once."""
        try:
            found = list_files(paths)
        except GmmsegError as error:
            self._message.setText(str(error))
            return
        known = dict.fromkeys((*self._table.files, *(path.absolute() for path in found)))
        self._table.show_files(tuple(known))
        self._offer_folder()
        self._refresh()

    def _offer_folder(self) -> None:
        """Offer a folder beside the first picture, until another has been chosen."""
        if not self._is_folder_chosen:
            files = self._table.files
            self._folder.setText(str(files[0].parent / _RESULTS) if files else "")

    @Slot()
    def _note_folder(self) -> None:
        self._is_folder_chosen = True

    @Slot()
    def _add_files(self) -> None:
        pattern = " ".join(f"*{suffix}" for suffix in READABLE_SUFFIXES)
        names, _ = QFileDialog.getOpenFileNames(self, "", "", self.tr("Images ({0})").format(pattern))
        self.add([Path(name) for name in names])

    @Slot()
    def _add_folder(self) -> None:
        files = self._table.files
        picked = self._pick_folder(self, files[0].parent if files else Path.home())
        if picked is not None:
            self.add([picked])

    @Slot()
    def _clear_files(self) -> None:
        self._table.show_files(())
        self._offer_folder()
        self._bar.reset()
        self._refresh()

    @Slot()
    def _browse(self) -> None:
        picked = self._pick_folder(self, Path(self._folder.text()))
        if picked is not None:
            self._note_folder()
            self._folder.setText(str(picked))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and not self._runner.is_running:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.add(local_files(event.mimeData()))
        event.acceptProposedAction()

    # Working

    def batch(self) -> FolderBatch:
        """Return what is asked for now."""
        subject = self._subject.currentData()
        return FolderBatch(
            self._table.files,
            _method(self._settings_of(), subject),
            Path(self._folder.text()).expanduser(),
            tuple(kind for kind, box in self._kinds.items() if box.isChecked() and box.isEnabled()),
            subject == "joint",
            self._jobs.value(),
        )

    @Slot()
    def _start(self) -> None:
        self._running = self.batch()
        for row in range(len(self._running.images)):
            self._table.show_state(row, RowState())
        self._message.clear()
        self._bar.setRange(0, len(self._running.images))
        self._bar.setValue(0)
        batch = self._running
        self._runner.start(lambda should_stop: folder_batch_events(batch, should_stop))

    @Slot()
    def _stop_or_cancel(self) -> None:
        """Stop after the pictures in hand; asked once more, end at once."""
        if self._runner.is_ending:
            self._runner.cancel()
            return
        self._runner.stop()
        self._message.setText(self.tr("The pictures in hand are completed …"))
        self._refresh()

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Progress | ItemEvent[Outcome], ...]) -> None:
        for event in events:
            if isinstance(event, Progress):
                self._message.setText(event.text)
            else:
                self._table.show_state(event.at, self._state_after(event))
        ended = [state for state in self.states if state.name not in ("waiting", "working")]
        self._bar.setValue(len(ended))

    def _state_after(self, event: ItemEvent[Outcome]) -> RowState:
        if isinstance(event, Begun):
            return RowState("working", self.tr("Reading"))
        if isinstance(event, Reported):
            return RowState("working", event.event.text, event.event.fraction)
        if isinstance(event, Failed):
            return RowState("failed", failure_text(event.error))
        if event.result.is_kept:
            return RowState("kept", self.tr("Was there already"))
        return RowState("done", self.tr("Done in {0:.1f} s").format(event.result.seconds))

    @Slot(object, object)
    def _on_finished(self, run: int, results: list[Result]) -> None:
        n_done = sum(isinstance(result, Outcome) for result in results)
        n_failed = sum(isinstance(result, Exception) for result in results)
        text = self.tr("{0} of {1} pictures are done.").format(n_done, len(results))
        if n_failed:
            text += " " + self.tr("{0} failed.").format(n_failed)
        self._message.setText(text)
        self._refresh()

    @Slot(object, object)
    def _on_failed(self, run: int, error: Exception) -> None:
        self._message.setText(failure_text(error))
        self._end_rows()

    @Slot()
    def _on_cancelled(self) -> None:
        self._message.setText(self.tr("Cancelled; nothing is half written."))
        self._end_rows()

    def _end_rows(self) -> None:
        for row, state in enumerate(self.states):
            if state.name == "working":
                self._table.show_state(row, RowState())
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        is_running = self._runner.is_running
        subject = self._subject.currentData()
        for kind, box in self._kinds.items():
            box.setEnabled(not is_running and kind not in _NOT_OF.get(subject, ()))
        writes = any(box.isChecked() and box.isEnabled() for box in self._kinds.values())
        can_start = bool(self._table.files and self._folder.text().strip()) and writes
        fields = (self._add, self._add_all, self._clear, self._subject, self._folder, self._jobs)
        for field in fields:
            field.setEnabled(not is_running)
        self._go.setEnabled(can_start and not is_running)
        self._copy.setEnabled(can_start)
        self._stop.setEnabled(is_running)
        self._stop.setText(self.tr("&Cancel") if self._runner.is_ending else self.tr("&Stop"))
        has_failed = any(state.name == "failed" for state in self.states)
        self._retry.setEnabled(has_failed and can_start and not is_running)
        batch = self._running
        self._sheet.setEnabled(not is_running and batch is not None and (batch.folder / SHEET).is_file())
        self._show_folder.setEnabled(not is_running and batch is not None and batch.folder.is_dir())

    # What was made

    @Slot(int)
    def _open_row(self, row: int) -> None:
        batch = self._running
        if batch is not None and self.states[row].name in ("done", "kept"):
            self._open_result(batch.tasks()[row].outputs[0])

    @Slot()
    def _open_sheet(self) -> None:
        if self._running is not None:
            self._open_result(self._running.folder / SHEET)

    @Slot()
    def _open_folder(self) -> None:
        if self._running is not None:
            self._open_result(self._running.folder)

    @Slot(str)
    def _copy_as(self, language: Language) -> None:
        text, _ = copy_text(lambda: text_of(language, self.batch().again()))
        self._message.setText(text)


def _method(document: Document, subject: str) -> Method:
    """Return what the document's settings make of any picture."""
    if subject == "regions":
        return GrownRegions(document.region_settings)
    is_by_region = document.map_settings.by == "region"
    regions = replace(document.region_settings, seed=RegionSettings().seed)
    maps = MapMethod(document.map_settings, regions if is_by_region else RegionSettings())
    given = document.given
    if subject == _MODEL and given is not None:
        return AppliedModel(given.model, given.adaptation, maps, given.path)
    # What teaches are the objects of one picture.
    settings = with_setting(document.settings, "learns_from", None)
    return FittedMixture(settings, maps=maps)
