"""Lesson: an E-step and an M-step, by hand."""

from __future__ import annotations

import numpy as np

from gmmseg.laboratory.lesson import YES_NO, Claim, Lesson, Step, acts, as_it_is, both, drags
from gmmseg.laboratory.pages.em import EmPage
from gmmseg.laboratory.words import fixed, short


def _level(page: EmPage) -> float:
    return page.timeline.now.found.log_likelihood / page.data.n_rows


def _same(before: EmPage, after: EmPage) -> Claim:
    return Claim(
        f"L is {fixed(_level(after), 4)} as before: an E-step changes no parameter. It only says how "
        "much of each row belongs to whom.",
        _level(before) == _level(after),
    )


def _rose(before: EmPage, after: EmPage) -> Claim:
    rise, entropy = after.timeline.now.gains
    n = after.data.n_rows
    text = (
        f"ΔL = ΔQ − ΔH = {short(rise / n)} + {short(-entropy / n)} = {short((rise - entropy) / n)} "
        "nats per row. "
        "The M-step makes ΔQ as large as can be, and −ΔH is a divergence, which is never negative."
    )
    return Claim(text, rise >= 0 >= entropy and _level(after) > _level(before))


def _below(before: EmPage, after: EmPage) -> Claim:
    found = after.timeline.now.figures
    n = after.data.n_rows
    return Claim(
        f"The bound is {fixed(found.bound / n, 4)}, L is {fixed(found.log_likelihood / n, 4)}: below "
        f"by KL = {short(found.divergence / n)}.",
        found.bound < found.log_likelihood,
    )


def _settled(before: EmPage, after: EmPage) -> Claim:
    bounds = after.timeline.curves.bound[before.timeline.iteration + 1 :]
    falls = int((np.diff(bounds) < -1e-12).sum())
    return Claim(f"{after.timeline.iteration} iterations, {falls} of them downwards.", falls == 0)


LESSON = Lesson(
    "em",
    "An E-step and an M-step, by hand",
    "em",
    (
        Step(
            "Three Gaussians begin at random rows.",
            "An E-step takes the posteriors of all rows. Will L change?",
            ("It rises", "It stays", "It falls"),
            lambda before, after: 1,
            acts("e"),
            _same,
            as_it_is,
        ),
        Step(
            "The colours are posteriors. The M-step takes weighted means, covariances and shares.",
            "And now: will L rise?",
            YES_NO,
            lambda before, after: 0,
            acts("m"),
            _rose,
        ),
        Step(
            "Q − H(θg, θg) is a bound that knows only the posteriors held.",
            "If you move a mean by hand, where is the bound?",
            ("Above L", "At L", "Below L"),
            lambda before, after: 2,
            both(acts("e"), drags("mean:0", -3.0, 3.0)),
            _below,
        ),
        Step(
            "E, M, E, M, …",
            "In a whole run, will any iteration go down?",
            YES_NO,
            lambda before, after: 1,
            acts("run"),
            _settled,
        ),
    ),
)
