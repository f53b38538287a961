"""Formulas set in two dimensions: nodes of their notation measured and drawn with Qt's fonts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from ui.widgets.formula_notation import Node, read

_SPACED = "=<>+−"
_SMALLER = 0.72
"""Size of indices and exponents, of the line's."""
_SMALLEST = 6.5
FAMILIES = ["STIX Two Text", "Cambria Math", "Latin Modern Math", "Times New Roman", "DejaVu Serif"]


@dataclass(frozen=True, slots=True)
class _Glyphs:
    """A text at a place of a box, on its base line."""

    x: float
    y: float
    text: str
    font: QFont


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A straight line in a box."""

    x: float
    y: float
    to_x: float
    to_y: float
    width: float


@dataclass(frozen=True, slots=True)
class Box:
    """A measured formula: pieces about the left end of its base line, y downwards, in pixels."""

    width: float = 0.0
    ascent: float = 0.0
    descent: float = 0.0
    pieces: tuple[_Glyphs | _Stroke, ...] = ()

    def moved(self, x: float, y: float) -> tuple[_Glyphs | _Stroke, ...]:
        """Return the pieces from another place."""
        return tuple(
            replace(piece, x=piece.x + x, y=piece.y + y)
            if isinstance(piece, _Glyphs)
            else _Stroke(piece.x + x, piece.y + y, piece.to_x + x, piece.to_y + y, piece.width)
            for piece in self.pieces
        )

    def draw(self, painter: QPainter, at: QPointF, colour: QColor) -> None:
        """Draw the formula with the left end of its base line at a point."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for piece in self.moved(at.x(), at.y()):
            if isinstance(piece, _Glyphs):
                painter.setPen(colour)
                painter.setFont(piece.font)
                painter.drawText(QPointF(piece.x, piece.y), piece.text)
            else:
                painter.setPen(QPen(colour, piece.width))
                painter.drawLine(QPointF(piece.x, piece.y), QPointF(piece.to_x, piece.to_y))
        painter.restore()


def typeset(source: str, points: float) -> Box:
    """Return a formula measured at a size in points; raises `FormulaError` as `read` does."""
    return _row(read(source), points)


def _font(points: float, is_italic: bool = False) -> QFont:
    font = QFont()
    font.setFamilies(FAMILIES)
    font.setStyleHint(QFont.StyleHint.Serif)
    font.setPointSizeF(max(points, _SMALLEST))
    font.setItalic(is_italic)
    return font


def _text_box(text: str, font: QFont) -> Box:
    metrics = QFontMetricsF(font)
    bounds = metrics.tightBoundingRect(text)
    ascent = max(-bounds.top(), metrics.xHeight())
    # An italic letter may reach beyond the place that it takes.
    width = max(metrics.horizontalAdvance(text), bounds.right() + 0.5 if text.strip() else 0.0)
    return Box(width, ascent, max(bounds.bottom(), 0.0), (_Glyphs(0.0, 0.0, text, font),))


def _row(nodes: Sequence[Node], points: float) -> Box:
    """Return boxes beside each other on one base line."""
    x = ascent = descent = 0.0
    pieces: list[_Glyphs | _Stroke] = []
    for node in nodes:
        box = _box(node, points)
        pieces += box.moved(x, 0.0)
        x += box.width
        ascent, descent = max(ascent, box.ascent), max(descent, box.descent)
    return Box(x, ascent, descent, tuple(pieces))


def _box(node: Node, points: float) -> Box:
    """Return a node with its indices."""
    if node.kind == "operator":
        return _operator(node, points)
    core = _core(node, points)
    if not node.below and not node.above:
        return core
    small = points * _SMALLER
    metrics = QFontMetricsF(_font(points))
    pieces, width, ascent, descent = list(core.pieces), 0.0, core.ascent, core.descent
    if node.above:
        box = _row(node.above, small)
        rise = max(core.ascent - 0.45 * box.ascent, 0.55 * metrics.xHeight() + box.descent)
        pieces += box.moved(core.width + 0.8, -rise)
        width, ascent = box.width, max(ascent, rise + box.ascent)
    if node.below:
        box = _row(node.below, small)
        drop = 0.6 * core.descent + 0.38 * box.ascent + 0.5
        pieces += box.moved(core.width + 0.4, drop)
        width, descent = max(width, box.width), max(descent, drop + box.descent)
    return Box(core.width + width + 1.2, ascent, descent, tuple(pieces))


