"""The E-step of few features in compiled code, where a C compiler was at hand when gmmseg was installed.

Numpy computes one exponential at a time on processors without AVX-512, and each of its operations goes
through a whole block and takes the interpreter's lock at its end. `_expect.c` computes two or four at once,
does all steps while a few rows are in the cache, and needs no lock until it is done. Without it
`QuadraticKernel` does the same with numpy. Both agree to rounding.
"""

from __future__ import annotations

import ctypes
import math
import zlib
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.mixture.quadratic_features import n_quadratic


def is_available() -> bool:
    """Whether the compiled E-step is there."""
    return _library() is not None


def suits(coefficients: FloatArray) -> bool:
    """Whether `coefficients` (K, F) are numbers: the compiled code does not pass on what is not one."""
    return bool(np.isfinite(coefficients[:, :-1]).all() and (coefficients[:, -1] < np.inf).all())


class Step:
    """The E-step for one set of parameters.

    Parameters
    ----------
    coefficients : (K, F)
        Of the log-densities in the quadratic features, see `quadratic_features`. The last, of the constant
        feature, may be -inf, but not for all components.
    centre : (D,)
        Subtracted from features.
    is_diagonal : bool
        Whether squares are all there is of second degree.
    is_made : bool
        Whether rows come as quadratic features, (F, B) instead of (D, B), of what is centred already.
    library : CDLL, optional
        Instead of the one of this installation.
    """

    def __init__(
        self,
        coefficients: FloatArray,
        centre: FloatArray,
        is_diagonal: bool,
        is_made: bool,
        library: ctypes.CDLL | None = None,
    ) -> None:
        library = library or _library()
        if library is None:
            raise RuntimeError("the compiled E-step is missing")
        self._expect = library.gmmseg_expect
        self._coefficients = np.ascontiguousarray(coefficients, dtype=np.float64)
        self._centre = np.ascontiguousarray(centre, dtype=np.float64)
        self._is_diagonal = is_diagonal
        self._is_made = is_made
        self._scratch = np.empty(library.gmmseg_scratch(*self._coefficients.shape))

    def expect(self, lines: FloatArray, weights: FloatArray, sums: FloatArray) -> float:
        """Add the moments of some rows to `sums` (K, F) and return their log-likelihood in nats.

        Parameters
        ----------
        lines : (D, B) or (F, B)
        weights : (B,)
        sums : (K, F)
            Contiguous.
        """
        n_components, n_coefficients = self._coefficients.shape
        n_lines, n_rows = lines.shape
        n_features = len(self._centre)
        # The compiled code trusts what it is given.
        if n_coefficients != n_quadratic(n_features, self._is_diagonal):
            raise ValueError(f"{n_features} features do not have {n_coefficients} quadratic ones")
        if n_lines != (n_coefficients if self._is_made else n_features) or weights.shape != (n_rows,):
            raise ValueError(f"rows {lines.shape} with weights {weights.shape} do not fit the parameters")
        if sums.shape != self._coefficients.shape or not sums.flags.carray or sums.dtype != np.float64:
            raise ValueError(f"sums {sums.shape} do not fit the parameters {self._coefficients.shape}")
        if lines.dtype != np.float64 or (n_rows > 1 and lines.strides[1] != 8) or lines.strides[0] % 8:
            lines = np.ascontiguousarray(lines, dtype=np.float64)
        lines = np.require(lines, requirements="A")
        weights = np.require(weights, np.float64, ["C", "A"])
        likelihood: float = self._expect(
            lines.ctypes.data,
            lines.strides[0] // 8,
            n_lines,
            n_rows,
            self._is_made,
            self._is_diagonal,
            weights.ctypes.data,
            self._centre.ctypes.data,
            self._coefficients.ctypes.data,
            n_components,
            n_coefficients,
            sums.ctypes.data,
            self._scratch.ctypes.data,
        )
        return likelihood


@cache
def _library() -> ctypes.CDLL | None:
    for suffix in EXTENSION_SUFFIXES:
        path = Path(__file__).with_name("_expect" + suffix)
        library = _opened(path) if path.is_file() else None
        if library is not None:
            return library
    return None


def _opened(path: Path) -> ctypes.CDLL | None:
    """Return the library if it is of these sources and computes what it should."""
    try:
        library = ctypes.CDLL(str(path))
        library.gmmseg_checksum.restype = ctypes.c_int64
        if library.gmmseg_checksum() != _checksum():
            return None
        size, address, flag = ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_int
        library.gmmseg_scratch.argtypes = [size, size]
        library.gmmseg_scratch.restype = size
        for expect in (library.gmmseg_expect, library.gmmseg_expect_plain):
            expect.argtypes = [
                *(address, size, size, size, flag, flag, address),
                *(address, address, size, size, address, address),
            ]
            expect.restype = ctypes.c_double
    except (OSError, AttributeError):
        # Built for another machine, or something else altogether: numpy does the work.
        return None
    return library if _is_right(library) else None


def _checksum() -> int:
    here = Path(__file__)
    sources = (here.with_name("_expect.c"), here.with_name("_expect_body.h"))
    return zlib.crc32(b"".join(source.read_bytes() for source in sources))


def _is_right(library: ctypes.CDLL) -> bool:
    """Whether the library finds log(1 + e^x): compilers can be told to take liberties with arithmetic."""
    step = Step(np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), np.zeros(1), False, False, library)
    found = step.expect(np.array([[-3.0, 0.5]]), np.ones(2), np.zeros((2, 3)))
    return math.isclose(found, math.log1p(math.exp(-3.0)) + math.log1p(math.exp(0.5)), rel_tol=1e-14)
