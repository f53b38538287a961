"""The compiled E-step against plain sums, and that everything works without it."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logsumexp

from gmmseg.arrays import FloatArray, frozen
from gmmseg.mixture import compiled, quadratic_kernel
from gmmseg.mixture.covariance import Spherical
from gmmseg.mixture.fit import fit
from gmmseg.mixture.kernels import Kernel
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.quadratic_kernel import QuadraticKernel, quadratic_features
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from tests.core.mixture.cases import blobs, random_params

ROOT = Path(__file__).parents[3]
needs_compiled = pytest.mark.skipif(
    not compiled.is_available(), reason="no C compiler was at hand when gmmseg was installed"
)

LIBRARY = compiled._module()
VARIANTS: tuple[str, ...] = () if LIBRARY is None else LIBRARY.KERNELS
"""The kernels this processor can run, with the instructions that every processor has as the last."""


def _plain_sums(
    params: MixtureParams, values: FloatArray, weights: FloatArray
) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Return log-likelihood, counts, means and matrices of scatter by scipy's densities."""
    joint = np.stack(
        [
            np.log(weight) + stats.multivariate_normal(mean, matrix).logpdf(values).reshape(len(values))
            for weight, mean, matrix in zip(params.weights, params.means, params.matrices(), strict=True)
        ]
    )
    density = logsumexp(joint, axis=0)
    weighted = np.exp(joint - density) * weights
    counts = weighted.sum(axis=1)
    means = weighted @ values / counts[:, None]
    deviations = values - means[:, None]
    return (
        float(weights @ density),
        counts,
        means,
        np.einsum("kn,knd,kne->kde", weighted, deviations, deviations),
    )


def _expected(
    kernel: QuadraticKernel, params: MixtureParams, weights: FloatArray, variant: str | None = None
) -> float:
    kernel.set_params(params)
    assert kernel._step is not None
    if variant is not None:
        kernel._step = compiled.Step(
            kernel._coefficients, kernel._centre, kernel._is_diagonal, False, VARIANTS.index(variant)
        )
    return kernel.expect(slice(0, len(weights)), weights, is_hard=False)


