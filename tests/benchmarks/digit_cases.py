"""Small images that the default digit recipe was not made for, made here from fonts, MNIST and strokes.

Each case has a set for development and another for the final figures: other fonts and letters, other images
of MNIST, other seeds. scikit-learn's digits are few, so that theirs for the end are MNIST's in 8 × 8 pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from gmmseg.arrays import ByteArray, FloatArray, IntArray
from gmmseg.control import result_of
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.drawn import drawn_digits
from gmmseg.io.digits.reading import read_digits_events

Part = Literal["dev", "test"]
SIDE = 28
N_MNIST = 6000
MAX_FONTS = 75
FONT_SIZE = 80
N_EACH = 3
"""Renderings of each letter in each font."""
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SUFFIXES = (".ttf", ".otf")


@dataclass(frozen=True, slots=True)
class Sources:
    """Sources of the sets.

    Parameters
    ----------
    mnist : Path
        Folder with MNIST's four files.
    fonts : tuple of Path
        Folders that are searched for fonts.
    """

    mnist: Path
    fonts: tuple[Path, ...]


def font_files(folders: tuple[Path, ...], part: Part) -> list[Path]:
    """Return the fonts of one part that can draw Latin letters, at most 75; no family is in both parts."""
    families: dict[str, list[Path]] = {}
    for path in sorted({path for folder in folders for path in folder.rglob("*") if _is_font(path)}):
        families.setdefault(path.stem.partition("-")[0][:8].lower(), []).append(path)
    chosen = sorted(families)[("dev", "test").index(part) :: 2]
    files = [path for family in chosen for path in families[family]]
    at = np.linspace(0, len(files) - 1, min(len(files), MAX_FONTS)).astype(int)
    return [files[i] for i in at]


@lru_cache(maxsize=1000)
def _is_font(path: Path) -> bool:
    if path.suffix not in _SUFFIXES:
        return False
    font = ImageFont.truetype(str(path), FONT_SIZE)
    drawn = [_glyph(font, letter) for letter in ALPHABET + ALPHABET.lower()]
    return all(glyph.any() for glyph in drawn) and len({glyph.tobytes() for glyph in drawn[:26]}) == 26


def _glyph(font: ImageFont.FreeTypeFont, letter: str) -> ByteArray:
    """Return a letter as ink on a canvas that holds it, (h, w)."""
    picture = Image.new("L", (160, 160))
    ImageDraw.Draw(picture).text((80, 80), letter, 255, font, anchor="mm")
    return np.asarray(picture)


def letters(folders: tuple[Path, ...], part: Part, alphabet: str, noise: float, seed: int) -> DigitSet:
    """Return letters in many fonts, three a font: turned, sized and placed a little differently.

    Parameters
    ----------
    folders : tuple of Path
    part : {"dev", "test"}
    alphabet : str
    noise : float
        Standard deviation of the noise of each pixel, grey levels.
    seed : int
    """
    rng = np.random.default_rng([seed, part == "test"])
    images, labels = [], []
    for path in font_files(folders, part):
        font = ImageFont.truetype(str(path), FONT_SIZE)
        for label, letter in enumerate(alphabet):
            glyph = _glyph(font, letter)
            for _ in range(N_EACH):
                images.append(_placed(glyph, rng))
                labels.append(label)
    ink = np.stack(images) + noise * rng.standard_normal((len(images), SIDE, SIDE))
    return _digits(np.clip(np.rint(ink), 0, 255).astype(np.uint8), np.array(labels), "Letters", rng)


def _placed(glyph: ByteArray, rng: np.random.Generator) -> FloatArray:
    """Return a letter in a picture of side 28, its longer side 18 to 22 pixels, turned by some degrees."""
    rows, columns = np.flatnonzero(glyph.any(axis=1)), np.flatnonzero(glyph.any(axis=0))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    scale = max(height, width) / rng.uniform(18, 22)
    turn = np.deg2rad(rng.normal(0, 3))
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array([rows[0] + height / 2, columns[0] + width / 2]) - 0.5
    target = (SIDE - 1) / 2 + rng.uniform(-1.5, 1.5, 2)
    smooth = ndimage.gaussian_filter(glyph.astype(np.float32), scale / 2.5)
    ink = ndimage.affine_transform(
        smooth, matrix, middle - matrix @ target, output_shape=(SIDE, SIDE), order=1
    )
    # Hairlines would else be fainter than the noise.
    dark: FloatArray = ink * (255 / ink.max())
    return dark


def _digits(images: ByteArray, labels: IntArray, name: str, rng: np.random.Generator) -> DigitSet:
    order = rng.permutation(len(images))
    return DigitSet(images[order], labels[order].astype(np.int64), len(images), name)


@lru_cache(maxsize=1)
def _mnist(folder: Path) -> DigitSet:
    return result_of(read_digits_events(folder))


def mnist(sources: Sources, part: Part, seed: int) -> tuple[ByteArray, IntArray]:
    """Return some images of MNIST, of its training part for development, of its test part for the end."""
    digits = _mnist(sources.mnist)
    if digits.labels is None:
        raise ValueError("MNIST without labels")
    first, last = (0, digits.n_train) if part == "dev" else (digits.n_train, digits.n_images)
    rows = first + np.random.default_rng(seed).choice(last - first, N_MNIST, replace=False)
    return digits.images[rows], digits.labels[rows]


def turned(images: ByteArray, rng: np.random.Generator, most: float = 90.0) -> ByteArray:
    """Return images turned by angles up to `most` degrees either way."""
    angles = rng.uniform(-most, most, len(images))
    return np.stack(
        [
            np.asarray(Image.fromarray(image).rotate(float(angle), Image.Resampling.BILINEAR))
            for image, angle in zip(images, angles, strict=True)
        ]
    )


def shifted(images: ByteArray, side: int, rng: np.random.Generator) -> ByteArray:
    """Return images at random places of larger empty ones."""
    placed = np.zeros((len(images), side, side), dtype=np.uint8)
    room = side - images.shape[1] + 1
    for at, (y, x) in enumerate(rng.integers(0, room, (len(images), 2))):
        placed[at, y : y + images.shape[1], x : x + images.shape[2]] = images[at]
    return placed


def imbalanced(labels: IntArray, rng: np.random.Generator, ratio: float = 10.0) -> IntArray:
    """Return a selection of rows in which the labels' frequencies fall evenly to a `ratio`-th."""
    values, counts = np.unique(labels, return_counts=True)
    order = rng.permutation(len(values))
    shares = ratio ** -(order / (len(values) - 1))
    kept = [
        rng.permutation(np.flatnonzero(labels == value))[: round(counts.min() * share)]
        for value, share in zip(values, shares, strict=True)
    ]
    return rng.permutation(np.concatenate(kept))


