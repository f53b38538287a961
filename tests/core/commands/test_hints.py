"""``--hints``: a mask teaches the classes, on the command line and in a call, with the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import gmmseg
from gmmseg.arrays import AnyArray
from gmmseg.commands.cli import run
from gmmseg.errors import ReadError
from tests.core.commands.test_cli import photo

FAST = ["--n-init", "1", "--tol", "1e-3"]


def strokes() -> AnyArray:
    ids = np.zeros((30, 40), dtype=np.uint8)
    ids[3:9, 4:30], ids[20:26, 8:36] = 3, 7
    return ids


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``photo.png`` and ``strokes.png`` in it, which is the current one."""
    monkeypatch.chdir(tmp_path)
    Pillow.fromarray(photo()).save("photo.png")
    Pillow.fromarray(strokes()).save("strokes.png")
    return tmp_path


@pytest.mark.parametrize("learns_from", ["regions", "marked", "all"])
def test_a_mask_and_an_array_teach_the_same_and_the_model_applies(place: Path, learns_from: Any) -> None:
    hints = ["--hints", "strokes.png", "--learn-from", learns_from]
    assert run(["segment", "photo.png", *FAST, *hints, "-o", "m.png", "--model", "m.json"]) == 0
    called = gmmseg.segment("photo.png", hints=strokes(), learns_from=learns_from, n_init=1, tol=1e-3)
    gmmseg.save_mask(called, "called.png")
    assert Path("called.png").read_bytes() == Path("m.png").read_bytes()
    assert run(["apply", "m.json", "photo.png", "-o", "again.png"]) == 0
    assert Path("again.png").read_bytes() == Path("m.png").read_bytes()
    classes = json.loads(Path("m.json").read_text())["classes"]
    assert [entry["name"] for entry in classes] == ["Object 3", "Object 7"]
    assert [entry.name for entry in called.classes] == ["Object 3", "Object 7"]


def test_the_marked_regions_teach_unless_something_else_is_asked_for(place: Path) -> None:
    plain = gmmseg.segment("photo.png", hints="strokes.png", n_init=1, tol=1e-3)
    said = gmmseg.segment("photo.png", hints="strokes.png", learns_from="regions", n_init=1, tol=1e-3)
    assert plain.log_likelihood == said.log_likelihood
    assert plain.report["image"] == said.report["image"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["photo.png", "--hints", "photo.png"], "so it is a picture"),
        (["photo.png", "--hints", "none.png"], "does not exist"),
        (["photo.png", "photo.png", "--hints", "strokes.png"], "belongs to one image"),
        ([".", "--hints", "strokes.png"], "belongs to one image"),
    ],
)
def test_hints_that_cannot_teach_are_refused(
    place: Path, capsys: Any, arguments: list[str], words: str
) -> None:
    assert run(["segment", *arguments, "-o", "m.png"]) == 1
    assert words in capsys.readouterr().err
    assert not Path("m.png").exists()


def test_hints_are_never_written_over(place: Path, capsys: Any) -> None:
    before = Path("strokes.png").read_bytes()
    assert run(["segment", "photo.png", "--hints", "strokes.png", "-o", "strokes.png"]) == 1
    assert Path("strokes.png").read_bytes() == before


def test_an_array_of_another_size_is_refused(place: Path) -> None:
    with pytest.raises(ReadError, match="41 × 30 pixels; the image has 40 × 30"):
        gmmseg.segment("photo.png", hints=np.ones((30, 41), dtype=int))