@needs_compiled
@settings(max_examples=60)
@given(
    n_rows=st.sampled_from([1, 2, 63, 64, 65, 127, 128, 200]),
    n_components=st.integers(1, 9),
    n_features=st.integers(1, 6),
    kind=st.sampled_from(["full", "diag"]),
    variant=st.sampled_from(VARIANTS or ("none",)),
    seed=st.integers(0, 2**32 - 1),
)
def test_likelihood_and_moments_are_those_of_plain_sums(
    n_rows: int, n_components: int, n_features: int, kind: CovarianceKind, variant: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    params = random_params(rng, n_components, n_features, kind)
    values = rng.normal(size=(n_rows, n_features)) * 4
    weights = rng.uniform(0.1, 9.0, size=n_rows)
    kernel = QuadraticKernel(np.ascontiguousarray(values.T), values.mean(axis=0), kind == "diag")
    log_likelihood, counts, means, scatter = _plain_sums(params, values, weights)
    assert _expected(kernel, params, weights, variant) == pytest.approx(log_likelihood, rel=1e-11, abs=1e-10)
    moments = kernel.moments()
    # Terms 40 nats below the largest are left out: e^-40 is 4.2e-18.
    np.testing.assert_allclose(moments.counts, counts, rtol=1e-9, atol=5e-18 * weights.sum())
    held = counts > 1e-6 * n_rows
    np.testing.assert_allclose(moments.means[held], means[held], rtol=1e-8, atol=1e-8)
    if kind == "diag":
        scatter = np.diagonal(scatter, axis1=1, axis2=2)
    np.testing.assert_allclose(moments.scatter[held], scatter[held], rtol=1e-8, atol=1e-7 * n_rows)


@needs_compiled
@pytest.mark.parametrize("variant", VARIANTS)
def test_exponential_and_logarithm_are_right_to_the_last_digits(variant: str) -> None:
    # Of two components with the log-densities 0 and x a row has log(1 + e^x), and the share e^x / (1 + e^x).
    coefficients = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    for x in (*np.linspace(-39.999, 39.999, 1001), *np.arange(-720.0, 721.0, 45.0), 0.0, 1e-300):
        step = compiled.Step(coefficients, np.zeros(1), True, False, VARIANTS.index(variant))
        sums = np.zeros((2, 3))
        found = step.expect(np.array([[x]]), np.ones(1), sums)
        assert found == pytest.approx(np.logaddexp(0.0, x), rel=1e-15, abs=3e-16)
        small, large = np.exp(-abs(x)) / (1 + np.exp(-abs(x))), 1 / (1 + np.exp(-abs(x)))
        if abs(x) >= 40:
            small = 0.0  # as with numpy, see `NEGLIGIBLE_LOG`
        shares = sums[:, 2] if x < 0 else sums[::-1, 2]
        np.testing.assert_allclose(shares, [large, small], rtol=2e-15, atol=0)


@needs_compiled
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_same_as_numpy_for_one_block_after_another(variant: str) -> None:
    rng = np.random.default_rng(3)
    params = random_params(rng, 5, 3)
    columns = rng.normal(size=(3, 1000)) * 4
    weights = rng.integers(1, 9, size=1000).astype(float)
    kernel, other = (QuadraticKernel(columns, np.zeros(3), False) for _ in range(2))
    found = _expected(kernel, params, weights[:300], variant)
    found += kernel.expect(slice(300, 1000), weights[300:], is_hard=False)
    other.set_params(params)
    assert found == pytest.approx(Kernel.expect(other, slice(0, 1000), weights, is_hard=False), rel=1e-14)
    for name in ("counts", "means", "scatter"):
        one, two = getattr(kernel.moments(), name), getattr(other.moments(), name)
        np.testing.assert_allclose(one, two, rtol=1e-11, atol=1e-11)


@needs_compiled
@pytest.mark.parametrize("is_diagonal", [False, True])
def test_quadratic_features_made_before_are_read_block_by_block(is_diagonal: bool) -> None:
    rng = np.random.default_rng(4)
    params = random_params(rng, 3, 2, "diag" if is_diagonal else "full")
    columns, weights = rng.normal(size=(2, 400)), rng.uniform(1, 5, size=400)
    centre = np.array([0.3, -0.2])
    made = quadratic_features(columns - centre[:, None], is_diagonal)
    cells = QuadraticKernel(columns, centre, is_diagonal, made)
    rows = QuadraticKernel(columns, centre, is_diagonal)
    expected = _expected(rows, params, weights)
    found = _expected(cells, params, weights[:130])
    found += cells.expect(slice(130, 400), weights[130:], is_hard=False)
    assert found == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(cells.moments().scatter, rows.moments().scatter, rtol=1e-11)


@needs_compiled
def test_hard_assignment_stays_hard() -> None:
    rng = np.random.default_rng(6)
    params = random_params(rng, 3, 2, "spherical")
    hard = MixtureParams(params.weights, params.means, Spherical(np.ones(3)), is_hard=True)
    columns = rng.normal(size=(2, 50)) * 3
    kernel = QuadraticKernel(columns, np.zeros(2), True)
    kernel.set_params(hard)
    kernel.expect(slice(0, 50), np.ones(50), is_hard=True)
    nearest = ((columns[:, None, :] - hard.means.T[:, :, None]) ** 2).sum(axis=0).argmin(axis=0)
    assert kernel.moments().counts.tolist() == np.bincount(nearest, minlength=3).tolist()


LAYOUTS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "backwards": lambda lines: np.ascontiguousarray(lines[:, ::-1])[:, ::-1],
    "upside down": lambda lines: np.ascontiguousarray(lines[::-1])[::-1],
    "part of wider ones": lambda lines: np.pad(lines, ((0, 0), (3, 5)), constant_values=np.nan)[:, 3:-5],
    "every second": lambda lines: np.repeat(lines, 2, axis=1)[:, ::2],
    "by columns": np.asfortranarray,
    "other byte order": lambda lines: lines.astype(">f8"),
    "single precision": lambda lines: lines.astype(np.float32),
    "not aligned": lambda lines: (
        np.frombuffer(b"\0" + lines.tobytes(), np.uint8)[1:].view(np.float64).reshape(lines.shape)
    ),
    "the same row again": lambda lines: np.broadcast_to(lines[:, :1], lines.shape),
    "one row": lambda lines: lines[:, 4:5],
    "no row": lambda lines: lines[:, :0],
}


@needs_compiled
@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_are_read_right_however_they_lie_in_memory(layout: str) -> None:
    rng = np.random.default_rng(7)
    lines = LAYOUTS[layout](rng.normal(size=(3, 90)).astype(np.float32).astype(np.float64))
    weights = rng.uniform(0.5, 2.0, size=2 * lines.shape[1])[::-2]
    coefficients = np.asfortranarray(rng.normal(size=(4, 10)))
    centre = rng.normal(size=6)[::2]
    step = compiled.Step(coefficients, centre, is_diagonal=False, is_made=False)
    plain = compiled.Step(np.ascontiguousarray(coefficients), centre.copy(), is_diagonal=False, is_made=False)
    sums, expected = np.zeros((4, 10)), np.zeros((4, 10))
    found = step.expect(lines, weights, sums)
    assert found == plain.expect(np.array(lines, dtype=np.float64, order="C"), weights.copy(), expected)
    np.testing.assert_array_equal(sums, expected)
    assert sums[:, -1].sum() == pytest.approx(weights.sum(), rel=1e-13)


