"""Means of fitted quadratic functions: each is one quadratic function, so that a click takes no longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from gmmseg.regions.odds import QuadraticOdds
from gmmseg.selection.weights import Weights


def mean_odds(odds: Sequence[QuadraticOdds]) -> QuadraticOdds:
    """Return the mean of functions of the same features; exact where none of these is held to its reach.

    With the mean means and deviations a feature is z, and in each function it is ``a z + b``.
    """
    mean, deviation = (np.mean([getattr(one, key) for one in odds], axis=0) for key in ("mean", "deviation"))
    linear, products, offset = np.zeros_like(mean), np.zeros((len(mean), len(mean))), 0.0
    for one in odds:
        a, b = deviation / one.deviation, (mean - one.mean) / one.deviation
        linear += a * (one.linear + (one.products + one.products.T) @ b)
        products += one.products * np.outer(a, a)
        offset += float(one.offset + one.linear @ b + b @ one.products @ b)
    n_odds = len(odds)
    return QuadraticOdds(
        odds[0].features,
        mean,
        deviation,
        (linear / n_odds).round(5),
        (products / n_odds).round(5),
        round(offset / n_odds, 5),
    )


def mean_weights(weights: Sequence[Weights]) -> Weights:
    """Return the mean of each function of completely fitted weights."""
    return Weights(
        **{part.name: mean_odds([getattr(one, part.name) for one in weights]) for part in fields(Weights)}
    )
