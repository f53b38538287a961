"""The theory in Help: every page of it written with its formulas."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gmmseg.laboratory.pages.contents import PAGES
from gmmseg.laboratory.scene import Scene
from gmmseg.laboratory.theory_pages import NAMES, theory_page
from ui.dialogs.theory import TheoryDialog
from ui.theme import apply_theme
from ui.widgets.formula import OBJECT
from ui.widgets.formula_boxes import typeset


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_written_with_all_its_formulas(qtbot: QtBot, name: str) -> None:
    dialog = TheoryDialog(name)
    qtbot.addWidget(dialog)
    page = theory_page(name)
    text = dialog.text.toPlainText()
    assert text.startswith(page.title)
    assert text.count(OBJECT) == len(page.formulas)
    assert "⟦" not in text
    assert "$" not in text
    assert "**" not in text


def test_formulas_of_the_theory_fit_the_dialog(qtbot: QtBot) -> None:
    dialog = TheoryDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    room = dialog.text.viewport().width() - 80
    points = 1.08 * dialog.text.document().defaultFont().pointSizeF()
    for name in NAMES:
        for formula in theory_page(name).formulas:
            assert typeset(formula, points).width <= room, formula


def test_the_list_turns_pages_and_the_theme_is_followed(qtbot: QtBot, qapp: QApplication) -> None:
    dialog = TheoryDialog("em")
    qtbot.addWidget(dialog)
    assert dialog.name == "em"
    dialog.pages.setCurrentRow(NAMES.index("bound"))
    assert dialog.text.toPlainText().startswith(theory_page("bound").title)
    apply_theme(qapp, "dark")
    assert dialog.name == "bound"
    assert dialog.text.toPlainText().startswith(theory_page("bound").title)
    apply_theme(qapp, "light")


def scenes() -> list[Scene]:
    """Return what each page shows at first and after each of its quick actions."""
    found = []
    for kind in PAGES:
        page = kind.opened(kind.example())
        found.append(page.scene())
        quick = [action for action in kind.actions if action.apply is not None and action.is_possible(page)]
        found += [page.act(action.id).scene() for action in quick]
    return found


def test_formulas_of_the_pages_can_be_typeset(qapp: QApplication) -> None:
    formulas = {scene.formula for scene in scenes()} - {""}
    assert len(formulas) > 10
    for formula in formulas:
        assert typeset(formula, 11).width > 20
