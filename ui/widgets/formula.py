"""Formulas in the window: a widget that shows one, and an object of texts that have some."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, QSizeF
from PySide6.QtGui import QPainter, QPaintEvent, QPyTextObject, QTextCharFormat, QTextDocument, QTextFormat
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import colours, theme
from ui.widgets.formula_boxes import Box, typeset


class FormulaLabel(QWidget):
    """Shows one formula; one that is too wide for the widget is drawn smaller."""

    def __init__(self, points: float = 0.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points = points or 1.1 * self.font().pointSizeF()
        self._source = ""
        self._box = Box()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    @property
    def source(self) -> str:
        """The formula in its notation."""
        return self._source

    def set_formula(self, source: str) -> None:
        """Show another formula."""
        if source == self._source:
            return
        self._source = source
        self._box = typeset(source, self._points)
        self.setAccessibleName(source)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        box = self._box
        return QSize(round(box.width) + 6, round(box.ascent + box.descent) + 6)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box, room = self._box, self.width() - 6
        scale = min(1.0, room / box.width) if box.width else 1.0
        painter.translate(3.0, self.height() / 2)
        painter.scale(scale, scale)
        box.draw(painter, QPointF(0.0, (box.ascent - box.descent) / 2), colours().text)


_KIND = QTextFormat.ObjectTypes.UserObject + 1
_PROPERTY = QTextFormat.Property.UserProperty + 1


class FormulaObject(QPyTextObject):
    """Draws formulas within the text of a document; see `formula_format`."""

    def intrinsicSize(self, doc: QTextDocument, _at: int, form: QTextFormat) -> QSizeF:
        box = _box_in(doc, form)
        return QSizeF(box.width + 2.0, box.ascent + box.descent)

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, doc: QTextDocument, _at: int, form: QTextFormat
    ) -> None:
        box = _box_in(doc, form)
        box.draw(painter, QPointF(rect.x() + 1.0, rect.y() + box.ascent), colours().text)


def _box_in(doc: QTextDocument, form: QTextFormat) -> Box:
    return typeset(str(form.property(_PROPERTY)), 1.08 * doc.defaultFont().pointSizeF())


def formula_format(source: str) -> QTextCharFormat:
    """Return the format of an object replacement character that stands for a formula."""
    form = QTextCharFormat()
    form.setObjectType(_KIND)
    form.setProperty(_PROPERTY, source)
    form.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
    form.setToolTip(source)
    return form


def register_formulas(document: QTextDocument, drawer: FormulaObject) -> None:
    """Let `drawer`, which must live as long, draw the formulas in a document."""
    document.documentLayout().registerHandler(_KIND, drawer)


OBJECT = "\ufffc"
"""The character in a text in whose place a formula is drawn."""
