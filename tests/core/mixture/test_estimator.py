"""GaussianMixture behind scikit-learn's conventions, and beside scikit-learn's own."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pytest
from sklearn import config_context, exceptions
from sklearn import mixture as sklearn_mixture
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from gmmseg import GaussianMixture
from gmmseg.arrays import AnyArray, FloatArray, IntArray
from gmmseg.mixture.sklearn_validation import ConvergenceWarning, NotFittedError
from tests.core.mixture.cases import blobs


class Frame:
    """The interface of a data frame, as far as it is used."""

    def __init__(self, values: FloatArray, columns: Sequence[object]) -> None:
        self.values, self.columns = values, columns

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> AnyArray:
        return np.asarray(self.values, dtype=dtype)


def _rows(seed: int = 0, n_rows: int = 300) -> FloatArray:
    return blobs(np.random.default_rng(seed), n_rows, 3, 2, apart=8.0)[0]


@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_own_checks_pass() -> None:
    report = check_estimator(GaussianMixture(), on_fail=None, on_skip=None)
    assert len(report) > 30
    failed = [entry["check_name"] for entry in report if entry["status"] == "failed"]
    assert failed == []


def _choose_k_by_bic(mixture: type[GaussianMixture], rows: FloatArray) -> int:
    scores = [mixture(k, n_init=3, random_state=0).fit(rows).bic(rows) for k in range(1, 5)]
    return int(np.argmin(scores)) + 1


def _colour_quantisation(mixture: type[GaussianMixture], rows: FloatArray) -> FloatArray:
    model = mixture(n_components=3, covariance_type="tied", random_state=0)
    labels = model.fit_predict(rows)
    return np.round(np.sort(model.means_[labels].sum(axis=1)), 3)


def _outliers(mixture: type[GaussianMixture], rows: FloatArray) -> IntArray:
    model = mixture(3, covariance_type="full", random_state=0).fit(rows)
    densities = model.score_samples(rows)
    return np.flatnonzero(densities < np.percentile(densities, 4))


def _in_a_pipeline(mixture: type[GaussianMixture], rows: FloatArray) -> IntArray:
    model = make_pipeline(StandardScaler(), mixture(3, random_state=0)).fit(rows)
    return np.sort(np.bincount(model.predict(rows)))


def _in_a_grid_search(mixture: type[GaussianMixture], rows: FloatArray) -> int:
    search = GridSearchCV(mixture(random_state=0, n_init=2), {"n_components": [1, 3]}, cv=3).fit(rows)
    n_components: int = search.best_params_["n_components"]
    return n_components


Script: TypeAlias = Callable[[type[GaussianMixture], FloatArray], float | FloatArray | IntArray]


@pytest.mark.parametrize(
    "script", [_choose_k_by_bic, _colour_quantisation, _outliers, _in_a_pipeline, _in_a_grid_search]
)
def test_a_script_switches_by_changing_its_import(script: Script) -> None:
    rows = _rows()
    np.testing.assert_allclose(
        script(GaussianMixture, rows), script(sklearn_mixture.GaussianMixture, rows), atol=1e-3
    )


@pytest.mark.parametrize("init", ["kmeans", "k-means++", "kmeans++", "random", "random_from_data"])
def test_every_way_to_start_is_reproducible(init: str) -> None:
    rows = _rows()
    one, two = (GaussianMixture(3, init_params=init, random_state=7).fit(rows) for _ in range(2))
    assert one.means_.tobytes() == two.means_.tobytes()


def test_random_states_of_every_kind_are_taken() -> None:
    rows = _rows()
    for make in (np.random.RandomState, np.random.default_rng):
        one, two = (
            GaussianMixture(3, init_params="random", random_state=make(3)).fit(rows) for _ in range(2)
        )
        assert one.lower_bound_ == two.lower_bound_
    np.random.seed(4)  # noqa: NPY002 - what scripts do
    one = GaussianMixture(3, init_params="random").fit(rows)
    np.random.seed(4)  # noqa: NPY002
    assert GaussianMixture(3, init_params="random").fit(rows).lower_bound_ == one.lower_bound_


@pytest.mark.parametrize(
    "given", [("means_init",), ("weights_init",), ("precisions_init",), ("means_init", "weights_init")]
)
def test_a_partial_start_is_completed_from_the_rows(given: tuple[str, ...]) -> None:
    rows = _rows()
    whole: dict[str, Any] = {
        "means_init": np.array([[16.0, 0.0], [0.0, 0.0], [8.0, 0.0]]),
        "weights_init": np.array([0.2, 0.3, 0.5]),
        "precisions_init": np.tile(np.eye(2), (3, 1, 1)),
    }
    model = GaussianMixture(3, random_state=0, **{name: whole[name] for name in given}).fit(rows)
    np.testing.assert_allclose(np.sort(model.means_[:, 0]), [0, 8, 16], atol=0.5)
    if "means_init" in given:
        np.testing.assert_allclose(model.means_[:, 0], [16, 0, 8], atol=0.5)


def test_no_iterations_return_the_start_without_a_warning() -> None:
    start = np.array([[1.0, 2.0], [3.0, 4.0]])
    model = GaussianMixture(
        2,
        max_iter=0,
        means_init=start,
        weights_init=[0.5, 0.5],
        precisions_init=np.tile(np.eye(2), (2, 1, 1)),
    ).fit(_rows())
    np.testing.assert_array_equal(model.means_, start)
    assert model.n_iter_ == 0
    assert not model.converged_


def test_sample_weights_are_repeated_rows() -> None:
    rows = _rows()
    weights = np.random.default_rng(0).integers(1, 4, size=300)
    means = [[0.0, 0.0], [8.0, 0.0], [16.0, 0.0]]
    one = GaussianMixture(3, means_init=means).fit(rows, sample_weight=weights)
    two = GaussianMixture(3, means_init=means).fit(np.repeat(rows, weights, axis=0))
    np.testing.assert_allclose(one.means_, two.means_, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(one.covariances_, two.covariances_, rtol=1e-7, atol=1e-10)


def test_warm_start_goes_on_where_the_last_fit_ended() -> None:
    rows = blobs(np.random.default_rng(0), 300, 3, 2, apart=2.0)[0]
    model = GaussianMixture(3, warm_start=True, max_iter=2, tol=0, random_state=0)
    bounds = []
    for _ in range(4):
        with pytest.warns(ConvergenceWarning):
            bounds.append(model.fit(rows).lower_bound_)
    whole = GaussianMixture(3, max_iter=8, tol=0, random_state=0)
    with pytest.warns(ConvergenceWarning):
        whole.fit(rows)
    assert bounds == sorted(bounds)
    assert bounds[-1] == pytest.approx(whole.lower_bound_, rel=1e-9)


def test_fewer_different_rows_than_components_reduce_k_with_a_warning() -> None:
    with pytest.warns(ConvergenceWarning, match="K was reduced from 5 to 2"):
        model = GaussianMixture(5).fit([[0.0], [1.0]] * 4)
    assert model.weights_.shape == (2,)


def test_many_rows_stay_within_the_limit_of_iterations() -> None:
    rows = np.round(_rows(n_rows=20_000) * 10)
    model = GaussianMixture(3, max_iter=60, random_state=0).fit(rows)
    assert 1 <= model.n_iter_ <= 60
    assert len(model.lower_bounds_) == model.n_iter_
    assert model.lower_bound_ == pytest.approx(model.score(rows), rel=1e-10)


def test_float32_is_computed_in_float64() -> None:
    rows = (_rows() + 60000).astype(np.float32)
    one, two = (GaussianMixture(3, random_state=0).fit(data) for data in (rows, rows.astype(np.float64)))
    np.testing.assert_array_equal(one.covariances_, two.covariances_)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_components": 0}, "n_components"),
        ({"n_components": 2.5}, "n_components"),
        ({"tol": -1.0}, "tol"),
        ({"reg_covar": -1e-6}, "reg_covar"),
        ({"max_iter": -1}, "max_iter"),
        ({"n_init": 0}, "n_init"),
        ({"covariance_type": "round"}, "covariance_type"),
        ({"init_params": "guess"}, "init_params"),
        ({"warm_start": "yes"}, "warm_start"),
        ({"random_state": "seed"}, "seed"),
        ({"random_state": -1}, "seed"),
        ({"weights_init": [0.5, 0.6]}, "normalized"),
        ({"weights_init": [-0.5, 1.5]}, "range"),
        ({"weights_init": [1.0]}, "shape"),
        ({"means_init": [[0.0], [1.0]]}, "shape"),
        ({"precisions_init": [np.eye(2)]}, "shape"),
        ({"precisions_init": [np.eye(2), -np.eye(2)]}, "positive-definite"),
        ({"precisions_init": [[1.0, -1.0], [1.0, 1.0]], "covariance_type": "diag"}, "positive"),
    ],
)
def test_arguments_out_of_range_are_refused_by_name(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GaussianMixture(**{"n_components": 2, **arguments}).fit(_rows())


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[np.nan, 1.0], [0.0, 1.0]], "NaN"),
        ([[np.inf, 1.0], [0.0, 1.0]], "infinity"),
        ([1.0, 2.0, 3.0], "Expected 2D array, got 1D array"),
        (np.zeros((2, 2, 2)), "dim 3"),
        ([[1.0, 2.0]], "minimum of 2"),
        (np.zeros((3, 0)), "0 feature"),
        ([[1j], [2j]], "Complex"),
        ([[1e101], [0.0]], "1e100"),
        ([["a"], ["b"]], "strings"),
    ],
)
def test_rows_that_cannot_be_fitted_are_value_errors(rows: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GaussianMixture().fit(rows)


def test_fewer_rows_than_components_are_refused() -> None:
    with pytest.raises(ValueError, match="n_samples >= n_components"):
        GaussianMixture(5).fit(np.zeros((3, 2)))


def test_before_fit_everything_says_not_fitted() -> None:
    model = GaussianMixture()
    for call in (model.predict, model.predict_proba, model.score, model.score_samples, model.bic, model.aic):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            call(np.zeros((3, 2)))
    with pytest.raises(NotFittedError):
        model.sample()
    assert issubclass(NotFittedError, ValueError)
    assert issubclass(NotFittedError, AttributeError)


def test_another_number_of_features_is_refused() -> None:
    model = GaussianMixture().fit(_rows())
    with pytest.raises(ValueError, match="X has 3 features, but GaussianMixture is expecting 2 features"):
        model.predict(np.zeros((3, 3)))


def test_column_names_are_kept_and_compared() -> None:
    rows = _rows()
    model = GaussianMixture().fit(Frame(rows, ["red", "green"]))
    assert list(model.feature_names_in_) == ["red", "green"]
    model.predict(Frame(rows, ["red", "green"]))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(Frame(rows, ["green", "red"]))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(rows)
    model.fit(rows)
    assert not hasattr(model, "feature_names_in_")
    with pytest.warns(UserWarning, match="fitted without feature names"):
        model.predict(Frame(rows, ["red", "green"]))
    with pytest.raises(TypeError, match="string names"):
        model.fit(Frame(rows, ["red", 1]))


def test_clone_keeps_the_arguments_and_nothing_else() -> None:
    means = np.zeros((2, 2))
    model = GaussianMixture(2, means_init=means, random_state=1).fit(_rows())
    copy = clone(model)
    assert not hasattr(copy, "means_")
    assert copy.get_params()["random_state"] == 1
    assert model.means_init is means


def test_parameters_are_got_and_set_by_name() -> None:
    names = set(sklearn_mixture.GaussianMixture().get_params())
    assert set(GaussianMixture().get_params()) == {*names, "accelerate"}
    theirs = sklearn_mixture.GaussianMixture().get_params()
    assert GaussianMixture().get_params() == {**theirs, "accelerate": False}
    assert GaussianMixture().set_params(tol=0.5).tol == 0.5
    with pytest.raises(ValueError, match="Invalid parameter 'tolerance'"):
        GaussianMixture().set_params(tolerance=1)


def test_repr_shows_what_differs_from_the_defaults() -> None:
    assert repr(GaussianMixture()) == "GaussianMixture()"
    assert repr(GaussianMixture(3, tol=0.5)) == "GaussianMixture(n_components=3, tol=0.5)"


def test_a_pickle_predicts_the_same_bytes() -> None:
    rows = _rows()
    model = GaussianMixture(3, random_state=0).fit(rows)
    again = pickle.loads(pickle.dumps(model))
    assert again.score_samples(rows).tobytes() == model.score_samples(rows).tobytes()


def test_parameters_assigned_by_a_script_are_used() -> None:
    model = GaussianMixture(2)
    model.weights_ = np.array([0.5, 0.5])
    model.means_ = np.array([[0.0], [10.0]])
    model.covariances_ = np.array([[[1.0]], [[1.0]]])
    np.testing.assert_array_equal(model.predict([[1.0], [9.0]]), [0, 1])


def test_samples_come_in_the_order_of_components() -> None:
    model = GaussianMixture(3, random_state=0).fit(_rows())
    rows, components = model.sample(500)
    assert rows.shape == (500, 2)
    assert (np.diff(components) >= 0).all()
    assert (model.predict(rows) == components).mean() > 0.99
    with pytest.raises(ValueError, match="at least one sample"):
        model.sample(0)


def test_verbose_prints_starts_and_iterations(capsys: pytest.CaptureFixture[str]) -> None:
    GaussianMixture(3, verbose=2, verbose_interval=1, random_state=0).fit(_rows())
    printed = capsys.readouterr().out
    assert "Initialization 0" in printed
    assert "Iteration 1" in printed
    assert "ll change" in printed
    assert "converged" in printed


def test_the_estimator_is_imported_only_when_asked_for_and_without_scikit_learn() -> None:
    code = (
        "import sys, gmmseg; assert 'numpy' not in sys.modules; gmmseg.GaussianMixture; "
        "assert 'sklearn' not in sys.modules; assert not hasattr(gmmseg, 'Nothing')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score_samples", "fit"])
def test_rows_whose_squares_would_overflow_are_refused(method: str) -> None:
    model = GaussianMixture(2, random_state=0).fit(np.random.default_rng(0).normal(size=(50, 2)))
    with pytest.raises(ValueError, match="larger than 1e100"):
        getattr(model, method)(np.array([[1e200, 0.0], [0.0, 1.0]]))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_can_fit_after_its_parent_did() -> None:
    code = (
        "import os, sys, numpy as np\n"
        "from gmmseg.mixture.estimator import GaussianMixture\n"
        "rows = np.random.default_rng(0).normal(size=(70_000, 2))\n"
        "fit = lambda: GaussianMixture(2, random_state=0, max_iter=2, tol=1e9).fit(rows)\n"
        "fit()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    fit()\n"
        "    os._exit(7)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    # In a group of its own: a child that waits for ever is ended with its parent.
    process = subprocess.Popen(command, start_new_session=True)
    try:
        assert process.wait(timeout=60) == 7
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_weights_whose_sum_overflows_are_refused_with_a_remedy() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.raises(ValueError, match="Divide all weights"):
        GaussianMixture(2).fit(rows, sample_weight=np.full(20, 1e308))


def test_errors_and_warnings_are_kinds_of_scikit_learns() -> None:
    assert issubclass(NotFittedError, exceptions.NotFittedError)
    assert issubclass(ConvergenceWarning, exceptions.ConvergenceWarning)
    with pytest.raises(exceptions.NotFittedError) as caught:
        GaussianMixture().predict(_rows())
    assert type(pickle.loads(pickle.dumps(caught.value))) is NotFittedError
    with pytest.warns(exceptions.ConvergenceWarning, match="had not converged"):
        GaussianMixture(3, max_iter=1, tol=0.0, random_state=0).fit(_rows())


WITHOUT = """
import sys, warnings
{before}
import numpy as np
from gmmseg import GaussianMixture
from gmmseg.mixture import sklearn_validation
GaussianMixture(2, random_state=0).fit(np.random.default_rng(0).normal(size=(50, 2))).bic(np.ones((3, 2)))
assert "sklearn" not in sys.modules or sys.modules["sklearn"] is None
try:
    GaussianMixture().predict(np.ones((3, 2)))
