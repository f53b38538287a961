"""Log odds as a quadratic function of features, and those fitted to human segmentations."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from gmmseg.arrays import FloatArray

FITTED_FILE = "fitted_odds.json"
"""Beside this module; ``python -m tests.benchmarks.fit_region_cost --split all --rounds 5`` writes it."""
REACH = 3.0
"""Standard deviations at which features are clipped: a quadratic does not extrapolate."""


@dataclass(frozen=True, slots=True, eq=False)
class QuadraticOdds:
    """Log odds ``b + w·z + z·P·z`` of standardised features z: quadratic logistic regression.

    Such are the log odds between two Gaussian classes with covariances of their own.

    Parameters
    ----------
    features : tuple of F names
    mean, deviation : (F,)
        ``z = (x - mean) / deviation``, clipped to ±`REACH`.
    linear : (F,)
        w.
    products : (F, F)
        P, upper triangular.
    offset : float
        b.
    """

    features: tuple[str, ...]
    mean: FloatArray
    deviation: FloatArray
    linear: FloatArray
    products: FloatArray
    offset: float

    def __call__(self, features: FloatArray) -> FloatArray:
        """Return the log odds, natural logarithms, of each row of features x, (n, F), as (n,)."""
        standardised = np.clip((features - self.mean) / self.deviation, -REACH, REACH)
        bent: FloatArray = standardised @ self.products
        bent += self.linear
        bent *= standardised
        odds: FloatArray = bent.sum(axis=1)
        odds += self.offset
        return odds

    def as_json(self) -> str:
        """Return the JSON text that `from_json` reads, a line for each feature.

        Raises
        ------
        ValueError
            Where a number is not finite.
        """
        rows: list[str] = []
        for at, name in enumerate(self.features):
            entry = {
                "feature": name,
                "mean": float(self.mean[at]),
                "deviation": float(self.deviation[at]),
                "linear": float(self.linear[at]),
                "products": self.products[at, at:].tolist(),
            }
            rows.append("  " + json.dumps(entry, allow_nan=False))
        offset = json.dumps(self.offset, allow_nan=False)
        return f'{{"offset": {offset}, "features": [\n' + ",\n".join(rows) + "\n]}\n"

    @staticmethod
    def from_json(text: str) -> QuadraticOdds:
        """Return the odds, with read-only arrays, of a text that `as_json` wrote.

        Raises
        ------
        ValueError, KeyError
            Where the text is no JSON, or lacks a value.
        """
        held: dict[str, Any] = json.loads(text)
        entries = held["features"]
        products = np.zeros((len(entries), len(entries)))
        for at, entry in enumerate(entries):
            products[at, at:] = entry["products"]
        mean, deviation, linear = (
            np.array([entry[key] for entry in entries]) for key in ("mean", "deviation", "linear")
        )
        for values in (mean, deviation, linear, products):
            values.setflags(write=False)
        names = tuple(entry["feature"] for entry in entries)
        return QuadraticOdds(names, mean, deviation, linear, products, held["offset"])


@cache
def fitted_odds() -> QuadraticOdds:
    """Return the log odds that two neighbouring regions are different things, fitted to BSDS500.

    A logistic regression on the 300 training and validation images (Arbeláez et al. 2011). The target is the
    share of annotators whose segments separate a pixel of one region from one of the other. The rows are
    all neighbours in cuts of 150 to 3 regions of trees that were merged with earlier such odds; larger
    regions, and cuts of few regions, weigh more. Ridge penalties of .001 on the linear weights and .1 on the
    products; the mean of three fits. Besides these and the natural height nothing of the hierarchy is
    trained.
    """
    return QuadraticOdds.from_json(files("gmmseg.regions").joinpath(FITTED_FILE).read_text("utf-8"))
