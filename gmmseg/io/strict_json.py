"""JSON from strangers, read strictly: every refusal names the field."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, TypeVar

import msgspec
import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.errors import GmmsegError, ModelError
from gmmseg.limits import MAX_MODEL_BYTES

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """Kind of a document: its name in refusals, their error class and remedy, and its greatest size."""

    name: str
    error: type[GmmsegError]
    remedy: str
    max_bytes: int

    def refusal(self, cause: str) -> GmmsegError:
        """Return the error whose sentence begins with the document's name."""
        return self.error(f"The {self.name} {cause}.", self.remedy)


MODEL = DocumentKind("model", ModelError, "Choose another file, or save the model again.", MAX_MODEL_BYTES)


def parse(data: bytes, kind: DocumentKind = MODEL) -> Any:
    """Return what is in a document; raises the kind's error for what is not strict JSON in UTF-8.

    Duplicate keys, NaN and infinities are refused: readers differ in what they make of them, and msgspec's
    own takes the last of two.
    """
    if len(data) > kind.max_bytes:
        raise kind.error(
            f"The {kind.name} file is larger than {kind.max_bytes >> 20} MiB.", "Choose another file."
        )
    try:
        text = data.decode("utf-8")
        return json.loads(
            text, object_pairs_hook=partial(_unique, kind), parse_constant=partial(_no_constant, kind)
        )
    except UnicodeDecodeError as error:
        raise kind.refusal("file is not text") from error
    except json.JSONDecodeError as error:
        at_end = error.pos >= len(text.rstrip())
        cause = "is cut off" if at_end and text.strip() else "is not JSON"
        raise kind.refusal(f"file {cause} (line {error.lineno})") from error
    except RecursionError as error:
        raise kind.refusal("file is nested too deeply") from error
    except ValueError as error:
        raise kind.refusal("file holds a number that is too long") from error


def _unique(kind: DocumentKind, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        refuse(twice, "is there twice", kind)
    return found


def _no_constant(kind: DocumentKind, name: str) -> NoReturn:
    raise kind.refusal(f"file holds {name} where a number must be")


def refuse(place: str, why: str, kind: DocumentKind = MODEL) -> NoReturn:
    """Raise the kind's error about the field at a place; `why` goes on after the field's name."""
    raise kind.refusal(f"{f'field “{_printable(place)}”' if place else 'file'} {why}")


def _printable(text: str) -> str:
    return text[:80].encode("utf-8", "backslashreplace").decode()


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An object of a document: fields with types and bounds, all of which must be there and no others."""


class Text(str):
    """A string that is valid Unicode."""

    __slots__ = ()

    def __new__(cls, value: object) -> Text:
        if not isinstance(value, str):
            raise ValueError("must be text")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError("is not valid Unicode")
        return super().__new__(cls, value)


def converted(content: object, form: type[_T], kind: DocumentKind = MODEL, place: str = "") -> _T:
    """Return what `parse` found as a form; raises the kind's error naming the first field that does not fit.

    A type that msgspec does not know is called with the value, and refuses it by a ValueError whose words
    continue a sentence that begins with the field's name; `place` is that of the content in its document.
    """
    try:
        return msgspec.convert(content, form, dec_hook=lambda type_, value: type_(value))
    except msgspec.ValidationError as error:
        inner, reason = place_and_reason(str(error))
        refuse(".".join(filter(None, (place, inner))), reason, kind)
    except UnicodeEncodeError as error:
        raise kind.refusal("file holds text that is not valid Unicode") from error


_MEMBERS = (
    (re.compile(r"Object missing required field `(.*)`"), "is missing"),
    (re.compile(r"Object contains unknown field `(.*)`"), "is not known"),
)
_REASONS = (
    (re.compile(r"Expected `array` of length >= 1"), "is empty"),
    (re.compile(r"Expected `array` of length <= (\d+)"), "has more than the {0} items allowed"),
    (re.compile(r"Expected `array` of length (\d+), got (\d+)"), "has {1} items where {0} are needed"),
    (re.compile(r"Expected `.*` >= ([-0-9.e+]*)"), "must be at least {0}"),
    (re.compile(r"Expected `.*` <= ([-0-9.e+]*)"), "must be at most {0}"),
    (re.compile(r"Expected `(.*)`, got `.*`"), "must be {0}"),
    (re.compile(r"Invalid (?:enum )?value .*"), "must be one of the values it can have"),
    (re.compile(r".* out of range"), "is out of range"),
)
_WORDS = {
    "array": "a list",
    "object": "an object",
    "str": "text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "null": "nothing",
}
"""Types as msgspec calls them, and as people do."""


def place_and_reason(message: str) -> tuple[str, str]:
    """Return a message of msgspec as the field it is about, if any, and the rest of a sentence on it."""
    what, at, place = message.rpartition(" - at `$")
    what, place = (what, place.rstrip("`").lstrip(".")) if at else (message, "")
    for pattern, reason in _MEMBERS:
        if member := pattern.fullmatch(what):
            return ".".join(filter(None, (place, member[1]))), reason
    for pattern, reason in _REASONS:
        if match := pattern.fullmatch(what):
            return place, reason.format(*map(_in_words, match.groups()))
    return place, what


def _in_words(part: str) -> str:
    """Return a bound or the types that are allowed as people write them."""
    if "." in part:
        return f"{float(part):g}"
    return " or ".join(_WORDS.get(kind, kind) for kind in part.split(" | "))


def array(place: str, values: Sequence[Any], shape: tuple[int, ...]) -> FloatArray:
    """Return nested lists of numbers as an array; raises `ModelError` unless they have that shape."""
    _check_shape(place, values, shape)
    return np.array(values, dtype=np.float64).reshape(shape)


def _check_shape(place: str, values: Sequence[Any], shape: tuple[int, ...]) -> None:
    if len(values) != shape[0]:
        refuse(place, f"has {len(values)} items where {shape[0]} are needed")
    if len(shape) > 1:
        for at, inner in enumerate(values):
            _check_shape(f"{place}[{at}]", inner, shape[1:])