def _scanned(sources: Sources, part: Part, seed: int) -> DigitSet:
    rng = np.random.default_rng(seed)
    if part == "dev":
        from sklearn.datasets import load_digits

        data = load_digits()
        return _digits(np.rint(data.images * (255 / 16)).astype(np.uint8), data.target, "8 x 8", rng)
    images, labels = mnist(sources, part, seed)
    small = images[:, 4:24, 4:24].astype(np.float64)
    # Twenty pixels become eight: each is the mean over two and a half.
    fine = small.repeat(2, axis=1).repeat(2, axis=2).reshape(len(small), 8, 5, 8, 5).mean(axis=(2, 4))
    return _digits(np.rint(fine).astype(np.uint8), labels, "MNIST in 8 x 8", rng)


def _of_mnist(
    change: Callable[[ByteArray, np.random.Generator], ByteArray], name: str
) -> Callable[[Sources, Part, int], DigitSet]:
    def make(sources: Sources, part: Part, seed: int) -> DigitSet:
        rng = np.random.default_rng([seed, 7])
        images, labels = mnist(sources, part, seed)
        return _digits(change(images, rng), labels, name, rng)

    return make


def _of_letters(name: str, dev: str, test: str, noise: float) -> Callable[[Sources, Part, int], DigitSet]:
    def make(sources: Sources, part: Part, seed: int) -> DigitSet:
        return letters(sources.fonts, part, dev if part == "dev" else test, noise, seed)

    return make


def _uneven(sources: Sources, part: Part, seed: int) -> DigitSet:
    rng = np.random.default_rng([seed, 7])
    images, labels = mnist(sources, part, seed)
    rows = imbalanced(labels, rng)
    return _digits(images[rows], labels[rows], "MNIST imbalanced", rng)


def _drawn(sources: Sources, part: Part, seed: int) -> DigitSet:
    return drawn_digits(5000, 1, 10 * seed + (part == "test"))


CASES: dict[str, Callable[[Sources, Part, int], DigitSet]] = {
    "letters, noise": _of_letters("Letters", ALPHABET[:10], ALPHABET[10:20], 25.0),
    "letters, clean": _of_letters("Letters", ALPHABET[:10], ALPHABET[10:20], 0.0),
    "26 letters": _of_letters("Letters", ALPHABET, ALPHABET.lower(), 25.0),
    "drawn": _drawn,
    "8 x 8": _scanned,
    "MNIST": _of_mnist(lambda images, rng: images, "MNIST"),
    "MNIST turned": _of_mnist(turned, "MNIST turned"),
    "MNIST shifted": _of_mnist(lambda images, rng: shifted(images, 40, rng), "MNIST shifted"),
    "MNIST inverted": _of_mnist(lambda images, rng: 255 - images, "MNIST inverted"),
    "MNIST imbalanced": _uneven,
}
"""Nine cases, and MNIST itself for comparison."""


def cases(
    sources: Sources, part: Part, seed: int, names: tuple[str, ...] = ()
) -> Iterator[tuple[str, DigitSet]]:
    """Yield the cases by name."""
    for name, make in CASES.items():
        if not names or name in names:
            yield name, make(sources, part, seed)
