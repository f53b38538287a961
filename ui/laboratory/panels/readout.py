"""The status bar of the laboratory: how the plots are used."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel


class ReadoutBar(QLabel):
    """One line about mouse and keys."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("laboratory-readout")
        self.setText(
            self.tr(
                "Drag a dot to change what it stands for  ·  Page Down chooses one, arrows move it  ·  "
                "the wheel zooms"
            )
        )
        self.setContentsMargins(8, 0, 8, 0)
