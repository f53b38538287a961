"""The pages Likelihood, Mixture, EM and Why it rises: every figure against another way to it."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import chisquare, norm
from sklearn.metrics import adjusted_rand_score

from gmmseg.control import never_stop, result_of
from gmmseg.errors import EditError
from gmmseg.laboratory.data import made_data
from gmmseg.laboratory.pages.em import EmPage
from gmmseg.laboratory.pages.likelihood import LikelihoodPage
from gmmseg.laboratory.pages.mixture import MixturePage, graphical_model
from gmmseg.laboratory.pages.rise import Jensen, RisePage
from gmmseg.laboratory.scene import Chart, Convergence
from gmmseg.mixture.density import most_probable
from tests.core.laboratory import brute


def number(text: str) -> float:
    return float(text.replace("−", "-"))


# Likelihood


def likelihood(n_points: int = 40) -> LikelihoodPage:
    return LikelihoodPage.opened(LikelihoodPage.example()).changed("n_points", n_points)


def scipy_levels(page: LikelihoodPage) -> list[float]:
    x = page.line.values[:, 0]
    candidates = page.candidates
    return [
        float(norm.logpdf(x, candidates.means[k, 0], np.sqrt(candidates.matrices()[k, 0, 0])).sum())
        for k in range(3)
    ]


def test_the_best_candidate_has_the_largest_sum_of_log_densities() -> None:
    page = likelihood()
    for x in (-3.0, 0.0, 2.0, 9.0):
        page = page.moved("mean:0", x, 0.3)
        levels = scipy_levels(page)
        np.testing.assert_allclose(page.likelihoods, levels, rtol=1e-12)
        assert page.best == int(np.argmax(levels))
        table = page.scene().tables[0]
        assert table.marked == page.best
        assert [number(row[6]) for row in table.rows] == pytest.approx(levels, abs=0.006)
        assert [bar.value for bar in page.scene().bars] == pytest.approx(np.array(levels) / 40)
    np.testing.assert_array_equal(page.candidates.weights, np.full(3, 1 / 3))


def test_the_three_terms_add_up_to_the_likelihood() -> None:
    page = likelihood()
    x = page.line.values[:, 0]
    np.testing.assert_allclose(page.terms().sum(axis=1), scipy_levels(page), rtol=1e-12)
    mean, variance = page.candidates.means[0, 0], page.candidates.matrices()[0, 0, 0]
    wanted = [-20 * np.log(2 * np.pi), -20 * np.log(variance), -((x - mean) ** 2).sum() / (2 * variance)]
    np.testing.assert_allclose(page.terms()[0], wanted)


def test_the_product_underflows_where_the_log_is_finite() -> None:
    few, many = likelihood(12), likelihood(1000)
    row = few.scene().tables[0].rows[few.best]
    exact = math.prod(Decimal(float(p)) for p in np.exp(few.log_densities[few.best]))
    assert number(row[8]) == pytest.approx(float(exact), rel=0.006)
    row = many.scene().tables[0].rows[many.best]
    assert row[8] == "0"
    assert np.isfinite(number(row[6]))
    assert "has become 0" in many.scene().sentence
    assert "has become 0" not in few.scene().sentence


def test_a_fit_is_the_mean_and_variance_and_beats_random_parameters() -> None:
    page = likelihood().act("fit")
    assert isinstance(page, LikelihoodPage)
    x, best = np.asarray(page.line.values[:, 0]), page.best
    assert page.candidates.means[best, 0] == pytest.approx(x.mean())
    assert page.candidates.matrices()[best, 0, 0] == pytest.approx(x.var())
    rng = np.random.default_rng(0)
    tried = np.sum(norm.logpdf(x[:, None], rng.normal(2, 1, 1000), rng.uniform(0.3, 4, 1000)), axis=0)
    assert page.likelihoods[best] >= tried.max()


def test_likelihood_and_its_logarithm_have_one_maximum() -> None:
    page = likelihood()
    chart = page.scene().pictures[1]
    assert isinstance(chart, Chart)
    level, scaled = chart.lines[0], chart.lines[1]
    sigma = float(np.sqrt(page.candidates.matrices()[page.best, 0, 0]))
    wanted = np.mean(norm.logpdf(page.line.values, level.x, sigma), axis=0)
    np.testing.assert_allclose(level.y, wanted, rtol=1e-10)
    assert level.y.argmax() == scaled.y.argmax() == np.exp(wanted).argmax()


# Mixture


def mixture() -> MixturePage:
    return MixturePage.opened(MixturePage.example())


def test_the_die_is_thrown_before_each_row() -> None:
    page = mixture()
    with pytest.raises(EditError):
        page.act("draw")
    rolled = page.act("roll")
    assert isinstance(rolled, MixturePage)
    assert rolled.face is not None
    assert str(rolled.face + 1) in rolled.scene().sentence
    drawn = rolled.act("draw")
    assert isinstance(drawn, MixturePage)
    assert drawn.draws is not None
    assert drawn.draws.truth is not None
    assert drawn.draws.truth.tolist() == [rolled.face]
    assert page.act("roll").face == rolled.face  # type: ignore[attr-defined]  # the same seed


def test_counts_follow_the_weights_and_chi_squared_is_pearsons() -> None:
    page = mixture()
    for _ in range(5):
        page = page.act("many")  # type: ignore[assignment]
    counts = page.counts()
    assert counts.sum() == page.n_draws == 500
    wanted = chisquare(counts, 500 * page.params.weights)
    assert page.chi_squared() == pytest.approx((wanted.statistic, wanted.pvalue))
    assert wanted.pvalue > 0.001
    draws = page.draws
    assert draws is not None
    assert draws.truth is not None
    for k in range(2):
        own = draws.values[draws.truth == k, 0]
        sigma = np.sqrt(page.params.matrices()[k, 0, 0])
        assert abs(own.mean() - page.params.means[k, 0]) < 4 * sigma / np.sqrt(len(own))
        assert own.std() == pytest.approx(sigma, rel=0.2)


def test_hidden_components_are_found_again() -> None:
    page = mixture().act("many").act("many").act("many")
    work = page.action("recover").work
    assert work is not None
    found = result_of(work(page, never_stop))
    assert isinstance(found, MixturePage)
    assert found.recovered is not None
    assert found.draws is not None
    assert found.draws.truth is not None
    labels = most_probable(found.recovered.params, found.draws.values)
    assert found.recovered.ari == pytest.approx(adjusted_rand_score(found.draws.truth, labels))
    assert found.recovered.ari > 0.85
    assert f"{found.recovered.ari:.3f}" in found.scene().sentence
    assert found.moved("mean:0", 1.0, 0.2).recovered is None


def test_weights_stay_a_distribution_while_dragged() -> None:
    page = mixture()
    for y in (0.01, 0.3, 2.0):
        page = page.moved("mean:1", 1.0, y)
        rows = page.scene().tables[0].rows
        assert sum(number(row[1]) for row in rows[:-1]) == pytest.approx(1, abs=0.002)
        assert rows[-1][1] == "1.000"


def test_the_graphical_model_has_its_four_names_and_the_plate() -> None:
    texts = [note.text for note in graphical_model().notes]
    assert {"zₙ", "xₙ", "π", "μ, Σ", "N", "hidden", "seen"} == set(texts)


# EM


def em() -> EmPage:
    return EmPage.opened(EmPage.example())


def test_bars_are_l_q_h_and_their_gains_per_row() -> None:
    page = em().act("e").act("m")
    assert isinstance(page, EmPage)
    frames = page.timeline.frames
    old, new, values = frames[0].params, frames[2].params, page.data.values
    bars = {bar.label: bar.value for bar in page.scene().bars}
    n = len(values)
    assert bars["L(θ)"] == pytest.approx(brute.log_likelihood(new, values) / n)
    assert bars["Q(θ, θg)"] == pytest.approx(brute.q_of(new, old, values) / n)
    assert bars["−H(θ, θg)"] == pytest.approx(-brute.h_of(new, old, values) / n)
    assert bars["bound"] == pytest.approx((brute.q_of(new, old, values) - brute.h_of(old, old, values)) / n)
    assert bars["ΔQ"] == pytest.approx((brute.q_of(new, old, values) - brute.q_of(old, old, values)) / n)
    assert bars["−ΔH"] == pytest.approx((brute.h_of(old, old, values) - brute.h_of(new, old, values)) / n)
    assert bars["KL"] == pytest.approx(brute.divergence_of(new, old, values) / n)
    assert bars["ΔL"] == pytest.approx(bars["ΔQ"] + bars["−ΔH"])


def test_tables_show_posteriors_counts_and_the_multiplier() -> None:
    page = em().act("e").act("m")
    assert isinstance(page, EmPage)
    parameters, posteriors, moments = page.scene().tables
    assert [row[1] for row in moments.rows] == ["start", "E", "M"]
    for row, frame in zip(moments.rows, page.timeline.frames, strict=True):
        level = brute.log_likelihood(frame.params, page.data.values) / page.data.n_rows
        assert number(row[2]) == pytest.approx(level, abs=6e-6)
        assert number(row[2]) == pytest.approx(number(row[3]) - number(row[4]), abs=2e-5)
        assert number(row[6]) == pytest.approx(number(row[2]) - number(row[5]), abs=2e-5)
    belief = page.timeline.now.belief
    assert belief is not None
    shares = np.exp(brute.log_posteriors(belief.params, page.data.values))
    for row in posteriors.rows:
        own = shares[int(row[0]) - 1]
        assert [number(text) for text in row[2:]] == pytest.approx(own, abs=6e-4)
    for k, row in enumerate(parameters.rows[:-1]):
        assert number(row[1]) == pytest.approx(shares[:, k].sum(), abs=0.006)
        before, after = row[2].split(" → ")
        assert number(before) == pytest.approx(belief.params.weights[k], abs=6e-4)
        assert number(after) == pytest.approx(shares[:, k].mean(), abs=6e-4)
    total = parameters.rows[-1]
    assert number(total[1]) == pytest.approx(page.data.n_rows)
    assert total[3] == f"λ = −N = −{page.data.n_rows}"


def test_the_bound_answers_to_a_dragged_parameter() -> None:
    page = em().act("e").moved("mean:0", 0.0, 0.0)
    assert isinstance(page, EmPage)
    frame = page.timeline.now
    assert frame.belief is not None
    assert frame.half == "moved"
    gap = brute.divergence_of(frame.params, frame.belief.params, page.data.values)
    bars = {bar.label: bar.value for bar in page.scene().bars}
    assert bars["KL"] == pytest.approx(gap / page.data.n_rows)
    assert bars["KL"] > 0.01
    assert bars["bound"] == pytest.approx(bars["L(θ)"] - bars["KL"])


def test_what_cannot_be_done_yet_is_refused() -> None:
    page = em()
    for action in ("m", "back"):
        with pytest.raises(EditError):
            page.act(action)
    assert not page.act("e").action("m").is_possible(page)


def test_back_and_the_scrub_bar_show_an_earlier_moment() -> None:
    page = em().act("step").act("step")
    assert isinstance(page, EmPage)
    back = page.act("back")
    assert isinstance(back, EmPage)
    assert back.scene().transport is not None
    assert back.scene().transport.at == 3  # type: ignore[union-attr]
    assert back.scene().transport.length == 5  # type: ignore[union-attr]
    picture = page.scene().pictures[1]
    assert isinstance(picture, Convergence)
    assert picture.moments == (0, 2, 4)
    assert picture.marked == 2


def test_a_run_ends_at_a_fixed_point_of_both_steps() -> None:
    page = em()
    work = page.action("run").work
    assert work is not None
    done = result_of(work(page, never_stop))
    assert isinstance(done, EmPage)
    params, values = done.timeline.now.params, page.data.values
    shares = np.exp(brute.log_posteriors(params, values))
    np.testing.assert_allclose(shares.T @ values / shares.sum(axis=0)[:, None], params.means, atol=2e-3)
    assert done.act("begin").timeline.at == 0  # type: ignore[attr-defined]
    assert done.act("throw").settings.seed == page.settings.seed + 1


def test_settings_begin_anew_but_the_tolerance_does_not() -> None:
    page = em().act("step")
    assert page.changed("tol", 1e-3).timeline is page.timeline  # type: ignore[attr-defined]
    assert page.changed("covariance", "spherical").timeline.at == 0  # type: ignore[attr-defined]


# Why it rises


def test_the_chord_is_never_above_the_logarithm() -> None:
    rng = np.random.default_rng(1)
    ends, shares = rng.uniform(0.05, 6, (10_000, 2)), rng.uniform(0, 1, 10_000)
    gaps = [
        Jensen(float(first), float(second), float(share)).gap
        for (first, second), share in zip(ends, shares, strict=True)
    ]
    assert min(gaps) >= -1e-12
    one = Jensen(0.5, 4.0, 0.25)
    assert one.middle == pytest.approx(0.25 * 0.5 + 0.75 * 4)
    assert one.chord == pytest.approx(0.25 * np.log(0.5) + 0.75 * np.log(4))
    assert one.gap == pytest.approx(np.log(one.middle) - one.chord)


def rise() -> RisePage:
    return RisePage.opened(RisePage.example())


def test_the_bound_touches_the_likelihood_at_theta_g_and_is_below_elsewhere() -> None:
    page = rise().moved("theta", -1.3, 0.0)
    bound, level = page.bound(), page.level
    assert (bound <= level + 1e-12).all()
    values, held = page.task.rows.columns.T, page.belief.params
    for at in (0, 40, 99):
        means = held.means.copy()
        means[page.k] = page.grid[at]
        moved = type(held)(held.weights, means, held.covariance)
        assert level[at] == pytest.approx(brute.log_likelihood(moved, values) / len(values))
        wanted = brute.q_of(moved, held, values) - brute.h_of(held, held, values)
        assert bound[at] == pytest.approx(wanted / len(values))
    here = float(np.interp(-1.3, page.grid, bound))
    assert here == pytest.approx(page.belief.found.log_likelihood / len(values), abs=2e-3)


def test_climbing_gains_what_the_bars_say() -> None:
    page = rise()
    bars = {bar.label: bar.value for bar in page.scene().bars}
    climbed = page.act("climb")
    assert isinstance(climbed, RisePage)
    n = page.task.rows.total
    gained = (climbed.belief.found.log_likelihood - page.belief.found.log_likelihood) / n
    assert bars["L gains"] == pytest.approx(gained, rel=1e-9)
    assert bars["bound gains"] >= 0
    assert bars["KL there"] >= 0
    assert bars["L gains"] == pytest.approx(bars["bound gains"] + bars["KL there"])
    top = page.grid[page.bound().argmax()]
    assert climbed.belief.params.means[page.k, 0] == pytest.approx(top, abs=float(np.diff(page.grid)[0]))


def test_jensens_points_and_share_are_dragged_along_curve_and_chord() -> None:
    page = rise().moved("first", 1.0, 99.0).moved("second", 5.0, 99.0).moved("share", 2.0, 99.0)
    assert (page.jensen.first, page.jensen.second) == (1.0, 5.0)
    assert page.jensen.middle == pytest.approx(2.0)
    assert page.moved("first", -4.0, 0.0).jensen.first > 0


def test_pages_of_a_line_look_at_the_first_feature_of_other_data() -> None:
    data = made_data("plane", brute.random_mixture(2, 2, 0), 200, 0)
    for kind in (LikelihoodPage, MixturePage, RisePage):
        page = kind.opened(data)
        assert page.data is data
        assert page.scene().sentence
