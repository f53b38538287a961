"""From the options of ``mnist`` to checked settings and data."""

from __future__ import annotations

import argparse
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from gmmseg.commands.console import Console
from gmmseg.commands.options import long_option, read_value, with_options
from gmmseg.commands.usage import printable
from gmmseg.control import Progress, relayed
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.progress import with_time_left
from gmmseg.digits.recipes import check_experiment, settings_for, usual_recipe
from gmmseg.digits.settings import DigitSettings, RecipeName
from gmmseg.digits.stages import settings_shown
from gmmseg.errors import ReadError, SettingsError
from gmmseg.io.digits.download import cache_folder, download_events, is_complete
from gmmseg.io.digits.reading import read_digits_events
from gmmseg.setting import Setting, settings_of, value_at, with_value

_R = TypeVar("_R")


def digit_settings(options: argparse.Namespace) -> DigitSettings:
    """Return the settings that options of ``mnist`` stand for.

    Raises
    ------
    SettingsError
        A value is out of its bounds or at odds with the recipe, or ``--set`` names no setting of the recipe.
    """
    settings = settings_for(options.recipe or usual_recipe(is_drawn=options.drawn))
    with _naming_the_option():
        settings = with_options(settings, options)
        for text in options.set:
            path, equals, word = text.partition("=")
            if not equals:
                raise SettingsError("", f"--set {printable(path)} gives no value.", "Write --set NAME=VALUE.")
            setting = _setting(path.strip(), settings.recipe)
            settings = with_value(settings, setting.path, read_value(setting, word.strip()))
        check_experiment(settings)
    return settings


@contextmanager
def _naming_the_option() -> Iterator[None]:
    """Begin the refusal of a setting's value with the option that gave it."""
    try:
        yield
    except SettingsError as error:
        names = {one.path: long_option(one) or f"--set {one.path}" for one in settings_of(DigitSettings)}
        if error.field not in names:
            raise
        raise SettingsError(error.field, f"{names[error.field]}: {error.cause}", error.remedy) from error


def _setting(path: str, recipe: RecipeName) -> Setting:
    shown = {setting.path: setting for setting in settings_shown(recipe)}
    del shown["recipe"]
    if path in shown:
        return shown[path]
    if path == "recipe":
        raise SettingsError("", "The recipe is chosen by --recipe.", "Leave it out.")
    if any(setting.path == path for setting in settings_of(DigitSettings)):
        raise SettingsError(path, f"The recipe {recipe} makes no use of {path}.", "Leave it out.")
    raise SettingsError(path, f"There is no setting “{path}”.", f"Choose one of {', '.join(shown)}.")


def settings_text(settings: DigitSettings) -> str:
    """Return the settings that a recipe reads, one a line: name, value, explanation."""
    shown = settings_shown(settings.recipe)
    width = max(len(setting.path) for setting in shown)
    lines = []
    for setting in shown:
        value = value_at(settings, setting.path)
        word = "auto" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        unit = f" {setting.unit}" if setting.unit and value is not None else ""
        lines.append(f"{setting.path:{width}}  {word}{unit}\n{'':{width}}  {setting.explanation}")
    return "\n".join(lines)


def read_data(options: argparse.Namespace, console: Console) -> DigitSet:
    """Return the digits that options of ``mnist`` ask for; downloads them first where wanted.

    Raises
    ------
    ReadError, BudgetError, WriteError
    Cancelled
    """
    if options.drawn:
        return drawn_digits()
    place = cache_folder() if options.data is None else options.data
    if options.download:
        console.drain(download_events(place, console.should_stop))
    elif options.data is None and not is_complete(place):
        raise ReadError(
            "MNIST has not been downloaded yet.",
            "Add --download, or --data with its folder, or --drawn for digits drawn by the program.",
        )
    return console.drain(read_digits_events(place, console.should_stop))


def foreseen(job: Generator[Any, None, _R]) -> Generator[Any, None, _R]:
    """Pass on what a job yields, its progress with the share that is done and the time that is left."""
    began = time.monotonic()

    def timed(event: object) -> tuple[object]:
        return (with_time_left(event, time.monotonic() - began) if isinstance(event, Progress) else event,)

    return relayed(job, timed)
