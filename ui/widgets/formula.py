"""Formulas set in two dimensions: a small part of TeX's notation, measured and drawn with Qt's fonts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, QSizeF, Slot
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
    QPyTextObject,
    QTextCharFormat,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import colours, theme

_SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ",
    "lambda": "λ", "mu": "μ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ",
    "omega": "ω", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Sigma": "Σ", "Phi": "Φ", "Omega": "Ω",
    "leq": " ≤ ", "geq": " ≥ ", "neq": " ≠ ", "approx": " ≈ ", "sim": " ∼ ", "propto": " ∝ ", "to": " → ",
    "in": " ∈ ", "cdot": " · ", "times": " × ", "pm": " ± ", "infty": "∞", "partial": "∂", "nabla": "∇",
    "dots": "…", "mid": " | ", "forall": "∀ ", "Rightarrow": " ⇒ ", "prime": "′", "ldots": "…", "cap": " ∩ ",
    "quad": "\u2003", "qquad": "\u2003\u2003", ",": "\u2009", " ": " ", "{": "{", "}": "}", "|": "‖",
}  # fmt: skip
_OPERATORS = {"sum": "∑", "prod": "∏", "int": "∫", "max": "max", "min": "min", "argmax": "arg max"}
"""With limits above and below."""
_WORDS = {"log", "ln", "exp", "det", "tr", "diag"}
_ACCENTS = {"hat", "bar"}
_SPACED = "=<>+−"
_SMALLER = 0.72
"""Size of indices and exponents, of the line's."""
_SMALLEST = 6.5
_TOKEN = re.compile(r"\\([A-Za-z]+|.)|([{}_^])|(\s+)|(.)", re.DOTALL)
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


class FormulaError(ValueError):
    """A formula in a notation that is not known here."""


def typeset(source: str, points: float) -> Box:
    r"""Return a formula measured at a size in points.

    Known are letters and signs, ``_`` and ``^`` with one sign or a group in braces, ``\frac``, ``\sqrt``,
    ``\sum``, ``\prod`` and other operators with limits, accents such as ``\hat``, ``\text``, ``\left(`` with
    ``\right)``, Greek letters and a few relations.

    Raises
    ------
    FormulaError
    """
    reader = _Reader(source)
    box = _row(reader.sequence(), points)
    if not reader.is_done:
        raise FormulaError(f"a brace closes nothing in “{source}”")
    return box


# Reading: a formula as nested tuples of nodes


@dataclass(frozen=True, slots=True)
class _Node:
    """A part of a formula; what `kind` says is done with `text` and `parts`."""

    kind: str
    text: str = ""
    parts: tuple[tuple[_Node, ...], ...] = ()
    below: tuple[_Node, ...] = ()
    above: tuple[_Node, ...] = ()


class _Reader:
    """Reads a formula's text from left to right."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = [found for found in _TOKEN.finditer(source) if found[3] is None]
        self._at = 0

    @property
    def is_done(self) -> bool:
        """Whether everything has been read."""
        return self._at >= len(self._tokens)

    def sequence(self) -> tuple[_Node, ...]:
        """Return the nodes up to a closing brace, a ``\\right`` or the end."""
        nodes: list[_Node] = []
        while not self.is_done and not self._next_is("}") and self._tokens[self._at][1] != "right":
            sign = self._tokens[self._at][2]
            if sign in ("_", "^"):
                self._at += 1
                if not nodes:
                    raise FormulaError(f"an index without anything before it in “{self._source}”")
                index, before = self._argument(), nodes[-1]
                nodes[-1] = replace(before, below=index) if sign == "_" else replace(before, above=index)
            else:
                nodes.append(self._node())
        return tuple(nodes)

    def _next_is(self, brace: str) -> bool:
        return bool(self._tokens[self._at][2] == brace)

    def _argument(self) -> tuple[_Node, ...]:
        """Return a group in braces, or one sign."""
        if self.is_done:
            raise FormulaError(f"something is missing at the end of “{self._source}”")
        if not self._next_is("{"):
            return (self._node(),)
        self._at += 1
        inner = self.sequence()
        self._expect("}")
        return inner

    def _expect(self, brace: str) -> None:
        if self.is_done or not self._next_is(brace):
            raise FormulaError(f"“{brace}” is missing in “{self._source}”")
        self._at += 1

    def _node(self) -> _Node:
        found = self._tokens[self._at]
        if found[2] == "{":
            return _Node("group", parts=(self._argument(),))
        self._at += 1
        if found[4] is not None:
            return _Node("sign", found[4])
        return self._command(found[1])

    def _command(self, name: str) -> _Node:
        if name == "frac":
            return _Node("frac", parts=(self._argument(), self._argument()))
        if name == "sqrt":
            return _Node("sqrt", parts=(self._argument(),))
        if name == "left":
            opening = self._delimiter()
            inner = self.sequence()
            if self.is_done or self._tokens[self._at][1] != "right":
                raise FormulaError(f"“\\right” is missing in “{self._source}”")
            self._at += 1
            return _Node("fence", opening + self._delimiter(), (inner,))
        if name in _ACCENTS:
            return _Node("accent", name, (self._argument(),))
        if name == "text":
            return _Node("word", self._verbatim())
        if name in _OPERATORS:
            return _Node("operator", _OPERATORS[name])
        if name in _WORDS:
            return _Node("word", f"{name}\u2009")
        if name in _SYMBOLS:
            return _Node("sign", _SYMBOLS[name])
        raise FormulaError(f"“\\{name}” is not known")

    def _delimiter(self) -> str:
        found = self._tokens[self._at]
        self._at += 1
        sign = str(found[4] or _SYMBOLS.get(found[1], ""))
        return " " if sign == "." else sign

    def _verbatim(self) -> str:
        """Return the text in braces as it stands, spaces included."""
        self._expect("{")
        start = self._tokens[self._at - 1].end()
        while not self.is_done and not self._next_is("}"):
            self._at += 1
        self._expect("}")
        return self._source[start : self._tokens[self._at - 1].start()]


# Measuring: boxes out of nodes


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


def _row(nodes: Sequence[_Node], points: float) -> Box:
    """Return boxes beside each other on one base line."""
    x = ascent = descent = 0.0
    pieces: list[_Glyphs | _Stroke] = []
    for node in nodes:
        box = _box(node, points)
        pieces += box.moved(x, 0.0)
        x += box.width
        ascent, descent = max(ascent, box.ascent), max(descent, box.descent)
    return Box(x, ascent, descent, tuple(pieces))


def _box(node: _Node, points: float) -> Box:
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


def _core(node: _Node, points: float) -> Box:
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


def _fraction(node: _Node, points: float) -> Box:
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


def _operator(node: _Node, points: float) -> Box:
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


def _root(node: _Node, points: float) -> Box:
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


def _accent(node: _Node, points: float) -> Box:
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


def _fence(node: _Node, points: float) -> Box:
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


# Showing


class FormulaLabel(QWidget):
    """Shows one formula; one that is too wide for the widget is drawn smaller."""

    def __init__(self, points: float = 0.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points = points or 1.1 * self.font().pointSizeF()
        self._source = ""
        self._box = Box()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self._repaint)

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

    @Slot()
    def _repaint(self) -> None:
        self.update()


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