@needs_compiled
def test_twins_write_to_memory_of_their_own() -> None:
    kernel = QuadraticKernel(np.zeros((3, 70)), np.zeros(3), False)
    kernel.set_params(random_params(np.random.default_rng(0), 2, 3))
    kernel.log_joint(slice(0, 70))
    twin = kernel.twin()
    twin.log_joint(slice(0, 70))
    for one, other in ((kernel._sums, twin._sums), (kernel._buffer, twin._buffer)):
        assert not np.shares_memory(one, other)


@needs_compiled
@pytest.mark.parametrize("broken", [(1, 0, np.nan), (2, 3, np.inf), (1, 9, np.nan), (0, 9, np.inf)])
def test_coefficients_that_are_no_numbers_are_left_to_numpy(broken: tuple[int, int, float]) -> None:
    coefficients = np.zeros((3, 10))
    coefficients[2, 9] = -np.inf
    assert compiled.suits(coefficients)
    coefficients[broken[:2]] = broken[2]
    assert not compiled.suits(coefficients)


@needs_compiled
def test_rows_far_from_every_component_and_components_without_weight() -> None:
    params = random_params(np.random.default_rng(1), 3, 2)
    params = MixtureParams(np.array([0.5, 0.5, 0.0]), params.means, params.covariance)
    values = np.array([[0.0, 0.0], [3e4, -3e4], [1.0, 2.0]])
    weights = np.array([1.0, 2.0, 3.0])
    kernel, other = (QuadraticKernel(np.ascontiguousarray(values.T), np.zeros(2), False) for _ in range(2))
    found = _expected(kernel, params, weights)
    other.set_params(params)
    assert found == pytest.approx(Kernel.expect(other, slice(0, 3), weights, is_hard=False), rel=1e-13)
    counts = kernel.moments().counts
    assert counts[2] == 0.0
    assert counts.sum() == pytest.approx(6.0, rel=1e-14)


@needs_compiled
def test_blocks_add_up_and_strided_rows_are_read_right() -> None:
    rng = np.random.default_rng(2)
    params = random_params(rng, 4, 3)
    values = rng.normal(size=(500, 3)) * 3
    weights = rng.uniform(0.5, 2.0, size=1000)[::2]
    whole = QuadraticKernel(np.ascontiguousarray(values.T), np.ones(3), False)
    parts = QuadraticKernel(values.T, np.ones(3), False)
    expected = _expected(whole, params, weights)
    parts.set_params(params)
    twin = parts.twin()
    found = parts.expect(slice(0, 70), weights[:70], is_hard=False)
    found += twin.expect(slice(70, 500), weights[70:], is_hard=False)
    parts.absorb(twin)
    assert found == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(parts.moments().scatter, whole.moments().scatter, rtol=1e-11)
    np.testing.assert_allclose(parts.moments().counts, whole.moments().counts, rtol=1e-13)


@needs_compiled
@pytest.mark.parametrize(
    ("lines", "n_weights", "sums", "said"),
    [
        ((2, 10), 10, (2, 10), "do not fit the parameters"),
        ((3, 10), 9, (2, 10), "do not fit the parameters"),
        ((3, 10), 10, (2, 9), "sums"),
        ((3, 10), 10, (3, 10), "sums"),
        ((3, 10), 10, (10, 2), "sums"),
    ],
)
def test_what_does_not_fit_is_refused_before_memory_is_touched(
    lines: tuple[int, int], n_weights: int, sums: tuple[int, int], said: str
) -> None:
    step = compiled.Step(np.zeros((2, 10)), np.zeros(3), is_diagonal=False, is_made=False)
    with pytest.raises(ValueError, match=said):
        step.expect(np.zeros(lines), np.ones(n_weights), np.zeros(sums))
    single: Any = np.zeros((2, 10), np.float32)
    for wrong in (single, np.zeros((10, 2)).T, frozen(np.zeros((2, 10)))):
        with pytest.raises(ValueError, match="sums"):
            step.expect(np.zeros((3, 10)), np.ones(10), wrong)


@needs_compiled
def test_a_kernel_that_this_processor_lacks_is_refused() -> None:
    step = compiled.Step(np.zeros((2, 10)), np.zeros(3), False, False, kernel=len(VARIANTS))
    with pytest.raises(ValueError, match="no kernel number"):
        step.expect(np.zeros((3, 4)), np.ones(4), np.zeros((2, 10)))


