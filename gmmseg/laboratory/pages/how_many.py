"""The page How many: likelihood, held-out likelihood and criteria over K, and annihilation."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, StopRequest, only_cancelled, result_of
from gmmseg.laboratory.charts import mixture_chart
from gmmseg.laboratory.data import Data
from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Bar, Chart, Line, Scene, Table, Tint, Transport, upright
from gmmseg.laboratory.words import count, fixed, numbers
from gmmseg.mixture.annihilation import AnnihilationStep, annihilation_events
from gmmseg.mixture.fit import fit_events
from gmmseg.mixture.params import FitResult, MixtureParams
from gmmseg.mixture.selection import Candidate, candidate_of, held_out_score
from gmmseg.mixture.settings import FitSettings
from gmmseg.setting import group, number

N_FOLDS = 2
"""Each half of the rows is judged by a mixture fitted to the other."""
APART = 1e-3
"""Standard deviations by which the halves of a component are moved off each other, to part in EM."""
NARROWEST = 0.1
"""Of the rows' spread: while components die none may be narrower, or a few rows by chance on a line would be
worth one."""
_CRITERIA: tuple[tuple[str, str, Tint], ...] = (
    ("bic", "BIC", "accent"),
    ("icl", "ICL", "ok"),
    ("aic", "AIC", "warning"),
)


@dataclass(frozen=True, slots=True)
class ManySettings:
    """The range of K and how each is fitted."""

    largest: int = number(
        8, (2, 15), "Largest K", "Every number of components up to this one.", slider=(2, 12, 1)
    )
    at_first: int = number(
        12, (2, 30), "At first", "Components that annihilation begins with.", slider=(2, 20, 1)
    )
    fit: FitSettings = group(lambda: FitSettings(n_init=3, tol=1e-4), "Mixture")


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One number of components.

    Parameters
    ----------
    candidate : Candidate
        Fitted to all rows, with what it tells of rows held out.
    params : MixtureParams
    """

    candidate: Candidate
    params: MixtureParams

    @property
    def unseen(self) -> float:
        """L per row of each half under a mixture fitted to the other half, nats."""
        held_out = self.candidate.held_out
        return float("nan") if held_out is None else held_out


