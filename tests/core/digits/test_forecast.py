"""The share of a run that is over, on a clock of our own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gmmseg.digits import forecast
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.experiment import StageDone
from gmmseg.digits.forecast import Forecast
from gmmseg.digits.progress import KeptStages
from gmmseg.digits.recipes import settings_for


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(forecast, "time", clock)
    return clock


def test_usual_durations_tell_the_share_until_a_stage_tells_better(clock: Clock) -> None:
    run = Forecast(6.0)
    run.begin(1.0)
    assert run.fraction(0.0) == 0
    clock.now += 2.0  # twice as long as usual: so is everything here, as far as is known
    run.begin(3.0)
    assert run.fraction(0.0) == pytest.approx(2 / (2 + 2 * 3 + 2 * 2))
    clock.now += 9.0
    # Half of the stage took nine seconds: nine are left of it, and twice two of the last stage.
    assert run.fraction(0.5) == pytest.approx(11 / (11 + 9 + 4))
    clock.now += 9.0
    run.begin(2.0)
    # Now what took long is known: 20 seconds for what usually takes four.
    assert run.fraction(0.0) == pytest.approx(max(11 / 24, 20 / (20 + 5 * 2)))
    clock.now += 2.0
    assert run.fraction(1.0) == 1


def test_the_share_never_falls(clock: Clock) -> None:
    run = Forecast(2.0)
    run.begin(1.0)
    clock.now += 1.0
    run.begin(1.0)
    clock.now += 0.2
    first = run.fraction(0.2)
    clock.now += 50.0
    assert run.fraction(0.25) == first
    assert run.fraction(0.9) > first


def test_a_second_run_on_the_same_images_is_announced_by_the_first() -> None:
    digits, other = drawn_digits(60, 0, 1), drawn_digits(60, 0, 2)
    settings, kept = settings_for("pixels"), KeptStages()
    usual = {stage.name: stage.cost for stage in kept.plan(digits, settings).stages}
    for stage in kept.plan(digits, settings).stages:
        kept.note(digits, settings, StageDone(stage.name, stage.title, 3 * usual[stage.name] + 1, False))
    again = {
        stage.name: stage.cost
        for stage in kept.plan(digits, replace(settings, seed=5)).stages
        if stage.status == "waiting"
    }
    assert set(again) == {"mixture"}
    assert again["mixture"] == pytest.approx(3 * usual["mixture"] + 1, rel=1e-6)
    assert {stage.cost for stage in kept.plan(other, settings).stages} == set(usual.values())
