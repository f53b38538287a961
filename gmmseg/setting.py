"""A setting is declared once, in its dataclass field; table, check, parser and panel are views of that."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Literal, TypedDict, TypeVar, Unpack, cast

from gmmseg.errors import SettingsError

_S = TypeVar("_S")
_T = TypeVar("_T")
_KEY = "setting"


class Views(TypedDict, total=False):
    """Options of a declaration beyond value, title, explanation and bounds; see `Setting`."""

    is_optional: bool
    unit: str
    option: str
    metavar: str
    help: str
    needs: str
    after: str
    section: str
    is_advanced: bool
    mnemonic: str
    step: float | None
    slider: tuple[float, float, float]
    is_seed: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its names, its check and its form, in the window and on the command line.

    Parameters
    ----------
    path : str
        Its place in the settings, such as ``mixture.tol``.
    default : object
    title, explanation : str
        The label of its field and one or two sentences about it.
    kind : {"int", "float", "bool", "choice"}
    low, high : float
        Bounds of a number, both allowed.
    unit : str
    choices : tuple of (value, title)
    is_optional : bool
        Whether it may be None, which leaves it to the program.
    option : str
        Names on the command line, ``-k --components``; empty for a setting without an option of its own.
    metavar, help : str
        Of the option. A metavar that ends in ``|auto`` lets that word be given. In the help, ``{default}``,
        ``{low}`` and ``{high}`` stand for those values; where it is empty the explanation serves.
    needs : str
        Path of the switch without which it has no effect.
    after : str
        Path of the setting that it follows where settings are arranged for reading.
    section : str
        Heading of the window's section; that of the group it belongs to where it is not given.
    is_advanced : bool
        Shown where few look.
    mnemonic : str
        Letter of the title by which the keyboard reaches its field.
    step : float, optional
        What an arrow of its field adds; None steps in powers of ten.
    slider : (low, high, resolution), optional
        Usual range, for a slider.
    is_seed : bool
        Whether any other value is as good.
    """

    path: str
    default: Any
    title: str
    explanation: str
    kind: Literal["int", "float", "bool", "choice"]
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[tuple[str, str], ...] = ()
    is_optional: bool = False
    unit: str = ""
    option: str = ""
    metavar: str = "N"
    help: str = ""
    needs: str = ""
    after: str = ""
    section: str = ""
    is_advanced: bool = False
    mnemonic: str = ""
    step: float | None = 1
    slider: tuple[float, float, float] | None = None
    is_seed: bool = False

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
            # In quotes a text that looks like a number is seen to be none.
            shown = f"“{value}”" if isinstance(value, str) else value
            raise SettingsError(self.path, f"{self.title} cannot be {shown}.", f"Choose {self.bounds}.")

    def _holds(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.kind == "int" and not isinstance(value, int):
            return False
        # Not math.isfinite: it overflows on whole numbers of more than 308 digits.
        return abs(value) < math.inf and self.low <= value <= self.high

    @property
    def takes_auto(self) -> bool:
        """Whether its option takes the word ``auto``."""
        return self.metavar.endswith("|auto")

    @property
    def bounds(self) -> str:
        """The allowed values in words."""
        if self.kind == "int":
            return f"a whole number from {self.low} to {self.high}"
        return f"a number from {self.low:g} to {self.high:g}"


def number(
    default: _T, bounds: tuple[float, float], title: str, explanation: str, **views: Unpack[Views]
) -> _T:
    """Declare a field that holds a number, a whole one where its bounds are; None as default allows None."""
    kind: Literal["int", "float"] = "int" if isinstance(bounds[0], int) else "float"
    return _field(default, Setting("", default, title, explanation, kind, *bounds, **views))


def choice(
    default: _T, title: str, explanation: str, titles: Mapping[Any, str], **views: Unpack[Views]
) -> _T:
    """Declare a field that holds one of a few words, each with its title; None as default allows None."""
    return _field(
        default,
        Setting("", default, title, explanation, "choice", choices=tuple(titles.items()), **views),
    )


def switch(title: str, explanation: str, **views: Unpack[Views]) -> bool:
    """Declare a field that is on or off, off at first."""
    return _field(False, Setting("", False, title, explanation, "bool", **views))


def group(settings: Callable[[], _S], section: str) -> _S:
    """Declare a field that holds further settings, shown under a heading of their own."""
    return dataclasses.field(default_factory=settings, metadata={_KEY: section})


def _field(default: _T, setting: Setting) -> _T:
    declared = replace(setting, is_optional=setting.is_optional or default is None)
    return dataclasses.field(default=default, metadata={_KEY: declared})


def settings_of(kind: type) -> tuple[Setting, ...]:
    """Return the settings declared in a dataclass and in its groups, in the order of their fields."""
    if kind not in _declared:
        _declared[kind] = _settings_of(kind)
    return _declared[kind]


def _settings_of(kind: type) -> tuple[Setting, ...]:
    found: list[Setting] = []
    for one in fields(kind):
        declared = one.metadata[_KEY]
        if isinstance(declared, Setting):
            found.append(replace(declared, path=one.name))
        else:
            found += (
                _within(one.name, setting, declared)
                for setting in settings_of(type(cast(Callable[[], Any], one.default_factory)()))
            )
    return tuple(found)


_declared: dict[type, tuple[Setting, ...]] = {}


def _within(name: str, setting: Setting, section: str) -> Setting:
    return replace(
        setting,
        path=f"{name}.{setting.path}",
        section=setting.section or section,
        needs=f"{name}.{setting.needs}" if setting.needs else "",
        after=f"{name}.{setting.after}" if setting.after else "",
    )


def is_settings(kind: type) -> bool:
    """Whether a class is a dataclass of settings alone."""
    return is_dataclass(kind) and all(_KEY in one.metadata for one in fields(kind))


def own_settings(kind: type) -> dict[str, Setting]:
    """Return the settings that a dataclass itself declares, by field; other fields are left out."""
    declared = {one.name: one.metadata.get(_KEY) for one in fields(kind)}
    return {
        name: replace(setting, path=name)
        for name, setting in declared.items()
        if isinstance(setting, Setting)
    }


def setting_of(kind: type, path: str) -> Setting:
    """Return the setting at a dotted path of a dataclass; raises KeyError."""
    return {setting.path: setting for setting in settings_of(kind)}[path]


def arranged(settings: Iterable[Setting]) -> list[Setting]:
    """Return settings in an order for reading: each one after what it says that it follows."""
    order = list(settings)
    for setting in tuple(order):
        paths = [one.path for one in order if one is not setting]
        if setting.after in paths:
            order.remove(setting)
            order.insert(paths.index(setting.after) + 1, setting)
    return order


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


def with_setting(settings: _S, path: str, value: Any) -> _S:
    """Return the settings with the value at `path` replaced; raises `SettingsError` when out of bounds."""
    setting_of(type(settings), path).check(value)
    return with_value(settings, path, value)


def check_settings(settings: Any) -> None:
    """Raise `SettingsError` for the first setting out of its bounds."""
    for setting in settings_of(type(settings)):
        setting.check(value_at(settings, setting.path))


def settings_to_dict(settings: Any) -> dict[str, Any]:
    """Return settings as nested dictionaries of plain values, for JSON."""
    return {
        f.name: settings_to_dict(value) if is_dataclass(value) else value
        for f in fields(settings)
        for value in (getattr(settings, f.name),)
    }
