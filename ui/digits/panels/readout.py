"""The status bar of the digits desk: the digit pointed at, and what is open."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Slot
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from gmmseg.digits.view_state import ViewState
from ui.digits.panels.words import facts
from ui.theme import SPACING
from ui.widgets.building import in_row, named


class ReadoutBar(QWidget):
    """Two texts: on the left the digit, on the right the data."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("digit-readout")
        self._shown = ViewState()
        self.digit, self.data = named(QLabel(), "digit-pointed"), named(QLabel(), "digit-set")
        self.digit.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        margins = (SPACING, 0, SPACING, 0)
        in_row(self.digit, self.data, of=self, stretched=self.digit, spacing=2 * SPACING, margins=margins)

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Show what is open."""
        self._shown = new
        digits = new.document.digits
        if digits is not old.document.digits:
            self.data.setText(
                "" if digits is None else f"{digits.name}  ·  {QLocale().toString(digits.n_images)}"
            )
        if new.document.outcome is not old.document.outcome:
            self.show_digit(None)

    @Slot(object)
    def show_digit(self, index: int | None) -> None:
        """Show what is known of a digit, or nothing."""
        document = self._shown.document
        if document.digits is None or index is None:
            self.digit.setText("")
        elif document.outcome is None:
            self.digit.setText(self.tr("No. {0}").format(index))
        else:
            outcome = document.outcome
            name = document.name_of(int(outcome.clusters[index]))
            self.digit.setText("  ·  ".join(facts(outcome, index, name)))
