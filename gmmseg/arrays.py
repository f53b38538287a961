"""Array aliases, named for what they hold, and freezing."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

AnyArray = NDArray[Any]
FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
ByteArray = NDArray[np.uint8]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
LabelArray = NDArray[np.uint8] | NDArray[np.uint16]
"""(H, W) label map: 0 is no data, k + 1 is component k; uint8 up to 254 components, else uint16."""

_A = TypeVar("_A", bound=np.ndarray[Any, Any])


def frozen(array: _A) -> _A:
    """Return `array` itself, made read-only, so that it can be shared between threads and snapshots."""
    array.flags.writeable = False
    return array


def label_dtype(n_components: int) -> type[np.uint8] | type[np.uint16]:
    """Return the smallest type that holds labels 0..K with 255 left free."""
    return np.uint8 if n_components <= 254 else np.uint16
