"""The steps of a fit as they come, and the result that they make."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from gmmseg.control import relayed
from gmmseg.mixture.expectation import Evidence
from gmmseg.mixture.matching import canonical_order
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams, Restart, Stage, StopReason
from gmmseg.mixture.preparation import Prepared
from gmmseg.mixture.settings import FitSettings

CONDITION_WARNING = 1e10
HISTORY_BYTES = 2**29
"""Parameter sets of the steps are kept up to this size: 100 components in 200 features take 64 MB each."""


class FitLog:
    """Collects the steps of each restart and how it ended."""

    def __init__(self, prepared: Prepared[Evidence], keeps_order: bool) -> None:
        self.prepared = prepared
        self.keeps_order = keeps_order
        self.steps: dict[int, list[FitStep]] = {}
        self.n_iter: dict[tuple[int, Stage], int] = {}
        self.bounds: dict[int, list[float]] = {}
        self.restarts: dict[int, Restart] = {}
        self.failures: list[str] = []
        self.reason: StopReason = "iteration limit"
        self.kept = 0

    def run(self, generator: Generator[FitStep, None, StopReason]) -> Generator[FitStep, None, None]:
        """Pass on the steps of one run, if any, and note its end."""
        last: FitStep | None = None

        def noted(step: FitStep) -> tuple[FitStep]:
            nonlocal last
            last = step
            self._note(step)
            return (step,)

        self.reason = yield from relayed(generator, noted)
        if last is not None:
            self.note_end(last, self.reason)

    def note_end(self, last: FitStep, reason: StopReason) -> None:
        """Note how a restart ended, or ended once more after it went on."""
        index, bound = last.restart, last.lower_bound
        before = self.restarts.get(index)
        compared = bound if before is None else before.compared_bound
        bounds = tuple(self.bounds[index])
        self.restarts[index] = Restart(index, bound, self.iterations(index), reason, compared, bounds)

    def _note(self, step: FitStep) -> None:
        """Keep a step; of large parameter sets every second one goes when there are too many to hold."""
        steps = self.steps.setdefault(step.restart, [])
        steps.append(step)
        key = step.restart, step.stage
        self.n_iter[key] = self.n_iter.get(key, 0) + (step.iteration > 0)
        bounds = self.bounds.setdefault(step.restart, [])
        if step.iteration == 0:
            # A run that goes on is where it was; in another stage its bound is another.
            del bounds[-1:]
        bounds.append(step.lower_bound)
        # Each set holds its covariances and their factors.
        size = 2 * step.params.covariance.values.nbytes
        if len(steps) > 2 and size * sum(map(len, self.steps.values())) > HISTORY_BYTES:
            del steps[1:-1:2]

    def iterations(self, restart: int) -> int:
        """Return the iterations of a restart in both stages."""
        return sum(count for (index, _), count in self.n_iter.items() if index == restart)

    def best(self) -> int:
        """Return the restart with the highest bound, the first among equals."""
        return max(self.restarts.values(), key=lambda run: (run.lower_bound, -run.index)).index

    def result(self) -> FitResult:
        history = self.steps[self.kept]
        coarse = self.prepared.coarse
        n_iter = self.iterations(self.kept)
        if coarse is not None and not coarse.is_cells:
            # A sample's bound is no bound of all rows: only the exact steps belong to one rising curve.
            history = [step for step in history if step.stage == "exact"]
            n_iter = self.n_iter[self.kept, "exact"]
        last = history[-1]
        if not self.keeps_order:
            order = canonical_order(last.params)
            history = [replace(step, params=step.params.reordered(order)) for step in history]
        params = history[-1].params
        settings = self.prepared.settings
        converged = self.reason not in ("iteration limit", "stopped")
        return FitResult(
            params=params,
            log_likelihood=last.log_likelihood,
            lower_bound=last.lower_bound,
            n_iter=n_iter,
            converged=converged,
            stop_reason=self.reason,
            history=tuple(history),
            restarts=tuple(self.restarts[index] for index in sorted(self.restarts)),
            best_restart=self.kept,
            n_rows=self.prepared.exact.n_rows,
            total_weight=self.prepared.exact.total,
            floor=self.prepared.floor,
            warnings=(
                *self.prepared.warnings,
                *self.failures,
                *_reseedings(history),
                *_soft_facts(params, self.reason, settings),
            ),
        )


def _reseedings(history: list[FitStep]) -> list[str]:
    """Return what became of empty components: a second move in a stage is the way back."""
    facts = []
    for stage in ("coarse", "exact"):
        moves = [step for step in history if step.stage == stage and step.is_reseeded]
        if len(moves) == 1:
            facts.append(f"Empty components were started anew at iteration {moves[0].iteration}.")
        elif moves:
            facts.append("Empty components were started anew, which was no better, and put back.")
    return facts


def _soft_facts(params: MixtureParams, reason: StopReason, settings: FitSettings) -> list[str]:
    facts = []
    if reason == "iteration limit":
        facts.append(f"EM had not converged after {settings.max_iter} iterations; raise the iteration limit.")
    if reason == "stopped":
        facts.append("The fit was stopped before it had converged.")
    if reason == "rounding":
        facts.append(
            "EM ended where rounding would have lowered the likelihood: the rows differ by too few digits. "
            "Subtract what they have in common, or raise the variance floor."
        )
    empty = [str(k + 1) for k in range(params.n_components) if params.weights[k] < 1e-12]
    if empty:
        facts.append(f"Empty components: {', '.join(empty)}; try another seed or fewer components.")
    smallest, largest = params.covariance.eigenvalue_range()
    if largest > CONDITION_WARNING * smallest:
        facts.append(f"A covariance is ill-conditioned ({largest / smallest:.0e}): densities lose digits.")
    return facts
