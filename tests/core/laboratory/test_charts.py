"""Charts of rows and mixtures against scipy, and what drags of their handles make of the parameters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.stats import norm

from gmmseg.laboratory.charts import (
    dragged,
    mixture_chart,
    plain_tints,
    truth_tints,
    with_covariance,
    with_weight,
)
from gmmseg.laboratory.data import THREE_IN_PLANE, TWO_IN_PLANE, TWO_ON_LINE, Data, example, made_data
from gmmseg.laboratory.scene import Chart, Handle
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind
from tests.core.laboratory.brute import random_mixture

LINE, PLANE = example("two-line"), example("two-plane")


def handle(chart: Chart, wanted: str) -> Handle:
    return next(one for one in chart.handles if one.id == wanted)


def test_a_line_shows_weighted_densities_and_their_sum() -> None:
    chart = mixture_chart(LINE, TWO_ON_LINE, plain_tints(LINE.n_rows))
    total = np.zeros_like(chart.shapes[0].x)
    for k, shape in enumerate(chart.shapes):
        sigma = np.sqrt(TWO_ON_LINE.matrices()[k, 0, 0])
        wanted = TWO_ON_LINE.weights[k] * norm.pdf(shape.x, TWO_ON_LINE.means[k, 0], sigma)
        np.testing.assert_allclose(shape.y, wanted, rtol=1e-12)
        total += shape.y
        top = handle(chart, f"mean:{k}")
        assert top.y == pytest.approx(TWO_ON_LINE.weights[k] * norm.pdf(0, 0, sigma))
        assert handle(chart, f"spread:{k}").x == pytest.approx(TWO_ON_LINE.means[k, 0] + sigma)
    np.testing.assert_allclose(chart.lines[0].y, total, rtol=1e-12)
    assert trapezoid(chart.lines[0].y, chart.lines[0].x) == pytest.approx(1, abs=0.02)
    assert chart.histogram is not None
    assert float((chart.histogram.density * np.diff(chart.histogram.edges)).sum()) == pytest.approx(1)


def test_a_plane_shows_ellipses_of_two_sigma_whose_ends_are_handles() -> None:
    chart = mixture_chart(PLANE, TWO_IN_PLANE, truth_tints(PLANE))
    for k, shape in enumerate(chart.shapes):
        mean, matrix = TWO_IN_PLANE.means[k], TWO_IN_PLANE.matrices()[k]
        offsets = np.column_stack([shape.x, shape.y]) - mean
        away = np.einsum("nd,de,ne->n", offsets, np.linalg.inv(matrix), offsets)
        np.testing.assert_allclose(away, 4.0, rtol=1e-9)
        for at in range(2):
            end = handle(chart, f"spread:{k}:{at}")
            offset = np.array([end.x, end.y]) - mean
            assert offset @ np.linalg.inv(matrix) @ offset == pytest.approx(4.0)
            image = matrix @ offset
            assert image[0] * offset[1] - image[1] * offset[0] == pytest.approx(0, abs=1e-9)  # an axis


def test_two_sigma_hold_86_5_percent_of_a_gaussian_in_a_plane() -> None:
    data = made_data("many", TWO_IN_PLANE, 20_000, 3)
    assert data.truth is not None
    for k in range(2):
        offsets = data.values[data.truth == k] - TWO_IN_PLANE.means[k]
        away = np.einsum("nd,de,ne->n", offsets, np.linalg.inv(TWO_IN_PLANE.matrices()[k]), offsets)
        assert float((away <= 4).mean()) == pytest.approx(1 - np.exp(-2), abs=0.01)


def test_handles_put_back_where_they_are_change_nothing() -> None:
    for data, params in ((LINE, TWO_ON_LINE), (PLANE, TWO_IN_PLANE)):
        for one in mixture_chart(data, params, plain_tints(data.n_rows)).handles:
            moved = dragged(data, params, one.id, one.x, one.y)
            np.testing.assert_allclose(moved.means, params.means, rtol=1e-9)
            np.testing.assert_allclose(moved.matrices(), params.matrices(), rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(moved.weights, params.weights, rtol=1e-9)


def test_the_top_of_a_curve_moves_the_mean_and_the_weight() -> None:
    sigma = float(np.sqrt(TWO_ON_LINE.matrices()[0, 0, 0]))
    moved = dragged(LINE, TWO_ON_LINE, "mean:0", -1.0, 0.7 * norm.pdf(0, 0, sigma))
    assert moved.means[0, 0] == -1.0
    np.testing.assert_allclose(moved.weights, [0.7, 0.3])
    assert dragged(LINE, TWO_ON_LINE, "mean:0", 0.0, 99.0).weights[0] == pytest.approx(0.99)
    assert dragged(LINE, TWO_ON_LINE, "spread:1", 4.5, 0.0).matrices()[1, 0, 0] == pytest.approx(4.0)
    assert dragged(LINE, TWO_ON_LINE, "spread:1", 2.5, 0.0).matrices()[1, 0, 0] > 0


def test_an_end_of_an_ellipse_follows_the_pointer_and_its_other_axis_stays() -> None:
    chart = mixture_chart(PLANE, TWO_IN_PLANE, plain_tints(PLANE.n_rows))
    end = handle(chart, "spread:0:1")
    mean = TWO_IN_PLANE.means[0]
    length = np.linalg.norm([end.x - mean[0], end.y - mean[1]])
    params = TWO_IN_PLANE
    kept = np.linalg.eigvalsh(params.matrices()[0])[0]
    # A full turn in small steps, while the axis shrinks below the other one and grows again.
    for turn in np.linspace(0, 2 * np.pi, 60):
        angle = np.arctan2(end.y - mean[1], end.x - mean[0]) + turn
        reach = length * (1 - 0.8 * np.sin(turn / 2))
        x, y = mean + reach * np.array([np.cos(angle), np.sin(angle)])
        params = dragged(PLANE, params, "spread:0:1", float(x), float(y))
        matrix = params.matrices()[0]
        direction = np.array([np.cos(angle), np.sin(angle)])
        assert direction @ matrix @ direction == pytest.approx((reach / 2) ** 2)
        assert np.trace(matrix) - direction @ matrix @ direction == pytest.approx(kept)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_a_covariance_is_changed_as_its_family_allows(kind: CovarianceKind) -> None:
    shape = FAMILIES[kind].shape(2, 2)
    values = np.broadcast_to(np.eye(2), shape).copy() if kind in ("full", "tied") else np.ones(shape)
    params = MixtureParams(np.array([0.5, 0.5]), np.zeros((2, 2)), FAMILIES[kind](values))
    matrix = np.array([[3.0, 1.0], [1.0, 5.0]])
    matrices = with_covariance(params, 1, matrix).matrices()
    wanted = {"full": matrix, "tied": matrix, "diag": np.diag([3.0, 5.0]), "spherical": 4 * np.eye(2)}[kind]
    np.testing.assert_array_equal(matrices[1], wanted)
    np.testing.assert_array_equal(matrices[0], wanted if kind == "tied" else np.eye(2))


def test_weights_share_what_is_left_in_proportion() -> None:
    moved = with_weight(THREE_IN_PLANE, 0, 0.65)
    assert moved.weights.sum() == pytest.approx(1)
    assert moved.weights[0] == pytest.approx(0.65)
    assert moved.weights[1] / moved.weights[2] == pytest.approx(
        THREE_IN_PLANE.weights[1] / THREE_IN_PLANE.weights[2]
    )


def test_of_three_features_the_chosen_two_are_drawn_and_dragged() -> None:
    rng = np.random.default_rng(0)
    data = Data("three", rng.normal(size=(50, 3)), ("a", "b", "c"), shown=(2, 0))
    params = random_mixture(2, 3, 4)
    chart = mixture_chart(data, params, plain_tints(50))
    assert (chart.x_label, chart.y_label) == ("c", "a")
    assert (chart.handles[0].x, chart.handles[0].y) == pytest.approx((params.means[0, 2], params.means[0, 0]))
    moved = dragged(data, params, "mean:0", 7.0, 8.0)
    assert moved.means[0].tolist() == pytest.approx([8.0, params.means[0, 1], 7.0])
    assert all(one.id.startswith("mean") for one in chart.handles)
