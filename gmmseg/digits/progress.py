"""Progress of an experiment, stage by stage: what is planned, under way, done, and kept from before."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Literal

from gmmseg.control import Progress
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.events import Iterated
from gmmseg.digits.experiment import ExperimentEvent, StageDone
from gmmseg.digits.recipes import StageName
from gmmseg.digits.settings import DigitSettings
from gmmseg.digits.stages import STAGES, Stage, chained_keys, stages_of

StageStatus = Literal["waiting", "running", "done", "kept"]
_LEAST_SECONDS = 0.05
"""Usual duration of a stage below which its pace would be chance."""
_SHOWS_REST_AFTER = 3.0
"""Seconds of work after which the time left is foreseen."""


@dataclass(frozen=True, slots=True)
class StageState:
    """One stage of a run.

    Parameters
    ----------
    name : StageName
    title : str
    status : {"waiting", "running", "done", "kept"}
        ``kept`` is a result from before that is used again.
    seconds : float
        Duration of its computation; 0 until then.
    cost : float
        About how many seconds it takes: as long as usually, or by the run before on the same images.
    """

    name: StageName
    title: str
    status: StageStatus
    seconds: float
    cost: float


@dataclass(frozen=True, slots=True)
class RunLog:
    """The progress of a run so far, or the plan of the next one.

    Parameters
    ----------
    stages : tuple of StageState
        In order.
    iterations : tuple of Iterated
        Of the stages that were run.
    fraction : float
        Share of the work that is done, 0..1.
    is_running : bool
    """

    stages: tuple[StageState, ...] = ()
    iterations: tuple[Iterated, ...] = ()
    fraction: float = 0.0
    is_running: bool = False

    def started(self) -> RunLog:
        """Return the log of a run that begins; kept stages are reported as such when their turn comes."""
        first = next((at for at, stage in enumerate(self.stages) if stage.status == "waiting"), 0)
        stages = tuple(
            replace(stage, status="running") if at == first else stage for at, stage in enumerate(self.stages)
        )
        return RunLog(stages, (), 0.0, is_running=True)

    def finished(self) -> RunLog:
        """Return the log in which what is kept counts as done."""
        stages = tuple(
            replace(stage, status="done") if stage.status == "kept" else stage for stage in self.stages
        )
        return replace(self, stages=stages, fraction=1.0, is_running=False)

    def after(self, event: ExperimentEvent) -> RunLog:
        """Return the log with one more event."""
        if isinstance(event, Progress):
            return replace(self, fraction=self.fraction if event.fraction is None else event.fraction)
        if isinstance(event, StageDone):
            return replace(self, stages=tuple(self._after_stage(event)))
        return replace(self, iterations=(*self.iterations, event))

    def _after_stage(self, event: StageDone) -> list[StageState]:
        stages = list(self.stages)
        for at, stage in enumerate(stages):
            if stage.name == event.name:
                status: StageStatus = "kept" if event.was_kept else "done"
                stages[at] = replace(stage, status=status, seconds=event.seconds)
                follower = stages[at + 1] if at + 1 < len(stages) else None
                if follower is not None and follower.status == "waiting":
                    stages[at + 1] = replace(follower, status="running")
        return stages

    @property
    def n_kept(self) -> int:
        """Stages that are used again."""
        return sum(stage.status == "kept" for stage in self.stages)

    @property
    def cost_left(self) -> float:
        """About how many CPU seconds the stages take that are not there yet."""
        return sum(stage.cost for stage in self.stages if stage.status in ("waiting", "running"))


class KeptStages:
    """Knows which results a `StageCache` holds without computing anything: by what it was asked to keep."""

    def __init__(self) -> None:
        self._made: dict[StageName, tuple[Hashable, float]] = {}
        self._pace: dict[StageName, float] = {}
        self._paced_by = ""

    def plan(self, digits: DigitSet, settings: DigitSettings) -> RunLog:
        """Return what a run would do now."""
        stages = stages_of(settings)
        keys = _keys(digits, settings)
        pace = self._pace if digits.identity == self._paced_by else {}
        states = []
        for stage in stages:
            made = self._made.get(stage.name)
            is_kept = made is not None and made[0] == keys[stage.name]
            seconds = made[1] if made is not None and is_kept else 0.0
            status: StageStatus = "kept" if is_kept else "waiting"
            states.append(
                StageState(
                    stage.name,
                    stage.title,
                    status,
                    seconds,
                    _usual_seconds(stage, digits, settings) * pace.get(stage.name, 1.0),
                )
            )
        return RunLog(tuple(states))

    def begin(self, digits: DigitSet, settings: DigitSettings) -> None:
        """Note that a run begins, which drops what does not belong to it."""
        keys = _keys(digits, settings)
        self._made = {name: made for name, made in self._made.items() if keys.get(name) == made[0]}

    def note(self, digits: DigitSet, settings: DigitSettings, event: StageDone) -> None:
        """Note that a stage of this run has its result, and how long it took compared with the usual."""
        self._made[event.name] = (_keys(digits, settings)[event.name], event.seconds)
        if digits.identity != self._paced_by:
            self._pace, self._paced_by = {}, digits.identity
        if not event.was_kept:
            usual = _usual_seconds(STAGES[event.name], digits, settings)
            self._pace[event.name] = event.seconds / max(usual, _LEAST_SECONDS)


def _usual_seconds(stage: Stage, digits: DigitSet, settings: DigitSettings) -> float:
    n_images = digits.n_images if settings.n_images is None else min(settings.n_images, digits.n_images)
    return stage.seconds(settings, n_images, digits.image_shape)


def _keys(digits: DigitSet, settings: DigitSettings) -> dict[StageName, Hashable]:
    # The images that take part are a function of these: the same keys stand for the same work.
    return chained_keys(stages_of(settings), settings, (digits.identity, settings.n_images))


def with_time_left(progress: Progress, seconds: float) -> Progress:
    """Return progress whose text holds the share that is done and the time that is left.

    Parameters
    ----------
    progress : Progress
        Of the whole work; unchanged where its end cannot be foreseen.
    seconds : float
        Since the work began.
    """
    fraction = progress.fraction
    if fraction is None:
        return progress
    share = f"{100 * fraction:.0f} %"
    if seconds < _SHOWS_REST_AFTER or fraction <= 0:
        return replace(progress, text=f"{progress.text}, {share}")
    rest = seconds * (1 - fraction) / fraction
    left = f"{rest / 60:.0f} min left" if rest >= 90 else f"{rest:.0f} s left"
    return replace(progress, text=f"{progress.text}, {share}, {left}")