@dataclass(frozen=True, eq=False)
class ManyPage(Page):
    """Trials of K, or a search by annihilation.

    Parameters
    ----------
    trials : tuple of Trial
        Of K = 1, 2, …
    search : tuple of AnnihilationStep
        States of the annihilation, with its result at the end once it has one.
    refit : FitResult, optional
        Maximum likelihood from the survivors.
    at : int
        The trial, or the state, shown.
    """

    settings: ManySettings
    trials: tuple[Trial, ...] = field(default=())
    search: tuple[AnnihilationStep, ...] = field(default=())
    refit: FitResult | None = None
    at: int = 0

    name: ClassVar[str] = "how-many"
    title: ClassVar[str] = "How many"
    question: ClassVar[str] = "How many components are enough?"
    theory: ClassVar[str] = "how-many"
    example_name: ClassVar[str] = "three-plane"
    fields: ClassVar[tuple[str, ...]] = ("largest", "at_first", "fit.covariance", "fit.n_init", "fit.seed")

    @classmethod
    def opened(cls, data: Data) -> Self:
        return cls(data, ManySettings())

    def rebuilt(self, settings: ManySettings, path: str) -> Self:
        return type(self)(self.data, settings)

    def check(self) -> None:
        super().check()
        mixtures = [trial.params for trial in self.trials] + [step.params for step in self.search]
        mixtures += [] if self.refit is None else [self.refit.params]
        if any(params.n_features != self.data.n_features for params in mixtures):
            raise ValueError("mixtures of other features")
        if any(trial.candidate.held_out is None for trial in self.trials):
            raise ValueError("a trial without rows held out")
        if not 0 <= self.at < max(len(self.search) or len(self.trials), 1):
            raise ValueError(f"{self.at} is none of the trials")

    def scrubbed(self, at: int) -> Self:
        length = len(self.search) or len(self.trials)
        return replace(self, at=min(max(at, 0), max(length - 1, 0)), refit=None)

    # Actions

    def compare(self, should_stop: ShouldStop) -> Generator[Page, None, Page]:
        """Fit each K to all rows, and to each half of them."""
        page = type(self)(self.data, self.settings)
        ask = only_cancelled(should_stop)  # Stop ends after the K under way
        for k in range(1, self.settings.largest + 1):
            wanted = replace(self.settings.fit, n_components=k)
            whole = self._best_fit(wanted, page.trials, ask)
            unseen = held_out_score(self.data.values, None, wanted, N_FOLDS, ask)
            trial = Trial(replace(candidate_of(whole), held_out=unseen), whole.params)
            page = replace(page, trials=(*page.trials, trial), at=len(page.trials))
            yield page
            if should_stop() is not StopRequest.NONE:
                break
        return replace(page, at=page.choice("bic") - 1)

    def _best_fit(self, wanted: FitSettings, before: tuple[Trial, ...], should_stop: ShouldStop) -> FitResult:
        """Return the better of a fit of its own starts and one that grows out of the mixture before."""
        starts = [None, *(_grown(trial.params) for trial in before[-1:])]
        fits = [result_of(fit_events(self.data.values, None, wanted, should_stop, start)) for start in starts]
        return max(fits, key=lambda fitted: fitted.log_likelihood)

    def annihilate(self, should_stop: ShouldStop) -> Generator[Page, None, Page]:
        """Begin with many components and let the weak ones die."""
        page = type(self)(self.data, self.settings)
        floor = NARROWEST**2 * float(self.data.values.var(axis=0).mean())
        wanted = replace(self.settings.fit, n_components=self.settings.at_first, reg_covar=floor)
        for step in annihilation_events(self.data.values, None, wanted, should_stop):
            page = replace(page, search=(*page.search, step), at=len(page.search))
            yield page
        best = [at for at, step in enumerate(page.search) if step.is_best]
        return replace(page, at=best[-1])

    def refine(self, should_stop: ShouldStop) -> Generator[Page, None, Page]:
        """Maximise the likelihood from the survivors shown."""
        yield self
        params = self.search[self.at].params
        wanted = replace(self.settings.fit, n_components=params.n_components)
        found = result_of(fit_events(self.data.values, None, wanted, should_stop, params))
        return replace(self, refit=found)

    actions: ClassVar[tuple[Action, ...]] = (
        Action(
            "compare",
            "&Compare K",
            work=compare,
            icon="run",
            tip="Fit every K to all rows, and to each half to judge it by the other",
        ),
        Action(
            "annihilate",
            "&Annihilate",
            work=annihilate,
            icon="remove",
            tip="Begin with many and let those die that explain too little (Figueiredo and Jain 2002)",
        ),
        Action(
            "refine",
            "&Refit",
            work=refine,
            icon="fit",
            is_possible=lambda page: bool(page.search),
            tip="Maximise the likelihood from the survivors: what was found maximises a message length "
            "instead",
        ),
    )

    # Figures

    def choice(self, criterion: str) -> int:
        """Return the K preferred by ``bic``, ``icl`` or ``aic``, the lowest, or ``unseen``, the highest."""
        if criterion == "unseen":
            return int(np.argmax([trial.unseen for trial in self.trials])) + 1
        return int(np.argmin([getattr(trial.candidate, criterion) for trial in self.trials])) + 1

    # What is shown

    def scene(self) -> Scene:
        if self.search:
            return self._search_scene()
        if not self.trials:
            return Scene(
                (mixture_chart(self.data, None),),
                "Compare every K, or begin with many components and let the weak ones die.",
                r"BIC = -2 L + p \ln n, \quad ICL = BIC + 2\,Ent, \quad AIC = -2 L + 2 p",
            )
        trial = self.trials[self.at]
        names = ", ".join(f"{title} {self.choice(key)}" for key, title, _ in _CRITERIA)
        return Scene(
            (
                mixture_chart(self.data, trial.params, has_handles=False, title=f"K = {self.at + 1}"),
                self._levels(),
                self._criteria(),
            ),
            "L can only rise with K; on rows that were not fitted it is highest at K = "
            f"{self.choice('unseen')}. "
            f"The criteria choose: {names}.",
            r"BIC = -2 L + p \ln n, \quad ICL = BIC + 2\,Ent, \quad AIC = -2 L + 2 p",
            (
                Bar(
                    "all rows",
                    trial.candidate.log_likelihood / self.data.n_rows,
                    "accent",
                    "Fitted",
                    "L per row",
                ),
                Bar("held out", trial.unseen, "warning", "By fits to the other half", "L per row"),
            ),
            (self._table(),),
            Transport(len(self.trials), self.at, f"K = {self.at + 1}"),
        )

    def _levels(self) -> Chart:
        k = np.arange(1.0, len(self.trials) + 1)
        n = self.data.n_rows
        whole = np.array([trial.candidate.log_likelihood / n for trial in self.trials])
        unseen = np.array([trial.unseen for trial in self.trials])
        lines = (
            Line(k, whole, "accent", "L, all rows", has_dots=True),
            Line(k, unseen, "warning", "held out", "dash", has_dots=True),
            _mark(self.at + 1.0, whole, unseen),
        )
        return _over_k("nats per row", lines, "Likelihood")

    def _criteria(self) -> Chart:
        k = np.arange(1.0, len(self.trials) + 1)
        n = 2 * self.data.n_rows
        values = {
            key: np.array([getattr(trial.candidate, key) for trial in self.trials]) / n
            for key, _, _ in _CRITERIA
        }
        lines = tuple(Line(k, values[key], tint, title, has_dots=True) for key, title, tint in _CRITERIA)
        return _over_k(
            "criterion / 2n",
            (*lines, _mark(self.at + 1.0, *values.values())),
            "Criteria: lower is better",
        )

    def _table(self) -> Table:
        found = [trial.candidate for trial in self.trials]
        bic, icl, aic = (self._judgements(key) for key, _, _ in _CRITERIA)
        return Table.of(
            "Trials",
            ("K", "Number of components", [str(each.n_components) for each in found]),
            (
                "p",
                "Free parameters: K − 1 + K D and those of the covariances",
                [str(each.n_parameters) for each in found],
            ),
            (
                "L",
                "Log-likelihood of all rows, nats; the best of several starts never falls with K",
                [fixed(each.log_likelihood, 2) for each in found],
            ),
            (
                "held out",
                "L per row of each half under a fit to the other half",
                [fixed(trial.unseen, 4) for trial in self.trials],
            ),
            ("BIC", "−2 L + p ln n, lower is better", bic),
            ("ICL", "BIC + 2 Ent: asks for separate components", icl),
            ("AIC", "−2 L + 2 p: allows the most", aic),
            ("Ent", "Entropy of the posteriors, nats", [fixed(each.entropy, 2) for each in found]),
            marked=self.at,
        )

    def _judgements(self, key: str) -> list[str]:
        """Return a criterion's value for each K, the one that it chooses with a tick."""
        values = [fixed(getattr(trial.candidate, key), 1) for trial in self.trials]
        values[self.choice(key) - 1] += " ✓"
        return values

    def _search_scene(self) -> Scene:
        state = self.search[self.at]
        params = state.params if self.refit is None else self.refit.params
        n = len(state.alive)
        died = sorted(set(range(len(self.search[0].alive))) - {int(k) for k in state.alive})
        words = f"{n} of {len(self.search[0].alive)} components live"
        if self.refit is not None:
            words = (
                f"From these {n} the likelihood was maximised: L rose to "
                f"{fixed(self.refit.lower_bound, 4)} nats per "
                f"row in {count(self.refit.n_iter, 'iteration')}"
            )
        lengths = np.array([each.message_length for each in self.search])
        counts = np.array([float(len(each.alive)) for each in self.search])
        sweeps = np.arange(float(len(self.search)))
        n_rows = self.data.n_rows
        length = Chart(
            "sweep",
            "nats per row",
            _bounds(sweeps, lengths / n_rows),
            "Message length",
            lines=(
                Line(sweeps, lengths / n_rows, "accent", "message length / n"),
                _mark(float(self.at), lengths / n_rows),
            ),
        )
        chart = mixture_chart(self.data, params, has_handles=False, title=words.split(":")[0])
        lives = Chart(
            "sweep",
            "components",
            _bounds(sweeps, np.append(counts, 0.0)),
            "Components that live",
            lines=(Line(sweeps, counts, "error", "K"), _mark(float(self.at), counts)),
        )
        return Scene(
            (chart, length, lives),
            f"{words}. The shortest message, {fixed(float(lengths.min()), 1)} nats, has "
            f"{len(self.search[int(lengths.argmin())].alive)} components.",
            r"\pi_k = \frac{\max(0, N_k - c/2)}{\sum_j \max(0, N_j - c/2)}",
            (
                Bar("lives", float(n), "ok", "Components with rows enough", "Components"),
                Bar(
                    "died",
                    float(len(died)),
                    "error",
                    "Those with N_k < c/2, or the lightest of a settled state",
                    "Components",
                ),
            ),
            (self._search_table(params, died),),
            Transport(len(self.search), self.at, f"sweep {self.at}, K = {n}"),
        )

    def _search_table(self, params: MixtureParams, died: list[int]) -> Table:
        rows = [fixed(weight * self.data.n_rows, 1) for weight in params.weights]
        return Table.of(
            "Survivors",
            ("k", "Component", [*numbers(params.n_components), "died"]),
            (
                "π",
                "Weight",
                [*(fixed(each, 4) for each in params.weights), ", ".join(str(k + 1) for k in died)],
            ),
            ("N π", "Rows it stands for", [*rows, ""]),
        )


