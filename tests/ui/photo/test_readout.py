"""The readout says what is stored under the cursor and how sure the mixture is of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from skimage.color import rgb2lab

from gmmseg.io.images import image_from_array
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import Document, merge_classes
from gmmseg.photo.jobs import SegmentOutcome, SegmentRequest, segment_events
from gmmseg.photo.settings import SegmentSettings
from gmmseg.photo.view_state import ViewState
from gmmseg.setting import with_setting
from tests.ui.driving import blobs
from ui.photo.panels.readout import ReadoutBar, values_text


@pytest.fixture(scope="module")
def outcome() -> SegmentOutcome:
    settings = with_setting(SegmentSettings(), "mixture.n_components", 3)
    events = segment_events(SegmentRequest(image_from_array(blobs(), "bands.png"), settings))
    while True:
        try:
            next(events)
        except StopIteration as end:
            result: SegmentOutcome = end.value
            return result


@pytest.fixture
def shown(outcome: SegmentOutcome) -> ViewState:
    document = Document(outcome.fit.image, outcome.fit.settings, outcome.fit, default_classes(3))
    return ViewState(document, outcome.table, outcome.segmentation, document.classes)


@pytest.fixture
def bar(qtbot: QtBot, shown: ViewState) -> ReadoutBar:
    bar = ReadoutBar()
    qtbot.addWidget(bar)
    bar.show_state(ViewState(), shown)
    return bar


def test_a_pixel_is_shown_with_its_values_and_its_class_first(
    bar: ReadoutBar, shown: ViewState, qtbot: QtBot
) -> None:
    bar.show_pixel((7, 33))
    qtbot.waitUntil(lambda: bool(bar.bars.bars))
    pixels = blobs()
    assert f"x 33  y 7  ·  RGB {' '.join(map(str, pixels[7, 33]))}" in bar.values.text()
    assert shown.segmentation is not None
    assert bar.bars.bars[0].text.startswith(str(shown.segmentation.labels[7, 33]))
    assert bar.bars.bars[0].share >= bar.bars.bars[-1].share
    assert sum(entry.share for entry in bar.bars.bars) <= 1 + 1e-6


def test_merged_classes_add_up_their_posteriors(bar: ReadoutBar, shown: ViewState, qtbot: QtBot) -> None:
    document = merge_classes([1, 2, 3]).apply(shown.document)
    merged = ViewState(document, shown.table, shown.segmentation, document.classes)
    bar.show_state(shown, merged)
    bar.show_pixel((0, 0))
    qtbot.waitUntil(lambda: bool(bar.bars.bars))
    assert len(bar.bars.bars) == 1
    assert bar.bars.bars[0].share == pytest.approx(1, abs=0.01)


def test_leaving_the_picture_clears_the_readout(bar: ReadoutBar, qtbot: QtBot) -> None:
    bar.show_pixel((0, 0))
    qtbot.waitUntil(lambda: bar.values.text() != "")
    bar.show_pixel(None)
    qtbot.waitUntil(lambda: bar.values.text() == "" and bar.bars.bars == ())


def test_lab_values_are_those_of_scikit_image() -> None:
    pixels = blobs()
    text = values_text(image_from_array(pixels, "x"), (5, 60))
    expected = rgb2lab(pixels[5, 60][None, None] / 255)[0, 0]
    assert [int(word) for word in text.split("Lab ")[1].split()] == pytest.approx(expected, abs=1)


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.full((4, 4), 60000, np.uint16), "60000"),
        (np.full((4, 4), 0.25, np.float32), "0.25"),
        (np.arange(4 * 4 * 5, dtype=np.uint8).reshape(4, 4, 5), "25 26 27 28"),
    ],
    ids=["16 bit", "float", "five channels"],
)
def test_values_are_shown_at_the_depth_they_are_stored(pixels: np.ndarray, words: str) -> None:
    assert words in values_text(image_from_array(pixels, "x"), (1, 1))


def test_a_pixel_without_data_says_so() -> None:
    mask = np.ones((60, 80), dtype=bool)
    mask[2, 3] = False
    assert "no data" in values_text(image_from_array(blobs(), "x", mask), (2, 3))


def test_the_facts_name_size_zoom_and_the_fit(bar: ReadoutBar, outcome: SegmentOutcome) -> None:
    bar.show_zoom(0.5)
    assert "80 × 60" in bar.facts.text()
    assert "50 %" in bar.facts.text()
    assert f"{outcome.fit.result.n_iter} iterations" in bar.facts.text()


@pytest.mark.parametrize(
    ("dtype", "depth"), [(np.uint8, "8 bit"), (np.uint16, "16 bit"), (np.float32, "32 bit float")]
)
def test_the_facts_tell_the_depth_of_the_image(qtbot: QtBot, dtype: type, depth: str) -> None:
    bar = ReadoutBar()
    qtbot.addWidget(bar)
    image = image_from_array(blobs().astype(dtype), "bands.tif")
    bar.show_state(ViewState(), ViewState(Document(image)))
    assert depth in bar.facts.text().split("  ·  ")


def test_maps_that_are_not_the_final_ones_are_called_so(bar: ReadoutBar, shown: ViewState) -> None:
    assert bar.currency.text() == ""
    preview = replace(shown, is_preview=True, caption="preview")
    bar.show_state(shown, preview)
    assert bar.currency.text() == "preview"
    changed = with_setting(shown.document.settings, "mixture.n_components", 4)
    stale = replace(shown, document=replace(shown.document, settings=changed))
    bar.show_state(preview, stale)
    assert bar.currency.text() == "stale"
    bar.show_state(stale, shown)
    assert bar.currency.text() == ""
