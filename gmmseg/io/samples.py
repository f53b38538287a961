"""The pictures to try the program on: those that scikit-image installs, read without importing it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from gmmseg.control import never_stop
from gmmseg.errors import ReadError
from gmmseg.image import Image
from gmmseg.io.files import read_file_bytes
from gmmseg.io.images import read_image_bytes


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture that is always there: its id for scripts, its title for people, its file."""

    id: str
    title: str
    file_name: str


SAMPLES: tuple[Sample, ...] = (
    Sample("coffee", "Coffee cup", "coffee.png"),
    Sample("astronaut", "Astronaut", "astronaut.png"),
    Sample("rocket", "Rocket at dusk", "rocket.jpg"),
    Sample("cat", "Cat", "chelsea.png"),
    Sample("motorcycle", "Motorcycle", "motorcycle_left.png"),
    Sample("tissue", "Stained tissue", "ihc.png"),
    Sample("retina", "Retina", "retina.jpg"),
    Sample("galaxies", "Distant galaxies", "hubble_deep_field.jpg"),
    Sample("camera", "Cameraman (grey)", "camera.png"),
    Sample("coins", "Coins (grey)", "coins.png"),
    Sample("cell", "Cell (grey)", "cell.png"),
)
DEFAULT_SAMPLE = "coffee"
"""Sample that the first window shows: 600 × 400 pixels whose colours fall into a few clear groups."""


def find_sample(sample_id: str) -> Sample:
    """Return the sample with an id.

    Raises
    ------
    ReadError
        There is none; the remedy names them all.
    """
    for sample in SAMPLES:
        if sample.id == sample_id:
            return sample
    known = ", ".join(sample.id for sample in SAMPLES)
    raise ReadError(f"There is no sample “{sample_id}”.", f"Choose one of {known}.")


def sample_path(sample_id: str) -> Path:
    """Return where a sample's file is installed; raises as `find_sample`, and where it is not installed."""
    sample = find_sample(sample_id)
    for folder in _folders():
        path = folder / sample.file_name
        if path.is_file():
            return path
    raise ReadError(
        f"The sample “{sample.title}” is not installed.", "Install scikit-image again, or open an image."
    )


def is_sample(path: Path) -> bool:
    """Whether a file is an installed one, beside which nobody keeps results."""
    return path.parent in _folders()


def _folders() -> list[Path]:
    """Return the folders of skimage's images."""
    # Finding the package does not run it: importing skimage takes longer than the first window may.
    spec = find_spec("skimage")
    return [Path(folder) / "data" for folder in (spec and spec.submodule_search_locations) or ()]


def read_sample(sample_id: str = DEFAULT_SAMPLE) -> Image:
    """Return a sample as an image whose source is named by the title; raises as `sample_path`."""
    path = sample_path(sample_id)
    return read_image_bytes(read_file_bytes(path, never_stop), find_sample(sample_id).title, path)
