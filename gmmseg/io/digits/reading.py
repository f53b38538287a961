"""Reading digits: a folder of IDX files or pictures, an IDX file, or an NPZ archive, to a DigitSet."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

from gmmseg.arrays import AnyArray
from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_ended
from gmmseg.digits.dataset import DigitSet
from gmmseg.errors import ReadError
from gmmseg.io.digits.folders import IdxPair, idx_pairs, list_folder, one_set, pair_of_file
from gmmseg.io.digits.idx import read_idx
from gmmseg.io.digits.parts import Part, digits_of_parts
from gmmseg.io.digits.pictures import find_pictures, pictures_events
from gmmseg.io.files import open_file, shown_name
from gmmseg.io.npz import ZIP_MAGIC, read_npz

NPZ_KEYS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("images", "labels"),),
    (("x_train", "y_train"), ("x_test", "y_test")),
    (("train_images", "train_labels"), ("test_images", "test_labels")),
    (("x", "y"),),
    (("data", "target"),),
)
"""The names of images and labels that are looked for in an NPZ, each with its parts, first match wins."""
KNOWN_SETS = {"7e129664d5a5ffb731eef515b753e140ee5a6cb2b0ea0979c194f929c38b03d8": "MNIST"}
"""Names by the identity of the contents."""
_FOLDER_REMEDY = (
    "Choose a folder with IDX files such as train-images-idx3-ubyte.gz, or with pictures, "
    "which may lie in sub-folders named by label."
)


def read_digits_events(
    path: str | os.PathLike[str], should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, DigitSet]:
    """Read digits from a folder or a file, yielding how far it is.

    Parameters
    ----------
    path : path
        A folder with IDX files by their usual names, plain or gzipped, of one part or two, with labels or
        without; a folder of pictures; an IDX file of images; or an NPZ archive.
    should_stop : ShouldStop
        Asked between blocks; half a set is none, so STOP ends it like CANCEL.

    Returns
    -------
    DigitSet
        The training part first. A part that is alone counts as training, whatever its name.

    Raises
    ------
    ReadError
        It is none of these, or damaged, or its parts do not fit together.
    BudgetError
        It would need more memory than is allowed.
    Cancelled
        `should_stop` returned anything but NONE.
    """
    raise_if_ended(should_stop)
    source = Path(path)
    # os.path says False where pathlib raises: for names that are too long.
    if os.path.isdir(source):
        return (yield from _folder_events(source, should_stop))
    with open_file(path, "a file of digits") as (file, _):
        is_zip = file.read(4) == ZIP_MAGIC
    if is_zip:
        return (yield from _npz_events(source, should_stop))
    siblings = list_folder(source.absolute().parent, should_stop).files
    return (yield from _idx_events([pair_of_file(source, siblings)], source, should_stop))


def _folder_events(folder: Path, should_stop: ShouldStop) -> Generator[Progress, None, DigitSet]:
    name = shown_name(folder)
    yield Progress(f"Looking into {name}")
    listing = list_folder(folder, should_stop)
    if pairs := idx_pairs(listing.files):
        return (yield from _idx_events(one_set(pairs, name), folder, should_stop))
    if pictures := find_pictures(listing, should_stop):
        parts, notes = yield from pictures_events(pictures, should_stop)
        return digits_of_parts(parts, name, folder, notes, should_stop)
    archives = [file for file in listing.files if file.suffix.lower() == ".npz"]
    if len(archives) == 1:
        return (yield from _npz_events(archives[0], should_stop))
    raise ReadError(f"There are no digits in the folder “{name}”.", _FOLDER_REMEDY)


def _idx_events(
    pairs: Sequence[IdxPair], source: Path, should_stop: ShouldStop
) -> Generator[Progress, None, DigitSet]:
    files = [file for pair in pairs for file in (pair.images, pair.labels) if file is not None]
    sizes = {file: _size_of(file) for file in files}
    total = max(sum(sizes.values()), 1)
    done = 0
    arrays: dict[Path, AnyArray] = {}
    for file, size in sizes.items():
        yield Progress(f"Reading {shown_name(file)}", done / total)
        arrays[file] = read_idx(file, should_stop)
        done += size
    parts = [
        Part(
            arrays[pair.images],
            shown_name(pair.images),
            None if pair.labels is None else arrays[pair.labels],
            "" if pair.labels is None else shown_name(pair.labels),
        )
        for pair in pairs
    ]
    name = pairs[0].set_name or (source if os.path.isdir(source) else pairs[0].images)
    return _named(digits_of_parts(parts, shown_name(name), source, (), should_stop))


def _size_of(file: Path) -> int:
    """Return a file's size in bytes for the progress; 0 where reading it will tell what is wrong."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _named(digits: DigitSet) -> DigitSet:
    """Return a set under the name everybody knows it by, where it is one."""
    return replace(digits, name=KNOWN_SETS.get(digits.identity, digits.name))


def _npz_events(path: Path, should_stop: ShouldStop) -> Generator[Progress, None, DigitSet]:
    name = shown_name(path)
    yield Progress(f"Reading {name}")
    keys: dict[str, str] = {}

    def choose(names: Sequence[str]) -> Sequence[str]:
        keys.update({key.casefold(): key for key in names})
        for pairs in NPZ_KEYS:
            if pairs[0][0] in keys:
                return [keys[key] for pair in pairs if pair[0] in keys for key in pair if key in keys]
        held = ", ".join(names[:10]) or "nothing"
        raise ReadError(
            f"“{name}” holds no array called images or x_train; it holds {held}.",
            "Name the arrays images and labels, or x_train, y_train, x_test and y_test.",
        )

    arrays = {key.casefold(): array for key, array in read_npz(path, choose, should_stop).items()}
    pairs = next(pairs for pairs in NPZ_KEYS if pairs[0][0] in arrays)
    parts = [
        Part(arrays[images], f"{keys[images]}” in “{name}", arrays.get(labels), f"{labels}” in “{name}")
        for images, labels in pairs
        if images in arrays
    ]
    return _named(digits_of_parts(parts, name.removesuffix(".npz"), path, (), should_stop))
