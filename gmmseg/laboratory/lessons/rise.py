"""Lesson: why no iteration can go down: Jensen and the bound."""

from __future__ import annotations

import numpy as np

from gmmseg.laboratory.lesson import Claim, Lesson, Step, acts, as_it_is, both, drags
from gmmseg.laboratory.pages.rise import RisePage
from gmmseg.laboratory.words import fixed, short


def _chord(before: RisePage, after: RisePage) -> Claim:
    jensen = after.jensen
    return Claim(
        f"E[log x] is {fixed(jensen.chord)}, log E[x] is {fixed(float(np.log(jensen.middle)))}: the "
        "chord of a curve that "
        f"bends down lies below it, by {fixed(jensen.gap)}.",
        jensen.gap > 0,
    )


def _touches(before: RisePage, after: RisePage) -> Claim:
    gap = after.level - after.bound()
    at = float(after.grid[int(gap.argmin())])
    mean = float(after.belief.params.means[after.k, 0])
    step = float(after.grid[1] - after.grid[0])
    return Claim(
        f"Between {fixed(float(after.grid[0]), 1)} and {fixed(float(after.grid[-1]), 1)} the gap is "
        f"at least {short(max(float(gap.min()), 0.0))}; "
        f"it closes at μ = {fixed(mean, 2)}, which is θg.",
        bool(gap.min() > -1e-9) and abs(at - mean) <= step,
    )


def _climbed(before: RisePage, after: RisePage) -> Claim:
    gained = (after.belief.found.log_likelihood - before.belief.found.log_likelihood) / after.task.rows.total
    bound = float(before.bound().max()) - before.belief.found.log_likelihood / after.task.rows.total
    return Claim(
        f"The bound's top was {short(bound)} nats per row up; L gained {short(gained)}: at least as "
        "much, as it is never below its bound.",
        gained >= bound - 1e-9,
    )


LESSON = Lesson(
    "rise",
    "Why it cannot fall",
    "rise",
    (
        Step(
            "Two points on the logarithm, and the chord between them.",
            "Where is the mean of the logarithms, against the logarithm of the mean?",
            ("Above", "Below", "It depends"),
            lambda before, after: 1,
            both(drags("first", 0.3, 0.0), drags("share", 2.0, 0.0)),
            _chord,
            as_it_is,
        ),
        Step(
            "On the left L over one mean, and the bound made at θg.",
            "If θg is dragged elsewhere, where will the bound touch L?",
            ("Where it did", "At the new θg", "At the top of L"),
            lambda before, after: 1,
            drags("theta", -1.0, 0.0),
            _touches,
        ),
        Step(
            "Climbing to the top of the bound is easy: it is a parabola.",
            "Will L gain more or less than the bound?",
            ("At least as much", "Less"),
            lambda before, after: 0,
            acts("climb"),
            _climbed,
        ),
    ),
)
