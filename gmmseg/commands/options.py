"""Options that stand for settings: made from the declarations, and read back into settings; no numpy."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from gmmseg.commands.usage import printable
from gmmseg.commands.values import number, place, whole_number
from gmmseg.errors import SettingsError
from gmmseg.features.spec import FeatureSpec
from gmmseg.photo.settings import TAUGHT_BY, MapSettings, SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import Setting, settings_of, with_value

_S = TypeVar("_S")
_AUTO = "auto"
_WORDS = {"true": True, "false": False, "on": True, "off": False, "yes": True, "no": False}


def add_options(group: argparse._ArgumentGroup, settings: Iterable[Setting]) -> None:
    """Add the option of each setting that has one."""
    for setting in settings:
        if not setting.option:
            continue
        arguments: dict[str, Any] = {"help": help_text(setting)}
        if setting.kind == "bool":
            arguments["action"] = "store_true"
        elif setting.kind == "choice":
            arguments["choices"] = [key for key, _ in setting.choices]
        else:
            arguments |= {"type": reader(setting), "metavar": setting.metavar}
        group.add_argument(*setting.option.split(), **arguments)


def add_file(group: argparse._ActionsContainer, name: str, text: str, metavar: str = "FILE") -> None:
    """Add an option that takes the name of a file."""
    group.add_argument(name, type=place, metavar=metavar, help=text)


def add_switch(group: argparse._ActionsContainer, name: str, text: str) -> None:
    """Add an option that takes no value."""
    group.add_argument(name, action="store_true", help=text)


def help_text(setting: Setting) -> str:
    """Return the help of a setting's option, written for argparse."""
    sentence = f"{setting.explanation[:1].lower()}{setting.explanation[1:].rstrip('.')}"
    text = setting.help or sentence + " (default {default})" * (setting.default not in (None, False))
    values = {name: plain(getattr(setting, name)) for name in ("default", "low", "high")}
    return text.format(**values).replace("%", "%%")


def plain(value: Any) -> str:
    """Return a value as one types it: ``1e-6``, ``0``, ``full``."""
    return re.sub(r"e([+-])0+", r"e\1", f"{value:g}") if isinstance(value, float) else str(value)


def reader(setting: Setting) -> Callable[[str], Any]:
    """Return how argparse reads the value of a setting's option; ``auto`` stays a word."""

    def read(text: str) -> Any:
        if text == _AUTO and setting.takes_auto:
            return text
        try:
            return read_value(setting, text)
        except SettingsError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def read_value(setting: Setting, text: str) -> Any:
    """Return a word as a setting's value; raises `SettingsError`."""
    value: Any = printable(text)
    if setting.is_optional and text == _AUTO:
        value = None
    elif setting.kind == "bool":
        value = _WORDS.get(text.lower(), value)
    elif setting.kind != "choice":
        # What is no number stays a word, for the check to refuse.
        with suppress(argparse.ArgumentTypeError):
            value = whole_number(text) if setting.kind == "int" else number(text)
    setting.check(value)
    return value


def destination(setting: Setting) -> str:
    """Return the name of a setting's option among parsed options."""
    return long_option(setting)[2:].replace("-", "_")


def long_option(setting: Setting) -> str:
    """Return the long name of a setting's option; empty where it has none."""
    return setting.option.split(" ")[-1]


def is_given(options: argparse.Namespace, name: str) -> bool:
    """Return whether the command has an option without a default of its own, and it was given."""
    # Compared by identity: 0 is a value, and equal to False.
    value = getattr(options, name, None)
    return value is not None and value is not False


def with_options(settings: _S, options: argparse.Namespace) -> _S:
    """Return the settings with the values that were given as options, which the parser has checked.

    ``auto`` leaves an optional setting to the program, and does not change another one.
    """
    for setting in settings_of(type(settings)):
        if setting.option and is_given(options, destination(setting)):
            value = getattr(options, destination(setting))
            if value != _AUTO:
                settings = with_value(settings, setting.path, value)
            elif setting.is_optional:
                settings = with_value(settings, setting.path, None)
    return settings


def segment_settings(options: argparse.Namespace) -> SegmentSettings:
    """Return the settings that options of ``segment`` stand for."""
    settings = with_options(SegmentSettings(features=options.features or FeatureSpec()), options)
    if options.components == "auto" and settings.auto is None:
        settings = replace(settings, auto="bic")
    if options.hints is not None and settings.learns_from is None:
        settings = replace(settings, learns_from=TAUGHT_BY)
    return settings


def map_settings(options: argparse.Namespace) -> MapSettings:
    """Return the settings of the map of classes that options of ``segment`` and ``apply`` stand for."""
    return with_options(MapSettings(), options)


def region_settings(options: argparse.Namespace) -> RegionSettings:
    """Return the settings of regions that options stand for; a seed given with them is that of the method."""
    settings = with_options(RegionSettings(), options)
    is_of_mixture = options.command == "apply" or options.method == "mixture"
    return replace(settings, seed=RegionSettings().seed) if is_of_mixture else settings
