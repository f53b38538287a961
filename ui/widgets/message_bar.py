"""MessageBar: a line that says what is wrong and what helps, without being in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent, QPalette
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QToolButton, QWidget

from ui.theme import SPACING, colours, icon, mixed, theme
from ui.widgets.building import in_column, in_row, named, text_label

Kind = Literal["error", "note", "hint"]
_TINT = 0.16
"""Share of the kind's colour that is mixed into the window's."""


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """Content of a bar.

    Parameters
    ----------
    text : str
        Cause and remedy.
    kind : {"error", "note", "hint"}
    button : str
        Label of a button that helps; empty for none.
    on_button : callable, optional
        What that button does; the message goes.
    """

    text: str
    kind: Kind = "error"
    button: str = ""
    on_button: Callable[[], None] | None = None


class MessageBar(QFrame):
    """Shows one message at a time: an error, a note on what was done, or a hint for beginners.

    Hidden while there is nothing to say.
    """

    dismissed = Signal()
    """The user closed it."""
    appeared = Signal(bool)
    """There is something to say, or nothing any more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self.setAutoFillBackground(True)
        self._kind: Kind = "note"
        self.message: Message | None = None
        """The one shown."""
        self._stripe = QWidget()
        self._stripe.setFixedWidth(SPACING // 2)
        self._stripe.setAutoFillBackground(True)
        self._text = text_label("messageText")
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._button = named(QPushButton(), "messageButton")
        self._button.clicked.connect(self._on_help)
        words = self.tr("Close this message")
        self._close = named(QToolButton(), "messageClose", words, words)
        self._close.setIcon(icon("close"))
        self._close.setAutoRaise(True)
        self._close.clicked.connect(self._on_close)
        self._text.setContentsMargins(0, SPACING // 2, 0, SPACING // 2)
        parts = (self._stripe, self._text, self._button, self._close)
        in_row(*parts, of=self, stretched=self._text, spacing=SPACING, margins=(0, 0, SPACING // 2, 0))
        theme().changed.connect(self._recolour)
        self.hide()

    def sizeHint(self) -> QSize:
        """Return the size at which the text has one line, where there is room for that."""
        hint = super().sizeHint()
        beside = hint.width() - self._text.sizeHint().width()
        line = self._text.fontMetrics().horizontalAdvance(self._text.text()) + SPACING
        return QSize(beside + line, hint.height())

    @property
    def text(self) -> str:
        """The message shown, empty while hidden."""
        return "" if self.isHidden() else self._text.text()

    @property
    def kind(self) -> Kind:
        """The kind of the message shown last."""
        return self._kind

    def show_message(
        self,
        text: str,
        kind: Kind = "error",
        button: str = "",
        on_button: Callable[[], None] | None = None,
    ) -> None:
        """Show a `Message` with these parameters, in place of the one before."""
        self.show_this(Message(text, kind, button, on_button))

    def show_this(self, message: Message) -> None:
        """Show a message, in place of the one before."""
        self.message = message
        self._kind = message.kind
        self._text.setText(message.text)
        self._button.setText(message.button)
        self._button.setVisible(bool(message.button))
        self._recolour()
        self.setAccessibleName(message.text)
        self.show()
        self.appeared.emit(True)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    @Slot()
    def clear(self) -> None:
        """Take the message away."""
        self.message = None
        self.hide()
        self.appeared.emit(False)

    @Slot()
    def _on_close(self) -> None:
        self.clear()
        self.dismissed.emit()

    @Slot()
    def _on_help(self) -> None:
        message = self.message
        self.clear()
        if message is not None and message.on_button is not None:
            message.on_button()

    @Slot()
    def _recolour(self) -> None:
        shades = colours()
        strong = {"error": shades.error, "note": shades.accent, "hint": shades.accent}[self._kind]
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Window, mixed(shades.window, strong, _TINT))
        palette.setColor(QPalette.ColorRole.WindowText, shades.text)
        self.setPalette(palette)
        stripe = QPalette(palette)
        stripe.setColor(QPalette.ColorRole.Window, strong)
        self._stripe.setPalette(stripe)


class MessageStack(QWidget):
    """Message bars with a margin around, of which the first that has something to say is shown.

    The others wait until it is done: together they would cover much of a picture.
    """

    def __init__(self, bars: Sequence[MessageBar], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars = tuple(bars)
        in_column(*bars, of=self, margins=(SPACING,) * 4)
        for bar in bars:
            bar.appeared.connect(self._show_or_hide)
        self._show_or_hide()

    def covered_height(self) -> float:
        """Return the height of the bar and of the margin below it; 0 while there is none."""
        shown = next((bar for bar in self._bars if not bar.isHidden()), None)
        return 0.0 if shown is None else shown.height() + SPACING

    @Slot()
    def _show_or_hide(self) -> None:
        # An empty one would take clicks that are meant for what lies below.
        first = next((bar for bar in self._bars if bar.message is not None), None)
        for bar in self._bars:
            bar.setVisible(bar is first)
        self.setVisible(first is not None)