def _core(node: Node, points: float) -> Box:
    if node.kind == "sign":
        sign = node.text.replace("-", "−")
        if sign in _SPACED:
            sign = f"\u2009{sign}\u2009"
        elif sign == ",":
            sign = ",\u2009"
        is_italic = sign.isalpha() and not (sign.isupper() and not sign.isascii())
        return _text_box(sign, _font(points, is_italic))
    if node.kind == "word":
        return _text_box(node.text, _font(points))
    if node.kind == "group":
        return _row(node.parts[0], points)
    if node.kind == "frac":
        return _fraction(node, points)
    if node.kind == "sqrt":
        return _root(node, points)
    if node.kind == "accent":
        return _accent(node, points)
    return _fence(node, points)


def _fraction(node: Node, points: float) -> Box:
    top, bottom = (_row(part, 0.88 * points) for part in node.parts)
    metrics = QFontMetricsF(_font(points))
    axis, gap, stroke = 0.5 * metrics.xHeight(), 0.16 * metrics.ascent(), max(0.06 * points, 0.8)
    width = max(top.width, bottom.width) + 6.0
    pieces = (
        *top.moved((width - top.width) / 2, -axis - gap - top.descent),
        *bottom.moved((width - bottom.width) / 2, -axis + gap + bottom.ascent),
        _Stroke(1.0, -axis, width - 1.0, -axis, stroke),
    )
    height, depth = top.ascent + top.descent, bottom.ascent + bottom.descent
    return Box(width + 1.0, axis + gap + height, gap + depth - axis, pieces)


def _operator(node: Node, points: float) -> Box:
    """Return a large sign with its limits below and above."""
    is_word = node.text.isascii()
    sign = _text_box(node.text, _font(points if is_word else 1.5 * points))
    # A large sign stands about the middle of the line.
    lift = 0.0 if is_word else (sign.ascent - sign.descent) / 2 - 0.5 * QFontMetricsF(_font(points)).xHeight()
    small = points * _SMALLER
    below, above = _row(node.below, small), _row(node.above, small)
    width = max(sign.width, below.width, above.width)
    pieces = list(sign.moved((width - sign.width) / 2, lift))
    ascent, descent = sign.ascent - lift, sign.descent + lift
    if node.above:
        pieces += above.moved((width - above.width) / 2, -ascent - above.descent - 2.0)
        ascent += above.ascent + above.descent + 2.0
    if node.below:
        pieces += below.moved((width - below.width) / 2, descent + below.ascent + 2.0)
        descent += below.ascent + below.descent + 2.0
    return Box(width + 3.0, ascent, descent, tuple(pieces))


def _root(node: Node, points: float) -> Box:
    inner = _row(node.parts[0], points)
    stroke, lead = max(0.06 * points, 0.8), 0.55 * points
    top, bottom = inner.ascent + 3.0, inner.descent
    pieces = (
        *inner.moved(lead + 2.0, 0.0),
        _Stroke(0.0, -0.3 * top, 0.25 * lead, -0.4 * top, stroke),
        _Stroke(0.25 * lead, -0.4 * top, 0.55 * lead, bottom, 1.5 * stroke),
        _Stroke(0.55 * lead, bottom, lead, -top, stroke),
        _Stroke(lead, -top, lead + inner.width + 4.0, -top, stroke),
    )
    return Box(lead + inner.width + 5.0, top + stroke, bottom, pieces)


def _accent(node: Node, points: float) -> Box:
    """Return a row under a hat or a bar, drawn rather than written: fonts place these signs anywhere."""
    inner = _row(node.parts[0], points)
    middle, half, stroke = inner.width / 2 + 0.06 * points, 0.25 * points, max(0.06 * points, 0.8)
    low, high = -inner.ascent - 0.15 * points, -inner.ascent - 0.35 * points
    marks = (
        (_Stroke(middle - half, low, middle, high, stroke), _Stroke(middle, high, middle + half, low, stroke))
        if node.text == "hat"
        else (_Stroke(middle - half, low, middle + half, low, stroke),)
    )
    return Box(inner.width, inner.ascent + 0.4 * points, inner.descent, (*inner.pieces, *marks))


def _fence(node: Node, points: float) -> Box:
    """Return an inner row between delimiters of its height."""
    inner = _row(node.parts[0], points)
    plain = QFontMetricsF(_font(points))
    needed = (inner.ascent + inner.descent) / max(plain.ascent() * 0.95, 1.0)
    font = _font(points * max(1.0, needed))
    x = 0.0
    pieces: list[_Glyphs | _Stroke] = []
    middle = (inner.descent - inner.ascent) / 2
    for at, sign in enumerate(node.text):
        box = _text_box(sign, font) if sign.strip() else Box()
        if at:
            pieces += inner.moved(x, 0.0)
            x += inner.width
        pieces += box.moved(x, middle + (box.ascent - box.descent) / 2)
        x += box.width
    half = (inner.ascent + inner.descent) / 2 + 1.0
    return Box(x, half - middle, half + middle, tuple(pieces))
