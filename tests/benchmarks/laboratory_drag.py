"""Time of a frame while a parameter is dragged in the laboratory, on every page with handles or
a line to drag.

``python -m tests.benchmarks.laboratory_drag [ROWS]``, 5,000 rows by default. A frame is an edit, the scene of
the new state and its painting, in processor time of the window's thread; 60 frames a second allow 16.7 ms
each. Runs offscreen unless ``QT_QPA_PLATFORM`` says otherwise.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("XDG_CONFIG_HOME", tempfile.mkdtemp())

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gmmseg.editing.editor import Edit
from gmmseg.laboratory.data import THREE_IN_PLANE, made_data
from gmmseg.laboratory.document import Document, act, drag_handle, open_page, take_data
from gmmseg.laboratory.pages.contents import PAGES
from gmmseg.laboratory.scene import Chart, Tree
from ui.commands import WINDOW_ACTIONS, WindowCommands
from ui.desk.actions import Actions, bound_to
from ui.garbage import GarbageCollector
from ui.laboratory.desk import LaboratoryDesk
from ui.laboratory.panels.stage import TREE_CUT
from ui.main_window import MainWindow
from ui.notices import BugReports, Notices
from ui.settings_store import SettingsStore
from ui.theme import apply_theme

N_FRAMES = 60
FIRST = {"em": "e"}
"""Actions before the drag: after an E-step the bound is followed, too."""


def main(n_rows: int = 5000) -> None:
    """Print the processor time of a frame for each page."""
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    apply_theme(application, "light")
    # As the program collects: by a timer, and not what was there at its start.
    collector = GarbageCollector()
    collector.start()
    store, window = SettingsStore(), MainWindow()
    notices = Notices(window.errors, BugReports(window))
    commands = WindowCommands(window, store, window)
    window.set_actions(Actions(WINDOW_ACTIONS, bound_to(commands, window), window))
    desk = LaboratoryDesk(store, notices, window, lambda: None)
    window.add_desk(desk)
    window.show_desk(desk)
    window.resize(1440, 900)
    window.show()
    desk.work.apply(take_data(made_data(f"{n_rows} rows", THREE_IN_PLANE, n_rows, 1)))
    print("| page | median, ms | slowest of twenty, ms |\n|---|---|---|")
    for page in PAGES:
        desk.work.apply(open_page(page.name))
        if page.name in FIRST:
            desk.work.apply(act(desk.work.workspace.document.page, FIRST[page.name]))
        QTest.qWait(300)
        drag = first_drag(desk.work.workspace.document)
        if drag is None:
            continue
        times = [frame(application, desk, drag(at)) for at in range(N_FRAMES)][10:]
        slowest = statistics.quantiles(times, n=20)[-1]
        print(f"| {page.title} | {statistics.median(times):.1f} | {slowest:.1f} |")
    desk.shutdown()
    window.close()
    collector.close()


def first_drag(document: Document) -> Callable[[int], Edit[Document]] | None:
    """Return what the n-th event asks for while the first handle, or a tree's line, is dragged to and fro."""
    for picture in document.page.scene().pictures:
        if isinstance(picture, Chart) and picture.handles:
            first = picture.handles[0]
            return lambda at: drag_handle(first.id, first.x + 0.01 * at, first.y)
        if isinstance(picture, Tree):
            return lambda at: drag_handle(TREE_CUT, 0.0, abs(1 - at / 30))
    return None


def frame(application: QApplication, desk: LaboratoryDesk, edit: Edit[Document]) -> float:
    """Return the processor time of one frame, ms."""
    QTest.qWait(20)  # the throttle has let the one before through
    began = time.thread_time()
    desk.work.apply(edit)
    application.processEvents()
    return 1000 * (time.thread_time() - began)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
