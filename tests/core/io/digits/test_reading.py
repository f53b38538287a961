"""Reading sets of digits: folders of IDX files and of pictures, single files, archives, refusals."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from gmmseg.control import Progress, ShouldStop, StopRequest, never_stop, result_of
from gmmseg.digits.dataset import DigitSet
from gmmseg.errors import BudgetError, Cancelled, GmmsegError, ReadError
from gmmseg.io.digits.reading import read_digits_events
from gmmseg.limits import budget_of
from tests.data import digits as build
from tests.data.shared import MNIST


def read(path: Path, should_stop: ShouldStop = never_stop) -> DigitSet:
    return result_of(read_digits_events(path, should_stop))


def refusal(path: Path) -> str:
    with pytest.raises(GmmsegError) as caught:
        read(path)
    return str(caught.value)


def labels_of(digits: DigitSet) -> list[int]:
    assert digits.labels is not None
    labels: list[int] = digits.labels.tolist()
    return labels


# ---- IDX ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        {"packed": True},
        {"packed": False},
        {"packed": False, "separator": "."},
        {"prefix": "emnist-letters-", "test_word": "test"},
    ],
    ids=["gz", "plain", "dotted", "emnist"],
)
def test_four_files_become_training_then_test(tmp_path: Path, form: dict[str, object]) -> None:
    images, labels = build.write_idx_folder(tmp_path / "set", **form)  # type: ignore[arg-type]
    digits = read(tmp_path / "set")
    np.testing.assert_array_equal(digits.images, images)
    assert labels_of(digits) == labels.tolist()
    assert (digits.n_train, digits.n_test, digits.source) == (12, 4, tmp_path / "set")
    assert digits.name == ("emnist-letters" if "prefix" in form else "set")
    assert digits.notes == ()
    assert not digits.is_drawn


def test_without_labels_there_is_a_note(tmp_path: Path) -> None:
    build.write_idx_folder(tmp_path, with_labels=False)
    digits = read(tmp_path)
    assert digits.labels is None
    assert "nothing is scored" in digits.notes[0]


def test_labels_of_one_part_alone_are_not_used(tmp_path: Path) -> None:
    build.write_idx_folder(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    digits = read(tmp_path)
    assert digits.labels is None
    assert digits.notes == (
        "The training images have no labels, so those of the others are not used either.",
    )


@pytest.mark.parametrize("part", ["train", "t10k"])
def test_a_part_that_is_alone_counts_as_training(tmp_path: Path, part: str) -> None:
    images, _ = build.write_idx_folder(tmp_path)
    for file in tmp_path.glob(f"{'t10k' if part == 'train' else 'train'}*"):
        file.unlink()
    digits = read(tmp_path)
    assert (digits.n_train, digits.n_test) == ((12, 0) if part == "train" else (4, 0))
    np.testing.assert_array_equal(digits.images, images[:12] if part == "train" else images[12:])


@pytest.mark.parametrize("packed", [True, False])
def test_an_images_file_takes_its_own_labels_beside_it(tmp_path: Path, packed: bool) -> None:
    images, labels = build.write_idx_folder(tmp_path, packed=packed)
    digits = read(tmp_path / f"t10k-images-idx3-ubyte{'.gz' if packed else ''}")
    np.testing.assert_array_equal(digits.images, images[12:])
    assert labels_of(digits) == labels[12:].tolist()


def test_an_images_file_of_any_name_has_no_labels(tmp_path: Path) -> None:
    build.write_idx_folder(tmp_path)
    (tmp_path / "my digits.idx").write_bytes(build.idx(build.pictures()))
    digits = read(tmp_path / "my digits.idx")
    assert (digits.n_images, digits.labels) == (12, None)


def test_a_plain_file_goes_before_the_same_file_packed(tmp_path: Path) -> None:
    images, _ = build.write_idx_folder(tmp_path, packed=True)
    build.write_idx_folder(tmp_path, packed=False)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"damaged")
    np.testing.assert_array_equal(read(tmp_path).images, images)


def test_several_sets_in_one_folder_are_refused_naming_them(tmp_path: Path) -> None:
    build.write_idx_folder(tmp_path, prefix="emnist-digits-", test_word="test")
    build.write_idx_folder(tmp_path, prefix="emnist-letters-", test_word="test")
    text = refusal(tmp_path)
    assert "“emnist-digits”, “emnist-letters”" in text
    assert read(tmp_path / "emnist-letters-test-images-idx3-ubyte.gz").n_images == 4


def test_one_part_twice_is_refused(tmp_path: Path) -> None:
    build.write_idx_folder(tmp_path, test_word="t10k")
    build.write_idx_folder(tmp_path, test_word="test")
    assert "more than one file for the same part" in refusal(tmp_path)


def test_labels_without_images_are_refused(tmp_path: Path) -> None:
    build.write_idx_folder(tmp_path)
    for file in tmp_path.glob("*images*"):
        file.unlink()
    assert "no images" in refusal(tmp_path)


def test_row_44_counts_that_differ_are_refused_with_both(tmp_path: Path) -> None:
    build.write_idx_folder(tmp_path, packed=False)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(build.idx(build.labels(11)))
    assert "“train-images-idx3-ubyte” holds 12 images, “train-labels-idx1-ubyte” 11 labels." in refusal(
        tmp_path
    )


def test_row_44_labels_given_as_images_are_refused_with_both_magics(tmp_path: Path) -> None:
    build.write_idx_folder(tmp_path, packed=False)
    text = refusal(tmp_path / "train-labels-idx1-ubyte")
    assert "“train-labels-idx1-ubyte” holds labels (magic 2049), not images (magic 2051)." in text
    images = tmp_path / "train-images-idx3-ubyte"
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(images.read_bytes())
    assert "holds images (magic 2051), not labels (magic 2049)." in refusal(tmp_path)


@pytest.mark.parametrize("kind", ["u1", "i1", "i4", "f8"])
def test_row_45_any_whole_number_is_a_label(tmp_path: Path, kind: str) -> None:
    labels = (
        np.array([200, 11, 0, 3]).astype(kind) if kind == "u1" else np.array([-5, 11, 0, 127]).astype(kind)
    )
    (tmp_path / "a-images-idx3-ubyte").write_bytes(build.idx(build.pictures(4)))
    (tmp_path / "a-labels-idx1-ubyte").write_bytes(build.idx(labels))
    digits = read(tmp_path)
    assert labels_of(digits) == labels.tolist()
    assert digits.name == "a"


@pytest.mark.parametrize("bad", [0.5, np.nan, np.inf, 1e300, 2.0**63])
def test_labels_that_are_no_whole_numbers_are_refused(tmp_path: Path, bad: float) -> None:
    (tmp_path / "images-idx3-ubyte").write_bytes(build.idx(build.pictures(2)))
    (tmp_path / "labels-idx1-ubyte").write_bytes(build.idx(np.array([1.0, bad])))
    assert "whole numbers" in refusal(tmp_path)


def test_parts_of_different_sizes_are_refused_with_both(tmp_path: Path) -> None:
    build.write_idx_folder(tmp_path, packed=False)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(build.idx(build.pictures(4, 8, 8)))
    text = refusal(tmp_path)
    assert "6 × 5" in text
    assert "8 × 8" in text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0.0, 0.5, 1.0], "f4"), [0, 128, 255]),
        (np.array([0, 8, 16], "f8"), [0, 128, 255]),
        (np.array([0, 100, 255], "i4"), [0, 100, 255]),
        (np.array([-100, 0, 100], "i1"), [0, 128, 255]),
        (np.array([5.0, 7.5, 10.0], "f8"), [128, 191, 255]),
        (np.array([0.0, 0.0, 0.0], "f4"), [0, 0, 0]),
        (np.array([0.0, 1e-320, 1e-320]), [0, 255, 255]),
    ],
)
def test_values_that_are_no_bytes_are_scaled_with_a_note(
    tmp_path: Path, values: np.ndarray, expected: list[int]
) -> None:
    (tmp_path / "images").write_bytes(build.idx(values.reshape(1, 1, 3)))
    digits = read(tmp_path / "images")
    # 127.5 may go either way.
    assert np.abs(digits.images.reshape(-1).astype(int) - expected).max() <= (128 in expected)
    assert any("scaled" in note for note in digits.notes)


def test_both_parts_are_scaled_alike(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(build.idx(np.full((1, 2, 2), 1.0)))
    (tmp_path / "test-images-idx3-ubyte").write_bytes(build.idx(np.full((1, 2, 2), 5.0)))
    assert read(tmp_path).images[:, 0, 0].tolist() == [51, 255]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1.7e308])
def test_values_that_are_no_brightness_are_refused(tmp_path: Path, bad: float) -> None:
    (tmp_path / "images").write_bytes(build.idx(np.array([[[0.0, bad, -1.7e308 if bad > 1e300 else 1.0]]])))
    text = refusal(tmp_path / "images")
    assert "not finite" in text or "no brightness" in text


def test_faint_bytes_are_kept_and_told(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(build.idx(build.pictures() // 16))
    digits = read(tmp_path / "images")
    assert digits.images.max() == 15
    assert digits.brightest == 15
    told = "The brightest pixel is 15 of 255; it is shown as full ink, the values stay as they are."
    assert told in digits.notes


def test_the_memory_budget_holds_for_all_parts_together(tmp_path: Path) -> None:
    build.write_idx_folder(tmp_path, 50, 50, packed=False)
    with budget_of(5_000), pytest.raises(BudgetError, match="100 images of 6 × 5 pixels"):
        read(tmp_path)


# ---- pictures ----------------------------------------------------------------------------------------------


def save(picture: np.ndarray, path: Path, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(picture).save(path, **options)


def test_folders_named_by_label_give_labels(tmp_path: Path) -> None:
    images = build.pictures(6) // 2
    for i, (label, image) in enumerate(zip(["10", "10", "2", "-1", "2", "7"], images, strict=True)):
        save(image, tmp_path / label / f"{i}.png")
    digits = read(tmp_path)
    assert labels_of(digits) == [-1, 10, 10, 2, 2, 7]
    np.testing.assert_array_equal(digits.images, images[[3, 0, 1, 2, 4, 5]])
    assert (digits.name, digits.n_train, digits.notes) == (tmp_path.name, 6, ())


def test_folders_named_by_words_are_numbered_with_a_note(tmp_path: Path) -> None:
    for word in ("shoe", "bag", "coat"):
        save(build.pictures(1)[0] // 2, tmp_path / word / "a.png")
    digits = read(tmp_path)
    assert labels_of(digits) == [0, 1, 2]
    assert digits.notes == ("Labels: 0 bag, 1 coat, 2 shoe.",)


def test_folders_called_train_and_test_are_the_parts(tmp_path: Path) -> None:
    images = build.pictures(5) // 2
    for i, place in enumerate(["train/0", "train/1", "train/1", "testing/0", "testing/1"]):
        save(images[i], tmp_path / place / f"{i}.png")
    digits = read(tmp_path)
    assert (digits.n_train, digits.n_test, labels_of(digits)) == (3, 2, [0, 1, 1, 0, 1])
    np.testing.assert_array_equal(digits.images, images)


def test_pictures_beside_each_other_have_no_labels(tmp_path: Path) -> None:
    images = build.pictures(3) // 2
    for i, image in enumerate(images):
        save(image, tmp_path / f"{i}.png")
    (tmp_path / ".hidden.png").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("no picture")
    digits = read(tmp_path)
    np.testing.assert_array_equal(digits.images, images)
    assert digits.labels is None


def test_colours_depths_and_transparency_become_grey_bytes(tmp_path: Path) -> None:
    grey = build.pictures(1)[0] // 2
    grey[2, 2] = 230
    colour = np.zeros((6, 5, 3), np.uint8)
    colour[..., 1] = 200
    see_through = np.dstack([grey, grey, grey, np.zeros_like(grey)])
    see_through[0, :, 3] = 255
    save(grey, tmp_path / "1.png")
    save(np.dstack([grey] * 3), tmp_path / "2.png")
    save(grey.astype(np.uint16) * 257, tmp_path / "3.png")
    save(colour, tmp_path / "4.png")
    save(see_through, tmp_path / "5.png")
    images = read(tmp_path).images
    np.testing.assert_array_equal(images[:3], np.stack([grey] * 3))
    assert (images[3] == round(0.7152 * 200)).all()
    np.testing.assert_array_equal(images[4], np.where(np.arange(6)[:, None] == 0, grey, 0))


def test_ink_on_paper_is_inverted_with_a_note(tmp_path: Path) -> None:
    image = np.full((8, 8), 250, np.uint8)
    image[2:6, 3:5] = 10
    save(image, tmp_path / "a.png")
    digits = read(tmp_path)
    np.testing.assert_array_equal(digits.images[0], 255 - image)
    assert "inverted" in digits.notes[0]


def test_a_picture_of_another_size_is_refused_naming_both(tmp_path: Path) -> None:
    save(build.pictures(1)[0], tmp_path / "a.png")
    save(build.pictures(1, 7, 7)[0], tmp_path / "b.png")
    assert "“a.png” has 6 × 5 pixels, “b.png” 7 × 7." in refusal(tmp_path)


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    save(build.pictures(1)[0], tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n no more")
    assert "b.png" in refusal(tmp_path)


def test_too_many_pictures_for_the_memory_are_refused_by_the_first(tmp_path: Path) -> None:
    for i in range(10):
        save(np.zeros((40, 40), np.uint8), tmp_path / f"{i}.png")
    with budget_of(12_000), pytest.raises(BudgetError, match="10 pictures of 40 × 40 pixels need 16 kB"):
        read(tmp_path)


def test_a_folder_without_digits_is_refused_with_what_it_should_hold(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing")
    assert "train-images-idx3-ubyte.gz" in refusal(tmp_path)


# ---- NPZ ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("save_npz", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "keys",
    [("images", "labels"), ("x_train", "y_train"), ("X", "y"), ("data", "target"), ("Images", "LABELS")],
)
def test_an_archive_of_one_part_is_read(
    tmp_path: Path, save_npz: Callable[..., None], keys: tuple[str, str]
) -> None:
    images, labels = build.pictures(5), build.labels(5)
    save_npz(tmp_path / "set.npz", **{keys[0]: images, keys[1]: labels, "other": np.zeros(3)})
    digits = read(tmp_path / "set.npz")
    np.testing.assert_array_equal(digits.images, images)
    assert labels_of(digits) == labels.tolist()
    assert (digits.name, digits.n_train) == ("set", 5)


@pytest.mark.parametrize("has_labels", [True, False])
def test_an_archive_of_two_parts_is_read(tmp_path: Path, has_labels: bool) -> None:
    images, labels = build.pictures(7), build.labels(7)
    arrays: dict[str, Any] = {"x_train": images[:4], "x_test": images[4:]}
    if has_labels:
        arrays |= {"y_train": labels[:4, None], "y_test": labels[4:]}
    np.savez(tmp_path / "mnist.npz", **arrays)
    digits = read(tmp_path)
    np.testing.assert_array_equal(digits.images, images)
    assert (digits.labels is not None) is has_labels
    assert digits.n_train == 4


@pytest.mark.parametrize(
    "shaped",
    [
        np.asfortranarray(build.pictures(5, 6, 6)),
        build.pictures(5, 6, 6).astype(">i4"),
        build.pictures(5, 6, 6).reshape(5, 36),
        build.pictures(5, 6, 6)[..., None],
        build.pictures(5, 6, 6)[:, None],
        (build.pictures(5, 6, 6) / 255.0).astype(np.float16),
    ],
    ids=["fortran", "big-endian", "rows", "channels last", "channels first", "half"],
)
def test_images_are_read_in_any_usual_arrangement(tmp_path: Path, shaped: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", images=shaped)
    np.testing.assert_array_equal(read(tmp_path / "a.npz").images, build.pictures(5, 6, 6))


def test_truth_values_become_black_and_white(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=build.pictures() > 100)
    np.testing.assert_array_equal(read(tmp_path / "a.npz").images, (build.pictures() > 100) * 255)


def test_row_49_python_objects_are_never_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=np.array([[[print]]], dtype=object))
    assert "Python objects, which are never read" in refusal(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("member", "words"),
    [
        (build.npy_header("|u1", 60_000, 28, 28) + b"1", "promises 47,040,000 bytes"),
        (build.npy_header("<f8", 2**40, 2**40) + b"1", "promises"),
        (build.npy_header("|u1", 2, 3, 3) + bytes(19), "shorter or longer"),
        (build.npy_header("|u1", 0, 3, 3), "holds nothing"),
        (build.npy_header("|u1", -2, -3, 3) + bytes(18), "holds nothing"),
        (build.npy_header("<c16", 1, 1, 1) + bytes(16), "complex128"),
        (build.npy_header("<U4", 1, 1, 1) + bytes(16), "not read"),
        (build.npy_header("|u1", 2, 3, 3, 3) + bytes(54), "not a row of grey images"),
        (b"no header at all", "damaged"),
        (b"", "damaged"),
        (b"\x93NUMPY\x09\x00" + bytes(60), "plain array"),
    ],
)
def test_members_that_are_no_images_are_refused(tmp_path: Path, member: bytes, words: str) -> None:
    (tmp_path / "a.npz").write_bytes(build.npz_of_raw(images=member))
    assert words in refusal(tmp_path / "a.npz")


def test_an_archive_without_known_names_is_refused_with_those_it_has(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", pictures=build.pictures(), answers=build.labels())
    assert "it holds pictures, answers." in refusal(tmp_path / "a.npz")


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=build.pictures(200))
    data = buffer.getvalue()
    (tmp_path / "a.npz").write_bytes(data[: len(data) // 2])
    assert "damaged" in refusal(tmp_path / "a.npz")
    wrong = bytearray(data)
    wrong[len(data) // 2] ^= 0xFF
    (tmp_path / "b.npz").write_bytes(wrong)
    assert "damaged" in refusal(tmp_path / "b.npz") or "shorter" in refusal(tmp_path / "b.npz")


def test_an_array_larger_than_the_memory_is_refused(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", images=np.zeros((100, 30, 30), np.uint8))
    with budget_of(50_000), pytest.raises(BudgetError, match="90 kB"):
        read(tmp_path / "a.npz")


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes_of_an_archive_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=build.pictures(3), labels=build.labels(3))
    whole = bytearray(buffer.getvalue())
    for position in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4)):
        whole[position] = data.draw(st.integers(0, 255))
    (tmp_path / "a.npz").write_bytes(whole)
    try:
        digits = read(tmp_path / "a.npz")
    except GmmsegError:
        return
    np.testing.assert_array_equal(digits.images, build.pictures(3))


# ---- progress, stop, real data -----------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", [StopRequest.STOP, StopRequest.CANCEL])
@pytest.mark.parametrize("kind", ["idx", "npz", "pictures"])
def test_reading_ends_at_every_question(tmp_path: Path, kind: str, verdict: StopRequest) -> None:
    if kind == "idx":
        build.write_idx_folder(tmp_path)
    elif kind == "npz":
        np.savez(tmp_path / "a.npz", images=build.pictures(), labels=build.labels())
    else:
        for i, image in enumerate(build.pictures(3)):
            save(image, tmp_path / str(i) / "a.png")
    asked = 0

    def count() -> StopRequest:
        nonlocal asked
        asked += 1
        return StopRequest.NONE

    read(tmp_path, count)
    # Between reading and decoding a picture only CANCEL is heard, a moment before the next picture.
    for last in range(1, asked + 1) if kind != "pictures" else (1, 2):
        questions = 0

        def end(last: int = last) -> StopRequest:
            nonlocal questions
            questions += 1
            return verdict if questions >= last else StopRequest.NONE

        with pytest.raises(Cancelled):
            read(tmp_path, end)


def test_progress_tells_which_file_and_how_far(tmp_path: Path) -> None:
    build.write_idx_folder(tmp_path)
    told = [event for event in read_digits_events(tmp_path) if isinstance(event, Progress)]
    fractions = [event.fraction for event in told if event.fraction is not None]
    assert fractions == sorted(fractions)
    assert any("train-images-idx3-ubyte.gz" in event.text for event in told)


@pytest.mark.parametrize("name", ["missing", "nul\0byte", "very" * 100])
def test_impossible_paths_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReadError):
        read(tmp_path / name)


@pytest.mark.shared_data
@pytest.mark.skipif(not MNIST.is_dir(), reason="the MNIST files are not beside the checkout")
def test_mnist_itself_is_read_and_known_by_name() -> None:
    digits = read(MNIST)
    assert (digits.images.shape, digits.n_train, digits.name) == ((70_000, 28, 28), 60_000, "MNIST")
    raw = gzip.decompress((MNIST / "t10k-images-idx3-ubyte.gz").read_bytes())
    np.testing.assert_array_equal(digits.images[60_000:].reshape(-1), np.frombuffer(raw, np.uint8, offset=16))
    assert np.bincount(labels_of(digits))[[0, 1, 5]].tolist() == [6903, 7877, 6313]


@pytest.mark.shared_data
@pytest.mark.skipif(not MNIST.is_dir(), reason="the MNIST files are not beside the checkout")
def test_reading_mnist_asks_at_least_once_a_megabyte_whether_to_stop() -> None:
    n_asked = 0

    def should_stop() -> StopRequest:
        nonlocal n_asked
        n_asked += 1
        return StopRequest.NONE

    digits = read(MNIST, should_stop)
    assert n_asked >= digits.images.nbytes / 2**20
