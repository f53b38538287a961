"""Lesson: k-means as the limit of small variances."""

from __future__ import annotations

from gmmseg.laboratory.lesson import Claim, Lesson, Step, acts, as_it_is, both, sets
from gmmseg.laboratory.pages.limit import LimitPage
from gmmseg.laboratory.words import fixed


def _hard(before: LimitPage, after: LimitPage) -> Claim:
    largest = float(after.shares().max(axis=0).min())
    agreement = float((after.shares().argmax(axis=0) == after.labels()).mean())
    return Claim(
        f"Every row has a posterior of at least {fixed(largest, 4)}, and {fixed(100 * agreement, 1)} "
        "% go where k-means puts them.",
        largest > 0.99 and agreement > 0.99,
    )


def _split(before: LimitPage, after: LimitPage) -> Claim:
    _, tied = after.tie()
    share = float(after.weights[0] / after.weights[:2].sum())
    return Claim(
        f"A row halfway between the first two means has γ₁ = {fixed(float(tied[0]))}, and π₁/(π₁ + "
        f"π₂) = {fixed(share)}: however small ε is, a tie splits by the weights.",
        abs(float(tied[0]) - share) < 1e-6,
    )


LESSON = Lesson(
    "limit",
    "k-means is where ε ends",
    "limit",
    (
        Step(
            "One variance ε for all; on the right k-means from the same start.",
            "As ε goes to 0, what becomes of the posteriors?",
            ("All equal", "0 or 1", "Nothing"),
            lambda before, after: 1,
            both(sets("log_epsilon", -6.0), acts("settle")),
            _hard,
            as_it_is,
        ),
        Step(
            "S3 says: all go to 0 but the nearest.",
            "And a row that is as near to two means?",
            ("Half and half", "By the weights π", "The first takes it"),
            lambda before, after: 1,
            sets("log_epsilon", -6.0),
            _split,
        ),
    ),
)
