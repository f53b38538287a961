"""Immutable values as plain ones for JSON, and back by the types that their fields declare."""

from __future__ import annotations

import math
import os
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, Union, get_args, get_origin, get_type_hints
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec
import numpy as np

from gmmseg.arrays import AnyArray, FloatArray
from gmmseg.errors import ReadError, SettingsError
from gmmseg.io.strict_json import DocumentKind, refuse
from gmmseg.limits import GIB
from gmmseg.mixture.covariance import FAMILIES, Covariance
from gmmseg.mixture.params import MixtureParams
from gmmseg.setting import own_settings

PROJECT = DocumentKind(
    "project", ReadError, "Open one of its backups, or update gmmseg if a newer one wrote it.", GIB // 4
)
_DTYPES = frozenset(
    ("|b1", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8"),
)
_MAX_AXES = 8
Readers = Mapping[Any, Callable[[Any, str], Any]]
"""For types that are not read field by field: what makes a value of a content and its place."""
NO_READERS: Readers = {}
_HUGE = 1e150
"""Larger numbers overflow when they are squared."""
_ROUNDING = 1e-6
"""By which shares may miss their sum."""


def encoded(value: Any) -> bytes:
    """Return JSON of dictionaries, lists and dataclasses, however deep; floats keep their bits.

    Bytes are written in base 64, an array as its type, its shape and its bytes, of booleans one bit each.
    """
    return msgspec.json.encode(value, enc_hook=_plain)


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        held = np.packbits(value) if value.dtype == np.bool_ else value.astype(value.dtype.newbyteorder("<"))
        return [value.dtype.newbyteorder("<").str, value.shape, held.tobytes()]
    if isinstance(value, Covariance):
        return {"kind": value.kind, "values": value.values}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return path_text(value)
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no plain form")


def path_text(path: Path) -> str:
    """Return a path as ASCII: a file name need not be text."""
    return quote_from_bytes(os.fsencode(path))


def misfit(place: str, why: str) -> NoReturn:
    """Raise `ReadError` about a field of a project; `why` goes on after its name."""
    refuse(place, why, PROJECT)


def value_of(kind: Any, content: Any, place: str, readers: Readers = NO_READERS) -> Any:
    """Return the value of a declared type that was encoded as `content`.

    A field that is missing takes its default; one that is not declared is refused. Settings are checked
    against their bounds, dataclasses by themselves.

    Parameters
    ----------
    kind : type
        As an annotation says it: a dataclass, a union, a tuple, an array, …
    content : object
        From JSON.
    place : str
        Names the value in refusals.
    readers : mapping, optional
        Of types that occur in it.

    Raises
    ------
    ReadError
        It does not fit; the sentence names the field.
    """
    if kind in readers:
        return readers[kind](content, place)
    origin = get_origin(kind)
    if kind is Any:
        return content
    if origin in (Union, UnionType):
        return _member_of(get_args(kind), content, place, readers)
    if origin is Literal:
        if not any(content == each and type(content) is type(each) for each in get_args(kind)):
            misfit(place, "must be one of the values it can have")
        return content
    if origin is tuple:
        return _tuple_of(get_args(kind), content, place, readers)
    if origin is dict:
        return _dict_of(get_args(kind), content, place, readers)
    if origin is np.ndarray:
        return _array_of(kind, content, place)
    if kind in _READERS:
        return _READERS[kind](content, place)
    if is_dataclass(kind) and isinstance(kind, type):
        return _instance_of(kind, content, place, readers)
    raise TypeError(f"{kind} cannot be read")


def _member_of(kinds: tuple[Any, ...], content: Any, place: str, readers: Readers) -> Any:
    if content is None and NoneType in kinds:
        return None
    others = [kind for kind in kinds if kind is not NoneType]
    suited = [kind for kind in others if _may_be(kind, content)]
    return value_of((suited or others)[0], content, place, readers)


def _may_be(kind: Any, content: Any) -> bool:
    """Whether a content looks like this member of a union: classes are told apart by their fields."""
    if is_dataclass(kind):
        return isinstance(content, dict) and content.keys() <= {each.name for each in fields(kind)}
    if get_origin(kind) is np.ndarray:
        return isinstance(content, list) and len(content) == 3 and content[0] == _dtype_of(kind)
    if kind is int:
        return isinstance(content, int)
    return isinstance(content, str) if kind in (str, bytes) else True


def values_of(kind: Any, content: Any, place: str) -> tuple[Any, ...]:
    """Return the values of one declared type in a list; raises as `value_of`."""
    return _tuple_of((kind, Ellipsis), content, place, NO_READERS)


def _tuple_of(kinds: tuple[Any, ...], content: Any, place: str, readers: Readers) -> tuple[Any, ...]:
    if not isinstance(content, list):
        misfit(place, "must be a list")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(content)
    if len(content) != len(kinds):
        misfit(place, f"has {len(content)} items where {len(kinds)} are needed")
    pairs = enumerate(zip(kinds, content, strict=True))
    return tuple(value_of(kind, each, f"{place}[{at}]", readers) for at, (kind, each) in pairs)


def _dict_of(kinds: tuple[Any, ...], content: Any, place: str, readers: Readers) -> dict[Any, Any]:
    if not isinstance(content, dict):
        misfit(place, "must be an object")
    return {key: value_of(kinds[1], each, f"{place}.{key}", readers) for key, each in content.items()}


def _instance_of(kind: type, content: Any, place: str, readers: Readers = NO_READERS) -> Any:
    if not isinstance(content, dict):
        misfit(place, "must be an object")
    declared, hints = fields_of(kind)
    for name in content:
        if name not in declared:
            misfit(f"{place}.{name}", "is not known")
    for name, each in declared.items():
        if name not in content and each.default is MISSING and each.default_factory is MISSING:
            misfit(f"{place}.{name}", "is missing")
    values = {name: value_of(hints[name], each, f"{place}.{name}", readers) for name, each in content.items()}
    try:
        for name, setting in own_settings(kind).items():
            if name in values:
                setting.check(values[name])
        return kind(**values)
    except SettingsError as error:
        misfit(f"{place}.{error.field}", f"is out of bounds: {error.cause.rstrip('.')}")
    except (ValueError, IndexError) as error:
        misfit(place, f"is not consistent: {error}")


@cache
def fields_of(kind: type) -> tuple[dict[str, Field[Any]], dict[str, Any]]:
    """Return the fields of a dataclass and their types, by name."""
    return {each.name: each for each in fields(kind)}, get_type_hints(kind)


def _dtype_of(kind: Any) -> str | None:
    """Return the type of an array's values as files say it; None where any will do."""
    wanted = get_args(get_args(kind)[1])[0]
    return None if wanted is Any else np.dtype(wanted).newbyteorder("<").str


def _array_of(kind: Any, content: Any, place: str) -> AnyArray:
    match content:
        case [str(dtype), list(shape), str(text)] if dtype in _DTYPES and len(shape) <= _MAX_AXES:
            pass
        case _:
            misfit(place, "must be an array")
    if dtype != (_dtype_of(kind) or dtype):
        misfit(place, f"must hold values of type {_dtype_of(kind)}")
    if not all(type(side) is int and 0 <= side < 1 << 32 for side in shape):
        misfit(place, "has no possible shape")
    data, n_values = _bytes_of(text, place), math.prod(shape)
    is_bits = dtype == "|b1"
    if len(data) != (-(-n_values // 8) if is_bits else n_values * np.dtype(dtype).itemsize):
        misfit(place, f"does not hold {n_values:,} values")
    if is_bits:
        values = np.unpackbits(np.frombuffer(data, np.uint8), count=n_values).astype(np.bool_)
    else:
        values = np.frombuffer(data, dtype).astype(np.dtype(dtype).newbyteorder("="))
    return values.reshape(shape)


def _bytes_of(content: Any, place: str) -> bytes:
    try:
        return a2b_base64(_str_of(content, place), strict_mode=True)
    except ValueError:
        misfit(place, "must be bytes in base 64")


def _str_of(content: Any, place: str) -> str:
    if not isinstance(content, str):
        misfit(place, "must be text")
    if any("\ud800" <= character <= "\udfff" for character in content):
        misfit(place, "is not valid Unicode")
    return content


def _bool_of(content: Any, place: str) -> bool:
    if not isinstance(content, bool):
        misfit(place, "must be true or false")
    return content


def _int_of(content: Any, place: str) -> int:
    if isinstance(content, bool) or not isinstance(content, int):
        misfit(place, "must be a whole number")
    if abs(content) >= 1 << 63:
        misfit(place, "is out of range")
    return content


def _float_of(content: Any, place: str) -> float:
    if isinstance(content, bool) or not isinstance(content, int | float):
        misfit(place, "must be a number")
    # Not math.isfinite: it overflows on whole numbers of more than 308 digits.
    if not abs(content) < 1e308:
        misfit(place, "is out of range")
    return float(content)


def _path_of(content: Any, place: str) -> Path:
    try:
        return path_of_text(_str_of(content, place))
    except ValueError:
        misfit(place, "is not a path")


def path_of_text(text: str) -> Path:
    """Return the path in a text that `path_text` gave; raises ValueError."""
    raw = unquote_to_bytes(text)
    if b"\0" in raw:
        raise ValueError("a path holds no zero byte")
    return Path(os.fsdecode(raw))


def _params_of(content: Any, place: str) -> MixtureParams:
    made: MixtureParams = _instance_of(MixtureParams, content, place)
    if not (np.abs(made.means) < _HUGE).all():
        misfit(f"{place}.means", "must be finite")
    if not ((made.weights >= 0).all() and abs(float(made.weights.sum()) - 1) <= _ROUNDING):
        misfit(f"{place}.weights", "must be shares that sum to 1")
    return made


def _covariance_of(content: Any, place: str) -> Covariance:
    match content:
        case {"kind": str(kind), "values": values, **others} if kind in FAMILIES and not others:
            pass
        case _:
            misfit(place, "must have a kind and values")
    return covariance_from(FAMILIES[kind], value_of(FloatArray, values, f"{place}.values"), place)


def covariance_from(family: type[Covariance], values: FloatArray, place: str) -> Covariance:
    """Return covariances of a family; raises `ReadError` where no Gaussian can have them."""
    if not (np.abs(values) < _HUGE).all():
        misfit(place, "must be finite")
    if family.is_diagonal and not (values > 0).all():
        misfit(place, "must be positive")
    if not family.is_diagonal and (values.ndim < 2 or values.shape[-1] != values.shape[-2]):
        misfit(place, "must be matrices")
    try:
        return family(values)
    except np.linalg.LinAlgError:
        misfit(place, "must be positive definite")


_READERS: dict[Any, Callable[[Any, str], Any]] = {
    bool: _bool_of,
    int: _int_of,
    float: _float_of,
    str: _str_of,
    bytes: _bytes_of,
    Path: _path_of,
    MixtureParams: _params_of,
    Covariance: _covariance_of,
    NoneType: lambda content, place: None if content is None else misfit(place, "must be nothing"),
}
