"""Tables of numbers: what is read equals numpy's and csv's own reading, what is not is refused in words."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gmmseg.io.table_reading as table_reading
from gmmseg.arrays import AnyArray
from gmmseg.control import StopRequest
from gmmseg.errors import BudgetError, Cancelled, GmmsegError, ReadError
from gmmseg.io.table_reading import read_table
from gmmseg.limits import budget_of
from gmmseg.tables.table import table_of

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ROWS = st.integers(1, 5).flatmap(
    lambda n: st.lists(st.lists(NUMBERS, min_size=n, max_size=n), min_size=2, max_size=9)
)


def written(folder: Path, data: bytes | str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def npz(**arrays: AnyArray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def npy(array: AnyArray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@given(rows=ROWS, delimiter=st.sampled_from(",;\t"), has_names=st.booleans(), quoting=st.sampled_from([0, 1]))
def test_every_float_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[float]],
    delimiter: str,
    has_names: bool,
    quoting: int,
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL if quoting else csv.QUOTE_MINIMAL)
    names = [f"col, {at}" if quoting else f"col {at}" for at in range(len(rows[0]))]
    writer.writerows([names, *rows] if has_names else rows)
    table = read_table(written(tmp_path_factory.mktemp("t"), text.getvalue()))
    np.testing.assert_array_equal(table.values, np.array(rows))
    assert table.names == tuple(names if has_names else [f"x{at + 1}" for at in range(len(rows[0]))])


def test_blocks_join_without_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_reading, "_LINES_AT_ONCE", 4)
    for n_rows in (3, 4, 5, 8, 9):
        rows = np.arange(2.0 * n_rows).reshape(-1, 2)
        text = "a,b\n" + "\n\n".join(f"{a},{b}" for a, b in rows)
        np.testing.assert_array_equal(read_table(written(tmp_path, text)).values, rows)


@pytest.mark.parametrize("text", ["a\tb\r\n1\t2\r\n3\t4\r\n", "a\tb\r1\t2\r3\t4", " a \tb\n 1\t 2 \n3\t4\n"])
def test_line_ends_and_blanks_do_not_matter(tmp_path: Path, text: str) -> None:
    table = read_table(written(tmp_path, text))
    assert (table.names, table.values.tolist()) == (("a", "b"), [[1, 2], [3, 4]])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_text_of_spreadsheets_is_read(tmp_path: Path, encoding: str) -> None:
    table = read_table(written(tmp_path, "größe,长\n1,2\n3,4\n".encode(encoding)))
    assert (table.names, table.values.tolist()) == (("größe", "长"), [[1, 2], [3, 4]])


@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<i2", "|u1", "|b1", "<f2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_any_numbers_are_read(tmp_path: Path, dtype: str, order: str) -> None:
    array = np.array([[1, 0, 1], [0, 1, 1]]).astype(dtype, order=order)  # type: ignore[call-overload]
    for data in (npy(array), npz(anything=array), npz(values=array, component=np.ones(2))):
        table = read_table(written(tmp_path, data, "t.npy"))
        np.testing.assert_array_equal(table.values, [[1, 0, 1], [0, 1, 1]])
        assert table.names == ("x1", "x2", "x3")


def test_a_row_of_values_is_one_column(tmp_path: Path) -> None:
    assert read_table(written(tmp_path, npy(np.array([1.0, 2.0])))).values.tolist() == [[1], [2]]
    assert read_table(written(tmp_path, "1\n2\n")).values.tolist() == [[1], [2]]


def test_columns_are_chosen_by_name_and_others_may_hold_text(tmp_path: Path) -> None:
    path = written(tmp_path, "kind,a,b\nsetosa,1,2\nother,3,\n")
    assert read_table(path, ["a"]).values.tolist() == [[1], [3]]
    path = written(tmp_path, "kind,a,b\nsetosa,1,2\nother,3,4\n")
    table = read_table(path, ["b", "a"])
    assert (table.names, table.values.tolist()) == (("b", "a"), [[2, 1], [4, 3]])
    path = written(tmp_path, npy(np.arange(6.0).reshape(2, 3)))
    assert read_table(path, ["x3", "x1"]).values.tolist() == [[2, 0], [5, 3]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("a,b\n1,2\n3,four\n", "Line 3 of “t.csv” has “four” in the column “b”, which is no number"),
        ("1,2\n\n3,1_000\n", "Line 3 of “t.csv” has “1_000” in the column “x2”"),
        ("1,2\n3,１２\n", "“１２” in the column “x2”, which is no number"),
        ("a;b\n1,5;2\n3;4\n", "“1,5” in the column “a”.*decimal point"),
        ("a,b\n1,\n3,4\n", "Line 2 of “t.csv” has no value in the column “b”"),
        ("a,b\n1,2\nNaN,4\n", "Line 3 of “t.csv” has no value in the column “a”"),
        ("a,b\n1,2\n3,NA\n", "no value in the column “b”"),
        ("a,b\n1,2\n3,-inf\n", "infinite value in the column “b”"),
        ("a,b\n1,2\n3\n", "Line 3 of “t.csv” has 1 cells, the first one 2"),
        ("a,b\n1,2\n3,4,5\n", "Line 3 of “t.csv” has 3 cells"),
        ("a,b\n1,2\n", "holds one row; a mixture needs at least two"),
        ("1,2\n", "holds one row"),
        ("a,b\n", "holds no rows"),
        ("a,a\n1,2\n3,4\n", "two columns “a”"),
        ("\n \n", "nothing but blank lines"),
        ("x" * 5_000_000, "too long for a row"),
        (b"\xff\x00\xd8garbage", "neither a text nor an array"),
        (npy(np.zeros((2, 2, 2))), "has 3 dimensions"),
        (npy(np.zeros((1, 4))), "holds one row"),
        (npy(np.array([[1.0, np.nan], [1, 2]])), "Row 1 of “t.csv” has no value in the column “x2”"),
        (npy(np.array([[1.0, 2], [np.inf, 2]])), "Row 2 of “t.csv” has an infinite value in the column “x1”"),
        (npy(np.array([["a"]])), "values of type <U1"),
        (npy(np.zeros((2, 2), complex)), "values of type complex128"),
        (npy(np.zeros((3, 3)))[:-1], "shorter or longer|promises"),
        (npy(np.zeros((3, 3))) + b"x", "shorter or longer"),
        (npz(a=np.zeros((2, 2)), b=np.zeros(2)), "several arrays and none called values; it holds a, b"),
        (npz(values=np.zeros((3, 3)))[:-30], "damaged|cut off"),
    ],
)
def test_what_is_no_table_is_said_in_a_sentence(tmp_path: Path, data: bytes | str, words: str) -> None:
    with pytest.raises(ReadError, match=words) as caught:
        read_table(written(tmp_path, data))
    assert caught.value.cause.endswith(".")
    assert "\n" not in str(caught.value)


def test_objects_are_never_loaded(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([[print, 1]], object), allow_pickle=True)
    with pytest.raises(ReadError, match="Python objects"):
        read_table(written(tmp_path, buffer.getvalue()))


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n1,2\n3,4\n")
    with pytest.raises(ReadError, match="no column “c”; its columns are a, b"):
        read_table(path, ["c"])
    with pytest.raises(ReadError, match="“a” is chosen twice"):
        read_table(path, ["a", "a"])


def test_nothing_is_allocated_beyond_the_budget(tmp_path: Path) -> None:
    # A digit and a line break are 2 bytes, the number 8; a bit of a boolean array is 1 byte, the number 8.
    for data in ("1\n" * 10_000, npy(np.zeros((10_000, 2), np.bool_))):
        path = written(tmp_path, data)
        assert read_table(path).n_rows == 10_000
        with budget_of(60_000), pytest.raises(BudgetError, match="are allowed"):
            read_table(path)


def test_a_header_that_promises_more_than_there_is_allocates_nothing(tmp_path: Path) -> None:
    lying = npy(np.zeros((2, 2))).replace(
        b"'shape': (2, 2), }            ", b"'shape': (2000000, 2000000), }"
    )
    with pytest.raises(ReadError, match="promises 32,000,000,000,000 bytes"):
        read_table(written(tmp_path, lying))


def test_too_many_columns_are_refused_before_they_are_parted(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match="more than 100,000 columns"):
        read_table(written(tmp_path, "," * 200_000 + "\n"))
    with pytest.raises(BudgetError, match="at most 1,024 are fitted"):
        read_table(written(tmp_path, ",".join("1" * 1025) + "\n"))


def test_reading_stops_when_asked(tmp_path: Path) -> None:
    path = written(tmp_path, "1,2\n" * 100)
    with pytest.raises(Cancelled):
        read_table(path, should_stop=lambda: StopRequest.CANCEL)


@given(data=st.binary(max_size=200) | st.text('0123456789.,;\t\n"eE+-nax', max_size=60).map(str.encode))
def test_any_bytes_are_a_table_or_a_refusal(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    try:
        table = read_table(written(tmp_path_factory.mktemp("t"), data))
    except GmmsegError:
        return
    assert table.n_rows >= 2
    assert np.isfinite(table.values).all()


def test_a_table_of_an_array_is_checked_like_a_file() -> None:
    assert table_of(np.array([[1, 2], [3, 4]]), ["a", "b"]).names == ("a", "b")
    with pytest.raises(ReadError, match="Row 2 of “table” has no value in the column “x1”"):
        table_of(np.array([[1.0], [np.nan]]))
    with pytest.raises(ReadError, match="no columns"):
        table_of(np.zeros((3, 0)))
    with pytest.raises(ValueError, match="read-only"):
        table_of(np.zeros((3, 1))).values[0] = 1
