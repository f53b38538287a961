"""What a setting is: a value at a path of frozen dataclasses, with title, bounds, unit and explanation."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Literal, TypeVar

from gmmseg.errors import SettingsError

_S = TypeVar("_S")


@dataclass(frozen=True, slots=True)
class Setting:
    """How one setting is shown and checked.

    ``path`` is its place in the settings, such as ``mixture.tol``; ``choices`` pairs values with titles.
    """

    path: str
    title: str
    explanation: str
    kind: Literal["int", "float", "bool", "choice"]
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    is_optional: bool = False
    is_advanced: bool = True

    def check(self, value: Any) -> None:
        """Raise `SettingsError` naming this setting where `value` is out of its bounds."""
        if value is None and self.is_optional:
            return
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise SettingsError(self.path, f"{self.title} is either on or off.")
        elif self.kind == "choice":
            allowed = [key for key, _ in self.choices]
            if value not in allowed:
                raise SettingsError(
                    self.path, f"{self.title} cannot be “{value}”.", f"Choose {', '.join(allowed)}."
                )
        elif not self._holds(value):
            raise SettingsError(self.path, f"{self.title} cannot be {value}.", f"Choose {self.bounds}.")

    def _holds(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.kind == "int" and not isinstance(value, int):
            return False
        # Not math.isfinite: it overflows on whole numbers of more than 308 digits.
        return abs(value) < math.inf and self.low <= value <= self.high

    @property
    def bounds(self) -> str:
        """The allowed values in words."""
        if self.kind == "int":
            return f"a whole number from {self.low} to {self.high}"
        return f"a number from {self.low:g} to {self.high:g}"


def value_at(settings: Any, path: str) -> Any:
    """Return the value at a dotted path of nested settings."""
    value = settings
    for name in path.split("."):
        value = getattr(value, name)
    return value


def with_value(settings: _S, path: str, value: Any) -> _S:
    """Return nested settings with the value at a dotted path replaced, unchecked."""
    changed: _S = _replaced(settings, path.split("."), value)
    return changed


def _replaced(node: Any, names: list[str], value: Any) -> Any:
    if len(names) == 1:
        return replace(node, **{names[0]: value})
    return replace(node, **{names[0]: _replaced(getattr(node, names[0]), names[1:], value)})


def check_values(settings: Any, declared: Iterable[Setting]) -> None:
    """Raise `SettingsError` for the first declared setting that is out of its bounds."""
    for setting in declared:
        setting.check(value_at(settings, setting.path))


def settings_to_dict(settings: Any) -> dict[str, Any]:
    """Return settings as nested dictionaries of plain values, for JSON."""
    return {
        f.name: settings_to_dict(value) if is_dataclass(value) else value
        for f in fields(settings)
        for value in (getattr(settings, f.name),)
    }
