"""Lesson: a mixture as a sum of curves and as a die."""

from __future__ import annotations

import numpy as np

from gmmseg.laboratory.lesson import Claim, Lesson, Step, acts, as_it_is, drags
from gmmseg.laboratory.pages.mixture import MixturePage
from gmmseg.laboratory.words import fixed


def _shared(before: MixturePage, after: MixturePage) -> Claim:
    weights = after.params.weights
    text = (
        f"The weights are now {fixed(weights[0])} and {fixed(weights[1])}: together 1, as a die "
        "has to show some face."
    )
    return Claim(text, bool(weights[1] < before.params.weights[1]) and abs(weights.sum() - 1) < 1e-12)


def _counted(before: MixturePage, after: MixturePage) -> Claim:
    count, expected = int(after.counts()[0]), 100 * float(after.params.weights[0])
    spread = float(np.sqrt(100 * after.params.weights[0] * (1 - after.params.weights[0])))
    text = f"Face 1 came {count} times; {fixed(expected, 0)} were expected, give or take {fixed(spread, 1)}."
    return Claim(text, abs(count - expected) <= 4 * spread)


def _found(before: MixturePage, after: MixturePage) -> Claim:
    ari = 0.0 if after.recovered is None else after.recovered.ari
    return Claim(
        f"From x alone z came back to ARI = {fixed(ari)}. Only where both curves are high it cannot be told.",
        ari > 0.7,
    )


LESSON = Lesson(
    "mixture",
    "A sum of curves, or a die?",
    "mixture",
    (
        Step(
            "The red curve is the weighted sum of both.",
            "If the first curve is made higher, what does the second do?",
            ("It stays", "It sinks", "It rises, too"),
            lambda before, after: 1,
            drags("mean:0", -2.0, 0.3),
            _shared,
            as_it_is,
        ),
        Step(
            "Throw the die: the face says which Gaussian the next point comes from. "
            "Face 1 has the weight 0.4.",
            "In a hundred throws, how often will face 1 come?",
            ("Exactly 40 times", "About 40 times", "Any number is as likely"),
            lambda before, after: 1,
            acts("many"),
            _counted,
            as_it_is,
        ),
        Step(
            "Now the faces are hidden: only x is left, z is latent.",
            "Can a fit tell which face each point came from?",
            ("For most points", "For none"),
            lambda before, after: 0,
            acts("many", "many", "recover"),
            _found,
        ),
    ),
)
