"""Small image files that once hung, took gigabytes or ended a batch: read or refused, in bounded memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from gmmseg.commands.cli import run
from gmmseg.control import StopRequest, result_of
from gmmseg.errors import BudgetError, Cancelled, ReadError
from gmmseg.image import Image
from gmmseg.io.digits.reading import read_digits_events
from gmmseg.io.images import read_image_bytes
from gmmseg.limits import GIB, MIB, budget_of
from tests.data import bad_images as bad
from tests.data.images import animation, encoded, gradient
from tests.data.shared import SHARED

BAD_INPUTS = SHARED / "bad_inputs"

READ_EACH = """
import json, sys
from gmmseg.errors import GmmsegError
from gmmseg.io import pillow_reading, tiff_reading
from gmmseg.io.images import read_image
from gmmseg.io.reports import peak_rss_bytes
from gmmseg.limits import budget_of
told = {}
for path in sys.argv[2:]:
    before = peak_rss_bytes()
    try:
        with budget_of(int(sys.argv[1])):
            told[path] = str(read_image(path).pixels.shape)
    except GmmsegError as error:
        told[path] = str(error)
    told[path] = told[path], peak_rss_bytes() - before
print(json.dumps(told))
"""


def read_in_a_child(paths: list[Path], budget: int) -> dict[str, tuple[str, int]]:
    """Return what a fresh process says of each file, and by how many bytes its peak of memory grew."""
    command = [sys.executable, "-c", READ_EACH, str(budget), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    told = json.loads(done.stdout)
    return {Path(path).name: (text, grown) for path, (text, grown) in told.items()}


@pytest.mark.skipif(sys.platform == "win32", reason="the system does not tell its peak of memory")
def test_small_files_take_little_memory_whatever_they_promise(tmp_path: Path) -> None:
    files = bad.bad_files()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    told = read_in_a_child([tmp_path / name for name in files], 12 * GIB)
    assert "(2, 2, 1)" in told["blanks.pgm"][0]
    for name in ("pixel.gif", "frames.gif", "grey.jpg", "colour.jpg", "jumps.bmp"):
        assert "can hold" in told[name][0], name
    for name in ("palette1.tif", "palette7.tif"):
        assert "damaged" in told[name][0]
    for name in ("stack.tif", "tile.tif"):
        assert "a side may have at most" in told[name][0]
    assert "holds a volume" in told["volume.tif"][0]
    del told["canvas.webp"]
    assert {name: grown for name, (_, grown) in told.items() if grown > 100 * MIB} == {}


@pytest.mark.shared_data
@pytest.mark.skipif(not BAD_INPUTS.is_dir(), reason="the bad inputs are not beside the checkout")
@pytest.mark.skipif(sys.platform == "win32", reason="the system does not tell its peak of memory")
def test_every_collected_bad_input_is_read_or_refused_in_little_memory() -> None:
    # The PNG holds its 900 megapixels: it is refused or read by the budget alone.
    told = read_in_a_child(sorted(BAD_INPUTS.iterdir()), 3 * GIB)
    assert len(told) >= 12
    assert {name: grown for name, (_, grown) in told.items() if grown > 100 * MIB} == {}
    assert "memory" in told["png_30000_1bit_full.png"][0]


@pytest.mark.parametrize("length", [5, 7, 9])
def test_the_pages_of_one_picture_must_be_of_one_size(length: int) -> None:
    with pytest.raises(ReadError, match="damaged"):
        read_image_bytes(bad.tiff_stack_of_unequal_pages(length), "a.tif")
    assert read_image_bytes(bad.tiff_stack_of_unequal_pages(8), "a.tif").pixels.shape == (8, 9, 3)


def test_a_picture_among_digits_does_not_hang_their_folder(tmp_path: Path) -> None:
    for name in ("a.pgm", "b.pgm"):
        (tmp_path / name).write_bytes(bad.pnm_of_many_blanks())
    assert result_of(read_digits_events(tmp_path)).images.shape == (2, 2, 2)


def test_a_strip_that_unpacks_to_far_more_than_its_page_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmmseg.io.tiff_reading._HARMLESS", 4 * MIB)
    data = bad.tiff_of_a_bomb(60 * MIB)
    tracemalloc.start()
    with pytest.raises(ReadError, match="damaged"):
        read_image_bytes(data, "a.tif")
    assert tracemalloc.get_traced_memory()[1] < 10 * MIB
    tracemalloc.stop()
    assert read_image_bytes(bad.tiff_of_a_bomb(MIB), "a.tif").pixels.shape == (8, 9, 1)


def test_a_webp_is_counted_as_its_decoder_needs_it() -> None:
    # 16,384² pixels of 16 bytes each.
    data = bad.webp_of_a_large_canvas()
    with budget_of(4 * GIB - 1), pytest.raises(BudgetError, match=r"4\.3 GB"):
        read_image_bytes(data, "a.webp")


@pytest.mark.parametrize(("channels", "bytes_a_pixel"), [(1, 3 + 4), (3, 10)])
def test_a_progressive_jpeg_is_counted_with_its_coefficients(channels: int, bytes_a_pixel: int) -> None:
    data = bad.progressive_jpeg(channels, 1_000)
    with budget_of(bytes_a_pixel * 1_000_000 - 1), pytest.raises(BudgetError):
        read_image_bytes(data, "a.jpg")
    with budget_of(bytes_a_pixel * 1_000_000):
        assert read_image_bytes(data, "a.jpg").pixels.shape == (1_000, 1_000, channels)


def test_a_large_flat_picture_that_its_bytes_can_hold_is_read() -> None:
    picture = Pillow.new("L", (4_200, 4_200), 77)
    for format_name in ("GIF", "JPEG", "PPM"):
        image = read_image_bytes(encoded(picture, format_name), "flat")
        assert image.pixels.shape[:2] == (4_200, 4_200)
        assert (image.pixels == 77).all()


@pytest.mark.parametrize("format_name", ["GIF", "PNG"])
def test_an_animation_is_asked_between_frames_and_can_be_stopped(format_name: str) -> None:
    data = animation([gradient(seed=seed) for seed in range(30)], format_name)

    def n_asked(frame: int, most: float = float("inf")) -> int:
        asked = 0

        def should_stop() -> StopRequest:
            nonlocal asked
            asked += 1
            return StopRequest.CANCEL if asked > most else StopRequest.NONE

        read_image_bytes(data, "a", frame=frame, should_stop=should_stop)
        return asked

    whole = n_asked(29)
    assert whole >= n_asked(1) + 28
    with pytest.raises(Cancelled):
        n_asked(29, whole // 2)


def test_a_foreign_exception_of_a_reader_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("pixels (13, 17) do not fit")

    monkeypatch.setattr("gmmseg.io.images.Image", fail)
    with pytest.raises(ReadError, match="damaged"):
        read_image_bytes(bad.gif_of_one_pixel(9), "a.gif")


def test_a_bug_met_by_one_image_is_one_line_and_the_others_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b", "c"):
        Pillow.fromarray(gradient()).save(tmp_path / f"{name}.png")
    whole = read_image_bytes

    def read(data: bytes, name: str, *others: Any, **options: Any) -> Image:
        if name == "b.png":
            raise IndexError("list index\nout of range")
        return whole(data, name, *others, **options)

    monkeypatch.setattr("gmmseg.batch.pictures.read_image_bytes", read)
    out = tmp_path / "out"
    assert run(["segment", str(tmp_path), "-k", "2", "--n-init", "1", "-o", str(out)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "gmmseg: b.png: unexpected IndexError: list index out of range"
    assert sorted(name for name in os.listdir(out) if not name.startswith(".")) == ["a.png", "c.png"]
