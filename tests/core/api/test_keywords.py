"""Settings as keywords: they are those that are declared, with their types, bounds and needs."""

from __future__ import annotations

import inspect
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

import numpy as np
import pytest

import gmmseg
from gmmseg.api.keywords import (
    MapKeywords,
    RegionKeywords,
    SegmentKeywords,
    map_method,
    region_settings,
    segment_settings,
    with_keywords,
)
from gmmseg.api.segmenting import regions
from gmmseg.errors import SettingsError
from gmmseg.features.spec import FeatureSpec
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import settings_of, value_at


def declared_types(kind: type) -> dict[str, Any]:
    """Return the types of the settings declared in a dataclass and its groups, by their last names."""
    found: dict[str, Any] = {}
    hints = get_type_hints(kind)
    for field in fields(kind):
        of_field = hints[field.name]
        is_group = isinstance(of_field, type) and is_dataclass(of_field)
        found |= declared_types(of_field) if is_group else {field.name: of_field}
    return found


@pytest.mark.parametrize(
    ("kind", "keywords"),
    [(SegmentSettings, SegmentKeywords), (MapSettings, MapKeywords), (RegionSettings, RegionKeywords)],
)
def test_keywords_are_the_declared_settings_with_their_types(kind: type, keywords: type) -> None:
    typed = get_type_hints(keywords)
    declared = declared_types(kind)
    # No two groups may share a name, or a keyword would be ambiguous.
    assert len(declared) == len(settings_of(kind))
    # The option takes a word besides numbers, and so does the keyword.
    for setting in settings_of(kind):
        name = setting.path.rpartition(".")[2]
        if setting.takes_auto:
            assert str(typed.pop(name)) == "typing.Union[int, typing.Literal['auto']]"
            assert declared.pop(name) is int
    assert typed == declared


def test_keywords_of_a_map_are_told_from_those_of_a_fit() -> None:
    maps, others = map_method({"by": "region", "detail": 0.3, "n_components": 4, "min_island": 9})
    assert (maps.settings, maps.regions) == (MapSettings("region", min_island=9), RegionSettings(detail=0.3))
    assert others == {"n_components": 4}


@pytest.mark.parametrize("name", ["detail", "n_regions", "balance"])
def test_what_only_regions_have_needs_classes_by_region(name: str) -> None:
    with pytest.raises(SettingsError, match=r"no effect on classes by pixel\. Add by="):
        map_method({name: 1})
    assert map_method({"by": "region", name: 1})[1] == {}


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (gmmseg.segment, SegmentSettings),
        (gmmseg.segment, MapSettings),
        (gmmseg.apply, MapSettings),
        (regions, RegionSettings),
    ],
)
def test_signature_and_help_show_every_setting(function: Any, kind: type) -> None:
    shown = inspect.signature(function).parameters
    for setting in settings_of(kind):
        name = setting.path.rpartition(".")[2]
        assert shown[name].default == setting.default
        assert f"\n{name} : " in function.__doc__
        assert setting.explanation[:30] in function.__doc__
    assert "{settings}" not in function.__doc__


def test_features_are_one_word_or_switches() -> None:
    by_word = segment_settings("lab+position", {"position_weight": 2.0})
    by_switches = segment_settings(
        FeatureSpec(), {"space": "lab", "has_position": True, "position_weight": 2.0}
    )
    assert by_word == by_switches
    assert str(by_word.features) == "lab+position"


def test_auto_chooses_the_number_of_components_as_the_option_does() -> None:
    assert segment_settings("rgb", {"n_components": "auto"}).auto == "bic"
    assert segment_settings("rgb", {"n_components": "auto", "auto": "icl"}).auto == "icl"
    assert segment_settings("rgb", {}).auto is None


def test_numbers_may_be_numpys() -> None:
    settings = segment_settings("rgb", {"n_components": np.int64(3), "smooth": np.float32(0.5)})
    assert settings.mixture.n_components == 3
    assert type(settings.mixture.n_components) is int
    assert settings.smooth == 0.5


def test_an_unknown_keyword_is_a_type_error_that_guesses() -> None:
    with pytest.raises(TypeError, match="no setting 'n_component'; did you mean n_components"):
        gmmseg.segment(np.zeros((4, 4)), n_component=3)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"n_components": 0}, r"Components cannot be 0\. Choose a whole number from 1 to 256"),
        ({"n_components": "3"}, r"Components cannot be “3”\. Choose a whole number from 1 to 256"),
        ({"covariance": "round"}, "Covariance cannot be “round”"),
        ({"is_hard": 1}, "either on or off"),
        ({"position_weight": 1.0}, r"no effect without Position\. Add has_position=True"),
        ({"texture_octaves": 2}, "no effect without Texture"),
    ],
)
def test_values_are_checked_like_those_of_options(keywords: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        segment_settings("rgb", keywords)


def test_what_is_not_given_stays() -> None:
    settings = RegionSettings(detail=0.2, seed=4)
    changed = with_keywords(settings, {"n_regions": 7})
    assert (changed.detail, changed.n_regions, changed.seed) == (0.2, 7, 4)
    assert value_at(region_settings({"detail": 0.25}), "detail") == 0.25
