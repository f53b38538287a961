"""Notices: what went wrong, or right, at a desk, in the bar above its panes; a bug gets its own window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from gmmseg.errors import GmmsegError
from ui.last_resort import details_of
from ui.widgets.message_bar import Kind, Message, MessageBar

if TYPE_CHECKING:
    from ui.dialogs.bug_report import BugReport


class BugReports(QObject):
    """Shows exceptions that should not have happened; one dialog, however many there are.

    Parameters
    ----------
    window : QWidget
        Over which they are shown.
    log : Path, optional
        The log file.
    """

    def __init__(self, window: QWidget, log: Path | None = None) -> None:
        super().__init__(window)
        self._window = window
        self._log = log
        self._bug: BugReport | None = None

    @Slot(object)
    def show_bug(self, error: BaseException) -> None:
        """Show an exception, unless one is shown already."""
        if self._bug is None and self._window.isVisible():
            from ui.dialogs.bug_report import BugReport

            self._bug = BugReport(details_of(error), self._log, self._window)
            self._bug.destroyed.connect(self._forget_bug)
            self._bug.open()

    @Slot()
    def _forget_bug(self) -> None:
        self._bug = None


class Notices(QObject):
    """Those of one desk, shown while it is in use, or of the whole application.

    What is said while another desk is in use is kept until this one is, its newest message alone.

    Parameters
    ----------
    bar : MessageBar
        Where all of them show their messages.
    bugs : BugReports
    is_in_use : bool
    """

    def __init__(self, bar: MessageBar, bugs: BugReports, *, is_in_use: bool = True) -> None:
        super().__init__(bugs)
        self._bar = bar
        self._bugs = bugs
        self._is_in_use = is_in_use
        self._said: Message | None = None

    @property
    def has_error(self) -> bool:
        """Whether the newest message is an error."""
        return self._said is not None and self._said.kind == "error"

    def set_in_use(self, is_in_use: bool) -> None:
        """Show the message that has been kept, or take the one shown away and keep it."""
        if is_in_use == self._is_in_use:
            return
        self._is_in_use = is_in_use
        if is_in_use and self._said is not None:
            self._bar.show_this(self._said)
        elif not is_in_use and self._bar.message is self._said:
            self._bar.clear()
        elif not is_in_use:
            # It was closed, or something of the application took its place.
            self._said = None

    def say(
        self,
        text: str,
        kind: Kind = "note",
        button: str = "",
        on_button: Callable[[], None] | None = None,
    ) -> None:
        """Show a `Message` with these parameters in place of the one before."""
        self._said = Message(text, kind, button, on_button)
        if self._is_in_use:
            self._bar.show_this(self._said)

    @Slot(object)
    def show_error(self, error: BaseException) -> None:
        """Show an exception: what the user can mend in the bar, anything else as a bug."""
        if isinstance(error, GmmsegError):
            self.say(str(error), "error")
        else:
            self._bugs.show_bug(error)

    def withdraw(self, text: str) -> None:
        """Take a message away where it is still the newest one."""
        if self._said is not None and self._said.text == text:
            self.clear()

    @Slot()
    def clear(self) -> None:
        """Take the message away."""
        if self._said is not None and self._bar.message is self._said:
            self._bar.clear()
        self._said = None
