"""``gmmseg select``: the same masks as from Python, in every format, one object or many."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import gmmseg
from gmmseg.arrays import AnyArray
from gmmseg.commands.cli import run
from tests.core.selection.scenes import DISC, SHAPE, disc_rgb

CENTRE = f"{DISC[1]},{DISC[0]}"
BOX = (DISC[1] - 14, DISC[0] - 14, DISC[1] + 15, DISC[0] + 15)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Pillow.fromarray(disc_rgb()).save(path)
    return path


def pixels(path: Path) -> AnyArray:
    """Return what a file holds, as stored."""
    with Pillow.open(io.BytesIO(path.read_bytes())) as opened:
        return np.asarray(opened)


@pytest.mark.parametrize("name", ["mask.png", "mask.tif", "mask.npy"])
@pytest.mark.slow
def test_masks_are_those_from_python(photo: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    assert run(["select", str(photo), "--click", CENTRE, "--click", "50,36,-", "-o", str(out)]) == 0
    expected = gmmseg.ObjectSelector(disc_rgb()).select([(DISC[1], DISC[0], True), (50, 36, False)])
    assert expected.any()
    if name.endswith("npy"):
        found = np.load(out)
        assert found.dtype == np.bool_
    else:
        values = pixels(out)
        assert values.dtype == np.uint8
        assert set(np.unique(values)) == {0, 255}
        found = values == 255
    assert np.array_equal(found, expected)


def test_the_cut_out_shows_the_object_and_nothing_else(photo: Path, tmp_path: Path) -> None:
    mask, cutout = tmp_path / "mask.png", tmp_path / "cutout.png"
    box = ",".join(map(str, BOX))
    assert run(["select", str(photo), "--box", box, "--cutout", str(cutout), "-o", str(mask)]) == 0
    rgba, inside = pixels(cutout), pixels(mask) == 255
    assert np.array_equal(rgba[:, :, 3] == 255, inside)
    assert np.array_equal(rgba[inside][:, :3], disc_rgb()[inside])
    assert not rgba[~inside].any()


def test_a_table_of_boxes_gives_a_mask_for_each_line(photo: Path, tmp_path: Path) -> None:
    table = tmp_path / "boxes.csv"
    lines = [
        f"photo.png,{','.join(map(str, BOX))},disc 1.5/a",
        "photo.png,40,26,62,47,square",
        "photo.png,0,0,64,48,",
    ]
    table.write_text("file,x0,y0,x1,y1,name\n" + "\n".join(lines) + "\n")
    out = tmp_path / "masks"
    assert run(["select", "--boxes", str(table), "-o", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "photo.png",
        "photo_disc 1.5_a.png",
        "photo_square.png",
    ]
    expected = gmmseg.ObjectSelector(disc_rgb()).select([], BOX)
    assert np.array_equal(pixels(out / "photo_disc 1.5_a.png") == 255, expected)


def test_a_table_of_boxes_gives_cut_outs_into_a_folder_of_their_own(photo: Path, tmp_path: Path) -> None:
    table = tmp_path / "boxes.csv"
    table.write_text(f"file,x0,y0,x1,y1,name\nphoto.png,{','.join(map(str, BOX))},disc\n")
    out, cut = tmp_path / "masks", tmp_path / "cut"
    words = ["select", "--boxes", str(table), "-o", str(out), "--cutout"]
    assert run([*words, str(out)]) == 2
    assert run([*words, str(cut)]) == 0
    mask = pixels(out / "photo_disc.png")
    assert np.array_equal(pixels(cut / "photo_disc.png")[..., 3], mask)


def test_lines_that_fail_are_reported_and_left_out(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "boxes.csv"
    table.write_text("file,x0,y0,x1,y1\nmissing.png,0,0,9,9\nphoto.png,90,0,99,9\nphoto.png,8,4,40,40\n")
    out = tmp_path / "masks"
    assert run(["select", "--boxes", str(table), "-o", str(out)]) == 1
    assert [path.name for path in out.iterdir()] == ["photo_2.png"]
    said = capsys.readouterr().err
    assert "missing.png" in said
    assert "holds no pixel" in said


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("file,x0,y0,x1\nphoto.png,1,2,3\n", "y1"),
        ("file,x0,y0,x1,y1\n", "no boxes"),
        ("file,x0,y0,x1,y1\nphoto.png,1,2,3,four\n", "Line 2"),
        ("file,x0,y0,x1,y1\nphoto.png,1,2\n", "Line 2"),
        ("file,x0,y0,x1,y1\n,1,2,3,4\n", "no file"),
        ("", "empty"),
    ],
)
def test_tables_that_make_no_sense_are_refused(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, word: str
) -> None:
    table = tmp_path / "boxes.csv"
    table.write_text(text)
    assert run(["select", "--boxes", str(table), "-o", str(tmp_path / "masks")]) == 1
    assert word in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--click", "1"],
        ["--click", "1,2,3"],
        ["--click", "1,2,*"],
        ["--box", "1,2,3"],
        [],
        ["--click", "1,2", "--cutout", "cut.jpg"],
        ["--click", "1,2", "--boxes", "boxes.csv"],
    ],
)
def test_wrong_usage_ends_with_2(photo: Path, tmp_path: Path, words: list[str]) -> None:
    assert run(["select", str(photo), *words, "-o", str(tmp_path / "mask.png")]) == 2
    assert not (tmp_path / "mask.png").exists()


@pytest.mark.parametrize(
    "words", [["--click", "-1,3"], ["--click=4,-3,-"], ["--click", "1,2", "--click", "-1,3"]]
)
def test_a_click_beyond_the_image_is_said(
    photo: Path, tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["select", str(photo), *words, "-o", str(tmp_path / "mask.png")]) == 2
    assert "lies beyond the image, whose pixels are counted from 0,0" in capsys.readouterr().err


def test_a_box_may_begin_before_the_image(photo: Path, tmp_path: Path) -> None:
    outs = [tmp_path / "a.png", tmp_path / "b.png"]
    assert run(["select", str(photo), "--box", "-5,-2,40,30", "-o", str(outs[0])]) == 0
    assert run(["select", str(photo), "--box", "0,0,40,30", "-o", str(outs[1])]) == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()


@pytest.mark.parametrize("words", [["--click", "64,0"], ["--box", "5,5,5,9"]])
def test_what_lies_outside_is_refused_in_one_line(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert run(["select", str(photo), *words, "-o", str(tmp_path / "mask.png")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_the_image_itself_is_never_replaced(photo: Path) -> None:
    before = photo.read_bytes()
    assert run(["select", str(photo), "--click", "1,1", "-o", str(photo)]) == 1
    assert photo.read_bytes() == before
    assert pixels(photo).shape[:2] == SHAPE
