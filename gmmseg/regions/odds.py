"""Log odds that are a quadratic function of features, and those fitted to what people drew."""

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
"""Standard deviations at which a feature is held: a parabola says nothing about what it has not seen."""


@dataclass(frozen=True, slots=True, eq=False)
class QuadraticOdds:
    """Log odds ``b + z·w + z·P·z`` of standardised features z, as between two Gaussians.

    Parameters
    ----------
    features : tuple of F names
    mean, deviation : (F,)
        ``z = (x - mean) / deviation``, held to ±`REACH`.
    linear : (F,)
    products : (F, F)
        Upper triangular.
    offset : float
    """

    features: tuple[str, ...]
    mean: FloatArray
    deviation: FloatArray
    linear: FloatArray
    products: FloatArray
    offset: float

    def __call__(self, features: FloatArray) -> FloatArray:
        """Return the log odds of rows of features (n, F), (n,)."""
        standardised = np.clip((features - self.mean) / self.deviation, -REACH, REACH)
        bent: FloatArray = standardised @ self.products
        bent += self.linear
        bent *= standardised
        odds: FloatArray = bent.sum(axis=1)
        odds += self.offset
        return odds

    def as_json(self) -> str:
        """Return the text that `from_json` reads, a line for each feature."""
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
        """Return what `as_json` wrote."""
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
    """Return the log odds that two regions are different things, fitted to what people drew.

    A logistic regression on the 300 training and validation images of BSDS500, where the answer is the share
    of annotators who kept a pixel of one region and one of the other apart: for all neighbours at 150 to 3
    regions of trees merged with such odds; larger ones, and those among few regions, count more. Ridge
    penalties of .001 on the linear weights and .1 on the products; the mean of three fits. Besides these and
    the natural height nothing of the hierarchy is trained.
    """
    return QuadraticOdds.from_json(files("gmmseg.regions").joinpath(FITTED_FILE).read_text("utf-8"))
