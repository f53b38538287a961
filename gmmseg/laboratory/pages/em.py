"""The page EM: E- and M-steps apart, forward and back, and what each does to L, Q and H."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from gmmseg.control import ShouldStop, relayed
from gmmseg.laboratory.bound import problem, shares_of, tints_of
from gmmseg.laboratory.charts import axes_of, dragged, mixture_chart, plain_tints, told
from gmmseg.laboratory.data import Data
from gmmseg.laboratory.page import Action, Page
from gmmseg.laboratory.scene import Bar, Chart, Convergence, Scene, Table, Transport
from gmmseg.laboratory.starts import check_features, start
from gmmseg.laboratory.timeline import Frame, Moment, Timeline, begun, restored, run
from gmmseg.laboratory.words import fixed, numbers, short, vector
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings

ROWS_SHOWN = 12
"""Rows in the table of posteriors, evenly spread over the data."""
_FORMULAS = {
    "start": r"\theta^{(0)} = \{\pi_k, \mu_k, \Sigma_k\}",
    "moved": r"L(\theta) = Q(\theta, \theta_g) - H(\theta, \theta_g)",
    "E": r"\gamma(z_{nk}) = \frac{\pi_k N(x_n | \mu_k, \Sigma_k)}{\sum_j \pi_j N(x_n | \mu_j, \Sigma_j)}",
    "M": r"N_k = \sum_n \gamma(z_{nk}), \quad \mu_k = \frac{1}{N_k} \sum_n \gamma(z_{nk}) x_n, \quad "
    r"\Sigma_k = \frac{1}{N_k} \sum_n \gamma(z_{nk}) (x_n - \mu_k)(x_n - \mu_k)^T, "
    r"\quad \pi_k = \frac{N_k}{N}",
}


@dataclass(frozen=True, eq=False)
class EmPage(Page):
    """EM on some data, with the way back."""

    settings: FitSettings
    timeline: Timeline

    name: ClassVar[str] = "em"
    title: ClassVar[str] = "EM"
    question: ClassVar[str] = (
        "What does an E-step do, what does an M-step, and why do both together never go down?"
    )
    theory: ClassVar[str] = "em"
    example_name: ClassVar[str] = "three-plane"
    fields: ClassVar[tuple[str, ...]] = ("n_components", "covariance", "init", "seed", "tol")

    @classmethod
    def opened(cls, data: Data) -> Self:
        n_groups = 3 if data.truth is None else int(data.truth.max()) + 1
        return cls._begun(data, FitSettings(n_components=n_groups, init="random"))

    @classmethod
    def _begun(cls, data: Data, settings: FitSettings) -> Self:
        return cls(data, settings, begun(problem(data, settings), start(data, settings)))

    def rebuilt(self, settings: FitSettings, path: str) -> Self:
        if path == "tol":
            return replace(self, settings=settings)
        return self._begun(self.data, settings)

    def begun_at(self, params: MixtureParams) -> Self:
        check_features(self.data, params)
        settings = replace(self.settings, n_components=params.n_components, covariance=params.covariance.kind)
        return replace(self, settings=settings, timeline=begun(problem(self.data, settings), params))

    def moved(self, handle: str, x: float, y: float) -> Self:
        params = dragged(self.data, self.timeline.now.params, handle, x, y)
        return replace(self, timeline=self.timeline.with_params(params))

    def scrubbed(self, at: int) -> Self:
        return replace(self, timeline=self.timeline.scrubbed(at))

    def kept(self) -> dict[str, Any]:
        return {"moments": self.timeline.moments(), "at": self.timeline.at}

    @classmethod
    def kept_types(cls) -> dict[str, Any]:
        return {"moments": tuple[Moment, ...], "at": int}

    @classmethod
    def restored(cls, data: Data, settings: FitSettings, kept: Mapping[str, Any]) -> Self:
        for _, params in kept["moments"]:
            if params is not None and params.n_features != data.n_features:
                raise ValueError(f"a mixture of {params.n_features} features for rows of {data.n_features}")
        return cls(data, settings, restored(problem(data, settings), kept["moments"], kept["at"]))

    # Actions

    def e_step(self) -> Self:
        """Take the posteriors of the present parameters."""
        return replace(self, timeline=self.timeline.e_step())

    def m_step(self) -> Self:
        """Maximise Q under the posteriors held."""
        return replace(self, timeline=self.timeline.m_step())

    def step(self) -> Self:
        """Do what is left of an iteration."""
        return replace(self, timeline=self.timeline.step())

    def back(self) -> Self:
        """Go to the moment before."""
        return self.scrubbed(self.timeline.at - 1)

    def run(self, should_stop: ShouldStop) -> Generator[Page, None, Page]:
        """Iterate to the end."""
        steps = run(self.timeline, self.settings.tol, should_stop)
        last = yield from relayed(steps, lambda timeline: [replace(self, timeline=timeline)])
        return replace(self, timeline=last)

    def begin(self) -> Self:
        """Begin anew from the start of these settings."""
        return self._begun(self.data, self.settings)

    def throw(self) -> Self:
        """Begin at another seed."""
        return self._begun(self.data, replace(self.settings, seed=self.settings.seed + 1))

    @property
    def has_belief(self) -> bool:
        """Whether there are posteriors to maximise under."""
        return self.timeline.now.belief is not None

    @property
    def has_past(self) -> bool:
        """Whether there is a moment before."""
        return self.timeline.at > 0

    actions: ClassVar[tuple[Action, ...]] = (
        Action("e", "&E-step", e_step, tip="Take the posteriors of the present parameters (S2 eq. 40)"),
        Action(
            "m",
            "&M-step",
            m_step,
            tip="Maximise Q under the posteriors held (S2 eq. 28)",
            is_possible=lambda page: page.has_belief,
        ),
        Action("step", "&Step", step, tip="E and M: one iteration (S2 eq. 11)", icon="step"),
        Action(
            "back",
            "&Back",
            back,
            tip="Go half a step back",
            icon="undo",
            is_possible=lambda page: page.has_past,
        ),
        Action("run", "&Run", work=run, tip="Iterate until L rises by less than the tolerance", icon="run"),
        Action("begin", "Be&gin anew", begin, tip="Go back to the start", icon="reset"),
        Action("throw", "&Other start", throw, tip="Begin at the next seed", icon="dice"),
    )

    # What is shown

    def scene(self) -> Scene:
        timeline, frame = self.timeline, self.timeline.now
        marked = sum(at <= timeline.at for at in timeline.changes) - 1
        return Scene(
            (self._chart(frame), Convergence(timeline.curves, (), marked, True, timeline.changes)),
            self._sentence(frame),
            _FORMULAS[frame.half],
            step_bars(timeline),
            (self._parameters(frame), self._posteriors(frame), self._moments()),
            Transport(len(timeline.frames), timeline.at, self._moment(frame)),
        )

    def _chart(self, frame: Frame) -> Chart:
        tints = plain_tints(self.data.n_rows) if frame.belief is None else tints_of(frame.belief)
        return mixture_chart(self.data, frame.params, tints)

    def _moment(self, frame: Frame) -> str:
        words = {"start": "start", "E": "after E", "M": "after M", "moved": "moved by hand"}
        return f"iteration {self.timeline.iteration}, {words[frame.half]}"

    def _sentence(self, frame: Frame) -> str:
        found = frame.figures
        n_rows = self.data.n_rows
        if frame.half == "start":
            return "The parameters to begin with. Drag them, or take an E-step: to whom does each row belong?"
        if frame.half == "E":
            return (
                "Each row now has the posteriors of the present parameters: its colour. The bound touches L: "
                f"KL is 0, and both are {fixed(found.bound / n_rows, 4)} nats per row."
            )
        if frame.half == "M":
            rise, entropy = frame.gains
            return (
                "The parameters are the best for these posteriors. "
                f"L rose by {short((rise - entropy) / n_rows)} nats per row: ΔQ {short(rise / n_rows)} and "
                f"−ΔH {short(-entropy / n_rows)}, neither of which can be negative."
            )
        return (
            "Parameters moved by hand, posteriors as before: the bound lies below L by KL = "
            f"{short(found.divergence / n_rows)} nats per row."
        )

    def _parameters(self, frame: Frame) -> Table:
        """Return the parameters, after an M-step with what they were before it."""
        texts = self._told(frame.params)
        if frame.half == "M" and frame.belief is not None:
            pairs = zip(self._told(frame.belief.params), texts, strict=True)
            texts = [[f"{old} → {new}" for old, new in zip(*pair, strict=True)] for pair in pairs]
        weights, means, matrices = texts
        counts = (frame.belief or frame.here).found.moments.counts
        total, names = float(counts.sum()), ", ".join(axis.name for axis in axes_of(self.data))
        return Table.of(
            "Parameters",
            ("k", "Component", [*numbers(len(counts)), "Σ"]),
            (
                "N_k",
                "Rows that a component holds: the sum of its posteriors (S2 eq. 43). Together N (eq. 49).",
                [fixed(each, 2) for each in (*counts, total)],
            ),
            (
                "π",
                "Weight, N_k / N. The multiplier λ of Σπ = 1 is −N (S2 eq. 45–50).",
                [*weights, fixed(float(frame.params.weights.sum()))],
            ),
            (
                "μ",
                f"Mean (S2 eq. 43); drawn are {names}, and of more than three features only these are told",
                [*means, f"λ = −N = {fixed(-total, 0)}"],
            ),
            ("Σ", "Covariance, row by row, with 1/N (S2 eq. 44)", [*matrices, ""]),
        )

    def _told(self, params: MixtureParams) -> list[list[str]]:
        """Return weights, means and covariances as texts."""
        means, matrices = (
            [told(self.data, each) for each in part] for part in (params.means, params.matrices())
        )
        return [[*map(fixed, params.weights)], [*map(vector, means)], [*map(_matrix, matrices)]]

    def _moments(self) -> Table:
        """Return the figures of every moment, to be followed on paper or exported."""
        n_rows, frames = self.data.n_rows, self.timeline.frames
        found = [frame.figures for frame in frames]
        columns = (
            ("L", "L(θ), nats per row", [one.log_likelihood for one in found]),
            ("Q", "Q(θ, θg), nats per row", [one.q for one in found]),
            ("H", "H(θ, θg), nats per row", [one.h for one in found]),
            ("bound", "Q(θ, θg) − H(θg, θg)", [one.bound for one in found]),
            ("KL", "L − bound", [one.divergence for one in found]),
        )
        return Table.of(
            "Moments",
            ("moment", "Half steps since the start", map(str, range(len(frames)))),
            ("after", "What led here", [frame.half for frame in frames]),
            *((name, tip, [fixed(value / n_rows, 5) for value in values]) for name, tip, values in columns),
            marked=self.timeline.at,
        )

    def _posteriors(self, frame: Frame) -> Table:
        n_rows, n_components = self.data.n_rows, frame.params.n_components
        shown, shares = np.empty(0, dtype=int), np.empty((n_components, 0))
        if frame.belief is not None:
            shown = np.unique(np.linspace(0, n_rows - 1, min(ROWS_SHOWN, n_rows)).astype(int))
            shares = shares_of(frame.belief)[:, shown]
        tip = "Posterior of the component (S2 eq. 40); a row's posteriors add up to 1"
        return Table.of(
            "Posteriors γ",
            ("n", "Row", map(str, shown + 1)),
            ("x_n", "Its features", [vector(told(self.data, self.data.values[n])) for n in shown]),
            *((f"γ_{k + 1}", tip, map(fixed, shares[k])) for k in range(n_components)),
        )


def _matrix(matrix: np.ndarray) -> str:
    return "; ".join(" ".join(fixed(value, 2) for value in row) for row in matrix.tolist())


def step_bars(timeline: Timeline) -> tuple[Bar, ...]:
    """Return the bars of L = Q − H and of ΔL = ΔQ − ΔH, nats per row."""
    n_rows = timeline.task.rows.total
    found = timeline.now.figures
    whole = "L = Q − H"
    bars = [
        Bar("L(θ)", found.log_likelihood / n_rows, "accent", "Log-likelihood (S2 eq. 9)", whole),
        Bar(
            "Q(θ, θg)", found.q / n_rows, "warning", "Expected complete log-likelihood (S2 eq. 27, 41)", whole
        ),
        Bar("−H(θ, θg)", -found.h / n_rows, "ok", "Cross entropy of the posteriors (S2 eq. 18)", whole),
        Bar("bound", found.bound / n_rows, "muted", "Q(θ, θg) − H(θg, θg), never above L", whole),
    ]
    rise, entropy = timeline.now.gains
    step = "ΔL = ΔQ − ΔH, with θg fixed"
    bars += [
        Bar("ΔQ", rise / n_rows, "warning", "Never negative after an M-step (S2 eq. 21)", step),
        Bar("−ΔH", -entropy / n_rows, "ok", "Never negative (S2 eq. 23)", step),
        Bar("ΔL", (rise - entropy) / n_rows, "accent", "Their sum (S2 eq. 19)", step),
        Bar(
            "KL",
            found.divergence / n_rows,
            "error",
            "How far the posteriors held are from those of θ: L − bound",
            step,
        ),
    ]
    return tuple(bars)
