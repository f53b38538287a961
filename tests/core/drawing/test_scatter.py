from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from skimage.measure import points_in_poly

from gmmseg.drawing.scatter import (
    Axis,
    density_curves,
    dithered,
    dots,
    ellipse,
    feature_axes,
    histogram,
    principal_axes,
    projected,
    row_colours,
    scatter_sample,
    usual_bounds,
)
from gmmseg.features.spec import FeatureSpec
from tests.data.states import make_image, make_table, true_params


@st.composite
def covariances(draw: st.DrawFn) -> np.ndarray:
    first, second = draw(st.floats(1e-3, 1e3)), draw(st.floats(1e-3, 1e3))
    rho = draw(st.floats(-0.99, 0.99))
    return np.array([[first**2, rho * first * second], [rho * first * second, second**2]])


@given(covariances(), st.floats(0.1, 5))
def test_every_point_of_an_ellipse_is_at_the_same_mahalanobis_distance(
    cov: np.ndarray, n_sigma: float
) -> None:
    mean = np.array([3.0, -7.0])
    deviation = ellipse(mean, cov, n_sigma) - mean
    distance = np.sqrt(np.einsum("pi,ij,pj->p", deviation, np.linalg.inv(cov), deviation))
    np.testing.assert_allclose(distance, n_sigma, rtol=1e-6)


def test_an_ellipse_is_closed_and_has_half_axes_of_two_root_lambda() -> None:
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    curve = ellipse(np.zeros(2), turn @ np.diag([9.0, 1.0]) @ turn.T, n_points=360)
    radius = np.hypot(*curve.T)
    assert curve.shape == (361, 2)
    assert (curve[0] == curve[-1]).all()
    assert radius.max() == pytest.approx(6, abs=1e-3)
    assert radius.min() == pytest.approx(2, abs=1e-3)
    far = curve[radius.argmax()]
    assert abs(far[1] / far[0]) == pytest.approx(0.8 / 0.6, rel=0.05)


def test_two_sigma_hold_86_percent_in_two_dimensions() -> None:
    cov = np.array([[4.0, 1.5], [1.5, 2.0]])
    points = np.random.default_rng(0).multivariate_normal([1, 2], cov, 40_000)
    curve = ellipse(np.array([1.0, 2.0]), cov, n_points=200)
    share = points_in_poly(points, curve).mean()
    assert share == pytest.approx(stats.chi2.cdf(4, 2), abs=0.01)


def test_an_ellipse_without_extent_in_one_direction_is_a_line() -> None:
    curve = ellipse(np.zeros(2), np.array([[1.0, 1.0], [1.0, 1.0]]))
    np.testing.assert_allclose(curve[:, 0], curve[:, 1], atol=1e-7)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_a_marginal_is_the_sub_blocks(kind: str) -> None:
    params = true_params(4, covariance=kind)  # type: ignore[arg-type]
    blue, _, red = (Axis(str(d), np.eye(3)[d], 0.0) for d in (2, 1, 0))
    part = projected(params, (blue, red))
    whole = params.matrices()
    np.testing.assert_array_equal(part.means, params.means[:, [2, 0]])
    for k in range(4):
        np.testing.assert_array_equal(part.covariances[k], whole[k][np.ix_([2, 0], [2, 0])])


def test_axes_of_a_standardised_table_are_in_feature_units() -> None:
    image = make_image()
    plain = make_table(image)
    table = make_table(image, FeatureSpec(is_standardised=True))
    for d, axis in enumerate(feature_axes(table)):
        np.testing.assert_allclose(axis.of(table.values), plain.values[:, d], atol=1e-9)
        assert axis.name == ("red", "green", "blue")[d]


def test_a_projected_mixture_has_the_moments_of_projected_samples() -> None:
    table = make_table(make_image(), FeatureSpec(is_standardised=True))
    params = true_params(2)
    axes = principal_axes(table)
    seen = projected(params, axes)
    rng = np.random.default_rng(1)
    for k in range(2):
        rows = rng.multivariate_normal(params.means[k], params.matrices()[k], 60_000)
        drawn = np.column_stack([axis.of(rows) for axis in axes])
        spread = np.sqrt(np.diagonal(seen.covariances[k]))
        np.testing.assert_allclose(drawn.mean(axis=0), seen.means[k], atol=0.02 * spread.max())
        np.testing.assert_allclose(np.cov(drawn.T), seen.covariances[k], atol=0.03 * spread.max() ** 2)


def test_principal_axes_are_those_of_the_pixels_not_of_the_rows() -> None:
    image = make_image(n_components=3)
    table = make_table(image, FeatureSpec(is_standardised=True))
    pixels = image.pixels.reshape(-1, 3).astype(float)
    centred = pixels - pixels.mean(axis=0)
    _, _, vectors = np.linalg.svd(centred, full_matrices=False)
    for axis, vector in zip(principal_axes(table), vectors, strict=False):
        expected = centred @ vector
        found = axis.of((pixels - table.centre) / table.scale)
        np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-6)
        largest = (axis.direction / table.scale)[np.abs(axis.direction / table.scale).argmax()]
        assert largest > 0


def test_component_curves_are_weighted_normal_densities_and_sum_to_one() -> None:
    params = true_params(3)
    seen = projected(params, (Axis("second", np.eye(3)[1], 0.0),))
    grid = np.linspace(-200, 450, 6001)
    curves = density_curves(seen, grid)
    for k in range(3):
        sigma = np.sqrt(params.matrices()[k, 1, 1])
        expected = params.weights[k] * stats.norm.pdf(grid, params.means[k, 1], sigma)
        np.testing.assert_allclose(curves[k], expected, rtol=1e-12, atol=1e-300)
    assert integrate.simpson(curves.sum(axis=0), x=grid) == pytest.approx(1, abs=1e-9)


