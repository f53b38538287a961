"""GaussianMixture: the engine behind scikit-learn's estimator conventions, without needing scikit-learn."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Generator
from typing import Any, Self

import numpy as np

from gmmseg.arrays import AnyArray, FloatArray, IntArray
from gmmseg.control import relayed, result_of
from gmmseg.errors import FitError
from gmmseg.mixture import density, sklearn_validation
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.fit import PartialStart, fit_events
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams
from gmmseg.mixture.settings import FitSettings
from gmmseg.mixture.sklearn_validation import (
    INIT_METHODS,
    OWNER,
    array_of_shape,
    check_names,
    check_parameters,
    check_precisions,
    check_rows,
    check_sample_weight,
    check_weights,
    feature_names,
)

UNCHANGED = "$UNCHANGED$"
"""scikit-learn's mark of a request that is left as it is."""
FITTED = ("weights_", "means_", "covariances_")


class GaussianMixture:
    """A Gaussian mixture fitted by EM; parameters and attributes as in ``sklearn.mixture.GaussianMixture``.

    What differs: `reg_covar` is the smallest eigenvalue a covariance may have, kept by an exact M-step, where
    scikit-learn adds it to the diagonal; ``lower_bound_`` and ``lower_bounds_`` belong to the parameters
    *after* each iteration, so that ``lower_bound_`` equals ``score(X)``; components come by falling weight
    unless a start is given; `fit` takes `sample_weight`; where there are fewer different rows than
    components, K is reduced with a warning; there is one argument more, `accelerate`. Many rows are first
    fitted coarsely, which ``n_iter_`` does not count: only iterations over all rows.

    Parameters
    ----------
    n_components : int
        K.
    covariance_type : {"full", "tied", "diag", "spherical"}
    tol : float
        Stop when the mean log-likelihood per sample rises by less than this in an iteration, nats.
    reg_covar : float
        Smallest eigenvalue of a covariance, squared feature units.
    max_iter : int
        Limit of EM iterations; 0 keeps the start.
    n_init : int
        Starts, of which the best result is kept.
    init_params : {"kmeans", "k-means++", "kmeans++", "random", "random_from_data"}
        The first three are k-means from k-means++ seeds; the other two different rows drawn at random.
    weights_init : (K,), optional
    means_init : (K, D), optional
        Without the other two, these come from the rows nearest to each mean.
    precisions_init : array in the shape of ``precisions_``, optional
        Start here; what is not given comes from `init_params`.
    random_state : int, numpy RandomState or Generator, optional
        None draws from numpy's global state.
    warm_start : bool
        Start each further `fit` at the parameters of the last one.
    verbose : int
        1 prints the starts and some iterations, 2 also the rise of the bound.
    verbose_interval : int
        Iterations between two prints.
    accelerate : bool
        Jump ahead between iterations where that raises the bound (SQUAREM): two to four times fewer of them
        at a small `tol`, perhaps to another local optimum.

    Attributes
    ----------
    weights_, means_, covariances_ : arrays (K,), (K, D) and as `covariance_type` demands
        The mixture; what predictions are made from.
    precisions_, precisions_cholesky_ : arrays in the shape of ``covariances_``
    converged_ : bool
    n_iter_ : int
    lower_bound_ : float
        Log-likelihood per sample of the mixture, nats.
    lower_bounds_ : list of float
        That of each iteration.
    n_features_in_ : int
    feature_names_in_ : (D,), only after fitting a data frame with string columns
    """

    weights_: FloatArray
    means_: FloatArray
    covariances_: FloatArray
    precisions_: FloatArray
    precisions_cholesky_: FloatArray
    converged_: bool
    n_iter_: int
    lower_bound_: float
    lower_bounds_: list[float]
    n_features_in_: int
    feature_names_in_: AnyArray

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: str = "kmeans",
        weights_init: object = None,
        means_init: object = None,
        precisions_init: object = None,
        random_state: object = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        accelerate: bool = False,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.accelerate = accelerate

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        return {name: getattr(self, name) for name in _defaults()}

    def set_params(self, **params: Any) -> Self:
        """Change constructor arguments; ValueError where there is no such argument."""
        for name, value in params.items():
            if name not in _defaults():
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}. Valid parameters are: "
                    f"{sorted(_defaults())!r}."
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = [
            f"{name}={getattr(self, name)!r}"
            for name, default in _defaults().items()
            if repr(getattr(self, name)) != repr(default)
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def fit(self, X: object, y: object = None, sample_weight: object = None) -> Self:  # noqa: N803
        """Fit the mixture to rows.

        Parameters
        ----------
        X : array-like (N, D)
        y : ignored
        sample_weight : array-like (N,), optional
            A weight of w is the same as w equal rows.

        Raises
        ------
        ValueError
            Arguments out of range, or rows that cannot be fitted.
        """
        check_parameters(self.get_params())
        rows = check_rows(X, min_rows=2)
        if len(rows) < self.n_components:
            raise ValueError(
                "Expected n_samples >= n_components but got n_components = "
                f"{self.n_components}, n_samples = {len(rows)}"
            )
        weights = check_sample_weight(sample_weight, len(rows))
        settings = self._settings()
        try:
            starts = self._starts(rows, weights, settings)
            results = [self._run(rows, weights, settings, start) for start in starts]
        except FitError as error:
            raise ValueError(str(error)) from error
        best = max(results, key=lambda result: result.lower_bound)
        self._keep(best)
        self.n_features_in_ = rows.shape[1]
        names = feature_names(X)
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self._warn(best)
        return self

    def fit_predict(self, X: object, y: object = None, sample_weight: object = None) -> IntArray:  # noqa: N803
        """Fit the mixture and return the most probable component of each row, (N,)."""
        return self.fit(X, y, sample_weight).predict(X)

    def predict(self, X: object) -> IntArray:  # noqa: N803
        """Return the most probable component of each row, the lowest among equals, (N,)."""
        return density.most_probable(self._params(), self._rows(X))

    def predict_proba(self, X: object) -> FloatArray:  # noqa: N803
        """Return the posterior of each component for each row, (N, K)."""
        return np.ascontiguousarray(density.posteriors(self._params(), self._rows(X), np.float64).T)

    def score_samples(self, X: object) -> FloatArray:  # noqa: N803
        """Return the log-density of each row in nats, (N,)."""
        params = self._params()
        return density.score_rows(params, self._rows(X))

    def score(self, X: object, y: object = None) -> float:  # noqa: N803
        """Return the mean log-density of the rows in nats."""
        return float(self.score_samples(X).mean())

    def bic(self, X: object) -> float:  # noqa: N803
        """Return the Bayesian information criterion of the mixture on these rows; lower is better."""
        log_densities = self.score_samples(X)
        penalty = self._params().n_parameters * np.log(len(log_densities))
        return float(-2 * log_densities.sum() + penalty)

    def aic(self, X: object) -> float:  # noqa: N803
        """Return Akaike's information criterion of the mixture on these rows; lower is better."""
        return float(-2 * self.score_samples(X).sum() + 2 * self._params().n_parameters)

    def sample(self, n_samples: int = 1) -> tuple[FloatArray, IntArray]:
        """Draw rows (n_samples, D) and the component of each (n_samples,), ordered by component."""
        params = self._params()
        if n_samples < 1:
            raise ValueError(
                f"Invalid value for 'n_samples': {n_samples}. The sampling requires at least one sample."
            )
        rows, components = density.sample(params, n_samples, np.random.default_rng(self._seed()))
        order = np.argsort(components, kind="stable")
        return rows[order], components[order]

    def set_fit_request(self, *, sample_weight: bool | str | None = UNCHANGED) -> Self:
        """Say whether scikit-learn's meta-estimators pass `sample_weight` on to `fit`.

        Parameters
        ----------
        sample_weight : bool, str or None
            Whether; or the name under which it is passed to them; None refuses it there.

        Raises
        ------
        RuntimeError
            Metadata routing is not enabled in scikit-learn.
        """
        from sklearn import get_config

        if not get_config()["enable_metadata_routing"]:
            raise RuntimeError(
                "This method is only available when metadata routing is enabled. You can enable it using "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
        requests = self.get_metadata_routing()
        if sample_weight != UNCHANGED:
            requests.fit.add_request(param="sample_weight", alias=sample_weight)
        self._metadata_request = requests  # under this name `sklearn.base.clone` copies it
        return self

    def get_metadata_routing(self) -> Any:
        """Return the ``sklearn.utils.metadata_routing.MetadataRequest`` of this estimator."""
        from sklearn.utils.metadata_routing import MetadataRequest, get_routing_for_object

        if hasattr(self, "_metadata_request"):
            return get_routing_for_object(self._metadata_request)
        requests = MetadataRequest(owner=self)
        requests.fit.add_request(param="sample_weight", alias=None)
        return requests

    def __sklearn_is_fitted__(self) -> bool:
        return all(hasattr(self, name) for name in FITTED)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import Tags, TargetTags  # only scikit-learn asks for tags

        return Tags(estimator_type="density_estimator", target_tags=TargetTags(required=False))

    def _settings(self) -> FitSettings:
        return FitSettings(
            n_components=int(self.n_components),
            covariance=self.covariance_type,  # type: ignore[arg-type]  # checked to be one of the four
            init=INIT_METHODS[self.init_params],
            n_init=int(self.n_init),
            seed=self._seed(),
            max_iter=int(self.max_iter),
            tol=float(self.tol),
            reg_covar=float(self.reg_covar),
            accelerate=bool(self.accelerate),
        )

    def _seed(self) -> int:
        state = self.random_state
        if state is None:
            return int(np.random.randint(2**31 - 1))  # noqa: NPY002 - scripts call np.random.seed
        if isinstance(state, np.random.Generator):
            return int(state.integers(2**31 - 1))
        if isinstance(state, np.random.RandomState):
            return int(state.randint(2**31 - 1))
        if isinstance(state, int | np.integer) and 0 <= state < 2**32:
            return int(state)
        raise ValueError(f"{state!r} cannot be used to seed a numpy.random.RandomState instance")

    def _starts(
        self, rows: FloatArray, weights: FloatArray | None, settings: FitSettings
    ) -> list[MixtureParams | None]:
        """Return the starts that arguments or an earlier fit give; [None] leaves them to the engine."""
        shape = settings.n_components, rows.shape[1]
        if self.warm_start and self.__sklearn_is_fitted__() and self.means_.shape == shape:
            return [self._params()]
        kind, given = settings.covariance, self.precisions_init
        partial = PartialStart(
            None if self.weights_init is None else check_weights(self.weights_init, shape[0]),
            None if self.means_init is None else array_of_shape(self.means_init, shape, "means"),
            None if given is None else check_precisions(given, kind, *shape),
        )
        return [*partial.completed(rows, weights, settings)] or [None]

    def _run(
        self,
        rows: FloatArray,
        weights: FloatArray | None,
        settings: FitSettings,
        start: MixtureParams | None,
    ) -> FitResult:
        events = fit_events(rows, weights, settings, start=start)
        return result_of(self._printed(events) if self.verbose else events)

    def _printed(self, events: Generator[FitStep, None, FitResult]) -> Generator[FitStep, None, FitResult]:
        bound = np.nan

        def shown(step: FitStep) -> tuple[FitStep]:
            nonlocal bound
            if step.iteration == 0:
                print(f"Initialization {step.restart} ({step.stage})")
            elif step.iteration % self.verbose_interval == 0:
                rise = f"\t ll change {step.lower_bound - bound:.5f}" if self.verbose > 1 else ""
                print(f"  Iteration {step.iteration}{rise}")
            bound = step.lower_bound
            return (step,)

        result = yield from relayed(events, shown)
        ending = "converged" if result.converged else "did not converge"
        print(f"Initialization {ending}. lower bound {result.lower_bound:.5f}")
        return result

    def _keep(self, result: FitResult) -> None:
        params = result.params
        n_components, n_features = params.means.shape
        covariance = params.covariance
        self.weights_, self.means_ = params.weights.copy(), params.means.copy()
        self.covariances_ = covariance.values.copy()
        if covariance.is_diagonal:
            self.precisions_ = 1 / self.covariances_
            self.precisions_cholesky_ = np.sqrt(self.precisions_)
        else:
            n_factors = n_components if covariance.kind == "full" else 1
            whiteners = np.array([covariance.whiten(k, np.eye(n_features)) for k in range(n_factors)])
            precisions = covariance.precisions(n_components, n_features)[:n_factors]
            self.precisions_ = precisions.reshape(self.covariances_.shape).copy()
            factors = np.swapaxes(whiteners, 1, 2)
            self.precisions_cholesky_ = factors.reshape(self.covariances_.shape).copy()
        exact = [step for step in result.history if step.stage == "exact" and step.iteration > 0]
        is_closed_form = result.stop_reason == "closed form"
        self.lower_bounds_ = [step.lower_bound for step in (result.history if is_closed_form else exact)]
        self.n_iter_ = len(self.lower_bounds_)
        self.lower_bound_ = result.lower_bound
        self.converged_ = result.converged

    def _warn(self, result: FitResult) -> None:
        if self.max_iter == 0:  # scripts ask for no iterations to get the start
            return
        for text in result.warnings:
            warnings.warn(text, sklearn_validation.ConvergenceWarning, stacklevel=3)

    def _params(self) -> MixtureParams:
        if not self.__sklearn_is_fitted__():
            raise sklearn_validation.NotFittedError(
                f"This {OWNER} instance is not fitted yet. "
                "Call 'fit' with appropriate arguments before using this estimator."
            )
        # Made anew from the attributes, because scripts also assign these themselves.
        weights, means, covariances = (np.array(getattr(self, name), dtype=np.float64) for name in FITTED)
        return MixtureParams(weights, means, FAMILIES[self.covariance_type](covariances))  # type: ignore[index]

    def _rows(self, data: object) -> FloatArray:
        check_names(data, getattr(self, "feature_names_in_", None))
        rows = check_rows(data)
        expected = self.means_.shape[1]
        if rows.shape[1] != expected:
            raise ValueError(
                f"X has {rows.shape[1]} features, but {OWNER} is expecting {expected} features as input."
            )
        return rows


def _defaults() -> dict[str, Any]:
    signature = inspect.signature(GaussianMixture.__init__)
    return {name: argument.default for name, argument in signature.parameters.items() if name != "self"}
