"""App: builds all parts of the window and connects them; the only file that knows everybody."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Generator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication

from gmmseg.control import Check, Progress
from gmmseg.document import Edit, Fit, change_setting, open_image
from gmmseg.errors import GmmsegError, SettingsError
from gmmseg.image import Image
from gmmseg.io.probe import shown_name
from gmmseg.jobs import Previewed
from gmmseg.layers import draw
from gmmseg.limits import set_memory_budget
from gmmseg.mixture.matching import load_solver
from gmmseg.mixture.params import FitStep
from gmmseg.samples import DEFAULT_SAMPLE, SAMPLES
from gmmseg.settings import SPACE_TITLES
from gmmseg.workspace import Shown, Workspace
from ui.actions import Actions
from ui.commands import WindowCommands
from ui.dialogs.bug_report import BugReport
from ui.errands import Errands
from ui.exporting import Exporter
from ui.fitting import Fitter
from ui.job_runner import JobRunner
from ui.last_resort import BugCatcher, SignalWatch, details_of, start_log, stop_log
from ui.main_window import Contents, MainWindow
from ui.opening import Opener
from ui.panels.classes import ClassesPanel
from ui.panels.convergence import ConvergencePanel
from ui.panels.k_curve import KCurvePanel
from ui.panels.panes import PanesPanel
from ui.panels.readout import ReadoutBar
from ui.panels.scatter import ScatterPanel
from ui.panels.setup import SetupPanel
from ui.settings_store import SettingsStore
from ui.theme import apply_theme, configure_plots
from ui.workspace_bridge import WorkspaceBridge

_log = logging.getLogger("gmmseg.app")


class App(QObject):
    """The running program: the workspace, who works on it, and the window that shows it.

    Parameters
    ----------
    store : SettingsStore
    log : Path, optional
        The log file.
    """

    def __init__(self, store: SettingsStore, log: Path | None = None) -> None:
        super().__init__()
        self.store = store
        self._log_file = log
        self._bug: BugReport | None = None
        self._has_solver = False
        self.selected_step: FitStep | None = None
        self.workspace = Workspace()
        self.bridge = WorkspaceBridge(self.workspace, self)
        self._make_workers()
        self._make_panels()
        self.commands = WindowCommands(self)
        self.actions = Actions(self.commands, self)
        self.window = self._make_window()
        self._connect_workers()
        self._connect_panels()
        self._connect_window()
        self._restore()
        self._refresh()

    # What works in the background

    def _make_workers(self) -> None:
        self.fits = JobRunner("newest", self, lambda event: isinstance(event, Previewed))
        self.reads = JobRunner("newest", self)
        self.pictures, self.counts = JobRunner("queue", self), JobRunner("queue", self)
        self.exports, self.loads = JobRunner("queue", self), JobRunner("queue", self)
        self.fitter = Fitter(self.workspace, self.bridge, self.fits, self)
        self.opener = Opener(self.reads, self)
        self.exporter = Exporter(self.workspace, self.exports, self.store, self)
        self._painter = Errands(self.pictures, _draw, lambda request: request.pane, self)
        self._counter = Errands(self.counts, _areas, lambda segmentation: "areas", self)

    def _connect_workers(self) -> None:
        self.fitter.failed.connect(self._show_failed_fit)
        self.fitter.fitted.connect(self._show_fit_notes)
        self.opener.opened.connect(self._show_image)
        self.opener.file_opened.connect(self._remember_file)
        self.exporter.finished.connect(self._show_exported)
        for failed in (self.opener.failed, self.exporter.failed, self._painter.failed, self._counter.failed):
            failed.connect(self._show_error)
        for progressed in (self.fitter.progressed, self.opener.progressed, self.exporter.progressed):
            progressed.connect(self._show_progress)
        for runner in (self.fits, self.reads, self.exports):
            runner.running_changed.connect(self._refresh)
        self.window.progress.stop_requested.connect(self.commands.stop)

    # The window and its panels

    def _make_panels(self) -> None:
        self.setup = SetupPanel()
        self.classes = ClassesPanel()
        self.panes = PanesPanel()
        self.readout = ReadoutBar()
        self.convergence = ConvergencePanel()
        self.scatter = ScatterPanel()
        self.k_curve = KCurvePanel()

    def _make_window(self) -> MainWindow:
        tr = partial(QCoreApplication.translate, "App")
        contents = Contents(
            panes=self.panes,
            setup=self.setup,
            classes=self.classes,
            plots=(
                ("convergence", tr("Convergence"), self.convergence),
                ("scatter", tr("Scatter"), self.scatter),
                ("kCurve", tr("K curve"), self.k_curve),
            ),
            readout=self.readout,
        )
        samples = [(sample.id, tr(sample.title)) for sample in SAMPLES]
        return MainWindow(self.actions, contents, samples, self.classes.class_actions)

    def _connect_panels(self) -> None:
        shows = (self.setup, self.classes, self.panes, self.readout)
        for panel in (*shows, self.convergence, self.scatter, self.k_curve):
            self.bridge.changed.connect(panel.show_state)
        for panel in (self.setup, self.classes, self.convergence, self.scatter, self.k_curve):
            panel.edit_requested.connect(self.apply)
        self.setup.settled.connect(self._settle)
        self.classes.settled.connect(self._settle)
        self.setup.frame_requested.connect(self._open_frame)
        self.setup.validity_changed.connect(self._refresh)
        self.classes.class_selected.connect(self.panes.highlight_class)
        self.classes.areas_requested.connect(self._counter.ask)
        self._counter.answered.connect(self.classes.show_areas)
        self.panes.picture_requested.connect(self._painter.ask)
        self._painter.answered.connect(self.panes.show_picture)
        self.panes.pixel_hovered.connect(self.readout.show_pixel)
        self.panes.pixel_hovered.connect(self.scatter.mark_pixel)
        self.panes.zoom_changed.connect(self.readout.show_zoom)
        self.panes.layout_changed.connect(self._check_layout)
        self.scatter.rows_brushed.connect(self.panes.show_marked)
        self.convergence.step_selected.connect(self._show_step)
        self.k_curve.compare_requested.connect(self._compare)

    def _connect_window(self) -> None:
        window = self.window
        self.bridge.changed.connect(self._on_changed)
        window.dropped.connect(self.opener.open_mime)
        window.recent_chosen.connect(self.opener.open_path)
        window.recent_cleared.connect(self._clear_recent)
        window.sample_chosen.connect(self.opener.open_sample)
        window.opacity.valueChanged.connect(self._set_opacity)
        window.closing.connect(self._on_closing)
        window.hints.dismissed.connect(self.store.dismiss_hint)

    def _restore(self) -> None:
        """Bring back what the store remembers of the last time."""
        if not self.store.panes:
            self.panes.set_layout(2)
        self.panes.restore(self.store.panes)
        self.window.opacity.setValue(round(100 * float(self.panes.state()["opacity"])))
        self.window.restore(self.store.geometry(), self.store.layout())
        set_memory_budget(self.store.memory_budget)
        self.actions[f"scheme_{self.store.scheme}"].setChecked(True)
        self._check_layout(self.panes.n_panes)
        self._show_recent()
        if not self.store.is_hint_dismissed:
            self.window.hints.show_message(self.tr("Drag K  ·  drop a photo  ·  Ctrl+E exports"), "hint")

    # Beginning and end

    def begin(self, paths: Sequence[Path] = ()) -> None:
        """Show the window and open the files given, or the first sample."""
        self.window.show()
        if paths:
            self.opener.open_paths(paths)
        else:
            self.opener.open_sample(DEFAULT_SAMPLE)

    @Slot()
    def shutdown(self) -> bool:
        """End all work; exports are finished first. Returns whether all threads have ended."""
        runners = (self.fits, self.reads, self.pictures, self.counts, self.loads)
        cancelled = [runner.shutdown() for runner in runners]
        return self.exports.shutdown(finish=True, seconds=60) and all(cancelled)

    @Slot()
    def _on_closing(self) -> None:
        self.store.set_window(self.window.saveGeometry(), self.window.saveState())
        self.store.panes = self.panes.state()
        self.store.save()
        self.shutdown()

    # What is shown

    @Slot(object, object)
    def _on_changed(self, old: Shown, new: Shown) -> None:
        if new.document is not old.document or new.segmentation is not old.segmentation:
            self._refresh()
        if new.document.fit is not old.document.fit:
            self.selected_step = None
        if new.document.image is not old.document.image:
            # What the bar says is about the image before, also where undo has brought back another one.
            self.window.errors.clear()

    @Slot()
    def _refresh(self) -> None:
        """Bring actions, title and progress up to date."""
        shown = self.workspace.shown
        is_running = self.fits.is_running or self.reads.is_running
        self.actions.show_state(shown, is_running)
        if not self.setup.is_valid:
            self.actions["run"].setEnabled(False)
        self.window.show_state(shown, is_running)
        if not is_running and not self.exports.is_running:
            self.window.progress.finish()

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        self.window.progress.show_progress(progress)

    @Slot(object, object)
    def _show_image(self, image: Image, note: str) -> None:
        wanted = self.workspace.document.settings.features.space
        self.apply(open_image(image))
        self._settle()
        space = self.workspace.document.settings.features.space
        if space != wanted:
            lacking = self.tr("The image has no colours for {0}; it is segmented by {1}.")
            note = f"{lacking.format(SPACE_TITLES[wanted], SPACE_TITLES[space])} {note}".rstrip()
        if note:
            self.window.errors.show_message(note, "note")

    @Slot(object)
    def _show_error(self, error: Exception) -> None:
        if isinstance(error, GmmsegError):
            self.window.errors.show_message(str(error))
        else:
            self.show_bug(error)

    @Slot(object)
    def _show_failed_fit(self, error: Exception) -> None:
        if isinstance(error, GmmsegError) and self.workspace.shown.undo_title is not None:
            self.window.errors.show_message(
                str(error), "error", self.tr("Undo the change"), self.commands.undo
            )
        else:
            self._show_error(error)

    @Slot(object)
    def _show_fit_notes(self, fit: Fit) -> None:
        if not self._has_solver:
            # Only now: before the first result it would be slower for it.
            self._has_solver = True
            self.loads.start(_load_solver)
        if fit.result.warnings:
            self.window.errors.show_message(" ".join(fit.result.warnings), "note")
        elif self.window.errors.kind == "error":
            self.window.errors.clear()

    @Slot(object, bool)
    def _show_exported(self, paths: list[Path], was_stale: bool) -> None:
        text = self.tr("Exported {0}.").format(", ".join(shown_name(path) for path in paths))
        if was_stale:
            text += " " + self.tr("It is the last finished fit; the newer settings are not in it.")
        folder = QUrl.fromLocalFile(str(paths[0].parent))
        self.window.errors.show_message(
            text, "note", self.tr("Open the folder"), partial(_open_outside, folder)
        )

    @Slot(object)
    def show_bug(self, error: BaseException) -> None:
        """Show an exception that should not have happened; one dialog, however many there are."""
        if self._bug is None and self.window.isVisible():
            self._bug = BugReport(details_of(error), self._log_file, self.window)
            self._bug.destroyed.connect(self._forget_bug)
            self._bug.open()
        self._refresh()

    @Slot()
    def _forget_bug(self) -> None:
        self._bug = None

    # What panels ask for

    @Slot(object)
    def apply(self, edit: Edit) -> None:
        """Apply what somebody asked for; a value out of bounds is refused in the bar."""
        try:
            self.workspace.apply(edit)
        except SettingsError as error:
            self._show_error(error)

    @Slot()
    def _settle(self) -> None:
        self.workspace.settle()

    @Slot(object)
    def _show_step(self, step: FitStep | None) -> None:
        self.selected_step = step
        self.fitter.show_step(step)

    @Slot()
    def _compare(self) -> None:
        self.apply(change_setting("auto", "bic", self.tr("Compare K")))
        self._settle()

    @Slot(int)
    def _open_frame(self, frame: int) -> None:
        image = self.workspace.document.image
        if image is not None and image.source.path is not None:
            self.opener.open_path(image.source.path, frame=frame)

    @Slot(int)
    def _set_opacity(self, percent: int) -> None:
        self.panes.set_overlay_opacity(percent / 100)

    @Slot(int)
    def _check_layout(self, n_panes: int) -> None:
        self.actions[f"panes{n_panes}"].setChecked(True)

    # Recent files

    @Slot(object)
    def _remember_file(self, path: Path) -> None:
        self.store.add_recent(path)
        self.store.set_folder("open", path.absolute().parent)
        self._show_recent()

    @Slot()
    def _clear_recent(self) -> None:
        self.store.clear_recent()
        self._show_recent()

    def _show_recent(self) -> None:
        files = self.store.recent_files()
        self.window.show_recent([(path, shown_name(path), os.path.exists(path)) for path in files])


def _open_outside(url: QUrl) -> None:
    QDesktopServices.openUrl(url)


def _draw(request: Any, check: Check) -> Any:
    return draw(request.layer, request.scene, check)


def _load_solver(check: Check) -> Generator[Any, None, None]:
    yield from ()
    load_solver()


def _areas(segmentation: Any, check: Check) -> Any:
    return segmentation.areas()


def run(names: Sequence[str]) -> int:
    """Open the window on the files given and return the exit code when it is closed."""
    QCoreApplication.setOrganizationName("gmmseg")
    QCoreApplication.setApplicationName("gmmseg")
    QGuiApplication.setApplicationDisplayName("gmmseg")
    application = QApplication(sys.argv[:1])
    # The window waits for the interpreter a thousandth of a second at most while a fit has it.
    sys.setswitchinterval(0.001)
    log = start_log()
    store = SettingsStore()
    apply_theme(application, store.scheme)
    configure_plots()
    app = App(store, log)
    catcher = BugCatcher()
    catcher.caught.connect(app.show_bug)
    catcher.install()
    watch = SignalWatch(app.commands.quit)
    application.aboutToQuit.connect(app.shutdown)
    app.begin([Path(name) for name in names])
    code = application.exec()
    watch.close()
    catcher.uninstall()
    is_over = app.shutdown()
    stop_log()
    if not is_over:
        # A thread hangs in the operating system, on a dead network drive for instance; destroying it would
        # abort the process.
        os._exit(code)
    return int(code)
