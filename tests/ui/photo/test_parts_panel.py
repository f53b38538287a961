"""The connected parts of classes in the window: counted, listed, marked and saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from gmmseg.photo.parts import part_table
from gmmseg.photo.segmentation import Segmentation
from gmmseg.photo.view_state import ViewState
from tests.data.states import make_shown
from ui.photo.panels.parts import PartsPanel, PartsRequest


def dotted() -> ViewState:
    """Return two classes: the ground, and three squares of 36, 16 and 4 pixels."""
    shown = make_shown(2)
    assert shown.segmentation is not None
    labels = np.ones((40, 60), dtype=np.uint8)
    labels[5:11, 5:11] = 2
    labels[20:24, 30:34] = 2
    labels[30:32, 50:52] = 2
    return replace(shown, segmentation=Segmentation(labels, shown.segmentation.params))


class Answering:
    """Answers what a panel asks for, and keeps what it asks to be marked."""

    def __init__(self, panel: PartsPanel) -> None:
        self.panel = panel
        self.requests: list[PartsRequest] = []
        self.marked: list[np.ndarray | None] = []
        panel.parts_requested.connect(self._answer)
        panel.pixels_marked.connect(self.marked.append)

    def _answer(self, request: PartsRequest) -> None:
        self.requests.append(request)
        shown = request.shown
        assert shown.document.image is not None
        assert shown.segmentation is not None
        labels, size = shown.segmentation.labels, shown.document.pixel_size
        table = part_table(shown.document.image, labels, shown.classes, request.least, pixel_size=size)
        self.panel.show_parts(request, table)


@pytest.fixture
def panel(qtbot: QtBot) -> PartsPanel:
    made = PartsPanel()
    qtbot.addWidget(made)
    made.resize(500, 400)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_nothing_is_measured_before_somebody_looks(panel: PartsPanel) -> None:
    answering = Answering(panel)
    panel.show_state(ViewState(), dotted())
    panel._ask()
    assert not answering.requests
    panel.set_in_front(True)
    assert len(answering.requests) == 1
    panel._ask()
    assert len(answering.requests) == 1


def test_parts_of_a_class_are_counted_from_a_size_on(panel: PartsPanel, qtbot: QtBot) -> None:
    answering = Answering(panel)
    panel.least.setValue(1)
    panel.show_state(ViewState(), dotted())
    panel.set_in_front(True)
    assert len(panel.table.texts.rows) == 4
    panel.chooser.setCurrentIndex(panel.chooser.findData(2))
    assert [row[2] for row in panel.table.texts.rows] == ["36", "16", "4"]
    assert panel.summary.text() == "3 parts · mean 19 px · median 16 px · together 56 px"
    panel.least.setValue(10)
    qtbot.waitUntil(lambda: len(answering.requests) == 2)
    assert [row[2] for row in panel.table.texts.rows] == ["36", "16"]


def test_sizes_are_micrometres_where_a_pixel_is_known(panel: PartsPanel) -> None:
    answering = Answering(panel)
    shown = dotted()
    document = replace(shown.document, typed_pixel_size=0.5)
    panel.show_state(ViewState(), replace(shown, document=document))
    panel.set_in_front(True)
    assert answering.requests
    panel.chooser.setCurrentIndex(panel.chooser.findData(2))
    assert panel.table.texts.rows[0][2] == "9 µm²"
    assert panel.summary.text() == "1 part · mean 9 µm² · median 9 µm² · together 9 µm²"


def test_selected_parts_are_marked(panel: PartsPanel) -> None:
    answering = Answering(panel)
    panel.least.setValue(1)
    shown = dotted()
    panel.show_state(ViewState(), shown)
    panel.set_in_front(True)
    panel.chooser.setCurrentIndex(panel.chooser.findData(2))
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Down)
    marked = answering.marked[-1]
    assert marked is not None
    assert marked.sum() in (36, 16)
    assert shown.segmentation is not None
    assert (shown.segmentation.labels[marked > 0] == 2).all()
    panel.set_in_front(False)
    assert answering.marked[-1] is None


def test_saving_asks_for_a_csv(panel: PartsPanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Answering(panel)
    asked: list[tuple[str, int]] = []
    panel.export_requested.connect(lambda path, least: asked.append((path, least)))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *arguments: (str(tmp_path / "cells"), ""))
    panel.least.setValue(7)
    panel.show_state(ViewState(), dotted())
    panel.set_in_front(True)
    QTest.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    assert asked == [(str(tmp_path / "cells.csv"), 7)]
