"""The laboratory as a student goes through it, by mouse and keys: the documents' table, and all lessons."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gmmseg.laboratory.document import change_setting
from gmmseg.laboratory.lessons.contents import LESSONS
from gmmseg.laboratory.pages.contents import PAGES
from tests.ui.documents_table import places_of
from tests.ui.laboratory.conftest import Bench
from tests.ui.reading import LEFT, NO_KEYS, choose_from_menu, is_seen, plain, turned
from ui.widgets.text_table import TextTable

CLICKED = {
    "EM": ("E-step", "M-step"),
    "Mixture": ("100 times",),
    "How many": ("Compare K", "Annihilate"),
    "Half-known": ("Step",),
}
"""Buttons of pages whose words come after something was done."""
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


@pytest.mark.parametrize("title", [page.title for page in PAGES])
@pytest.mark.slow
def test_the_words_of_every_item_stand_on_its_page(title: str, bench: Bench, qtbot: QtBot) -> None:
    turn_to(bench, title)
    bench.draw()
    texts = set(turned(bench.window))
    for button in CLICKED.get(title, ()):
        click(bench, button, qtbot)
        texts |= set(turned(bench.window))
    named = [(number, place.words) for number, place in places_of("Laboratory") if place.name == title]
    assert named
    assert [(number, word) for number, words in named for word in words if not is_seen(word, texts)] == []


def choose_lesson(bench: Bench, title: str) -> None:
    """Open the menu of lessons and choose one, by the mouse."""
    choose_from_menu(bench.window.menuBar(), "Lessons", title)


def test_the_answers_are_to_the_lessons_there_are() -> None:
    assert list(ANSWERS) == [lesson.title for lesson in LESSONS]


@pytest.mark.parametrize("title", ANSWERS)
@pytest.mark.slow
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


@pytest.mark.slow
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
@pytest.mark.slow
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
