"""The fast and the accurate kernel against each other and against plain sums."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.mixture.centred import CentredKernel
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.kernel_choice import MAX_LOST, extent_about, kernel_for, suits_quadratic
from gmmseg.mixture.kernels import blocks
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.quadratic_kernel import QuadraticKernel
from gmmseg.mixture.settings import CovarianceKind
from tests.core.mixture.cases import KINDS, random_params

pytestmark = pytest.mark.usefixtures("both_e_steps")


@pytest.mark.parametrize("n_rows", [0, 1, 7, 8191, 8192, 8193, 100_000])
@pytest.mark.parametrize("n_components", [1, 5, 256])
def test_blocks_cover_every_row_once(n_rows: int, n_components: int) -> None:
    rows = [row for block in blocks(n_rows, n_components) for row in range(block.start, block.stop)]
    assert rows == list(range(n_rows))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_both_kernels_give_the_moments_of_plain_sums(kind: CovarianceKind, offset: float) -> None:
    rng = np.random.default_rng(0)
    params = random_params(rng, 3, 3, kind).shifted(np.full(3, offset))
    values = rng.normal(size=(500, 3)) * 3 + offset
    columns = np.ascontiguousarray(values.T)
    is_diagonal = params.covariance.is_diagonal
    weighted = rng.random((3, 500))
    means = weighted @ values / weighted.sum(axis=1)[:, None]
    deviations = values[None] - means[:, None]
    scatter = np.einsum("kn,knd,kne->kde", weighted, deviations, deviations)
    if is_diagonal:
        scatter = np.diagonal(scatter, axis1=1, axis2=2)
    joints = []
    kernels = (
        QuadraticKernel(columns, columns.mean(axis=1), is_diagonal),
        CentredKernel(columns, is_diagonal),
    )
    for kernel in kernels:
        kernel.set_params(params)
        joints.append(kernel.log_joint(slice(0, 500)).copy())
        kernel.add(slice(0, 500), weighted)
        moments = kernel.moments()
        np.testing.assert_allclose(moments.counts, weighted.sum(axis=1), rtol=1e-12)
        np.testing.assert_allclose(moments.means, means, rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(moments.scatter, scatter, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(joints[0], joints[1], rtol=1e-9, atol=1e-8)


def test_parameters_set_again_forget_the_sums() -> None:
    params = random_params(np.random.default_rng(0), 2, 2)
    columns = np.random.default_rng(1).normal(size=(2, 10))
    for kernel in (QuadraticKernel(columns, np.zeros(2), False), CentredKernel(columns, False)):
        for _ in range(2):
            kernel.set_params(params)
            kernel.log_joint(slice(0, 10))
            kernel.add(slice(0, 10), np.full((2, 10), 0.5))
        np.testing.assert_allclose(kernel.moments().counts, 5.0)


def test_the_fast_kernel_is_taken_only_where_it_keeps_its_digits() -> None:
    values = np.random.default_rng(0).normal(size=(50, 2))
    good = MixtureParams(np.ones(1), np.zeros((1, 2)), Full(np.eye(2)[None]))
    poor = MixtureParams(np.ones(1), np.zeros((1, 2)), Full(np.diag([1.0, 1e-9])[None]))
    assert isinstance(kernel_for(good, values.T), QuadraticKernel)
    assert isinstance(kernel_for(poor, values.T), CentredKernel)
    assert suits_quadratic(good, MAX_LOST)
    assert not suits_quadratic(good, MAX_LOST * 1.01)


def test_the_extent_bounds_every_squared_distance() -> None:
    columns = np.random.default_rng(0).normal(size=(3, 100))
    centre = np.array([1.0, -2.0, 0.5])
    distances = ((columns - centre[:, None]) ** 2).sum(axis=0)
    assert distances.max() <= extent_about(columns, centre) <= 3 * distances.max()
    assert extent_about(columns[:, :0], centre) == 0.0
