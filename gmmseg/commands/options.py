"""From parsed options to checked settings: the same table that the window's panel reads."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from gmmseg.errors import SettingsError
from gmmseg.features.spec import FeatureSpec
from gmmseg.photo.settings import SegmentSettings, check_settings, with_setting
from gmmseg.regions.settings import REGION_SETTINGS, RegionSettings
from gmmseg.setting import check_values

_PATHS = {
    "position_weight": "features.position_weight",
    "texture_scale": "features.texture_scale",
    "texture_octaves": "features.texture_octaves",
    "covariance": "mixture.covariance",
    "smooth": "smooth",
    "init": "mixture.init",
    "n_init": "mixture.n_init",
    "seed": "mixture.seed",
    "max_iter": "mixture.max_iter",
    "tol": "mixture.tol",
    "parameter_tol": "mixture.parameter_tol",
    "q_tol": "mixture.q_tol",
    "reg_covar": "mixture.reg_covar",
}
"""Options whose value is a setting's, and which."""


_OPTIONS = {path: f"--{name.replace('_', '-')}" for name, path in _PATHS.items()}
_OPTIONS |= {"mixture.n_components": "--components", "detail": "--detail", "n_regions": "--regions"}


@contextmanager
def naming_the_option(options: Mapping[str, str]) -> Iterator[None]:
    """Begin the refusal of a value with the option that gave it, by the setting's path.

    Raises
    ------
    SettingsError
        In place of one raised within.
    """
    try:
        yield
    except SettingsError as error:
        option = options.get(error.field)
        if option is None:
            raise
        raise SettingsError(error.field, f"{option}: {error.cause}", error.remedy) from error


def segment_settings(options: argparse.Namespace) -> SegmentSettings:
    """Return the settings that options of ``segment`` stand for.

    Raises
    ------
    SettingsError
        A value is out of its bounds; the sentence names the option.
    """
    with naming_the_option(_OPTIONS):
        settings = _segment_settings(options)
        check_settings(settings)
    return settings


def _segment_settings(options: argparse.Namespace) -> SegmentSettings:
    spec = FeatureSpec.parse(options.features or "rgb", is_standardised=options.standardise)
    settings = SegmentSettings(features=spec)
    if options.components == "auto":
        settings = with_setting(settings, "auto", options.criterion or "bic")
    elif options.components is not None:
        settings = with_setting(settings, "mixture.n_components", options.components)
    settings = with_setting(settings, "mixture.is_hard", options.hard)
    settings = with_setting(settings, "mixture.accelerate", options.accelerate)
    for name, path in _PATHS.items():
        value = getattr(options, name)
        if value is not None:
            settings = with_setting(settings, path, value)
    return settings


def region_settings(options: argparse.Namespace) -> RegionSettings:
    """Return the settings that options of ``segment --method regions`` stand for.

    Raises
    ------
    SettingsError
        A value is out of its bounds; the sentence names the option.
    """
    wanted = {"detail": options.detail, "n_regions": options.regions, "seed": options.seed}
    given = {name: value for name, value in wanted.items() if value is not None}
    settings = replace(RegionSettings(), **given)
    with naming_the_option({**_OPTIONS, "seed": "--seed"}):
        check_values(settings, REGION_SETTINGS)
    return settings


def frame_index(options: argparse.Namespace) -> int:
    """Return the page or frame to read, from 0; raises `SettingsError` for one below the first."""
    if options.frame < 1:
        raise SettingsError("frame", "Pages and frames are counted from 1.", "Choose 1 or more.")
    return int(options.frame) - 1
