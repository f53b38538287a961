"""Forecast: which share of an experiment's time is over, from what its stages took and usually take."""

from __future__ import annotations

import time

TOLD_FROM = 0.15
"""Share of a stage from which on its own pace tells its end better than what it usually takes."""
_FEWEST_SECONDS = 0.3
"""Usual duration of the stages done from which on they tell how fast this machine is."""


class Forecast:
    """Share of the time of the stages that are run; it never falls.

    Parameters
    ----------
    usual : float
        About how many seconds all of them take.
    """

    def __init__(self, usual: float) -> None:
        self._left = usual
        self._done = self._own = 0.0
        self._began = self._stage_began = time.perf_counter()
        self._share = 0.0

    def begin(self, usual: float) -> None:
        """Begin the next stage, which usually takes so many seconds."""
        self._done += self._own
        self._own = usual
        self._left -= usual
        self._stage_began = time.perf_counter()

    def fraction(self, of_stage: float) -> float:
        """Return the share of the whole, 0..1, where this share of the stage is done."""
        now = time.perf_counter()
        before, within = self._stage_began - self._began, now - self._stage_began
        # Seconds that one usual second takes here.
        pace = before / self._done if self._done >= _FEWEST_SECONDS else 1.0
        is_told = of_stage >= TOLD_FROM
        own = within * (1 - of_stage) / of_stage if is_told else pace * self._own * (1 - of_stage)
        left = own + pace * max(self._left, 0.0)
        elapsed = now - self._began
        if elapsed + left > 0:
            self._share = max(self._share, min(elapsed / (elapsed + left), 1.0))
        return self._share
