"""Lesson: a few steps on the pages of the laboratory: predict, do, see what came of it, computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gmmseg.control import ShouldStop, result_of
from gmmseg.laboratory.page import Page

Do = Callable[[Any, ShouldStop], Page]
"""Changes a page as its user would; asks between blocks of long work whether to stop."""

YES_NO = ("Yes", "No")


@dataclass(frozen=True, slots=True)
class Claim:
    """Outcome of a step: an explanation with the page's own numbers, and whether it holds."""

    text: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a lesson.

    Parameters
    ----------
    text : str
        What there is to see.
    question : str
        What to predict.
    answers : tuple of str
    right : callable
        Which answer is right, from 0, by the page before and after.
    do : callable
        What is done once an answer is given.
    claim : callable
        What came of it, from the page before and after.
    prepare : callable, optional
        Makes the page ready, opened anew on its example; without, it is as the step before left it.
    """

    text: str
    question: str
    answers: tuple[str, ...]
    right: Callable[[Any, Any], int]
    do: Do
    claim: Callable[[Any, Any], Claim]
    prepare: Do | None = None


@dataclass(frozen=True, slots=True)
class Lesson:
    """Some steps under a title, on the page of that name."""

    name: str
    title: str
    page: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """Present state of a lesson.

    Parameters
    ----------
    lesson : Lesson
    at : int
        The step, from 0.
    answer : int, optional
        What was predicted, once that was done.
    claim : Claim, optional
        What came of it.
    right : int, optional
        What would have been right.
    n_right : int
        Predictions that were right so far.
    """

    lesson: Lesson
    at: int = 0
    answer: int | None = None
    claim: Claim | None = None
    right: int | None = None
    n_right: int = field(default=0)

    @property
    def step(self) -> Step:
        """The present step."""
        return self.lesson.steps[self.at]

    @property
    def is_last(self) -> bool:
        """Whether no step follows."""
        return self.at == len(self.lesson.steps) - 1

    def answered(self, answer: int, before: Page, should_stop: ShouldStop) -> tuple[Progress, Page]:
        """Return the progress after a prediction, and the page after what the step does."""
        after = self.step.do(before, should_stop)
        right = self.step.right(before, after)
        claim = self.step.claim(before, after)
        n_right = self.n_right + (answer == right)
        return replace(self, answer=answer, claim=claim, right=right, n_right=n_right), after

    def advanced(self) -> Progress:
        """Return the progress at the next step."""
        return replace(self, at=self.at + 1, answer=None, claim=None, right=None)


def acts(*ids: str) -> Do:
    """Return what takes actions of a page one after another, those for the background to their ends."""

    def do(page: Page, should_stop: ShouldStop) -> Page:
        for action_id in ids:
            work = page.action(action_id).work
            page = page.act(action_id) if work is None else result_of(work(page, should_stop))
        return page

    return do


def sets(path: str, value: object) -> Do:
    """Return what changes a setting of a page."""
    return lambda page, should_stop: page.changed(path, value)


def drags(handle: str, x: float, y: float) -> Do:
    """Return what drags a handle of a page."""
    return lambda page, should_stop: page.moved(handle, x, y)


def both(*dos: Do) -> Do:
    """Return what does several things one after another."""

    def do(page: Page, should_stop: ShouldStop) -> Page:
        for one in dos:
            page = one(page, should_stop)
        return page

    return do


def as_it_is(page: Page, _should_stop: ShouldStop) -> Page:
    """Return a page as it is."""
    return page
