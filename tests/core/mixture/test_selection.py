"""The number of components."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from gmmseg.control import StopRequest, relayed, result_of
from gmmseg.errors import Cancelled
from gmmseg.mixture.fit import fit
from gmmseg.mixture.params import FitStep
from gmmseg.mixture.selection import (
    Candidate,
    chosen_fit_events,
    elbow,
    folds,
    held_out_score,
    select_events,
)
from gmmseg.mixture.settings import Criterion, FitSettings
from tests.core.mixture.cases import blobs


@pytest.mark.parametrize("criterion", ["bic", "icl", "entropy"])
@pytest.mark.parametrize("n_true", [1, 2, 4])
@pytest.mark.parametrize("seed", range(2))
def test_separated_groups_are_counted(criterion: Criterion, n_true: int, seed: int) -> None:
    values, _ = blobs(np.random.default_rng(seed), 240, n_true, 2, apart=15.0)
    chosen = result_of(
        select_events(
            values,
            None,
            FitSettings(seed=seed, n_init=2, accelerate=True),
            criterion,
            candidates=tuple(range(1, n_true + 3)),
        )
    )
    assert chosen == n_true


def test_candidates_report_the_criteria_of_their_fits() -> None:
    values, _ = blobs(np.random.default_rng(0), 200, 2, 2)
    settings = FitSettings(seed=1, n_init=2)
    for candidate in select_events(values, None, settings, "bic", candidates=(1, 2, 3)):
        result = fit(values, None, replace(settings, n_components=candidate.n_components))
        assert (candidate.bic, candidate.aic, candidate.icl) == (result.bic, result.aic, result.icl)
        assert candidate.icl == pytest.approx(candidate.bic + 2 * candidate.entropy, rel=1e-12)


def test_repeated_rows_end_the_range() -> None:
    values = np.tile([[0.0], [50.0], [100.0]], (20, 1))
    seen = list(select_events(values, None, FitSettings(reg_covar=1.0), "bic"))
    assert [candidate.n_components for candidate in seen] == [1, 2, 3, 3]


def test_weights_count_as_rows() -> None:
    values, _ = blobs(np.random.default_rng(0), 100, 2, 2)
    once, thrice = (next(select_events(values, np.full(100, float(w)), FitSettings(), "bic")) for w in (1, 3))
    assert thrice.log_likelihood == pytest.approx(3 * once.log_likelihood, rel=1e-12)
    assert thrice.bic == pytest.approx(-2 * thrice.log_likelihood + once.n_parameters * np.log(300))


@pytest.mark.parametrize("at", [2, 3, 5])
def test_the_elbow_is_where_two_straight_lines_meet(at: int) -> None:
    k = np.arange(1, 9)
    assert elbow(np.where(k <= at, k * 1.0, at + (k - at) * 20.0)) == at


def test_one_and_two_entropies_have_no_elbow() -> None:
    assert elbow(np.zeros(1)) == 1
    assert elbow(np.zeros(2)) == 2


def test_selection_is_cancelled() -> None:
    values, _ = blobs(np.random.default_rng(0), 100, 2, 2)
    with pytest.raises(Cancelled):
        result_of(select_events(values, None, FitSettings(), "bic", lambda: StopRequest.CANCEL))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_groups_of_several_gaussians_each_are_counted_by_their_entropy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    square = rng.uniform(-1, 1, size=(900, 2)) * [6.0, 1.0]
    values = square + np.repeat([[0.0, 0.0], [0.0, 40.0], [40.0, 0.0]], 300, axis=0)
    events = select_events(values, None, FitSettings(seed=seed), "entropy", candidates=(1, 3, 6))
    bic = {candidate.n_components: candidate.bic for candidate in events}
    assert min(bic, key=bic.__getitem__) == 6
    chosen = result_of(select_events(values, None, FitSettings(seed=seed), "entropy", candidates=(1, 3, 6)))
    assert chosen == 3


def test_rows_held_out_are_scored_by_mixtures_that_have_not_seen_them() -> None:
    rows, _ = blobs(np.random.default_rng(0), 60, 2, 2)
    settings = FitSettings(n_components=2, seed=4)
    whole = folds(np.ones(60), 3, np.random.default_rng(4))
    expected = 0.0
    for held in whole:
        seen = held == 0
        params = fit(rows[seen], None, settings).params
        density = sum(
            w * multivariate_normal(m, c).pdf(rows[~seen])
            for w, m, c in zip(params.weights, params.means, params.matrices(), strict=True)
        )
        expected += np.log(density).sum()
    assert held_out_score(rows, None, settings, 3) == pytest.approx(expected / 60)


def test_the_likelihood_of_unseen_rows_stops_rising_where_that_of_seen_ones_does_not() -> None:
    rows, _ = blobs(np.random.default_rng(1), 90, 3, 2)
    settings = FitSettings(seed=1, n_init=1, tol=1e-4, reg_covar=1e-3)
    tried = list(select_events(rows, None, settings, "bic", candidates=(1, 2, 3, 6), n_folds=3))
    seen = [candidate.log_likelihood for candidate in tried]
    unseen = [candidate.held_out or -np.inf for candidate in tried]
    assert seen == sorted(seen)
    assert int(np.argmax(unseen)) == 2


@pytest.mark.parametrize("weights", [[3.0, 1.0, 7.0, 2.0], [0.5, 1.5, 2.0, 1.0]])
def test_folds_share_out_all_weight(weights: list[float]) -> None:
    shares = folds(np.array(weights), 3, np.random.default_rng(0))
    np.testing.assert_allclose(sum(shares), weights)
    assert min(share.min() for share in shares) == 0
    if weights[0] == 3:
        assert all((share == np.round(share)).all() for share in shares)
        assert sum(share[2] > 0 for share in shares) > 1, "the seven rows are dealt one by one"


@pytest.mark.parametrize(("n_groups", "has_more"), [(3, False), (10, True), (12, True)])
def test_a_choice_of_the_largest_number_tried_is_told_of(n_groups: int, has_more: bool) -> None:
    centres = 100.0 * np.arange(n_groups)
    rows = np.concatenate([centre + np.linspace(-1, 1, 40) for centre in centres])[:, None]
    settings = FitSettings(n_init=1, tol=1e-4, reg_covar=0.01)
    result = result_of(chosen_fit_events(rows, None, settings, "bic"))
    told = [text for text in result.warnings if "the largest number that was tried" in text]
    assert (result.params.n_components == 10) == has_more
    assert bool(told) == has_more


@pytest.mark.parametrize("criterion", ["held-out", "annihilation"])
def test_held_out_rows_and_dying_components_find_the_groups_too(criterion: Criterion) -> None:
    rows, _ = blobs(np.random.default_rng(2), 240, 3, 2)
    settings = FitSettings(n_init=1, tol=1e-4, reg_covar=0.05)
    tried: list[Candidate] = []
    job = chosen_fit_events(rows, None, settings, criterion)

    def noted(event: Candidate | FitStep) -> tuple[()]:
        if isinstance(event, Candidate):
            tried.append(event)
        return ()

    result = result_of(relayed(job, noted))
    assert result.params.n_components == 3
    assert result.converged
    for candidate in tried:
        assert candidate.bic == pytest.approx(
            -2 * candidate.log_likelihood + candidate.n_parameters * np.log(240)
        )
    counts = [candidate.n_components for candidate in tried]
    if criterion == "held-out":
        assert counts == list(range(1, 11))
        assert max(tried, key=lambda one: one.held_out or -np.inf).n_components == 3
    else:
        assert counts == sorted(counts, reverse=True)
        assert result.history[0].params.n_components == 3
