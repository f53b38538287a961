"""DigitSet: small grey images in two parts, with labels that score and never fit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gmmseg.arrays import ByteArray, IntArray, frozen
from gmmseg.control import ShouldStop, never_stop, raise_if_ended

_HASH_BLOCK = 1 << 24


@dataclass(frozen=True, slots=True, eq=False)
class DigitSet:
    """Images of digits, read-only: first the training part, then the test part.

    Parameters
    ----------
    images : uint8 array, (N, h, w)
        0 is paper, 255 is ink.
    labels : int64 array, (N,), optional
        Digit, or any other whole number, that each image shows; None where they are not known.
    n_train : int
        Images of the training part, 1..N; N where there is no test part.
    name : str
        Common name: ``MNIST``, a folder's name, ``Drawn digits``.
    source : Path, optional
        The file or folder it was read from.
    is_drawn : bool
        Whether the program drew the digits itself.
    notes : tuple of str
        Soft facts to tell the user: values scaled, labels missing.
    part_index : int array, (N,), optional
        Of a selection: where each image stands in its part of the whole set, from 0.
    identity : str
        SHA-256 of the contents as from `identity_of`; computed where it is not given.
    seed : int
        Of digits that the program drew.
    is_missing : bool
        Whether the images are not there, and blank ones stand for them.

    Raises
    ------
    ValueError
        Shapes or types do not fit together.
    """

    images: ByteArray
    labels: IntArray | None
    n_train: int
    name: str
    source: Path | None = None
    is_drawn: bool = False
    notes: tuple[str, ...] = ()
    identity: str = ""
    part_index: IntArray | None = None
    seed: int = 0
    is_missing: bool = False

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 3 or self.images.size == 0:
            raise ValueError(f"images {self.images.shape} of {self.images.dtype} are not (N, h, w) bytes")
        if self.labels is not None and (
            self.labels.dtype != np.int64 or self.labels.shape != (self.n_images,)
        ):
            raise ValueError(f"labels {self.labels.shape} of {self.labels.dtype} for {self.n_images} images")
        if not 1 <= self.n_train <= self.n_images:
            raise ValueError(f"{self.n_train} training images of {self.n_images}")
        if self.part_index is not None:
            frozen(self.part_index)
        frozen(self.images)
        if self.labels is not None:
            frozen(self.labels)
        if not self.identity:
            object.__setattr__(self, "identity", identity_of(self.images, self.labels, self.n_train))

    @property
    def n_images(self) -> int:
        """Images of both parts, N."""
        return int(self.images.shape[0])

    @property
    def brightest(self) -> int:
        """The largest level, at least 1: what is shown as full ink."""
        return max(int(self.images.max()), 1)

    @property
    def n_test(self) -> int:
        """Images of the test part; 0 where there is none."""
        return self.n_images - self.n_train

    @property
    def train(self) -> slice:
        """Slice of the training part."""
        return slice(0, self.n_train)

    @property
    def test(self) -> slice:
        """Slice of the test part; empty where there is none."""
        return slice(self.n_train, self.n_images)

    def index_in_part(self, row: int) -> int:
        """Return where an image stands in its part, training or test, of the whole set, from 0."""
        if self.part_index is not None:
            return int(self.part_index[row])
        return row if row < self.n_train else row - self.n_train

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of each image, in pixels."""
        return int(self.images.shape[1]), int(self.images.shape[2])

    def subset(self, n_images: int, seed: int = 0) -> DigitSet:
        """Return a random selection in the same order, the parts in their proportion, for a quick look.

        Parameters
        ----------
        n_images : int
            How many, at least 1, or 2 where there is a test part; all of them where it is N or more.
        seed : int
        """
        if n_images >= self.n_images:
            return self
        if n_images < 1 + (self.n_test > 0):
            raise ValueError(f"a selection of {n_images} images")
        n_train = round(n_images * self.n_train / self.n_images)
        n_train = min(max(n_train, 1), n_images - (self.n_test > 0))
        rng = np.random.default_rng(seed)
        from_train = np.sort(rng.choice(self.n_train, n_train, replace=False))
        from_test = np.sort(rng.choice(self.n_test, n_images - n_train, replace=False))
        rows = np.concatenate([from_train, self.n_train + from_test])
        in_part = np.concatenate([from_train, from_test])
        return replace(
            self,
            images=self.images[rows],
            labels=None if self.labels is None else self.labels[rows],
            n_train=n_train,
            notes=(*self.notes, f"A random selection of {n_images:,} of {self.n_images:,} images."),
            identity="",
            part_index=in_part if self.part_index is None else self.part_index[rows],
        )


def identity_of(
    images: ByteArray, labels: IntArray | None, n_train: int, should_stop: ShouldStop = never_stop
) -> str:
    """Return the SHA-256, hexadecimal, of what is fitted and scored: the same on every machine.

    Parameters
    ----------
    images : uint8 array, (N, h, w)
    labels : int64 array, (N,), optional
    n_train : int
    should_stop : ShouldStop
        Asked between blocks.

    Raises
    ------
    Cancelled
        `should_stop` returned anything but NONE.
    """
    shape = "×".join(str(side) for side in images.shape)
    digest = hashlib.sha256(f"{shape} {n_train} {labels is not None}\n".encode())
    flat = np.ascontiguousarray(images).reshape(-1)
    for start in range(0, flat.size, _HASH_BLOCK):
        raise_if_ended(should_stop)
        digest.update(flat[start : start + _HASH_BLOCK].data)
    if labels is not None:
        digest.update(labels.astype("<i8").tobytes())
    return digest.hexdigest()