except (ValueError, AttributeError) as error:
    print(type(error).__name__, [base.__name__ for base in type(error).__mro__[1:]])
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "bases"),
    [
        ("sys.modules['sklearn'] = None", "['ValueError', 'AttributeError',"),
        ("", "['NotFittedError', 'ValueError',"),
    ],
)
def test_scikit_learn_is_imported_for_its_errors_alone_and_may_be_missing(before: str, bases: str) -> None:
    code = WITHOUT.format(before=before)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"NotFittedError {bases}")


@pytest.fixture
def routing() -> Iterator[None]:
    with config_context(enable_metadata_routing=True):
        yield


def test_sample_weights_are_routed_as_requested(routing: None) -> None:
    rows = _rows()
    weights = np.random.default_rng(0).integers(1, 5, len(rows)).astype(float)
    asked = GaussianMixture(2, random_state=0).set_fit_request(sample_weight=True)
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    fitted = make_pipeline(scaler, asked).fit(rows, sample_weight=weights)[-1]
    scaled = StandardScaler().fit_transform(rows)
    alone = GaussianMixture(2, random_state=0).fit(scaled, sample_weight=weights)
    np.testing.assert_allclose(fitted.means_, alone.means_)
    assert not np.allclose(fitted.means_, GaussianMixture(2, random_state=0).fit(scaled).means_)
    search = GridSearchCV(clone(asked), {"n_components": [1, 2]}, cv=2).fit(rows, sample_weight=weights)
    assert search.best_params_["n_components"] in (1, 2)


def test_weights_nobody_decided_about_are_refused(routing: None) -> None:
    rows, weights = _rows(), np.ones(300)
    undecided = GaussianMixture(2, random_state=0)
    with pytest.raises(exceptions.UnsetMetadataPassedError, match="sample_weight"):
        make_pipeline(StandardScaler().set_fit_request(sample_weight=False), undecided).fit(
            rows, sample_weight=weights
        )
    aliased = clone(undecided.set_fit_request(sample_weight="importance"))
    assert aliased.get_metadata_routing().fit.requests == {"sample_weight": "importance"}
    assert GaussianMixture().get_metadata_routing().fit.requests == {"sample_weight": None}


def test_requests_need_metadata_routing() -> None:
    with pytest.raises(RuntimeError, match="enable_metadata_routing"):
        GaussianMixture().set_fit_request(sample_weight=True)
