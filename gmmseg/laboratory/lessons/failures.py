"""Lesson: what breaks a mixture, and what holds."""

from __future__ import annotations

import numpy as np

from gmmseg.laboratory.lesson import YES_NO, Claim, Lesson, Step, acts, sets
from gmmseg.laboratory.pages.failures import BreakPage
from gmmseg.laboratory.words import fixed, short


def _unbounded(before: BreakPage, after: BreakPage) -> Claim:
    _, levels = after.heights()
    return Claim(
        f"At σ = 1e-12 L is {fixed(float(levels[0]), 3)} nats per row, at σ = 10 it is "
        f"{fixed(float(levels[-1]), 3)}: it has no top at all.",
        levels[0] == levels.max(),
    )


def _finite(before: BreakPage, after: BreakPage) -> Claim:
    refit = after.refit
    sigmas = np.zeros(1) if refit is None else np.sqrt(refit.matrices()[:, 0, 0])
    return Claim(
        f"EM ended at σ = {', '.join(short(float(sigma)) for sigma in sigmas)}: no variance is below "
        f"the floor {short(after.floor)}, and no number is infinite.",
        refit is not None and bool((sigmas**2 >= after.floor * (1 - 1e-9)).all()),
    )


def _cancelled(before: BreakPage, after: BreakPage) -> Claim:
    truth = float(after.line.values.var())
    found = after.variances(10.0**after.settings.log_offset)
    return Claim(
        f"The truth is {fixed(truth)}; E[x²] − E[x]² says {short(found['E[x²] − E[x]², double'])}, "
        f"the engine {short(found['engine'], 5)}.",
        abs(found["engine"] - truth) < 1e-4 * truth < abs(found["E[x²] − E[x]², double"] - truth),
    )


LESSON = Lesson(
    "failures",
    "What breaks a mixture",
    "break",
    (
        Step(
            "The second component sits on a single row.",
            "Make it narrower and narrower: what does L do?",
            ("It has a top", "It grows without end", "It falls"),
            lambda before, after: 1,
            sets("log_sigma", -12.0),
            _unbounded,
            sets("case", "singular"),
        ),
        Step(
            "A fit must not end there.",
            "EM goes on with a floor on all variances. Will numbers stay finite?",
            YES_NO,
            lambda before, after: 0,
            acts("rescue"),
            _finite,
        ),
        Step(
            "The variance is E[x²] − E[x]².",
            "The same rows, a hundred million to the right: is that formula still good?",
            YES_NO,
            lambda before, after: 1,
            sets("log_offset", 8.0),
            _cancelled,
            sets("case", "cancellation"),
        ),
    ),
)
