"""One declaration is enough: a new setting is seen by checks, options, ``--settings`` and README."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gmmseg.commands.cli import run
from gmmseg.commands.mnist_options import digit_settings
from gmmseg.commands.options import map_settings, region_settings, segment_settings
from gmmseg.commands.parser import build_parser, parse
from gmmseg.errors import SettingsError
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import check_settings, settings_of, settings_to_dict, value_at, with_setting
from tests.core.commands.readme_options import parts, table
from tests.data.settings import SparklingDigits, SparklingPca, SparklingSettings

HOMES = ("gmmseg.commands.parser", "gmmseg.commands.options", "gmmseg.commands.contradictions")


@pytest.fixture
def sparkling(monkeypatch: pytest.MonkeyPatch) -> None:
    for home in HOMES:
        monkeypatch.setattr(f"{home}.SegmentSettings", SparklingSettings)
    for home in ("gmmseg.digits.recipes", "gmmseg.digits.stages", "gmmseg.commands.mnist_options"):
        monkeypatch.setattr(f"{home}.DigitSettings", SparklingDigits)


def test_a_new_setting_is_checked() -> None:
    settings = with_setting(SparklingSettings(), "mixture.sparkle", 2.0)
    check_settings(settings)
    assert settings_to_dict(settings)["mixture"]["sparkle"] == 2.0
    with pytest.raises(SettingsError, match=r"Sparkle cannot be 3\.0\. Choose a number from 0 to 2"):
        with_setting(settings, "mixture.sparkle", 3.0)
    with pytest.raises(SettingsError, match="Choose dark, light"):
        check_settings(SparklingDigits(pca=SparklingPca(shade="grey")))


@pytest.mark.usefixtures("sparkling")
def test_a_new_setting_is_an_option(capsys: Any) -> None:
    run(["segment", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "--sparkle N how much it sparkles (default 0.25)" in text
    assert "--loud makes it loud" in text
    line = ["segment", "a.png", "-o", "b.png"]
    settings = segment_settings(parse([*line, "--sparkle", "1.5", "--loud"]))
    assert (value_at(settings, "mixture.sparkle"), value_at(settings, "mixture.is_loud")) == (1.5, True)
    assert run([*line, "--sparkle", "3"]) == run([*line, "--sparkle", "lots"]) == 2
    assert run([*line, "--method", "regions", "--sparkle", "1"]) == 2
    assert "--sparkle is for the mixture" in capsys.readouterr().err


@pytest.mark.usefixtures("sparkling")
def test_a_new_setting_is_listed_and_set(capsys: Any) -> None:
    assert run(["mnist", "--settings", "--recipe", "pixels", "--set", "pca.shade=light"]) == 0
    assert re.search(r"^pca\.shade +light\n +How dark it is\.$", capsys.readouterr().out, re.MULTILINE)
    settings = digit_settings(parse(["mnist", "--set", "pca.shade=light"]))
    assert value_at(settings, "pca.shade") == "light"
    assert run(["mnist", "--drawn", "--set", "pca.shade=grey"]) == 2


def test_every_option_of_the_settings_is_parsed_back_to_them() -> None:
    _, commands = build_parser()
    for kind, read, extra in (
        (SegmentSettings, segment_settings, ["--features", "rgb+position+texture"]),
        (MapSettings, map_settings, ["--by", "region"]),
        (RegionSettings, region_settings, ["--method", "regions"]),
    ):
        for setting in settings_of(kind):
            if not setting.option or setting.path == "auto":
                continue
            words: list[str]
            value: Any
            if setting.kind == "bool":
                words, value = [], True
            elif setting.kind == "choice":
                words, value = [setting.choices[-1][0]], setting.choices[-1][0]
            else:
                words, value = [str(setting.high)], setting.high
            for name in setting.option.split():
                # What a person teaches comes with where it is taught.
                needed = ["--hints", "m.png"] if setting.path == "learns_from" else []
                options = parse(["segment", "a.png", "-o", "b.png", *extra, *needed, name, *words])
                assert value_at(read(options), setting.path) == value
                assert name in commands["segment"].format_help()


def test_defaults_in_the_help_are_those_of_the_settings(capsys: Any) -> None:
    run(["segment", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for words in ("(default 5), or auto", "(default 1e-6)", "(default 0: off)", "0.5 to 8 (default 1)"):
        assert words in text


def test_readme_s_table_is_made_from_the_declarations() -> None:
    assert parts()[1] == table(), "run python -m tests.core.commands.readme_options"
