"""The notation of formulas, a small part of TeX's: a text becomes nested nodes; needs no Qt."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

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
_TOKEN = re.compile(r"\\([A-Za-z]+|.)|([{}_^])|(\s+)|(.)", re.DOTALL)


class FormulaError(ValueError):
    """A formula in a notation that is not known here."""


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula; what `kind` says is done with `text` and `parts`."""

    kind: str
    text: str = ""
    parts: tuple[tuple[Node, ...], ...] = ()
    below: tuple[Node, ...] = ()
    above: tuple[Node, ...] = ()


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

    def sequence(self) -> tuple[Node, ...]:
        """Return the nodes up to a closing brace, a ``\\right`` or the end."""
        nodes: list[Node] = []
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

    def _argument(self) -> tuple[Node, ...]:
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

    def _node(self) -> Node:
        found = self._tokens[self._at]
        if found[2] == "{":
            return Node("group", parts=(self._argument(),))
        self._at += 1
        if found[4] is not None:
            return Node("sign", found[4])
        return self._command(found[1])

    def _command(self, name: str) -> Node:
        if name == "frac":
            return Node("frac", parts=(self._argument(), self._argument()))
        if name == "sqrt":
            return Node("sqrt", parts=(self._argument(),))
        if name == "left":
            opening = self._delimiter()
            inner = self.sequence()
            if self.is_done or self._tokens[self._at][1] != "right":
                raise FormulaError(f"“\\right” is missing in “{self._source}”")
            self._at += 1
            return Node("fence", opening + self._delimiter(), (inner,))
        if name in _ACCENTS:
            return Node("accent", name, (self._argument(),))
        if name == "text":
            return Node("word", self._verbatim())
        if name in _OPERATORS:
            return Node("operator", _OPERATORS[name])
        if name in _WORDS:
            return Node("word", f"{name}\u2009")
        if name in _SYMBOLS:
            return Node("sign", _SYMBOLS[name])
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


def read(source: str) -> tuple[Node, ...]:
    r"""Return a formula as nodes.

    Known are letters and signs, ``_`` and ``^`` with one sign or a group in braces, ``\frac``, ``\sqrt``,
    ``\sum``, ``\prod`` and other operators with limits, accents such as ``\hat``, ``\text``, ``\left(`` with
    ``\right)``, Greek letters and a few relations.

    Raises
    ------
    FormulaError
    """
    reader = _Reader(source)
    nodes = reader.sequence()
    if not reader.is_done:
        raise FormulaError(f"a brace closes nothing in “{source}”")
    return nodes
