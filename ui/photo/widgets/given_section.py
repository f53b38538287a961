"""The model that labels the image, and whether it is adapted, at the top of the setup."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QVBoxLayout, QWidget

from ui.theme import SPACING
from ui.widgets.building import in_column, make_bold, named, text_label

if TYPE_CHECKING:
    from gmmseg.photo.given import GivenModel


class GivenSection(QWidget):
    """Names the model that is applied; hidden while there is none.

    Parameters
    ----------
    add_fields : callable
        Adds the fields of the adaptation to a column.
    """

    def __init__(self, add_fields: Callable[[QVBoxLayout], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = QLabel(self.tr("Model"), self)
        make_bold(heading)
        self._name = text_label("given.name")
        self.is_adapted = named(
            QCheckBox(self.tr("Adapt to the picture"), self),
            "given.adapted",
            self.tr(
                "Move the model's components towards the colours of this picture first, so that its classes "
                "follow another light (MAP adaptation, Reynolds, Quatieri and Dunn 2000)"
            ),
        )
        self._how = QWidget(self)
        how = in_column(of=self._how, spacing=SPACING, margins=(2 * SPACING, 0, 0, 0))
        self.fit = named(QPushButton(self.tr("Fit to this picture instead"), self), "given.fit")
        parts = (heading, self._name, self.is_adapted, self._how)
        column = in_column(*parts, of=self, spacing=SPACING, margins=(0, SPACING // 2, 0, 0))
        add_fields(how)
        column.addWidget(self.fit, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def show_given(self, given: GivenModel | None) -> None:
        """Show which model is applied, and how."""
        self.setVisible(given is not None)
        if given is None:
            return
        name = self.tr("A model") if given.path is None else f"“{given.path.name}”"
        self._name.setText(
            self.tr(
                "{0} labels this picture and the next ones that are opened. A change of a setting below "
                "fits a mixture instead."
            ).format(name)
        )
        self._name.setToolTip("" if given.path is None else str(given.path))
        with QSignalBlocker(self.is_adapted):
            self.is_adapted.setChecked(given.adaptation is not None)
        self._how.setVisible(given.adaptation is not None)
