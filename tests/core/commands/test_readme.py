"""README's commands run as they are written, in its order, from the examples that its first line writes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from gmmseg.commands.cli import run
from gmmseg.commands.parser import parse
from gmmseg.io.images import list_images, read_image

README = Path(__file__).parents[3] / "README.md"
ELSEWHERE = ("--download", "--scheduler", "mnist --recipe", "--table --seeds", "--drawn")
"""Parts of lines that need a download or what it fetches, a running scheduler, or minutes."""


def commands() -> list[list[str]]:
    """Return the words after ``gmmseg`` of each command in README's blocks of shell lines."""
    return list(_commands(README.read_text(encoding="utf-8")))


def _commands(text: str) -> Iterator[list[str]]:
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            starts = [at for at, word in enumerate(words) if word == "gmmseg"]
            for at in starts:
                rest = words[at + 1 :]
                yield rest[: rest.index("&&")] if "&&" in rest else rest


def test_every_command_of_readme_makes_sense_to_the_program() -> None:
    found = commands()
    assert len(found) > 25
    assert found[0][0] == "examples"
    for words in found:
        assert parse(words).command == words[0]


@pytest.mark.slow
def test_every_command_of_readme_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("zarr")
    monkeypatch.chdir(tmp_path)
    first, *others = commands()
    assert run(first) == 0
    monkeypatch.chdir(tmp_path / first[-1])
    for words in others:
        line = " ".join(words)
        if not any(part in line for part in ELSEWHERE):
            assert run(words) == 0, line
    assert len(list_images("masks")) == len(list_images("folder"))


def test_examples_are_written_into_a_new_folder_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "examples"
    assert run(["examples", str(folder)]) == 0
    coins = read_image(folder / "coins.ome.tif")
    assert coins.pixels.dtype == np.uint16
    assert coins.pixel_size == pytest.approx((500.0, 500.0))
    photo = read_image(folder / "photo.jpg")
    strokes = np.asarray(Pillow.open(folder / "strokes.png"))
    assert strokes.shape == photo.pixels.shape[:2]
    assert set(np.unique(strokes)) == {0, 1, 2, 3}
    assert run(["examples", str(folder)]) == 1
    assert "not empty" in capsys.readouterr().err
