"""An object of a real photo, cut out and mended as a person does it, with the actions counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot
from scipy.ndimage import distance_transform_edt

from tests.data.shared import BSDS500, SHARED
from tests.ui.photo.test_selecting import ALT, SHIFT, Person
from ui.photo.export_dialog import ExportDialog

PHOTO = BSDS500 / "images" / "val" / "291000.jpg"
MASK = SHARED / "clicks" / "berkeley" / "291000.png"
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (PHOTO.is_file() and MASK.is_file()), reason="the photo is not beside the checkout"
    ),
]


class Rider(Person):
    """Has the photo of a horse open, and counts what he does."""

    def __init__(self, qtbot: QtBot) -> None:
        super().__init__(qtbot)
        self.horse = np.asarray(PillowImage.open(MASK).convert("L")) > 0
        self.n_actions = 0
        self.desk.work.opener.open_path(PHOTO)
        self.wait(lambda: self.document.image is not None and self.document.image.source.name == PHOTO.name)
        self.wait(lambda: not self.desk.work.is_busy)

    def mask(self) -> np.ndarray:
        found = self.desk.work.workspace.shown.current_selection
        assert found is not None
        return found.patch.full(self.horse.shape)

    def select(self, wrong: np.ndarray, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Click the deepest point of a part of the picture."""
        depths = distance_transform_edt(np.pad(wrong, 1))[1:-1, 1:-1]
        y, x = np.unravel_index(int(depths.argmax()), wrong.shape)
        place = self.at(float(x), float(y))
        QTest.mouseClick(self.canvas.viewport(), Qt.MouseButton.LeftButton, keys, place)
        self.wait(self.is_answered)
        self.n_actions += 1

    def is_answered(self) -> bool:
        found = self.desk.work.workspace.shown.current_selection
        return found is not None and not found.is_coarse

    def overlap(self) -> float:
        mask = self.mask()
        return float((mask & self.horse).sum() / (mask | self.horse).sum())


@pytest.fixture
def rider(qtbot: QtBot) -> Iterator[Rider]:
    rider = Rider(qtbot)
    yield rider
    rider.app.window.close()
    rider.app.shutdown()
    rider.app.deleteLater()


def test_a_horse_is_on_disk_within_four_actions_and_two_more_that_mend_it(
    rider: Rider, tmp_path: Path
) -> None:
    rider.select(rider.horse)
    first = rider.overlap()
    assert first > 0.8
    for _ in range(3):
        mask = rider.mask()
        missing, surplus = rider.horse & ~mask, mask & ~rider.horse
        deeper = distance_transform_edt(missing).max() >= distance_transform_edt(surplus).max()
        rider.select(missing if deeper else surplus, SHIFT if deeper else ALT)
    assert rider.overlap() > max(first, 0.9)
    mended = rider.mask()
    rider.desk.actions["export"].trigger()
    dialog = rider.app.window.findChild(ExportDialog)
    assert dialog is not None
    folder = dialog.findChild(QLineEdit, "export.folder")
    assert folder is not None
    # Not beside the photo, as is offered.
    folder.setText(str(tmp_path))
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    # Export and its Enter.
    rider.n_actions += 2
    assert rider.n_actions <= 4 + 2
    written = tmp_path / "291000_cutout.png"
    rider.wait(written.exists)
    rider.wait(lambda: not rider.desk.work.exports.is_running)
    alpha = np.asarray(PillowImage.open(written))[..., 3]
    rows, columns = np.nonzero(mended)
    box = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    assert np.array_equal(alpha > 0, mended[box])
