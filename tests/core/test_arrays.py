"""Tables looked up for each pixel: equal to indexing by numpy, without the memory that this takes."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from gmmseg.arrays import looked_up
from gmmseg.io.masks import mask_ids
from gmmseg.photo.classes import default_classes


@pytest.mark.parametrize("shape", [(1, 300_000), (300_000, 1), (700, 301), (0, 4)])
@pytest.mark.parametrize(("dtype", "low"), [(np.int32, -5), (np.uint8, 0), (np.uint32, 0)])
@pytest.mark.parametrize("columns", [(), (4,)])
def test_a_table_is_looked_up_as_numpy_indexes_it(
    shape: tuple[int, int],
    dtype: type[np.int32] | type[np.uint8] | type[np.uint32],
    low: int,
    columns: tuple[int, ...],
) -> None:
    random = np.random.default_rng(0)
    indices = random.integers(low, 5, shape).astype(dtype)
    table = random.integers(0, 255, (5, *columns)).astype(np.uint8)
    found = looked_up(table, indices)
    assert found.dtype == table.dtype
    assert np.array_equal(found, table[indices])


def test_the_values_of_a_mask_take_little_memory_besides_them() -> None:
    labels = np.ones((2000, 2000), dtype=np.uint8)
    classes = default_classes(3)
    tracemalloc.start()
    mask_ids(labels, classes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * labels.nbytes