def _grown(params: MixtureParams) -> MixtureParams:
    """Return the same density with one component more: the heaviest one in two, next to each other.

    From there EM cannot end below where it begins, so that the best likelihood never falls with K.
    """
    k = int(params.weights.argmax())
    order = np.append(np.arange(params.n_components), k)
    grown = params.reordered(order)
    weights, means = grown.weights.copy(), grown.means.copy()
    weights[[k, -1]] /= 2
    aside = APART * np.sqrt(np.diagonal(params.matrices()[k]))
    means[k], means[-1] = means[k] + aside, means[-1] - aside
    return MixtureParams(weights / weights.sum(), means, grown.covariance)


def _mark(x: float, *values: FloatArray) -> Line:
    """Return a line across the values at a place."""
    every = np.concatenate(values)
    return upright(x, every.min(), every.max(), "muted", width=1.0)


def _bounds(x: FloatArray, y: FloatArray) -> tuple[float, float, float, float]:
    room = 0.08 * (float(np.ptp(y)) or 1.0)
    return float(x[0]) - 0.3, float(y.min()) - room, float(x[-1]) + 0.3, float(y.max()) + room


def _over_k(label: str, lines: tuple[Line, ...], title: str) -> Chart:
    x = np.concatenate([line.x for line in lines[:-1]])
    y = np.concatenate([line.y for line in lines])
    return Chart("K", label, _bounds(np.sort(x), y), title, lines=lines)
