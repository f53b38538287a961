"""From the options of ``mnist`` to checked settings and data."""

from __future__ import annotations

import argparse
import time
from collections.abc import Generator
from typing import Any, TypeVar

from gmmseg.commands.console import Console
from gmmseg.commands.options import naming_the_option
from gmmseg.commands.usage import printable
from gmmseg.commands.values import number, whole_number
from gmmseg.control import Progress, relayed
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.progress import with_time_left
from gmmseg.digits.recipes import settings_for
from gmmseg.digits.setting_table import DIGIT_SETTING_BY_PATH, check_digit_settings, with_digit_setting
from gmmseg.digits.settings import DigitSettings, RecipeName
from gmmseg.digits.stages import settings_shown
from gmmseg.errors import ReadError, SettingsError
from gmmseg.io.digits.download import cache_folder, download_events, is_complete
from gmmseg.io.digits.reading import read_digits_events
from gmmseg.setting import Setting, value_at

_R = TypeVar("_R")
_OPTIONS = {
    "n_clusters": "--components", "seed": "--seed", "n_images": "--images", "covariance": "--covariance",
    "fit_on": "--fit-on",
}  # fmt: skip
_WORDS = {"true": True, "false": False, "on": True, "off": False, "yes": True, "no": False}


def digit_settings(options: argparse.Namespace) -> DigitSettings:
    """Return the settings that options of ``mnist`` stand for.

    Raises
    ------
    SettingsError
        A value is out of its bounds, or ``--set`` names no setting of the recipe.
    """
    with naming_the_option(
        {**_OPTIONS, **{path: f"--set {path}" for path in DIGIT_SETTING_BY_PATH if "." in path}}
    ):
        settings = _digit_settings(options)
        check_digit_settings(settings)
    return settings


def _digit_settings(options: argparse.Namespace) -> DigitSettings:
    # Drawn digits are too alike for the graph of the manifold: it joins different ones.
    recipe: RecipeName = options.recipe or ("orientation" if options.drawn else "manifold")
    settings = settings_for(recipe)
    given = {"fit_on": options.fit_on, "seed": options.seed}
    if options.components is not None:
        given["n_clusters"] = None if options.components == "auto" else options.components
    if options.covariance is not None:
        given["covariance"] = options.covariance
    if options.images is not None:
        given["n_images"] = options.images
    for path, value in given.items():
        settings = with_digit_setting(settings, path, value)
    for text in options.set:
        path, equals, word = text.partition("=")
        if not equals:
            raise SettingsError("", f"--set {printable(path)} gives no value.", "Write --set NAME=VALUE.")
        settings = with_digit_setting(settings, path, _value(_setting(path.strip(), recipe), word.strip()))
    return settings


def _setting(path: str, recipe: RecipeName) -> Setting:
    known = [setting.path for setting in settings_shown(recipe) if setting.path != "recipe"]
    if path in known:
        return DIGIT_SETTING_BY_PATH[path]
    if path == "recipe":
        raise SettingsError(path, "The recipe is chosen by --recipe.", "Leave it out.")
    if path in DIGIT_SETTING_BY_PATH:
        raise SettingsError(path, f"The recipe {recipe} makes no use of {path}.", "Leave it out.")
    raise SettingsError(path, f"There is no setting “{path}”.", f"Choose one of {', '.join(known)}.")


def _value(setting: Setting, word: str) -> Any:
    """Return a word as a setting's value; what is none stays a word, for the check to refuse."""
    if setting.kind == "choice":
        return word
    if setting.is_optional and word == "auto":
        return None
    if setting.kind == "bool":
        return _WORDS.get(word.lower(), word)
    try:
        return whole_number(word) if setting.kind == "int" else number(word)
    except argparse.ArgumentTypeError:
        return word


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
