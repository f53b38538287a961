"""The installed sample pictures."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image as Pillow

from gmmseg.errors import ReadError
from gmmseg.io.samples import DEFAULT_SAMPLE, SAMPLES, read_sample, sample_path


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_every_sample_is_installed_and_reads(sample: object) -> None:
    image = read_sample(sample.id)  # type: ignore[attr-defined]
    assert image.source.name == sample.title  # type: ignore[attr-defined]
    assert image.source.n_frames == 1
    with Pillow.open(sample_path(sample.id)) as picture:  # type: ignore[attr-defined]
        np.testing.assert_array_equal(np.squeeze(image.pixels), np.asarray(picture))


def test_ids_and_titles_differ() -> None:
    assert len({sample.id for sample in SAMPLES}) == len({sample.title for sample in SAMPLES}) == len(SAMPLES)


def test_the_default_sample_is_a_colour_photo_of_moderate_size() -> None:
    image = read_sample()
    assert image.source.sha256 == read_sample(DEFAULT_SAMPLE).source.sha256
    assert image.is_rgb
    assert 0.2e6 <= image.height * image.width <= 0.4e6


def test_an_unknown_sample_names_the_known_ones() -> None:
    with pytest.raises(ReadError, match="coffee, astronaut"):
        read_sample("nothing")


def test_a_missing_installation_is_an_error_for_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmmseg.io.samples.find_spec", lambda _: None)
    with pytest.raises(ReadError, match="not installed"):
        read_sample()


def test_reading_a_sample_does_not_import_scikit_image_or_tifffile() -> None:
    code = (
        "import sys; from gmmseg.io.samples import read_sample; read_sample();"
        "assert not {'skimage', 'scipy', 'tifffile'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
