"""The E-step of few features in compiled code, where a C compiler was at hand when gmmseg was installed.

Numpy computes one exponential at a time on processors without AVX-512, and each of its operations goes
through a whole block and takes the interpreter's lock at its end. `_estep.c` computes two to eight at once,
does all steps while a few rows are in the cache, and needs no lock until it is done. Without it
`QuadraticKernel` does the same with numpy. Both agree to rounding.
"""

from __future__ import annotations

import logging
import math
import zlib
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import cast

import numpy as np

from gmmseg.arrays import FloatArray

_log = logging.getLogger("gmmseg.mixture")

SOURCES = tuple(Path(__file__).with_name(name) for name in ("_estep.c", "_estep_body.h"))
"""In a checkout; an installed package has the library alone."""


def is_available() -> bool:
    """Whether the compiled E-step is there."""
    return _module() is not None


def kernel_name() -> str:
    """Return which code computes the E-step of few features, with the instructions it uses.

    ``numpy``, or ``compiled (AVX-512)``, ``compiled (AVX2)`` or ``compiled (baseline)``, the instructions
    that every processor of the kind has. The first two of these give the same bytes.
    """
    return _name_of(_module())


def rounding_name() -> str:
    """Return a name that is the same wherever sums have the same last bits."""
    return kernel_name().replace("AVX-512", "AVX2")


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
    kernel : int
        Which of the module's kernels for this processor; the first is the fastest.
    module : ModuleType, optional
        Instead of the one of this installation.
    """

    def __init__(
        self,
        coefficients: FloatArray,
        centre: FloatArray,
        is_diagonal: bool,
        is_made: bool,
        kernel: int = 0,
        module: ModuleType | None = None,
    ) -> None:
        module = module or _module()
        if module is None:
            raise RuntimeError("the compiled E-step is missing")
        self._expect = module.expect
        self._parameters = (
            kernel,
            is_made,
            is_diagonal,
            np.ascontiguousarray(coefficients, dtype=np.float64),
            np.ascontiguousarray(centre, dtype=np.float64),
        )

    def expect(self, lines: FloatArray, weights: FloatArray, sums: FloatArray) -> float:
        """Add the moments of some rows to `sums` (K, F) and return their log-likelihood in nats.

        Parameters
        ----------
        lines : (D, B) or (F, B)
        weights : (B,)
        sums : (K, F)
            Contiguous.

        Raises
        ------
        ValueError
            The shapes do not fit each other, or `sums` cannot be written to.
        """
        try:
            return cast(float, self._expect(*self._parameters, lines, weights, sums))
        except BufferError:  # another dtype or layout than the compiled code reads
            lines, weights = (np.array(array, dtype=np.float64, order="C") for array in (lines, weights))
            return cast(float, self._expect(*self._parameters, lines, weights, sums))


def _name_of(module: ModuleType | None) -> str:
    return "numpy" if module is None else f"compiled ({module.KERNELS[0]})"


@cache
def _module() -> ModuleType | None:
    """Return the extension module if it is there and right; what is used is logged at the first call."""
    module = None
    try:
        module = import_module("gmmseg.mixture._estep")
    except ImportError as error:
        _log.info("No compiled E-step: %s", error)
    if module is not None and not (_is_of_these_sources(module) and _is_right(module)):
        _log.warning("The compiled E-step %s is of other sources or miscompiled: not used", module.__file__)
        module = None
    _log.info("E-step of few features: %s", _name_of(module))
    return module


def _is_of_these_sources(module: ModuleType) -> bool:
    """Whether a library in a checkout was made after the last change of its sources."""
    if not all(source.is_file() for source in SOURCES):
        return True
    return bool(zlib.crc32(b"".join(source.read_bytes() for source in SOURCES)) == module.CHECKSUM)


def _is_right(module: ModuleType) -> bool:
    """Whether each kernel finds log(1 + e^x): compilers have options that reorder arithmetic."""
    expected = math.log1p(math.exp(-3.0)) + math.log1p(math.exp(0.5))
    coefficients = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    steps = [Step(coefficients, np.zeros(1), False, False, at, module) for at in range(len(module.KERNELS))]
    rows = np.array([[-3.0, 0.5]])
    return all(
        math.isclose(step.expect(rows, np.ones(2), np.zeros((2, 3))), expected, rel_tol=1e-14)
        for step in steps
    )
