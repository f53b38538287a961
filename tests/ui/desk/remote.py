"""A real window in a process of its own, told line by line what to do, which answers with how it stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[3]


class RemoteWindow:
    """A window with a project of a photo open, or none.

    Parameters
    ----------
    homes : Path
        A folder for its settings and its state.
    path : Path, optional
        Opened at first.
    is_slow : bool
        Whether the disk takes its time: every ``fsync`` waits until `say` ("let go").
    """

    def __init__(self, homes: Path, path: Path | None = None, *, is_slow: bool = False) -> None:
        places = {each: str(homes) for each in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.ui.desk.remote", str(path or ""), "slow" if is_slow else ""],
            cwd=ROOT,
            env={**os.environ, **places, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.state: dict[str, Any] = self._answer()

    def say(self, *words: str) -> dict[str, Any]:
        """Have it do something and return how it stands then."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        self.state = self._answer()
        return self.state

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


# In the process of the window


class _Window:
    """The window, and what it is told to do."""

    def __init__(self, path: str, is_slow: bool) -> None:
        import threading

        from PySide6.QtWidgets import QApplication

        from ui.app import App
        from ui.settings_store import SettingsStore

        self._is_let_go = threading.Event()
        if is_slow:
            fsync = os.fsync

            def wait(fd: Any) -> None:
                self._is_let_go.wait()
                fsync(fd)

            os.fsync = wait
        self.application = QApplication([])
        self.app = App(SettingsStore())
        self.app.begin([Path(path)] if path else [])
        self._work = self.app.photo.work
        self.wait_until(lambda: self._work.keeper.has_subject and not self._work.reads.is_running)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        from PySide6.QtTest import QTest

        while not is_so():
            QTest.qWait(5)

    def _until_opened(self, act: Callable[[], object]) -> None:
        before = self._work.workspace.document
        act()
        self.wait_until(lambda: self._work.workspace.document is not before)
        self.wait_until(lambda: not self._work.reads.is_running)

    def mark(self, name: str, at: str) -> None:
        from gmmseg.photo.objects.edits import add_object
        from gmmseg.photo.objects.patch import brushed

        image = self._work.workspace.document.image
        assert image is not None
        shape = (image.height, image.width)
        self._work.apply(add_object(brushed([(float(at), 20.0)], 8.0, shape), name))
        self._work.settle()

    def fill(self, n_objects: str) -> None:
        """Mark so much that a small disk has no room for it."""
        import numpy as np

        from gmmseg.photo.objects.edits import add_object
        from gmmseg.photo.objects.patch import Patch

        image = self._work.workspace.document.image
        assert image is not None
        random = np.random.default_rng(0)
        for number in range(int(n_objects)):
            noise = random.random((image.height, image.width)) < 0.5
            self._work.apply(add_object(Patch.of(noise), f"noise {number}"))
            self._work.settle()

    def undo(self) -> None:
        self._work.workspace.undo()

    def save(self) -> None:
        """Press Save, and wait until it is done or has failed."""
        self.begin_save()
        self.wait_until(lambda: not self._work.saves.is_running)

    def begin_save(self) -> None:
        self.app.photo.actions["save"].trigger()

    def save_as(self, name: str) -> None:
        self._work.keeper.save(Path(name))
        self.wait_until(lambda: not self._work.saves.is_running)

    def begin_save_as(self, name: str) -> None:
        self._work.keeper.save(Path(name))

    def let_go(self) -> None:
        self._is_let_go.set()
        self.wait_until(lambda: not self._work.saves.is_running)

    def open(self, path: str) -> None:
        before = self._work.workspace.document
        self._work.opener.open_path(Path(path))
        self.wait_until(
            lambda: self._work.workspace.document is not before and not self._work.reads.is_running
        )

    def press_button(self) -> None:
        """Press the button of the message."""
        from PySide6.QtWidgets import QPushButton

        before = self._work.workspace.document
        self.app.window.errors.findChildren(QPushButton)[0].click()
        self.wait_until(
            lambda: self._work.workspace.document is not before and not self._work.reads.is_running
        )

    def wait_for(self, text: str) -> None:
        """Wait until the message holds a text."""
        self.wait_until(lambda: text in self.app.window.errors.text)

    def wait_for_dialog(self) -> None:
        """Wait for the list of what can be recovered, and recover the first."""
        from PySide6.QtWidgets import QPushButton

        from ui.dialogs.recover import RecoverDialog

        self.wait_until(lambda: self.app.window.findChild(RecoverDialog) is not None)
        before = self._work.workspace.document
        dialog = self.app.window.findChild(RecoverDialog)
        assert dialog is not None
        dialog.findChildren(QPushButton)[0].click()
        self.wait_until(
            lambda: self._work.workspace.document is not before and not self._work.reads.is_running
        )

    def close(self) -> None:
        self.app.window.close()

    def answer(self, button: str) -> None:
        """Answer the question on closing."""
        from PySide6.QtWidgets import QMessageBox

        from ui.dialogs.unsaved import UnsavedDialog

        dialog = self.app.window.findChild(UnsavedDialog)
        assert dialog is not None
        dialog.button(QMessageBox.StandardButton[button]).click()

    def text_of(self, language: str) -> None:
        """Copy as command or as Python."""
        self.app.photo.actions[f"copy_{language}"].trigger()

    def find(self, path: str) -> None:
        """Say where the missing image is."""
        self._until_opened(lambda: self.app.photo._read_found(Path(path)))

    def export_cutout(self, name: str) -> None:
        """Write all objects cut out, as the export dialog would."""
        from gmmseg.io.export_items import ExportItem

        self._work.exporter.write(self._work.workspace.shown, [ExportItem(Path(name), "cutout")], "objects")
        self.wait_until(lambda: not self._work.exports.is_running)

    def restore_sessions(self) -> None:
        """Begin where one was, from the next start on."""
        self.app.store.restores_session = True

    def state(self) -> dict[str, Any]:
        """Return how it stands."""
        from PySide6.QtGui import QGuiApplication

        from ui.dialogs.unsaved import UnsavedDialog

        document, keeper = self._work.workspace.document, self._work.keeper
        return {
            "title": self.app.window.windowTitle(),
            "is_modified": self.app.window.isWindowModified(),
            "is_open": self.app.window.isVisible(),
            "n_questions": len(self.app.window.findChildren(UnsavedDialog)),
            "message": self.app.window.errors.text,
            "names": [entry.name for entry in document.objects or ()],
            "path": None if keeper.path is None else str(keeper.path),
            "journal": None if keeper.journaling.path is None else str(keeper.journaling.path),
            "image": None if document.image is None else str(document.image.source.path),
            "is_missing": keeper.missing is not None,
            "clipboard": QGuiApplication.clipboard().text(),
        }


def main() -> None:
    """Open the window and do what it is told."""
    import threading

    from PySide6.QtCore import QObject, Qt, Signal, Slot

    window = _Window(sys.argv[1], sys.argv[2] == "slow")

    class Listener(QObject):
        told = Signal(object)

        @Slot(object)
        def do(self, words: list[str]) -> None:
            getattr(window, words[0].replace(" ", "_"))(*words[1:])
            print(json.dumps(window.state()), flush=True)

    listener = Listener()
    listener.told.connect(listener.do, Qt.ConnectionType.QueuedConnection)

    def listen() -> None:
        for line in sys.stdin:
            listener.told.emit(json.loads(line))

    threading.Thread(target=listen, daemon=True).start()
    print(json.dumps(window.state()), flush=True)
    window.application.setQuitOnLastWindowClosed(False)
    window.application.exec()


if __name__ == "__main__":
    main()
