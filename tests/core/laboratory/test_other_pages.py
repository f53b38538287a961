"""The other pages: every figure against scipy, scikit-learn, numpy or brute force."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest
from scipy.stats import chi2, multivariate_normal, norm
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from gmmseg.control import StopRequest, never_stop, result_of
from gmmseg.errors import EditError, FeatureError
from gmmseg.laboratory.bound import shares_on
from gmmseg.laboratory.data import EXAMPLES, THREE_IN_PLANE, Data, example, made_data
from gmmseg.laboratory.page import Page
from gmmseg.laboratory.pages.contents import PAGES
from gmmseg.laboratory.pages.failures import BreakPage
from gmmseg.laboratory.pages.half_known import KnownPage
from gmmseg.laboratory.pages.how_many import ManyPage
from gmmseg.laboratory.pages.limit import LimitPage
from gmmseg.laboratory.pages.make import MakePage
from gmmseg.laboratory.pages.margins import MarginsPage
from gmmseg.laboratory.pages.merge import MergePage
from gmmseg.laboratory.pages.one_or_two import TwoPage
from gmmseg.laboratory.pages.starts import StartsPage
from gmmseg.laboratory.scene import Chart, Scene, Tree
from gmmseg.mixture.conditioning import overall_covariance
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.selection import held_out_score
from gmmseg.mixture.settings import InitMethod
from gmmseg.setting import Setting, settings_of
from tests.core.laboratory import brute
from tests.core.laboratory.test_first_pages import number

_P = TypeVar("_P", bound=Page)


def opened(kind: type[_P]) -> _P:
    return kind.opened(kind.example())


def worked(page: _P, action: str) -> _P:
    work = page.action(action).work
    assert work is not None
    done = result_of(work(page, never_stop))
    assert isinstance(done, type(page))
    return done


def chart_of(scene: Scene, at: int) -> Chart:
    picture = scene.pictures[at]
    assert isinstance(picture, Chart)
    return picture


@pytest.mark.parametrize("kind", PAGES, ids=lambda kind: kind.name)
def test_every_page_shows_something_before_and_after_each_action(kind: type[Page]) -> None:
    page = opened(kind)
    for action in kind.actions:
        if action.is_possible(page) and action.work is None:
            assert page.act(action.id).scene().sentence
    for picture in page.scene().pictures:
        for handle in picture.handles if isinstance(picture, Chart) else ():
            assert page.moved(handle.id, handle.x + 0.01, handle.y).scene().pictures
    known = {setting.title for setting in _settings(page)}
    assert len(known) == len(kind.fields)
    assert set(page.fields_in_use) <= set(kind.fields)


def _settings(page: Page) -> list[Setting]:
    found = {setting.path: setting for setting in settings_of(type(page.settings))}
    return [found[path] for path in page.fields]


# One or two


def test_two_gaussians_explain_two_groups_better() -> None:
    page = opened(TwoPage)
    for at, k in enumerate((1, 2)):
        oracle = GaussianMixture(k, n_init=3, random_state=0, tol=1e-8).fit(page.rows.values)
        assert page.levels()[at] == pytest.approx(oracle.score(page.rows.values), abs=1e-3)
    assert page.levels()[1] > page.levels()[0] + 0.3


def test_ellipses_hold_what_the_table_says() -> None:
    page = opened(TwoPage)
    rows = page.scene().tables[0].rows
    mean, matrix = page.rows.values.mean(axis=0), np.cov(page.rows.values.T, bias=True)
    eigenvalues, vectors = np.linalg.eigh(matrix)
    assert rows[0][3] == f"({2 * np.sqrt(eigenvalues[1]):.2f}, {2 * np.sqrt(eigenvalues[0]):.2f})"
    angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180
    assert number(rows[0][4]) == pytest.approx(angle, abs=0.06)
    offsets = page.rows.values - mean
    away = np.einsum("nd,de,ne->n", offsets, np.linalg.inv(matrix), offsets)
    assert page.inside(page.one, 0) == pytest.approx(float((away <= 4).mean()))
    many = page.changed("n_rows", 5000)
    for k in range(2):
        assert many.inside(many.two, k) == pytest.approx(chi2(2).cdf(4), abs=0.02)


def test_rows_are_made_by_the_seed_and_the_distance() -> None:
    page = opened(TwoPage)
    one, again, other = (page.changed("seed", seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.rows.values, again.rows.values)
    assert not np.array_equal(one.rows.values, other.rows.values)
    together = page.changed("apart", 0.0)
    assert together.rows.params is not None
    np.testing.assert_allclose(together.rows.params.means[0], together.rows.params.means[1])
    assert page.changed("axes", "line").rows.n_features == 1


# Starts


@pytest.fixture(scope="module")
def started() -> StartsPage:
    return worked(opened(StartsPage).changed("n_starts", 10), "run")


def test_the_best_start_is_no_worse_than_any(started: StartsPage) -> None:
    levels = [brute.log_likelihood(one.result.params, started.data.values) for one in started.attempts]
    assert started.best == int(np.argmax(levels))
    assert len(started.optima) > 1
    rows = started.scene().tables[0].rows
    n = started.data.n_rows
    assert [number(row[2]) for row in rows] == pytest.approx(np.array(levels) / n, abs=6e-6)
    assert started.act("best").at == started.best  # type: ignore[attr-defined]


def test_two_seeds_that_end_differently_are_both_kept(started: StartsPage) -> None:
    bounds = {round(one.result.lower_bound, 4) for one in started.attempts}
    assert len(bounds) > 1
    assert len(started.scene().tables[0].rows) == len(started.attempts) == 10


@pytest.mark.parametrize("method", ["kmeans++", "random", "responsibilities"])
def test_every_way_to_begin_gives_a_mixture_that_the_seed_repeats(method: InitMethod) -> None:
    page = opened(StartsPage).changed("fit.init", method)
    first, again = page.first_of(2), page.first_of(2)
    np.testing.assert_array_equal(first.means, again.means)
    assert not np.array_equal(first.means, page.first_of(3).means)
    assert first.weights.sum() == pytest.approx(1)
    assert (np.linalg.eigvalsh(first.matrices()) > 0).all()
    assert np.isfinite(brute.log_likelihood(first, page.data.values))


def test_own_means_are_where_em_begins() -> None:
    page = opened(StartsPage).moved("mean:1", 2.5, -0.5)
    assert page.settings.way == "own"
    np.testing.assert_array_equal(page.first_of(0).means[1], [2.5, -0.5])
    done = worked(page, "run")
    assert len(done.attempts) == 1
    np.testing.assert_array_equal(done.attempts[0].first.means, page.own)


def test_starts_that_are_stopped_keep_those_done() -> None:
    page = opened(StartsPage)
    work = page.action("run").work
    assert work is not None
    done = result_of(work(page, lambda: StopRequest.STOP))
    assert len(done.attempts) == 1  # type: ignore[attr-defined]


# ε → 0


def test_posteriors_under_epsilon_are_their_formula() -> None:
    page = opened(LimitPage).changed("log_epsilon", -0.5)
    away = ((page.data.values[:, None, :] - page.means) ** 2).sum(axis=2)
    terms = page.weights * np.exp(-away / (2 * page.epsilon))
    np.testing.assert_allclose(page.shares().T, terms / terms.sum(axis=1, keepdims=True), atol=1e-12)


def test_small_epsilon_ends_where_k_means_does() -> None:
    page = worked(opened(LimitPage).changed("log_epsilon", -6.0), "settle")
    oracle = KMeans(3, init=page.first, n_init=1, tol=0, max_iter=300).fit(page.data.values)
    np.testing.assert_allclose(page.hard, oracle.cluster_centers_, atol=1e-8)
    np.testing.assert_allclose(page.means, page.hard, atol=1e-3)
    assert (page.shares().argmax(axis=0) == page.labels()).all()
    assert f"{100.0:.1f} %" in page.scene().sentence


def test_no_epsilon_is_too_small_for_logarithms() -> None:
    page = opened(LimitPage).changed("log_epsilon", -300.0)
    shares = page.shares()
    assert np.isfinite(shares).all()
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)
    assert set(np.unique(shares)) <= {0.0, 1.0}


@pytest.mark.parametrize("log_epsilon", [0.0, -8.0])
def test_a_tie_splits_by_the_weights_however_small_epsilon_is(log_epsilon: float) -> None:
    page = opened(LimitPage).act("step").act("step")
    assert isinstance(page, LimitPage)
    page = page.changed("log_epsilon", log_epsilon)
    _, shares = page.tie()
    assert shares[0] == pytest.approx(page.weights[0] / page.weights[:2].sum(), abs=1e-6)


# How many


@pytest.fixture(scope="module")
def compared() -> ManyPage:
    return worked(opened(ManyPage).changed("largest", 4), "compare")


def test_criteria_are_their_formulas(compared: ManyPage) -> None:
    n = compared.data.n_rows
    for k, trial in enumerate(compared.trials, start=1):
        level = brute.log_likelihood(trial.params, compared.data.values)
        p = k - 1 + 2 * k + 3 * k
        logs = brute.log_posteriors(trial.params, compared.data.values)
        entropy = float(-(np.exp(logs) * logs).sum())
        assert trial.candidate.bic == pytest.approx(-2 * level + p * np.log(n))
        assert trial.candidate.aic == pytest.approx(-2 * level + 2 * p)
        assert trial.candidate.icl == pytest.approx(-2 * level + p * np.log(n) + 2 * entropy, rel=1e-7)


def test_likelihood_never_falls_with_k_but_held_out_likelihood_chooses(compared: ManyPage) -> None:
    levels = [trial.candidate.log_likelihood for trial in compared.trials]
    assert (np.diff(levels) >= -1e-9 * abs(levels[0])).all()
    assert compared.choice("bic") == compared.choice("icl") == 3
    for trial in compared.trials:
        k = trial.candidate.n_components
        wanted = replace(compared.settings.fit, n_components=k)
        assert trial.unseen == pytest.approx(held_out_score(compared.data.values, None, wanted, 2))
    best = max(range(4), key=lambda at: compared.trials[at].unseen)
    assert compared.choice("unseen") == best + 1
    assert compared.trials[0].unseen < compared.trials[2].unseen


def test_annihilation_finds_three_and_a_refit_raises_the_likelihood() -> None:
    page = worked(opened(ManyPage).changed("at_first", 8), "annihilate")
    state = page.search[page.at]
    assert len(state.alive) == 3
    done = worked(page, "refine")
    assert done.refit is not None
    level = brute.log_likelihood(state.params, page.data.values)
    assert done.refit.log_likelihood >= level - 1e-6
    assert "maximised" in done.scene().sentence


# Merge


def test_classes_below_the_line_are_unions_below_it() -> None:
    page = opened(MergePage)
    for threshold in (0.0, 0.3, 0.9, 1.0):
        moved = page.moved("cut", 0.0, threshold)
        n_unions = int((moved.tree.heights <= threshold).sum())
        assert len(moved.groups) == page.params.n_components - n_unions
        picture = moved.scene().pictures[1]
        assert isinstance(picture, Tree)
        assert picture.cut == threshold
        assert len(set(picture.colours)) == len(moved.groups)
    assert len(page.moved("cut", 0.0, 0.3).groups) == 3


@pytest.mark.parametrize("measure", ["ridge", "bhattacharyya", "misclassification", "entropy"])
def test_the_first_union_is_the_pair_of_the_matrix_that_overlaps_most(measure: str) -> None:
    page = opened(MergePage).changed("measure", measure)
    matrix = page.overlaps
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    assert ((matrix >= 0) & (matrix <= 1 + 1e-12)).all()
    upper = np.triu(matrix, 1) - np.tri(len(matrix))
    first = np.unravel_index(int(upper.argmax()), upper.shape)
    found = matrix[page.tree.pairs[0][0], page.tree.pairs[0][1]]
    assert found == pytest.approx(matrix[first], abs=1e-9)


def test_entropy_gains_are_differences_of_entropies() -> None:
    page = opened(MergePage).changed("measure", "entropy")
    shares = shares_on(page.data, page.params)

    def entropy(parts: np.ndarray) -> float:
        return float(-(parts * np.log(np.where(parts > 0, parts, 1.0))).sum())

    united = np.vstack([shares[0] + shares[3], np.delete(shares, [0, 3], axis=0)])
    wanted = (entropy(shares) - entropy(united)) / entropy(shares)
    assert page.overlaps[0, 3] == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_merged_components_keep_the_moments_and_cost_likelihood() -> None:
    page = opened(MergePage)
    merged = page.act("merge")
    assert isinstance(merged, MergePage)
    assert merged.params.n_components == 3

    def moments(params: MixtureParams) -> tuple[np.ndarray, np.ndarray]:
        return params.weights @ params.means, overall_covariance(params)

    for one, other in zip(moments(page.params), moments(merged.params), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    before = brute.log_likelihood(page.params, page.data.values)
    after = brute.log_likelihood(merged.params, page.data.values)
    assert after < before
    refit = worked(merged, "refit")
    assert after < brute.log_likelihood(refit.params, page.data.values) < before
    assert merged.act("unmerge").params is page.params  # type: ignore[attr-defined]
    with pytest.raises(EditError):
        page.act("unmerge")


# Margins


def test_the_curve_of_y_is_cut_from_the_joint_density() -> None:
    page = opened(MarginsPage).moved("cut", 0.7, 0.0)
    curves = chart_of(page.scene(), 1)
    alone, given = curves.lines[0], curves.lines[1]
    joint = np.zeros_like(given.x)
    for weight, mean, matrix in zip(
        page.params.weights, page.params.means, page.params.matrices(), strict=True
    ):
        points = np.column_stack([np.full_like(given.x, 0.7), given.x])
        joint += weight * multivariate_normal(mean, matrix).pdf(points)
    margin = sum(
        page.params.weights[k]
        * norm.pdf(0.7, page.params.means[k, 0], np.sqrt(page.params.matrices()[k, 0, 0]))
        for k in range(2)
    )
    np.testing.assert_allclose(given.y, joint / margin, rtol=1e-9)
    wanted = sum(
        page.params.weights[k]
        * norm.pdf(alone.x, page.params.means[k, 1], np.sqrt(page.params.matrices()[k, 1, 1]))
        for k in range(2)
    )
    np.testing.assert_allclose(alone.y, wanted, rtol=1e-9)
    step = float(given.x[1] - given.x[0])
    mean = float((given.x * given.y).sum() * step)
    assert f"is {mean:.2f} ±" in page.scene().sentence


def test_the_matrix_is_that_of_the_chosen_component() -> None:
    page = opened(MarginsPage).changed("component", 1)
    matrix = chart_of(page.scene(), 2).matrix
    assert matrix is not None
    sigma = page.params.matrices()[0]
    assert matrix.values[0, 1] == pytest.approx(sigma[0, 1] / np.sqrt(sigma[0, 0] * sigma[1, 1]))


def test_one_feature_has_no_margins() -> None:
    with pytest.raises(FeatureError):
        MarginsPage.opened(example("two-line"))


# Break it


def test_likelihood_grows_without_end_on_one_point_and_the_floor_ends_it() -> None:
    page = opened(BreakPage).changed("log_sigma", -9.0)
    _, levels = page.heights()
    assert levels[0] == levels.max()
    assert (np.diff(levels[:60]) < 0).all()
    params = page.on_point(1e-9)
    wanted = brute.log_likelihood(params, page.line.values) / page.line.n_rows
    assert float(score_rows(params, page.line.values).mean()) == pytest.approx(wanted)
    saved = page.act("rescue")
    assert isinstance(saved, BreakPage)
    assert saved.refit is not None
    assert (saved.refit.matrices() >= page.floor * (1 - 1e-9)).all()
    assert np.isfinite(brute.log_likelihood(saved.refit, page.line.values))


def test_names_do_not_matter_to_the_likelihood() -> None:
    page = opened(BreakPage).changed("case", "names")
    _, levels = page.swapped()
    assert levels[0] == pytest.approx(levels[-1], rel=1e-12)
    assert levels[60] < levels[0]
    swapped = page.act("swap")
    assert isinstance(swapped, BreakPage)
    np.testing.assert_array_equal(swapped.params.means, page.params.means[::-1])


def test_products_underflow_and_logarithms_do_not() -> None:
    page = opened(BreakPage).changed("case", "underflow").changed("n_points", 2000)
    product, total, _, sums = page.products()
    assert product == 0.0
    x = np.tile(page.line.values[:, 0], 7)[:2000, None]
    assert total == pytest.approx(brute.log_likelihood(page.params, x))
    assert len(sums) == 2000
    few = page.changed("n_points", 20).products()
    assert few[0] == pytest.approx(np.exp(few[1]))
    row = page.scene().tables[0].rows[0]
    assert row[1] == "0"
    assert row[2] == "–"
    assert 0 <= number(row[3]) <= 1


def test_the_difference_of_squares_loses_its_digits_at_an_offset() -> None:
    page = opened(BreakPage).changed("case", "cancellation")
    truth = page.line.values.var()
    far = page.variances(1e8)
    assert far["engine"] == pytest.approx(truth, rel=1e-5)
    assert far["centred first"] == pytest.approx(truth, rel=1e-5)
    assert abs(far["E[x²] − E[x]², double"] - truth) > 0.05 * truth
    assert abs(page.variances(1e4)["E[x²] − E[x]², single"] - truth) > 0.05 * truth
    assert page.fields_in_use == ("case", "log_offset")


# Half-known


def test_with_every_z_known_one_step_gives_the_moments_of_the_labels() -> None:
    page = opened(KnownPage).changed("share", 1.0).act("step")
    assert isinstance(page, KnownPage)
    truth = page.data.truth
    assert truth is not None
    for k in range(3):
        own = page.data.values[truth == k]
        np.testing.assert_allclose(page.params.means[k], own.mean(axis=0), rtol=1e-9)
        np.testing.assert_allclose(page.params.matrices()[k], np.cov(own.T, bias=True), rtol=1e-9)
        assert page.params.weights[k] == pytest.approx(len(own) / len(truth))
    again = page.act("step")
    assert isinstance(again, KnownPage)
    np.testing.assert_allclose(again.params.means, page.params.means)
    assert page.level == pytest.approx(page.complete)


def test_the_complete_likelihood_is_the_sum_over_true_components() -> None:
    page = opened(KnownPage)
    truth = page.data.truth
    assert truth is not None
    joint = brute.log_joint(page.params, page.data.values)
    assert page.complete == pytest.approx(joint[np.arange(len(truth)), truth].sum())
    known = page.known
    told = joint[known, truth[known]].sum()
    hidden = np.logaddexp.reduce(joint[~known], axis=1).sum()
    assert page.level == pytest.approx(told + hidden)
    product = np.prod(np.exp(joint[np.arange(4), truth[:4]]))
    assert np.log(product) == pytest.approx(joint[np.arange(4), truth[:4]].sum())


def test_what_is_maximised_rises_and_more_labels_help() -> None:
    page = worked(opened(KnownPage).changed("share", 0.2), "run")
    assert (np.diff(page.levels) >= -1e-10).all()
    shares, truth = page.shares, page.data.truth
    assert truth is not None
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)
    assert (shares[truth[page.known], page.known] == 1.0).all()
    hidden = ~page.known
    assert page.score == pytest.approx(adjusted_rand_score(truth[hidden], shares[:, hidden].argmax(axis=0)))
    assert page.score > 0.8
    assert page.known.sum() == round(0.2 * page.data.n_rows)
    assert (page.changed("share", 0.5).known | ~page.known).all()  # those known before stay known


def test_one_step_with_labels_is_the_weighted_m_step() -> None:
    page = opened(KnownPage)
    after = page.act("step")
    assert isinstance(after, KnownPage)
    shares = page.shares
    counts = shares.sum(axis=1)
    np.testing.assert_allclose(after.params.means, shares @ page.data.values / counts[:, None], rtol=1e-9)
    np.testing.assert_allclose(after.params.weights, counts / counts.sum(), rtol=1e-12)


def test_rows_without_known_components_are_refused() -> None:
    with pytest.raises(FeatureError):
        KnownPage.opened(Data("table", np.random.default_rng(0).normal(size=(20, 2)), ("a", "b")))


# Data


def test_rows_are_drawn_anew_from_what_is_dragged() -> None:
    page = opened(MakePage)
    moved = page.moved("mean:0", -8.0, 3.0)
    truth = moved.data.truth
    assert truth is not None
    own = moved.data.values[truth == 0]
    assert own.mean(axis=0) == pytest.approx([-8.0, 3.0], abs=0.3)
    again = page.moved("mean:0", -8.0, 3.0)
    np.testing.assert_array_equal(moved.data.values, again.data.values)
    assert page.changed("n_rows", 50).data.n_rows == 50
    assert page.changed("features", "1").data.n_features == 1
    assert page.changed("n_components", 5).params.n_components == 5


def test_rows_are_drawn_with_the_mouse() -> None:
    page = opened(MakePage).act("clear")
    assert isinstance(page, MakePage)
    assert page.settings.by_hand
    page = page.changed("component", 2).pressed(1.0, -1.0).pressed(1.0, -1.0)
    assert page.data.n_rows == 12
    truth = page.data.truth
    assert truth is not None
    assert (truth == 1).sum() >= 10
    assert page.data.values[-10:].mean(axis=0) == pytest.approx([1.0, -1.0], abs=0.5)
    assert chart_of(page.scene(), 0).takes_points


def test_made_rows_have_the_moments_of_their_mixture() -> None:
    data = made_data("rows", THREE_IN_PLANE, 20_000, 5)
    truth = data.truth
    assert truth is not None
    for k in range(3):
        own = data.values[truth == k]
        np.testing.assert_allclose(own.mean(axis=0), THREE_IN_PLANE.means[k], atol=0.06)
        np.testing.assert_allclose(np.cov(own.T), THREE_IN_PLANE.matrices()[k], atol=0.08)


def test_the_documents_examples_can_be_made_for_every_page() -> None:
    page = opened(MakePage)
    assert page.settings.mixture == "three-plane"
    line = page.changed("mixture", "two-line")
    assert line.params is EXAMPLES["two-line"][1]
    assert (line.settings.n_components, line.settings.features, line.data.n_features) == (2, "1", 1)
    assert line.moved("mean:0", 1.0, 0.2).settings.mixture == "own"
    assert page.changed("n_components", 4).settings.mixture == "own"


@pytest.mark.parametrize("kind", PAGES, ids=lambda kind: kind.name)
def test_rows_of_39_features_are_seen_on_every_page(kind: type[Page]) -> None:
    """Feature vectors as those that speakers are told by."""
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(mean, 1.0, (150, 39)) for mean in (-1.0, 2.0)])
    data = Data("speech", values, tuple(f"c{at}" for at in range(39)), shown=(3, 7))
    if kind is KnownPage:
        with pytest.raises(FeatureError):
            kind.opened(data)
        return
    page = kind.opened(data)
    scene = page.scene()
    assert all(len(cell) < 80 for table in scene.tables for row in table.rows for cell in row)
    charts = [picture for picture in scene.pictures if isinstance(picture, Chart) and picture.points]
    assert {chart.x_label for chart in charts} <= {"c3", "x"}
    for chart in charts[:1]:
        for handle in chart.handles[:1]:
            assert page.moved(handle.id, handle.x + 0.1, handle.y).scene().sentence
