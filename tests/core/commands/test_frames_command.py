"""``gmmseg frames``: stacks of every kind and folders, the same masks as from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

import gmmseg
from gmmseg.arrays import AnyArray
from gmmseg.commands.cli import run
from gmmseg.io.images import read_frames, read_image
from tests.core.frames.test_background import street

N = 16


def stack(folder: Path, kind: str) -> Path:
    """Write the street as a file of frames or a folder of them."""
    frames = list(street(N))
    path = folder / f"street.{kind}"
    pictures = [Pillow.fromarray(frame) for frame in frames]
    if kind == "tif":
        tifffile.imwrite(path, np.array(frames), photometric="rgb")
    elif kind == "folder":
        path.mkdir()
        for at, picture in enumerate(pictures):
            picture.save(path / f"shot{at:02d}.png")
    else:
        lossless: dict[str, Any] = {"lossless": True} if kind == "webp" else {}
        pictures[0].save(path, save_all=True, append_images=pictures[1:], **lossless)
    return path


def written(folder: Path) -> dict[str, AnyArray]:
    return {file.name: np.asarray(Pillow.open(file)) for file in sorted(folder.iterdir())}


@pytest.mark.parametrize("kind", ["tif", "gif", "webp", "png", "folder"])
def test_every_frame_gets_the_mask_that_python_finds(tmp_path: Path, kind: str) -> None:
    source = stack(tmp_path, kind)
    assert run(["frames", str(source), "--rate", "0.05", "-o", str(tmp_path / "masks")]) == 0
    found = written(tmp_path / "masks")
    if kind == "folder":
        assert list(found) == [f"shot{at:02d}.png" for at in range(N)]
    else:
        assert list(found) == [f"street_{at:04d}.png" for at in range(1, N + 1)]
    expected = list(gmmseg.foreground(source, rate=0.05))
    assert len(expected) == N
    for mask, values in zip(expected, found.values(), strict=True):
        assert values.dtype == np.uint8
        np.testing.assert_array_equal(values, np.where(mask, 255, 0))
    assert 0 < found[list(found)[-1]].mean() < 100


@pytest.mark.parametrize("kind", ["tif", "gif", "webp", "png"])
def test_frames_in_a_row_are_those_that_are_read_alone(tmp_path: Path, kind: str) -> None:
    source = stack(tmp_path, kind)
    for at, image in enumerate(read_frames(source)):
        alone = read_image(source, frame=at)
        np.testing.assert_array_equal(image.pixels, alone.pixels)
        assert image.source == alone.source
    assert at == N - 1


def test_settings_reach_the_mixture(tmp_path: Path) -> None:
    source = stack(tmp_path, "tif")
    options = ["--rates", "zivkovic", "-k", "2", "--threshold", "2.5", "--background", "0.6"]
    assert run(["frames", str(source), *options, "-o", str(tmp_path / "m")]) == 0
    expected = gmmseg.foreground(source, rates="zivkovic", n_components=2, threshold=2.5, background=0.6)
    for mask, values in zip(expected, written(tmp_path / "m").values(), strict=True):
        np.testing.assert_array_equal(values > 0, mask)
    plain = list(gmmseg.foreground(source))
    assert any((mask != (values > 0)).any()
               for mask, values in zip(plain, written(tmp_path / "m").values(), strict=True))  # fmt: skip


def test_arrays_are_frames_too() -> None:
    masks = list(gmmseg.foreground(street(3)))
    assert [mask.shape for mask in masks] == [(24, 32)] * 3
    assert masks[0].all()


def test_masks_never_replace_frames(tmp_path: Path, capsys: Any) -> None:
    source = stack(tmp_path, "folder")
    before = (source / "shot00.png").read_bytes()
    assert run(["frames", str(source), "-o", str(source)]) == 1
    assert "is a file that is read" in capsys.readouterr().err
    assert (source / "shot00.png").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["none.tif", "-o", "m"], 1, "does not exist"),
        (["empty", "-o", "m"], 1, "no images in the folder"),
        (["street.gif", "-o", "street.gif"], 1, "masks go into a folder"),
        (["street.gif", "--rate", "2", "-o", "m"], 2, "Learning rate"),
        (["mixed", "-o", "m"], 1, "Frame 2 has 8 × 8 pixels, the first one 9 × 9"),
        (["street.gif"], 2, "-o"),
    ],
)
def test_refusals_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, arguments: list[str], code: int, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    stack(tmp_path, "gif")
    Path("empty").mkdir()
    Path("mixed").mkdir()
    for name, side in (("a.png", 9), ("b.png", 8)):
        Pillow.fromarray(np.zeros((side, side), np.uint8)).save(Path("mixed") / name)
    assert run(["frames", *arguments]) == code
    said = capsys.readouterr().err
    assert words in said
    assert code == 2 or said.count("\n") == 1
