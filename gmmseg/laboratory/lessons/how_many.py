"""Lesson: how many components are enough."""

from __future__ import annotations

from gmmseg.laboratory.lesson import Claim, Lesson, Step, acts, both, sets
from gmmseg.laboratory.pages.how_many import ManyPage
from gmmseg.laboratory.words import fixed


def _judged(before: ManyPage, after: ManyPage) -> Claim:
    levels = [trial.candidate.log_likelihood for trial in after.trials]
    k = after.choice("unseen")
    return Claim(
        f"L rose from {fixed(levels[0], 0)} to {fixed(max(levels), 0)} nats. On rows that were not "
        f"fitted K = {k} is best, and BIC chooses {after.choice('bic')}.",
        levels[-1] > levels[0] and after.trials[k - 1].unseen > after.trials[-1].unseen - 1e-9,
    )


def _survived(before: ManyPage, after: ManyPage) -> Claim:
    n = len(after.search[after.at].alive)
    return Claim(
        f"Of {len(after.search[0].alive)} components {n} are left where the message is shortest.", n == 3
    )


LESSON = Lesson(
    "how-many",
    "How many are enough?",
    "how-many",
    (
        Step(
            "The rows came from three Gaussians, but nobody says so.",
            "Does the likelihood tell how many? It is highest at …",
            ("3", "The largest K tried"),
            lambda before, after: 1,
            acts("compare"),
            _judged,
            both(sets("largest", 6), sets("fit.n_init", 3)),
        ),
        Step(
            "Another way: begin with twelve, and let those die that explain too little.",
            "How many will live?",
            ("12", "3", "1"),
            lambda before, after: 1,
            acts("annihilate"),
            _survived,
        ),
    ),
)
