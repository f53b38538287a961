"""A list whose entry has no room says so by an ellipsis, and looks as any other where it has."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from ui.theme import apply_theme
from ui.widgets.controls import ElidingCombo

LONG = "Regions (mean colours)"


def picture(qtbot: QtBot, combo: QComboBox, text: str, width: int) -> QImage:
    """Return how a list looks that shows a text in so many pixels."""
    qtbot.addWidget(combo)
    combo.addItem(text)
    combo.resize(width, combo.sizeHint().height())
    return combo.grab().toImage()


@pytest.mark.parametrize("text", [LONG, "Image"])
def test_with_room_it_looks_as_any_other(qtbot: QtBot, qapp: QApplication, text: str) -> None:
    apply_theme(qapp, "light")
    width = QComboBox().fontMetrics().horizontalAdvance(LONG) + 60
    assert picture(qtbot, ElidingCombo(), text, width) == picture(qtbot, QComboBox(), text, width)


def test_without_room_the_text_ends_in_an_ellipsis(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp, "light")
    cut = picture(qtbot, ElidingCombo(), LONG, 120)
    assert cut != picture(qtbot, QComboBox(), LONG, 120)
    candidates = [LONG[:n].rstrip() + "…" for n in range(5, len(LONG))]
    assert any(cut == picture(qtbot, QComboBox(), text, 120) for text in candidates)
