"""The laboratory as a student goes through it, by mouse and keys: the documents' table, and all lessons."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyqtgraph as pg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QMenu, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from gmmseg.laboratory.document import change_setting
from gmmseg.laboratory.lessons.contents import LESSONS
from gmmseg.laboratory.pages.contents import PAGES
from tests.ui.laboratory.conftest import Bench
from tests.ui.laboratory.test_items import items
from ui.laboratory.widgets.bars_view import BarsView
from ui.plots.curve_legend import CurveLegend
from ui.widgets.text_table import TextTable

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
WORDS_OF = re.compile(r"Laboratory: ([^(;]+?) \((.+)\)")
CLICKED = {
    "EM": ("E-step", "M-step"),
    "Mixture": ("100 times",),
    "How many": ("Annihilate",),
    "Half-known": ("Step",),
}
"""Buttons of pages whose words come after something was done."""
LONG = 6
"""Characters from which words may also stand within others."""
ANSWERS = {
    "Which Gaussian made these points?": ("2", "0", "1/n"),
    "A sum of curves, or a die?": ("It sinks", "About 40 times", "For most points"),
    "An E-step and an M-step, by hand": ("It stays", "Yes", "Below L", "No"),
    "Why it cannot fall": ("Below", "At the new θg", "At least as much"),
    "It matters where one begins": ("No", "The highest"),
    "k-means is where ε ends": ("0 or 1", "By the weights π"),
    "How many are enough?": ("The largest K tried", "3"),
    "What breaks a mixture": ("It grows without end", "Yes", "No"),
}
"""Right answers by the documents and by hand, for every question of every lesson."""


def plain(text: str) -> str:
    return text.replace("&", "")


def turn_to(bench: Bench, title: str) -> None:
    """Turn to a page by a click in the list."""
    pages = bench.desk.panels.contents.pages
    item = pages.findItems(title, Qt.MatchFlag.MatchExactly)[0]
    pages.scrollToItem(item)
    QTest.mouseClick(pages.viewport(), LEFT, NO_KEYS, pages.visualItemRect(item).center())


def click(bench: Bench, title: str, qtbot: QtBot) -> None:
    """Click the button of the page with a title, and wait until what it does is done."""
    (button,) = (one for one in bench.stage.actions_bar.buttons.values() if plain(one.text()) == title)
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, LEFT)
    qtbot.waitUntil(lambda: not bench.desk.work.runs.is_running, timeout=30_000)
    bench.draw()


def seen(root: QWidget) -> Iterator[str]:
    """Yield the texts that can be seen in a widget; tabs are clicked, lists count with all entries."""
    for widget in root.findChildren(QWidget):
        if isinstance(widget, QTabBar) and widget.isVisible():
            for at in range(widget.count()):
                QTest.mouseClick(widget, LEFT, NO_KEYS, widget.tabRect(at).center())
                yield widget.tabText(at)
                yield from texts_of(root)
    yield from texts_of(root)


def texts_of(root: QWidget) -> Iterator[str]:
    for widget in root.findChildren(QWidget):
        if not widget.isVisible():
            continue
        if isinstance(widget, QLabel | QAbstractButton):
            yield plain(widget.text())
        elif isinstance(widget, QComboBox):
            yield from (widget.itemText(row) for row in range(widget.count()))
        elif isinstance(widget, TextTable):
            yield from widget.texts.headings
            yield from (text for row in widget.texts.rows for text in row)
        elif isinstance(widget, BarsView):
            yield from (text for bar in widget.bars for text in (bar.label, bar.group))
        elif isinstance(widget, CurveLegend):
            yield from widget.names
        elif isinstance(widget, pg.PlotWidget):
            item = widget.getPlotItem()
            yield from (item.titleLabel.text, *(item.getAxis(side).labelText for side in ("left", "bottom")))


def is_seen(words: str, texts: set[str]) -> bool:
    return words in texts or (len(words) >= LONG and any(words in text for text in texts))


@pytest.mark.parametrize("title", [page.title for page in PAGES])
def test_the_words_of_every_item_stand_on_its_page(title: str, bench: Bench, qtbot: QtBot) -> None:
    turn_to(bench, title)
    bench.draw()
    texts = set(seen(bench.window))
    for button in CLICKED.get(title, ()):
        click(bench, button, qtbot)
        texts |= set(seen(bench.window))
    found = [
        (item.number, words)
        for item in items()
        for place in item.places
        if (named := WORDS_OF.fullmatch(place)) and named[1] == title
        for words in named[2].split(", ")
    ]
    assert [(number, words) for number, words in found if not is_seen(words, texts)] == []


def choose_lesson(bench: Bench, title: str) -> None:
    """Open the menu of lessons and choose one, by the mouse."""
    bar = bench.window.menuBar()
    (entry,) = (one for one in bar.actions() if plain(one.text()) == "Lessons")
    QTest.mouseClick(bar, LEFT, NO_KEYS, bar.actionGeometry(entry).center())
    menu = entry.menu()
    assert isinstance(menu, QMenu)
    assert menu.isVisible()
    (lesson,) = (one for one in menu.actions() if title in plain(one.text()))
    QTest.mouseClick(menu, LEFT, NO_KEYS, menu.actionGeometry(lesson).center())


def test_the_answers_are_to_the_lessons_there_are() -> None:
    assert list(ANSWERS) == [lesson.title for lesson in LESSONS]


@pytest.mark.parametrize("title", ANSWERS)
def test_a_lesson_is_taken_to_its_end_by_mouse_and_keys(title: str, bench: Bench, qtbot: QtBot) -> None:
    choose_lesson(bench, title)
    panel, stage = bench.desk.panels.lesson, bench.stage
    n = len(ANSWERS[title])
    for at, answer in enumerate(ANSWERS[title]):
        assert panel.isVisible()
        assert panel.heading.text() == f"{title}  ·  step {at + 1} of {n}"
        assert panel.question.text().endswith(("?", "…"))
        bench.draw()
        # Nothing on the page tells the answer: no sentence, no bar, no row of a table.
        assert "Answer first" in stage.sentence.text()
        assert stage.bars.bars == ()
        assert not any(table.texts.rows for table in stage.findChildren(TextTable) if table.isVisible())
        (button,) = (one for one in panel.buttons if one.text() == answer)
        if at % 2:
            while (held := bench.window.focusWidget()) is not button:
                assert held in panel.buttons
                QTest.keyClick(held, Qt.Key.Key_Tab)
            QTest.keyClick(button, Qt.Key.Key_Space)
        else:
            QTest.mouseClick(button, LEFT)
        qtbot.waitUntil(panel.outcome.isVisible, timeout=30_000)
        bench.draw()
        assert panel.outcome.text().startswith("Right. Computed: ")
        assert "Answer first" not in stage.sentence.text()
        if at == n - 1:
            assert panel.outcome.text().endswith(f"{n} of {n} right.")
            assert plain(panel.next_button.text()) == "Finish"
        assert bench.window.focusWidget() is panel.next_button
        QTest.keyClick(panel.next_button, Qt.Key.Key_Space)
    assert not panel.isVisible()
    assert bench.document.lesson is None


def test_a_wrong_prediction_is_told_what_is_right(bench: Bench, qtbot: QtBot) -> None:
    choose_lesson(bench, "It matters where one begins")
    panel = bench.desk.panels.lesson
    QTest.mouseClick(panel.buttons[0], LEFT)
    qtbot.waitUntil(panel.outcome.isVisible, timeout=30_000)
    assert panel.outcome.text().startswith("Not quite: No. Computed: 12 starts, ")
    assert "right." not in panel.outcome.text()


def test_the_first_lesson_shows_no_best_candidate_before_it_is_answered(bench: Bench, qtbot: QtBot) -> None:
    choose_lesson(bench, "Which Gaussian made these points?")
    bench.draw()
    slots, legend = bench.stage.slots, bench.chart().legend
    assert [slot.isHidden() for slot in slots] == [False, True, True]
    assert legend.names == []
    QTest.mouseClick(bench.desk.panels.lesson.buttons[0], LEFT)
    qtbot.waitUntil(bench.desk.panels.lesson.outcome.isVisible)
    bench.draw()
    assert [slot.isHidden() for slot in slots] == [False, False, True]
    assert legend.names == ["best: 2"]


def test_the_forms_of_all_pages_fit_into_a_panel_that_stays_as_wide_as_it_is(bench: Bench) -> None:
    contents = bench.desk.panels.contents
    bench.window.resize(1024, 700)
    widths = set()
    for page in PAGES:
        turn_to(bench, page.title)
        QTest.qWait(20)
        widths.add(contents.width())
        form = contents.forms.currentWidget()
        assert form is not None
        assert form.minimumSizeHint().width() <= contents.forms.width()
    assert len(widths) == 1


@pytest.mark.parametrize("size", [(1024, 700), (1600, 1000)])
def test_numbers_of_a_matrix_do_not_touch(size: tuple[int, int], bench: Bench) -> None:
    bench.window.resize(*size)
    turn_to(bench, "Merge")
    for n_components in (6, 12):
        bench.desk.work.apply(change_setting("fit.n_components", n_components, "K"))
        QTest.qWait(100)
        plot = bench.chart(2)
        texts = [text for text in plot.cells.texts if text.isVisible()]
        assert len(texts) in (0, n_components**2)
        assert texts or n_components == 12
        cell = plot.view.width() / n_components
        for text in texts:
            metrics = QFontMetricsF(text.textItem.font())
            assert metrics.horizontalAdvance(text.toPlainText()) < 0.9 * cell