@given(
    st.lists(st.tuples(st.integers(-50, 300), st.integers(1, 9)), min_size=1, max_size=40),
    st.sampled_from([1.0, 0.37]),
)
def test_a_histogram_integrates_to_one_and_counts_weights_as_repeats(
    counted: list[tuple[int, int]], step: float
) -> None:
    values = np.array([value for value, _ in counted]) * step
    weights = np.array([float(count) for _, count in counted])
    edges, density = histogram(values, weights)
    assert (density * np.diff(edges)).sum() == pytest.approx(1)
    assert len(density) <= 64
    repeated = np.repeat(values, weights.astype(int))
    _, same = histogram(repeated, np.ones(len(repeated)))
    np.testing.assert_allclose(density, same)


def test_bins_of_grey_levels_hold_the_same_number_of_levels() -> None:
    edges, density = histogram(np.arange(200.0), np.ones(200))
    assert set(np.diff(edges)) == {4.0}
    np.testing.assert_allclose(density, 1 / 200)


def test_a_row_s_share_of_the_sample_is_its_share_of_the_pixels() -> None:
    table = make_table(make_image(height=60, width=90, n_channels=1))
    rows = scatter_sample(table, n=1000, seed=3)
    drawn = np.bincount(rows, minlength=table.n_rows)
    expected = 1000 * table.weights / table.weights.sum()
    assert len(rows) == 1000
    assert np.abs(drawn - expected).max() < 1
    np.testing.assert_array_equal(rows, scatter_sample(table, n=1000, seed=3))


def test_a_sample_of_few_pixels_is_all_of_them() -> None:
    table = make_table(make_image(height=8, width=12))
    drawn = np.bincount(scatter_sample(table), minlength=table.n_rows)
    np.testing.assert_array_equal(drawn, table.weights)


@pytest.mark.parametrize("spec", [FeatureSpec(), FeatureSpec(is_standardised=True)], ids=["plain", "scaled"])
def test_dither_stays_within_a_step_of_whole_numbers(spec: FeatureSpec) -> None:
    table = make_table(make_image(), spec)
    rows = scatter_sample(table, 500)
    moved = dithered(table, rows) * table.scale + table.centre
    plain = table.values[rows] * table.scale + table.centre
    np.testing.assert_array_equal(np.rint(moved), np.rint(plain))
    assert (moved != plain).any()


def test_dither_leaves_fractions_alone() -> None:
    table = make_table(make_image(), FeatureSpec(has_position=True, position_weight=0.123))
    rows = scatter_sample(table, 500)
    np.testing.assert_array_equal(dithered(table, rows)[:, 3:], table.values[rows][:, 3:])


def test_a_row_has_the_colour_of_its_pixels() -> None:
    image = make_image(has_hole=True)
    for spec in (FeatureSpec(), FeatureSpec(has_position=True)):
        table = make_table(image, spec)
        rows = scatter_sample(table, 300)
        np.testing.assert_array_equal(row_colours(table, rows, image.pixels), table.values[rows][:, :3])


def test_dots_fall_into_their_cells_in_the_mean_colour() -> None:
    x, y = np.array([0.5, 0.6, 2.5, 9.0]), np.array([0.5, 0.5, 1.5, 0.5])
    tints = np.array([[10, 0, 0], [30, 0, 0], [0, 200, 0], [1, 1, 1]], dtype=np.uint8)
    picture = dots(x, y, tints, (0, 0, 4, 2), (2, 4))
    assert picture.shape == (2, 4, 4)
    assert picture[0, 0].tolist()[:3] == [20, 0, 0]
    assert picture[1, 2].tolist()[:3] == [0, 200, 0]
    assert np.count_nonzero(picture[:, :, 3]) == 2
    assert picture[0, 0, 3] > picture[1, 2, 3]


def test_dots_keep_the_opacity_of_their_colours() -> None:
    one = np.array([0.5])
    solid = dots(one, one, np.array([[9, 9, 9, 255]], dtype=np.uint8), (0, 0, 1, 1), (1, 1))
    faint = dots(one, one, np.array([[9, 9, 9, 51]], dtype=np.uint8), (0, 0, 1, 1), (1, 1))
    assert faint[0, 0, 3] == pytest.approx(solid[0, 0, 3] / 5, abs=1)


def test_usual_bounds_hold_nearly_all_of_every_group_and_not_what_lies_far_out() -> None:
    generator = np.random.default_rng(0)
    large, small = generator.normal(0, 1, (5000, 2)), generator.normal(20, 0.5, (60, 2))
    points = np.vstack([large, small, [[900.0, -900.0]]])
    groups = np.repeat([0, 2, 0], [5000, 60, 1])
    x_from, y_from, x_to, y_to = usual_bounds(points[:, 0], points[:, 1], groups)
    assert max(x_to, y_to, -x_from, -y_from) < 60
    for group in (large, small):
        inside = (group >= (x_from, y_from)) & (group <= (x_to, y_to))
        assert inside.all(axis=1).mean() > 0.9
    curve = ellipse(small.mean(axis=0), np.cov(small.T, bias=True))
    assert (curve <= np.array((x_to, y_to)) + 1e-9).all()
