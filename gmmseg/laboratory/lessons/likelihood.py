"""Lesson: the likelihood of points, its underflow, and its maximum."""

from __future__ import annotations

import numpy as np

from gmmseg.laboratory.lesson import Claim, Lesson, Step, acts, as_it_is, sets
from gmmseg.laboratory.pages.likelihood import LikelihoodPage
from gmmseg.laboratory.words import fixed, short


def _best(before: LikelihoodPage, after: LikelihoodPage) -> Claim:
    levels = before.likelihoods
    text = (
        "The likelihoods are "
        + ", ".join(f"{fixed(level, 1)}" for level in levels)
        + " nats: the largest wins."
    )
    return Claim(text, before.best == int(np.argmax(levels)))


def _underflow(before: LikelihoodPage, after: LikelihoodPage) -> Claim:
    logs = after.log_densities[after.best]
    product = float(np.exp(logs).prod())
    text = (
        f"The product is {short(product)}: a number of {short(-logs.sum() / np.log(10), 3)} zeros "
        "after the point does "
        f"not fit into 64 bits. Its logarithm is {fixed(float(logs.sum()), 1)}."
    )
    return Claim(text, product == 0.0 and bool(np.isfinite(logs.sum())))


def _top(before: LikelihoodPage, after: LikelihoodPage) -> Claim:
    x, k = after.line.values[:, 0], after.best
    rise = float(after.likelihoods[k] - before.likelihoods[before.best])
    text = (
        f"μ became the mean {fixed(float(x.mean()))} and σ² the variance with 1/n, "
        f"{fixed(float(x.var()))}: L rose by {short(rise)} nats and has its top there."
    )
    return Claim(text, rise >= 0 and abs(after.candidates.means[k, 0] - x.mean()) < 1e-9)


LESSON = Lesson(
    "likelihood",
    "Which Gaussian made these points?",
    "likelihood",
    (
        Step(
            "Forty points on a line, and three Gaussians.",
            "Which of them explains the points best?",
            ("1", "2", "3"),
            lambda before, after: before.best,
            as_it_is,
            _best,
            as_it_is,
        ),
        Step(
            "The likelihood is a product: one density for each point.",
            "A thousand densities multiplied: what will the computer say?",
            ("About 1e-700", "0", "Infinity"),
            lambda before, after: 1,
            sets("n_points", 1000),
            _underflow,
        ),
        Step(
            "Setting the derivative of L to zero gives μ and σ² at once.",
            "Will the fitted Gaussian have the variance with 1/n or with 1/(n − 1)?",
            ("1/n", "1/(n − 1)"),
            lambda before, after: 0,
            acts("fit"),
            _top,
        ),
    ),
)