@pytest.mark.skipif("AVX-512" not in VARIANTS, reason="this processor lacks AVX-512")
@pytest.mark.parametrize(
    ("n_features", "is_diagonal", "is_made"), [(1, True, False), (3, False, False), (4, False, True)]
)
def test_avx_512_gives_the_bytes_of_avx2(n_features: int, is_diagonal: bool, is_made: bool) -> None:
    rng = np.random.default_rng(8)
    n_quadratic = quadratic_features(np.zeros((n_features, 1)), is_diagonal).shape[0]
    for n_rows in (1, 63, 64, 65, 1000):
        coefficients = rng.normal(size=(6, n_quadratic))
        coefficients[0, -1] = -np.inf
        lines = rng.normal(size=(n_quadratic if is_made else n_features, n_rows)) * 3
        weights, centre = rng.uniform(0.1, 9.0, n_rows), rng.normal(size=n_features)
        found = []
        for variant in ("AVX2", "AVX-512"):
            step = compiled.Step(coefficients, centre, is_diagonal, is_made, VARIANTS.index(variant))
            sums = np.zeros_like(coefficients)
            found.append((step.expect(lines, weights, sums).hex(), sums.tobytes()))
        assert found[0] == found[1]


@needs_compiled
def test_coefficients_of_another_number_of_features_are_refused() -> None:
    step = compiled.Step(np.zeros((2, 7)), np.zeros(3), is_diagonal=False, is_made=False)
    with pytest.raises(ValueError, match="quadratic"):
        step.expect(np.zeros((3, 4)), np.ones(4), np.zeros((2, 7)))


@needs_compiled
def test_many_coefficients_are_left_to_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    params = random_params(np.random.default_rng(0), 4, 3)
    kernel = QuadraticKernel(np.zeros((3, 5)), np.zeros(3), False)
    for most, is_compiled in ((40, True), (39, False)):
        monkeypatch.setattr(quadratic_kernel, "MAX_COMPILED", most)
        kernel.set_params(params)
        assert (kernel._step is not None) == is_compiled


ASKED = """
import json, sys
from gmmseg.mixture import compiled
{before}
print(json.dumps([compiled.kernel_name(), "gmmseg.mixture._estep" in sys.modules]))
"""


def _name_in_a_new_process(before: str) -> list[object]:
    """Return the kernel's name after some statements, and whether the extension module was imported."""
    done = subprocess.run(
        [sys.executable, "-c", ASKED.format(before=before)],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=True,
    )
    answer: list[object] = json.loads(done.stdout)
    return answer


@needs_compiled
def test_the_name_says_which_instructions_run() -> None:
    assert compiled.kernel_name() == f"compiled ({VARIANTS[0]})"
    assert _name_in_a_new_process("") == [compiled.kernel_name(), True]


def test_a_library_that_is_missing_or_for_another_machine_leaves_the_work_to_numpy() -> None:
    assert _name_in_a_new_process("sys.modules['gmmseg.mixture._estep'] = None")[0] == "numpy"


@needs_compiled
def test_a_library_with_other_results_is_not_used() -> None:
    wrong = "compiled.math.log1p = lambda x: x"
    assert _name_in_a_new_process(wrong) == ["numpy", True]


@needs_compiled
def test_a_library_of_other_sources_is_not_used_but_one_without_sources_is(tmp_path: Path) -> None:
    assert LIBRARY is not None
    assert zlib.crc32(b"".join(source.read_bytes() for source in compiled.SOURCES)) == LIBRARY.CHECKSUM
    changed = tmp_path / "changed.c"
    changed.write_bytes(compiled.SOURCES[0].read_bytes() + b"\n")
    rest = f"compiled.SOURCES = (compiled.Path({str(changed)!r}), compiled.SOURCES[1])"
    assert _name_in_a_new_process(rest) == ["numpy", True]
    bundled = f"compiled.SOURCES = (compiled.Path({str(tmp_path / 'missing.c')!r}), compiled.SOURCES[1])"
    assert _name_in_a_new_process(bundled) == [compiled.kernel_name(), True]


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_a_fit_without_compiled_code_is_the_same(
    kind: CovarianceKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, _ = blobs(np.random.default_rng(5), 3000, 3, 3, apart=4.0)
    chosen = FitSettings(3, kind, seed=1, tol=1e-9)
    with_it = fit(values, None, chosen)
    monkeypatch.setattr(compiled, "is_available", lambda: False)
    kernel = QuadraticKernel(np.ascontiguousarray(values.T), np.zeros(3), kind in ("diag", "spherical"))
    kernel.set_params(with_it.params)
    assert kernel._step is None
    without = fit(values, None, chosen)
    assert without.n_iter == with_it.n_iter
    assert without.log_likelihood == pytest.approx(with_it.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(without.params.means, with_it.params.means, rtol=1e-7, atol=1e-7)
