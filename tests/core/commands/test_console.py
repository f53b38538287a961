"""Messages of a run while it works: where, how far, and that it is done."""

from __future__ import annotations

import io
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from gmmseg.commands.cli import run
from gmmseg.commands.console import Console
from gmmseg.features.spec import FeatureSpec
from gmmseg.io.images import image_from_array
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.settings import SegmentSettings
from gmmseg.setting import with_setting


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def picture(seed: int = 0) -> np.ndarray:
    pixels = np.random.default_rng(seed).normal(90, 20, (30, 40, 3))
    pixels[:, 20:] += 90
    return pixels.clip(0, 255).astype(np.uint8)


def lines_of(terminal: Terminal) -> list[str]:
    return [part.strip() for part in terminal.getvalue().replace("\n", "\r").split("\r") if part.strip()]


def fit(n_init: int) -> Generator[Any, None, Any]:
    settings = with_setting(SegmentSettings(features=FeatureSpec("rgb")), "mixture.n_init", n_init)
    settings = with_setting(settings, "mixture.n_components", 2)
    return segment_events(SegmentRequest(image_from_array(picture(), "x"), settings))


def test_an_iteration_is_told_with_its_start_where_there_are_several() -> None:
    terminal = Terminal()
    Console(terminal).drain(fit(3), "x.png", 3)
    lines = lines_of(terminal)
    assert any(line.startswith("x.png: Fitting: start 1 of 3, ") for line in lines)
    assert any("start 3 of 3" in line for line in lines)
    assert any("exact, iteration" in line for line in lines)
    iterations = [line for line in lines if "iteration" in line]
    assert len(set(iterations)) == len(iterations)


def test_one_start_is_not_counted() -> None:
    terminal = Terminal()
    Console(terminal).drain(fit(1), "x.png", 1)
    assert "start" not in terminal.getvalue()


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a1.png", "a2.png", "b1.png"):
        PillowImage.fromarray(picture()).save(tmp_path / name)
    return tmp_path


FAST = ["-k", "2", "--n-init", "1", "--tol", "1e-2"]


def test_a_quoted_pattern_is_expanded(photos: Path) -> None:
    assert run(["segment", "a?.png", "-o", "masks", *FAST]) == 0
    assert sorted(path.name for path in (photos / "masks").glob("*.png")) == ["a1.png", "a2.png"]


def test_a_pattern_of_one_file_still_makes_one_mask(photos: Path) -> None:
    assert run(["segment", "b*.png", "-o", "mask.png", *FAST]) == 0
    assert (photos / "mask.png").is_file()


def test_a_file_that_is_named_like_a_pattern_is_that_file(photos: Path) -> None:
    (photos / "a1.png").rename(photos / "a[1].png")
    assert run(["segment", "a[1].png", "-o", "mask.png", *FAST]) == 0


def test_a_pattern_without_files_is_refused_in_one_sentence(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["segment", "c*.png", "-o", "masks", *FAST]) == 1
    said = capsys.readouterr().err
    assert "No file matches c*.png" in said.replace("“", "").replace("”", "")
    assert "Traceback" not in said


def test_on_a_terminal_success_is_told_and_elsewhere_nothing(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stream, is_told in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr("sys.stderr", stream)
        assert run(["segment", "a1.png", "-o", "mask.png", *FAST]) == 0
        assert (
            "a1.png: wrote mask.png in " in stream.getvalue().replace("“", "").replace("”", "")
        ) == is_told


@pytest.mark.parametrize(
    "command", [["segment", "a1.png", "-o", "mask.png"], ["fit", "rows.csv", "-o", "a.npz"]]
)
def test_commands_tell_which_of_how_many_starts_is_fitted(
    photos: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    (photos / "rows.csv").write_text("a,b\n" + "".join(f"{i % 7},{i * i % 11}\n" for i in range(60)))
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert run([*command, "-k", "2", "--n-init", "3"]) == 0
    assert any("Fitting: start 1 of 3, " in line for line in lines_of(terminal))
