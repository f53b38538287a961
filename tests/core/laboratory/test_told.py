"""Sentences, tables, curves and handles of the pages equal formulas written out here."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from gmmseg.laboratory.charts import mixture_chart, plain_tints
from gmmseg.laboratory.data import made_data
from gmmseg.laboratory.pages.em import EmPage
from gmmseg.laboratory.pages.failures import BreakPage
from gmmseg.laboratory.pages.likelihood import LikelihoodPage
from gmmseg.laboratory.pages.limit import LimitPage
from gmmseg.laboratory.pages.margins import MarginsPage
from gmmseg.laboratory.pages.one_or_two import TwoPage
from gmmseg.laboratory.scene import Chart, Handle
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.params import MixtureParams
from tests.core.laboratory import brute
from tests.core.laboratory.test_other_pages import opened


def numbers(text: str) -> list[float]:
    """Return the numbers of a sentence in their order."""
    found = re.findall(r"[−-]?\d+(?:\.\d+)?(?:e[−-]?\d+)?", text)
    return [float(one.replace("−", "-")) for one in found]


def handle(chart: Chart, name: str) -> Handle:
    return {one.id: one for one in chart.handles}[name]


def test_the_handle_of_a_width_stands_on_its_curve_one_sigma_away() -> None:
    params = MixtureParams(
        np.array([0.4, 0.6]), np.array([[0.0], [5.0]]), Full(np.array([[[4.0]], [[1.44]]]))
    )
    data = made_data("rows", params, 500, 1)
    chart = mixture_chart(data, params, plain_tints(500))
    for k, (weight, mean, sigma) in enumerate([(0.4, 0.0, 2.0), (0.6, 5.0, 1.2)]):
        spot = handle(chart, f"spread:{k}")
        assert spot.x == pytest.approx(mean + sigma)
        assert spot.y == pytest.approx(weight * stats.norm.pdf(mean + sigma, mean, sigma))


@pytest.mark.parametrize("angle", [0.3, 1.2, 2.5])
def test_the_ends_of_an_ellipse_lie_two_sigma_along_its_axes(angle: float) -> None:
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s], [s, c]])
    matrix = turn @ np.diag([4.0, 0.25]) @ turn.T
    mean = np.array([1.0, -2.0])
    params = MixtureParams(np.ones(1), mean[None], Full(matrix[None]))
    chart = mixture_chart(made_data("rows", params, 50, 1), params, plain_tints(50))
    lengths = []
    for at in (0, 1):
        spot = handle(chart, f"spread:0:{at}")
        reach = np.array([spot.x, spot.y]) - mean
        assert reach @ np.linalg.inv(matrix) @ reach == pytest.approx(4.0)
        assert matrix @ reach == pytest.approx((reach @ matrix @ reach) / (reach @ reach) * reach)
        lengths.append(float(np.linalg.norm(reach)))
    assert sorted(lengths) == pytest.approx([1.0, 4.0])


def test_the_likelihood_over_the_mean_is_the_product_of_all_densities() -> None:
    page = opened(LikelihoodPage)
    curve = page.scene().pictures[1]
    assert isinstance(curve, Chart)
    level, product = curve.lines[:2]
    x = page.line.values[:, 0]
    sigma = float(np.sqrt(page.candidates.matrices()[page.best, 0, 0]))
    logs = stats.norm.logpdf(x[:, None], level.x, sigma)
    assert level.y == pytest.approx(np.asarray(logs).mean(axis=0))
    likelihood = np.exp(np.asarray(logs).sum(axis=0))
    scaled = (product.y - product.y.min()) / (product.y.max() - product.y.min())
    assert scaled == pytest.approx(likelihood / likelihood.max(), abs=1e-9)


def test_the_factor_between_two_and_one_is_that_of_the_densities() -> None:
    page = opened(TwoPage)
    one, two = (
        np.logaddexp.reduce(brute.log_joint(params, page.rows.values), axis=1).mean()
        for params in (page.one, page.two)
    )
    gain, factor = numbers(page.scene().sentence)[:2]
    assert gain == pytest.approx(two - one, abs=5e-4)
    assert factor == pytest.approx(np.exp(two - one), abs=5e-3)


def test_an_m_step_is_told_with_its_rise_and_the_parts_of_it() -> None:
    page = opened(EmPage).act("step")
    assert isinstance(page, EmPage)
    before = page.timeline.now.belief
    assert before is not None
    values, shares = page.data.values, np.exp(brute.log_joint(before.params, page.data.values))
    shares /= shares.sum(axis=1, keepdims=True)
    joints = [brute.log_joint(params, values) for params in (before.params, page.timeline.now.params)]
    q_before, q_after = ((shares * joint).sum(axis=1).mean() for joint in joints)
    l_before, l_after = (np.logaddexp.reduce(joint, axis=1).mean() for joint in joints)
    told = numbers(page.scene().sentence)[:3]
    # L = Q - H, so what Q does not explain of the rise is the fall of H.
    wanted = [l_after - l_before, q_after - q_before, (l_after - l_before) - (q_after - q_before)]
    assert told == pytest.approx(wanted, rel=5e-3)


def test_doubt_is_the_mean_entropy_of_the_posteriors_in_nats() -> None:
    page = opened(LimitPage)
    variance = page.data.values.var(axis=0).mean()
    assert page.epsilon == pytest.approx(variance)
    assert page.changed("log_epsilon", -2.0).epsilon == pytest.approx(variance / 100)
    weights = page.weights * np.exp(
        -((page.data.values[:, None] - page.means) ** 2).sum(axis=2) / (2 * page.epsilon)
    )
    entropies = np.asarray(stats.entropy(weights, axis=1))
    scene = page.scene()
    assert scene.bars[0].value == pytest.approx(entropies.mean())
    assert numbers(scene.sentence)[1] == pytest.approx(entropies.mean(), abs=5e-5)


def test_all_four_ways_to_a_variance_agree_where_no_digits_cancel() -> None:
    page = opened(BreakPage)
    for found in page.variances(0.0).values():
        assert found == pytest.approx(np.var(page.line.values), rel=1e-5)


def test_the_table_of_margins_is_bayes_rule_and_regression() -> None:
    page = opened(MarginsPage)
    page = replace(page, at=0.7)
    params = page.in_plane
    own = params.weights * np.array(
        [
            stats.norm.pdf(0.7, m[0], np.sqrt(s[0, 0]))
            for m, s in zip(params.means, params.matrices(), strict=True)
        ]
    )
    for k, row in enumerate(page.scene().tables[0].rows):
        mean, matrix = params.means[k], params.matrices()[k]
        slope = matrix[0, 1] / matrix[0, 0]
        wanted = [
            k + 1,
            params.weights[k],
            mean[1],
            np.sqrt(matrix[1, 1]),
            matrix[0, 1] / np.sqrt(matrix[0, 0] * matrix[1, 1]),
            own[k] / own.sum(),
            mean[1] + slope * (0.7 - mean[0]),
            np.sqrt(matrix[1, 1] - slope * matrix[0, 1]),
        ]
        assert [numbers(text)[0] for text in row] == pytest.approx(wanted, abs=6e-4)
