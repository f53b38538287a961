"""Every setting is declared once, checked at its bounds and refused beyond them."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Any

import pytest

from gmmseg.errors import SettingsError
from gmmseg.features.spec import FeatureSpec
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.settings import SegmentSettings
from gmmseg.setting import (
    Setting,
    check_settings,
    setting_of,
    settings_of,
    settings_to_dict,
    value_at,
    with_setting,
)

SETTINGS = settings_of(SegmentSettings)
NUMBERS = [setting for setting in SETTINGS if setting.kind in ("int", "float")]


def test_the_table_has_a_row_for_each_field() -> None:
    declared = {setting.path for setting in SETTINGS}
    expected = {"auto", "learns_from", "smooth"} | {f"mixture.{f.name}" for f in fields(FitSettings)}
    expected |= {f"features.{f.name}" for f in fields(FeatureSpec)}
    assert declared == expected
    assert len(declared) == len(SETTINGS)


def test_the_defaults_pass_their_own_check() -> None:
    check_settings(SegmentSettings())


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda setting: setting.path)
def test_both_bounds_are_allowed_and_what_is_beyond_is_not(setting: Setting) -> None:
    whole = setting.kind == "int"
    for bound, beyond in ((setting.low, -1), (setting.high, 1)):
        exact = int(bound) if whole else bound
        assert value_at(with_setting(SegmentSettings(), setting.path, exact), setting.path) == exact
        outside = exact + beyond if whole else math.nextafter(bound, beyond * math.inf)
        with pytest.raises(SettingsError) as caught:
            with_setting(SegmentSettings(), setting.path, outside)
        assert caught.value.field == setting.path
        assert setting.title in caught.value.cause
        assert caught.value.remedy


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda setting: setting.path)
@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, "3", "", "１２", True, [1], 10**400],
    ids=lambda value: str(value)[:9],
)
def test_what_is_no_finite_number_is_refused(setting: Setting, value: Any) -> None:
    with pytest.raises(SettingsError):
        setting.check(value)


@pytest.mark.parametrize(
    "path", ["mixture.n_components", "mixture.seed", "mixture.max_iter", "mixture.n_init"]
)
def test_whole_numbers_take_no_fraction(path: str) -> None:
    with pytest.raises(SettingsError, match="whole number"):
        setting_of(SegmentSettings, path).check(3.5)


def test_the_largest_seed_is_exact() -> None:
    settings = with_setting(SegmentSettings(), "mixture.seed", 2**63 - 1)
    assert settings.mixture.seed == 9223372036854775807
    with pytest.raises(SettingsError):
        with_setting(settings, "mixture.seed", 2**63)


@pytest.mark.parametrize("path", [setting.path for setting in SETTINGS if setting.is_optional])
def test_only_optional_settings_may_be_none(path: str) -> None:
    assert value_at(with_setting(SegmentSettings(), path, None), path) is None
    with pytest.raises(SettingsError):
        setting_of(SegmentSettings, "mixture.tol").check(None)


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.kind == "choice"], ids=lambda s: s.path)
def test_choices_take_their_keys_and_name_them_when_refusing(setting: Setting) -> None:
    for key, title in setting.choices:
        assert title
        assert value_at(with_setting(SegmentSettings(), setting.path, key), setting.path) == key
    with pytest.raises(SettingsError, match=setting.choices[0][0].replace("+", r"\+")):
        setting.check("nothing of the kind")


def test_changing_a_setting_leaves_the_others_and_the_old_value() -> None:
    before = SegmentSettings()
    after = with_setting(before, "features.space", "lab")
    assert before.features.space == "rgb"
    assert after.mixture is before.mixture
    assert after != before
    assert with_setting(after, "features.space", "rgb") == before


def test_settings_become_plain_json() -> None:
    text = json.dumps(settings_to_dict(SegmentSettings(auto="icl", smooth=1.5)))
    read = json.loads(text)
    assert read["auto"] == "icl"
    assert read["features"]["space"] == "rgb"
    assert read["mixture"]["reg_covar"] is None
