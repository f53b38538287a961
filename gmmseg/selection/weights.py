"""The learnt weights of selecting, read from the file beside this module."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from gmmseg.regions.odds import QuadraticOdds

FITTED_FILE = "fitted_weights.json"
"""Beside this module; ``python -m tests.benchmarks.fit_selection`` writes it."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Learnt weights: quadratic functions of features; None where nothing was learnt yet.

    Parameters
    ----------
    first : of `CANDIDATE_FEATURES`
        Overlap of a candidate of the first prompt with the object.
    later : of `CANDIDATE_FEATURES`
        Overlap of the change by a candidate of a later prompt with the error it lies in.
    leaves : of `LEAF_FEATURES`
        Log odds that a leaf is object.
    masks : of `RANK_FEATURES`
        Overlap of a mask with the object, less that of the best.
    box_leaves : of `BOX_LEAF_FEATURES`
        As `leaves`, of a box alone.
    box_masks : of `BOX_MASK_FEATURES`
        As `masks`, of a box alone.
    """

    first: QuadraticOdds
    later: QuadraticOdds | None = None
    leaves: QuadraticOdds | None = None
    masks: QuadraticOdds | None = None
    box_leaves: QuadraticOdds | None = None
    box_masks: QuadraticOdds | None = None


@cache
def fitted_weights() -> Weights:
    """Return the weights fitted to simulated clicks on objects of COCO."""
    return weights_from_json(files("gmmseg.selection").joinpath(FITTED_FILE).read_text("utf-8"))


def weights_as_json(weights: Weights) -> str:
    """Return the text that `weights_from_json` reads."""
    found = {field.name: getattr(weights, field.name) for field in fields(Weights)}
    parts = [f'"{name}": {odds.as_json().rstrip()}' for name, odds in found.items() if odds is not None]
    return "{" + ",\n".join(parts) + "}\n"


def weights_from_json(text: str) -> Weights:
    """Return what `weights_as_json` wrote."""
    return Weights(
        **{name: QuadraticOdds.from_json(json.dumps(held)) for name, held in json.loads(text).items()}
    )
