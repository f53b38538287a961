"""The eight lessons of the laboratory; every claim is computed on the page that it is about."""

from __future__ import annotations

from gmmseg.laboratory.lesson import Lesson
from gmmseg.laboratory.lessons import em, failures, how_many, likelihood, limit, mixture, rise, starts

LESSONS: tuple[Lesson, ...] = (
    likelihood.LESSON,
    mixture.LESSON,
    em.LESSON,
    rise.LESSON,
    starts.LESSON,
    limit.LESSON,
    how_many.LESSON,
    failures.LESSON,
)
"""In the order in which they are best taken."""


def lesson_of(name: str) -> Lesson:
    """Return a lesson by its name; raises KeyError."""
    return {lesson.name: lesson for lesson in LESSONS}[name]
