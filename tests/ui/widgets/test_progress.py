"""The progress bar fills as far as is known, and does not look full where nothing is known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QApplication, QProgressBar
from pytestqt.qtbot import QtBot

from gmmseg.control import Progress
from ui.theme import apply_theme
from ui.widgets.progress import ProgressIndicator


@pytest.fixture
def bar(qtbot: QtBot, qapp: QApplication) -> Iterator[QProgressBar]:
    apply_theme(qapp, "light")
    indicator = ProgressIndicator()
    qtbot.addWidget(indicator)
    indicator.show_progress(Progress("Working"))
    with qtbot.waitExposed(indicator):
        indicator.show()
    found = indicator.findChild(QProgressBar, "progressBar")
    assert found is not None
    yield found  # noqa: PT022 - while the test runs, the indicator lives


def filled(bar: QProgressBar) -> np.ndarray:
    """Return which of the pixels along the middle of the bar have the colour of what is done, (W,)."""
    picture = bar.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1)
    line = rows[picture.height() // 2, : 3 * picture.width()].reshape(-1, 3).astype(int)
    strong = bar.palette().color(QPalette.ColorRole.Highlight).getRgb()[:3]  # type: ignore[index]
    is_strong: np.ndarray = np.abs(line - strong).sum(axis=1) < 40
    return is_strong


def test_a_bar_without_an_end_is_a_short_piece_that_moves(bar: QProgressBar, qtbot: QtBot) -> None:
    first = filled(bar)
    assert 0.1 < first.mean() < 0.4
    qtbot.waitUntil(lambda: not (filled(bar) == first).all())
    assert 0.1 < filled(bar).mean() < 0.4
