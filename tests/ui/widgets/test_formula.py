"""Formulas are measured, drawn and refused."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QTextCursor, QTextDocument
from pytestqt.qtbot import QtBot

from ui.widgets.formula import OBJECT, FormulaLabel, FormulaObject, formula_format, register_formulas
from ui.widgets.formula_boxes import Box, typeset
from ui.widgets.formula_notation import FormulaError


def ink(box: Box) -> int:
    """Return how many pixels a formula darkens, and check that they are within its box."""
    width, height = round(box.width) + 20, round(box.ascent + box.descent) + 20
    image = QImage(width, height, QImage.Format.Format_Grayscale8)
    image.fill(255)
    painter = QPainter(image)
    box.draw(painter, QPointF(10, 10 + box.ascent), QColor("black"))
    painter.end()
    dark = [(x, y) for x in range(width) for y in range(height) if image.pixelColor(x, y).value() < 128]
    assert dark
    assert min(x for x, _ in dark) >= 7
    assert max(x for x, _ in dark) <= width - 7
    assert min(y for _, y in dark) >= 6
    assert max(y for _, y in dark) <= height - 6
    return len(dark)


@pytest.mark.parametrize(
    "source",
    [
        r"x",
        r"x_n^2",
        r"\frac{\pi_k N_k}{\sum_j \pi_j}",
        r"\sqrt{2\pi}\,\sigma",
        r"\sum_{n=1}^{N} \log p(x_n)",
        r"\exp\left(-\frac{(x - \mu)^2}{2\sigma^2}\right)",
        r"\hat{\mu} = \bar{x}",
        r"\argmax_\theta L(\theta)",
        r"\theta = \{\pi, \mu\}, \text{for all } k",
    ],
)
def test_a_formula_is_drawn_within_its_box(qapp: object, source: str) -> None:
    assert ink(typeset(source, 14)) > 8


def test_parts_stand_where_they_belong(qapp: object) -> None:
    plain, index, power = typeset("x", 14), typeset("x_n", 14), typeset("x^n", 14)
    assert index.descent > plain.descent
    assert power.ascent > plain.ascent
    fraction = typeset(r"\frac{a}{b}", 14)
    assert fraction.ascent + fraction.descent > 1.5 * (plain.ascent + plain.descent)
    tall, low = typeset(r"\left(\frac{a}{b}\right)", 14), typeset(r"\left(a\right)", 14)
    assert tall.ascent + tall.descent > low.ascent + low.descent
    assert typeset(r"\sum_{n}^{N} x", 14).ascent > typeset(r"\sum x", 14).ascent


@pytest.mark.parametrize("source", [r"\frac{a", r"a}", r"_n", r"\unknown", r"\left(a", r"x_", r"\text{a"])
def test_what_is_no_formula_is_refused(qapp: object, source: str) -> None:
    with pytest.raises(FormulaError):
        typeset(source, 12)


def test_a_formula_too_wide_for_its_label_is_drawn_smaller(qtbot: QtBot) -> None:
    label = FormulaLabel(14)
    qtbot.addWidget(label)
    label.set_formula(
        r"\sum_{n=1}^{N} \sum_{k=1}^{K} \gamma(z_{nk}) [\log \pi_k + \log N(x_n | \mu_k, \Sigma_k)]"
    )
    wide = label.sizeHint()
    label.resize(wide.width() // 2, wide.height())
    image = label.grab().toImage()
    edge = image.width() - 2
    background = image.pixelColor(0, 0)
    assert all(image.pixelColor(edge, y) == background for y in range(image.height()))
    assert any(image.pixelColor(edge - 12, y) != background for y in range(image.height()))


def test_formulas_stand_within_the_text_of_a_document(qtbot: QtBot) -> None:
    document, drawer = QTextDocument(), FormulaObject()
    register_formulas(document, drawer)
    cursor = QTextCursor(document)
    cursor.insertText("before ")
    empty = document.size().height()
    cursor.insertText(OBJECT, formula_format(r"\frac{\frac{a}{b}}{\frac{c}{d}}"))
    assert document.size().height() > empty + 8
    image = QImage(300, 120, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    document.drawContents(painter)
    painter.end()
    dark = sum(image.pixelColor(x, y).value() < 200 for x in range(45, 80) for y in range(120))
    assert dark > 20
