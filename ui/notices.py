"""Notices: says what went wrong, or right, in the bar above the panes; a bug gets a window of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from gmmseg.errors import GmmsegError
from ui.dialogs.bug_report import BugReport
from ui.last_resort import details_of
from ui.widgets.message_bar import Kind, MessageBar


class Notices(QObject):
    """One for the whole application.

    Parameters
    ----------
    bar : MessageBar
    window : QWidget
        Over which bugs are reported.
    log : Path, optional
        The log file.
    """

    def __init__(self, bar: MessageBar, window: QWidget, log: Path | None = None) -> None:
        super().__init__(window)
        self._bar = bar
        self._window = window
        self._log = log
        self._bug: BugReport | None = None

    @property
    def has_error(self) -> bool:
        """Whether the message shown last was an error."""
        return self._bar.kind == "error"

    def say(
        self,
        text: str,
        kind: Kind = "note",
        button: str = "",
        on_button: Callable[[], None] | None = None,
    ) -> None:
        """Show a message in place of the one before, as `MessageBar.show_message` does."""
        self._bar.show_message(text, kind, button, on_button)

    @Slot(object)
    def show_error(self, error: BaseException) -> None:
        """Show an exception: what the user can mend in the bar, anything else as a bug."""
        if isinstance(error, GmmsegError):
            self._bar.show_message(str(error))
        else:
            self.show_bug(error)

    @Slot(object)
    def show_bug(self, error: BaseException) -> None:
        """Show an exception that should not have happened; one dialog, however many there are."""
        if self._bug is None and self._window.isVisible():
            self._bug = BugReport(details_of(error), self._log, self._window)
            self._bug.destroyed.connect(self._forget_bug)
            self._bug.open()

    def withdraw(self, text: str) -> None:
        """Take a message away where it is still the one that is shown."""
        if text and self._bar.text == text:
            self._bar.clear()

    @Slot()
    def clear(self) -> None:
        """Take the message away."""
        self._bar.clear()

    @Slot()
    def _forget_bug(self) -> None:
        self._bug = None
