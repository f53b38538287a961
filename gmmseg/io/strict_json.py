"""JSON from strangers, read strictly: every refusal names the field."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.errors import ModelError

_REMEDY = "Choose another file, or save the model again."


def parse(data: bytes) -> Field:
    """Return the document's root; raises `ModelError` for what is not strict JSON in UTF-8.

    Duplicate keys, NaN and infinities are refused: readers differ in what they make of them.
    """
    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise ModelError("The model file is not text.", _REMEDY) from error
    except json.JSONDecodeError as error:
        at_end = error.pos >= len(text.rstrip())
        cause = "is cut off" if at_end and text.strip() else "is not JSON"
        raise ModelError(f"The model file {cause} (line {error.lineno}).", _REMEDY) from error
    except RecursionError as error:
        raise ModelError("The model file is nested too deeply.", _REMEDY) from error
    except ValueError as error:
        raise ModelError("The model file holds a number that is too long.", _REMEDY) from error
    return Field("", value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ModelError(f"The model field “{_printable(twice)}” is there twice.", _REMEDY)
    return found


def _no_constant(name: str) -> NoReturn:
    raise ModelError(f"The model file holds {name} where a number must be.", _REMEDY)


def _printable(text: str) -> str:
    return text[:80].encode("utf-8", "backslashreplace").decode()


class Field:
    """A value and its place in the document."""

    def __init__(self, place: str, value: Any) -> None:
        self.place = place
        self.value = value

    def refuse(self, why: str) -> NoReturn:
        """Raise `ModelError` about this field; `why` continues a sentence that begins with its name."""
        name = f"field “{_printable(self.place)}”" if self.place else "file"
        raise ModelError(f"The model {name} {why}.", _REMEDY)

    def members(self, *names: str) -> list[Field]:
        """Return the fields of an object that must have exactly these."""
        if not isinstance(self.value, dict):
            self.refuse("must be an object")
        missing = [name for name in names if name not in self.value]
        if missing:
            self._member(missing[0], None).refuse("is missing")
        unknown = [name for name in self.value if name not in names]
        if unknown:
            self._member(unknown[0], None).refuse("is not known")
        return [self._member(name, self.value[name]) for name in names]

    def member(self, name: str) -> Field:
        """Return one field of an object."""
        if not isinstance(self.value, dict):
            self.refuse("must be an object")
        if name not in self.value:
            self._member(name, None).refuse("is missing")
        return self._member(name, self.value[name])

    def _member(self, name: str, value: Any) -> Field:
        return Field(f"{self.place}.{name}" if self.place else name, value)

    def items(self, most: int) -> list[Field]:
        """Return the items of a list of at most `most`."""
        if not isinstance(self.value, list):
            self.refuse("must be a list")
        if len(self.value) > most:
            self.refuse(f"has {len(self.value)} items, more than the {most} allowed")
        return [Field(f"{self.place}[{at}]", item) for at, item in enumerate(self.value)]

    def text(self) -> str:
        """Return a string that is valid Unicode."""
        if not isinstance(self.value, str):
            self.refuse("must be text")
        if any("\ud800" <= character <= "\udfff" for character in self.value):
            self.refuse("is not valid Unicode")
        return str(self.value)

    def choice(self, allowed: tuple[str, ...]) -> str:
        """Return one of the strings `allowed`."""
        if self.value not in allowed or not isinstance(self.value, str):
            self.refuse(f"must be one of {', '.join(allowed)}")
        return self.value

    def boolean(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            self.refuse("must be true or false")
        return bool(self.value)

    def integer(self, low: int, high: int) -> int:
        """Return a whole number in ``low..high``."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.refuse("must be a whole number")
        if not low <= self.value <= high:
            self.refuse(f"must be from {low} to {high}")
        return int(self.value)

    def number(self, low: float, high: float) -> float:
        """Return a number in ``low..high`` as a float."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self.refuse("must be a number")
        if not low <= self.value <= high or not math.isfinite(self.value):
            self.refuse(f"must be from {low:g} to {high:g}")
        return float(self.value)

    def array(self, shape: tuple[int, ...], low: float, high: float) -> FloatArray:
        """Return nested lists of numbers in ``low..high`` as an array of that shape."""
        numbers: list[float] = []
        self._flatten(shape, low, high, numbers)
        return np.array(numbers, dtype=np.float64).reshape(shape)

    def _flatten(self, shape: tuple[int, ...], low: float, high: float, into: list[float]) -> None:
        if not shape:
            into.append(self.number(low, high))
            return
        if not isinstance(self.value, list):
            self.refuse("must be a list")
        if len(self.value) != shape[0]:
            self.refuse(f"has {len(self.value)} items where {shape[0]} are needed")
        for at, item in enumerate(self.value):
            Field(f"{self.place}[{at}]", item)._flatten(shape[1:], low, high, into)
