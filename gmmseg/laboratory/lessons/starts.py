"""Lesson: that it matters where EM begins."""

from __future__ import annotations

from gmmseg.laboratory.lesson import YES_NO, Claim, Lesson, Step, acts, sets
from gmmseg.laboratory.pages.starts import StartsPage
from gmmseg.laboratory.words import fixed


def _ends(before: StartsPage, after: StartsPage) -> Claim:
    optima = after.optima
    return Claim(
        f"{len(after.attempts)} starts, {len(optima)} different ends, from {fixed(optima[-1], 4)} to "
        f"{fixed(optima[0], 4)} nats per row.",
        len(optima) > 1,
    )


def _kept(before: StartsPage, after: StartsPage) -> Claim:
    levels = [one.result.lower_bound for one in after.attempts]
    return Claim(
        f"Start {after.best + 1} with {fixed(max(levels), 4)}: nobody knows whether a better one is "
        "left, but none of these is.",
        levels[after.best] == max(levels),
    )


LESSON = Lesson(
    "starts",
    "It matters where one begins",
    "starts",
    (
        Step(
            "Four Gaussians, each time at other rows.",
            "Will all starts climb to the same top?",
            YES_NO,
            lambda before, after: 1,
            acts("run"),
            _ends,
            sets("n_starts", 12),
        ),
        Step(
            "The curves on the right end at different heights.",
            "Which one should be kept?",
            ("The first", "The fastest", "The highest"),
            lambda before, after: 2,
            acts("best"),
            _kept,
        ),
    ),
)
