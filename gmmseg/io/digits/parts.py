"""From arrays as files hold them to a DigitSet: shapes and counts compared, values made bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import numpy as np

from gmmseg.arrays import AnyArray, ByteArray, IntArray
from gmmseg.control import ShouldStop, raise_if_ended
from gmmseg.digits.dataset import DigitSet, identity_of
from gmmseg.errors import ReadError
from gmmseg.io.digits.idx import magic_of
from gmmseg.limits import check_memory

_BLOCK_VALUES = 1 << 20
_COUNT_REMEDY = "Choose the labels that belong to these images."
_DARKEST_WHITE = 64
_LARGEST_RANGE = 1e300


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The training or the test part as read.

    Parameters
    ----------
    images : array, (N, h, w), (N, h, w, 1), (N, 1, h, w) or (N, side²)
        Of any real type.
    images_name : str
        What refusals call it.
    labels : array, (N,) or (N, 1), optional
    labels_name : str
    """

    images: AnyArray
    images_name: str
    labels: AnyArray | None = None
    labels_name: str = ""


def digits_of_parts(
    parts: Sequence[Part], name: str, source: Path, notes: Sequence[str], should_stop: ShouldStop
) -> DigitSet:
    """Return the set of one part, or of the training and the test part.

    Values that are not bytes are scaled linearly and rounded, all images alike: the largest becomes 255,
    and 0 stays 0 or, where there are negative values, the smallest becomes 0.

    Raises
    ------
    ReadError
        Shapes, counts or values do not fit; the sentence tells both sides.
    BudgetError
        The images would need more memory than is allowed.
    Cancelled
        `should_stop` returned anything but NONE.
    """
    stacks = [_stack_of(part) for part in parts]
    for part, stack in zip(parts, stacks, strict=True):
        if stack.shape[1:] != stacks[0].shape[1:]:
            raise ReadError(
                f"The images in “{parts[0].images_name}” have {_size_text(stacks[0])} pixels, "
                f"those in “{part.images_name}” {_size_text(stack)}.",
                "Choose two parts of the same set.",
            )
    labels, label_notes = _labels_of(parts, stacks)
    # The stacks are there already; the set is a copy of them.
    need = 2 * sum(stack.size for stack in stacks)
    subject = f"{sum(map(len, stacks)):,} images of {_size_text(stacks[0])} pixels need"
    check_memory(need, subject, "Use fewer images or raise the memory budget.", " of memory")
    images, value_notes = _bytes_of(stacks, parts, should_stop)
    n_train = len(stacks[0])
    identity = identity_of(images, labels, n_train, should_stop)
    all_notes = (*notes, *label_notes, *value_notes)
    return DigitSet(images, labels, n_train, name, source, notes=all_notes, identity=identity)


def _stack_of(part: Part) -> AnyArray:
    """Return a part's images as (N, h, w)."""
    images, name = part.images, part.images_name
    if images.ndim == 4 and 1 in (images.shape[3], images.shape[1]):
        return images[..., 0] if images.shape[3] == 1 else images[:, 0]
    if images.ndim == 2 and images.shape[1] > 1 and isqrt(images.shape[1]) ** 2 == images.shape[1]:
        side = isqrt(images.shape[1])
        return images.reshape(-1, side, side)
    if images.ndim == 1:
        raise ReadError(
            f"“{name}” holds labels (magic {magic_of(images)}), not images (magic 2051).",
            "Choose the file with the images.",
        )
    if images.ndim != 3:
        shape = " × ".join(f"{side:,}" for side in images.shape)
        raise ReadError(f"“{name}” holds {shape} values, not a row of grey images.", "Grey images are read.")
    return images


def _size_text(stack: AnyArray) -> str:
    return f"{stack.shape[1]:,} × {stack.shape[2]:,}"


def _labels_of(parts: Sequence[Part], stacks: Sequence[AnyArray]) -> tuple[IntArray | None, tuple[str, ...]]:
    """Return the labels of all parts, None where one part has none, and what to say about it."""
    checked = [_whole_labels(part, len(stack)) for part, stack in zip(parts, stacks, strict=True)]
    known = [labels for labels in checked if labels is not None]
    if len(known) == len(checked):
        return np.concatenate(known), ()
    if not known:
        return None, ("There are no labels, so nothing is scored.",)
    which = "training" if checked[0] is None else "test"
    return None, (f"The {which} images have no labels, so those of the others are not used either.",)


def _whole_labels(part: Part, n_images: int) -> IntArray | None:
    """Return a part's labels as class ids: any whole numbers."""
    if part.labels is None:
        return None
    labels, name = part.labels, part.labels_name
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ReadError(
            f"“{name}” holds images (magic {magic_of(labels)}), not labels (magic 2049).",
            "Choose the file with the labels.",
        )
    if len(labels) != n_images:
        raise ReadError(
            f"“{part.images_name}” holds {n_images:,} images, “{name}” {len(labels):,} labels.", _COUNT_REMEDY
        )
    with np.errstate(invalid="ignore"):
        whole = labels.astype(np.int64)
    # Compared in the labels' own type: what does not fit into 64 bits or is no number comes back different.
    if not np.array_equal(whole.astype(labels.dtype), labels) or (
        labels.dtype.kind == "u" and whole.min() < 0
    ):
        raise ReadError(f"The labels in “{name}” are not all whole numbers.", "Number the classes.")
    return whole


def _bytes_of(
    stacks: Sequence[AnyArray], parts: Sequence[Part], should_stop: ShouldStop
) -> tuple[ByteArray, tuple[str, ...]]:
    """Return all images as bytes, (N, h, w), and what to say about their values."""
    height, width = stacks[0].shape[1:]
    images: ByteArray = np.empty((sum(map(len, stacks)), height, width), np.uint8)
    rows_per_block = max(_BLOCK_VALUES // (height * width), 1)
    blocks = [
        (stack[start : start + rows_per_block], part.images_name)
        for stack, part in zip(stacks, parts, strict=True)
        for start in range(0, len(stack), rows_per_block)
    ]
    are_bytes = all(stack.dtype == np.uint8 for stack in stacks)
    low, high = (0.0, 255.0) if are_bytes else _range_of(blocks, should_stop)
    position, brightest = 0, 0
    for block, _ in blocks:
        raise_if_ended(should_stop)
        target = images[position : position + len(block)]
        if are_bytes:
            target[...] = block
        elif high > low:
            target[...] = np.rint((block.astype(np.float64) - low) / (high - low) * 255.0)
        else:
            target[...] = 0
        position += len(block)
        brightest = max(brightest, int(target.max()))
    if not are_bytes:
        return images, (f"Values were scaled from {low:g}…{high:g} to 0…255.",)
    if brightest < _DARKEST_WHITE:
        shown = "it is shown as full ink, the values stay as they are"
        return images, (f"The brightest pixel is {brightest} of 255; {shown}.",)
    return images, ()


def _range_of(blocks: Sequence[tuple[AnyArray, str]], should_stop: ShouldStop) -> tuple[float, float]:
    """Return which value becomes 0 and which 255."""
    low, high = 0.0, 0.0
    for block, name in blocks:
        raise_if_ended(should_stop)
        if not np.isfinite(block).all():
            raise ReadError(f"“{name}” holds values that are not finite.", "Replace them before saving.")
        low, high = min(low, float(block.min())), max(high, float(block.max()))
    if high - low > _LARGEST_RANGE:
        raise ReadError(f"Values from {low:g} to {high:g} are no brightness.", "Scale them before saving.")
    return low, high
