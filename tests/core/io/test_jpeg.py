"""JPEG damaged in the middle: what libjpeg passes over in silence becomes a note; sound files get none."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from gmmseg.control import StopRequest
from gmmseg.errors import GmmsegError
from gmmseg.io.decoder_errors import DAMAGE_NOTE
from gmmseg.io.images import read_image_bytes
from gmmseg.io.jpeg import entropy_coded_segments
from tests.data.images import encoded, gradient

KINDS: dict[str, dict[str, Any]] = {
    "baseline": {"quality": 90},
    "full colour": {"quality": 95, "subsampling": 0},
    "optimised": {"quality": 60, "optimize": True},
    "progressive": {"quality": 85, "progressive": True},
    "restarts": {"quality": 80, "restart_marker_rows": 1},
    "many restarts": {"quality": 80, "restart_marker_blocks": 1},
    "few bits": {"quality": 5},
}


def photo(height: int = 90, width: int = 130, seed: int = 0) -> np.ndarray:
    """Return a picture with edges, ramps and noise, whose blocks take different numbers of bits."""
    random = np.random.default_rng(seed)
    picture = gradient(height, width, 3, seed=seed).astype(float)
    for _ in range(12):
        top, left = random.integers(0, height - 20), random.integers(0, width - 20)
        picture[top : top + 20, left : left + 20] += random.normal(0, 40, 3)
    return np.clip(picture + random.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


def is_damage_told(data: bytes) -> bool:
    """Return whether the reader refuses a file or notes damage."""
    try:
        return DAMAGE_NOTE in read_image_bytes(data, "a.jpg").source.notes
    except GmmsegError:
        return True


def libjpeg_warns(data: bytes) -> bool:
    """Return whether OpenCV's libjpeg prints a warning or refuses the file."""
    cv2 = pytest.importorskip("cv2")
    reading, writing = os.pipe()
    shown = os.dup(2)
    os.dup2(writing, 2)
    try:
        is_refused = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is None
    finally:
        os.dup2(shown, 2)
        os.close(shown)
        os.close(writing)
    with os.fdopen(reading, "rb") as printed:
        return is_refused or bool(printed.read())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(90, 130), (1, 1), (16, 16), (7, 300)])
def test_a_sound_file_has_pillow_s_pixels_and_no_note(kind: str, size: tuple[int, int]) -> None:
    picture = photo()[: size[0], : size[1]] if size != (7, 300) else photo(30, 300)[:7]
    for array in (picture, picture[:, :, 0]):
        data = encoded(np.ascontiguousarray(array), "JPEG", **KINDS[kind])
        image = read_image_bytes(data, "a.jpg")
        with Pillow.open(io.BytesIO(data)) as decoded:
            np.testing.assert_array_equal(np.squeeze(image.pixels), np.squeeze(np.asarray(decoded)))
        assert image.source.notes == ()


def test_a_thumbnail_in_the_header_is_not_taken_for_the_picture() -> None:
    thumbnail = encoded(photo(40, 50), "JPEG")
    data = encoded(photo(), "JPEG", exif=b"Exif\0\0" + thumbnail)
    assert len(list(entropy_coded_segments(data))) == 1
    assert read_image_bytes(data, "a.jpg").source.notes == ()


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"many restarts"}))
def test_a_third_of_a_segment_lost_or_made_up_is_noted(kind: str) -> None:
    data = encoded(photo(), "JPEG", **KINDS[kind])
    start, stop = max(entropy_coded_segments(data), key=lambda span: span[1] - span[0])
    third = (stop - start) // 3
    first, last = data[: start + third], data[stop - third :]
    assert is_damage_told(first + last), "lost"
    assert is_damage_told(first + 2 * data[start + third : stop - third] + last), "made up"


@pytest.mark.slow
def test_damage_is_noted_where_libjpeg_warns_of_it() -> None:
    random = np.random.default_rng(5)
    agree: list[tuple[bool, bool]] = []
    for kind, options in KINDS.items():
        if kind == "many restarts":
            continue
        for seed in range(6):
            data = encoded(photo(200, 260, seed), "JPEG", **options)
            first = next(entropy_coded_segments(data))[0]
            assert not libjpeg_warns(data)
            for n in (1, 8, 64, 64):
                damaged = bytearray(data)
                at = int(random.integers(first + 40, len(data) - 100))
                damaged[at : at + n] = random.bytes(n)
                agree.append((libjpeg_warns(bytes(damaged)), is_damage_told(bytes(damaged))))
    warned = [told for warns, told in agree if warns]
    silent = [told for warns, told in agree if not warns]
    assert len(warned) > 50
    assert np.mean(warned) > 0.9
    assert np.mean(silent) < 0.1


@pytest.mark.parametrize("kind", ["progressive", "restarts", "many restarts"])
def test_reading_is_asked_between_scans_and_segments(kind: str) -> None:
    data = encoded(photo(300, 900), "JPEG", **KINDS[kind])
    asked = 0

    def should_stop() -> StopRequest:
        nonlocal asked
        asked += 1
        return StopRequest.NONE

    read_image_bytes(data, "a.jpg", should_stop=should_stop)
    n_segments = len(list(entropy_coded_segments(data)))
    assert n_segments > 5
    assert asked > n_segments


def test_a_file_without_its_end_is_still_cut_off() -> None:
    data = encoded(photo(), "JPEG", **KINDS["progressive"])
    with pytest.raises(GmmsegError, match="cut off"):
        read_image_bytes(data[: len(data) // 2], "a.jpg")


READ_DAMAGED_TIFFS = """
import sys
import numpy as np
from PIL import Image
from gmmseg.errors import GmmsegError
from gmmseg.io.decoder_errors import DAMAGE_NOTE
from gmmseg.io.images import read_image_bytes
from tests.data.images import encoded, gradient
random = np.random.default_rng(1)
picture = Image.fromarray(gradient(64, 64))
told = set()
for kind, mode in (("tiff_lzw", "RGB"), ("jpeg", "RGB"), ("group4", "1")):
    data = encoded(picture.convert(mode), "TIFF", compression=kind)
    assert read_image_bytes(data, "a.tif").source.notes == ()
    for _ in range(25):
        wrong = bytearray(data)
        for at in random.integers(8, len(data), 4):
            wrong[at] = random.integers(256)
        try:
            told.update(read_image_bytes(bytes(wrong), "a.tif").source.notes)
        except GmmsegError:
            pass
print("heard", file=sys.stderr)
print(DAMAGE_NOTE in told)
"""


def test_libtiff_prints_nothing_and_what_it_reports_is_noted() -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_DAMAGED_TIFFS], capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stderr) == (0, "heard\n"), done.stderr
    assert done.stdout == "True\n"
